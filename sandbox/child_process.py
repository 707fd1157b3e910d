"""Be a Python program that dies with the process that started it: `child_process.py PARENT ARGUMENT...`.

Whoever starts a program to look after it may be killed before it can end it, as by `timeout -s KILL`.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2); it lasts beyond execve(2)


def command_of(*arguments: str) -> list[str]:
    """Return the command that runs Python with these arguments as a child of this process."""
    return [sys.executable, "-S", "-E", str(Path(__file__).resolve()), str(os.getpid()), *arguments]


def become(parent: int, arguments: Sequence[str]) -> None:
    """Become that program; the process id stays."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it has gone meanwhile
            return
    os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606 - our own program


if __name__ == "__main__":
    become(int(sys.argv[1]), sys.argv[2:])

"""Fork a child for every file from a process that has FFmpeg loaded and never opens a file itself.

Orders come through a socket: four bytes of length, then JSON. `{"id", "folder", "arguments"}`, sent with the write end
of a pipe, starts a child in a folder with that pipe as its stdout; `{"id"}` alone kills it. The answers are lines of
JSON, `{"id", "status"}`, each once a child and its process group are dead; the status is that of Popen.returncode,
null where no child could be forked.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NoReturn

HEAD_BYTES = 4
_MOST_FILES = 64  # more than are ever open here

# Does what the order's arguments say in the new process, and returns its exit code.
Work = Callable[..., int]


class ForkServer:
    """Obey the orders of a socket until its other end is closed; then kill what is left."""

    def __init__(self, control: socket.socket, work: Work) -> None:
        self._control = control
        self._work = work
        self._ids: dict[int, int] = {}  # by process

    def serve(self) -> None:
        """Start, kill and bury children."""
        waking, wake = os.pipe()
        for descriptor in (waking, wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        gc.collect()
        gc.freeze()  # or each child would copy the pages of everything loaded here
        orders = self._control.fileno()
        try:
            while True:
                ready, _, _ = select.select([orders, waking], [], [])
                if waking in ready:
                    os.read(waking, 4096)
                    self._bury()
                if orders in ready and not self._obey():
                    return
        finally:
            for process in self._ids:
                _kill(process)

    def _obey(self) -> bool:
        head, files, _, _ = socket.recv_fds(self._control, HEAD_BYTES, 1, socket.MSG_WAITALL)
        if len(head) < HEAD_BYTES:
            return False
        order = json.loads(self._control.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL))
        if files:
            self._start(order, files[0])
        else:
            for process in [process for process, number in self._ids.items() if number == order["id"]]:
                _kill(process)
        return True

    def _start(self, order: dict[str, Any], stdout: int) -> None:
        try:
            process = os.fork()
        except OSError:
            self._tell(order["id"], None)
        else:
            if process == 0:
                _live(order, stdout, self._work)
            self._ids[process] = order["id"]
        finally:
            os.close(stdout)

    def _bury(self) -> None:
        while self._ids:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                return
            _kill_group(process)  # what it left behind
            self._tell(self._ids.pop(process), os.waitstatus_to_exitcode(status))

    def _tell(self, number: int, status: int | None) -> None:
        self._control.sendall(json.dumps({"id": number, "status": status}).encode() + b"\n")


def _kill(process: int) -> None:
    _kill_group(process)
    os.kill(process, signal.SIGKILL)  # it may not have its own group yet


def _kill_group(process: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process, signal.SIGKILL)


def _live(order: dict[str, Any], stdout: int, work: Work) -> NoReturn:
    """Be the child: nothing of the server's is left to it but its code."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        silence = os.open(os.devnull, os.O_RDWR)
        for source, place in ((silence, 0), (stdout, 1), (silence, 2)):
            os.dup2(source, place)
        os.closerange(3, _MOST_FILES)
        os.chdir(order["folder"])
        code = work(*order["arguments"])
        sys.stdout.flush()
    finally:
        os._exit(code)

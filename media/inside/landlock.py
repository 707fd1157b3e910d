"""Wall this process in with Landlock, where the kernel has it: it sees its own folder, reads Python, and dials nobody.

The kernel's interface: https://docs.kernel.org/userspace-api/landlock.html
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION = 1
_PATH_BENEATH = 1
_READ = 1 << 2 | 1 << 3  # files and folders
# Rights over files that each version of the interface knows, by its first version.
_FILE_RIGHTS = {1: 0x1FFF, 2: 1 << 13, 3: 1 << 14, 5: 1 << 15}
_TCP_SINCE, _TCP_RIGHTS = 4, 0b11
_SCOPE_SINCE, _SCOPES = 6, 0b11


def wall_in(folder: Path) -> bool:
    """Allow all in one folder, reading in Python's and the system's libraries, and no TCP; False: not possible."""
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    version = libc.syscall(_CREATE, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return False
    rights = sum(bits for since, bits in _FILE_RIGHTS.items() if version >= since)
    tcp = _TCP_RIGHTS if version >= _TCP_SINCE else 0
    scopes = _SCOPES if version >= _SCOPE_SINCE else 0
    fields = [rights, tcp, scopes][: 1 + (version >= _TCP_SINCE) + (version >= _SCOPE_SINCE)]
    attributes = struct.pack(f"{len(fields)}Q", *fields)
    ruleset = libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return False
    try:
        _allow(libc, ruleset, [folder], rights)
        _allow(libc, ruleset, _libraries(), _READ)
        return bool(libc.syscall(_RESTRICT, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _libraries() -> list[Path]:
    code = Path(__file__).resolve().parents[1]
    return [Path(sys.prefix), Path(sys.base_prefix), code, Path("/usr/lib"), Path("/lib"), Path("/lib64")]


def _allow(libc: ctypes.CDLL, ruleset: int, folders: Iterable[Path], rights: int) -> None:
    for folder in folders:
        if not folder.is_dir():
            continue
        descriptor = os.open(folder, os.O_PATH | os.O_CLOEXEC)
        try:
            libc.syscall(_ADD, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, descriptor), 0)
        finally:
            os.close(descriptor)

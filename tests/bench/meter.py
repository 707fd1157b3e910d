"""Read what a process costs: processor time of its own and of everything it started."""

import os
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cpu:
    """Hold processor time, in milliseconds: of a process itself, and of its children, living or ended."""

    own_ms: float
    children_ms: float

    def per(self, count: int, since: "Cpu") -> "Cpu":
        """Return what one of `count` acts cost since an earlier reading."""
        return Cpu((self.own_ms - since.own_ms) / count, (self.children_ms - since.children_ms) / count)


def read_cpu(pid: int) -> Cpu:
    """Read a process's time (proc_pid_stat(5): utime, stime, cutime, cstime), to a hundredth of a second."""
    own, waited_for = _times_ms(pid)
    return Cpu(own, waited_for + sum(sum(_times_ms(child)) for child in _descendants(pid)))


def read_memory(pid: int) -> int:
    """Return the resident memory of a process in bytes, its children aside."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS:"))


def _times_ms(pid: int) -> tuple[float, float]:
    fields = _stat(pid)
    if not fields:
        return 0.0, 0.0
    user, system, children_user, children_system = (int(each) * 1000 / _TICKS_PER_SECOND for each in fields[11:15])
    return user + system, children_user + children_system


def _descendants(pid: int) -> list[int]:
    parents = {int(path.name): _parent(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def _parent(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def _stat(pid: int) -> list[str]:
    """Return the fields after the name, which may hold spaces; none for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []

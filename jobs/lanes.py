"""Decide how many due jobs of which stage may be worked on at once."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobs.gates import Gates
from jobs.job import AT_SERVICE_STATES, Job, State
from jobs.ports import Lane

PREPARE, SUBMIT, READ, DELIVER = "prepare", "submit", "read", "deliver"
QUEUED = frozenset({State.QUEUED})


@dataclass(frozen=True, slots=True)
class Widths:
    """Bound the steps this process runs at once, by what they cost: clips, status reads, uploads to Discord."""

    prepare: int = 4
    read: int = 8
    deliver: int = 4


class Lanes:
    """Know the lanes; `running` counts this process's steps by lane name."""

    def __init__(self, gates: Gates, services: Mapping[str, int], widths: Widths) -> None:
        self._gates = gates
        self._batches = services
        self._widths = widths

    def free(self, at_service: Mapping[str, int], running: Counter[str]) -> list[Lane]:
        """Return the lanes that have room, with how much; `at_service` counts each service's jobs."""
        lanes = [
            Lane(QUEUED, self._room(name, at_service, running), service=name, prepared=True) for name in self._batches
        ]
        lanes.append(Lane(QUEUED, self._widths.prepare - running[PREPARE], prepared=False))
        lanes += [
            Lane(AT_SERVICE_STATES, (self._widths.read - running[f"{READ} {name}"]) * batch, service=name)
            for name, batch in self._batches.items()
        ]
        for name in set(at_service) - set(self._batches):  # a service that was switched off with jobs open
            lanes += [Lane(QUEUED, self._widths.prepare, name, prepared=True), Lane(AT_SERVICE_STATES, 1, name)]
        lanes.append(Lane(frozenset({State.DELIVERING}), self._widths.deliver - running[DELIVER]))
        return [lane for lane in lanes if lane.free > 0]

    def _room(self, service: str, at_service: Mapping[str, int], running: Counter[str]) -> int:
        if self._gates.is_replaceable(service):  # its jobs are looked at: some may go elsewhere
            return self._widths.prepare - running[f"{SUBMIT} {service}"]
        return self._gates.room(service, at_service.get(service, 0))

    def name(self, job: Job) -> str:
        """Return the lane a claimed job's step runs in."""
        match job.state:
            case State.QUEUED:
                return PREPARE if not job.is_staged else f"{SUBMIT} {job.service}"
            case State.DELIVERING:
                return DELIVER
            case _:
                return f"{READ} {job.service}"

    def batches(self, jobs: Sequence[Job]) -> list[list[Job]]:
        """Group claimed jobs into steps: running jobs of one service by its batch size, all others alone."""
        steps = [[job] for job in jobs if job.state is not State.RUNNING]
        for service in dict.fromkeys(job.service for job in jobs):
            running = [job for job in jobs if job.state is State.RUNNING and job.service == service]
            size = self._batches.get(service, 1)
            steps += [running[start : start + size] for start in range(0, len(running), size)]
        return steps

"""Keep the faults that are switched on: what goes wrong, how often, for whom."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any

SERVICES = ("", "kie", "acedata", "lumalabs")

KINDS: dict[str, str] = {
    "submit": "refuse a submit before creating anything; VALUE is the code (429 455 500 501 401 402 404 422 505 ...)",
    "submit-http": "the same, with VALUE as the HTTP status too",
    "submit-html": "answer a submit with an HTML page instead of JSON, nothing created; VALUE is the HTTP status (200)",
    "drop-before": "close the connection before anything is created",
    "drop-after": "create the task, then close the connection without an answer",
    "error-after": "create the task, then answer with the code VALUE (500)",
    "html-after": "create the task, then answer with an HTML page; VALUE is the HTTP status (502)",
    "answer-late": "create the task, answer VALUE seconds later (5)",
    "no-id": "create the task, answer success without its id",
    "delay": "work VALUE seconds longer (5)",
    "hold": "do not finish until the faults are cleared",
    "fail": "fail the work; VALUE is the reason told",
    "create-failed": "end as 'task could not be created'; VALUE is the reason told",
    "moderate": "refuse the content after accepting it; VALUE is the reason told",
    "lose-callback": "never send the callback",
    "repeat-callback": "send the callback VALUE more times (2)",
    "reorder-callback": "send the callback only after another task's, or after VALUE seconds (5)",
    "late-callback": "send the callback VALUE seconds late (5)",
    "early-callback": "finish at once and send the callback before the submit is answered",
    "odd-callback": "send another documented shape: VALUE is bare, flat, snake or nested",
    "bad-signature": "sign the callback with a wrong key",
    "unsigned": "leave the callback's signature away",
    "poll": "answer a status request with the code VALUE (500)",
    "poll-http": "the same, with VALUE as the HTTP status too",
    "poll-html": "answer a status request with an HTML page; VALUE is the HTTP status (502)",
    "poll-drop": "close the connection on a status request",
    "poll-late": "answer a status request VALUE seconds late (5)",
    "poll-null": "answer a status request with success and no record",
    "odd-status": "answer a status request in another shape: VALUE is flat, words or unknown",
    "no-url": "report success without a result address",
    "result": "answer a download with the HTTP status VALUE (404)",
    "result-html": "answer a download with an HTML page",
    "result-empty": "answer a download with no bytes",
    "result-truncated": "break a download off half way",
    "result-cut": "answer a download with the first half of the file as if it were whole",
    "result-slow": "send a download over VALUE seconds (5)",
    "result-big": "pad the result to VALUE bytes",
    "upload": "refuse an upload with the code VALUE (500)",
    "upload-drop": "close the connection on an upload",
    "credit": "refuse a balance request with the code VALUE (500)",
    "download-link": "refuse a download link with the code VALUE (422)",
}


@dataclass(slots=True)
class Fault:
    """Describe one fault; `times` None is for ever, `service` and `contains` (in the prompt) narrow it."""

    kind: str
    value: str = ""
    times: int | None = None
    service: str = ""
    contains: str = ""

    def number(self, default: float) -> float:
        """Return the value as a number, or the default when it is none."""
        try:
            return float(self.value)
        except ValueError:
            return default

    def code(self, default: int) -> int:
        """Return the value as a status code, or the default when it is none."""
        return int(self.value) if self.value.isdigit() else default


class Faults:
    """Hold the faults in the order they were switched on."""

    def __init__(self) -> None:
        self._active: list[Fault] = []
        self._released = asyncio.Event()

    def add(
        self, kind: str, value: object = "", *, times: int | None = None, service: str = "", contains: str = ""
    ) -> Fault:
        """Switch a fault on; raise ValueError for a kind that does not exist or a count below 1."""
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; known: {', '.join(KINDS)}")
        if service not in SERVICES:
            raise ValueError(f"unknown service {service!r}; known: kie, acedata, lumalabs")
        if times is not None and times < 1:
            raise ValueError("times must be 1 or more")
        fault = Fault(kind, str(value) if value is not None else "", times, service, contains)
        self._active.append(fault)
        return fault

    def parse(self, text: str) -> Fault:
        """Switch on [SERVICE:]KIND[=VALUE][*TIMES], as the command line gives it."""
        rest, star, times = text.rpartition("*")
        if not star or not times.isdigit():
            rest, times = text, ""
        name, _, value = rest.partition("=")
        service, _, kind = name.rpartition(":")
        return self.add(kind.strip(), value.strip(), times=int(times) if times else None, service=service.strip())

    def take(self, kind: str, service: str = "", prompt: str = "") -> Fault | None:
        """Return the first fault of this kind that applies and count it down, or None."""
        for fault in self._active:
            if fault.kind == kind and fault.service in {"", service} and fault.contains in prompt:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._active.remove(fault)
                return fault
        return None

    def clear(self, kind: str = "") -> None:
        """Switch off all faults, or those of one kind, and let held work go on."""
        self._active = [fault for fault in self._active if kind and fault.kind != kind]
        if kind in {"", "hold"}:
            self._released.set()
            self._released = asyncio.Event()

    async def hold(self, service: str, prompt: str) -> None:
        """Wait, if a `hold` fault applies, until the faults are cleared."""
        if self.take("hold", service, prompt) is not None:
            await self._released.wait()

    def listing(self) -> list[dict[str, Any]]:
        """Return the active faults as JSON objects."""
        return [asdict(fault) for fault in self._active]

"""Switch on what can go wrong between the bot and Discord's REST API or CDN."""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Literal

When = Literal["before", "after"]


@dataclass(slots=True)
class Fault:
    """One rule for the next `times` requests whose method and path (without /api/v10) match.

    `when` tells whether it strikes before or after the request took effect. `status` answers with that status and
    `code`; `drop` closes the connection without an answer; `seconds` waits; `retry_after` answers 429; `hold` stops
    the request until `release` is called, and `reached` is set once one stands there. `html` answers `status` as
    Cloudflare does, with a page and without a Via header.
    """

    method: re.Pattern[str]
    path: re.Pattern[str]
    times: int = 1
    when: When = "before"
    status: int | None = None
    code: int = 0
    drop: bool = False
    seconds: float = 0.0
    retry_after: float | None = None
    is_global: bool = False
    html: bool = False
    hold: bool = False
    struck: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let held requests go on, now and later."""
        self._released.set()

    async def wait(self) -> None:
        """Stand still as long as the rule says."""
        self.reached.set()
        if self.hold:
            await self._released.wait()
        if self.seconds:
            await asyncio.sleep(self.seconds)


class Faults:
    """The list of active faults, first match wins."""

    def __init__(self) -> None:
        self._active: list[Fault] = []

    def add(
        self,
        method: str,
        path: str,
        *,
        times: int = 1,
        when: When = "before",
        status: int | None = None,
        code: int = 0,
        drop: bool = False,
        seconds: float = 0.0,
        retry_after: float | None = None,
        is_global: bool = False,
        html: bool = False,
        hold: bool = False,
    ) -> Fault:
        """Add a fault for the next `times` requests; `method` and `path` are regular expressions, path searched."""
        fault = Fault(re.compile(method), re.compile(path), times, when, status, code, drop, seconds, retry_after)
        fault.is_global, fault.html, fault.hold = is_global, html, hold
        self._active.append(fault)
        return fault

    def clear(self) -> None:
        """Switch everything off and let held requests go."""
        for fault in self._active:
            fault.release()
        self._active.clear()

    def take(self, method: str, path: str, when: When) -> Fault | None:
        """Return the fault that strikes this request now, and count it."""
        for fault in self._active:
            if fault.when == when and fault.times > 0 and fault.method.fullmatch(method) and fault.path.search(path):
                fault.times -= 1
                fault.struck += 1
                return fault
        return None

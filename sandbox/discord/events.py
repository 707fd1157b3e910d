"""Tell everyone who listens what happened in the local Discord."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """One happening: a gateway event's name, or one of ours.

    Ours are INTERACTION (an answer came), EXCHANGE (a REST request), CONNECTED and DISCONNECTED (a gateway session).

    `subject` is the changed Message, Channel, Guild, Member, Interaction, Exchange or Session as it is now;
    `user_id` names the person an event is about (a member removed, a reaction's author, a typing member).
    """

    name: str
    subject: object
    user_id: int | None = None
    detail: str | None = None


class EventHub:
    """Publish events to listeners, streams and waiting conditions."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []
        self._waiters: set[asyncio.Future[None]] = set()

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Call `listener` at once for every event from now on."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[Event], None]) -> None:
        """Stop calling `listener`."""
        self._listeners.remove(listener)

    def publish(self, event: Event) -> None:
        """Hand an event to every listener and wake every waiting condition."""
        for listener in list(self._listeners):
            listener(event)
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[asyncio.Queue[Event]]:
        """Open a queue that receives every event until the context ends."""
        queue: asyncio.Queue[Event] = asyncio.Queue()
        self.listen(queue.put_nowait)
        try:
            yield queue
        finally:
            self.unlisten(queue.put_nowait)

    async def wait_for(self, condition: Callable[[], T | None], timeout: float = 10.0) -> T:
        """Return the condition's first true value, asked now and after each event.

        Raises TimeoutError after `timeout` real seconds.
        """
        async with asyncio.timeout(timeout):
            while not (value := condition()):
                waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._waiters.add(waiter)
                await waiter
        return value

"""Carry a task from its creation to its end: the part that is the same for every service."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.video.account import Account
from sandbox.video.callbacks import CallbackSender
from sandbox.video.faults import Faults
from sandbox.video.ledger import Ledger, Task
from sandbox.video.options import Options
from sandbox.video.shelf import HTML, Shelf, pad_mp4
from sandbox.video.studio import Studio

log = logging.getLogger(__name__)

FAILURES = {
    "create-failed": "The task could not be created.",
    "moderate": "The content was rejected by moderation: it violates the usage policy.",
    "fail": "Video generation failed, please try again later.",
}
_REFUSED_WORDS = ("nsfw", "nude", "gore")


@dataclass(frozen=True, slots=True)
class Work:
    """Hold what a task's work made: the file, what was done in words, and facts such as its size."""

    path: Path
    applied: tuple[str, ...]
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Order:
    """Say how to work on a task: what makes the video, who is told, and whether at the start too."""

    task: Task
    make: Callable[[], Awaitable[Work]]
    notify: Callable[[Task], Coroutine[Any, Any, None]]
    notify_start: bool = False


@dataclass(frozen=True, slots=True)
class Workshop:
    """Bind the parts together; every service's wire format is built on this."""

    options: Options
    ledger: Ledger
    faults: Faults
    account: Account
    shelf: Shelf
    studio: Studio
    callbacks: CallbackSender
    running: dict[asyncio.Task[None], str]

    def spawn(self, work: Coroutine[Any, Any, None], task_id: str = "") -> asyncio.Task[None]:
        """Run a coroutine in the background until the server stops."""
        running = asyncio.create_task(work)
        self.running[running] = task_id
        running.add_done_callback(lambda ended: self.running.pop(ended, None))
        return running

    def cancel(self, task: Task) -> None:
        """Give up the work on one task."""
        for running, task_id in list(self.running.items()):
            if task_id == task.task_id:
                running.cancel()

    async def stop(self) -> None:
        """Cancel all background work."""
        running = list(self.running)
        for work in running:
            work.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def start(self, order: Order) -> None:
        """Begin a task in the background, or see it through at once when `early-callback` is on."""
        early = self.faults.take("early-callback", order.task.service, order.task.prompt)
        work = self.spawn(self._carry_out(order, 0 if early else self._seconds(order.task)), order.task.task_id)
        if early:
            await asyncio.wait([work])

    def _seconds(self, task: Task) -> float:
        delay = self.faults.take("delay", task.service, task.prompt)
        return self.options.work_seconds + (delay.number(5) if delay else 0)

    def _failure(self, task: Task) -> tuple[str, str] | None:
        for kind, text in FAILURES.items():
            if fault := self.faults.take(kind, task.service, task.prompt):
                return kind, fault.value or text
        if any(word in task.prompt.lower().split() for word in _REFUSED_WORDS):
            return "moderate", FAILURES["moderate"]
        return None

    async def _carry_out(self, order: Order, seconds: float) -> None:
        task, loop = order.task, asyncio.get_running_loop()
        ready_at = loop.time() + seconds
        self.ledger.start(task)
        if order.notify_start:
            self.spawn(order.notify(task))
        result = self._failure(task) or await self._make(order)
        await asyncio.sleep(max(0.0, ready_at - loop.time()))
        await self.faults.hold(task.service, task.prompt)
        if isinstance(result, Work):
            self._finish(task, result)
        else:
            self.ledger.fail(task, *result)
        await order.notify(task)

    @staticmethod
    async def _make(order: Order) -> Work | tuple[str, str]:
        try:
            return await order.make()
        except Exception as error:
            log.warning("task %s failed: %s", order.task.task_id, error)
            return "fail", str(error) or f"The video could not be processed ({type(error).__name__})."

    def _finish(self, task: Task, work: Work) -> None:
        if fault := self.faults.take("result-big", task.service, task.prompt):
            pad_mp4(work.path, int(fault.number(0)))
        name = f"results/{task.service}/{task.task_id}.mp4"
        url = self.shelf.put(name, work.path, "video/mp4", seconds=self.options.result_seconds, result_of=task.service)
        self.ledger.finish(task, url, work.applied, work.facts)

    def submit_fault(self, request: web.Request, service: str, prompt: str) -> web.StreamResponse | None:
        """Apply the faults that come before a task is created; the ones with a code are the services' own."""
        if self.faults.take("drop-before", service, prompt):
            return drop(request)
        if fault := self.faults.take("submit-html", service, prompt):
            return html(fault.code(200))
        return None

    async def answer(self, request: web.Request, task: Task, response: web.Response) -> web.StreamResponse:
        """Answer a submit whose task exists, with the faults that come after it is created."""
        if self.faults.take("drop-after", task.service, task.prompt):
            return drop(request)
        if fault := self.faults.take("html-after", task.service, task.prompt):
            return html(fault.code(502))
        if fault := self.faults.take("answer-late", task.service, task.prompt):
            await asyncio.sleep(fault.number(5))
        return response

    def prompt_of(self, task_id: object) -> str:
        """Return the prompt of a task, for faults that are meant for certain prompts."""
        task = self.ledger.tasks.get(str(task_id))
        return task.prompt if task is not None else ""

    async def poll_fault(self, request: web.Request, service: str, prompt: str) -> web.StreamResponse | None:
        """Apply the faults of a status request that look the same for every service."""
        if fault := self.faults.take("poll-late", service, prompt):
            await asyncio.sleep(fault.number(5))
        if self.faults.take("poll-drop", service, prompt):
            return drop(request)
        if fault := self.faults.take("poll-html", service, prompt):
            return html(fault.code(502))
        return None


def drop(request: web.Request) -> web.Response:
    """Close the connection under a request; what is returned is never sent."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def html(status: int) -> web.Response:
    """Answer with the page a gateway shows."""
    return web.Response(status=status, text=HTML, content_type="text/html")

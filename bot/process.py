"""Run a coroutine until a signal ends it: gently at the first, at once at the second."""

import asyncio
import gc
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
LATE_SECONDS = 0.5  # a stop may be so much longer than it promised, and a cancelled task so long in ending
STOPPED_LATE = 1

Work = Callable[[asyncio.Event], Awaitable[None]]


def run_until_signal(work: Work, *, stop_seconds: float) -> int:
    """Run `work` with an event that the first signal sets; return the exit code, 0 after a graceful stop.

    A second signal, or a stop that takes longer than `stop_seconds`, cancels the work; whatever then still hangs (a
    thread, a finally block) is left behind and the process ends.
    """
    gc.collect()
    gc.freeze()  # all that is loaded: to look through it again would hold up every answer for 30 ms
    return asyncio.run(_Supervisor(work, stop_seconds).run())


class _Supervisor:
    def __init__(self, work: Work, stop_seconds: float) -> None:
        self._work = work
        self._stop_seconds = stop_seconds
        self._stop = asyncio.Event()
        self._code = 0

    async def run(self) -> int:
        self._loop = asyncio.get_running_loop()
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._hear, number)
        self._task = asyncio.ensure_future(self._work(self._stop))
        await asyncio.wait([self._task])
        if self._code:
            _leave(self._code)
        elif not self._task.cancelled():
            self._task.result()
            if self._stop.is_set():  # all is closed: what still hangs is a thread
                _leave_in(LATE_SECONDS, 0)
        return self._code

    def _hear(self, number: int) -> None:
        name = signal.Signals(number).name
        if self._stop.is_set():
            self._hurry(128 + number, f"second signal ({name})")
            return
        log.info("stopping on %s", name)
        self._stop.set()
        self._loop.call_later(self._stop_seconds + LATE_SECONDS, self._hurry, STOPPED_LATE, "the stop takes too long")
        # The loop may be gone by then, and the interpreter waiting for a thread that never ends.
        _leave_in(self._stop_seconds + 2 * LATE_SECONDS, STOPPED_LATE)

    def _hurry(self, code: int, reason: str) -> None:
        if self._code or self._task.done():
            return
        log.warning("ending at once: %s", reason)
        self._code = code
        self._task.cancel()
        self._loop.call_later(LATE_SECONDS, _leave, code)


def _leave_in(seconds: float, code: int) -> None:
    timer = threading.Timer(seconds, _leave, [code])
    timer.daemon = True
    timer.start()


def _leave(code: int) -> None:
    logging.shutdown()
    os._exit(code)

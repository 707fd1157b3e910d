"""Know the customer: the key, the balance and the limits on new tasks."""

import hmac
from collections import deque
from collections.abc import Callable

from sandbox.video.ledger import Ledger
from sandbox.video.options import Options

WINDOW_SECONDS = 10.0


class Account:
    """Check a key, count creates in a sliding window of 10 s and tasks at work, keep the balances."""

    def __init__(self, options: Options, ledger: Ledger, clock: Callable[[], float]) -> None:
        self._options = options
        self._ledger = ledger
        self._clock = clock
        self._creates: dict[str, deque[float]] = {}
        self._deposits: dict[str, float] = {}

    def knows(self, authorization: str) -> bool:
        """Tell whether an Authorization header carries the bearer key."""
        scheme, _, key = authorization.partition(" ")
        wanted = self._options.key.encode()
        return scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), wanted)

    def balance(self, service: str) -> float:
        """Return the credits left with one service."""
        spent = sum(task.billed for task in self._ledger.tasks.values() if task.service == service)
        return self._deposits.get(service, self._options.credits) - spent

    def set_balance(self, service: str, credits_left: float) -> None:
        """Make the balance with one service what it should be."""
        deposit = self._deposits.get(service, self._options.credits)
        self._deposits[service] = deposit + credits_left - self.balance(service)

    def can_pay(self, service: str) -> bool:
        """Tell whether the balance covers another task."""
        return self.balance(service) >= self._options.price

    def limit_reached(self, service: str) -> str:
        """Count one create; return which limit forbids it, or an empty string."""
        window = self._creates.setdefault(service, deque())
        now = self._clock()
        while window and now - window[0] >= WINDOW_SECONDS:
            window.popleft()
        if self._options.creates_per_10s and len(window) >= self._options.creates_per_10s:
            return f"more than {self._options.creates_per_10s} new tasks in 10 seconds"
        tasks = self._ledger.tasks.values()
        running = sum(task.service == service and task.state in {"waiting", "working"} for task in tasks)
        if self._options.parallel and running >= self._options.parallel:
            return f"more than {self._options.parallel} tasks at once"
        window.append(now)
        return ""

    def reset(self) -> None:
        """Forget the windows and restore the balances."""
        self._creates.clear()
        self._deposits.clear()

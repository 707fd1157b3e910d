"""Count requests per route and over all, and give the headers Discord gives.

Source: https://discord.com/developers/docs/topics/rate-limits. The true numbers per route are not documented; these
are what bots commonly observe.
"""

import hashlib
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

MAJOR = ("channel_id", "guild_id", "webhook_id", "webhook_token")


@dataclass(frozen=True, slots=True)
class Rule:
    """So many requests per so many seconds for routes whose "METHOD /template" matches."""

    route: re.Pattern[str]
    limit: int
    seconds: float


@dataclass(slots=True)
class _Window:
    limit: int
    seconds: float
    ends: float = 0.0
    used: int = 0

    def take(self, now: float) -> bool:
        if now >= self.ends:
            self.ends, self.used = now + self.seconds, 0
        if self.used >= self.limit:
            return False
        self.used += 1
        return True


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request may pass; `scope` is user, shared or global, `retry_after` in seconds."""

    allowed: bool
    headers: dict[str, str]
    retry_after: float = 0.0
    scope: str = "user"


DEFAULT_RULES = (
    Rule(re.compile(r"POST /channels/\{channel_id\}/messages$"), 5, 5.0),
    Rule(re.compile(r"PATCH /channels/\{channel_id\}/messages/"), 5, 5.0),
    Rule(re.compile(r"\w+ /channels/.*/reactions/"), 4, 1.0),
    Rule(re.compile(r"(POST|PATCH|DELETE) /webhooks/"), 5, 2.0),
    Rule(re.compile(r".*"), 50, 1.0),
)


class Limits:
    """The rate limits of one bot; set `enabled` false to count nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self.enabled = True
        self.rules: list[Rule] = list(DEFAULT_RULES)
        self.global_limit = 50
        self._clock = clock
        self._wall = wall
        self._windows: dict[str, _Window] = {}
        self._global: _Window | None = None

    def set_rule(self, route: str, limit: int, seconds: float) -> None:
        """Put a rule before all others; counts start anew."""
        self.rules.insert(0, Rule(re.compile(route), limit, seconds))
        self._windows.clear()

    def take(self, method: str, template: str, params: dict[str, str]) -> Verdict:
        """Count one request; interaction endpoints are free of the global limit."""
        if not self.enabled:
            return Verdict(allowed=True, headers={})
        if template.startswith("/interactions/"):
            return Verdict(allowed=True, headers={})
        now = self._clock()
        if not template.startswith("/webhooks/") and (wait := self._take_global(now)) > 0:
            headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
            return Verdict(False, {**headers, "Retry-After": str(math.ceil(wait))}, wait, "global")
        return self._take_route(method, template, params, now)

    def _take_global(self, now: float) -> float:
        if self._global is None or self._global.limit != self.global_limit:
            self._global = _Window(self.global_limit, 1.0)
        return 0.0 if self._global.take(now) else self._global.ends - now

    def _take_route(self, method: str, template: str, params: dict[str, str], now: float) -> Verdict:
        route = f"{method} {template}"
        rule = next(rule for rule in self.rules if rule.route.match(route))
        major = ":".join(params[name] for name in MAJOR if name in params)
        window = self._windows.setdefault(f"{route}|{major}", _Window(rule.limit, rule.seconds))
        allowed = window.take(now)
        left = max(0.0, window.ends - now)
        headers = {
            "X-RateLimit-Limit": str(window.limit),
            "X-RateLimit-Remaining": str(window.limit - window.used),
            "X-RateLimit-Reset": f"{self._wall() + left:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32],
        }
        if not allowed:
            headers |= {"X-RateLimit-Scope": "user", "Retry-After": str(math.ceil(left))}
        return Verdict(allowed, headers, left)

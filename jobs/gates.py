"""Decide whether a video service may be sent new jobs now, and how many."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from jobs.errors import (
    OutOfCreditError,
    ProviderAuthError,
    ProviderError,
    ProviderGoneError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from jobs.job import Job, Kind
from jobs.phrases import Phrase
from jobs.ports import Clock
from jobs.service_choice import choose, fits, refuse_all
from jobs.services import Abilities

MINUTE_MS = 60_000
BUSY = Phrase("busy")

# How long a service stays shut after an error, until it is tried again by its balance or by one job.
REOPEN_MS: Mapping[type[ProviderError], int] = {
    OutOfCreditError: 5 * MINUTE_MS,
    ProviderAuthError: 5 * MINUTE_MS,
    ProviderGoneError: 60 * MINUTE_MS,
    ProviderUnavailableError: MINUTE_MS,
}
REASONS: Mapping[type[ProviderError], str] = {
    OutOfCreditError: Phrase("out of credit"),
    ProviderAuthError: Phrase("its key was refused"),
    ProviderGoneError: Phrase("switched off"),
    ProviderUnavailableError: Phrase("in maintenance"),
}


@dataclass(frozen=True, slots=True)
class ServiceState:
    """Tell how a service fares: why it takes no jobs (empty: it does), its credit, and its last error and when."""

    title: str
    reason: str
    balance: float | None
    last_error: str
    last_error_ms: int | None

    @property
    def last_error_name(self) -> str:
        """Return the last error's name, one of few, without the service's own code."""
        return self.last_error.partition(" ")[0]


@dataclass(slots=True)
class Gate:
    """Hold what is known of one service: why and until when it is shut, and when it was last sent to."""

    abilities: Abilities
    reason: str = ""
    balance: float | None = None
    last_error: str = ""
    last_error_ms: int | None = None
    shut_until_ms: int = 0
    sent_ms: deque[int] = field(default_factory=deque)

    def is_shut(self, now_ms: int) -> bool:
        """Tell whether nothing may be sent now."""
        return now_ms < self.shut_until_ms

    def window_opens_ms(self, now_ms: int) -> int:
        """Return when the window of submits has room again: now, or later."""
        window_ms = int(self.abilities.window_seconds * 1000)
        while self.sent_ms and self.sent_ms[0] <= now_ms - window_ms:
            self.sent_ms.popleft()
        if len(self.sent_ms) < self.abilities.creates_per_window:
            return now_ms
        return self.sent_ms[-self.abilities.creates_per_window] + window_ms

    def window_room(self, now_ms: int) -> int:
        """Return how many submits the window still has room for."""
        self.window_opens_ms(now_ms)
        return max(0, self.abilities.creates_per_window - len(self.sent_ms))


class Gates:
    """Keep a gate for every service; `on_change(service, reason)` hears of each outage once at start and end.

    `preferences` name the services of each kind, the preferred one first: those a job may be sent to instead.
    """

    def __init__(
        self,
        abilities: Sequence[Abilities],
        clock: Clock,
        on_change: Callable[[str, str], None] | None = None,
        preferences: Mapping[Kind, Sequence[str]] | None = None,
    ) -> None:
        self._gates = {each.name: Gate(each) for each in abilities}
        self._clock = clock
        self._preferences = preferences or {}
        self._on_change = on_change or (lambda _service, _reason: None)

    def abilities(self, service: str) -> Abilities:
        """Return what a service states of itself."""
        return self._gates[service].abilities

    def reason(self, service: str) -> str:
        """Return why a service is shut; empty while it is open."""
        gate = self._gates.get(service)
        if gate is None:
            return Phrase("switched off")
        return gate.reason if gate.is_shut(self._clock.now_ms()) else ""

    def shut_by(self, service: str, kind: type[ProviderError]) -> bool:
        """Tell whether a service is shut for this kind of error."""
        return self.reason(service) == REASONS[kind]

    def reasons(self) -> Mapping[str, str]:
        """Return every service with the reason it is shut for, empty while it is open."""
        return {name: self.reason(name) for name in self._gates}

    def states(self) -> Mapping[str, ServiceState]:
        """Return how every service fares."""
        return {
            name: ServiceState(
                gate.abilities.title, self.reason(name), gate.balance, gate.last_error, gate.last_error_ms
            )
            for name, gate in self._gates.items()
        }

    def room(self, service: str, in_flight: int) -> int:
        """Return how many jobs a service may be sent now, `in_flight` being there already."""
        gate, now_ms = self._gates[service], self._clock.now_ms()
        if gate.is_shut(now_ms):
            return 0
        room = max(0, min(gate.abilities.parallel - in_flight, gate.window_room(now_ms)))
        return min(room, 1) if gate.reason else room  # after an outage one job tries first

    def opens_ms(self, service: str) -> int | None:
        """Return when a submit may be sent; None for now, and for a service that is not switched on any more."""
        gate, now_ms = self._gates.get(service), self._clock.now_ms()
        if gate is None:
            return None
        opens_ms = max(gate.window_opens_ms(now_ms), gate.shut_until_ms)
        return opens_ms if opens_ms > now_ms else None

    def take(self, service: str) -> int | None:
        """Count a submit as sent now and return None; or return when one may be sent."""
        opens_ms = self.opens_ms(service)
        if opens_ms is None:
            self._gates[service].sent_ms.append(self._clock.now_ms())
        return opens_ms

    def next_opening_ms(self) -> int | None:
        """Return when the first gate that is shut or full may be tried again."""
        now_ms = self._clock.now_ms()
        moments = [max(gate.shut_until_ms, gate.window_opens_ms(now_ms)) for gate in self._gates.values()]
        return min((moment for moment in moments if moment > now_ms), default=None)

    def note_error(self, service: str, error: Exception) -> None:
        """Shut a service's gate when the error says that nothing else would be taken either."""
        self.note_trouble(service, error)
        span_ms = _shut_ms(error)
        if span_ms is None:
            return
        gate = self._gates[service]
        gate.shut_until_ms = max(gate.shut_until_ms, self._clock.now_ms() + span_ms)
        if isinstance(error, RateLimitedError):
            gate.reason = gate.reason or BUSY
            return
        reason = next(text for kind, text in REASONS.items() if isinstance(error, kind))
        if gate.reason != reason:
            gate.reason = reason
            self._on_change(service, reason)

    def note_trouble(self, service: str, error: Exception) -> None:
        """Keep a service's error as its last one; a refusal is of the request and says nothing of the service."""
        gate = self._gates.get(service)
        if gate is None or not isinstance(error, ProviderError) or isinstance(error, ProviderRefusedError):
            return
        name = type(error).__name__.removeprefix("Provider").removesuffix("Error")
        gate.last_error = f"{name} [{error.code}]" if error.code else name
        gate.last_error_ms = self._clock.now_ms()

    def note_balance(self, service: str, balance: float | None) -> None:
        """Keep a service's credit; None when it is not known."""
        self._gates[service].balance = balance

    def note_success(self, service: str) -> None:
        """Open a service's gate: it took a job, or its account is in order again."""
        gate = self._gates[service]
        gate.shut_until_ms = 0
        if gate.reason:
            was, gate.reason = gate.reason, ""
            if was != BUSY:
                self._on_change(service, "")

    def choose(self, kind: Kind, order: Sequence[str], wants: frozenset[str] = frozenset()) -> Abilities:
        """Return the first open service in order of preference that does this kind and has the options asked for.

        Where no open one has them all, the first open one: what it lacks is then refused in its words.
        """
        able = self.able(kind, order)
        chosen = choose(able, self._open(able), wants)
        if chosen is None:
            raise refuse_all(kind, able, self.reason(able[0].name) if able else "")
        return chosen

    def elsewhere(self, job: Job) -> Abilities | None:
        """Return the open service that a job of a shut one may go to instead: only before its first submit."""
        if job.attempt or self.reason(job.service) in ("", BUSY):
            return None
        able = self.able(job.kind, self._preferences.get(job.kind, ()))
        names = self._open(able)
        return next((each for each in able if each.name in names and fits(job, each)), None)

    def is_replaceable(self, service: str) -> bool:
        """Tell whether a service is shut while another one that does the same is open."""
        if self.reason(service) in ("", BUSY):
            return False
        orders = [order for order in self._preferences.values() if service in order]
        return any(self.reason(other) == "" for order in orders for other in order if other in self._gates)

    def able(self, kind: Kind, order: Sequence[str]) -> list[Abilities]:
        """Return the services of an order that do this kind, open or not."""
        able = [self._gates[name].abilities for name in order if name in self._gates]
        return [each for each in able if kind in each.kinds]

    def _open(self, able: Sequence[Abilities]) -> list[str]:
        return [each.name for each in able if self.reason(each.name) in ("", BUSY)]


def _shut_ms(error: Exception) -> int | None:
    if isinstance(error, RateLimitedError):
        return int((error.retry_after_seconds or 10) * 1000)
    if isinstance(error, ProviderUnavailableError) and not error.maintenance:
        return None
    return next((span for kind, span in REOPEN_MS.items() if isinstance(error, kind)), None)

"""Draw the whole tree of errors, in families by who must act.

LumaBotError
├─ UserError                     the person can fix it; its text is shown as it is
│   ├─ InvalidRequestError       an option
│   ├─ UnusableClipError         the clip will not do: rule, value, way out
│   └─ LimitReachedError         quota, budget, blocked, paused
├─ ProviderError                 carries the provider and its code
│   ├─ ProviderUnavailableError  nothing was created, or a read failed: try later
│   │   └─ RateLimitedError
│   ├─ OutcomeUnknownError       a submit broke after it was sent
│   ├─ ProviderRefusedError      final; its reason is shown
│   ├─ ProviderGoneError         the endpoint is switched off (404, 505): stop submitting, tell the operator
│   ├─ OutOfCreditError          stop submitting to this service, tell the operator
│   ├─ ProviderAuthError         our key: the same
│   └─ ProviderProtocolError     an answer we cannot read; keeps its first 500 bytes
├─ CallbackError                 a request to us is refused; no job is touched
├─ MediaError                    what we downloaded is not what was promised
│   ├─ SourceUnavailableError    a download broke: try again
│   ├─ DiskFullError             no room: intake pauses, nothing is lost
│   └─ BeyondUsError             a real video that we don't fetch or read: its own link must do
├─ DeliveryError                 Discord refused: which permission, which channel
│   ├─ DeliveryRetryError        Discord is away or busy: try again
│   ├─ ServerLeftError           the bot is not in the edit's server any more: nothing is spent on it
│   └─ TooLargeError             the file is over the limit of this place
├─ StorageError
│   └─ DatabaseInUseError       another process has this database
└─ ConfigError                   at start only; lists all problems at once
"""

from jobs.access import Access
from jobs.job import UNREAD, Remark
from jobs.quota import Decision


class LumaBotError(Exception):
    """Stand above every error this program raises on purpose."""


class UserError(LumaBotError):
    """Say what the person can fix: the text names the limit, the value and the way out.

    `template` is the text as the catalogue knows it, with `{name}` for each of `values`; `rule` names the limit.
    """

    def __init__(self, template: str, *, rule: str = "", **values: object) -> None:
        super().__init__(template.format(**values) if values else template)
        self.template = template
        self.values = values
        self.rule = rule

    @property
    def text(self) -> str:
        """Return the text in English."""
        return str(self)


class InvalidRequestError(UserError):
    """Refuse an option of a command."""


class UnusableClipError(UserError):
    """Refuse a clip: which rule, its value, the limit."""


class LimitReachedError(UserError):
    """Refuse for quota, budget, block or pause: what is used, when more comes.

    Where `decision` is set, every word for the person is made from it and the text is for logs alone.
    """

    def __init__(
        self, template: str, *, rule: str = "", decision: Decision | Access | None = None, **values: object
    ) -> None:
        super().__init__(template, rule=rule, **values)
        self.decision = decision


class ProviderError(LumaBotError):
    """Carry what a video service answered; `reason` is safe to log, `code` is the service's own."""

    def __init__(self, provider: str, reason: str, *, code: str = "") -> None:
        super().__init__(f"{provider}: {reason}" + (f" [{code}]" if code else ""))
        self.provider = provider
        self.reason = reason
        self.code = code


class ProviderUnavailableError(ProviderError):
    """Report that nothing was created, or a read failed: it may be asked again later."""

    def __init__(self, provider: str, reason: str, *, code: str = "", maintenance: bool = False) -> None:
        super().__init__(provider, reason, code=code)
        self.maintenance = maintenance


class RateLimitedError(ProviderUnavailableError):
    """Report that the service wants fewer requests; `retry_after_seconds` when it said so."""

    def __init__(self, provider: str, reason: str, *, code: str = "", retry_after_seconds: float | None = None) -> None:
        super().__init__(provider, reason, code=code)
        self.retry_after_seconds = retry_after_seconds


class OutcomeUnknownError(ProviderError):
    """Report a submit that broke after it was sent: it may have been paid."""


class ProviderRefusedError(ProviderError):
    """Report a final refusal; its reason is shown to the person."""


class ProviderGoneError(ProviderError):
    """Report an endpoint that is gone or switched off; nothing was created."""


class OutOfCreditError(ProviderError):
    """Report an empty account; nothing was created."""


class ProviderAuthError(ProviderError):
    """Report that our key was refused; nothing was created."""


class ProviderProtocolError(ProviderError):
    """Report an answer that cannot be read; `excerpt` keeps its first 500 bytes, never logged at INFO."""

    def __init__(self, provider: str, reason: str, *, code: str = "", excerpt: bytes = b"") -> None:
        super().__init__(provider, reason, code=code)
        self.excerpt = excerpt[:500]


class CallbackError(LumaBotError):
    """Refuse a request to our callback address; `status` is the HTTP status it gets."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class MediaError(LumaBotError):
    """Report that a file is not what was promised.

    `template` is shown to the person where it is a Phrase; any other text, and `log`, are for the log alone.
    """

    def __init__(self, template: str, *, log: str = "", **values: object) -> None:
        text = template.format(**values) if values else template
        super().__init__(f"{text} ({log})" if log else text)
        self.template = template
        self.values = values


class SourceUnavailableError(MediaError):
    """Report a download that broke for a reason that may pass."""


class DiskFullError(MediaError):
    """Report that there is no room for a file."""


class BeyondUsError(MediaError):
    """Report a finished video that we don't fetch or read; `remark` says why to the person."""

    def __init__(self, reason: str, remark: Remark | None = None) -> None:
        super().__init__(reason)
        self.remark = remark or Remark(UNREAD)


class DeliveryError(LumaBotError):
    """Report that Discord refused for good: which permission, which channel."""


class DeliveryRetryError(DeliveryError):
    """Report that Discord is away or busy."""


class ServerLeftError(DeliveryError):
    """Report that the bot was removed from the server an edit was asked in."""


class TooLargeError(DeliveryError):
    """Report a file over the upload limit of the place it was posted to."""


class StorageError(LumaBotError):
    """Report that the database could not do its work."""


class DatabaseInUseError(StorageError):
    """Report that another process has this database open."""


class ConfigError(LumaBotError):
    """List every problem of the settings at once, by name and never by value."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

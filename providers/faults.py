"""Turn what a video service refuses into the error of the one who must act."""

from enum import Enum, auto

from jobs.errors import (
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderAuthError,
    ProviderError,
    ProviderGoneError,
    ProviderProtocolError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from jobs.services import Progress, Status
from providers.answers import Answer

UNKNOWN_STATE = "unknown_state"
UNKNOWN_TASK = "unknown_task"
NO_RESULT = "no_result"
RESULT_GRACE_MS = 10 * 60_000


class Purpose(Enum):
    """Say what a request is for: only a submit can cost money."""

    SUBMIT = auto()
    READ = auto()
    UPLOAD = auto()


class Fault(Enum):
    """Name the families a service's own codes fall into."""

    AUTH = auto()
    CREDIT = auto()
    GONE = auto()
    REFUSED = auto()
    RATE = auto()
    MAINTENANCE = auto()
    UNCLEAR = auto()


# Where a service has no code of its own. What is not here may have created something: 408 and every 5xx too.
# 301, 307 and 308 are GONE as well: requests do not follow redirects, and nothing was done at the old address.
HTTP_FAULTS = {
    301: Fault.GONE,
    307: Fault.GONE,
    308: Fault.GONE,
    400: Fault.REFUSED,
    401: Fault.AUTH,
    402: Fault.CREDIT,
    403: Fault.AUTH,
    404: Fault.GONE,
    405: Fault.GONE,
    410: Fault.GONE,
    413: Fault.REFUSED,
    415: Fault.REFUSED,
    422: Fault.REFUSED,
    429: Fault.RATE,
}


def http_fault(status: int) -> Fault:
    """Return what an HTTP status alone says."""
    return HTTP_FAULTS.get(status, Fault.UNCLEAR)


def failure(
    provider: str, answer: Answer, purpose: Purpose, fault: Fault, reason: str, code: str = ""
) -> ProviderError:
    """Return the error of a fault; `code` is the HTTP status where the service gave none.

    What a submit leaves open is an unknown outcome; what a read or an upload leaves open may be asked again.
    """
    code = code or str(answer.status)
    match fault:
        case Fault.AUTH:
            return ProviderAuthError(provider, reason, code=code)
        case Fault.CREDIT:
            return OutOfCreditError(provider, reason, code=code)
        case Fault.RATE:
            return RateLimitedError(provider, reason, code=code, retry_after_seconds=answer.retry_after_seconds)
        case Fault.MAINTENANCE:
            return ProviderUnavailableError(provider, reason, code=code, maintenance=True)
        case Fault.GONE if purpose is Purpose.SUBMIT:
            return ProviderGoneError(provider, reason, code=code)
        case Fault.REFUSED if purpose is not Purpose.READ:
            return ProviderRefusedError(provider, reason, code=code)
        case _ if purpose is Purpose.SUBMIT:
            return OutcomeUnknownError(provider, reason, code=code)
    return ProviderUnavailableError(provider, reason, code=code)


def unreadable(provider: str, answer: Answer, purpose: Purpose) -> ProviderError:
    """Return the error of an answer that is not the JSON it should be: its HTTP status is all there is to go by."""
    if answer.status == 403 and b"1010" in answer.body[:4096]:
        reason = "its firewall blocks this program's User-Agent"
        return failure(provider, answer, purpose, Fault.AUTH, reason, "1010")
    reason = f"an unreadable answer with HTTP {answer.status}"
    if answer.status < 300 and purpose is not Purpose.SUBMIT:
        return ProviderProtocolError(provider, reason, code=str(answer.status), excerpt=answer.excerpt())
    return failure(provider, answer, purpose, http_fault(answer.status), reason)


def without_video(provider: str, answer: Answer, finished_ms: int | None, now_ms: int) -> Status:
    """Give a task that succeeded without an address 10 minutes to name one, then call it failed.

    Raises ProviderProtocolError within that time, or for ever where the service says no time (Unix milliseconds).
    """
    if finished_ms is not None and now_ms - finished_ms > RESULT_GRACE_MS:
        return Status(Progress.FAILED, reason="finished without a video", code=NO_RESULT)
    raise ProviderProtocolError(provider, "success without a video", code=NO_RESULT, excerpt=answer.excerpt())

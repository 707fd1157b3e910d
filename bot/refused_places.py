"""Say in words where Discord refused a message and why, from the text that the error and its job keep."""

import re

from bot import inert
from bot.language import tr, tr_known
from jobs.job import Failure, FailureCode

DIRECT = "direct messages"
NO_DIRECT_CODE = 50007
_PART = re.compile(
    r"(?:channel (?P<channel>\d+): )?(?P<what>[a-z ]+): "
    r"Discord (?:answered (?P<status>\d+) \((?P<code>\d+)\)|has refused this channel of late)",
    re.ASCII,
)


def keep_refusal(what: str, status: int, code: int) -> str:
    """Return what an error keeps of a refusal: what was tried, the HTTP status and Discord's own code."""
    return f"{what}: Discord answered {status} ({code})"


def say_detail(failure: Failure, limit: int = 400) -> str:
    """Return what more is known of a failure, in words and inert; a stranger's words have at most `limit` units."""
    if failure.code is FailureCode.UNDELIVERABLE:
        return say_refusals(failure.detail)
    return inert.prose(tr_known(failure.detail, **failure.values), limit)


def say_refusals(kept: str) -> str:
    """Return where Discord refused a message and why; what is not read as that stands as it is, inert."""
    return "; ".join(_say(part) for part in kept.split("; "))


def _say(part: str) -> str:
    match = _PART.fullmatch(part)
    if match is None:
        return inert.prose(part)
    code = int(match["code"] or 0)
    why = _why(code, match["status"])
    if code == NO_DIRECT_CODE or (match["what"] == DIRECT and match["channel"] is None):
        return tr("{where}: {why}", where=tr("direct messages"), why=why)
    return tr("{where}: {why}", where=f"<#{match['channel']}>", why=why) if match["channel"] else why


def _why(code: int, status: str | None) -> str:
    if status is None:
        return tr("Discord has refused it several times of late")
    words = {
        10003: tr("it is gone"),
        50001: tr("I can't see it"),
        NO_DIRECT_CODE: tr("the member takes none from me"),
        50013: tr("I lack a permission there"),
        50083: tr("it is archived"),
        160005: tr("it is locked"),
        160002: tr("I may not read its history"),
    }
    return words.get(code) or tr("Discord answered {status} ({code})", status=status, code=code)

"""Read the head of an answer that should carry a file, and say in one place why it will not do."""

import logging
from dataclasses import dataclass

from aiohttp import ClientResponse

from jobs.errors import SourceUnavailableError, UnusableClipError
from jobs.phrases import Phrase
from media.links import REFUSED_TEXT

log = logging.getLogger(__name__)

PAGE_TEXT = (
    "That link leads to a web page, not to a video file. "
    "Use a link that leads straight to the file, or attach the file."
)
NO_SUCH_NAME = "no such name"
_GONE = frozenset({401, 403, 404, 410})
_TRY_LATER = frozenset({408, 425, 429})
_PAGE_TYPES = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold an answer that carries a file: where its bytes begin in it, and its whole size when it says so."""

    response: ClientResponse
    offset_bytes: int
    size_bytes: int | None
    etag: str | None


def read_reply(response: ClientResponse, resumable: tuple[int, str] | None) -> Reply:
    """Check status and headers of an answer; `resumable` is what a Range was asked for."""
    _check_status(response)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnusableClipError("That link's server packs the file (Content-Encoding).", rule="link_encoding")
    if response.content_type in _PAGE_TYPES:
        raise UnusableClipError(PAGE_TEXT, rule="link_page")
    etag = response.headers.get("ETag", "")
    strong = etag if etag.startswith('"') and etag.isascii() else None
    length = response.content_length
    if length is None and "chunked" not in response.headers.get("Transfer-Encoding", "").lower():
        # Without either, a connection cut in the middle cannot be told from the end of the file.
        raise UnusableClipError("That link's server does not say how large the file is.", rule="link_length")
    if response.status != 206:
        return Reply(response, 0, length, strong)
    offset, tag = resumable or (0, "")
    if not offset or length is None or strong != tag:
        raise SourceUnavailableError(Phrase("The download broke off."), log="a part does not fit")
    whole = offset + length
    if response.headers.get("Content-Range", "") != f"bytes {offset}-{whole - 1}/{whole}":
        raise SourceUnavailableError(Phrase("The download broke off."), log="a part does not fit")
    return Reply(response, offset, whole, strong)


def _check_status(response: ClientResponse) -> None:
    status = response.status
    if status in {200, 206}:
        return
    if status in _GONE:
        raise UnusableClipError(
            "The link's server answers {status}: there is no file for us there.", rule="link_gone", status=status
        )
    if status in _TRY_LATER or status >= 500:
        raise SourceUnavailableError(Phrase("The link's server answered {status}."), status=status)
    raise UnusableClipError("The link's server answers {status} instead of a file.", rule="link_status", status=status)


class RefusedLinkError(UnusableClipError):
    """Refuse a link for a `reason` that is for the operator alone: to its sender every refusal looks the same."""

    def __init__(self, reason: str) -> None:
        super().__init__(REFUSED_TEXT, rule="link")
        self.reason = reason


def refused(reason: str) -> RefusedLinkError:
    """Make the one error for every refusal of the guard; the reason goes to the log and the figures only."""
    log.info("a link was refused: %s", reason)
    return RefusedLinkError(reason)


def too_large(limit_bytes: int) -> UnusableClipError:
    """Make the error for a file over the limit."""
    return UnusableClipError(
        "The file is larger than {most} MB, the most we take.", rule="bytes", most=f"{limit_bytes / 1_000_000:.0f}"
    )

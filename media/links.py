"""Decide which links may be followed, and say what would work instead of a page."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from yarl import URL

from jobs.errors import InvalidRequestError, UnusableClipError
from jobs.phrases import Phrase

# One text for every refusal of the guard: a different text per reason would tell a stranger what stands in our network.
REFUSED_TEXT = (
    "That link can't be used. Give an https:// link that leads straight to a video file on a public website, "
    "or attach the file itself."
)
MAX_URL_CHARS = 2_048
_MAX_HOST_CHARS = 253
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_TOP_LABEL = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])")
_PRIVATE_SUFFIXES = (
    "local",
    "internal",
    "localhost",
    "localdomain",
    "arpa",
    "onion",
    "lan",
    "intranet",
    "private",
    "corp",
)
_UNSAFE_CHARS = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
_AUTHORITY = re.compile(r"https?://([^/?#]*)", re.IGNORECASE)

_PORT = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)

_DISCORD_HOSTS = frozenset(
    f"{channel}{host}" for channel in ("", "www.", "ptb.", "canary.") for host in ("discord.com", "discordapp.com")
)


class LinkRefusedError(Exception):
    """The guard refuses an address; the reason is for logs only and never shown to a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class HostPort(NamedTuple):
    """A host as it stands in a URL, lower case, and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class _Site:
    name: str
    hosts: tuple[str, ...]
    advice: Phrase


_DOWNLOAD = Phrase(
    "That link leads to a page on {site}, not to a video file. Download the video and attach the file, or give a link "
    "that ends in the file itself."
)
_COPY = Phrase(
    "That link leads to a page on {site}, not to a video file. Open the GIF, copy the address of the image itself, and "
    "use that."
)
_PAGES = (
    _Site("YouTube", ("youtube.com", "youtu.be", "youtube-nocookie.com"), _DOWNLOAD),
    _Site("TikTok", ("tiktok.com",), _DOWNLOAD),
    _Site("Instagram", ("instagram.com", "instagr.am"), _DOWNLOAD),
    _Site("Facebook", ("facebook.com", "fb.watch"), _DOWNLOAD),
    _Site("X", ("x.com", "twitter.com", "t.co"), _DOWNLOAD),
    _Site("Vimeo", ("vimeo.com",), _DOWNLOAD),
    _Site("Twitch", ("twitch.tv",), _DOWNLOAD),
    _Site("Reddit", ("reddit.com", "redd.it"), _DOWNLOAD),
    _Site("Bilibili", ("bilibili.com", "b23.tv"), _DOWNLOAD),
    _Site("Google Drive", ("drive.google.com", "docs.google.com", "photos.google.com", "photos.app.goo.gl"), _DOWNLOAD),
    _Site("iCloud", ("icloud.com",), _DOWNLOAD),
    _Site("OneDrive", ("1drv.ms", "onedrive.live.com"), _DOWNLOAD),
    _Site("Tenor", ("tenor.com",), _COPY),
    _Site("Giphy", ("giphy.com",), _COPY),
)
# Hosts below a page site that do serve files.
_FILE_HOSTS = frozenset({"v.redd.it", "i.redd.it", "media.tenor.com", "c.tenor.com", "i.giphy.com", "media.giphy.com"})


def read_trusted_hosts(hosts: Iterable[str]) -> frozenset[HostPort]:
    """Read `host:port` texts; raise ValueError for one that is not of that form."""
    trusted = set()
    for text in hosts:
        host, separator, port = text.strip().rpartition(":")
        if not separator or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) <= 65_535:
            raise ValueError(f"not a host:port: {text!r}")
        trusted.add(HostPort(host.strip("[]").lower(), int(port)))
    return frozenset(trusted)


def check_link(text: str, trusted: frozenset[HostPort] = frozenset()) -> URL:
    """Return the parsed link if it may be asked for; raise LinkRefusedError otherwise.

    https on port 443 and a public-looking DNS name, except for hosts in `trusted`. Addresses are checked later, when
    they are known.
    """
    if not text or len(text) > MAX_URL_CHARS:
        raise LinkRefusedError("length")
    if _UNSAFE_CHARS.search(text):
        raise LinkRefusedError("characters")
    url = _parse(text)
    host, port = url.raw_host, url.port
    if host is None or port is None:
        raise LinkRefusedError("no host")
    if HostPort(host.lower(), port) in trusted:
        return url
    if url.scheme != "https":
        raise LinkRefusedError("scheme")
    if port != 443:
        raise LinkRefusedError("port")
    if not _is_public_name(host):
        raise LinkRefusedError("host")
    return url


def _parse(text: str) -> URL:
    authority = _AUTHORITY.match(text)
    # yarl reads "https:/host" and "https:host" as paths and empties a userinfo of "@": look at the text itself.
    if authority is None or "@" in authority[1] or "%" in authority[1]:
        raise LinkRefusedError("authority")
    _, colon, port = authority[1].rpartition(":")
    if colon and "]" not in port and not (_PORT.fullmatch(port) and int(port) <= 65_535):
        raise LinkRefusedError("port")
    try:
        url = URL(text)
    except (ValueError, UnicodeError):
        raise LinkRefusedError("not a URL") from None
    if url.user is not None or url.password is not None:
        raise LinkRefusedError("userinfo")
    # As typed where possible: yarl's own quoting would change the path of a signed link.
    typed = URL(text, encoded=True) if text.isascii() else url
    if (typed.scheme, typed.raw_host, typed.port) != (url.scheme, url.raw_host, url.port):
        typed = url
    return typed.with_fragment(None)


def _is_public_name(host: str) -> bool:
    # The host of the parsed URL: yarl has already folded full-width digits and ideographic dots.
    host = host.lower()
    if len(host) > _MAX_HOST_CHARS:
        return False
    *labels, top = host.split(".")
    if not labels or not _TOP_LABEL.fullmatch(top) or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    return top not in _PRIVATE_SUFFIXES


def page_advice(url: URL) -> UnusableClipError | None:
    """Say what would work instead of a link to a page of a known site; None when the site is not known."""
    host = (url.raw_host or "").lower()
    if host in _DISCORD_HOSTS:
        return _discord_page()
    if host in _FILE_HOSTS:
        return None
    for site in _PAGES:
        if any(host == known or host.endswith("." + known) for known in site.hosts):
            advice: Phrase = site.advice
            return UnusableClipError(advice, rule="link_page", site=site.name)
    if host in {"dropbox.com", "www.dropbox.com"} and url.query.get("dl") != "1" and url.query.get("raw") != "1":
        return UnusableClipError(
            "That Dropbox link leads to a preview page. End it with ?dl=1 and it leads to the file.", rule="link_page"
        )
    return None


def _discord_page() -> UnusableClipError:
    return UnusableClipError(
        "That Discord link leads to no file. Attach the file itself; `/luma modify` takes a message's link, too: "
        "right-click the message with the video and choose Copy Message Link.",
        rule="link_page",
    )


def explain_link(text: str, trusted: frozenset[HostPort] = frozenset()) -> None:
    """Raise UserError, in words for the person, for a link that is not followed or leads to a page."""
    try:
        advice = page_advice(check_link(text, trusted))
    except LinkRefusedError as error:
        raise InvalidRequestError(REFUSED_TEXT, rule="link") from error
    if advice is not None:
        raise advice

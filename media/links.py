"""Decide which links may be followed, and recognise what kind of place a link leads to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
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
_DISCORD_MEDIA_HOSTS = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
_MESSAGE_PATH = re.compile(r"/channels/(@me|\d{15,20})/(\d{15,20})/(\d{15,20})/?", re.ASCII)


class LinkRefusedError(Exception):
    """The guard refuses an address; the reason is for logs only and never shown to a person."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LinkKind(Enum):
    """What a link leads to, as far as its text tells."""

    DISCORD_FILE = "discord file"
    DISCORD_MESSAGE = "discord message"
    PAGE = "page"
    FILE = "file"


class MessageLink(NamedTuple):
    """A Discord message named by a link; `guild_id` is None for a direct message."""

    guild_id: int | None
    channel_id: int
    message_id: int


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


def parse_message_link(text: str) -> MessageLink | None:
    """Read a link to a Discord message; None for anything else."""
    try:
        url = check_link(text.strip())
    except LinkRefusedError:
        return None
    if url.raw_host not in _DISCORD_HOSTS:
        return None
    match = _MESSAGE_PATH.fullmatch(url.raw_path)
    if match is None:
        return None
    guild_id = None if match[1] == "@me" else int(match[1])
    return MessageLink(guild_id, int(match[2]), int(match[3]))


def classify(url: URL, trusted: frozenset[HostPort] = frozenset()) -> LinkKind:
    """Name the kind of place a checked link leads to."""
    host = (url.raw_host or "").lower()
    if url.port is not None and HostPort(host, url.port) in trusted:
        return LinkKind.FILE
    if host in _DISCORD_MEDIA_HOSTS:
        return LinkKind.DISCORD_FILE
    if host in _DISCORD_HOSTS:
        return LinkKind.DISCORD_MESSAGE if _MESSAGE_PATH.fullmatch(url.raw_path) else LinkKind.PAGE
    return LinkKind.PAGE if page_advice(url) else LinkKind.FILE


def page_advice(url: URL) -> UnusableClipError | None:
    """Say what would work instead of a link to a page of a known site; None when the site is not known."""
    host = (url.raw_host or "").lower()
    if host in _DISCORD_HOSTS:
        return None if _MESSAGE_PATH.fullmatch(url.raw_path) else _no_message()
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


def _no_message() -> UnusableClipError:
    return UnusableClipError(
        "That Discord link leads to no message. Right-click the message with the video, choose Copy Message Link, "
        "and use that.",
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

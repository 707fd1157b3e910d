"""Read single values of the settings: secrets, addresses, lists."""

import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, SecretStr

_PLACEHOLDER = re.compile(
    r"<.*>|\[.*\]|\{.*\}|\$\{?\w+\}?|x{3,}|\*{3,}|\.{3,}|"
    r"(?:please[-_ ]?)?(?:change|replace|fill)[-_ ]?(?:me|this|it|in)|todo|tbd|none|null|"
    r"(?:your|my|insert|enter|put|paste)[-_ ].*|placeholder|example|secret|token|(?:api[-_ ]?)?key|password|dummy",
    re.IGNORECASE,
)
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9])?|[0-9a-f:.]+", re.IGNORECASE)


def _secret(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if not text.strip():
        raise ValueError("is blank; fill it in or remove the line")
    if _PLACEHOLDER.fullmatch(text.strip()):
        raise ValueError("still holds a placeholder")
    if not all("!" <= character <= "~" for character in text):
        raise ValueError("has a space, a line break or a letter that no key has")
    return value


def _database(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"sqlite:///\S.*", value.get_secret_value()):
        raise ValueError("must be sqlite:///PATH")
    return value


def _folder(path: Path) -> Path:
    if path == Path():
        raise ValueError("is blank")
    return path


def _address(text: str, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is not an address") from None
    if parts.scheme not in schemes:
        raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password")
    if port == 0 or not _HOST.fullmatch(parts.hostname or ""):
        raise ValueError("has no host, or a host or port that cannot be")
    if not re.fullmatch(r"[!-~]+", text) or "?" in text or "#" in text:
        raise ValueError("must end before any ? or # and hold no spaces")
    return text.rstrip("/")


def _web_address(text: str) -> str:
    return _address(text, ("https", "http"))


def _optional_web_address(text: str) -> str:
    return _web_address(text) if text else ""


def _gateway_address(text: str) -> str:
    return _address(text, ("wss", "ws")) if text else ""


def _words(value: Any) -> Any:
    """Split a comma-separated text; leave anything else to the type's own check."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def _host_and_port(text: str) -> str:
    host, colon, port = text.rpartition(":")
    in_range = port.isascii() and port.isdecimal() and 1 <= int(port[:6]) <= 65_535
    if not colon or not in_range or not _HOST.fullmatch(host.removeprefix("[").removesuffix("]")):
        raise ValueError("must be host:port, separated by commas")
    return text.lower()


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Secret = Annotated[SecretStr, AfterValidator(_secret)]
DatabaseAddress = Annotated[SecretStr, AfterValidator(_database)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
OptionalWebAddress = Annotated[str, AfterValidator(_optional_web_address)]
GatewayAddress = Annotated[str, AfterValidator(_gateway_address)]
HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
Folder = Annotated[Path, AfterValidator(_folder)]
Words = BeforeValidator(_words)
Upper = BeforeValidator(_upper)
Lower = BeforeValidator(_lower)
Amount = Annotated[float, Field(gt=0, le=1e9, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0, le=10**9)]
Bytes = Annotated[ByteSize, Field(gt=0)]

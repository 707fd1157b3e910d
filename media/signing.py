"""Sign addresses of shelf files, so that only who was given one can fetch it, and only for a while."""

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from jobs.errors import MediaError

_SECRET_BYTES = 32
_ROUND_SECONDS = 3600


class UrlSigner:
    """Sign (name, expiry) with a secret that never leaves this object."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def __repr__(self) -> str:
        return "UrlSigner()"

    def sign(self, name: str, expires_at: int) -> str:
        """Return the signature of a file's name and its end in Unix seconds."""
        mac = hmac.digest(self._secret, f"{name}\n{expires_at}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()

    def query(self, name: str, expires_at: int) -> str:
        """Return the query of a signed address; the end is rounded up to the hour, so that addresses repeat."""
        expires_at = -(-expires_at // _ROUND_SECONDS) * _ROUND_SECONDS
        return f"exp={expires_at}&sig={self.sign(name, expires_at)}"

    def allows(self, name: str, expires: str, signature: str, *, now: float) -> bool:
        """Say whether a signature fits and has not ended; the comparison takes the same time for every signature."""
        if not (expires.isascii() and expires.isdigit() and len(expires) <= 12 and signature.isascii()):
            return False
        fits = hmac.compare_digest(self.sign(name, int(expires)), signature)
        return fits and now < int(expires)


def open_signer(path: Path) -> UrlSigner:
    """Read the secret of a file, making it (mode 0600) the first time, whole or not at all; blocks."""
    if not path.exists() or not path.stat().st_size:  # an empty one was cut off by a full disk and never used
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    secret = path.read_bytes()
    if len(secret) != _SECRET_BYTES:
        raise MediaError(f"{path.name} is not a key of {_SECRET_BYTES} bytes; delete it to get a new one")
    return UrlSigner(secret)

"""Sign and verify webhooks with HMAC-SHA256 as KIE does: https://docs.kie.ai/common-api/webhook-verification"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence

from jobs.errors import CallbackError

TIMESTAMP_HEADER = "X-Webhook-Timestamp"
SIGNATURE_HEADER = "X-Webhook-Signature"

# The signed text is `taskId.timestamp`: were a dot allowed in either, ("a.1", "2") and ("a", "1.2") would sign alike.
TASK_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_TIMESTAMP = re.compile(r"[0-9]{10}")


def sign(key: bytes, message: bytes) -> bytes:
    """Return the 32 bytes of HMAC-SHA256."""
    return hmac.new(key, message, hashlib.sha256).digest()


def sign_task(key: str, task_id: str, timestamp: str) -> str:
    """Return KIE's signature of a task id and a timestamp in Unix seconds: standard Base64, 44 characters."""
    return base64.b64encode(sign(key.encode(), f"{task_id}.{timestamp}".encode())).decode()


def verify_task(headers: Mapping[str, str], task_id: str, keys: Sequence[str], *, now_ms: int, window_ms: int) -> None:
    """Check a callback's two headers against every key; raises CallbackError 400 or 401.

    The timestamp may lie `window_ms` before or after `now_ms` (Unix milliseconds), both ends included. The body is
    not covered by this signature.
    """
    if not TASK_ID.fullmatch(task_id):
        raise CallbackError(400, "no task id of a shape that can be signed")
    timestamp = _only(headers, TIMESTAMP_HEADER)
    signature = _only(headers, SIGNATURE_HEADER)
    if not _TIMESTAMP.fullmatch(timestamp):
        raise CallbackError(401, "no timestamp in Unix seconds")
    if abs(now_ms - int(timestamp) * 1000) > window_ms:
        raise CallbackError(401, "timestamp outside the window")
    given = signature.encode("utf-8", "backslashreplace")
    matches = [hmac.compare_digest(sign_task(key, task_id, timestamp).encode(), given) for key in keys]
    if not any(matches):
        raise CallbackError(401, "signature does not match")


def _only(headers: Mapping[str, str], name: str) -> str:
    """Return the value of a header that stands exactly once, in any letter case; empty otherwise."""
    values = [value for key, value in headers.items() if key.lower() == name.lower()]
    return values[0] if len(values) == 1 else ""

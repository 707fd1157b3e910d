"""Hold how the stand-in is set up."""

from dataclasses import dataclass
from pathlib import Path

LOOPBACK_KEY = "sandbox-key"


@dataclass(frozen=True, slots=True)
class Options:
    """List every switch; seconds are real time, prices and balance are in credits.

    `public_url` is the address others reach the server at, where it differs from the one it listens on.
    `instant` copies clips instead of editing them, for load tests. A limit of 0 is no limit.
    `scene_side` is the long side in pixels of a drawn 16:9 video.
    """

    host: str = "127.0.0.1"
    port: int = 0
    public_url: str = ""
    key: str = LOOPBACK_KEY
    webhook_key: str = ""
    work_seconds: float = 1.0
    credits: float = 10_000.0
    price: float = 60.0
    creates_per_10s: int = 20
    parallel: int = 10
    instant: bool = False
    scene_seconds: float = 5.0
    scene_side: int = 1360
    result_seconds: float = 86_400.0
    callback_retry_seconds: float = 1.0
    callback_timeout_seconds: float = 15.0
    ledger_path: Path | None = None
    directory: Path | None = None

"""Hold what an operator sets for one video service."""

from dataclasses import dataclass, field

# Cloudflare in front of some services refuses the default names of HTTP libraries (HTTP 403, "error code: 1010").
USER_AGENT = "Mozilla/5.0 (compatible; luma-bot/0.1)"


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Hold one account and its limits; empty and None mean the service's own default.

    `webhook_keys` are all accepted, so that a key can be rotated: the current one first, then the one before.
    Timeouts are seconds for a whole request.
    """

    api_key: str = field(repr=False)
    api_url: str = ""
    upload_url: str = ""
    webhook_keys: tuple[str, ...] = field(default=(), repr=False)
    webhook_age_seconds: float = 300.0
    model: str = ""
    parallel: int | None = None
    creates_per_window: int | None = None
    window_seconds: float | None = None
    prompt_chars: int | None = None
    submit_seconds: float = 60.0
    read_seconds: float = 30.0
    upload_seconds: float = 180.0
    user_agent: str = USER_AGENT

"""Read what counts where a server has set no quota from the settings."""

from bot.settings import Settings
from jobs.quota import Allowance, Defaults, Period


def defaults_of(settings: Settings) -> Defaults:
    """Return the operator's quota for members, servers and direct messages."""
    return Defaults(
        allowance=Allowance(settings.quota_edits, Period(settings.quota_period), settings.quota_at_once),
        budget_day=settings.quota_server_edits_per_day,
        open_jobs=settings.open_jobs_per_member,
        server_open=settings.open_jobs_per_server,
        all_open=settings.open_jobs_in_all,
        uncounted_per_hour=settings.uncounted_per_hour,
    )

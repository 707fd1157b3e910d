"""Build what administration needs in one process, from its settings."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.admin import Administration, KeptFiles, RedeliveryActs
from bot.charts import Charts
from bot.checkup import CheckLine
from bot.quota_defaults import defaults_of
from bot.settings import Settings
from jobs.admin_ports import AdminStore, LogStore, PrivacyStore, QuotaStore


class Stores(Protocol):
    """Hold the stores of administration."""

    @property
    def quotas(self) -> QuotaStore:
        """Read who has how much."""

    @property
    def settings(self) -> AdminStore:
        """Keep settings and acts."""

    @property
    def log(self) -> LogStore:
        """Keep the log."""

    @property
    def privacy(self) -> PrivacyStore:
        """Hand over and erase."""


def build_admin(
    stores: Stores,
    redelivery: RedeliveryActs,
    files: KeptFiles,
    settings: Settings,
    check_process: Callable[[], Awaitable[Sequence[CheckLine]]],
) -> Administration:
    """Return it; pictures are drawn with a cache in the data folder."""
    return Administration(
        stores.quotas,
        stores.settings,
        stores.log,
        stores.privacy,
        files,
        redelivery,
        defaults=defaults_of(settings),
        charts=Charts(settings.data_dir / "charts"),
        check_process=check_process,
        kept_days=settings.result_days,
    )

"""Build the office of one process from its settings."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from bot.charts import Charts
from bot.checkup import CheckLine
from bot.office import KeptFiles, Office, SteeringActs
from bot.quota_defaults import defaults_of
from bot.settings import Settings
from jobs.office_ports import LogStore, OfficeStore, PrivacyStore, QuotaStore


class Stores(Protocol):
    """Hold the office's stores."""

    @property
    def quotas(self) -> QuotaStore:
        """Read who has how much."""

    @property
    def settings(self) -> OfficeStore:
        """Keep settings and acts."""

    @property
    def log(self) -> LogStore:
        """Keep the log."""

    @property
    def privacy(self) -> PrivacyStore:
        """Hand over and erase."""


def build_office(
    stores: Stores,
    steering: SteeringActs,
    files: KeptFiles,
    settings: Settings,
    check_process: Callable[[], Awaitable[Sequence[CheckLine]]],
) -> Office:
    """Return the office; pictures are drawn with a cache in the data folder."""
    return Office(
        stores.quotas,
        stores.settings,
        stores.log,
        stores.privacy,
        files,
        steering,
        defaults=defaults_of(settings),
        charts=Charts(settings.data_dir / "charts"),
        check_process=check_process,
        kept_days=settings.result_days,
    )

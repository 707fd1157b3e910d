"""Open the office's side of a database: quotas, settings, the log, privacy."""

from dataclasses import dataclass

from jobs.quota import Defaults
from storage.database import Database
from storage.log_store import SqlLogStore
from storage.office_store import SqlOfficeStore
from storage.privacy_store import SqlPrivacyStore
from storage.quota_store import SqlQuotaStore


@dataclass(frozen=True, slots=True)
class OfficeStores:
    """Hold the four stores behind commands of quota, moderation, settings and privacy."""

    quotas: SqlQuotaStore
    settings: SqlOfficeStore
    log: SqlLogStore
    privacy: SqlPrivacyStore


def open_office(database: Database, defaults: Defaults) -> OfficeStores:
    """Return the stores of one database; `defaults` count where a server has set nothing."""
    return OfficeStores(
        SqlQuotaStore(database, defaults), SqlOfficeStore(database), SqlLogStore(database), SqlPrivacyStore(database)
    )

"""Open the administrative side of a database: quotas, settings, the log, privacy."""

from dataclasses import dataclass

from jobs.quota import Defaults
from storage.admin_store import SqlAdminStore
from storage.database import Database
from storage.log_store import SqlLogStore
from storage.privacy_store import SqlPrivacyStore
from storage.quota_store import SqlQuotaStore


@dataclass(frozen=True, slots=True)
class AdminStores:
    """Hold the four stores behind commands of quota, moderation, settings and privacy."""

    quotas: SqlQuotaStore
    settings: SqlAdminStore
    log: SqlLogStore
    privacy: SqlPrivacyStore


def open_admin(database: Database, defaults: Defaults) -> AdminStores:
    """Return the stores of one database; `defaults` count where a server has set nothing."""
    return AdminStores(
        SqlQuotaStore(database, defaults), SqlAdminStore(database), SqlLogStore(database), SqlPrivacyStore(database)
    )

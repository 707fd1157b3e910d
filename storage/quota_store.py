"""Read who has how much from the ledger."""

from jobs.access import Access, AccessRules, Asker, decide_access
from jobs.admin import DayUse, Page, UserUse
from jobs.job import Job, State
from jobs.quota import Bonus, Decision, Defaults
from storage import quota_reads
from storage.admin_rows import SETTINGS_TABLES, read_blocks, read_settings
from storage.database import Database
from storage.standing import read_decision, settings_of


class SqlQuotaStore:
    """Count from the ledger; implements `jobs.admin_ports.QuotaStore`."""

    def __init__(self, database: Database, defaults: Defaults) -> None:
        self._database = database
        self._defaults = defaults

    async def access(self, asker: Asker, *, now_ms: int) -> Access:
        """Return what keeps somebody out here, if anything does."""
        guild_id = asker.guild_id
        if guild_id is None:
            return decide_access(AccessRules(), None, asker, now_ms)
        rules, blocks = await self._database.recall(
            ("access", guild_id),
            (*SETTINGS_TABLES, "blocks"),
            lambda session: (read_settings(session, guild_id).access, read_blocks(session, guild_id)),
        )
        return decide_access(rules, blocks.get(asker.user_id), asker, now_ms)

    async def decision(self, asker: Asker, *, now_ms: int) -> Decision:
        """Return what a member may have now and why."""
        return await self._database.read(
            lambda session: read_decision(session, asker, settings_of(session, asker), self._defaults, now_ms=now_ms)
        )

    async def top_users(self, guild_id: int, *, since_ms: int, offset: int, limit: int) -> Page[UserUse]:
        """Return who used most since a time, most first, those without use left out."""
        return await self._database.read(
            lambda session: quota_reads.top_users(session, guild_id, since_ms=since_ms, offset=offset, limit=limit)
        )

    async def use_by_day(self, guild_id: int, user_id: int | None, *, days: int, now_ms: int) -> list[DayUse]:
        """Return the last days' use, oldest first and none left out, of a member or (None) the whole server."""
        return await self._database.read(
            lambda session: quota_reads.use_by_day(session, guild_id, user_id, days=days, now_ms=now_ms)
        )

    async def bonuses(self, guild_id: int, user_id: int) -> list[Bonus]:
        """Return all bonuses of a member, expired and drained ones too, newest first."""
        return await self._database.read(lambda session: quota_reads.bonuses(session, guild_id, user_id))

    async def server_jobs(
        self, guild_id: int, *, user_id: int | None, states: frozenset[State] | None, offset: int, limit: int
    ) -> Page[Job]:
        """Return a server's jobs, newest first; open states only are read from a small index."""
        return await self._database.read(
            lambda session: quota_reads.server_jobs(
                session, guild_id, user_id=user_id, states=states, offset=offset, limit=limit
            )
        )

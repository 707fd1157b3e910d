"""Keep what a server has set and its moderators' acts, each change with its log entry in one transaction."""

import json
from collections.abc import Mapping

from jobs.access import Block, Verdict
from jobs.admin import Act, Deed, Facts, LogEntry, Page, ServerSettings, Target, TargetKind, channel, role
from jobs.quota import Allowance, Period
from jobs.words import check_word, keep_word
from storage import member_changes, setting_changes
from storage.admin_rows import SETTINGS_TABLES, read_all_settings, read_allowance, read_block
from storage.database import Database, Session


class SqlAdminStore:
    """Keep settings and moderators' acts in a database; implements `jobs.admin_ports.AdminStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def settings(self, guild_id: int) -> ServerSettings:
        """Return everything a server has set."""
        return await self._database.recall(
            ("settings", guild_id), SETTINGS_TABLES, lambda session: read_all_settings(session, guild_id)
        )

    async def alert_channels(self) -> Mapping[int, int]:
        """Return every server that has chosen a channel for alerts, with that channel."""
        rows = await self._database.read(
            lambda session: session.rows("SELECT guild_id, value FROM server_settings WHERE name = 'alerts'")
        )
        return {row["guild_id"]: json.loads(row["value"])["channel_id"] for row in rows}

    async def user_allowances(self, guild_id: int, *, offset: int, limit: int) -> Page[tuple[int, Allowance]]:
        """Return the members with an allowance of their own."""

        def work(session: Session) -> Page[tuple[int, Allowance]]:
            total = session.row(
                "SELECT COUNT(*) AS total FROM allowances WHERE guild_id = $1 AND kind = 'user'", guild_id
            )
            rows = session.rows(
                """
                SELECT * FROM allowances WHERE guild_id = $1 AND kind = 'user'
                ORDER BY target_id LIMIT $2 OFFSET $3
                """,
                guild_id,
                limit,
                offset,
            )
            assert total is not None
            return Page(tuple((row["target_id"], read_allowance(row)) for row in rows), total["total"])

        return await self._database.read(work)

    async def blocks(self, guild_id: int, *, now_ms: int, offset: int, limit: int) -> Page[Block]:
        """Return the blocks that hold, newest first."""

        def work(session: Session) -> Page[Block]:
            rows = session.rows("SELECT * FROM blocks WHERE guild_id = $1", guild_id)
            held = [block for block in map(read_block, rows) if block.holds(now_ms)]
            held.sort(key=lambda block: (block.blocked_at_ms, block.user_id), reverse=True)
            return Page(tuple(held[offset : offset + limit]), len(held))

        return await self._database.read(work)

    async def set_allowance(self, act: Act, target: Target, allowance: Allowance | None) -> LogEntry | None:
        """Set what SERVER, a role or a user may have; None takes it away: what is weaker counts again."""
        if target.kind is TargetKind.SERVER:
            facts = None if allowance is None else setting_changes.facts_of(allowance)
            return await self._set(act, "allowance", facts, Deed.SET_QUOTA)
        return await self._database.write(
            lambda session: setting_changes.set_allowance(session, act, target, allowance)
        )

    async def set_budget(self, act: Act, period: Period, edits: int | None) -> LogEntry | None:
        """Cap the server's edits per DAY or MONTH; None: no cap."""
        return await self._set(act, _budget(period), {"period": period, "edits": edits}, Deed.SET_BUDGET)

    async def unset_budget(self, act: Act, period: Period) -> LogEntry | None:
        """Let the operator's default count again."""
        return await self._set(act, _budget(period), None, Deed.SET_BUDGET)

    async def set_channel(self, act: Act, channel_id: int, verdict: Verdict | None) -> LogEntry | None:
        """Allow or deny a channel; None takes it off the list."""
        return await self._database.write(
            lambda session: setting_changes.list_target(session, act, channel(channel_id), verdict, Deed.SET_CHANNEL)
        )

    async def set_role(self, act: Act, role_id: int, verdict: Verdict | None) -> LogEntry | None:
        """Allow or deny a role; None takes it off the list."""
        return await self._database.write(
            lambda session: setting_changes.list_target(session, act, role(role_id), verdict, Deed.SET_ROLE)
        )

    async def set_showcase(self, act: Act, channel_id: int | None) -> LogEntry | None:
        """Choose where shared results go; None: nowhere."""
        return await self._set(act, "showcase", _channel_facts(channel_id), Deed.SET_SHOWCASE)

    async def set_alerts(self, act: Act, channel_id: int | None) -> LogEntry | None:
        """Choose which channel hears of trouble; None: none."""
        return await self._set(act, "alerts", _channel_facts(channel_id), Deed.SET_ALERTS)

    async def pause(self, act: Act) -> LogEntry | None:
        """Take no new edits in a server, for the act's reason; again sets the reason anew."""
        facts = {"reason": act.reason, "paused_by": act.actor_id, "paused_at_ms": act.at_ms}
        return await self._set(act, "pause", facts, Deed.PAUSE)

    async def resume(self, act: Act) -> LogEntry | None:
        """Take new edits again."""
        return await self._set(act, "pause", None, Deed.RESUME)

    async def add_word(self, act: Act, word: str) -> LogEntry | None:
        """Block a word, phrase or pattern; raises InvalidRequestError from `jobs.words.check_word`."""
        checked = check_word(word)
        return await self._database.write(lambda session: setting_changes.add_word(session, act, checked))

    async def remove_word(self, act: Act, word: str) -> LogEntry | None:
        """Let a word through again; None where it was not blocked."""
        return await self._database.write(lambda session: setting_changes.remove_word(session, act, keep_word(word)))

    async def block(self, act: Act, user_id: int, until_ms: int | None) -> LogEntry | None:
        """Keep a member out for the act's reason; again sets reason and end anew."""
        return await self._database.write(lambda session: member_changes.block(session, act, user_id, until_ms))

    async def unblock(self, act: Act, user_id: int) -> LogEntry | None:
        """Let a member in again."""
        return await self._database.write(lambda session: member_changes.unblock(session, act, user_id))

    async def grant_bonus(self, act: Act, user_id: int, count: int, expires_at_ms: int | None) -> LogEntry:
        """Give a member extra edits; `after["id"]` of the entry is the bonus."""
        return await self._database.write(
            lambda session: member_changes.grant_bonus(session, act, user_id, count, expires_at_ms)
        )

    async def revoke_bonus(self, act: Act, bonus_id: str) -> LogEntry | None:
        """End a bonus now; what was drawn from it stays drawn."""
        return await self._database.write(lambda session: member_changes.revoke_bonus(session, act, bonus_id))

    async def reset_use(self, act: Act, user_id: int) -> LogEntry:
        """Let a member's ended edits so far count no more; bonuses stay as drained as they are."""
        return await self._database.write(lambda session: member_changes.reset_use(session, act, user_id))

    async def _set(self, act: Act, name: str, facts: Facts | None, deed: Deed) -> LogEntry | None:
        return await self._database.write(lambda session: setting_changes.set_value(session, act, name, facts, deed))


def _budget(period: Period) -> str:
    if period is Period.WEEK:
        raise ValueError("a server's budget is of a day or a month")
    return f"budget_{period}"


def _channel_facts(channel_id: int | None) -> Facts | None:
    return None if channel_id is None else {"channel_id": channel_id}

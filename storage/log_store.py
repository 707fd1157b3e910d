"""Read the log of who did what, and keep deeds that change no setting."""

from collections.abc import AsyncIterator
from functools import partial

from jobs.admin import Act, Deed, Facts, LogEntry, Page, Target
from storage.admin_rows import read_entry
from storage.database import Database, Row, Session, Value
from storage.log_rows import write_entry

_EXPORT_ROWS = 500


class SqlLogStore:
    """Keep the log in a database; implements `jobs.admin_ports.LogStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, act: Act, deed: Deed, target: Target, *, before: Facts | None = None, after: Facts | None = None
    ) -> LogEntry:
        """Keep an act that changes no setting."""
        return await self._database.write(lambda session: write_entry(session, act, deed, target, before, after))

    async def entries(
        self, guild_id: int, *, user_id: int | None = None, actor_id: int | None = None, offset: int, limit: int
    ) -> Page[LogEntry]:
        """Return entries newest first, those about one member or by one moderator."""
        where, values = "guild_id = $1", [guild_id]
        for column, value in (("user_id", user_id), ("actor_id", actor_id)):
            if value is not None:
                values.append(value)
                where += f" AND {column} = ${len(values)}"
        return await self._database.read(lambda session: _page(session, where, values, offset, limit))

    async def export(self, guild_id: int) -> AsyncIterator[LogEntry]:
        """Yield a server's whole log, oldest first, in short reads."""
        number = 0
        while True:
            rows = await self._database.read(partial(_rows_after, guild_id=guild_id, number=number))
            for row in rows:
                yield read_entry(row)
                number = row["number"]
            if len(rows) < _EXPORT_ROWS:
                return


def _rows_after(session: Session, *, guild_id: int, number: int) -> list[Row]:
    return session.rows(
        "SELECT * FROM moderation_log WHERE guild_id = $1 AND number > $2 ORDER BY number LIMIT $3",
        guild_id,
        number,
        _EXPORT_ROWS,
    )


def _page(session: Session, where: str, values: list[int], offset: int, limit: int) -> Page[LogEntry]:
    given: list[Value] = list(values)
    total = session.row(f"SELECT COUNT(*) AS total FROM moderation_log WHERE {where}", *given)  # noqa: S608 - ours
    rows = session.rows(
        f"SELECT * FROM moderation_log WHERE {where} ORDER BY number DESC "  # noqa: S608 - numbers only
        f"LIMIT {limit:d} OFFSET {offset:d}",
        *given,
    )
    assert total is not None
    return Page(tuple(map(read_entry, rows)), total["total"])

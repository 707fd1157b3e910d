"""Keep servers' styles and members' favourites."""

from collections.abc import Sequence

from jobs.admin import Act, Deed, Facts, LogEntry, Target, TargetKind
from jobs.errors import InvalidRequestError
from jobs.styles import RECENT, SERVER_STYLES, Style, Taste, find_style, style_key
from storage.database import Database, Session
from storage.log_rows import write_entry

_RECENT_JOBS = 50


class SqlStyleStore:
    """Keep them in a database; implements `jobs.styles.StyleStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def styles(self, guild_id: int) -> list[Style]:
        """Return a server's own styles in their order."""
        return await self._database.read(lambda session: _styles(session, guild_id))

    async def add(self, act: Act, style: Style) -> LogEntry:
        """Add a style behind the others."""

        def work(session: Session) -> LogEntry:
            styles = _styles(session, act.guild_id)
            if len(styles) >= SERVER_STYLES:
                raise InvalidRequestError(
                    "This server has {count} styles, and that is the limit. Remove one first.",
                    rule="style",
                    count=len(styles),
                )
            _check_free(styles, style)
            _write(session, act.guild_id, style, len(styles) + 1)
            return write_entry(session, act, Deed.ADD_STYLE, _target(style), None, _facts(style))

        return await self._database.write(work)

    async def edit(self, act: Act, name: str, after: Style) -> LogEntry | None:
        """Write a style anew in its place; None where nothing changes."""

        def work(session: Session) -> LogEntry | None:
            styles = _styles(session, act.guild_id)
            before = find_style(styles, name)
            if before == after:
                return None
            _check_free([style for style in styles if style is not before], after)
            position = styles.index(before) + 1
            _delete(session, act.guild_id, before)
            _write(session, act.guild_id, after, position)
            return write_entry(session, act, Deed.EDIT_STYLE, _target(before), _facts(before), _facts(after))

        return await self._database.write(work)

    async def remove(self, act: Act, name: str) -> LogEntry:
        """Remove a style; jobs that use it keep its text."""

        def work(session: Session) -> LogEntry:
            styles = _styles(session, act.guild_id)
            style = find_style(styles, name)
            _delete(session, act.guild_id, style)
            styles.remove(style)
            _renumber(session, act.guild_id, styles)
            return write_entry(session, act, Deed.REMOVE_STYLE, _target(style), _facts(style), None)

        return await self._database.write(work)

    async def put(self, act: Act, name: str, position: int) -> LogEntry | None:
        """Move a style to a position from 1, or the last; None where it stands there."""

        def work(session: Session) -> LogEntry | None:
            styles = _styles(session, act.guild_id)
            style = find_style(styles, name)
            old, new = styles.index(style), min(max(position, 1), len(styles)) - 1
            if old == new:
                return None
            styles.insert(new, styles.pop(old))
            _renumber(session, act.guild_id, styles)
            before, after = {"position": old + 1}, {"position": new + 1}
            return write_entry(session, act, Deed.EDIT_STYLE, _target(style), before, after)

        return await self._database.write(work)

    async def taste(self, user_id: int, guild_id: int) -> Taste:
        """Return a member's favourites and last used styles in a server (0: in direct messages)."""

        def work(session: Session) -> Taste:
            rows = session.rows(
                "SELECT name_key FROM style_favourites WHERE user_id = $1 AND guild_id = $2", user_id, guild_id
            )
            return Taste(frozenset(row["name_key"] for row in rows), _recent(session, user_id, guild_id))

        return await self._database.read(work)

    async def set_favourite(self, user_id: int, guild_id: int, key: str, *, liked: bool, now_ms: int) -> None:
        """Make a style a member's favourite, or one no more."""
        add = (
            "INSERT INTO style_favourites (user_id, guild_id, name_key, liked_at_ms) VALUES ($1, $2, $3, $4) "
            "ON CONFLICT (user_id, guild_id, name_key) DO NOTHING"
        )
        take = "DELETE FROM style_favourites WHERE user_id = $1 AND guild_id = $2 AND name_key = $3 AND $4 > 0"
        await self._database.write(
            lambda session: session.execute(add if liked else take, user_id, guild_id, key, now_ms)
        )


def _styles(session: Session, guild_id: int) -> list[Style]:
    rows = session.rows("SELECT * FROM styles WHERE guild_id = $1 ORDER BY position, name_key", guild_id)
    return [Style(row["name"], row["text"], row["sample"]) for row in rows]


def _recent(session: Session, user_id: int, guild_id: int) -> tuple[str, ...]:
    """Read what a member used last from their jobs, so that it needs no rows of its own and goes when they go."""
    rows = session.rows(
        """
        SELECT json_extract(request, '$.style') AS style FROM jobs
        WHERE user_id = $1 AND guild_id IS NOT DISTINCT FROM $2
        ORDER BY created_at_ms DESC LIMIT $3
        """,
        user_id,
        guild_id or None,
        _RECENT_JOBS,
    )
    names = dict.fromkeys(style_key(row["style"]) for row in rows if row["style"])
    return tuple(names)[:RECENT]


def _check_free(styles: Sequence[Style], style: Style) -> None:
    if any(other.key == style.key for other in styles):
        raise InvalidRequestError("This server has a style of that name already.", rule="style")


def _write(session: Session, guild_id: int, style: Style, position: int) -> None:
    session.execute(
        "INSERT INTO styles (guild_id, name_key, name, text, sample, position) VALUES ($1, $2, $3, $4, $5, $6)",
        guild_id,
        style.key,
        style.name,
        style.text,
        style.sample,
        position,
    )


def _delete(session: Session, guild_id: int, style: Style) -> None:
    session.execute("DELETE FROM styles WHERE guild_id = $1 AND name_key = $2", guild_id, style.key)


def _renumber(session: Session, guild_id: int, styles: Sequence[Style]) -> None:
    for position, style in enumerate(styles, start=1):
        session.execute(
            "UPDATE styles SET position = $3 WHERE guild_id = $1 AND name_key = $2 AND position <> $3",
            guild_id,
            style.key,
            position,
        )


def _target(style: Style) -> Target:
    return Target(TargetKind.STYLE, style.name)


def _facts(style: Style) -> Facts:
    return {"name": style.name, "text": style.text, "sample": style.sample}

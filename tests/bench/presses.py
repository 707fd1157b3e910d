"""Measure how fast presses are answered, and styles suggested, over a database that has seen a million jobs."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from pathlib import Path

from jobs.admin import Act
from jobs.styles import SERVER_STYLES, Style
from storage import open_store
from storage.database import Session
from storage.sqlite_connection import SqliteSession
from tests.bench.report import Figure, percentile
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.creations import deliver, open_showcase

PRESSES, PRESETS = "presses", "presets"
JOBS = 1_000_000
MEMBERS, SERVERS, OWN = 40_000, 200, 500
ROUNDS = 100
_CHUNK = 50_000
_AIM_MS, _SUGGEST_AIM_MS = 50.0, 20.0

# One row in OWN ($3) waits for the pressing member.
_FILL = """
    WITH RECURSIVE counted (n) AS (SELECT $1 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < $2)
    INSERT INTO jobs (
        id, code, kind, state, user_id, guild_id, channel_id, interaction_id, locale, request, service, created_at_ms,
        due_at_ms, ready, finished_at_ms, submitted_at_ms, result_channel_id, result_message_id
    )
    SELECT
        printf('%032x', n), printf('J%07d', n), 'modify', CASE n % 9 WHEN 0 THEN 'failed' ELSE 'delivered' END,
        CASE WHEN n % $3 = 0 THEN 1 ELSE 1000 + n % $4 END, 1 + n % $5, 5, -n - 1,
        'en-US', json_object(
            'kind', 'modify', 'prompt', 'edit number ' || n, 'style', CASE n % 3 WHEN 0 THEN 'Warm' ELSE '' END,
            'clip', NULL, 'start_seconds', 0.0, 'spoiler', json('false'), 'private', json('false'),
            'options', json_object(), 'images', json_object()
        ),
        'kie', 1600000000000 + n, 1600000000000 + n, 1, 1600000060000 + n, 1600000001000 + n, 5, 6
    FROM counted
"""
_SPENT = """
    INSERT INTO reservations (job_id, guild_id, user_id, state, reserved_at_ms, ended_at_ms)
    SELECT id, guild_id, user_id, CASE state WHEN 'failed' THEN 'released' ELSE 'settled' END, created_at_ms,
        finished_at_ms
    FROM jobs WHERE interaction_id BETWEEN -$2 AND -$1 - 1
"""


def fill(path: Path, count: int) -> None:
    """Write ended jobs of many members in many servers into a database that nobody has open; blocks.

    Neither synced nor logged, and with its indexes drawn up last: half a minute instead of half an hour.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    with closing(connection):
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -400000"):
            connection.execute(f"PRAGMA {pragma}")
        session = SqliteSession(connection)
        indexes = session.rows(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql <> '' "
            "AND tbl_name IN ('jobs', 'reservations')"
        )
        for index in indexes:
            session.execute(f"DROP INDEX {index['name']}")
        for begin in range(0, count, _CHUNK):
            end = min(begin + _CHUNK, count)
            session.execute(_FILL, begin, end, OWN, MEMBERS, SERVERS)
            session.execute(_SPENT, begin, end)
        for index in indexes:
            session.execute(index["sql"])


async def give_own(world: BotWorld, user: str) -> None:
    """Make the jobs that wait for their member this one's, in the server they press in."""
    local = world.server.world
    user_id, guild_id = local.find_user(user).id, next(iter(local.guilds))

    def work(session: Session) -> None:
        for table in ("jobs", "reservations"):
            session.execute(f"UPDATE {table} SET user_id = $1, guild_id = $2 WHERE user_id = 1", user_id, guild_id)

    await world.database.write(work)


async def timed(act: Callable[[], Awaitable[object]]) -> float:
    """Return how many milliseconds a press or suggestion takes until it is answered."""
    started = time.perf_counter()
    await act()
    return (time.perf_counter() - started) * 1000


async def measure_presses(folder: Path) -> list[Figure]:
    """Press every kind of button, over and over, with a million jobs in the database."""
    database = await open_store(f"sqlite:///{folder / 'luma.db'}")
    await database.close()
    await asyncio.to_thread(fill, folder / "luma.db", JOBS)
    async with open_bot_world(folder) as world:
        await give_own(world, "Mia")
        await open_showcase(world)
        job, message_id = await deliver(world)
        buttons = [
            ("share", f"luma:share:{job.id}"),
            ("delete", f"luma:delete:{job.id}"),
            ("edit prompt", f"luma:reword:{job.id}"),
            ("like", f"luma:like:{job.id}"),
        ]
        took: dict[str, list[float]] = {}
        for name, custom_id in buttons * ROUNDS:
            took.setdefault(name, []).append(await timed(lambda: world.actor.press("Mia", message_id, custom_id)))  # noqa: B023 - awaited at once
            await world.settled()
        for _ in range(ROUNDS):
            took.setdefault("history", []).append(
                await timed(lambda: world.actor.slash("Mia", "edits", "luma history"))
            )
            await world.settled()  # its picture follows, and is not what is measured
    return [figure for name, values in took.items() for figure in _figures(PRESSES, name, values, _AIM_MS)]


async def measure_presets(folder: Path) -> list[Figure]:
    """Ask for suggestions of styles, letter by letter, where the server has as many as it may."""
    typed = ("", "s", "st", "sty", "style 4", "style 49", "warm", "nothing like it")
    async with open_bot_world(folder) as world:
        guild = next(iter(world.server.world.guilds))
        for number in range(SERVER_STYLES):
            await world.styles.store.add(Act(guild, 1, number), Style(f"Style {number}", "a text of some length" * 10))
        took = []
        for index in range(ROUNDS * 5):
            user, text = ("Mia", "Noah", "Robin")[index % 3], typed[index % len(typed)]
            options = {"prompt": "x", "style": text}
            took.append(await timed(lambda: world.actor.autocomplete(user, "edits", "luma modify", options, "style")))  # noqa: B023 - awaited at once
    return _figures(PRESETS, f"suggestion of {SERVER_STYLES} styles", took, _SUGGEST_AIM_MS)


def _figures(part: str, what: str, values: Sequence[float], aim_ms: float) -> list[Figure]:
    slowest = percentile(values, 0.99)
    return [
        Figure(part, f"{what}, median", percentile(values, 0.5), "ms"),
        Figure(part, f"{what}, p99", slowest, "ms", f"< {aim_ms:g}", slowest < aim_ms),
    ]

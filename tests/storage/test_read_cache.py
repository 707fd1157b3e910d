"""Hold what is kept in memory to what the database says."""

from jobs.access import Asker, Barrier, Verdict
from jobs.admin import Act
from jobs.quota import Defaults
from storage.admin_store import SqlAdminStore
from storage.database import Session
from storage.quota_store import SqlQuotaStore
from storage.read_cache import ReadCache, changed_tables
from storage.sqlite import SqliteDatabase

ACT = Act(10, 1, 1000)
ASKER = Asker(20, 10, channel_ids=(30,))


def test_statements_name_the_tables_they_change() -> None:
    assert changed_tables("SELECT * FROM jobs WHERE updated = 1") == frozenset()
    assert changed_tables("\n  INSERT INTO blocks (a) VALUES ($1)\n ON CONFLICT (a) DO UPDATE SET a = 2") >= {"blocks"}
    assert changed_tables("WITH due AS (SELECT 1) UPDATE jobs SET a = 1 RETURNING *") == {"jobs"}
    assert changed_tables("DELETE FROM blocked_words WHERE word = $1") == {"blocked_words"}


def test_a_value_is_forgotten_with_its_tables_or_as_the_least_lately_used() -> None:
    kept = ReadCache(most=2)
    for key in "ab":
        kept.keep(key, kept.edition(["x"]), key.upper())
    assert kept.find("a", kept.edition(["x"])) == ("A",)
    kept.keep("c", kept.edition(["y"]), None)
    assert kept.find("b", kept.edition(["x"])) is None
    kept.note(["x"])
    assert kept.find("a", kept.edition(["x"])) is None
    assert kept.find("c", kept.edition(["y"])) == (None,)


async def test_a_value_is_read_again_only_after_a_change(database: SqliteDatabase) -> None:
    reads = 0

    def read(session: Session) -> int:
        nonlocal reads
        reads += 1
        return len(session.rows("SELECT beats FROM pulse"))

    async def recall() -> int:
        return await database.recall("beats", ("pulse",), read)

    assert [await recall(), await recall(), reads] == [1, 1, 1]
    await database.write(lambda session: session.execute("INSERT INTO pulse (beats) VALUES (1)"))
    assert [await recall(), await recall(), reads] == [2, 2, 2]
    await database.write(lambda session: session.execute("DELETE FROM blocks"))
    assert [await recall(), reads] == [2, 2]


async def test_every_change_of_a_server_shows_at_once(database: SqliteDatabase) -> None:
    admin, quota = SqlAdminStore(database), SqlQuotaStore(database, Defaults())

    async def barrier() -> Barrier | None:
        return (await quota.access(ASKER, now_ms=2000)).barrier

    assert await barrier() is None
    await admin.block(ACT, 20, None)
    assert await barrier() is Barrier.BLOCK
    await admin.unblock(ACT, 20)
    assert await barrier() is None
    await admin.set_channel(ACT, 30, Verdict.DENY)
    assert await barrier() is Barrier.CHANNEL
    await admin.set_channel(ACT, 30, None)
    assert await barrier() is None
    for words in (("cat",), ("cat", "dog")):
        await admin.add_word(ACT, words[-1])
        assert (await admin.settings(10)).words == words
    assert (await admin.settings(11)).words == ()

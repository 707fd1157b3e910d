"""Hold settings and moderators' acts to what was set, and the log to every change of them."""

import pytest

from jobs.access import AccessRules, Pause, Verdict
from jobs.admin import SERVER, Act, Budget, Deed, LogEntry, ServerSettings, Target, TargetKind, job_of, role, user
from jobs.errors import InvalidRequestError
from jobs.quota import Allowance, Defaults, Period
from storage.admin_store import SqlAdminStore
from storage.log_store import SqlLogStore
from storage.sqlite import SqliteDatabase

NOW = 1_700_000_000_000
TEN = Allowance(10, Period.WEEK, 2)


def act(guild_id: int = 10, at_ms: int = NOW, reason: str = "because") -> Act:
    """Return a moderator's act."""
    return Act(guild_id, 99, at_ms, reason)


@pytest.fixture
def admin(database: SqliteDatabase) -> SqlAdminStore:
    """Return the settings of a fresh database."""
    return SqlAdminStore(database)


@pytest.fixture
def log(database: SqliteDatabase) -> SqlLogStore:
    """Return the log of the same database."""
    return SqlLogStore(database)


async def set_everything(admin: SqlAdminStore, guild_id: int = 10) -> list[LogEntry | None]:
    """Set each thing there is once."""
    return [
        await admin.set_allowance(act(guild_id), SERVER, TEN),
        await admin.set_allowance(act(guild_id), role(7), Allowance(None)),
        await admin.set_allowance(act(guild_id), user(20), Allowance(0)),
        await admin.set_budget(act(guild_id), Period.DAY, 50),
        await admin.set_budget(act(guild_id), Period.MONTH, None),
        await admin.set_channel(act(guild_id), 30, Verdict.ALLOW),
        await admin.set_role(act(guild_id), 8, Verdict.DENY),
        await admin.set_showcase(act(guild_id), 31),
        await admin.set_alerts(act(guild_id), 32),
        await admin.add_word(act(guild_id), "  Bad   WORD "),
        await admin.pause(act(guild_id, reason="maintenance")),
        await admin.block(act(guild_id), 20, NOW + 5),
        await admin.grant_bonus(act(guild_id), 20, 5, None),
    ]


async def test_a_server_without_settings_has_the_operators(admin: SqlAdminStore) -> None:
    settings = await admin.settings(10)
    assert settings == ServerSettings()
    defaults = Defaults(TEN, budget_day=7, budget_month=8, open_jobs=4)
    policies = settings.policies(defaults, {})
    assert (policies.default, policies.budget_day, policies.budget_month, policies.open_jobs) == (TEN, 7, 8, 4)


async def test_everything_set_is_read_back_and_touches_no_other_server(admin: SqlAdminStore) -> None:
    await set_everything(admin)
    assert await admin.settings(10) == ServerSettings(
        allowance=TEN,
        budget_day=Budget(50),
        budget_month=Budget(None),
        role_allowances={7: Allowance(None)},
        user_count=1,
        access=AccessRules({30: Verdict.ALLOW}, {8: Verdict.DENY}, Pause("maintenance", 99, NOW)),
        showcase_channel_id=31,
        alerts_channel_id=32,
        words=("bad word",),
    )
    assert await admin.settings(11) == ServerSettings()
    assert (await admin.user_allowances(10, offset=0, limit=9)).items == ((20, Allowance(0)),)


async def test_each_change_stands_in_the_log_with_before_and_after(admin: SqlAdminStore, log: SqlLogStore) -> None:
    entries = await set_everything(admin)
    page = await log.entries(10, offset=0, limit=100)
    assert page.total == len(entries)
    assert list(page.items) == entries[::-1]
    assert [entry.number for entry in page.items] == list(range(len(entries), 0, -1))
    changed = await admin.set_allowance(act(reason="more"), role(7), TEN)
    assert changed is not None
    assert (changed.deed, changed.target, changed.reason, changed.actor_id) == (Deed.SET_QUOTA, role(7), "more", 99)
    assert changed.before == {"edits": None, "period": "day", "at_once": None}
    assert changed.after == {"edits": 10, "period": "week", "at_once": 2}


async def test_the_same_again_is_no_change(admin: SqlAdminStore, log: SqlLogStore) -> None:
    await set_everything(admin)
    total = (await log.entries(10, offset=0, limit=1)).total
    again = [
        await admin.set_allowance(act(), SERVER, TEN),
        await admin.set_allowance(act(), role(9), None),
        await admin.set_budget(act(), Period.DAY, 50),
        await admin.set_channel(act(), 30, Verdict.ALLOW),
        await admin.set_role(act(), 9, None),
        await admin.set_showcase(act(), 31),
        await admin.add_word(act(), "bad word"),
        await admin.remove_word(act(), "other"),
        await admin.unblock(act(), 21),
        await admin.revoke_bonus(act(), "unknown"),
    ]
    assert again == [None] * len(again)
    assert (await log.entries(10, offset=0, limit=1)).total == total


async def test_everything_can_be_taken_away_again(admin: SqlAdminStore) -> None:
    await set_everything(admin)
    for change in (
        admin.set_allowance(act(), SERVER, None),
        admin.set_allowance(act(), role(7), None),
        admin.set_allowance(act(), user(20), None),
        admin.unset_budget(act(), Period.DAY),
        admin.unset_budget(act(), Period.MONTH),
        admin.set_channel(act(), 30, None),
        admin.set_role(act(), 8, None),
        admin.set_showcase(act(), None),
        admin.set_alerts(act(), None),
        admin.remove_word(act(), "BAD word "),
        admin.resume(act()),
    ):
        entry = await change
        assert entry is not None
        assert entry.before is not None
        assert entry.after is None
    assert await admin.settings(10) == ServerSettings()


async def test_blocks_are_listed_while_they_hold_and_set_anew(admin: SqlAdminStore) -> None:
    await admin.block(act(), 20, NOW + 5)
    await admin.block(act(at_ms=NOW + 1), 21, None)
    page = await admin.blocks(10, now_ms=NOW + 2, offset=0, limit=1)
    assert (page.total, page.items[0].user_id) == (2, 21)
    assert [block.user_id for block in (await admin.blocks(10, now_ms=NOW + 5, offset=0, limit=9)).items] == [21]
    again = await admin.block(act(reason="worse"), 20, None)
    assert again is not None
    assert again.before is not None
    assert (again.before["until_ms"], again.after) == (NOW + 5, {"reason": "worse", "until_ms": None, "blocked_by": 99})
    assert await admin.unblock(act(), 20) is not None
    assert (await admin.blocks(10, now_ms=NOW, offset=0, limit=9)).total == 1


async def test_a_bonus_is_revoked_in_its_own_server_only(admin: SqlAdminStore) -> None:
    granted = await admin.grant_bonus(act(), 20, 5, None)
    assert granted.after is not None
    bonus_id = str(granted.after["id"])
    assert await admin.revoke_bonus(act(11), bonus_id) is None
    revoked = await admin.revoke_bonus(act(at_ms=NOW + 1), bonus_id)
    assert revoked is not None
    assert revoked.after is not None
    assert revoked.after["expires_at_ms"] == NOW + 1
    assert await admin.revoke_bonus(act(at_ms=NOW + 2), bonus_id) is None


async def test_words_that_hit_everything_are_refused(admin: SqlAdminStore, log: SqlLogStore) -> None:
    with pytest.raises(InvalidRequestError):
        await admin.add_word(act(), "*")
    assert (await log.entries(10, offset=0, limit=1)).total == 0


async def test_a_week_has_no_budget_and_a_channel_no_quota(admin: SqlAdminStore) -> None:
    with pytest.raises(ValueError, match="day or a month"):
        await admin.set_budget(act(), Period.WEEK, 1)
    with pytest.raises(ValueError, match="no quota"):
        await admin.set_allowance(act(), Target(TargetKind.CHANNEL, "30"), TEN)


async def test_the_log_is_read_by_member_by_moderator_and_as_a_whole(log: SqlLogStore) -> None:
    for number in range(1203):
        actor = Act(10, number % 3, NOW + number)
        await log.note(actor, Deed.CANCEL_JOB, job_of("AB2CD", number % 5), after={"state": "cancelled"})
    await log.note(Act(11, 0, NOW), Deed.EXPORT_LOG, SERVER)
    about = await log.entries(10, user_id=4, offset=1, limit=2)
    assert (about.total, [entry.at_ms - NOW for entry in about.items]) == (240, [1194, 1189])
    assert (await log.entries(10, actor_id=1, offset=0, limit=1)).total == 401
    assert (await log.entries(10, user_id=4, actor_id=1, offset=0, limit=1)).total == 80
    whole = [entry.number async for entry in log.export(10)]
    assert whole == list(range(1, 1204))
    assert [entry.deed async for entry in log.export(11)] == [Deed.EXPORT_LOG]

"""Let members ask in vain, at once and over time: the buckets empty, fill and forget as they say."""

from jobs.tries import EVERYWHERE_FACTOR, SERVER_FACTOR, Spent, Tries
from tests.fakes import FakeClock

MEMBER, SERVER = 20, 10


def ask(tries: Tries, user_id: int = MEMBER, guild_id: int | None = SERVER) -> Spent | None:
    """Ask in vain, if one may."""
    spent = tries.look(user_id, guild_id)
    if spent is None:
        tries.spend(user_id, guild_id)
    return spent


def count(tries: Tries, user_id: int = MEMBER, guild_id: int | None = SERVER) -> int:
    """Ask in vain until one may not, and return how often that was."""
    return next(number for number in range(10_000) if ask(tries, user_id, guild_id) is not None)


def test_a_member_asks_in_vain_so_often_and_then_waits() -> None:
    clock = FakeClock()
    tries = Tries(clock, most=3, seconds=30)
    assert count(tries) == 3
    assert tries.look(MEMBER, 11) == Spent(clock.now_ms() + 30_000, is_own=True, is_news=False)
    clock.advance(29_999)
    assert ask(tries) is not None
    clock.advance(1)
    assert count(tries) == 1
    clock.advance(10 * 30_000)
    assert count(tries) == 3


def test_who_asks_often_at_once_waits_the_longer() -> None:
    clock = FakeClock()
    tries = Tries(clock, most=3, seconds=30)
    assert [tries.look(MEMBER, SERVER) for _ in range(50)] == [None] * 50
    for _ in range(50):
        tries.spend(MEMBER, SERVER)
    spent = tries.look(MEMBER, SERVER)
    assert spent is not None
    assert spent.again_at_ms == clock.now_ms() + (3 + 1) * 30_000
    clock.advance(4 * 30_000)
    assert tries.look(MEMBER, SERVER) is None


def test_it_is_news_once_until_the_bucket_is_half_full_again() -> None:
    clock = FakeClock()
    tries = Tries(clock, most=4, seconds=30)
    heard = [ask(tries, guild_id=None) for _ in range(7)]
    assert [spent and spent.is_news for spent in heard] == [None] * 4 + [True, False, False]
    for waited_ms, expected in ((30_000, False), (60_000, True)):
        clock.advance(waited_ms)
        while (spent := ask(tries, guild_id=None)) is None:
            pass
        assert spent.is_news is expected


def test_what_is_granted_costs_nothing() -> None:
    tries = Tries(FakeClock(), most=1, seconds=30)
    assert [tries.look(MEMBER, SERVER) for _ in range(1000)] == [None] * 1000


def test_many_small_accounts_empty_their_servers_bucket_and_no_other() -> None:
    clock = FakeClock()
    tries = Tries(clock, most=2, seconds=30)
    assert [count(tries, user_id) for user_id in range(100, 100 + SERVER_FACTOR)] == [2] * SERVER_FACTOR
    assert tries.look(500, SERVER) == Spent(clock.now_ms() + 30_000 // SERVER_FACTOR, is_own=False, is_news=True)
    assert tries.look(500, 11) is None
    assert tries.look(500, None) is None


def test_all_servers_together_have_a_bucket_too() -> None:
    tries = Tries(FakeClock(), most=1, seconds=30)
    asked = [ask(tries, number, number // 5) for number in range(EVERYWHERE_FACTOR + 1)]
    assert [spent is None for spent in asked] == [True] * EVERYWHERE_FACTOR + [False]
    assert [(spent.is_own, spent.is_everywhere) for spent in asked if spent] == [(False, True)]


def test_a_clock_that_is_put_back_gives_nothing() -> None:
    clock = FakeClock()
    tries = Tries(clock, most=1, seconds=30)
    assert ask(tries) is None
    clock.advance(-3_600_000)
    assert ask(tries) is not None
    clock.advance(30_000)
    assert ask(tries) is None


def test_memory_is_bounded_and_the_oldest_are_forgotten() -> None:
    tries = Tries(FakeClock(), most=1, seconds=30)
    for number in range(30_000):
        tries.look(number, None)
    assert len(tries._buckets) == 20_000

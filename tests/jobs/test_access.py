"""Hold access to channels, roles, blocks and pauses, in their order."""

import pytest

from jobs.access import OPEN, Access, AccessRules, Asker, Barrier, Block, Pause, Verdict, decide_access

ALLOW, DENY = Verdict.ALLOW, Verdict.DENY
NOW = 1_700_000_000_000
BLOCK = Block(20, "spam", 99, NOW - 5, NOW + 5)
PAUSE = Pause("maintenance", 99, NOW)


def decide(rules: AccessRules, *, roles: frozenset[int] = frozenset(), channels: tuple[int, ...] = (31, 30)) -> Access:
    """Decide for a member who asks in thread 31 of channel 30."""
    return decide_access(rules, None, Asker(20, 10, roles, channels), NOW)


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ({}, OPEN),
        ({30: ALLOW}, OPEN),
        ({31: ALLOW}, OPEN),
        ({30: DENY}, Access(Barrier.CHANNEL, denied_id=30)),
        ({32: DENY}, OPEN),
        ({32: ALLOW}, Access(Barrier.CHANNEL, allowed_ids=(32,))),
        ({32: ALLOW, 33: ALLOW, 34: DENY}, Access(Barrier.CHANNEL, allowed_ids=(32, 33))),
        ({30: DENY, 31: ALLOW}, OPEN),
        ({30: ALLOW, 31: DENY}, Access(Barrier.CHANNEL, denied_id=31)),
    ],
)
def test_the_nearest_listed_channel_decides(listed: dict[int, Verdict], expected: Access) -> None:
    assert decide(AccessRules(channels=listed)) == expected


@pytest.mark.parametrize(
    ("listed", "held", "expected"),
    [
        ({}, {7}, OPEN),
        ({7: ALLOW}, {7, 8}, OPEN),
        ({7: ALLOW}, {8}, Access(Barrier.ROLE, allowed_ids=(7,))),
        ({7: ALLOW}, set(), Access(Barrier.ROLE, allowed_ids=(7,))),
        ({7: DENY}, {8}, OPEN),
        ({7: DENY, 8: ALLOW}, {7, 8}, Access(Barrier.ROLE, denied_id=7)),
    ],
)
def test_a_denied_role_beats_an_allowed_one(listed: dict[int, Verdict], held: set[int], expected: Access) -> None:
    assert decide(AccessRules(roles=listed), roles=frozenset(held)) == expected


def test_a_block_ends_by_itself_and_a_pause_does_not() -> None:
    asker = Asker(20, 10)
    assert decide_access(AccessRules(pause=PAUSE), BLOCK, asker, NOW + 4) == Access(Barrier.BLOCK, block=BLOCK)
    assert decide_access(AccessRules(pause=PAUSE), BLOCK, asker, NOW + 5) == Access(Barrier.PAUSE, pause=PAUSE)
    for_good = Block(20, "spam", 99, NOW)
    assert decide_access(AccessRules(), for_good, asker, 10**15).barrier is Barrier.BLOCK


def test_the_order_is_channel_role_block_pause() -> None:
    rules = AccessRules({30: DENY}, {7: DENY}, PAUSE)
    met = [
        decide_access(AccessRules(channels, roles, PAUSE), block, Asker(20, 10, frozenset({7}), (30,)), NOW).barrier
        for channels, roles, block in (
            (rules.channels, rules.roles, BLOCK),
            ({}, rules.roles, BLOCK),
            ({}, {}, BLOCK),
            ({}, {}, None),
        )
    ]
    assert met == list(Barrier)


def test_no_servers_rules_hold_in_direct_messages() -> None:
    rules = AccessRules({30: DENY}, {7: DENY}, PAUSE)
    assert decide_access(rules, BLOCK, Asker(20, None, frozenset({7}), (30,)), NOW) == OPEN

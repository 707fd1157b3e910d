"""Hold that nothing typed is live where administration echoes it: alerts, the log, blocks, settings."""

import re
from collections.abc import Iterator

import discord

from bot import inert
from bot.alert_replies import blocked_alert, budget_alert, outage_alert, stuck_alert
from bot.log_replies import entry_words
from bot.quota_replies import access_words, block_words
from bot.setup_panels import build_settings
from jobs.access import Access, AccessRules, Barrier, Block, Pause
from jobs.admin import BudgetWarning, Deed, LogEntry, ServerSettings, Target, TargetKind
from jobs.quota import Defaults, Period
from jobs.words import Hit
from tests.bot.test_inert import LIVE, PAYLOADS
from tests.jobs.making import make_job

OURS = re.compile(r"<@[12]>|<#3>|<t:\d+:R>")


def bare(text: str) -> str:
    """Return a text without its code and without what is ours: where something live would be."""
    text = re.sub(r"```\n.*?\n```", "", text, flags=re.DOTALL)
    return OURS.sub("", re.sub(r"`[^`\n]+`", "", text))


def panel_texts(panel: discord.Embed) -> Iterator[str]:
    yield panel.title or ""
    yield panel.description or ""
    for field in panel.fields:
        yield str(field.value)
        assert inert.length(str(field.value)) <= 1024
    assert inert.length(panel.description or "") <= 4096


def texts_saying(payload: str) -> Iterator[str]:
    """Return every text of administration in which a person said the payload."""
    block = Block(1, payload, 2, 0, 1)
    yield block_words(block)
    yield access_words(Access(Barrier.BLOCK, block=block))
    pause = Pause(payload, 1, 0)
    yield access_words(Access(Barrier.PAUSE, pause=pause))
    yield from panel_texts(blocked_alert(1, 3, payload, [Hit(payload, payload)] * 12))
    yield from panel_texts(stuck_alert(make_job(user_id=1), payload))
    yield from panel_texts(outage_alert(payload, payload))
    yield from panel_texts(outage_alert(payload, ""))
    settings = ServerSettings(words=(payload,) * 60, access=AccessRules(pause=pause))
    yield from panel_texts(build_settings(settings, Defaults()))
    facts = {"word": payload, "reason": payload, "hold": payload, "odd": payload}
    for kind in (TargetKind.WORD, TargetKind.STYLE, TargetKind.JOB):
        yield entry_words(LogEntry(1, 9, 0, 1, Deed.BLOCK, Target(kind, payload, 2), facts, facts, payload))


def test_nothing_typed_is_live() -> None:
    for payload in PAYLOADS:
        for text in texts_saying(payload):
            assert not LIVE.search(bare(text)), (payload, text)


def test_a_budget_alert_fits() -> None:
    for level in (80, 100):
        assert list(panel_texts(budget_alert(BudgetWarning(9, Period.MONTH, level, 8, 10))))

"""Hold that nothing typed is live in any place that echoes it: cards, endings, lists, names, the wire."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot import inert, replies
from bot.cards import CardView, build_card
from bot.history import Page, View, build_page, page_parts
from bot.own_jobs import name_choice
from bot.versions import build_text
from jobs.job import ClipSource, Failure, FailureCode, Job, Prepared, Remark, State
from jobs.ports import VideoPost
from jobs.result_ports import Line, Version
from tests.bot.test_inert import LIVE, PAYLOADS
from tests.bot.world import open_bot_world
from tests.jobs.making import FACTS, make_job

FILE_NAMES = [
    "a\r\nb.mp4",
    "nul\x00.mp4",
    'quote".mp4',
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "\u202egpj.4pm",
    "SPOILER_clip.mp4",
    "n" * 300 + ".mp4",
    "noextension",
    "clip.exe",
    "clip.m3u8",
    "",
    "...",
    "🎬.mp4",
    "CON",
    "trailing .mp4 ",
    "`@everyone`.mp4",
]
# What we ourselves put in: the requester, times, the result's link.
OURS = re.compile(r"<@11>|<t:\d+:R>|https://discord\.com/channels/1/5/6|https://bot\.example/files/r\.mp4|<#2>")


def bare(text: str) -> str:
    """Return a text without its code and without what is ours: where something live would be."""
    text = re.sub(r"```\n.*?\n```", "", text, flags=re.DOTALL)
    return OURS.sub("", re.sub(r"`[^`\n]+`", "", text))


def said(text: str) -> Remark:
    """Return a remark on a clip whose container a stranger has named."""
    return Remark("converted", {"container": text, "codec": text})


def jobs_saying(text: str) -> Iterator[Job]:
    """Return jobs in which everything a person or service may say is the text."""
    clip = ClipSource("https://cdn.example/a", text, 5)
    request = replace(make_job().request, prompt=text, style=text, clip=clip, options={"watermark": text})
    for state in State:
        yield make_job(
            state,
            request=request,
            hold=text,
            clip=Prepared("f", FACTS, (said(text),)),
            failure=Failure(FailureCode.REFUSED, text) if state is State.FAILED else None,
            result_channel_id=5,
            result_message_id=6,
        )


def card_texts(job: Job) -> Iterator[str]:
    card: dict[str, Any] = dict(build_card(CardView(job, 3, job.hold)).to_dict())
    yield card["description"]
    for field in card.get("fields", []):
        yield field["name"]
        yield field["value"]
        assert inert.length(field["value"]) <= 1024
    yield card["footer"]["text"]
    assert inert.length(card["description"]) <= 4096


def test_cards_show_nothing_live() -> None:
    for payload in [*PAYLOADS, *FILE_NAMES]:
        for job in jobs_saying(payload):
            for text in card_texts(job):
                assert not LIVE.search(bare(text)), (payload, text)


def test_endings_show_nothing_live_and_fit() -> None:
    for payload in PAYLOADS:
        for job in jobs_saying(payload):
            video = VideoPost(
                Path("r.mp4"), "luma.mp4", "https://bot.example/files/r.mp4", 5_000, True, (said(payload),)
            )
            told = replace(job, failure=Failure(FailureCode.REFUSED, payload))
            for text in (
                replies.result_text(job, video, elsewhere=replies.moved_here(2)),
                replies.result_text(job, replace(video, path=None)),
                replies.failure_text(told, elsewhere=replies.moved_here(2)),
            ):
                assert not LIVE.search(bare(text)), (payload, text)
                assert inert.length(text) <= 2000
            assert replies.is_ending(replies.result_text(replace(job, failure=None), video), replace(job, failure=None))
            assert replies.is_ending(replies.failure_text(told), told)


def test_the_longest_link_leaves_the_ending_whole() -> None:
    job = make_job(State.DELIVERING, request=replace(make_job().request, prompt="warm " * 160))
    link = "https://bot.example/files/".ljust(replies.LINK_CHARS, "s")
    text = replies.result_text(job, VideoPost(None, "luma.mp4", link, 5_000))
    assert link in text
    assert inert.length(text) <= 2000


def test_lists_and_choices_show_nothing_live() -> None:
    for payload in PAYLOADS:
        jobs = list(jobs_saying(payload))
        page = Page(View(0, "all", inert.one_line(payload, 40)), tuple(jobs), more=True)
        embed = build_page(page)
        assert not LIVE.search(bare(f"{embed.title}\n{embed.description}")), payload
        for part in page_parts(page).to_components():
            assert len(part["components"]) <= 5
        versions = tuple(Version(job, number, number - 1) for number, job in enumerate(jobs, start=1))
        assert not LIVE.search(bare(build_text(Line(versions, 1000), jobs[0].id))), payload
        for job in jobs:
            assert not LIVE.search(name_choice(job)), payload
            assert 0 < inert.length(name_choice(job)) <= 100


async def test_no_message_on_the_wire_lets_words_ping(tmp_path: Path) -> None:
    async with open_bot_world(tmp_path) as world:
        await world.modify(prompt="hi @everyone <@&1> <@2>", private=False)
        job = await world.only_job()
        opened = await world.delivery.open_place(job)
        job = await world.finish(job, thread_id=opened.thread_id, failure=Failure(FailureCode.REFUSED, "@here"))
        await world.delivery.post_failure(job)
        world.delivery.show(await world.put(job, state=State.FAILED))
        await world.delivery.settle()
        await world.actor.slash("Mia", "edits", "luma history")
        await world.actor.slash("Mia", "edits", "luma show", {"job": job.code})
        await world.actor.slash("Mia", "edits", "luma cancel", {"job": "@here"})

        bodies = [one.request for one in world.server.exchanges if isinstance(one.request, dict)]
        messages = [body.get("data", body) for body in bodies]
        spoken = [message for message in messages if message.get("content") or message.get("embeds")]
        assert len(spoken) >= 6
        for message in spoken:
            assert message["allowed_mentions"].get("parse", []) == [], message
            assert {int(user) for user in message["allowed_mentions"].get("users", [])} <= {job.user_id}

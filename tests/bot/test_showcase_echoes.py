"""Hold that nothing typed is live in what is shared, and in styles that others read."""

import re
from dataclasses import replace

from bot import inert
from bot.showcase_post import build_post, post_title
from bot.style_pages import build_style
from bot.styles import shown_name
from jobs.shares import Choices
from jobs.styles import Style, Taste
from tests.bot.test_echoes import bare
from tests.bot.test_inert import LIVE, PAYLOADS
from tests.jobs.making import make_job

ALL = Choices(prompt=True, compare=True)


def test_a_post_shows_a_prompt_and_style_as_inert_text() -> None:
    for payload in PAYLOADS:
        job = make_job(request=replace(make_job().request, prompt=payload, style=payload))
        embed = build_post(job, ALL, compared=True)
        for text in (embed.description or "", *(str(field.value) for field in embed.fields)):
            assert not LIVE.search(bare(text).replace(f"<@{job.user_id}>", "")), payload


def test_a_post_without_the_prompt_holds_nothing_of_it() -> None:
    job = make_job(request=replace(make_job().request, prompt="a secret", style="secret too"))
    for shown in (str(build_post(job, Choices(), compared=False).to_dict()), post_title(job, Choices(), "Mia")):
        assert "secret" not in shown


def test_a_forums_title_is_short_and_inert() -> None:
    for payload in PAYLOADS:
        job = make_job(request=replace(make_job().request, prompt=payload))
        for title in (post_title(job, ALL, ""), post_title(job, Choices(), payload)):
            assert 0 < inert.length(title) <= 100
            assert not LIVE.search(title), payload


def test_a_style_is_shown_as_inert_text() -> None:
    for payload in PAYLOADS:
        style = Style(payload[:40] or "-", payload, payload)
        embed = build_style(style)
        texts = [embed.title or "", embed.description or "", *(str(field.value) for field in embed.fields)]
        assert not LIVE.search(bare("\n".join(texts))), payload
        assert not re.search(LIVE, shown_name(style, Taste()))

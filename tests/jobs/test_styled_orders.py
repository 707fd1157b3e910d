"""Send a style's text with the prompt: once, in every way to an edit, and within the service's limit."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.errors import InvalidRequestError
from jobs.job import Kind, Request
from tests.jobs.making import make_new
from tests.jobs.world import World, open_world

STYLED = Request(Kind.MODIFY, "make it rain", style="Noir", style_text="In black and white")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = await open_world(tmp_path)
    yield opened
    await opened.worker.stop(1)
    await opened.database.close()


async def test_the_service_is_told_both_and_the_job_keeps_them_apart(world: World) -> None:
    job = await world.accept(request=STYLED)
    await world.work()
    assert [order.request.prompt for order in world.provider.billed] == ["make it rain. In black and white"]
    kept = (await world.read(job)).request
    assert (kept.prompt, kept.style, kept.style_text) == ("make it rain", "Noir", "In black and white")


async def test_made_again_from_its_row_it_is_told_the_same(world: World) -> None:
    job = await world.read(await world.accept(request=STYLED))
    await world.accept(request=replace(job.request, prompt="make it snow"))
    await world.work()
    prompts = [order.request.prompt for order in world.provider.billed]
    assert sorted(prompts) == ["make it rain. In black and white", "make it snow. In black and white"]


async def test_both_together_keep_the_limit(world: World) -> None:
    limit = world.provider.abilities.prompt_chars
    room = limit - len("In black and white") - len(". ")
    await world.accept(request=replace(STYLED, prompt="x" * room))
    new = replace(make_new(99), request=replace(STYLED, prompt="x" * (room + 1)))
    with pytest.raises(InvalidRequestError) as refused:
        await world.intake.queue(new)
    assert f"has {limit + 1} characters" in refused.value.text
    assert "Shorten the prompt by 1," in refused.value.text

"""Look through styles, choose them, change a server's own, through the local Discord."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.admin import Act
from jobs.styles import BUILT_IN, SERVER_STYLES, Style
from sandbox.discord.actor import RefusedError
from sandbox.discord.views import InteractionView
from tests.bot.world import BotWorld, open_bot_world
from tests.cogs.test_library import plant_button

NOIR = {"name": "House noir", "text": "In black and white, hard shadows"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        yield opened


def told(view: InteractionView) -> str:
    assert view.message is not None
    assert view.message.ephemeral
    return view.message.content


async def setup(world: BotWorld, command: str, user: str = "Ada", **options: str | int) -> str:
    return told(await world.actor.slash(user, "edits", f"luma-setup styles {command}", options))


async def suggested(world: BotWorld, typed: str = "", user: str = "Mia") -> list[str]:
    choices = await world.actor.autocomplete(
        user, "edits", "luma modify", {"prompt": "x", "style": typed}, focused="style"
    )
    return [str(choice.value) for choice in choices]


async def names(world: BotWorld) -> list[str]:
    guild = next(iter(world.server.world.guilds))
    return [style.name for style in await world.styles.store.styles(guild)]


class TestChoosing:
    async def test_a_style_goes_along_with_the_prompt_and_stays_as_it_was(self, world: BotWorld) -> None:
        await setup(world, "add", **NOIR)
        await world.modify(style="house NOIR")
        await setup(world, "remove", style="House noir")
        request = (await world.only_job()).request
        assert (request.prompt, request.style) == ("make it warm", "House noir")
        assert request.full_prompt == "make it warm. In black and white, hard shadows"

    async def test_the_card_names_the_style(self, world: BotWorld) -> None:
        view = await world.modify(style="Vintage")
        assert view.message is not None
        fields = {field["name"]: field["value"] for field in view.message.embeds[0]["fields"]}
        assert fields["Style"] == "`Vintage`"
        assert "`" in fields["Style"]

    async def test_an_unknown_style_is_refused(self, world: BotWorld) -> None:
        assert "no such style" in told(await world.modify(style="nothing"))
        assert await world.jobs() == []

    async def test_prompt_and_style_together_keep_the_services_limit(self, world: BotWorld) -> None:
        await setup(world, "add", name="Long", text="x" * 500)
        prompt = "a" * 320
        assert "With the style's text the prompt has 822 characters" in told(
            await world.modify(prompt=prompt, style="Long")
        )
        assert await world.jobs() == []
        await world.modify(prompt=prompt)
        assert len(await world.jobs()) == 1

    async def test_recent_ones_come_first_then_favourites_then_the_servers(self, world: BotWorld) -> None:
        await setup(world, "add", **NOIR)
        assert (await suggested(world))[0] == "House noir"
        await world.modify(style="Dreamy")
        page = await world.actor.slash("Mia", "edits", "luma styles", {"style": "Cool"})
        assert page.message is not None
        await world.actor.press("Mia", page.message.id, "luma:style_liked:Cool")
        assert (await suggested(world))[:4] == ["Dreamy", "Cool", "House noir", "Cinematic"]
        assert (await suggested(world, "noi")) == ["House noir"]
        assert (await suggested(world, user="Noah"))[0] == "House noir"

    @pytest.mark.parametrize("chosen", [["Vintage"], []])
    async def test_a_style_is_chosen_in_the_form_of_the_message_menu(self, world: BotWorld, chosen: list[str]) -> None:
        post = await world.actor.post("Noah", "edits", "look", files=[("clip.mp4", b"a clip")])
        opened = await world.actor.context_menu("Mia", "Modify with Luma", post.id)
        await world.actor.submit_modal(opened.id, {"prompt": "make it cold", "style": chosen})
        request = (await world.only_job()).request
        assert (request.prompt, request.style) == ("make it cold", "".join(chosen))

    async def test_at_most_25_are_suggested_of_500(self, world: BotWorld) -> None:
        guild = next(iter(world.server.world.guilds))
        for number in range(SERVER_STYLES):
            await world.styles.store.add(Act(guild, 1, number), Style(f"Style {number}", "text"))
        assert len(await suggested(world)) == 25
        assert await suggested(world, "style 499") == ["Style 499"]
        assert "that is the limit" in await setup(world, "add", **NOIR)


class TestLooking:
    async def test_pages_turn_and_show_a_styles_text(self, world: BotWorld) -> None:
        await setup(world, "add", **NOIR, sample="https://example.org/noir")
        view = await world.actor.slash("Mia", "edits", "luma styles")
        assert view.message is not None
        assert "**House noir**" in view.message.embeds[0]["description"]
        assert "Page 1 of 2" in view.message.embeds[0]["footer"]["text"]
        await world.actor.press("Mia", view.message.id, "luma:styles:1.")
        assert "Page 2 of 2" in world.actor.interaction(view.id).message.embeds[0]["footer"]["text"]  # type: ignore[union-attr]  # it stands
        await world.actor.press("Mia", view.message.id, "luma:styles:0.")
        shown = await world.actor.select("Mia", view.message.id, "luma:style:0", ["House noir"])
        assert shown.message is not None
        assert "your prompt + In black and white" in shown.message.embeds[0]["description"]
        assert shown.message.embeds[0]["fields"][0]["value"] == "`https://example.org/noir`"

    async def test_a_favourite_is_chosen_and_given_up(self, world: BotWorld) -> None:
        view = await world.actor.slash("Mia", "edits", "luma styles", {"style": "warm"})
        assert view.message is not None
        for action, label in (("liked", "Remove from favourites"), ("unliked", "Add to favourites")):
            wanted = f"luma:style_{action}:Warm"
            message = plant_button(world, wanted)
            await asyncio.gather(*(world.actor.press("Mia", message, wanted) for _ in range(49)))
            await world.actor.press("Mia", view.message.id, wanted)
            (button,) = world.actor.message("Mia", view.message.id).components[0]["components"]
            assert button["label"] == label

    async def test_favourites_outlive_a_restart(self, world: BotWorld) -> None:
        view = await world.actor.slash("Mia", "edits", "luma styles", {"style": "warm"})
        await world.restart()
        assert view.message is not None
        await world.actor.press("Mia", view.message.id, "luma:style_liked:Warm")
        await world.restart()
        assert (await suggested(world))[0] == "Warm"

    @pytest.mark.parametrize(
        "custom_id",
        [
            "luma:style_liked:gone",
            "luma:style_unliked:gone",
            "luma:styles:-1.",
            "luma:styles:x",
            "luma:styles:99999.",
            "luma:style:0",
        ],
    )
    async def test_forged_ids_harm_nothing(self, world: BotWorld, custom_id: str) -> None:
        view = await world.actor.press("Mia", plant_button(world, custom_id), custom_id)
        assert view.state == "answered"

    async def test_a_page_names_a_removed_style_no_more(self, world: BotWorld) -> None:
        await setup(world, "add", **NOIR)
        view = await world.actor.slash("Mia", "edits", "luma styles")
        await setup(world, "remove", style="House noir")
        assert view.message is not None
        shown = await world.actor.select("Mia", view.message.id, "luma:style:0", ["House noir"])
        assert "no such style" in told(shown)


class TestChanging:
    async def test_a_server_adds_edits_orders_and_removes(self, world: BotWorld) -> None:
        for name in ("One", "Two", "Three"):
            await setup(world, "add", name=name, text=f"text of {name}")
        await setup(world, "order", style="three", position=1)
        assert await names(world) == ["Three", "One", "Two"]
        await setup(world, "edit", style="one", name="Uno", text="a new text", sample="a sample")
        assert await names(world) == ["Three", "Uno", "Two"]
        await setup(world, "edit", style="uno", sample="-")
        await setup(world, "remove", style="Three")
        guild = next(iter(world.server.world.guilds))
        assert await world.styles.store.styles(guild) == [Style("Uno", "a new text"), Style("Two", "text of Two")]
        log = await world.admin.log.entries(guild, offset=0, limit=20)
        assert [str(entry.deed) for entry in log.items][:4] == [
            "remove_style", "edit_style", "edit_style", "edit_style",
        ]  # fmt: skip
        assert log.total == 7

    async def test_a_member_may_not(self, world: BotWorld) -> None:
        with pytest.raises(RefusedError):
            await setup(world, "add", "Mia", **NOIR)

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            ({"name": "Warm", "text": "   "}, "needs a name and a text"),
            ({"name": "Ночь", "text": "Сделай ночь"}, "English only"),
            ({"name": "Twice", "text": "{prompt} and {prompt}"}, "only once"),
            ({"name": "Bad", "text": "a forbidden thing"}, "blocked"),
            ({"name": "forbidden", "text": "a fine thing"}, "blocked"),
            ({"name": "Fine", "text": "a fine thing", "sample": "forbidden"}, "blocked"),
        ],
    )
    async def test_what_will_not_do_is_refused(self, world: BotWorld, options: dict[str, str], words: str) -> None:
        guild = next(iter(world.server.world.guilds))
        await world.admin.settings.add_word(Act(guild, 1, 1), "forbidden")
        assert words in await setup(world, "add", **options)
        assert await names(world) == []

    async def test_a_name_is_taken_once(self, world: BotWorld) -> None:
        await setup(world, "add", **NOIR)
        assert "already" in await setup(world, "add", name="HOUSE  NOIR", text="x")
        await setup(world, "add", name="Warm", text="our own warm")
        assert "already" in await setup(world, "edit", style="Warm", name="house noir")
        assert (await suggested(world, "warm")) == ["Warm"]

    async def test_a_built_in_style_is_not_the_servers_to_change(self, world: BotWorld) -> None:
        assert "no such style" in await setup(world, "remove", style=BUILT_IN[0].name)
        assert "what is to change" in await setup(world, "edit", style=BUILT_IN[0].name)

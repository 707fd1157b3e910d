"""The page does what Discord's client does, with a bot that has one of everything."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from sandbox.discord.page import Page
from sandbox.discord.page_panel import Panel
from sandbox.discord.server import DiscordServer
from sandbox.video.clip import draw_clip
from tests.sandbox.browsing import PHONE, Visitor, visit
from tests.sandbox.page_bot import running_bot

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_clip(tmp_path_factory.mktemp("clip") / "sample.mp4", 1, 320, 180)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def address(clip: Path) -> AsyncIterator[str]:
    server = DiscordServer()
    Page(server.world, server.actor, Panel(), clip).add_to(server.app)
    async with server, running_bot(server):
        yield f"{server.base_url}/"


@pytest_asyncio.fixture(loop_scope="module")
async def visitor(browser: Browser, address: str) -> AsyncIterator[Visitor]:
    async with visit(browser, address) as visitor:
        yield visitor


async def edit(visitor: Visitor, prompt: str) -> None:
    """Run the command with the sample clip and wait for its thread."""
    form = await visitor.start_command("luma modify")
    await form.get_by_label("prompt").fill(prompt)
    await form.get_by_role("button", name="Use the sample clip").click()
    await expect(form.locator(".picked")).to_contain_text("sample.mp4")
    await form.get_by_role("button", name="Send").click()
    await visitor.page.locator(".thread-card").filter(has_text=prompt).wait_for()


async def test_a_file_over_the_servers_limit_is_refused_in_discords_words(visitor: Visitor, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(bytes(21_000_000))
    form = await visitor.start_command("luma modify")
    await form.get_by_label("prompt").fill("Too much")
    await form.locator("input[type=file]").first.set_input_files(large)
    await expect(form.locator(".picked")).to_contain_text("large.png (20508 KB)")
    await form.get_by_role("button", name="Send").click()
    await expect(form.get_by_role("alert")).to_have_text("Your files are too powerful. Max file size: 10 MB")
    await expect(form.get_by_label("prompt")).to_have_value("Too much")


async def test_a_command_is_sent_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.draft.focus()
    await page.keyboard.type("/mod")
    await page.get_by_role("option", name="/luma modify").wait_for()
    await page.keyboard.press("Enter")
    form = page.get_by_role("form", name="/luma modify")
    await expect(form.get_by_label("prompt")).to_be_focused()
    await page.keyboard.type("Only keys")
    await form.get_by_role("button", name="Use the sample clip").press("Enter")
    await expect(form.locator(".picked")).to_contain_text("sample.mp4")
    await form.get_by_role("button", name="+ style").press("Enter")
    await page.keyboard.type("film")
    await form.get_by_role("option", name="Vintage film").wait_for()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(form.get_by_role("combobox")).to_have_value("Vintage film")
    await page.keyboard.press("Enter")
    card = visitor.messages.filter(has_text="Only keys").last
    await expect(card).to_contain_text("vintage")
    await expect(card.locator(".origin")).to_have_text("Mia used /luma modify")


async def test_options_of_every_kind_arrive_as_they_are(visitor: Visitor) -> None:
    form = await visitor.start_command("luma modify")
    await form.get_by_label("prompt").fill("All of them")
    await form.get_by_role("button", name="Use the sample clip").click()
    await expect(form.locator(".picked")).to_contain_text("sample.mp4")
    for name in ("start", "strength", "quality", "spoiler", "place", "friend", "role"):
        await form.get_by_role("button", name=f"+ {name}").click()
    await form.get_by_label("start").fill("7")
    await form.get_by_label("strength").fill("0.25")
    await form.get_by_label("quality").select_option("Best")
    await form.get_by_label("spoiler").select_option("True")
    await form.get_by_label("place").select_option("#showcase")
    await form.get_by_label("friend").select_option("Noah")
    await form.get_by_label("role").select_option("@Creator")
    await form.get_by_role("button", name="Send").click()
    card = visitor.messages.filter(has_text="All of them").last
    told = "strength=0.25 quality=2 spoiler=True place=showcase friend=noah role=Creator"
    await expect(card).to_contain_text(told)
    await expect(card).to_contain_text("7")
    await visitor.go("All of them")
    await visitor.page.get_by_role("button", name="SPOILER", exact=True).click()
    await expect(visitor.page.locator(".covered")).to_have_count(0)


async def test_a_link_is_followed_though_the_address_is_put_back_meanwhile(visitor: Visitor) -> None:
    await visitor.go("edits")
    link = visitor.page.locator("#channels .channel").filter(has_text="showcase").first
    # What a look does that ends before the page hears of the click.
    await link.evaluate("link => { const old = location.hash; link.click(); history.replaceState(null, '', old); }")
    await expect(visitor.page.locator("#title")).to_contain_text("showcase")


async def test_the_video_in_the_thread_plays(visitor: Visitor) -> None:
    await edit(visitor, "Play it")
    async with visitor.page.expect_response(re.compile(r"/attachments/.*[.]mp4")) as response:
        await visitor.page.locator(".thread-card").filter(has_text="Play it").click()
    assert (await response.value).status == 206
    await expect(visitor.messages.first).to_contain_text("Play it")  # the card the thread began on
    video = visitor.page.locator("video")
    await video.evaluate("video => { video.muted = true; return video.play(); }")
    await visitor.page.wait_for_function("() => document.querySelector('video').currentTime > 0.1")
    assert 0.9 < await video.evaluate("video => video.duration") < 1.3


async def test_an_answer_for_one_person_is_seen_by_that_person_alone(visitor: Visitor) -> None:
    await edit(visitor, "Mine")
    card = visitor.messages.filter(has_text="Mine").last
    await expect(card.get_by_role("button", name="Sold out")).to_be_disabled()
    await card.get_by_role("button", name="Cancel").click()
    answer = visitor.messages.filter(has_text="Not yours to cancel.")
    await expect(answer).to_contain_text("Only you can see this")
    await visitor.become("Noah")
    await expect(visitor.messages.filter(has_text="Mine")).to_have_count(1)
    await expect(answer).to_have_count(0)
    await visitor.become("Mia (Creator)")
    await answer.get_by_role("button", name="Dismiss message").click()
    await expect(answer).to_have_count(0)


async def test_a_form_comes_filled_in_and_is_sent(visitor: Visitor) -> None:
    await edit(visitor, "Form")
    await visitor.messages.filter(has_text="Form").last.get_by_role("button", name="Edit prompt").click()
    dialog = visitor.page.get_by_role("dialog", name="Edit the prompt")
    await expect(dialog.get_by_label("Prompt")).to_have_value("warmer")
    await expect(dialog.get_by_label("Prompt")).to_be_focused()
    await dialog.get_by_label("Prompt").fill("colder")
    await dialog.get_by_label("Style").select_option("Warm")
    await dialog.get_by_role("button", name="Submit").click()
    await expect(dialog).to_have_count(0)
    await expect(visitor.messages.last).to_contain_text("colder / Warm")


async def test_a_message_command_is_found_in_the_messages_menu(visitor: Visitor) -> None:
    said = await visitor.say("Right-click me")
    await said.click(button="right")
    await visitor.menu.get_by_role("menuitem", name="Copy text").wait_for()
    await visitor.page.keyboard.press("End")
    await visitor.menu.get_by_role("menuitem", name="Modify with Luma").click()
    layout = visitor.messages.last
    await expect(layout.get_by_role("heading", name="About that message")).to_be_visible()
    await expect(layout.locator("blockquote")).to_have_text("Right-click me")
    await layout.get_by_role("combobox").select_option("B")
    await expect(visitor.messages.last).to_contain_text("chose B")


async def test_a_moderators_command_is_hidden_from_members(visitor: Visitor) -> None:
    await visitor.draft.fill("/moderate")
    await expect(visitor.page.locator("#commands")).to_contain_text("No command matches")
    await visitor.become("Robin (Mod)")
    form = await visitor.start_command("moderate")
    await form.get_by_label("user").select_option("Noah")
    await form.get_by_role("button", name="Send").click()
    await expect(visitor.messages.last).to_contain_text("@Noah behaves.")
    await visitor.go("mods")
    await visitor.become("Noah")
    await expect(visitor.page.locator("#channels")).not_to_contain_text("mods")


async def test_what_people_type_stays_text(visitor: Visitor) -> None:
    said = await visitor.say(
        "<img src=x onerror=alert(1)> **bold** _it_ `code` ||hidden|| https://example.com/a_b_c \\*plain\\*"
    )
    await expect(said.locator("strong")).to_have_text("bold")
    await expect(said.locator("em")).to_have_text("it")
    await expect(said.locator("img")).to_have_count(0)
    await expect(said.locator(".content")).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(said.locator(".content")).to_contain_text("*plain*")
    await expect(said.get_by_role("link")).to_have_attribute("href", "https://example.com/a_b_c")
    spoiler = said.get_by_role("button", name="Spoiler")
    await spoiler.press("Enter")
    await expect(said.locator(".spoiler.shown")).to_have_text("hidden")


async def test_timestamps_count_by_themselves(visitor: Visitor) -> None:
    said = await visitor.say("since <t:1700000000:R> and <t:1700000000:D>")
    await expect(said.locator("time.stamp").first).to_have_text(re.compile(r"\d+ years ago"))
    await expect(said.locator("time.stamp").last).to_contain_text("November 1")
    soon = await visitor.page.evaluate("Math.floor(Date.now() / 1000) + 100")
    said = await visitor.say(f"in <t:{soon}:R>")
    stamp = said.locator("time.stamp")
    await expect(stamp).to_have_text("in 1 minute")
    await stamp.evaluate("element => element.dataset.at -= 98")
    await expect(stamp).to_have_text(re.compile("now|ago"))


async def test_ones_own_file_and_message_come_and_go(visitor: Visitor, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("hello")
    await visitor.page.get_by_label("Files", exact=True).set_input_files(notes)
    await expect(visitor.page.locator("#chosen")).to_contain_text("notes.txt")
    said = await visitor.say("See the file")
    await expect(said.get_by_role("link", name="notes.txt")).to_be_visible()
    key = await said.get_attribute("data-id")
    for item, then in (("Edit message", "Seen"), ("Delete message", None)):
        own = visitor.page.locator(f".message[data-id='{key}']")
        await own.hover()
        await own.get_by_role("button", name="More").click()
        await visitor.menu.get_by_role("menuitem", name=item).click()
        if then:
            await expect(visitor.draft).to_have_value("See the file")
            await visitor.say(then)
            await expect(own.locator(".content")).to_have_text("Seen (edited)")
    await expect(visitor.page.locator(f".message[data-id='{key}']")).to_have_count(0)


async def test_a_forum_post_opens_with_its_first_message(visitor: Visitor) -> None:
    await visitor.go("clip-help")
    await visitor.page.get_by_label("Title of the post").fill("How warm?")
    await visitor.draft.fill("That warm")
    await visitor.draft.press("Enter")
    await expect(visitor.page.locator("#title")).to_contain_text("How warm?")
    await expect(visitor.messages.last).to_contain_text("That warm")


async def test_the_chosen_language_goes_with_the_command(visitor: Visitor) -> None:
    await visitor.become("Noah")
    await visitor.page.get_by_label("Language").select_option("zh-CN")
    await edit(visitor, "Language")
    await expect(visitor.messages.filter(has_text="Language").last).to_contain_text("Luma · zh-CN")
    await visitor.become("Mia (Creator)")
    await expect(visitor.page.get_by_label("Language")).to_have_value("en-US")


async def test_silence_of_the_bot_is_told(visitor: Visitor) -> None:
    form = await visitor.start_command("silent")
    await form.get_by_role("button", name="Send").click()
    await expect(visitor.page.locator("#notice")).to_have_text("The application did not respond")


async def test_nobody_types_as_somebody_else(visitor: Visitor) -> None:
    reached, released = asyncio.Event(), asyncio.Event()

    async def hold(route: Route) -> None:
        reached.set()
        await released.wait()
        await route.continue_()

    await visitor.page.route("**/page/view?*", hold)
    await visitor.page.get_by_label("You are").select_option(label="Noah")
    await reached.wait()
    await expect(visitor.draft).to_be_disabled()
    await expect(visitor.page.get_by_role("main")).to_have_attribute("aria-busy", "true")
    released.set()
    await visitor.settle()
    await expect(visitor.draft).to_be_enabled()
    await expect((await visitor.say("It is me")).locator(".author")).to_have_text("Noah")


async def test_a_phone_shows_all_of_it_without_scrolling_sideways(browser: Browser, address: str) -> None:
    async with visit(browser, address, PHONE) as visitor:
        await edit(visitor, "On the phone")
        card = visitor.page.locator(".thread-card").filter(has_text="On the phone")
        await card.evaluate("one => one.click()")  # between a press and its release it may be drawn anew
        await expect(visitor.page.locator("#title")).to_contain_text("On the phone")
        await visitor.page.locator("video").wait_for()
        inside = "[...document.querySelectorAll('main, #top button, video, #draft, .thread-card')]"
        widest = await visitor.page.evaluate(f"Math.max(...{inside}.map(one => one.getBoundingClientRect().right))")
        assert widest <= PHONE[0]
        await visitor.page.get_by_role("button", name="Channels").click()
        await visitor.go("showcase")
        await expect(visitor.page.locator("#sidebar")).not_to_be_in_viewport()
        await visitor.page.get_by_role("button", name="Behind the scenes").click()
        await expect(visitor.page.get_by_role("complementary", name="Behind the scenes")).to_be_in_viewport()

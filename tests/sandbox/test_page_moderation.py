"""A moderator's evening in the page: quota, bonus, block, pause, charts, the log; a member takes all and goes."""

import csv
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, expect

from tests.environment import need_chromium
from tests.sandbox.browsing import JOB_MS, Guest, visit
from tests.sandbox.demo_process import demo_page

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]
_FIRST, _SECOND = "Black and white, please", "Warm and blurred, please"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    need_chromium()
    async with demo_page(tmp_path_factory.mktemp("out"), _FIRST) as opened:
        yield opened


class Evening(Guest):
    """A visitor who runs commands by name with their options as they are typed or chosen."""

    async def run(self, who: str, command: str, said: str = "", **options: str) -> Locator:
        """Run a command as somebody and return the answer that has `said` in it."""
        await self.turn_into(who)
        form = await self.start_command(command)
        for name, value in options.items():
            await self.fill(form, name, value)
        await form.get_by_role("button", name="Send").click()
        await expect(form).to_have_count(0)
        return await self.answer(said)

    async def fill(self, form: Locator, name: str, value: str) -> None:
        """Fill one option: choose where there is a list, type where there is none."""
        more = form.get_by_role("button", name=f"+ {name}", exact=True)
        if await more.count():
            await more.click()
        field = form.locator(f"[data-option={name}]").locator("input, textarea, select").first
        if await field.evaluate("field => field.tagName") == "SELECT":
            chosen = field.locator("option").filter(has_text=re.compile(rf"^@?{re.escape(value)}( |$)"))
            await field.select_option(value=await chosen.first.get_attribute("value"))
        else:
            await field.fill(value)

    async def ask(self, who: str, prompt: str, said: str) -> Locator:
        """Ask for an edit of the sample clip and return what answers."""
        await self.turn_into(who)
        form = await self.start_command("luma modify")
        await form.get_by_label("prompt").fill(prompt)
        await form.get_by_role("button", name="Use the sample clip").click()
        await expect(form.locator(".picked").first).to_contain_text("sample.mp4")
        await form.get_by_role("button", name="Send").click()
        return await self.answer(said)

    async def file_of(self, message: Locator) -> bytes:
        """Return the one file of a message, as a person gets it who clicks on it."""
        href = await message.locator(".file.card a").get_attribute("href")
        assert href
        return await (await self.page.request.get(href)).body()


@pytest_asyncio.fixture(loop_scope="module")
async def evening(browser: Browser, address: str, tmp_path: Path) -> AsyncIterator[Evening]:
    async with visit(browser, address) as visitor:
        await visitor.page.emulate_media(reduced_motion="reduce")
        yield Evening(visitor, tmp_path)


async def test_a_moderators_evening(evening: Evening) -> None:
    await evening.go("edits")
    await _set_a_quota_and_watch_it_hit(evening)
    await _grant_a_bonus(evening)
    await _block_and_let_in(evening)
    await _pause_and_resume(evening)
    await _look_at_the_pictures(evening)
    await _read_and_export_the_log(evening)
    await _take_everything_and_go(evening)


async def _set_a_quota_and_watch_it_hit(evening: Evening) -> None:
    set_words = "nothing → 1 a day, 1 at once"
    options = {"role": "Creator", "edits": "1", "period": "day", "at_once": "1", "reason": "a quiet week"}
    await evening.run("Ada", "luma-setup quota role", set_words, **options)
    refusal = await evening.ask("Mia", _SECOND, "You have no edits left")
    await expect(refusal).to_contain_text("1 a day, 1 at once from @Creator; 1 used; next one free in")
    await expect(refusal).to_contain_text("Nothing was counted")
    await expect(refusal).to_contain_text("Only you can see this")
    await evening.picture("refusal", refusal)


async def _grant_a_bonus(evening: Evening) -> None:
    options = {"member": "Mia", "count": "2", "reason": "won the contest", "expires": "next week"}
    await evening.run("Robin", "luma-mod quota bonus", "as a time", **options)
    await evening.run("Robin", "luma-mod quota bonus", "has 2 extra edits, until in", **options | {"expires": "5d"})
    card = await evening.ask("Mia", _SECOND, _SECOND)
    await expect(card.locator("h3")).to_have_text("✅ Done", timeout=JOB_MS)
    quota = await evening.run("Mia", "luma quota", "Your quota")
    words = r"1 a day, 1 at once from @Creator, \+1 until in [45] days; 1 used; next one free in 2[34] hours\."
    await expect(quota).to_contain_text(re.compile(words))
    await evening.picture("quota", quota)


async def _block_and_let_in(evening: Evening) -> None:
    options = {"member": "Mia", "reason": "spam *and* more", "until": "5d"}
    await evening.run("Robin", "luma-mod block", "may begin no new edits here, until in", **options)
    refusal = await evening.ask("Mia", "never", "A moderator has blocked you")
    await expect(refusal).to_contain_text("spam *and* more")
    await evening.run("Robin", "luma-mod block", "stands as high as you", member="Ada", reason="never mind")
    await evening.run("Robin", "luma-mod unblock", "may edit again", member="Mia")


async def _pause_and_resume(evening: Evening) -> None:
    await evening.run("Ada", "luma-setup pause", "paused new edits", reason="a holiday")
    refusal = await evening.ask("Noah", "never", "takes no new edits for now")
    await expect(refusal).to_contain_text("a holiday")
    await evening.run("Ada", "luma-setup resume", "resumed new edits")
    await evening.ask("Noah", "Mirror it", "Mirror it")


async def _look_at_the_pictures(evening: Evening) -> None:
    shown = await evening.run("Robin", "luma-mod quota user", "A member's quota", member="Mia")
    for name, words in (("user", "2 delivered, 0 open, 0 not counted"), ("list", "1  Mia: 2; 2  Noah: 1")):
        picture = shown.locator("img")
        await expect(picture).to_have_count(1)
        text = f"{await picture.get_attribute('alt')}"
        assert words in text
        await evening.page.wait_for_function("() => [...document.images].every(image => image.complete)")
        await evening.picture(name, picture)
        if name == "user":
            shown = await evening.run("Robin", "luma-mod quota list", "Most edits in a month")


async def _read_and_export_the_log(evening: Evening) -> None:
    log = await evening.run("Robin", "luma-mod log", "Log")
    for said in (
        "@Ada set the quota: @Creator",
        "nothing → +2",
        "@Robin blocked: @Mia",
        "spam *and* more",
        "a holiday",
    ):
        await expect(log).to_contain_text(said)
    await evening.picture("log", log)
    await log.get_by_role("button", name="Export").click()
    exported = await evening.answer("The whole log, 7 entries.")
    rows = list(csv.DictReader(io.StringIO((await evening.file_of(exported)).decode("utf-8-sig"))))
    deeds = ["set_quota", "grant_bonus", "block", "unblock", "pause", "resume", "export_log"]
    assert [row["deed"] for row in rows] == deeds
    assert json.loads(rows[0]["after"]) == {"edits": 1, "period": "day", "at_once": 1}
    assert [row["reason"] for row in rows[:3]] == ["a quiet week", "won the contest", "spam *and* more"]


async def _take_everything_and_go(evening: Evening) -> None:
    kept = await evening.run("Mia", "luma privacy", "What I keep of you")
    await kept.get_by_role("button", name="Send me everything").click()
    archive = zipfile.ZipFile(io.BytesIO(await evening.file_of(await evening.answer("4 videos"))))
    assert archive.testzip() is None
    jobs = json.loads(archive.read("jobs.json"))
    assert [job["request"]["prompt"] for job in jobs] == [_FIRST, _SECOND]
    assert len([name for name in archive.namelist() if name.startswith("files/")]) == 4
    await kept.get_by_role("button", name="Forget me").click()
    asked = await evening.answer("for good, in all servers")
    await asked.get_by_role("button", name="Erase everything").click()
    erased = await evening.answer("Erased: 2 edits are nobody's now.")
    await expect(erased).to_contain_text(re.compile("Their number counts until (in 30 days|in 29 days|next month)"))
    quota = await evening.run("Mia", "luma quota", "1 used; next one free in")
    await evening.picture("forgotten", quota)

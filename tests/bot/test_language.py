"""Let a member who reads Chinese meet the bot in Chinese, and everybody else in English."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.language import choose_language, speaking, tr, tr_error, tr_known, tr_name, trn
from jobs.errors import ProviderAuthError, UnusableClipError
from jobs.gates import REASONS
from jobs.job import ClipFacts, Failure, FailureCode, Kind, Result, State
from jobs.ports import VideoPost
from jobs.service_choice import refuse_all
from sandbox.discord.views import MessageView
from tests.bot.world import BotWorld, open_bot_world
from tests.fakes import abilities_of

CHINESE = "zh-CN"
FACTS = ClipFacts("mp4", "h264", "", 1280, 720, 5000, 3)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[BotWorld]:
    async with open_bot_world(tmp_path) as opened:
        opened.server.world.find_user("Mia").locale = CHINESE
        yield opened


def has_chinese(text: str) -> bool:
    """Tell whether a text has Chinese characters."""
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


def words_of(message: MessageView | None) -> str:
    """Return everything that is written in a message and on its buttons."""
    assert message is not None
    parts = [message.content]
    for embed in message.embeds:
        parts += [str(embed.get("title", "")), str(embed.get("description", ""))]
        parts += [f"{field['name']} {field['value']}" for field in embed.get("fields", [])]
    parts += [str(part.get("label", "")) for row in message.components for part in row.get("components", [])]
    return "\n".join(parts)


async def test_the_card_speaks_the_members_language(world: BotWorld) -> None:
    theirs = words_of((await world.modify("Mia")).message)
    assert "你的编辑" in theirs
    assert "排队中" in theirs
    assert "取消" in theirs
    english = words_of((await world.modify("Noah")).message)
    assert "Your edit" in english
    assert not has_chinese(english)


async def test_a_refusal_speaks_the_members_language(world: BotWorld) -> None:
    theirs = words_of((await world.actor.slash("Mia", "edits", "luma modify", {"prompt": "warm"})).message)
    assert theirs.startswith("请在 `片段`")
    assert "恰好填写一项" in theirs
    english = words_of((await world.actor.slash("Noah", "edits", "luma modify", {"prompt": "warm"})).message)
    assert english.startswith("Give exactly one of `clip`")


async def test_the_tour_speaks_the_members_language_and_names_its_commands(world: BotWorld) -> None:
    theirs = words_of((await world.actor.slash("Mia", "edits", "luma help")).message)
    assert "**/luma 修改** 用 Luma 编辑视频片段" in theirs
    assert "-# `提示词` 片段应该变成什么样" in theirs
    english = words_of((await world.actor.slash("Noah", "edits", "luma help")).message)
    assert "**/luma modify** Edit a video clip with Luma" in english
    assert not has_chinese(english)


async def test_a_result_speaks_the_language_of_who_asked_for_it(world: BotWorld, tmp_path: Path) -> None:
    video = tmp_path / "r.mp4"
    video.write_bytes(b"mp4")
    for user, wanted in (("Mia", "你的编辑已完成。"), ("Noah", "your edit is ready.")):
        await world.modify(user)
        (job,) = [each for each in await world.jobs() if each.state is State.QUEUED]
        done = await world.finish(job, result=Result("https://x.invalid/v", "r.mp4", FACTS))
        posted = await world.delivery.post_result(done, VideoPost(video, "luma.mp4"))
        message = next(each for each in world.messages(user, posted.channel_id) if each.id == posted.message_id)
        assert f"<@{job.user_id}> {wanted}" in message.content
        assert has_chinese(words_of(message)) == (user == "Mia")


async def test_a_failure_is_told_in_the_language_of_who_asked(world: BotWorld) -> None:
    await world.modify("Mia")
    refusal = UnusableClipError("This file has {value} video tracks. Export it with one.", rule="videos", value="3")
    values = {name: str(value) for name, value in refusal.values.items()}
    failure = Failure(FailureCode.UNUSABLE_CLIP, refusal.template, values)
    failed = await world.finish(await world.only_job(), failure=failure)
    posted = await world.delivery.post_failure(failed)
    message = next(each for each in world.messages("Mia", posted.channel_id) if each.id == posted.message_id)
    assert "这次编辑没有成功。这个片段无法编辑。" in message.content
    assert "这个文件有 3 条视频轨" in message.content
    assert "本次不计入配额" in message.content


async def test_the_card_goes_on_in_the_language_of_who_asked(world: BotWorld) -> None:
    view = await world.modify("Mia")
    assert view.message is not None
    job = await world.only_job()
    with speaking("en"):
        world.delivery.show(await world.put(job, state=State.CANCELLED, finished_at_ms=world.clock.now_ms()))
        await world.delivery.settle()
    now = next(each for each in world.messages("Mia", "edits") if each.id == view.message.id)
    assert "已取消" in words_of(now)


async def test_commands_are_told_to_discord_in_every_language(world: BotWorld) -> None:
    (sent,) = world.server.recorder.find("PUT", "/commands")
    luma = next(each for each in sent.request if each["name"] == "luma")
    modify = next(each for each in luma["options"] if each["name"] == "modify")
    assert modify["name_localizations"][CHINESE] == "修改"
    assert modify["description_localizations"][CHINESE] == "用 Luma 编辑视频片段"
    clip = next(each for each in modify["options"] if each["name"] == "clip")
    assert clip["name_localizations"][CHINESE] == "片段"
    history = next(each for each in luma["options"] if each["name"] == "history")
    choices = next(each for each in history["options"] if each["name"] == "only")["choices"]
    assert {each["name_localizations"][CHINESE] for each in choices} >= {"全部", "进行中"}


def test_a_language_is_chosen_by_the_locale() -> None:
    chosen = {locale: choose_language(locale) for locale in ("zh-CN", "zh-TW", "en-GB", "de", "", "z")}
    assert chosen == {"zh-CN": "zh-CN", "zh-TW": "zh-CN", "en-GB": "en", "de": "en", "": "en", "z": "en"}


def test_phrases_inside_other_texts_are_translated_with_them() -> None:
    reason = REASONS[ProviderAuthError]
    error = refuse_all(Kind.MODIFY, [abilities_of()], reason)
    with speaking(CHINESE):
        assert "密钥被拒绝" in tr_error(error)
        assert tr_known(str(reason)) == "密钥被拒绝"
        assert tr_known("what nobody translated {x}") == "what nobody translated {x}"
    assert "its key was refused" in tr_error(error)


def test_numbers_and_names_follow_the_language() -> None:
    assert trn("{count} vote", "{count} votes", 1) == "1 vote"
    assert trn("{count} vote", "{count} votes", 2) == "2 votes"
    assert tr("") == ""
    assert tr_name("command", "modify") == "modify"
    with speaking(CHINESE):
        assert trn("{count} vote", "{count} votes", 1) == "1 票"
        assert tr_name("command", "modify") == "修改"
        assert tr_name("option", "nobody") == "nobody"


async def test_members_pick_commands_in_their_language(world: BotWorld) -> None:
    theirs = {view.name: view for view in world.actor.commands("Mia", "edits")}
    assert theirs["luma modify"].label == "luma 修改"
    assert theirs["Modify with Luma"].label == "用 Luma 修改"
    options = {option.name: option for option in theirs["luma history"].options}
    assert options["only"].label == "筛选"
    assert ("进行中", "open") in options["only"].choices
    assert theirs["luma quota"].description.startswith("你还剩多少次")
    english = {view.name: view.label for view in world.actor.commands("Noah", "edits")}
    assert all(name == label for name, label in english.items())

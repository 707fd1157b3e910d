"""Faults that can be switched on, and the record of every exchange."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from tests.sandbox.discord_bot import bare_bot


async def test_the_next_requests_fail_and_then_no_more() -> None:
    async with bare_bot() as bot:
        path = bot.messages_path("edits")
        fault = bot.server.faults.add("POST", "/messages$", times=2, status=500)
        statuses = [(await bot.call("POST", path, {"content": "a"}))[0] for _ in range(3)]

        assert (statuses, fault.struck) == ([500, 500, 200], 2)
        bot.server.faults.add("GET|POST", "/messages", status=403, code=50013)
        assert await bot.call("GET", path) == (403, {"message": "403: injected fault", "code": 50013})
        assert len(bot.server.actor.messages("Mia", "edits")) == 1


async def test_a_connection_can_be_cut_before_and_after_the_effect() -> None:
    async with bare_bot() as bot:
        path = bot.messages_path("edits")
        for when, count in (("before", 0), ("after", 1)):
            bot.server.faults.add("POST", "/messages$", drop=True, when="before" if when == "before" else "after")
            with pytest.raises(aiohttp.ClientError):
                await bot.call("POST", path, {"content": "a"}, {"a.txt": b"1"})
            assert len(bot.server.actor.messages("Mia", "edits")) == count
        assert [one.status for one in bot.server.exchanges] == [0, 0]


async def test_an_answer_can_fail_after_its_effect() -> None:
    async with bare_bot() as bot:
        bot.server.faults.add("POST", "/messages$", status=502, when="after")
        assert (await bot.call("POST", bot.messages_path("edits"), {"content": "a"}))[0] == 502
        assert len(bot.server.actor.messages("Mia", "edits")) == 1


async def test_a_request_can_be_held_until_released() -> None:
    async with bare_bot() as bot:
        fault = bot.server.faults.add("POST", "/messages$", hold=True, when="after")
        task = asyncio.create_task(bot.call("POST", bot.messages_path("edits"), {"content": "a"}))
        await asyncio.wait_for(fault.reached.wait(), 10)
        assert not task.done()
        assert len(bot.server.actor.messages("Mia", "edits")) == 1
        fault.release()
        assert (await task)[0] == 200


async def test_files_can_fail_too() -> None:
    async with bare_bot() as bot:
        _, message = await bot.call("POST", bot.messages_path("edits"), {"content": "a"}, {"a.mp4": b"1"})
        bot.server.faults.add("GET", "^/attachments/", status=503)
        async with bot.session.get(message["attachments"][0]["url"]) as answer:
            assert answer.status == 503


async def test_a_stop_lets_held_requests_go() -> None:
    async with bare_bot() as bot:
        fault = bot.server.faults.add("GET", "/users/@me", hold=True)
        task = asyncio.create_task(bot.call("GET", "/users/@me"))
        await asyncio.wait_for(fault.reached.wait(), 10)
        bot.server.faults.clear()
        assert (await task)[0] == 200


async def test_every_exchange_is_recorded_without_tokens(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    async with bare_bot(record=record) as bot:
        interaction = bot.start()
        await bot.answer(interaction, 5)
        await bot.call("PATCH", bot.hook(interaction, "/messages/@original"), {"content": "a"}, {"a.mp4": b"123"})
        await bot.call("GET", f"{bot.messages_path('mods')}?limit=1")
        app_id = bot.server.world.application.id
    text = record.read_text()
    lines = [json.loads(line) for line in text.splitlines()]

    assert interaction.token not in text
    assert bot.server.token not in text
    assert [(line["method"], line["status"]) for line in lines] == [("POST", 204), ("PATCH", 200), ("GET", 403)]
    assert lines[0]["path"] == f"/interactions/{interaction.id}/[token]/callback"
    assert lines[1]["path"] == f"/webhooks/{app_id}/[token]/messages/@original"
    assert lines[1]["files"] == [{"name": "a.mp4", "size": 3}]
    assert lines[2]["path"].endswith("?limit=1")
    assert set(lines[2]) == {"method", "path", "request", "files", "status", "response"}

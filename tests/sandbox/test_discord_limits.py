"""Rate limits: headers, buckets, the global one, and what discord.py makes of a 429."""

import discord

from sandbox.discord.limits import Limits
from tests.sandbox.discord_bot import CommandBot, bare_bot, running_client


class Moment:
    """A time that stands still until moved."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_bucket_counts_per_route_and_major_parameter() -> None:
    now = Moment()
    limits = Limits(now, now)
    template = "/channels/{channel_id}/messages"
    seen = [limits.take("POST", template, {"channel_id": "1"}) for _ in range(6)]

    assert [verdict.allowed for verdict in seen] == [True] * 5 + [False]
    assert [verdict.headers["X-RateLimit-Remaining"] for verdict in seen] == ["4", "3", "2", "1", "0", "0"]
    assert seen[0].headers["X-RateLimit-Limit"] == "5"
    assert seen[5].headers["Retry-After"] == "5"
    assert seen[0].headers["X-RateLimit-Reset"] == "105.000"
    assert limits.take("POST", template, {"channel_id": "2"}).allowed
    assert limits.take("GET", template, {"channel_id": "1"}).allowed
    now.seconds += 5
    assert limits.take("POST", template, {"channel_id": "1"}).allowed


def test_all_requests_share_fifty_a_second_but_those_of_interactions() -> None:
    now = Moment()
    limits = Limits(now, now)
    template = "/channels/{channel_id}"
    seen = [limits.take("GET", template, {"channel_id": str(number)}) for number in range(51)]

    assert [verdict.allowed for verdict in seen] == [True] * 50 + [False]
    assert (seen[50].scope, seen[50].headers["X-RateLimit-Global"], seen[50].retry_after) == ("global", "true", 1.0)
    callback = "/interactions/{interaction_id}/{interaction_token}/callback"
    assert limits.take("POST", callback, {}).headers == {}
    assert limits.take("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}", {}).allowed


async def test_a_429_has_the_headers_and_body_of_discords() -> None:
    async with bare_bot() as bot:
        bot.server.limits.enabled = True
        bot.server.limits.set_rule(r"GET /users/@me$", 1, 30.0)
        async with bot.request("GET", "/users/@me") as first:
            assert (first.status, first.headers["X-RateLimit-Remaining"]) == (200, "0")
            assert first.headers["Content-Type"] == "application/json"
        async with bot.request("GET", "/users/@me") as second:
            body = await second.json()
            assert second.status == 429
            assert 29 < body["retry_after"] <= 30
            assert (body["global"], second.headers["X-RateLimit-Scope"]) == (False, "user")
            assert {"Via", "Retry-After", "X-RateLimit-Bucket"} <= set(second.headers)


async def test_discord_py_waits_and_comes_again_after_a_429() -> None:
    async with bare_bot() as bot:
        client = CommandBot()
        async with running_client(bot.server, client):
            channel = client.get_channel(bot.channel("edits").id)
            assert isinstance(channel, discord.TextChannel)
            bot.server.faults.add("POST", "/messages$", retry_after=0.01)
            await channel.send("one")
            bot.server.faults.add("POST", "/messages$", retry_after=0.01, is_global=True)
            await channel.send("two")
        statuses = [one.status for one in bot.server.recorder.find("POST", "/messages$")]
        assert statuses == [429, 200, 429, 200]
        assert [one.content for one in bot.server.actor.messages("Mia", "edits")] == ["one", "two"]

"""Put one clip through the bot as a member would, and keep what came of it."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.demo import Demo
from sandbox.discord.actor import RefusedError
from sandbox.discord.views import AttachmentView, InteractionView, MessageView, as_json

MEMBER, PLACE, COMMAND = "Mia", "edits", "luma modify"
_JOB_SECONDS = 1800.0
_CARD_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended for the member: `video` stands in the thread, or `words` say why not."""

    video: AttachmentView | None
    words: str
    message_id: int | None = None


async def run_job(demo: Demo, clip: Path, prompt: str) -> Outcome:
    """Run the command with a clip and wait for its end; raise RuntimeError when the bot dies on the way."""
    actor = demo.discord.actor
    try:
        answer = await actor.slash(MEMBER, PLACE, COMMAND, {"prompt": prompt}, {"clip": clip})
    except RefusedError as refused:
        return Outcome(None, f"Discord: {refused}")
    if answer.state == "failed":
        return Outcome(None, "The application did not respond")

    def ended() -> Outcome | None:
        if demo.bot.state == "stopped":
            raise RuntimeError(f"the bot {demo.bot.text}\n" + "\n".join(demo.bot.errors))
        return _read_end(demo, actor.interaction(answer.id))

    try:
        outcome = await actor.wait_for(ended, _JOB_SECONDS)
    except TimeoutError:
        return Outcome(None, f"nothing came within {_JOB_SECONDS:.0f} s")
    # the card is brought up to date at leisure; a transcript should have it, but nothing hangs on it
    with contextlib.suppress(TimeoutError):
        await actor.wait_for(lambda: _card_links(actor.interaction(answer.id), outcome), _CARD_SECONDS)
    return outcome


def _read_end(demo: Demo, answer: InteractionView) -> Outcome | None:
    """Return how the job ended: a message that mentions the member, or an answer for their eyes only."""
    for message in _messages_after(demo, answer.message) if answer.message else ():
        if message.author.is_bot and message.pings_me:
            video = next((one for one in message.attachments if one.content_type.startswith("video/")), None)
            return Outcome(video, said(message), message.id)
    for alone in (answer.message, *answer.followups):
        if alone is not None and alone.ephemeral and not alone.loading:
            return Outcome(None, said(alone))
    return None


def _card_links(answer: InteractionView, outcome: Outcome) -> bool:
    return outcome.message_id is None or answer.message is None or str(outcome.message_id) in said(answer.message)


def _messages_after(demo: Demo, card: MessageView) -> list[MessageView]:
    actor = demo.discord.actor
    places = [card.channel_id] + ([card.thread.id] if card.thread else [])
    found = [message for place in places for message in actor.messages(MEMBER, place)]
    return [message for message in found if message.id > card.id]


def said(message: MessageView) -> str:
    """Return a message's words, those of its cards included."""
    parts = [message.content]
    for embed in message.embeds:
        parts += [str(embed.get("title") or ""), str(embed.get("description") or "")]
        parts += [f"{one.get('name')}: {one.get('value')}" for one in embed.get("fields") or []]
    return "\n".join(part for part in [*parts, *_texts_in(list(message.components))] if part)


def _texts_in(components: list[dict[str, Any]]) -> list[str]:
    texts: list[str] = []
    for component in components:
        if component.get("type") == 10:
            texts.append(str(component.get("content") or ""))
        texts += _texts_in(component.get("components") or [])
    return texts


async def save(url: str, path: Path) -> int:
    """Download a file and return its size in bytes; the file appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".part")
    size = 0
    async with aiohttp.ClientSession() as session, session.get(url, raise_for_status=True) as response:
        with partial.open("wb") as file:
            async for chunk in response.content.iter_chunked(1 << 18):
                size += len(chunk)
                await asyncio.to_thread(file.write, chunk)
    partial.replace(path)
    return size


def transcribe(demo: Demo) -> dict[str, Any]:
    """Return the channel and its threads as the member sees them, as JSON values."""
    actor = demo.discord.actor
    channel = next(one for one in actor.channels(MEMBER) if one.name == PLACE)
    threads = [
        {**as_json(thread), "messages": as_json(actor.messages(MEMBER, thread.id))}
        for thread in actor.threads(MEMBER, channel.id)
    ]
    messages = as_json(actor.messages(MEMBER, channel.id))
    return {"seen_by": MEMBER, "channel": {**as_json(channel), "messages": messages}, "threads": threads}


def write_transcript(demo: Demo, out: Path) -> Path:
    """Write transcript.json into a folder and return its path."""
    out.mkdir(parents=True, exist_ok=True)
    path = out / "transcript.json"
    path.write_text(json.dumps(transcribe(demo), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


async def put_through(demo: Demo, clip: Path, prompt: str, out: Path, say: Callable[[str], None]) -> bool:
    """Run one job, write result.mp4 and transcript.json into `out`, and tell whether a video stands in the thread."""
    say(f'{MEMBER} types /{COMMAND} in #{PLACE} with {clip.name}: "{prompt}"')
    result = out / "result.mp4"
    result.unlink(missing_ok=True)
    try:
        outcome = await run_job(demo, clip, prompt)
    finally:
        transcript = write_transcript(demo, out)
    if outcome.video is None:
        say(f"No video came. The bot said:\n{outcome.words or '(nothing)'}")
        return False
    size = await save(outcome.video.url, result)
    say(f"The video stands in the thread; a copy lies in {result} ({size} bytes), what Mia sees in {transcript}")
    return True

"""Speak in a job's place, as the bot and by stored ids: the card, the thread, the ending."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import discord

from bot import replies
from bot.card_edits import EVERY_SECONDS, CardEdits
from bot.cards import build_card, card_buttons, read_card
from bot.client import LumaBot
from bot.first_result import tell_with_result
from bot.language import speaking
from bot.opening import find_or_post_card, may_have_thread, nonce_of, open_thread
from bot.places import (
    CALL_SECONDS,
    ClosedError,
    Place,
    discord_errors,
    find_own_message,
    parent_id_of,
    places_of,
    snowflake_at,
)
from bot.presses import Buttons
from bot.result_buttons import failure_buttons, result_buttons
from jobs.errors import DeliveryError, DeliveryRetryError, TooLargeError
from jobs.job import Job
from jobs.ports import Posted, VideoPost

UPLOAD_SECONDS = 600.0
# Far below the connector's limit, so that uploads never hold up answers to commands.
PARALLEL_UPLOADS = 8
_AHEAD_MS = 600_000  # so far this machine's clock may run ahead of Discord's


@dataclass(frozen=True, slots=True)
class Note:
    """Hold an ending; `text` is made for the place, whose fallback it is told to say; `below` stands under it."""

    job: Job
    text: Callable[[str], str]
    nonce: str
    file: Path | None = None
    filename: str = ""
    buttons: Buttons | None = None
    below: str = ""


class DiscordDelivery:
    """Deliver through one bot's connection; raises DeliveryError.

    `note_shown` hears of each job whose card shows how it ended.
    """

    def __init__(
        self,
        bot: LumaBot,
        *,
        uploads: int = PARALLEL_UPLOADS,
        card_seconds: float = EVERY_SECONDS,
        note_shown: Callable[[Job], Awaitable[None]] | None = None,
    ) -> None:
        self._bot = bot
        self._note_shown = note_shown
        self._uploads = asyncio.Semaphore(uploads)
        self._cards = CardEdits(self._edit_card, card_seconds)
        self._tellings: set[asyncio.Task[None]] = set()

    # --- the place ---

    def has_left(self, job: Job) -> bool:
        """Tell whether the bot was removed from a job's server, as far as it is known without a question.

        A server that is away for a while is known all the same.
        """
        if job.guild_id is None or not self._bot.is_ready():
            return False
        return self._bot.get_guild(job.guild_id) is None

    async def open_place(self, job: Job) -> Job:
        """Return the job with its card and thread, making what is missing."""
        if job.card_message_id is None:
            card = await find_or_post_card(self._bot, job)
            job = replace(job, card_channel_id=card.channel_id, card_message_id=card.message_id)
        if job.thread_id is None and may_have_thread(self._bot, job):
            job = replace(job, thread_id=await open_thread(self._bot, job))
        return job

    async def upload_limit(self, job: Job) -> int:
        """Return how many bytes a file may have in the job's place: the guild's limit by its boosts, now."""
        if job.guild_id is None or job.request.private:
            return discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        guild = self._bot.get_guild(job.guild_id)
        if guild is None:
            try:
                with discord_errors("server"):
                    async with asyncio.timeout(CALL_SECONDS):
                        guild = await self._bot.fetch_guild(job.guild_id, with_counts=False)
            except ClosedError:
                return discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        return guild.filesize_limit

    # --- the ending ---

    async def find_posted(self, job: Job) -> Posted | None:
        """Look for our own ending message of this job in every place it may stand."""
        after = max(job.card_message_id or job.interaction_id, snowflake_at((job.finished_at_ms or 0) - _AHEAD_MS))
        try:
            async for place in places_of(self._bot, job):
                found = await self._find_ending(job, place.channel_id, after)
                if found is not None:
                    return found
        except ClosedError:
            pass  # no direct messages with this member
        return None

    async def _find_ending(self, job: Job, channel_id: int, after: int) -> Posted | None:
        try:
            with self._calling("history", job, channel_id):
                return await find_own_message(
                    self._bot, channel_id, after, lambda message: replies.is_ending(message.content, job)
                )
        except ClosedError:
            return None

    async def post_result(self, job: Job, video: VideoPost) -> Posted:
        """Post the result and mention the requester; raises TooLargeError when the file will not go."""
        attached: tuple[Path | None, str] = video.attachment or (None, "")
        with speaking(job.locale):
            posted = await self._post(
                Note(
                    job,
                    lambda elsewhere: replies.result_text(job, video, elsewhere=elsewhere),
                    nonce_of(job, _again(job, "result")),
                    *attached,
                    result_buttons(self._bot, job),
                    replies.long_link(job, video),
                )
            )
        self._tell_of_buttons(job, posted)
        return posted

    def _tell_of_buttons(self, job: Job, posted: Posted) -> None:
        """Let the member hear what the buttons do, if they never have; never awaited on the way to a result."""
        if not job.request.private and posted.channel_id not in (job.thread_id, job.card_channel_id, job.channel_id):
            return  # where the command was given is closed to us, and asking it once is enough
        url = replies.jump_url(job, posted.channel_id, posted.message_id)
        task = asyncio.create_task(tell_with_result(self._bot, job, url))
        self._tellings.add(task)
        task.add_done_callback(self._tellings.discard)

    async def post_failure(self, job: Job) -> Posted:
        """Tell the requester why the job failed and what to do."""
        self._bot.followups.take(job.id)
        with speaking(job.locale):
            return await self._post(
                Note(
                    job,
                    lambda elsewhere: replies.failure_text(job, elsewhere=elsewhere),
                    nonce_of(job, _again(job, "failure")),
                    buttons=failure_buttons(job),
                )
            )

    async def _post(self, note: Note) -> Posted:
        refusals: list[str] = []
        refused: int | None = None
        try:
            async for place in places_of(self._bot, note.job):
                try:
                    return await self._send(place, note, refused)
                except (DeliveryRetryError, TooLargeError):
                    raise
                except DeliveryError as error:  # also a 400: a reply needs a permission of its own (160002)
                    refusals.append(f"channel {place.channel_id}: {error}")
                    refused = place.channel_id
        except ClosedError as error:
            refusals.append(str(error))
        raise DeliveryError("; ".join(refusals))

    async def _send(self, place: Place, note: Note, refused: int | None) -> Posted:
        is_moved = place.is_fallback or refused is not None
        elsewhere = replies.moved_here(refused or note.job.channel_id) if is_moved else ""
        parts: dict[str, Any] = {
            "content": note.text(elsewhere),
            "nonce": note.nonce,
            "allowed_mentions": discord.AllowedMentions(
                everyone=False, roles=False, users=[discord.Object(note.job.user_id)], replied_user=False
            ),
        }
        if place.reply_to is not None:
            parts["reference"] = discord.MessageReference(
                message_id=place.reply_to, channel_id=place.channel_id, fail_if_not_exists=False
            )
        if note.buttons is not None:
            parts["view"] = note.buttons
        if note.below:
            parts["embed"] = discord.Embed(description=note.below)
        channel = self._bot.get_partial_messageable(place.channel_id)
        if note.file is None:
            with self._calling("post", note.job, place.channel_id):
                async with asyncio.timeout(CALL_SECONDS):
                    message = await channel.send(**parts)
        else:
            with self._calling("upload", note.job, place.channel_id):
                message = await self._upload(channel, note, note.file, parts)
        return Posted(place.channel_id, message.id)

    async def _upload(
        self, channel: discord.PartialMessageable, note: Note, path: Path, parts: dict[str, Any]
    ) -> discord.Message:
        async with self._uploads:
            file = discord.File(path, note.filename, spoiler=note.job.request.spoiler)
            with discord_errors("upload"), contextlib.closing(file):
                async with asyncio.timeout(UPLOAD_SECONDS):
                    return await channel.send(file=file, **parts)

    def _calling(self, what: str, job: Job, channel_id: int) -> contextlib.AbstractContextManager[None]:
        return self._bot.refusals.calling(what, channel_id, under=parent_id_of(self._bot, job, channel_id))

    # --- the card ---

    def show(self, job: Job) -> None:
        """Bring the card up to date soon, at most every 3 s, never awaited."""
        if job.card_message_id is not None:
            self._cards.show(job)

    async def settle(self) -> None:
        """Wait until every card shows the latest state, and who is told something has been."""
        await self._cards.settle()
        await asyncio.gather(*self._tellings)

    async def close(self) -> None:
        """Stop editing cards and telling."""
        for task in self._tellings:
            task.cancel()
        await asyncio.gather(*self._tellings, return_exceptions=True)
        await self._cards.close()

    async def _edit_card(self, job: Job) -> None:
        assert job.card_channel_id is not None
        assert job.card_message_id is not None
        view = await read_card(self._bot.desk, self._bot.typical_durations, job)
        message = self._bot.get_partial_messageable(job.card_channel_id).get_partial_message(job.card_message_id)
        with speaking(job.locale):
            card, buttons = build_card(view), card_buttons(job)
        with self._calling("card", job, job.card_channel_id):
            async with asyncio.timeout(CALL_SECONDS):
                await message.edit(embed=card, view=buttons, allowed_mentions=discord.AllowedMentions.none())
        if job.state.is_final and self._note_shown is not None:
            await self._note_shown(job)


def _again(job: Job, what: str) -> str:
    # Discord gives an earlier message back for a nonce it knows: told once more is another message.
    return f"{what} {job.result_message_id}" if job.result_message_id is not None else what

"""Speak in a job's place, as the bot and by stored ids: the card, the thread, the ending."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import discord

from bot import inert, replies
from bot.card_edits import EVERY_SECONDS, CardEdits
from bot.cards import build_card, card_buttons, card_mark, read_card
from bot.client import LumaBot
from bot.places import ClosedError, Place, discord_errors, open_dm, places_of
from bot.presses import Buttons, build_button
from jobs.errors import DeliveryError
from jobs.job import Job
from jobs.ports import Parcel, Posted

CALL_SECONDS = 60.0
UPLOAD_SECONDS = 600.0
# Far below the connector's limit, so that uploads never hold up answers to commands.
PARALLEL_UPLOADS = 8
ARCHIVE_MINUTES: Final = 1440
_SCANNED_MESSAGES = 2000
_HAS_THREAD_CODE = 160004
_DISCORD_EPOCH_MS = 1_420_070_400_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Note:
    """Hold one ending message; `text` is made for the place, whose fallback it is told to say."""

    job: Job
    text: Callable[[str], str]
    nonce: str
    file: Path | None = None
    filename: str = ""
    buttons: Buttons | None = None


class DiscordDelivery:
    """Deliver through one bot's connection; raises DeliveryError."""

    def __init__(self, bot: LumaBot, *, uploads: int = PARALLEL_UPLOADS, card_seconds: float = EVERY_SECONDS) -> None:
        self._bot = bot
        self._uploads = asyncio.Semaphore(uploads)
        self._cards = CardEdits(self._edit_card, card_seconds)

    # --- the place ---

    async def open_place(self, job: Job) -> Job:
        """Return the job with its card and thread, making what is missing."""
        if job.card_message_id is None:
            card = await self._find_card(job) or await self._post_card(job)
            job = replace(job, card_channel_id=card.channel_id, card_message_id=card.message_id)
        if job.thread_id is None and self._may_have_thread(job):
            job = replace(job, thread_id=await self._open_thread(job))
        return job

    async def _card_channel(self, job: Job) -> int:
        if job.request.private and job.guild_id is not None:
            return await open_dm(self._bot, job.user_id)
        return job.thread_id or job.channel_id

    async def _find_card(self, job: Job) -> Posted | None:
        # The answer to the command may have reached Discord though its confirmation did not reach us.
        mark = card_mark(job)
        channel_id = await self._card_channel(job)
        return await self._find(
            channel_id, job.interaction_id, lambda message: any(embed.footer.text == mark for embed in message.embeds)
        )

    async def _post_card(self, job: Job) -> Posted:
        channel_id = await self._card_channel(job)
        buttons = card_buttons(job)
        extra: dict[str, Any] = {"view": buttons} if buttons else {}
        embed = build_card(await read_card(self._bot.desk, self._bot.usual, job))
        with discord_errors("card"):
            async with asyncio.timeout(CALL_SECONDS):
                message = await self._channel(channel_id).send(embed=embed, nonce=nonce_of(job, "card"), **extra)
        return Posted(channel_id, message.id)

    def _may_have_thread(self, job: Job) -> bool:
        if job.guild_id is None or job.request.private or job.card_channel_id is None:
            return False
        guild = self._bot.get_guild(job.guild_id)
        channel = guild.get_channel(job.card_channel_id) if guild else None
        return channel is None or channel.type in (discord.ChannelType.text, discord.ChannelType.news)

    async def _open_thread(self, job: Job) -> int | None:
        """Return the thread on a card; None where there cannot be one."""
        assert job.card_channel_id is not None
        assert job.card_message_id is not None
        try:
            with discord_errors("thread"):
                async with asyncio.timeout(CALL_SECONDS):
                    thread = await self._bot.http.start_thread_with_message(
                        job.card_channel_id,
                        job.card_message_id,
                        name=inert.thread_name(job.request.prompt, job.code),
                        auto_archive_duration=ARCHIVE_MINUTES,
                    )
        except DeliveryError as error:
            cause = error.__cause__
            if isinstance(cause, discord.HTTPException) and cause.code == _HAS_THREAD_CODE:
                return job.card_message_id
            if isinstance(cause, discord.HTTPException) and cause.status < 500 and cause.status != 429:
                _log.info("job=%s: no thread on its card (%s)", job.code, error)
                return None
            raise
        return int(thread["id"])

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
        after = max(job.card_message_id or job.interaction_id, _snowflake(job.finished_at_ms or 0))
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
            return await self._find(channel_id, after, lambda message: replies.is_ending(message.content, job))
        except ClosedError:
            return None

    async def _find(self, channel_id: int, after: int, fits: Callable[[discord.Message], bool]) -> Posted | None:
        """Return our first message after a snowflake that fits."""
        own_id = self._bot.user.id if self._bot.user else 0
        history = self._channel(channel_id).history(
            limit=_SCANNED_MESSAGES, after=discord.Object(after), oldest_first=True
        )
        with discord_errors("history"):
            async with asyncio.timeout(CALL_SECONDS):
                async for message in history:
                    if message.author.id == own_id and fits(message):
                        return Posted(channel_id, message.id)
        return None

    async def post_result(self, job: Job, parcel: Parcel) -> Posted:
        """Post the result and mention the requester; raises TooLargeError when the file will not go."""
        return await self._post(
            Note(
                job,
                lambda elsewhere: replies.result_text(job, parcel, elsewhere=elsewhere),
                nonce_of(job, "result"),
                parcel.path,
                parcel.filename,
            )
        )

    async def post_failure(self, job: Job) -> Posted:
        """Tell the requester why the job failed and what to do."""
        again = build_button("again", job.id, "Try again", discord.ButtonStyle.primary)
        return await self._post(
            Note(
                job,
                lambda elsewhere: replies.failure_text(job, elsewhere=elsewhere),
                nonce_of(job, "failure"),
                buttons=Buttons(again) if replies.may_try_again(job) else None,
            )
        )

    async def _post(self, note: Note) -> Posted:
        refusals: list[str] = []
        try:
            async for place in places_of(self._bot, note.job):
                try:
                    return await self._send(place, note)
                except ClosedError as error:
                    refusals.append(f"channel {place.channel_id}: {error}")
        except ClosedError as error:
            refusals.append(str(error))
        raise DeliveryError("; ".join(refusals))

    async def _send(self, place: Place, note: Note) -> Posted:
        elsewhere = replies.moved_here(note.job.channel_id) if place.is_fallback else ""
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
        channel = self._channel(place.channel_id)
        if note.file is None:
            with discord_errors("post"):
                async with asyncio.timeout(CALL_SECONDS):
                    message = await channel.send(**parts)
        else:
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

    def _channel(self, channel_id: int) -> discord.PartialMessageable:
        return self._bot.get_partial_messageable(channel_id)

    # --- the card ---

    def show(self, job: Job) -> None:
        """Bring the card up to date soon, at most every 3 s, never awaited."""
        if job.card_message_id is not None:
            self._cards.show(job)

    async def settle(self) -> None:
        """Wait until every card shows the latest state."""
        await self._cards.settle()

    async def close(self) -> None:
        """Stop editing cards."""
        await self._cards.close()

    async def _edit_card(self, job: Job) -> None:
        assert job.card_channel_id is not None
        assert job.card_message_id is not None
        view = await read_card(self._bot.desk, self._bot.usual, job)
        message = self._channel(job.card_channel_id).get_partial_message(job.card_message_id)
        async with asyncio.timeout(CALL_SECONDS):
            await message.edit(embed=build_card(view), view=card_buttons(job))


def nonce_of(job: Job, what: str) -> str:
    """Return the nonce (at most 25 characters) by which Discord knows a repeated message of a job."""
    return hashlib.sha256(f"{job.id}:{what}".encode()).hexdigest()[:24]


def _snowflake(at_ms: int) -> int:
    """Return the smallest snowflake of a moment, with a minute's room for clocks that differ."""
    return max(0, at_ms - 60_000 - _DISCORD_EPOCH_MS) << 22

"""Post shared results to the showcase, take them out again, and go on with both after a crash.

Before anything is posted a second time our own post is looked for: its vote button carries the share's id.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager

import discord

from bot.card_edits import EVERY_SECONDS, CardEdits
from bot.language import speaking
from bot.places import CALL_SECONDS
from bot.share_files import SMALL_BYTES, ShareFiles, ShowFile
from bot.showcase_messages import add_post, find_post, remove_post
from bot.showcase_place import Stage, open_stage, refuse_post
from bot.showcase_post import post_buttons
from jobs.errors import DeliveryError, DeliveryRetryError, LumaBotError, TooLargeError, UserError
from jobs.job import Job
from jobs.ports import Clock, Posted
from jobs.shares import Choices, Share, ShareState, ShareStore, Votes

RETRY_MS = 60_000
POST_TRIES = 20
# Few, so that uploads never hold up answers to commands.
PARALLEL_UPLOADS = 2
_BATCH = 20
ONE_PRESS_MS = 2000
_log = logging.getLogger(__name__)


class Showcase:
    """Keep the showcases as the database says they should be."""

    def __init__(
        self,
        client: discord.Client,
        store: ShareStore,
        find_job: Callable[[str], Awaitable[Job | None]],
        files: ShareFiles,
        clock: Clock,
        *,
        vote_seconds: float = EVERY_SECONDS,
    ) -> None:
        self.store = store
        self.files = files
        self._client = client
        self._find_job = find_job
        self._clock = clock
        self._uploads = asyncio.Semaphore(PARALLEL_UPLOADS)
        self._busy: set[str] = set()
        self._presses: dict[tuple[str, int], tuple[int, asyncio.Task[Votes | None]]] = {}
        self._counts: CardEdits[Share] = CardEdits(self._show_count, vote_seconds)

    # --- sharing ---

    async def begin(self, job: Job, stage: Stage, choices: Choices) -> Share | None:
        """Take a job's one share; None where it has one: whatever is pressed at once, one goes on from here."""
        now_ms = self._clock.now_ms()
        return await self.store.begin(job, stage.channel_id, choices, now_ms=now_ms, due_at_ms=now_ms + RETRY_MS)

    async def post(self, share: Share, job: Job, stage: Stage) -> Share | None:
        """Post a share that was begun; None where it was withdrawn meanwhile.

        Raises UserError where it cannot be posted: then the result may be shared again. Raises DeliveryRetryError when
        Discord is away: then it is posted later, by itself.
        """
        with self._working_on(share), speaking(job.locale):
            try:
                posted = await self._post(share, job, stage)
            except DeliveryRetryError:
                raise
            except DeliveryError as error:
                await self.store.drop(share.id)
                raise refuse_post(stage, error) from error
            except UserError:
                await self.store.drop(share.id)
                raise
            return await self._settle(share, posted)

    async def _post(self, share: Share, job: Job, stage: Stage) -> Posted:
        file = await self.files.choose(job, share.choices, stage.limit_bytes)
        try:
            return await self._send(share, job, stage, file)
        except TooLargeError:
            file = await self.files.choose(job, share.choices, min(SMALL_BYTES, stage.limit_bytes))
            return await self._send(share, job, stage, file)

    async def _send(self, share: Share, job: Job, stage: Stage, file: ShowFile) -> Posted:
        async with self._uploads:
            return await add_post(self._client, share, job, stage, file)

    async def _settle(self, share: Share, posted: Posted) -> Share | None:
        kept = await self.store.posted(share.id, posted, now_ms=self._clock.now_ms())
        if kept is None:
            await self._remove(share, posted)
        return kept

    # --- votes ---

    async def vote(self, share: Share, user_id: int) -> Votes | None:
        """Give a member's vote or take it back, and show the new count soon; None where the share is gone.

        Presses of one moment are one, lest a hasty finger takes back what it gives.
        """
        now_ms, key = self._clock.now_ms(), (share.id, user_id)
        self._presses = {each: found for each, found in self._presses.items() if now_ms - found[0] < ONE_PRESS_MS}
        if key not in self._presses:
            self._presses[key] = now_ms, asyncio.create_task(self._toggle(share, user_id, now_ms))
        return await asyncio.shield(self._presses[key][1])

    async def _toggle(self, share: Share, user_id: int, now_ms: int) -> Votes | None:
        try:
            votes = await self.store.toggle_vote(share.id, user_id, now_ms=now_ms)
        except LumaBotError:
            self._presses.pop((share.id, user_id), None)  # the next press is another try
            raise
        if votes is not None:
            self._counts.show(share)
        return votes

    async def _show_count(self, share: Share) -> None:
        now = await self.store.get(share.id)
        if now is None or now.state is not ShareState.POSTED or now.post is None:
            return
        job = await self._find_job(now.job_id or "")
        with speaking(job.locale if job else ""):
            buttons = post_buttons(now, await self.store.votes(now.id))
        message = self._client.get_partial_messageable(now.post.channel_id).get_partial_message(now.post.message_id)
        async with asyncio.timeout(CALL_SECONDS):
            await message.edit(view=buttons, allowed_mentions=discord.AllowedMentions.none())

    # --- withdrawing ---

    async def withdraw(self, share: Share, by: int) -> bool:
        """Take a share out of the showcase; False where somebody was first. A message that will not go is retried."""
        taken = await self.store.withdraw(share.id, by, now_ms=self._clock.now_ms())
        if taken is None:
            return False
        if taken.post is not None:
            try:
                await self._remove(taken, taken.post)
            except DeliveryError as error:
                _log.warning("share %s: its post could not be removed yet: %s", taken.code, error)
        return True

    async def clear_away(self, job: Job) -> None:
        """Remove the post of a result that was deleted; raises DeliveryError, and then it is removed later."""
        share = await self.store.of_job(job.id)
        if share is not None and share.state is ShareState.WITHDRAWING and share.post is not None:
            await self._remove(share, share.post)

    async def _remove(self, share: Share, posted: Posted) -> None:
        with self._working_on(share):
            await remove_post(self._client, posted)
            await self.store.withdrawn(share.id)

    # --- after a crash, an erasure, an outage ---

    async def tend(self) -> None:
        """Go on with what was begun: post what is to be posted, remove what is to be removed."""
        for share in await self.store.claim_due(now_ms=self._clock.now_ms(), wait_ms=RETRY_MS, limit=_BATCH):
            if share.id in self._busy:
                continue
            try:
                await self._go_on(share)
            except LumaBotError as error:
                _log.warning("share %s could not go on: %s", share.code, error)

    async def _go_on(self, share: Share) -> None:
        posted = share.post or await find_post(self._client, share)
        if share.state is ShareState.WITHDRAWING:
            if posted is None:
                await self.store.withdrawn(share.id)
            else:
                await self._remove(share, posted)
        elif posted is not None:
            await self._settle(share, posted)
        else:
            await self._post_again(share)

    async def _post_again(self, share: Share) -> None:
        job = await self._find_job(share.job_id or "")
        if job is None or share.attempts > POST_TRIES:
            await self.store.drop(share.id)
            return
        try:
            stage = await open_stage(self._client, share.guild_id, share.channel_id)
        except UserError:
            await self.store.drop(share.id)
            raise
        await self.post(share, job, stage)

    @contextmanager
    def _working_on(self, share: Share) -> Iterator[None]:
        """Keep others in this process away from a share while a request of ours may be on its way."""
        self._busy.add(share.id)
        try:
            yield
        finally:
            self._busy.discard(share.id)

    async def settle(self) -> None:
        """Wait until every post shows its count."""
        await self._counts.settle()

    async def close(self) -> None:
        """Stop showing counts."""
        await self._counts.close()

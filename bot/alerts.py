"""Tell a server's moderators of trouble in the channel they chose: budgets, blocked prompts, stuck edits, outages."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import discord

from bot.admin import Administration
from bot.alert_replies import blocked_alert, budget_alert, outage_alert, stuck_alert, tries_alert
from bot.faults import DISCORD_FAULTS
from bot.language import speaking
from bot.refusal_guard import RefusalGuard
from jobs.admin import BudgetWarning
from jobs.errors import LumaBotError
from jobs.job import OPEN_STATES, Job
from jobs.ports import Clock
from jobs.tries import Spent
from jobs.words import Hit

# Of one kind in one server: an abuser must not flood the moderators' channel.
MOST_IN_SPAN = 10
SPAN_MS = 10 * 60 * 1000
MOST_TOLD = 2_000  # kept, of old and new; then the old ones go
SEND_SECONDS = 30.0
STUCK_MS = 30 * 60 * 1000
MOST_STUCK = 50  # looked at in one server, the oldest
_log = logging.getLogger(__name__)


class Alerts:
    """Post alerts in the background, one connection for all servers; a server without an alerts channel hears none."""

    def __init__(self, client: discord.Client, admin: Administration, clock: Clock, refusals: RefusalGuard) -> None:
        self._client = client
        self._refusals = refusals
        self._admin = admin
        self._clock = clock
        self._told: dict[tuple[int, str], deque[int]] = {}
        self._stuck: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def tell_blocked(self, interaction: discord.Interaction[Any], text: str, hits: Sequence[Hit]) -> None:
        """Tell that a member's text was refused for a blocked word."""
        if interaction.guild_id is not None:
            user_id, channel_id = interaction.user.id, interaction.channel_id
            self._tell(interaction.guild_id, "words", lambda: blocked_alert(user_id, channel_id, text, hits))

    def tell_tries(self, interaction: discord.Interaction[Any], spent: Spent) -> None:
        """Tell that a member, or a server as a whole, keeps asking in vain."""
        if interaction.guild_id is not None:
            user_id, channel_id = interaction.user.id, interaction.channel_id
            self._tell(interaction.guild_id, "tries", lambda: tries_alert(user_id, channel_id, spent))

    def tell_budget(self, warning: BudgetWarning) -> None:
        """Tell that a server's budget runs out, or has."""
        self._tell(warning.guild_id, f"budget {warning.period} {warning.level}", lambda: budget_alert(warning))

    def tell_stuck(self, job: Job, what: str) -> None:
        """Tell that an edit needs somebody's eyes."""
        self._stuck.add(job.id)
        if job.guild_id is not None:
            self._tell(job.guild_id, "stuck", lambda: stuck_alert(job, what))

    def tell_outage(self, service: str, reason: str) -> None:
        """Tell every server that a video service takes no edits, or (without a reason) takes them again."""
        self._begin(self._tell_everywhere(f"outage {service}", lambda: outage_alert(service, reason)))

    async def look_for_stuck(self) -> None:
        """Tell of edits that have been open for too long, each once."""
        now_ms, seen = self._clock.now_ms(), set()
        for guild_id in await self._admin.settings.alert_channels():
            for job in await self._oldest_open(guild_id):
                seen.add(job.id)
                if now_ms - job.created_at_ms >= STUCK_MS and job.id not in self._stuck:
                    self.tell_stuck(job, job.hold)
        self._stuck = {job_id for job_id in self._stuck if job_id in seen}

    async def _oldest_open(self, guild_id: int) -> tuple[Job, ...]:
        read = self._admin.quotas.server_jobs
        count = (await read(guild_id, user_id=None, states=OPEN_STATES, offset=0, limit=1)).total
        oldest = max(0, count - MOST_STUCK)
        return (await read(guild_id, user_id=None, states=OPEN_STATES, offset=oldest, limit=MOST_STUCK)).items

    async def settle(self) -> None:
        """Wait until everything to be told has been."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Stop telling."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _tell_everywhere(self, kind: str, build: Callable[[], discord.Embed]) -> None:
        try:
            guild_ids = list(await self._admin.settings.alert_channels())
        except LumaBotError as error:
            _log.warning("an alert could not be posted: %s", error)
            return
        for guild_id in guild_ids:
            await self._post(guild_id, kind, build)

    def _tell(self, guild_id: int, kind: str, build: Callable[[], discord.Embed]) -> None:
        self._begin(self._post(guild_id, kind, build))

    def _begin(self, telling: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(telling, name="alert")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, guild_id: int, kind: str, build: Callable[[], discord.Embed]) -> None:
        try:
            channel_id = (await self._admin.settings.settings(guild_id)).alerts_channel_id
            if channel_id is None or not self._may_tell(guild_id, kind):
                return
            guild = self._client.get_guild(guild_id)
            with speaking(str(guild.preferred_locale) if guild else "en"):
                panel = build()
            with self._refusals.calling("alert", channel_id):
                async with asyncio.timeout(SEND_SECONDS):
                    await self._client.get_partial_messageable(channel_id).send(embed=panel)
        except (*DISCORD_FAULTS, LumaBotError) as error:
            _log.warning("an alert of server %d could not be posted: %s", guild_id, type(error).__name__)

    def _may_tell(self, guild_id: int, kind: str) -> bool:
        now_ms = self._clock.now_ms()
        if len(self._told) >= MOST_TOLD:
            self._told = {key: told for key, told in self._told.items() if told and told[-1] > now_ms - SPAN_MS}
        told = self._told.setdefault((guild_id, kind), deque())
        while told and told[0] <= now_ms - SPAN_MS:
            told.popleft()
        if len(told) >= MOST_IN_SPAN:
            return False
        told.append(now_ms)
        return True

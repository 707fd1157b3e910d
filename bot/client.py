"""Connect to Discord: intents, extensions, command sync, the tree's error handler, presses."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import discord
from discord import app_commands
from discord.ext import commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot import refusals
from bot.alerts import Alerts
from bot.command_sync import sync_commands
from bot.command_words import CommandWords
from bot.desk import Desk
from bot.faults import answer_fault, say
from bot.followups import Followups
from bot.language import speak, tr_error
from bot.presses import Action, read_press
from bot.refusal_guard import RefusalGuard
from bot.rest_limits import PER_SECOND, Pace, build_trace
from bot.rights import Right, RightsGroup
from bot.typical_durations import TypicalDurations
from jobs.job import Job

# By name: this room imports no cog.
EXTENSIONS = (
    "cogs.modify", "cogs.generate", "cogs.library", "cogs.results", "cogs.ratings", "cogs.quota",
    "cogs.moderation", "cogs.mod_jobs", "cogs.allowances", "cogs.setup", "cogs.words", "cogs.privacy",
    "cogs.styles", "cogs.showcase", "cogs.help",
)  # fmt: skip
# A longer wait for a rate limit is a retry, decided on the job's row.
LONGEST_RATE_LIMIT_SECONDS = 30.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """Hold the settings of the connection.

    `command_mark` is the file that remembers what Discord was told; `note_answer` hears each answer's HTTP status.
    """

    api_url: str = "https://discord.com/api/v10"
    gateway_url: str = ""
    rest_per_second: float = PER_SECOND
    connections: int = 100
    command_mark: Path | None = None
    guild_ready_seconds: float = 0.2  # after the last server came; one that comes later still counts
    note_answer: Callable[[int], None] = lambda _status: None


class LumaTree(app_commands.CommandTree["LumaBot"]):
    """Answer what a command raises."""

    async def interaction_check(self, interaction: discord.Interaction["LumaBot"], /) -> bool:
        """Speak the member's language from here on."""
        speak(str(interaction.locale))
        return True

    async def on_error(
        self, interaction: discord.Interaction["LumaBot"], error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the person, and log what is ours."""
        await answer_fault(interaction, error)


class LumaBot(commands.Bot):
    """The bot's connection; `attach` it to its desk before it starts."""

    desk: Desk
    typical_durations: TypicalDurations
    alerts: Alerts
    followups: Followups

    def __init__(self, options: ClientOptions, extensions: Sequence[str] = EXTENSIONS) -> None:
        point_at(options.api_url, options.gateway_url)
        # No voice here: keep its two warnings out of the operator's log.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=LumaTree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_RATE_LIMIT_SECONDS,
            guild_ready_timeout=options.guild_ready_seconds,
            connector=aiohttp.TCPConnector(limit=options.connections),
            http_trace=build_trace(Pace(options.rest_per_second), Route.BASE, options.note_answer),
        )
        self._options = options
        self._extensions = tuple(extensions)
        self._actions: dict[str, Action] = {}
        self.refusals = RefusalGuard()
        # Withdraw what was shared of a result that was deleted.
        self.on_deleted: list[Callable[[Job], Awaitable[None]]] = []
        self.luma = app_commands.Group(name="luma", description="Edit your video clips with Luma")
        self.luma_mod = RightsGroup(Right.MODERATE, "luma-mod", "Watch over members, quotas and edits")
        self.luma_setup = RightsGroup(Right.SETUP, "luma-setup", "Set what members of this server may do with Luma")
        for group in (self.luma, self.luma_mod, self.luma_setup):
            self.tree.add_command(group)

    def attach(self, desk: Desk) -> None:
        """Give commands and buttons what they work with."""
        self.desk = desk
        self.typical_durations = TypicalDurations(desk.store, desk.clock)
        self.alerts = Alerts(self, desk.admin, desk.clock, self.refusals)
        self.followups = Followups(desk.clock)

    def add_action(self, name: str, action: Action) -> None:
        """Let presses and forms of the id `luma:<name>:...` lead to an action."""
        if name in self._actions:
            raise ValueError(f"action {name!r} is taken")
        self._actions[name] = action

    def has_action(self, name: str) -> bool:
        """Tell whether presses of the id `luma:<name>:...` lead anywhere."""
        return name in self._actions

    async def setup_hook(self) -> None:
        """Load the extensions and tell Discord of the commands, once after login."""
        for name in self._extensions:
            if name not in self.extensions:  # a login may be tried again
                await self.load_extension(name)
        await self.tree.set_translator(CommandWords())
        await sync_commands(self.tree, self.application_id or 0, self._options.command_mark)

    async def close(self) -> None:
        """End what is being told, then the connection."""
        if hasattr(self, "alerts"):  # not yet attached where the start failed
            await self.alerts.close()
        await super().close()

    async def on_interaction(self, interaction: discord.Interaction["LumaBot"]) -> None:
        """Lead a press or form to its action; commands go through the tree."""
        speak(str(interaction.locale))
        press = read_press(interaction)
        if press is None:
            return
        action = self._actions.get(press[0])
        if action is None:
            await say(interaction, tr_error(refusals.old_button()))
            return
        try:
            await action(interaction, press[1])
        except Exception as error:  # noqa: BLE001, RUF100 - the tree's error handler, for what does not pass the tree
            await answer_fault(interaction, error)


def point_at(api_url: str, gateway_url: str) -> None:
    """Tell discord.py where Discord is; it keeps this per process, and reads it whenever it builds a request."""
    Route.BASE = api_url.rstrip("/")
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(gateway_url)

"""Keep interactions and their rules: 3 s to answer, 15 min for the token, one first answer.

Source: https://discord.com/developers/docs/interactions/receiving-and-responding.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

from sandbox.discord.errors import DiscordError, invalid_form
from sandbox.discord.events import Event
from sandbox.discord.model import Json, Message
from sandbox.discord.views import State
from sandbox.discord.world import World

COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
ANSWER_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60.0

REPLY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, OPEN_MODAL = 4, 5, 6, 7, 8, 9


@dataclass(slots=True)
class Interaction:
    """One use of a command, component or form, and what became of it; `created_at` in Unix seconds."""

    id: int
    kind: int
    token: str = field(repr=False)
    user_id: int
    channel_id: int
    guild_id: int | None
    created_at: float
    data: Json
    locale: str
    source: Message | None = None
    command: str | None = None
    state: State = "pending"
    callback: int | None = None
    response: Message | None = None
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] = field(default_factory=list)
    opened_by: "Interaction | None" = None


class Interactions:
    """All interactions of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._by_id: dict[int, Interaction] = {}
        self._by_token: dict[str, Interaction] = {}

    def start(
        self,
        kind: int,
        user_id: int,
        channel_id: int,
        data: Json,
        *,
        source: Message | None = None,
        command: str | None = None,
        opened_by: Interaction | None = None,
    ) -> Interaction:
        """Create an interaction and send it to the bot."""
        world = self.world
        guild_id = world.channels[channel_id].guild_id
        locale = world.users[user_id].locale
        token, now = secrets.token_urlsafe(48), world.clock.now()
        started = Interaction(world.ids.next(), kind, token, user_id, channel_id, guild_id, now, data, locale)
        started.source, started.command, started.opened_by = source, command, opened_by
        self._by_id[started.id] = started
        self._by_token[token] = started
        world.hub.publish(Event("INTERACTION_CREATE", started))
        return started

    def get(self, interaction_id: int) -> Interaction:
        """Return an interaction; raise LookupError without one."""
        return self._by_id[interaction_id]

    def claim(self, interaction_id: int, token: str, callback: int) -> Interaction:
        """Return the interaction a first answer is for; raise 10062, 40060 or 50035."""
        found = self._by_token.get(token)
        if found is None or found.id != interaction_id:
            raise DiscordError(10062)
        if found.callback is not None:
            raise DiscordError(40060)
        if found.state == "failed" or self.world.clock.now() - found.created_at > ANSWER_SECONDS:
            self.fail(found)
            raise DiscordError(10062)
        _check_callback(found, callback)
        return found

    def fail(self, interaction: Interaction) -> None:
        """Mark that the bot did not answer in time."""
        if interaction.state == "pending":
            interaction.state = "failed"
            self.announce(interaction)

    def by_webhook(self, application_id: int, token: str) -> Interaction:
        """Return the interaction a webhook token belongs to; raise 10015, or 50027 after 15 minutes."""
        found = self._by_token.get(token)
        if found is None or application_id != self.world.application.id:
            raise DiscordError(10015)
        if self.world.clock.now() - found.created_at > TOKEN_SECONDS:
            raise DiscordError(50027)
        if found.callback is None:
            raise DiscordError(10015)
        return found

    def answer(self, interaction: Interaction, callback: int, **changes: Any) -> None:
        """Store a first answer: response, modal or choices."""
        interaction.callback = callback
        for name, value in changes.items():
            setattr(interaction, name, value)
        interaction.state = "deferred" if callback == DEFER else "answered"
        self.announce(interaction)

    def announce(self, interaction: Interaction) -> None:
        """Tell listeners that an interaction went on."""
        self.world.hub.publish(Event("INTERACTION", interaction, interaction.user_id))


def _check_callback(interaction: Interaction, callback: int) -> None:
    has_source = interaction.source is not None
    allowed = {
        COMMAND: {REPLY, DEFER, OPEN_MODAL},
        COMPONENT: {REPLY, DEFER, DEFER_UPDATE, UPDATE, OPEN_MODAL},
        AUTOCOMPLETE: {CHOICES},
        MODAL: {REPLY, DEFER, DEFER_UPDATE, UPDATE} if has_source else {REPLY, DEFER},
    }[interaction.kind]
    if callback not in allowed:
        message = f"Interaction type {interaction.kind} cannot be answered with callback type {callback}"
        raise invalid_form("type", message, "INTERACTION_CALLBACK_TYPE_INVALID")

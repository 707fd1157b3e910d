"""Read from the settings how the bot connects, and which services do which kind of job."""

from collections.abc import Callable, Mapping, Sequence

from bot.client import ClientOptions
from bot.settings import Settings
from jobs.job import Kind


def client_options_of(settings: Settings, note_answer: Callable[[int], None]) -> ClientOptions:
    """Return how the bot connects to Discord; `note_answer` hears each answer's HTTP status."""
    return ClientOptions(
        api_url=settings.discord_api_url,
        gateway_url=settings.discord_gateway_url,
        rest_per_second=settings.discord_rest_per_second,
        connections=settings.discord_connections,
        command_mark=settings.data_dir / "commands.sha256",
        note_answer=note_answer,
    )


def preferences_of(settings: Settings) -> Mapping[Kind, Sequence[str]]:
    """Return the services of each kind of job, the preferred one first."""
    modifying = settings.modify_service or settings.services
    generating = settings.generate_service or settings.services
    return {Kind.MODIFY: modifying, Kind.GENERATE: generating, Kind.EXTEND: generating}

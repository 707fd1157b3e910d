"""Check the options that not every video service has, by what the chosen one states of itself."""

from collections.abc import Iterable, Mapping

from bot import inert
from bot.language import tr_name
from bot.options import read_watermark
from jobs.errors import InvalidRequestError
from jobs.service_choice import values_of
from jobs.services import Abilities

# What a member gives for an option; None and the empty text mean that they left it out.
Value = str | bool | None


def wants_of(options: Mapping[str, Value], pictures: Iterable[str] = ()) -> frozenset[str]:
    """Name the options and pictures that were given."""
    return frozenset(name for name, value in options.items() if value not in (None, "")) | frozenset(pictures)


def check_offered(wants: frozenset[str], abilities: Abilities) -> None:
    """Raise InvalidRequestError for the first option the service does not have."""
    for name in sorted(wants - abilities.offers):
        raise InvalidRequestError(
            "{title}, which would work on this, has no `{option}`. Please leave `{option}` out.",
            rule=name,
            title=abilities.title,
            option=tr_name("option", name),
        )


def read_options(options: Mapping[str, Value], abilities: Abilities) -> dict[str, str]:
    """Return the options as a request keeps them; raises InvalidRequestError for a value the service does not take."""
    check_offered(wants_of(options), abilities)
    read = {name: _read(name, value, abilities) for name, value in options.items()}
    return {name: value for name, value in read.items() if value}


def _read(name: str, value: Value, abilities: Abilities) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not value:
        return ""
    if name == "watermark":
        return read_watermark(value, abilities)
    values = values_of(abilities, name)
    return _choose(name, value, values, abilities) if values else value


def _choose(name: str, typed: str, values: tuple[str, ...], abilities: Abilities) -> str:
    wanted = typed.strip().casefold().replace(" ", "_")
    found = next((value for value in values if value.casefold() == wanted), None)
    if found is None:
        raise InvalidRequestError(
            "{value} is no `{option}` of {title}. It takes these: {values}.",
            rule=name,
            value=inert.code(typed, 40),
            option=tr_name("option", name),
            title=abilities.title,
            values=", ".join(f"`{value}`" for value in values),
        )
    return found

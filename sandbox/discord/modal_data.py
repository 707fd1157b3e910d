"""Build the `data` of a submitted modal from what a member filled in.

Wire format: https://discord.com/developers/docs/components/reference (the "interaction response" of each component).
"""

from collections.abc import Mapping

from sandbox.discord.errors import RefusedError
from sandbox.discord.message_parts import walk
from sandbox.discord.model import Json
from sandbox.discord.option_data import Resolver, Source

ROW, STRING_SELECT, TEXT_INPUT = 1, 3, 4
USER_SELECT, ROLE_SELECT, MENTIONABLE_SELECT, CHANNEL_SELECT = 5, 6, 7, 8
TEXT_DISPLAY, LABEL, FILE_UPLOAD, RADIO, CHECKBOX_GROUP, CHECKBOX = 10, 18, 19, 21, 22, 23

FormValue = str | bool | list[str] | None


def build_modal_data(
    modal: Json, values: Mapping[str, FormValue], files: Mapping[str, list[Source]], resolver: Resolver
) -> Json:
    """Return the data of a submitted form; fields not in `values` keep what the bot had put there."""
    known = {one["custom_id"] for one in walk(modal["components"]) if "custom_id" in one}
    for name in [*values, *files]:
        if name not in known:
            raise RefusedError(f"The form has no field {name}")
    components = [_fill(one, values, files, resolver) for one in modal["components"]]
    data: Json = {"custom_id": modal["custom_id"], "components": components}
    return data | {"resolved": resolver.resolved} if resolver.resolved else data


def _fill(
    component: Json, values: Mapping[str, FormValue], files: Mapping[str, list[Source]], resolver: Resolver
) -> Json:
    head: Json = {"type": component["type"], "id": component["id"]}
    if component["type"] == ROW:
        return head | {"components": [_fill(one, values, files, resolver) for one in component["components"]]}
    if component["type"] == LABEL:
        return head | {"component": _fill(component["component"], values, files, resolver)}
    if component["type"] == TEXT_DISPLAY:
        return head
    head["custom_id"] = component["custom_id"]
    if component["type"] == FILE_UPLOAD:
        sources = files.get(component["custom_id"], [])
        _check_count(component, len(sources))
        return head | {"values": [resolver.add_file(source) for source in sources]}
    return head | _value(component, values, resolver)


def _value(component: Json, values: Mapping[str, FormValue], resolver: Resolver) -> Json:
    given = values.get(component["custom_id"], _default(component))
    kind = component["type"]
    if kind == TEXT_INPUT:
        return {"value": _check_text(component, str(given or ""))}
    if kind == CHECKBOX:
        return {"value": bool(given)}
    if kind == RADIO:
        if given is None and component.get("required", True):
            raise RefusedError(f"{component['custom_id']} needs a choice")
        _check_options(component, [str(given)] if given is not None else [])
        return {"value": given}
    chosen = [str(one) for one in given] if isinstance(given, list) else [str(given)] if given else []
    _check_count(component, len(chosen))
    if kind in (STRING_SELECT, CHECKBOX_GROUP):
        _check_options(component, chosen)
    return {"values": [resolve_choice(kind, one, resolver) for one in chosen]}


def resolve_choice(kind: int, value: str, resolver: Resolver) -> str:
    """Resolve one value of a user, role, mentionable or channel select; strings stay as they are."""
    if kind == USER_SELECT:
        return resolver.add_user(int(value))
    if kind == ROLE_SELECT:
        return resolver.add_role(int(value))
    if kind == CHANNEL_SELECT:
        return resolver.add_channel(int(value))
    if kind == MENTIONABLE_SELECT:
        try:
            return resolver.add_role(int(value))
        except RefusedError:
            return resolver.add_user(int(value))
    return value


def _default(component: Json) -> FormValue:
    kind = component["type"]
    if kind == TEXT_INPUT:
        return str(component.get("value") or "")
    if kind == CHECKBOX:
        return bool(component.get("default"))
    preset = [str(one["value"]) for one in component.get("options", []) if one.get("default")]
    if kind == RADIO:
        return preset[0] if preset else None
    return preset or [str(one["id"]) for one in component.get("default_values", [])]


def _check_text(component: Json, text: str) -> str:
    name = component["custom_id"]
    if not text and not component.get("required", True):
        return text
    if not text:
        raise RefusedError(f"{name} is required")
    if not component.get("min_length", 0) <= len(text) <= component.get("max_length", 4000):
        raise RefusedError(f"{name} has the wrong length")
    return text


def _check_count(component: Json, count: int) -> None:
    least, most = component.get("min_values", 1), component.get("max_values", 1)
    if component["type"] == CHECKBOX_GROUP:
        most = component.get("max_values", len(component.get("options", [])))
    if count == 0 and not component.get("required", True):
        return
    if not least <= count <= most:
        raise RefusedError(f"{component['custom_id']} needs {least} to {most} choices")


def _check_options(component: Json, chosen: list[str]) -> None:
    known = {str(one["value"]) for one in component.get("options", [])}
    if not set(chosen) <= known:
        raise RefusedError(f"{component['custom_id']} has no such choice")

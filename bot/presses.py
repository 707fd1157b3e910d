"""Route button presses and submitted forms by their id alone, so that they live for ever.

Nothing is kept in memory for a message: who may press is decided from the database at the press, and a form that was
opened before a restart, or by two people at once, arrives like any other. discord.py's `DynamicItem` does the same for
buttons but has no counterpart for forms; one way of reading ids serves both.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import discord

FIELD_CHARS = 4000  # Discord takes no more in a form's field
Action = Callable[[discord.Interaction[Any], str], Awaitable[None]]
_ID = re.compile(r"luma:([a-z_]{1,20}):(.{1,74})", re.ASCII)


def press_id(action: str, subject: str) -> str:
    """Return the custom id (at most 100 characters) that leads a press to an action."""
    custom_id = f"luma:{action}:{subject}"
    if not _ID.fullmatch(custom_id):
        raise ValueError(f"no custom id: {custom_id!r}")
    return custom_id


def read_press(interaction: discord.Interaction[Any]) -> tuple[str, str] | None:
    """Return action and subject of a press or form of ours; None for anything else."""
    if interaction.type not in (discord.InteractionType.component, discord.InteractionType.modal_submit):
        return None
    data: Any = interaction.data or {}
    match = _ID.fullmatch(str(data.get("custom_id", "")))
    return (match[1], match[2]) if match else None


class Buttons(discord.ui.View):
    """A row of buttons that discord.py keeps nothing of."""

    def __init__(self, *buttons: discord.ui.Button[Any]) -> None:
        super().__init__(timeout=None)
        for button in buttons:
            self.add_item(button)

    def is_finished(self) -> bool:
        """Say that nobody listens in memory: presses come by their id."""
        return True


def build_button(
    action: str, subject: str, label: str, style: discord.ButtonStyle = discord.ButtonStyle.secondary
) -> discord.ui.Button[Any]:
    """Return a button that leads to an action."""
    return discord.ui.Button(label=label, style=style, custom_id=press_id(action, subject))


def build_menu(
    action: str, subject: str, hint: str, options: list[discord.SelectOption], *, count: int = 1
) -> discord.ui.Select[Any]:
    """Return a menu of which `count` options are chosen; it leads to an action like a button."""
    return discord.ui.Select(
        custom_id=press_id(action, subject), placeholder=hint, options=options, min_values=count, max_values=count
    )


def read_values(interaction: discord.Interaction[Any]) -> list[str]:
    """Return what was chosen in a menu."""
    data: Any = interaction.data or {}
    return [str(value) for value in data.get("values", ())]


class Form(discord.ui.Modal):
    """A modal that discord.py keeps nothing of."""

    def __init__(self, action: str, subject: str, title: str, *fields: discord.ui.Label[Any]) -> None:
        super().__init__(title=title, timeout=None, custom_id=press_id(action, subject))
        for field in fields:
            self.add_item(field)

    def is_finished(self) -> bool:
        """Say that nobody listens in memory: submits come by their id."""
        return True


def build_text_field(
    field: str,
    label: str,
    *,
    value: str = "",
    description: str = "",
    max_length: int,
    long: bool = False,
    required: bool = True,
) -> discord.ui.Label[Any]:
    """Return a text field of a form."""
    style = discord.TextStyle.paragraph if long else discord.TextStyle.short
    text: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=field,
        style=style,
        default=value or None,
        max_length=max_length,
        min_length=1 if required else None,
        required=required,
    )
    return discord.ui.Label(text=label, description=description or None, component=text)


def build_prompt_field(label: str, most: int, *, value: str = "", description: str = "") -> discord.ui.Label[Any]:
    """Return the field of a form where a prompt of at most `most` characters is written."""
    limit = min(most, FIELD_CHARS)
    return build_text_field("prompt", label, value=value[:limit], description=description, max_length=limit, long=True)


def build_choice_field(
    field: str, label: str, options: Sequence[discord.SelectOption], *, placeholder: str = ""
) -> discord.ui.Label[Any]:
    """Return a field of a form where one of at most 25 options may be chosen."""
    choice: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=field, options=list(options), placeholder=placeholder or None, min_values=0, required=False
    )
    return discord.ui.Label(text=label, component=choice)


def build_checks_field(field: str, label: str, options: Sequence[discord.CheckboxGroupOption]) -> discord.ui.Label[Any]:
    """Return a field of a form with boxes of which any may be ticked."""
    group: discord.ui.CheckboxGroup[Any] = discord.ui.CheckboxGroup(
        custom_id=field, options=list(options), min_values=0, required=False
    )
    return discord.ui.Label(text=label, component=group)


def build_file_field(field: str, label: str, *, description: str = "") -> discord.ui.Label[Any]:
    """Return a field of a form that takes one file."""
    upload: discord.ui.FileUpload[Any] = discord.ui.FileUpload(custom_id=field, min_values=1, max_values=1)
    return discord.ui.Label(text=label, description=description or None, component=upload)


def read_files(interaction: discord.Interaction[Any]) -> list[discord.Attachment]:
    """Return the files of a submitted form."""
    data: Any = interaction.data or {}
    files = data.get("resolved", {}).get("attachments", {}).values()
    return [discord.Attachment(data=file, state=interaction.client._connection) for file in files]


def read_fields(interaction: discord.Interaction[Any]) -> Mapping[str, str]:
    """Return the texts and choices of a submitted form by field."""
    return {field: values[0] for field, values in _filled(interaction) if len(values) == 1}


def read_checks(interaction: discord.Interaction[Any], field: str) -> frozenset[str]:
    """Return which boxes of a submitted form's field are ticked."""
    return frozenset(value for name, values in _filled(interaction) if name == field for value in values)


def _filled(interaction: discord.Interaction[Any]) -> list[tuple[str, list[str]]]:
    data: Any = interaction.data or {}
    return _values(data.get("components", ()))


def _values(components: Any) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for component in components:
        if isinstance(component.get("component"), dict):
            found += _values([component["component"]])
        elif "components" in component:
            found += _values(component["components"])
        elif isinstance(component.get("value"), str):
            found.append((str(component.get("custom_id")), [component["value"]]))
        elif isinstance(component.get("values"), list):
            found.append((str(component.get("custom_id")), [str(value) for value in component["values"]]))
    return found

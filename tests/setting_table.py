"""Write down every setting as the README and .env.example must have it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ByteSize, SecretStr
from pydantic_core import PydanticUndefined

from bot.settings import settings_for
from providers.opening import declared_settings

Settings = settings_for(declared_settings())
UNITS = (("GiB", 1024**3), ("MB", 1000**2), ("", 1))


@dataclass(frozen=True, slots=True)
class SettingRow:
    """Describe one setting: `default` as one would write it, None when it must be set."""

    name: str
    default: str | None
    description: str
    is_secret: bool


def setting_rows() -> list[SettingRow]:
    """Return a row for every setting, in the order of `Settings`."""
    return [
        SettingRow(name.upper(), _written(field.default), field.description or "", name.upper() in Settings.secrets())
        for name, field in Settings.model_fields.items()
    ]


def readme_lines() -> list[str]:
    """Return the README's table of settings, a line each."""
    head = ["| Setting | Default | Meaning |", "|---|---|---|"]
    return head + [
        f"| `{row.name}` | {'required' if row.default is None else f'`{row.default}`' if row.default else ''} "
        f"| {row.description} |"
        for row in setting_rows()
    ]


def _written(value: Any) -> str | None:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case ByteSize():
            unit, size = next(each for each in UNITS if value % each[1] == 0)
            return f"{value // size}{unit}"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case tuple():
            return ",".join(value)
        case Path() | int() | str():
            return str(value)
        case None:
            return ""
    assert value is PydanticUndefined
    return None


def settings_page() -> str:
    """Return docs/settings.md."""
    head = [
        "# Settings",
        "",
        "Environment variables, or lines of a file `.env`. Every problem is reported at once, by name. A secret may",
        "also be read from a file: `NAME_FILE=/run/secrets/name`.",
        "",
    ]
    return "\n".join([*head, *readme_lines(), ""])


if __name__ == "__main__":
    Path("docs/settings.md").write_text(settings_page())

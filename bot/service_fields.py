"""Turn the settings that video services declare into fields of `Settings`."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from bot.setting_values import Amount, Count, Secret, WebAddress
from jobs.service_settings import ServiceSetting, SettingKind

_TYPES: Mapping[SettingKind, Any] = {
    SettingKind.SECRET: Secret | None,
    SettingKind.ADDRESS: WebAddress,
    SettingKind.COUNT: Count,
    SettingKind.AMOUNT: Amount,
}


def build_fields(services: Mapping[str, Sequence[ServiceSetting]]) -> dict[str, Any]:
    """Return annotation and default of every service's settings, by the field's name, for `create_model`."""
    return {
        f"{service}_{setting.name}": (
            _type_of(service, setting),
            Field(setting.default, description=setting.description),
        )
        for service, settings in services.items()
        for setting in settings
    }


def _type_of(service: str, setting: ServiceSetting) -> Any:
    if setting.kind is SettingKind.CHOICE:
        return Literal[setting.choices]
    kind = _TYPES[setting.kind]
    if setting.kind in (SettingKind.COUNT, SettingKind.AMOUNT):
        kind = Annotated[kind, Field(ge=setting.least, le=setting.most)]
    if not setting.needs:
        return kind
    beside = f"{service}_{setting.needs}"

    def check(value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get(beside, value) is None:
            raise ValueError(f"needs {beside.upper()} beside it")
        return value

    return Annotated[kind, AfterValidator(check)]

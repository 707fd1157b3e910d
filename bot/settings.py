"""Hold every setting; the only reader of the environment."""

import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, get_args
from urllib.parse import urlsplit

from pydantic import (
    ByteSize,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    create_model,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, DotEnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bot.service_fields import build_fields
from bot.setting_values import (
    Amount,
    Bytes,
    Count,
    DatabaseAddress,
    Folder,
    GatewayAddress,
    HostAndPort,
    Lower,
    OptionalWebAddress,
    Secret,
    Upper,
    WebAddress,
    Words,
)
from jobs.errors import ConfigError
from jobs.service_settings import API_KEY, ServiceSetting

GIB = 1024**3
MB = 1000**2
SECRET_FILE_BYTES = 64 * 1024


def _of(default: Any, description: str, **limits: Any) -> Any:
    return Field(default=default, description=description, **limits)


def _holds_secret(annotation: Any) -> bool:
    return annotation is SecretStr or any(_holds_secret(part) for part in get_args(annotation))


class Settings(BaseSettings):
    """Hold the settings of one process; each field is the variable of the same name in capitals.

    Those of the video services are declared by the services and added by `settings_for`. The constructor takes values
    only: `load_settings` is where the environment is read, so that a test's settings never depend on the machine.
    """

    services: ClassVar[tuple[str, ...]] = ()

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)

    # --- Discord ---
    discord_token: Secret = Field(description="The bot's token, from the Discord developer portal")
    discord_api_url: WebAddress = _of("https://discord.com/api/v10", "Discord's REST API; a proxy's or the sandbox's")
    discord_gateway_url: GatewayAddress = _of("", "Discord's gateway; empty: Discord is asked for it")
    discord_rest_per_second: Amount = _of(45.0, "Requests a second to Discord, answers to commands aside")
    discord_connections: Count = _of(100, "Connections open to Discord at once")

    # --- video services ---
    modify_service: Annotated[tuple[str, ...], Words] = _of(
        (), "Services that modify clips, the preferred one first; empty: all there are"
    )
    generate_service: Annotated[tuple[str, ...], Words] = _of(
        (), "Services that generate and extend videos, the preferred one first; empty: all there are"
    )

    # --- data ---
    data_dir: Folder = _of(Path("data"), "Folder of the database and the video files")
    database_url: DatabaseAddress = _of(SecretStr("sqlite:///data/luma.db"), "The database; by default in DATA_DIR")
    shelf_bytes: Bytes = _of(ByteSize(20 * GIB), "Room for the video files that are kept")
    result_days: Amount = _of(14.0, "Days a finished video is kept")
    event_days: Amount = _of(90.0, "Days the moves of a job are kept, once it has ended")
    disk_free_bytes: Bytes = _of(ByteSize(2 * GIB), "Free room on the disk below which no new work is taken")

    # --- the web server ---
    public_url: OptionalWebAddress = _of("", "Where the web server is reached from outside; empty: polling alone")
    web_host: str = _of("0.0.0.0", "Address the web server listens on", min_length=1)  # noqa: S104 - in a container
    web_port: int = _of(8080, "Port the web server listens on; 0: any free one", ge=0, le=65_535)
    web_connections: Count = _of(700, "Most connections the web server has at a time; others are told to come back")
    callback_body_bytes: Bytes = _of(ByteSize(65_536), "Largest callback that is read")
    callback_read_seconds: Amount = _of(5.0, "How long a callback may take to arrive")
    callback_commit_seconds: Amount = _of(3.0, "How long a callback may wait for the database")
    callback_age_seconds: Amount = _of(300.0, "How far a callback's signed time may be off, both ways")

    # --- clips ---
    clip_max_bytes: Bytes = _of(ByteSize(500 * MB), "Largest clip or result that is fetched; a larger result is linked")
    clip_max_seconds: Amount = _of(600.0, "Longest clip that is looked at")
    fetch_base_seconds: Amount = _of(30.0, "Time any download may take, whatever its size")
    fetch_bytes_per_second: Bytes = _of(ByteSize(MB), "Speed a download must have on top of that time")
    media_workers: Count = _of(2, "Processes that look at or work on video at once")
    edit_seconds: Amount = _of(300.0, "How long cutting, converting or shrinking one video may take")
    quality_floor: Amount = _of(
        0.02, "Bits per pixel below which no smaller copy of a result is made: it is linked", le=1.0
    )
    lay_sound: bool = _of(True, "Lay the clip's own sound under a result that came without any")
    trusted_media_hosts: Annotated[tuple[HostAndPort, ...], Words] = _of(
        (), "host:port,... that clips may come from though private or plain http; for the sandbox"
    )

    # --- the life of a job ---
    poll_seconds: Amount = _of(30.0, "First wait between status reads of a task")
    poll_seconds_max: Amount = _of(300.0, "Longest wait between status reads")
    unknown_outcome_minutes: Amount = _of(60.0, "Wait for a callback when a request broke after it was sent")
    job_deadline_minutes: Amount = _of(180.0, "Longest time a job may be at the service")
    queue_deadline_minutes: Amount = _of(360.0, "Longest time a job may wait to be sent")
    delivery_deadline_minutes: Amount = _of(1440.0, "Longest time a result is offered to Discord")
    place_wait_seconds: Amount = _of(10.0, "How long a new job waits for its card")
    unknown_task_grace_seconds: Amount = _of(180.0, "How long a service may not know a task it took")
    retry_seconds: Amount = _of(5.0, "First wait before a step is tried again; doubles")
    retry_seconds_max: Amount = _of(300.0, "Longest wait before a step is tried again")
    source_attempts: Count = _of(3, "Tries to fetch a clip")
    result_attempts: Count = _of(5, "Tries to fetch a result")
    lease_seconds: Amount = _of(300.0, "How long a claimed job is left alone before others may take it")
    prepare_parallel: Count = _of(4, "Clips fetched and looked at at once")
    deliver_parallel: Count = _of(4, "Results fetched and posted at once")
    shutdown_seconds: Amount = _of(8.0, "How long a graceful stop may take")

    # --- quota, where a server has set nothing else ---
    quota_edits: Count = _of(10, "Edits a member may make in one period")
    quota_period: Annotated[Literal["day", "week", "month"], Lower] = _of(
        "day", "That rolling period: day, week or month (30 days)"
    )
    quota_at_once: Count = _of(3, "Open edits a member may have in one server")
    quota_server_edits_per_day: Count = _of(500, "Edits all members of a server together may make in a day")
    open_jobs_per_member: Count = _of(3, "Open jobs a member may have in all places together")
    open_jobs_per_server: Count = _of(100, "Open jobs all members of a server may have together")
    open_jobs_in_all: Count = _of(1000, "Open jobs everybody may have together")
    uncounted_per_hour: Count = _of(
        20, "Edits of a member that may end uncounted in an hour (cancelled, failed), before the next one waits"
    )
    refused_tries: Count = _of(10, "Tries of a member that may be refused one after another; of a server ten times")
    refused_try_seconds: Amount = _of(30.0, "How long until one more try may be refused; of a server a tenth")

    # --- logs ---
    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], Upper] = _of(
        "INFO", "Least level that is logged"
    )
    log_format: Annotated[Literal["text", "json"], Lower] = _of("text", "Form of the log: text or json")

    @classmethod
    def settings_customise_sources(cls, *_classes: Any, **sources: Any) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from the constructor alone."""
        return (sources["init_settings"],)

    @model_validator(mode="before")
    @classmethod
    def _put_database_in_data_dir(cls, values: dict[str, Any]) -> dict[str, Any]:
        if "database_url" in values or not values.get("data_dir"):
            return values
        return {**values, "database_url": f"sqlite:///{values['data_dir']}/luma.db"}

    @field_validator("modify_service", "generate_service")
    @classmethod
    def _check_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not set(value) <= set(cls.services):
            raise ValueError(f"may name {', '.join(cls.services)}")
        return value

    @field_validator("poll_seconds_max", "retry_seconds_max")
    @classmethod
    def _check_longest(cls, value: float, info: ValidationInfo) -> float:
        first = str(info.field_name).removesuffix("_max")
        if value < info.data.get(first, value):
            raise ValueError(f"must not be less than {first.upper()}")
        return value

    @model_validator(mode="after")
    def _check_services(self) -> Self:
        if not any(self.service_values(name).get(API_KEY) for name in self.services):
            raise ValueError(self.no_service())
        return self

    @classmethod
    def key_names(cls) -> tuple[str, ...]:
        """Return the names of the variables that switch a service on."""
        return tuple(f"{name}_{API_KEY}".upper() for name in cls.services)

    @classmethod
    def no_service(cls) -> str:
        """Say that no service is switched on."""
        return f"{', '.join(cls.key_names())}: at least one must be set"

    @classmethod
    def names(cls) -> dict[str, str]:
        """Return every field by the name of its variable."""
        return {name.upper(): name for name in cls.model_fields}

    @classmethod
    def secrets(cls) -> frozenset[str]:
        """Return the names of the variables that hold a secret."""
        return frozenset(name.upper() for name, field in cls.model_fields.items() if _holds_secret(field.annotation))

    def service_values(self, service: str) -> dict[str, Any]:
        """Return what is set for a service, by the setting's name without the service's; secrets as plain text."""
        held = {name.removeprefix(f"{service}_"): value for name, value in self if name.startswith(f"{service}_")}
        return {
            name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in held.items()
        }

    def secret_values(self) -> tuple[str, ...]:
        """Return every secret as it stands, for the log to hide."""
        held = [value.get_secret_value() for _, value in self if isinstance(value, SecretStr)]
        held.remove(self.database_url.get_secret_value())
        password = urlsplit(self.database_url.get_secret_value()).password
        return (*held, password) if password else tuple(held)


def settings_for(services: Mapping[str, Sequence[ServiceSetting]]) -> type[Settings]:
    """Return the class of settings for these services: each declares its own."""
    kind = create_model("Settings", __base__=Settings, **build_fields(services))
    kind.services = tuple(services)
    return kind


def load_settings(
    kind: type[Settings], environ: Mapping[str, str] | None = None, env_file: Path = Path(".env")
) -> Settings:
    """Read the environment over `env_file`; raises ConfigError with every problem, by name and never by value."""
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    file_values = _read_env_file(kind, env_file, problems)
    given = {**file_values, **environ}
    problems += _unknown_names(kind, environ, file_values)
    values: dict[str, Any] = {field: given[name] for name, field in kind.names().items() if name in given}
    values |= _read_secret_files(kind, given, problems)
    if not any(key in given or f"{key}_FILE" in given for key in kind.key_names()):
        problems.append(kind.no_service())
    try:
        settings = kind(**values)
    except ValidationError as error:
        problems += [
            _words_of(detail) for detail in error.errors(include_input=False, include_url=False) if detail["loc"]
        ]
    if problems:
        # outside the except block: the ValidationError keeps the values and must not become this error's context
        raise ConfigError(list(dict.fromkeys(problems)))
    return settings


def _read_env_file(kind: type[Settings], env_file: Path, problems: list[str]) -> dict[str, str]:
    try:
        source = DotEnvSettingsSource(kind, env_file=env_file, env_file_encoding="utf-8", case_sensitive=True)
        return {name: value or "" for name, value in source.env_vars.items()}
    except (OSError, UnicodeDecodeError):
        problems.append(f"{env_file.name}: cannot be read as UTF-8 text")
    return {}


def _read_secret_files(kind: type[Settings], given: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name in kind.secrets():
        path = given.get(f"{name}_FILE")
        if path is None:
            continue
        if name in given:
            problems.append(f"{name}: set it or {name}_FILE, not both")
            continue
        try:
            with Path(path).open(encoding="utf-8") as file:
                # the line break most editors leave at the end is not part of the secret
                values[name.lower()] = file.read(SECRET_FILE_BYTES).removesuffix("\n").removesuffix("\r")
        except (OSError, ValueError):
            problems.append(f"{name}_FILE: cannot be read as a text file")
    return values


def _unknown_names(kind: type[Settings], environ: Mapping[str, str], file_values: Mapping[str, str]) -> list[str]:
    """List names that nothing reads: all of the file's, and those of the environment that are surely meant for us."""
    known = [*kind.names(), *(f"{name}_FILE" for name in kind.secrets())]
    prefixes = tuple(f"{name}_".upper() for name in kind.services)
    problems = []
    for name in sorted({*environ, *file_values} - set(known)):
        near = get_close_matches(name, known, n=1, cutoff=0.88)
        ours = name.startswith(prefixes)
        in_file = name in file_values and not name.startswith(("COMPOSE_", "TZ"))
        if near or ours or in_file:
            problems.append(f"{name}: is not a setting" + (f"; is {near[0]} meant?" if near else ""))
    return problems


def _words_of(detail: Mapping[str, Any]) -> str:
    name = str(detail["loc"][0]).upper()
    if detail["type"] == "missing":
        return f"{name}: is missing"
    return f"{name}: {str(detail['msg']).removeprefix('Value error, ')}"

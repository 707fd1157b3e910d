"""Settings are read once, from the environment over .env, and every problem is told at once by name."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import Settings, load_settings, settings_for
from jobs.errors import ConfigError
from jobs.service_settings import usual_settings
from tests import setting_table

GOOD = {"DISCORD_TOKEN": "canary-token-1", "KIE_API_KEY": "canary-key-2"}
PLACEHOLDERS = (
    "", " ", "\t", "\n", "changeme", "CHANGE_ME", "change-this", "your-token-here", "your_api_key", "<token>",
    "<your key>", "[key]", "xxx", "xxxxxxxx", "...", "***", "TODO", "none", "insert-key", "replace-me", "${TOKEN}",
    "$TOKEN", "{token}", "placeholder", "token", "api_key",
)  # fmt: skip


def load(tmp_path: Path, file: str | None = None, **environ: str) -> Settings:
    if file is not None:
        (tmp_path / ".env").write_text(file, encoding="utf-8")
    return load_settings(setting_table.Settings, environ, tmp_path / ".env")


def problems_of(tmp_path: Path, file: str | None = None, **environ: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, file, **environ)
    assert caught.value.__context__ is None, "the library's error would bring the values into the traceback"
    return caught.value.problems


def test_two_keys_are_enough(tmp_path: Path) -> None:
    settings = load(tmp_path, **GOOD)
    assert settings.discord_token.get_secret_value() == "canary-token-1"
    assert settings.service_values("kie")["api_key"] == "canary-key-2"
    assert settings.public_url == ""
    assert settings.poll_seconds == 30
    assert settings.shelf_bytes == 20 * 1024**3
    assert settings.database_url.get_secret_value() == "sqlite:///data/luma.db"


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = 'DISCORD_TOKEN=from-file\nKIE_API_KEY="from-file"\nWEB_PORT=9000 # a note\nPOLL_SECONDS=5\n'
    settings = load(tmp_path, file, DISCORD_TOKEN="from-environ", POLL_SECONDS="7")
    assert settings.discord_token.get_secret_value() == "from-environ"
    assert settings.service_values("kie")["api_key"] == "from-file"
    assert (settings.web_port, settings.poll_seconds) == (9000, 7)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ACEDATA_MODE", "sometimes", "'asynchronous' or 'synchronous'"),
        ("ACEDATA_TIMEOUT_SECONDS", "0", "greater than"),
        ("ACEDATA_TIMEOUT_SECONDS", "3601", "less than or equal to 3600"),
        ("ACEDATA_TIMEOUT_SECONDS", "2 minutes", "valid integer"),
    ],
)
def test_what_a_service_declares_has_its_bounds(tmp_path: Path, name: str, value: str, said: str) -> None:
    (problem,) = problems_of(tmp_path, **GOOD, **{name: value})
    assert problem.startswith(f"{name}: ")
    assert said in problem
    settings = load(tmp_path, **GOOD, ACEDATA_MODE="synchronous", ACEDATA_TIMEOUT_SECONDS="3600")
    held = settings.service_values("acedata")
    assert (held["mode"], held["timeout_seconds"]) == ("synchronous", 3600)


def test_all_problems_are_told_at_once_by_name_and_never_by_value(tmp_path: Path) -> None:
    canary = "canary-87c1"
    wrong = {
        "DISCORD_TOKEN": f"{canary} with spaces",
        "DISCORD_API_URL": f"ftp://{canary}",
        "DISCORD_GATEWAY_URL": f"https://{canary}",
        "KIE_API_URL": f"https://user:{canary}@api.example",
        "KIE_PARALLEL": canary,
        "KIE_WEBHOOK_KEY_FILE": f"/nowhere/{canary}",
        "MODIFY_SERVICE": f"kie,{canary}",
        "SHELF_BYTES": canary,
        "DATABASE_URL": f"mysql://{canary}",
        "PUBLIC_URL": f"https://bot.example/?key={canary}",
        "WEB_PORT": "65536",
        "TRUSTED_MEDIA_HOSTS": f"localhost:{canary}",
        "POLL_SECONDS": "0",
        "RETRY_SECONDS": "400",
        "RESULT_DAYS": "inf",
        "LOG_LEVEL": canary,
        "LOG_FORMAT": canary,
        "KIE_WEBHOK_KEY": canary,
        "ACEDATA_TOKEN": canary,
    }
    found = problems_of(tmp_path, **wrong)
    named = {problem.partition(":")[0] for problem in found}
    assert named == set(wrong) - {"RETRY_SECONDS"} | {
        "RETRY_SECONDS_MAX",
        "KIE_API_KEY, ACEDATA_API_KEY, LUMALABS_API_KEY",
    }
    assert canary not in "\n".join(found)
    assert "KIE_WEBHOK_KEY: is not a setting; is KIE_WEBHOOK_KEY meant?" in found


@pytest.mark.parametrize("name", sorted(setting_table.Settings.secrets() - {"DATABASE_URL"}))
def test_a_blank_secret_or_a_placeholder_is_refused(tmp_path: Path, name: str) -> None:
    for value in PLACEHOLDERS:
        found = problems_of(tmp_path, **{**GOOD, "KIE_WEBHOOK_KEY": "canary-3", name: value})
        assert [problem.partition(":")[0] for problem in found] == [name], value


def test_an_unfinished_secret_in_the_file_is_refused_too(tmp_path: Path) -> None:
    assert problems_of(tmp_path, "DISCORD_TOKEN=\nKIE_API_KEY\n") == [
        "DISCORD_TOKEN: is blank; fill it in or remove the line",
        "KIE_API_KEY: is blank; fill it in or remove the line",
    ]


def test_a_key_may_not_have_a_line_break_at_its_end(tmp_path: Path) -> None:
    for value in ("canary\n", "canary\r", " canary", "can ary", "can\x00ary", "canäry", "canary\u200b"):
        assert problems_of(tmp_path, **{**GOOD, "KIE_API_KEY": value}) == [
            "KIE_API_KEY: has a space, a line break or a letter that no key has"
        ]


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_is_read_from_a_file(tmp_path: Path, ending: str) -> None:
    (tmp_path / "token").write_bytes(f"canary-token-9{ending}".encode())
    settings = load(tmp_path, KIE_API_KEY="canary-key-2", DISCORD_TOKEN_FILE=str(tmp_path / "token"))
    assert settings.discord_token.get_secret_value() == "canary-token-9"


def test_a_secret_file_that_is_missing_blank_or_double_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blank").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    (tmp_path / "good").write_text("canary-key-5")
    common = {"DISCORD_TOKEN": "canary-token-1"}
    for environ, problem in (
        ({"KIE_API_KEY_FILE": str(tmp_path / "none")}, "KIE_API_KEY_FILE: cannot be read as a text file"),
        ({"KIE_API_KEY_FILE": str(tmp_path)}, "KIE_API_KEY_FILE: cannot be read as a text file"),
        ({"KIE_API_KEY_FILE": "\x00"}, "KIE_API_KEY_FILE: cannot be read as a text file"),
        ({"KIE_API_KEY_FILE": str(tmp_path / "bytes")}, "KIE_API_KEY_FILE: cannot be read as a text file"),
        ({"KIE_API_KEY_FILE": str(tmp_path / "blank")}, "KIE_API_KEY: is blank; fill it in or remove the line"),
        (
            {"KIE_API_KEY_FILE": str(tmp_path / "good"), "KIE_API_KEY": "canary-key-6"},
            "KIE_API_KEY: set it or KIE_API_KEY_FILE, not both",
        ),
    ):
        assert problems_of(tmp_path, **common, **environ) == [problem]


def test_any_one_service_is_enough(tmp_path: Path) -> None:
    for name in ("KIE_API_KEY", "ACEDATA_API_KEY", "LUMALABS_API_KEY"):
        load(tmp_path, **{"DISCORD_TOKEN": "canary-token-1", name: "canary-key-2"})
    assert problems_of(tmp_path, DISCORD_TOKEN="canary-token-1") == [
        "KIE_API_KEY, ACEDATA_API_KEY, LUMALABS_API_KEY: at least one must be set"
    ]


def test_a_previous_webhook_key_needs_a_present_one(tmp_path: Path) -> None:
    assert problems_of(tmp_path, **GOOD, KIE_WEBHOOK_KEY_PREVIOUS="canary-3") == [
        "KIE_WEBHOOK_KEY_PREVIOUS: needs KIE_WEBHOOK_KEY beside it"
    ]


def test_the_database_lies_in_the_data_folder_unless_it_is_named(tmp_path: Path) -> None:
    assert load(tmp_path, **GOOD, DATA_DIR="/srv/my bot").database_url.get_secret_value() == (
        "sqlite:////srv/my bot/luma.db"
    )
    named = load(tmp_path, **GOOD, DATA_DIR="/srv/bot", DATABASE_URL="sqlite:////db/x.db")
    assert named.database_url.get_secret_value() == "sqlite:////db/x.db"


def test_addresses_lose_their_last_slash_and_may_be_plain_http(tmp_path: Path) -> None:
    settings = load(
        tmp_path, **GOOD, PUBLIC_URL="http://127.0.0.1:8080/", KIE_API_URL="http://[::1]:9/base/",
        DISCORD_GATEWAY_URL="ws://localhost:8321/gateway",
    )  # fmt: skip
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.service_values("kie")["api_url"] == "http://[::1]:9/base"
    assert settings.discord_gateway_url == "ws://localhost:8321/gateway"


def test_addresses_that_cannot_be_are_refused(tmp_path: Path) -> None:
    for address in (
        "bot.example", "https://", "https://:8080", "https://bot.example:0", "https://bot.example:99999",
        "https://bot.example:x", "https://bot.example#x", "https://bot.example?x", "https://@bot.example",
        "https://bot example", "https://[::1", "https://bot.example/\n", "javascript:alert(1)", "//bot.example",
    ):  # fmt: skip
        found = problems_of(tmp_path, **GOOD, PUBLIC_URL=address)
        assert [problem.partition(":")[0] for problem in found] == ["PUBLIC_URL"], address


def test_lists_and_sizes_are_read_as_people_write_them(tmp_path: Path) -> None:
    settings = load(
        tmp_path, **GOOD, TRUSTED_MEDIA_HOSTS=" 127.0.0.1:9000, CDN.local:80 ,[::1]:443,", SHELF_BYTES="3 GiB",
        CLIP_MAX_BYTES="250MB", DISK_FREE_BYTES="1000", MODIFY_SERVICE="lumalabs", LOG_LEVEL="debug", LOG_FORMAT="JSON",
    )  # fmt: skip
    assert settings.trusted_media_hosts == ("127.0.0.1:9000", "cdn.local:80", "[::1]:443")
    assert (settings.shelf_bytes, settings.clip_max_bytes, settings.disk_free_bytes) == (3 * 1024**3, 250 * 10**6, 1000)
    assert (settings.modify_service, settings.log_level, settings.log_format) == (("lumalabs",), "DEBUG", "json")


def test_names_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    load(tmp_path, **GOOD, PATH="/bin", DISCORD_OPENAPI="x.json", HOME="/root", XDG_DATA_DIRS="/usr/share", TZ="UTC")


def test_every_name_in_the_file_must_be_ours(tmp_path: Path) -> None:
    file = "COMPOSE_PROJECT_NAME=luma\nTZ=UTC\nSOMETHING=else\n"
    assert problems_of(tmp_path, file, **GOOD) == ["SOMETHING: is not a setting"]


def test_a_file_that_is_not_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DISCORD_TOKEN=\xff\xfe\n")
    assert problems_of(tmp_path, **GOOD) == [".env: cannot be read as UTF-8 text"]


def test_settings_are_frozen_and_show_no_secret(tmp_path: Path) -> None:
    settings = load(tmp_path, **GOOD)
    with pytest.raises(ValidationError):
        settings.poll_seconds = 1.0
    for text in (repr(settings), str(settings), settings.model_dump_json(), f"{settings.discord_token}"):
        assert "canary" not in text
    assert sorted(settings.secret_values()) == ["canary-key-2", "canary-token-1"]


def test_the_constructor_never_reads_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLL_SECONDS", "9")
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("WEB_PORT=9\n")
    settings = setting_table.Settings.model_validate({"discord_token": "canary-token-1", "kie_api_key": "canary-key-2"})
    assert (settings.poll_seconds, settings.web_port) == (30, 8080)
    monkeypatch.setenv("DISCORD_TOKEN", "canary-token-1")
    monkeypatch.setenv("KIE_API_KEY", "canary-key-2")
    loaded = load_settings(setting_table.Settings)
    assert (loaded.poll_seconds, loaded.web_port) == (9, 9)


def test_a_service_brings_its_own_settings(tmp_path: Path) -> None:
    kind = settings_for({"toy": usual_settings("Toy", "https://toy.example", parallel=3)})
    environ = {"DISCORD_TOKEN": "canary-token-1", "TOY_API_KEY": "canary-key-2", "TOY_CREATES": "7"}
    values = load_settings(kind, environ, tmp_path / ".env").service_values("toy")
    assert values == {
        "api_key": "canary-key-2",
        "api_url": "https://toy.example",
        "parallel": 3,
        "creates": 7,
        "creates_window_seconds": 10.0,
    }
    with pytest.raises(ConfigError) as caught:
        load_settings(kind, {**environ, "MODIFY_SERVICE": "kie", "TOY_PARALEL": "9"}, tmp_path / ".env")
    assert caught.value.problems == [
        "TOY_PARALEL: is not a setting; is TOY_PARALLEL meant?",
        "MODIFY_SERVICE: may name toy",
    ]

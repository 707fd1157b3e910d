"""The log is one clean line per record; secrets never come through, by value or by shape."""

import base64
import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import HIDDEN, Redactor, set_up_logs

SECRET = "canary/key+91=c"
# assembled here: a whole one would look like a leak to whoever scans this repository
TOKEN = ".".join((base64.b64encode(b"112233445566778899").decode(), "GxYzAb", "k" * 20 + "_" + "Z" * 17))
CALLBACK = "A" * 20 + "-_" + "b" * 21

Log = tuple[logging.Logger, io.StringIO]


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    stream = io.StringIO()
    set_up_logs("DEBUG", request.param, [SECRET], stream)
    yield logging.getLogger("tests.canary"), stream
    logging.captureWarnings(False)
    root.handlers[:], root.level, logging.raiseExceptions = before


def test_secrets_are_hidden_by_value_and_by_shape(log: Log) -> None:
    logger, stream = log
    for text, secret in (
        (f"key {SECRET}", SECRET),
        ("key canary%2Fkey%2B91%3Dc in a query", "canary%2Fkey"),
        (f"logging in with {TOKEN}", TOKEN),
        (f"Authorization: Bot {TOKEN}", TOKEN),
        ("Authorization: Bearer sk-abcdefgh12345678", "sk-abcdefgh"),
        ("PATCH /webhooks/123456/aW50ZXJhY3Rpb24.secret-_x/messages/@original", "aW50ZXJhY3Rpb24"),
        ("POST https://discord.com/api/v10/interactions/99/aW50ZXJh-x/callback", "aW50ZXJh-x"),
        (f"POST /callbacks/kie/{CALLBACK} HTTP/1.1", CALLBACK),
        (f"https://bot.example/callbacks/kie/{CALLBACK}", CALLBACK),
        ("https://cdn.discordapp.com/attachments/1/2/clip.mp4?ex=65d903de&is=65c68ede&hm=2481f30dd67f50", "2481f30d"),
        ("https://cdn.discordapp.com/attachments/1/2/clip.mp4?ex=65d903de&is=65c68ede&hm=2481f30dd67f50", "65d903de"),
        ("https://tempfile.example/v/f00dcafe.mp4", "f00dcafe"),
        ("GET /files/a.mp4?exp=1700000000&sig=c0ffee11", "c0ffee11"),
        ("https://s3.example/x?X-Amz-Signature=beef&X-Amz-Credential=AKIAX", "beef"),
        ("wss://gateway.example/?token=opensesame", "opensesame"),
    ):
        logger.info(text)
        logger.info("%s", text)
        logger.info("field", extra={"where": text})
        assert secret not in stream.getvalue(), text
    assert HIDDEN in stream.getvalue()


def test_tracebacks_are_clean_too(log: Log) -> None:
    logger, stream = log
    try:
        try:
            raise ValueError(f"inner {SECRET}")
        except ValueError as error:
            raise RuntimeError(f"outer https://x.example/secretpath?sig=feed {TOKEN}") from error
    except RuntimeError:
        logger.exception("step failed", stack_info=True)
    written = stream.getvalue()
    assert "RuntimeError" in written
    assert "ValueError" in written
    for secret in (SECRET, TOKEN, "secretpath", "feed"):
        assert secret not in written


def test_arguments_that_do_not_fit_the_text_leak_nothing(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    logger, stream = log
    logger.handle(logger.makeRecord(logger.name, logging.INFO, "file", 1, "one %s", (SECRET, TOKEN), None))
    logger.info("a number %d", SECRET)
    assert SECRET not in stream.getvalue() + capsys.readouterr().err
    assert "do not fit" in stream.getvalue()


def test_warnings_go_through_the_log(log: Log) -> None:
    import warnings

    _, stream = log
    with warnings.catch_warnings():
        warnings.simplefilter("default")
        warnings.warn(f"look at {SECRET}", stacklevel=1)
    assert "look at [hidden]" in stream.getvalue()


def test_libraries_stay_at_info(log: Log) -> None:
    _, stream = log
    for name in ("discord.http", "discord.gateway", "aiohttp.access", "asyncio"):
        logging.getLogger(name).debug("payload")
        logging.getLogger(name).info("kept")
    assert "payload" not in stream.getvalue()
    assert stream.getvalue().count("kept") == 4


def lines_of(form: str, level: str = "INFO") -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    logger = logging.Logger("tests.lines", level)
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.raiseExceptions
    logger.addHandler(set_up_logs(level, "json" if form == "json" else "text", [SECRET], stream))
    root.handlers[:], root.level, logging.raiseExceptions = before
    logging.captureWarnings(False)
    return logger, stream


def test_a_text_line_has_time_level_logger_job_and_message() -> None:
    logger, stream = lines_of("text")
    logger.info("submitted", extra={"job": "K7M2Q", "service": "kie"})
    at, level, name, rest = stream.getvalue().rstrip("\n").split(None, 3)
    assert (at[10], at[-1], level, name) == ("T", "Z", "INFO", "tests.lines")
    assert rest == "job=K7M2Q submitted service=kie"


def test_a_json_line_keeps_numbers_and_the_job() -> None:
    logger, stream = lines_of("json")
    logger.warning(
        "polled %s", "x", extra={"job": "K7M2Q", "tries": 3, "late": True, "url": "https://a.example/b?sig=1"}
    )
    line = json.loads(stream.getvalue())
    assert (line["job"], line["tries"], line["late"], line["message"], line["level"]) == (
        "K7M2Q", 3, True, "polled x", "WARNING",
    )  # fmt: skip
    assert line["url"].startswith("https://a.example/[")


def test_nobodys_text_can_pretend_to_be_a_line() -> None:
    logger, stream = lines_of("text")
    logger.info("prompt %s", "a\n2026-01-01T00:00:00Z ERROR root forged\x1b[31m\u2028\u202e", extra={"x": "b\nc"})
    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


def test_ordinary_lines_stay_readable() -> None:
    clean = Redactor([SECRET, "abc"]).clean
    for text in (
        "We are being rate limited. POST https://discord.com/api/v10/channels/12/messages responded with 429.",
        "listening on http://127.0.0.1:8080",
        "job abc moved queued to running, this is=fine",
        "Shard ID None has connected to Gateway (Session ID: 0123abcd).",
    ):
        assert clean(text) == text.replace("is=fine", f"is={HIDDEN}")


@given(st.text(), st.text(min_size=4), st.text())
def test_no_text_around_a_secret_brings_it_through(before: str, secret: str, after: str) -> None:
    cleaned = Redactor([secret]).clean(before + secret + after)
    assert secret not in cleaned.replace(HIDDEN, "\n" * (len(secret) + 1)) or secret in HIDDEN


def test_addresses_that_cannot_be_parsed_are_hidden() -> None:
    assert Redactor().clean("at https://[::1/secretpath now") == f"at {HIDDEN} now"
    assert Redactor().clean("at https://x.example:99999/secretpath now") == f"at {HIDDEN} now"

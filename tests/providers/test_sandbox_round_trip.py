"""Send one job of each service through the stand-in services over real HTTP."""

import json
import time
from pathlib import Path

import pytest

from jobs.errors import (
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderAuthError,
    ProviderError,
    ProviderGoneError,
    ProviderProtocolError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from jobs.job import ClipSource, Kind, Request
from jobs.ports import Order, Progress, Provider, Status
from providers import SERVICES
from sandbox.video import draw_clip
from tests.providers.cases import settings_for
from tests.sandbox.video_client import KEY, Client, open_client

WEBHOOK_KEY = "webhook-key-1"


class WallClock:
    """Tell the machine's time, by which the stand-in signs and expires."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return int(time.time() * 1000)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw a clip of one second."""
    return draw_clip(tmp_path_factory.mktemp("round-trip") / "clip.mp4", 1, 320, 180)


def open_kie(client: Client, **changes: object) -> Provider:
    """Return KIE as the stand-in plays it."""
    url = client.server.url
    settings = {"api_key": KEY, "api_url": url, "upload_url": url, "webhook_keys": (WEBHOOK_KEY,)} | changes
    return SERVICES["kie"](settings_for(**settings), client.session, WallClock())


def order_of(client: Client, prompt: str = "warm", clip_url: str = "") -> Order:
    """Return an order to modify the sample clip."""
    request = Request(Kind.MODIFY, prompt, clip=ClipSource(client.clip_url))
    return Order(request, clip_url or client.clip_url, client.mailbox.url)


async def read(provider: Provider, task_id: str) -> Status | Exception:
    """Return what the service says of one task."""
    return (await provider.poll([task_id]))[task_id]


async def test_kie_takes_an_uploaded_clip_and_gives_a_video(clip: Path) -> None:
    async with open_client(clip, webhook_key=WEBHOOK_KEY, instant=False) as client:
        kie = open_kie(client)
        before = await kie.balance()
        uploaded = await kie.upload(clip, clip.name)
        accepted = await kie.submit(order_of(client, clip_url=uploaded.url))
        await client.mailbox.wait(1)
        headers, letter = client.mailbox.letters[0]
        assert kie.read_callback(headers, json.dumps(letter).encode()).provider_job_id == accepted.provider_job_id
        status = await read(kie, accepted.provider_job_id)
        assert isinstance(status, Status)
        assert (status.progress, len(status.urls)) == (Progress.DONE, 1)
        link = await kie.link(status.urls[0])
        assert link.url != status.urls[0]
        assert link.expires_at_ms
        code, video = await client.download(link.url)
        assert (code, video[4:8]) == (200, b"ftyp")
        after = await kie.balance()
        assert before is not None
        assert after is not None
        assert after < before


async def submitted(provider: Provider, order: Order) -> Exception | None:
    """Return what a submit raises."""
    try:
        await provider.submit(order)
    except ProviderError as error:
        return error
    return None


async def test_kie_says_no_in_words_that_fit(clip: Path) -> None:
    refusals = [
        ("submit", 429, RateLimitedError, 0),
        ("submit-http", 429, RateLimitedError, 0),
        ("submit", 455, ProviderUnavailableError, 0),
        ("submit", 402, OutOfCreditError, 0),
        ("submit", 422, ProviderRefusedError, 0),
        ("submit-http", 505, ProviderGoneError, 0),
        ("submit-html", 404, ProviderGoneError, 0),
        ("submit", 500, OutcomeUnknownError, 0),
        ("drop-before", "", OutcomeUnknownError, 0),
        ("drop-after", "", OutcomeUnknownError, 1),
        ("error-after", 500, OutcomeUnknownError, 1),
        ("html-after", 502, OutcomeUnknownError, 1),
        ("no-id", "", OutcomeUnknownError, 1),
    ]
    async with open_client(clip, parallel=0) as client:
        kie = open_kie(client)
        for fault, value, kind, created in refusals:
            before = len(client.server.ledger.tasks)
            client.server.faults.add(fault, value, times=1)
            assert type(await submitted(kie, order_of(client))) is kind, fault
            assert len(client.server.ledger.tasks) - before == created, fault
        strange = open_kie(client, api_key="another-key")
        assert type(await submitted(strange, order_of(client))) is ProviderAuthError


async def test_kie_is_read_through_faults(clip: Path) -> None:
    async with open_client(clip) as client:
        kie = open_kie(client)
        unknown = await read(kie, "0123456789abcdef0123456789abcdef")
        assert isinstance(unknown, ProviderUnavailableError)
        assert unknown.code == "unknown_task"
        task_id = (await kie.submit(order_of(client))).provider_job_id
        await client.server.ledger.tasks[task_id].ended.wait()
        for fault, value, times in (
            ("poll", 500, 1),
            ("poll-http", 503, 1),
            ("poll-html", 502, 1),
            ("poll-drop", "", 2),  # aiohttp repeats a GET whose connection was closed
            ("poll-null", "", 1),
        ):
            client.server.faults.add(fault, value, times=times)
            assert type(await read(kie, task_id)) is ProviderUnavailableError, fault
        client.server.faults.add("no-url", times=1)
        assert type(await read(kie, task_id)) is ProviderProtocolError
        for shape, progress in (("flat", Progress.DONE), ("words", Progress.DONE), ("unknown", Progress.RUNNING)):
            client.server.faults.add("odd-status", shape, times=1)
            status = await read(kie, task_id)
            assert isinstance(status, Status)
            assert status.progress is progress

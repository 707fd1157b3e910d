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
from jobs.services import (
    CallbackNote,
    Order,
    Progress,
    Provider,
    Status,
)
from providers import SERVICES
from sandbox.video import draw_clip
from tests.providers.cases import settings_for
from tests.sandbox.video_client import KEY, Client, open_client

WEBHOOK_KEY = "webhook-key-1"
PATHS = {"lumalabs": "/dream-machine/v1"}


class WallClock:
    """Tell the machine's time, by which the stand-in signs and expires."""

    def now_ms(self) -> int:
        """Return Unix time in milliseconds."""
        return int(time.time() * 1000)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw a clip of one second."""
    return draw_clip(tmp_path_factory.mktemp("round-trip") / "clip.mp4", 1, 320, 180)


def open_service(name: str, client: Client, **changes: object) -> Provider:
    """Return a service as the stand-in plays it."""
    url = client.server.url
    settings = {"api_key": KEY, "api_url": url + PATHS.get(name, ""), "upload_url": url} | changes
    return SERVICES[name](settings_for(**settings), client.session, WallClock())


def order_of(
    client: Client, kind: Kind = Kind.MODIFY, prompt: str = "warm", clip_url: str = "", **options: str
) -> Order:
    """Return an order, of the sample clip where one is modified."""
    source = ClipSource(client.clip_url) if kind is Kind.MODIFY else None
    url = (clip_url or client.clip_url) if source else None
    return Order(Request(kind, "warm", clip=source, options=options), url, client.mailbox.url)


def first_kind(provider: Provider) -> Kind:
    """Return a kind of job a service does."""
    return next(kind for kind in Kind if kind in provider.abilities.kinds)


async def read(provider: Provider, task_id: str) -> Status | Exception:
    """Return what the service says of one task."""
    return (await provider.poll([task_id]))[task_id]


async def submitted(provider: Provider, order: Order) -> Exception | None:
    """Return what a submit raises."""
    try:
        await provider.submit(order)
    except ProviderError as error:
        return error
    return None


async def finished(client: Client, provider: Provider, order: Order) -> str:
    """Send an order, wait for its last callback, and return the address of the video it names."""
    accepted = await provider.submit(order)
    task = client.server.ledger.tasks[accepted.provider_job_id]
    await task.ended.wait()
    notes = await letters_of(client, provider, accepted.provider_job_id)
    assert set(notes) == {CallbackNote(accepted.provider_job_id)}
    status = await read(provider, accepted.provider_job_id)
    assert isinstance(status, Status), status
    assert (status.progress, len(status.urls)) == (Progress.DONE, 1)
    code, video = await client.download(status.urls[0])
    assert (code, video[4:8]) == (200, b"ftyp")
    return status.urls[0]


async def letters_of(client: Client, provider: Provider, task_id: str) -> list[CallbackNote]:
    """Wait for the callback that tells of a task's end; return what each of its callbacks is believed."""
    count = 0
    while True:
        count += 1
        await client.mailbox.wait(count)
        text = json.dumps(client.mailbox.letters[count - 1][1])
        if task_id in text and ("resultUrls" in text or "completed" in text):
            break
    letters = [letter for letter in client.mailbox.letters if task_id in json.dumps(letter[1])]
    return [provider.read_callback(headers, json.dumps(letter).encode()) for headers, letter in letters]


async def test_kie_takes_an_uploaded_clip_and_gives_a_video(clip: Path) -> None:
    async with open_client(clip, webhook_key=WEBHOOK_KEY, instant=False) as client:
        kie = open_service("kie", client, webhook_keys=(WEBHOOK_KEY,))
        before = await kie.balance()
        uploaded = await kie.upload(clip, clip.name)
        url = await finished(client, kie, order_of(client, clip_url=uploaded.url))
        link = await kie.link(url)
        assert link.url != url
        assert link.expires_at_ms
        assert (await client.download(link.url))[0] == 200
        after = await kie.balance()
        assert before is not None
        assert after is not None
        assert after < before


async def test_ace_data_generates_and_extends_a_video(clip: Path) -> None:
    async with open_client(clip, scene_seconds=0.5, scene_side=320) as client:
        acedata = open_service("acedata", client)
        url = await finished(client, acedata, order_of(client, Kind.GENERATE, aspect_ratio="1:1"))
        await finished(client, acedata, order_of(client, Kind.EXTEND, video_url=url))
        tasks = client.server.ledger.tasks
        assert [task.kind for task in tasks.values()] == ["generate", "extend"]
        statuses = await acedata.poll([*tasks, "unknown-task-1"])
        assert [getattr(status, "progress", None) for status in statuses.values()] == [
            Progress.DONE,
            Progress.DONE,
            None,
        ]


async def test_ace_data_is_waited_for_as_long_as_it_is_told(clip: Path) -> None:
    async with open_client(clip, scene_seconds=0.2, scene_side=160) as client:
        patient = open_service("acedata", client, more={"mode": "synchronous", "timeout_seconds": 20})
        order = order_of(client, Kind.GENERATE)
        accepted = await patient.submit(order)
        assert accepted.status is not None
        assert accepted.status.progress is Progress.DONE
        assert (await client.download(accepted.status.urls[0]))[0] == 200
        task = client.server.ledger.tasks[accepted.provider_job_id]
        assert (task.request["timeout"], task.request.get("async"), task.polls) == (20, None, 0)
        assert await read(patient, task.task_id) == accepted.status, "it could be read as well"
        client.server.faults.add("hold")
        impatient = open_service("acedata", client, more={"mode": "synchronous", "timeout_seconds": 1})
        late = await submitted(impatient, order)
        assert (type(late), getattr(late, "code", "")) == (OutcomeUnknownError, "timeout")
        client.server.faults.clear("hold")
        client.server.faults.add("moderate", "no", times=1)
        assert type(await submitted(patient, order)) is ProviderRefusedError
        assert not client.mailbox.letters


async def test_luma_labs_modifies_a_clip_and_cancels_another(clip: Path) -> None:
    async with open_client(clip, instant=False) as client:
        lumalabs = open_service("lumalabs", client)
        before = await lumalabs.balance()
        await finished(client, lumalabs, order_of(client, strength="adhere_1", model="ray-flash-2"))
        after = await lumalabs.balance()
        assert before is not None
        assert after is not None
        assert after < before
        client.server.faults.add("hold")
        accepted = await lumalabs.submit(order_of(client))
        assert await lumalabs.cancel(accepted.provider_job_id)
        assert not await lumalabs.cancel(accepted.provider_job_id)
        gone = await read(lumalabs, accepted.provider_job_id)
        assert isinstance(gone, ProviderUnavailableError)
        assert gone.code == "unknown_task"
        client.server.faults.clear("hold")


REFUSALS = [
    ("submit-http", 429, RateLimitedError, 0),
    ("submit-http", 401, ProviderAuthError, 0),
    ("submit-http", 402, OutOfCreditError, 0),
    ("submit-http", 422, ProviderRefusedError, 0),
    ("submit-http", 404, ProviderGoneError, 0),
    ("submit-html", 404, ProviderGoneError, 0),
    ("submit-html", 200, OutcomeUnknownError, 0),
    ("submit-http", 500, OutcomeUnknownError, 0),
    ("drop-before", "", OutcomeUnknownError, 0),
    ("drop-after", "", OutcomeUnknownError, 1),
    ("error-after", 500, OutcomeUnknownError, 1),
    ("html-after", 502, OutcomeUnknownError, 1),
    ("no-id", "", OutcomeUnknownError, 1),
]


@pytest.mark.parametrize("name", list(SERVICES))
async def test_a_service_says_no_in_words_that_fit(name: str, clip: Path) -> None:
    async with open_client(clip, parallel=0, scene_seconds=0.2, scene_side=160) as client:
        provider = open_service(name, client)
        order = order_of(client, first_kind(provider))
        for fault, value, kind, created in REFUSALS:
            before = len(client.server.ledger.tasks)
            client.server.faults.add(fault, value, times=1)
            assert type(await submitted(provider, order)) is kind, (fault, value)
            assert len(client.server.ledger.tasks) - before == created, (fault, value)
        strange = open_service(name, client, api_key="another-key")
        assert type(await submitted(strange, order)) is ProviderAuthError


@pytest.mark.parametrize("name", list(SERVICES))
async def test_a_service_is_read_through_faults(name: str, clip: Path) -> None:
    async with open_client(clip, scene_seconds=0.2, scene_side=160) as client:
        provider = open_service(name, client)
        unknown = await read(provider, "0123456789abcdef0123456789abcdef")
        assert isinstance(unknown, ProviderUnavailableError)
        assert unknown.code == "unknown_task"
        task_id = (await provider.submit(order_of(client, first_kind(provider)))).provider_job_id
        await client.server.ledger.tasks[task_id].ended.wait()
        for fault, value, times in (
            ("poll-http", 500, 1),
            ("poll-http", 503, 1),
            ("poll-html", 502, 1),
            ("poll-drop", "", 2),  # aiohttp repeats a GET whose connection was closed
        ):
            client.server.faults.add(fault, value, times=times)
            assert type(await read(provider, task_id)) is ProviderUnavailableError, fault
            client.server.faults.clear(fault)
        client.server.faults.add("no-url", times=1)
        assert type(await read(provider, task_id)) is ProviderProtocolError
        status = await read(provider, task_id)
        assert isinstance(status, Status)
        assert status.progress is Progress.DONE


async def test_kie_is_read_in_all_its_shapes(clip: Path) -> None:
    async with open_client(clip) as client:
        kie = open_service("kie", client)
        task_id = (await kie.submit(order_of(client))).provider_job_id
        await client.server.ledger.tasks[task_id].ended.wait()
        client.server.faults.add("poll-null", times=1)
        assert type(await read(kie, task_id)) is ProviderUnavailableError
        for shape, progress in (("flat", Progress.DONE), ("words", Progress.DONE), ("unknown", Progress.RUNNING)):
            client.server.faults.add("odd-status", shape, times=1)
            status = await read(kie, task_id)
            assert isinstance(status, Status)
            assert status.progress is progress

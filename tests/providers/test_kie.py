"""Hold KIE's own wire format: bodies, credits, uploads, links, signed callbacks, mangled answers."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.errors import (
    CallbackError,
    ProviderAuthError,
    ProviderError,
    ProviderProtocolError,
    ProviderRefusedError,
    ProviderUnavailableError,
)
from jobs.services import Progress, Status, TemporaryLink
from providers import ServiceSettings, kie
from providers.answers import Answer
from providers.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, sign_task
from tests.fakes import START_MS, FakeClock
from tests.providers.cases import CALLBACK_URL, CLIP_URL, PROMPT, TASK, VIDEO, open_service, order_for
from tests.providers.mangle import ROUNDS, outcomes
from tests.providers.wire import Act, Reply, Wire, load, names

KEY = "webhook-key-1"
STAMP = str(START_MS // 1000)
DAY_MS = 24 * 3_600_000


def test_a_submit_holds_the_documented_fields_and_no_other() -> None:
    order = order_for(kie._abilities(ServiceSettings("key")))
    assert kie.build_submit(order) == {"prompt": PROMPT, "videoUrl": CLIP_URL, "callBackUrl": CALLBACK_URL}
    marked = replace(order, request=replace(order.request, options={"watermark": "us", "strength": "flex_1"}))
    assert kie.build_submit(marked)["watermark"] == "us"
    assert set(kie.build_submit(marked)) == {"prompt", "videoUrl", "callBackUrl", "watermark"}
    unmarked = replace(order, callback_url=None, request=replace(order.request, options={"watermark": ""}))
    assert set(kie.build_submit(unmarked)) == {"prompt", "videoUrl"}


async def test_a_status_is_asked_for_by_its_task() -> None:
    async with Wire(load("kie", "status_done")) as wire:
        await open_service("kie", wire).poll([TASK, "a/b&c"])
    paths = {(each.method, each.path, each.query["taskId"]) for each in wire.received}
    path = "/api/v1/modify/record-info"
    assert paths == {("GET", path, TASK), ("GET", path, "a/b&c")}


def test_a_failure_keeps_the_services_words_without_addresses() -> None:
    def read(name: str) -> Status:
        reply = load("kie", name)
        return kie.read_status(Answer(reply.status, reply.body), TASK, START_MS)

    assert read("status_failed") == Status(Progress.FAILED, reason="generation failed", code="501")
    assert read("status_failed_jobs_text") == Status(Progress.FAILED, reason="moderated", code="400")
    assert read("status_failed_outer_msg") == Status(Progress.FAILED, reason="the prompt was moderated", code="3")
    assert read("status_failed_silently") == Status(Progress.FAILED, reason="", code="3")
    reply = load("kie", "submit_refused_451")
    with pytest.raises(ProviderRefusedError, match=r"could not fetch \[link\]") as caught:
        kie.read_submit(Answer(reply.status, reply.body))
    assert caught.value.code == "451"


def test_a_video_that_does_not_come_is_waited_for_ten_minutes() -> None:
    reply = load("kie", "status_done")
    body = reply.body.replace(VIDEO.encode(), b"")
    finished_ms = 1_700_000_100_000
    with pytest.raises(ProviderProtocolError):
        kie.read_status(Answer(200, body), TASK, finished_ms + 600_000)
    status = kie.read_status(Answer(200, body), TASK, finished_ms + 600_001)
    assert (status.progress, status.code) == (Progress.FAILED, "no_result")


@pytest.mark.parametrize(
    ("name", "credit"),
    [
        ("balance", 100.0),
        ("balance_fraction", 812.5),
        ("balance_text", 812.5),
        ("balance_zero", 0.0),
        ("balance_unknown", None),
        ("balance_unknown_null", None),
    ],
)
async def test_credits_are_read_and_never_guessed(name: str, credit: float | None) -> None:
    async with Wire(load("kie", name)) as wire:
        assert await open_service("kie", wire).balance() == credit
    assert wire.received[0].path == "/api/v1/chat/credit"


async def test_credits_that_cannot_be_asked_for_say_why() -> None:
    async with Wire(load("kie", "status_bad_key")) as wire:
        with pytest.raises(ProviderAuthError):
            await open_service("kie", wire).balance()


async def test_an_upload_streams_the_file_under_a_random_name(tmp_path: Path) -> None:
    clip = tmp_path / "my holiday.MOV"
    clip.write_bytes(bytes(range(256)) * 4_096)
    async with Wire(load("kie", "upload")) as wire:
        provider = open_service("kie", wire)
        links = [await provider.upload(clip, clip.name) for _ in range(2)]
    first, second = (received.body for received in wire.received)
    assert links[0] == TemporaryLink("https://tempfile.example/up/a.mp4", START_MS + 3 * DAY_MS)
    assert clip.read_bytes() in first
    assert b"holiday" not in first
    assert b'name="uploadPath"\r\n\r\nluma-bot\r\n' in first
    file_names = [re.findall(rb'name="fileName"\r\n\r\n([0-9a-f]{32}\.mov)\r\n', body) for body in (first, second)]
    assert file_names[0]
    assert file_names[0] != file_names[1]
    assert wire.received[0].headers["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("name", "link"),
    [
        ("upload_quickstart", TemporaryLink("https://tempfile.example/up/a.mp4", 1_795_564_800_000)),
        ("upload_file_url", TemporaryLink("https://tempfile.example/up/a.mp4", START_MS + 3 * DAY_MS)),
        ("upload_refused", ProviderRefusedError),
        ("upload_away", ProviderUnavailableError),
        ("upload_unsure", ProviderUnavailableError),
        ("upload_firewall", ProviderAuthError),
        ("upload_no_url", ProviderProtocolError),
    ],
)
async def test_an_upload_comes_to_what_its_answer_means(
    name: str, link: TemporaryLink | type[ProviderError], tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"video")
    async with Wire(load("kie", name)) as wire:
        provider = open_service("kie", wire)
        if isinstance(link, TemporaryLink):
            assert await provider.upload(clip, clip.name) == link
            return
        with pytest.raises(link) as caught:
            await provider.upload(clip, clip.name)
        assert type(caught.value) is link


async def test_an_upload_that_breaks_may_be_tried_again(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"video")
    async with Wire(Reply(act=Act.DROP)) as wire:
        provider = open_service("kie", wire)
        for path in (clip, tmp_path / "gone.mp4"):
            with pytest.raises(ProviderUnavailableError):
                await provider.upload(path, path.name)


async def test_a_download_link_ends_after_twenty_minutes() -> None:
    async with Wire(load("kie", "link")) as wire:
        link = await open_service("kie", wire).link(VIDEO)
    assert link == TemporaryLink("https://tempfile.example/signed?x=1", START_MS + 20 * 60_000)
    assert wire.received[0].path == "/api/v1/common/download-url"
    assert wire.received[0].json() == {"url": VIDEO}


async def test_without_a_download_link_the_address_itself_must_do() -> None:
    for name in ["link_foreign", *names("kie", "status_")]:
        async with Wire(load("kie", name)) as wire:
            assert await open_service("kie", wire).link(VIDEO) == TemporaryLink(VIDEO)
    async with Wire(Reply(act=Act.DROP)) as wire:
        assert await open_service("kie", wire).link(VIDEO) == TemporaryLink(VIDEO)


def signed(body: bytes, task_id: str = TASK, *, key: str = KEY, timestamp: str = STAMP) -> int:
    """Return 200, or the status a signed callback is refused with."""
    headers = {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: sign_task(key, task_id, timestamp)}
    try:
        note = kie.read_callback(headers, body, [KEY, "old-key"], now_ms=START_MS, window_ms=300_000)
    except CallbackError as error:
        return error.status
    assert note.provider_job_id == task_id
    return 200


def test_a_signed_callback_is_taken_in_all_its_shapes() -> None:
    for name in names("kie", "callback_"):
        if name in ("callback_nameless", "callback_two_ids", "callback_foreign"):
            continue
        assert signed(load("kie", name).body) == 200, name
        assert signed(load("kie", name).body, key="old-key") == 200
        assert signed(load("kie", name).body, key="older-key") == 401


def test_a_signature_of_one_task_does_not_serve_another() -> None:
    assert signed(load("kie", "callback_foreign").body) == 401
    assert signed(load("kie", "callback_two_ids").body) == 400
    assert signed(load("kie", "callback_nameless").body) == 400


def test_a_callback_with_a_body_of_other_content_still_says_only_which_task() -> None:
    swaps = [
        b'{"code":200,"data":{"taskId":"%s","resultUrls":["https://attacker.example/x"]}}',
        b'{"code":500,"msg":"failed","data":{"taskId":"%s"}}',
        b'{"code":200,"data":{"taskId":"%s","promptJson":"{}"}}',
        b'{"code":"x","data":{"taskId":"%s","info":null}}',
        b'{"taskId":"%s","status":3}',
    ]
    assert [signed(body % TASK.encode()) for body in swaps] == [200] * 5


def test_task_ids_of_other_shapes_touch_nothing() -> None:
    values = [
        "null",
        "7",
        "[]",
        "{}",
        '""',
        '"aaaaaaa"',
        f'"{"a" * 65}"',
        '"a.17000000"',
        '"aaaaaaaa\\r\\n"',
        '"../../../etc"',
        f'"{"a" * 1_000_000}"',
        "true",
        '["774d9a7dd608a0e49293903095e45a4c"]',
    ]
    for value in values:
        assert signed(b'{"code":200,"data":{"taskId":%s}}' % value.encode()) == 400, value[:40]
    assert signed(b'{"code":200,"data":{}}') == 400


async def test_the_class_verifies_with_its_own_keys_clock_and_window() -> None:
    body, clock = load("kie", "callback_done").body, FakeClock()
    headers = {TIMESTAMP_HEADER: STAMP, SIGNATURE_HEADER: sign_task(KEY, TASK, STAMP)}
    async with Wire(Reply()) as wire:
        provider = open_service("kie", wire, clock=clock, webhook_keys=(KEY,), webhook_age_seconds=60)
        assert provider.read_callback(headers, body).provider_job_id == TASK
        with pytest.raises(CallbackError) as unsigned:
            provider.read_callback({}, body)
        clock.advance(60_001)
        with pytest.raises(CallbackError) as late:
            provider.read_callback(headers, body)
    assert (unsigned.value.status, late.value.status) == (401, 401)
    assert KEY not in repr(provider) + repr(vars(provider))


def test_mangled_answers_come_to_errors_of_the_tree_alone() -> None:
    def read_callback(answer: Answer) -> object:
        return kie.read_callback({}, answer.body, [], now_ms=START_MS, window_ms=300_000)

    counts = outcomes(
        "kie",
        1,
        {
            "submit_": kie.read_submit,
            "status_": lambda answer: kie.read_status(answer, TASK, START_MS),
            "callback_": read_callback,
            "balance": kie.read_balance,
            "upload": lambda answer: kie.read_upload(answer, START_MS),
            "link": lambda answer: kie.read_link(answer, START_MS),
        },
    )
    assert sum(counts.values()) == ROUNDS
    assert {"Accepted", "Status", "OutcomeUnknownError", "ProviderProtocolError", "CallbackError"} <= set(counts)

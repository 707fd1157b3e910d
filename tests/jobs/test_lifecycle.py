"""Hold every move of a job: each stage, each error in each stage, and who is told and charged."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobs.errors import (
    BeyondUsError,
    DeliveryError,
    DeliveryRetryError,
    DiskFullError,
    MediaError,
    OutcomeUnknownError,
    OutOfCreditError,
    ProviderAuthError,
    ProviderError,
    ProviderGoneError,
    ProviderProtocolError,
    ProviderRefusedError,
    ProviderUnavailableError,
    RateLimitedError,
    SourceUnavailableError,
    StorageError,
    TooLargeError,
    UnusableClipError,
    UserError,
)
from jobs.job import TOO_LARGE, Charge, ClipSource, Failure, FailureCode, Kind, Remark, Request, State
from jobs.ports import Fitted, VideoPost
from jobs.retries import HOUR_MS, MINUTE_MS, UNKNOWN_TASK
from jobs.services import Accepted, Progress, Status
from tests.fakes import abilities_of
from tests.jobs.making import make_new
from tests.jobs.world import World, open_world

DONE = Status(Progress.DONE, ("https://service.example/v.mp4?sig=secret",))
REFUSED = Status(Progress.FAILED, reason="moderation", code="501")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = await open_world(tmp_path)
    yield opened
    await opened.worker.stop(1)
    await opened.database.close()


# --- straight through ---


async def test_a_job_runs_straight_through(world: World) -> None:
    job = await world.accept()
    await world.work()
    running = await world.read(job)
    assert (running.state, running.provider_job_id) == (State.RUNNING, "task-1")
    world.provider.status = DONE
    await world.call_back("task-1")
    await world.work()
    done = await world.read(job)
    assert done.state is State.DELIVERED
    assert done.result is not None
    assert done.result.file
    assert done.result_message_id == 800
    assert len(world.provider.billed) == len(world.delivery.messages) == 1
    assert await world.reservation(job) == "settled"
    assert world.delivery.searched == [], "a first post needs no search"
    events = [event.event for event in await world.store.events(job.id)]
    assert events == [
        "queue", "placed", "opened", "prepared", "submit", "accepted", "callback", "finished", "downloaded",
        "posting", "told",
    ]  # fmt: skip


async def test_the_order_carries_the_hosted_clip_and_an_address_of_its_own(world: World) -> None:
    await world.accept()
    await world.work()
    order = world.provider.billed[0]
    assert order.clip_url is not None
    assert order.clip_url.startswith("https://bot.example/files/clip-")
    assert order.callback_url == f"https://bot.example/callbacks/kie/{world.tokens[0]}"


async def test_without_a_public_address_the_clip_is_uploaded(world: World) -> None:
    world.clips.hosted = False
    await world.accept()
    await world.work()
    assert len(world.provider.uploaded) == 1
    assert (world.provider.billed[0].clip_url or "").startswith("https://upload.example/")


async def test_without_callbacks_polling_alone_finds_the_end(world: World) -> None:
    job = await world.accept()
    world.provider.on_poll = [Status(Progress.RUNNING)] * 3
    world.provider.status = DONE
    await world.run_to(job, State.DELIVERED)
    assert len(world.provider.polled) == 4


async def test_a_service_that_answers_at_once_is_read_at_once(world: World) -> None:
    world.provider.on_submit = [Accepted("t", DONE)]
    world.provider.status = DONE
    job = await world.accept()
    await world.work()
    assert (await world.read(job)).state is State.DELIVERED


async def test_the_same_interaction_makes_one_job(world: World) -> None:
    first, new = await world.intake.queue(make_new(77))
    again, new_again = await world.intake.queue(make_new(77))
    assert (first.id, new, new_again) == (again.id, True, False)


async def test_a_job_whose_card_never_came_begins_by_itself(world: World) -> None:
    job, _ = await world.intake.queue(make_new(5))
    await world.work()
    assert (await world.read(job)).state is State.QUEUED
    world.clock.advance(world.timings.place_wait_ms)
    await world.work()
    placed = await world.read(job)
    assert placed.state is State.RUNNING
    assert placed.card_message_id == 700


async def test_a_place_that_cannot_be_opened_does_not_hold_the_job(world: World) -> None:
    world.delivery.on_open = [DeliveryError("no threads here")] * 2
    job = await world.accept()
    world.provider.status = DONE
    await world.run_to(job, State.DELIVERED)


# --- before anything is spent ---


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnusableClipError("12 s; 10 s at most", rule="seconds"), FailureCode.UNUSABLE_CLIP),
        (MediaError("broken"), FailureCode.CLIP_UNREACHABLE),
        (ValueError("a bug"), FailureCode.INTERNAL),
    ],
)
async def test_a_clip_that_will_not_do_ends_the_job_unpaid(world: World, error: Exception, code: FailureCode) -> None:
    world.clips.on_prepare = [error]
    job = await world.accept()
    await world.work()
    failed = await world.read(job)
    assert failed.state is State.FAILED
    assert failed.failure is not None
    assert failed.failure.code is code
    assert world.provider.billed == []
    assert [kind for kind, _, _ in world.delivery.messages] == ["failure"]
    assert await world.reservation(job) == "released"


@pytest.mark.parametrize("error", [SourceUnavailableError("cut"), DiskFullError("full"), OSError(28, "no space")])
async def test_a_clip_that_cannot_be_fetched_now_is_fetched_later(world: World, error: Exception) -> None:
    world.clips.on_prepare = [error]
    job = await world.accept()
    await world.run_to(job, State.RUNNING)
    assert len(world.clips.prepared) == 1


# --- the paid request ---


@pytest.mark.parametrize(
    "error",
    [
        ProviderUnavailableError("kie", "refused the connection"),
        ProviderUnavailableError("kie", "maintenance", code="455", maintenance=True),
        RateLimitedError("kie", "429", retry_after_seconds=4),
        OutOfCreditError("kie", "402"),
        ProviderAuthError("kie", "401"),
        ProviderGoneError("kie", "505"),
    ],
)
async def test_a_refusal_that_created_nothing_is_sent_again_later(world: World, error: ProviderError) -> None:
    world.provider.on_submit = [error]
    job = await world.accept()
    await world.work()
    waiting = await world.read(job)
    assert waiting.state is State.QUEUED
    assert waiting.due_at_ms > world.clock.now_ms()
    await world.run_to(job, State.RUNNING)
    assert len(world.provider.billed) == 1


async def test_a_service_that_never_comes_back_ends_the_job_unpaid(world: World) -> None:
    world.provider.on_submit = [OutOfCreditError("kie", "402")] * 1000
    job = await world.accept()
    failed = await world.run_to(job, State.FAILED)
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.SERVICE_UNAVAILABLE
    assert world.clock.now_ms() - failed.created_at_ms <= world.timings.queue_deadline_ms + MINUTE_MS
    assert await world.reservation(job) == "released"


async def test_a_final_refusal_is_told_with_its_reason(world: World) -> None:
    world.provider.on_submit = [ProviderRefusedError("kie", "the prompt is not allowed", code="422")]
    job = await world.accept()
    await world.work()
    failed = await world.read(job)
    assert failed.state is State.FAILED
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.detail) == (FailureCode.REFUSED, "the prompt is not allowed")
    assert await world.reservation(job) == "released"


AMBIGUOUS = [OutcomeUnknownError("kie", "cut"), ProviderProtocolError("kie", "html", excerpt=b"<html>"), ValueError()]


@pytest.mark.parametrize("error", AMBIGUOUS, ids=lambda error: type(error).__name__)
async def test_an_unknown_outcome_is_never_sent_again(world: World, error: Exception) -> None:
    world.provider.on_submit = [error]
    job = await world.accept()
    await world.work()
    assert (await world.read(job)).state is State.SUBMITTING
    assert await world.reservation(job) == "reserved", "it holds until it is resolved"
    failed = await world.run_to(job, State.FAILED)
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.OUTCOME_UNKNOWN
    assert failed.failure.may_hear
    assert world.provider.billed == []
    assert await world.reservation(job) == "released"
    assert world.alarms.heard


@pytest.mark.parametrize("error", AMBIGUOUS, ids=lambda error: type(error).__name__)
async def test_a_callback_resolves_an_unknown_outcome(world: World, error: Exception) -> None:
    world.provider.on_submit = [error]
    job = await world.accept()
    await world.work()
    world.provider.status = DONE
    await world.call_back("task-9")
    await world.work()
    done = await world.read(job)
    assert (done.state, done.provider_job_id) == (State.DELIVERED, "task-9")
    assert await world.reservation(job) == "settled"


async def test_a_late_callback_reopens_a_job_whose_outcome_was_unknown_and_charges_nothing(world: World) -> None:
    world.provider.on_submit = [OutcomeUnknownError("kie", "cut")]
    job = await world.accept()
    await world.run_to(job, State.FAILED)
    world.provider.status = DONE
    assert await world.call_back("task-9") is not None
    await world.work()
    done = await world.read(job)
    assert done.state is State.DELIVERED
    assert done.failure is None
    assert [kind for kind, _, _ in world.delivery.messages] == ["failure", "result"]
    assert await world.reservation(job) == "released"
    assert await world.call_back("task-9") is None


async def test_a_callback_while_the_unknown_outcome_is_being_told_is_not_lost_and_charges_nothing(world: World) -> None:
    world.provider.on_submit = [OutcomeUnknownError("kie", "cut")]
    job = await world.accept()
    await world.work()
    world.clock.advance(world.timings.unknown_outcome_ms)
    await world.worker.start_due()
    await world.worker.settled()
    assert (await world.read(job)).state is State.DELIVERING
    world.provider.status = DONE
    assert await world.call_back("task-9") is not None
    await world.work()
    assert (await world.read(job)).state is State.DELIVERED
    assert [kind for kind, _, _ in world.delivery.messages] == ["result"]
    assert await world.reservation(job) == "released"


async def test_a_callback_may_come_before_the_answer_of_the_submit(world: World) -> None:
    job = await world.accept()
    world.provider.status = DONE
    world.provider.during_submit = lambda: world.call_back("task-1")
    await world.work()
    assert (await world.read(job)).state is State.DELIVERED
    assert len(world.provider.billed) == len(world.delivery.messages) == 1


async def test_a_callback_that_names_no_task_only_hurries(world: World) -> None:
    job = await world.accept()
    await world.work()
    world.provider.status = DONE
    await world.call_back(None)
    await world.work()
    assert (await world.read(job)).state is State.DELIVERED


async def test_the_same_callback_many_times_has_one_effect(world: World) -> None:
    job = await world.accept()
    await world.work()
    world.provider.status = DONE
    await asyncio.gather(*(world.call_back("task-1") for _ in range(50)))
    await world.work()
    await asyncio.gather(*(world.call_back("task-1") for _ in range(50)))
    await world.work()
    assert (await world.read(job)).state is State.DELIVERED
    assert len(world.delivery.messages) == 1


async def test_a_callback_during_a_read_makes_the_job_due_again(world: World) -> None:
    job = await world.accept()
    await world.work()
    world.clock.advance(30_000)
    claimed = await world.store.claim(
        world.worker._lanes.free({}, world.worker._step_counts()), now_ms=world.clock.now_ms(), lease_ms=1000
    )
    await world.call_back("task-1")
    await world.lifecycle.step(claimed)
    assert (await world.read(job)).due_at_ms <= world.clock.now_ms()


async def test_a_forged_callback_costs_one_status_read_and_no_more(world: World) -> None:
    job = await world.accept()
    await world.work()
    await world.call_back("task-1")
    await world.work()
    assert (await world.read(job)).state is State.RUNNING
    assert len(world.provider.polled) == 1


def break_moves(world: World, monkeypatch: pytest.MonkeyPatch, event: str, times: int) -> None:
    """Let the database refuse the next moves of an event."""
    real, left = world.store.move, [times]

    async def move(before: object, after: object, **rest: object) -> object:
        if rest["event"] == event and left[0]:
            left[0] -= 1
            raise StorageError("disk is busy")
        return await real(before, after, **rest)  # type: ignore[arg-type]  # passed through as it came

    monkeypatch.setattr(world.store, "move", move)


async def test_an_accepted_task_is_recorded_though_the_database_fails_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await world.accept()
    break_moves(world, monkeypatch, "accepted", 3)
    await world.work()
    assert (await world.read(job)).provider_job_id == "task-1"
    assert world.pauses == [0.2, 0.5, 1.0]


async def test_a_final_refusal_is_told_as_such_though_the_database_fails_for_minutes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.provider.on_submit = [ProviderRefusedError("kie", "the prompt is not allowed", code="422")]
    job = await world.accept()
    break_moves(world, monkeypatch, FailureCode.REFUSED, 12)
    await world.work()
    failed = await world.read(job)
    assert failed.state is State.FAILED
    assert failed.failure is not None
    assert (failed.failure.code, failed.failure.detail) == (FailureCode.REFUSED, "the prompt is not allowed")
    assert 120 < sum(world.pauses) < 600
    assert await world.reservation(job) == "released"


# --- at the service ---


async def test_a_refusal_after_acceptance_is_told_and_not_charged(world: World) -> None:
    job = await world.accept()
    world.provider.status = REFUSED
    failed = await world.run_to(job, State.FAILED)
    assert failed.failure is not None
    assert failed.failure.detail == "moderation"
    assert await world.reservation(job) == "released"


@pytest.mark.parametrize(
    "answer",
    [
        ProviderUnavailableError("kie", "503"),
        ProviderUnavailableError("kie", "unknown", code=UNKNOWN_TASK),
        ProviderProtocolError("kie", "html"),
        ProviderAuthError("kie", "401"),
        RateLimitedError("kie", "429"),
        Status(Progress.DONE),
    ],
    ids=lambda answer: type(answer).__name__,
)
async def test_a_status_that_cannot_be_read_is_read_again(world: World, answer: Exception | Status) -> None:
    job = await world.accept()
    await world.work()
    world.provider.on_poll = [answer] * 2
    world.provider.status = DONE
    await world.run_to(job, State.DELIVERED)


async def test_a_task_that_never_ends_is_given_up_at_its_deadline(world: World) -> None:
    job = await world.accept()
    failed = await world.run_to(job, State.FAILED)
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.TIMED_OUT
    assert await world.reservation(job) == "released"
    assert world.alarms.heard
    assert len(world.provider.polled) < 70, "reads get rarer with age"


async def test_many_running_jobs_are_read_in_one_request_where_the_service_can(tmp_path: Path) -> None:
    world = await open_world(tmp_path, abilities_of(poll_batch=50))
    jobs = [await world.accept(user_id=number) for number in range(10)]
    await world.work()
    world.provider.status = DONE
    world.clock.advance(30_000)
    await world.work()
    assert len(world.provider.polled) == 1
    assert {(await world.read(job)).state for job in jobs} == {State.DELIVERED}
    await world.database.close()


# --- telling ---


@pytest.mark.parametrize("error", [DeliveryRetryError("503"), OSError("gone"), SourceUnavailableError("cut")])
async def test_a_post_that_failed_is_searched_for_before_it_is_sent_again(world: World, error: Exception) -> None:
    job = await world.accept()
    world.provider.status = DONE
    world.delivery.after_post = [error]
    await world.run_to(job, State.DELIVERED)
    assert world.delivery.searched == [job.id]
    assert len(world.delivery.messages) == 1


async def test_a_result_that_cannot_be_fetched_is_handed_over_as_the_services_link(world: World) -> None:
    job = await world.accept()
    world.provider.status = DONE
    world.clips.on_fetch = [SourceUnavailableError("cut")] * 99
    await world.run_to(job, State.DELIVERED)
    video = world.delivery.messages[0][2]
    assert video is not None
    assert (video.path, video.link) == (None, DONE.urls[0])
    assert world.alarms.heard


async def test_a_result_beyond_us_is_handed_over_as_a_link_with_the_reason_and_asked_for_once(world: World) -> None:
    job = await world.accept()
    world.provider.status = DONE
    world.clips.on_fetch = [BeyondUsError("it is larger", Remark(TOO_LARGE, {"bytes": 5}))]
    world.delivery.after_post = [DeliveryRetryError("503")]
    await world.run_to(job, State.DELIVERED)
    video = world.delivery.messages[0][2]
    assert video is not None
    assert (video.path, video.link, video.notes) == (None, DONE.urls[0], (Remark(TOO_LARGE, {"bytes": 5}),))
    assert world.clips.fetched == []
    assert await world.reservation(job) == "settled"
    assert world.alarms.heard


@pytest.mark.parametrize("fault", [RuntimeError("a bug of ours"), OSError(5, "the disk is broken")])
async def test_a_fault_of_ours_does_not_lose_a_finished_video(world: World, fault: Exception) -> None:
    job = await world.accept()
    world.provider.status = DONE
    await world.run_to(job, State.RUNNING)
    world.clips.on_fetch = [fault] * 9
    world.clock.advance(HOUR_MS)
    await world.work()
    world.clock.advance(24 * HOUR_MS)
    done = await world.run_to(job, State.DELIVERED)
    video = world.delivery.messages[0][2]
    assert video is not None
    assert (video.path, video.link) == (None, DONE.urls[0])
    assert done.failure is None
    assert [kind for kind, _, _ in world.delivery.messages] == ["result"]
    assert world.alarms.heard


async def test_the_services_own_address_is_kept_whatever_link_the_file_came_from(world: World) -> None:
    job = await world.accept()
    world.provider.status = DONE
    world.clips.fetched_from = "https://service.example/for-20-minutes"
    done = await world.run_to(job, State.DELIVERED)
    assert done.result is not None
    assert (done.result.url, bool(done.result.file)) == (DONE.urls[0], True)


async def test_a_result_that_is_no_video_is_a_failure_and_not_charged(world: World) -> None:
    job = await world.accept()
    world.provider.status = DONE
    world.clips.on_fetch = [MediaError("there is no video in it")]
    failed = await world.run_to(job, State.FAILED)
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.RESULT_UNUSABLE
    assert await world.reservation(job) == "released"
    assert [kind for kind, _, _ in world.delivery.messages] == ["failure"]


async def video_post_of(world: World) -> VideoPost:
    """Run one job to its end and return what was handed over."""
    job = await world.accept()
    world.provider.status = DONE
    await world.run_to(job, State.DELIVERED)
    video = world.delivery.messages[-1][2]
    assert video is not None
    return video


async def test_a_file_that_discord_refuses_for_its_size_becomes_a_smaller_one_with_a_link(
    world: World, tmp_path: Path
) -> None:
    world.delivery.on_post = [TooLargeError("413")]
    small = Fitted(tmp_path / "small.mp4", 1_000, shrunk=True)
    world.clips.on_fit = [Fitted(tmp_path / "big.mp4", 9_000_000, shrunk=False), small]
    video = await video_post_of(world)
    assert video.path == small.path
    assert video.shrunk
    assert (video.link or "").startswith("https://bot.example/files/result-")


async def test_a_file_that_no_encode_makes_fit_becomes_a_link(world: World) -> None:
    world.clips.on_fit = [None]
    video = await video_post_of(world)
    assert video.path is None
    assert (video.link or "").startswith("https://bot.example/files/result-")


async def test_an_encode_that_fails_still_hands_over_a_link(world: World) -> None:
    world.clips.on_fit = [MediaError("the encoder died")]
    assert (await video_post_of(world)).path is None


async def test_discord_that_refuses_every_size_gets_a_link(world: World) -> None:
    world.delivery.on_post = [TooLargeError("413")] * 4
    assert (await video_post_of(world)).path is None


async def test_without_a_public_address_the_link_is_the_services(world: World) -> None:
    world.clips.hosted = False
    world.clips.on_fit = [None]
    assert (await video_post_of(world)).link == DONE.urls[0]


async def test_a_result_that_nowhere_can_be_posted_is_kept_and_not_charged(world: World) -> None:
    job = await world.accept()
    world.provider.status = DONE
    world.delivery.on_post = [DeliveryError("the channel is gone")]
    failed = await world.run_to(job, State.FAILED)
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.UNDELIVERABLE
    assert failed.result is not None
    assert failed.result.file
    assert world.clips.discarded == []
    assert await world.reservation(job) == "released"
    assert world.alarms.heard


async def test_a_failure_that_nowhere_can_be_told_still_ends(world: World) -> None:
    world.clips.on_prepare = [UnusableClipError("no")]
    world.delivery.on_post = [DeliveryError("the channel is gone")]
    job = await world.accept()
    failed = await world.run_to(job, State.FAILED)
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.UNUSABLE_CLIP
    assert world.alarms.heard


# --- cancel ---


async def test_a_waiting_job_is_cancelled_free_of_charge(world: World) -> None:
    job = await world.accept()
    cancelled, charge = await world.intake.cancel(job.id, by=11)
    assert (cancelled.state, charge) == (State.CANCELLED, Charge.RELEASE)
    assert await world.reservation(job) == "released"
    await world.work()
    assert world.provider.billed == []
    assert world.delivery.shown[-1].state is State.CANCELLED


async def test_a_running_job_is_cancelled_and_charged_for_the_service_cannot_stop_it(world: World) -> None:
    job = await world.accept()
    await world.work()
    await world.intake.cancel(job.id, by=11)
    assert await world.reservation(job) == "settled"
    world.provider.status = DONE
    assert await world.call_back("task-1") is None
    world.clock.advance(MINUTE_MS)
    await world.work()
    assert world.delivery.messages == []


async def test_a_video_without_an_address_is_not_sent_where_only_an_address_will_do(tmp_path: Path) -> None:
    world = await open_world(tmp_path, abilities_of(uploads=False))
    world.clips.hosted = False
    clip = ClipSource("", "luma-AAAAA.mp4", file="result-1.mp4", job_id="1")
    job = await world.accept(request=Request(Kind.MODIFY, "make it snow", clip=clip))
    failed = await world.run_to(job, State.FAILED)
    assert world.provider.billed == []
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.UNUSABLE_CLIP
    assert "from an address only" in failed.failure.text
    await world.database.close()


@pytest.mark.parametrize("notes", [(), (Remark("cut", {"start_ms": 0, "end_ms": 10_000, "whole_ms": 64_000}),)])
async def test_the_original_of_a_clip_goes_only_where_it_is_what_was_promised(
    notes: tuple[Remark, ...], tmp_path: Path
) -> None:
    world = await open_world(tmp_path, abilities_of(uploads=False))
    world.clips.hosted, world.clips.notes = False, notes
    job = await world.accept()
    if notes:
        failed = await world.run_to(job, State.FAILED)
        assert failed.failure is not None
        assert failed.failure.code is FailureCode.UNUSABLE_CLIP
        assert "made or changed here" in failed.failure.text
        assert world.provider.billed == []
        assert await world.reservation(job) == "released"
    else:
        await world.run_to(job, State.RUNNING)
        assert job.request.clip is not None
        assert [order.clip_url for order in world.provider.billed] == [job.request.clip.url]
    await world.database.close()


@pytest.mark.parametrize("error", [MediaError("it breaks off"), OSError(28, "no room")])
async def test_a_copy_that_cannot_be_made_leaves_the_link(world: World, error: Exception) -> None:
    world.clips.on_fit = [error]
    video = await video_post_of(world)
    assert video.path is None
    assert video.link is not None


async def test_a_running_job_that_another_stops_is_free_for_its_member(world: World) -> None:
    job = await world.accept()
    await world.work()
    _, charge = await world.intake.cancel(job.id, by=99)
    assert charge is Charge.FORGIVE
    assert await world.reservation(job) == "released"
    await world.intake.settled()
    assert world.delivery.messages == [("failure", job.id, None)]


async def test_a_stop_that_cannot_be_told_has_still_happened(world: World) -> None:
    job = await world.accept()
    world.delivery.on_post = [DeliveryError("closed")]
    await world.intake.cancel(job.id, by=99)
    await world.intake.settled()
    assert world.delivery.shown[-1].failure == Failure(FailureCode.STOPPED)


async def test_a_running_job_that_the_service_stops_still_counts(tmp_path: Path) -> None:
    world = await open_world(tmp_path, abilities_of(cancels=True))
    job = await world.accept()
    await world.work()
    world.provider.hang_cancel = asyncio.Event()
    async with asyncio.timeout(5):  # whoever cancels is answered though the service is not
        _, charge = await world.intake.cancel(job.id, by=11)
    assert charge is Charge.SETTLE
    world.provider.hang_cancel.set()
    await world.intake.settled()
    assert world.provider.cancelled == ["task-1"]
    # No service says that it gives the credit back: who cancels at once, over and over, must not spend without a limit.
    assert await world.reservation(job) == "settled"
    await world.database.close()


async def test_a_cancel_during_preparation_wins(world: World) -> None:
    job = await world.accept()
    claimed = await world.store.claim(
        world.worker._lanes.free({}, world.worker._step_counts()), now_ms=world.clock.now_ms(), lease_ms=1000
    )
    await world.intake.cancel(job.id, by=11)
    await world.lifecycle.step(claimed)
    assert (await world.read(job)).state is State.CANCELLED
    assert world.clips.discarded == [f"clip-{job.id}.mp4"]  # nobody would ever ask for it
    await world.work()
    assert world.provider.billed == []


async def test_downloads_of_cancelled_jobs_hold_up_nobody(world: World) -> None:
    world.clips.hang_prepare = asyncio.Event()
    slow = [await world.accept() for _ in range(4)]
    assert await world.worker.start_due() == 4
    for job in slow:
        await world.intake.cancel(job.id, by=11)
    async with asyncio.timeout(5):
        await world.worker.settled()
    world.clips.hang_prepare = None
    quick = await world.accept(user_id=12)
    await world.run_to(quick, State.RUNNING)
    assert [(await world.read(job)).state for job in slow] == [State.CANCELLED] * 4


async def test_a_job_whose_server_was_left_while_it_waited_is_not_paid_for(world: World) -> None:
    world.provider.on_submit = [OutOfCreditError("kie", "empty")]
    job = await world.accept(guild_id=5)
    await world.work()
    assert (await world.read(job)).is_staged
    world.delivery.left.add(5)
    failed = await world.run_to(job, State.FAILED)
    assert failed.failure is not None
    assert failed.failure.code is FailureCode.SERVER_LEFT
    assert await world.reservation(job) == "released"
    assert world.provider.billed == []
    assert world.delivery.messages == [("failure", job.id, None)]


@pytest.mark.parametrize("state", [State.SUBMITTING, State.DELIVERED, State.FAILED])
async def test_what_cannot_be_cancelled_says_so(world: World, state: State) -> None:
    job = await world.accept()
    if state is State.SUBMITTING:
        world.provider.on_submit = [OutcomeUnknownError("kie", "cut")]
        await world.work()
    else:
        world.provider.status = DONE if state is State.DELIVERED else REFUSED
        await world.run_to(job, state)
    with pytest.raises(UserError):
        await world.intake.cancel(job.id, by=11)
    assert (await world.read(job)).state is state


# --- limits and stopping ---


async def test_no_more_jobs_than_the_service_takes_are_there_at_once(world: World) -> None:
    jobs = [await world.accept(user_id=number) for number in range(25)]
    await world.work()
    states = [(await world.read(job)).state for job in jobs]
    assert states.count(State.RUNNING) == 10
    world.provider.status = DONE
    for job in jobs:
        await world.run_to(job, State.DELIVERED)
    assert len(world.provider.billed) == 25


async def test_stopping_in_the_middle_of_a_submit_leaves_its_outcome_unknown(world: World) -> None:
    job = await world.accept()
    await world.work_until_sent()
    await world.worker.stop(0)
    assert (await world.read(job)).state is State.SUBMITTING
    world.provider.hang_submit = None
    world.restart()
    world.clock.advance(MINUTE_MS)
    await world.work()
    assert len(world.provider.billed) == 1
    world.provider.status = DONE
    await world.call_back("task-1")
    world.clock.advance(10 * MINUTE_MS)
    await world.work()
    assert (await world.read(job)).state is State.DELIVERED

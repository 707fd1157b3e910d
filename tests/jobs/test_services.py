"""Hold which service a job goes to, what it is given to read, and how many reads a crowd of jobs costs."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobs.errors import LimitReachedError, OutOfCreditError, ProviderUnavailableError, UnusableClipError
from jobs.job import ClipSource, FailureCode, Job, Kind, Picture, Request, State
from jobs.services import Abilities, Progress, Status
from tests.fakes import abilities_of
from tests.jobs.making import REQUEST
from tests.jobs.world import World, open_world

KIE = abilities_of("kie", watermark=True)
LABS = abilities_of("lumalabs", strengths=("flex_1", "flex_2"), models={"fast": 15.0}, max_seconds=10)
ACE = abilities_of(
    "acedata",
    kinds=frozenset({Kind.GENERATE, Kind.EXTEND}),
    poll_batch=50,
    uploads=False,
    parallel=1000,
    creates_per_window=1000,
    images=frozenset({"start_image", "end_image"}),
)
GENERATE = Request(
    Kind.GENERATE,
    "a quiet sea",
    images={name: Picture(ClipSource(f"https://pics.example/{name}")) for name in ("start_image", "end_image")},
)
NO_CREDIT = OutOfCreditError("kie", "empty")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    opened = await open_world(tmp_path, KIE, LABS, ACE)
    yield opened
    await opened.database.close()


def chosen(world: World, kind: Kind = Kind.MODIFY, *wants: str, only: str = "") -> str:
    """Return the name of the service a new job would go to."""
    return world.intake.choose_service(kind, frozenset(wants), only=only).name


class TestChoosing:
    async def test_the_preferred_one_is_chosen_among_those_that_can(self, world: World) -> None:
        assert chosen(world) == "kie"
        assert chosen(world, Kind.GENERATE) == "acedata"

    async def test_one_that_has_the_options_goes_before_one_that_has_not(self, world: World) -> None:
        assert chosen(world, Kind.MODIFY, "strength") == "lumalabs"
        assert chosen(world, Kind.MODIFY, "watermark") == "kie"
        assert chosen(world, Kind.MODIFY, "watermark", "strength") == "kie", "it refuses in its own words"

    async def test_one_that_is_shut_is_passed_over_and_comes_back(self, world: World) -> None:
        world.gates.note_error("kie", NO_CREDIT)
        assert chosen(world) == "lumalabs"
        assert chosen(world, Kind.MODIFY, "watermark") == "lumalabs"
        world.gates.note_success("kie")
        assert chosen(world) == "kie"

    async def test_what_is_extended_lies_at_one_service(self, world: World) -> None:
        assert chosen(world, Kind.EXTEND, only="acedata") == "acedata"
        with pytest.raises(LimitReachedError, match="No video service"):
            chosen(world, Kind.EXTEND, only="gone")

    async def test_all_shut_is_said_with_the_reason(self, world: World) -> None:
        world.gates.note_error("acedata", OutOfCreditError("acedata", "empty"))
        with pytest.raises(LimitReachedError, match=r"ACEDATA takes no new jobs right now \(out of credit\)"):
            chosen(world, Kind.GENERATE)


class TestMovingElsewhere:
    async def shut_after_staging(self, world: World, **changes: object) -> Job:
        """Accept a job, and shut its service when the clip is staged."""
        job = await world.accept(**changes)
        await world.worker.start_due()
        world.gates.note_error("kie", NO_CREDIT)
        await world.worker.settled()
        return await world.read(job)

    async def test_a_waiting_job_goes_to_the_next_service(self, world: World) -> None:
        job = await self.shut_after_staging(world)
        assert (job.service, job.is_staged) == ("kie", True)
        await world.work()
        job = await world.read(job)
        assert (job.service, job.state, job.attempt) == ("lumalabs", State.RUNNING, 1)
        assert len(world.others[0].billed) == 1
        assert world.provider.billed == []
        assert world.clips.prepared == [job.id], "the clip is staged once"
        assert world.delivery.shown[-1].service == "lumalabs"

    async def test_what_the_next_one_cannot_do_waits_for_its_own(self, world: World) -> None:
        job = await self.shut_after_staging(world, request=replace(REQUEST, options={"watermark": "mine"}))
        await world.work()
        job = await world.read(job)
        assert (job.service, job.state) == ("kie", State.QUEUED)
        assert job.due_at_ms == world.clock.now_ms() + 60_000, "and is looked at again in a minute"
        world.gates.note_success("kie")
        await world.run_to(job, State.RUNNING)
        assert len(world.provider.billed) == 1

    async def test_a_job_that_was_sent_once_stays(self, world: World) -> None:
        world.provider.on_submit.append(NO_CREDIT)
        job = await world.accept()
        await world.work()
        job = await world.read(job)
        assert (job.service, job.state, job.attempt) == ("kie", State.QUEUED, 1)
        world.clock.advance(60_000)
        await world.work()
        assert (await world.read(job)).service == "kie"
        assert world.others[0].billed == []

    async def test_a_clip_too_long_for_the_next_one_stays(self, tmp_path: Path) -> None:
        await check_stays(tmp_path, replace(LABS, max_seconds=2))

    async def test_a_container_the_next_one_does_not_take_stays(self, tmp_path: Path) -> None:
        await check_stays(tmp_path, replace(LABS, containers=frozenset({"mov"})))


async def check_stays(folder: Path, other: Abilities) -> None:
    """Hold that a staged job does not move to a service its clip does not fit."""
    world = await open_world(folder, KIE, other)
    try:
        job = await TestMovingElsewhere().shut_after_staging(world)
        await world.work()
        assert (await world.read(job)).service == "kie"
    finally:
        await world.database.close()


class TestSwitchedOff:
    async def test_a_waiting_job_goes_elsewhere_when_its_service_is_switched_off(self, world: World) -> None:
        world.gates.note_error("kie", ProviderUnavailableError("kie", "busy", maintenance=True))
        world.gates.note_error("lumalabs", ProviderUnavailableError("lumalabs", "busy", maintenance=True))
        job = await world.accept()
        await world.work()
        world.restart(without="kie")
        found = await world.run_to(job, State.RUNNING)
        assert found.service == "lumalabs"

    async def test_a_running_one_is_told_after_its_time_and_costs_nothing(self, world: World) -> None:
        job = await world.accept()
        await world.run_to(job, State.RUNNING)
        world.restart(without="kie")
        found = await world.run_to(job, State.FAILED)
        assert found.failure is not None
        assert found.failure.code is FailureCode.TIMED_OUT
        assert await world.reservation(job) == "released"

    async def test_it_goes_on_when_the_service_comes_back(self, world: World) -> None:
        job = await world.accept()
        await world.run_to(job, State.RUNNING)
        world.restart(without="kie")
        world.clock.advance(60_000)
        await world.work()
        world.provider.status = Status(Progress.DONE, ("https://video.example/v.mp4",))
        world.restart()
        await world.run_to(job, State.DELIVERED)


class TestPictures:
    async def test_pictures_are_staged_and_the_service_reads_them_from_us(self, world: World) -> None:
        job = await world.accept(kind=Kind.GENERATE, request=GENERATE, service="acedata")
        assert not job.is_staged
        await world.run_to(job, State.RUNNING)
        (order,) = world.others[1].billed
        assert order.clip_url is None
        for name in ("start_image", "end_image"):
            assert order.request.options[f"{name}_url"].startswith(f"https://bot.example/files/image-{job.id}-{name}")
        assert "start_image_url" not in (await world.read(job)).request.options, "addresses are not kept"
        assert len(await world.store.files_in_use()) == 2

    async def test_without_a_public_address_the_original_ones_go(self, world: World) -> None:
        world.clips.hosted = False
        job = await world.accept(kind=Kind.GENERATE, request=GENERATE, service="acedata")
        await world.run_to(job, State.RUNNING)
        (order,) = world.others[1].billed
        assert order.request.options["end_image_url"] == "https://pics.example/end_image"

    async def test_a_picture_that_will_not_do_ends_the_job_unpaid(self, world: World) -> None:
        world.clips.on_prepare.append(UnusableClipError("This picture is broken.", rule="picture_broken"))
        job = await world.accept(kind=Kind.GENERATE, request=GENERATE, service="acedata")
        await world.run_to(job, State.FAILED)
        assert world.others[1].billed == []
        assert await world.reservation(job) == "released"

    async def test_the_videos_own_id_is_kept_to_the_end(self, world: World) -> None:
        world.others[1].status = Status(Progress.DONE, ("https://video.example/v.mp4",), video_id="v-1")
        job = await world.accept(kind=Kind.GENERATE, request=replace(GENERATE, images={}), service="acedata")
        found = await world.run_to(job, State.DELIVERED)
        assert found.result is not None
        assert (found.result.video_id, bool(found.result.file)) == ("v-1", True)


async def test_many_running_jobs_are_read_in_full_batches(world: World) -> None:
    request = replace(GENERATE, images={})
    for _ in range(120):
        await world.accept(kind=Kind.GENERATE, request=request, service="acedata")
        await world.work()
        world.clock.advance(97)
    minute_ends = world.clock.now_ms() + 60_000
    world.others[1].polled.clear()
    while world.clock.now_ms() < minute_ends:
        await world.work()
        world.clock.advance(max(int(await world.worker.seconds_to_next() * 1000), 1))
    reads = world.others[1].polled
    assert sum(len(tasks) for tasks in reads) >= 200, "each is read twice a minute"
    assert len(reads) <= 16, [len(tasks) for tasks in reads]


async def test_the_last_error_of_a_service_is_kept(world: World) -> None:
    world.provider.on_poll.append(ProviderUnavailableError("kie", "bad gateway", code="502"))
    job = await world.accept()
    await world.run_to(job, State.RUNNING)
    world.clock.advance(30_000)
    await world.work()
    state = world.gates.states()["kie"]
    assert (state.reason, state.last_error, state.last_error_ms) == ("", "Unavailable [502]", world.clock.now_ms())

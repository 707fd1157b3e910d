"""Make jobs for the tests of this room."""

from dataclasses import replace

from jobs.job import ClipFacts, ClipSource, Job, Kind, NewJob, Prepared, Request, Result, State

NOW_MS = 1_700_000_000_000

FACTS = ClipFacts("mov", "h264", "aac", 640, 360, 3_000, 100_000, 24.0)
REQUEST = Request(Kind.MODIFY, "make it warm", clip=ClipSource("https://cdn.example/clip.mp4?hm=secret", "clip.mp4"))


def make_job(state: State = State.QUEUED, **changes: object) -> Job:
    """Return a job as a row of this state would be read."""
    job = Job(
        id="job1",
        code="AB2CD",
        kind=Kind.MODIFY,
        state=state,
        user_id=11,
        guild_id=1,
        channel_id=2,
        interaction_id=3,
        locale="en-US",
        request=REQUEST,
        service="kie",
        created_at_ms=NOW_MS,
        due_at_ms=NOW_MS,
    )
    if state is not State.QUEUED:
        job = replace(job, clip=Prepared("clip-job1.mp4", FACTS), attempt=1, submitted_at_ms=NOW_MS)
    if state in (State.RUNNING, State.DELIVERING):
        job = replace(job, provider_job_id="task-1")
    if state is State.DELIVERING:
        job = replace(job, finished_at_ms=NOW_MS, result=Result("https://result.example/v.mp4?sig=secret"))
    return replace(job, **changes)  # type: ignore[arg-type]  # the tests name the fields


def make_new(interaction_id: int = 1, **changes: object) -> NewJob:
    """Return what is known of a job when it is accepted."""
    new = NewJob(Kind.MODIFY, 11, 1, 2, interaction_id, "en-US", REQUEST, "kie")
    return replace(new, **changes)  # type: ignore[arg-type]  # the tests name the fields

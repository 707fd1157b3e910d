"""Let moderators have an ended job told once more."""

from dataclasses import replace

from jobs.admin import Act, Deed, LogNote, job_of
from jobs.errors import UserError
from jobs.job import FailureCode, Job, State
from jobs.outside import Outside
from jobs.ports import Posted
from jobs.size_ladder import post_within_limit


class Redelivery:
    """Do what a moderator may with somebody's ended job."""

    def __init__(self, outside: Outside) -> None:
        self._out = outside

    async def tell_again(self, job: Job, act: Act) -> Posted:
        """Post how a job ended once more, in its place, and log it; raises UserError where there is nothing to post.

        Raises DeliveryError when Discord refuses.
        """
        posted = await self._post(job)
        after = replace(job, result_channel_id=posted.channel_id, result_message_id=posted.message_id)
        state = {"state": job.state}
        note = LogNote(act, Deed.REDELIVER_JOB, job_of(job.code, job.user_id), state, state)
        moved = await self._out.move(job, after, "told again", detail=f"by {act.actor_id}", fenced=False, note=note)
        if moved is not None:
            self._out.delivery.show(moved)
        return posted

    async def _post(self, job: Job) -> Posted:
        if job.state not in (State.DELIVERED, State.FAILED):
            raise UserError("This edit has not ended in anything that could be posted.")
        is_finished = job.failure is None or job.failure.code is FailureCode.UNDELIVERABLE
        if job.result is not None and (job.result.file or is_finished):  # without a file it is still at its service
            told = replace(job, failure=None)
            provider = self._out.providers.get(job.service)
            return await post_within_limit(told, job.result, self._out.clips, self._out.delivery, provider)
        if job.failure is None:
            raise UserError("The video of this edit is not kept any more.")
        return await self._out.delivery.post_failure(job)

"""Let moderators move on what stands still: try an open job now, tell an ended one again."""

from dataclasses import replace

from jobs.errors import UserError
from jobs.job import Job, State
from jobs.outside import Outside
from jobs.parcels import hand_over
from jobs.ports import Posted


class Steering:
    """Do what a moderator may with somebody's job; every method is one act, kept among the job's events."""

    def __init__(self, outside: Outside) -> None:
        self._out = outside

    async def hurry(self, job: Job, by: int) -> Job:
        """Make an open job due now, whatever it waited for; raises UserError where that cannot be."""
        if job.state is State.SUBMITTING:
            raise UserError(
                "This edit has been sent, and nobody knows yet whether the service took it. Sending it again could "
                "cost twice; it ends by itself."
            )
        if job.state.is_final:
            raise UserError("This edit has already ended.")
        after = replace(job, due_at_ms=self._out.clock.now_ms(), hold="")
        moved = await self._out.move(job, after, "hurried", detail=f"by {by}", fenced=False, keep_lease=True)
        if moved is None:
            raise UserError("This edit has just moved on; please look again.")
        return moved

    async def tell_again(self, job: Job, by: int) -> Posted:
        """Post how a job ended once more, in its place; raises UserError where there is nothing to post.

        Raises DeliveryError when Discord refuses.
        """
        if job.state not in (State.DELIVERED, State.FAILED):
            raise UserError("This edit has not ended in anything that could be posted.")
        if job.result is not None and job.result.file:
            told = replace(job, failure=None)
            provider = self._out.providers.get(job.service)
            posted = await hand_over(told, job.result, self._out.clips, self._out.delivery, provider)
        elif job.failure is not None:
            posted = await self._out.delivery.post_failure(job)
        else:
            raise UserError("The video of this edit is not kept any more.")
        after = replace(job, result_channel_id=posted.channel_id, result_message_id=posted.message_id)
        moved = await self._out.move(job, after, "told again", detail=f"by {by}", fenced=False)
        if moved is not None:
            self._out.delivery.show(moved)
        return posted

"""Put a job's life together from a real store, fakes of the outside and a clock that only the test moves."""

import asyncio
import hashlib
from collections import deque
from pathlib import Path

from jobs.gates import Gates
from jobs.intake import Intake
from jobs.job import Job, Kind, State
from jobs.lanes import Lanes, Widths
from jobs.lifecycle import Lifecycle
from jobs.outside import Outside
from jobs.ports import Posted
from jobs.retries import Timings
from jobs.services import Abilities, CallbackNote
from jobs.worker import Worker
from storage import open_store
from storage.database import Database
from storage.job_store import SqlJobStore
from tests.fakes import NO_LIMITS, FakeAlarms, FakeClips, FakeClock, FakeDelivery, FakeProvider, abilities_of
from tests.jobs.making import make_new

LEASE_MS = 300_000


class World:
    """Hold everything around one bot; `restart` forgets what was only in memory.

    `others` are further services, preferred after the first.
    """

    def __init__(self, database: Database, abilities: Abilities | None = None, *others: Abilities) -> None:
        self.database = database
        self.store = SqlJobStore(database, defaults=NO_LIMITS)
        self.clock = FakeClock()
        self.provider = FakeProvider(abilities or abilities_of())
        self.others = [FakeProvider(each) for each in others]
        self.clips = FakeClips()
        self.delivery = FakeDelivery()
        self.alarms = FakeAlarms()
        self.pauses: list[float] = []
        self.tokens: deque[str] = deque()
        self.timings = Timings()
        self._interactions = 0
        self.restart()

    def restart(self, *, without: str = "") -> None:
        """Begin again as a new process on the same database, where one service may be switched off."""
        opened = [each for each in (self.provider, *self.others) if each.abilities.name != without]
        providers = {each.abilities.name: each for each in opened}
        order = {kind: list(providers) for kind in Kind}
        self.gates = Gates([each.abilities for each in providers.values()], self.clock, preferences=order)
        self.outside = Outside(
            store=self.store,
            providers=providers,
            clips=self.clips,
            delivery=self.delivery,
            gates=self.gates,
            clock=self.clock,
            alarms=self.alarms,
            wake=self._wake,
            pause=self._pause,
        )
        self.intake = Intake(self.outside, self.timings, order)
        self.lifecycle = Lifecycle(self.outside, self.timings, callback_url=self._callback_url)
        batches = {name: each.abilities.poll_batch for name, each in providers.items()}
        self.worker = Worker(self.lifecycle, self.outside, Lanes(self.gates, batches, Widths()), lease_ms=LEASE_MS)

    def _wake(self, at_ms: int) -> None:
        self.worker.wake(at_ms)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def _callback_url(self, service: str, token: str) -> str:
        if token:
            self.tokens.append(token)
        return f"https://bot.example/callbacks/{service}/{token}"

    async def accept(self, **changes: object) -> Job:
        """Accept a job and place its card."""
        self._interactions += 1
        job, _ = await self.intake.queue(make_new(self._interactions, **changes))
        return await self.intake.place(job, Posted(job.channel_id, 700))

    async def read(self, job: Job) -> Job:
        """Read a job again."""
        found = await self.store.get(job.id)
        assert found is not None
        return found

    async def work(self) -> None:
        """Run every step that is due now, and those that become due by it."""
        while await self.worker.start_due():
            await self.worker.settled()

    async def work_until_sent(self) -> asyncio.Event:
        """Work until the one job's submit is on the wire; return what lets its answer come."""
        self.provider.hang_submit = answer = asyncio.Event()
        await self.worker.start_due()
        await self.worker.settled()
        await self.worker.start_due()
        await self.provider.taken.wait()
        return answer

    async def run_to(self, job: Job, state: State) -> Job:
        """Work and let time pass until a job is in a state."""
        for _ in range(500):
            await self.work()
            found = await self.read(job)
            if found.state is state:
                return found
            self.clock.advance(max(int(await self.worker.seconds_to_next() * 1000), 1))
        raise AssertionError(f"the job stays {found.state.value}")

    async def call_back(self, body: str | None, token: str | None = None) -> Job | None:
        """Let the service call the address of the last submit."""
        digest = hashlib.sha256((token or self.tokens[-1]).encode()).hexdigest()
        attempt = await self.store.find_attempt(digest)
        assert attempt is not None
        return await self.intake.callback(attempt, CallbackNote(body))

    async def reservation(self, job: Job) -> str:
        """Return how a job's reservation stands."""
        row = await self.database.read(
            lambda session: session.row("SELECT state FROM reservations WHERE job_id = $1", job.id)
        )
        assert row is not None
        return str(row["state"])


async def open_world(folder: Path, abilities: Abilities | None = None, *others: Abilities) -> World:
    """Open a world on a new database file."""
    return World(await open_store(f"sqlite:///{folder / 'luma.db'}"), abilities, *others)

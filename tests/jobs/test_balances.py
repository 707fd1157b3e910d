"""Hold what the services' balances say of them: when one is shut, when it comes back, and how often that is told."""

import pytest

from jobs.balances import BalanceReader
from jobs.errors import OutOfCreditError, ProviderAuthError, ProviderError, ProviderUnavailableError
from jobs.gates import Gates
from tests.fakes import FakeClock, FakeProvider
from tests.providers.cases import open_service
from tests.providers.wire import Wire, load


class Scene:
    """Hold one service, its gate, and what was heard of outages."""

    def __init__(self) -> None:
        self.provider = FakeProvider()
        self.heard: list[str] = []
        self.gates = Gates([self.provider.abilities], FakeClock(), lambda _service, reason: self.heard.append(reason))
        self.reader = BalanceReader({"kie": self.provider}, self.gates)

    async def read(self, *answers: Exception | float | None) -> str:
        """Read the balance once for each answer; return why the service is shut afterwards."""
        for answer in answers:
            self.provider.on_balance.append(answer)
            await self.reader.read()
        return self.gates.reason("kie")


async def test_an_empty_account_is_passed_over_until_it_is_filled() -> None:
    scene = Scene()
    assert await scene.read(0.0, -1.0) == "out of credit"
    assert await scene.read(None) == "out of credit", "what is not known proves nothing"
    assert await scene.read(5.0) == ""
    assert scene.heard == ["out of credit", ""]
    assert scene.gates.states()["kie"].balance == 5.0


@pytest.mark.parametrize("error", [OutOfCreditError("kie", "x"), ProviderAuthError("kie", "x")])
async def test_what_the_question_itself_is_refused_for_is_told_once(error: ProviderError) -> None:
    scene = Scene()
    assert await scene.read(error, error) != ""
    assert await scene.read(5.0, 5.0) == ""
    assert [bool(reason) for reason in scene.heard] == [True, False]


async def test_a_question_that_is_not_answered_changes_nothing() -> None:
    scene = Scene()
    assert await scene.read(7.0, ProviderUnavailableError("kie", "bad gateway", code="502")) == ""
    state = scene.gates.states()["kie"]
    assert (state.balance, state.last_error, scene.heard) == (7.0, "Unavailable [502]", [])


async def test_a_service_without_a_balance_comes_back_when_it_takes_the_key_again() -> None:
    replies = [load("acedata", name) for name in ("status_bad_key", "status_bad_key", "status_unknown_task_404")]
    heard: list[str] = []
    async with Wire(*replies) as wire:
        provider = open_service("acedata", wire)
        gates = Gates([provider.abilities], FakeClock(), lambda _service, reason: heard.append(reason))
        reader = BalanceReader({"acedata": provider}, gates)
        await reader.read()
        await reader.read()
        assert heard == ["its key was refused"]
        await reader.read()
    assert heard == ["its key was refused", ""]
    assert len(wire.received) == 3

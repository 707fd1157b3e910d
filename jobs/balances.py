"""Ask each service for its balance now and then: so a service comes back by itself, and the operator sees its state."""

from collections.abc import Mapping

from jobs.errors import OutOfCreditError, ProviderAuthError, ProviderError
from jobs.gates import Gates
from jobs.services import Provider


class BalanceReader:
    """Tell the gates of every service's balance; unknown is None, never 0."""

    def __init__(self, providers: Mapping[str, Provider], gates: Gates) -> None:
        self._providers = providers
        self._gates = gates

    async def read(self) -> None:
        """Ask every service once; an account that is in order again opens the gate it had shut."""
        for name, provider in self._providers.items():
            try:
                balance = await provider.balance()
            except (ProviderAuthError, OutOfCreditError) as error:
                self._gates.note_error(name, error)
            except ProviderError as error:
                self._gates.note_trouble(name, error)  # a free question that fails says nothing of paid ones
            else:
                self._take(name, balance)

    def _take(self, name: str, balance: float | None) -> None:
        self._gates.note_balance(name, balance)
        if balance is not None and balance <= 0:
            self._gates.note_error(name, OutOfCreditError(name, "the balance is used up"))
        elif self._gates.shut_by(name, ProviderAuthError) or (
            balance is not None and self._gates.shut_by(name, OutOfCreditError)
        ):
            self._gates.note_success(name)

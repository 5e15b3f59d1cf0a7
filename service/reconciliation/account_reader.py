"""Reading one account of Nexudus at the pace that its deliveries leave spare."""

from collections.abc import Callable
from dataclasses import dataclass

from service.delivery.context import AccountContext
from service.nexudus import pipeline
from service.nexudus.client import Nexudus
from service.nexudus.errors import Intercepted, Refused
from service.nexudus.pipeline import DatesIgnored, Opportunity, PagesRepeat
from service.store import Store

CALL_INTERVAL_S = 0.5
"""Seconds between two calls, so that a long reading does not come in bursts."""

MAX_WAIT_S = 5.0
"""Maximum seconds of one wait for spare pace; then it is requested again."""


@dataclass(frozen=True, slots=True)
class AccountReader:
    """The means to read one account.

    wait: called before each call to Nexudus; returns when no delivery needs the turn.
    disposable_forms: forms whose opportunities are routinely deleted in Nexudus: those of test leads.
    """

    account: str
    nexudus: Nexudus
    store: Store
    wait: Callable[[], None]
    disposable_forms: frozenset[str] = frozenset()

    def opportunity(self, opportunity_id: int) -> Opportunity | None:
        """Read one opportunity with its notes; None if it does not exist.

        Raises: as pipeline.one; what `wait` raises.
        """
        self.wait()
        return pipeline.one(self.nexudus, opportunity_id)


def account_reader(
    account: str, context: AccountContext, sleep: Callable[[float], None], call_interval_s: float = CALL_INTERVAL_S
) -> AccountReader:
    """Return the reader of an account; it uses only the pace that deliveries leave spare."""

    def wait() -> None:
        sleep(call_interval_s)
        while (wait_s := context.pacer.prepay_spare()) > 0:
            sleep(min(wait_s, MAX_WAIT_S))

    disposable = frozenset(name for name, form in context.forms.items() if form.canary)
    return AccountReader(account, context.nexudus, context.store, wait, disposable)


def reading_problem(error: Exception) -> str:
    """Return why an account could not be read, and what to do; nothing personal."""
    if isinstance(error, DatesIgnored | PagesRepeat):
        return "Nexudus returns other opportunities than requested, so changes are only read once a night."
    if isinstance(error, Refused):
        return (
            "Nexudus does not show its opportunities to the service account: give it the roles CrmOpportunity-List "
            "and CrmOpportunity-Read; `lead-capture doctor` says more."
        )
    if isinstance(error, Intercepted):
        return (
            f"{error.message[:1].upper()}{error.message[1:]}: check this machine's network and proxy, or ask Nexudus "
            "support; the next reading starts where this one did."
        )
    return "Nexudus could not be read to the end; the next reading starts where this one did."

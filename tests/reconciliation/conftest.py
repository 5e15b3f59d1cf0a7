"""An environment that delivers to a simulated Nexudus, and its account reader."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from service import clock
from service.lead import Lead
from service.reconciliation.account_reader import AccountReader
from service.reconciliation.comparison import reconcile
from service.reconciliation.discrepancies import ComparePlatforms, Comparison, DiscrepancyKind, no_platforms
from service.reconciliation.job import poll
from service.simulator.server import Simulator
from service.store import Query, Sale, SaleChange, Store
from tests.builders import a_form, a_lead
from tests.delivery.conftest import Env, a_context


@dataclass
class ReconciliationEnv:
    """One installation whose leads are in Nexudus, as reconciliation sees it."""

    delivery: Env
    reader: AccountReader

    @property
    def nexudus(self) -> Simulator:
        """The simulated CRM."""
        return self.delivery.nexudus

    def delivers(self, *emails: str) -> list[Lead]:
        """Leads of these people that came to Nexudus."""
        for email in emails or ("ada@example.com",):
            self.delivery.owes(a_lead(email))
        self.delivery.deliver_until_quiet()
        with self.delivery.store.read() as tx:
            return sorted(tx.search.leads(Query(), 1000), key=lambda lead: lead.id)

    def poll(self, now: datetime | None = None) -> str:
        """Read the opportunities that changed."""
        return poll(self.reader, now or clock.now())

    def reconcile(
        self, since: datetime | None = None, platforms: ComparePlatforms = no_platforms, now: datetime | None = None
    ) -> Comparison:
        """Compare all."""
        return reconcile(self.reader, since, now or clock.now(), platforms)

    def sale(self, lead: Lead) -> Sale:
        """The lead's opportunity as it was last read."""
        with self.delivery.store.read() as tx:
            return tx.crm.sales_of([lead.id])[lead.id]

    def changes(self, lead: Lead) -> list[SaleChange]:
        """The changes of the lead's opportunity."""
        with self.delivery.store.read() as tx:
            return tx.crm.changes_of([lead.id])[lead.id]

    def names(self, lead: Lead) -> list[str]:
        """The changes in words."""
        return [change.name for change in self.changes(lead)]


def kinds(comparison: Comparison) -> list[DiscrepancyKind]:
    """The kinds of the discrepancies."""
    return [one.kind for one in comparison.discrepancies]


@pytest.fixture
def env(store: Store, nexudus: Simulator) -> ReconciliationEnv:
    """An environment with the one form `contact`, and its account reader."""
    context = a_context(store, nexudus, {"contact": a_form()})
    return ReconciliationEnv(
        Env(store, nexudus, context), AccountReader("default", context.nexudus, store, lambda: None)
    )

"""What Nexudus has and nobody noted is noted: the lead is not sent again."""

from service import clock
from service.lead import Lead, Status
from service.nexudus.opportunities import PATH
from service.reconciliation.comparison import Repair, repair
from tests.builders import a_lead
from tests.reconciliation.conftest import Ledger
from tests.reconciliation.test_comparison import copies, makes, number_of


def repairs(ledger: Ledger) -> list[Repair]:
    """What a comparison finds, put right."""
    return repair(ledger.reader, ledger.reconcile().discrepancies, clock.now())


def stands(ledger: Ledger, lead: Lead) -> tuple[Status, int | None]:
    """Where the lead stands, and which opportunity is noted."""
    kept = ledger.env.kept(lead)
    return kept.status, kept.opportunity_id


def test_a_found_opportunity_is_noted_and_nothing_is_owed_any_more(ledger: Ledger) -> None:
    lead = ledger.env.owes(a_lead())
    made = makes(ledger, lead)

    [done] = repairs(ledger)

    assert done == Repair(lead.id, made)  # type: ignore[arg-type]
    assert stands(ledger, lead) == (Status.DELIVERED, made)
    assert ledger.env.deliver_once() == 0
    assert ledger.reconcile().is_right
    assert ledger.names(lead) == ["in_progress", "New enquiry"]


def test_of_several_the_oldest_is_noted_and_the_others_are_doubles(ledger: Ledger) -> None:
    lead = ledger.env.owes(a_lead())
    first, second = makes(ledger, lead), makes(ledger, lead)

    repairs(ledger)

    assert stands(ledger, lead) == (Status.DELIVERED, first)
    assert [finding.opportunities for finding in ledger.reconcile().discrepancies] == [(second,)]


def test_one_that_was_made_anew_takes_the_place_of_the_deleted(ledger: Ledger) -> None:
    [ada] = ledger.delivers()
    again = copies(ledger, ada)
    ledger.nexudus.change_opportunity(number_of(ada), delete=True)

    repairs(ledger)

    assert stands(ledger, ada) == (Status.DELIVERED, again)
    assert ledger.reconcile().is_right


def test_what_went_away_meanwhile_is_not_noted(ledger: Ledger) -> None:
    lead = ledger.env.owes(a_lead())
    made = makes(ledger, lead)
    findings = ledger.reconcile().discrepancies
    ledger.nexudus.change_opportunity(made, delete=True)

    [done] = repair(ledger.reader, findings, clock.now())

    assert done.why_not
    assert stands(ledger, lead) == (Status.PENDING, None)


def test_a_lead_that_a_worker_took_meanwhile_is_left_to_it(ledger: Ledger) -> None:
    lead = ledger.env.owes(a_lead())
    makes(ledger, lead)
    findings = ledger.reconcile().discrepancies
    ledger.env.store.write(lambda tx: tx.queue.claim("a worker", clock.now(), 90, 10))

    [done] = repair(ledger.reader, findings, clock.now())

    assert "being sent" in done.why_not
    assert stands(ledger, lead) == (Status.PENDING, None)


def test_nothing_is_changed_in_nexudus(ledger: Ledger) -> None:
    [ada] = ledger.delivers()
    copies(ledger, ada)
    before = len(ledger.nexudus.calls())

    repairs(ledger)

    assert {call.method for call in ledger.nexudus.calls()[before:]} == {"GET"}
    assert len(ledger.nexudus.calls("GET", PATH)) > 0

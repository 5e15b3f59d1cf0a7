"""What Nexudus has and is not recorded is recorded, so that the lead is not sent again."""

from service import clock
from service.lead import Lead, Status
from service.nexudus.opportunities import PATH
from service.reconciliation.comparison import Repair, repair
from tests.builders import a_lead
from tests.reconciliation.conftest import ReconciliationEnv
from tests.reconciliation.test_comparison import copies, makes, number_of


def repairs(env: ReconciliationEnv) -> list[Repair]:
    """What a comparison finds, put right."""
    return repair(env.reader, env.reconcile().discrepancies, clock.now())


def stands(env: ReconciliationEnv, lead: Lead) -> tuple[Status, int | None]:
    """Where the lead stands, and which opportunity is noted."""
    kept = env.delivery.kept(lead)
    return kept.status, kept.opportunity_id


def test_a_found_opportunity_is_recorded_and_its_delivery_ends(env: ReconciliationEnv) -> None:
    lead = env.delivery.owes(a_lead())
    made = makes(env, lead)

    [done] = repairs(env)

    assert done == Repair(lead.id, made)  # type: ignore[arg-type]
    assert stands(env, lead) == (Status.DELIVERED, made)
    assert env.delivery.deliver_once() == 0
    assert env.reconcile().is_right
    assert env.names(lead) == ["in_progress", "New enquiry"]


def test_of_several_the_oldest_is_recorded_and_the_others_are_doubles(env: ReconciliationEnv) -> None:
    lead = env.delivery.owes(a_lead())
    first, second = makes(env, lead), makes(env, lead)

    repairs(env)

    assert stands(env, lead) == (Status.DELIVERED, first)
    assert [finding.opportunities for finding in env.reconcile().discrepancies] == [(second,)]


def test_one_that_was_made_anew_takes_the_place_of_the_deleted(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()
    again = copies(env, ada)
    env.nexudus.change_opportunity(number_of(ada), delete=True)

    repairs(env)

    assert stands(env, ada) == (Status.DELIVERED, again)
    assert env.reconcile().is_right


def test_an_opportunity_deleted_meanwhile_is_not_recorded(env: ReconciliationEnv) -> None:
    lead = env.delivery.owes(a_lead())
    made = makes(env, lead)
    findings = env.reconcile().discrepancies
    env.nexudus.change_opportunity(made, delete=True)

    [done] = repair(env.reader, findings, clock.now())

    assert done.why_not
    assert stands(env, lead) == (Status.PENDING, None)


def test_a_lead_that_a_worker_took_meanwhile_is_left_to_it(env: ReconciliationEnv) -> None:
    lead = env.delivery.owes(a_lead())
    makes(env, lead)
    findings = env.reconcile().discrepancies
    env.delivery.store.write(lambda tx: tx.queue.claim("a worker", clock.now(), 90, 10))

    [done] = repair(env.reader, findings, clock.now())

    assert "being sent" in done.why_not
    assert stands(env, lead) == (Status.PENDING, None)


def test_nothing_is_changed_in_nexudus(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()
    copies(env, ada)
    before = len(env.nexudus.calls())

    repairs(env)

    assert {call.method for call in env.nexudus.calls()[before:]} == {"GET"}
    assert len(env.nexudus.calls("GET", PATH)) > 0

"""Three-way accounts: every missing or doubled lead is named, and what to do."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from service import clock
from service.lead import Lead, Status, marker_of
from service.nexudus.opportunities import PATH
from service.reconciliation.discrepancies import DiscrepancyKind, PlatformComparison
from service.store import Arrival
from tests.builders import a_lead
from tests.reconciliation.conftest import ReconciliationEnv, kinds


def number_of(lead: Lead) -> int:
    """The opportunity's number."""
    return lead.opportunity_id or 0


def copies(env: ReconciliationEnv, lead: Lead) -> int:
    """Copy an opportunity, as people do in Nexudus, or as a call of unknown outcome may."""
    record = next(each for each in env.nexudus.opportunities() if each["Id"] == lead.opportunity_id)
    copied = ("CrmBoardColumnId", "CoworkerId", "Notes", "SystemId", "CustomFields")
    body = {key: record[key] for key in copied if record[key]}
    return env.reader.nexudus.post(PATH, {**body, "Position": 1, "Status": 1})


def makes(env: ReconciliationEnv, lead: Lead) -> int:
    """Create an opportunity, as a call does whose response is lost."""
    coworker_id = env.nexudus.add_coworker(lead.submission.contact.email)["Id"]
    body = {"CrmBoardColumnId": 1001, "CoworkerId": coworker_id, "Position": 1, "Status": 1}
    return env.reader.nexudus.post(PATH, {**body, "SystemId": marker_of(lead.id)})


def test_accounts_that_agree_have_no_findings(env: ReconciliationEnv) -> None:
    env.delivers("ada@example.com", "bob@example.com")

    comparison = env.reconcile()

    assert comparison.is_right
    assert (comparison.received, comparison.matched, comparison.total) == ({Status.DELIVERED: 2}, 2, 0)
    with env.delivery.store.read() as tx:
        latest = tx.crm.last_reconciliation("default")
    assert latest is not None
    assert latest.result == comparison.as_json()


def test_a_deleted_opportunity_is_named(env: ReconciliationEnv) -> None:
    ada, bob = env.delivers("ada@example.com", "bob@example.com")
    env.nexudus.change_opportunity(number_of(ada), delete=True)

    [finding] = env.reconcile().discrepancies

    assert (finding.kind, finding.lead_id, finding.opportunity_id) == (DiscrepancyKind.GONE, ada.id, ada.opportunity_id)
    assert f"--excuse {ada.id}" in finding.remedy
    assert env.sale(ada).missing_since is not None
    assert env.sale(bob).missing_since is None


def test_what_was_deleted_on_purpose_is_not_named_again(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()
    env.nexudus.change_opportunity(number_of(ada), delete=True)
    env.reconcile()

    env.delivery.store.write(lambda tx: tx.crm.acknowledge([ada.id], clock.now()))

    assert env.reconcile().is_right


def test_test_leads_may_be_cleared_away(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()
    env.reader = replace(env.reader, disposable_forms=frozenset({"contact"}))
    env.nexudus.change_opportunity(number_of(ada), delete=True)

    assert env.reconcile().is_right

    calls = len(env.nexudus.calls())
    env.reconcile()
    assert len(env.nexudus.calls()) == calls + 2  # two lists: it is not looked for again


def test_one_that_was_moved_is_still_there(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()

    env.nexudus.change_opportunity(number_of(ada), stage_id=2002)

    assert env.reconcile().is_right
    assert env.sale(ada).stage_id == 2002


def test_one_that_the_list_left_out_is_looked_for_by_itself(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()
    env.nexudus.faults([{"path": PATH, "body": {"Records": [], "TotalPages": 1}}])

    comparison = env.reconcile()

    assert comparison.is_right
    assert comparison.matched == 1
    assert env.sale(ada).stage_id == 1001


def test_a_doubled_one_is_named(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()
    second = copies(env, ada)

    [finding] = env.reconcile().discrepancies

    assert (finding.kind, finding.lead_id, finding.opportunities) == (DiscrepancyKind.DOUBLED, ada.id, (second,))
    assert "by hand" in finding.remedy


def test_a_double_that_is_wanted_is_not_named_again(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()
    copies(env, ada)
    env.reconcile()

    env.delivery.store.write(lambda tx: tx.crm.acknowledge([ada.id], clock.now()))

    assert env.reconcile().is_right
    env.nexudus.change_opportunity(number_of(ada), value=900)
    assert env.reconcile().is_right


@pytest.mark.parametrize("park", [False, True])
def test_an_unrecorded_opportunity_is_listed(env: ReconciliationEnv, park: bool) -> None:
    lead = env.delivery.owes(a_lead())
    if park:
        env.delivery.store.write(lambda tx: tx.queue.withdraw([lead.id]))
        env.delivery.store.write(lambda tx: tx.leads.set_status([lead.id], Status.PARKED, "Look at it."))
    made = makes(env, lead)

    [finding] = env.reconcile().discrepancies

    assert (finding.kind, finding.lead_id, finding.opportunities) == (DiscrepancyKind.UNNOTED, lead.id, (made,))


def test_one_that_is_being_sent_is_left_alone(env: ReconciliationEnv) -> None:
    lead = env.delivery.owes(a_lead())
    env.delivery.store.write(lambda tx: tx.queue.claim("a worker", clock.now(), 90, 10))
    makes(env, lead)

    assert env.reconcile().is_right


def test_an_opportunity_created_again_after_a_deletion_is_unrecorded(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()
    again = copies(env, ada)
    env.nexudus.change_opportunity(number_of(ada), delete=True)

    [finding] = env.reconcile().discrepancies

    assert (finding.kind, finding.opportunity_id, finding.opportunities) == (
        DiscrepancyKind.UNNOTED,
        ada.opportunity_id,
        (again,),
    )


def test_one_of_a_person_who_was_forgotten_is_named(env: ReconciliationEnv) -> None:
    lead = env.delivery.owes(a_lead())
    makes(env, lead)
    env.delivery.store.erase([lead.id], clock.now())

    [finding] = env.reconcile().discrepancies

    assert (finding.kind, finding.lead_id) == (DiscrepancyKind.ERASED, lead.id)


def test_marks_that_are_not_ours_are_remarked_and_are_no_fault(env: ReconciliationEnv) -> None:
    makes(env, a_lead())

    comparison = env.reconcile()

    assert comparison.is_right
    assert comparison.foreign == 1
    assert "another installation" in next(comparison.remarks())


def test_parked_and_held_leads_are_counted_apart(env: ReconciliationEnv) -> None:
    env.delivers()
    for email, status in (("p@example.com", Status.PARKED), ("q@example.com", Status.QUARANTINED)):
        env.delivery.store.keep_and_enqueue([Arrival(a_lead(email, status=status, received_at=clock.now()), [], email)])

    comparison = env.reconcile()

    assert comparison.received == {Status.DELIVERED: 1, Status.PARKED: 1, Status.QUARANTINED: 1}
    assert comparison.is_right


@pytest.mark.parametrize("settings", [{"systemid_round_trips": False}, {"notes_in_lists": False}])
def test_one_kind_of_mark_is_enough(env: ReconciliationEnv, settings: dict[str, bool]) -> None:
    env.nexudus.settings(**settings)
    [ada] = env.delivers()
    copies(env, ada)

    assert kinds(env.reconcile()) == [DiscrepancyKind.DOUBLED]


def test_the_mark_in_a_custom_field_is_enough(env: ReconciliationEnv) -> None:
    env.nexudus.settings(systemid_round_trips=False)
    learned = {"custom_fields_kept": True}
    env.delivery.store.write(
        lambda tx: tx.crm.learn_facts(env.delivery.context.behaviours.tenant, learned, "live", clock.now())
    )
    [ada] = env.delivers()
    second = copies(env, ada)
    env.nexudus.world.tables["CrmOpportunity"].rows[second]["Notes"] = "rewritten"

    assert kinds(env.reconcile()) == [DiscrepancyKind.DOUBLED]


def test_where_lists_show_no_mark_the_records_themselves_are_looked_into(env: ReconciliationEnv) -> None:
    env.nexudus.settings(systemid_round_trips=False, notes_in_lists=False)
    [ada] = env.delivers()
    copies(env, ada)

    comparison = env.reconcile()

    assert (comparison.matched, comparison.unreadable, kinds(comparison)) == (1, 0, [DiscrepancyKind.DOUBLED])


def test_of_leads_that_came_before_nothing_is_said(env: ReconciliationEnv) -> None:
    [ada] = env.delivers()
    env.nexudus.change_opportunity(number_of(ada), delete=True)

    comparison = env.reconcile(since=clock.now() + timedelta(seconds=1))

    assert comparison.is_right
    assert comparison.received == {}


def test_what_a_platform_has_and_we_have_not_is_named(env: ReconciliationEnv) -> None:
    def compare(_since: datetime | None) -> list[PlatformComparison]:
        since = datetime(2026, 11, 20, tzinfo=clock.now().tzinfo)
        return [
            PlatformComparison("meta", "tour", 3, ("17", "18"), "", since),
            PlatformComparison("linkedin", "tour", problem="No token."),
        ]

    comparison = env.reconcile(platforms=compare)

    [finding] = comparison.discrepancies
    assert (finding.kind, finding.missing) == (DiscrepancyKind.MISSED, ("17", "18"))
    assert "`lead-capture pull tour --since 2026-11-20`" in finding.remedy
    assert list(comparison.remarks()) == ["linkedin, tour: No token."]


def test_what_cannot_be_read_to_the_end_is_not_taken_for_gone(env: ReconciliationEnv) -> None:
    env.delivers()
    first_page = {"Records": [{"Id": 7, "CreatedOn": None}], "TotalPages": 2}
    env.nexudus.faults([{"path": PATH, "body": first_page}, {"path": PATH, "status": 503}])

    comparison = env.reconcile()

    assert not comparison.is_right
    assert list(comparison.discrepancies) == []
    assert "could not be read to the end" in comparison.problem


def test_nothing_of_a_finding_is_personal(env: ReconciliationEnv) -> None:
    [ada] = env.delivers("ada.lovelace@example.com")
    env.nexudus.change_opportunity(number_of(ada), delete=True)

    text = str(env.reconcile().as_json())

    assert "lovelace" not in text.lower()

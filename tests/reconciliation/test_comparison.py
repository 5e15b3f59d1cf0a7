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
from tests.reconciliation.conftest import Ledger, kinds


def number_of(lead: Lead) -> int:
    """The opportunity's number."""
    return lead.opportunity_id or 0


def copies(ledger: Ledger, lead: Lead) -> int:
    """As somebody copies an opportunity in Nexudus, or a call of unknown outcome makes it twice."""
    record = next(each for each in ledger.nexudus.opportunities() if each["Id"] == lead.opportunity_id)
    copied = ("CrmBoardColumnId", "CoworkerId", "Notes", "SystemId", "CustomFields")
    body = {key: record[key] for key in copied if record[key]}
    return ledger.reader.nexudus.post(PATH, {**body, "Position": 1, "Status": 1})


def makes(ledger: Ledger, lead: Lead) -> int:
    """As a call makes an opportunity and nobody hears of it."""
    coworker_id = ledger.nexudus.add_coworker(lead.submission.contact.email)["Id"]
    body = {"CrmBoardColumnId": 1001, "CoworkerId": coworker_id, "Position": 1, "Status": 1}
    return ledger.reader.nexudus.post(PATH, {**body, "SystemId": marker_of(lead.id)})


def test_accounts_that_agree_have_no_findings(ledger: Ledger) -> None:
    ledger.delivers("ada@example.com", "bob@example.com")

    found = ledger.reconcile()

    assert found.is_right
    assert (found.received, found.matched, found.total) == ({Status.DELIVERED: 2}, 2, 0)
    with ledger.env.store.read() as tx:
        latest = tx.crm.last_reconciliation("default")
    assert latest is not None
    assert latest.result == found.as_json()


def test_a_deleted_opportunity_is_named(ledger: Ledger) -> None:
    ada, bob = ledger.delivers("ada@example.com", "bob@example.com")
    ledger.nexudus.change_opportunity(number_of(ada), delete=True)

    [finding] = ledger.reconcile().discrepancies

    assert (finding.kind, finding.lead_id, finding.opportunity_id) == (DiscrepancyKind.GONE, ada.id, ada.opportunity_id)
    assert f"--excuse {ada.id}" in finding.remedy
    assert ledger.sale(ada).missing_since is not None
    assert ledger.sale(bob).missing_since is None


def test_what_was_deleted_on_purpose_is_not_named_again(ledger: Ledger) -> None:
    [ada] = ledger.delivers()
    ledger.nexudus.change_opportunity(number_of(ada), delete=True)
    ledger.reconcile()

    ledger.env.store.write(lambda tx: tx.crm.acknowledge([ada.id], clock.now()))

    assert ledger.reconcile().is_right


def test_test_leads_may_be_cleared_away(ledger: Ledger) -> None:
    [ada] = ledger.delivers()
    ledger.reader = replace(ledger.reader, disposable_forms=frozenset({"contact"}))
    ledger.nexudus.change_opportunity(number_of(ada), delete=True)

    assert ledger.reconcile().is_right

    calls = len(ledger.nexudus.calls())
    ledger.reconcile()
    assert len(ledger.nexudus.calls()) == calls + 2  # two lists: it is not looked for again


def test_one_that_was_moved_is_still_there(ledger: Ledger) -> None:
    [ada] = ledger.delivers()

    ledger.nexudus.change_opportunity(number_of(ada), stage_id=2002)

    assert ledger.reconcile().is_right
    assert ledger.sale(ada).stage_id == 2002


def test_one_that_the_list_left_out_is_looked_for_by_itself(ledger: Ledger) -> None:
    [ada] = ledger.delivers()
    ledger.nexudus.faults([{"path": PATH, "body": {"Records": [], "TotalPages": 1}}])

    found = ledger.reconcile()

    assert found.is_right
    assert found.matched == 1
    assert ledger.sale(ada).stage_id == 1001


def test_a_doubled_one_is_named(ledger: Ledger) -> None:
    [ada] = ledger.delivers()
    second = copies(ledger, ada)

    [finding] = ledger.reconcile().discrepancies

    assert (finding.kind, finding.lead_id, finding.opportunities) == (DiscrepancyKind.DOUBLED, ada.id, (second,))
    assert "by hand" in finding.remedy


def test_a_double_that_is_wanted_is_not_named_again(ledger: Ledger) -> None:
    [ada] = ledger.delivers()
    copies(ledger, ada)
    ledger.reconcile()

    ledger.env.store.write(lambda tx: tx.crm.acknowledge([ada.id], clock.now()))

    assert ledger.reconcile().is_right
    ledger.nexudus.change_opportunity(number_of(ada), value=900)
    assert ledger.reconcile().is_right


@pytest.mark.parametrize("park", [False, True])
def test_one_that_nobody_noted_is_named(ledger: Ledger, park: bool) -> None:
    lead = ledger.env.owes(a_lead())
    if park:
        ledger.env.store.write(lambda tx: tx.queue.withdraw([lead.id]))
        ledger.env.store.write(lambda tx: tx.leads.set_status([lead.id], Status.PARKED, "Look at it."))
    made = makes(ledger, lead)

    [finding] = ledger.reconcile().discrepancies

    assert (finding.kind, finding.lead_id, finding.opportunities) == (DiscrepancyKind.UNNOTED, lead.id, (made,))


def test_one_that_is_being_sent_is_left_alone(ledger: Ledger) -> None:
    lead = ledger.env.owes(a_lead())
    ledger.env.store.write(lambda tx: tx.queue.claim("a worker", clock.now(), 90, 10))
    makes(ledger, lead)

    assert ledger.reconcile().is_right


def test_one_that_was_made_anew_after_it_was_deleted_is_not_noted(ledger: Ledger) -> None:
    [ada] = ledger.delivers()
    again = copies(ledger, ada)
    ledger.nexudus.change_opportunity(number_of(ada), delete=True)

    [finding] = ledger.reconcile().discrepancies

    assert (finding.kind, finding.opportunity_id, finding.opportunities) == (
        DiscrepancyKind.UNNOTED,
        ada.opportunity_id,
        (again,),
    )


def test_one_of_a_person_who_was_forgotten_is_named(ledger: Ledger) -> None:
    lead = ledger.env.owes(a_lead())
    makes(ledger, lead)
    ledger.env.store.erase([lead.id], clock.now())

    [finding] = ledger.reconcile().discrepancies

    assert (finding.kind, finding.lead_id) == (DiscrepancyKind.ERASED, lead.id)


def test_marks_that_are_not_ours_are_remarked_and_are_no_fault(ledger: Ledger) -> None:
    makes(ledger, a_lead())

    found = ledger.reconcile()

    assert found.is_right
    assert found.foreign == 1
    assert "another installation" in next(found.remarks())


def test_parked_and_held_leads_are_counted_apart(ledger: Ledger) -> None:
    ledger.delivers()
    for email, status in (("p@example.com", Status.PARKED), ("q@example.com", Status.QUARANTINED)):
        ledger.env.store.keep_and_enqueue([Arrival(a_lead(email, status=status, received_at=clock.now()), [], email)])

    found = ledger.reconcile()

    assert found.received == {Status.DELIVERED: 1, Status.PARKED: 1, Status.QUARANTINED: 1}
    assert found.is_right


@pytest.mark.parametrize("settings", [{"systemid_round_trips": False}, {"notes_in_lists": False}])
def test_one_kind_of_mark_is_enough(ledger: Ledger, settings: dict[str, bool]) -> None:
    ledger.nexudus.settings(**settings)
    [ada] = ledger.delivers()
    copies(ledger, ada)

    assert kinds(ledger.reconcile()) == [DiscrepancyKind.DOUBLED]


def test_the_mark_in_a_custom_field_is_enough(ledger: Ledger) -> None:
    ledger.nexudus.settings(systemid_round_trips=False)
    learned = {"custom_fields_kept": True}
    ledger.env.store.write(
        lambda tx: tx.crm.learn_facts(ledger.env.context.behaviours.tenant, learned, "live", clock.now())
    )
    [ada] = ledger.delivers()
    second = copies(ledger, ada)
    ledger.nexudus.world.tables["CrmOpportunity"].rows[second]["Notes"] = "rewritten"

    assert kinds(ledger.reconcile()) == [DiscrepancyKind.DOUBLED]


def test_where_lists_show_no_mark_the_records_themselves_are_looked_into(ledger: Ledger) -> None:
    ledger.nexudus.settings(systemid_round_trips=False, notes_in_lists=False)
    [ada] = ledger.delivers()
    copies(ledger, ada)

    found = ledger.reconcile()

    assert (found.matched, found.unreadable, kinds(found)) == (1, 0, [DiscrepancyKind.DOUBLED])


def test_of_leads_that_came_before_nothing_is_said(ledger: Ledger) -> None:
    [ada] = ledger.delivers()
    ledger.nexudus.change_opportunity(number_of(ada), delete=True)

    found = ledger.reconcile(since=clock.now() + timedelta(seconds=1))

    assert found.is_right
    assert found.received == {}


def test_what_a_platform_has_and_we_have_not_is_named(ledger: Ledger) -> None:
    def compare(_since: datetime | None) -> list[PlatformComparison]:
        since = datetime(2026, 11, 20, tzinfo=clock.now().tzinfo)
        return [
            PlatformComparison("meta", "tour", 3, ("17", "18"), "", since),
            PlatformComparison("linkedin", "tour", problem="No token."),
        ]

    found = ledger.reconcile(platforms=compare)

    [finding] = found.discrepancies
    assert (finding.kind, finding.missing) == (DiscrepancyKind.MISSED, ("17", "18"))
    assert "`lead-capture pull tour --since 2026-11-20`" in finding.remedy
    assert list(found.remarks()) == ["linkedin, tour: No token."]


def test_what_cannot_be_read_to_the_end_is_not_taken_for_gone(ledger: Ledger) -> None:
    ledger.delivers()
    first_page = {"Records": [{"Id": 7, "CreatedOn": None}], "TotalPages": 2}
    ledger.nexudus.faults([{"path": PATH, "body": first_page}, {"path": PATH, "status": 503}])

    found = ledger.reconcile()

    assert not found.is_right
    assert list(found.discrepancies) == []
    assert "could not be read to the end" in found.problem


def test_nothing_of_a_finding_is_personal(ledger: Ledger) -> None:
    [ada] = ledger.delivers("ada.lovelace@example.com")
    ledger.nexudus.change_opportunity(number_of(ada), delete=True)

    told = str(ledger.reconcile().as_json())

    assert "lovelace" not in told.lower()

"""Actions taken back: undone for some minutes, discarded leads restored at any time."""

from datetime import timedelta

import pytest

from service.lead import Lead, Status, Step
from service.operations.leads import (
    ACTIONS,
    DISCARD,
    RELEASE,
    RESTORE,
    RETRY,
    ActionNotAllowed,
    Undone,
    act_on_lead,
    act_on_leads,
    new_action_id,
    undo,
)
from service.store import UNDO_WINDOW, Arrival, FetchNotice, Store
from tests.admin.stored_leads import keep
from tests.builders import NOON, SOMEONE, a_lead
from tests.store.actions import claim, stored_lead

LATER = NOON + timedelta(minutes=2)


def keep_as(store: Store, status: Status) -> Lead:
    """One lead with a reason for its status."""
    return keep(store, a_lead(f"{status}@x.example", status=status, problem="" if status is Status.PENDING else "why"))


def test_a_discard_is_undone_for_leads_of_every_status(store: Store) -> None:
    leads = [keep_as(store, status) for status in (Status.PENDING, Status.PARKED, Status.QUARANTINED, Status.TEST)]
    action_id = new_action_id(NOON)
    act_on_leads(store, SOMEONE, DISCARD, [lead.id for lead in leads], NOON, action_id)

    assert undo(store, SOMEONE, DISCARD, action_id, LATER) == Undone(undone=4)

    again = [stored_lead(store, lead) for lead in leads]
    assert [(lead.status, lead.problem) for lead in again] == [(lead.status, lead.problem) for lead in leads]
    assert [delivery.lead.id for delivery in claim(store, now=LATER)] == [leads[0].id]


@pytest.mark.parametrize(("action", "status"), [(RETRY, Status.PARKED), (RELEASE, Status.QUARANTINED)])
def test_what_is_not_sent_yet_is_called_back(store: Store, action: object, status: Status) -> None:
    sent, waiting = keep_as(store, status), keep(store, a_lead("b@x.example", status=status, problem="why"))
    action, action_id = ACTIONS[action.name], new_action_id(NOON)  # type: ignore[attr-defined]
    act_on_leads(store, SOMEONE, action, [sent.id, waiting.id], NOON, action_id)
    (delivery,) = claim(store, room=1)

    assert undo(store, SOMEONE, action, action_id, LATER) == Undone(undone=1, left=1)

    left = {stored_lead(store, lead).status: lead.id for lead in (sent, waiting)}
    assert left == {Status.PENDING: delivery.lead.id, status: ({sent.id, waiting.id} - {delivery.lead.id}).pop()}


def test_a_lead_that_was_tried_since_is_left_alone(store: Store) -> None:
    lead, action_id = keep_as(store, Status.PARKED), new_action_id(NOON)
    act_on_leads(store, SOMEONE, RETRY, [lead.id], NOON, action_id)
    (delivery,) = claim(store)
    store.write(lambda tx: tx.queue.begin_attempt(delivery, Step.FIND_COWORKER, LATER))
    store.write(lambda tx: tx.queue.postpone(delivery, LATER + timedelta(hours=1), 1))

    assert undo(store, SOMEONE, RETRY, action_id, LATER) == Undone(left=1)


def test_an_action_that_another_one_followed_is_not_undone(store: Store) -> None:
    lead, first = keep_as(store, Status.QUARANTINED), new_action_id(NOON)
    act_on_leads(store, SOMEONE, RELEASE, [lead.id], NOON, first)
    act_on_leads(store, SOMEONE, DISCARD, [lead.id], NOON)

    assert undo(store, SOMEONE, RELEASE, first, LATER) == Undone()
    assert stored_lead(store, lead).status is Status.DISCARDED


def test_after_some_minutes_it_is_too_late_but_discarded_leads_are_restored(store: Store) -> None:
    lead, action_id = keep_as(store, Status.QUARANTINED), new_action_id(NOON)
    act_on_leads(store, SOMEONE, DISCARD, [lead.id], NOON, action_id)
    later = NOON + UNDO_WINDOW + timedelta(seconds=1)

    with pytest.raises(ActionNotAllowed, match="too late"):
        undo(store, SOMEONE, DISCARD, action_id, later)
    restored = act_on_lead(store, SOMEONE, RESTORE, lead.id, later)

    assert restored is not None
    assert (restored.status, restored.problem) == (Status.QUARANTINED, "why")


def test_a_lead_that_an_earlier_version_discarded_waits_for_a_decision(store: Store) -> None:
    lead = keep_as(store, Status.DISCARDED)

    restored = act_on_lead(store, SOMEONE, RESTORE, lead.id, NOON)

    assert restored is not None
    assert restored.status is Status.PARKED
    assert "Send it to Nexudus, or discard it again" in restored.problem


def test_a_restored_announcement_is_fetched_again(store: Store) -> None:
    lead = a_lead(status=Status.ANNOUNCED)
    store.announce([(Arrival(lead), FetchNotice(lead.id, "contact", "meta", "77", NOON, details={"form_id": "5"}))])
    act_on_leads(store, SOMEONE, DISCARD, [lead.id], NOON)

    act_on_lead(store, SOMEONE, RESTORE, lead.id, LATER)

    assert stored_lead(store, lead).status is Status.ANNOUNCED
    (fetch,) = store.write(lambda tx: tx.platforms.claim_fetches("worker", LATER, 90, 1, ["meta"]))
    assert (fetch.notice.external_id, fetch.notice.details) == ("77", {"form_id": "5"})


def test_an_erased_lead_has_no_record_of_what_it_was(store: Store) -> None:
    lead, action_id = keep_as(store, Status.PARKED), new_action_id(NOON)
    act_on_leads(store, SOMEONE, DISCARD, [lead.id], NOON, action_id)
    store.erase([lead.id], LATER)

    assert undo(store, SOMEONE, DISCARD, action_id, LATER) == Undone()
    assert stored_lead(store, lead).status is Status.ERASED

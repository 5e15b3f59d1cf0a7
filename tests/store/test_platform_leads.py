"""Leads that a platform brought, with the contact of their person."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from service.lead import Contact, Evidence, Lead, Status
from service.store import DedupKey, PlatformLead, Store
from tests.builders import NOON, a_lead, a_submission
from tests.store.actions import keep

KEYS = "id:meta:default:"


def metas(number: int, **changes: Any) -> Lead:
    """A lead that Meta's webhook brought so many minutes after noon."""
    row = {"sender": "meta", "external_id": str(number), "evidence": Evidence(submitted_at=NOON.timestamp())}
    submission = a_submission(f"p{number}@example.com", **{**row, **changes})
    return replace(a_lead(received_at=NOON + timedelta(minutes=number)), submission=submission)


def brought(store: Store, **changes: Any) -> list[PlatformLead]:
    """What Meta brought to the account."""
    with store.read() as tx:
        return list(tx.leads.brought_by("meta", "default", KEYS, NOON + timedelta(hours=1), **changes))


def test_a_platforms_leads_say_who_they_are_and_when(store: Store) -> None:
    lead = metas(1, form_name="Winter")
    keep(store, lead)

    assert brought(store) == [
        PlatformLead(
            lead.id, "contact", "Winter", "1", "p1@example.com", "+442079460142", lead.received_at, 1795521600.0
        )
    ]


def test_leads_that_others_relayed_are_the_platforms(store: Store) -> None:
    relayed, other = metas(1, sender="json"), metas(2, sender="json")
    keep(store, relayed, DedupKey(f"{KEYS}77"))
    keep(store, other, DedupKey("id:meta_default:78"))

    assert [each.lead_id for each in brought(store)] == [relayed.id]


def test_other_senders_later_leads_and_leads_without_contact_are_left_out(store: Store) -> None:
    for lead in (
        metas(1, sender="tiktok"),
        replace(metas(2), account="harbour"),
        metas(60),
        metas(3, contact=Contact(full_name="Ada")),
    ):
        keep(store, lead)

    assert brought(store) == []


def test_leads_without_an_id_can_be_asked_for_alone(store: Store) -> None:
    with_id, without = metas(1), metas(2, external_id="")
    for lead in (with_id, without):
        keep(store, lead)

    assert [each.lead_id for each in brought(store, nameless=True)] == [without.id]


def test_announced_leads_are_counted(store: Store) -> None:
    keep(store, replace(metas(1), status=Status.ANNOUNCED))

    with store.read() as tx:
        assert (tx.leads.count_announced("meta", "default"), tx.leads.count_announced("meta", "harbour")) == (1, 0)

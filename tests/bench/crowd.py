"""A million leads of all kinds in a database, as months of work leave them behind: made in minutes, found in place."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from service.lead import (
    Attribution,
    Contact,
    CoworkerId,
    Evidence,
    Lead,
    LeadId,
    OpportunityId,
    Outcome,
    Status,
    Step,
    Submission,
    new_lead_id,
)
from service.store import Store
from service.store.database.columns import insert_rows
from service.store.database.tables import DONE, PARKED, QUEUED, attempts, deliveries, leads
from service.store.leads.rows import to_row

CHUNK = 5_000
DAYS = 180

FIRST = (
    "Ann",
    "Anna",
    "Grace",
    "Ida",
    "Bo",
    "Maria",
    "Katherine",
    "Luca",
    "Sofia",
    "Jean",
    "Amélie",
    "Piotr",
    "Fatima",
)
LAST = tuple(
    f"{start}{end}"
    for start in ("Lee", "Hop", "Rho", "Chen", "Fern", "John", "Ros", "Nov")
    for end in ("", "per", "des", "ez", "son", "si", "ák")
)
COMPANIES = tuple(
    f"{a} {b}"
    for a in ("Blue", "North", "Kiosk", "Harbour", "Ship", "Analytical")
    for b in ("Labs", "& Co.", "Studio", "Engines")
)
PLACES = ("Lisbon", "Berlin", "Porto", "Leeds", "Lyon")
TEXT = (
    "We are a team of {n} and look for a private office near the {place} harbour from January. Is there bike parking,"
    " and can dogs come along on Fridays? Please tell us what a boardroom costs for half a day as well."
)
CHANNELS = (
    ("Paid Search", "google", "cpc"),
    ("Direct", "", ""),
    ("Organic Search", "google", "organic"),
    ("Email", "newsletter", "email"),
    ("Paid Social", "facebook", "paid_social"),
    ("Referral", "partner.example", "referral"),
)
SENDERS = ("browser",) * 8 + ("meta", "typeform")
STATUSES = (
    (Status.DELIVERED, 94.0),
    (Status.QUARANTINED, 4.0),
    (Status.PENDING, 0.5),
    (Status.PARKED, 0.5),
    (Status.DISCARDED, 0.9),
    (Status.TEST, 0.1),
)


def fill(store: Store, count: int, until: datetime) -> None:
    """Put `count` leads of the last months into the store, with their debts, calls and words."""
    chance = random.Random(7)  # noqa: S311 (the same crowd each time)
    for start in range(0, count, CHUNK):
        some = [_a_lead(chance, number, count, until) for number in range(start, min(start + CHUNK, count))]
        with store._database.writing.begin() as connection:
            insert_rows(connection, leads, [to_row(lead) for lead in some])
            insert_rows(connection, deliveries, [_debt(lead) for lead in some])
            insert_rows(connection, attempts, list(_calls(some)))
    while store.write(lambda tx: tx.search.fill_index("g", CHUNK)):
        pass


def _a_lead(chance: random.Random, number: int, count: int, until: datetime) -> Lead:
    at = until - timedelta(seconds=(count - number) * DAYS * 86400 / count)
    status = chance.choices([one for one, _ in STATUSES], [share for _, share in STATUSES])[0]
    channel, source, medium = chance.choice(CHANNELS)
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    host = chance.choice(("example.com", "mail.example", f"firm{number % 5000}.example"))
    email = f"{name.split(maxsplit=1)[0].lower()}{number}@{host}"
    contact = Contact(email, name, phone=f"+4420{chance.randrange(10**8):08}", company=chance.choice(COMPANIES))
    fields = {"email": email, "full_name": name, "message": TEXT.format(n=number % 97, place=chance.choice(PLACES))}
    page = f"https://www.example.com/?utm_source={source}&utm_medium={medium}&utm_campaign=c{number % 300}"
    evidence = Evidence(fields, landing_url=page, page_url="https://www.example.com/contact")
    is_done = status is Status.DELIVERED
    return Lead(
        LeadId(new_lead_id(at)),
        "default",
        status,
        at,
        Submission(f"form{number % 8}", chance.choice(SENDERS), contact, evidence, fields, {"how_heard": "a friend"}),
        Attribution(
            source, medium, f"c{number % 300}", channel=channel, rule="rules:2", reason="tags on the landing page"
        ),
        "Look at it: the address is wrong." if status is Status.PARKED else "",
        at + timedelta(seconds=3) if is_done else None,
        CoworkerId(number + 5000) if is_done else None,
        OpportunityId(number + 80_000) if is_done else None,
    )


def _debt(lead: Lead) -> dict[str, Any]:
    state = {Status.DELIVERED: DONE, Status.PENDING: QUEUED}.get(lead.status, PARKED)
    return {
        "lead_id": lead.id,
        "account": lead.account,
        "person": lead.submission.contact.email,
        "state": state,
        "due_at": lead.received_at + timedelta(days=400),
        "form": lead.submission.form,
    }


def _calls(some: Sequence[Lead]) -> Iterator[dict[str, Any]]:
    for lead in some:
        for step in (Step.FIND_COWORKER, Step.CREATE_OPPORTUNITY) if lead.status is Status.DELIVERED else ():
            yield {
                "lead_id": lead.id,
                "step": step.value,
                "started_at": lead.received_at + timedelta(seconds=2),
                "outcome": Outcome.DONE.value,
                "duration_ms": 40,
                "http_status": 200,
            }

"""Millions of leads of all kinds in a database, as months or years of work leave them behind."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

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
from service.store import Sale, SaleChange, SaleStatus, Store
from service.store.database.columns import insert_rows
from service.store.database.report_tables import sale_changes, sales
from service.store.database.tables import DONE, PARKED, QUEUED, attempts, deliveries, lead_words, leads
from service.store.leads.rows import to_row
from service.store.words import COLUMNS, CURSOR, cursor_of

SIZE = 5_000
"""Leads that are made one by one."""

DAYS = 180

STAGES = ("New enquiry", "Toured", "Proposal sent")

NUMBERED = (attempts, sale_changes)
"""Tables that number their rows themselves."""

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


def fill(store: Store, count: int, until: datetime, days: int = DAYS, whole_days: int = DAYS, size: int = SIZE) -> None:
    """Put `count` leads of the last days into an empty store, with their debts, calls and words.

    They stand in blocks of `size`, each as long as the others. The newest is made lead by lead, and its copies are
    other people of earlier times. whole_days: older leads are erased, as RETENTION_DAYS leaves them.
    """
    blocks = max(1, count // size)
    length = timedelta(days=days) / blocks
    whole = min(blocks, max(1, round(blocks * whole_days / days)))
    chance = random.Random(7)  # noqa: S311 (the same crowd each time)
    newest = _make_block(store, chance, until - length, length, size)
    if whole < blocks:
        erased = _make_block(store, chance, until - (whole + 1) * length, length, size)
        store.erase(erased, until)
        _copy_block(store, erased, length, blocks - whole - 1)
    _copy_block(store, newest, length, whole - 1)
    if not store._database.path:
        with store._database.writing.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def size_bytes(store: Store) -> int:
    """How much disk the database takes."""
    path = store._database.path
    if path is not None:
        return path.stat().st_size
    with store._database.reading.connect() as connection:
        return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())


def _make_block(store: Store, chance: random.Random, since: datetime, length: timedelta, size: int) -> list[LeadId]:
    block = [_a_lead(chance, number, since + number * length / size) for number in range(size)]
    with store._database.writing.begin() as connection:
        insert_rows(connection, leads, [to_row(lead) for lead in block])
        insert_rows(connection, deliveries, [_debt(lead) for lead in block])
        insert_rows(connection, attempts, list(_calls(block)))
    with store.read() as tx:
        rows = tx._execute(select(*COLUMNS).where(leads.c.id.in_([lead.id for lead in block]))).all()
    store.write(lambda tx: tx.search.add(rows))
    sold = [_sale(chance, lead) for lead in block if lead.status is Status.DELIVERED]
    changes = [change for _, entered in sold for change in entered]
    store.write(lambda tx: tx.crm.save_sales([sale for sale, _ in sold], changes))
    store.write(lambda tx: tx.flags.set(CURSOR, max(block[-1].id, cursor_of(tx._connection))))
    return [lead.id for lead in block]


def _copy_block(store: Store, block: Sequence[LeadId], length: timedelta, copies: int) -> None:
    """Repeat a block for so many earlier times, in a few statements that leave the database to its own speed."""
    if copies < 1:
        return
    step_us, is_sqlite = length // timedelta(microseconds=1000) * 1000, store._database.path is not None
    hex_of = "printf('%0{}x', {})" if is_sqlite else "lpad(to_hex({1}), {0}, '0')"
    bytewise = "" if is_sqlite else ' COLLATE "C"'
    before = f"- series.k * {step_us}"
    tail = f"substr(l.id, 21, 4) || {hex_of.format(4, 'series.k')} || substr(l.id, 29)"
    new_id = f"{hex_of.format(12, f'(l.received_at {before}) / 1000')} || substr(l.id, 13, 8) || {tail}"
    address, number = "replace({}, '@', 'x' || series.k || '@')", f"{{}} + series.k * {len(block)}"
    word = f"""CASE WHEN t.word = substr(l.id, 21){bytewise} THEN ({tail}){bytewise}
      WHEN t.word LIKE '%@%' THEN {address.format("t.word")}
      WHEN t.word = CAST(l.coworker_id AS TEXT){bytewise} THEN CAST({number.format("l.coworker_id")} AS TEXT)
      WHEN t.word = CAST(l.opportunity_id AS TEXT){bytewise} THEN CAST({number.format("l.opportunity_id")} AS TEXT)
      ELSE t.word END"""
    moments = (
        "received_at",
        "delivered_at",
        "due_at",
        "started_at",
        "won_at",
        "lost_at",
        "updated_at",
        "seen_at",
        "at",
    )
    instants = {name: f"t.{name} {before}" for name in (*moments, "at")}
    numbers = {name: number.format(f"t.{name}") for name in ("coworker_id", "opportunity_id")}
    people = {name: address.format(f"t.{name}") for name in ("email", "fields", "person")}
    changes = {**instants, **numbers, **people, "word": word, "lead_id": new_id}
    for table in (leads, deliveries, attempts, lead_words, sale_changes, sales):  # sales last: a trigger reads changes
        key = "id" if table is leads else "lead_id"
        order = "ORDER BY 1, 2" if table is lead_words else ""  # sorted, the index of words is made ten times as fast
        names = [column.name for column in table.columns if not (table in NUMBERED and column.name == "id")]
        values = [new_id if name == key else changes.get(name, f"t.{name}") for name in names]
        with store._database.writing.begin() as connection:
            connection.execute(
                text(
                    f"""WITH RECURSIVE series(k) AS (
                      SELECT CAST(:copies AS INTEGER) UNION ALL SELECT k - 1 FROM series WHERE k > 1
                    )
                    INSERT INTO {table.name} ({", ".join(names)}) SELECT {", ".join(values)}
                    FROM series CROSS JOIN {table.name} t JOIN leads l ON l.id = t.{key}
                    WHERE l.id BETWEEN :first AND :last {order}"""  # noqa: S608 (names of our own)
                ),
                {"copies": copies, "first": block[0], "last": block[-1]},
            )


def _a_lead(chance: random.Random, number: int, at: datetime) -> Lead:
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


def _sale(chance: random.Random, lead: Lead) -> tuple[Sale, list[SaleChange]]:
    """What became of a delivered lead within a month."""
    reached = STAGES[: chance.choices((1, 2, 3), (60, 25, 15))[0]]
    days = [timedelta(days=chance.uniform(1, 9)) for _ in reached]
    times = [lead.received_at + sum(days[:number], timedelta()) for number in range(len(reached))]
    is_won, is_lost = len(reached) == len(STAGES) and chance.random() < 0.7, chance.random() < 0.3
    status = SaleStatus.WON if is_won else SaleStatus.LOST if is_lost else SaleStatus.IN_PROGRESS
    at = times[-1] + timedelta(days=chance.uniform(1, 9))
    sale = Sale(
        lead_id=lead.id,
        account=lead.account,
        opportunity_id=lead.opportunity_id or OpportunityId(0),
        stage_id=1001,
        stage=reached[-1],
        board="Sales",
        status=status,
        value=float(chance.randrange(100, 3000)),
        currency=chance.choice(("GBP", "EUR")),
        won_at=at if is_won else None,
        lost_at=at if status is SaleStatus.LOST else None,
        loss_reason="",
        updated_at=at,
        seen_at=at,
    )
    changes = [SaleChange(lead.id, "stage", name, when, at) for name, when in zip(reached, times, strict=True)]
    return sale, changes


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

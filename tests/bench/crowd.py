"""Fills a database with millions of leads of all kinds, as after months or years of use."""

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
from service.store import Store
from service.store.database.answer_tables import answer_clocks, owner_turns
from service.store.database.columns import insert_rows
from service.store.database.outcome_tables import lead_touches
from service.store.database.report_tables import sale_changes, sales
from service.store.database.tables import DONE, PARKED, QUEUED, attempts, deliveries, lead_words, leads
from service.store.leads.rows import to_row
from service.store.words import COLUMNS, CURSOR, cursor_of
from tests.bench.crowd_outcomes import clock_of, costs_of, sale_of, touch_of, turn_of

SIZE = 5_000
"""Leads that are made one by one."""

DAYS = 180

NUMBERED = (attempts, sale_changes)
"""Tables that number their rows themselves."""

COPIED = (leads, deliveries, attempts, lead_words, answer_clocks, owner_turns, lead_touches, sale_changes, sales)
"""Tables with rows of leads; sales come last, because a trigger reads their changes."""

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
SITES = ("Harbour House", "Old Mill", "Kiosk Street", "")
PAGES = ("/", "/offices", "/day-pass", "/meeting-rooms")
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
    """Put `count` leads of the last days into an empty store, with their deliveries, calls and words.

    They stand in blocks of `size`, each as long as the others. The newest is made lead by lead, and its copies are
    other people of earlier times. whole_days: older leads are erased, as RETENTION_DAYS leaves them. Their campaigns
    have costs.
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
    store.write(lambda tx: tx.statistics.replace_costs(list(costs_of(until, days)), {}, until))
    if not store._database.path:
        with store._database.writing.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


def size_bytes(store: Store) -> int:
    """Return the bytes of disk that the database takes."""
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
    sold = [sale_of(chance, lead) for lead in block if lead.status is Status.DELIVERED]
    changes = [change for _, entered in sold for change in entered]
    clocks = [clock_of(chance, lead) for lead in block if lead.status in (Status.DELIVERED, Status.PENDING)]
    turns = [turn_of(number, lead) for number, lead in enumerate(block) if lead.status is Status.DELIVERED]
    touches = {lead.id: touch_of(chance, lead) for lead in block}
    store.write(lambda tx: tx.crm.save_sales([sale for sale, _ in sold], changes))
    store.write(lambda tx: tx.answers.add(clocks))
    store.write(lambda tx: tx.answers.add_turns(turns))
    store.write(lambda tx: tx.leads.replace_touches(touches))
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
        "escalate_at",
        "next_at",
        "waiting_since",
        "reminded_at",
        "escalated_at",
        "answered_at",
        "given_at",
    )
    instants = {name: f"t.{name} {before}" for name in moments}
    numbers = {name: number.format(f"t.{name}") for name in ("coworker_id", "opportunity_id")}
    people = {name: address.format(f"t.{name}") for name in ("email", "fields", "person")}
    changes = {**instants, **numbers, **people, "word": word, "lead_id": new_id}
    for table in COPIED:
        key = "id" if table is leads else "lead_id"
        order = "ORDER BY 1, 2" if table is lead_words else ""  # sorted, the index of words is made ten times as fast
        names = [column.name for column in table.columns if not (table in NUMBERED and column.name == "id")]
        own = {**changes, "email": "t.email"} if table is owner_turns else changes  # whose turn it was is a colleague
        values = [new_id if name == key else own.get(name, f"t.{name}") for name in names]
        with store._database.writing.begin() as connection:
            if not is_sqlite:  # triggers keep counts that are not there yet, and would run for each row
                connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            connection.execute(
                text(
                    f"""WITH RECURSIVE series(k) AS (
                      SELECT CAST(:copies AS INTEGER) UNION ALL SELECT k - 1 FROM series WHERE k > 1
                    ), block AS MATERIALIZED (SELECT * FROM {table.name} WHERE {key} BETWEEN :first AND :last)
                    INSERT INTO {table.name} ({", ".join(names)}) SELECT {", ".join(values)}
                    FROM series CROSS JOIN block t JOIN leads l ON l.id = t.{key} {order}"""  # noqa: S608 (names of our own)
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
    fields |= {"location": site} if (site := SITES[number % len(SITES)]) else {}
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
            *(source, medium, f"c{number % 300}"),
            channel=channel,
            rule="rules:2",
            reason="tags on the landing page",
            landing_page=PAGES[number // 3 % len(PAGES)],
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

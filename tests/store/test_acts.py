"""The record of acts: written with what was done, kept by the database, whole as a chain, free of erased words."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from service.actors import Actor, Role
from service.store import Act, Store, StoreUnavailable, Subject, SubjectKind, Transaction
from tests.builders import NOON
from tests.store.actions import at_once

ANN = Actor("ann@example.com", Role.OWNER.scopes, origin="10.0.0.1")
LEAD = Subject(SubjectKind.LEAD, "1" * 32)


def record(store: Store, subject: Subject = LEAD, after: dict[str, Any] | None = None, **more: Any) -> None:
    """Record one act."""
    store.write(lambda tx: record_in(tx, subject, after, **more))


def record_in(tx: Transaction, subject: Subject = LEAD, after: dict[str, Any] | None = None, **more: Any) -> None:
    """Record one act within a transaction."""
    tx.acts.record(ANN, Act.CHANGE, subject, "default", {"status": "parked"}, after or {}, NOON, **more)


def rows(store: Store, columns: str = "*") -> list[tuple[Any, ...]]:
    """What is in the table."""
    with store._database.reading.connect() as connection:
        query = f"SELECT {columns} FROM acts ORDER BY id"  # noqa: S608 (ours)
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def tamper(store: Store, statement: str) -> None:
    """Change the database behind the program's back."""
    with store._database.turn, store._database.writing.begin() as connection:
        connection.execute(text(statement))


def problem(store: Store) -> str:
    """What the chain says of itself."""
    with store.read() as tx:
        return tx.acts.verify_chain().problem


def test_an_act_is_on_record_when_what_was_done_is(store: Store) -> None:
    def job(tx: Transaction) -> None:
        record_in(tx)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(job)
    record(store, after={"status": "pending"})

    assert rows(store, "id, who, act, kind, subject, account, origin") == [
        (1, "ann@example.com", "change", "lead", "1" * 32, "default", "10.0.0.1")
    ]
    assert rows(store, '"before", "after"') == [('{"status":"parked"}', '{"status":"pending"}')]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE acts SET who = 'nobody'",
        "UPDATE acts SET words = '{}', salt = 'x'",
        "UPDATE acts SET words = NULL",
        "UPDATE acts SET id = 7",
        "DELETE FROM acts",
        "INSERT INTO acts (id, at, who, act, kind, \"before\", \"after\", hash) VALUES (1, 1, '', '', '', '', '', '')",
    ],
)
def test_the_database_itself_refuses_to_change_the_record(store: Store, statement: str) -> None:
    record(store, after={"phone": "1"}, personal=["phone"])
    before = rows(store)

    with pytest.raises(Exception, match=r"append-only|duplicate key"):
        tamper(store, statement)

    assert rows(store) == before


def test_replacing_and_truncating_are_refused_as_well(store: Store) -> None:
    record(store)
    is_sqlite = store._database.path is not None

    with pytest.raises(Exception, match="append-only"):
        tamper(store, "REPLACE INTO acts SELECT * FROM acts" if is_sqlite else "TRUNCATE acts")


def test_two_processes_and_many_threads_append_to_one_chain(store: Store, database_url: str) -> None:
    other = Store(database_url)

    at_once(*[partial(record, (store, other)[number % 2]) for number in range(16)])

    other.close()
    assert [number for (number,) in rows(store, "id")] == list(range(1, 17))
    assert problem(store) == ""


def without_triggers(store: Store, statement: str) -> None:
    """Do what only the owner of the database can: switch its triggers off."""
    if store._database.path is None:
        tamper(store, "ALTER TABLE acts DISABLE TRIGGER USER")
    else:
        for name in ("acts_stay", "acts_kept", "acts_once"):
            tamper(store, f"DROP TRIGGER {name}")
    tamper(store, statement)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE acts SET who = 'bob' WHERE id = 2", "act 2 was changed"),
        ('UPDATE acts SET words = \'{"after":{"phone":"3"}}\' WHERE id = 2', "the personal words of act 2"),
        ("DELETE FROM acts WHERE id = 2", "act 2 is missing"),
        ("UPDATE acts SET id = 9 WHERE id = 2", "act 2 is missing"),
    ],
)
def test_whatever_is_changed_behind_its_back_shows_in_the_chain(sqlite: Store, statement: str, expected: str) -> None:
    for number in range(3):
        record(sqlite, after={"phone": str(number)}, personal=["phone"])
    assert problem(sqlite) == ""

    without_triggers(sqlite, statement)

    assert problem(sqlite).startswith(expected)


def test_an_erasure_removes_the_person_and_keeps_the_act_and_the_chain(store: Store) -> None:
    record(store, after={"phone": "+44 20 7946 0142", "status": "pending"}, personal=["phone"])
    record(store, Subject(SubjectKind.LEAD, "2" * 32), after={"phone": "2"}, personal=["phone"])

    store.write(lambda tx: tx.acts.erase_words(SubjectKind.LEAD, [LEAD.id]))

    (erased, kept) = rows(store, '"after", words, salt, words_hash')
    assert erased[:3] == ('{"status":"pending"}', None, None)
    assert "7946" not in str(erased)
    assert kept[1] == '{"after":{"phone":"2"}}'
    with store.read() as tx:
        report = tx.acts.verify_chain()
    assert (report.number, report.problem, report.erased) == (2, "", 1)


def test_an_erasure_in_the_same_transaction_leaves_no_words_either(sqlite: Store) -> None:
    def job(tx: Transaction) -> None:
        record_in(tx, after={"phone": "1"}, personal=["phone"])
        tx.acts.erase_words(SubjectKind.LEAD, [LEAD.id])

    sqlite.write(job)

    assert rows(sqlite, "words, salt") == [(None, None)]
    assert problem(sqlite) == ""


@pytest.mark.parametrize(
    "after",
    [
        {"password": "hunter2"},
        {"app_secret": "hunter2", "webhooks": {"meta": {"verify_token": "hunter2"}}},
        {"changes": [{"key": "forms.tour.webhooks.google-ads.key", "from": None, "to": "hunter2"}]},
        {"changes": [{"form": "tour", "key": "captcha.secret", "from": "hunter2", "to": None}]},
        {"notify": ["slack://hunter2/b/c", "json://ann:hunter2@example.com"]},
        {"base_url": "https://ann:hunter2@spaces.example.com"},
    ],
)
def test_no_secret_is_recorded(sqlite: Store, after: dict[str, Any]) -> None:
    record(sqlite, Subject(SubjectKind.SETUP, "2"), after=after)

    ((recorded,),) = rows(sqlite, '"after"')
    assert "hunter2" not in recorded
    assert "(hidden)" in recorded or "://" in recorded


def test_a_name_of_a_thing_is_no_secret(sqlite: Store) -> None:
    after = {"name": "token for Zapier", "scopes": {"leads", "read"}, "expires_at": NOON, "keys": 2, "tokens": ""}

    record(sqlite, Subject(SubjectKind.KEY, "7"), after=after)

    ((recorded,),) = rows(sqlite, '"after"')
    assert json.loads(recorded) == {**after, "scopes": ["leads", "read"], "expires_at": "2026-11-24T12:00:00Z"}


def test_a_failing_job_of_a_group_takes_its_acts_with_it(sqlite: Store) -> None:
    def stumble(tx: Transaction) -> None:
        record_in(tx, Subject(SubjectKind.FORM, "lost"))
        raise StoreUnavailable

    def run(job: Callable[[Transaction], None]) -> None:
        with suppress(StoreUnavailable):
            sqlite.write(job)

    at_once(*[partial(run, job) for job in (record_in, stumble) * 4])

    assert [kind for (kind,) in rows(sqlite, "kind")] == ["lead"] * 4
    assert problem(sqlite) == ""

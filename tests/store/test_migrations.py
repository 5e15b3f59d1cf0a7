"""The schema: made by migrations, equal to the tables, upgraded with its leads, once however many processes start."""

import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect

from service.lead import Doubt, LeadId, Step
from service.store import SCHEMA, ConnectionKey, Store, StoreUnavailable, UnknownSchema
from service.store.database.schema import COMPATIBLE_FROM, known, migrate
from service.store.database.tables import metadata
from tests.builders import NOON, a_lead
from tests.store.actions import at_once, count, keep

WRITTEN, AFTERWARDS = (
    Path(__file__).with_name("schema_0008.sql").read_text().split("-- what only workers and operators write")
)
"""Rows as schema 0008 has them: what taking two leads writes, and what comes later."""

NEWER = f"{int(max(known())) + 1:04}"

FIRST, SECOND = LeadId("1" * 32), LeadId("2" * 32)

MIGRATE = "import sys; from service.store import Store; Store(sys.argv[1]).migrate()"


@pytest.fixture
def bare_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """The URL of a database that was never migrated."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path / 'bare.db'}"
    store = Store(database_url)
    with store._database.writing.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    store.close()
    return database_url


def run(connection: Connection, script: str) -> None:
    """Execute each statement of a script."""
    for statement in filter(str.strip, script.split(";\n")):
        connection.exec_driver_sql(statement)


def defaults_differ(*compared: Any) -> bool:
    """Whether a default is another one, however the engine quotes it."""
    *_, schema, _, wanted = compared
    plain = [None if text is None else str(text).partition("::")[0].strip("()'") for text in (schema, wanted)]
    return plain[0] != plain[1]


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")  # of SQLite
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_the_migrations_make_exactly_the_tables_of_the_program(store: Store) -> None:
    with store._database.reading.connect() as connection:
        compared = {"compare_type": True, "compare_server_default": defaults_differ}
        context = MigrationContext.configure(connection, opts=compared)
        differences = compare_metadata(context, metadata)

    assert differences == []


def test_a_migrated_store_is_ready(store: Store) -> None:
    assert store.is_ready()


def test_a_bare_database_is_not_ready(bare_url: str) -> None:
    store = Store(bare_url)

    assert not store.is_ready()
    store.close()


def set_schema(store: Store, revision: str, compatible_from: str | None) -> None:
    """Play a newer program that has migrated the database."""
    with store._database.writing.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")  # noqa: S608 (ours)
        connection.exec_driver_sql("DELETE FROM deployment WHERE name = 'compatible_from'")
        if compatible_from:
            note = f"INSERT INTO deployment (name, value) VALUES ('compatible_from', '{compatible_from}')"  # noqa: S608 (ours)
            connection.exec_driver_sql(note)


def test_a_newer_schema_will_do_where_it_is_noted_to_be_compatible(store: Store) -> None:
    set_schema(store, NEWER, compatible_from=SCHEMA)

    store.migrate()

    assert store.is_ready()
    assert store.schema() == NEWER


@pytest.mark.parametrize("compatible_from", [None, NEWER], ids=["without a note", "for newer programs only"])
def test_another_newer_schema_is_refused(store: Store, compatible_from: str | None) -> None:
    set_schema(store, NEWER, compatible_from)

    assert not store.is_ready()
    with pytest.raises(UnknownSchema, match=f"on schema {NEWER}, and this version of Lead Capture knows schemas up to"):
        store.migrate()


def test_a_migration_notes_which_programs_can_use_the_schema(bare_url: str) -> None:
    store = Store(bare_url)

    store.migrate()

    with store.read() as tx:
        assert tx.flags.get("compatible_from") == COMPATIBLE_FROM
    store.close()


def columns(store: Store) -> dict[tuple[str, str], Any]:
    """Every column of the database."""
    with store._database.reading.connect() as connection:
        inspector = inspect(connection)
        return {
            (table, column["name"]): column
            for table in inspector.get_table_names()
            for column in inspector.get_columns(table)
        }


def test_migrations_since_then_only_add_what_an_older_program_can_leave_out(bare_url: str) -> None:
    store = Store(bare_url)
    migrate(store._database, COMPATIBLE_FROM)
    before = columns(store)
    tables = {table for table, _ in before}

    store.migrate()

    after = columns(store)
    assert {key: str(after[key]["type"]) for key in before} == {key: str(before[key]["type"]) for key in before}
    added = [after[key] for key in after if key not in before and key[0] in tables]
    assert [column["name"] for column in added if not (column["nullable"] or column["default"])] == []
    store.close()


def test_the_schema_named_by_the_program_is_the_newest_migration(bare_url: str) -> None:
    store = Store(bare_url)
    store.migrate()

    with store._database.reading.connect() as connection:
        schema = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()

    assert schema == SCHEMA
    store.close()


def test_a_second_migration_changes_nothing(store: Store) -> None:
    keep(store, a_lead())

    store.migrate()

    assert count(store) == 1


def test_leads_of_an_older_schema_keep_all_that_was_known_of_them(bare_url: str) -> None:
    store = Store(bare_url)
    migrate(store._database, "0008")
    with store._database.writing.begin() as connection:
        run(connection, WRITTEN + AFTERWARDS)

    store.migrate()

    doubt = Doubt(Step.CREATE_OPPORTUNITY, NOON, verify_count=2)
    with store.read() as tx:
        assert tx.leads.to_notify("contact", 10) == [FIRST, SECOND]
        assert tx.queue.request_bodies([FIRST]) == {FIRST: {"Name": "Ada"}}
        assert [(pause.call, pause.streak) for pause in tx.accounts.call_pauses()] == [("create_coworker", 3)]
        assert [(alert.cause, alert.notified_count) for alert in tx.alerts.all()] == [("login:default", 4)]
        assert tx.crm.sales_of([FIRST])[FIRST].missing_since == NOON
        assert tx.accounts.pause_streak("default") == 5
        assert tx.platforms.health(ConnectionKey("contact", "meta")).pause_streak == 2
        assert tx.crm.read_state("default").problem == "It did not answer."
        assert tx.crm.last_reconciliation("default").result == {"is_whole": True}  # type: ignore[union-attr]
    claimed = store.write(lambda tx: tx.queue.claim("worker", NOON, 90, 10))
    assert [(delivery.lead.id, delivery.doubt) for delivery in claimed] == [(FIRST, doubt)]
    assert store.write(lambda tx: tx.accounts.resume_call("default", "create_coworker"))
    store.close()


def test_a_web_process_of_the_last_version_goes_on_taking_leads(store: Store) -> None:
    with store._database.writing.begin() as connection:
        run(connection, WRITTEN)

    claimed = store.write(lambda tx: tx.queue.claim("worker", NOON, 90, 10))
    assert [delivery.lead.id for delivery in claimed] == [FIRST, SECOND]


def test_several_processes_may_migrate_at_once(bare_url: str) -> None:
    started = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", MIGRATE, bare_url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[1] for process in started]

    assert [process.returncode for process in started] == [0, 0, 0], outputs
    store = Store(bare_url)
    assert store.is_ready()
    store.close()


def test_an_address_of_an_unknown_engine_says_what_to_write() -> None:
    with pytest.raises(ValueError, match=r"DATABASE_URL.*sqlite://"):
        Store("mysql://localhost/leads")


def test_a_server_that_does_not_answer_is_an_outage() -> None:
    store = Store("postgresql://nobody@127.0.0.1:1/none")

    with pytest.raises(StoreUnavailable):
        store.is_ready()
    store.close()


def test_a_value_is_made_once_by_the_first_process(store: Store, database_url: str) -> None:
    other = Store(database_url)

    values = at_once(*[partial((store, other)[n % 2].once, "client_id", partial(str, n)) for n in range(8)])
    other.close()

    assert len(set(values)) == 1
    assert store.once("client_id", lambda: "another") == values[0]


def test_values_of_other_names_are_others(store: Store) -> None:
    assert [store.once(name, partial(str, name)) for name in ("a", "b")] == ["a", "b"]

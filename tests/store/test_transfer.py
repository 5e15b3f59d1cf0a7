"""A database copied to the other engine: everything is there, and work goes on where it was."""

import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Table, make_url, select, update

from service import clock
from service.forms import Setup
from service.lead import Lead, Status, Step
from service.maintenance import index_batch
from service.nexudus_accounts import account_contexts
from service.settings import read_settings
from service.simulator.server import Simulator
from service.store import Query, Store
from service.store.backups.inspection import BackupProblem, InUse
from service.store.backups.transfer import copy_database
from service.store.database.tables import attempts, leads, metadata
from tests import kept_connections
from tests.admin.stored_leads import keep_as, keep_many
from tests.builders import NOON, a_form, a_lead
from tests.delivery.conftest import Env
from tests.front import count_days
from tests.processes import bare_environ
from tests.store.sales import a_change, a_sale, delivered

USE_AND_WAIT = """
import sys
from service.store import Store
store = Store(sys.argv[1])
store.is_ready()
print("open", flush=True)
sys.stdin.readline()
"""

Rows = dict[str, list[tuple[object, ...]]]


def fill(url: str) -> None:
    """Put something into most tables: leads of every status, calls, alerts, sales, figures, words."""
    store = Store(url)
    for status in Status:
        keep_as(store, status)
    keep_many(store, 3)
    sold = delivered(store, a_lead("sold@example.com"), 80001)
    store.write(lambda tx: tx.crm.save_sales([a_sale(sold)], [a_change(sold)]))
    store.write(lambda tx: tx.alerts.report("login:default", "It is refused – häufig.", NOON))
    store.write(lambda tx: tx.accounts.pause_call("default", "create_coworker", NOON, NOON, "quota"))
    store.write(lambda tx: tx.sessions.open("digest", "mark", NOON))
    store.write(lambda tx: tx.setups.publish("[forms.contact]\n", "first", "ann@example.com", NOON, 0))
    store.write(lambda tx: tx.secrets.keep("default password", "typed", "ann@example.com", NOON))
    store.write(lambda tx: tx.worker_requests.add("account", {"name": "default"}, "ann@example.com", NOON))
    store.once("client_id", lambda: "one of a kind")
    with store._database.writing.begin() as connection:
        connection.execute(update(leads).where(leads.c.status == "parked").values(raw=b"\x00\xff"))
        connection.exec_driver_sql("INSERT INTO calls (account, at, is_write) VALUES ('default', 0.1, true)")
    count_days(store)
    while index_batch(store, clock.now()) is not None:
        pass
    store.close()


def rows(url: str) -> Rows:
    """Everything in a database, as the program reads it, in an order that does not depend on the engine."""
    store = Store(url)
    with store._database.reading.connect() as connection:
        read = {table.name: sorted(map(tuple, connection.execute(select(table))), key=repr) for table in tables()}
    store.close()
    return read


def tables() -> list[Table]:
    """All of them."""
    return metadata.sorted_tables


@pytest.fixture(params=["from SQLite to PostgreSQL", "from PostgreSQL to SQLite"])
def direction(request: pytest.FixtureRequest) -> str:
    """Which way the copy goes."""
    return str(request.param)


@pytest.fixture
def urls(direction: str, request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """The URLs of a migrated source and of a target with nothing in it."""
    if direction == "from SQLite to PostgreSQL":
        return request.getfixturevalue("sqlite_url"), request.getfixturevalue("bare_postgresql")
    return request.getfixturevalue("migrated_postgresql"), f"sqlite:///{tmp_path / 'target.db'}"


@pytest.fixture
def full(direction: str, request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """The same, with something in the source."""
    if direction == "from SQLite to PostgreSQL":
        source = shutil.copy(request.getfixturevalue("full_file"), tmp_path / "full.db")
        return f"sqlite:///{source}", request.getfixturevalue("bare_postgresql")
    return request.getfixturevalue("full_postgresql"), f"sqlite:///{tmp_path / 'target.db'}"


@pytest.fixture
def migrated_postgresql(postgresql: str) -> Iterator[str]:
    """The URL of an empty, migrated database on PostgreSQL."""
    yield from copied(postgresql, "template_leads")


@pytest.fixture
def full_postgresql(postgresql: str, full_template: str) -> Iterator[str]:
    """The URL of a database on PostgreSQL with something in it."""
    yield from copied(postgresql, full_template)


@pytest.fixture(scope="module")
def full_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with something in it, to be copied."""
    path = Path(shutil.copy(migrated_file, tmp_path_factory.mktemp("full") / "full.db"))
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def full_template(postgresql: str) -> Iterator[str]:
    """The name of a database on PostgreSQL with something in it, to be copied."""
    for url in copied(postgresql, "template_leads"):
        fill(url)
        kept_connections.close()  # a template must not be in use
        yield make_url(url).database or ""


def copied(server: str, template: str) -> Iterator[str]:
    """Yield the URL of a new database made from a template; drop it afterwards."""
    name = f"copied_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    yield url
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def in_use(full: tuple[str, str]) -> Iterator[None]:
    """Another process that uses the source."""
    command = [sys.executable, "-c", USE_AND_WAIT, full[0]]
    with subprocess.Popen(command, env=bare_environ(), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield
        process.kill()


def test_everything_is_there_as_it_was(full: tuple[str, str]) -> None:
    before = rows(full[0])

    copies = copy_database(*full)

    assert rows(full[1]) == before == rows(full[0])
    assert {each.name: each.rows for each in copies} == {name: len(of_table) for name, of_table in before.items()}
    filled = {name for name, of_table in before.items() if of_table}
    assert filled >= {"leads", "deliveries", "attempts", "alerts", "sales", "sale_changes", "lead_words", "calls"}
    assert filled >= {
        "daily_counts",
        "count_days",
        "call_pauses",
        "sessions",
        "deployment",
        "secrets",
        "setups",
        "worker_requests",
    }


def test_it_can_be_copied_back(full: tuple[str, str], tmp_path: Path) -> None:
    there = copy_database(*full)

    back = copy_database(full[1], f"sqlite:///{tmp_path / 'back.db'}")

    assert back == there


def test_new_numbers_follow_the_old_ones(full: tuple[str, str]) -> None:
    copy_database(*full)

    store = Store(full[1])
    with store.read() as tx:
        last = tx._connection.execute(select(attempts.c.id).order_by(attempts.c.id.desc()).limit(1)).scalar_one()
    [delivery, *_] = store.write(lambda tx: tx.queue.claim("worker", clock.now(), 90, 1))
    number = store.write(lambda tx: tx.queue.begin_attempt(delivery, Step.FIND_COWORKER, NOON))
    store.close()

    assert number == last + 1


def test_figures_are_not_counted_twice(full: tuple[str, str]) -> None:
    copy_database(*full)

    store = Store(full[1])
    steps = count_days(store)
    store.close()

    assert steps == 0
    assert rows(full[1])["daily_counts"] == rows(full[0])["daily_counts"]


def test_what_waited_is_delivered_there_once(urls: tuple[str, str], nexudus: Simulator) -> None:
    source = open_env(urls[0], nexudus)
    leads = [source.owes(a_lead(f"person{number}@example.com")) for number in range(4)]
    source.deliver_once()
    late = source.owes(a_lead("late@example.com"))
    source.store.close()
    copy_database(*urls)

    target = open_env(urls[1], nexudus)
    target.deliver_until_quiet()

    assert len(nexudus.opportunities()) == len(leads) + 1
    assert {target.kept(lead).status for lead in [*leads, late]} == {Status.DELIVERED}
    target.store.close()


def open_env(url: str, nexudus: Simulator) -> Env:
    """A worker that starts on a database, wired as in its process."""
    login = {"NEXUDUS_USERNAME": "simulator@leadcapture.example", "NEXUDUS_PASSWORD": "simulator"}
    settings = read_settings({"NEXUDUS_BASE_URL": nexudus.url, "NEXUDUS_LIMITS": "1000/s", **login})
    store = Store(url)
    contexts = account_contexts(settings, Setup({"contact": a_form()}), store, threading.Event())
    return Env(store, nexudus, contexts["default"])


# -- what is refused


@pytest.mark.usefixtures("in_use")
def test_a_database_in_use_is_not_copied(full: tuple[str, str]) -> None:
    with pytest.raises(InUse, match="is in use: stop the web process, the worker and other commands first"):
        copy_database(*full)


def test_a_target_with_leads_is_left_as_it_is(full: tuple[str, str]) -> None:
    target = Store(full[1])
    target.migrate()
    kept = keep_many(target, 1)
    target.close()

    with pytest.raises(BackupProblem, match=r"the target is not empty \(leads has 1 rows\)"):
        copy_database(*full)

    assert ids(full[1]) == [lead.id for lead in kept]


def test_a_target_on_another_schema_is_refused(full: tuple[str, str]) -> None:
    target = Store(full[1])
    target.migrate()
    with target._database.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0008'")
    target.close()

    with pytest.raises(BackupProblem, match="the target is on schema 0008"):
        copy_database(*full)


def test_the_source_itself_is_no_target(full: tuple[str, str]) -> None:
    with pytest.raises(BackupProblem, match="are the same database"):
        copy_database(full[0], full[0])


def test_another_way_to_write_the_source_is_no_target_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "leads.db").touch()

    with pytest.raises(BackupProblem, match="are the same database"):
        copy_database(f"sqlite:///{tmp_path}/leads.db", "sqlite:///leads.db")


def test_a_row_that_the_target_cannot_take_leaves_it_empty(
    sqlite: Store, sqlite_url: str, bare_postgresql: str
) -> None:
    keep_many(sqlite, 3)
    with sqlite._database.writing.begin() as connection:
        connection.exec_driver_sql("INSERT INTO lead_words (word, lead_id) VALUES ('a' || char(0), 'b')")
    sqlite.close()

    with pytest.raises(BackupProblem, match="a row of lead_words cannot be written"):
        copy_database(sqlite_url, bare_postgresql)

    assert ids(bare_postgresql) == []


def test_a_row_that_changes_on_its_way_is_noticed(
    sqlite: Store, sqlite_url: str, bare_postgresql: str, corrupting: Callable[[str], None]
) -> None:
    keep_many(sqlite, 3)
    sqlite.close()
    corrupting(bare_postgresql)

    with pytest.raises(BackupProblem, match="leads is not the same in both databases"):
        copy_database(sqlite_url, bare_postgresql)

    assert ids(bare_postgresql) == []


@pytest.fixture
def corrupting() -> Callable[[str], None]:
    """A PostgreSQL that changes what is written: a trigger of somebody else's."""

    def corrupt(url: str) -> None:
        store = Store(url)
        store.migrate()
        store.close()
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN NEW.company := NEW.company || ' Ltd'; RETURN NEW; END $$"
            )
            connection.execute("CREATE TRIGGER meddle BEFORE INSERT ON leads FOR EACH ROW EXECUTE FUNCTION meddle()")

    return corrupt


def ids(url: str) -> list[str]:
    """The ids of all leads."""
    store = Store(url)
    with store.read() as tx:
        leads: list[Lead] = tx.search.leads(Query(), 100)
    store.close()
    return [lead.id for lead in leads]

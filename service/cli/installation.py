"""An installation with its database open, for commands that work on leads or on Nexudus; `lead-capture migrate`.

Separate from configuration.py, so that the parent of the web processes does not load the store.
"""

import argparse
import http.client
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

from service import clock
from service.cli.commands import Failed
from service.cli.configuration import read_configuration
from service.cli.terminal import time_span
from service.forms import Setup
from service.settings import SIMULATOR_USERNAME, Settings, lookup
from service.setup.reading import NOT_READ, is_kept_in_database, read_stored
from service.store import (
    DEMO_WELCOME,
    PASSWORD_FLAG,
    ROLE,
    SCHEMA,
    Store,
    StoreUnavailable,
    Transaction,
    UnknownSchema,
    fault_of,
)

SIMULATOR_PASSWORD = "simulator"  # noqa: S105 (nothing real is behind it)

PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105
"""Letters and digits of generated passwords; those that look alike when copied by hand are left out."""

_ADDRESS = "simulator"
"""Flag with the address of the demo's simulator; "" once it was stopped."""

_WEB_ADDRESS = "web address"
"""Flag with the address of the web process of a running `up`; "" once it was stopped."""

_SQLITE = "sqlite:///"

RETRY_S = 1.0
"""Seconds between two tries to reach a database that is not up yet."""

_PROBE_PATH, _PROBE_TIMEOUT_S = "/_sim/settings", 3.0
"""A path that only a simulator answers, and its time limit in seconds."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The settings, the set-up and the database of one operator."""

    settings: Settings
    setup: Setup
    store: Store


@contextmanager
def open_installation(*, alerts: bool = False, demo: str = "") -> Iterator[Installation]:
    """Read the configuration and open the database, which must be on the newest schema; close it after the block.

    alerts: as for read_configuration. demo: as `activity` of use_simulator; "" never uses the simulator.
    Raises: SettingsProblems, SetupProblems, Failed.
    """
    settings, setup = read_configuration(alerts=alerts)
    with opened_store(settings) as store:
        if is_kept_in_database(settings, lookup):
            setup = read_stored(settings, store, lookup)
        yield Installation(use_simulator(settings, setup, store, demo) if demo else settings, setup, store)


@contextmanager
def opened_store(settings: Settings) -> Iterator[Store]:
    """Open the database, which must be on the newest schema; close it after the block.

    Raises: Failed.
    """
    try:
        store = Store(settings.database_url, settings.encryption_keys)
    except OSError as error:
        raise Failed(database_problem(error)) from error
    with closing(store):
        _check_usable(store)
        yield store


def _check_usable(store: Store) -> None:
    """Raise Failed if the database does not answer, or its schema is not compatible."""
    try:
        problem = store.schema_problem()
    except (StoreUnavailable, OSError) as error:
        raise Failed(database_problem(error)) from error
    if problem:
        raise Failed(problem)


def database_problem(error: Exception) -> str:
    """Return one line on a database that cannot be used: what is wrong and what to do, without secrets.

    If that is unknown, the first line of its driver's message.
    """
    if fault := fault_of(error):
        return str(fault).replace(ROLE, _role())
    reason = getattr(error.__cause__, "orig", None) or error.__cause__ or error
    line = next(iter(str(reason).splitlines()), "") or type(reason).__name__
    return f"the database does not answer ({line}): check DATABASE_URL"


def _role() -> str:
    """Return the name of PostgreSQL's role, quoted for SQL."""
    name = unquote(urlsplit(lookup("DATABASE_URL") or "").username or "")
    return '"{}"'.format(name.replace('"', '""')) if name else ROLE


def stored_setup(settings: Settings, setup: Setup) -> Setup:
    """Return the set-up in force for a command that needs no database.

    setup: as read_configuration returned it, which is right if there is a forms file, or no database yet.
    Raises: SetupProblems.
    """
    path = settings.database_url.removeprefix(_SQLITE)
    if path != settings.database_url and not Path(path).exists():
        return setup  # opening it would create it
    stored = in_force_before_fork(settings, setup)
    return stored if stored.is_read else setup


def in_force_before_fork(settings: Settings, setup: Setup) -> Setup:
    """Return the set-up in force for the parent of processes that will open the database themselves.

    setup: as read_configuration returned it. NOT_READ if only the database has it, and does not answer.
    Raises: SetupProblems.
    """
    if not is_kept_in_database(settings, lookup):
        return setup
    try:
        with closing(Store(settings.database_url, settings.encryption_keys)) as store:
            return read_stored(settings, store, lookup)
    except OSError:
        return NOT_READ


def make_password(database_url: str) -> str:
    """Generate the dashboard's password and store its hash; "" if one was generated before.

    Raises: StoreUnavailable.
    """
    from werkzeug.security import generate_password_hash

    password = "-".join("".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(5)) for _ in range(4))
    hashed = generate_password_hash(password)
    with closing(Store(database_url)) as store:
        return password if store.once(PASSWORD_FLAG, lambda: hashed) == hashed else ""


# -- migrate: brings the database to the newest schema


def add_migrate_arguments(parser: argparse.ArgumentParser) -> None:
    """--wait and --json."""
    parser.add_argument(
        "--wait",
        type=time_span,
        default=0.0,
        metavar="TIME",
        help="how long a database that is not up yet may take: 5m",
    )
    parser.add_argument("--json", action="store_true", help="print the version of the schema as JSON")


def run_migrate(arguments: argparse.Namespace) -> int:
    """Apply the missing migrations."""
    settings, _ = read_configuration()
    schema = migrate(settings.database_url, arguments.wait)
    newer = "" if schema == SCHEMA else f", newer than this version's {SCHEMA}, which can use it"
    print(json.dumps({"schema": schema}) if arguments.json else f"the database is on schema {schema}{newer}")
    return 0


def migrate(url: str, wait_s: float = 0.0) -> str | None:
    """Bring one database to the newest schema; returns its schema afterwards.

    wait_s: seconds to wait for a database that does not answer yet.
    Raises: Failed.
    """
    give_up_at = clock.monotonic() + wait_s
    is_first = True
    while True:
        try:
            with closing(Store(url)) as store:
                if not store.is_ready():
                    store.migrate()
                return store.schema()
        except UnknownSchema as error:
            raise Failed(str(error)) from error
        except (StoreUnavailable, OSError) as error:
            problem = database_problem(error)
            if clock.monotonic() >= give_up_at or not _may_come_up(error):
                raise Failed(problem) from error
            if is_first:
                print(f"lead-capture: waiting, as {problem}", file=sys.stderr, flush=True)
            is_first = False
            clock.sleep(min(RETRY_S, max(0.0, give_up_at - clock.monotonic())))


def _may_come_up(error: Exception) -> bool:
    """Return whether waiting may help: no permission comes by itself, and no file turns into a database."""
    fault = fault_of(error)
    return fault is None or fault.is_temporary


# -- the addresses of a running `up`


def record_simulator(database_url: str, url: str, web_url: str = "") -> None:
    """Store the addresses of simulator and web process in the database, for other commands; "" for none.

    With the simulator's address, the token of the demo's one-time sign-in link is stored. A database that does not
    answer is ignored.
    """
    token = secrets.token_urlsafe(24) if url else ""

    def note(tx: Transaction) -> None:
        tx.flags.set(_ADDRESS, url)
        tx.flags.set(_WEB_ADDRESS, web_url)
        tx.flags.set(DEMO_WELCOME, token)

    with suppress(StoreUnavailable, OSError), closing(Store(database_url)) as store:
        store.write(note)


def public_url(installation: Installation) -> str:
    """Return the service's address for links: PUBLIC_URL, else that of a running `up`, else PUBLIC_URL's default."""
    if lookup("PUBLIC_URL"):
        return installation.settings.public_url
    with installation.store.read() as tx:
        return tx.flags.get(_WEB_ADDRESS) or installation.settings.public_url


def use_simulator(settings: Settings, setup: Setup, store: Store, activity: str) -> Settings:
    """Return the settings with the simulator's address and login, if no credentials are set and a demo is running.

    activity: what the command does with it, such as "checking", for the note on the standard error.
    """
    if settings.has_nexudus_login or setup.has_default_login:
        return settings
    with store.read() as tx:
        url = tx.flags.get(_ADDRESS) or ""
    if not url or not _is_simulator(url):
        return settings
    print(f"lead-capture: {activity} the simulator of the demo at {url}, not Nexudus", file=sys.stderr)
    return replace(
        settings, nexudus_base_url=url, nexudus_username=SIMULATOR_USERNAME, nexudus_password=SIMULATOR_PASSWORD
    )


def _is_simulator(url: str) -> bool:
    """Return whether a simulator answers there: `up` may have been killed, and another program may use its port now."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_PROBE_TIMEOUT_S)
    try:
        connection.request("GET", _PROBE_PATH)
        response = connection.getresponse()
        shown = json.loads(response.read()) if response.status == http.HTTPStatus.OK else None
        return isinstance(shown, dict) and "throttle_status" in shown
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()

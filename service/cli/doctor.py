"""`lead-capture doctor`: checks that everything fits together, before a lead depends on it."""

import argparse
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from service import clock, logs
from service.alerts.worker_watch import ABSENT_AFTER
from service.cli.commands import Misused
from service.cli.configuration import NO_CREDENTIALS
from service.cli.installation import database_problem, stored_setup, use_simulator
from service.cli.terminal import counted, number_within, print_json
from service.delivery.behaviour import read_behaviour
from service.delivery.setup_check.job import examine
from service.delivery.setup_check.problem import Level, SetupProblem, merged
from service.forms import Account, Setup, SetupProblems, read_setup
from service.forms.senders import can_read, find_weakness
from service.nexudus.client import Nexudus
from service.platforms.registry import PLATFORMS
from service.settings import Settings, SettingsProblems, lookup, read_settings
from service.setup.reading import check_addresses
from service.store import Store, StoreUnavailable, Tenant

MAX_ID = 2**31 - 1

KEY_BESIDE = SetupProblem(
    "warning",
    "settings",
    "ENCRYPTION_KEY",
    "not set, so the key that encrypts tokens is kept in the database: its copies are enough to read them",
    "write the output of `openssl rand -hex 32`, keep it apart from the backups, restart, then run "
    "`lead-capture rotate-keys`",
)

MIGRATE = "run `lead-capture migrate`"

ACTS_VERIFIED = 10_000
"""Newest acts that are verified, which takes less than a second."""

MIN_FREE_BYTES, LOW_FREE_BYTES = 100 * 2**20, 2**30
"""Free space on the disk of a SQLite database: less than the first is an error, less than the second a warning."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--json; --live with --stage, --type, --account and --yes."""
    parser.add_argument("--json", action="store_true", help="a list of level, check, subject, problem and remedy")
    live = parser.add_argument_group("questions that only test records in Nexudus can answer")
    live.add_argument("--live", action="store_true", help="create a contact and an opportunity, and save the answers")
    live.add_argument("--stage", type=number_within(1, MAX_ID), metavar="ID", help="a stage of a test board")
    live.add_argument(
        "--type", type=number_within(1, MAX_ID), metavar="ID", help="the opportunity type (the one in the set-up)"
    )
    live.add_argument("--account", default="", metavar="NAME", help="the account (default)")
    live.add_argument("--yes", action="store_true", help="confirm that these records are to be created")


def run(arguments: argparse.Namespace) -> int:
    """Print one line for each problem; 1 if one is an error."""
    if arguments.live:
        from service.cli.doctor_live import run_live

        return run_live(arguments)
    if arguments.stage or arguments.type or arguments.account or arguments.yes:
        raise Misused("--stage, --type, --account and --yes belong to --live")
    problems = inspect()
    if arguments.json:
        print_json([problem.as_row() for problem in problems])
    else:
        print("\n".join(f"{problem.level}: {problem.sentence}" for problem in problems) or "no problems found")
    return 1 if any(problem.level == "error" for problem in problems) else 0


def inspect() -> list[SetupProblem]:
    """Return every problem of this installation, errors first."""
    settings, problems = find_settings()
    setup, setup_problems = find_setup(settings)
    problems += setup_problems
    if settings is None:
        problems.append(_unchecked("the database and Nexudus", "correct the settings first"))
        return merged(problems)
    logs.configure(settings.log_format, settings.log_level)
    setup = setup or Setup({})
    problems += check_key(settings, setup)
    store, database_problems = open_store(settings)
    problems += database_problems
    if store is None:
        problems.append(_unchecked("Nexudus", "repair the database first: sign-ins and rate limits are stored there"))
        return merged(problems)
    problems += check_default_account(settings, setup)
    problems += check_typed_secrets(settings, store)
    problems += check_workers(store, clock.now())
    problems += check_acts(store)
    problems += inspect_accounts(use_simulator(settings, setup, store, "checking"), setup, store)
    store.close()
    return merged(problems)


# -- settings and forms file


def check_key(settings: Settings, setup: Setup) -> Iterator[SetupProblem]:
    """Warn of tokens that are encrypted with a key stored beside them."""
    senders = (table for form in setup.forms.values() for table in form.webhooks.values())
    signs_in = settings.nexudus_username or any(account.username for account in setup.accounts.values())
    if (signs_in or any("refresh_token" in table for table in senders)) and not settings.encryption_keys:
        yield KEY_BESIDE


def check_typed_secrets(settings: Settings, store: Store) -> Iterator[SetupProblem]:
    """Warn of secrets typed in the dashboard that are encrypted with a key stored beside them, and of lost secrets."""
    with store.read() as tx:
        entries = tx.secrets.entries()
    if entries and not settings.encryption_keys:
        yield KEY_BESIDE
    for entry in entries:
        if entry.is_lost:
            remedy = f"enter it again with `lead-capture secrets set {entry.name}`"
            yield SetupProblem("warning", "settings", f"secret {entry.name}", "it was lost with its key", remedy)


def find_settings() -> tuple[Settings | None, list[SetupProblem]]:
    """Return the settings, their problems, and variables that look misspelt."""
    try:
        settings = read_settings()
    except SettingsProblems as error:
        return None, _errors("settings", error.problems)
    return settings, [SetupProblem("warning", "settings", *_split(hint)) for hint in settings.hints]


def find_setup(settings: Settings | None) -> tuple[Setup | None, list[SetupProblem]]:
    """Return the set-up, of the forms file or the database, and its problems."""
    try:
        path = settings.forms_file if settings else Path(lookup("FORMS_FILE") or "forms.toml")
        setup = read_setup(path, lookup)
        if settings:
            setup = stored_setup(settings, setup)
            check_addresses(settings, setup)
        return setup, [*check_platforms(setup), *check_proofs(setup)]
    except SetupProblems as error:
        unchecked = _unchecked("the ids that the forms name", "correct the set-up first")
        return None, [*_errors("forms_file", error.problems), unchecked]
    except ValueError:  # FORMS_FILE itself cannot be read: reported with the settings
        return None, []


def check_default_account(settings: Settings, setup: Setup) -> Iterator[SetupProblem]:
    """Warn if both the environment and the set-up have credentials of the account "default"."""
    if setup.has_default_login and settings.has_nexudus_login and not settings.is_simulated:
        problem = "not used, because NEXUDUS_ settings of the environment are the account default"
        yield SetupProblem("warning", "forms_file", "accounts.default", problem, "remove one of the two")


def check_platforms(setup: Setup) -> Iterator[SetupProblem]:
    """Warn of platforms that only announce their leads, if no token allows reading them."""
    for form in setup.forms.values():
        for sender, table in form.webhooks.items():
            if sender in PLATFORMS and PLATFORMS[sender].announces and not can_read(table):
                subject = f"forms.{form.name}.webhooks.{sender}"
                problem = "it has no access_token, so its leads are announced but never read"
                yield SetupProblem(
                    "warning", "forms_file", subject, problem, "add one, as the documentation of ad platforms describes"
                )


def check_proofs(setup: Setup) -> Iterator[SetupProblem]:
    """Warn of senders whose calls could be forged."""
    for form in setup.forms.values():
        for sender, table in form.webhooks.items():
            if weakness := find_weakness(sender, table):
                yield SetupProblem("warning", "forms_file", f"forms.{form.name}.webhooks.{sender}", *weakness)


def _errors(check: str, sentences: Sequence[str]) -> list[SetupProblem]:
    return [SetupProblem("error", check, *_split(sentence)) for sentence in sentences]


def _split(sentence: str) -> tuple[str, str, str]:
    """Split a sentence like "LEASE_S: must be more: write 90" into subject, problem and remedy.

    A path in the forms file is part of the subject: "forms.toml: forms.tour.stage_id: must be ...".
    """
    subject, _, rest = sentence.partition(": ")
    path, _, beyond = rest.partition(": ")
    if beyond and " " not in path:
        subject, rest = f"{subject}: {path}", beyond
    problem, _, remedy = rest.partition(": ")
    return (subject, problem, remedy) if rest else ("", subject, "")


def _unchecked(what: str, remedy: str) -> SetupProblem:
    return SetupProblem("warning", "access", "doctor", f"could not check {what}", remedy, skipped=True)


# -- the database


def open_store(settings: Settings) -> tuple[Store | None, list[SetupProblem]]:
    """Return the store (None if it cannot be used) and the problems of the database."""
    path = _path_of(settings.database_url)
    problems = [] if path is None else [*check_space(_free_bytes(path))]
    if path is not None and not path.exists():
        return None, [*problems, _database("error", "there is none yet", MIGRATE)]
    try:
        store = Store(settings.database_url, settings.encryption_keys)
    except OSError as error:  # its folder cannot be created
        return None, [*problems, _unanswered(error)]
    faults = check_store(store)
    if faults:
        store.close()
    return None if faults else store, [*problems, *faults]


def check_store(store: Store) -> list[SetupProblem]:
    """Check that the database answers, is on the newest schema and can be written to; returns the first fault."""
    try:
        if problem := store.schema_problem():
            what, _, remedy = problem.removeprefix("the database ").partition(": ")
            return [_database("error", f"it {what}", remedy)]
    except (StoreUnavailable, OSError) as error:
        return [_unanswered(error)]
    fault = store.find_fault()
    return [_database("error", *_parts(fault))] if fault else []


def _unanswered(error: Exception) -> SetupProblem:
    return _database("error", *_parts(database_problem(error)))


def _parts(sentence: str) -> tuple[str, str]:
    """Split a sentence about the database into problem and remedy."""
    problem, _, remedy = sentence.rpartition(": ")
    return problem, remedy


def check_workers(store: Store, now: datetime) -> Iterator[SetupProblem]:
    """Check that a worker is at work. Before the first start none is, and no lead waits for one."""
    with store.read() as tx:
        seen_at, (waiting, _) = tx.workers.last_seen(), tx.workers.waiting()
    if (seen_at is None and not waiting) or (seen_at is not None and now - seen_at < ABSENT_AFTER):
        return
    known = "has been seen yet" if seen_at is None else f"has been seen since {seen_at:%Y-%m-%d %H:%M} UTC"
    problem = f"none {known}" + (f"; {counted(waiting, 'lead')} waiting" if waiting else "")
    remedy = "start `lead-capture worker`, or see in its log why it ended"
    yield SetupProblem("error" if waiting else "warning", "database", "the worker", problem, remedy)


def check_acts(store: Store) -> Iterator[SetupProblem]:
    """Check that the newest acts are as they were recorded; `lead-capture acts --verify` reads all of them."""
    with store.read() as tx:
        report = tx.acts.verify_chain(newest=ACTS_VERIFIED)
    if report.problem:
        remedy = "find out who can write to the database, and compare it with a backup"
        yield SetupProblem("error", "database", "the record of acts", report.problem, remedy)


def check_space(free_bytes: int) -> Iterator[SetupProblem]:
    """Check the free space on the disk of a SQLite database."""
    if free_bytes < LOW_FREE_BYTES:
        level: Level = "error" if free_bytes < MIN_FREE_BYTES else "warning"
        yield _database(
            level,
            f"its disk has {free_bytes // 2**20} MB left",
            "free some space: on a full disk no lead can be stored",
        )


def _path_of(url: str) -> Path | None:
    """Return the file of a SQLite database."""
    file = url.removeprefix("sqlite:///")
    return None if file == url else Path(file.partition("?")[0]).absolute()


def _free_bytes(path: Path) -> int:
    folder = next((each for each in path.parents if each.is_dir()), Path("/"))
    return shutil.disk_usage(folder).free


def _database(level: Level, problem: str, remedy: str) -> SetupProblem:
    return SetupProblem(level, "database", "the database", problem, remedy)


# -- the accounts


def inspect_accounts(settings: Settings, setup: Setup, store: Store) -> list[SetupProblem]:
    """Check all accounts at the same time, so that a hanging one does not delay the others."""
    from service.nexudus_accounts import account_contexts, accounts

    contexts = account_contexts(settings, setup, store, threading.Event())
    known = accounts(settings, setup)

    def inspect_one(account: Account) -> list[SetupProblem]:
        return inspect_account(account, contexts[account.name].nexudus, setup, store)

    with ThreadPoolExecutor(max_workers=len(known)) as threads:
        return [problem for problems in threads.map(inspect_one, known) for problem in problems]


def inspect_account(account: Account, nexudus: Nexudus, setup: Setup, store: Store) -> list[SetupProblem]:
    """Check one account; one without a login is a problem only if a form uses it."""
    if account.has_login:
        behaviour = read_behaviour(store, Tenant(account.name, nexudus.base_url))
        return examine(nexudus, setup.forms.values(), account.name, behaviour=behaviour)
    if not any(account.name in form.accounts for form in setup.forms.values()):
        return []
    problem, _, remedy = NO_CREDENTIALS.partition(": ")
    return [SetupProblem("error", "credentials", f"account {account.name}", problem, remedy)]

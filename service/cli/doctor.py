"""`lead-capture doctor`: whether everything fits together, before a lead pays for it."""

import argparse
import json
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from service import logs
from service.cli.configuration import NO_CREDENTIALS, check_addresses, number_within
from service.cli.installation import database_problem
from service.cli.main import Misused
from service.cli.simulated import in_demo
from service.delivery.behaviour import read_behaviour
from service.delivery.setup_check import SetupProblem, examine
from service.delivery.setup_check.problem import Level, merged
from service.forms import Account, Setup, SetupProblems, read_setup
from service.forms.senders import UNPROVEN, can_read, is_proven, proof_remedy
from service.nexudus.client import Nexudus
from service.platforms.registry import PLATFORMS
from service.settings import Settings, SettingsProblems, lookup, read_settings
from service.store import Store, StoreUnavailable, Tenant

LARGEST_ID = 2**31 - 1

MIGRATE = "run `lead-capture migrate`"

ROOM_LEAST, ROOM_SCARCE = 100 * 2**20, 2**30
"""Bytes free on the disk of a SQLite database: below the first it is an error, below the second a warning."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--json; --live with --stage, --type, --account and --yes."""
    parser.add_argument("--json", action="store_true", help="a list of level, check, subject, problem and remedy")
    live = parser.add_argument_group("what only making records in Nexudus answers")
    live.add_argument("--live", action="store_true", help="make one contact and one opportunity, and keep the answers")
    live.add_argument("--stage", type=number_within(1, LARGEST_ID), metavar="ID", help="the stage, of a test board")
    live.add_argument(
        "--type", type=number_within(1, LARGEST_ID), metavar="ID", help="the type; else that of the forms"
    )
    live.add_argument("--account", default="", metavar="NAME", help="one of the forms file's accounts; else default")
    live.add_argument("--yes", action="store_true", help="yes, make them")


def run(arguments: argparse.Namespace) -> int:
    """One line a problem; 1 where there is an error."""
    if arguments.live:
        from service.cli.live import run_live  # noqa: PLC0415 (only this option pays for it)

        return run_live(arguments)
    if arguments.stage or arguments.type or arguments.account or arguments.yes:
        raise Misused("--stage, --type, --account and --yes belong to --live")
    found = inspect()
    if arguments.json:
        print(json.dumps([finding.as_row() for finding in found], indent=2, ensure_ascii=False))
    else:
        print("\n".join(f"{finding.level}: {finding.sentence}" for finding in found) or "no problems found")
    return 1 if any(finding.level == "error" for finding in found) else 0


def inspect() -> list[SetupProblem]:
    """Everything that is wrong with this installation, errors first."""
    settings, found = find_settings()
    setup, of_setup = find_setup(settings)
    found += of_setup
    if settings is None:
        found.append(_unchecked("the database and Nexudus", "put the settings right first"))
        return merged(found)
    logs.configure(settings.log_format, settings.log_level)
    store, of_database = open_store(settings)
    found += of_database
    if store is None:
        found.append(_unchecked("Nexudus", "put the database right first: sign-ins and pace are kept there"))
        return merged(found)
    found += inspect_accounts(in_demo(settings, store, "checking"), setup or Setup({}), store)
    store.close()
    return merged(found)


# -- settings and forms file


def find_settings() -> tuple[Settings | None, list[SetupProblem]]:
    """The settings, and what is wrong with them or looks misspelt."""
    try:
        settings = read_settings()
    except SettingsProblems as found:
        return None, [*_told("settings", found.problems)]
    return settings, [SetupProblem("warning", "settings", *_split(hint)) for hint in settings.hints]


def find_setup(settings: Settings | None) -> tuple[Setup | None, list[SetupProblem]]:
    """The forms file, and what is wrong with it."""
    try:
        path = settings.forms_file if settings else Path(lookup("FORMS_FILE") or "forms.toml")
        setup = read_setup(path, lookup)
        if settings:
            check_addresses(settings, setup)
        return setup, [*check_platforms(setup), *check_proofs(setup)]
    except SetupProblems as found:
        unchecked = _unchecked("what the forms name", "put the forms file right first")
        return None, [*_told("forms_file", found.problems), unchecked]
    except ValueError:  # FORMS_FILE itself cannot be read: told with the settings
        return None, []


def check_platforms(setup: Setup) -> Iterator[SetupProblem]:
    """Whether the leads that platforms only announce can be read."""
    for form in setup.forms.values():
        for sender, table in form.webhooks.items():
            if sender in PLATFORMS and PLATFORMS[sender].announces and not can_read(table):
                subject = f"forms.{form.name}.webhooks.{sender}"
                problem = "it holds no access_token, so its leads stay announced and are never read"
                yield SetupProblem(
                    "warning", "forms_file", subject, problem, "put one in, as docs/ad-platforms.md says"
                )


def check_proofs(setup: Setup) -> Iterator[SetupProblem]:
    """Whether senders must prove where their calls come from."""
    for form in setup.forms.values():
        for sender, table in form.webhooks.items():
            if not is_proven(table):
                subject = f"forms.{form.name}.webhooks.{sender}"
                yield SetupProblem("warning", "forms_file", subject, UNPROVEN, proof_remedy(sender))


def _told(check: str, problems: Sequence[str]) -> Iterator[SetupProblem]:
    for problem in problems:
        yield SetupProblem("error", check, *_split(problem))


def _split(sentence: str) -> tuple[str, str, str]:
    """Subject, problem and remedy of a sentence like "LEASE_S: must be more: write 90".

    A place in the forms file is part of the subject: "forms.toml: forms.tour.stage_id: must be ...".
    """
    subject, _, rest = sentence.partition(": ")
    place, _, beyond = rest.partition(": ")
    if beyond and " " not in place:
        subject, rest = f"{subject}: {place}", beyond
    problem, _, remedy = rest.partition(": ")
    return (subject, problem, remedy) if rest else ("", subject, "")


def _unchecked(what: str, remedy: str) -> SetupProblem:
    return SetupProblem("warning", "access", "doctor", f"could not check {what}", remedy, skipped=True)


# -- the database


def open_store(settings: Settings) -> tuple[Store | None, list[SetupProblem]]:
    """The store where it can be worked with, and what is wrong with the database."""
    path = _path_of(settings.database_url)
    found = [] if path is None else [*check_room(_free_bytes(path))]
    if path is not None and not path.exists():
        return None, [*found, _database("error", "there is none yet", MIGRATE)]
    try:
        store = Store(settings.database_url)
    except OSError as error:  # its folder cannot be made
        return None, [*found, _unanswered(error)]
    wrong = check_store(store)
    if wrong:
        store.close()
    return None if wrong else store, [*found, *wrong]


def check_store(store: Store) -> list[SetupProblem]:
    """Whether the database answers, is on the newest schema, and can be written to; the first that is wrong."""
    try:
        if not store.is_ready():
            return [_database("error", "it is not on the newest schema", MIGRATE)]
    except (StoreUnavailable, OSError) as error:
        return [_unanswered(error)]
    try:
        store.write(lambda tx: tx.accounts.unlock("doctor", "doctor"))  # changes no row, but asks to
    except (StoreUnavailable, OSError):
        remedy = "see who may write to its file and folder, and whether the disk is full"
        return [_database("error", "it cannot be written to", remedy)]
    return []


def _unanswered(error: Exception) -> SetupProblem:
    problem, _, remedy = database_problem(error).partition("): ")
    return _database("error", f"{problem})", remedy)


def check_room(free_bytes: int) -> Iterator[SetupProblem]:
    """Whether the disk of a SQLite database has room for what comes."""
    if free_bytes < ROOM_SCARCE:
        level: Level = "error" if free_bytes < ROOM_LEAST else "warning"
        yield _database(level, f"its disk has {free_bytes // 2**20} MB left", "make room: a full disk takes no leads")


def _path_of(url: str) -> Path | None:
    """The file of a SQLite database."""
    file = url.removeprefix("sqlite:///")
    return None if file == url else Path(file.partition("?")[0]).absolute()


def _free_bytes(path: Path) -> int:
    folder = next((each for each in path.parents if each.is_dir()), Path("/"))
    return shutil.disk_usage(folder).free


def _database(level: Level, problem: str, remedy: str) -> SetupProblem:
    return SetupProblem(level, "database", "the database", problem, remedy)


# -- the accounts


def inspect_accounts(settings: Settings, setup: Setup, store: Store) -> list[SetupProblem]:
    """Each account by itself and all at the same time: one that hangs keeps no other waiting."""
    from service import worker  # noqa: PLC0415 (only where there is something to ask)

    contexts = worker.account_contexts(settings, setup, store, threading.Event())
    doors = {name: context.nexudus for name, context in contexts.items()}
    everyone = worker.accounts(settings, setup)
    with ThreadPoolExecutor(max_workers=len(everyone)) as threads:
        found = threads.map(lambda account: inspect_account(account, doors[account.name], setup, store), everyone)
        return [finding for each in found for finding in each]


def inspect_account(account: Account, nexudus: Nexudus, setup: Setup, store: Store) -> list[SetupProblem]:
    """One account; nothing where it has no login and nobody needs it."""
    if account.has_login:
        behaviour = read_behaviour(store, Tenant(account.name, nexudus.base_url))
        return examine(nexudus, setup.forms.values(), account.name, behaviour=behaviour)
    if not any(account.name in form.accounts for form in setup.forms.values()):
        return []
    problem, _, remedy = NO_CREDENTIALS.partition(": ")
    return [SetupProblem("error", "credentials", f"account {account.name}", problem, remedy)]

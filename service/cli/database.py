"""`lead-capture backup`, `restore`, `copy-to` and `rotate-keys`: work on a database as a whole."""

import argparse
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import shtab

from service import clock
from service.cli.commands import Failed
from service.cli.main import parser_for
from service.cli.terminal import counted, operator, print_json, progress_bar
from service.settings import read_settings
from service.settings.values import read_database_url

if TYPE_CHECKING:
    from service.operations.key_rotation import KeyRotation
    from service.settings import Settings
    from service.store import Act
    from service.store.backups.inspection import Contents, ShowProgress
    from service.store.backups.sqlite_file import Restored

# -- backup


def add_backup_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, --overwrite, --json."""
    _add_file(parser, "where to write the backup")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")


def run_backup(arguments: argparse.Namespace) -> int:
    """Write a checked copy of the database.

    Raises: Failed.
    """
    from service.store import Act
    from service.store.backups.backup import back_up

    settings = read_settings()
    with _copying("no backup was made") as show:
        contents = back_up(settings.database_url, arguments.file, overwrite=arguments.overwrite, show=show)
    _record(settings, Act.EXPORT, {"file": arguments.file.name, "leads": contents.leads})
    size = arguments.file.stat().st_size
    if arguments.json:
        print_json({"file": str(arguments.file), "bytes": size, **_as_json(contents)})
    else:
        print(f"{arguments.file}: {counted(contents.leads, 'lead')}, {counted(contents.rows, 'row')} in all, checked")
        print(f"schema {contents.schema}, {size / 1e6:,.1f} MB; it holds personal data, and only you can read it")
    return 0


# -- restore


def add_restore_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, --reconcile, --json."""
    _add_file(parser, "the backup")
    parser.add_argument(
        "--reconcile",
        action="store_true",
        help="look in Nexudus at once for leads delivered since the backup, and record them",
    )
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object, before that of reconcile")


def run_restore(arguments: argparse.Namespace) -> int:
    """Replace the database by a backup, and print what to do next.

    Raises: Failed.
    """
    from service.store import Act
    from service.store.backups.backup import restore

    settings = read_settings()
    with _copying("nothing was restored") as show:
        restored = restore(settings.database_url, arguments.file, clock.now(), show)
    _record(settings, Act.RESTORE, {"file": arguments.file.name, "leads": restored.contents.leads})
    if arguments.json:
        print_json(_as_json(restored.contents) | {"kept": restored.kept and str(restored.kept)})
    else:
        _print_restored(restored, arguments.file)
    if arguments.reconcile:
        words = ["reconcile", "--repair", *(["--json"] if arguments.json else [])]
        repairing = parser_for(words).parse_args(words)
        return int(repairing.run(repairing))
    return 0


def _print_restored(restored: "Restored", file: Path) -> None:
    contents = restored.contents
    print(f"restored: {counted(contents.leads, 'lead')}, {counted(contents.rows, 'row')} in all, from {file}")
    if restored.kept:
        print(f"the former database is kept as {restored.kept}: delete it once you no longer need it")
    if contents.newest_at:
        print(f"its newest lead arrived at {contents.newest_at:%Y-%m-%d %H:%M} UTC; later ones are not in it")
    print("The worker looks in Nexudus for each of its waiting leads before it creates anything.")


# -- copy-to


def add_copy_arguments(parser: argparse.ArgumentParser) -> None:
    """DATABASE_URL, --json."""
    parser.add_argument(
        "url", metavar="DATABASE_URL", type=_database_url, help="an empty database, such as postgresql://leads@db/leads"
    )
    parser.add_argument("--json", action="store_true", help="the tables with rows and checksums as JSON")


def run_copy(arguments: argparse.Namespace) -> int:
    """Copy everything, and print rows and checksums of each table.

    Raises: Failed.
    """
    from service.store.backups.transfer import copy_database

    settings = read_settings()
    with _copying("nothing was copied") as show:
        copies = copy_database(settings.database_url, arguments.url, show)
    if arguments.json:
        print_json([asdict(each) for each in copies])
        return 0
    for each in copies:
        print(f"{each.name:<18}{each.rows:>12,}  {each.checksum}")
    print(f"{counted(sum(each.rows for each in copies), 'row')} copied; the checksums are the same in both databases.")
    print("Set DATABASE_URL to the new database for every process, then start them. Keep the old one as a backup.")
    return 0


# -- rotate-keys


def add_rotate_arguments(parser: argparse.ArgumentParser) -> None:
    """--forget-unreadable and --json."""
    parser.add_argument(
        "--forget-unreadable",
        action="store_true",
        help="delete tokens whose key is lost: the service then signs in again, or uses those of the set-up",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run_rotate(arguments: argparse.Namespace) -> int:
    """Encrypt the tokens under the newest key; 1 if some cannot be decrypted and --forget-unreadable was not given."""
    from service.cli.installation import opened_store
    from service.operations.key_rotation import rotate_keys

    with opened_store(read_settings()) as store:  # without the set-up, which may name a secret that is lost
        is_final = arguments.forget_unreadable
        rotation = rotate_keys(store, operator(), clock.now(), forget_unreadable=is_final)
    if arguments.json:
        print_json(asdict(rotation))
    else:
        print("\n".join(_lines(rotation, forgotten=arguments.forget_unreadable)))
    return 1 if rotation.unreadable and not arguments.forget_unreadable else 0


def _lines(rotation: "KeyRotation", *, forgotten: bool) -> list[str]:
    lines = [f"{rotation.rotated} re-encrypted, {rotation.current} under the newest key already"]
    remedy = (
        "forgotten; the service signs in again, or uses the tokens of the set-up"
        if forgotten
        else "put the earlier ENCRYPTION_KEY or SECRET_KEY behind the newest one in ENCRYPTION_KEY and run this again; "
        "if it is lost, add --forget-unreadable"
    )
    return [*lines, *(f"{owner}: no key decrypts its tokens: {remedy}" for owner in rotation.unreadable)]


# -- shared


def _record(settings: "Settings", act: "Act", after: dict[str, object]) -> None:
    """Record work on the database as a whole, unless it is out of reach or on a schema without a record."""
    from service.store import Store, StoreUnavailable, Subject, SubjectKind

    subject, actor, now = Subject(SubjectKind.DATABASE), operator(), clock.now()
    with suppress(StoreUnavailable, OSError), closing(Store(settings.database_url)) as store:
        if store.is_ready():
            store.write(lambda tx: tx.acts.record(actor, act, subject, None, None, after, now))


@contextmanager
def _copying(failure: str) -> Iterator["ShowProgress"]:
    """Show the progress of a copy while the block runs. failure: what was not done, for the message.

    Raises: Failed for every problem that the operator can solve.
    """
    from service.store import UnknownSchema
    from service.store.backups.inspection import BackupProblem, InUse

    try:
        with progress_bar("copying", 1) as show:
            yield show
    except (BackupProblem, InUse, UnknownSchema) as error:
        raise Failed(f"{failure}: {error}") from error


def _as_json(contents: "Contents") -> dict[str, object]:
    newest_at = contents.newest_at and contents.newest_at.isoformat()
    return {**asdict(contents), "newest_at": newest_at}


def _add_file(parser: argparse.ArgumentParser, description: str) -> None:
    file = parser.add_argument("file", metavar="FILE", type=Path, help=description)
    file.complete = shtab.FILE  # type: ignore[attr-defined] # as shtab documents it


def _database_url(text: str) -> str:
    """Return the address of a database, as DATABASE_URL takes it."""
    try:
        return read_database_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error

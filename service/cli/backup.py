"""`lead-capture backup` and `restore`: the whole database as one file, and back."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import shtab

from service import clock
from service.cli.main import Failed, parser_for
from service.cli.terminal import counted, print_json, progress_bar
from service.settings import read_settings

if TYPE_CHECKING:
    from service.store.backups.contents import Contents
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
    from service.store.backups.backup import back_up  # noqa: PLC0415 (the help needs no store)
    from service.store.backups.contents import BackupProblem  # noqa: PLC0415

    settings = read_settings()
    try:
        with progress_bar("copying", 1) as show:
            contents = back_up(settings.database_url, arguments.file, overwrite=arguments.overwrite, show=show)
    except BackupProblem as error:
        raise Failed(f"no backup was made: {error}") from error
    size = arguments.file.stat().st_size
    if arguments.json:
        print_json({"file": str(arguments.file), "bytes": size, **_as_json(contents)})
    else:
        print(f"{arguments.file}: {counted(contents.leads, 'lead')}, {counted(contents.rows, 'row')} in all, checked")
        print(f"schema {contents.schema}, {size / 1e6:,.1f} MB, readable by you alone: it holds people's data")
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
    """Put a backup in the place of the database, and say what to do next.

    Raises: Failed.
    """
    from service.store.backups.backup import restore  # noqa: PLC0415 (the help needs no store)
    from service.store.backups.contents import BackupProblem  # noqa: PLC0415
    from service.store.backups.usage import InUse  # noqa: PLC0415

    settings = read_settings()
    try:
        with progress_bar("copying", 1) as show:
            restored = restore(settings.database_url, arguments.file, clock.now(), show)
    except (BackupProblem, InUse) as error:
        raise Failed(f"nothing was restored: {error}") from error
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


def _as_json(contents: "Contents") -> dict[str, object]:
    newest_at = contents.newest_at and contents.newest_at.isoformat()
    return {**asdict(contents), "newest_at": newest_at}


def _add_file(parser: argparse.ArgumentParser, description: str) -> None:
    file = parser.add_argument("file", metavar="FILE", type=Path, help=description)
    file.complete = shtab.FILE  # type: ignore[attr-defined] # as shtab documents it

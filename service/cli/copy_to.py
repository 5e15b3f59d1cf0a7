"""`lead-capture copy-to`: the whole database into another, empty one, such as from SQLite to PostgreSQL."""

import argparse
from dataclasses import asdict

from service.cli.main import Failed
from service.cli.terminal import counted, print_json, progress_bar
from service.settings import read_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """DATABASE_URL, --json."""
    parser.add_argument("url", metavar="DATABASE_URL", help="an empty database, such as postgresql://leads@db/leads")
    parser.add_argument("--json", action="store_true", help="the tables with rows and checksums as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Copy everything, and print rows and checksums of each table.

    Raises: Failed.
    """
    from service.store import UnknownSchema  # noqa: PLC0415 (the help needs no store)
    from service.store.backups.contents import BackupProblem  # noqa: PLC0415
    from service.store.backups.transfer import copy_database  # noqa: PLC0415
    from service.store.backups.usage import InUse  # noqa: PLC0415

    settings = read_settings()
    try:
        with progress_bar("copying", 1) as show:
            copies = copy_database(settings.database_url, arguments.url, show)
    except (BackupProblem, InUse, UnknownSchema, ValueError) as error:
        raise Failed(f"nothing was copied: {error}") from error
    if arguments.json:
        print_json([asdict(each) for each in copies])
        return 0
    for each in copies:
        print(f"{each.name:<18}{each.rows:>12,}  {each.checksum}")
    print(f"{counted(sum(each.rows for each in copies), 'row')} copied; the checksums are the same in both databases.")
    print("Set DATABASE_URL to the new database for every process, then start them. Keep the old one as a backup.")
    return 0

"""`lead-capture migrate`: brings the database to the newest schema."""

import argparse
import json

from service.cli.configuration import read_configuration
from service.cli.installation import database_problem
from service.cli.main import Failed
from service.store import SCHEMA, Store, StoreUnavailable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print the number of the schema as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Apply the missing migrations."""
    settings, _ = read_configuration()
    migrate(settings.database_url)
    print(json.dumps({"schema": SCHEMA}) if arguments.json else f"the database is on schema {SCHEMA}")
    return 0


def migrate(url: str) -> None:
    """Bring one database to the newest schema.

    Raises: Failed.
    """
    try:
        store = Store(url)
        if not store.is_ready():
            store.migrate()
        store.close()
    except (StoreUnavailable, OSError) as error:
        raise Failed(database_problem(error)) from error

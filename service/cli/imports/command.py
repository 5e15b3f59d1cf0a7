"""What an operator asks of `import`, and how it ends."""

import argparse
import json
from pathlib import Path

from service.cli.main import Failed
from service.cli.opened import open_house, unanswered
from service.forms import PLATFORMS
from service.store import StoreUnavailable


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FILE, --form, --sender, --dry-run, --json."""
    parser.add_argument("file", metavar="FILE", type=Path, help="CSV in any encoding, with the columns' names on top")
    parser.add_argument("--form", required=True, metavar="FORM", help="the form of the forms file that they belong to")
    parser.add_argument(
        "--sender", choices=PLATFORMS, default="", help="whose export it is, where its columns do not tell"
    )
    parser.add_argument("--dry-run", action="store_true", help="show what the columns mean and what would come of it")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Take them, or tell what would be taken; 1 where a row could not be read.

    Raises: Failed.
    """
    from service.capture.sheets.source import NoSheet  # noqa: PLC0415 (only this command pays for it)
    from service.cli.imports.showing import print_tally  # noqa: PLC0415
    from service.cli.imports.taking import go_through  # noqa: PLC0415

    house = open_house()
    form = house.setup.forms.get(arguments.form)
    if form is None:
        raise Failed(f"there is no form {arguments.form!r}; the forms file has {', '.join(house.setup.forms)}")
    try:
        tally = go_through(house.store, form, arguments.file, arguments.sender, is_dry=arguments.dry_run)
    except NoSheet as reason:
        raise Failed(str(reason)) from reason
    except StoreUnavailable as error:
        raise Failed(f"{unanswered(error)}, and run it again: what was taken is known then") from error
    except OSError as error:
        raise Failed(f"{arguments.file} cannot be read to its end ({error.strerror})") from error
    if arguments.json:
        print(json.dumps(tally.as_json(), indent=2, ensure_ascii=False))
    else:
        print_tally(tally)
    return 1 if tally.unread else 0

"""How an import goes, and how it ends."""

import argparse
import json

from service.capture.sheets.cells import NoSheet
from service.cli.imports.showing import print_tally
from service.cli.imports.taking import go_through
from service.cli.installation import database_problem, open_installation
from service.cli.main import Failed
from service.store import StoreUnavailable


def take(arguments: argparse.Namespace) -> int:
    """Take the leads of a file, or tell what would be taken; 1 where a row could not be read.

    Raises: Failed.
    """
    installation = open_installation()
    form = installation.setup.forms.get(arguments.form)
    if form is None:
        raise Failed(f"there is no form {arguments.form!r}; the forms file has {', '.join(installation.setup.forms)}")
    try:
        file, sender, page = arguments.file, arguments.sender, arguments.sheet
        tally = go_through(installation.store, form, file, sender, page, is_dry=arguments.dry_run)
    except NoSheet as reason:
        raise Failed(str(reason)) from reason
    except StoreUnavailable as error:
        raise Failed(f"{database_problem(error)}, and run it again: what was taken is known then") from error
    except OSError as error:
        raise Failed(f"{arguments.file} cannot be read to its end ({error.strerror})") from error
    if arguments.json:
        print(json.dumps(tally.as_json(), indent=2, ensure_ascii=False))
    else:
        print_tally(tally)
    return 1 if tally.unread else 0

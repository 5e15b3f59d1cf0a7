"""`lead-capture tokens`: keys of the API, made, listed and revoked from a terminal."""

import argparse
from typing import TYPE_CHECKING

from service import clock
from service.actors import Scope
from service.cli.commands import COMMANDS, Failed
from service.cli.installation import open_installation
from service.cli.terminal import (
    add_accounts_argument,
    chosen_accounts,
    instant,
    listed_accounts,
    operator,
    print_json,
    printable,
)

if TYPE_CHECKING:
    from service.cli.installation import Installation
    from service.store import ApiKey


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """create NAME --scope --account --until | list | revoke ID."""
    command = COMMANDS["tokens"]
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    making = actions.add_parser(
        "create", help="make a key and print its token once", epilog=f"example: {command.example}"
    )
    making.add_argument("name", metavar="NAME", help="what uses it, such as Zapier")
    making.add_argument(
        "--scope",
        action="append",
        required=True,
        choices=[scope.value for scope in Scope],
        help="what it may do; repeat it for more",
    )
    add_accounts_argument(making)
    making.add_argument("--until", type=instant, metavar="D", help="when it ends: 2027-06-30, or with a time")
    listing = actions.add_parser("list", help="every key, newest first", epilog="example: lead-capture tokens list")
    revoking = actions.add_parser(
        "revoke", help="end a key at once", epilog="example: lead-capture tokens revoke 1f0c…"
    )
    revoking.add_argument("id", metavar="ID", help="as `list` shows it")
    for action, run_action in ((making, _create), (listing, _list), (revoking, _revoke)):
        action.add_argument("--json", action="store_true", help="the outcome as JSON")
        action.set_defaults(command=run_action)


def run(arguments: argparse.Namespace) -> int:
    """Run the action.

    Raises: Failed, GrantRefused.
    """
    with open_installation() as installation:
        return int(arguments.command(installation, arguments))


def _create(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.keys import KeyRequest, make_key

    scopes = frozenset(map(Scope, arguments.scope))
    wanted = KeyRequest(arguments.name, scopes, chosen_accounts(arguments), arguments.until)
    key, token = make_key(installation.store, wanted, operator(), installation.setup.account_names, clock.now())
    if arguments.json:
        print_json({"id": key.id, "token": token})
    else:
        print(f"{token}\nThis is the token of the key {key.id}; it is not shown again.")
    return 0


def _list(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.keys import key_json, keys_shown_to

    keys = keys_shown_to(installation.store, operator())
    if arguments.json:
        print_json([key_json(key) for key in keys])
    else:
        print("\n".join(map(_line, keys)) or "there are no keys")
    return 0


def _line(key: "ApiKey") -> str:
    from service.operations.keys import key_json

    shown = key_json(key)
    state = "ended" if key.is_over(clock.now()) else "until"
    end = f"; {state} {shown['expires_at']}" if key.expires_at else ""
    use = f"last used {shown['used_at']}" if key.used_at else "never used"
    scopes = ", ".join(scope.value for scope in Scope if scope in key.scopes)
    return printable(
        f"{key.id}  {key.name}: {scopes}; {listed_accounts(key.accounts)}; {use}{end}; made by {key.made_by}"
    )


def _revoke(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.keys import key_json, revoke_key

    key = revoke_key(installation.store, arguments.id, operator(), clock.now())
    if key is None:
        raise Failed(f"there is no key {arguments.id}: see `lead-capture tokens list`")
    if arguments.json:
        print_json(key_json(key))
    else:
        print(printable(f"revoked the key {key.name}"))
    return 0

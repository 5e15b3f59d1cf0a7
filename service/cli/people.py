"""`lead-capture people`: the people of the dashboard, invited, listed, changed and removed from a terminal."""

import argparse
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from service import clock
from service.actors import Role
from service.cli.commands import COMMANDS, Failed
from service.cli.installation import open_installation, public_url
from service.cli.terminal import (
    add_accounts_argument,
    chosen_accounts,
    listed_accounts,
    operator,
    print_json,
    printable,
)

if TYPE_CHECKING:
    from service.actors import Person
    from service.cli.installation import Installation
    from service.operations.people import PersonChange

    Actions = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 (argparse has no public name for it)

ROLES = [role.value for role in Role]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """add EMAIL | list | role EMAIL | disable EMAIL | enable EMAIL | reset EMAIL | remove EMAIL."""
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    adding = actions.add_parser(
        "add", help="invite a person and print the link once", epilog=f"example: {COMMANDS['people'].example}"
    )
    listing = actions.add_parser("list", help="everyone, by address", epilog="example: lead-capture people list")
    changing = actions.add_parser(
        "role",
        help="change the role or the accounts",
        epilog="example: lead-capture people role ann@example.com --role editor --account harbour",
    )
    disabling = _of_one(actions, "disable", "end the sessions and refuse to sign in, from now on")
    enabling = _of_one(actions, "enable", "let a disabled person sign in again")
    resetting = _of_one(actions, "reset", "print a new link that sets the password; it replaces an earlier one")
    removing = _of_one(actions, "remove", "remove a person; the record of their acts stays")
    for action in (adding, changing):
        action.add_argument("email", metavar="EMAIL", help="what the person signs in with")
        action.add_argument("--role", choices=ROLES, required=action is adding, help="each includes the ones before")
        add_accounts_argument(action)
    adding.add_argument("--name", default="", metavar="N", help="how the name is shown to others")
    changing.add_argument("--all-accounts", action="store_true", help="all accounts, including future ones")
    for action, run_action in (
        *((adding, _add), (listing, _list), (changing, _set_role), (disabling, _disable)),
        *((enabling, _enable), (resetting, _reset), (removing, _remove)),
    ):
        action.add_argument("--json", action="store_true", help="the outcome as JSON")
        action.set_defaults(command=run_action)


def _of_one(actions: "Actions", name: str, does: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=does, epilog=f"example: lead-capture people {name} ann@example.com")
    parser.add_argument("email", metavar="EMAIL", help="of the person")
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Run the action.

    Raises: Failed, GrantRefused.
    """
    with open_installation() as installation:
        return int(arguments.command(installation, arguments))


def _add(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.invitations import invite
    from service.operations.people import PersonRequest

    wanted = PersonRequest(arguments.email, arguments.name, Role(arguments.role), chosen_accounts(arguments))
    person, token = invite(installation.store, wanted, operator(), installation.setup.account_names, clock.now())
    return _print_link(installation, arguments, person, token)


def _list(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.people import people_shown_to, person_json

    people = people_shown_to(installation.store, operator())
    if arguments.json:
        print_json([person_json(person) for person in people])
    else:
        print("\n".join(map(_line, people)) or "there are no people: admin signs in with ADMIN_PASSWORD")
    return 0


def _set_role(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.people import PersonChange

    accounts = chosen_accounts(arguments)
    has_accounts = arguments.all_accounts or accounts is not None
    if arguments.role is None and not has_accounts:
        raise Failed("specify what to change: --role, --account or --all-accounts")
    change = PersonChange(
        role=None if arguments.role is None else Role(arguments.role),
        accounts=(None if arguments.all_accounts else accounts,) if has_accounts else None,
    )
    return _change(installation, arguments, change)


def _disable(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.people import PersonChange

    return _change(installation, arguments, PersonChange(disabled=True))


def _enable(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.people import PersonChange

    return _change(installation, arguments, PersonChange(disabled=False))


def _change(installation: "Installation", arguments: argparse.Namespace, change: "PersonChange") -> int:
    from service.operations.people import change_person

    person = _person(installation, arguments.email)
    changed = change_person(
        installation.store,
        person.id,
        change,
        operator(),
        installation.setup.account_names,
        clock.now(),
        has_password=bool(installation.settings.admin_password),
    )
    return _print_person(arguments, changed or person, "")


def _reset(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.invitations import new_link

    person = _person(installation, arguments.email)
    made = new_link(installation.store, person.id, operator(), clock.now())
    if made is None:
        raise Failed(f"{arguments.email} no longer exists")
    return _print_link(installation, arguments, *made)


def _remove(installation: "Installation", arguments: argparse.Namespace) -> int:
    from service.operations.people import remove_person

    person = _person(installation, arguments.email)
    has_password = bool(installation.settings.admin_password)
    remove_person(installation.store, person.id, operator(), clock.now(), has_password=has_password)
    return _print_person(arguments, person, "removed ")


def _person(installation: "Installation", email: str) -> "Person":
    from service.operations.people import fold_email

    with installation.store.read() as tx:
        credentials = tx.people.credentials(fold_email(email))
    if credentials is None:
        raise Failed(f"there is no {email}: see `lead-capture people list`")
    return credentials.person


def _print_link(installation: "Installation", arguments: argparse.Namespace, person: "Person", token: str) -> int:
    from service.operations.invitations import INVITATION_TIME, RESET_TIME, link_address

    base = public_url(installation)
    address = link_address(base, token)
    if urlsplit(base).hostname in ("localhost", "127.0.0.1", "::1"):
        print(
            f"lead-capture: {base} is an address of this machine only; for everyone else set PUBLIC_URL to the public "
            f"address of the service, such as https://leads.example.com, and run `lead-capture people reset "
            f"{printable(person.email)}`",
            file=sys.stderr,
        )
    if arguments.json:
        print_json({"id": person.id, "invitation_url": address})
        return 0
    days = (INVITATION_TIME if person.is_invited else RESET_TIME).days
    time = f"{days} days" if days > 1 else "a day"
    print(printable(address))
    print(printable(f"Pass this link on to {person.email}. It sets the password, once, within {time}."))
    return 0


def _print_person(arguments: argparse.Namespace, person: "Person", was: str) -> int:
    from service.operations.people import person_json

    if arguments.json:
        print_json(person_json(person))
    else:
        print(was + _line(person))
    return 0


def _line(person: "Person") -> str:
    from service.operations.lead_json import instant

    state = "disabled" if person.disabled_at else "invited" if person.is_invited else ""
    seen = f"signed in {instant(person.signed_in_at)}" if person.signed_in_at else "never signed in"
    return printable(f"{person.email}: {person.role.value}; {listed_accounts(person.accounts)}; {state or seen}")

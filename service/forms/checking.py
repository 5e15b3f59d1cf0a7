"""All that is wrong with the tables of a forms file, each by itself and together."""

from collections.abc import Iterator, Mapping
from typing import Any

from service.forms.mentions import known_answers, list_unknown_answers
from service.forms.merge import STAGE_KEYS, leaves_account, make_variant, overlay
from service.forms.problems import Place, ProblemList, write_key
from service.forms.rules import Fault, list_faults, list_when_faults
from service.forms.schema import FILE_TABLE

Keys = Mapping[str, Any]
Layers = tuple[tuple[Place, Keys], ...]


def check_document(document: Keys, findings: ProblemList) -> None:
    """Note every fault. A faulty value is told once, and hides no fault elsewhere."""
    findings.add_tree(FILE_TABLE.validate(document))
    if document.get("forms", {}) == {}:
        findings.add((), "has no form: write one, such as [forms.contact]")
    accounts = find_table(document, "accounts")
    for name, account in accounts.items():
        check_credentials(account, findings, ("accounts", name))
    defaults = find_table(document, "defaults")
    if "canary" in defaults:
        findings.add(("defaults", "canary"), "would send test leads through every form: write it in a form of its own")
    for name, own in find_table(document, "forms").items():
        if isinstance(own, Mapping):
            layers: Layers = ((("forms", name), own), (("defaults",), defaults))
            check_form(overlay(defaults, own), layers, accounts, findings)


def check_form(form: Keys, layers: Layers, accounts: Keys, findings: ProblemList) -> None:
    """Note what only shows when [defaults], form and routes are seen as one.

    layers: the tables that make up `form` with their places, the most particular first.
    """
    for step, sentence in list_form_faults(form, form, accounts):
        findings.add((*find_origin(step, layers), *step), sentence)
    routes = form.get("routes")
    for index, route in enumerate(routes if isinstance(routes, list) else []):
        if isinstance(route, Mapping):
            place: Place = (*find_origin(("routes",), layers), "routes", index)
            check_route(route, form, ((place, route), *layers), accounts, findings)


def check_route(route: Keys, form: Keys, layers: Layers, accounts: Keys, findings: ProblemList) -> None:
    """Note what is wrong with a route, but not what is wrong with its form already."""
    said = {*list_form_faults(form, form, accounts)}
    variant = make_variant(form, route)
    for step, sentence in list_form_faults(variant, form, accounts):
        if (step, sentence) not in said:
            findings.add((*find_origin(step, layers), *step), sentence)
    for step, sentence in list_when_faults(route.get("when"), form):
        findings.add((*layers[0][0], "when", *step), sentence)
    if leaves_account(form, route) and _names_stage(form) and not _names_stage(route):
        findings.add(
            (*layers[0][0], "account"),
            "leads to another account, where the form's stage does not exist or is another company's: "
            "write stage_id, or board and stage, in this route, too",
        )


def _names_stage(keys: Keys) -> bool:
    return any(key in keys for key in STAGE_KEYS)


def list_form_faults(keys: Keys, form: Keys, accounts: Keys) -> Iterator[Fault]:
    """Every broken rule of a whole form, or of a variant of `form`, whose routes name answers for it, too."""
    yield from list_faults(keys)
    yield from list_account_faults(keys, accounts)
    yield from list_unknown_answers(keys, [*dict.fromkeys((*known_answers(form), *known_answers(keys)))])


def find_origin(step: Place, layers: Layers) -> Place:
    """The place of the table that says what `step` begins with; the most particular one where none does."""
    return next((place for place, table in layers if step[0] in table), layers[0][0])


def list_account_faults(form: Keys, accounts: Keys) -> Iterator[Fault]:
    """An account that is nowhere described."""
    name, known = form.get("account"), dict.fromkeys(["default", *accounts])
    if isinstance(name, str) and name.strip() not in known:
        yield ("account",), f"there is no account {name!r}: known are {', '.join(map(write_key, known))}"


def check_credentials(account: Any, findings: ProblemList, place: Place) -> None:
    """Note an account that cannot sign in, or in two ways."""
    if not isinstance(account, Mapping):
        return
    keys, login, app = account.keys(), {"username", "password"}, {"app_key", "app_secret"}
    if "token" in keys and login & keys:
        findings.add((*place, "token"), "stands beside username or password: keep one way to sign in")
    elif (app | {"app_token"}) & keys:
        if (login | {"token"}) & keys:
            findings.add((*place, "app_key"), "stands beside username, password or token: keep one way to sign in")
        elif not app <= keys:
            findings.add(place, "needs app_key and app_secret together")
    elif "token" not in keys and not login <= keys:
        findings.add(place, "needs username and password, or token, or app_key and app_secret")


def find_table(document: Keys, name: str) -> Keys:
    """The table under `name`; an empty one where there is none or something else."""
    table = document.get(name)
    return table if isinstance(table, Mapping) else {}

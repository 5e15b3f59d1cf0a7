"""All checks of a forms file: each table on its own, then the relations between the keys of a whole form."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from marshmallow import ValidationError

from service.forms.layers import STAGE_KEYS, leaves_account, make_variant, overlay
from service.forms.mentions import check_questions, find_near_miss, known_answers, unknown_answers
from service.forms.problems import Place, ProblemList, write_key
from service.forms.schema import FILE_TABLE, MAX_ANSWER_S
from service.forms.senders import SENDERS
from service.forms.values import read_interval

Keys = Mapping[str, Any]

Problem = tuple[Place, str]
"""Place within the form, sentence."""

Layers = tuple[tuple[Place, Keys], ...]
"""The tables that make up a form with their places, the topmost first."""


def check_document(document: Keys, problems: ProblemList) -> None:
    """Check the whole document. A wrong value is reported once and hides no problem elsewhere."""
    problems.add_messages(FILE_TABLE.validate(document))
    if document.get("forms", {}) == {}:
        problems.add((), "has no form: write one, such as [forms.contact]")
    accounts = table_under(document, "accounts")
    for name, account in accounts.items():
        _check_credentials(account, problems, ("accounts", name))
    defaults = table_under(document, "defaults")
    if "canary" in defaults:
        problems.add(("defaults", "canary"), "would send test leads through every form: write it in one form")
    _check_days_off(document, problems)
    for name, own in table_under(document, "forms").items():
        if isinstance(own, Mapping):
            layers: Layers = ((("forms", name), own), (("defaults",), defaults))
            _check_form(overlay(defaults, own), layers, accounts, problems)


def _check_form(form: Keys, layers: Layers, accounts: Keys, problems: ProblemList) -> None:
    """Check [defaults], form and routes together, for problems that none of them shows alone."""
    own_problems = [*_form_problems(form, form, accounts)]
    for place, sentence in own_problems:
        problems.add((*_origin(place, layers), *place), sentence)
    routes = form.get("routes")
    for index, route in enumerate(routes if isinstance(routes, list) else []):
        if not isinstance(route, Mapping):
            continue
        route_place: Place = (*_origin(("routes",), layers), "routes", index)
        route_layers = ((route_place, route), *layers)
        for place, sentence in _form_problems(make_variant(form, route), form, accounts):
            if (place, sentence) not in own_problems:
                problems.add((*_origin(place, route_layers), *place), sentence)
        for place, sentence in _when_problems(route.get("when"), form):
            problems.add((*route_place, "when", *place), sentence)
        if leaves_account(form, route) and _names_stage(form) and not _names_stage(route):
            problems.add(
                (*route_place, "account"),
                "leads to another account, where the form's stage does not exist or is another company's: "
                "write stage_id, or board and stage, in this route, too",
            )


def _check_days_off(document: Keys, problems: ProblemList) -> None:
    """Check that days off belong to people who take turns, even if only in a form below [defaults]."""
    tables = [*_tables_with_people(document)]
    names = {name.strip().casefold() for _, table in tables for name in _people_of(table)}
    for place, table in tables:
        for name in table_under(table, "days_off"):
            if name.strip().casefold() not in names:
                problems.add((*place, "days_off", name), "takes no leads: no responsible names this address")


def _tables_with_people(document: Keys) -> Iterator[tuple[Place, Keys]]:
    """Yield [defaults], each form and each route, with its place."""
    owners: dict[Place, Any] = {("defaults",): table_under(document, "defaults")}
    owners |= {("forms", name): form for name, form in table_under(document, "forms").items()}
    for place, owner in owners.items():
        if not isinstance(owner, Mapping):
            continue
        yield place, owner
        routes = owner.get("routes")
        for index, route in enumerate(routes if isinstance(routes, list) else []):
            if isinstance(route, Mapping):
                yield (*place, "routes", index), route


def _people_of(table: Keys) -> Iterator[str]:
    people = table.get("responsible")
    yield from (name for name in (people if isinstance(people, list) else [people]) if isinstance(name, str))


def _names_stage(keys: Keys) -> bool:
    return any(key in keys for key in STAGE_KEYS)


def _form_problems(keys: Keys, form: Keys, accounts: Keys) -> Iterator[Problem]:
    """Yield every problem of a whole form, or of a variant of `form`; the form's routes declare answers, too."""
    for check in CHECKS:
        yield from check(keys)
    name, known = keys.get("account"), dict.fromkeys(["default", *accounts])
    if isinstance(name, str) and name.strip() not in known:
        yield ("account",), f"there is no account {name!r}: choose from {', '.join(map(write_key, known))}"
    yield from unknown_answers(keys, [*dict.fromkeys((*known_answers(form), *known_answers(keys)))])


def _origin(place: Place, layers: Layers) -> Place:
    """Return the place of the table with the key that `place` begins with; by default the topmost."""
    return next((origin for origin, table in layers if place[0] in table), layers[0][0])


def _check_credentials(account: Any, problems: ProblemList, place: Place) -> None:
    """Check that an account can sign in, in one way only."""
    if not isinstance(account, Mapping):
        return
    keys, login, app = account.keys(), {"username", "password"}, {"app_key", "app_secret"}
    if "token" in keys and login & keys:
        problems.add((*place, "token"), "cannot be combined with username or password: keep one way to sign in")
    elif (app | {"app_token"}) & keys:
        if (login | {"token"}) & keys:
            problems.add(
                (*place, "app_key"), "cannot be combined with username, password or token: keep one way to sign in"
            )
        elif not app <= keys:
            problems.add(place, "needs app_key and app_secret together")
    elif "token" not in keys and not login <= keys:
        problems.add(place, "needs username and password, or token, or app_key and app_secret")


def table_under(document: Keys, name: str) -> Keys:
    """Return the table under `name`; an empty one if there is none, or something else."""
    table = document.get(name)
    return table if isinstance(table, Mapping) else {}


# -- one check for each relation between keys; wrong values are reported elsewhere


def check_stage(keys: Keys) -> Iterator[Problem]:
    """Check that a stage is named by id, or looked up by board, stage or both."""
    if "stage_id" in keys and ("board" in keys or "stage" in keys):
        yield (
            ("stage_id",),
            "cannot be combined with board or stage: keep either stage_id, or board and stage",
        )


def check_responsible(keys: Keys) -> Iterator[Problem]:
    """Check that an owner is named by id, or people take turns."""
    if "responsible_id" in keys and "responsible" in keys:
        yield ("responsible_id",), "cannot be combined with responsible: keep one of them"


def check_answer_times(keys: Keys) -> Iterator[Problem]:
    """Check that an escalation has a time and an address, and comes after the reminder."""
    for given, missing in (("escalate_after", "escalate_to"), ("escalate_to", "escalate_after")):
        if given in keys and missing not in keys:
            yield (given,), f"does nothing without {missing}: write that too"
    with suppress(ValidationError):
        within, escalate = (
            read_interval(keys[key], least_s=0, most_s=2 * MAX_ANSWER_S) if key in keys else 0.0
            for key in ("answer_within", "escalate_after")
        )
        if within and escalate and escalate <= within:
            yield ("escalate_after",), "is not later than answer_within: both count from the arrival of the lead"


def check_answer_map(keys: Keys) -> Iterator[Problem]:
    """Check that a question that decides LeadSource has the meaning of its answers, and vice versa."""
    if ("answer_field" in keys) != ("answer_map" in keys):
        given, missing = ("answer_field", "answer_map") if "answer_field" in keys else ("answer_map", "answer_field")
        yield (given,), f"does nothing without {missing}: write that too"


def check_captcha(keys: Keys) -> Iterator[Problem]:
    """Check that a captcha has a provider and a secret; only reCAPTCHA gives scores."""
    captcha = table_under(keys, "captcha")
    for missing in ("provider", "secret"):
        if isinstance(keys.get("captcha"), Mapping) and missing not in captcha:
            yield ("captcha",), f'needs {missing}: write captcha = {{ provider = "turnstile", secret = "env:NAME" }}'
    if "min_score" in captcha and captcha.get("provider") in {"turnstile", "hcaptcha"}:
        yield ("captcha", "min_score"), "does nothing with this provider: only reCAPTCHA v3 gives scores"


def check_same_text(keys: Keys) -> Iterator[Problem]:
    """Check that the rule needs several people: one person often sends a text once."""
    if keys.get("same_text") == 1 and not isinstance(keys["same_text"], bool):
        yield ("same_text",), "would quarantine every lead: write 2 or more people, or 0 to turn the rule off"


def check_canary(keys: Keys) -> Iterator[Problem]:
    """Check that the operator names a stage for test leads, which stay in the CRM."""
    canary = table_under(keys, "canary")
    for missing in ("every", "email"):
        if canary and missing not in canary:
            yield ("canary",), f'needs {missing}: write canary = {{ every = "6h", email = "canary@example.com" }}'
    if "canary" in keys and not {"stage_id", "stage"} & keys.keys():
        yield ("canary",), "needs a test stage: write stage_id, or board and stage, of a board for tests"


def check_honeypot(keys: Keys) -> Iterator[Problem]:
    """Check that the trap is not a field that people fill in, which would catch every lead."""
    honeypot = keys.get("honeypot")
    if isinstance(honeypot, str) and honeypot in {*known_answers(keys), *_submitted_names(keys)}:
        yield (
            ("honeypot",),
            f"{honeypot!r} is an answer of the form, so every lead would be quarantined: use another name",
        )


def check_field_names(keys: Keys) -> Iterator[Problem]:
    """Check that one submitted name fills one answer."""
    targets: dict[str, str] = {}
    for canonical, names in table_under(keys, "fields").items():
        for name in names if isinstance(names, list) else [names]:
            target = targets.setdefault(str(name), canonical)
            if target != canonical:
                yield (
                    ("fields", canonical),
                    f"{name!r} is already given to {target!r}: a submitted name fills one answer",
                )


def check_required_names(keys: Keys) -> Iterator[Problem]:
    """Check the names of required answers: a misspelt one would park every lead."""
    require = keys.get("require")
    for index, name in enumerate(require if isinstance(require, list) else []):
        if sentence := _describe_near_miss(name, keys):
            yield ("require", index), sentence


def check_webhooks(keys: Keys) -> Iterator[Problem]:
    """Check that a sender's table contains the proof of its calls."""
    for name, table in table_under(keys, "webhooks").items():
        if name in SENDERS and isinstance(table, Mapping):
            for missing in sorted(set(SENDERS[name].needs) - table.keys()):
                yield ("webhooks", name), f"needs {missing}: without it forged calls cannot be recognised"


CHECKS: tuple[Callable[[Keys], Iterator[Problem]], ...] = (
    check_stage,
    check_responsible,
    check_answer_times,
    check_answer_map,
    check_captcha,
    check_same_text,
    check_canary,
    check_honeypot,
    check_field_names,
    check_required_names,
    check_webhooks,
    check_questions,
)


def _when_problems(when: Any, form: Keys) -> Iterator[Problem]:
    """Yield the problems of the answers that select a route."""
    if when is None or when == {}:
        yield (), 'is missing: write which answers lead here, such as { location = "london" }'
    for name in when if isinstance(when, Mapping) else ():
        if sentence := _describe_near_miss(name, form):
            yield (name,), sentence


def _describe_near_miss(name: Any, keys: Keys) -> str:
    if isinstance(name, str) and name not in _submitted_names(keys) and (near := find_near_miss(name)):
        return f"unknown answer {name!r}: did you mean {near!r}?"
    return ""


def _submitted_names(keys: Keys) -> set[str]:
    lists = (names if isinstance(names, list) else [names] for names in table_under(keys, "fields").values())
    return {name for names in lists for name in names if isinstance(name, str)}

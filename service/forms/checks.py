"""What the keys of one whole form must say together. Values may be faulty: those faults are told elsewhere."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.forms.answer_names import find_near_miss
from service.forms.layers import STAGE_KEYS, leaves_account, make_variant, overlay
from service.forms.mentions import known_answers, list_question_faults, list_unknown_answers
from service.forms.problems import Place, ProblemList, write_key
from service.forms.schema import FILE_TABLE
from service.forms.senders import SENDERS
from service.lead import CANONICAL_FIELDS

Keys = Mapping[str, Any]
Fault = tuple[Place, str]  # place within the form, sentence


def check_stage(keys: Keys) -> Iterator[Fault]:
    """A stage is named by its id, or looked up by board, stage or both."""
    if "stage_id" in keys and ("board" in keys or "stage" in keys):
        yield ("stage_id",), "cannot be combined with board or stage: keep either stage_id, or board and stage"


def check_answer_map(keys: Keys) -> Iterator[Fault]:
    """A question that decides LeadSource, and what its answers mean, go together."""
    if ("answer_field" in keys) != ("answer_map" in keys):
        there, missing = ("answer_field", "answer_map") if "answer_field" in keys else ("answer_map", "answer_field")
        yield (there,), f"does nothing without {missing}: write that too"


def check_captcha(keys: Keys) -> Iterator[Fault]:
    """A captcha has a provider and a secret."""
    captcha = _table(keys, "captcha")
    for missing in ("provider", "secret"):
        if captcha and missing not in captcha:
            yield ("captcha",), f'needs {missing}: write captcha = {{ provider = "turnstile", secret = "env:NAME" }}'


def check_captcha_score(keys: Keys) -> Iterator[Fault]:
    """Only one provider gives a score by which leads are held."""
    captcha = _table(keys, "captcha")
    if "min_score" in captcha and captcha.get("provider") in {"turnstile", "hcaptcha"}:
        yield ("captcha", "min_score"), "does nothing with this provider: only reCAPTCHA v3 gives scores"


def check_same_text(keys: Keys) -> Iterator[Fault]:
    """One person who says something is the usual case."""
    if keys.get("same_text") == 1 and not isinstance(keys["same_text"], bool):
        yield ("same_text",), "would quarantine every lead: write 2 or more people, or 0 to turn the rule off"


def check_honeypot(keys: Keys) -> Iterator[Fault]:
    """A trap that people fill in would catch every lead."""
    honeypot = keys.get("honeypot")
    if isinstance(honeypot, str) and honeypot in {*CANONICAL_FIELDS, *_submitted_names(keys)}:
        yield (
            ("honeypot",),
            f"{honeypot!r} is an answer of the form, so every lead would be quarantined: use another name",
        )


def check_field_names(keys: Keys) -> Iterator[Fault]:
    """One submitted name gives one answer."""
    owners: dict[str, str] = {}
    for canonical, names in _table(keys, "fields").items():
        for name in names if isinstance(names, list) else [names]:
            owner = owners.setdefault(str(name), canonical)
            if owner != canonical:
                yield (
                    ("fields", canonical),
                    f"{name!r} is already given to {owner!r}: a submitted name fills one answer",
                )


def check_required_names(keys: Keys) -> Iterator[Fault]:
    """A misspelt required answer would park every lead."""
    require = keys.get("require")
    yield from (
        (("require", index), sentence)
        for index, name in enumerate(require if isinstance(require, list) else [])
        for sentence in _describe_near_miss(name, keys)
    )


def check_webhooks(keys: Keys) -> Iterator[Fault]:
    """A sender's calls must be provable by what its table holds."""
    for name, table in _table(keys, "webhooks").items():
        if name in SENDERS and isinstance(table, Mapping):
            for missing in sorted(set(SENDERS[name].needs) - table.keys()):
                yield ("webhooks", name), f"needs {missing}: without it forged calls cannot be recognised"


def check_canary(keys: Keys) -> Iterator[Fault]:
    """Test leads stay in the CRM: the operator says where."""
    canary = _table(keys, "canary")
    for missing in ("every", "email"):
        if canary and missing not in canary:
            yield ("canary",), f'needs {missing}: write canary = {{ every = "6h", email = "canary@example.com" }}'
    if "canary" in keys and not {"stage_id", "stage"} & keys.keys():
        yield ("canary",), "needs a test stage: write stage_id, or board and stage, of a board for tests"


RULES: tuple[Callable[[Keys], Iterator[Fault]], ...] = (
    check_stage,
    check_answer_map,
    check_captcha,
    check_captcha_score,
    check_same_text,
    check_canary,
    check_honeypot,
    check_field_names,
    check_required_names,
    check_webhooks,
    list_question_faults,
)


def list_faults(keys: Keys) -> Iterator[Fault]:
    """Every broken rule of one whole form, with its place in it."""
    for rule in RULES:
        yield from rule(keys)


def list_when_faults(when: Any, keys: Keys) -> Iterator[Fault]:
    """What is wrong with the answers that lead to a route, `keys` being its form."""
    if when is None or when == {}:
        yield (), 'is missing: write which answers lead here, such as { location = "london" }'
    for name in when if isinstance(when, Mapping) else ():
        for sentence in _describe_near_miss(name, keys):
            yield (name,), sentence


def _describe_near_miss(name: Any, keys: Keys) -> Iterator[str]:
    if isinstance(name, str) and name not in _submitted_names(keys) and (near := find_near_miss(name)):
        yield f"unknown answer {name!r}: did you mean {near!r}?"


def _submitted_names(keys: Keys) -> set[str]:
    lists = (names if isinstance(names, list) else [names] for names in _table(keys, "fields").values())
    return {name for names in lists for name in names if isinstance(name, str)}


def _table(keys: Keys, name: str) -> Keys:
    table = keys.get(name)
    return table if isinstance(table, Mapping) else {}


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
        findings.add(("defaults", "canary"), "would send test leads through every form: write it in one form")
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
        findings.add((*place, "token"), "cannot be combined with username or password: keep one way to sign in")
    elif (app | {"app_token"}) & keys:
        if (login | {"token"}) & keys:
            findings.add(
                (*place, "app_key"), "cannot be combined with username, password or token: keep one way to sign in"
            )
        elif not app <= keys:
            findings.add(place, "needs app_key and app_secret together")
    elif "token" not in keys and not login <= keys:
        findings.add(place, "needs username and password, or token, or app_key and app_secret")


def find_table(document: Keys, name: str) -> Keys:
    """The table under `name`; an empty one where there is none or something else."""
    table = document.get(name)
    return table if isinstance(table, Mapping) else {}

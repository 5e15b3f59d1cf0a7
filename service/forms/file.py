"""From the forms file to a checked Setup: read, expand variables, check, merge, build; all problems at once."""

import hashlib
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, TypeVar

from service.forms.brand import Brand
from service.forms.checks import check_document, table_under
from service.forms.form import (
    DEFAULT_ACCOUNT,
    Account,
    AttributionConfig,
    Canary,
    Captcha,
    ContactRule,
    Destination,
    Form,
    Route,
    Setup,
)
from service.forms.layers import make_variant, overlay
from service.forms.problems import Place, ProblemList, SetupProblems
from service.forms.schema import ACCOUNT_TABLE, BRAND_TABLE, FORM_TABLE, ROUTE_TABLE
from service.forms.values import ENV_PREFIX, SECRET_PREFIX, ReferencedText
from service.forms.working_hours import NO_DAYS, AnswerRule, WorkingHours
from service.lead import CANONICAL_FIELDS

Lookup = Callable[[str], str | None]
"""A variable's name, or "secret:NAME" -> its text; None if there is none. May raise ValueError with a sentence."""

Keys = Mapping[str, Any]
Value = TypeVar("Value", Captcha, ContactRule, AttributionConfig, Destination)

DEFAULT_FORM = "contact"
"""The only form of an installation without a forms file."""

FORMS_FILE = "FORMS_FILE"
"""The setting that names the file."""

_MISSING = "put it there, correct the path, or unset FORMS_FILE for one form `contact` with defaults"

DIGEST_LENGTH = 12
"""Hexadecimal digits of a SHA-256 that identify a version of the forms file."""

NEXUDUS_URL = "https://spaces.nexudus.com"


def read_setup(path: Path, lookup: Lookup) -> Setup:
    """Read the operator's set-up; without a file, one form `contact` with defaults.

    Only a file that FORMS_FILE does not name may be missing: its forms would no longer exist, and their leads would
    have nowhere to go.
    lookup: gives the text of an environment variable, for FORMS_FILE and for "env:NAME" values.
    Raises: SetupProblems with every problem, its place and remedy.
    """
    document = read_document(path)
    if document is not None:
        return parse_setup(document, path.name, lookup)
    if lookup(FORMS_FILE):
        raise SetupProblems((f"{FORMS_FILE}: there is no file {str(path)!r}: {_MISSING}",))
    return Setup(forms={DEFAULT_FORM: Form(DEFAULT_FORM)})


def read_document(path: Path) -> bytes | None:
    """Return the file's bytes; None without a file.

    Raises: SetupProblems if it cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SetupProblems((f"{path.name}: cannot be read: {error.strerror or error}",)) from None


def parse_setup(document: bytes, name: str, lookup: Lookup, version: int | None = None) -> Setup:
    """Return the set-up of a document's bytes, with their digest.

    name: of the document, for the problems. version: its number in the database; None for a file.
    Raises: SetupProblems with every problem, its place and remedy.
    """
    problems = ProblemList(name)
    try:
        setup = make_setup(_read_tables(document, problems), lookup, problems)
    except RecursionError:
        raise SetupProblems((f"{name}: tables or lists are nested too deeply",)) from None
    if version is not None:
        setup = replace(setup, forms={name: _stamped(form, version) for name, form in setup.forms.items()})
    return replace(setup, digest=digest_of(document), version=version)


def _stamped(form: Form, version: int) -> Form:
    """Return the form with the number of its version."""
    routes = tuple(replace(route, form=_stamped(route.form, version)) for route in form.routes)
    return replace(form, setup_version=version, routes=routes)


def digest_of(document: bytes) -> str:
    """Return the identifier of a document for people and processes: the beginning of its SHA-256."""
    return hashlib.sha256(document).hexdigest()[:DIGEST_LENGTH]


def with_plain_ends(text: str) -> str:
    """Return a document without the mark at its beginning that some editors write, and with LF as its line ends."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _read_tables(document: bytes, problems: ProblemList) -> Keys:
    """Return the tables. Raises: SetupProblems if the bytes cannot be read as TOML, with the line."""
    try:
        return tomllib.loads(with_plain_ends(document.decode()))
    except UnicodeDecodeError as error:
        problems.add((), f"is not UTF-8 text (byte {error.start + 1}): save it as UTF-8")
    except ValueError as error:  # TOMLDecodeError, and Python's own for numbers of thousands of digits
        problems.add((), f"is not TOML: {error}")
    problems.raise_any()
    return {}


def make_setup(document: Keys, lookup: Lookup, problems: ProblemList) -> Setup:
    """Return the Setup in checked tables.

    Raises: SetupProblems with everything in `problems` by then.
    """
    document = _expand(document, lookup, problems)
    check_document(document, problems)
    problems.raise_any()
    defaults, accounts = table_under(document, "defaults"), table_under(document, "accounts")
    brand = table_under(document, "brand")
    brands = {name: Brand(**BRAND_TABLE.load({**brand, **own.get("brand", {})})) for name, own in accounts.items()}
    own_brand = Brand(**BRAND_TABLE.load(brand))
    brands.setdefault(DEFAULT_ACCOUNT, own_brand)
    return Setup(
        forms={name: _make_form(name, overlay(defaults, own), brands) for name, own in document["forms"].items()},
        accounts={name: _make_account(name, own) for name, own in accounts.items()},
        brand=own_brand,
    )


# -- values from the environment and from the database


def _expand(value: Any, lookup: Lookup, problems: ProblemList, place: Place = ()) -> Any:
    """Return a copy of `value` with the text of every "env:NAME" and "secret:NAME"; a missing one is a problem."""
    if isinstance(value, Mapping):
        return {key: _expand(below, lookup, problems, (*place, key)) for key, below in value.items()}
    if isinstance(value, list):
        return [_expand(below, lookup, problems, (*place, index)) for index, below in enumerate(value)]
    if isinstance(value, str) and value.startswith(ENV_PREFIX):
        return _read_variable(value.removeprefix(ENV_PREFIX).strip(), lookup, problems, place)
    if isinstance(value, str) and value.startswith(SECRET_PREFIX):
        return _read_secret(value.removeprefix(SECRET_PREFIX).strip(), lookup, problems, place)
    return value


def _read_variable(name: str, lookup: Lookup, problems: ProblemList, place: Place) -> ReferencedText:
    text = None
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        written = ENV_PREFIX + name
        problems.add(place, f"{written!r} does not name a variable: write env: and its name, such as env:SALES_SLACK")
        return ReferencedText(ENV_PREFIX, ENV_PREFIX + name)
    try:
        text = lookup(name)
    except ValueError as error:
        problems.add(place, str(error))
    if not text:
        problems.add(place, f"the environment variable {name} is not set: set it, or {name}_FILE")
    return ReferencedText(text or ENV_PREFIX, ENV_PREFIX + name)


def _read_secret(name: str, lookup: Lookup, problems: ProblemList, place: Place) -> ReferencedText:
    reference, text = SECRET_PREFIX + name, None
    try:
        text = lookup(reference)
    except ValueError as error:
        problems.add(place, str(error))
    if not text:
        problems.add(
            place,
            f"the database has no secret {name!r}: type it in the dashboard, or run `lead-capture secrets set {name}`",
        )
    return ReferencedText(text or SECRET_PREFIX, reference)


# -- values from checked tables

_PLAIN_KEYS = (
    *("title", "titles", "account", "require", "questions", "redirect", "language", "privacy_url", "allowed_origins"),
    *("honeypot", "block", "max_links", "same_text"),
    *(
        "retention_days",
        "country",
        "notify",
        "report_to",
        "silence_alarm",
        "paused",
        "conversions",
        "fields",
        "webhooks",
    ),
)
"""Keys of a form's table that are attributes of Form under the same name."""


def _make_account(name: str, own: Keys) -> Account:
    keys = ACCOUNT_TABLE.load({key: value for key, value in own.items() if key != "brand"})
    return Account(name, **{"base_url": NEXUDUS_URL, **keys})


def _targets_by_name(fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return submitted name -> the answer that it fills by a form's `fields`; standard names are left out."""
    pairs = ((name.strip(), target) for target, names in fields.items() for name in names)
    return {name: target for name, target in pairs if name not in CANONICAL_FIELDS}


def _make_form(name: str, tables: Keys, brands: Mapping[str, Brand]) -> Form:
    """Return one form with its routes, from checked tables with [defaults] merged in. brands: by account."""
    keys = FORM_TABLE.load(tables)
    targets = _targets_by_name(keys.get("fields", {}))
    routes = tuple(
        Route(
            {targets.get(answer, answer): value for answer, value in ROUTE_TABLE.load(route)["when"].items()},
            _make_form(name, make_variant(tables, route), brands),
        )
        for route in tables.get("routes", [])
    )
    plain = {key: keys[key] for key in _PLAIN_KEYS if key in keys}
    if "require" in keys:
        plain["require"] = tuple(dict.fromkeys(targets.get(answer, answer) for answer in keys["require"]))
    if "duplicate_window" in keys:
        plain["duplicate_window_s"] = keys["duplicate_window"]
    if "min_fill_seconds" in keys:
        plain["min_fill_s"] = keys["min_fill_seconds"]
    return Form(
        name,
        **plain,
        brand=brands[keys.get("account", DEFAULT_ACCOUNT)],
        canary=Canary(keys["canary"]["every"], keys["canary"]["email"]) if "canary" in keys else None,
        answer=_make_answer_rule(keys),
        captcha=_pick(Captcha, keys["captcha"]) if "captcha" in keys else None,
        attribution=_pick(AttributionConfig, keys),
        destination=_pick(Destination, keys),
        contact=_pick(ContactRule, keys.get("contact", {})),
        routes=routes,
    )


def _make_answer_rule(keys: Keys) -> AnswerRule:
    hours = WorkingHours(keys.get("hours", ()), keys.get("holidays", NO_DAYS), keys.get("time_zone"))
    return AnswerRule(keys.get("answer_within"), keys.get("escalate_after"), tuple(keys.get("escalate_to", ())), hours)


def _pick(kind: type[Value], keys: Keys) -> Value:
    """Return a value of a kind from the keys that are its attributes."""
    return kind(**{each.name: keys[each.name] for each in fields(kind) if each.name in keys})

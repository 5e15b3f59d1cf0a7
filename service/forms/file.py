"""The forms file, from its bytes to a checked Setup, with every problem told at once."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from service.forms.answer_names import own_names
from service.forms.checks import check_document, find_table
from service.forms.form import Account, AttributionConfig, Canary, Captcha, ContactRule, Destination, Form, Route, Setup
from service.forms.layers import make_variant, overlay
from service.forms.problems import ProblemList, SetupProblems
from service.forms.schema import ACCOUNT_TABLE, FORM_TABLE, ROUTE_TABLE
from service.forms.variables import Lookup, expand

FALLBACK = "contact"  # the one form of a house without a forms file


def read_setup(path: Path, lookup: Lookup) -> Setup:
    """Read the operator's set-up; where there is no such file, one form `contact` with defaults.

    lookup: gives the text of an environment variable for "env:NAME" values.
    Raises: SetupProblems with all that is wrong, each with its place and remedy.
    """
    findings = ProblemList(path.name)
    try:
        document = read_document(path, findings)
        return Setup(forms={FALLBACK: Form(FALLBACK)}) if document is None else make_setup(document, lookup, findings)
    except RecursionError:
        raise SetupProblems((f"{path.name}: tables or lists are nested too deeply",)) from None


def read_document(path: Path, findings: ProblemList) -> Mapping[str, Any] | None:
    """The file's tables as they stand; None where there is no file.

    Raises: SetupProblems when it cannot be read as TOML, with the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        findings.add((), f"is not UTF-8 text (byte {error.start + 1}): save it as UTF-8")
    except OSError as error:
        findings.add((), f"cannot be read: {error.strerror or error}")
    except ValueError as error:  # TOMLDecodeError, and Python's own for numbers of thousands of digits
        findings.add((), f"is not TOML: {error}")
    findings.tell()
    return None


Keys = Mapping[str, Any]
Value = TypeVar("Value", Captcha, ContactRule, AttributionConfig, Destination)
NEXUDUS = "https://spaces.nexudus.com"


def make_setup(document: Keys, lookup: Lookup, findings: ProblemList) -> Setup:
    """The Setup that the tables describe.

    Raises: SetupProblems, with all that is in `findings` by then.
    """
    document = expand(document, lookup, findings)
    check_document(document, findings)
    findings.tell()
    defaults = find_table(document, "defaults")
    return Setup(
        forms={name: make_form(name, overlay(defaults, own)) for name, own in document["forms"].items()},
        accounts={name: make_account(name, own) for name, own in find_table(document, "accounts").items()},
    )


def make_account(name: str, tables: Keys) -> Account:
    """One account from its checked table."""
    return Account(name, **{"base_url": NEXUDUS, **ACCOUNT_TABLE.load(tables)})


def make_form(name: str, tables: Keys) -> Form:
    """One form with its routes, from checked tables in which [defaults] are already merged."""
    keys = FORM_TABLE.load(tables)
    own = own_names(keys.get("fields", {}))
    routes = tuple(
        Route(
            {own.get(asked, asked): answer for asked, answer in ROUTE_TABLE.load(route)["when"].items()},
            make_form(name, make_variant(tables, route)),
        )
        for route in tables.get("routes", [])
    )
    plain = {key: keys[key] for key in PLAIN_KEYS if key in keys}
    if "require" in keys:
        plain["require"] = tuple(dict.fromkeys(own.get(asked, asked) for asked in keys["require"]))
    if "duplicate_window" in keys:
        plain["duplicate_window_s"] = keys["duplicate_window"]
    if "min_fill_seconds" in keys:
        plain["min_fill_s"] = keys["min_fill_seconds"]
    return Form(
        name,
        **plain,
        canary=Canary(keys["canary"]["every"], keys["canary"]["email"]) if "canary" in keys else None,
        captcha=pick(Captcha, keys["captcha"]) if "captcha" in keys else None,
        attribution=pick(AttributionConfig, keys),
        destination=pick(Destination, keys),
        contact=pick(ContactRule, keys.get("contact", {})),
        routes=routes,
    )


PLAIN_KEYS = (
    *(
        "title",
        "titles",
        "account",
        "require",
        "questions",
        "redirect",
        "language",
        "privacy_url",
        "allowed_origins",
        "honeypot",
    ),
    *("block", "max_links", "same_text"),
    *("retention_days", "country", "notify", "silence_alarm", "conversions", "fields", "webhooks"),
)
"""The keys of a form's table that are attributes of Form as they are."""


def pick(kind: type[Value], keys: Keys) -> Value:
    """The value made of those keys that are its attributes."""
    return kind(**{each.name: keys[each.name] for each in fields(kind) if each.name in keys})

"""The webhook senders that a form can accept, and the keys of their tables in the forms file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError

from service.forms.problems import suggest
from service.forms.values import (
    FormKey,
    TableSchema,
    make_table,
    read_choice,
    read_list,
    read_name,
    read_one_or_more,
    read_table,
)
from service.lead import CANONICAL_FIELDS
from service.platforms.registry import PLATFORMS

TARGETS = (
    *CANONICAL_FIELDS,
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"),
    *("page_url", "landing_url", "referrer", "external_id", "form_name"),
)
"""Targets of a sender's `fields`: an answer, a UTM value, or a property of the submission."""

COMMON_KEYS = ("token", "pages", "accounts", "fields")

PROOF_KEYS = ("secret", "key", "app_secret", "client_secret", "token")
"""Keys of a sender's table that prove the origin of its calls."""

MIN_WORD_CHARS = 16
"""Minimum characters of a token or key that cannot be guessed: 64 bits in hex."""

READING_KEYS = ("access_token", "page_tokens", "refresh_token")
"""Keys of a platform's table that allow its leads to be read."""


@dataclass(frozen=True, slots=True)
class SenderKeys:
    """Keys of a sender's table. keys: besides the common ones. needs: required ones, which prove its calls."""

    keys: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()


_SIGNS = SenderKeys(keys=("secret",))
_SIGNS_NOTHING = SenderKeys()

SENDERS: dict[str, SenderKeys] = {
    **{name: SenderKeys(platform.keys, platform.needs) for name, platform in PLATFORMS.items()},
    "typeform": _SIGNS,
    "webflow": _SIGNS,
    "elementor": _SIGNS_NOTHING,
    "gravity-forms": _SIGNS_NOTHING,
    "contact-form-7": _SIGNS_NOTHING,
    "wpforms": _SIGNS,
    "ninja-forms": _SIGNS_NOTHING,
    "fluent-forms": _SIGNS_NOTHING,
    "unbounce": _SIGNS_NOTHING,
    "instapage": _SIGNS_NOTHING,
    "leadpages": _SIGNS_NOTHING,
    "jotform": _SIGNS_NOTHING,
    "tally": _SIGNS,
    "calendly": _SIGNS,
    "cal-com": _SIGNS,
    "hubspot": _SIGNS,
    "squarespace": _SIGNS_NOTHING,
    "wix": _SIGNS_NOTHING,
    "framer": _SIGNS,
    "netlify": _SIGNS,
    "formspree": _SIGNS,
    "basin": _SIGNS_NOTHING,
    "google-forms": _SIGNS_NOTHING,
    "json": SenderKeys(("platform", "names")),
}


def table_name(form: str, sender: str) -> str:
    """Return the name of a form's table for a sender, as the forms file writes it."""
    return f"[forms.{form}.webhooks.{sender}]"


def is_proven(table: Mapping[str, Any]) -> bool:
    """Return whether the calls of a sender with this table must prove their origin."""
    return any(table.get(name) for name in PROOF_KEYS)


def find_weakness(sender: str, table: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return why a sender's calls could be forged, and what to do; None if they could not.

    Only words that the operator chooses are judged by their length: a `secret` is the tool's.
    """
    if not is_proven(table):
        return UNPROVEN, proof_remedy(sender)
    for name in ("token", "key"):
        word = table.get(name)
        if isinstance(word, str) and 0 < len(word) < MIN_WORD_CHARS:
            why = f"its {name} has {len(word)} characters, so it can be guessed"
            return why, f"write one of {MIN_WORD_CHARS} random characters or more here and in the tool"
    return None


def can_read(table: Mapping[str, Any]) -> bool:
    """Return whether a platform's table has a token for reading its leads."""
    return any(table.get(name) for name in READING_KEYS)


UNPROVEN = (
    "it has no secret, key or token, so anyone who knows its address can send; its ids count only together with the "
    "same e-mail or phone, and later answers to a lead are added and replace nothing"
)
"""Consequences of a sender's table that proves nothing."""


def proof_remedy(sender: str) -> str:
    """Return what to write into a table that proves nothing."""
    variable = f"{sender.upper().replace('-', '_')}_TOKEN"
    token = f'write token = "env:{variable}" and put the same token into the address (?token=...) or a header'
    return f"write secret, where the tool signs its calls; else {token}" if "secret" in SENDERS[sender].keys else token


def read_id(value: Any) -> str:
    """Read an id of a platform as text; a number is accepted, too."""
    return str(value) if type(value) is int and value > 0 else read_name(value)


def check_target(name: str) -> str:
    """Check the name of a target of a sender's field."""
    if name not in TARGETS:
        raise ValidationError(f"unknown key {name!r}{suggest(name, TARGETS)}")
    return name


def make_sender_table(sender: SenderKeys) -> TableSchema:
    """Return the schema of one sender's table."""
    keys: dict[str, FormKey] = {
        "pages": FormKey(read_list, each=read_id),
        "accounts": FormKey(read_list, each=read_id),
        "fields": FormKey(read_table, each=read_one_or_more, key=check_target),
        **{name: FormKey(read_name) for name in ("token", *sender.keys)},
    }
    if "platform" in sender.keys:
        keys["platform"] = FormKey(read_choice, choices=tuple(PLATFORMS))
    if "names" in sender.keys:  # id of a campaign, ad group or ad -> its name in reports
        keys["names"] = FormKey(read_table, each=read_name)
    if "page_tokens" in sender.keys:
        keys["page_tokens"] = FormKey(read_table, each=read_name)
    for name in {"lead_forms", "organizations"}.intersection(sender.keys):
        keys[name] = FormKey(read_list, each=read_id)
    for name in {"app_id", "client_id", "version"}.intersection(sender.keys):
        keys[name] = FormKey(read_id)
    return make_table(keys, elsewhere={"secret": "this sender signs nothing with it, use token"})


WEBHOOKS_TABLE = make_table({name: FormKey(make_sender_table(sender).load) for name, sender in SENDERS.items()})
"""The schema of `[forms.NAME.webhooks]`."""

"""Every key of the forms file, and how its value is read."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from service.forms.addresses import (
    read_alert_address,
    read_base_url,
    read_domain,
    read_origin,
    read_redirect,
    read_redirect_template,
    read_web_address,
)
from service.forms.amounts import AnswerDate, read_value
from service.forms.answers import check_canonical
from service.forms.blocks import read_block
from service.forms.conversions import read_conversions
from service.forms.countries import read_country
from service.forms.crm import (
    read_coworker_additions,
    read_custom_fields,
    read_lead_source,
    read_opportunity_additions,
)
from service.forms.kinds import (
    Key,
    read_answer,
    read_choice,
    read_email,
    read_flag,
    read_list,
    read_name,
    read_name_or_id,
    read_often,
    read_one_or_more,
    read_seconds,
    read_share,
    read_table,
    read_tag,
    read_trimmed,
    read_whole,
)
from service.forms.senders import WEBHOOKS_TABLE
from service.forms.table import make_table, read_table_list, read_tables
from service.forms.templates import read_braces, read_template

PROVIDERS = ("turnstile", "hcaptcha", "recaptcha")
LANGUAGES = ("en", "de", "es", "fr", "it", "nl", "pt")
"""Of the pages for visitors."""
LONGEST_WINDOW_S = 86400
LONGEST_DAYS = 36500
MOST_SHIFT_DAYS = 3650
MOST_FILL_S = 60
MOST_LINKS = 1000
MOST_SAME = 1000


def check_form_name(name: str) -> None:
    """Raises: ValidationError when the name cannot stand in a URL as it is."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise ValidationError("a form's name becomes part of a URL: use a-z, 0-9, - and _ only, 64 at most")


def check_account_name(name: str) -> None:
    """Raises: ValidationError for a name that is empty or taken."""
    if name == "default":
        raise ValidationError("the NEXUDUS_ settings are the account 'default': choose another name")
    if not name.strip():
        raise ValidationError("an account needs a name")


def check_language(language: str) -> None:
    """Raises: ValidationError for a language that our pages do not speak."""
    read_choice(language, choices=LANGUAGES)


def read_question(value: Any) -> str:
    """The name of a question that the form asks: text, or a table with `name`."""
    if not isinstance(value, Mapping):
        return read_name(value)
    question = _QUESTION_TABLE.load(value)
    if "name" not in question:
        raise ValidationError('needs name: write { name = "floor" }, or "floor" alone')
    return str(question["name"])


def read_prefix(value: Any) -> str:
    """A template of one or more lines; "" takes back what [defaults] say."""
    return read_braces(value, read_trimmed)


def read_due_date(value: Any) -> AnswerDate:
    """`{ from = "move_in_date", days = -14 }`."""
    keys = _DUE_DATE_TABLE.load(value)
    if "from" not in keys:
        raise ValidationError('needs from: write which answer is the date, such as { from = "move_in_date" }')
    return AnswerDate(keys["from"], keys.get("days", 0))


CAPTCHA_KEYS: dict[str, Key] = {
    "provider": Key(read_choice, choices=PROVIDERS),
    "secret": Key(read_name),
    "site_key": Key(read_name),
    "min_score": Key(read_share),
    "url": Key(read_web_address),
}
CANARY_KEYS: dict[str, Key] = {
    "every": Key(read_often),
    "email": Key(read_email),
}
CONTACT_KEYS: dict[str, Key] = {
    "business_id": Key(read_whole),
    "country_id": Key(read_whole),
    "time_zone_id": Key(read_whole),
    "tag": Key(read_trimmed),
    "extra": Key(read_coworker_additions),
    "custom": Key(read_custom_fields),
}
UTM_KEYS: dict[str, Key] = {name: Key(read_tag) for name in ("source", "medium", "campaign", "content", "term")}
DUE_DATE_KEYS: dict[str, Key] = {
    "from": Key(read_name),
    "days": Key(read_whole, least=-MOST_SHIFT_DAYS, most=MOST_SHIFT_DAYS),
}
_QUESTION_TABLE = make_table({"name": Key(read_name)})
_DUE_DATE_TABLE = make_table(DUE_DATE_KEYS)
ACCOUNT_KEYS: dict[str, Key] = {
    "base_url": Key(read_base_url),
    "username": Key(read_name),
    "password": Key(read_name),
    "totp_secret": Key(read_name),
    "token": Key(read_name),
    "app_key": Key(read_name),
    "app_secret": Key(read_name),
    "app_token": Key(read_name),
}
SHARED_KEYS: dict[str, Key] = {
    # arriving
    "title": Key(read_trimmed),
    "account": Key(read_name),
    "require": Key(read_list),
    "questions": Key(read_list, each=read_question),
    "redirect": Key(read_redirect_template),
    "titles": Key(read_table, each=read_name, key=check_language),
    "language": Key(read_choice, choices=LANGUAGES),
    "privacy_url": Key(read_redirect, page="privacy"),
    "allowed_origins": Key(read_list, each=read_origin),
    "honeypot": Key(read_trimmed),
    "captcha": Key(make_table(CAPTCHA_KEYS).load),
    "block": Key(read_list, each=read_block),
    "min_fill_seconds": Key(read_seconds, most=MOST_FILL_S),
    "max_links": Key(read_whole, least=0, most=MOST_LINKS),
    "same_text": Key(read_whole, least=0, most=MOST_SAME),
    "duplicate_window": Key(read_whole, least=0, most=LONGEST_WINDOW_S),
    "retention_days": Key(read_whole, least=0, most=LONGEST_DAYS),
    "country": Key(read_country),
    "notify": Key(read_list, each=read_alert_address),
    "silence_alarm": Key(read_flag),
    "fields": Key(read_table, each=read_one_or_more, key=check_canonical),
    "webhooks": Key(WEBHOOKS_TABLE.load),
    "conversions": Key(read_conversions),
    # crediting
    "touch": Key(read_choice, choices=("last", "first")),
    "lead_source": Key(read_lead_source),
    "answer_field": Key(read_name),
    "answer_map": Key(read_table, each=read_lead_source),
    "source_map": Key(read_table, each=read_lead_source),
    "default_lead_source": Key(read_lead_source),
    "own_domains": Key(read_list, each=read_domain),
    "ignored_referrers": Key(read_list, each=read_domain),
    "utm": Key(make_table(UTM_KEYS).load),
    # delivering
    "stage_id": Key(read_whole),
    "board": Key(read_name_or_id),
    "stage": Key(read_name_or_id),
    "position": Key(read_whole),
    "opportunity_type_id": Key(read_whole),
    "responsible_id": Key(read_whole),
    "team_id": Key(read_whole),
    "referrer_id": Key(read_whole),
    "agent_id": Key(read_whole),
    "value": Key(read_value),
    "due_date": Key(read_due_date),
    "due_in_days": Key(read_whole, least=0, most=LONGEST_DAYS),
    "name": Key(read_template),
    "notes_prefix": Key(read_prefix),
    "extra": Key(read_opportunity_additions),
    "custom": Key(read_custom_fields),
    "contact": Key(make_table(CONTACT_KEYS).load),
}
"""The keys of a form and of [defaults]; a route takes all but BARRED_IN_ROUTES."""

_IN_FORM = "write it in the form or in [defaults]"
_BEFORE_ANSWERS = f"cannot depend on an answer, as a page is shown before there are any: {_IN_FORM}"
_BEFORE_READING = f"cannot depend on an answer, as it decides how the answers are read: {_IN_FORM}"
BARRED_IN_ROUTES: dict[str, str] = {
    **dict.fromkeys(("titles", "language", "privacy_url", "captcha", "questions"), _BEFORE_ANSWERS),
    **dict.fromkeys(("honeypot", "fields", "country"), _BEFORE_READING),
    "allowed_origins": f"cannot depend on an answer, as browsers ask who may post before they send any: {_IN_FORM}",
    "webhooks": f"cannot depend on an answer, as a sender is let in before its answers are read: {_IN_FORM}",
    "silence_alarm": f"cannot depend on an answer, as leads that stay away have none: {_IN_FORM}",
    "retention_days": f"cannot depend on an answer, as leads are erased form by form: {_IN_FORM}",
}
"""Keys that are decided before the answers of a lead are known, or without them -> why, and what to write instead."""

_ELSEWHERE = {
    **{key: f"write contact.{key}" for key in CONTACT_KEYS if key not in SHARED_KEYS},
    **dict.fromkeys(ACCOUNT_KEYS, 'credentials belong in [accounts.NAME]; here write account = "NAME"'),
    "when": "it belongs in a route, [[forms.NAME.routes]]",
    "routes": "a route has no routes of its own",
    "canary": "it belongs in a form of its own",
}
ACCOUNT_TABLE = make_table(ACCOUNT_KEYS)
ROUTE_KEYS: dict[str, Key] = {
    "when": Key(read_table, each=read_answer),
    **{name: key for name, key in SHARED_KEYS.items() if name not in BARRED_IN_ROUTES},
}
ROUTE_TABLE = make_table(ROUTE_KEYS, _ELSEWHERE, BARRED_IN_ROUTES)
FORM_KEYS: dict[str, Key] = {
    **SHARED_KEYS,
    "canary": Key(make_table(CANARY_KEYS).load),
    "routes": Key(read_table_list, table=ROUTE_TABLE),
}
FORM_TABLE = make_table(FORM_KEYS, _ELSEWHERE)
FILE_KEYS: dict[str, Key] = {
    "defaults": Key(FORM_TABLE.load),
    "accounts": Key(read_tables, table=ACCOUNT_TABLE, check=check_account_name),
    "forms": Key(read_tables, table=FORM_TABLE, check=check_form_name),
}
FILE_TABLE = make_table(FILE_KEYS)
"""The schema of the whole file, each table by itself; what the tables say together is for rules.py."""

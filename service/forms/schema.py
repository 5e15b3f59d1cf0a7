"""Every key of the forms file with the reader of its value."""

import re
from typing import Any

from marshmallow import ValidationError

from service.forms.addresses import (
    read_alert_address,
    read_alert_addresses,
    read_base_url,
    read_domain,
    read_logo_url,
    read_origin,
    read_redirect,
    read_redirect_template,
    read_web_address,
)
from service.forms.amounts import AnswerDate, read_value
from service.forms.blocks import read_block
from service.forms.brand import read_colour
from service.forms.crm import (
    read_conversions,
    read_coworker_additions,
    read_custom_fields,
    read_lead_source,
    read_opportunity_additions,
)
from service.forms.problems import suggest
from service.forms.questions import LANGUAGES, check_language, read_question
from service.forms.senders import WEBHOOKS_TABLE
from service.forms.templates import read_braces, read_template
from service.forms.values import (
    FormKey,
    make_table,
    read_answer,
    read_choice,
    read_country,
    read_email,
    read_flag,
    read_interval,
    read_list,
    read_name,
    read_name_or_id,
    read_number,
    read_one_or_more,
    read_table,
    read_table_list,
    read_tables,
    read_tag,
    read_trimmed,
    read_whole,
)
from service.forms.working_hours import read_days, read_days_off, read_hours, read_zone
from service.lead import CANONICAL_FIELDS

PROVIDERS = ("turnstile", "hcaptcha", "recaptcha")
MAX_DUPLICATE_WINDOW_S = 86400
MAX_DAYS = 36500
MAX_SHIFT_DAYS = 3650
MAX_FILL_S = 60
MAX_LINKS = 1000
MAX_SAME_TEXT = 1000
MAX_RESPONSIBLE = 50
MIN_ANSWER_S, MAX_ANSWER_S = 60, 30 * 86400


def check_form_name(name: str) -> None:
    """Raise ValidationError if the name cannot be part of a URL as it is."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
        raise ValidationError("a form's name becomes part of a URL: use a-z, 0-9, - and _ only, 64 at most")


def check_account_name(name: str) -> None:
    """Raise ValidationError for an empty name."""
    if not name.strip():
        raise ValidationError("an account needs a name")


def check_canonical(name: str) -> None:
    """Raises: ValidationError for a name that is not one of the standard answers."""
    if name not in CANONICAL_FIELDS:
        raise ValidationError(f"unknown key {name!r}{suggest(name, CANONICAL_FIELDS)}")


def read_prefix(value: Any) -> str:
    """Read a template of one or more lines; "" overrides a value of [defaults]."""
    return read_braces(value, read_trimmed)


def read_responsible(value: Any) -> tuple[str, ...]:
    """Read the e-mail addresses of the people who take leads in turn."""
    addresses = tuple(dict.fromkeys(read_list(value if isinstance(value, list) else [value], each=read_email)))
    if len(addresses) > MAX_RESPONSIBLE:
        raise ValidationError(f"names {len(addresses)} people: name {MAX_RESPONSIBLE} at most")
    return addresses


def read_due_date(value: Any) -> AnswerDate:
    """Read `{ from = "move_in_date", days = -14 }`."""
    keys = _DUE_DATE_TABLE.load(value)
    if "from" not in keys:
        raise ValidationError('needs from: name the answer that is the date, such as { from = "move_in_date" }')
    return AnswerDate(keys["from"], keys.get("days", 0))


CAPTCHA_KEYS: dict[str, FormKey] = {
    "provider": FormKey(read_choice, choices=PROVIDERS),
    "secret": FormKey(read_name),
    "site_key": FormKey(read_name),
    "min_score": FormKey(read_number, most=1),
    "url": FormKey(read_web_address),
}
CANARY_KEYS: dict[str, FormKey] = {
    "every": FormKey(read_interval),
    "email": FormKey(read_email),
}
CONTACT_KEYS: dict[str, FormKey] = {
    "business_id": FormKey(read_whole),
    "country_id": FormKey(read_whole),
    "time_zone_id": FormKey(read_whole),
    "tag": FormKey(read_trimmed),
    "extra": FormKey(read_coworker_additions),
    "custom": FormKey(read_custom_fields),
}
UTM_KEYS: dict[str, FormKey] = {name: FormKey(read_tag) for name in ("source", "medium", "campaign", "content", "term")}
DUE_DATE_KEYS: dict[str, FormKey] = {
    "from": FormKey(read_name),
    "days": FormKey(read_whole, least=-MAX_SHIFT_DAYS, most=MAX_SHIFT_DAYS),
}
_DUE_DATE_TABLE = make_table(DUE_DATE_KEYS)
BRAND_TABLE = make_table(
    {"name": FormKey(read_trimmed), "colour": FormKey(read_colour), "logo_url": FormKey(read_logo_url)},
    {"color": "write colour"},
)
ACCOUNT_KEYS: dict[str, FormKey] = {
    "base_url": FormKey(read_base_url),
    "username": FormKey(read_name),
    "password": FormKey(read_name),
    "totp_secret": FormKey(read_name),
    "token": FormKey(read_name),
    "app_key": FormKey(read_name),
    "app_secret": FormKey(read_name),
    "app_token": FormKey(read_name),
    "brand": FormKey(BRAND_TABLE.load),
}
SHARED_KEYS: dict[str, FormKey] = {
    # capture
    "title": FormKey(read_trimmed),
    "account": FormKey(read_name),
    "require": FormKey(read_list),
    "questions": FormKey(read_list, each=read_question),
    "redirect": FormKey(read_redirect_template),
    "titles": FormKey(read_table, each=read_name, key=check_language),
    "language": FormKey(read_choice, choices=LANGUAGES),
    "privacy_url": FormKey(read_redirect, page="privacy"),
    "allowed_origins": FormKey(read_list, each=read_origin),
    "honeypot": FormKey(read_trimmed),
    "captcha": FormKey(make_table(CAPTCHA_KEYS).load),
    "block": FormKey(read_list, each=read_block),
    "min_fill_seconds": FormKey(read_number, most=MAX_FILL_S),
    "max_links": FormKey(read_whole, least=0, most=MAX_LINKS),
    "same_text": FormKey(read_whole, least=0, most=MAX_SAME_TEXT),
    "duplicate_window": FormKey(read_whole, least=0, most=MAX_DUPLICATE_WINDOW_S),
    "retention_days": FormKey(read_whole, least=0, most=MAX_DAYS),
    "country": FormKey(read_country),
    "notify": FormKey(read_list, each=read_alert_address),
    "report_to": FormKey(read_alert_addresses),
    "answer_within": FormKey(read_interval, least_s=MIN_ANSWER_S, most_s=MAX_ANSWER_S),
    "escalate_after": FormKey(read_interval, least_s=MIN_ANSWER_S, most_s=MAX_ANSWER_S),
    "escalate_to": FormKey(read_alert_addresses),
    "hours": FormKey(read_hours),
    "holidays": FormKey(read_days),
    "time_zone": FormKey(read_zone),
    "silence_alarm": FormKey(read_flag),
    "fields": FormKey(read_table, each=read_one_or_more, key=check_canonical),
    "webhooks": FormKey(WEBHOOKS_TABLE.load),
    "conversions": FormKey(read_conversions),
    # attribution
    "touch": FormKey(read_choice, choices=("last", "first")),
    "lead_source": FormKey(read_lead_source),
    "answer_field": FormKey(read_name),
    "answer_map": FormKey(read_table, each=read_lead_source),
    "source_map": FormKey(read_table, each=read_lead_source),
    "default_lead_source": FormKey(read_lead_source),
    "own_domains": FormKey(read_list, each=read_domain),
    "ignored_referrers": FormKey(read_list, each=read_domain),
    "utm": FormKey(make_table(UTM_KEYS).load),
    # delivery
    "stage_id": FormKey(read_whole),
    "board": FormKey(read_name_or_id),
    "stage": FormKey(read_name_or_id),
    "position": FormKey(read_whole),
    "opportunity_type_id": FormKey(read_whole),
    "responsible_id": FormKey(read_whole),
    "responsible": FormKey(read_responsible),
    "days_off": FormKey(read_days_off),
    "team_id": FormKey(read_whole),
    "referrer_id": FormKey(read_whole),
    "agent_id": FormKey(read_whole),
    "value": FormKey(read_value),
    "due_date": FormKey(read_due_date),
    "due_in_days": FormKey(read_whole, least=0, most=MAX_DAYS),
    "name": FormKey(read_template),
    "notes_prefix": FormKey(read_prefix),
    "extra": FormKey(read_opportunity_additions),
    "custom": FormKey(read_custom_fields),
    "contact": FormKey(make_table(CONTACT_KEYS).load),
}
"""The keys of a form and of [defaults]; a route may have all except BARRED_IN_ROUTES."""

_IN_FORM = "write it in the form or in [defaults]"
_BEFORE_ANSWERS = f"cannot depend on an answer, as a page is shown before there are any: {_IN_FORM}"
_BEFORE_READING = f"cannot depend on an answer, as it decides how the answers are read: {_IN_FORM}"
BARRED_IN_ROUTES: dict[str, str] = {
    **dict.fromkeys(("titles", "language", "privacy_url", "captcha", "questions"), _BEFORE_ANSWERS),
    **dict.fromkeys(("honeypot", "fields", "country"), _BEFORE_READING),
    "allowed_origins": f"cannot depend on an answer, as browsers ask who may post before they send any: {_IN_FORM}",
    "webhooks": f"cannot depend on an answer, as a sender is let in before its answers are read: {_IN_FORM}",
    "report_to": f"cannot depend on an answer, as reports count the leads of whole forms: {_IN_FORM}",
    "silence_alarm": f"cannot depend on an answer, as leads that stay away have none: {_IN_FORM}",
    "retention_days": f"cannot depend on an answer, as leads are erased form by form: {_IN_FORM}",
}
"""Keys that apply before a lead's answers are known, or without them -> why, and what to write instead."""

_ELSEWHERE = {
    **{key: f"write contact.{key}" for key in CONTACT_KEYS if key not in SHARED_KEYS},
    **dict.fromkeys(ACCOUNT_KEYS, 'credentials belong in [accounts.NAME]; here write account = "NAME"'),
    "brand": "write [brand], or [accounts.NAME.brand] for the forms of one account",
    "when": "it belongs in a route, [[forms.NAME.routes]]",
    "routes": "a route has no routes of its own",
    "canary": "it belongs in a form of its own",
    "paused": "a whole form is paused",
    "owner": 'write responsible = ["ann@example.com"], or responsible_id',
}
ACCOUNT_TABLE = make_table(ACCOUNT_KEYS)
ROUTE_KEYS: dict[str, FormKey] = {
    "when": FormKey(read_table, each=read_answer),
    **{name: key for name, key in SHARED_KEYS.items() if name not in BARRED_IN_ROUTES},
}
ROUTE_TABLE = make_table(ROUTE_KEYS, _ELSEWHERE, BARRED_IN_ROUTES)
FORM_KEYS: dict[str, FormKey] = {
    **SHARED_KEYS,
    "canary": FormKey(make_table(CANARY_KEYS).load),
    "paused": FormKey(read_flag),
    "routes": FormKey(read_table_list, table=ROUTE_TABLE),
}
FORM_TABLE = make_table(FORM_KEYS, _ELSEWHERE)
FILE_KEYS: dict[str, FormKey] = {
    "defaults": FormKey(FORM_TABLE.load),
    "brand": FormKey(BRAND_TABLE.load),
    "accounts": FormKey(read_tables, table=ACCOUNT_TABLE, check=check_account_name),
    "forms": FormKey(read_tables, table=FORM_TABLE, check=check_form_name),
}
FILE_TABLE = make_table(FILE_KEYS)
"""The schema of the whole file, each table on its own; checks.py compares the tables."""

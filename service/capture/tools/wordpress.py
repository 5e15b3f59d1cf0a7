"""Form plugins of WordPress: Fluent Forms, Gravity Forms, Ninja Forms, WPForms. Elementor has a file of its own.

Contact Form 7 posts the form's own names and values, which `PLAIN` reads.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer, unpack
from service.capture.parsing.bodies import read_body
from service.capture.parsing.texts import Answer, text_of
from service.capture.tools.json_posts import is_nested, read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender, timestamped_signature

WPFORMS_MAX_AGE_S = 300.0
"""Maximum age of a WPForms signature in seconds."""

_AGENT = re.compile(r"WordPress/[^;]*;\s*(\S+)")
_MAX_HOST_LENGTH = 253  # RFC 1035

_FLUENT_META = "__submission."
_FLUENT_DETAILS = ("form_id", "serial_number")

_GRAVITY_PART = re.compile(r"(\d+)\.(\d+)")
_GRAVITY_NAME_PARTS = frozenset("23468")  # prefix, first, middle, last, suffix
_GRAVITY_NAMES = {"3": "first_name", "6": "last_name"}
_GRAVITY_CONSENT_PARTS = frozenset("123")  # ticked, the sentence, the number of its version
_GRAVITY_METADATA = frozenset(
    (
        *("user_agent", "is_starred", "is_read", "date_updated", "status", "created_by", "post_id", "currency"),
        *("source_id", "transaction_type", "is_fulfilled"),
    )
)
"""WordPress's own facts about an entry, of no use in a CRM."""

_WPFORMS_SEPARATOR = "||"  # joins several answers of one field


def entry_namespace(sender: str, call: WebhookCall, page_url: str = "") -> str:
    """Return the namespace of an entry's number: the sender's name with the site's host.

    Each WordPress counts its entries anew: number 12 of one site is not number 12 of another. The host is taken from
    the User-Agent, else from the page of the form, "" unknown.
    """
    agent = _AGENT.search(call.headers.get("user-agent", ""))
    host = _host_of(agent[1]) if agent else ""
    return f"{sender} {host or _host_of(page_url)}".strip()


def _host_of(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "")[:_MAX_HOST_LENGTH]
    except ValueError:
        return ""


def read_fluent_forms(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Fluent Forms Pro: the inputs by their names, and `__submission` with facts and a copy of the answers."""
    sent = read_body(call.body, call.content_type).answers
    meta = {
        name.removeprefix(_FLUENT_META): text_of(answer)
        for name, answer in sent.items()
        if name.startswith(_FLUENT_META)
    }
    answers = [NamedAnswer(name, answer) for name, answer in sent.items() if not name.startswith(_FLUENT_META)]
    page = meta.get("source_url", "")
    yield Enquiry(
        [*answers, NamedAnswer("source_url", page, "page_url")] if page else answers,
        external_id=meta.get("id", ""),
        details={name: meta.get(name, "") for name in _FLUENT_DETAILS},
        ip=meta.get("ip", ""),
        platform=entry_namespace("fluent-forms", call, page),
    )


def read_gravity_forms(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Gravity Forms' Webhooks add-on: an entry with the fields' numbers as names, or names that the owner typed.

    Labels are not sent. The numbered parts of a field are understood for names and consents; the operator maps the
    others once.
    """
    sent = read_body(call.body, call.content_type).answers
    namespace = entry_namespace("gravity-forms", call, text_of(sent.get("source_url", "")))
    if "form_id" not in sent or "id" not in sent:
        yield Enquiry([NamedAnswer(name, answer) for name, answer in sent.items()], platform=namespace)
        return
    targets = dict(_gravity_targets(sent))
    yield Enquiry(
        [
            NamedAnswer(name, answer, targets.get(name, ""))
            for name, answer in sent.items()
            if name not in _GRAVITY_METADATA and name not in ("id", "ip") and targets.get(name) != "-"
        ],
        external_id=text_of(sent["id"]),
        ip=text_of(sent.get("ip", "")),
        platform=namespace,
    )


def _gravity_targets(sent: Mapping[str, Answer]) -> Iterator[tuple[str, str]]:
    """What the parts of one field mean, seen from which parts there are; "-" for a part to drop."""
    fields: dict[str, dict[str, str]] = {}
    for name, answer in sent.items():
        part = _GRAVITY_PART.fullmatch(name)
        if part:
            fields.setdefault(part[1], {})[part[2]] = text_of(answer)
    for number, parts in fields.items():
        if {"3", "6"} <= parts.keys() <= _GRAVITY_NAME_PARTS:
            yield from ((f"{number}.{part}", target) for part, target in _GRAVITY_NAMES.items())
        elif parts.keys() == _GRAVITY_CONSENT_PARTS and parts["1"] in ("", "1") and parts["3"].isdigit():
            yield from ((f"{number}.1", "consent"), (f"{number}.3", "-"))


def read_ninja_forms(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Ninja Forms' Webhooks: names that the owner typed, as a form or as one JSON text."""
    body = read_body(call.body, call.content_type)
    if is_nested(body):
        yield from read_plainly(call, config)
    else:
        yield Enquiry(unpack(body.answers))


def read_wpforms(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """WPForms' Webhooks add-on: names that the owner typed, as JSON or form.

    The id in the header is the webhook's, the same in every call, and no entry's id.
    """
    body = read_body(call.body, call.content_type)
    sent = body.answers
    if is_nested(body) and not any(name.endswith(".unix") for name in sent):  # sent by the site's own code
        for item in read_plainly(call, config):
            if isinstance(item, Enquiry):
                yield replace(item, platform=item.platform or entry_namespace("wpforms", call))
            else:
                yield item
        return
    answers = []
    for name, answer in sent.items():
        field, _, part = name.rpartition(".")
        if part == "unix" and f"{field}.value" in sent:
            continue  # a date comes twice
        label = field if part == "value" and f"{field}.unix" in sent else name
        several = isinstance(answer, str) and _WPFORMS_SEPARATOR in answer
        texts = [text.strip() for text in str(answer).split(_WPFORMS_SEPARATOR) if text.strip()] if several else answer
        answers.append(NamedAnswer(label, texts))
    yield Enquiry(answers, platform=entry_namespace("wpforms", call, str(sent.get("page_url", ""))))


FLUENT_FORMS = WebhookSender(read_fluent_forms)
GRAVITY_FORMS = WebhookSender(read_gravity_forms)
NINJA_FORMS = WebhookSender(read_ninja_forms)
"""Sign nothing; the owner can add a header with the token."""

WPFORMS = WebhookSender(read_wpforms, timestamped_signature("x-wpforms-webhook-signature", WPFORMS_MAX_AGE_S, "v"))
"""Signs, where the owner set a secret."""

"""Form plugins of WordPress: Elementor Pro, Fluent Forms, Gravity Forms, Ninja Forms, WPForms.

Contact Form 7 posts the form's own names and values, which `PLAIN` reads. Elementor's webhook action sends labels with
their answers, or all about each field ("Advanced Data"). Without it, Elementor's own rows stand among the answers,
labelled in the site's language.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer, unpack
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.bodies import read_body
from service.capture.parsing.texts import Answer, text_of, texts_of
from service.capture.tools.any_json.surroundings import target_of
from service.capture.tools.json_posts import is_nested, read_plainly
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender, timestamped_signature

# -- Elementor


_TARGETS = {"email": "email", "tel": "phone"}
"""Target by type of field."""

_DATES = frozenset(map(fold, ("Date", "Datum", "Fecha", "Data", "Dato", "Päivämäärä", "Tarih")))
_TIMES = frozenset(
    map(fold, ("Time", "Zeit", "Uhrzeit", "Heure", "Hora", "Ora", "Orario", "Tijd", "Czas", "Godzina", "Tid", "Saat"))
)
_NO_LABELS = frozenset(
    map(
        fold,
        (
            *("No Label", "Kein Label", "Ohne Label", "Keine Beschriftung", "Pas d'étiquette", "Sans étiquette"),
            *("Sin etiqueta", "Nessuna etichetta", "Sem etiqueta", "Sem rótulo", "Geen label", "Brak etykiety"),
            *("Ingen etikett", "Ingen etiket"),
        ),
    )
)
_ROW = re.compile(r"(fields|meta)\.(.+)\.(title|value|type)")


@dataclass(slots=True)
class _Post:
    """form: Elementor's id and name of the form. ip: the visitor's."""

    answers: list[NamedAnswer] = field(default_factory=list)
    form: dict[str, str] = field(default_factory=dict)
    ip: str = ""


def read_elementor(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
    """Yield one enquiry; a form without any answer is a test of the webhook."""
    sent = read_body(call.body, call.content_type).answers
    post = _read_advanced(sent) if "form.id" in sent or "form.name" in sent else _read_simple(sent)
    pages = [each for each in post.answers if each.target == "page_url"]
    answers = [each for each in post.answers if each.target != "page_url"]
    yield Enquiry(
        [*answers, *pages],
        form_name=post.form.get("name", ""),
        details={"form_id": post.form.get("id", "")},
        ip=post.ip,
        is_test=bool(post.form) and not any(texts_of(each.answer) for each in answers),
    )


def _read_advanced(sent: Mapping[str, Answer]) -> _Post:
    """`fields[<id>][title|value|type]`, `meta[<key>][title|value]`, `form[id|name]`."""
    post = _Post(form={key: text_of(sent.get(f"form.{key}", "")) for key in ("id", "name")})
    rows: dict[tuple[str, str], dict[str, Answer]] = {}
    for name, answer in sent.items():
        row = _ROW.fullmatch(name)
        if row:
            rows.setdefault((row[1], row[2]), {})[row[3]] = answer
        elif name not in ("form.id", "form.name") and not name.startswith(("fields.", "meta.")):
            post.answers.append(NamedAnswer(name, answer))  # added by a script or another tool
    for (kind, key), cells in rows.items():
        if kind == "fields":
            post.answers.append(_field(key, cells))
        elif key == "page_url":
            post.answers.append(NamedAnswer("Page URL", cells.get("value", ""), "page_url"))
        elif key == "remote_ip":
            post.ip = text_of(cells.get("value", ""))
    return post


def _field(key: str, row: Mapping[str, Answer]) -> NamedAnswer:
    """One field under its label; under its id where it has none. The id decides the meaning where the label cannot."""
    title, kind = text_of(row.get("title", "")), text_of(row.get("type", ""))
    target = _TARGETS.get(kind, "")
    if not target and title and meaning_of(title) is None and kind in ("hidden", "textarea"):
        target = target_of(key)
    return NamedAnswer(title or key, row.get("value", ""), target)


def _read_simple(sent: Mapping[str, Answer]) -> _Post:
    form = {key: text_of(sent[name]) for key, name in (("id", "form_id"), ("name", "form_name")) if name in sent}
    rows = [(name, answer) for name, answer in sent.items() if name not in ("form_id", "form_name")]
    post = _Post(form=form)
    added = _added_by_elementor(rows) if form else {}
    for name, answer in rows:
        kind = added.get(name, "")
        if kind == "page":
            post.answers.append(NamedAnswer(name, answer, "page_url"))
        elif kind == "ip":
            post.ip = text_of(answer)
        elif not kind:
            post.answers.append(_labelled(name, answer))
    return post


def _added_by_elementor(rows: list[tuple[str, Answer]]) -> dict[str, str]:
    """Elementor's own rows after the answers, recognised by their values, since their labels are translated."""
    added: dict[str, str] = {}
    for name, answer in reversed(rows):
        kind = _kind(name, text_of(answer))
        if not kind:
            return added
        added[name] = kind
    return added


def _kind(label: str, value: str) -> str:
    meaning = meaning_of(label)
    target = meaning.target if meaning else ""
    if value.startswith(("http://", "https://")):
        return "page" if target == "page_url" or (not target and "url" in label.casefold()) else ""
    if target == "user_agent" or value.startswith("Mozilla/"):
        return "agent"
    if value == "Elementor":
        return "credit"
    if fold(label) in _DATES | _TIMES and any(character.isdigit() for character in value):
        return "time"
    return "ip" if target == "ip_address" or _is_ip(value) else ""


def _labelled(label: str, answer: Answer) -> NamedAnswer:
    """A field without a label comes as "No Label <id>", in the site's language."""
    words, _, key = label.rpartition(" ")
    is_unlabelled = bool(words) and meaning_of(label) is None and ("_" in key or fold(words) in _NO_LABELS)
    return NamedAnswer(label, answer, target_of(key) if is_unlabelled else "")


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


ELEMENTOR = WebhookSender(read_elementor)
"""Signs nothing, tells no id; shows the visitor an error for every status but 200."""


# -- Fluent Forms, Gravity Forms, Ninja Forms, WPForms


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
    """Return the meaning of each part of one field, judged by the parts that are present; "-" for a part to drop."""
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

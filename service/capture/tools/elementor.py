"""Elementor Pro's webhook action: labels with their answers, or all about each field ("Advanced Data").

Without Advanced Data, Elementor's own rows stand among the answers, labelled in the site's language.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.fields.names import fold, meaning_of
from service.capture.parsing.bodies import read_body
from service.capture.parsing.texts import Answer, text_of, texts_of
from service.capture.tools.any_json.surroundings import target_of
from service.capture.tools.sender import SenderConfig, WebhookCall, WebhookSender

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


def read(call: WebhookCall, _config: SenderConfig) -> Iterator[Item]:
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


ELEMENTOR = WebhookSender(read)
"""Signs nothing, tells no id; shows the visitor an error for every status but 200."""

"""A submission's answers sorted by meaning."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from service.capture.fields.claims import (
    OPENING_QUOTES,
    PARTIAL_NAMES,
    Claim,
    counts,
    is_a_reply,
    resolve,
    settle_bare_names,
    settle_names,
    unquote,
    without_notices,
)
from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.guesses import guess_contact, guess_required
from service.capture.fields.names import HIDDEN_FIELDS, NAME_PARTS, Meaning, fold, meaning_of
from service.capture.parsing.nesting import apart
from service.capture.parsing.pairs import dotted
from service.capture.parsing.texts import Answer, text_of, texts_of, unwrap
from service.forms import Form
from service.lead import CANONICAL_FIELDS

UTM_KEYS = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
FIRST_UTM_KEYS = tuple(f"first_{key}" for key in UTM_KEYS)
CLICK_IDS = frozenset(
    (
        *("gclid", "gbraid", "wbraid", "dclid", "gad_source", "gad_campaignid", "fbclid", "msclkid", "ttclid"),
        *("li_fat_id", "twclid", "epik", "sccid", "rdt_cid", "yclid", "mc_cid", "mc_eid"),
    )
)

_TAGS = CLICK_IDS | {*UTM_KEYS, *FIRST_UTM_KEYS, *HIDDEN_FIELDS}
"""Meanings that attribution reads as sent, quotation marks included."""

_CARRIED = _TAGS | {"ip_address"}
"""Meanings stored elsewhere than among the extras; an IP address is kept only if the operator wants it."""

DECIDED = frozenset(
    (*CANONICAL_FIELDS, *NAME_PARTS, "landing_page", "page_url", "referrer", "external_id", "form_name")
)
"""Meanings with one answer that counts; rival answers are settled."""

_TECHNICAL = frozenset(("page_path", "user_agent"))
"""Meanings that are read but not shown in a CRM; they count as controls as well."""

_NOT_SHOWN = _CARRIED | _TECHNICAL
_PHONE_PARTS = frozenset(("phone_dial_code", "phone_area_code"))
_DIAL_CODE = re.compile(r"(?:\+|00)?\(?([1-9]\d{0,2})\)?")
_AREA_CODE = re.compile(r"\(?\d{2,5}\)?")
_MAPPED, _GIVEN = -2, -1  # distances: nearer than any alias
_NUMBER = re.compile(r"\s*\d+(?:\.\d+)+\s*")
_MAX_NAMES = 1000  # names that are looked up; answers under further names are kept as extras


@dataclass(slots=True)
class Fields:
    """The answers by meaning; blanks are left out.

    known: key of aliases.json -> the answer that counts. submitted_as: the same keys -> submitted name,
    also where nothing was filled in. extras: submitted name -> answer, for all other answers.
    controls: group -> names and answers that control this service and say nothing about the person.
    """

    known: dict[str, Answer] = field(default_factory=dict)
    submitted_as: dict[str, str] = field(default_factory=dict)
    extras: dict[str, Answer] = field(default_factory=dict)
    controls: dict[str, list[tuple[str, Answer]]] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """Meaning -> submitted name, for answers kept under a meaning that were submitted by another name."""
        return {
            target: name
            for target, name in self.submitted_as.items()
            if name != target and target in self.known and (target in DECIDED or target in _CARRIED)
        }

    def text(self, target: str) -> str:
        """Return the first text of a known answer, "" when it is unknown."""
        return text_of(self.known.get(target, ""))

    def add_extra(self, name: str, answer: Answer) -> None:
        """Keep an answer under its submitted name, unless it is blank."""
        if not isinstance(answer, str):
            answer = unwrap(texts_of(answer))
        if answer:
            self.extras[name] = answer


def lay_out(answers: Mapping[str, Answer], form: Form, given: Sequence[NamedAnswer] = ()) -> Fields:
    """Sort answers by meaning: the operator's mapping first, then aliases, at last a marked guess.

    given: further answers with a meaning given by the sender; the operator's mapping outranks it, aliases do not.
    """
    fields = Fields()
    mapping = _read_mapping(form)
    claims: dict[str, list[Claim]] = {}
    for name, answer, target in given:
        meaning = mapping.get(_mapping_key(name)) or Meaning(target, _GIVEN)
        claims.setdefault(meaning.target, []).append(Claim(meaning, name, _plain(answer, meaning.target)))
    named = apart(answers, map(dotted, chain.from_iterable(form.fields.values()))) if form.fields else answers
    _claim(named, mapping, fields, claims)
    has_partial_names = not claims.keys().isdisjoint(PARTIAL_NAMES)
    if has_partial_names:
        settle_bare_names(claims, fields)
    if "message" in claims and is_a_reply(answers):
        _set_notices_aside(claims, fields)
    for target, rivals in claims.items():
        _settle(target, rivals, fields)
    if has_partial_names:
        settle_names(claims, fields)
    if not _PHONE_PARTS.isdisjoint(fields.known):
        _join_phone(fields)
    if fields.extras:
        _guess(fields, form)
    return fields


def _guess(fields: Fields, form: Form) -> None:
    known, submitted_as = fields.known, fields.submitted_as
    if "email" not in known or "phone" not in known:
        guess_contact(fields, form.country)
    if any(target not in known and target not in submitted_as for target in form.require):
        guess_required(fields, form.require, DECIDED)


def _claim(
    answers: Mapping[str, Answer], mapping: Mapping[str, Meaning], fields: Fields, claims: dict[str, list[Claim]]
) -> None:
    """Look up the meaning of each name; answers of no known meaning and controls go straight into `fields`."""
    for position, (name, sent) in enumerate(answers.items()):
        meaning = None
        if position < _MAX_NAMES:
            meaning = (mapping.get(_mapping_key(name)) if mapping else None) or meaning_of(name)
        if meaning is None:
            fields.add_extra(name, _plain(sent, ""))
            continue
        target = meaning.target
        answer = _plain(sent, target)
        if target[0] == "_":
            fields.controls.setdefault(target, []).append((name, answer))
        elif target in claims:
            claims[target].append(Claim(meaning, name, answer))
        else:
            claims[target] = [Claim(meaning, name, answer)]


def _plain(answer: Answer, target: str) -> Answer:
    """Return an answer without the quotation marks of a template."""
    if isinstance(answer, str) and answer[:1] not in OPENING_QUOTES:
        return answer
    return answer if target in _TAGS else unquote(answer)


def _read_mapping(form: Form) -> dict[str, Meaning]:
    """Return the operator's mapping: folded name -> meaning. A described question's answer is its own."""
    described = (question.name for question in form.questions if question.is_described)
    mapping = {_mapping_key(name): Meaning(name, _MAPPED) for name in described if name not in CANONICAL_FIELDS}
    if form.honeypot:
        mapping[_mapping_key(form.honeypot)] = Meaning("_honeypot")
    for target, names in form.fields.items():
        mapping.update((_mapping_key(dotted(name)), Meaning(target, _MAPPED)) for name in names)
    mapping.pop("", None)  # a name without a letter or digit would match all such names
    return mapping


def _mapping_key(name: str) -> str:
    """Return a name folded, but a number unchanged: field 1.3 is not field 13."""
    return name.strip() if _NUMBER.fullmatch(name) else fold(name)


def _settle(target: str, rivals: list[Claim], fields: Fields) -> None:
    _, name, answer = rivals[0]
    is_single = len(rivals) == 1 and isinstance(answer, str)  # nearly always
    if target in DECIDED:
        if not (is_single and counts(target, str(answer))):
            answer, name, rest = resolve(target, rivals)
            fields.extras.update(rest)
    else:
        if target in _TECHNICAL:
            fields.controls.setdefault("_form_control", []).extend((claim.name, claim.answer) for claim in rivals)
        if not is_single:
            answer = unwrap([text for claim in rivals for text in texts_of(claim.answer)])
        if target not in _NOT_SHOWN:
            for claim in rivals:
                fields.add_extra(claim.name, claim.answer)
    fields.submitted_as[target] = name
    if answer:
        fields.known[target] = answer


def _set_notices_aside(claims: dict[str, list[Claim]], fields: Fields) -> None:
    """Keep a tool's reply to its visitor under its own name: it is not the person's message."""
    messages = []
    for claim in claims["message"]:
        answer, notice = without_notices(claim.answer)
        fields.add_extra(claim.name, notice)
        if answer or not notice:
            messages.append(claim._replace(answer=answer))
    claims["message"] = messages
    if not messages:
        del claims["message"]


def _join_phone(fields: Fields) -> None:
    """Join a number with the country or area code of another field; the codes are shown in their own fields, too."""
    number, dial_code, area_code = (fields.text(name) for name in ("phone", "phone_dial_code", "phone_area_code"))
    if not number or number.startswith("+"):
        return
    digits = _DIAL_CODE.fullmatch(dial_code)
    parts = (f"+{digits[1]}" if digits else "", area_code if _AREA_CODE.fullmatch(area_code) else "", number)
    fields.known["phone"] = " ".join(filter(None, parts))

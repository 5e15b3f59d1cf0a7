"""A submission's answers laid out by what they mean."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import NamedTuple

from service.capture.fields.claims import Claim, is_a_reply, resolve, unquote, without_notices
from service.capture.fields.enquiries import NamedAnswer
from service.capture.fields.full_names import join_parts, surname_like_a_placeholder
from service.capture.fields.guesses import guess_email, guess_phone
from service.capture.fields.names import HIDDEN_FIELDS, NAME_PARTS, Meaning, fold, is_anothers, meaning_of, mentions
from service.capture.parsing.nesting import apart, dotted
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

_CARRIED = CLICK_IDS | {*UTM_KEYS, *FIRST_UTM_KEYS, *HIDDEN_FIELDS, "ip_address"}
"""What has a place of its own and is no extra; an address of the net stays only where the operator wants it."""

_DECIDED = frozenset(
    (*CANONICAL_FIELDS, *NAME_PARTS, "landing_page", "page_url", "referrer", "external_id", "form_name")
)
_NAMES = frozenset(("full_name", "first_name", "last_name"))
_PERSONAL = _NAMES | {"phone"}
_PLUMBING = frozenset(("page_path", "user_agent"))
"""What is read and nobody wants to read in a CRM: it stands among the controls as well."""

_NOT_SHOWN = _CARRIED | _PLUMBING

_TAGS = CLICK_IDS | {*UTM_KEYS, *FIRST_UTM_KEYS, *HIDDEN_FIELDS}
"""What attribution reads as it came, quotation marks included."""

_PHONE_PARTS = frozenset(("phone_dial_code", "phone_area_code"))
_DIAL_CODE = re.compile(r"(?:\+|00)?\(?([1-9]\d{0,2})\)?")
_AREA_CODE = re.compile(r"\(?\d{2,5}\)?")
_MAPPED, _TOLD = -2, -1  # distances: nearer than any alias
_NUMBER = re.compile(r"\s*\d+(?:\.\d+)+\s*")
_OWNER = re.compile(r".*[.\-_](?=[^.\-_]+$)")
_MOST_MATCHED = 1000  # names; the rest are kept as extras


@dataclass(slots=True)
class Fields:
    """The answers by meaning; blanks are left out.

    known: key of aliases.json -> the answer that counts. asked: the same keys -> submitted name,
    also where nothing was filled in. extras: own name -> answer, for all that has no other place.
    controls: group -> names and answers that steer this service and say nothing about the person.
    """

    known: dict[str, Answer] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    extras: dict[str, Answer] = field(default_factory=dict)
    controls: dict[str, list[tuple[str, Answer]]] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, str]:
        """Meaning -> submitted name, of what is kept by its meaning and came by another name."""
        kept = _DECIDED | _CARRIED
        return {
            target: name
            for target, name in self.asked.items()
            if target in kept and target in self.known and name != target
        }

    def text(self, target: str) -> str:
        """The first text of what is known, "" when it is not."""
        answer = self.known.get(target, "")
        return answer if isinstance(answer, str) else next(iter(texts_of(answer)), "")


class _Guess(NamedTuple):
    target: str
    name: str


def lay_out(answers: Mapping[str, Answer], form: Form, told: Sequence[NamedAnswer] = ()) -> Fields:
    """Sort answers by meaning: the operator's mapping first, then aliases, at last a marked guess.

    told: further answers of which the sender says what they are; the operator knows better, names do not.
    """
    found = Fields()
    mapping = _read_mapping(form)
    claims = _claim_told(told, mapping)
    named = apart(answers, chain.from_iterable(form.fields.values())) if form.fields else answers
    for target, rivals in _claim(named, mapping, found).items():
        claims.setdefault(target, []).extend(rivals)
    _settle_bare_names(claims, found)
    if "message" in claims and is_a_reply(answers):
        _set_notices_aside(claims, found)
    for target, rivals in claims.items():
        _settle(target, rivals, found)
    _settle_names(claims, found)
    if _PHONE_PARTS & found.known.keys():
        _join_phone(found)
    _take(_guess(found, form.country), found)
    _take(_guess_required(found, form.require), found)
    return found


def _join_phone(found: Fields) -> None:
    """Put a number together whose country or area has a field of its own; the parts stay where they are shown."""
    number, dial_code, area_code = (found.text(name) for name in ("phone", "phone_dial_code", "phone_area_code"))
    if not number or number.startswith("+"):
        return
    digits = _DIAL_CODE.fullmatch(dial_code)
    parts = (f"+{digits[1]}" if digits else "", area_code if _AREA_CODE.fullmatch(area_code) else "", number)
    found.known["phone"] = " ".join(filter(None, parts))


def _claim_told(told: Sequence[NamedAnswer], mapping: Mapping[str, Meaning]) -> dict[str, list[Claim]]:
    claims: dict[str, list[Claim]] = {}
    for name, answer, target in told:
        meaning = _mapped(name, mapping) or Meaning(target, _TOLD)
        claims.setdefault(meaning.target, []).append(Claim(meaning, name, _plain(answer, meaning.target)))
    return claims


def _claim(answers: Mapping[str, Answer], mapping: Mapping[str, Meaning], found: Fields) -> dict[str, list[Claim]]:
    """Ask of each answer what it is; set aside what is nothing known, and what steers us."""
    claims: dict[str, list[Claim]] = {}
    for position, (name, typed) in enumerate(answers.items()):
        meaning = _mean(name, mapping) if position < _MOST_MATCHED else None
        answer = _plain(typed, meaning.target if meaning else "")
        if meaning is None:
            _show(name, answer, found)
        elif meaning.target.startswith("_"):
            found.controls.setdefault(meaning.target, []).append((name, answer))
        else:
            claims.setdefault(meaning.target, []).append(Claim(meaning, name, answer))
    return claims


def _plain(answer: Answer, target: str) -> Answer:
    return answer if target in _TAGS else unquote(answer)


def _mean(name: str, mapping: Mapping[str, Meaning]) -> Meaning | None:
    return (_mapped(name, mapping) if mapping else None) or meaning_of(name)


def _mapped(name: str, mapping: Mapping[str, Meaning]) -> Meaning | None:
    return mapping.get(_mapping_key(name))


def _read_mapping(form: Form) -> dict[str, Meaning]:
    """What the operator says that names mean."""
    mapping = {_mapping_key(form.honeypot): Meaning("_honeypot")} if form.honeypot else {}
    for target, names in form.fields.items():
        mapping.update((_mapping_key(dotted(name)), Meaning(target, _MAPPED)) for name in names)
    mapping.pop("", None)  # a name without a letter or digit would stand for all of its kind
    return mapping


def _mapping_key(name: str) -> str:
    """A name in any spelling; a number as it is: field 1.3 is not field 13."""
    return name.strip() if _NUMBER.fullmatch(name) else fold(name)


def _settle_bare_names(claims: dict[str, list[Claim]], found: Fields) -> None:
    """Beside "prénom" a "nom" is the last name, beside "apellidos" a "nombre" the first; alone it is both.

    Both as well where it repeats what stands beside it: "Ann Lee" beside the first name "Ann".
    """
    has_first = "first_name" in claims or "initials" in claims
    has_last = "last_name" in claims or "second_last_name" in claims
    if "full_name" not in claims:
        return
    if "first_name" in claims and "last_name" in claims:
        _set_short_names_aside(claims, found)
    if has_first == has_last:
        return
    part, beside = ("last_name", "first_name") if has_first else ("first_name", "last_name")
    known = text_of(claims[beside][0].answer) if beside in claims else ""
    bare = [claim for claim in claims["full_name"] if claim.meaning.is_bare_name and not _repeats(claim, known)]
    whole = [claim for claim in claims.pop("full_name") if claim not in bare]
    claims.update((target, rivals) for target, rivals in (("full_name", whole), (part, bare)) if rivals)


def _set_short_names_aside(claims: dict[str, list[Claim]], found: Fields) -> None:
    """Beside a first and a last name that were answered, one word is what somebody likes to be called."""
    if not all(text_of(claims[part][0].answer) for part in ("first_name", "last_name")):
        return
    short = [claim for claim in claims["full_name"] if claim.meaning.is_bare_name and " " not in text_of(claim.answer)]
    if len(short) < len(claims["full_name"]):
        return
    del claims["full_name"]
    for claim in short:
        _show(claim.name, claim.answer, found)


def _repeats(claim: Claim, part: str) -> bool:
    text, known = text_of(claim.answer).casefold(), part.casefold()
    return bool(known) and (text.startswith((f"{known} ", f"{known},")) or text.endswith(f" {known}"))


def _set_notices_aside(claims: dict[str, list[Claim]], found: Fields) -> None:
    """What the tool answered is no message of the person; it is kept under its own name."""
    said = []
    for claim in claims["message"]:
        answer, notice = without_notices(claim.answer)
        _show(claim.name, notice, found)
        if answer or not notice:
            said.append(claim._replace(answer=answer))
    claims["message"] = said
    if not said:
        del claims["message"]


def _settle_names(claims: Mapping[str, list[Claim]], found: Fields) -> None:
    if "last_name" in claims and "last_name" not in found.known and "first_name" in found.known:
        claim = surname_like_a_placeholder(claims, found.text("first_name"))
        if claim:
            found.known["last_name"], found.asked["last_name"] = claim.answer, claim.name
    join_parts(found.known)
    for part in NAME_PARTS:
        if part in found.known:
            _show(found.asked[part], found.known.pop(part), found)


def _settle(target: str, rivals: list[Claim], found: Fields) -> None:
    if target in _PLUMBING:
        found.controls.setdefault("_form_control", []).extend((claim.name, claim.answer) for claim in rivals)
    if target in _DECIDED:
        answer, name, rest = resolve(target, rivals)
        found.extras.update(rest)
    else:
        answer, name = unwrap([text for claim in rivals for text in texts_of(claim.answer)]), rivals[0].name
        if target not in _NOT_SHOWN:
            for claim in rivals:
                _show(claim.name, claim.answer, found)
    found.asked[target] = name
    if answer:
        found.known[target] = answer


def _show(name: str, answer: Answer, found: Fields) -> None:
    shown = unwrap(texts_of(answer))
    if shown:
        found.extras[name] = shown


def _guess(found: Fields, country: str) -> list[_Guess]:
    """What is missing and can be told from the look of an answer whose name says nothing."""
    guesses = []
    looked_at = {name: answer for name, answer in islice(found.extras.items(), _MOST_MATCHED) if not is_anothers(name)}
    if "email" not in found.known:
        email = _Guess("email", guess_email(looked_at))
        guesses += [email, *_guess_beside(email.name, looked_at, found)]
    if "phone" not in found.known and not any(guess.target == "phone" for guess in guesses):
        unclear = {name: answer for name, answer in looked_at.items() if meaning_of(name) is None}
        guesses.append(_Guess("phone", guess_phone(unclear, country)))
    return [guess for guess in guesses if guess.name]


def _guess_beside(email: str, answers: Mapping[str, Answer], found: Fields) -> Iterator[_Guess]:
    """What stands beside a guessed address under the same words, of which nobody knows what they are.

    They may be an owner (`xyz.email` beside `xyz.name`) or a tool's prefix (`zq_email` beside `zq_message`).
    """
    owner = _OWNER.match(email)
    targets = (_PERSONAL | {"message"}) - found.asked.keys() if owner else frozenset()
    if not targets >= _NAMES:
        targets -= _NAMES
    around = owner[0] if owner else ""
    for name in answers if targets else ():
        meaning = meaning_of(name[len(around) :]) if name.startswith(around) else None
        if meaning and meaning.target in targets:
            targets -= {meaning.target}
            yield _Guess(meaning.target, name)


def _take(guesses: Sequence[_Guess], found: Fields) -> None:
    for guess in guesses:
        found.known[guess.target] = found.extras[guess.name]
        found.extras[f"{guess.target} (guessed)"] = f'from "{guess.name}"'


def _guess_required(found: Fields, require: Sequence[str]) -> list[_Guess]:
    """What the form requires and no name was understood as: else nobody could ever send it.

    Only what a single question mentions, and nothing else that we know with it.
    """
    guesses = []
    for target in require:
        if target in CANONICAL_FIELDS and target not in found.asked and target not in found.known:
            names = [name for name in islice(found.extras, _MOST_MATCHED) if _asks_for(target, name)]
            guesses += [_Guess(target, name) for name in names if len(names) == 1]
    return guesses


def _asks_for(target: str, name: str) -> bool:
    return meaning_of(name) is None and not is_anothers(name) and mentions(name) & _DECIDED == {target}

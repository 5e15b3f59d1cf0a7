"""Names in parts: the meaning of a bare "name" field, and the full name composed of its parts."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from service.capture.fields.claims import Claim
from service.capture.fields.names import NAME_PARTS
from service.capture.parsing.texts import Answer, text_of, texts_of

if TYPE_CHECKING:
    from service.capture.fields.layout import Fields

_NAMES = frozenset(("first_name", "last_name"))
PARTIAL_NAMES = _NAMES | {*NAME_PARTS}
"""Meanings that are part of a name."""

_SURNAMES = frozenset(("null", "none", "nan", "nil"))
"""Placeholders of scripts that are also surnames."""


def settle_bare_names(claims: dict[str, list[Claim]], fields: "Fields") -> None:
    """Give answers to a bare "name" the meaning that they have beside other names.

    Beside "prénom" a "nom" is the last name, beside "apellidos" a "nombre" the first; alone it is the full name.
    It is also the full name where it repeats the other field: "Ann Lee" beside the first name "Ann".
    """
    if "full_name" not in claims:
        return
    if claims.keys() >= _NAMES:
        _set_nicknames_aside(claims, fields)
    has_first = "first_name" in claims or "initials" in claims
    has_last = "last_name" in claims or "second_last_name" in claims
    if has_first != has_last and "full_name" in claims:
        part, beside = ("last_name", "first_name") if has_first else ("first_name", "last_name")
        known = text_of(claims[beside][0].answer) if beside in claims else ""
        names = claims.pop("full_name")
        bare = [claim for claim in names if claim.meaning.is_bare_name and not _repeats(claim, known)]
        whole = [claim for claim in names if claim not in bare]
        claims.update((target, rivals) for target, rivals in (("full_name", whole), (part, bare)) if rivals)


def _set_nicknames_aside(claims: dict[str, list[Claim]], fields: "Fields") -> None:
    """Keep single words beside an answered first and last name as extras: they are nicknames."""
    if not all(text_of(claims[part][0].answer) for part in _NAMES):
        return
    names = claims["full_name"]
    if all(claim.meaning.is_bare_name and " " not in text_of(claim.answer) for claim in names):
        for claim in claims.pop("full_name"):
            fields.add_extra(claim.name, claim.answer)


def _repeats(claim: Claim, part: str) -> bool:
    text, known = text_of(claim.answer).casefold(), part.casefold()
    return bool(known) and (text.startswith((f"{known} ", f"{known},")) or text.endswith(f" {known}"))


def settle_names(claims: Mapping[str, Sequence[Claim]], fields: "Fields") -> None:
    """Compose the full name from its parts; parts that do not fit are kept as extras."""
    known = fields.known
    if "last_name" in claims and "last_name" not in known and "first_name" in known:
        claim = _surname_like_a_placeholder(claims, fields.text("first_name"))
        if claim:
            known["last_name"], fields.submitted_as["last_name"] = claim.answer, claim.name
    if known.keys().isdisjoint(NAME_PARTS):
        return
    _join_parts(known)
    for part in NAME_PARTS:
        if part in known:
            fields.add_extra(fields.submitted_as[part], known.pop(part))


def _join_parts(known: dict[str, Answer]) -> None:
    """Join parts in the order of a name: initials or first name, middle names, particle, surnames, suffix."""
    if "first_name" not in known and "initials" in known:
        known["first_name"] = known.pop("initials")
    if "last_name" in known or "second_last_name" in known:
        known["last_name"] = _joined(known, "name_particle", "last_name", "second_last_name")
    if "full_name" not in known and ("first_name" in known or "last_name" in known):
        known["full_name"] = _joined(known, "first_name", "middle_name", "last_name", "name_suffix", keeps=_NAMES)
    elif "name_suffix" in known and "full_name" in known:
        known["full_name"] = _joined(known, "full_name", "name_suffix")


def _joined(known: dict[str, Answer], *targets: str, keeps: frozenset[str] = frozenset()) -> str:
    texts = [" ".join(texts_of(known.get(target, ""))) for target in targets]
    for target in targets:
        if target not in keeps:
            known.pop(target, None)
    return " ".join(filter(None, texts))


def _surname_like_a_placeholder(claims: Mapping[str, Sequence[Claim]], first_name: str) -> Claim | None:
    """Return the claim of a person called Null, None or Nan; None where a script wrote that for a missing value.

    A script wrote it where other answers are the same, or where it is in lower case beside a first name that is not.
    """
    for claim in claims.get("last_name", ()):
        text = claim.answer if isinstance(claim.answer, str) else ""
        if text.lower() not in _SURNAMES or (text.islower() and not first_name.islower()):
            continue
        others = (other for rivals in claims.values() for other in rivals if other is not claim)
        if not any(text in texts_of(other.answer) for other in others):
            return claim
    return None

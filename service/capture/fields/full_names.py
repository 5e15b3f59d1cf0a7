"""The full name of a person whose form asks for it in parts, and names that look like placeholders."""

from collections.abc import Mapping, Sequence

from service.capture.fields.claims import Claim
from service.capture.fields.names import NAME_PARTS
from service.capture.parsing.texts import Answer, texts_of

_NAMES = frozenset(("first_name", "last_name"))
_SURNAMES = frozenset(("null", "none", "nan", "nil"))
"""What scripts write for nothing, and people are called."""


def join_parts(known: dict[str, Answer]) -> None:
    """Put parts that have a field of their own into the names that they belong to; those that fit nowhere stay.

    In the order of the name, not of the form: initials or first name, middle names, particle, surnames, suffix.
    """
    if known.keys().isdisjoint(NAME_PARTS):
        return
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


def surname_like_a_placeholder(claims: Mapping[str, Sequence[Claim]], first_name: str) -> Claim | None:
    """The claim to the last name of somebody called Null, None or Nan; None where a script wrote that for nothing.

    It did where other answers are the same, and where the word is in lower case beside a first name that is not.
    """
    for claim in claims.get("last_name", ()):
        text = claim.answer if isinstance(claim.answer, str) else ""
        if text.lower() not in _SURNAMES or (text.islower() and not first_name.islower()):
            continue
        others = (other for rivals in claims.values() for other in rivals if other is not claim)
        if not any(text in texts_of(other.answer) for other in others):
            return claim
    return None

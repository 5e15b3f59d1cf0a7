"""What one sender's leads held: each name with an example, what it was understood as, and what would teach it."""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from service.capture.fields.layout import CLICK_IDS, UTM_KEYS
from service.capture.fields.names import meaning_of
from service.capture.parsing.texts import Answer, texts_of, unwrap
from service.lead import CANONICAL_FIELDS, OPERATOR_REMARKS, Lead, Submission

CHANGE = "CHANGE_ME"
"""What stands in a line for the name that only the operator knows."""

GUESSED = " (guessed)"
"""How the extra is called that says of which answer something was guessed."""

EXAMPLE_LENGTH = 40
"""Characters of an example."""

_NOT_ASKED = (*OPERATOR_REMARKS, "note on this request", "email (as typed)")
_GUESSED_FROM = re.compile(r'from "(.*)"', re.DOTALL)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_FEW = re.compile(r"\d{1,3}([ -]+\d{1,3})?")
_WORDS_OF_A_MESSAGE = 4
_GUESSABLE = ("message", "move_in_date", "team_size")


@dataclass(frozen=True, slots=True)
class Arrived:
    """One name. example: shortened. means: what it was understood as, "" for nothing. target: what to teach it as."""

    name: str
    example: str
    means: str = ""
    target: str = ""


def arrived(leads: Sequence[Lead], targets: Collection[str]) -> list[Arrived]:
    """Every name that these leads held, as the newest of them that has an answer shows it.

    leads: newest first. targets: what the forms file can teach names of their sender as.
    """
    rows: dict[str, Arrived] = {}
    for lead in leads:
        for row in _rows(lead.submission):
            rows.setdefault(row.name, row)
    return list(_taught(rows.values(), set(targets), _tags(leads)))


def line(row: Arrived) -> str:
    """The line of TOML that teaches a name. JSON's strings are TOML's, but for DEL."""
    return f"{row.target} = {json.dumps(row.name, ensure_ascii=False)}".replace("\x7f", "\\u007f")


def _rows(submission: Submission) -> Iterator[Arrived]:
    guessed = dict(_guesses(submission.extras))
    known = {name: submission.fields[name] for name in CANONICAL_FIELDS if name in submission.fields}
    carried = {name: submission.evidence.fields.get(name, "") for name in (*UTM_KEYS, *sorted(CLICK_IDS))}
    for target, answer in {**known, **carried, **_addresses(submission)}.items():
        if answer and target not in guessed.values():
            yield Arrived(submission.names.get(target, target), _example(answer), target)
    for name, answer in submission.extras.items():
        if name not in _NOT_ASKED and not name.endswith(GUESSED):
            yield _extra(name, answer, guessed.get(name, ""))


def _addresses(submission: Submission) -> Mapping[str, str]:
    """What is known of the submission itself."""
    evidence = submission.evidence
    return {
        "page_url": evidence.page_url,
        "landing_page": evidence.landing_url,
        "referrer": evidence.referrer,
        "external_id": submission.external_id,
        "form_name": submission.form_name,
    }


def _guesses(extras: Mapping[str, Answer | Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Submitted name -> what was guessed of its answer."""
    for name, answer in extras.items():
        found = _GUESSED_FROM.fullmatch(str(answer)) if name.endswith(GUESSED) else None
        if found:
            yield found[1], name.removesuffix(GUESSED)


def _extra(name: str, answer: Answer | Sequence[str], guess: str) -> Arrived:
    if guess:
        return Arrived(name, _example(answer), f"{guess}, a guess", guess)
    meaning = meaning_of(name)
    if meaning and meaning.target not in CANONICAL_FIELDS:
        return Arrived(name, _example(answer), f"{meaning.target}, kept under its own name")
    return Arrived(name, _example(answer))


def _example(answer: Answer | Sequence[str]) -> str:
    text = ", ".join(texts_of(answer if isinstance(answer, str) else unwrap(list(answer))))
    return text if len(text) <= EXAMPLE_LENGTH else f"{text[: EXAMPLE_LENGTH - 1].rstrip()}…"


def _tags(leads: Iterable[Lead]) -> Mapping[str, str]:
    """Utm value -> which of the five it is: a hidden field with the same in it is likely to be that one."""
    return {getattr(lead.attribution, key): key for lead in leads for key in UTM_KEYS if getattr(lead.attribution, key)}


def _taught(rows: Collection[Arrived], targets: set[str], tags: Mapping[str, str]) -> Iterator[Arrived]:
    """With what to teach each as: by the look of the answer, each target once, else for the operator to say."""
    free = targets - {row.means for row in rows}
    for row in rows:
        if row.means or row.target:
            yield row
            continue
        target = tags.get(row.example) or next((name for name in _GUESSABLE if _looks_like(name, row.example)), "")
        yield Arrived(row.name, row.example, "", target if target in free else CHANGE)
        free.discard(target)


def _looks_like(target: str, example: str) -> bool:
    if target == "message":
        return len(example.split()) >= _WORDS_OF_A_MESSAGE
    if target == "move_in_date":
        return bool(_DATE.search(example))
    return target == "team_size" and bool(_FEW.fullmatch(example))

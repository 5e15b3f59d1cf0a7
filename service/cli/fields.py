"""`lead-capture fields`: the names that a form's senders sent last, their meanings, and lines that teach the rest."""

import argparse
import json
import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.capture.fields.layout import CLICK_IDS, UTM_KEYS
from service.capture.fields.names import meaning_of
from service.capture.parsing.texts import Answer, texts_of, unwrap
from service.cli.commands import Failed
from service.cli.configuration import form_named
from service.cli.installation import Installation, open_installation
from service.cli.terminal import counted, print_json, printable
from service.forms import Form
from service.forms.senders import TARGETS
from service.lead import CANONICAL_FIELDS, OPERATOR_REMARKS, Lead, Submission
from service.store import Query

MAX_LEADS = 500
"""Number of the form's newest leads that are read."""

WIDTH = 80

PLACEHOLDER = "CHANGE_ME"
"""Placeholder in a line for the field that only the operator knows."""

GUESSED = " (guessed)"
"""Suffix of the extra that says from which answer a field was guessed."""

MAX_EXAMPLE_LENGTH = 40
"""Maximum characters of an example."""

_NOT_FIELDS = (*OPERATOR_REMARKS, "note on this request", "email (as typed)")
_GUESSED_FROM = re.compile(r'from "(.*)"', re.DOTALL)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}")
_TEAM_SIZE = re.compile(r"\d{1,3}([ -]+\d{1,3})?")
_MIN_MESSAGE_WORDS = 4
_GUESSABLE = ("message", "move_in_date", "team_size")


@dataclass(frozen=True, slots=True)
class SentField:
    """One name that a sender used.

    example: an answer, shortened. meaning: the field that it fills, "" for none. target: the field to teach.
    """

    name: str
    example: str
    meaning: str = ""
    target: str = ""

    @property
    def line(self) -> str:
        """The line of TOML that teaches the name. JSON's strings are TOML's, except for DEL."""
        return f"{self.target} = {json.dumps(self.name, ensure_ascii=False)}".replace("\x7f", "\\u007f")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FORM, --sender and --json."""
    parser.add_argument("form", metavar="FORM")
    parser.add_argument(
        "--sender", default="", metavar="NAME", help="only this sender, such as gravity-forms or browser"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print a section for each sender.

    Raises: Failed if nothing has arrived yet.
    """
    with open_installation() as installation:
        form = form_named(arguments.form, installation.setup)
        senders = by_sender(installation, form.name, arguments.sender)
        if not senders:
            subject = f" of {arguments.sender}" if arguments.sender else ""
            raise Failed(
                f"form {form.name}: nothing{subject} has arrived yet: send a test from the sender, then look again"
            )
        if arguments.json:
            print_json([_as_row(form, *sender) for sender in senders.items()])
        else:
            print("\n\n".join("\n".join(lines_of(form, *sender)) for sender in senders.items()))
        return 0


def by_sender(installation: Installation, form: str, only: str) -> Mapping[str, Sequence[Lead]]:
    """Return the form's newest leads with answers, by sender; the latest sender first."""
    with installation.store.read() as tx:
        leads = tx.search.leads(Query(form=form), MAX_LEADS)
    senders: dict[str, list[Lead]] = {}
    for lead in leads:
        submission = lead.submission
        if only in ("", submission.sender) and (submission.fields or submission.extras):
            senders.setdefault(submission.sender, []).append(lead)
    return senders


# -- printing


def lines_of(form: Form, sender: str, leads: Sequence[Lead]) -> Iterator[str]:
    """Yield the names of one sender: comments, a table header, and lines that only need to be uncommented."""
    fields = fields_of(leads, _targets(sender))
    yield f"#### {sender}: {counted(len(leads), 'lead')}, the last one at {leads[0].received_at:%Y-%m-%d %H:%M} UTC"
    understood = [field for field in fields if field.meaning]
    width = max((len(printable(field.name)) for field in understood), default=0)
    for field in understood:
        yield f"#  {printable(field.name):<{min(width, WIDTH // 3)}}  {field.meaning}: {printable(field.example)}"
    to_teach = [field for field in fields if field.target]
    if not to_teach:
        yield "#  Everything was understood."
        return
    yield ""
    yield "#  Not understood, or only guessed. Remove the # where the line is right."
    if any(field.target == PLACEHOLDER for field in to_teach):
        sentence = f"Instead of {PLACEHOLDER} write one of: {', '.join(_targets(sender))}."
        yield from textwrap.wrap(sentence, WIDTH, initial_indent="#  ", subsequent_indent="#  ")
    if form.fields if sender == "browser" else form.webhooks.get(sender, {}).get("fields"):
        yield "#  The set-up already has `fields` for it: add the lines there."
    yield f"[{_table(form, sender)}]"
    yield from (f"# {field.line}  # {printable(field.example)}" for field in to_teach)


def _targets(sender: str) -> Sequence[str]:
    return CANONICAL_FIELDS if sender == "browser" else TARGETS


def _table(form: Form, sender: str) -> str:
    """Return the table for the lines: names of a page belong to the form, those of a sender to the sender."""
    name = form.name if form.name.replace("-", "").replace("_", "").isalnum() else json.dumps(form.name)
    return f"forms.{name}.fields" if sender == "browser" else f"forms.{name}.webhooks.{sender}.fields"


def _as_row(form: Form, sender: str, leads: Sequence[Lead]) -> dict[str, Any]:
    return {
        "sender": sender,
        "leads": len(leads),
        "last_at": leads[0].received_at.isoformat().replace("+00:00", "Z"),
        "table": _table(form, sender),
        "fields": [
            {
                "name": field.name,
                "example": field.example,
                "means": field.meaning or None,
                "line": field.line if field.target else None,
            }
            for field in fields_of(leads, _targets(sender))
        ],
    }


# -- understanding


def fields_of(leads: Sequence[Lead], targets: Collection[str]) -> list[SentField]:
    """Return every name in these leads, from the newest lead with an answer for it.

    leads: newest first. targets: fields to which the forms file can assign names of their sender.
    """
    fields: dict[str, SentField] = {}
    for lead in leads:
        for field in _fields_in(lead.submission):
            fields.setdefault(field.name, field)
    return [*_with_targets(fields.values(), set(targets), _tags(leads))]


def _fields_in(submission: Submission) -> Iterator[SentField]:
    guessed = dict(_guesses(submission.extras))
    evidence = submission.evidence
    answers = {
        **{name: submission.fields[name] for name in CANONICAL_FIELDS if name in submission.fields},
        **{name: evidence.fields.get(name, "") for name in (*UTM_KEYS, *sorted(CLICK_IDS))},
        "page_url": evidence.page_url,
        "landing_page": evidence.landing_url,
        "referrer": evidence.referrer,
        "external_id": submission.external_id,
        "form_name": submission.form_name,
    }
    for target, answer in answers.items():
        if answer and target not in guessed.values():
            yield SentField(submission.names.get(target, target), _example(answer), target)
    for name, answer in submission.extras.items():
        if name not in _NOT_FIELDS and not name.endswith(GUESSED):
            yield _extra(name, answer, guessed.get(name, ""))


def _guesses(extras: Mapping[str, Answer | Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Yield submitted names, each with the field that was guessed from its answer."""
    for name, answer in extras.items():
        match = _GUESSED_FROM.fullmatch(str(answer)) if name.endswith(GUESSED) else None
        if match:
            yield match[1], name.removesuffix(GUESSED)


def _extra(name: str, answer: Answer | Sequence[str], guess: str) -> SentField:
    if guess:
        return SentField(name, _example(answer), f"{guess}, a guess", guess)
    meaning = meaning_of(name)
    if meaning and meaning.target not in CANONICAL_FIELDS:
        return SentField(name, _example(answer), f"{meaning.target}, kept under its own name")
    return SentField(name, _example(answer))


def _example(answer: Answer | Sequence[str]) -> str:
    text = ", ".join(texts_of(answer if isinstance(answer, str) else unwrap(list(answer))))
    return text if len(text) <= MAX_EXAMPLE_LENGTH else f"{text[: MAX_EXAMPLE_LENGTH - 1].rstrip()}…"


def _tags(leads: Iterable[Lead]) -> Mapping[str, str]:
    """Return UTM value -> name: a hidden field with the same value is likely to hold it."""
    return {getattr(lead.attribution, key): key for lead in leads for key in UTM_KEYS if getattr(lead.attribution, key)}


def _with_targets(fields: Collection[SentField], targets: set[str], tags: Mapping[str, str]) -> Iterator[SentField]:
    """Give each unknown name a target that its answer resembles, each target once, or else the placeholder."""
    free = targets - {field.meaning for field in fields}
    for field in fields:
        if field.meaning or field.target:
            yield field
            continue
        example = field.example
        target = tags.get(example) or next((name for name in _GUESSABLE if _resembles(name, example)), "")
        yield SentField(field.name, example, "", target if target in free else PLACEHOLDER)
        free.discard(target)


def _resembles(target: str, example: str) -> bool:
    if target == "message":
        return len(example.split()) >= _MIN_MESSAGE_WORDS
    if target == "move_in_date":
        return bool(_DATE.search(example))
    return target == "team_size" and bool(_TEAM_SIZE.fullmatch(example))

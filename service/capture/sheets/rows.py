"""One row of a file made a Submission, and what tells it from every other."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from service.capture.fields.enquiries import Enquiry, NamedAnswer
from service.capture.fields.instants import read_instant
from service.capture.fields.names import fold, meaning_of
from service.capture.fields.submissions import reading_form, submit
from service.capture.parsing.texts import clean
from service.capture.sheets.cells import bare, bare_foreign
from service.capture.sheets.columns import TIMES
from service.capture.sheets.origin import Ids, ImportPlan
from service.capture.sheets.times import Span, spans_of
from service.capture.tools.any_json.relayed import relay
from service.capture.tools.sender import SenderConfig
from service.forms import Form
from service.lead import CANONICAL_FIELDS, Answers, Reason, Status, Submission
from service.platforms.registry import PLATFORMS, utm_of

SENDER = "import"
"""Who brought the leads of a file that is no platform's export."""

_READ = ("fields", "names")  # of a webhook's table: where leads come from was decided when the file was chosen


@dataclass(frozen=True, slots=True)
class ReadRow:
    """What a row holds.

    row: the same for the same row of another file. suspicion: why it is held as spam. lead_id: its id
    where it was exported, if by us. submitted: what its time of submission may mean; empty: it says none.
    """

    submission: Submission
    row: str
    suspicion: str = ""
    lead_id: str = ""
    submitted: tuple[Span, ...] = ()


class SheetReader:
    """Reads the rows of one file for one form."""

    def __init__(self, plan: ImportPlan, form: Form) -> None:
        table = form.webhooks.get(plan.platform, {})
        self._table: SenderConfig = {name: table[name] for name in _READ if name in table}
        self._plan, self._form = plan, reading_form(form, self._table)

    def read(self, cells: Sequence[str]) -> ReadRow | None:
        """What a row holds; None for a lead whose person was erased.

        Raises: nothing.
        """
        if self._plan.is_ours:
            return self._read_ours(dict(zip(self._plan.header, map(bare, cells), strict=False)))
        named = list(_named(self._plan.header, cells))
        enquiry = self._enquiry(named)
        sender = enquiry.platform or self._plan.platform or SENDER
        submission = submit(enquiry, self._form, sender, self._table)
        row, submitted = _row_key(named), spans_of(_time_in(enquiry.answers, enquiry.platform))
        if enquiry.platform and submission.external_id and self._plan.ids is Ids.GOOD:
            return ReadRow(submission, row, submitted=submitted)
        return ReadRow(_told_apart(submission, row), row, submitted=submitted)

    def _enquiry(self, named: Sequence[NamedAnswer]) -> Enquiry:
        table = {**self._table, "platform": self._plan.platform}
        relayed = relay(named, {}, table)
        return Enquiry(
            relayed.answers,
            external_id=relayed.external_id,
            form_name=relayed.facts.get("form_name", ""),
            utm=utm_of(relayed.platform, relayed.facts, self._table.get("names", {})),
            details=relayed.details,
            submitted_at=read_instant(_time_in(relayed.answers, relayed.platform)),
            platform=relayed.platform,
            is_test=relayed.is_test,
        )

    def _read_ours(self, told: Mapping[str, str]) -> ReadRow | None:
        if told.get("status") in (Status.ERASED, Status.ANNOUNCED):
            return None
        sender = told.get("sender") or SENDER
        enquiry = Enquiry(
            list(_answers_of_ours(told)),
            external_id=told.get("external_id", ""),
            form_name=told.get("form_name", ""),
            submitted_at=read_instant(told.get("received_at", "")),
            platform=sender if sender in PLATFORMS else "",
            is_test=told.get("status") == Status.TEST,
        )
        submission = submit(enquiry, self._form, sender, {})
        key = f"import {told['id']}"
        problem = _PROBLEMS.get(told.get("status", ""), "").format(told.get("opportunity_id", ""))
        whole = replace(submission, idempotency_key=key, problem=problem or submission.problem)
        return ReadRow(whole, key, _suspicion(told), told["id"])


_PROBLEMS: Mapping[str, str] = {
    Status.DELIVERED: "The file says that Nexudus has it already, as opportunity {}: discard it, or retry to send it.",
    Status.DISCARDED: "The file says that it was discarded: discard it, or retry to send it after all.",
}
"""Where a lead stood that we exported -> why it is not sent unasked."""


def _suspicion(told: Mapping[str, str]) -> str:
    if told.get("status") != Status.QUARANTINED:
        return ""
    said = told.get("problem", "")
    return (
        said
        if said.startswith("Held as spam")
        else f"{Reason.BLOCKED.prefix}the file says so: release it if it is real."
    )


def _answers_of_ours(told: Mapping[str, str]) -> Iterator[NamedAnswer]:
    for name in CANONICAL_FIELDS:
        if told.get(name):
            yield NamedAnswer(name, told[name], name)
    for name in _SAME:
        if told.get(name):
            yield NamedAnswer(name, told[name])
    for name, pointed in _POINTED.items():
        if told.get(name):
            yield NamedAnswer(pointed, told[name], pointed)
    for pair in told.get("click_ids", "").split():
        name, _, value = pair.partition("=")
        yield NamedAnswer(name, value)
    for name, answer in _object(told.get("extras", "")).items():
        yield NamedAnswer(name, answer if isinstance(answer, str) else list(answer))


_SAME = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
_POINTED = {"landing_url": "lc_landing_url", "page_url": "lc_page_url", "referrer": "lc_referrer"}


def _object(text: str) -> Answers:
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {"extras": text}
    return found if isinstance(found, dict) else {"extras": text}


def _named(header: Sequence[str], cells: Sequence[str]) -> Iterator[NamedAnswer]:
    names = [*header, *(f"column {number}" for number in range(len(header) + 1, len(cells) + 1))]
    for number, (name, cell) in enumerate(zip(names, cells, strict=False), 1):
        answer = clean(bare_foreign(cell.strip()))
        if answer:
            yield NamedAnswer(name or f"column {number}", answer)


def _time_in(answers: Sequence[NamedAnswer], platform: str) -> str:
    """The time of submission, with the zone of TikTok's, which writes UTC without saying so; of others nobody knows."""
    for each in answers:
        meaning = meaning_of(each.name)
        if isinstance(each.answer, str) and (
            fold(each.name) in TIMES or (meaning is not None and meaning.target == "submitted_at")
        ):
            is_bare = (
                platform in PLATFORMS and PLATFORMS[platform].export.times_are_utc and read_instant(each.answer) is None
            )
            return f"{each.answer}+00:00" if is_bare and read_instant(f"{each.answer}+00:00") else each.answer
    return ""


def _row_key(named: Sequence[NamedAnswer]) -> str:
    cells = json.dumps([[fold(each.name), each.answer] for each in named])
    return f"import {hashlib.blake2b(cells.encode('utf-8', 'surrogatepass'), digest_size=16).hexdigest()}"


def _told_apart(submission: Submission, row: str) -> Submission:
    """With all cells of its row as its key: numbers that a tool counts its entries by come again in other files."""
    if not submission.external_id:
        return replace(submission, idempotency_key=row)
    extras = {**submission.extras, "id in the file": submission.external_id}
    return replace(submission, idempotency_key=row, external_id="", extras=extras)

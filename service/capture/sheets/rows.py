"""One row of a file as a Submission, its identity among other rows, and the possible meanings of its time."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from service.capture.fields.enquiries import Enquiry, NamedAnswer
from service.capture.fields.names import fold, meaning_of
from service.capture.fields.submissions import reading_form, submit
from service.capture.parsing.json_values import read_instant
from service.capture.parsing.texts import clean
from service.capture.sheets.cells import unprotect, unprotect_foreign
from service.capture.sheets.columns import TIMES, Ids, ImportPlan
from service.capture.tools.any_json.relayed import relay
from service.capture.tools.sender import SenderConfig
from service.forms import Form
from service.lead import CANONICAL_FIELDS, Answers, Reason, Status, Submission
from service.platforms.registry import PLATFORMS, utm_of

Span = tuple[float, float]
"""The first and last unix second that a time may mean."""

_EASTMOST, _WESTMOST = timedelta(hours=14), timedelta(hours=12)
_DAY = timedelta(days=1)
_NUMBERS = re.compile(
    r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})(?:[ ,T]+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*([ap]m)?)?",
    re.IGNORECASE,
)

SENDER = "import"
"""Sender of the leads of a file that is not a platform's export."""

_READ = ("fields", "names")  # keys of a webhook's table that count; the file's platform is chosen already


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row as a Submission.

    row: identity, the same for an equal row of another file. suspicion: why it is quarantined. lead_id: in the
    installation that exported it. submitted: the possible meanings of its time of submission; empty for none.
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
        self._config: SenderConfig = {name: table[name] for name in _READ if name in table}
        self._plan, self._form = plan, reading_form(form, self._config)

    def read(self, cells: Sequence[str]) -> ReadRow | None:
        """Return one row; None for an erased lead.

        Raises: nothing.
        """
        if self._plan.is_ours:
            return self._read_own(dict(zip(self._plan.header, map(unprotect, cells), strict=False)))
        named = list(_named(self._plan.header, cells))
        enquiry = self._enquiry(named)
        sender = enquiry.platform or self._plan.platform or SENDER
        submission = submit(enquiry, self._form, sender, self._config)
        row, submitted = _row_key(named), spans_of(_time_in(enquiry.answers, enquiry.platform))
        if enquiry.platform and submission.external_id and self._plan.ids is Ids.GOOD:
            return ReadRow(submission, row, submitted=submitted)
        return ReadRow(_with_row_key(submission, row), row, submitted=submitted)

    def _enquiry(self, named: Sequence[NamedAnswer]) -> Enquiry:
        table = {**self._config, "platform": self._plan.platform}
        relayed = relay(named, {}, table)
        return Enquiry(
            relayed.answers,
            external_id=relayed.external_id,
            form_name=relayed.facts.get("form_name", ""),
            utm=utm_of(relayed.platform, relayed.facts, self._config.get("names", {})),
            details=relayed.details,
            submitted_at=read_instant(_time_in(relayed.answers, relayed.platform)),
            platform=relayed.platform,
            is_test=relayed.is_test,
        )

    def _read_own(self, cells: Mapping[str, str]) -> ReadRow | None:
        if cells.get("status") in (Status.ERASED, Status.ANNOUNCED):
            return None
        sender = cells.get("sender") or SENDER
        enquiry = Enquiry(
            list(_own_answers(cells)),
            external_id=cells.get("external_id", ""),
            form_name=cells.get("form_name", ""),
            submitted_at=read_instant(cells.get("received_at", "")),
            platform=sender if sender in PLATFORMS else "",
            is_test=cells.get("status") == Status.TEST,
        )
        submission = submit(enquiry, self._form, sender, {})
        key = f"import {cells['id']}"
        problem = _PROBLEMS.get(cells.get("status", ""), "").format(cells.get("opportunity_id", ""))
        whole = replace(submission, idempotency_key=key, problem=problem or submission.problem)
        return ReadRow(whole, key, _suspicion(cells), cells["id"])


_PROBLEMS: Mapping[str, str] = {
    Status.DELIVERED: "The file says that Nexudus already has it, as opportunity {}: discard it, or retry to send it.",
    Status.DISCARDED: "The file says that it was discarded: discard it, or retry to send it after all.",
}
"""Status of an exported lead -> the problem with which it is parked."""


def _suspicion(cells: Mapping[str, str]) -> str:
    if cells.get("status") != Status.QUARANTINED:
        return ""
    problem = cells.get("problem", "")
    is_reason = problem.startswith("Held as spam")
    return problem if is_reason else f"{Reason.BLOCKED.prefix}the file says so: release it if it is real."


def _own_answers(cells: Mapping[str, str]) -> Iterator[NamedAnswer]:
    for name in CANONICAL_FIELDS:
        if cells.get(name):
            yield NamedAnswer(name, cells[name], name)
    for name in _SAME:
        if cells.get(name):
            yield NamedAnswer(name, cells[name])
    for name, pointed in _POINTED.items():
        if cells.get(name):
            yield NamedAnswer(pointed, cells[name], pointed)
    for pair in cells.get("click_ids", "").split():
        name, _, value = pair.partition("=")
        yield NamedAnswer(name, value)
    for name, answer in _object(cells.get("extras", "")).items():
        yield NamedAnswer(name, answer if isinstance(answer, str) else list(answer))


_SAME = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")
_POINTED = {"landing_url": "lc_landing_url", "page_url": "lc_page_url", "referrer": "lc_referrer"}


def _object(text: str) -> Answers:
    try:
        extras = json.loads(text) if text else {}
    except ValueError:
        return {"extras": text}
    return extras if isinstance(extras, dict) else {"extras": text}


def _named(header: Sequence[str], cells: Sequence[str]) -> Iterator[NamedAnswer]:
    names = [*header, *(f"column {number}" for number in range(len(header) + 1, len(cells) + 1))]
    for number, (name, cell) in enumerate(zip(names, cells, strict=False), 1):
        answer = clean(unprotect_foreign(cell.strip()))
        if answer:
            yield NamedAnswer(name or f"column {number}", answer)


def _time_in(answers: Sequence[NamedAnswer], platform: str) -> str:
    """The time of submission; in UTC without a zone for platforms that write it so."""
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


def _with_row_key(submission: Submission, row: str) -> Submission:
    """The Submission with its row as its key: the entry numbers of tools come again in other files."""
    if not submission.external_id:
        return replace(submission, idempotency_key=row)
    extras = {**submission.extras, "id in the file": submission.external_id}
    return replace(submission, idempotency_key=row, external_id="", extras=extras)


def spans_of(text: str) -> tuple[Span, ...]:
    """Return the possible meanings of a time: one instant or, without a zone, the span of that local time worldwide.

    Spreadsheets drop zones and seconds and swap days and months: `03/04/2026` has two readings. Empty for a text that
    is not a time. Raises: nothing.
    """
    exact = read_instant(text)
    if exact is not None:
        return ((exact, exact),)
    return tuple(
        ((time - _EASTMOST).timestamp(), (time + _WESTMOST + (timedelta() if has_clock else _DAY)).timestamp())
        for time, has_clock in _readings(text.strip())
    )


def _readings(text: str) -> Iterator[tuple[datetime, bool]]:
    """The time as if it were UTC, and whether it has more than the day."""
    with suppress(ValueError, OverflowError):
        time = datetime.fromisoformat(text).replace(tzinfo=UTC)
        if _is_plausible(time):
            yield time, ":" in text
        return
    match = _NUMBERS.fullmatch(text)
    if not match:
        return
    one, other, year = (int(match[group]) for group in (1, 2, 3))
    hour = int(match[4] or 0) % (12 if match[7] else 24) + (12 if (match[7] or "").lower() == "pm" else 0)
    for day, month in dict.fromkeys(((one, other), (other, one))):
        with suppress(ValueError):
            time = datetime(year if year > 99 else 2000 + year, month, day, hour, int(match[5] or 0), tzinfo=UTC)  # noqa: PLR2004
            if _is_plausible(time):
                yield time, bool(match[4])


def _is_plausible(time: datetime) -> bool:
    """Whether a submission can have this time; near the ends of the calendar no zone could be added."""
    return 1970 < time.year < 3000  # noqa: PLR2004

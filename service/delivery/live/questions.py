"""What Nexudus's documents leave open, and how the two records of a trial answer it.

Filters that are not understood are ignored without a word, so each is tried twice: once where it must find the record,
once where it must find nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from service.delivery.behaviour import (
    CUSTOM_FIELDS_FILTER,
    CUSTOM_FIELDS_KEPT,
    SEARCH_LAG_S,
    SYSTEM_ID_FILTER,
    SYSTEM_ID_KEPT,
    notes_fact,
)
from service.delivery.live.trial import Trial
from service.nexudus import boards, coworkers, custom_fields, marks
from service.nexudus.boards import STAGES_PATH
from service.nexudus.client import Params
from service.nexudus.counts import FAR, NOWHERE
from service.nexudus.errors import NexudusError, Refused, Unavailable
from service.nexudus.opportunities import PATH
from service.nexudus.pipeline import HISTORY_PATH, instant_of
from service.nexudus.roles import roles_of

STAGES_LOOKED_AT = 10
"""Records of stages that are compared with their rows in the list."""


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """What a trial says to one question. value: None where it could not be answered; effect: what follows from it."""

    fact: str
    question: str
    value: Any
    answer: str
    effect: str

    def as_row(self) -> dict[str, Any]:
        """What `doctor --live --json` shows."""
        return {name: getattr(self, name) for name in ("fact", "question", "value", "answer", "effect")}


@dataclass(frozen=True, slots=True)
class Question:
    """One open question. look: finds the value. meanings: value -> the answer and what the service does."""

    fact: str
    text: str
    look: Callable[[Trial], Any]
    meanings: Mapping[Any, tuple[str, str]]


def answer_all(trial: Trial) -> list[LiveAnswer]:
    """The answers to all questions, each found by itself: one that fails spoils no other.

    Raises: OutOfPace, and what the client's hooks raise.
    """
    return [_answer(question, trial) for question in QUESTIONS]


def _answer(question: Question, trial: Trial) -> LiveAnswer:
    fact = notes_fact(trial.type_id) if question.fact == "notes" else question.fact
    try:
        value = question.look(trial)
    except NexudusError as error:
        return LiveAnswer(fact, question.text, None, f"could not be asked ({error.said})", SAFE)
    answer, effect = question.meanings.get(value) or _measured(value)
    return LiveAnswer(fact, question.text, value, answer, effect)


SAFE = "goes on as if it were not known, which is safe"

_UNANSWERED = ("the trial does not show it", SAFE)


def _measured(value: Any) -> tuple[str, str]:
    """Answers that are figures or lists."""
    match value:
        case None:
            return _UNANSWERED
        case float():
            return f"after {value:g} s", "waits at least twice as long before it takes an opportunity for missing"
        case int():
            return f"{value:+d} minutes from our clock", "takes them as they are: reports may be off by that"
        case _:
            return str(value), "shown only: the pace is NEXUDUS_LIMITS"


# -- marks


def _system_id_kept(trial: Trial) -> bool:
    return trial.record.get("SystemId") == trial.marker


def _system_id_filter(trial: Trial) -> bool | None:
    if not _system_id_kept(trial):
        return None
    return _finds(trial, {"CrmOpportunity_SystemId": trial.marker}, {"CrmOpportunity_SystemId": f"{trial.marker}-none"})


def _custom_fields_kept(trial: Trial) -> bool:
    return marks.mark_field_of(trial.record) == trial.marker


def _custom_fields_filter(trial: Trial) -> bool | None:
    if not _custom_fields_kept(trial):
        return None
    name = f"CrmOpportunity_CustomFields_{marks.CUSTOM_FIELD}"
    return _finds(trial, {name: trial.marker}, {name: f"{trial.marker}-none"})


def _notes(trial: Trial) -> str:
    return marks.round_trip(trial.body, trial.record, trial.marker).notes


# -- lists


def _notes_listed(trial: Trial) -> bool | None:
    return "Notes" in trial.listed and bool(trial.listed["Notes"]) if trial.record.get("Notes") else None


def _custom_fields_listed(trial: Trial) -> bool | None:
    return marks.mark_field_of(trial.listed) == trial.marker if _custom_fields_kept(trial) else None


def _stage_flags(trial: Trial) -> str | None:
    """ "full", "absent", or "false" where lists show flags as unset that are set."""
    rows, _ = trial.nexudus.page(STAGES_PATH, {})
    known = (*boards.DANGERS, *boards.WARNINGS)
    if any(flag not in row for row in rows for flag in boards.DANGERS):
        return "absent"
    for row in rows[:STAGES_LOOKED_AT]:
        record = trial.nexudus.one(f"{STAGES_PATH}/{row['Id']}") or {}
        shown, true = [bool(row.get(flag)) for flag in known], [bool(record.get(flag)) for flag in known]
        if any(true):
            return "full" if shown == true else "false"
    return None


def _search_lag(trial: Trial) -> float | None:
    lags = (trial.contact_lag_s, trial.lag_s)
    return None if None in lags else max(lag for lag in lags if lag is not None)


# -- filters


def _finds(trial: Trial, hit: Params, miss: Params) -> bool:
    """Whether a search finds the opportunity, and another one finds nothing."""
    found, _ = trial.nexudus.page(PATH, hit)
    others, _ = trial.nexudus.page(PATH, miss, size=1)
    return any(row["Id"] == trial.opportunity_id for row in found) and not others


def _person_filter(trial: Trial) -> bool:
    return _finds(trial, trial.of_person, {"CrmOpportunity_Coworker": NOWHERE})


def _created_filter(trial: Trial) -> bool:
    return _date_filter(trial, "CreatedOn")


def _updated_filter(trial: Trial) -> bool:
    return _date_filter(trial, "UpdatedOn")


def _date_filter(trial: Trial, field: str) -> bool:
    name = f"from_CrmOpportunity_{field}"
    yesterday = (trial.clock_at - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    return _finds(trial, {**trial.of_person, name: yesterday}, {**trial.of_person, name: FAR})


def _email_case(trial: Trial) -> bool:
    rows, _ = trial.nexudus.page(coworkers.PATH, {"Coworker_Email": trial.email.upper()})
    return any(row["Id"] == trial.contact_id for row in rows)


# -- history, times, limits, roles


def _history(trial: Trial) -> str:
    """Which time a placement is told by: "ToTime", "CreatedOn", "none", or "denied"."""
    try:
        rows, _ = trial.nexudus.page(HISTORY_PATH, {"CrmOpportunityHistory_CrmOpportunity": trial.opportunity_id})
    except Refused:
        return "denied"
    mine = [row for row in rows if row.get("CrmOpportunityId") == trial.opportunity_id]
    return next((name for name in ("ToTime", "CreatedOn") if any(instant_of(row, name) for row in mine)), "none")


def _history_filter(trial: Trial) -> bool | None:
    if _history(trial) in ("denied", "none"):
        return None
    name = "from_CrmOpportunityHistory_CreatedOn"
    of_one: Params = {"CrmOpportunityHistory_CrmOpportunity": trial.opportunity_id}
    yesterday = (trial.clock_at - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    hits, _ = trial.nexudus.page(HISTORY_PATH, {**of_one, name: yesterday})
    misses, _ = trial.nexudus.page(HISTORY_PATH, {**of_one, name: FAR})
    return bool(hits) and not misses


def _times(trial: Trial) -> int | None:
    """Minutes by which Nexudus's times differ from ours; 0 within five minutes."""
    created_at, updated_at = instant_of(trial.record, "CreatedOn"), instant_of(trial.record, "UpdatedOn")
    if created_at is None or updated_at is None:
        return None
    return _minutes_off(created_at, trial.clock_at)


def _minutes_off(told: datetime, ours: datetime) -> int:
    minutes = round((told - ours).total_seconds() / 60)
    return 0 if abs(minutes) <= SLACK_MINUTES else minutes


SLACK_MINUTES = 5
"""Clocks that differ by so little are right."""


def _limits(trial: Trial) -> str:
    headers = trial.nexudus.limit_headers
    return "; ".join(f"{name}: {value}" for name, value in sorted(headers.items())) or "none"


def _roles(trial: Trial) -> bool:
    try:
        return roles_of(trial.nexudus, boards.me(trial.nexudus)) is not None
    except Refused:
        return False


def _custom_field_list(trial: Trial) -> bool:
    try:
        trial.nexudus.page(custom_fields.PATH, {}, size=1)
    except Unavailable as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True


def _yes_no(yes: str, no: str) -> dict[Any, tuple[str, str]]:
    return {True: ("yes", yes), False: ("no", no)}


QUESTIONS = (
    Question(
        SYSTEM_ID_KEPT,
        "Does SystemId come back as it was sent?",
        _system_id_kept,
        _yes_no("knows its opportunities by it", "does not search by it; the mark in the notes counts"),
    ),
    Question(
        SYSTEM_ID_FILTER,
        "Can it be searched by?",
        _system_id_filter,
        _yes_no("one call finds a lead's opportunity", "searches by the contact instead"),
    ),
    Question(
        CUSTOM_FIELDS_KEPT,
        "Does a create keep CustomFields?",
        _custom_fields_kept,
        _yes_no("writes its mark there, too", "writes none; a form's `custom` has no effect"),
    ),
    Question(
        CUSTOM_FIELDS_FILTER,
        "Can they be searched by?",
        _custom_fields_filter,
        _yes_no("searches by its mark there", "searches by the contact instead"),
    ),
    Question(
        "notes",
        "What becomes of long notes, under the type's template?",
        _notes,
        {
            "kept": ("they stay as sent", "the enquiry is there to read"),
            "changed": ("a part of them is missing", "take the template off the type, or leave the type out"),
            "lost": ("something else stands there", "take the template off the type, or leave the type out"),
        },
    ),
    Question(
        "notes_listed",
        "Do lists show notes?",
        _notes_listed,
        _yes_no("needs no further call to see a mark", "reads records by their id to see a mark"),
    ),
    Question(
        "custom_fields_listed",
        "Do lists show CustomFields?",
        _custom_fields_listed,
        _yes_no("needs no further call to see a mark", "reads records by their id to see a mark"),
    ),
    Question(
        "stage_flags_listed",
        "Do lists show what a stage does?",
        _stage_flags,
        {
            "full": ("yes", "reads each stage by its id all the same"),
            "absent": ("they leave it out", "reads each stage by its id"),
            "false": ("they show it as not set", "reads each stage by its id"),
        },
    ),
    Question(SEARCH_LAG_S, "How soon does a search see a new record?", _search_lag, {}),
    Question(
        "person_filter",
        "Can opportunities be searched by contact?",
        _person_filter,
        _yes_no("finds a lead's opportunity without a mark filter", "reads all that were made since, to find one"),
    ),
    Question(
        "created_filter",
        "... by when they were made?",
        _created_filter,
        _yes_no("compares a month every night", "reads all of them every night"),
    ),
    Question(
        "updated_filter",
        "... by when they were changed?",
        _updated_filter,
        _yes_no("notices moves within a quarter of an hour", "notices moves by night"),
    ),
    Question(
        "email_any_case",
        "Do searches for an e-mail address take any case?",
        _email_case,
        _yes_no("finds contacts however they are written", "may not find contacts that were saved in capitals"),
    ),
    Question(
        "history",
        "What tells when an opportunity came into a stage?",
        _history,
        {
            "ToTime": ("ToTime of its history", "takes that"),
            "CreatedOn": ("only CreatedOn of its history", "takes that"),
            "none": ("nothing: there is no history", "takes when the opportunity was changed"),
            "denied": ("the history is not shown to the login", "give it CrmOpportunityHistory-List"),
        },
    ),
    Question(
        "history_filter",
        "Can all moves be read together, by their time?",
        _history_filter,
        _yes_no("reads the moves of all leads together", "reads all there are, and leaves out the old ones"),
    ),
    Question(
        "times_off_minutes",
        "Are its times UTC?",
        _times,
        {0: ("yes", "takes them as they are")},
    ),
    Question(
        "limit_headers",
        "Which headers tell of limits?",
        _limits,
        {"none": ("none", "the pace is NEXUDUS_LIMITS")},
    ),
    Question(
        "roles_shown",
        "Does it show the login's roles?",
        _roles,
        _yes_no("`doctor` names a missing one before it is needed", "`doctor` tries each call"),
    ),
    Question(
        "custom_field_list",
        "Does it list the custom fields?",
        _custom_field_list,
        _yes_no("`doctor` names required ones", "`doctor` says that it could not check them"),
    ),
)
"""In the order in which they are shown."""

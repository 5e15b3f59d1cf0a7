"""Questions that Nexudus's documents leave open, and what each answer means for the service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.delivery.behaviour import (
    CUSTOM_FIELDS_FILTER,
    CUSTOM_FIELDS_KEPT,
    SEARCH_LAG_S,
    SYSTEM_ID_FILTER,
    SYSTEM_ID_KEPT,
    TIMES_OFF_MINUTES,
    notes_fact,
)
from service.delivery.live import observations
from service.delivery.live.trial import Trial, call_with_waits
from service.delivery.pacing import OutOfPace
from service.nexudus.errors import NexudusError


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """The answer of a trial to one question. value: None if there is none. effect: what the service does then."""

    fact: str
    question: str
    value: Any
    answer: str
    effect: str

    def as_row(self) -> dict[str, Any]:
        """Return the row of `doctor --live --json`."""
        return {name: getattr(self, name) for name in ("fact", "question", "value", "answer", "effect")}


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """One open question. observe: reads its value from the trial. meanings: value -> answer and effect."""

    fact: str
    text: str
    observe: Callable[[Trial], Any]
    meanings: Mapping[Any, tuple[str, str]]


def answer_all(trial: Trial) -> list[LiveAnswer]:
    """Return the answers to all questions. One that cannot be read spoils no other. Raises: nothing."""
    return [_answer(question, trial) for question in QUESTIONS]


def _answer(question: OpenQuestion, trial: Trial) -> LiveAnswer:
    fact = notes_fact(trial.type_id) if question.fact == "notes" else question.fact
    try:
        value = call_with_waits(lambda: question.observe(trial), trial.sleep)
    except NexudusError as error:
        return LiveAnswer(fact, question.text, None, f"could not be asked ({error.message})", SAFE)
    except OutOfPace:
        return LiveAnswer(fact, question.text, None, "could not be asked (our own rate limit is used up)", SAFE)
    answer, effect = question.meanings.get(value) or _measured(value)
    return LiveAnswer(fact, question.text, value, answer, effect)


SAFE = "goes on without knowing, which is safe"

_UNANSWERED = ("the trial does not show it", SAFE)


def _measured(value: Any) -> tuple[str, str]:
    """Return answer and effect of a measured value."""
    match value:
        case None:
            return _UNANSWERED
        case float():
            return f"after {value:g} s", "waits at least twice as long before it treats an opportunity as missing"
        case int():
            return f"{value:+d} minutes from our clock", "takes them as they are: reports may be off by that"
        case _:
            return str(value), "shown only: NEXUDUS_LIMITS is the rate limit"


def _yes_no(yes: str, no: str) -> dict[Any, tuple[str, str]]:
    return {True: ("yes", yes), False: ("no", no)}


QUESTIONS = (
    OpenQuestion(
        SYSTEM_ID_KEPT,
        "Does SystemId come back as it was sent?",
        observations.system_id_kept,
        _yes_no("knows its opportunities by it", "does not search by it; the marker in the notes counts"),
    ),
    OpenQuestion(
        SYSTEM_ID_FILTER,
        "Can lists be searched by it?",
        observations.system_id_filter,
        _yes_no("one call finds a lead's opportunity", "searches by the contact instead"),
    ),
    OpenQuestion(
        CUSTOM_FIELDS_KEPT,
        "Does a create keep CustomFields?",
        observations.custom_fields_kept,
        _yes_no("writes its marker there, too", "writes none; a form's `custom` has no effect"),
    ),
    OpenQuestion(
        CUSTOM_FIELDS_FILTER,
        "Can lists be searched by them?",
        observations.custom_fields_filter,
        _yes_no("searches by its marker there", "searches by the contact instead"),
    ),
    OpenQuestion(
        "notes",
        "What happens to long notes, under the type's template?",
        observations.notes,
        {
            "kept": ("they stay as sent", "the enquiry can be read there"),
            "changed": ("part of them is missing", "take the template off the type, or leave the type out"),
            "lost": ("they are replaced by something else", "take the template off the type, or leave the type out"),
        },
    ),
    OpenQuestion(
        "notes_listed",
        "Do lists show notes?",
        observations.notes_listed,
        _yes_no("needs no further call to see a marker", "reads records by their id to see a marker"),
    ),
    OpenQuestion(
        "custom_fields_listed",
        "Do lists show CustomFields?",
        observations.custom_fields_listed,
        _yes_no("needs no further call to see a marker", "reads records by their id to see a marker"),
    ),
    OpenQuestion(
        "stage_flags_listed",
        "Do lists show what a stage does?",
        observations.stage_flags,
        {
            "full": ("yes", "reads each stage by its id all the same"),
            "absent": ("they leave it out", "reads each stage by its id"),
            "false": ("they show it as not set", "reads each stage by its id"),
        },
    ),
    OpenQuestion(SEARCH_LAG_S, "How soon does a search see a new record?", observations.search_lag, {}),
    OpenQuestion(
        "person_filter",
        "Can opportunities be searched by contact?",
        observations.person_filter,
        _yes_no("finds a lead's opportunity without a filter by marker", "reads all created since, to find one"),
    ),
    OpenQuestion(
        "created_filter",
        "... by their time of creation?",
        observations.created_filter,
        _yes_no("compares a month every night", "reads all of them every night"),
    ),
    OpenQuestion(
        "updated_filter",
        "... by their time of last change?",
        observations.updated_filter,
        _yes_no("notices moves within a quarter of an hour", "notices moves at night"),
    ),
    OpenQuestion(
        "email_any_case",
        "Do searches for an e-mail address ignore case?",
        observations.email_case,
        _yes_no("finds contacts in any spelling", "may not find contacts saved in capitals"),
    ),
    OpenQuestion(
        "history",
        "Which time says when an opportunity entered a stage?",
        observations.history,
        {
            "ToTime": ("ToTime of its history", "uses it"),
            "CreatedOn": ("only CreatedOn of its history", "uses it"),
            "none": ("none: there is no history", "uses the time of the last change"),
            "denied": ("the service user may not read the history", "give it CrmOpportunityHistory-List"),
        },
    ),
    OpenQuestion(
        "history_filter",
        "Can all moves be read together, by time?",
        observations.history_filter,
        _yes_no("reads the moves of all leads together", "reads all of them, and skips the old ones"),
    ),
    OpenQuestion(
        TIMES_OFF_MINUTES,
        "Are its times UTC?",
        observations.times,
        {0: ("yes", "takes them as they are; nothing older than a lead is taken for its opportunity")},
    ),
    OpenQuestion(
        "limit_headers",
        "Which headers state limits?",
        observations.limits,
        {"none": ("none", "NEXUDUS_LIMITS is the rate limit")},
    ),
    OpenQuestion(
        "roles_shown",
        "Does it show the service user's roles?",
        observations.roles,
        _yes_no("`doctor` names a missing one before it is needed", "`doctor` tries each call"),
    ),
    OpenQuestion(
        "custom_field_list",
        "Does it list the custom fields?",
        observations.custom_field_list,
        _yes_no("`doctor` names required ones", "`doctor` says that it could not check them"),
    ),
)
"""All questions, in the order in which they are shown."""

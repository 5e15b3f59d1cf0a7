"""Observations of the two records of a trial, a function for each.

Nexudus silently ignores a filter that it does not understand, so each filter is tried twice: with a value that must
find the record, and with one that must find nothing. Each function raises as Nexudus.get, and returns None if the trial
does not show it.
"""

from datetime import datetime, timedelta
from http import HTTPStatus

from service.delivery.live.trial import Trial
from service.nexudus import boards, coworkers, custom_fields, directory, markers
from service.nexudus.boards import STAGES_PATH
from service.nexudus.client import Params
from service.nexudus.directory import roles_of
from service.nexudus.errors import Refused, Unavailable
from service.nexudus.opportunities import FAR, PATH, UNUSED_ID
from service.nexudus.pipeline import HISTORY_PATH
from service.nexudus.values import instant_of

MAX_STAGES = 10
"""Maximum stages for which the record itself is compared with its row in the list."""

TOLERANCE_MINUTES = 5
"""Minutes by which clocks may differ and still count as equal."""


# -- markers


def system_id_kept(trial: Trial) -> bool:
    """Return whether SystemId came back as it was sent."""
    return trial.record.get("SystemId") == trial.marker


def system_id_filter(trial: Trial) -> bool | None:
    """Return whether opportunities can be searched by SystemId."""
    if not system_id_kept(trial):
        return None
    return _finds(trial, {"CrmOpportunity_SystemId": trial.marker}, {"CrmOpportunity_SystemId": f"{trial.marker}-none"})


def custom_fields_kept(trial: Trial) -> bool:
    """Return whether the create kept CustomFields."""
    return markers.marker_field_of(trial.record) == trial.marker


def custom_fields_filter(trial: Trial) -> bool | None:
    """Return whether opportunities can be searched by a custom field."""
    if not custom_fields_kept(trial):
        return None
    name = f"CrmOpportunity_CustomFields_{markers.CUSTOM_FIELD}"
    return _finds(trial, {name: trial.marker}, {name: f"{trial.marker}-none"})


def notes(trial: Trial) -> str:
    """Return what happened to long notes: "kept", "changed" or "lost"."""
    return markers.round_trip(trial.body, trial.record, trial.marker).notes


# -- lists


def notes_listed(trial: Trial) -> bool | None:
    """Return whether lists show notes."""
    listed = trial.listed
    return bool(listed.get("Notes")) if listed and trial.record.get("Notes") else None


def custom_fields_listed(trial: Trial) -> bool | None:
    """Return whether lists show CustomFields."""
    listed = trial.listed
    return markers.marker_field_of(listed) == trial.marker if listed and custom_fields_kept(trial) else None


def stage_flags(trial: Trial) -> str | None:
    """Return whether lists show the flags of stages: "full", "absent", or "false" where set flags appear unset."""
    rows, _ = trial.nexudus.page(STAGES_PATH, {})
    known = (*boards.DANGERS, *boards.WARNINGS)
    if any(flag not in row for row in rows for flag in boards.DANGERS):
        return "absent"
    for row in rows[:MAX_STAGES]:
        record = trial.nexudus.one(f"{STAGES_PATH}/{row['Id']}") or {}
        shown, true = [bool(row.get(flag)) for flag in known], [bool(record.get(flag)) for flag in known]
        if any(true):
            return "full" if shown == true else "false"
    return None


def search_lag(trial: Trial) -> float | None:
    """Return the seconds until searches showed the records."""
    lags = (trial.contact_lag_s, trial.lag_s)
    return None if None in lags else max(lag for lag in lags if lag is not None)


# -- filters


def _finds(trial: Trial, hit: Params, miss: Params) -> bool:
    """Return whether one search finds the opportunity, and the other finds nothing."""
    hits, _ = trial.nexudus.page(PATH, hit)
    misses, _ = trial.nexudus.page(PATH, miss, size=1)
    return any(row["Id"] == trial.opportunity_id for row in hits) and not misses


def person_filter(trial: Trial) -> bool:
    """Return whether opportunities can be searched by their contact."""
    return _finds(trial, trial.of_person, {"CrmOpportunity_Coworker": UNUSED_ID})


def created_filter(trial: Trial) -> bool:
    """Return whether opportunities can be searched by the time of their creation."""
    return _date_filter(trial, "CreatedOn")


def updated_filter(trial: Trial) -> bool:
    """Return whether opportunities can be searched by the time of their last change."""
    return _date_filter(trial, "UpdatedOn")


def _date_filter(trial: Trial, field: str) -> bool:
    name = f"from_CrmOpportunity_{field}"
    yesterday = (trial.clock_at - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    return _finds(trial, {**trial.of_person, name: yesterday}, {**trial.of_person, name: FAR})


def email_case(trial: Trial) -> bool:
    """Return whether a search for an e-mail address ignores case."""
    rows, _ = trial.nexudus.page(coworkers.PATH, {"Coworker_Email": trial.email.upper()})
    return any(row["Id"] == trial.contact_id for row in rows)


# -- history, times, limits, roles


def history(trial: Trial) -> str:
    """Return the field of the history with the time of a move: "ToTime", "CreatedOn", "none"; or "denied"."""
    try:
        rows, _ = trial.nexudus.page(HISTORY_PATH, {"CrmOpportunityHistory_CrmOpportunity": trial.opportunity_id})
    except Refused:
        return "denied"
    mine = [row for row in rows if row.get("CrmOpportunityId") == trial.opportunity_id]
    return next((name for name in ("ToTime", "CreatedOn") if any(instant_of(row, name) for row in mine)), "none")


def history_filter(trial: Trial) -> bool | None:
    """Return whether moves can be searched by their time."""
    if history(trial) in ("denied", "none"):
        return None
    name = "from_CrmOpportunityHistory_CreatedOn"
    of_one: Params = {"CrmOpportunityHistory_CrmOpportunity": trial.opportunity_id}
    yesterday = (trial.clock_at - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    hits, _ = trial.nexudus.page(HISTORY_PATH, {**of_one, name: yesterday})
    misses, _ = trial.nexudus.page(HISTORY_PATH, {**of_one, name: FAR})
    return bool(hits) and not misses


def times(trial: Trial) -> int | None:
    """Return the minutes by which Nexudus's times differ from ours; 0 within five minutes."""
    created_at, updated_at = instant_of(trial.record, "CreatedOn"), instant_of(trial.record, "UpdatedOn")
    if created_at is None or updated_at is None:
        return None
    return _minutes_off(created_at, trial.clock_at)


def _minutes_off(theirs: datetime, ours: datetime) -> int:
    minutes = round((theirs - ours).total_seconds() / 60)
    return 0 if abs(minutes) <= TOLERANCE_MINUTES else minutes


def limits(trial: Trial) -> str:
    """Return the headers that may state limits, as text."""
    headers = trial.nexudus.limit_headers
    return "; ".join(f"{name}: {value}" for name, value in sorted(headers.items())) or "none"


def roles(trial: Trial) -> bool:
    """Return whether Nexudus shows the roles of the login."""
    try:
        return roles_of(trial.nexudus, directory.me(trial.nexudus)) is not None
    except Refused:
        return False


def custom_field_list(trial: Trial) -> bool:
    """Return whether Nexudus lists custom fields."""
    try:
        trial.nexudus.page(custom_fields.PATH, {}, size=1)
    except Unavailable as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True

"""The record of acts: who did what, searched and filtered, newest first; as a CSV."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta, tzinfo
from urllib.parse import urlencode

from flask import Blueprint, request
from werkzeug.wrappers import Response

from service import clock
from service.actors import Scope
from service.admin import AdminDeps
from service.admin.pages import labels
from service.admin.pages.lead_filters import MAX_FILTER_LENGTH
from service.admin.pages.rendering import PREFIX, Renderer, may
from service.admin.permissions import current_actor, requires
from service.i18n import N_, MessageTable, _
from service.lead import Status
from service.operations.acts import (
    RECORD,
    ActChange,
    acts_about,
    acts_csv,
    acts_page,
    changes_of,
    record_export,
    who_did,
)
from service.store import Act, ActQuery, RecordedAct, SubjectKind

PAGE_SIZE = 50

ABOUT_SIZE = 20
"""Acts that the page of a lead, a form or a person shows."""

ACT_NAMES: Mapping[str, str] = MessageTable(
    {
        Act.RETRY: N_("Sent again"),
        Act.RELEASE: N_("Released"),
        Act.DISCARD: N_("Discarded"),
        Act.RESTORE: N_("Restored"),
        Act.UNDO: N_("Undone"),
        Act.CORRECT: N_("Corrected"),
        Act.ANSWER: N_("Marked as answered"),
        Act.ERASE: N_("Erased"),
        Act.REATTRIBUTE: N_("Reattributed"),
        Act.IMPORT: N_("Imported"),
        Act.EXPORT: N_("Exported"),
        Act.PULL: N_("Fetched from the platform"),
        Act.CREATE: N_("Created"),
        Act.CHANGE: N_("Changed"),
        Act.DELETE: N_("Deleted"),
        Act.PUBLISH: N_("Published"),
        Act.REVERT: N_("Reverted"),
        Act.INVITE: N_("Invited"),
        Act.ACCEPT: N_("Invitation accepted"),
        Act.RESET: N_("Password reset"),
        Act.DISABLE: N_("Disabled"),
        Act.ENABLE: N_("Enabled"),
        Act.REVOKE: N_("Revoked"),
        Act.SIGN_IN: N_("Signed in"),
        Act.SIGN_OUT: N_("Signed out"),
        Act.TEST: N_("Tested"),
        Act.ROTATE: N_("Re-encrypted"),
        Act.REPAIR: N_("Recorded as delivered"),
        Act.EXCUSE: N_("Accepted as it is"),
    }
)
"""Act -> its words."""

KIND_NAMES: Mapping[str, str] = MessageTable(
    {
        SubjectKind.LEAD: N_("Lead"),
        SubjectKind.LEADS: N_("Leads"),
        SubjectKind.FORM: N_("Form"),
        SubjectKind.SETUP: N_("Set-up"),
        SubjectKind.PERSON: N_("Person"),
        SubjectKind.KEY: N_("Key"),
        SubjectKind.SESSION: N_("Session"),
        SubjectKind.CONNECTION: N_("Connection"),
        SubjectKind.COSTS: N_("Costs"),
        SubjectKind.DATABASE: N_("Database"),
        SubjectKind.VIEW: N_("Saved view"),
        SubjectKind.ACTS: N_("Record"),
    }
)
"""Kind of subject -> its words."""

FILTER_TITLES: Mapping[str, str] = MessageTable(
    {
        "q": N_("Search"),
        "who": N_("Who"),
        "by": N_("Who"),
        "act": N_("What"),
        "kind": N_("Subject"),
        "lead": N_("Lead"),
        "account": N_("Account"),
        "since": N_("From"),
        "until": N_("To"),
    }
)
"""Filter in the address -> its name on the page."""

NOBODY = "\x1f"
"""A name that no act has."""

MAX_DIGITS = 18

SHOWN_OF_ID = 8
"""Characters of a long id that the page shows, the last ones: they differ the most."""


@dataclass(frozen=True, slots=True)
class RecordFilters:
    """The filters in the address, each "" for all. since, until: ISO days, both included.

    by: the number of an act, for all acts by the same actor; so links put no e-mail address into logs and histories.
    """

    q: str = ""
    who: str = ""
    by: str = ""
    act: str = ""
    kind: str = ""
    lead: str = ""
    account: str = ""
    since: str = ""
    until: str = ""

    @property
    def chosen(self) -> dict[str, str]:
        """The filters that are set."""
        return {each.name: getattr(self, each.name) for each in fields(self) if getattr(self, each.name)}

    def address(self, **more: str) -> str:
        """The query of an address with these filters, changed by `more`."""
        return urlencode({name: value for name, value in {**self.chosen, **more}.items() if value})

    def query(self, zone: tzinfo, who: str, before: int = 0) -> ActQuery:
        """The filters as a query of the store. who: by name, or the actor of the act `by`."""
        return ActQuery(
            since=_midnight(self.since, zone),
            until=_midnight(self.until, zone, days=1),
            who=who,
            lead=self.lead,
            kind=self.kind,
            act=self.act,
            account=self.account,
            text=self.q,
            before=before,
        )


@dataclass(frozen=True, slots=True)
class ShownAct:
    """An act as the page shows it. title: of its subject; address: of the subject's page, "" for none."""

    act: RecordedAct
    done: str
    kind: str
    title: str
    address: str
    changes: Sequence[ActChange]


def add(routes: Blueprint, deps: AdminDeps, renderer: Renderer) -> None:
    """/admin/record and /admin/record/export."""

    @routes.get("/record")
    @requires(Scope.PEOPLE)
    def record() -> Response:
        filters, before = _read_filters(), request.args.get("before", "")
        who = _who(deps, filters)
        query = filters.query(deps.zone, who, _number(before))
        page = acts_page(deps.store, current_actor(), query, PAGE_SIZE)
        return renderer.page(
            "record.html",
            here="record",
            filters=filters,
            set_filters=[
                (name, FILTER_TITLES[name], _in_words(name, value, who)) for name, value in filters.chosen.items()
            ],
            acts=list(_shown(page.acts)),
            page=page,
            names=sorted(ACT_NAMES.items(), key=lambda pair: pair[1].casefold()),
            kinds=sorted(KIND_NAMES.items(), key=lambda pair: pair[1].casefold()),
            is_first=not before,
        )

    @routes.get("/record/export")
    @requires(Scope.PEOPLE)
    def export_record() -> Response:
        """All acts that match the filters, written while they are read."""
        actor, now, filters = current_actor(), clock.now(), _read_filters()
        query = filters.query(deps.zone, _who(deps, filters))
        plain = {name: value for name, value in filters.chosen.items() if name != "q"}
        record_export(deps.store, actor, RECORD, now, filters.account, format="csv", filters=plain)
        parts = (part.encode("utf-8", "replace") for part in acts_csv(deps.store.as_now(), actor, query))
        name = f"record-{now.astimezone(deps.zone):%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return Response(parts, mimetype="text/csv", headers=headers)


def acts_about_subject(deps: AdminDeps, *queries: ActQuery, form: str = "") -> list[ShownAct]:
    """The newest acts about one lead, form or person, for its page; none for readers without access to the record."""
    if not may(Scope.PEOPLE):
        return []
    return list(_shown(acts_about(deps.store, current_actor(), queries, ABOUT_SIZE, form)))


def _read_filters() -> RecordFilters:
    """The filters of the address; invalid days are ignored."""
    values = {
        each.name: request.args.get(each.name, "").strip()[:MAX_FILTER_LENGTH].replace("\0", "")
        for each in fields(RecordFilters)
    }
    for name in ("since", "until"):
        values[name] = values[name] if _day(values[name]) else ""
    return RecordFilters(**values)


def _number(text: str) -> int:
    """A number of an address; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS else 0


def _who(deps: AdminDeps, filters: RecordFilters) -> str:
    """The actor whose acts are requested; nobody for an act that does not exist for this reader."""
    if filters.who or not filters.by:
        return filters.who
    return who_did(deps.store, current_actor(), _number(filters.by)) or NOBODY


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-11-24") else None
    except ValueError:
        return None


def _midnight(text: str, zone: tzinfo, days: int = 0) -> datetime | None:
    day = _day(text)
    if day is None:
        return None
    try:
        return datetime.combine(day + timedelta(days=days), time(), zone)
    except OverflowError:
        return None


def _in_words(name: str, value: str, who: str) -> str:
    if name == "by":
        return "?" if who == NOBODY else who
    if name == "act":
        return ACT_NAMES.get(value, value)
    return KIND_NAMES.get(value, value) if name == "kind" else value


# -- one act


def _shown(acts: Iterable[RecordedAct]) -> Iterator[ShownAct]:
    for act in acts:
        kind = act.subject.kind
        yield ShownAct(
            act,
            ACT_NAMES.get(act.act, act.act),
            KIND_NAMES.get(kind, kind.value),
            _title(act),
            _address(act),
            [_in_labels(change) for change in changes_of(act)],
        )


def _title(act: RecordedAct) -> str:
    """The subject's title: its name or address, if the act has one, else its id."""
    members = {**act.before, **act.after}
    if act.subject.kind in (SubjectKind.PERSON, SubjectKind.KEY, SubjectKind.VIEW):
        named = members.get("name") or members.get("email")
        if isinstance(named, str):
            return named
    is_long = len(act.subject.id) > 2 * SHOWN_OF_ID and act.subject.id.isalnum()
    return f"…{act.subject.id[-SHOWN_OF_ID:]}" if is_long else act.subject.id


def _address(act: RecordedAct) -> str:
    if act.subject.kind is SubjectKind.LEAD:
        return f"{PREFIX}/leads/{act.subject.id}"
    return f"{PREFIX}/setup/{act.subject.id}" if act.subject.kind is SubjectKind.FORM and act.subject.id else ""


def _in_labels(change: ActChange) -> ActChange:
    """The change with the statuses of leads as the other pages name them."""
    if change.name != "status":
        return change
    names = {status.value: labels.STATUSES[status].name for status in Status}
    return ActChange(_("Status"), names.get(change.before, change.before), names.get(change.after, change.after))

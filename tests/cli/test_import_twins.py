"""Files of ad platforms without lead ids: no lead that a webhook brought is imported again."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service import clock
from service.capture.accept import accept, announce_all
from service.capture.fields.enquiries import LeadNotice
from service.capture.fields.submissions import submit_notice
from service.lead import Contact, Evidence, Submission
from service.platforms.registry import PLATFORMS
from service.store import Store
from tests.builders import a_form, a_submission
from tests.cli.conftest import Terminal
from tests.cli.test_import import META, all_of, outcome, write

THEN = datetime(2026, 11, 22, 10, 6, 7, tzinfo=UTC)
"""When the lead of the sample was submitted."""


def without(*columns: str, rows: Sequence[Sequence[str]] = META) -> list[list[str]]:
    """Meta's export with some columns removed."""
    kept = [place for place, name in enumerate(rows[0]) if name not in columns]
    return [[row[place] for place in kept] for row in rows]


def with_cell(column: str, cell: str) -> list[list[str]]:
    """Meta's export without ids, one cell of its row changed."""
    changed = [[cell if META[0][place] == column else old for place, old in enumerate(row)] for row in META[1:]]
    return without("id", rows=[META[0], *changed])


def brought(store: Store, at: datetime | None = THEN, **changes: Any) -> Submission:
    """The sample's person, as Meta's webhook has brought them."""
    whole = a_submission(
        "mireille@example.be",
        sender="meta",
        contact=Contact("mireille@example.be", "Mireille Claes", phone="+3221234567"),
        evidence=Evidence(submitted_at=at.timestamp() if at else None),
        external_id="1289044735572222",
    )
    submission = replace(whole, **changes)
    accept(submission, replace(a_form(), name=submission.form), store, THEN + timedelta(seconds=40))
    return submission


# -- what is asked


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(without("id"), id="without the ids"),
        pytest.param(without("adset_id", "is_organic", "platform"), id="without what tells whose it is"),
        pytest.param(without("id", "created_time", "adset_id", "adset_name", "is_organic"), id="without both"),
        pytest.param(without(*META[0][:13], "platform"), id="but for the prefix of a phone"),
        pytest.param([["", *META[0][1:]], ["1", *META[1][1:]], ["2", *META[1][1:]]], id="with numbers of rows"),
        pytest.param([META[0], ["1", *META[1][1:]], ["2", *META[1][1:]]], id="with numbers of rows as ids"),
        pytest.param([["campaign_name", "email"], ["W", "m@example.be"]], id="but for a name as it writes it"),
        pytest.param([["created_time", "full_name"], ["1795341967", "M"]], id="but for its time and a person"),
        pytest.param([["Campaign name", "Form name", "Email"], ["W", "F", "m@example.be"]], id="but for its campaign"),
        pytest.param([["Ad group", "Email"], ["G", "m@example.be"]], id="but for an ad group"),
        pytest.param(
            [["created_time", "Email", "form_id"], ["1795341967", "m@example.be", "7"]], id="but for its time"
        ),
        pytest.param([["Email", "Lead Type", "Form Name"], ["m@example.be", "SPONSORED", "F"]], id="LinkedIn's"),
        pytest.param([["GCLID", "Campaign ID", "User Email"], ["x", "1", "m@example.be"]], id="Google's"),
        pytest.param([["adgroup_name", "advertiser_id", "Email"], ["G", "7", "m@example.be"]], id="TikTok's"),
    ],
)
def test_a_platforms_file_without_its_telling_columns_is_not_taken_unasked(
    run: Terminal, sqlite: Store, rows: list[list[str]]
) -> None:
    dry = run("import", write(rows), "--form", "contact", "--dry-run")
    real = run("import", "leads.csv", "--form", "contact")

    assert dry.code == 0
    assert "lacks" in dry.out
    assert "--sender" in dry.out
    assert (real.code, real.out, len(real.err.splitlines())) == (1, "", 1)
    assert "--sender" in real.err
    assert all_of(sqlite) == []


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(META, id="Meta's own"),
        pytest.param([["Name", "Email"], ["Ann", "a@example.com"]], id="anybody's"),
        pytest.param([["id", "Email"], ["1", "a@example.com"], ["2", "b@example.com"]], id="a tool's"),
        pytest.param(
            [["Email", "Form name", "gclid", "utm_campaign", "Campaign name"], ["a@example.com", "F", "x", "y", "z"]],
            id="a website's",
        ),
        pytest.param(
            [["Created Time", "Email", "Lead Status"], ["2026-11-01", "a@example.com", "Contacted"]], id="a CRM's"
        ),
        pytest.param([["Campaign ID", "Campaign Name", "Email"], ["7", "Fair", "a@example.com"]], id="another CRM's"),
        pytest.param([["Email", "Platform"], ["a@example.com", "Windows"]], id="a question's"),
        pytest.param(without("adset_id", "adset_name", "created_time", "is_organic"), id="one that names its platform"),
    ],
)
def test_other_files_are_taken_as_they_are(run: Terminal, sqlite: Store, rows: list[list[str]]) -> None:
    assert run("import", write(rows), "--form", "contact").code == 0
    assert len(all_of(sqlite)) == len(rows) - 1


def test_an_operator_may_say_that_it_is_no_platforms(run: Terminal, sqlite: Store) -> None:
    brought(sqlite)

    assert outcome(run, write(without("id")), "--sender", "none") == {"new": 1}


def test_every_platform_and_none_can_be_said(run: Terminal) -> None:
    result = " ".join(run("import", "--help").out.split())

    assert f"--sender {{{','.join(PLATFORMS)},none}}" in result


def test_programs_are_told_what_is_lacking(run: Terminal, sqlite: Store) -> None:
    payload = json.loads(run("import", write(without("id")), "--form", "contact", "--dry-run", "--json").out)

    assert (payload["export_of"], payload["ids"]) == ("meta", "none")
    assert "lacks the leads' ids" in payload["lacks"]


# -- who is here already


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["real", "dry"])
def test_a_person_whom_the_webhook_brought_does_not_come_twice(
    run: Terminal, sqlite: Store, more: tuple[str, ...]
) -> None:
    brought(sqlite)
    rows = [*without("id"), ["2026-11-23T10:00:00+00:00", *without("id")[1][1:-3], "new@example.be", "New", ""]]

    assert outcome(run, write(rows), "--sender", "meta", *more) == {"new": 1, "known": 1}


@pytest.mark.parametrize(
    "time",
    [
        pytest.param("2026-11-22T05:06:07-05:00", id="as Meta writes it"),
        pytest.param("2026-11-22 10:06+00:00", id="without seconds"),
        pytest.param("1795341967", id="unix seconds"),
        pytest.param("2026-11-22 05:06:07", id="without the zone"),
        pytest.param("22/11/2026 05:06", id="day before month"),
        pytest.param("11/22/2026 5:06 AM", id="month before day"),
        pytest.param("22.11.26", id="the day alone"),
        pytest.param("last Sunday", id="no time at all"),
        pytest.param("", id="none"),
    ],
)
def test_the_time_is_compared_as_well_as_it_is_known(run: Terminal, sqlite: Store, time: str) -> None:
    brought(sqlite)

    assert outcome(run, write(with_cell("created_time", time)), "--sender", "meta") == {"known": 1}


@pytest.mark.parametrize(
    "time",
    ["2026-11-22T05:10:07-05:00", "2026-11-19T05:06:07-05:00", "2026-11-24 05:06:07", "24/11/2026", "1795641967"],
)
def test_the_same_person_at_another_time_is_another_lead(run: Terminal, sqlite: Store, time: str) -> None:
    brought(sqlite)

    assert outcome(run, write(with_cell("created_time", time)), "--sender", "meta") == {"new": 1}


@pytest.mark.parametrize(
    ("change", "row", "fate"),
    [
        pytest.param({}, {"email": "MIREILLE@Example.BE"}, "known", id="an address in capitals"),
        pytest.param({"contact": Contact(phone="+3221234567")}, {}, "known", id="the lead has a phone alone"),
        pytest.param({}, {"email": ""}, "known", id="the row has a phone alone"),
        pytest.param({}, {"email": "other@example.be"}, "new", id="one phone, two addresses"),
        pytest.param({"external_id": ""}, {}, "known", id="a lead without an id"),
        pytest.param({"sender": "json", "id_of": "meta"}, {}, "known", id="a lead that an automation relayed"),
        pytest.param({"sender": "json"}, {}, "new", id="a lead of no platform"),
        pytest.param({"sender": "tiktok"}, {}, "new", id="a lead of another platform"),
        pytest.param({"form": "tour"}, {}, "known", id="another form, the same time"),
        pytest.param({"form": "tour"}, {"created_time": ""}, "new", id="another form, no time"),
        pytest.param({"form_name": "Summer"}, {"created_time": ""}, "new", id="another of Meta's forms, no time"),
        pytest.param({"form_name": "Winter form"}, {"created_time": ""}, "known", id="the same form, no time"),
    ],
)
def test_a_lead_is_known_by_its_person_its_platform_and_its_form(
    run: Terminal, sqlite: Store, change: dict[str, Any], row: dict[str, str], fate: str
) -> None:
    brought(sqlite, **change)
    cells = [row.get(name, cell) for name, cell in zip(META[0], META[1], strict=True)]

    result = outcome(run, write(without("id", rows=[META[0], cells])), "--sender", "meta")

    assert sum(result.values()) == 1
    assert ("known" in result) == (fate == "known")


def test_a_lead_whose_time_was_not_said_came_shortly_before_it_arrived(run: Terminal, sqlite: Store) -> None:
    brought(sqlite, at=None)

    assert outcome(run, write(without("id")), "--sender", "meta") == {"known": 1}
    assert outcome(run, write(with_cell("created_time", "2026-11-12T10:00:00+00:00")), "--sender", "meta") == {"new": 1}


def test_each_lead_stands_for_one_row(run: Terminal, sqlite: Store) -> None:
    brought(sqlite)
    one, other = with_cell("created_time", "")[1], with_cell("how_many_desks?", "11-20")[1]
    rows = [META[0][1:], one, ["", *other[1:]], one]

    assert outcome(run, write(rows), "--sender", "meta") == {"new": 1, "known": 2}


def test_a_second_import_of_such_a_file_adds_nothing(run: Terminal, sqlite: Store) -> None:
    brought(sqlite)
    rows = [*without("id"), ["", *with_cell("email", "new@example.be")[1][1:]]]
    outcome(run, write(rows), "--sender", "meta")

    assert outcome(run, "leads.csv", "--sender", "meta") == {"known": 2}


def test_the_whole_export_adds_nothing_to_what_came_without_ids(run: Terminal, sqlite: Store) -> None:
    outcome(run, write(without("id")), "--sender", "meta")

    assert outcome(run, write(META)) == {"known": 1}


def test_rows_with_ids_are_told_apart_by_them(run: Terminal, sqlite: Store) -> None:
    brought(sqlite, external_id="1289044735579999")

    assert outcome(run, write(META)) == {"new": 1}


def test_where_a_spreadsheet_has_rounded_the_ids_people_count(run: Terminal, sqlite: Store) -> None:
    brought(sqlite)

    assert outcome(run, write([META[0], ["1.28904E+15", *META[1][1:]]])) == {"known": 1}


def test_a_row_that_is_known_so_is_told_with_its_lead(run: Terminal, sqlite: Store) -> None:
    brought(sqlite)
    (lead,) = all_of(sqlite)

    result = run("import", write(without("id")), "--form", "contact", "--sender", "meta").out

    assert f"line 2: known already: by person and time, as lead {lead.id}" in result


def test_leads_that_are_still_to_be_read_are_told_of(run: Terminal, sqlite: Store) -> None:
    notice = submit_notice(LeadNotice("1289044735572222"), a_form(), "meta", {})
    announce_all([(notice, "")], a_form(), sqlite, clock.now())

    result = run("import", write(without("id")), "--form", "contact", "--dry-run").out

    assert "Leads announced by Meta but not fetched yet: 1." in " ".join(result.split())

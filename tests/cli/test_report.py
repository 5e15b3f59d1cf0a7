"""`lead-capture report attribution`: figures for marketing."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from service.attribution import attribute
from service.cli.report import print_report
from service.forms import AttributionConfig
from service.lead import Status
from service.store import AnswerClock, Store
from tests.admin.stored_leads import keep
from tests.attribution.visits import a_visit
from tests.builders import a_lead, a_submission
from tests.cli.conftest import Terminal

PERIOD = ("--since", "2026-11-24", "--until", "2026-11-25")


def came(sqlite: Store, query: str = "", times: int = 1, form: str = "contact", **changes: Any) -> None:
    """Keep leads that landed with this query."""
    verdict = attribute(a_visit(query), AttributionConfig())
    for _ in range(times):
        keep(sqlite, a_lead(attribution=verdict, submission=a_submission(form=form), **changes))


@pytest.fixture
def busy(sqlite: Store) -> Store:
    """A store after a day of everything."""
    came(sqlite, "utm_source=google&utm_medium=cpc&utm_campaign=Spring", 3)
    came(sqlite, "utm_source=google&utm_medium=cpc&utm_campaign=spring", 2)
    came(sqlite, "utm_source=facebook&utm_medium=paid&utm_campaign=leeds+north")
    came(sqlite, "utm_source=facebook&utm_medium=paid&utm_campaign=leeds_north&utm_content={{ad.name}}")
    came(sqlite, "utm_source=q3-fair", 2)
    came(sqlite)
    came(sqlite, status=Status.QUARANTINED)
    return sqlite


def test_the_report_is_tables_and_sentences(run: Terminal, busy: Store) -> None:
    result = run("report", "attribution", *PERIOD)

    assert result.code == 0
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert lines[:2] == [
        "10 leads from 2026-11-24T00:00 to 2026-11-25T00:00 UTC",
        "0 of them delivered; left out: 1 quarantined",
    ]
    for line in (
        "Paid Search 5 50.0% 0",
        "19 GoogleSearch 5 50.0% 0",
        "google / cpc 5 50.0% 0",
        "Spring 3 30.0% 0",
        "tags that no rule knows 2 20.0%",
        "no trace of where they came from 1 10.0%",
        'source_map = { "q3-fair" = 99 } contact 2',
        "macro not filled in contact leeds_north 1",
        "utm_campaign Spring (3), spring (2)",
        "utm_campaign leeds north (1), leeds_north (1)",
    ):
        assert line in lines


def test_json_is_the_answer_of_the_api(run: Terminal, busy: Store) -> None:
    payload = json.loads(run("report", "attribution", *PERIOD, "--json").out)

    assert (payload["leads"], payload["left_out"], payload["form"]) == (10, {"quarantined": 1}, None)
    assert payload["channels"][0] == {"channel": "Paid Search", "leads": 5, "share": 0.5, "delivered": 0}


def test_a_period_without_leads_is_two_lines(run: Terminal, busy: Store) -> None:
    result = run("report", "attribution", "--since", "2026-11-20", "--until", "2026-11-21", "--form", "contact")

    assert result.out == "0 leads from 2026-11-20T00:00 to 2026-11-21T00:00 UTC, form contact\n0 of them delivered\n"


def test_an_unknown_form_is_answered_with_the_known_ones(run: Terminal, busy: Store) -> None:
    result = run("report", "attribution", *PERIOD, "--form", "contcat")

    assert (result.code, result.err) == (1, "lead-capture: there is no form 'contcat'; the set-up has contact\n")


def test_a_form_that_is_gone_is_reported_as_long_as_it_has_leads(run: Terminal, sqlite: Store) -> None:
    came(sqlite, form="summer-fair")

    assert run("report", "attribution", *PERIOD, "--form", "summer-fair").out.startswith("1 leads from")


def test_an_empty_period_is_told(run: Terminal, sqlite: Store) -> None:
    result = run("report", "attribution", "--since", "2026-11-25", "--until", "2026-11-24")

    assert (result.code, result.err) == (1, "lead-capture: the period is empty: --since must lie before --until\n")


@pytest.mark.parametrize("width", [60, 80, 200])
def test_every_line_fits_the_terminal(run: Terminal, busy: Store, width: int) -> None:
    came(busy, f"utm_source={'s' * 250}&utm_medium={'m' * 250}&utm_campaign={'会' * 250}")
    payload = json.loads(run("report", "attribution", *PERIOD, "--json").out)
    screen = StringIO()

    print_report(payload, Console(file=screen, width=width, force_terminal=True, color_system=None))

    assert all(cell_len(line) <= width for line in screen.getvalue().splitlines())


def test_long_lists_end_in_how_many_more_there_are(run: Terminal, sqlite: Store) -> None:
    for number in range(20):
        came(sqlite, f"utm_source=google&utm_campaign=c{number}")

    result = run("report", "attribution", *PERIOD)

    assert "  and 5 more: see --json" in result.out


def test_the_report_of_answers_is_a_table(run: Terminal, sqlite: Store) -> None:
    lead = a_lead()
    keep(sqlite, lead)
    soon = lead.received_at + timedelta(minutes=90)
    clock = AnswerClock(lead.id, "default", "contact", lead.received_at, soon, answered_at=soon, working_s=1800)
    sqlite.write(lambda tx: tx.answers.add([clock]))

    result = run("report", "answers", *PERIOD)
    as_json = run("report", "answers", "--by", "owner", "--json", *PERIOD)

    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert "contact 1 1 100.0% 1 h 30 min 30 min" in lines
    assert "Total 1 1 100.0% 1 h 30 min 30 min" in lines
    assert json.loads(as_json.out)["rows"][0]["key"] == ""

"""`lead-capture conversions`."""

import json
from pathlib import Path

import pytest

from service import clock
from service.lead import Attribution, Lead
from service.store import ActQuery, Store
from tests.builders import a_lead, a_submission
from tests.cli.conftest import Terminal
from tests.store.sales import a_change, a_sale, delivered

HEADER = "Google Click ID,Conversion Name,Conversion Time,Conversion Value,Conversion Currency"


@pytest.fixture
def forms(folder: Path) -> None:
    """A forms file that says what counts."""
    (folder / "forms.toml").write_text('[forms.contact]\nconversions = { won = "Lead won", Toured = "Tour" }\n')


def won(store: Store, lead: Lead | None = None) -> Lead:
    """A lead that came by a Google ad, toured, and was won."""
    now = clock.now()
    made = lead or a_lead(attribution=Attribution(click_ids={"gclid": "Cj0-x"}), received_at=now)
    delivered(store, made)
    changes = [a_change(made, "stage", "Toured", at=now), a_change(made, name="won", at=now)]
    store.write(lambda tx: tx.crm.save_sales([a_sale(made)], changes))
    return made


@pytest.mark.usefixtures("forms")
def test_the_file_for_google_is_written_and_told_of(run: Terminal, sqlite: Store, folder: Path) -> None:
    won(sqlite)

    result = run("conversions", "google", "--out", "out.csv")

    header, *rows = (folder / "out.csv").read_text().splitlines()
    assert (result.code, header) == (0, HEADER)
    assert sorted(row.split(",")[1] for row in rows) == ["Lead won", "Tour"]
    assert result.err == "Google Ads: 2 conversions in out.csv\n"
    assert sorted(path.name for path in folder.glob("out*")) == ["out.csv"]
    with sqlite.read() as tx:
        (act,) = tx.acts.page(ActQuery(), 2).acts
    assert (act.act, act.after) == ("export", {"to": "Google Ads", "conversions": 2, "hashed": False})


@pytest.mark.usefixtures("forms")
def test_each_conversion_is_told_once_unless_asked_for(run: Terminal, sqlite: Store) -> None:
    won(sqlite)
    run("conversions", "google")

    second, third = run("conversions", "google"), run("conversions", "google", "--again")

    assert second.out == HEADER + "\r\n"
    assert "left out: 2 reported before" in second.err
    assert third.out.count("Cj0-x") == 2


@pytest.mark.usefixtures("forms")
def test_a_file_that_cannot_be_written_reports_no_conversions(run: Terminal, sqlite: Store) -> None:
    won(sqlite)

    result = run("conversions", "google", "--out", "no-such-folder/out.csv")

    assert result.code == 1
    assert "nothing was reported" in result.err
    assert run("conversions", "google").out.count("Cj0-x") == 2


@pytest.mark.usefixtures("forms")
def test_events_for_meta_are_lines_of_json(run: Terminal, sqlite: Store) -> None:
    won(sqlite, a_lead(submission=a_submission(sender="meta", external_id="1234567890123456"), received_at=clock.now()))

    result = run("conversions", "meta")

    events = [json.loads(line) for line in result.out.splitlines()]
    assert sorted(event["event_name"] for event in events) == ["Lead won", "Tour"]
    assert {event["user_data"]["lead_id"] for event in events} == {1234567890123456}
    assert "example.com" not in result.out


@pytest.mark.usefixtures("forms")
def test_what_is_left_out_is_told(run: Terminal, sqlite: Store) -> None:
    won(sqlite, a_lead(received_at=clock.now()))

    result = run("conversions", "google")

    assert result.code == 0
    assert result.err.splitlines() == [
        "Google Ads: 0 conversions",
        "  left out: 2 without an id of Google Ads: they came from elsewhere",
    ]


@pytest.mark.usefixtures("forms")
def test_programs_are_told_the_numbers_as_json(run: Terminal, sqlite: Store) -> None:
    won(sqlite)

    payload = json.loads(run("conversions", "google", "--out", "out.csv", "--json").out)
    again = json.loads(run("conversions", "google", "--json").err)

    assert (payload["conversions"], payload["file"]) == (2, "out.csv")
    assert (again["conversions"], again["file"], again["left_out"]["reported"]) == (0, None, 2)


@pytest.mark.usefixtures("forms")
def test_form_and_time_choose(run: Terminal, sqlite: Store) -> None:
    won(sqlite)

    late = run("conversions", "google", "--since", f"{clock.now().year + 1}-01-01")
    other = run("conversions", "google", "--form", "tour")

    assert late.out == HEADER + "\r\n"
    assert (other.code, "no form 'tour'" in other.err) == (1, True)


def test_where_nothing_counts_it_says_what_to_write(run: Terminal, sqlite: Store) -> None:
    result = run("conversions", "google")

    assert result.code == 1
    assert 'conversions = { won = "Lead won" }' in result.err

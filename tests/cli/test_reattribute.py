"""`lead-capture reattribute`: attribution computed again after the rules or the forms file changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.actors import administrator
from service.cli import reattribute
from service.lead import Attribution, Evidence, Lead, Status
from service.store import Store
from tests.admin.stored_leads import keep, keep_as, keep_delivered
from tests.builders import NOON, a_lead, a_publisher, a_submission
from tests.cli.conftest import Terminal

FORMS = "[forms.contact]\n[forms.tour]\nlead_source = 2\n"
OLD = Attribution(utm_source="google", channel="Direct", lead_source=1, rule="touch:current", reason="of old")


@pytest.fixture
def forms(folder: Path) -> Path:
    """A forms file that knows `contact` and `tour`."""
    file = folder / "forms.toml"
    file.write_text(FORMS)
    return file


def old(sqlite: Store, form: str = "contact", **changes: Any) -> Lead:
    """A lead from google that older rules took for a direct one."""
    return keep(sqlite, a_lead(attribution=OLD, submission=a_submission(form=form), **changes))


def verdict(sqlite: Store, lead: Lead) -> Attribution:
    """What is stored of it."""
    with sqlite.read() as tx:
        stored = tx.leads.get(lead.id)
    assert stored is not None
    return stored.attribution


def summary(message: str) -> dict[str, int]:
    """The last line of --json."""
    payload: dict[str, int] = json.loads(message.splitlines()[-1])["summary"]
    return {fate: number for fate, number in payload.items() if number}


def test_a_waiting_lead_is_credited_by_todays_rules(run: Terminal, sqlite: Store, forms: Path) -> None:
    lead = old(sqlite)

    result = run("reattribute")

    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines() == [
        f'{lead.id}  pending      changed: channel Direct -> Paid Search, lead_source 1 -> 19, utm_medium "" -> cpc',
        "1 lead checked",
        "      1 changed",
    ]
    assert (verdict(sqlite, lead).channel, verdict(sqlite, lead).rule[:8]) == ("Paid Search", "rules:3 ")


def test_a_second_time_there_is_nothing_to_do(run: Terminal, sqlite: Store, forms: Path) -> None:
    old(sqlite)
    run("reattribute")

    assert run("reattribute").out == "1 lead checked\n      1 unchanged\n"


def test_a_dry_run_only_tells(run: Terminal, sqlite: Store, forms: Path) -> None:
    lead = old(sqlite)

    result = run("reattribute", "--dry-run")

    assert "would change: channel Direct -> Paid Search" in result.out
    assert verdict(sqlite, lead) == OLD


def test_a_delivered_lead_keeps_what_was_sent_and_the_difference_is_told(
    run: Terminal, sqlite: Store, forms: Path
) -> None:
    lead = old(sqlite, status=Status.DELIVERED, delivered_at=NOON)

    result = run("reattribute")

    assert result.code == 0
    assert result.out.startswith(
        f"{lead.id}  delivered    left as sent: channel Direct -> Paid Search, lead_source 1 -> 19"
    )
    assert verdict(sqlite, lead) == OLD


def test_a_delivered_lead_that_would_only_be_told_otherwise_is_no_difference(
    run: Terminal, sqlite: Store, forms: Path
) -> None:
    keep_delivered(sqlite)

    assert run("reattribute").out == "1 lead checked\n      1 unchanged\n"


def test_other_words_are_stored_and_counted_but_not_listed(run: Terminal, sqlite: Store, forms: Path) -> None:
    lead = keep(sqlite, a_lead())

    result = run("reattribute")

    assert result.out == "1 lead checked\n      1 only the reason is worded differently\n"
    assert verdict(sqlite, lead).reason.startswith("utm_source google and utm_medium cpc in the form's fields")


def test_a_lead_that_is_being_delivered_is_left_and_told(run: Terminal, sqlite: Store, forms: Path) -> None:
    lead = old(sqlite)
    sqlite.write(lambda tx: tx.queue.claim("worker", NOON, 90, 1))

    result = run("reattribute")

    assert result.code == 0
    assert f"{lead.id}  pending      busy: channel" in result.out
    assert "1 being delivered right now, so left alone: run it again" in result.out
    assert verdict(sqlite, lead) == OLD


@pytest.mark.parametrize("status", [Status.ERASED, Status.ANNOUNCED])
def test_what_has_no_evidence_is_left_alone(run: Terminal, sqlite: Store, forms: Path, status: Status) -> None:
    lead = keep(sqlite, a_lead(status=status, attribution=OLD, submission=a_submission(evidence=Evidence())))

    result = run("reattribute")

    assert result.out == "1 lead checked\n      1 erased or not fetched yet, left alone\n"
    assert verdict(sqlite, lead) == OLD


@pytest.mark.parametrize("status", [Status.PARKED, Status.QUARANTINED, Status.TEST, Status.DISCARDED])
def test_what_was_not_sent_may_change(run: Terminal, sqlite: Store, forms: Path, status: Status) -> None:
    lead = keep_as(sqlite, status)

    run("reattribute")

    assert verdict(sqlite, lead) != lead.attribution


def test_leads_of_a_form_that_is_gone_are_told_and_left(run: Terminal, sqlite: Store, forms: Path) -> None:
    lead = old(sqlite, "summer-fair")

    result = run("reattribute")

    assert result.code == 0
    assert "1 of the form 'summer-fair', which is no longer in the set-up: left alone" in result.out
    assert verdict(sqlite, lead) == OLD


def test_the_forms_file_of_today_counts(run: Terminal, sqlite: Store, forms: Path) -> None:
    lead = old(sqlite, "tour")

    run("reattribute")

    assert verdict(sqlite, lead).lead_source == 2


def test_the_route_of_the_leads_answers_counts(run: Terminal, sqlite: Store, forms: Path) -> None:
    forms.write_text('[forms.contact]\n[[forms.contact.routes]]\nwhen = {how_heard = "A friend"}\nlead_source = 8\n')
    lead = old(sqlite)

    run("reattribute")

    assert verdict(sqlite, lead).lead_source == 8


@pytest.mark.parametrize(
    ("words", "number"), [("--since 2026-11-24", 2), ("--since 2026-11-24T12:00:01", 1), ("--form tour", 1)]
)
def test_filters_choose(run: Terminal, sqlite: Store, forms: Path, words: str, number: int) -> None:
    old(sqlite)
    old(sqlite, "tour", received_at=NOON.replace(hour=13))

    assert summary(run("reattribute", "--json", *words.split()).out) == {"changed": number}


def test_json_is_a_line_for_each_difference_and_the_summary(run: Terminal, sqlite: Store, forms: Path) -> None:
    lead = old(sqlite)

    difference, last = map(json.loads, run("reattribute", "--json").out.splitlines())

    assert difference == {
        "id": lead.id,
        "form": "contact",
        "status": "pending",
        "fate": "changed",
        "was": {"channel": "Direct", "lead_source": 1, "utm_medium": ""},
        "now": {"channel": "Paid Search", "lead_source": 19, "utm_medium": "cpc"},
    }
    assert last["forms_gone"] == {}


def test_more_leads_than_a_page_are_all_looked_at(run: Terminal, sqlite: Store, forms: Path) -> None:
    for _ in range(reattribute.PAGE_SIZE + 1):
        old(sqlite)

    assert summary(run("reattribute", "--json").out) == {"changed": reattribute.PAGE_SIZE + 1}


def test_a_database_that_goes_away_meanwhile_is_told_in_one_line(run: Terminal, sqlite: Store, forms: Path) -> None:
    sqlite.write(lambda tx: tx.leads._connection.exec_driver_sql("ALTER TABLE leads RENAME TO gone"))

    result = run("reattribute")

    assert (result.code, result.out) == (1, "")
    assert "the database does not answer (no such table: leads)" in result.err


def test_what_is_recomputed_goes_by_the_set_up_of_today_from_now_on(run: Terminal, sqlite: Store, folder: Path) -> None:
    publisher = a_publisher(sqlite)
    for over, document in enumerate(("[forms.contact]\n", FORMS)):
        publisher.publish(document, "", administrator(), over, NOON)
    lead, same = old(sqlite, "tour", setup_version=1), keep(sqlite, a_lead("bob@x.example"))

    run("reattribute")

    with sqlite.read() as tx:
        versions = [(tx.leads.get(each.id) or each).setup_version for each in (lead, same)]
    assert (verdict(sqlite, lead).lead_source, versions) == (2, [2, None])

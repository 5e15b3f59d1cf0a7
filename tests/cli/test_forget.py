"""`lead-capture forget`: a person is erased, and the remaining steps are listed."""

import json
from datetime import timedelta

import pytest

from service import clock
from service.lead import Lead, Status
from service.store import Store
from tests.admin.stored_leads import keep, keep_delivered
from tests.builders import a_lead, a_submission
from tests.cli.conftest import Terminal
from tests.store.actions import claim, stored_lead


def a_lead_of(email: str) -> Lead:
    """A lead of one person."""
    return a_lead(submission=a_submission(email))


def test_all_leads_of_the_person_are_erased_and_no_others(run: Terminal, sqlite: Store) -> None:
    hers = [keep(sqlite, a_lead()), keep(sqlite, a_lead())]
    other = keep(sqlite, a_lead_of("bob@example.com"))

    result = run("forget", "ADA@Example.com")

    assert result.code == 0
    assert result.out.splitlines()[0] == "2 leads erased"
    assert all(lead.id in result.out for lead in hers)
    assert [stored_lead(sqlite, lead).status for lead in (*hers, other)] == [
        Status.ERASED,
        Status.ERASED,
        Status.PENDING,
    ]


def test_nothing_of_the_person_can_be_read_any_more(run: Terminal, sqlite: Store) -> None:
    lead = a_lead()
    keep(sqlite, lead)

    run("forget", "ada@example.com")

    everything = run("leads", "export", "--format", "jsonl").out.replace(lead.id, "")  # whose digits may be "ada"
    assert not any(word in everything.lower() for word in ("ada", "lovelace", "442079460142", "two desks"))


def test_what_nexudus_has_is_told(run: Terminal, sqlite: Store) -> None:
    keep_delivered(sqlite)

    result = run("forget", "ada@example.com").out.splitlines()

    assert result[-3:] == [
        "Nexudus is not touched: delete these records there by hand",
        "    contact 7",
        "    opportunity 9",
    ]


def test_a_stranger_is_no_failure(run: Terminal, sqlite: Store) -> None:
    result = run("forget", "nobody@example.com")

    assert (result.code, result.out) == (0, "there are no leads of this person\n")


def test_what_is_being_sent_is_told_and_is_a_failure(run: Terminal, sqlite: Store) -> None:
    lead = keep(sqlite, a_lead())
    claim(sqlite, now=clock.now() + timedelta(seconds=1))

    result = run("forget", "ada@example.com")

    assert result.code == 1
    assert f"{lead.id}: not erased, it is being sent at this moment" in result.out


def test_a_dry_run_erases_nothing(run: Terminal, sqlite: Store) -> None:
    lead = keep_delivered(sqlite)

    result = run("forget", "ada@example.com", "--dry-run")

    assert result.out.startswith("1 lead would be erased\n")
    assert stored_lead(sqlite, lead).status is Status.DELIVERED


def test_the_outcome_as_json(run: Terminal, sqlite: Store) -> None:
    lead = keep_delivered(sqlite)

    payload = json.loads(run("forget", "ada@example.com", "--json").out)

    assert [each["id"] for each in payload["erased"]] == [lead.id]
    assert (payload["opportunities"], payload["coworkers"], payload["busy"]) == ([9], [7], [])


@pytest.mark.parametrize("word", ["ada", ""])
def test_what_is_no_address_is_refused(run: Terminal, sqlite: Store, word: str) -> None:
    assert run("forget", word).code == 1


def test_other_peoples_leads_that_mention_the_address_are_named_and_kept(run: Terminal, sqlite: Store) -> None:
    bobs = a_submission("bob@example.com", "Please write to ada@example.com as well.")
    other = keep(sqlite, a_lead(submission=bobs))

    result = run("forget", "ada@example.com")

    assert result.out.splitlines() == [
        "there are no leads of this person",
        "leads of other people mention the address and keep it: look at them, and correct or erase them",
        f"    {other.id}",
    ]
    assert stored_lead(sqlite, other).status is Status.PENDING

"""`lead-capture doctor --live`: a trial with an explicit yes; its findings are saved and followed."""

import json
from pathlib import Path

import pytest

from service import clock
from service.simulator.server import Simulator
from service.store import ActQuery, Store, Tenant
from tests.cli.conftest import Terminal
from tests.cli.test_doctor import connect

FORMS = """
[defaults]
stage_id = 1001
[forms.tour]
opportunity_type_id = 7
[forms.office]
stage_id = 1002
opportunity_type_id = 8
"""


@pytest.fixture
def ready(run: Terminal, sqlite: Store, nexudus: Simulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """The command line of an installation that can sign in, with two forms."""
    (folder / "forms.toml").write_text(FORMS)
    connect(monkeypatch, nexudus)
    return run


@pytest.mark.parametrize("words", [(), ("--stage", "1001"), ("--yes",)])
def test_without_a_stage_and_a_yes_nothing_is_made(ready: Terminal, nexudus: Simulator, words: tuple[str, ...]) -> None:
    result = ready("doctor", "--live", *words)

    assert result.code == 2
    assert "creates one contact and one opportunity in Nexudus" in result.err
    assert nexudus.calls() == []


def test_its_words_belong_to_it(ready: Terminal) -> None:
    result = ready("doctor", "--stage", "1001", "--yes")

    assert (result.code, result.err) == (2, "lead-capture: --stage, --type, --account and --yes belong to --live\n")


def test_the_answers_are_a_table_with_what_to_delete(ready: Terminal, nexudus: Simulator) -> None:
    result = ready("doctor", "--live", "--stage", "1001", "--yes")

    [opportunity], [person] = nexudus.opportunities(), list(nexudus.world.tables["Coworker"].rows.values())
    assert (result.code, result.err) == (0, "")
    assert "What the service does" in result.out
    words = " ".join(result.out.split())
    assert f"Delete by hand in Nexudus: opportunity {opportunity['Id']}, contact {person['Id']} (" in words


def test_a_role_that_is_missing_is_shown_whole(ready: Terminal, nexudus: Simulator) -> None:
    nexudus.settings(denied=["CrmOpportunityHistory-List"])

    result = ready("doctor", "--live", "--stage", "1001", "--yes")

    assert "…" not in result.out


def test_the_answers_are_facts_of_the_account(ready: Terminal, sqlite: Store, nexudus: Simulator) -> None:
    nexudus.settings(systemid_round_trips=False)

    shown = json.loads(ready("doctor", "--live", "--stage", "1001", "--yes", "--json").out)

    with sqlite.read() as tx:
        facts = tx.crm.facts_of(Tenant("default", nexudus.url))
        assert [act.act for act in tx.acts.page(ActQuery(account="default"), 10).acts] == ["test"]
    answers = {each["fact"]: each["value"] for each in shown["answers"] if each["value"] is not None}
    assert {name: fact.value for name, fact in facts.items()} == answers
    assert answers["system_id_kept"] is False
    assert len(shown["delete"]) == 2


def test_a_trial_ends_the_concern_that_one_mark_alone_survives(ready: Terminal, sqlite: Store) -> None:
    sqlite.write(lambda tx: tx.alerts.report("mark:default", "SystemId is not kept", clock.now()))

    ready("doctor", "--live", "--stage", "1001", "--yes")

    with sqlite.read() as tx:
        assert tx.alerts.open() == []


@pytest.mark.parametrize(("words", "type_id"), [((), 8), (("--type", "18"), 18)])
def test_the_type_is_that_of_the_stages_form_or_the_one_that_is_named(
    ready: Terminal, nexudus: Simulator, words: tuple[str, ...], type_id: int
) -> None:
    ready("doctor", "--live", "--stage", "1002", "--yes", *words)

    assert [opportunity["OpportunityTypeId"] for opportunity in nexudus.opportunities()] == [type_id]


def test_a_trial_that_fails_names_what_may_be_left(ready: Terminal, nexudus: Simulator) -> None:
    nexudus.faults([{"method": "POST", "path": "/api/crm/crmopportunities", "status": 400}])

    result = ready("doctor", "--live", "--stage", "1001", "--yes")

    assert result.code == 1
    assert (
        "the trial failed: the opportunity could not be created (Team: is a required field). Delete by hand"
        in result.err
    )
    assert "Delete by hand in Nexudus: contact" in result.err


def test_an_account_that_is_not_there_or_cannot_sign_in_is_named(run: Terminal, sqlite: Store) -> None:
    result = run("doctor", "--live", "--stage", "1001", "--yes")
    assert (result.code, "no Nexudus credentials are set" in result.err) == (1, True)

    result = run("doctor", "--live", "--stage", "1001", "--yes", "--account", "harbour")
    assert (result.code, "there is no account 'harbour'" in result.err) == (1, True)

"""`lead-capture reconcile`, against a simulated Nexudus."""

import json

import pytest

from service import clock
from service.lead import Lead, Status, marker_of
from service.nexudus.opportunities import PATH
from service.simulator.server import Simulator
from service.store import ActQuery, Query, Store
from tests.builders import a_form, a_lead
from tests.cli.conftest import Terminal
from tests.delivery.conftest import Env, a_context


@pytest.fixture
def env(sqlite: Store, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch) -> Env:
    """The operator's folder, delivering to a simulated Nexudus."""
    monkeypatch.setenv("NEXUDUS_BASE_URL", nexudus.url)
    monkeypatch.setenv("NEXUDUS_USERNAME", "simulator@leadcapture.example")
    monkeypatch.setenv("NEXUDUS_PASSWORD", "simulator")
    return Env(sqlite, nexudus, a_context(sqlite, nexudus, {"contact": a_form()}))


def delivered(env: Env) -> Lead:
    """A lead that came to Nexudus."""
    env.owes(a_lead())
    env.deliver_until_quiet()
    with env.store.read() as tx:
        [lead] = tx.search.leads(Query(), 10)
    return lead


def unnoted(env: Env) -> tuple[Lead, int]:
    """A lead that Nexudus has and that is not marked as delivered here."""
    lead = env.owes(a_lead())
    coworker_id = env.nexudus.add_coworker("ada@example.com")["Id"]
    body = {"CrmBoardColumnId": 1001, "CoworkerId": coworker_id, "Position": 1, "Status": 1}
    return lead, env.context.nexudus.post(PATH, {**body, "SystemId": marker_of(lead.id)})


def acts_on(env: Env, lead: Lead) -> list[str]:
    """What is on record of a lead."""
    with env.store.read() as tx:
        return [act.act for act in tx.acts.page(ActQuery(lead=lead.id), 10).acts]


def test_where_all_agrees_it_says_so(run: Terminal, env: Env) -> None:
    delivered(env)

    result = run("reconcile")

    assert result.code == 0
    assert "found in Nexudus, by their marker         1" in result.out
    assert result.out.endswith("Everything agrees.\n")


def test_a_deleted_opportunity_is_named_with_what_to_do(run: Terminal, env: Env) -> None:
    lead = delivered(env)
    env.nexudus.change_opportunity(lead.opportunity_id or 0, delete=True)

    result = run("reconcile")

    assert result.code == 1
    assert f"gone: {lead.id} contact: Nexudus no longer shows opportunity {lead.opportunity_id}" in result.out
    assert f"-> if it was deleted on purpose, `lead-capture reconcile --excuse {lead.id}`" in result.out


def test_what_could_not_be_read_to_the_end_is_not_called_right(run: Terminal, env: Env) -> None:
    delivered(env)
    env.nexudus.faults([{"path": "/api/crm/crmopportunityhistories", "status": 503}])

    result = run("reconcile")

    assert result.code == 1
    assert result.out.endswith("Not everything could be compared.\n")


def test_what_became_of_a_lead_is_shown_with_it(run: Terminal, env: Env) -> None:
    lead = delivered(env)
    env.nexudus.change_opportunity(lead.opportunity_id or 0, status="won", value=450)
    run("reconcile")

    crm = json.loads(run("leads", "show", lead.id).out)["crm"]

    assert (crm["stage"], crm["status"], crm["value"], crm["currency"]) == ("New enquiry", "won", 450.0, "GBP")
    assert [change["name"] for change in crm["changes"]] == ["in_progress", "New enquiry", "won"]


def test_what_is_excused_is_not_named_again(run: Terminal, env: Env) -> None:
    lead = delivered(env)
    env.nexudus.change_opportunity(lead.opportunity_id or 0, delete=True)
    run("reconcile")

    result = run("reconcile", "--excuse", lead.id)

    assert (result.code, result.out) == (0, f"{lead.id}: excused: no longer reported\n")
    assert run("reconcile").code == 0
    assert acts_on(env, lead) == ["excuse"]


def test_what_is_not_gone_cannot_be_excused(run: Terminal, env: Env) -> None:
    result = run("reconcile", "--excuse", "0" * 32)

    assert result.code == 1
    assert "run reconcile first" in result.out


def test_a_repair_records_a_delivery_that_was_not_recorded(run: Terminal, env: Env) -> None:
    lead, number = unnoted(env)
    assert run("reconcile").code == 1

    result = run("reconcile", "--repair")

    assert result.code == 0
    assert f"{lead.id}: recorded as delivered, opportunity {number}" in result.out
    assert env.kept(lead).status is Status.DELIVERED
    assert acts_on(env, lead) == ["repair"]


def test_json_has_all_of_it_and_nothing_personal(run: Terminal, env: Env) -> None:
    lead, number = unnoted(env)

    result = run("reconcile", "--json")

    [comparison] = json.loads(result.out)
    assert (result.code, comparison["account"], comparison["received"]) == (1, "default", {"pending": 1})
    assert [(one["kind"], one["lead_id"], one["opportunities"]) for one in comparison["findings"]] == [
        ("unnoted", lead.id, [number])
    ]
    assert "ada" not in result.out.replace(lead.id, "")


def test_time_chooses(run: Terminal, env: Env) -> None:
    lead = delivered(env)
    env.nexudus.change_opportunity(lead.opportunity_id or 0, delete=True)

    result = run("reconcile", "--since", f"{clock.now().year + 1}-01-01")

    assert result.code == 0
    assert "received here                             0" in result.out


def test_without_credentials_it_says_what_to_set(run: Terminal, sqlite: Store) -> None:
    result = run("reconcile")

    assert result.code == 1
    assert "NEXUDUS_USERNAME" in result.err


def test_a_nexudus_that_is_away_is_told(run: Terminal, env: Env) -> None:
    env.nexudus.faults([{"path": PATH, "status": 503, "times": None}])

    result = run("reconcile")

    assert result.code == 1
    assert "note: Nexudus could not be read to the end" in result.out

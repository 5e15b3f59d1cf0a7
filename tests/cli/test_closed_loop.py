"""The closed loop from outside: the simulator's own history, the command, the API, the dashboard and both conversion
files have the same stages at the same second.
"""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from service import clock
from service.lead import Attribution, Lead
from service.simulator.server import Simulator
from service.store import Query, Store
from tests.admin.dashboard import Operator
from tests.builders import a_form, a_lead, a_submission
from tests.cli.conftest import Terminal
from tests.delivery.conftest import Env, a_context

NAMES = {"New enquiry": "Begun", "Contacted": "Called", "Tour booked": "Booked", "Toured": "Tour done"}
WAYS = {
    "ann@example.com": (1002, 1003, 1004),
    "bob@example.com": (1002, 1003, 1004),
    "cyd@example.com": (1002, 1003, 1002, 1004),  # there and back
}
BETWEEN = timedelta(minutes=3, seconds=7)

Steps = list[tuple[str, datetime]]


@pytest.fixture
def env(sqlite: Store, folder: Path, nexudus: Simulator, monkeypatch: pytest.MonkeyPatch) -> Env:
    """An operator who counts every stage, delivering to a simulated Nexudus."""
    monkeypatch.setenv("NEXUDUS_BASE_URL", nexudus.url)
    monkeypatch.setenv("NEXUDUS_USERNAME", "simulator@leadcapture.example")
    monkeypatch.setenv("NEXUDUS_PASSWORD", "simulator")
    counted = ", ".join(f'"{stage}" = "{name}"' for stage, name in NAMES.items())
    (folder / "forms.toml").write_text(f"[forms.contact]\nconversions = {{ {counted} }}\n")
    return Env(sqlite, nexudus, a_context(sqlite, nexudus, {"contact": a_form()}))


@pytest.fixture
def leads(env: Env, run: Terminal) -> list[Lead]:
    """Three leads of Google and Meta alike that went through four stages, with a reading in between."""
    for number, email in enumerate(WAYS):
        submission = a_submission(email, sender="meta", external_id=str(1234567890123450 + number))
        clicked = Attribution(click_ids={"gclid": f"click-of-{email[:3]}"})
        env.owes(a_lead(submission=submission, attribution=clicked))
    env.deliver_until_quiet()
    with env.store.read() as tx:
        leads = sorted(tx.search.leads(Query(), 10), key=lambda lead: lead.submission.contact.email)
    for step in range(4):
        for lead in leads:
            for stage_id in WAYS[lead.submission.contact.email][step : step + 1]:
                at = clock.now() + (step + 1) * BETWEEN
                env.nexudus.change_opportunity(lead.opportunity_id or 0, stage_id=stage_id, at=at.isoformat())
        if step == 1:
            run("reconcile")
    run("reconcile")
    return leads


def truth(env: Env, lead: Lead) -> Steps:
    """The stages of a lead by the simulator's own rows, to the second."""
    rows = env.nexudus.world.tables["CrmOpportunityHistory"].rows.values()
    mine = [row for row in rows if row["CrmOpportunityId"] == lead.opportunity_id]
    return [(row["NewCrmBoardColumnName"], second(row["ToTime"])) for row in mine]


def second(text: str) -> datetime:
    """An instant, cut to its second."""
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def stages(crm: dict[str, Any]) -> Steps:
    """Those of a lead's JSON."""
    return [(change["name"], second(change["at"])) for change in crm["changes"] if change["kind"] == "stage"]


def first_times(steps: Steps) -> dict[str, datetime]:
    """When each stage was entered first, by the name of its conversion."""
    return {NAMES[stage]: min(at for name, at in steps if name == stage) for stage, _ in steps}


def test_the_command_and_the_api_have_the_stages_of_the_history(env: Env, leads: list[Lead], run: Terminal) -> None:
    window = Operator(env.store).front

    for lead in leads:
        shown = json.loads(run("leads", "show", lead.id, "--json").out)["crm"]
        assert stages(shown) == truth(env, lead)
        assert window.ask(f"/leads/{lead.id}").get_json()["crm"] == shown


def test_the_page_of_a_lead_has_them(env: Env, leads: list[Lead]) -> None:
    operator = Operator(env.store)

    for lead in leads:
        page = operator.client.get(f"/admin/leads/{lead.id}").text
        for name, at in truth(env, lead):
            place = page.index(f"Moved to the stage {name}")
            assert (
                f'datetime="{at:%Y-%m-%dT%H:%M:%SZ}" title="{at:%A, %-d %B %Y, %H:%M:%S UTC}"'
                in page[place : place + 300]
            )
            page = page[place + 1 :]


def test_google_gets_them(env: Env, leads: list[Lead], run: Terminal) -> None:
    rows = list(csv.DictReader(io.StringIO(run("conversions", "google").out)))

    for lead in leads:
        mine = [row for row in rows if row["Google Click ID"] == lead.attribution.click_ids["gclid"]]
        assert {row["Conversion Name"]: second(row["Conversion Time"]) for row in mine} == first_times(truth(env, lead))


def test_meta_gets_them(env: Env, leads: list[Lead], run: Terminal) -> None:
    events = [json.loads(line) for line in run("conversions", "meta").out.splitlines()]

    for lead in leads:
        mine = [event for event in events if str(event["user_data"]["lead_id"]) == lead.submission.external_id]
        sent = {event["event_name"]: datetime.fromtimestamp(event["event_time"], UTC) for event in mine}
        assert sent == first_times(truth(env, lead))

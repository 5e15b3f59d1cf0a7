"""docs/api.md, held to the program: its examples are run, its tables name what there is."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.lead import Status
from tests.admin.served import served
from tests.admin.stored_leads import keep_as
from tests.front import TOKEN, Front, sqlite_store
from tests.processes import CHECKOUT

PAGE = (CHECKOUT / "docs/api.md").read_text(encoding="utf-8")
SETTING_UP, *_ = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = re.findall(r"<!-- run -->\n```(\w+)\n(.*?)```", PAGE, re.DOTALL)

CURL = f"""curl() {{ '{sys.executable}' -m tests.journey.plain_curl "$@"; }}
"""
"""For machines without curl."""


@pytest.fixture
def lively(tmp_path: Path) -> Iterator[Front]:
    """An application with a lead of each kind."""
    with sqlite_store(tmp_path) as store:
        for status in Status:
            keep_as(store, status)
        yield Front(store)


def run(front: Front, language: str, example: str) -> str:
    """What an example prints; the test fails when it does."""
    ids = {lead.status.name: lead.id for lead in front.leads()}
    before = ("" if shutil.which("curl") else CURL) + SETTING_UP
    with served(front) as address:
        text = example.replace("http://localhost:8000", address).replace("/ID", f"/{ids['PENDING']}")
        text = re.sub(r"/(PARKED|QUARANTINED)\b", lambda named: "/" + ids[named[1]], text)
        command = [sys.executable, "-c", text] if language == "python" else ["bash", "-e", "-c", before + text]
        environ = {**os.environ, "ADMIN_TOKEN": TOKEN}
        done = subprocess.run(
            command, env=environ, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_has_an_example_of_every_part() -> None:
    assert len(EXAMPLES) == PAGE.count("<!-- run -->") >= 8


@pytest.mark.parametrize(("language", "example"), EXAMPLES, ids=[" ".join(text.split()[:3]) for _, text in EXAMPLES])
def test_its_examples_work(lively: Front, language: str, example: str) -> None:
    output = run(lively, language, example)

    assert output
    assert "about:blank" not in output


def test_every_call_is_in_its_table(lively: Front) -> None:
    rules = [rule.rule for rule in lively.app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")]

    assert rules
    for rule in rules:
        path = re.sub(r"<\w+_id>", "<id>", rule)
        assert f" {path}`" in PAGE or f"`{path.rpartition('/')[2]}`" in PAGE or f"`{path}`" in PAGE, path


def test_every_member_of_a_lead_and_every_filter_is_named(lively: Front) -> None:
    document = lively.client.get("/openapi.json").get_json()

    filters = [each["name"] for each in document["paths"]["/api/v1/leads"]["get"]["parameters"]]
    for name in [*filters, *document["components"]["schemas"]["LeadBody"]["properties"]]:
        assert f"`{name}`" in PAGE, name

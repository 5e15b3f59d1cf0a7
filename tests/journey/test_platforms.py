"""A lead that Meta only announces, through processes as they run in production."""

import hashlib
import hmac
import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.fetching.platforms import META_TOKEN, Canned, Platforms, event, meta_lead
from tests.journey.installation import TOKEN, Installation, Nexudus, leads
from tests.processes import free_port, wait_until

FORMS = f"""
[forms.tour]
stage_id = 1001
[forms.tour.webhooks.meta]
app_secret = "a-secret"
access_token = "{META_TOKEN}"
"""


@pytest.fixture
def platforms() -> Iterator[Platforms]:
    """The stand-in."""
    with Platforms() as standing_in:
        yield standing_in


def announce(port: int, *names: str) -> None:
    """Meta has leads for us."""
    body = json.dumps(event(*names)).encode()
    proof = hmac.new(b"a-secret", body, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={proof}", "Content-Type": "application/json"}
    url = f"http://127.0.0.1:{port}/webhooks/meta/tour"
    assert requests.post(url, body, headers=headers, timeout=10).status_code == requests.codes.ok


def test_announced_leads_become_opportunities_though_the_worker_is_killed_while_it_reads(
    tmp_path: Path, platforms: Platforms
) -> None:
    (tmp_path / "forms.toml").write_text(FORMS)
    platforms.says("/v26.0/1", Canned(meta_lead("1"), hang_s=30), meta_lead("1"))
    platforms.has_lead("2")
    port = free_port()
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'leads.db'}", "ADMIN_TOKEN": TOKEN, **platforms.settings}

    with Installation(tmp_path, **settings) as installation:
        nexudus = Nexudus.start(installation)
        installation.migrate()
        installation.start_web(port)
        worker = installation.start_worker()
        announce(port, "1", "2")
        platforms.wait_for("/v26.0/1", within_s=20)
        wait_until(lambda: len(leads(port, status="delivered")) == 1, 20, "the other lead arrives")
        worker.send(signal.SIGKILL)
        worker.wait(10)
        installation.start_worker()

        wait_until(lambda: len(leads(port, status="delivered")) == 2, 30, "both are delivered")

        assert sorted(each["CoworkerEmail"] for each in nexudus.opportunities()) == ["1@example.com", "2@example.com"]

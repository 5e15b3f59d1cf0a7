"""Form plugins and site builders, as recorded: everything that is expected of a request holds for its lead."""

from typing import Any

import pytest

from service.capture.fields.contact import says_yes
from service.lead import Lead, Status
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import Recorded, recorded
from tests.front import Front

TOOLS = (
    *("elementor", "gravity-forms", "contact-form-7", "wpforms", "ninja-forms", "fluent-forms", "unbounce"),
    *("netlify", "formspree", "basin", "json"),
)
SAMPLES = [each for each in recorded(*TOOLS) if not each.name.startswith("aggregator-")]
TOKENS = {"json": {"token": "tok_demo"}}
CHECKED_ELSEWHERE = {"mapping_needed", "response_status", "ip_address"}


def contents_of(lead: Lead) -> dict[str, Any]:
    """A lead in the words of the samples."""
    submission, evidence = lead.submission, lead.submission.evidence
    contact, fields, extras = submission.contact, submission.fields, submission.extras
    tags = ("source", "medium", "campaign", "content", "term")
    return {
        "outcome": "accept" if lead.status is Status.PENDING else lead.status,
        **{name: getattr(contact, name) or None for name in ("email", "full_name", "phone", "company")},
        **{name: fields.get(name) for name in ("message", "team_size")},
        "external_id": submission.external_id or None,
        "utm": {tag: getattr(lead.attribution, f"utm_{tag}") or None for tag in tags},
        "page_url": evidence.page_url or None,
        "referrer": evidence.referrer or None,
        "click_ids": dict(lead.attribution.click_ids),
        "form_name": submission.form_name or None,
        "consent": says_yes(fields.get("consent", "")),
        "subject": extras.get("your-subject"),
        "page_title": extras.get("page_name"),
        "lists": {name: answer for name, answer in extras.items() if isinstance(answer, list)},
    }


@pytest.fixture(params=SAMPLES, ids=lambda each: each.name)
def sample(request: pytest.FixtureRequest) -> Recorded:
    """Each recorded request."""
    record: Recorded = request.param
    return record


def sent(sqlite: Store, sample: Recorded, **settings: str) -> Front:
    """The application after it got the request; proofs that age are tried elsewhere."""
    table = TOKENS.get(sample.sender, {} if sample.verified_at else sample.table)
    front = Front(sqlite, a_form("tour", webhooks={sample.sender: table}), **settings)
    answer = front.client.post(f"/webhooks/{sample.sender}/tour", data=sample.body, headers=sample.headers)
    assert answer.status_code == 200
    return front


def digits(phone: str | None) -> str:
    """What counts of a number."""
    return "".join(letter for letter in phone or "" if letter.isdigit())


def test_all_that_was_expected_came(sqlite: Store, sample: Recorded) -> None:
    contents, expected = contents_of(sent(sqlite, sample).lead()), dict(sample.expected)
    if "mapping_needed" in expected:  # what only a mapping can tell
        expected["message"] = None

    assert digits(contents.pop("phone")) == digits(expected.pop("phone"))
    wanted = {name: value for name, value in expected.items() if name not in CHECKED_ELSEWHERE}
    assert {name: contents[name] for name in wanted} == wanted


def test_an_address_of_the_net_is_kept_only_where_the_operator_wants_it(sqlite: Store, sample: Recorded) -> None:
    ip = sample.expected.get("ip_address") or ("198.51.100.90" if sample.name == "elementor-advanced" else "")
    ip = ip or ("198.51.100.23" if sample.name == "gravityforms-all-fields" else "")

    unwanted = sent(sqlite, sample).lead()

    assert unwanted.submission.ip == ""
    assert not ip or ip not in str(unwanted)


@pytest.mark.parametrize("sample", [each for each in SAMPLES if "ip_address" in each.expected], ids=lambda s: s.name)
def test_the_address_of_the_net_is_found(sqlite: Store, sample: Recorded) -> None:
    front = sent(sqlite, sample, STORE_IP="true")

    assert front.lead().submission.ip == sample.expected["ip_address"]

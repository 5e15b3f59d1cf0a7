"""Every recorded call of the ad platforms, sent to the real endpoint: all that is expected of it holds."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from service.lead import Status
from service.platforms.linkedin import webhook as linkedin
from service.platforms.meta import webhook as meta
from tests.capture.senders.recorded import Recorded, recorded
from tests.capture.senders.sent_records import CHECKED, SentRecord, expected_leads, facts_of, read_answer, send_record
from tests.front import sqlite_store
from tests.tables import each_row

RECORDS = [each for each in recorded("meta", "google-ads", "linkedin", "tiktok") if "csv" not in each.sample]
ANNOUNCING = {"meta": meta, "linkedin": linkedin}
READS = [
    (each, call["request"]["url"].rpartition("/")[2])
    for each in RECORDS
    for call in each.sample.get("fetch", ())
    if "/leadFormResponses/" in call["request"]["url"] or "field_data" in str(call["response"]["body"])
]


@pytest.fixture(scope="module", params=RECORDS, ids=lambda record: record.name)
def sent(memory_folder: Path | None, request: pytest.FixtureRequest) -> Iterator[SentRecord]:
    """Each record, sent once: the tests only read what came of it."""
    with TemporaryDirectory(dir=memory_folder) as folder, sqlite_store(Path(folder)) as store:
        yield send_record(request.param, store)


def test_all_records_are_there_and_expect_nothing_that_is_not_checked() -> None:
    expected = {key for each in RECORDS for lead in (each.expected, *expected_leads(each)) for key in lead}

    assert len(RECORDS) == 40
    assert expected <= CHECKED


def test_the_answer_is_as_expected(sent: SentRecord) -> None:
    expected, answer = sent.record.expected["response"], sent.answer

    assert answer.status_code in expected.get("status_in", [expected.get("status")])
    assert answer.content_type.startswith(expected.get("content_type", ""))
    if isinstance(body := expected.get("body"), dict):
        assert answer.get_json() == body
    else:
        assert (body or answer.text) == answer.text
    assert expected.get("body_has_key", "{") in answer.text or answer.content_type.startswith("text/plain")


def test_every_lead_says_what_is_expected(sent: SentRecord) -> None:
    expected = expected_leads(sent.record)
    unsent = {Status.ANNOUNCED, Status.DISCARDED} | ({Status.TEST} if not expected else set())
    leads = [lead for lead in sent.leads if lead.status not in unsent]

    facts = [facts_of(lead, wanted) for lead, wanted in zip(leads, expected, strict=True)]

    assert facts == [{name: each[name] for name in each if name != "response"} for each in expected]


def test_what_could_not_be_read_stays_announced(sent: SentRecord) -> None:
    waiting = [lead.submission.external_id for lead in sent.leads if lead.status is Status.ANNOUNCED]

    assert waiting == [each["external_id"] for each in sent.record.expected.get("pending", ())]


def test_what_was_taken_back_is_discarded(sent: SentRecord) -> None:
    discarded = [lead.submission.external_id for lead in sent.leads if lead.status is Status.DISCARDED]

    assert discarded == sent.record.expected.get("deleted", [])


@each_row(("record", "lead_id"), READS, ids=lambda value: getattr(value, "name", value))
def test_the_form_is_asked_for_only_where_it_was(record: Recorded, lead_id: str) -> None:
    lead = read_answer(record, lead_id)
    form_ids = {"823310495569001"}  # the only one that was read on its own

    assert lead is None or ANNOUNCING[record.sender].needs_form(lead) == (lead.get("form_id") in form_ids)

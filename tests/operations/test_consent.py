"""Consent is kept with its words and its time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from service.lead import Correction, Lead
from service.operations.person import ConsentRecord, consent_of
from tests.builders import NOON, a_lead, a_submission
from tests.tables import each_row

WORDS = "I agree to be contacted about my enquiry."


def a_lead_with(answer: str | list[str] | None, question: str = "consent", **extras: str) -> Lead:
    """A lead whose person answered the question of consent."""
    fields = {} if answer is None else {"consent": answer}
    submission = a_submission(fields=fields, extras=extras, names={"consent": question})
    return a_lead(submission=submission)


CASES = {
    "the sentence as the value": (a_lead_with(WORDS), ConsentRecord(True, WORDS, NOON)),
    "a tick below the sentence": (a_lead_with("yes", WORDS), ConsentRecord(True, WORDS, NOON)),
    "a tick of unknown words": (a_lead_with("on", "gdpr_consent"), ConsentRecord(True, "", NOON)),
    "a hidden no and a tick": (a_lead_with(["0", "1"]), ConsentRecord(True, "", NOON)),
    "a refusal": (a_lead_with("no", WORDS), ConsentRecord(False, WORDS, NOON)),
    "boxes of a platform": (
        a_lead_with("Call me, please.", **{"consent: Call me, please.": "yes", "consent: News": "no"}),
        ConsentRecord(True, "Call me, please.", NOON, {"Call me, please.": True, "News": False}),
    ),
    "boxes, none of them ticked": (
        a_lead_with(None, **{"consent: News": "no"}),
        ConsentRecord(False, "", NOON, {"News": False}),
    ),
    "no question": (a_lead_with(None), None),
}


@each_row(("lead", "record"), CASES.values(), ids=CASES.keys())
def test_the_words_and_the_answer_are_read(lead: Lead, record: ConsentRecord | None) -> None:
    assert consent_of(lead) == record


def test_it_was_given_when_the_form_was_sent_or_changed() -> None:
    lead = a_lead_with(WORDS)
    sent_at = NOON - timedelta(days=2)
    evidence = replace(lead.submission.evidence, submitted_at=sent_at.timestamp())
    late = replace(lead, submission=replace(lead.submission, evidence=evidence))
    changed = replace(late, corrections=(Correction(NOON, {"consent": "no"}, {"consent": WORDS}),))

    records = [consent_of(one) for one in (late, changed)]

    assert [record.at for record in records if record] == [datetime(2026, 11, 22, 12, tzinfo=UTC), NOON]

"""Evidence comes out of the store as it went in, as far as attribution can see."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.attribution import attribute
from service.forms import AttributionConfig
from service.lead import Evidence
from service.store import Store
from tests.builders import a_lead, a_submission
from tests.store.actions import keep, stored_lead

NAMES = (
    "utm_source",
    "UTM Source",
    "utmSource",
    "mtm_source",
    "utm_medium",
    "gclid",
    "GCLID",
    "email",
    "message",
    "how",
)
values = st.sampled_from(["google", "bing", "q3", "cpc", "a friend", "", "{x}"])
canonical = st.dictionaries(st.sampled_from(["email", "message", "company"]), values)
answers = st.lists(st.tuples(st.sampled_from(NAMES), values | st.lists(values, max_size=2)), max_size=6).map(dict)
WISHES = AttributionConfig(answer_field="how", answer_map={"a friend": 8}, source_map={"q3": 26})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=canonical, extras=answers, submitted=answers, all_is_evidence=st.booleans())
def test_stored_evidence_gets_the_same_attribution_as_fresh(
    store: Store, fields: dict[str, str], extras: dict[str, str], submitted: dict[str, str], all_is_evidence: bool
) -> None:
    whole = {**submitted, **extras, **fields} if all_is_evidence else submitted
    submission = a_submission(fields=fields, extras=extras, evidence=Evidence(fields=whole))
    lead = a_lead(submission=submission)

    keep(store, lead)

    stored = stored_lead(store, lead).submission.evidence
    assert stored.fields == whole
    assert attribute(stored, WISHES) == attribute(submission.evidence, WISHES)


@pytest.mark.parametrize("names", [("utm_source", "UTM Source"), ("UTM Source", "utm_source")])
def test_of_two_names_that_mean_the_same_the_first_stays_the_first(store: Store, names: tuple[str, str]) -> None:
    fields = dict(zip(names, ("google", "bing"), strict=True))
    submission = replace(a_submission(), extras={"UTM Source": fields["UTM Source"]}, evidence=Evidence(fields=fields))
    lead = a_lead(submission=submission)

    keep(store, lead)

    assert attribute(stored_lead(store, lead).submission.evidence, AttributionConfig()).utm_source == "google"


def test_an_answer_that_was_no_evidence_does_not_become_one(store: Store) -> None:
    lead = a_lead(submission=a_submission(evidence=Evidence(fields={"utm_source": "google"})))

    keep(store, lead)

    assert stored_lead(store, lead).submission.evidence.fields == {"utm_source": "google"}

"""The verdict in a marketer's words."""

from typing import Any

import pytest

from service.forms import Crediting
from tests.attribution.visits import a_touch, credit

REASONS: dict[str, tuple[dict[str, Any], str]] = {
    "ad id": ({"query": "gclid=a1"}, "Google ad click id gclid on the landing page"),
    "ad id in a field": ({"fields": {"obclid": "a1"}}, "Ad click id obclid in the form's fields"),
    "link id": ({"query": "fbclid=a1"}, "Facebook link click id fbclid on the landing page"),
    "remembered": (
        {"last": a_touch("utm_source=linkedin&utm_medium=cpc")},
        "utm_source and utm_medium in the link of the last remembered visit: Paid Social",
    ),
    "campaign": ({"query": "utm_campaign=cross-network"}, "utm_campaign on the landing page: Cross-network"),
    "referrer": ({"referrer": "https://www.bing.com/"}, "The visit came from bing.com (search)"),
    "referrer of a remembered visit": (
        {"first": a_touch(referrer="https://www.bing.com/")},
        "The first remembered visit came from bing.com (search)",
    ),
    "referrer nobody should print": ({"referrer": "https://<b>.com/"}, "The visit came from another site (web)"),
    "unknown tags": ({"query": "utm_term=a"}, "Utm values on the landing page in words that no rule knows"),
    "nothing": ({}, "Nothing tells where the visit came from"),
    "fixed": (
        {"crediting": Crediting(lead_source=2)},
        "Nothing tells where the visit came from; LeadSource fixed for this form",
    ),
}


@pytest.mark.parametrize(("visit", "reason"), REASONS.values(), ids=REASONS)
def test_the_reason_is_a_sentence(visit: dict[str, Any], reason: str) -> None:
    assert credit(**visit).reason == reason

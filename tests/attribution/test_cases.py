"""The shared cases: what the attribution rules give for 149 submissions, written out by hand."""

import json
from pathlib import Path
from typing import Any

from service.attribution import attribute, stored_touch
from service.forms import AttributionConfig
from service.lead import Evidence
from tests.tables import each_row

CASES = json.loads((Path(__file__).parents[1] / "samples" / "attribution-cases.json").read_text("utf-8"))


def read_evidence(case: dict[str, Any]) -> Evidence:
    cookies = case.get("cookies", {})
    return Evidence(
        fields=case.get("fields", {}),
        landing_url=case.get("landing_url", ""),
        page_url=case.get("page_url", ""),
        referrer=case.get("referrer", ""),
        first=stored_touch(cookies.get("lc_first")),
        last=stored_touch(cookies.get("lc_last")),
        submitted_at=case.get("submitted_at"),
    )


def test_there_are_all_the_cases() -> None:
    assert len(CASES) == 149


@each_row("case", CASES, ids=[f"{case['id']} {case['why']}" for case in CASES])
def test_a_shared_case_gives_what_it_expects(case: dict[str, Any]) -> None:
    result = attribute(read_evidence(case["input"]), AttributionConfig(**case["input"].get("config", {})))

    assert {
        "UtmSource": result.utm_source,
        "UtmMedium": result.utm_medium,
        "UtmCampaign": result.utm_campaign,
        "UtmContent": result.utm_content,
        "UtmTerm": result.utm_term,
        "LeadSource": result.lead_source,
        "channel": result.channel,
    } == case["expect"]

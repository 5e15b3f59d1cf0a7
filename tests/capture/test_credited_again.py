"""The shared cases through the front door: what is kept gives the same verdict again."""

from typing import Any

import pytest

from service.attribution import attribute
from service.cli.reattribute import credit_again
from service.forms import Crediting
from service.store import Store
from tests.attribution.test_cases import CASES
from tests.builders import a_form
from tests.front import Front

HIDDEN = {"landing_url": "lc_landing_url", "page_url": "lc_page_url", "referrer": "lc_referrer"}


def post(kept: Store, case: dict[str, Any]) -> Front:
    """Send a case as the page's script would."""
    visit = {field: case[name] for name, field in HIDDEN.items() if name in case}
    site = Front(kept, a_form(crediting=Crediting(**case.get("config", {})), require=()))
    answer = site.post_json({"message": "Desks?", **case.get("fields", {}), **visit, **case.get("cookies", {})})
    assert answer.status_code == 200, answer.text
    return site


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_stored_evidence_gives_the_stored_verdict(kept: Store, case: dict[str, Any]) -> None:
    crediting = Crediting(**case["input"].get("config", {}))
    lead = post(kept, case["input"]).lead()

    assert attribute(lead.submission.evidence, crediting) == lead.attribution


def test_crediting_all_cases_again_changes_nothing(kept: Store) -> None:
    forms = {}
    for case in CASES:
        name = f"f-{case['id']}"
        forms[name] = a_form(name, crediting=Crediting(**case["input"].get("config", {})), require=())
        site = Front(kept, forms[name])
        visit = {field: case["input"][key] for key, field in HIDDEN.items() if key in case["input"]}
        answers = {"message": name, **case["input"].get("fields", {}), **visit, **case["input"].get("cookies", {})}
        site.post_json(answers, form=name)

    with kept.read() as tx:
        page = tx.verdicts.page("", 200)

    assert len(page) == len(CASES)
    assert {finding.fate for finding in credit_again(page, forms, kept)} == {"unchanged"}

"""The shared cases through the front door: what is kept gives the same verdict again."""

from collections.abc import Iterator
from typing import Any

import pytest

from service.attribution import attribute
from service.cli.reattribute import recompute
from service.forms import AttributionConfig, Form
from service.lead import Lead
from service.store import Store
from tests.attribution.test_cases import CASES
from tests.builders import a_form
from tests.front import Front, sqlite_store
from tests.tables import each_row

HIDDEN = {"landing_url": "lc_landing_url", "page_url": "lc_page_url", "referrer": "lc_referrer"}
FORMS: dict[str, Form] = {
    case["id"]: a_form(case["id"], attribution=AttributionConfig(**case["input"].get("config", {})), require=())
    for case in CASES
}


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, dict[str, Lead]]]:
    """A store, and the lead of each case, sent as the page's script would."""
    with sqlite_store(tmp_path_factory.mktemp("cases")) as store:
        site = Front(store, *FORMS.values())
        for case in CASES:
            assert site.post_json(answers(case), form=case["id"]).status_code == 200
        yield store, {lead.submission.form: lead for lead in site.leads()}


def answers(case: dict[str, Any]) -> dict[str, Any]:
    """All that the form of a case sends."""
    given = case["input"]
    visit = {field: given[name] for name, field in HIDDEN.items() if name in given}
    return {"message": case["why"], **given.get("fields", {}), **visit, **given.get("cookies", {})}


@each_row("name", FORMS)
def test_stored_evidence_gives_the_stored_verdict(taken: tuple[Store, dict[str, Lead]], name: str) -> None:
    lead = taken[1][name]

    assert attribute(lead.submission.evidence, FORMS[name].attribution) == lead.attribution


def test_attributing_all_cases_again_changes_nothing(taken: tuple[Store, dict[str, Lead]]) -> None:
    store, leads = taken
    with store.read() as tx:
        page = tx.leads.oldest("", 200)

    results = recompute(page, FORMS, store)

    assert len(results) == len(leads) == len(CASES)
    assert {result.fate for result in results} == {"unchanged"}

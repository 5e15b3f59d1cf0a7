"""Costs uploaded in the dashboard: shown, stored, matched to campaigns; what cannot be read is refused in words."""

import io
from datetime import date

import pytest
from werkzeug.test import TestResponse

from service.lead import Attribution
from service.store import Store
from tests.admin.dashboard import Operator, words
from tests.admin.stored_leads import keep
from tests.builders import a_form, a_lead

PLAIN = b"day,source,campaign,amount,currency\n2026-11-23,google,Spring,20,GBP\n2026-11-24,google,Autumn,15.50,GBP\n"


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Somebody who is signed in."""
    return Operator(sqlite, a_form())


def upload(operator: Operator, content: bytes, act: str = "import", name: str = "costs.csv") -> TestResponse:
    """Choose a file and press a button."""
    fields = {"token": operator.token, "act": act, "file": (io.BytesIO(content), name)}
    return operator.client.post("/admin/reports/costs", data=fields)


def stored(store: Store) -> list[tuple[str, int]]:
    """Campaign and amount of every cost."""
    with store.read() as tx:
        return [(one.campaign, one.amount) for one in tx.statistics.costs_between(date.min, date.max)]


def test_an_upload_is_stored_and_matched_and_a_second_one_replaces_its_days(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(attribution=Attribution(utm_campaign="spring", channel="Paid Search")))

    first = words(upload(operator, PLAIN).text)
    second = words(upload(operator, PLAIN.replace(b"20,", b"30,")).text)

    assert "google: £35.50, 23 Nov 2026 to 24 Nov 2026. Rows read: 2." in first
    assert "Spring spring 1 £20" in first
    assert "Campaigns without leads: 1." in first
    assert "Autumn – 0 £15.50" in first
    assert "Earlier amounts replaced: 2." in second
    assert stored(sqlite) == [("Autumn", 155_000), ("Spring", 300_000)]


def test_a_look_stores_nothing(sqlite: Store, operator: Operator) -> None:
    response = upload(operator, PLAIN, act="look")

    assert response.status_code == 200
    assert "Nothing is stored yet" in words(response.text)
    assert stored(sqlite) == []


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "", "Choose a file first."),
        (b"name,colour\nAnn,blue\n", "../../colours.csv", "colours.csv "),
        (PLAIN.replace(b"15.50", b"cheap"), "costs.csv", "Line 3: "),
    ],
    ids=["no file", "another table", "an amount that is none"],
)
def test_what_cannot_be_read_is_refused_in_words(
    sqlite: Store, operator: Operator, content: bytes, name: str, sentence: str
) -> None:
    response = upload(operator, content, name=name)

    assert response.status_code == 422
    assert sentence in words(response.text)
    assert stored(sqlite) == []

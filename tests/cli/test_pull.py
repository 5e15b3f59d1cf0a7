"""`lead-capture pull`: a line for each platform, and what to do where one cannot be read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.store import ActQuery, Query, Store
from tests.cli.conftest import Terminal
from tests.fetching.platforms import LINKEDIN_TOKEN, META_TOKEN, Platforms, meta_lead

FORMS = f"""
[forms.tour.webhooks.meta]
app_secret = "s"
access_token = "{META_TOKEN}"
lead_forms = ["900"]
[forms.tour.webhooks.linkedin]
client_secret = "s"
access_token = "{LINKEDIN_TOKEN}"
accounts = ["508"]
[forms.tour.webhooks.google-ads]
key = "k"
[forms.plain]
"""


@pytest.fixture
def platforms(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platforms]:
    """The stand-in, with two leads of Meta's and none of LinkedIn's."""
    (folder / "forms.toml").write_text(FORMS)
    with Platforms() as standing_in:
        for name, value in standing_in.settings.items():
            monkeypatch.setenv(name, value)
        standing_in.says("/v26.0/900/leads", {"data": [meta_lead("1"), meta_lead("2")]})
        standing_in.says("/rest/leadFormResponses", {"elements": []})
        yield standing_in


@pytest.mark.usefixtures("platforms")
def test_each_platform_has_its_line(run: Terminal, sqlite: Store) -> None:
    result = [run("pull", "tour") for _ in range(2)]

    assert [each.code for each in result] == [0, 0]
    assert {"Meta: found 2, new 2, known 0", "LinkedIn: found 0, new 0, known 0"} < set(result[0].out.splitlines())
    assert result[1].out.splitlines()[0] == "Meta: found 2, new 0, known 2"
    assert "lead-capture import FILE.csv --form tour" in result[0].out
    with sqlite.read() as tx:
        assert len(tx.search.leads(Query(), 10)) == 2
        first = tx.acts.page(ActQuery(subject="tour/meta"), 10).acts[-1]
    assert (first.act, first.who, first.after) == ("pull", "terminal", {"listed": 2, "new": 2, "known": 0})


def test_since_says_from_when_on(run: Terminal, sqlite: Store, platforms: Platforms) -> None:
    run("pull", "tour", "--since", "2026-11-01")

    assert '"value": 1793491200' in platforms.calls_to("/v26.0/900/leads")[0].query_values["filtering"]
    assert sqlite.is_ready()


@pytest.mark.usefixtures("sqlite")
def test_a_platform_that_refuses_is_told_with_what_to_do_and_the_next_one_is_asked(
    run: Terminal, platforms: Platforms
) -> None:
    platforms.tokens -= {META_TOKEN}
    result = run("pull", "tour")

    assert result.code == 1
    assert "put it into access_token of [forms.tour.webhooks.meta]" in result.out
    assert META_TOKEN not in result.out
    assert "LinkedIn: found 0" in result.out


@pytest.mark.usefixtures("sqlite")
def test_a_lead_that_cannot_be_read_is_told(run: Terminal, platforms: Platforms) -> None:
    platforms.says("/v26.0/900/leads", {"data": [{}, meta_lead("2")]})
    result = run("pull", "tour")

    assert (result.code, result.out.splitlines()[0]) == (1, "Meta: found 2, new 1, known 0, not readable 1")


@pytest.mark.usefixtures("sqlite", "platforms")
@pytest.mark.parametrize(
    ("form", "message"), [("other", "there is no form 'other'"), ("plain", "no ad platform is set up")]
)
def test_a_form_that_has_no_platform_is_told(run: Terminal, form: str, message: str) -> None:
    result = run("pull", form)

    assert result.code == 1
    assert message in result.err

"""Leads that an ad platform has and we do not are listed, not fetched."""

from collections.abc import Iterator

import pytest

from service import clock
from service.reconciliation.discrepancies import compare_platform, platform_comparer
from service.store import Store
from tests.fetching.conftest import Env
from tests.fetching.platforms import Platforms, meta_error, meta_lead
from tests.fetching.test_pulling import NOW, WEEK, a_page


@pytest.fixture
def env(store: Store) -> Iterator[Env]:
    """An installation with a stand-in for the platforms."""
    with Platforms() as platforms:
        yield Env(store, platforms)


def test_what_a_platform_has_and_we_have_not_is_listed_and_not_fetched(env: Env) -> None:
    env.sets("meta", lead_forms=["900"])
    env.platforms.says("/v26.0/900/leads", a_page(meta_lead("1"), meta_lead("2")))
    env.hears("1")

    comparison = compare_platform(env.connection("meta"), env.store, NOW - WEEK, NOW)

    assert (comparison.listed, comparison.missing, comparison.problem) == (2, ("2",), "")
    assert len(env.leads()) == 1


def test_people_who_were_forgotten_are_not_missed(env: Env) -> None:
    env.sets("meta", lead_forms=["900"])
    env.platforms.says("/v26.0/900/leads", a_page(meta_lead("1")))
    ids = env.hears("1")
    env.store.erase(ids, clock.now())

    comparison = compare_platform(env.connection("meta"), env.store, NOW - WEEK, clock.now())

    assert (comparison.listed, comparison.missing) == (1, ())


def test_a_platform_that_refuses_is_comparison_as_it_is(env: Env) -> None:
    env.sets("meta", lead_forms=["900"])
    env.platforms.says("/v26.0/900/leads", meta_error(190))

    comparison = compare_platform(env.connection("meta"), env.store, NOW - WEEK, NOW)

    assert (comparison.listed, comparison.missing) == (0, ())
    assert comparison.problem


def test_only_the_platforms_of_the_accounts_own_forms_are_asked(env: Env) -> None:
    env.sets("meta", lead_forms=["900"])
    env.platforms.says("/v26.0/900/leads", a_page(meta_lead("1")))
    env.platforms.says("/rest/leadFormResponses", {"elements": []})

    own = list(platform_comparer("default", env.connections(), env.store)(clock.now() - WEEK))

    assert [one.sender for one in own] == ["meta", "linkedin"]
    assert list(platform_comparer("harbour", env.connections(), env.store)(None)) == []

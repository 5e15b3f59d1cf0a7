"""A platform's folder holds the code that its record promises."""

from importlib.util import find_spec

import pytest

from service.attribution.signals import read_source
from service.attribution.tables import ROWS
from service.operations.cost_files import source_named
from service.platforms.platform import Platform
from service.platforms.registry import COSTS, PLATFORMS

each_platform = pytest.mark.parametrize("platform", PLATFORMS.values(), ids=list(PLATFORMS))


def has(platform: Platform, part: str) -> bool:
    """Whether its folder has a module of this name."""
    return find_spec(f"service.platforms.{platform.name.replace('-', '_')}.{part}") is not None


@each_platform
def test_its_webhook_proves_calls_by_a_required_key(platform: Platform) -> None:
    sender = platform.load("webhook").SENDER

    assert sender.verify is not None
    assert {sender.proof_key} <= {*platform.needs} <= {*platform.keys}


@each_platform
def test_it_has_a_reader_where_it_has_an_api(platform: Platform) -> None:
    assert has(platform, "api") is bool(platform.api_urls) is (platform.pull_interval_s is not None)
    assert not platform.api_urls or callable(platform.load("api").READER)


@each_platform
def test_its_missed_leads_can_be_had_by_a_pull_or_by_hand(platform: Platform) -> None:
    assert bool(platform.api_urls) is not bool(platform.download)
    assert platform.api_urls or not platform.announces


@each_platform
def test_it_has_a_writer_where_conversions_are_written_for_it(platform: Platform) -> None:
    assert has(platform, "conversions") is bool(platform.conversions)
    assert not platform.conversions or callable(platform.load("conversions").write)


@each_platform
def test_its_costs_belong_to_sources_of_the_tables_and_to_its_own_tags(platform: Platform) -> None:
    usual = read_source(platform.tags.source).row

    assert platform.costs.origins <= ROWS.keys()
    assert usual is not None
    assert usual.name in platform.costs.origins
    assert COSTS[platform.costs.source] is platform
    assert source_named(platform.title) == platform.costs.source

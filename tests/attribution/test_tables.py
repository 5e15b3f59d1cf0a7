"""The tables are well formed: a slip in a text file shows here, not in an attribution."""

import re

import pytest

from service.attribution import channel, tables
from service.attribution.links import listed_host
from service.attribution.policy import LEAD_SOURCES
from service.attribution.tables import ALIASES, CLICK_IDS, HOSTS, IGNORED_REFERRERS, NUMBERS, ROWS, SETS
from service.attribution.values import label
from tests.tables import each_row

SOURCES = list(tables._columns("sources.txt"))
ENTRY = re.compile(r"=?[a-z0-9-]+(\.[a-z0-9-]+)*(\.\*)?")


@pytest.mark.parametrize(("file", "columns"), [("sources.txt", 5), ("click-ids.txt", 5), ("titles.txt", 2)])
def test_every_line_has_its_columns(file: str, columns: int) -> None:
    assert {len(line) for line in tables._columns(file)} == {columns}


def test_no_name_alias_host_or_click_id_is_listed_twice() -> None:
    names = [line[0] for line in SOURCES]
    aliases = [alias.removesuffix("*") for line in SOURCES for alias in line[3].split()]
    hosts = [host for line in SOURCES for host in line[4].split()]
    ids = [line[0] for line in tables._columns("click-ids.txt")]

    assert (len(names), len(aliases), len(hosts), len(ids)) == (len(ROWS), len(ALIASES), len(HOSTS), len(CLICK_IDS))


def test_every_row_has_a_channel_and_a_number_that_nexudus_knows() -> None:
    assert {row.category for row in ROWS.values()} <= set(channel._REFERRED)
    assert {row.lead_source for row in ROWS.values()} <= LEAD_SOURCES | {None}


@each_row("name", sorted({*ALIASES, *(word for words in SETS.values() for word in words), *CLICK_IDS}))
def test_words_are_written_as_they_are_compared(name: str) -> None:
    assert name == (name.lower() if name in CLICK_IDS else label(name))


@each_row("entry", HOSTS)
def test_a_host_entry_is_written_as_hosts_are_read(entry: str) -> None:
    host = entry.removeprefix("=").removesuffix(".*")

    assert ENTRY.fullmatch(entry)
    assert listed_host(host) == host


@each_row("host", sorted(IGNORED_REFERRERS))
def test_an_ignored_host_is_written_as_hosts_are_read(host: str) -> None:
    assert "." in host
    assert listed_host(host) == host


def test_a_word_stands_for_one_lead_source_that_nexudus_knows() -> None:
    numbered = [word for name, words in SETS.items() if name.startswith("LS") for word in words]

    assert len(numbered) == len(NUMBERS)
    assert set(NUMBERS.values()) <= LEAD_SOURCES


def test_every_click_id_says_what_it_proves_and_of_which_kind() -> None:
    ads = {click_id.kind for click_id in CLICK_IDS.values() if click_id.is_ad}
    links = {click_id.kind for click_id in CLICK_IDS.values() if not click_id.is_ad}

    assert {line[1] for line in tables._columns("click-ids.txt")} == {"ad", "link"}
    assert ads == {"search", "social", "display"}
    assert links == set(channel._OPENED)


def test_every_row_and_click_id_has_a_name_for_people() -> None:
    assert [line[0] for line in tables._columns("titles.txt")] == list(ROWS)
    assert all(row.title for row in (*ROWS.values(), tables.WEB))
    assert all(click_id.title for click_id in CLICK_IDS.values())


def test_nothing_is_missing_from_the_tables() -> None:
    assert (len(ROWS), len(CLICK_IDS), len(SETS), len(IGNORED_REFERRERS)) == (30, 33, 21, 16)

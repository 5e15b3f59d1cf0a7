"""attribution.js as text: its size, its age, and that it knows what the attribution tables know."""

import gzip
import re

import pytest

from service.attribution.tables import CLICK_IDS, IGNORED_REFERRERS
from service.capture import script


def test_the_script_is_small() -> None:
    assert len(script.gzipped) <= 3 * 1024


def test_the_compressed_script_is_the_script() -> None:
    assert gzip.decompress(script.gzipped) == script.SCRIPT


def test_comments_and_indentation_are_left_out() -> None:
    assert not re.search(rb"^[ \t]|^//|^$", script.SCRIPT.rstrip(b"\n"), re.MULTILINE)


@pytest.mark.parametrize(
    "newer", [r"\?\.[a-z(\[]", r"\?\?", r"catch \{", r"\{ \.\.\.|, \.\.\.\w+ \}", r"\.flat", r"\*\*"]
)
def test_it_asks_for_no_newer_javascript_than_es2017(newer: str) -> None:
    assert not re.search(newer, script.SCRIPT.decode())


@pytest.mark.parametrize("name", CLICK_IDS)
def test_it_knows_every_click_id(name: str) -> None:
    assert re.search(rf'["|]{name}["|]', script.SCRIPT.decode())


@pytest.mark.parametrize("host", sorted(IGNORED_REFERRERS))
def test_it_knows_every_page_that_people_only_pass_through(host: str) -> None:
    assert re.search(rf'[" ]{re.escape(host)}[" ]', script.SCRIPT.decode())

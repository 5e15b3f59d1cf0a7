"""attribution.js as text: its size, its age, and that it knows what the attribution tables know."""

import gzip
import hashlib
import re
from pathlib import Path

import pytest

from service.attribution.tables import CLICK_IDS, IGNORED_REFERRERS
from service.capture import script
from tests.tables import each_row

TEXT = script.SCRIPTS["attribution.js"].body.decode()
TEXTS = [file.body.decode() for file in script.SCRIPTS.values()]
FOLDER = Path(script.__file__).parent
SOURCES = sorted((FOLDER / "source").glob("*.js"))


def expression(begin: str) -> re.Pattern[str]:
    """The regular expression in the script that begins so; Python reads it as browsers do."""
    match = re.search(rf'"({re.escape(begin)}[^"]+)"', TEXT)
    assert match
    return re.compile(match[1])


ORIGIN_PARAMETERS = expression("(^|[?&#;])")
INTERMEDIARIES = expression("(^|[.])")


@pytest.mark.parametrize(("name", "limit"), [("attribution.js", 3 * 1024), ("attribution-more.js", 4 * 1024)])
def test_the_script_is_small(name: str, limit: int) -> None:
    assert len(script.SCRIPTS[name].gzipped) <= limit


@pytest.mark.parametrize("file", script.SCRIPTS.values(), ids=script.SCRIPTS)
def test_the_compressed_script_is_the_script(file: script.ScriptFile) -> None:
    assert gzip.decompress(file.gzipped) == file.body


@pytest.mark.parametrize("text", TEXTS, ids=script.SCRIPTS)
def test_nothing_but_code_is_served(text: str) -> None:
    assert not re.search(r"^\s|^//|/\*|\n", text)


def test_what_is_served_was_made_from_these_sources() -> None:
    made = dict(line.split()[::-1] for line in (FOLDER / "attribution.sha256").read_text().splitlines())
    present = {
        path.relative_to(FOLDER).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in [*SOURCES, *FOLDER.glob("*.min.js")]
    }

    assert present == made, "run: make script"


def test_every_source_is_one_subject() -> None:
    assert SOURCES
    assert [path.name for path in SOURCES if len(path.read_text().splitlines()) > 120] == []


@each_row(
    "newer", [r"\?\.[a-zA-Z_$(\[]", r"\?\?", r"catch\s*\{", r"\.\.\.\w+\}|\{\.\.\.", r"\.flat", r"\*\*", r"\basync\b"]
)
def test_it_asks_for_no_newer_javascript_than_es2017(newer: str) -> None:
    assert not [text[:40] for text in TEXTS if re.search(newer, text)]


@each_row("forbidden", [r"\beval\b", r"\bFunction\b", r"innerHTML", r"document\.write", r"\.style\b"])
def test_it_does_nothing_that_a_strict_policy_forbids(forbidden: str) -> None:
    assert not [text[:40] for text in TEXTS if re.search(forbidden, text)]


@each_row("name", CLICK_IDS)
def test_it_knows_every_click_id(name: str) -> None:
    assert ORIGIN_PARAMETERS.search(f"https://a.test/?{name}=x")
    assert not ORIGIN_PARAMETERS.search(f"https://a.test/?{name}x=x")
    assert not ORIGIN_PARAMETERS.search(f"https://a.test/?x{name}=x")


def test_the_second_file_knows_the_same_click_ids() -> None:
    names = re.search(r'"(gclid [^"]+)"', TEXTS[1])

    assert names
    assert sorted(names[1].split()) == sorted(CLICK_IDS)


@each_row("name", ["utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "mtm_campaign"])
@each_row("before", ["?", "?a=b&", "#", "#/page?", "?a=b&amp;"])
def test_it_finds_tags_wherever_they_stand(name: str, before: str) -> None:
    assert ORIGIN_PARAMETERS.search(f"https://a.test/{before}{name}=x")
    assert not ORIGIN_PARAMETERS.search(f"https://a.test/{before}{name}=")


@each_row("host", sorted(IGNORED_REFERRERS))
def test_it_knows_every_page_that_people_only_pass_through(host: str) -> None:
    assert INTERMEDIARIES.search(host)
    assert INTERMEDIARIES.search(f"pay.{host}")
    assert not INTERMEDIARIES.search(f"x{host}")
    assert not INTERMEDIARIES.search(f"{host}.example")

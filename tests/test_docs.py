"""The README and the other pages, compared with the program: what they name exists, what they show works."""

import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from service.cli.commands import COMMANDS
from service.cli.main import parser_for
from service.forms import read_setup
from service.lead import Status
from service.settings import SETTINGS
from service.store.database.tables import metadata
from tests.bench.__main__ import MEASUREMENTS, with_section
from tests.tables import each_row

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")), ROOT / "deploy/README.md"]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

LATER: frozenset[str] = frozenset()
"""Commands that docs/ already speaks of; the README says that they come later."""


def blocks(text: str, language: str) -> list[str]:
    """The code blocks in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The names under which a page's headings can be linked to, as GitHub makes them."""
    prose = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def code_in(page: Path) -> str:
    """Only code in back ticks and shell blocks."""
    text = page.read_text(encoding="utf-8")
    return "\n".join([*re.findall(r"`([^`\n]+)`", text), *blocks(text, "sh")])


def links(page: Path) -> list[str]:
    """The addresses of all links and pictures of a page."""
    return re.findall(r"""(?:\]\(|(?:src|srcset)=")([^)"\s]+)[)"]""", page.read_text(encoding="utf-8"))


def commands(text: str) -> Iterator[list[str]]:
    """The words after `lead-capture` of every line in every shell block, without comments.

    It is also the name of a user and of folders: a command is followed by a plain word.
    """
    for block in blocks(text, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            words = shlex.split(re.split(r" [>|] ", line)[0], comments=True)
            for place, (word, following) in enumerate(pairwise(words)):
                if re.fullmatch(r"(.*bin/)?lead-capture", word) and re.fullmatch(r"[a-z][a-z-]*", following):
                    yield words[place + 1 :]


# -- links


@each_row("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_link_into_the_project_leads_somewhere(page: Path) -> None:
    broken = []
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / unquote(path)).resolve() if path else page
        if link.startswith(("https://", "http://")):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)

    assert broken == []


def test_the_pictures_are_sound_and_told_in_words() -> None:
    pictures = sorted((ROOT / "docs/pictures").glob("*.svg"))

    assert pictures
    for picture in pictures:
        drawn = ET.parse(picture).getroot()  # noqa: S314 (our own file)
        named = {part.tag.rpartition("}")[2] for part in drawn}
        assert {"title", "desc"} <= named


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) <= 250


def test_every_picture_of_the_readme_says_what_it_shows() -> None:
    assert all(words.strip() for words in re.findall(r"!\[([^\]]*)\]", README))


# -- the first screen


def test_the_first_screen_is_a_sentence_a_picture_and_two_commands() -> None:
    first = README.partition("\n**On this page")[0]

    assert first.index("becomes the right opportunity") < first.index("![") < first.index("make run")
    assert len(blocks(first, "sh")) == 2


# -- what is named exists


def test_every_command_that_a_page_names_is_one_of_ours() -> None:
    named: set[str] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        named |= {words[0] for words in commands(text)} | set(re.findall(r"`lead-capture ([a-z][a-z-]*)", text))

    assert named >= {"up", "migrate", "preview", "leads", "doctor"}
    assert named - set(COMMANDS) - LATER == set()


def test_the_readme_promises_no_command_that_is_not_there() -> None:
    coming = README.partition("## Not in this version")[2]

    for name in LATER - set(COMMANDS):
        assert f"`{name}`" in coming


SHOWN = [" ".join(words) for words in commands(README)]


@each_row("line", SHOWN)
def test_every_command_line_of_the_readme_is_understood(line: str) -> None:
    words = next(words for words in commands(README) if " ".join(words) == line)

    parser_for(words[:1]).parse_args(words)  # SystemExit when it is not


def test_every_make_target_that_a_page_names_exists() -> None:
    named = {target for page in PAGES for target in re.findall(r"\bmake (?:-C \S+ )?([a-z-]+)", code_in(page))}

    assert named >= {"setup", "run", "test", "check", "bench"}
    assert named - TARGETS == set()


def test_every_setting_that_the_readme_names_exists() -> None:
    known = {each.name for each in SETTINGS}
    of_make = set(re.findall(r"^([A-Z_]+) [:?]?=", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name.removesuffix("_FILE") for name in re.findall(r"[`$\s]([A-Z]+(?:_[A-Z]+)+)\b", README)}

    assert "NEXUDUS_USERNAME" in named
    assert named - known - of_make == set()


def test_the_table_of_statuses_knows_every_status() -> None:
    table = README.partition("| Status |")[2].partition("\n\n")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]

    assert {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)} == {each.value for each in Status}


def test_the_latest_version_of_the_changelog_is_the_one_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")

    assert re.findall(r"^## (\d+\.\d+\.\d+)", changes, re.MULTILINE)[0] == version


# -- what is shown works


def test_the_forms_files_of_the_readme_are_understood(tmp_path: Path) -> None:
    for number, shown in enumerate(blocks(README, "toml")):
        file = tmp_path / f"forms-{number}.toml"
        file.write_text(shown)

        assert "tour" in read_setup(file, lambda _: None).forms


def test_what_the_api_examples_send_is_json() -> None:
    bodies = re.findall(r"-d '(\{.*\})'", README)

    assert bodies
    for body in bodies:
        assert "fields" in json.loads(body)


def test_the_blocks_to_be_run_are_shell_and_parse() -> None:
    marked = re.findall(r"^<!-- run -->\n```(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

    assert len(marked) == README.count("<!-- run -->") > 0
    for language, block in marked:
        assert language == "sh"
        assert shlex.split(block)


# -- decisions


DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
FOR_PROGRAMMERS = [ROOT / "CONTRIBUTING.md", ROOT / "docs/architecture.md", *DECISIONS]


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


@each_row("path", FOR_PROGRAMMERS, ids=[path.stem for path in FOR_PROGRAMMERS])
def test_every_file_that_a_page_for_programmers_names_exists(path: Path) -> None:
    named = re.findall(r"`((?:service|deploy|tests)/[\w./-]*)`", path.read_text(encoding="utf-8"))

    assert [name for name in named if not (ROOT / name).exists()] == []


# -- figures


def test_a_measurement_replaces_its_own_section_of_the_figures() -> None:
    page = "# Figures\n\nhead\n\n## First\n\nold\n\n## Second\n\nkept\n"

    once = with_section(page, "First", "new")
    added = with_section(once, "Third", "more")

    assert [line for line in once.splitlines() if line.startswith("#")] == ["# Figures", "## First", "## Second"]
    assert ("old" in once, "new" in once, "kept" in once) == (False, True, True)
    assert with_section(once, "First", "new") == once
    assert added.startswith(once)
    assert added.endswith("```\nmore\n```\n")


def test_the_measurements_of_the_bench_exist() -> None:
    assert sorted(MEASUREMENTS) == sorted(
        path.stem for path in (ROOT / "tests/bench").glob("*.py") if "\ndef measure(" in path.read_text()
    )


# -- the record of processing


PRIVACY = (ROOT / "docs/privacy.md").read_text(encoding="utf-8")


def documented_columns() -> dict[str, set[str]]:
    """Table -> its columns in the tables of docs/privacy.md."""
    _, leads_part, beside = re.split(
        r"^### (?=`leads`|Beside)", PRIVACY.partition("### Without")[0], flags=re.MULTILINE
    )
    columns: dict[str, set[str]] = {"leads": set()}
    for row in re.findall(r"^\| (`.*)", leads_part, re.MULTILINE):
        columns["leads"] |= set(re.findall(r"`(\w+)`", row.split(" | ")[0]))
    for row in re.findall(r"^\| (`.*)", beside, re.MULTILINE):
        table, names, *_ = row.split(" | ")
        columns.setdefault(table.strip("`"), set()).update(re.findall(r"`(\w+)`", names))
    return columns


def test_the_record_of_processing_names_every_column_that_belongs_to_a_lead() -> None:
    documented = documented_columns()

    of_leads = {
        name: {column.name for column in table.columns}
        for name, table in metadata.tables.items()
        if name in ("leads", "import_jobs") or "lead_id" in table.columns
    }
    assert documented == of_leads


def test_the_record_of_processing_names_every_other_table() -> None:
    others = PRIVACY.partition("### Without personal data")[2].partition("\n## ")[0]

    assert set(re.findall(r"`(\w+)`", others)) == metadata.tables.keys() - documented_columns().keys()


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", (ROOT / "docs/security.md").read_text(encoding="utf-8"))

    assert len(named) > 30
    assert [name for file, name in named if f"def {name}(" not in (ROOT / "tests" / file).read_text()] == []

"""Compiled templates: used again by the next process, until the template changes, and not needed."""

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from service.admin.pages.rendering import OPTIONS, CompiledTemplates


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one template, in which Python may keep what it compiles."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "page.html").write_text("<p>{{ name }}</p>")
    return tmp_path


def rendered(templates: Path, kept_in: str = "kept") -> str:
    """The template as a new process shows it."""
    kept = CompiledTemplates(str(templates / kept_in), "%s.cache")
    environment = Environment(loader=FileSystemLoader(templates), bytecode_cache=kept, **OPTIONS)  # noqa: S701 (it does)
    return environment.get_template("page.html").render(name="<b>")


def test_it_is_kept_once_and_escapes_as_before(templates: Path) -> None:
    first = rendered(templates)
    (kept,) = (templates / "kept").iterdir()
    written_at = kept.stat().st_mtime_ns

    assert rendered(templates) == first == "<p>&lt;b&gt;</p>"
    assert (list((templates / "kept").iterdir()), kept.stat().st_mtime_ns) == ([kept], written_at)


def test_a_changed_template_takes_its_place(templates: Path) -> None:
    rendered(templates)
    (templates / "page.html").write_text("<i>{{ name }}</i>")

    assert rendered(templates) == "<i>&lt;b&gt;</i>"
    assert len(list((templates / "kept").iterdir())) == 1


def test_nothing_is_kept_where_nothing_may_be_written(templates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = rendered(templates, "missing/folder")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    assert shown == rendered(templates) == "<p>&lt;b&gt;</p>"
    assert [path.name for path in templates.iterdir()] == ["page.html"]

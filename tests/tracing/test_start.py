"""What is not set is not loaded; what is set and not installed is reported at the start."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import read_settings
from service.settings.values import check_extra
from service.tracing.start import open_tracer

SERVICE = Path(__file__).parents[2] / "service"
EXTRAS = {"service.tracing.spans", "service.tracing.errors"}
"""The modules that load what the extras bring."""


def loaded_at_once(path: Path) -> Iterator[str]:
    """The modules that a module imports when it is imported itself."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            yield str(node.module)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def test_no_module_loads_an_extra_at_once() -> None:
    loading = {str(path.relative_to(SERVICE)) for path in SERVICE.rglob("*.py") if EXTRAS & {*loaded_at_once(path)}}

    assert loading == set()


def test_without_a_collector_there_is_no_tracer() -> None:
    assert open_tracer(read_settings({}), "web") is None


def test_an_extra_that_is_not_installed_is_named_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"needs the extra otel, .*: pip install 'nexudus-lead-capture\[otel\]'"):
        check_extra("no-such-distribution", "otel")

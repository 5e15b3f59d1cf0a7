"""What is not set is not loaded; what is set and not installed is reported at the start."""

import re
from pathlib import Path

import pytest

from service.settings import read_settings
from service.settings.values import check_extra
from service.tracing.start import open_tracer

SERVICE = Path(__file__).parents[2] / "service"
LOADS_AT_ONCE = re.compile(r"^(?:from|import) service\.tracing\.(?:spans|errors)\b", re.MULTILINE)
"""An import, at the start of a line, of a module that loads what an extra brings; one within a block waits for it."""


def test_no_module_loads_an_extra_at_once() -> None:
    assert LOADS_AT_ONCE.search("import os\nfrom service.tracing.spans import Tracer")
    assert [str(path) for path in SERVICE.rglob("*.py") if LOADS_AT_ONCE.search(path.read_text())] == []


def test_without_a_collector_there_is_no_tracer() -> None:
    assert open_tracer(read_settings({}), "web") is None


def test_an_extra_that_is_not_installed_is_named_with_the_remedy() -> None:
    with pytest.raises(ValueError, match=r"needs the extra otel, .*: pip install 'nexudus-lead-capture\[otel\]'"):
        check_extra("no-such-distribution", "otel")

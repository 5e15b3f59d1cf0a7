"""Scripts of others are served as their packages on npm have them, each with its licence."""

from hashlib import sha256
from pathlib import Path

import pytest

from service.admin import pages

VENDOR = Path(pages.__file__).parent / "vendor"

FILES = {  # package@version -> file -> the beginning of its SHA-256
    "htmx.org@4.0.1": {"htmx.min.js": "a0abb04f2f45a1f8"},
    "uplot@1.6.32": {"uPlot.iife.min.js": "19c8d4c6ad88929a", "uPlot.min.css": "df630c6a8d6f8eea"},
}


@pytest.mark.parametrize("package", FILES)
def test_a_vendored_file_is_that_of_its_package(package: str) -> None:
    sums = {name: sha256((VENDOR / name).read_bytes()).hexdigest()[:16] for name in FILES[package]}

    assert sums == FILES[package]
    assert (VENDOR / f"{next(iter(sums)).partition('.')[0]}.LICENSE.txt").is_file()

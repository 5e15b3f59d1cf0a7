"""Programs outside the tests' environment, for the tests that need them."""

import os
import shutil
from typing import NoReturn

import pytest

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
"""Where Debian puts servers, too."""


def installed(*names: str, package: str = "") -> str:
    """The path of the first of these programs that is installed; without any, the test is skipped, or fails if CI is
    set.

    package: Debian's package, if its name differs.
    """
    path = next((path for name in names if (path := shutil.which(name, path=PATH))), None)
    if path is None:
        give_up(f"{names[0]} is not installed" + (f" (Debian: {package})" if package else ""))
    return path


def give_up(reason: str) -> NoReturn:
    """Skip the test, or fail if CI is set, because something outside the repository is missing."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)

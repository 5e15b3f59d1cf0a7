"""Programs that are no part of the tests' environment, for tests that are about them."""

import os
import shutil
from typing import NoReturn

import pytest

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
"""Where Debian puts servers, too."""


def installed(*names: str, package: str = "") -> str:
    """The path of the first of these programs that is there; else the test is skipped, and with CI set it fails.

    package: of Debian, where its name differs.
    """
    path = next((path for name in names if (path := shutil.which(name, path=PATH))), None)
    if path is None:
        give_up(f"{names[0]} is not installed" + (f" (Debian: {package})" if package else ""))
    return path


def give_up(reason: str) -> NoReturn:
    """Skip the test, for want of something that is no part of the repository; with CI set it fails."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)

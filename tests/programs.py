"""Programs that are no part of the tests' environment, for tests that are about them."""

import os
import shutil

import pytest

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
"""Where Debian puts servers, too."""


def installed(*names: str, package: str = "") -> str:
    """The path of the first of these programs that is there; else the test is skipped, and with CI set it fails.

    package: of Debian, where its name differs.
    """
    path = next((path for name in names if (path := shutil.which(name, path=PATH))), None)
    if path is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(f"{names[0]} is not installed" + (f" (Debian: {package})" if package else ""))
    return str(path)

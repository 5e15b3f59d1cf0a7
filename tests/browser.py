"""A real browser without a window, for the tests that look as a person does."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium(*arguments: str) -> Iterator[webdriver.Chrome]:
    """The installed Chromium; where there is none the tests are skipped, and with CI set they fail."""
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    if installed is None:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up("no Chromium is installed")
    options = webdriver.ChromeOptions()
    options.binary_location = installed
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", *arguments):
        options.add_argument(argument)
    # The installed driver by its path: else Selenium looks for one on the network.
    with webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver"))) as driver:
        yield driver

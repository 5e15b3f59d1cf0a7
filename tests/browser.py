"""A real browser without a window, for the tests that look as a person does."""

from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.programs import installed

NAMES = ("chromium", "chromium-browser", "google-chrome")

FEATURES_OFF = (
    "SpareRendererForSitePerProcess",
    "BackForwardCache",
    "HttpsUpgrades",
    "Translate",
    "OptimizationHints",
    "MediaRouter",
)
SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
    "--in-process-gpu",
    "--no-zygote",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--mute-audio",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    f"--disable-features={','.join(FEATURES_OFF)}",
)
"""Without what only a person's browser needs: a page takes a third of the processor time, a start too.

What a page may read of another origin is decided as ever; only a site no longer gets a process of its own.
"""


@contextmanager
def chromium(*arguments: str) -> Iterator[webdriver.Chrome]:
    """The installed Chromium; where there is none the tests are skipped, and with CI set they fail."""
    options = webdriver.ChromeOptions()
    options.binary_location = installed(*NAMES)
    for argument in (*SWITCHES, *arguments):
        options.add_argument(argument)
    # The installed driver by its path: else Selenium looks for one on the network.
    service = Service(installed("chromedriver", package="chromium-driver"))
    with webdriver.Chrome(options=options, service=service) as driver:
        yield driver

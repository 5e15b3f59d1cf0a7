"""A real browser without a window, for tests that see pages as a person does."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import requests
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from websocket import WebSocket, create_connection

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
"""Switches off what only a person's browser needs: pages and starts then take a third of the processor time.

The rules of other origins still apply; only sites no longer get processes of their own.
"""


@contextmanager
def chromium(*arguments: str) -> Iterator[webdriver.Chrome]:
    """The installed Chromium; without it the tests are skipped, or fail if CI is set."""
    options = webdriver.ChromeOptions()
    options.binary_location = installed(*NAMES)
    for argument in (*SWITCHES, *arguments):
        options.add_argument(argument)
    # The installed driver by its path; otherwise Selenium looks for one on the network.
    service = Service(installed("chromedriver", package="chromium-driver"))
    with webdriver.Chrome(options=options, service=service) as driver:
        yield driver


class Profiles:
    """One running Chromium for many tests; each profile starts without anything from earlier ones.

    Starting Chromium takes five times the processor time of a new profile.
    """

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver
        address = driver.capabilities["goog:chromeOptions"]["debuggerAddress"]
        self._endpoint: str = requests.get(f"http://{address}/json/version", timeout=10).json()["webSocketDebuggerUrl"]

    @contextmanager
    def new(self, width: int = 1280, height: int = 900) -> Iterator[webdriver.Chrome]:
        """Yield the driver, in a window with cookies, storage, cache, permissions and emulation of its own.

        The profile ends with the block, together with every window that was opened from it.
        """
        before = self._driver.current_window_handle
        # chromedriver's own connection is that of a page, which may not make profiles.
        with closing(create_connection(self._endpoint, suppress_origin=True)) as browser:
            profile = _call(browser, "Target.createBrowserContext")["browserContextId"]
            place = {"browserContextId": profile, "width": width, "height": height, "newWindow": True}
            window = _call(browser, "Target.createTarget", url="about:blank", **place)["targetId"]
            self._driver.switch_to.window(window)
            self._driver.get_log("browser")  # type: ignore[no-untyped-call] # what the pages before had to say
            try:
                yield self._driver
            finally:
                _call(browser, "Target.disposeBrowserContext", browserContextId=profile)
                self._driver.switch_to.window(before)


def _call(browser: WebSocket, method: str, **params: Any) -> dict[str, Any]:
    """Raises: KeyError for what Chromium refuses."""
    browser.send(json.dumps({"id": 1, "method": method, "params": params}))
    result: dict[str, Any] = json.loads(browser.recv())["result"]
    return result

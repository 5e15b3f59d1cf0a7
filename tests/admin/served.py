"""The dashboard under a real server, for tests in a real browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.admin.dashboard import PASSWORD
from tests.front import Front

PATIENCE_S = 60


class Silent(WSGIRequestHandler):
    """Tests need no access log."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 (the base's signature)
        """Nothing."""


@contextmanager
def served(front: Front, port: int = 0) -> Iterator[str]:
    """The address of the application. port: 0 for any that is free."""
    server = make_server("127.0.0.1", port, front.app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Screen:
    """One browser that looks at the dashboard."""

    def __init__(self, driver: webdriver.Chrome, address: str) -> None:
        self.driver = driver
        self.address = address

    def open(self, path: str) -> None:
        """Go to a page."""
        self.driver.get(self.address + path)

    def sign_in(self) -> None:
        """Sign in as the operator does."""
        self.driver.delete_all_cookies()
        self.open("/admin/sign-in")
        user = self.driver.find_element(By.NAME, "user")
        if not user.get_attribute("value"):
            user.send_keys("admin")
        self.driver.find_element(By.NAME, "password").send_keys(PASSWORD)
        self.leave(lambda: self.driver.find_element(By.CSS_SELECTOR, ".door button").click())

    def leave(self, act: object) -> None:
        """Do something that leads to another page, and wait for that page."""
        here = self.driver.find_element(By.TAG_NAME, "html")
        act()  # type: ignore[operator]
        wait = WebDriverWait(self.driver, PATIENCE_S, ignored_exceptions=[WebDriverException])  # the page is changing
        wait.until(staleness_of(here))
        wait.until(lambda driver: driver.execute_script("return document.readyState") == "complete")

    def find(self, by: str, value: str) -> WebElement:
        """Return an element once it exists; if it never does, the failure shows the page's text."""
        try:
            return WebDriverWait(self.driver, PATIENCE_S).until(lambda driver: driver.find_element(by, value))
        except TimeoutException:
            raise AssertionError(f"no {value} on {self.driver.current_url}:\n{self.text}") from None

    @property
    def text(self) -> str:
        """The text of the page."""
        return self.driver.find_element(By.TAG_NAME, "body").text

    def prefer(self, scheme: str, width: int) -> None:
        """Set light or dark and the width; below 600 pixels it is a phone."""
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

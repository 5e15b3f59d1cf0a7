"""Giving a colleague access, in Chromium, by keyboard alone; the pages are accessible and fit a phone."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.admin.colleagues import PASSWORD_OF_ALL
from tests.admin.dashboard import PASSWORD
from tests.admin.served import Screen, served
from tests.browser import chromium
from tests.builders import two_accounts
from tests.front import Front, sqlite_store

pytestmark = pytest.mark.browser

AXE = (files("axe_core_python") / "axe.min.js").read_text()
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Screen]:
    """The administrator of two accounts, signed in."""
    with sqlite_store(tmp_path) as store, chromium() as driver:
        front = Front(store, two_accounts(), ADMIN_PASSWORD=PASSWORD)
        with served(front) as address:
            screen = Screen(driver, address)
            screen.prefer("light", 1280)
            screen.sign_in()
            yield screen


def press(screen: Screen, *keys: str) -> None:
    """Press keys one after the other, wherever the focus is."""
    ActionChains(screen.driver).send_keys(*keys).perform()


def tab_to(screen: Screen, name: str) -> None:
    """Press Tab until the focus is on what bears this name."""
    for _ in range(60):
        press(screen, Keys.TAB)
        focused: webdriver.remote.webelement.WebElement = screen.driver.switch_to.active_element
        if name in (focused.get_attribute("name"), focused.accessible_name):
            return
    raise AssertionError(name)


def issues(screen: Screen) -> list[str]:
    """What axe finds on the page, dark on a phone; and whether it is wider."""
    screen.prefer("dark", 320)
    screen.driver.execute_script(AXE)
    script = "const done = arguments[1]; axe.run({runOnly: arguments[0]}).then(done)"
    violations = screen.driver.execute_async_script(script, WCAG)["violations"]
    wide = screen.driver.execute_script("return document.documentElement.scrollWidth") > 320
    screen.prefer("light", 1280)
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in violations] + ["too wide"] * wide


def test_a_colleague_is_given_access_by_keyboard(screen: Screen) -> None:
    screen.open("/admin/people")
    violations_of = {"people": issues(screen)}

    tab_to(screen, "email")
    press(screen, "ann@example.com", Keys.TAB, "Ann Lee", Keys.TAB, Keys.ARROW_UP)  # from agent to viewer
    tab_to(screen, "reach")
    press(screen, Keys.ARROW_DOWN, Keys.TAB, Keys.TAB, Keys.SPACE)  # only these: harbour
    screen.leave(lambda: press(screen, Keys.ENTER))
    link = screen.driver.find_element(By.CSS_SELECTOR, "pre.copy").text
    violations_of["link"] = issues(screen)

    screen.driver.delete_all_cookies()
    screen.open(urlsplit(link).path)  # PUBLIC_URL is another one
    violations_of["invitation"] = issues(screen)
    screen.driver.find_element(By.NAME, "password").send_keys(PASSWORD_OF_ALL)
    screen.leave(lambda: press(screen, Keys.ENTER))
    tab_to(screen, "My account: ann@example.com")
    screen.leave(lambda: press(screen, Keys.ENTER))
    violations_of["account"] = issues(screen)

    assert "Viewer, harbour" in screen.text
    assert {name: what for name, what in violations_of.items() if what} == {}

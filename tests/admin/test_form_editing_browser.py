"""The pages on which forms are set up, in Chromium: accessible, on a narrow phone."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.admin.dashboard import PASSWORD
from tests.admin.served import Screen, served
from tests.admin.test_pages_browser import issues
from tests.admin.test_pages_form_editing import LOOK
from tests.builders import NOON, a_form
from tests.front import Front, sqlite_store

pytestmark = pytest.mark.browser

PAGES = (
    "setup/contact",
    "forms/edit/contact",
    "forms/brand",
    "forms/senders/contact/meta",
    "forms/links/contact?medium=cpc",
    "forms/text",
)


@pytest.fixture(scope="module")
def screen(browser: webdriver.Chrome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """Signed in where nothing has been published yet; the worker has looked at Nexudus."""
    with sqlite_store(tmp_path_factory.mktemp("editing")) as store:
        store.write(lambda tx: tx.crm.save_look("default", "https://crm.example", LOOK, NOON))
        with served(Front(store, a_form(), ADMIN_PASSWORD=PASSWORD)) as address:
            screen = Screen(browser, address)
            screen.prefer("light", 1280)
            screen.sign_in()
            yield screen


def test_axe_finds_nothing_and_nothing_sticks_out_on_a_narrow_phone(screen: Screen) -> None:
    screen.prefer("dark", 320)
    violations = {}
    for path in PAGES:
        screen.open(f"/admin/{path}")
        screen.driver.execute_script("for (const each of document.querySelectorAll('details')) each.open = true")
        violations[path] = issues(screen)
        if screen.driver.execute_script("return document.documentElement.scrollWidth") > 320:
            violations[path].append("wider than the screen")

    assert {path: what for path, what in violations.items() if what} == {}


def test_the_buttons_of_the_editor_are_in_sight_wherever_one_reads(screen: Screen) -> None:
    screen.prefer("light", 320)
    screen.open("/admin/forms/edit/contact")

    bottom = screen.driver.execute_script(
        "return document.querySelector('.bar').lastElementChild.getBoundingClientRect().bottom"
    )
    assert bottom <= screen.driver.execute_script("return innerHeight")

"""A visitor at a browser: from an ad to the sample page, by keyboard through the form, and onto the board."""

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.journey.conftest import Demo

pytestmark = [pytest.mark.journey, pytest.mark.browser]

MAX_STOPS = 60
"""Links and fields of the sample page that the tabulator key passes, and some to spare."""

FROM_AN_AD = "/sample?utm_source=google&utm_medium=cpc&utm_campaign=by-the-water&gclid=x"


@pytest.fixture
def visit(browser: webdriver.Chrome, demo: Demo) -> Iterator["Visit"]:
    """The board in one tab, the sample page in another."""
    visit = Visit(browser, demo)
    yield visit
    browser.close()
    browser.switch_to.window(visit.board)


class Visit:
    """Somebody who uses the keyboard only, while we watch the board in another tab of the same browser."""

    def __init__(self, driver: webdriver.Chrome, demo: Demo) -> None:
        self.driver = driver
        driver.get(demo.nexudus.url)
        self.board = driver.current_window_handle
        self.wait_for("#column-1001")
        driver.execute_script("window.neverReloaded = true")
        driver.switch_to.new_window("tab")
        driver.get(demo.url + FROM_AN_AD)

    def fill_in(self, answers: dict[str, str]) -> None:
        """Go with the tabulator key to each of these fields, in the form's own order, and type."""
        for field, keys in answers.items():
            self.go_to(field)
            self.press(keys)

    def go_to(self, field: str) -> None:
        """Press the tabulator key until the field has the focus."""
        passed = []
        while self.focus() != field:
            passed.append(self.focus())
            assert len(passed) < MAX_STOPS, f"no way to {field!r} by keyboard: {passed}"
            self.press(Keys.TAB)

    def send(self, button: str) -> None:
        """Go to the button and press it."""
        self.go_to(button)
        self.press(Keys.ENTER)

    def answers(self) -> dict[str, str]:
        """What the page's form holds, the hidden fields left out."""
        code = "return Object.fromEntries(new FormData(document.forms[0]))"
        held: dict[str, str] = self.driver.execute_script(code)
        return {name: held[name] for name in ANSWERS}

    def card_on_board(self, person: str) -> str:
        """The text of the person's card, on the board as it was opened before the visit."""
        here = self.driver.current_window_handle
        self.driver.switch_to.window(self.board)
        card = self.wait_for("#column-1001 .card", person)
        assert self.driver.execute_script("return window.neverReloaded")
        self.driver.switch_to.window(here)
        return card

    def focus(self) -> str:
        """The name of the field that has the focus, or the text of the button or link."""
        here = self.driver.switch_to.active_element
        return here.get_attribute("name") or here.text

    def press(self, *keys: str) -> None:
        """Type, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def wait_for(self, selector: str, text: str = "", within_s: float = 10) -> str:
        """The text of the first such element that holds `text`."""

        def find(driver: webdriver.Chrome) -> str:
            texts = [each.text for each in driver.find_elements(By.CSS_SELECTOR, selector)]
            return next((each for each in texts if text in each), "")

        wait = WebDriverWait(self.driver, within_s, 0.05, [StaleElementReferenceException])  # the page is changing
        return str(wait.until(find))


ANSWERS = {
    "name": "Ines Moreau",
    "email": "ines@saltmarsh.example",
    "company": "Saltmarsh Studio",
    "location": "Leeds",
    "message": "A window to the water, please.",
    "consent": Keys.SPACE,
}
CONSENT = "I agree to be contacted about my enquiry."
"""What the page says beside the box, and posts."""


def test_from_an_ad_to_the_board_by_keyboard(visit: Visit) -> None:
    visit.fill_in(ANSWERS)
    visit.send("Book my tour")
    visit.wait_for("h1", "Thank you")

    card = visit.card_on_board("Ines Moreau")

    assert all(word in card for word in ("google", "cpc", "by-the-water", "GoogleSearch"))


def test_a_slip_in_the_address_costs_neither_the_answers_nor_the_source(visit: Visit) -> None:
    visit.fill_in({**ANSWERS, "name": "Tove Lind", "email": "tove@saltmarsh"})  # a browser lets that pass
    visit.send("Book my tour")
    visit.wait_for("[aria-invalid] + .wrong", "e-mail")
    kept = visit.answers()

    visit.fill_in({"email": Keys.END + ".example"})
    visit.send("Send again")
    visit.wait_for("h1", "Thank you")

    assert kept == {**ANSWERS, "name": "Tove Lind", "email": "tove@saltmarsh", "consent": CONSENT}
    assert all(word in visit.card_on_board("Tove Lind") for word in ("google", "cpc", "by-the-water", "GoogleSearch"))

"""A person who does a job in the dashboard by keyboard alone, and the number of presses that it takes."""

from selenium.common.exceptions import TimeoutException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from tests.admin.served import Screen

MAX_STOPS = 150
"""Presses of the tabulator key until a control counts as out of reach."""

PATIENCE_S = 60.0

_WORDS = """
const here = document.activeElement;
const labels = [...(here.labels || [])].map((label) => label.textContent);
return [...labels, here.ariaLabel, here.textContent, here.value].join(" ");
"""
"""Every text that may be part of the focused control's name.

Reading it takes a tenth of the time of the name itself.
"""


class Keyboard(Screen):
    """One person at one browser.

    activations: presses of Enter or Space, the Enter included that sends a field. Moving and typing are free.
    """

    activations = 0

    def tab_to(self, name: str, key: str = Keys.TAB) -> WebElement:
        """Press Tab until the focus is on the control with this accessible name."""
        for _ in range(MAX_STOPS):
            self.type(key)
            if name in " ".join(self.driver.execute_script(_WORDS).split()):
                focused: WebElement = self.driver.switch_to.active_element
                if focused.accessible_name == name:
                    return focused
        raise AssertionError(f"no way to {name!r} by keyboard:\n{self.text}")

    def tab_back_to(self, name: str) -> WebElement:
        """Press Shift+Tab until the focus is on the control with this accessible name."""
        return self.tab_to(name, Keys.SHIFT + Keys.TAB)

    def type(self, *keys: str) -> None:
        """Press keys where the focus is."""
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def fill_in(self, name: str, text: str) -> None:
        """Go to a field and type; in a list of choices, its first letters choose."""
        self.tab_to(name)
        self.type(text)

    def follow(self, name: str) -> None:
        """Go to a link or button and press Enter, which leads to another page."""
        self.tab_to(name)
        self.enter()

    def enter(self) -> None:
        """Press Enter where the focus is, which leads to another page."""
        self.activations += 1
        self.leave(lambda: self.type(Keys.ENTER))

    def press(self, name: str, key: str = Keys.SPACE) -> None:
        """Go to a control and press a key that stays on the page."""
        self.tab_to(name)
        self.activations += 1
        self.type(key)

    def wait_for(self, words: str) -> None:
        """Wait until the page shows this text; if it never does, the failure shows the page's text."""
        try:
            WebDriverWait(self.driver, PATIENCE_S, 0.1).until(lambda _: words in self.page_text())
        except TimeoutException:
            raise AssertionError(f"no {words!r} on {self.driver.current_url}:\n{self.page_text()}") from None

    def page_text(self) -> str:
        """The present text of the page; "" while it changes."""
        return str(self.driver.execute_script("return document.body ? document.body.innerText : ''"))

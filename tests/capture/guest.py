"""A person with a phone or a keyboard on the hosted page, in a real browser."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from tests.front import Front

MAX_STOPS = 40
PHONE, DESK = (360, 740), (1280, 900)

_LISTENING = """window.problems = [];
addEventListener("error", (event) => problems.push(event.message));
addEventListener("securitypolicyviolation", (event) => problems.push(event.violatedDirective));
"""

_FAINT = """
const light = (text) => {
  const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (element) => {
  for (let each = element; each; each = each.parentElement) {
    const colour = getComputedStyle(each).backgroundColor;
    if (!/, 0\\)$/.test(colour)) return colour;
  }
  return "rgb(255, 255, 255)";
};
const says = (each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
const shown = [...document.querySelectorAll("main *")].filter((each) => each.checkVisibility() && says(each) &&
  !each.closest(".trap, .unseen, option"));
return shown.map((each) => {
  const pair = [light(getComputedStyle(each).color), light(behind(each))].sort((a, b) => b - a);
  return [each.textContent.trim(), (pair[0] + 0.05) / (pair[1] + 0.05)];
}).filter(([, ratio]) => ratio < 4.5);
"""

_SMALL = """
const targets = [...document.querySelectorAll("main :is(a, button, select, textarea, label:has([type=checkbox]), " +
  "input:not([type=hidden], [type=checkbox], [tabindex='-1']))")];
return targets.map((each) => [each.name || each.textContent.trim(), Math.ceil(each.getBoundingClientRect().height)])
  .filter(([, height]) => height < 44);
"""

_CUT_OFF = """
return [...document.querySelectorAll("main *")].filter((each) => each.checkVisibility() &&
  !each.closest(".trap, .unseen, svg") && each.getBoundingClientRect().right > innerWidth + 0.5)
  .map((each) => each.outerHTML);
"""


@contextmanager
def serving(front: Front) -> Iterator[str]:
    """Serve the application on a port of its own; yield its address."""
    server = make_server("127.0.0.1", 0, front.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://leads.crm.test:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Guest:
    """A person who opens the pages of a service."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self.url = url
        self.call("Page.addScriptToEvaluateOnNewDocument", source=_LISTENING)

    def speak(self, language: str) -> None:
        """Set the browser's preferred language."""
        agent = self.run("return navigator.userAgent")
        self.call("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language)

    def hold(self, size: tuple[int, int], scheme: str = "light") -> None:
        """Use a screen of this size in CSS pixels, in a colour scheme."""
        width, height = size
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def leave(self) -> None:
        """Restore the browser's original settings."""
        self.call("Network.clearBrowserCookies")
        self.call("Emulation.setScriptExecutionDisabled", value=False)
        self.call("Emulation.clearDeviceMetricsOverride")
        self.call("Emulation.setEmulatedMedia", features=[])
        self.call("Emulation.setUserAgentOverride", userAgent="")

    def open(self, path: str) -> None:
        """Go to a page of the service."""
        self.driver.get(self.url + path)

    def fill_in(self, answers: Mapping[str, str]) -> None:
        """Go to each field with the tabulator key, in the page's order, and type."""
        for name, keys in answers.items():
            self.tab_to(name)
            self.press(keys)

    def tab_to(self, name: str) -> None:
        """Press the tabulator key until the field, or the button or link of this text, has the focus."""
        passed = [self.focus()]
        while passed[-1] != name:
            assert len(passed) < MAX_STOPS, f"no way to {name!r} by keyboard: {passed}"
            self.press(Keys.TAB)
            passed.append(self.focus())

    def press(self, *keys: str) -> None:
        """Type where the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def focus(self) -> str:
        """The name of the field that has the focus, or the text of the button or link."""
        here = self.driver.switch_to.active_element
        return here.get_attribute("name") or here.text

    def wait_for(self, selector: str, text: str = "") -> str:
        """The text of the first such element, once it holds `text`."""

        code = f"return [...document.querySelectorAll({selector!r})].map((each) => each.innerText)"

        def find(driver: webdriver.Chrome) -> str:
            return next((each for each in driver.execute_script(code) if text in each), "")

        wait = WebDriverWait(self.driver, 10, 0.05, [WebDriverException])  # the page is changing
        return str(wait.until(find))

    def run(self, code: str) -> Any:
        """Run JavaScript in the page."""
        return self.driver.execute_script(code)

    def call(self, command: str, **values: Any) -> Any:
        """Ask the browser itself."""
        return self.driver.execute_cdp_cmd(command, values)

    def faint_texts(self) -> list[tuple[str, float]]:
        """Texts whose contrast is below 4.5:1 (WCAG 1.4.3), with their contrast."""
        return [(text, ratio) for text, ratio in self.run(_FAINT)]

    def small_targets(self) -> list[tuple[str, int]]:
        """Tap targets lower than 44 CSS pixels, with their heights."""
        return [(name, height) for name, height in self.run(_SMALL)]

    def cut_off(self) -> list[str]:
        """Elements that extend beyond the right edge of the screen."""
        return list(self.run(_CUT_OFF))

    def accessible_nodes(self) -> list[tuple[str, str]]:
        """Role and name of everything that a screen reader announces."""

        def exposed(_driver: object) -> list[dict[str, Any]]:
            nodes = self.call("Accessibility.getFullAXTree")["nodes"]
            return [node for node in nodes if not node["ignored"]][1:]  # besides the page itself, which comes first

        nodes = WebDriverWait(self.driver, 10, 0.05).until(exposed)
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes]

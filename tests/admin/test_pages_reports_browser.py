"""Reports and forms in Chromium: accessible, on a phone, by keyboard, within the page's content security policy."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from service import clock
from service.admin.pages.rendering import LANGUAGE_COOKIE
from service.lead import Attribution, Status
from service.store import Store
from tests.admin.dashboard import PASSWORD
from tests.admin.served import PATIENCE_S, Screen, served
from tests.admin.stored_leads import keep, keep_as, keep_delivered
from tests.admin.test_pages_browser import faults_on, issues
from tests.builders import NOON, a_form, a_lead
from tests.front import Front, count_days, sqlite_store

pytestmark = pytest.mark.browser

FORM = a_form("tour", title="Book a tour", webhooks={"meta": {"app_secret": "a"}, "tally": {}})
PATHS = (
    "/admin/reports?period=7&touch=both",
    "/admin/reports?form=nobody",
    "/admin/reports/costs",
    "/admin/setup",
    "/admin/setup/tour",
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Store]:
    """A store whose leads are counted, and a finding of the checks."""
    with sqlite_store(tmp_path) as store:
        keep_delivered(store)
        attribution = Attribution("google", "cpc", "spring", channel="Paid Search", rule="by_channel", codes=("macro",))
        keep(store, a_lead("ann@example.com", clock.now(), attribution=attribution))
        keep(store, a_lead("bob@example.com", clock.now() - timedelta(days=8)))
        keep_as(store, Status.QUARANTINED)
        store.write(lambda tx: tx.alerts.report("setup:default:tour:stage", "form tour: no such stage", clock.now()))
        count_days(store)
        yield store


@pytest.fixture
def screen(shop: Store, browser: webdriver.Chrome) -> Iterator[Screen]:
    """Signed in."""
    with served(Front(shop, FORM, a_form(), ADMIN_PASSWORD=PASSWORD)) as address:
        screen = Screen(browser, address)
        screen.prefer("light", 1280)
        screen.sign_in()
        yield screen


def test_axe_finds_nothing_and_nothing_sticks_out(screen: Screen) -> None:
    opened = "for (const one of document.querySelectorAll('details')) one.open = true"

    assert [fault for path in PATHS for fault in faults_on(screen, path, opened)] == []


@pytest.mark.parametrize("language", ["de", "es", "fr"])
def test_navigation_and_tables_fit_a_desktop_in_every_language(screen: Screen, language: str) -> None:
    screen.driver.add_cookie({"name": LANGUAGE_COOKIE, "value": language, "path": "/admin"})
    screen.open("/admin/reports?period=30")

    cut = screen.driver.execute_script(
        "for (const one of document.querySelectorAll('details')) one.open = true;"
        "return [...document.querySelectorAll('nav, .scroll')].filter((one) => one.scrollWidth > one.clientWidth)"
        ".map((one) => one.ariaLabel);"
    )

    assert cut == []


def test_axe_finds_nothing_on_a_preview(screen: Screen) -> None:
    screen.open("/admin/setup/tour")
    screen.leave(lambda: screen.driver.find_element(By.CSS_SELECTOR, "#preview ~ form button").click())

    assert "Result" in screen.text
    assert issues(screen) == []


def test_the_comparison_is_drawn_within_the_pages_policy_and_read_under_pointer_and_finger(screen: Screen) -> None:
    log: list[object] = screen.driver.get_log("browser")  # type: ignore[no-untyped-call]
    screen.prefer("light", 390)
    screen.open("/admin/reports?period=7")
    plot = screen.driver.find_element(By.CSS_SELECTOR, "#leads .u-over")
    reading = screen.driver.find_element(By.CSS_SELECTOR, "#leads .reading")

    ActionChains(screen.driver).move_to_element(plot).perform()
    WebDriverWait(screen.driver, PATIENCE_S).until(lambda _: "·" in reading.text)
    under_pointer = reading.text
    left, top = screen.driver.execute_script(
        "arguments[0].scrollIntoView({block: 'center'}); const box = arguments[0].getBoundingClientRect();"
        "return [box.right - 5, box.top + 50]",
        plot,
    )
    touch = {"type": "touchStart", "touchPoints": [{"x": left, "y": top}]}
    screen.driver.execute_cdp_cmd("Input.dispatchTouchEvent", touch)
    WebDriverWait(screen.driver, PATIENCE_S).until(lambda _: reading.text != under_pointer)
    under_finger = reading.text

    assert re.fullmatch(rf"\w+ \d+ \w+: {leads_on(3)} · \w+ \d+ \w+: {leads_on(10)}", under_pointer), under_pointer
    assert re.fullmatch(rf"\w+ \d+ \w+: {leads_on(0)} · \w+ \d+ \w+: {leads_on(7)}", under_finger), under_finger
    assert screen.driver.get_log("browser") == log == []  # type: ignore[no-untyped-call]


def leads_on(days_ago: int) -> int:
    """How many leads of the shop that count arrived on a day: Ann's, Bob's, and the delivered one."""
    day = (clock.now() - timedelta(days=days_ago)).date()
    return (days_ago == 0) + (days_ago == 8) + (day == NOON.date())


def test_without_scripts_the_servers_drawing_is_there(screen: Screen) -> None:
    screen.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        screen.open("/admin/reports?period=90")
        bars = screen.driver.find_elements(By.CSS_SELECTOR, "#leads rect")

        assert max(bar.size["height"] for bar in bars) > 50
    finally:
        screen.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_no_text_of_a_chart_lies_over_another_on_the_smallest_phone(screen: Screen) -> None:
    screen.prefer("light", 320)
    for path in ("/admin/reports?period=30", "/admin/reports?period=last-year", "/admin/reports?from=2024-11-07"):
        screen.open(path)

        assert screen.driver.execute_script(OVERLAPS) == [], path
        assert screen.driver.execute_script("return document.documentElement.scrollWidth") == 320


OVERLAPS = """
const found = [];
for (const chart of document.querySelectorAll("figure svg[role=img]")) {
  if (chart.clientWidth < 10) continue;
  const boxes = [...chart.querySelectorAll("text")].map((text) => [text.textContent, text.getBoundingClientRect()])
    .filter(([, box]) => box.width);
  for (const [one, a] of boxes) for (const [other, b] of boxes)
    if (a !== b && a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom)
      found.push([one, other]);
}
return found;
"""


def test_a_table_opens_by_keyboard(screen: Screen) -> None:
    screen.open("/admin/reports?period=90")
    summary = screen.driver.find_element(By.CSS_SELECTOR, "#leads summary")
    screen.driver.execute_script("arguments[0].focus()", summary)

    ActionChains(screen.driver).send_keys(Keys.ENTER).perform()

    assert screen.driver.find_element(By.CSS_SELECTOR, "#leads table").is_displayed()


def test_a_column_sorts_by_keyboard_and_a_row_is_a_link_as_a_whole(screen: Screen) -> None:
    screen.open("/admin/reports?period=90")
    heading = screen.find(By.LINK_TEXT, "Delivered")

    screen.leave(lambda: heading.send_keys(Keys.ENTER))

    assert "sort=delivered" in screen.driver.current_url
    heading = screen.find(By.CSS_SELECTOR, "#outcomes [aria-sort=descending]")
    assert heading.text.startswith("Delivered")
    cell = screen.driver.find_element(By.CSS_SELECTOR, "#outcomes tbody tr td:nth-child(5)")
    screen.leave(cell.click)
    assert "/admin/leads?" in screen.driver.current_url


def test_a_period_is_chosen_by_keyboard(screen: Screen) -> None:
    screen.open("/admin/reports")
    screen.driver.find_element(By.NAME, "period").send_keys("All time")

    screen.leave(lambda: screen.driver.find_element(By.NAME, "from").send_keys(Keys.ENTER))

    assert "period=all" in screen.driver.current_url
    assert screen.driver.find_element(By.CSS_SELECTOR, "#leads .u-over").is_displayed()


def test_one_click_selects_a_snippet(screen: Screen) -> None:
    screen.open("/admin/setup/tour")
    screen.driver.find_element(By.CSS_SELECTOR, "pre.copy").click()

    assert screen.driver.execute_script("return getSelection().toString()").strip().endswith("/f/tour")


def test_on_paper_a_report_is_light_whole_and_without_controls(screen: Screen) -> None:
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    screen.prefer("dark", 1009)  # the width of A4 across, without its margins
    screen.open("/admin/reports?period=90")
    screen.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})

    look = screen.driver.execute_script(
        "const shown = (each) => each.checkVisibility() && each.getBoundingClientRect().width > 1;"
        "return [getComputedStyle(document.body).backgroundColor, document.documentElement.scrollWidth,"
        "[...document.querySelectorAll('button, nav')].filter(shown).map((each) => each.textContent),"
        "[...document.querySelectorAll('figure, h1')].every(shown)]"
    )
    screen.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})

    background, width, controls, is_whole = look
    assert (background, controls, is_whole) == ("rgb(255, 255, 255)", [], True)
    assert width <= 1009

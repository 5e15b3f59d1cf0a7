"""The dashboard in Chromium: accessible, by keyboard alone, on a phone, and without a script."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from service import clock
from service.lead import Contact, Lead, Status
from service.store import Query, Store
from tests.admin.dashboard import PASSWORD
from tests.admin.served import PATIENCE_S, Screen, served
from tests.admin.stored_leads import keep, keep_as, keep_delivered
from tests.browser import Profiles
from tests.builders import a_form, a_lead, a_submission
from tests.front import Front, sqlite_store

pytestmark = pytest.mark.browser

AXE = (files("axe_core_python") / "axe.min.js").read_text()
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Store]:
    """A store with leads of all kinds."""
    with sqlite_store(tmp_path) as store:
        keep(store, a_lead("ann@example.com", clock.now()))
        keep_delivered(store)
        for status in (Status.PARKED, Status.QUARANTINED, Status.QUARANTINED, Status.DISCARDED):
            keep_as(store, status)
        sentence = "Nexudus refuses the user name or password."
        store.write(lambda tx: tx.alerts.report("login:default", sentence, clock.now()))
        yield store


@pytest.fixture
def screen(shop: Store, browser: webdriver.Chrome) -> Iterator[Screen]:
    """Signed in."""
    with served(Front(shop, a_form(), a_form("tour"), ADMIN_PASSWORD=PASSWORD)) as address:
        screen = Screen(browser, address)
        screen.prefer("light", 1280)
        screen.sign_in()
        yield screen


def lead_of(store: Store, status: Status) -> Lead:
    """One that stands there."""
    with store.read() as tx:
        return tx.search.leads(Query(status=status.value), 1)[0]


def paths(store: Store) -> tuple[str, ...]:
    """Every page that can be opened by its address."""
    parked, delivered = lead_of(store, Status.PARKED).id, lead_of(store, Status.DELIVERED).id
    return (
        "/admin/",
        "/admin/leads",
        "/admin/leads?column=phone&column=message&column=value&column=won&sort=-value&status=parked",
        "/admin/leads/import",
        "/admin/leads?q=nobody&status=parked",
        f"/admin/leads/{parked}",
        f"/admin/leads/{delivered}",
        f"/admin/leads/{parked}/edit",
        f"/admin/leads/{delivered}/erase",
        "/admin/leads/nobody",
        "/admin/record",
        "/admin/sign-in",
        "/docs",
    )


def issues(screen: Screen) -> list[str]:
    """What axe finds on the page."""
    if screen.driver.execute_script("return !window.axe"):  # half a megabyte of script
        screen.driver.execute_script(AXE)
    violations: dict[str, Any] = screen.driver.execute_async_script(
        "const done = arguments[1]; axe.run({runOnly: arguments[0], resultTypes: ['violations']}).then(done)", WCAG
    )
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in violations["violations"]]


def faults_on(screen: Screen, path: str, before: str = "") -> list[str]:
    """What axe finds on a page that is loaded once, light on a desktop and dark on a phone, and whether it is too wide.

    before: a script that is run first.
    """
    faults = []
    screen.prefer("light", 1280)
    screen.open(path)
    screen.driver.execute_script(before)
    for scheme, width in (("light", 1280), ("dark", 390)):
        screen.prefer(scheme, width)
        faults += [f"{path}, {scheme}: {issue}" for issue in issues(screen)]
        if screen.driver.execute_script("return document.documentElement.scrollWidth") > width:
            faults.append(f"{path}: wider than {width}")
    return faults


def test_axe_finds_nothing_and_nothing_sticks_out(shop: Store, screen: Screen) -> None:
    assert [fault for path in paths(shop) for fault in faults_on(screen, path)] == []


def test_axe_finds_nothing_on_the_undo_bar_and_on_costs_that_were_stored(
    shop: Store, screen: Screen, tmp_path: Path
) -> None:
    screen.open(f"/admin/leads/{lead_of(shop, Status.PARKED).id}")
    button = screen.driver.find_element(By.CSS_SELECTOR, "button[value=discard]")
    screen.driver.execute_script("arguments[0].click()", button)
    assert "discarded" in screen.find(By.CSS_SELECTOR, "form[action='/admin/undo']").find_element(By.XPATH, "..").text
    assert issues(screen) == []

    file = tmp_path / "costs.csv"
    file.write_text("day,source,campaign,amount,currency\n2026-11-01,google,spring,10.50,GBP\n")
    screen.open("/admin/reports/costs")
    screen.driver.find_element(By.NAME, "file").send_keys(str(file))
    screen.leave(lambda: screen.driver.find_element(By.CSS_SELECTOR, "button[value=import]").click())
    assert "spring" in screen.text
    assert issues(screen) == []


def test_axe_finds_nothing_on_a_question_and_on_a_form_with_mistakes(shop: Store, screen: Screen) -> None:
    screen.open("/admin/leads?status=quarantined")
    screen.driver.find_element(By.NAME, "id").click()
    screen.leave(lambda: screen.driver.find_element(By.CSS_SELECTOR, "[value=release]").click())
    violations = issues(screen)
    screen.open(f"/admin/leads/{lead_of(shop, Status.PARKED).id}/edit")
    email = screen.driver.find_element(By.NAME, "answer.email")
    email.send_keys("@")
    screen.leave(email.submit)

    assert "is not an e-mail address" in screen.text
    assert violations + issues(screen) == []


def type_keys(screen: Screen, *keys: str) -> None:
    """Press keys, one after the other."""
    chain = ActionChains(screen.driver)
    for key in keys:
        chain.send_keys(key)
    chain.perform()


def tab_to(screen: Screen, wanted: str, key: str = Keys.TAB) -> None:
    """Press Tab until the focus is on what has this text, name or value, as long as it takes."""
    for _ in range(60):
        type_keys(screen, key)
        focused = screen.driver.switch_to.active_element
        names = (focused.text, focused.get_attribute("name"), focused.get_attribute("value"))
        if wanted in names:
            return
    raise AssertionError(f"Tab never reaches {wanted!r}")


def test_the_page_can_be_reached_past_the_navigation(screen: Screen) -> None:
    screen.open("/admin/leads")
    type_keys(screen, Keys.TAB, Keys.ENTER)
    tab_to(screen, "q")

    assert screen.driver.switch_to.active_element.get_attribute("type") == "search"


def test_one_box_selects_all_and_the_actions_appear_with_a_selection(screen: Screen) -> None:
    screen.open("/admin/leads")
    bar = screen.driver.find_element(By.CSS_SELECTOR, ".bulk")
    assert not bar.is_displayed()

    screen.driver.find_element(By.CSS_SELECTOR, "th.tick input").click()

    assert bar.text.startswith("6")
    assert all(box.is_selected() for box in screen.driver.find_elements(By.NAME, "id"))


def test_enter_on_a_leads_box_selects_it_and_starts_no_action(screen: Screen) -> None:
    screen.open("/admin/leads")
    screen.driver.find_element(By.CSS_SELECTOR, "[name=id]").send_keys(Keys.ENTER)

    assert screen.driver.current_url.endswith("/admin/leads")
    assert screen.driver.find_element(By.CSS_SELECTOR, ".bulk").text.startswith("1")


def test_a_phone_number_is_copied(shop: Store, screen: Screen) -> None:
    keep(shop, a_lead(submission=a_submission(contact=Contact("p@x.example", "Pat", phone="+442079460777"))))
    with shop.read() as tx:
        (lead,) = tx.search.leads(Query(text="pat"), 1)
    screen.open(f"/admin/leads/{lead.id}")

    button = screen.driver.find_element(By.CSS_SELECTOR, "[data-copy^='+44']")
    button.click()
    WebDriverWait(screen.driver, PATIENCE_S).until(lambda _: button.text == "Copied")

    screen.open("/admin/leads")
    search = screen.driver.find_element(By.NAME, "q")
    search.send_keys(Keys.CONTROL, "v")

    assert search.get_attribute("value") == "+442079460777"


def test_a_new_lead_appears_on_today_by_itself(shop: Store, screen: Screen) -> None:
    screen.driver.get_log("browser")  # type: ignore[no-untyped-call] # what the pages before had to say
    screen.open("/admin/")
    page = screen.driver.find_element(By.TAG_NAME, "html")
    keep(shop, a_lead("grace@example.com", clock.now(), submission=a_submission(contact=Contact(full_name="Grace"))))

    screen.driver.execute_script("htmx.trigger('#latest-leads', 'every')")  # what the page does every ten seconds

    WebDriverWait(screen.driver, PATIENCE_S).until(lambda _driver: "Grace" in screen.text)
    assert page == screen.driver.find_element(By.TAG_NAME, "html")
    assert [line for line in screen.driver.get_log("browser") if line["level"] == "SEVERE"] == []  # type: ignore[no-untyped-call]


def test_without_a_script_everything_is_there(shop: Store, profiles: Profiles) -> None:
    with profiles.new() as driver, served(Front(shop, a_form(), ADMIN_PASSWORD=PASSWORD)) as address:
        driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
        screen = Screen(driver, address)
        screen.open("/admin/leads?status=quarantined")
        screen.find(By.NAME, "password").send_keys(PASSWORD, Keys.ENTER)
        screen.find(By.NAME, "id").send_keys(Keys.ENTER)  # which presses no button that acts
        notice = screen.find(By.CSS_SELECTOR, ".said").text
        screen.find(By.NAME, "id").click()
        screen.find(By.CSS_SELECTOR, "[value=discard]").click()
        screen.find(By.CSS_SELECTOR, ".danger").click()
        page_text = screen.find(By.CSS_SELECTOR, ".undo").text

    assert notice == "Choose what to do with the leads."
    assert page_text.split("\n") == ["1 lead discarded.", "Undo"]

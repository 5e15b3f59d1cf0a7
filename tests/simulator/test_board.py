"""The page at /."""

import re

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from service.simulator.server import Simulator
from tests.simulator.client import Client

HOSTILE = "<img src=x onerror=\"document.title='broken into'\">"


def test_the_page_says_that_nothing_is_real(sim: Simulator, client: Client) -> None:
    assert "Simulated Nexudus - nothing here is real" in client.get("/").text


def test_the_page_loads_nothing_from_elsewhere(sim: Simulator, client: Client) -> None:
    page = client.get("/")
    parts = [client.get(path) for path in re.findall(r'(?:src|href)="(/[^"]+)"', page.text)]

    assert all(part.status_code == 200 for part in parts)
    assert not any(re.search(r"https?://(?!www\.w3\.org/2000/svg)", part.text) for part in [page, *parts])
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]


def test_the_cards_carry_what_a_marketer_looks_for(sim: Simulator, client: Client) -> None:
    ada = sim.add_coworker("ada@example.com", "Ada Lovelace", MobilePhone="+44 20")["Id"]
    client.add_opportunity(ada, Name="Ada - tour", LeadSource=19, UtmSource="google", UtmMedium="cpc", Notes="Hello")

    column = client.get("/_sim/board").json()["boards"][0]["columns"][0]
    card = column["cards"][0]

    assert (column["name"], column["count"]) == ("New enquiry", 1)
    assert (card["title"], card["person"], card["email"], card["phone"]) == (
        "Ada - tour",
        "Ada Lovelace",
        "ada@example.com",
        "+44 20",
    )
    assert (card["source"], card["utm"], card["notes"]) == (
        "GoogleSearch",
        {"source": "google", "medium": "cpc"},
        "Hello",
    )


def test_a_column_shows_the_newest_first_and_counts_all(sim: Simulator, client: Client) -> None:
    ada = sim.add_coworker("ada@example.com")["Id"]
    for number in range(35):
        client.add_opportunity(ada, Name=str(number))

    column = client.get("/_sim/board").json()["boards"][0]["columns"][0]

    assert (column["count"], len(column["cards"]), column["cards"][0]["title"]) == (35, 30, "34")


def test_archived_boards_are_left_out(sim: Simulator, client: Client) -> None:
    assert [board["id"] for board in client.get("/_sim/board").json()["boards"]] == [10, 11, 12]


def test_an_unchanged_board_is_not_sent_again(sim: Simulator, client: Client) -> None:
    seen = client.get("/_sim/board").json()["revision"]

    assert client.get("/_sim/board", seen=seen).status_code == 204
    sim.add_coworker("ada@example.com")
    assert client.get("/_sim/board", seen=seen).status_code == 200


@pytest.fixture
def page(browser: webdriver.Chrome, sim: Simulator) -> webdriver.Chrome:
    browser.get(sim.url)
    _wait(browser, "#column-1001")
    return browser


def _wait(browser: webdriver.Chrome, selector: str) -> None:
    WebDriverWait(browser, 10, 0.05).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, selector))


@pytest.mark.browser
def test_a_new_card_appears_by_itself_and_its_text_stays_text(
    page: webdriver.Chrome, sim: Simulator, client: Client
) -> None:
    ada = sim.add_coworker("ada@example.com", HOSTILE)["Id"]

    client.add_opportunity(ada, Name=HOSTILE, UtmCampaign=HOSTILE, Notes=HOSTILE)

    _wait(page, "#column-1001 .card")
    card = page.find_element(By.CSS_SELECTOR, "#column-1001 .card")
    assert HOSTILE in card.text
    assert card.find_elements(By.TAG_NAME, "img") == []
    assert page.title == "Simulated Nexudus - nothing here is real"


@pytest.mark.browser
def test_open_notes_stay_open_when_another_card_arrives(page: webdriver.Chrome, sim: Simulator, client: Client) -> None:
    ada = sim.add_coworker("ada@example.com")["Id"]
    client.add_opportunity(ada, Notes="first")
    _wait(page, "#column-1001 summary")
    page.find_element(By.CSS_SELECTOR, "#column-1001 summary").send_keys(Keys.ENTER)

    client.add_opportunity(ada, Notes="second")

    _wait(page, "#column-1001 .card:nth-child(2) details[open]")


@pytest.mark.browser
def test_a_card_is_moved_and_won_by_hand(page: webdriver.Chrome, sim: Simulator, client: Client) -> None:
    client.add_opportunity(sim.add_coworker("ada@example.com")["Id"], Value=450)
    _wait(page, "#column-1001 .work")
    page.find_element(By.CSS_SELECTOR, "#column-1001 .work summary").click()

    page.find_element(By.CSS_SELECTOR, "#column-1001 .work option[value='1002']").click()
    _wait(page, "#column-1002 .work[open]")
    page.find_element(By.CSS_SELECTOR, "#column-1002 [data-does=won]").click()

    _wait(page, "#column-1002 .state.won")
    assert page.find_element(By.CSS_SELECTOR, ".state").text == "Won 450 GBP"


@pytest.mark.browser
def test_boards_are_chosen_with_the_arrow_keys(page: webdriver.Chrome) -> None:
    page.find_element(By.ID, "tab-10").send_keys(Keys.ARROW_RIGHT)

    _wait(page, "#tab-11[aria-selected=true]")
    assert page.find_element(By.ID, "column-2001").is_displayed()
    assert not page.find_element(By.ID, "column-1001").is_displayed()


@pytest.mark.browser
def test_a_phone_shows_the_page_without_sideways_scrolling(
    page: webdriver.Chrome, sim: Simulator, client: Client
) -> None:
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": True}
    )
    client.add_opportunity(sim.add_coworker(f"{'a' * 60}@example.com")["Id"], UtmCampaign="x" * 200)
    _wait(page, "#column-1001 .card")

    width = page.execute_script("return document.documentElement.scrollWidth")
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    assert width <= 390

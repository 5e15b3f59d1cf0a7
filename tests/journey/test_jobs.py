"""Everyday jobs on a fresh installation, by keyboard alone in Chromium, each with the presses that it takes.

`lead-capture up` is started as README says, and leads reach the simulated board. The tests are one story:
each starts on the page Today and goes on with what those before it set up.
"""

import csv
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.admin.test_pages_browser import issues
from tests.alerts.sink import AlertSink
from tests.journey.installation import Installation, Nexudus
from tests.journey.keyboard import PATIENCE_S, Keyboard
from tests.processes import CHECKOUT, free_port, wait_until

pytestmark = [pytest.mark.journey, pytest.mark.browser]

ROWS = re.findall(r"^\| ([A-Z][^|]+) \| (\d+) \|$", (CHECKOUT / "docs" / "dashboard.md").read_text(), re.MULTILINE)
PRESSES = {job: int(number) for job, number in ROWS}
"""Job -> presses of Enter or Space, as the documentation has them."""

NEW_ENQUIRY, CONTACTED, TOUR_BOOKED = 1001, 1002, 1003
MIN_FILL_S = 1.1
"""Seconds that a person needs at least, in the eyes of the spam rules, for a form that the tests fill in at once."""

PHONE = "020 7946 0777"
PASSWORD = "three or four words"


@dataclass(frozen=True, slots=True)
class House:
    """A fresh installation, its owner at the keyboard, and a stand-in for Slack."""

    installation: Installation
    url: str
    nexudus: Nexudus
    slack: AlertSink
    owner: Keyboard
    key_of_google: list[str]

    @contextmanager
    def job(self, name: str) -> Iterator[Keyboard]:
        """One job, from the page Today on; it takes as many presses as the documentation says."""
        self.owner.open("/admin/")
        self.owner.activations = 0
        yield self.owner
        assert (name, self.owner.activations) == (name, PRESSES[name])

    def post(self, form: str, email: str, **more: str) -> None:
        """An enquiry from a website."""
        data = {"full_name": email.partition("@")[0].title(), "email": email, **more}
        response = requests.post(f"{self.url}/f/{form}?format=json", data=data, timeout=10)
        assert response.json()["ok"], response.text

    def call_of_google(self, lead_id: str, is_test: bool = False, **answers: str) -> None:
        """What Google Ads sends: only its address and its key are needed."""
        data = [{"column_id": name, "string_value": value} for name, value in answers.items()]
        body: dict[str, Any] = {"google_key": self.key_of_google[0], "lead_id": lead_id, "user_column_data": data}
        wait_until(lambda: self._accepts(body | {"is_test": is_test}), PATIENCE_S, "the key is accepted")

    def _accepts(self, body: dict[str, Any]) -> bool:
        address = f"{self.url}/webhooks/google-ads/rent-an-office"
        return bool(requests.post(address, json=body, timeout=10).status_code == requests.codes.ok)

    def stage_of(self, email: str) -> int:
        """The column of the board that a person's opportunity is in, once it is there."""
        wait_until(lambda: self.nexudus.opportunities_of(email), PATIENCE_S, f"the opportunity of {email}", 0.1)
        return int(self.nexudus.opportunities_of(email)[0]["CrmBoardColumnId"])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, browser: webdriver.Chrome) -> Iterator[House]:
    """`lead-capture up` in an empty folder; its front door signs the owner in."""
    port, simulator_port = free_port(), free_port()
    url, nexudus = f"http://localhost:{port}", Nexudus(f"http://localhost:{simulator_port}")
    with Installation(tmp_path_factory.mktemp("jobs")) as installation, AlertSink() as slack:
        up = installation.start("up", "--port", str(port), "--simulator-port", str(simulator_port))
        up.wait_until(lambda: "Ctrl-C stops everything" in up.output, PATIENCE_S, "the banner")
        owner = Keyboard(browser, url)
        owner.open("/")
        owner.follow("Open the dashboard, signed in")
        assert "No leads yet" in owner.text
        yield House(installation, url, nexudus, slack, owner, [])


# -- set-up


def test_a_form_is_added_and_its_first_lead_is_on_the_board(house: House) -> None:
    with house.job("Add a form") as owner:
        owner.follow("Forms")
        owner.follow("New form")
        owner.fill_in("Title", "Rent an office")
        owner.fill_in("Question", "How many desks?")
        owner.wait_for("As read from Nexudus")
        owner.fill_in("Stage in Nexudus", "Tour")
        owner.follow("Preview the changes")
        assert "Sales / Tour booked" in owner.text
        violations = issues(owner)
        owner.follow("Publish")
        owner.wait_for("Leads go to")
        assert "Published as version 1." in owner.text
        assert violations == []

    visitor = Keyboard(house.owner.driver, house.url)
    visitor.open("/f/rent-an-office")
    visitor.fill_in("E-mail", "ada@example.com")
    visitor.fill_in("How many desks?", "six")
    time.sleep(MIN_FILL_S)
    visitor.enter()
    assert house.stage_of("ada@example.com") == TOUR_BOOKED
    visitor.driver.get(house.nexudus.url)
    visitor.wait_for("ada@example.com")


def test_the_stage_of_a_form_is_changed(house: House) -> None:
    with house.job("Change a form's stage") as owner:
        owner.follow("Forms")
        owner.follow("Edit Rent an office")
        owner.fill_in("Stage in Nexudus", Keys.ARROW_UP)
        owner.follow("Preview the changes")
        owner.follow("Publish")
        owner.wait_for("House: Sales / Contacted")

    house.post("rent-an-office", "bo@example.com", phone=PHONE)
    assert house.stage_of("bo@example.com") == CONTACTED


def test_a_colleague_is_given_access(house: House) -> None:
    with house.job("Give a colleague access") as owner:
        owner.follow("People")
        owner.fill_in("E-mail address", "ann@example.com")
        owner.fill_in("Name", "Ann Lee")
        owner.type(Keys.TAB, Keys.ARROW_UP)  # from agent to viewer
        owner.follow("Create the invitation link")
        link = owner.find(By.CSS_SELECTOR, "pre.copy").text
        violations = issues(owner)
        owner.press("Copy the link")

    cookies = owner.driver.get_cookies()
    owner.driver.delete_all_cookies()
    ann = Keyboard(owner.driver, "")
    ann.open(link)
    violations += issues(ann)
    ann.type(PASSWORD)  # the field has the focus
    ann.enter()
    ann.follow("My account: ann@example.com")
    assert "Viewer" in ann.text
    assert violations == []
    ann.driver.delete_all_cookies()
    for cookie in cookies:
        owner.driver.add_cookie(cookie)


def test_problems_are_told_on_slack(house: House) -> None:
    with house.job("Get alerts in Slack") as owner:
        owner.follow("Connections")
        owner.fill_in("Address of the webhook", house.slack.address)
        owner.enter()
        owner.wait_for("accepted a test message")

    assert house.slack.titles == ["Lead Capture: a test"]


def test_google_ads_is_connected_and_its_lead_is_on_the_board(house: House) -> None:
    with house.job("Connect Google Ads") as owner:
        owner.follow("Connections")
        owner.fill_in("Connect", "Google")
        owner.fill_in("for the form", "Rent")
        owner.follow("Continue")
        house.key_of_google.append(str(owner.find(By.NAME, "key.key").get_attribute("value")))
        owner.follow("Preview the changes")
        owner.follow("Publish")
        owner.wait_for("It has not sent anything yet.")

    house.call_of_google("a-test", is_test=True, EMAIL="test@example.com")
    house.owner.wait_for("It last sent a lead")  # by itself

    house.call_of_google("a-lead", EMAIL="di@example.com")
    assert house.stage_of("di@example.com") == CONTACTED


# -- every day


def test_a_lead_is_found_by_its_phone_number(house: House) -> None:
    with house.job("Find a lead by phone") as owner:
        owner.follow("Leads")
        owner.fill_in("Search", PHONE.replace(" ", "")[1:])
        owner.enter()
        owner.follow("Bo")

    assert owner.find(By.TAG_NAME, "h1").text.startswith("Bo")


def test_a_lead_that_is_stuck_is_seen_and_helped(house: House) -> None:
    house.call_of_google("no-address", FULL_NAME="Eve Adams", PHONE_NUMBER=PHONE)

    with house.job("See why a lead is stuck, and fix it") as owner:
        assert "1 lead came without a required answer: E-mail" in owner.text
        owner.follow("Correct it")
        owner.fill_in("E-mail", "eve@example.com")
        owner.enter()

    assert house.stage_of("eve@example.com") == CONTACTED


def test_held_leads_are_released_together(house: House) -> None:
    for name in ("fay", "gil"):
        house.post("contact", f"{name}@example.com", _gotcha="filled in")

    with house.job("Release spam in bulk") as owner:
        owner.follow("Look through them")
        owner.press("Select")
        owner.tab_back_to("Release…")
        owner.enter()
        assert "Fay" in owner.text
        assert "Gil" in owner.text
        owner.follow("Release 2 leads")
        assert "2 leads released." in owner.text

    assert [house.stage_of(f"{name}@example.com") for name in ("fay", "gil")] == [NEW_ENQUIRY] * 2


def test_the_state_of_the_crm_is_on_the_first_page(house: House) -> None:
    with house.job("See whether the CRM connection works") as owner:
        words = " ".join(owner.text.split())

    assert re.search(r"Nexudus Works The last lead was delivered .* ago\.", words)


def test_new_leads_are_told_on_slack(house: House) -> None:
    with house.job("Get new leads in Slack") as owner:
        owner.follow("Connections")
        owner.follow("Rent an office")
        owner.type(house.slack.address)  # the field has the focus
        owner.follow("Preview the changes")
        owner.follow("Publish")
        owner.wait_for("Leads go to")

    house.post("rent-an-office", "cy@example.com")
    wait_until(lambda: "New lead: Cy, Rent an office" in house.slack.titles, PATIENCE_S, "the message", 0.1)


@pytest.fixture(scope="module")
def history(house: House) -> House:
    """The house with three months of leads and sales."""
    filled = house.installation.run("demo-data", "--leads", "200", "--yes")
    assert filled.exit_code == 0, filled.output
    wait_until(lambda: _is_counted(house), PATIENCE_S, "the worker counts the leads", 1)
    return house


def _is_counted(house: House) -> bool:
    cookies = {cookie["name"]: cookie["value"] for cookie in house.owner.driver.get_cookies()}
    page = requests.get(f"{house.url}/admin/reports?period=last-month", cookies=cookies, timeout=10)
    return "Outcomes: Channel" in page.text


def test_the_campaign_that_won_most_last_month_is_found(history: House) -> None:
    with history.job("Find the campaign that won most last month") as owner:
        owner.follow("Reports")
        owner.fill_in("Period", "Last month")
        owner.follow("Show")
        owner.follow("Campaign")
        owner.follow("Won")
        columns = [column.text for column in owner.driver.find_elements(By.CSS_SELECTOR, "#outcomes thead th")]
        place = columns.index("Won") + 1
        cells = owner.driver.find_elements(By.CSS_SELECTOR, f"#outcomes tbody td:nth-child({place})")

    won = [int(cell.text) for cell in cells]
    assert won == sorted(won, reverse=True)
    assert won[0] > won[-1]


def test_the_leads_of_a_month_are_exported(history: House, tmp_path: Path) -> None:
    driver = history.owner.driver
    profile = driver.execute_cdp_cmd("Target.getTargetInfo", {})["targetInfo"]["browserContextId"]
    downloads = {"behavior": "allow", "downloadPath": str(tmp_path), "browserContextId": profile}
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", downloads)

    with history.job("Export a month's leads") as owner:
        owner.follow("Leads")
        owner.press("Filter and sort")
        owner.fill_in("Period", "Last month")
        owner.follow("Show")
        number = re.search(r"(\d+) leads match", owner.text)
        owner.press("Export CSV", Keys.ENTER)
        wait_until(lambda: list(tmp_path.glob("*.csv")), PATIENCE_S, "the file", 0.1)

    (file,) = tmp_path.glob("*.csv")
    with file.open() as lines:
        rows = list(csv.DictReader(lines))
    assert number is not None
    assert len(rows) == int(number[1])

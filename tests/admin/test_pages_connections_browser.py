"""Connections in Chromium: Nexudus by keyboard alone while a worker answers; pages accessible, wide and narrow."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from service import clock
from service.background import Intervals, RequestJob, start_periodic_job
from service.settings import read_settings
from service.setup.reading import follow_setup, read_stored
from service.simulator.server import Simulator
from service.store import Store
from tests.admin.dashboard import PASSWORD
from tests.admin.served import PATIENCE_S, Screen, served
from tests.admin.test_pages_browser import issues, tab_to, type_keys
from tests.delivery.test_account_trial import USER, TriedAccount
from tests.forms.texts import no_variable
from tests.front import Front, sqlite_store

pytestmark = pytest.mark.browser

PAGE = "/admin/connections"
OFTEN = Intervals(0.1)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Store]:
    """An empty database."""
    with sqlite_store(tmp_path) as store:
        yield store


@contextmanager
def signed_in(store: Store, browser: webdriver.Chrome) -> Iterator[Screen]:
    """A fresh installation with its set-up in the database, which each request follows."""
    settings = read_settings({"FORMS_FILE": "no-such-file.toml"})
    current = follow_setup(settings, read_stored(settings, store, no_variable), no_variable, clock.now(), store)
    with served(Front(store, current, ADMIN_PASSWORD=PASSWORD)) as address:
        screen = Screen(browser, address)
        screen.prefer("light", 1280)
        screen.sign_in()
        yield screen


@contextmanager
def worker(job: RequestJob) -> Iterator[None]:
    """A worker that answers at once."""
    stop = threading.Event()
    thread = start_periodic_job("answers", job.step, OFTEN, stop)
    yield
    stop.set()
    thread.join(5)


def wait_for(screen: Screen, words: str) -> None:
    WebDriverWait(screen.driver, PATIENCE_S).until(lambda _: words in screen.text)


def test_nexudus_is_connected_by_keyboard(house: Store, browser: webdriver.Chrome) -> None:
    with Simulator() as nexudus, signed_in(house, browser) as screen:
        screen.open(PAGE)
        tab_to(screen, "Connect Nexudus")
        screen.leave(lambda: type_keys(screen, Keys.ENTER))
        tab_to(screen, "base_url")
        type_keys(screen, nexudus.url, Keys.TAB, USER, Keys.TAB, "simulator")
        with worker(TriedAccount(house, nexudus.url).job):
            screen.leave(lambda: type_keys(screen, Keys.ENTER))
            wait_for(screen, "Nexudus accepts the sign-in")
        violations = issues(screen)
        tab_to(screen, "Use this account")
        screen.leave(lambda: type_keys(screen, Keys.ENTER))

        assert "Leads go to this account within a few seconds" in screen.text
        assert violations == []


def test_axe_finds_nothing_and_nothing_sticks_out(house: Store, browser: webdriver.Chrome) -> None:
    channel = house.write(lambda tx: tx.channels.add("Sales", "slack", "https://x", "ann@example.com", clock.now()))
    house.write(lambda tx: tx.channels.record_sent(channel, clock.now(), "it answered with error 403"))
    wrong = {}
    with signed_in(house, browser) as screen:
        for path in (PAGE, f"{PAGE}/nexudus/default", f"{PAGE}/platforms/contact/meta"):
            screen.prefer("light", 1280)
            screen.open(path)
            for scheme, width in (("dark", 1280), ("light", 320)):
                screen.prefer(scheme, width)
                wrong[path, scheme] = issues(screen)
                if screen.driver.execute_script("return document.documentElement.scrollWidth") > width:
                    wrong[path, scheme].append("wider than the screen")

    assert {case: what for case, what in wrong.items() if what} == {}

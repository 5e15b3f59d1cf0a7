"""What the tests of the endpoints share, and those of the page's script."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from service.store import Store
from tests.browser import chromium
from tests.capture.website import Site, Visitor
from tests.front import Front

EVERY_NAME_IS_OURS = "--host-resolver-rules=MAP * 127.0.0.1"


@pytest.fixture
def front(sqlite: Store) -> Front:
    """An application with the form `contact`, that lets everybody post as often as they like."""
    return Front(sqlite)


@pytest.fixture(scope="session")
def driver() -> Iterator[webdriver.Chrome]:
    """One browser for all tests of the script: each of them visits a domain that it has never seen.

    Not one for the package: a process that runs some files of every package would start it again for each.
    """
    with chromium(EVERY_NAME_IS_OURS) as driver:
        yield driver


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    """A website, in the part of the service, too."""
    with Site() as site:
        yield site


@pytest.fixture
def site(server: Site) -> Site:
    """A landing page, and another with the form; there are no posts yet."""
    server.clear()
    server.publish("/", "<a href=/contact>Contact</a>")
    server.publish("/contact", server.form())
    return server


@pytest.fixture
def visitor(driver: webdriver.Chrome, site: Site) -> Visitor:
    """Somebody who was never there."""
    return Visitor(driver, site)

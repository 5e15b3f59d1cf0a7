"""Fixtures for the tests of the endpoints and of the tracking script."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from service.store import Store
from tests.capture.website import Site, Visitor
from tests.front import Front


@pytest.fixture
def front(sqlite: Store) -> Front:
    """An application with the form `contact` and without a rate limit."""
    return Front(sqlite)


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    """A website that also plays the service."""
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
def visitor(browser: webdriver.Chrome, site: Site) -> Visitor:
    """A new visitor: each one visits a domain that the browser has never seen."""
    return Visitor(browser, site)

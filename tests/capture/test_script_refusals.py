"""attribution.js in browsers that keep nothing, or not where we would like, and on pages that are strict."""

import pytest

from tests.capture.website import TAGGED, Visitor, touch

pytestmark = pytest.mark.browser


def test_without_cookies_visits_are_kept_in_local_storage(visitor: Visitor) -> None:
    with visitor.refusing("document.cookie"):
        visitor.open(TAGGED)
        visitor.open("/?utm_source=linkedin")
        visitor.open("/contact")
        sent = visitor.send()

    first, last = touch(sent["lc_first"]), touch(sent["lc_last"])
    assert first.url == visitor.url(TAGGED)
    assert last.url == visitor.url("/?utm_source=linkedin")


def test_where_nothing_may_be_kept_a_form_on_the_landing_page_tells_all(visitor: Visitor) -> None:
    with visitor.refusing("document.cookie", "window.localStorage", "window.sessionStorage"):
        visitor.open("/contact?utm_source=google")
        problems = visitor.run("return problems")
        sent = visitor.send()

    last = touch(sent["lc_last"])
    assert sent["lc_landing_url"] == visitor.url("/contact?utm_source=google")
    assert last.url == visitor.url("/contact?utm_source=google")
    assert problems == []


def test_a_page_that_loads_the_script_twice_fills_each_form_once(visitor: Visitor) -> None:
    twice = f"<script src='{visitor.site.service}/attribution.js' defer></script>"
    visitor.site.publish("/twice", twice + visitor.site.form())
    visitor.open("/twice")

    assert len(visitor.run("return document.querySelectorAll('[name=lc_key]')")) == 1

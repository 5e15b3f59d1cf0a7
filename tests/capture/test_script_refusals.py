"""attribution.js in browsers that keep nothing, or not where we would like, and on pages that are strict."""

import pytest

from tests.capture.website import HIDDEN, TAGGED, Visitor, touch

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


def test_a_browser_without_cookies_remembers_across_pages(visitor: Visitor) -> None:
    with visitor.without_cookies():
        visitor.open(TAGGED)
        visitor.open("/?utm_source=linkedin")
        visitor.open("/contact")
        sent = visitor.send()

    assert visitor.cookies() == {}
    assert touch(sent["lc_first"]).url == visitor.url(TAGGED)
    assert touch(sent["lc_last"]).url == visitor.url("/?utm_source=linkedin")


def test_a_page_that_is_shut_off_from_all_that_is_kept_tells_of_itself(visitor: Visitor) -> None:
    shut_off = {"Content-Security-Policy": "sandbox allow-scripts allow-forms"}
    visitor.site.publish("/contact", visitor.site.form(), headers=shut_off)
    visitor.open("/contact?utm_source=google")
    problems = visitor.run("return problems")

    sent = visitor.send()

    assert touch(sent["lc_last"]).url == sent["lc_landing_url"] == visitor.url("/contact?utm_source=google")
    assert problems == []


def test_where_nothing_may_be_kept_the_next_page_still_tells_the_landing_page(visitor: Visitor) -> None:
    with visitor.refusing("document.cookie", "window.localStorage", "window.sessionStorage"):
        visitor.open(TAGGED)
        visitor.click_through(visitor.url("/contact"))
        sent = visitor.send()

    assert touch(sent["lc_last"]).url == sent["lc_landing_url"] == visitor.url(TAGGED)


def test_a_page_with_a_strict_policy_works_without_breaking_it(visitor: Visitor) -> None:
    service = visitor.site.service
    policy = f"default-src 'none'; script-src {service}; form-action {service}; require-trusted-types-for 'script'"
    visitor.site.publish("/strict", visitor.site.form(), headers={"Content-Security-Policy": policy})
    visitor.open("/strict?utm_source=google")
    problems = visitor.run("return problems")

    sent = visitor.send()

    assert problems == []
    assert touch(sent["lc_last"]).url == visitor.url("/strict?utm_source=google")


def test_a_page_with_variables_named_like_the_browsers_own_works(visitor: Visitor) -> None:
    names = "<script>var parent = 1, frames = null, navigation = 'x', length = 7, origin = 0, name = {};</script>"
    visitor.site.publish("/named", names + visitor.site.form())
    visitor.open("/named?utm_source=google")

    assert visitor.cookies().keys() == {"lc_first", "lc_last"}
    assert visitor.hidden().keys() == HIDDEN
    assert visitor.run("return problems") == []


def test_the_script_moves_nothing_on_the_page(visitor: Visitor) -> None:
    body = "<p>Above</p><div style='display: grid'>{form}</div><p>Below</p>"
    body = body.format(form=visitor.site.form("<input><button>Send</button>", "style='display: flex; gap: 9px'"))
    visitor.site.publish("/with", body)
    visitor.site.pages["/without"] = f"<!doctype html>{body}"
    parts = "[...document.body.querySelectorAll('p, div, form, button')]"
    where = f"return {parts}.map((part) => part.getBoundingClientRect().toJSON())"

    visitor.open("/without")
    without = visitor.run(where)
    visitor.open("/with")

    assert visitor.hidden().keys() == HIDDEN
    assert visitor.run(where) == without

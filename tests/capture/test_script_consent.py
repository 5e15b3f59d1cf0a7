"""attribution.js on pages that ask first: `data-consent` and LeadCapture.consent()."""

import pytest

from tests.capture.website import TAGGED, Site, Visitor, touch

pytestmark = pytest.mark.browser


@pytest.fixture
def site(site: Site) -> Site:
    """The same pages, which ask first."""
    site.publish("/", "<a href=/contact>Contact</a>", "data-consent")
    site.publish("/contact", site.form(), "data-consent")
    site.publish("/unasked", "")
    return site


def test_before_consent_nothing_is_kept(visitor: Visitor) -> None:
    visitor.open(TAGGED)
    visitor.open("/contact?utm_source=linkedin")
    visitor.send()

    assert visitor.kept() == set()


def test_before_consent_no_cookie_is_even_tried(visitor: Visitor) -> None:
    with visitor.refusing("document.cookie"):
        visitor.open("/contact?utm_source=google")
        before = visitor.run("return writes")
        visitor.run("LeadCapture.consent(true)")

        assert before == 0 < visitor.run("return writes")


def test_before_consent_a_form_tells_what_its_own_page_view_tells(visitor: Visitor) -> None:
    visitor.open("/contact?utm_source=google")

    sent = visitor.send()

    assert sent["lc_landing_url"] == sent["lc_page_url"] == visitor.url("/contact?utm_source=google")
    assert touch(sent["lc_last"]).url == visitor.url("/contact?utm_source=google")


def test_what_was_kept_without_asking_is_not_read_before_consent(visitor: Visitor) -> None:
    visitor.open("/unasked?utm_source=google")
    visitor.open("/contact")

    assert (visitor.hidden()["lc_first"], visitor.hidden()["lc_last"]) == ("", "")


def test_consent_keeps_the_landing_that_came_before_it(visitor: Visitor) -> None:
    visitor.open(TAGGED)
    visitor.run("LeadCapture.consent(true)")
    visitor.open("/contact")

    sent = visitor.send()

    assert sent["lc_landing_url"] == visitor.url(TAGGED)
    assert touch(sent["lc_first"]).url == touch(sent["lc_last"]).url == visitor.url(TAGGED)


def test_consent_one_page_on_keeps_the_landing_too(visitor: Visitor) -> None:
    visitor.open(TAGGED)
    visitor.click_through(visitor.url("/contact"))
    visitor.run("LeadCapture.consent(true)")
    visitor.open("/contact")

    sent = visitor.send()

    assert sent["lc_landing_url"] == visitor.url(TAGGED)
    assert touch(sent["lc_first"]).url == visitor.url(TAGGED)


def test_consent_is_given_once_and_not_on_every_page(visitor: Visitor) -> None:
    visitor.open("/contact")
    visitor.run("LeadCapture.consent(true)")
    visitor.open(TAGGED)
    visitor.open("/contact")

    assert touch(visitor.hidden()["lc_last"]).url == visitor.url(TAGGED)


def test_who_refuses_and_then_agrees_is_remembered_from_then_on(visitor: Visitor) -> None:
    visitor.open(TAGGED)

    visitor.run("LeadCapture.consent(false)")
    refused = visitor.kept()
    visitor.run("LeadCapture.consent(true)")

    assert refused == set()
    assert visitor.kept() == {"lc_first", "lc_last", "lc_consent", "lc_visit"}


def test_who_withdraws_leaves_nothing_behind(visitor: Visitor) -> None:
    visitor.open(TAGGED)
    visitor.run("LeadCapture.consent(true)")
    visitor.open("/contact")

    visitor.run("LeadCapture.consent(false)")

    assert visitor.kept() == set()
    assert visitor.hidden()["lc_landing_url"] == visitor.url("/contact")
    assert (visitor.hidden()["lc_first"], visitor.hidden()["lc_last"]) == ("", "")


def test_a_refusal_removes_what_another_host_of_the_site_kept(visitor: Visitor) -> None:
    visitor.open("/unasked?utm_source=google", host="book")
    visitor.open("/contact")

    visitor.run("LeadCapture.consent(false)")

    assert visitor.cookies() == {}


def test_without_cookies_consent_is_remembered_and_withdrawn_all_the_same(visitor: Visitor) -> None:
    with visitor.without_cookies():
        visitor.open(TAGGED)
        visitor.run("LeadCapture.consent(true)")
        visitor.open("/contact")
        last = visitor.hidden()["lc_last"]
        visitor.run("LeadCapture.consent(false)")

        assert touch(last).url == visitor.url(TAGGED)
        assert visitor.run("return Object.keys(localStorage)") == []


def test_a_page_that_does_not_ask_for_consent_keeps_nothing_more_after_a_refusal(visitor: Visitor) -> None:
    visitor.open("/unasked?utm_source=google")

    visitor.run("LeadCapture.consent(false)")

    assert visitor.kept() == set()
    assert touch(visitor.run("return LeadCapture.fields().lc_last")).url == visitor.url("/unasked?utm_source=google")

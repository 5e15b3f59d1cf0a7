"""attribution.js: one key for one view of a form."""

import re

import pytest

from tests.capture.website import FETCHING, Visitor, view_of

pytestmark = pytest.mark.browser


def test_a_double_click_has_one_key_and_a_second_enquiry_another(visitor: Visitor) -> None:
    visitor.site.publish("/fetch", visitor.site.form() + FETCHING)
    visitor.open("/fetch")

    visitor.run("const button = document.querySelector('button'); button.click(); button.click();")
    first = visitor.hidden()["lc_key"]
    visitor.wait_until(lambda: visitor.hidden()["lc_key"] != first)
    visitor.send()

    keys = [view_of(post) for post in visitor.site.wait_for_posts(3)]
    assert keys[0] == keys[1] == first
    assert keys[2] not in {first, ""}


def test_who_writes_on_after_sending_sends_another_enquiry(visitor: Visitor) -> None:
    visitor.site.publish("/fetch", visitor.site.form("<input name=message><button>Send</button>") + FETCHING)
    visitor.open("/fetch")

    first = visitor.send()
    visitor.driver.find_element("name", "message").send_keys("And one more thing.")

    assert view_of(visitor.send()) != view_of(first)


@pytest.mark.parametrize(
    "sending",
    [
        pytest.param("new FormData(document.querySelector('form'))", id="read by a script"),
        pytest.param("document.querySelector('form').requestSubmit()", id="sent into a frame"),
    ],
)
def test_a_page_that_stays_gets_a_new_key(visitor: Visitor, sending: str) -> None:
    framed = visitor.site.form(attributes="target=frame") + "<iframe name=frame></iframe>"
    visitor.site.publish("/stays", framed)
    visitor.open("/stays")
    before = visitor.hidden()["lc_key"]

    visitor.run(sending)

    visitor.wait_until(lambda: visitor.hidden()["lc_key"] not in {before, ""})


def test_two_forms_of_a_page_have_their_own_keys(visitor: Visitor) -> None:
    visitor.site.publish("/two", visitor.site.form(attributes="id=one") + visitor.site.form(attributes="id=two"))
    visitor.open("/two")

    assert visitor.hidden("#one")["lc_key"] != visitor.hidden("#two")["lc_key"]


def test_a_page_out_of_the_browsers_cache_has_new_keys(visitor: Visitor) -> None:
    visitor.open("/contact")
    before = visitor.hidden()["lc_key"]

    visitor.run("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")

    assert visitor.hidden()["lc_key"] != before


def test_asking_twice_for_one_post_gives_one_key(visitor: Visitor) -> None:
    visitor.open("/contact")

    assert visitor.run("return LeadCapture.fields().lc_key === LeadCapture.fields().lc_key")


def test_what_is_sent_tells_how_many_milliseconds_the_page_was_open(visitor: Visitor) -> None:
    visitor.open("/contact")

    open_ms = visitor.run("return performance.now()")
    sent = visitor.send()["lc_key"]

    assert re.fullmatch(r"\d+(-\d+){3}\.\d+", sent)
    assert open_ms <= int(sent.partition(".")[2]) < open_ms + 10_000


@pytest.mark.parametrize(
    "read",
    ["document.querySelector('[name=lc_key]').value", "LeadCapture.fields().lc_key"],
    ids=["in the page", "for pages that post by themselves"],
)
def test_where_it_may_be_read_at_any_time_no_time_is_told(visitor: Visitor, read: str) -> None:
    visitor.open("/contact")

    assert re.fullmatch(r"\d+(-\d+){3}", visitor.run(f"return {read}"))


def test_the_time_does_not_begin_anew_with_a_corrected_form(visitor: Visitor) -> None:
    visitor.site.publish("/fetch", visitor.site.form("<input name=message><button>Send</button>") + FETCHING)
    visitor.open("/fetch")

    first = visitor.send()
    visitor.driver.find_element("name", "message").send_keys("Sorry: six desks.")
    second = visitor.send()

    assert int(second["lc_key"].partition(".")[2]) > int(first["lc_key"].partition(".")[2])

"""attribution.js: one key for one view of a form."""

import pytest

from tests.capture.website import FETCHING, Visitor

pytestmark = pytest.mark.browser


def test_a_double_click_has_one_key_and_a_second_enquiry_another(visitor: Visitor) -> None:
    visitor.site.publish("/fetch", visitor.site.form() + FETCHING)
    visitor.open("/fetch")

    visitor.run("const button = document.querySelector('button'); button.click(); button.click();")
    first = visitor.hidden()["lc_key"]
    visitor.wait_until(lambda: visitor.hidden()["lc_key"] != first)
    visitor.send()

    keys = [post["lc_key"] for post in visitor.site.wait_for_posts(3)]
    assert keys[0] == keys[1] == first
    assert keys[2] not in {first, ""}


def test_who_writes_on_after_sending_sends_another_enquiry(visitor: Visitor) -> None:
    visitor.site.publish("/fetch", visitor.site.form("<input name=message><button>Send</button>") + FETCHING)
    visitor.open("/fetch")

    first = visitor.send()
    visitor.driver.find_element("name", "message").send_keys("And one more thing.")

    assert visitor.send()["lc_key"] != first["lc_key"]


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

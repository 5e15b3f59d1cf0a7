"""attribution.js across two domains of one operator: `data-domains`, and links from one to the other."""

import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.capture.website import TAGGED, Visitor, touch

pytestmark = pytest.mark.browser

WATCHED = """<script>
for (const type of ["click", "auxclick"]) {
  document.querySelector("a").addEventListener(type, (event) => {
    event.preventDefault();
    window.seen = event.currentTarget.href;
  });
}
</script>"""


@pytest.fixture
def other(visitor: Visitor) -> Visitor:
    """The operator's other domain. `/over` has a link to it, `/watched` too, which prevents navigation."""
    other = Visitor(visitor.driver, visitor.site)
    tag = f"data-domains='{visitor.domain} {other.domain}'"
    link = f"<a href='{other.url('/contact?room=2#form')}'>Other</a>"
    visitor.site.publish("/", "", tag)
    visitor.site.publish("/contact", visitor.site.form(), tag)
    visitor.site.publish("/over", link, tag)
    visitor.site.publish("/watched", link + WATCHED, tag)
    visitor.site.publish("/asking", link + WATCHED, f"{tag} data-consent")
    visitor.site.publish("/asked", visitor.site.form(), f"{tag} data-consent")
    visitor.site.publish("/alone", visitor.site.form())
    return other


def packed(t: float = 0, u: str = "https://old.example/?utm_source=x") -> str:
    """A touch as a link carries it; t: its age in seconds."""
    return quote(json.dumps({"u": u, "r": "", "t": int(time.time() - t)}), safe="")


def carried(path: str, first: str, last: str, age_s: float = 0) -> str:
    """A decorated address, made so long ago."""
    return f"{path}?lc_touch={int(time.time() - age_s)},{first},{last}"


def test_a_link_to_the_other_domain_carries_both_touches(visitor: Visitor, other: Visitor) -> None:
    visitor.open(TAGGED)
    visitor.open("/?utm_source=linkedin")
    visitor.open("/over")
    visitor.click_through(other.url("/contact?room=2#form"))

    sent = other.send()

    assert touch(sent["lc_first"]).url == visitor.url(TAGGED)
    assert touch(sent["lc_last"]).url == visitor.url("/?utm_source=linkedin")
    assert (sent["lc_landing_url"], sent["lc_referrer"]) == (other.url("/contact?room=2#form"), "")


def test_what_a_link_carried_is_remembered_on_the_other_domain(visitor: Visitor, other: Visitor) -> None:
    visitor.open(TAGGED)
    visitor.open("/over")
    visitor.click_through(other.url("/contact?room=2#form"))
    other.open("/contact", host="book")

    assert touch(other.hidden()["lc_first"]).url == visitor.url(TAGGED)


def test_the_other_domain_is_no_source(visitor: Visitor, other: Visitor) -> None:
    visitor.open("/over")
    visitor.click_through(other.url("/contact?room=2#form"))

    assert other.cookies() == {}
    assert other.hidden()["lc_referrer"] == ""


def by_keyboard(visitor: Visitor) -> None:
    visitor.driver.find_element(By.TAG_NAME, "a").send_keys(Keys.ENTER)


def by_middle_button(visitor: Visitor) -> None:
    place = visitor.driver.find_element(By.TAG_NAME, "a").location
    for action in ("mousePressed", "mouseReleased"):
        mouse = {"type": action, "x": place["x"] + 3, "y": place["y"] + 3, "button": "middle", "clickCount": 1}
        visitor.driver.execute_cdp_cmd("Input.dispatchMouseEvent", mouse)


def by_click(visitor: Visitor) -> None:
    visitor.driver.find_element(By.TAG_NAME, "a").click()


@pytest.mark.parametrize("activate", [by_click, by_middle_button, by_keyboard])
def test_a_link_carries_touches_only_while_it_is_used(
    visitor: Visitor, other: Visitor, activate: Callable[[Visitor], None]
) -> None:
    visitor.open(TAGGED)
    visitor.open("/watched")

    activate(visitor)

    visitor.wait_until(lambda: visitor.run("return window.seen"))
    assert visitor.run("return seen").startswith(other.url("/contact?room=2&lc_touch="))
    visitor.wait_until(lambda: visitor.run("return document.links[0].href") == other.url("/contact?room=2#form"))


def test_a_link_in_a_shadow_root_carries_touches_too(visitor: Visitor, other: Visitor) -> None:
    link = f"<template shadowrootmode=open><a href='{other.url('/contact')}'>Other</a></template>"
    visitor.site.publish("/shadow", f"<div id=host>{link}</div>", f"data-domains={other.domain}")
    visitor.open(TAGGED)
    visitor.open("/shadow")

    visitor.run("document.querySelector('#host').shadowRoot.querySelector('a').click()")
    other.wait_for_address(other.url("/contact"))

    assert touch(other.hidden()["lc_last"]).url == visitor.url(TAGGED)


def test_links_elsewhere_stay_as_they_are(visitor: Visitor, other: Visitor) -> None:
    links = [other.url("/").replace(other.domain, "elsewhere.org"), visitor.url("/contact"), "mailto:ann@example.com"]
    visitor.open(TAGGED)

    for link in links:
        visitor.site.publish("/watched", f"<a href='{link}'>x</a>{WATCHED}", f"data-domains={other.domain}")
        visitor.open("/watched")
        by_click(visitor)

        assert visitor.run("return seen") == link


def test_without_consent_a_link_carries_nothing(visitor: Visitor, other: Visitor) -> None:
    visitor.open("/asking?utm_source=google")
    by_click(visitor)

    assert visitor.run("return seen") == other.url("/contact?room=2#form")


def test_without_consent_what_a_link_carried_is_told_and_not_kept(visitor: Visitor, other: Visitor) -> None:
    other.open(carried("/asked", packed(), packed()))
    last, kept = other.hidden()["lc_last"], other.kept()
    other.run("LeadCapture.consent(true)")

    assert (touch(last).url, kept) == ("https://old.example/?utm_source=x", set())
    assert other.kept() >= {"lc_first", "lc_last"}


@pytest.mark.parametrize(
    "link",
    [
        pytest.param(lambda: carried("/contact", packed(), packed(), age_s=86400), id="a link of yesterday"),
        pytest.param(lambda: carried("/contact", packed(), packed(), age_s=-86400), id="a link of tomorrow"),
        pytest.param(
            lambda: carried("/contact", packed(100 * 86400), packed(100 * 86400)),
            id="a touch of last year",
        ),
        pytest.param(
            lambda: carried("/contact", packed(u="javascript:alert(1)"), packed(u="no page")),
            id="no page",
        ),
        pytest.param(lambda: carried("/contact", "%7B%22u%22", "null"), id="no touch"),
        pytest.param(lambda: carried("/contact", "%E0%A4%A", ""), id="damaged"),
        pytest.param(lambda: carried("/alone", packed(), packed()), id="a page without data-domains"),
    ],
)
def test_what_should_not_be_believed_is_only_taken_out_of_the_address(
    visitor: Visitor, other: Visitor, link: Callable[[], str]
) -> None:
    path = link()  # made now: a link that grew old while other tests ran would not be believed for that alone
    other.open(path)

    assert other.run("return location.href") == other.url(path.partition("?")[0])
    assert other.kept() - {"lc_visit"} == set()
    assert other.run("return problems") == []


@pytest.mark.parametrize("path", ["?{}", "?a=b&{}", "?{}&a=b", "?a=b&{}&c=d", "?a=%20+b&{}#/x?y=z", "?{}#top"])
def test_the_rest_of_the_address_stays_as_it_was(visitor: Visitor, other: Visitor, path: str) -> None:
    other.open("/contact" + path.format(carried("", packed(), packed())[1:]))

    left = path.replace("&{}", "").replace("{}&", "").replace("?{}", "")
    assert other.run("return location.href") == other.url(f"/contact{left}")


def test_the_earlier_first_and_the_later_last_touch_stay(visitor: Visitor, other: Visitor) -> None:
    other.open(carried("/contact", packed(500, "https://b.example/?utm_source=b"), packed(20)))
    other.open(carried("/contact", packed(900, "https://a.example/?utm_source=a"), packed(800)))
    other.open(carried("/contact", packed(400), packed(10, "https://c.example/?utm_source=c")))

    assert touch(other.hidden()["lc_first"]).url == "https://a.example/?utm_source=a"
    assert touch(other.hidden()["lc_last"]).url == "https://c.example/?utm_source=c"


def test_no_more_of_a_carried_touch_is_kept_than_we_would_keep(visitor: Visitor, other: Visitor) -> None:
    touched = packed(u="https://a.example/?utm_source=a&token=secret").replace("%7D", "%2C%22x%22%3A1%7D")
    other.open(carried("/contact", touched, touched))

    assert "secret" not in other.cookies()["lc_last"]
    assert "x" not in json.loads(other.run("return decodeURIComponent(LeadCapture.fields().lc_last)"))

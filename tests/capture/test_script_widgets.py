"""attribution-more.js with `data-widgets`: Calendly, Cal.com, Typeform, Tally and Jotform get the tags of the visit."""

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.capture.website import Visitor

pytestmark = pytest.mark.browser

LANDING = "/?utm_source=google&utm_medium=cpc&utm_campaign=spring%20%26%20more&gclid=abc"
UTM = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "spring & more"}
ALL = {**UTM, "gclid": "abc"}
CAL = {**UTM, **{f"metadata[{name}]": value for name, value in ALL.items()}}
KEY, CAL_KEY = {"lc_key": "key"}, {"metadata[lc_key]": "key"}
SITE = {"utm_source": "site", "utm_term": ""}
JOTFORM = {**ALL, "utmSource": "google", "utmMedium": "cpc", "utmCampaign": "spring & more"}


def passed_on(address: str, *, fragment: bool = False) -> dict[str, str]:
    """The parameters of an address, without the key's value."""
    parts = urlsplit(address)
    pairs = parse_qs(parts.fragment if fragment else parts.query, keep_blank_values=True)
    return {name: "key" if "lc_key" in name else ", ".join(values) for name, values in pairs.items()}


def page(visitor: Visitor, body: str, tag: str = "data-widgets") -> None:
    """Open a page with widgets, after a tagged landing page."""
    visitor.site.publish("/book", body, tag)
    visitor.open(LANDING)
    visitor.open("/book")


def attribute(visitor: Visitor, name: str, selector: str = "#it") -> str:
    """What stands in an attribute now."""
    return str(visitor.run(f"return document.querySelector('{selector}').getAttribute('{name}')"))


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ("<a id=it href='https://calendly.com/acme/tour?month=2026-12'>", "href", {"month": "2026-12", **UTM}),
        ("<div id=it class=calendly-inline-widget data-url='https://calendly.com/acme/tour'>", "data-url", UTM),
        ("<a id=it href='https://calendly.com/acme?utm_source=site&utm_term='>", "href", SITE),
        ("<a id=it href='https://cal.com/acme/tour'>", "href", CAL | CAL_KEY),
        ("<iframe id=it src='https://app.cal.com/acme/tour/embed'>", "src", CAL | CAL_KEY),
        ("<iframe id=it data-tally-src='https://tally.so/embed/wA1?a=1'>", "data-tally-src", {"a": "1"} | ALL | KEY),
        ("<a id=it href='https://tally.so/r/wA1'>", "href", ALL | KEY),
        ("<iframe id=it src='//form.jotform.com/231234567890#top'>", "src", JOTFORM | KEY),
        ("<a id=it href='https://calendly.com.evil.test/acme'>", "href", {}),
        ("<a id=it href='https://notcalendly.com/acme'>", "href", {}),
        ("<link id=it rel=preconnect href='https://calendly.com/assets'>", "href", {}),
    ],
)  # fmt: skip
def test_links_and_frames_carry_the_visit(visitor: Visitor, body: str, name: str, expected: dict[str, str]) -> None:
    page(visitor, body)

    assert passed_on(attribute(visitor, name)) == expected


def test_typeform_takes_hidden_fields_behind_the_hash(visitor: Visitor) -> None:
    link = "<a id=link href='https://acme.typeform.com/to/abc#utm_source=xxxxx&city=leeds'>"
    frame = "<iframe id=frame src='https://form.typeform.com/to/abc?typeform-embed=embed-widget'></iframe>"
    page(visitor, f"{link}</a>{frame}<div id=live data-tf-live=01H data-tf-hidden='city=leeds'></div>")

    hidden = dict(pair.split("=") for pair in attribute(visitor, "data-tf-hidden", "#live").split(","))
    written = attribute(visitor, "src", "#frame")

    assert passed_on(attribute(visitor, "href", "#link"), fragment=True) == {"city": "leeds"} | ALL | KEY
    assert passed_on(written, fragment=True) == ALL | KEY
    assert passed_on(written) == {"typeform-embed": "embed-widget"} | ALL | KEY
    assert {**hidden, "lc_key": "key"} == {"city": "leeds"} | ALL | KEY


def test_a_button_of_cal_hands_the_visit_over_when_it_is_clicked(visitor: Visitor) -> None:
    page(visitor, """<button id=it data-cal-link=acme/tour data-cal-config='{"layout": "month_view"}'>Book</button>""")

    config = json.loads(attribute(visitor, "data-cal-config"))

    assert {**config, "metadata[lc_key]": "key"} == {"layout": "month_view"} | CAL | CAL_KEY


def test_a_popup_that_opens_later_carries_the_visit_once(visitor: Visitor) -> None:
    page(visitor, "")
    popup = (
        "document.body.insertAdjacentHTML('beforeend', \"<iframe id=it src='https://tally.so/popup/wA1'></iframe>\")"
    )

    visitor.run(popup)
    visitor.wait_until(lambda: "utm_source" in attribute(visitor, "src"))
    first = attribute(visitor, "src")
    visitor.run("document.body.click(); LeadCapture.consent(true); document.body.append(document.querySelector('#it'))")

    assert passed_on(first) == ALL | KEY
    assert attribute(visitor, "src") == first


def test_a_link_is_told_what_became_of_consent(visitor: Visitor) -> None:
    visitor.site.publish(
        "/book", "<a id=it href='https://calendly.com/acme/tour'>Book</a>", "data-widgets data-consent"
    )
    visitor.open("/book?utm_source=letter")
    use = "document.querySelector('#it').dispatchEvent(new Event('click', { bubbles: true }))"

    own_page = passed_on(attribute(visitor, "href"))
    visitor.open("/book")
    visitor.run(use)

    assert own_page == {"utm_source": "letter"}
    assert passed_on(attribute(visitor, "href")) == {}


def test_a_link_that_was_used_gets_another_key(visitor: Visitor) -> None:
    page(visitor, "<a id=it href='https://tally.so/r/wA1' onclick='event.preventDefault()'>Write</a>")
    first = attribute(visitor, "href")

    visitor.run("document.querySelector('#it').click()")
    same_click = attribute(visitor, "href")
    visitor.wait_until(lambda: attribute(visitor, "href") != first)

    assert same_click == first
    assert passed_on(attribute(visitor, "href")) == passed_on(first) == ALL | KEY


def test_without_data_widgets_links_stay_as_they_are(visitor: Visitor) -> None:
    page(visitor, "<a id=it href='https://calendly.com/acme/tour'>Book</a><form></form>", tag="")

    assert attribute(visitor, "href") == "https://calendly.com/acme/tour"

"""attribution.js and the service itself, over HTTP: what a visitor's lead says in the end."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from werkzeug.serving import make_server

from tests.capture.website import FETCHING, TAGGED, Site, Visitor
from tests.front import Front, sqlite_store

pytestmark = pytest.mark.browser

ANSWERS = """<input name=email value=ann@example.com><input name=message value="Two desks, please.">
<button>Send</button>"""


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Front]:
    """The application with the form `contact`, on a store of its own."""
    with sqlite_store(tmp_path) as store:
        yield Front(store)


@pytest.fixture
def site(front: Front) -> Iterator[Site]:
    """A website that has the script, and a form for the application, which listens on a port of its own."""
    server = make_server("127.0.0.1", 0, front.app, threaded=True)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,))
    serving.start()
    try:
        with Site(f"http://leads.crm.test:{server.server_port}") as site:
            site.publish("/", "<a href=/offices>Offices</a>")
            site.publish("/offices", "<a href=/prices>Prices</a>")
            site.publish("/prices", "<a href=/contact>Contact</a>")
            site.publish("/contact", form(site))
            yield site
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


def form(site: Site) -> str:
    """The form, filled in."""
    return site.form(ANSWERS).replace("/f/tour", "/f/contact")


def wait_for_thanks(visitor: Visitor) -> None:
    """Return once the service has thanked the visitor."""
    visitor.wait_until(lambda: visitor.run("return document.body && document.body.innerText.includes('Thank you')"))


def press(visitor: Visitor) -> None:
    """Send the form; wait for the thanks."""
    visitor.driver.find_element(By.TAG_NAME, "button").click()
    wait_for_thanks(visitor)


def test_a_landing_three_pages_before_the_form_is_the_leads_first_and_last_visit(
    visitor: Visitor, front: Front
) -> None:
    visitor.follow(TAGGED, origin="www.google.com")
    for path in ("/offices", "/prices", "/contact"):
        visitor.click_through(visitor.url(path))

    press(visitor)

    lead = front.lead()
    evidence = lead.submission.evidence
    assert evidence.first
    assert evidence.last
    assert evidence.first.url == evidence.last.url == evidence.landing_url == visitor.url(TAGGED)
    assert evidence.page_url == visitor.url("/contact")
    assert (lead.attribution.utm_source, lead.attribution.channel) == ("google", "Paid Search")


def test_first_and_last_visit_of_a_lead_may_differ(visitor: Visitor, front: Front) -> None:
    visitor.open(TAGGED)
    visitor.open("/?utm_source=newsletter&utm_medium=email")
    visitor.open("/contact")

    press(visitor)

    evidence = front.lead().submission.evidence
    assert evidence.first
    assert evidence.last
    assert evidence.first.url == visitor.url(TAGGED)
    assert evidence.last.url == visitor.url("/?utm_source=newsletter&utm_medium=email")
    assert front.lead().attribution.utm_source == "newsletter"


def test_a_double_click_is_one_lead(visitor: Visitor, front: Front) -> None:
    visitor.open("/contact")

    ActionChains(visitor.driver).double_click(visitor.driver.find_element(By.TAG_NAME, "button")).perform()
    wait_for_thanks(visitor)

    assert len(front.leads()) == 1


def test_a_double_click_on_a_form_that_a_script_sends_is_one_lead(visitor: Visitor, front: Front) -> None:
    visitor.site.publish("/fetch", form(visitor.site) + FETCHING)
    visitor.open("/fetch")

    ActionChains(visitor.driver).double_click(visitor.driver.find_element(By.TAG_NAME, "button")).perform()
    visitor.wait_until(lambda: front.leads() and front.lead().repeats)

    assert (len(front.leads()), front.lead().repeats) == (1, 1)


def test_a_page_with_a_strict_policy_makes_a_whole_lead(visitor: Visitor, front: Front) -> None:
    site = visitor.site
    policy = f"default-src 'none'; script-src {site.service} {site.problems}; form-action {site.service}"
    site.publish("/strict", form(site), headers={"Content-Security-Policy": policy})
    visitor.open("/strict?utm_source=google&utm_medium=cpc")
    problems = visitor.run("return problems")

    press(visitor)

    assert problems == []
    assert front.lead().attribution.utm_source == "google"


def test_the_hosted_form_in_a_frame_knows_how_its_visitor_came(visitor: Visitor, front: Front) -> None:
    visitor.site.publish("/around", f"<iframe src='{visitor.site.service}/f/contact' height=900></iframe>")
    visitor.open(TAGGED)
    visitor.open("/around")
    visitor.driver.switch_to.frame(0)
    visitor.wait_until(lambda: visitor.hidden()["lc_page_url"] == visitor.url("/around"))

    visitor.driver.find_element(By.NAME, "email").send_keys("ann@example.com")
    visitor.run("document.querySelector('form').requestSubmit()")
    visitor.wait_until(front.leads)

    visitor.driver.switch_to.default_content()
    assert front.lead().attribution.utm_source == "google"
    assert front.lead().submission.evidence.page_url == visitor.url("/around")


def test_a_page_that_posts_json_by_itself_tells_how_its_visitor_came(visitor: Visitor, front: Front) -> None:
    visitor.open(TAGGED)
    visitor.open("/contact")
    answers = "{ email: 'ann@example.com', ...LeadCapture.fields() }"
    headers = "{ 'Content-Type': 'application/json' }"

    visitor.run(
        f"fetch(document.forms[0].action, {{ method: 'POST', headers: {headers}, body: JSON.stringify({answers}) }})"
    )
    visitor.wait_until(front.leads)

    assert front.lead().attribution.utm_source == "google"


def test_a_form_that_posts_elsewhere_knows_how_its_visitor_came_as_soon_as_the_page_is_there(visitor: Visitor) -> None:
    fields = "".join(f"<input type=hidden name={name}>" for name in ("utm_source", "utm_medium", "gclid"))
    visitor.site.publish("/other", f"<form action=/wp-json/contact-form-7/v1/feedback method=post>{fields}</form>")
    visitor.open(TAGGED)

    visitor.open("/other")

    assert visitor.hidden() == {"utm_source": "google", "utm_medium": "cpc", "gclid": "abc"}

"""attribution.js in Firefox: what a visitor's forms and widgets say; `make clients` runs it where Firefox is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture.test_script_others import EVERYBODY, HTMX
from tests.capture.website import HIDDEN, Site
from tests.firefox import Firefox, firefox

pytestmark = pytest.mark.clients

HOST = "www.harbour.co.uk"
WIDGETS = """<a id=call href='https://calendly.com/acme/tour'>Book</a>
<iframe id=tally data-tally-src='https://tally.so/embed/w1'></iframe>"""
INPUTS = "[...document.forms].map((form) => [...form.querySelectorAll('[type=hidden]')].map((i) => [i.name, i.value]))"


@pytest.fixture
def fox(tmp_path: Path) -> Iterator[Firefox]:
    """A browser that finds the website and the service on this machine."""
    with firefox(tmp_path, f"{HOST},leads.crm.test") as fox:
        yield fox


def test_what_was_seen_in_chromium_holds_in_firefox(fox: Firefox) -> None:
    with Site() as site:
        site.publish("/", "")
        site.publish("/page", "".join(EVERYBODY) + HTMX.format(home=site.service) + WIDGETS, "data-widgets")
        fox.open(f"http://{HOST}:{site.port}/?utm_source=google&utm_medium=cpc&gclid=abc")
        fox.open(f"http://{HOST}:{site.port}/page")

        cf7, elementor, hubspot, webflow, formidable, gravity, sign_in, htmx = map(dict, fox.run(INPUTS))
        call, tally = fox.run(
            "[document.getElementById('call').href, document.getElementById('tally').dataset.tallySrc]"
        )
        problems = fox.run("problems")

    assert [cf7[name] for name in ("utm_source", "gclid", "utm_term")] == ["google", "abc", "own words"]
    assert elementor["form_fields[utm_source]"] == hubspot["utm_source"] == webflow["UTM Source"] == "google"
    assert (formidable["item_meta[7]"], gravity["input_7"], sign_in["referrer"]) == ("google", "", "")
    assert htmx.keys() == HIDDEN
    assert call == "https://calendly.com/acme/tour?utm_source=google&utm_medium=cpc"
    assert tally.startswith("https://tally.so/embed/w1?utm_source=google&utm_medium=cpc&gclid=abc&lc_key=")
    assert problems == []


def test_a_form_that_the_page_sends_itself_arrives_whole_from_firefox(fox: Firefox) -> None:
    with Site() as site:
        site.publish("/page", site.form("<input name=email value=ann@example.com><button>Send</button>"))
        fox.open(f"http://{HOST}:{site.port}/page?utm_source=google")
        fox.run("setTimeout(() => document.querySelector('button').click()) && null")
        sent = site.wait_for_posts(1)[0]

    assert sent.keys() == {*HIDDEN, "email"}
    assert sent["lc_landing_url"] == f"http://{HOST}:{site.port}/page?utm_source=google"

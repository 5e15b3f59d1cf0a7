"""Visitors of a real WordPress send the forms of its plug-ins in Chromium, and the plug-ins send them on to us."""

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from service.lead import Lead
from tests.builders import a_form
from tests.capture.senders.wordpress_site import WordPress, wordpress
from tests.front import Front, sqlite_store

pytestmark = pytest.mark.clients

PAGE = Path(__file__).parents[3] / "docs" / "senders.md"
TOKEN = "a-long-random-text"
TAGS = "?utm_source=newsletter&utm_medium=email&utm_campaign=may+tour"
MESSAGE = 'Two desks & a "quiet" corner,\nplease – from May?'
ABOUT_THE_FORM = frozenset(("page_id", "form_type"))
"""What Forminator says of its form by names that other forms ask people by."""

_SUBMIT_TIMEOUT_S = 60


@dataclass(frozen=True)
class Inputs:
    """Where a plug-in's form asks, as CSS selectors.

    name: one input, or those of the first and the last name. others: what is kept besides, and stands in the notes.
    typed_phone: without the country where that is chosen beside it.
    """

    name: tuple[str, ...]
    email: str
    phone: str
    need: str
    message: str
    consent: str
    submit: str
    thanks: str
    others: Mapping[str, str]
    typed_phone: str = "+44 20 7946 0142"


CONTACT_FORM_7 = Inputs(
    ("[name=your-name]",),
    email="[name=your-email]",
    phone="[name=tel-723]",
    need="[value=Office]",
    message="[name=your-message]",
    consent="[name=acceptance-1]",
    submit="[type=submit]",
    thanks="form.sent",
    others={"checkbox-66": "Office"},
)
INPUTS = {
    "contact-form-7": CONTACT_FORM_7,
    "contact-form-7-by-get": CONTACT_FORM_7,
    "contact-form-7-with-our-script": CONTACT_FORM_7,
    "everest-forms": Inputs(
        ("[name$='[fullname]']",),
        email="[name$='[email]']",
        phone="[name$='-3]']",
        need="[value=Office]",
        message="[name$='-5]']",
        consent="[name$='-6]']",
        submit=".evf-submit",
        thanks=".everest-forms-notice--success",
        others={"What do you need?": "Office"},
    ),
    "fluentform": Inputs(
        ("[name='names[first_name]']", "[name='names[last_name]']"),
        email="[name=email]",
        phone="[name=phone]",
        need="[value=Office]",
        message="[name=message]",
        consent="[name=gdpr-agreement]",
        submit=".ff-btn-submit",
        thanks=".ff-message-success",
        others={"needs": "Office"},
    ),
    "forminator": Inputs(
        ("[name=name-1]",),
        email="[name=email-1]",
        phone="[name=phone-1]",
        need="[value=Office]",
        message="[name=textarea-1]",
        consent="[name=consent-1]",
        submit=".forminator-button-submit",
        thanks=".forminator-success",
        others={"checkbox_1": "Office", "hidden_1": "newsletter", "hidden_2": "email", "hidden_3": "may tour"},
    ),
    "ninja-forms": Inputs(
        (".textbox-wrap input",),
        email=".email-wrap input",
        phone=".phone-wrap input",
        need="[value=Office]",
        message=".textarea-wrap textarea",
        consent=".checkbox-wrap input",
        submit=".submit-wrap .nf-element",
        thanks=".nf-response-msg p",
        others={"needs": "Office"},
    ),
    "sureforms": Inputs(
        (".srfm-input-input",),
        email=".srfm-input-email",
        phone=".srfm-input-phone",
        need="[data-option-text=Office]",
        message=".srfm-input-textarea",
        consent=".srfm-input-gdpr",
        submit=".srfm-submit-button",
        thanks=".srfm-success-box.srfm-active",
        others={"needs": "Office"},
        typed_phone="020 7946 0142",
    ),
    "wpforms-lite": Inputs(
        ("[name='wpforms[fields][0][first]']", "[name='wpforms[fields][0][last]']"),
        email="[name='wpforms[fields][1]']",
        phone="[name='wpforms[fields][2]']",
        need="[value=Office]",
        message="[name='wpforms[fields][4]']",
        consent="[name^='wpforms[fields][5]']",
        submit=".wpforms-submit",
        thanks=".wpforms-confirmation-container-full",
        others={"What do you need?": "Office"},
    ),
}


@dataclass
class Door:
    """The service as the plug-ins reach it: keeps what they sent, and can be shut."""

    app: WSGIApplication
    calls: list[str] = field(default_factory=list)
    is_shut: bool = False

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer one call."""
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        self.calls.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}{query}\n{body.decode()}")
        if self.is_shut:
            start("503 Service Unavailable", [("Content-Type", "text/plain")])
            return [b"The database is down."]
        return self.app(environ, start)


@dataclass(frozen=True)
class Website:
    """A website and the service that its visitors know nothing of."""

    site: WordPress
    front: Front
    door: Door
    driver: webdriver.Chrome

    def send(self, page: str, email: str, message: str = MESSAGE) -> None:
        """Open a page by a link with tags, as a visitor, and send its form."""
        self.open(page, TAGS)
        self.fill(page, email, message)

    def open(self, page: str, query: str = "") -> None:
        """Open a page as a new visitor."""
        if page not in self.site.pages:
            pytest.skip(f"no plug-in for {page} runs here: see WORDPRESS_PLUGINS in wordpress_site.py")
        self.driver.delete_all_cookies()
        self.driver.get(self.site.pages[page]["address"] + query)

    def fill(self, page: str, email: str, message: str = MESSAGE) -> None:
        """Fill the form of the page that is open in, and wait until its visitor is thanked."""
        inputs = INPUTS[page]
        names = ("Zoë", "O'Brien-Müller") if len(inputs.name) == 2 else ("Zoë O'Brien-Müller",)
        for selector, text in zip(inputs.name, names, strict=True):
            self._find(selector).send_keys(text, Keys.TAB)
        for selector, text in ((inputs.email, email), (inputs.phone, inputs.typed_phone), (inputs.message, message)):
            self._find(selector).send_keys(text, Keys.TAB)
        for selector in (inputs.need, inputs.consent, inputs.submit):
            self.driver.execute_script("arguments[0].click()", self._find(selector))
        thanked = WebDriverWait(self.driver, _SUBMIT_TIMEOUT_S)
        thanked.until(lambda driver: driver.find_elements(By.CSS_SELECTOR, inputs.thanks))

    def leads_of(self, email: str) -> list[Lead]:
        """What was kept of a person."""
        return [lead for lead in self.front.leads() if lead.submission.contact.email == email]

    def _find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, f"form {selector}")


@pytest.fixture(scope="module")
def website(tmp_path_factory: pytest.TempPathFactory, browser: webdriver.Chrome) -> Iterator[Website]:
    """One site with all plug-ins and one service for all tests: each has people of its own."""
    folder = tmp_path_factory.mktemp("wordpress")
    table = {"token": TOKEN}
    with sqlite_store(folder) as store:
        form = a_form("tour", webhooks={"json": table, "contact-form-7": table})
        front = Front(store, form)
        door = Door(front.app)
        server = make_server("127.0.0.1", 0, door, threaded=True)
        serving = Thread(target=server.serve_forever, daemon=True)
        serving.start()
        url = f"http://127.0.0.1:{server.port}"
        with wordpress(folder, url, TOKEN, plugin(url)) as site:
            yield Website(site, front, door, browser)
        server.shutdown()
        serving.join()
        server.server_close()


def plugin(url: str) -> str:
    """The plug-in that the page gives, with the address and the token filled in."""
    text = re.findall(r"```php\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    return str(text).replace("https://leads.example.com", url).replace("the token from the set-up", TOKEN)


@pytest.mark.parametrize("page", INPUTS)
def test_what_a_visitor_writes_arrives_whole(website: Website, page: str) -> None:
    website.send(page, f"zoe@{page}.example")

    (lead,) = website.leads_of(f"zoe@{page}.example")
    submission, tags = lead.submission, lead.attribution
    sent = website.door.calls[-1]
    assert (submission.contact.full_name, submission.contact.phone) == ("Zoë O'Brien-Müller", "+442079460142"), sent
    others = {name: answer for name, answer in submission.extras.items() if name not in ABOUT_THE_FORM}
    assert (submission.fields["message"], others) == (MESSAGE, INPUTS[page].others), sent
    assert (tags.utm_source, tags.utm_medium, tags.utm_campaign) == ("newsletter", "email", "may tour"), sent


def test_a_click_of_an_earlier_page_is_known_where_our_script_fills_the_hidden_fields(website: Website) -> None:
    page = "contact-form-7-with-our-script"
    website.open(page, "?utm_source=google&utm_medium=cpc&gclid=Cj0KCQiA-synthetic-0142")
    website.driver.get(website.site.pages[page]["address"])
    website.fill(page, "click@contact-form-7.example")

    (lead,) = website.leads_of("click@contact-form-7.example")
    tags = lead.attribution
    assert (tags.utm_source, tags.utm_medium, tags.click_ids) == (
        "google",
        "cpc",
        {"gclid": "Cj0KCQiA-synthetic-0142"},
    ), website.door.calls[-1]


@pytest.mark.parametrize("page", INPUTS)
def test_two_visitors_are_two_leads(website: Website, page: str) -> None:
    website.send(page, f"ann@{page}.example")
    website.send(page, f"bob@{page}.example")

    assert len(website.leads_of(f"ann@{page}.example")) == len(website.leads_of(f"bob@{page}.example")) == 1


@pytest.mark.parametrize("page", INPUTS)
def test_a_visitor_who_sends_the_same_again_is_one_lead(website: Website, page: str) -> None:
    website.send(page, f"eve@{page}.example")
    website.send(page, f"eve@{page}.example")

    (lead,) = website.leads_of(f"eve@{page}.example")
    assert lead.repeats == 1, website.door.calls[-1]


@pytest.mark.parametrize("page", INPUTS)
def test_a_visitor_who_asks_something_else_is_heard(website: Website, page: str) -> None:
    website.send(page, f"kim@{page}.example", "Two desks.")
    website.send(page, f"kim@{page}.example", "And a meeting room?")

    messages = {lead.submission.fields["message"] for lead in website.leads_of(f"kim@{page}.example")}
    assert messages == {"Two desks.", "And a meeting room?"}


def test_what_met_a_service_that_was_down_comes_later(website: Website) -> None:
    website.door.is_shut = True
    website.send("wpforms-lite", "late@wpforms-lite.example")
    website.door.is_shut = False

    website.site.run("cron.php", "lead_capture_again")

    (lead,) = website.leads_of("late@wpforms-lite.example")
    assert lead.attribution.utm_source == "newsletter"

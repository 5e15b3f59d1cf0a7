"""The hosted page in Chromium: in three languages, by keyboard, on a phone, without scripts, after a slip."""

from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from service.capture.pages.phrases import question_of
from service.forms import Captcha, Route
from service.store import Store
from tests.builders import a_form
from tests.capture.guest import DESK, PHONE, Guest, serving
from tests.front import Front

pytestmark = pytest.mark.browser

TOUR = a_form(
    "tour",
    title="Besichtigungsterminvereinbarungsformular",
    require=("email", "consent"),
    min_fill_s=0,
    privacy_url="https://www.example.com/privacy",
    fields={"move_in_date": ("start",)},
    routes=(Route({"location": "london"}, a_form("tour")), Route({"location": "leeds"}, a_form("tour"))),
)
GUARDED = a_form("guarded", captcha=Captcha("turnstile", "secret", site_key="1x0"))
ANSWERS = {
    "full_name": "Ann Lee",
    "email": "ann@saltmarsh.example",
    "phone": "+44 20 7946 0142",
    "location": "Le",
    "message": "A window to the water, please.",
    "consent": Keys.SPACE,
}
SPOKEN = {
    "de-AT,de": ("Anfrage senden", "Vielen Dank!"),
    "fr-CA,fr": ("Envoyer la demande", "Merci"),
    "en-GB,en": ("Send enquiry", "Thank you"),
}
LANGUAGES = ("de", "en", "es", "fr", "it", "nl", "pt")


@pytest.fixture
def front(sqlite: Store) -> Front:
    """The application with a form that asks for much."""
    return Front(sqlite, TOUR, GUARDED, a_form("contact", min_fill_s=0))


@pytest.fixture
def guest(browser: webdriver.Chrome, front: Front) -> Iterator[Guest]:
    """Somebody on its pages."""
    with serving(front) as url:
        guest = Guest(browser, url)
        yield guest
        guest.leave()


@pytest.fixture
def slip(guest: Guest) -> Guest:
    """Somebody who mistyped the address, which a browser lets pass, and sent it."""
    guest.open("/f/tour?lang=en")
    guest.fill_in({**ANSWERS, "email": "ann@saltmarsh"})
    guest.tab_to("Send enquiry")
    guest.press(Keys.ENTER)
    guest.wait_for(".summary", "Almost there")
    return guest


@pytest.mark.parametrize("language", SPOKEN)
def test_a_lead_is_made_by_keyboard_in_the_browsers_language(guest: Guest, front: Front, language: str) -> None:
    button, thanks = SPOKEN[language]
    guest.speak(language)
    guest.open("/f/tour")

    guest.fill_in(ANSWERS)
    guest.tab_to(button)
    guest.press(Keys.ENTER)

    assert thanks in guest.wait_for("h1", thanks)
    fields = front.lead().submission.fields
    assert (fields["full_name"], fields["location"]) == ("Ann Lee", "leeds")
    assert fields["consent"] == question_of("consent", language[:2])
    assert guest.run("return document.documentElement.lang") == language[:2]


def test_a_slip_leaves_the_focus_at_what_is_wrong_and_all_answers_in_place(slip: Guest, front: Front) -> None:
    assert slip.run("return document.activeElement.className") == "summary"
    held = slip.run("return Object.fromEntries(new FormData(document.forms[0]))")
    expected = {**ANSWERS, "email": "ann@saltmarsh", "location": "leeds", "consent": question_of("consent", "en")}
    assert {name: held[name] for name in expected} == expected
    assert front.leads() == []


def test_the_summary_leads_to_the_input_which_says_what_is_wrong(slip: Guest) -> None:
    slip.press(Keys.TAB, Keys.ENTER)

    described = "return document.getElementById(document.activeElement.getAttribute('aria-describedby')).innerText"
    assert slip.focus() == "email"
    assert "it does not look like an e-mail address" in slip.run(described)


def test_a_corrected_slip_is_one_lead(slip: Guest, front: Front) -> None:
    slip.fill_in({"email": Keys.END + ".example"})
    slip.tab_to("Send again")
    slip.press(Keys.ENTER)

    slip.wait_for("h1", "Thank you")
    assert front.lead().submission.contact.email == "ann@saltmarsh.example"


def test_the_page_works_without_scripts(guest: Guest, front: Front) -> None:
    guest.call("Emulation.setScriptExecutionDisabled", value=True)
    guest.open("/f/tour?lang=nl")

    guest.fill_in(ANSWERS)
    guest.press(Keys.TAB, Keys.TAB, Keys.ENTER)

    guest.wait_for("h1", "Bedankt")
    assert front.lead().submission.contact.email == ANSWERS["email"]


def test_a_link_on_a_business_card_is_credited(guest: Guest, front: Front) -> None:
    guest.open("/f/contact?lang=en&utm_source=card&utm_medium=print")

    guest.fill_in({"email": ANSWERS["email"]})
    guest.tab_to("Send enquiry")
    guest.press(Keys.ENTER)

    guest.wait_for("h1", "Thank you")
    assert front.lead().attribution.utm_source == "card"


def test_the_button_says_that_it_is_busy_and_a_double_click_is_one_lead(guest: Guest, front: Front) -> None:
    guest.open("/f/contact?lang=de")
    guest.fill_in({"email": ANSWERS["email"]})
    guest.run("addEventListener('pagehide', () => { sessionStorage.said = document.forms[0].innerText; })")

    button = guest.driver.find_element(By.TAG_NAME, "button")
    ActionChains(guest.driver).double_click(button).perform()

    guest.wait_for("h1", "Vielen Dank")
    assert "Wird gesendet …" in guest.run("return sessionStorage.said")
    assert (front.lead().repeats, len(front.leads())) == (0, 1)


@pytest.mark.parametrize("size", [(320, 568), PHONE, DESK], ids=["small", "phone", "desk"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_fits_the_screen_and_the_thumb(guest: Guest, language: str, size: tuple[int, int]) -> None:
    guest.hold(size)

    for path in (f"/f/tour?lang={language}", f"/f/guarded?lang={language}", f"/f/tour/thanks?lang={language}"):
        guest.open(path)
        assert guest.cut_off() == []
        assert guest.run("return document.documentElement.scrollWidth") <= size[0]
        assert guest.small_targets() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out(slip: Guest, scheme: str) -> None:
    slip.hold(PHONE, scheme)
    returned = slip.faint_texts()

    for path in ("/f/tour", "/f/tour/thanks", "/f/nowhere"):
        slip.open(path)
        assert slip.faint_texts() == []
    assert returned == []


def test_a_page_after_a_slip_fits_a_small_screen_too(slip: Guest) -> None:
    slip.hold((320, 568))

    assert slip.cut_off() == []
    assert slip.small_targets() == []


def test_a_screen_reader_hears_labels_what_is_required_and_no_trap(guest: Guest) -> None:
    guest.open("/f/tour?lang=en")

    exposed = guest.accessible_nodes()

    assert {("textbox", "Your name"), ("textbox", "E-mail"), ("combobox", "Which location?")} <= {*exposed}
    assert ("checkbox", "I agree to be contacted about my enquiry.") in exposed
    assert ("link", "Privacy policy (opens in a new tab)") in exposed
    assert not any("Leave this field empty" in name for _, name in exposed)


def test_nothing_on_the_page_is_refused_by_its_own_policy(guest: Guest) -> None:
    guest.open("/f/tour")

    guest.wait_for("button")
    assert guest.run("return problems") == []
    assert guest.run("return document.querySelectorAll('form [name^=lc_]').length") >= 6


def test_the_check_for_robots_is_let_in_by_the_policy(guest: Guest) -> None:
    guest.open("/f/guarded")

    assert "script-src-elem" not in guest.run("return problems")
    assert guest.run("return document.querySelector('.cf-turnstile').dataset.sitekey") == "1x0"

"""attribution.js and forms inside open shadow roots."""

import pytest
from selenium.webdriver.common.by import By

from tests.capture.website import FETCHING, HIDDEN, TAGGED, Answers, Visitor, view_of

pytestmark = pytest.mark.browser

ROOT = "document.querySelector('#host').shadowRoot"


def attach(visitor: Visitor, inside: str = "", mode: str = "open") -> None:
    """Give #host a shadow root with a form in it."""
    form = visitor.site.form(inside or "<button>Send</button>")
    visitor.run(f"window.root = document.querySelector('#host').attachShadow({{ mode: '{mode}' }})")
    visitor.run(f"root.innerHTML = {form!r}")


def send(visitor: Visitor) -> Answers:
    """Press the button in the shadow root; what arrived."""
    before = len(visitor.site.posts)
    visitor.driver.find_element(By.ID, "host").shadow_root.find_element(By.CSS_SELECTOR, "button").click()
    return visitor.site.wait_for_posts(before + 1)[before]


@pytest.fixture
def page(visitor: Visitor) -> Visitor:
    """A visitor who landed with tags, on a page with an element that has no shadow root yet."""
    visitor.site.publish("/shadow", "<div id=host></div>")
    visitor.open(TAGGED)
    visitor.open("/shadow")
    return visitor


def test_a_form_in_a_component_of_the_page_is_filled_in(visitor: Visitor) -> None:
    component = f"""<tour-form id=host></tour-form><script>
      customElements.define("tour-form", class extends HTMLElement {{
        connectedCallback() {{ this.attachShadow({{ mode: "open" }}).innerHTML = {visitor.site.form()!r}; }}
      }});
    </script>"""
    visitor.site.publish("/component", component)
    visitor.open(TAGGED)
    visitor.open("/component")

    assert visitor.hidden(root=ROOT).keys() == HIDDEN
    assert send(visitor)["lc_landing_url"] == visitor.url(TAGGED)


def test_a_root_within_a_root_written_in_the_page_is_filled_in(visitor: Visitor) -> None:
    inner = f"<p id=inner><template shadowrootmode=open>{visitor.site.form()}</template></p>"
    visitor.site.publish("/nested", f"<div id=host><template shadowrootmode=open>{inner}</template></div>")
    visitor.open("/nested")

    assert visitor.hidden(root=f"{ROOT}.querySelector('#inner').shadowRoot").keys() == HIDDEN


def test_a_root_that_comes_with_its_element_is_filled_in(page: Visitor) -> None:
    page.run("document.querySelector('#host').remove()")
    page.run("window.host = Object.assign(document.createElement('div'), { id: 'host' })")
    page.run(f"host.attachShadow({{ mode: 'open' }}).innerHTML = {page.site.form()!r}; document.body.append(host)")

    page.wait_until(lambda: page.hidden(root=ROOT).keys() == HIDDEN)


def test_a_root_attached_later_is_filled_in_before_it_is_sent(page: Visitor) -> None:
    attach(page)

    assert send(page)["lc_landing_url"] == page.url(TAGGED)


def test_a_root_attached_later_is_filled_in_when_a_visitor_begins_to_type(page: Visitor) -> None:
    attach(page, "<input name=message><button>Send</button>")

    page.run("root.querySelector('input').focus()")

    page.wait_until(lambda: page.hidden(root=ROOT).keys() == HIDDEN)


def test_a_form_added_to_a_root_that_is_known_is_filled_in(page: Visitor) -> None:
    attach(page)
    send(page)
    page.open("/shadow")
    attach(page, "<input>")
    page.run("root.querySelector('input').focus()")

    page.run(f'root.innerHTML = "<div>{page.site.form()}</div>"')

    page.wait_until(lambda: page.hidden("div form", root=ROOT).keys() == HIDDEN)


def test_a_script_in_a_root_that_reads_the_form_finds_the_fields(page: Visitor) -> None:
    attach(page, "<button>Send</button>")
    page.run(FETCHING.partition(">")[2].removesuffix("</script>").replace("document", "root"))

    assert send(page).keys() == HIDDEN


def test_writing_on_in_a_root_is_another_enquiry(page: Visitor) -> None:
    attach(page, "<input name=message><button>Send</button>")
    page.run(FETCHING.partition(">")[2].removesuffix("</script>").replace("document", "root"))
    first = send(page)

    page.driver.find_element(By.ID, "host").shadow_root.find_element(By.NAME, "message").send_keys("More.")

    assert view_of(send(page)) != view_of(first)


def test_a_closed_root_is_left_alone(page: Visitor) -> None:
    attach(page, "<input name=message>", mode="closed")

    page.run("root.querySelector('input').focus()")

    assert page.hidden(root="root") == {}

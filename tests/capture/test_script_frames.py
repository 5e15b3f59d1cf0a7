"""attribution.js in an iframe: the page around it, which has the script too, is asked."""

from collections.abc import Iterator

import pytest

from tests.capture.website import TAGGED, Visitor, touch

pytestmark = pytest.mark.browser

ECHO = """<script>
addEventListener("message", ({ data, source }) => {
  if (data === "ping") source.postMessage("pong", "*");
  if (data === "pong") window.answered = true;
  if (data && data.lc_facts) (window.heard = window.heard || []).push(data.lc_facts);
});
</script>"""


@pytest.fixture
def embedded(visitor: Visitor) -> Iterator[Visitor]:
    """Another site, whose form is shown in a frame of the visitor's page `/around`."""
    other = Visitor(visitor.driver, visitor.site)
    visitor.site.publish("/contact", visitor.site.form() + ECHO)
    visitor.site.publish("/around", f"<iframe src='{other.url('/contact')}'></iframe>{ECHO}")
    yield other
    visitor.driver.switch_to.default_content()


def enter(visitor: Visitor) -> None:
    """Look into the frame of the page."""
    visitor.driver.switch_to.default_content()
    visitor.driver.switch_to.frame(0)


def test_a_form_in_a_frame_tells_how_its_visitor_came_to_the_page_around(visitor: Visitor, embedded: Visitor) -> None:
    visitor.open(TAGGED)
    visitor.open("/?utm_source=linkedin")
    visitor.open("/around")
    enter(visitor)
    embedded.wait_until(lambda: embedded.hidden()["lc_page_url"] == visitor.url("/around"))

    sent = embedded.send()

    assert sent["lc_landing_url"] == visitor.url("/?utm_source=linkedin")
    assert touch(sent["lc_first"]).url == visitor.url(TAGGED)
    assert touch(sent["lc_last"]).url == visitor.url("/?utm_source=linkedin")
    assert sent["lc_referrer"] == ""


def test_the_page_around_may_load_its_script_later(visitor: Visitor, embedded: Visitor) -> None:
    visitor.site.pages["/late"] = f"<iframe src='{embedded.url('/contact')}'></iframe>"
    visitor.open("/late?utm_source=google")

    add = "document.head.append(Object.assign(document.createElement('script'), { src: arguments[0] }))"
    visitor.driver.execute_script(add, f"{visitor.site.service}/attribution.js")

    enter(visitor)
    embedded.wait_until(lambda: embedded.hidden()["lc_landing_url"] == visitor.url("/late?utm_source=google"))


def test_a_form_that_a_page_builder_puts_into_a_frame_of_its_own_is_told(visitor: Visitor) -> None:
    inside = f"<script src={visitor.site.service}/attribution.js></script>{visitor.site.form()}"
    visitor.site.publish("/built", f'<iframe srcdoc="{inside}"></iframe>')
    visitor.open("/built?utm_source=google")
    enter(visitor)

    visitor.wait_until(lambda: visitor.hidden()["lc_page_url"] == visitor.url("/built?utm_source=google"))
    visitor.driver.switch_to.default_content()


def test_a_frame_alone_tells_of_itself_and_keeps_nothing(visitor: Visitor, embedded: Visitor) -> None:
    visitor.site.pages["/bare"] = f"<iframe src='{embedded.url('/contact?utm_source=widget')}'></iframe>"
    visitor.open("/bare")
    enter(visitor)

    kept = embedded.run("return document.cookie + Object.keys(localStorage) + Object.keys(sessionStorage)")

    assert touch(embedded.hidden()["lc_last"]).url == embedded.url("/contact?utm_source=widget")
    assert kept == ""


def test_the_frame_follows_when_the_page_around_changes_its_address(visitor: Visitor, embedded: Visitor) -> None:
    visitor.open("/around")
    visitor.run("history.pushState({}, '', '/tours')")

    enter(visitor)

    embedded.wait_until(lambda: embedded.hidden()["lc_page_url"] == visitor.url("/tours"))


def test_consent_withdrawn_on_the_page_around_counts_in_the_frame(visitor: Visitor, embedded: Visitor) -> None:
    visitor.open(TAGGED)
    visitor.open("/around")
    enter(visitor)
    embedded.wait_until(lambda: touch(embedded.hidden()["lc_last"]).url == visitor.url(TAGGED))

    visitor.driver.switch_to.default_content()
    visitor.run("LeadCapture.consent(false)")

    enter(visitor)
    embedded.wait_until(lambda: embedded.hidden()["lc_last"] == "")


def test_a_frame_learns_no_parameters_but_tags(visitor: Visitor, embedded: Visitor) -> None:
    visitor.open("/around?reset=secret&utm_source=google#private")
    enter(visitor)

    embedded.wait_until(lambda: embedded.hidden()["lc_page_url"] == visitor.url("/around?utm_source=google"))
    assert "secret" not in str(embedded.hidden())
    assert "private" not in str(embedded.hidden())


def test_a_page_that_is_not_in_a_frame_gets_no_answer(visitor: Visitor, embedded: Visitor) -> None:
    visitor.site.publish("/contact", ECHO)
    embedded.open("/contact")
    first = visitor.driver.current_window_handle
    visitor.run(f"window.opened = open('{visitor.url('/contact?utm_source=google')}')")

    ask = "opened.postMessage('lc_hello', '*'); opened.postMessage('ping', '*'); return window.answered"
    embedded.wait_until(lambda: visitor.run(ask))
    overheard = visitor.run("opened.close(); return window.heard")

    visitor.driver.switch_to.window(first)
    assert overheard is None


def facts(*changes: tuple[int, object]) -> list[object]:
    """A right answer, with these places changed."""
    right: list[object] = ["https://www.example.com/", "https://www.example.com/", "", "", ""]
    for place, value in changes:
        right[place] = value
    return right


def tell(visitor: Visitor, embedded: Visitor, message: object) -> None:
    """Answer a frame from a page without the script; enter the frame once it has received the message."""
    visitor.site.pages["/bare"] = f"<iframe src='{embedded.url('/contact')}'></iframe>{ECHO}"
    visitor.open("/bare")
    answer = "frames[0].postMessage({ lc_facts: arguments[0] }, '*'); frames[0].postMessage('ping', '*')"
    visitor.driver.execute_script(answer, message)
    visitor.wait_until(lambda: visitor.run("return window.answered"))
    enter(visitor)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(facts((1, 7)), id="a number"),
        pytest.param(facts((2, None)), id="nothing"),
        pytest.param(facts((3, ["x"])), id="a list"),
        pytest.param(facts((0, "javascript:alert(1)")), id="no page"),
        pytest.param(facts()[:4], id="too few"),
        pytest.param([*facts(), "key"], id="too many"),
        pytest.param("text", id="no list"),
    ],
)
def test_the_frame_hears_no_answer_of_another_shape(visitor: Visitor, embedded: Visitor, message: object) -> None:
    tell(visitor, embedded, message)

    assert embedded.hidden()["lc_landing_url"] == embedded.url("/contact")


def test_the_frame_takes_no_more_of_an_answer_than_an_address_may_have(visitor: Visitor, embedded: Visitor) -> None:
    tell(visitor, embedded, facts((4, "x" * 5000)))

    assert embedded.hidden()["lc_last"] == "x" * 2000


def test_the_frame_listens_only_to_the_page_around_it(visitor: Visitor, embedded: Visitor) -> None:
    visitor.open("/around")
    enter(visitor)
    embedded.wait_until(lambda: embedded.hidden()["lc_page_url"] == visitor.url("/around"))
    visitor.driver.execute_script("postMessage({ lc_facts: arguments[0] }, '*'); postMessage('pong', '*')", facts())

    embedded.wait_until(lambda: embedded.run("return window.answered"))

    assert embedded.hidden()["lc_page_url"] == visitor.url("/around")

"""attribution.js on single-page sites, whose address changes without a page being loaded."""

import pytest

from tests.capture.website import TAGGED, Visitor, touch, view_of

pytestmark = pytest.mark.browser

ROUTED = """<script>
document.querySelector("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const body = new URLSearchParams(new FormData(event.target));
  fetch(event.target.action, { method: "POST", mode: "no-cors", body });
  history.pushState({}, "", "/thanks");
});
</script>"""


def go(visitor: Visitor, code: str, path: str) -> None:
    """Change the address by a script."""
    visitor.run(code)
    visitor.wait_until(lambda: visitor.hidden()["lc_page_url"] == visitor.url(path))


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("history.pushState({}, '', '/tours')", "/tours"),
        ("history.replaceState({}, '', '/tours?page=2')", "/tours?page=2"),
        ("location.hash = '/tours'", "/contact?utm_source=google#/tours"),
        ("history.pushState({}, '', '/a'); history.back()", "/contact?utm_source=google"),
    ],
)
def test_the_form_tells_the_page_it_is_on_and_still_the_landing_page(visitor: Visitor, code: str, path: str) -> None:
    visitor.open("/contact?utm_source=google")
    go(visitor, code, path)

    sent = visitor.send()

    assert sent["lc_page_url"] == visitor.url(path)
    assert sent["lc_landing_url"] == visitor.url("/contact?utm_source=google")
    assert touch(sent["lc_last"]).url == visitor.url("/contact?utm_source=google")


def test_a_form_drawn_on_the_next_page_tells_that_page(visitor: Visitor) -> None:
    visitor.open(TAGGED)
    form = visitor.site.form()
    visitor.run(f"history.pushState({{}}, '', '/tours'); document.body.innerHTML = {form!r}")

    sent = visitor.send()

    assert (sent["lc_landing_url"], sent["lc_page_url"]) == (visitor.url(TAGGED), visitor.url("/tours"))


def test_an_address_that_changes_without_an_event_is_noticed_when_the_browser_draws(visitor: Visitor) -> None:
    with visitor.refusing("window.navigation"):
        visitor.open("/contact")
        go(visitor, "history.pushState({}, '', '/tours'); document.body.append('Tours')", "/tours")

        assert visitor.send()["lc_page_url"] == visitor.url("/tours")


def test_the_next_page_shows_another_view_of_the_form(visitor: Visitor) -> None:
    visitor.open("/contact")
    before = visitor.hidden()["lc_key"]

    go(visitor, "history.pushState({}, '', '/tours')", "/tours")

    assert visitor.hidden()["lc_key"] not in {before, ""}


def test_a_double_click_is_one_view_though_the_address_changed_between(visitor: Visitor) -> None:
    visitor.site.publish("/routed", visitor.site.form() + ROUTED)
    visitor.open("/routed")

    visitor.run("const button = document.querySelector('button'); button.click(); button.click();")

    first, second = visitor.site.wait_for_posts(2)
    assert view_of(first) == view_of(second)


def test_a_page_that_posts_by_itself_is_told_where_it_is(visitor: Visitor) -> None:
    visitor.open(TAGGED)

    fields = visitor.run("history.pushState({}, '', '/tours'); return LeadCapture.fields()")

    assert (fields["lc_landing_url"], fields["lc_page_url"]) == (visitor.url(TAGGED), visitor.url("/tours"))

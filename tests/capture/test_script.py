"""attribution.js, in a real browser on websites of the test's own: how visitors came, and which forms are filled in."""

import pytest

from tests.capture.website import HIDDEN, TAGGED, Visitor, touch


@pytest.mark.browser
class TestVisits:
    """The remembered touches."""

    def test_a_form_page_tells_the_landing_page_and_itself(self, visitor: Visitor) -> None:
        visitor.open(TAGGED)
        visitor.open("/contact")

        sent = visitor.send()

        assert (sent["lc_landing_url"], sent["lc_page_url"]) == (visitor.url(TAGGED), visitor.url("/contact"))

    def test_the_first_and_the_last_visit_arrive_as_the_service_reads_them(self, visitor: Visitor) -> None:
        visitor.open(TAGGED)
        visitor.open("/?utm_source=linkedin")
        visitor.open("/contact")

        sent = visitor.send()

        first, last = touch(sent["lc_first"]), touch(sent["lc_last"])
        assert first.url == visitor.url(TAGGED)
        assert (first.at or 0) > 1_700_000_000
        assert last.url == visitor.url("/?utm_source=linkedin")

    def test_three_pages_on_the_form_still_knows_the_landing_page(self, visitor: Visitor) -> None:
        for number, following in enumerate(["/page2", "/page3", "/contact"], 1):
            visitor.site.publish(f"/page{number}", f"<a href={following}>on</a>")
        visitor.follow("/page1?utm_source=google", origin="www.search.com")
        for path in ("/page2", "/page3", "/contact"):
            visitor.click_through(visitor.url(path))

        sent = visitor.send()

        assert sent["lc_landing_url"] == visitor.url("/page1?utm_source=google")
        assert sent["lc_referrer"] == f"http://www.search.com:{visitor.site.port}/"
        assert touch(sent["lc_first"]).url == touch(sent["lc_last"]).url == visitor.url("/page1?utm_source=google")

    def test_tags_begin_another_visit(self, visitor: Visitor) -> None:
        visitor.open(TAGGED)
        visitor.open("/contact?fbclid=xyz")

        assert visitor.hidden()["lc_landing_url"] == visitor.url("/contact?fbclid=xyz")

    def test_a_page_elsewhere_begins_a_visit_that_is_remembered(self, visitor: Visitor) -> None:
        visitor.open(TAGGED)
        visitor.follow("/contact", origin="www.search.com")

        hidden = visitor.hidden()
        last = touch(hidden["lc_last"])

        assert hidden["lc_landing_url"] == visitor.url("/contact")
        assert hidden["lc_referrer"] == last.referrer == f"http://www.search.com:{visitor.site.port}/"

    @pytest.mark.parametrize("origin", ["live.opayo.co.uk", "localhost", "127.0.0.1", "printer.local"])
    def test_who_only_passed_through_a_page_stays_on_the_same_visit(self, visitor: Visitor, origin: str) -> None:
        visitor.open(TAGGED)
        visitor.follow("/contact", origin=origin)

        assert visitor.hidden()["lc_landing_url"] == visitor.url(TAGGED)

    def test_the_sites_own_subdomains_are_not_elsewhere(self, visitor: Visitor) -> None:
        visitor.open(TAGGED)
        visitor.follow("/contact", origin=f"blog.{visitor.domain}")

        assert visitor.hidden()["lc_landing_url"] == visitor.url(TAGGED)

    def test_a_visit_without_evidence_leaves_no_cookie(self, visitor: Visitor) -> None:
        visitor.open("/contact?page=2")

        assert visitor.cookies() == {}
        assert (visitor.hidden()["lc_first"], visitor.hidden()["lc_last"]) == ("", "")

    def test_cookies_go_to_the_widest_domain_that_takes_them(self, visitor: Visitor) -> None:
        visitor.open(TAGGED)
        visitor.open("/contact", host="book")

        last = touch(visitor.hidden()["lc_last"])

        assert {cookie["domain"] for cookie in visitor.driver.get_cookies()} == {f".{visitor.domain}"}
        assert last.url == visitor.url(TAGGED)

    def test_cookies_last_ninety_days_and_stay_with_the_site(self, visitor: Visitor) -> None:
        visitor.open(TAGGED)

        cookies = {cookie["name"]: cookie for cookie in visitor.driver.get_cookies()}
        now = visitor.run("return Date.now() / 1000")

        assert cookies.keys() == {"lc_first", "lc_last"}
        assert {cookie["sameSite"] for cookie in cookies.values()} == {"Lax"}
        assert all(abs(cookie["expiry"] - now - 90 * 86400) < 60 for cookie in cookies.values())

    def test_a_remembered_visit_older_than_ninety_days_is_replaced(self, visitor: Visitor) -> None:
        visitor.open("/contact")
        visitor.run("""document.cookie = 'lc_first=%7B"u":"https://old.test/","r":"","t":1600000000%7D; path=/'""")
        visitor.open(TAGGED)

        first = touch(visitor.run("return LeadCapture.fields().lc_first"))

        assert first.url == visitor.url(TAGGED)

    @pytest.mark.parametrize("damaged", ["%7B", "null", "%E0%A4%A", "1"])
    def test_a_damaged_cookie_is_replaced(self, visitor: Visitor, damaged: str) -> None:
        visitor.open("/contact")
        visitor.run(f"document.cookie = 'lc_first={damaged}; path=/; domain={visitor.domain}'")
        visitor.open(TAGGED)

        first = touch(visitor.run("return LeadCapture.fields().lc_first"))

        assert first.url == visitor.url(TAGGED)

    def test_a_very_long_address_is_cut_to_what_tells_of_the_visit(self, visitor: Visitor) -> None:
        visitor.open(f"/?noise={'%25' * 1500}&utm_campaign=spring&gclid={'x' * 100}")
        visitor.open("/contact")

        hidden = visitor.hidden()
        last = touch(hidden["lc_last"])

        assert last.url == visitor.url(f"/?utm_campaign=spring&gclid={'x' * 100}") == hidden["lc_landing_url"]

    def test_a_cookie_without_room_for_the_whole_address_keeps_what_tells_of_the_visit(self, visitor: Visitor) -> None:
        visitor.open(f"/?noise={'%25' * 600}&utm_campaign=spring")

        fields = visitor.run("return LeadCapture.fields()")

        assert touch(fields["lc_last"]).url == visitor.url("/?utm_campaign=spring")
        assert len(fields["lc_landing_url"]) > 1800

    def test_the_longest_visits_stay_short_enough_for_any_server(self, visitor: Visitor) -> None:
        visitor.open(f"/?utm_campaign={'%25' * 2000}")

        assert sum(len(name) + len(value) for name, value in visitor.cookies().items()) <= 3500
        assert len(visitor.run("return LeadCapture.fields().lc_landing_url")) == 2000


@pytest.mark.browser
class TestForms:
    """Which forms are filled in, and when."""

    def test_a_form_added_later_is_filled_in(self, visitor: Visitor) -> None:
        visitor.open(TAGGED)
        visitor.run(f"document.body.insertAdjacentHTML('beforeend', \"<div>{visitor.site.form()}</div>\")")
        visitor.wait_until(lambda: visitor.hidden().keys() == HIDDEN)

        assert visitor.send()["lc_landing_url"] == visitor.url(TAGGED)

    def test_a_form_that_the_page_turns_to_us_at_the_last_moment_is_filled_in(self, visitor: Visitor) -> None:
        visitor.site.publish("/turned", visitor.site.form().replace("/f/tour", "/other"))
        visitor.open("/turned")
        visitor.run(f"document.querySelector('form').setAttribute('action', '{visitor.site.service}/f/tour')")

        assert visitor.send().keys() == HIDDEN

    @pytest.mark.parametrize("action", ["/f/tour", "", "https://other.test/f/tour", "{service}/newsletter"])
    def test_forms_that_post_elsewhere_are_left_alone(self, visitor: Visitor, action: str) -> None:
        other = f"<form method=post id=other action='{action.format(service=visitor.site.service)}'></form>"
        visitor.site.publish("/both", visitor.site.form() + other)
        visitor.open("/both")

        assert visitor.hidden("form:not(#other)").keys() == HIDDEN
        assert visitor.hidden("#other") == {}

    def test_a_button_that_posts_to_us_fills_its_form_in(self, visitor: Visitor) -> None:
        button = f"<button formaction='{visitor.site.service}/f/tour'>Send</button>"
        visitor.site.publish("/button", f"<form method=post action=/search>{button}</form>")
        visitor.open("/button")

        assert visitor.send().keys() == HIDDEN

    def test_a_field_called_action_does_not_hide_the_form(self, visitor: Visitor) -> None:
        visitor.site.publish("/odd", visitor.site.form("<input name=action><button>Send</button>"))
        visitor.open("/odd")

        assert visitor.send().keys() == {*HIDDEN, "action"}

    def test_hidden_inputs_of_the_page_itself_are_used(self, visitor: Visitor) -> None:
        own = "<input type=hidden name=lc_landing_url value=old><button>Send</button>"
        visitor.site.publish("/own", visitor.site.form(own))
        visitor.open("/own")

        assert visitor.send()["lc_landing_url"] == visitor.url("/own")

    def test_a_page_that_posts_by_itself_asks_for_the_fields(self, visitor: Visitor) -> None:
        visitor.open(TAGGED)

        fields = visitor.run("return LeadCapture.fields()")

        assert fields.keys() == HIDDEN
        assert fields["lc_page_url"] == visitor.url(TAGGED)

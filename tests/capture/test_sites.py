"""How a stranger is answered: page or JSON, where to, and for whose scripts."""

import pytest

from service.capture.http.incoming import cors_headers, is_beacon, preflight_headers, wants_json
from service.capture.http.responses import redirect_target
from service.forms import AttributionConfig, Form
from tests.tables import each_row

FORM_TYPE = "application/x-www-form-urlencoded"
SITE = Form(
    "tour",
    redirect="https://www.example.com/thanks",
    allowed_origins=("https://app.example.org", "http://localhost:3000"),
    attribution=AttributionConfig(own_domains=("harbour.example",)),
)


@each_row(
    ("headers", "content_type", "query", "expected"),
    [
        ({"accept": "text/html,*/*"}, FORM_TYPE, "", False),
        ({}, FORM_TYPE, "", False),
        ({"accept": "application/json, text/plain, */*"}, FORM_TYPE, "", True),
        ({"x-requested-with": "XMLHttpRequest"}, FORM_TYPE, "", True),
        ({}, "application/json; charset=utf-8", "", True),
        ({}, "application/vnd.api+json", "", True),
        ({"sec-fetch-mode": "cors"}, FORM_TYPE, "", True),
        ({"sec-fetch-mode": "no-cors"}, "text/plain", "", True),
        ({"sec-fetch-mode": "navigate"}, FORM_TYPE, "", False),
        ({"accept": "text/html"}, FORM_TYPE, "format=json", True),
        ({"accept": "text/html"}, FORM_TYPE, "format=html", False),
    ],
)
def test_json_is_for_scripts(headers: dict[str, str], content_type: str, query: str, expected: bool) -> None:
    assert wants_json(headers, content_type, query) is expected


@each_row(
    ("headers", "content_type", "expected"),
    [
        ({"sec-fetch-mode": "no-cors"}, FORM_TYPE, True),
        ({"accept": "*/*"}, "text/plain;charset=UTF-8", True),
        ({"accept": "text/html,*/*"}, "text/plain", False),
        ({"sec-fetch-mode": "cors"}, "text/plain", False),
        ({"sec-fetch-mode": "navigate"}, FORM_TYPE, False),
    ],
)
def test_a_beacon_is_recognised_by_its_headers(headers: dict[str, str], content_type: str, expected: bool) -> None:
    assert is_beacon(headers, content_type) is expected


@each_row(
    "wanted",
    [
        "https://www.example.com/merci",
        "https://example.com/",
        "https://sub.example.com/x?y=z#w",
        "https://app.example.org/done",
        "https://www.harbour.example/ok",
        "http://localhost:3000/done",
        "https://www-example-com.translate.goog/merci",
    ],
)
def test_a_redirect_to_the_forms_own_sites_is_followed(wanted: str) -> None:
    assert redirect_target(wanted, SITE, {}) == wanted


@each_row(
    "wanted",
    [
        "",
        "https://evil.example/",
        "https://example.com.evil.example/",
        "https://notexample.com/",
        "http://www.example.com/",
        "//evil.example/",
        "//www.example.com/",
        "/\\evil.example",
        "https://www.example.com\\@evil.example/",
        "https://www.example.com@evil.example/",
        "https://user@www.example.com/",
        "javascript:alert(1)//www.example.com",
        "data:text/html,x",
        "https://[bad/",
        "https:www.example.com",
        "https://www.example.com/\r\nSet-Cookie: a=b",
        "thanks.html",
        "https://www-evil-example.translate.goog/",
        "https://translate.goog/",
    ],
)
def test_any_other_redirect_is_ignored(wanted: str) -> None:
    assert redirect_target(wanted, SITE, {}) == SITE.redirect


@pytest.mark.parametrize("name", ["origin", "referer"])
def test_a_path_is_taken_on_the_site_that_posted(name: str) -> None:
    assert redirect_target("/merci", SITE, {name: "https://www.harbour.example"}) == "https://www.harbour.example/merci"
    assert redirect_target("/merci", SITE, {name: "https://evil.example"}) == SITE.redirect
    assert redirect_target("/merci", SITE, {name: "null"}) == SITE.redirect


def test_a_path_stays_on_the_page_that_is_read_through_a_translator() -> None:
    origin = "https://www-harbour-example.translate.goog"

    assert redirect_target("/merci", SITE, {"origin": origin}) == f"{origin}/merci"


def test_without_a_redirect_it_is_our_own_page() -> None:
    assert redirect_target("https://evil.example/", Form("tour"), {"origin": "https://evil.example"}) == ""


@each_row(
    "origin",
    [
        *("https://app.example.org", "https://www.app.example.org", "http://localhost:5173", "null"),
        *("https://harbour.example", "https://shop.harbour.example", "https://A.b.Harbour.example:8443"),
        *("https://app-example-org.translate.goog", "https://shop-harbour-example.translate.goog"),
    ],
)
def test_an_allowed_origin_is_echoed_with_credentials(origin: str) -> None:
    headers = cors_headers(origin, SITE)

    assert headers["Access-Control-Allow-Origin"] == origin
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert headers["Vary"] == "Origin"


@each_row(
    "origin",
    [
        *(
            "https://evil.example",
            "https://example.org",
            "https://notharbour.example",
            "https://sub.app.example.org",
            "",
        ),
        *("https://evil-example.translate.goog", "https://translate.goog", "https://harbour.example.evil.example"),
    ],
)
def test_other_origins_are_not(origin: str) -> None:
    assert cors_headers(origin, SITE) == {"Vary": "Origin"}
    assert preflight_headers({"origin": origin}, SITE) == {"Vary": "Origin"}


def test_a_form_without_a_list_takes_any_origin() -> None:
    assert (
        cors_headers("https://anyone.example", Form("tour"))["Access-Control-Allow-Origin"] == "https://anyone.example"
    )


def test_a_preflight_allows_what_is_asked_and_safe() -> None:
    headers = {
        "origin": "https://a.example",
        "access-control-request-headers": "Content-Type, X-Trace, cookie, sec-x, b@d",
    }

    headers = preflight_headers(headers, Form("tour"))

    assert headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
    assert headers["Access-Control-Allow-Headers"] == (
        "content-type, accept, x-requested-with, idempotency-key, x-trace"
    )
    assert int(headers["Access-Control-Max-Age"]) > 0

"""One request, read whole: evidence, errors, controls and keys."""

from typing import Any
from urllib.parse import quote, urlencode

import pytest

from service.capture.fields.reading import Incoming, Reading, read
from service.capture.parsing import Empty
from service.forms import AttributionConfig, Form
from service.lead import StoredTouch
from tests.tables import each_row

FORM = Form("tour")
ANN = {"email": "ann@example.com"}


def post(fields: dict[str, Any], form: Form = FORM, query: str = "", **headers: str) -> Reading:
    body = urlencode(fields, doseq=True).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read(Incoming(body, "application/x-www-form-urlencoded", named, query, "192.0.2.1", 1_790_000_000.0), form)


def test_the_scripts_hidden_fields_become_evidence() -> None:
    touch = quote('{"u":"https://example.com/?utm_source=x","r":"https://t.co/","t":1790000000}')
    hidden = {
        "lc_landing_url": "https://example.com/a",
        "lc_page_url": "https://example.com/b",
        "lc_referrer": "https://www.google.com/",
        "lc_first": touch,
        "lc_last": "garbage",
        "lc_key": "k1",
    }

    submission = post({**ANN, **hidden}, referer="https://example.com/").submission

    evidence = submission.evidence
    assert (evidence.landing_url, evidence.page_url) == ("https://example.com/a", "https://example.com/b")
    assert evidence.referrer == "https://www.google.com/"
    assert evidence.first == StoredTouch("https://example.com/?utm_source=x", "https://t.co/", 1790000000)
    assert evidence.last is None
    assert evidence.submitted_at == 1_790_000_000.0
    assert submission.idempotency_key == "k1"
    assert not {*submission.extras, *evidence.fields} & {*hidden}


def test_the_idempotency_header_is_the_key() -> None:
    assert post({**ANN, "lc_key": "k1"}, idempotency_key='"k2"').submission.idempotency_key == "k2"


def test_the_referer_header_counts_only_where_the_page_says_nothing() -> None:
    assert post(ANN, referer="https://example.com/").submission.evidence.referrer == "https://example.com/"
    assert post({**ANN, "lc_referrer": ""}, referer="https://example.com/").submission.evidence.referrer == ""
    assert post({**ANN, "referrer": ""}, referer="https://example.com/").submission.evidence.referrer == ""


def test_first_touch_fields_become_a_first_touch() -> None:
    evidence = post({**ANN, "first_utm_source": "bing", "utm_medium_1st": "cpc & co"}).submission.evidence

    assert evidence.first == StoredTouch("?utm_source=bing&utm_medium=cpc+%26+co")


def test_several_values_of_one_tag_are_all_evidence() -> None:
    evidence = post({**ANN, "utm_source": "{{source}}", "UTM Source": "bing"}).submission.evidence

    assert evidence.fields["utm_source"] == ["{{source}}", "bing"]


def test_tags_of_the_endpoints_address_come_last() -> None:
    query = "utm_source=bing&gclid=abc&format=json"
    bare = post(ANN, query=query).submission.evidence
    tagged = post({**ANN, "lc_page_url": "https://example.com/?utm_source=x"}, query=query).submission.evidence

    assert (bare.fields["utm_source"], bare.fields["gclid"]) == ("bing", "abc")
    assert "utm_source" not in tagged.fields
    assert tagged.fields["gclid"] == "abc"


TAGGED = "https://example.com/tour/?utm_source=google&utm_medium=cpc"
PAGES: dict[str, tuple[dict[str, str], str]] = {
    "Contact Form 7": ({"_url": TAGGED}, TAGGED),
    "Forminator": ({"referer_url": TAGGED}, TAGGED),
    "Formbricks": ({"meta[url]": TAGGED}, TAGGED),
    "a path": ({"_wp_http_referer": "/tour/?utm_source=google"}, "/tour/?utm_source=google"),
    "a path beside a page": (
        {"_wp_http_referer": "/tour/?utm_source=google", "page_url": "https://example.com/tour/"},
        "https://example.com/tour/?utm_source=google",
    ),
    "a path without tags": ({"_wp_http_referer": "/tour/"}, ""),
    "a name of pages": ({"host_page_url": TAGGED}, TAGGED),
    "the address of a page": ({"Page address": TAGGED}, TAGGED),
    "somebody's page": ({"Facebook page": "https://www.facebook.com/ann?utm_source=ig"}, ""),
    "a path beside tags": ({"_wp_http_referer": "/x?a=1", "source_url": TAGGED}, TAGGED),
    "only an address, with tags": ({"url": TAGGED}, TAGGED),
    "only an address, of our own": ({"link": "https://www.example.com/tour"}, "https://www.example.com/tour"),
    "only an address, of anyone": ({"url": "https://ann.example.org/"}, ""),
    "a homepage with tags": ({"website": "https://ann.example.org/?utm_source=ig"}, ""),
    "a profile with tags": ({"profile_url": "https://ann.example.org/?utm_source=ig"}, ""),
    "no address at all": ({"url": "https://[broken?utm_source=x"}, "https://[broken?utm_source=x"),
}


@each_row("case", PAGES)
def test_the_page_is_read_wherever_a_tool_puts_it(case: str) -> None:
    fields, expected = PAGES[case]
    form = Form("tour", attribution=AttributionConfig(own_domains=("example.com",)))

    assert post({**ANN, **fields}, form).submission.evidence.page_url == expected


def test_a_path_without_a_host_is_one_of_the_site_that_posted() -> None:
    path = {"_wp_http_referer": "/tour/?utm_source=google"}
    evidence = post({**ANN, **path}, referer="https://example.com/").submission.evidence

    assert evidence.page_url == "https://example.com/tour/?utm_source=google"


def test_htmx_says_in_a_header_where_its_page_is() -> None:
    bare = post(ANN, hx_current_url=TAGGED).submission.evidence
    named = post({**ANN, "lc_page_url": "https://example.com/b"}, hx_current_url=TAGGED).submission.evidence

    assert (bare.page_url, named.page_url) == (TAGGED, "https://example.com/b")


@each_row("answer_field", ["how_heard", "Where did you hear about us?", "city", "location", "Parking"])
def test_the_answer_a_form_is_credited_by_is_found_under_any_of_its_names(answer_field: str) -> None:
    fields = {"Where did you hear about us?": "podcast", "city": "Leeds", "Parking": "yes"}
    form = Form("tour", attribution=AttributionConfig(answer_field=answer_field))

    assert post({**ANN, **fields}, form).submission.evidence.fields[answer_field] in {"podcast", "Leeds", "yes"}


def test_the_senders_ids_have_their_own_places() -> None:
    submission = post({**ANN, "submission_id": "s-1", "form_name": "Tour"}).submission

    assert (submission.external_id, submission.form_name) == ("s-1", "Tour")
    assert submission.extras == {}


def test_the_visitors_address_does_not_get_into_the_lead() -> None:
    assert post(ANN).submission.ip == ""


def test_the_phone_is_read_and_kept_as_typed() -> None:
    submission = post({**ANN, "tel": "020 7946 0142"}, Form("tour", country="GB")).submission

    assert submission.contact.phone == "+442079460142"
    assert submission.fields["phone"] == "020 7946 0142"


def codes(reading: Reading) -> dict[str, list[str]]:
    return {name: [error.code for error in errors] for name, errors in reading.errors.items()}


ERRORS: dict[str, tuple[dict[str, Any], tuple[str, ...], dict[str, list[str]]]] = {
    "missing": ({"name": "Ann"}, ("email",), {"email": ["REQUIRED_FIELD_MISSING"]}),
    "empty": ({"name": "Ann", "your-email": " "}, ("email",), {"email": ["REQUIRED_FIELD_EMPTY"]}),
    "a placeholder": ({"name": "Ann", "email": "undefined"}, ("email",), {"email": ["REQUIRED_FIELD_EMPTY"]}),
    "no address": ({"email": "ann@"}, ("email",), {"email": ["TYPE_EMAIL"]}),
    "no address where none is required": ({"email": "ann@", "name": "Ann"}, ("full_name",), {"email": ["TYPE_EMAIL"]}),
    "no number": ({**ANN, "phone": "later"}, ("phone",), {"phone": ["TYPE_PHONE"]}),
    "no number where none is required": ({**ANN, "phone": "later"}, ("email",), {}),
    "no consent": ({**ANN, "gdpr": "no"}, ("consent",), {"consent": ["REQUIRED_FIELD_EMPTY"]}),
    "a name of parts": ({**ANN, "first_name": "Ann", "last_name": "Lee"}, ("email", "full_name"), {}),
    "an own field": ({**ANN, "Badge No.": "7"}, ("badge_no",), {}),
    "an own field missing": (ANN, ("badge_no",), {"badge_no": ["REQUIRED_FIELD_MISSING"]}),
    "a label with a hint": ({**ANN, "Phone (incl. country code)": "+44 7700 900177"}, ("phone",), {}),
    "a label with a sentence": ({"E-mail. We never share it.": "ann@example.com"}, ("email",), {}),
    "a label of many words": ({**ANN, "Under which phone number will you be": "ext. 90 17 77"}, ("phone",), {}),
    "a question of its own words": ({**ANN, "Tell us your message to the team": "Hi"}, ("message",), {}),
    "a question for two things": (
        {**ANN, "Which company and which city are you from": "Acme"},
        ("company",),
        {"company": ["REQUIRED_FIELD_MISSING"]},
    ),
    "a guess is enough": ({"Reach me": "ann@example.com"}, ("email",), {}),
    "unknown fields": ({**ANN, "whatever": "x"}, ("email",), {}),
}


@each_row("case", ERRORS)
def test_errors_are_told_by_field_and_code(case: str) -> None:
    fields, require, expected = ERRORS[case]

    assert codes(post(fields, Form("tour", require=require))) == expected


def test_an_error_has_a_sentence_and_the_inputs_name() -> None:
    (error,) = post({"your-email": "ann@"}).errors["email"]

    assert error.message == "Please check your e-mail address: it does not look like an e-mail address."
    assert error.name == "your-email"


def test_a_filled_trap_is_told_and_no_error() -> None:
    reading = post({**ANN, "_gotcha": "buy"})

    assert reading.controls.honeypot == "_gotcha"
    assert not reading.errors


@pytest.mark.parametrize("value", ["", " ", "false", "0"])
def test_an_empty_or_unticked_trap_is_not_filled_in(value: str) -> None:
    assert post({**ANN, "botcheck": value}).controls.honeypot == ""


@each_row(
    ("key", "kept", "fill_s"),
    [
        ("1-22-333-4444.850", "1-22-333-4444", 0.85),
        ("1-22-333-4444", "1-22-333-4444", None),
        ("order.5", "order.5", None),
        ("1-22-333-4444.x", "1-22-333-4444.x", None),
        ("1-22-333-4444.9999999999", "1-22-333-4444.9999999999", None),
        ("", "", None),
    ],
    ids=["the script's", "without a time", "a page's own", "no number", "too long", "none"],
)
def test_the_script_tells_behind_the_key_how_long_the_page_was_open(key: str, kept: str, fill_s: float | None) -> None:
    reading = post({**ANN, "lc_key": key})

    assert (reading.submission.idempotency_key, reading.fill_s) == (kept, fill_s)
    assert reading.answers["lc_key"] == kept


@pytest.mark.parametrize(
    ("provider", "token"), [("turnstile", "t"), ("hcaptcha", "g"), ("recaptcha", "g"), ("unheard-of", "g")]
)
def test_each_captcha_provider_finds_its_token(provider: str, token: str) -> None:
    controls = post({**ANN, "cf-turnstile-response": "t", "g-recaptcha-response": "g"}).controls

    assert controls.captcha_token(provider) == token


def test_controls_are_read_and_left_out_of_the_lead() -> None:
    steering = {"_next": "/thanks", "_subject": "Tour", "access_key": "k", "_language": "de-AT"}

    controls = post({**ANN, **steering}).controls

    assert controls.redirect == "/thanks"
    assert controls.language == "de"
    assert set(controls.dropped) == {"_next", "_subject", "access_key"}


def test_the_browsers_language_counts_where_the_form_says_none() -> None:
    assert post(ANN, accept_language="nl-BE,nl;q=0.9,en;q=0.8").controls.language == "nl"


def test_a_post_of_nothing_but_controls_is_empty() -> None:
    with pytest.raises(Empty):
        post({"_next": "/thanks", "submit": "Send", "utm_source": "x"}, Form("tour", require=()))


@pytest.mark.parametrize("name", ["query_string", "utm_params", "meta.queryString"])
def test_a_query_that_comes_alone_has_the_tags(name: str) -> None:
    evidence = post({**ANN, name: "?utm_source=google&utm_medium=cpc"}).submission.evidence

    assert (evidence.fields["utm_source"], evidence.fields["utm_medium"]) == ("google", "cpc")

"""attribution-more.js: hidden fields of other people's forms, and forms that reach us without an action."""

import pytest

from tests.capture.website import HIDDEN, TAGGED, Answers, Visitor, touch

pytestmark = pytest.mark.browser

CONTACT_FORM_7 = """<div class=wpcf7 id=wpcf7-f5-p1-o1><form class="wpcf7-form init" method=post data-status=init
action="/wp-json/contact-form-7/v1/contact-forms/5/feedback">
<div style="display: none"><input type=hidden name=_wpcf7 value=5><input type=hidden name=_wpcf7_locale value=en_US>
<input type=hidden name=_wpcf7_posted_data_hash value=""></div>
<input type=text name=your-name class=wpcf7-text><input name=utm_content><input type=text name=referrer>
<input type=hidden name=utm_source class=wpcf7-hidden value=""><input type=hidden name=utm_medium value="">
<input type=hidden name=utm_campaign value=""><input type=hidden name=gclid value="">
<input type=hidden name=page_url value=""><input type=hidden name=landing_page value="">
<input type=hidden name=utm_term value="own words"><input type=hidden name=lc_last value=""></form></div>"""
ELEMENTOR = """<form class=elementor-form method=post name=enquiry>
<input type=hidden name=post_id value=12><input type=hidden name=form_id value=a1b2c3d>
<div class="elementor-field-type-hidden elementor-field-group"><input size=1 type=hidden
 name="form_fields[utm_source]" id=form-field-utm_source class="elementor-field elementor-size-sm"></div>
<input type=hidden name="form_fields[utmMedium]" id=form-field-utmMedium><input type=hidden name=UTM_Campaign>
<input type=hidden name="form_fields[first_utm_source]"></form>"""
HUBSPOT = """<form class="hs-form-private hs-form" method=POST enctype=multipart/form-data target=target_iframe_1
action="https://forms.hsforms.com/submissions/v3/public/submit/formsnext/multipart/1/2" data-form-id=2>
<div class="hs_utm_source hs-utm_source hs-fieldtype-text field" style="display: none"><div class=input>
<input name=utm_source class=hs-input type=hidden value=""></div></div>
<input name="0-1/utm_medium" type=hidden value=""><input name=hs_google_click_id class=hs-input type=hidden value="">
<input name=hs_context type=hidden value="{}"></form>"""
WEBFLOW = """<form id=email-form name=email-form data-name="Email Form" method=get aria-label="Email Form">
<input class=w-input name=Name data-name=Name type=text><div class=w-embed><input type=hidden name="UTM Source">
<input type=hidden name=utm-medium class=utm-field><input type=hidden id=gclid_field name=gclid_field></div></form>"""
FORMIDABLE = """<form method=post class=frm-show-form><input type=hidden name=frm_action value=create>
<input type=hidden name="item_meta[7]" id=field_utm_source value=""><input type=hidden name="item_meta[8]" id=field_8>
</form>"""
GRAVITY = """<form method=post id=gform_1 action=/contact/><input type=hidden name=is_submit_1 value=1>
<input name=input_7 id=input_1_7 type=hidden class=gform_hidden value=""></form>"""
SIGN_IN = "<form method=post><input type=password name=pwd><input type=hidden name=referrer></form>"
EVERYBODY = (CONTACT_FORM_7, ELEMENTOR, HUBSPOT, WEBFLOW, FORMIDABLE, GRAVITY, SIGN_IN)


def fields_of(visitor: Visitor, root: str = "document") -> list[Answers]:
    """Name (else id) -> value of all inputs, form by form."""
    inputs = "[...form.querySelectorAll('input')].map((input) => [input.name || input.id, input.value])"
    pairs_by_form = visitor.run(f"return [...{root}.forms].map((form) => {inputs})")
    return [dict(pairs) for pairs in pairs_by_form]


def published(visitor: Visitor, body: str, tag: str = "", path: str = "/page") -> None:
    """Put up a page, and come to it by a tagged landing page."""
    visitor.site.publish(path, body, tag)
    visitor.site.publish("/", "", tag)
    visitor.follow(f"{TAGGED}&utm_campaign=spring%20desks", origin="www.search.com")
    visitor.open(path)


def test_forms_of_every_tool_know_the_visit(visitor: Visitor) -> None:
    published(visitor, "".join(EVERYBODY))

    cf7, elementor, hubspot, webflow, formidable, gravity, sign_in = fields_of(visitor)

    assert (cf7["utm_source"], cf7["utm_medium"], cf7["utm_campaign"]) == ("google", "cpc", "spring desks")
    assert (cf7["gclid"], cf7["page_url"]) == ("abc", visitor.url("/page"))
    assert cf7["landing_page"] == visitor.url(f"{TAGGED}&utm_campaign=spring%20desks") == touch(cf7["lc_last"]).url
    assert [cf7[name] for name in ("utm_term", "utm_content", "referrer", "your-name")] == ["own words", "", "", ""]
    assert cf7["_wpcf7_posted_data_hash"] == ""
    assert [value for name, value in elementor.items() if "utm" in name.lower()] == [
        "google", "cpc", "spring desks", "google",
    ]  # fmt: skip
    assert list(hubspot.values())[:3] == ["google", "cpc", "abc"]
    assert list(webflow.values()) == ["", "google", "cpc", "abc"]
    assert (formidable["item_meta[7]"], formidable["item_meta[8]"]) == ("google", "")
    assert (gravity["input_7"], sign_in["referrer"]) == ("", "")
    assert visitor.run("return problems") == []


def test_forms_that_come_late_or_are_emptied_know_the_visit(visitor: Visitor) -> None:
    published(visitor, "<div id=popup></div>")
    field = "document.querySelector('[name=utm_source]')"

    visitor.run(f"document.getElementById('popup').innerHTML = `{CONTACT_FORM_7}`")
    visitor.wait_until(lambda: visitor.run(f"return {field}.value === 'google'"))
    visitor.run(f"{field}.value = ''; document.forms[0].reset()")
    visitor.wait_until(lambda: visitor.run(f"return {field}.value === 'google'"))
    visitor.run(f"{field}.value = ''; addEventListener('submit', (event) => event.preventDefault())")
    visitor.run("document.forms[0].requestSubmit()")

    assert visitor.run(f"return [{field}.value, new FormData(document.forms[0]).get('gclid')]") == ["google", "abc"]


def test_a_form_in_an_iframe_that_the_page_writes_knows_the_visit(visitor: Visitor) -> None:
    published(visitor, "<iframe class=hs-form-iframe></iframe>")
    written = "document.querySelector('iframe').contentDocument"

    visitor.run(f"{written}.body.insertAdjacentHTML('beforeend', `{HUBSPOT}`)")

    visitor.wait_until(lambda: fields_of(visitor, written)[0]["utm_source"] == "google")


def test_a_form_that_keeps_its_values_itself_hears_of_them(visitor: Visitor) -> None:
    """As HubSpot's do: React marks its inputs with a tracker, and events go up to the root."""
    published(visitor, "<div id=root></div>")
    visitor.run("""
        const form = document.createElement("form");
        form.innerHTML = "<input type=hidden name=utm_source value=''>";
        form.firstChild._valueTracker = {};
        window.heard = [];
        const root = document.getElementById("root");
        for (const type of ["input", "change"])
          root.addEventListener(type, (event) => heard.push(type, event.target.value));
        root.append(form);""")

    visitor.wait_until(lambda: visitor.run("return heard.join()") == "input,google,change,google")


@pytest.mark.parametrize(
    ("tag", "source", "page"), [("data-fill=own", "", ""), ("data-consent", "", "/page"), ("", "google", "/page")]
)
def test_the_page_decides_whether_and_from_what_they_are_filled_in(
    visitor: Visitor, tag: str, source: str, page: str
) -> None:
    published(visitor, CONTACT_FORM_7 + visitor.site.form(), tag)

    other, own = fields_of(visitor)

    assert (other["utm_source"], other["page_url"]) == (source, page and visitor.url(page))
    assert own["lc_page_url"] == visitor.url("/page")


def test_the_visit_that_is_credited_fills_them(visitor: Visitor) -> None:
    """As the service would choose: one visit, never two mixed; without any trace the last one that left some."""
    published(visitor, CONTACT_FORM_7)
    visitor.site.publish("/page", CONTACT_FORM_7)

    visitor.open("/page?utm_source=letter#/?utm_medium=email")
    tagged = fields_of(visitor)[0]
    visitor.follow("/page", origin="www.elsewhere.com")
    came_from_elsewhere = fields_of(visitor)[0]

    assert [tagged[name] for name in ("utm_source", "utm_medium", "utm_campaign", "gclid")] == [
        "letter",
        "email",
        "",
        "",
    ]
    assert came_from_elsewhere["utm_source"] == ""


def test_a_strict_page_loads_the_second_file_by_a_tag_of_its_own(visitor: Visitor) -> None:
    second = f"<script src='{visitor.site.service}/attribution-more.js' defer></script>"
    policy = "require-trusted-types-for 'script'"
    visitor.site.publish("/strict", second + CONTACT_FORM_7, headers={"Content-Security-Policy": policy})
    visitor.open("/strict?utm_source=google")

    assert fields_of(visitor)[0]["utm_source"] == "google"
    assert visitor.run("return problems") == []


HTMX = "<form hx-post='{home}/f/tour' hx-swap=outerHTML><input name=email><button>Send</button></form>"
IN_ITS_BUTTON = "<form action=/fallback><button data-hx-post='{home}/f/tour'>Send</button></form>"
ALPINE = """<form @submit.prevent="fetch('{home}/f/tour', {{ method: 'POST', body: new FormData($el) }})"></form>"""
REACT = "<div data-lead-capture><form><input name=email><button>Send</button></form></div>"
ELSEWHERE = "<form hx-post='https://other.test/f/tour' hx-vals='{{\"a\": \"b/f/c\"}}'><button>Send</button></form>"


@pytest.mark.parametrize(
    ("form", "names"),
    [(HTMX, HIDDEN), (IN_ITS_BUTTON, HIDDEN), (ALPINE, HIDDEN), (REACT, HIDDEN), (ELSEWHERE, set())],
    ids=["htmx", "htmx button", "alpine", "data-lead-capture", "elsewhere"],
)
def test_a_form_that_a_library_sends_to_us_is_one_of_ours(visitor: Visitor, form: str, names: set[str]) -> None:
    visitor.site.publish("/sent", form.format(home=visitor.site.service))
    visitor.open("/sent?utm_source=google")

    sent = visitor.run("return [...new FormData(document.forms[0]).keys()]")

    assert visitor.hidden().keys() == names
    assert set(sent) & HIDDEN == names

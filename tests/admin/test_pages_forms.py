"""Forms: addresses, snippets, last leads, findings of the checks, and a preview."""

import hmac
import re
from datetime import timedelta

import pytest
import time_machine

from service import clock
from service.admin.pages import snippets
from service.admin.pages.form_pages import example_answers, parse_answers
from service.delivery.setup_check.job import save_problems
from service.forms import AnswerAmount, Choice, Destination, Form, Question, Words
from service.operations.preview import preview
from service.store import Query, Store
from tests.admin.dashboard import Operator
from tests.admin.stored_leads import keep
from tests.builders import NOON, a_form, a_lead, a_submission
from tests.tables import each_row

WORLD = "https://leads.example.com"
SENDERS = {
    "meta": {"app_secret": "very-secret-1", "access_token": "very-secret-2"},
    "jotform": {"token": "very-secret-3"},
    "tally": {},
}


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Signed in; one form has senders."""
    return Operator(sqlite, a_form("tour", title="Book a tour", webhooks=SENDERS), a_form(), PUBLIC_URL=WORLD)


def test_every_form_stands_there_with_its_address(operator: Operator) -> None:
    page_text = operator.see("/admin/setup")

    assert f"{WORLD}/f/tour" in page_text
    assert f"{WORLD}/f/contact" in page_text
    assert "Jotform, Meta, Tally" in page_text


def test_each_sender_has_its_address_its_proof_and_its_guide(operator: Operator) -> None:
    page_text = operator.see("/admin/setup/tour")

    assert f"{WORLD}/webhooks/meta/tour Copy the address It signs its calls with the app secret." in page_text
    assert f"{WORLD}/webhooks/jotform/tour Copy the address Add ?token=… with the token from the set-up" in page_text
    assert f"{WORLD}/webhooks/tally/tour Copy the address Anyone who knows this address can send" in page_text
    assert "How to set it up: “Leads of ad platforms” in the documentation, Meta." in page_text


def test_no_secret_is_shown(operator: Operator) -> None:
    assert "very-secret" not in operator.client.get("/admin/setup/tour").text
    assert "very-secret" not in operator.client.get("/admin/setup").text


def test_the_last_lead_of_the_form_and_of_each_sender_is_shown(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(received_at=NOON, submission=a_submission(form="tour", sender="meta")))

    page_text = operator.see("/admin/setup/tour")

    assert page_text.count("ago: Ada Lovelace Waiting") == 2
    assert page_text.count("Nothing received yet.") == 2


def test_the_findings_of_the_checks_are_shown_at_the_form(sqlite: Store, operator: Operator) -> None:
    sentence = "Form tour: stage 9 does not exist: choose another"
    sqlite.write(lambda tx: tx.alerts.report("setup:default:tour:stage", sentence.replace("Form", "form"), NOON))

    assert "1 problem" in operator.see("/admin/setup")
    assert sentence in operator.see("/admin/setup/tour")
    assert sentence not in operator.see("/admin/setup/contact")


def test_what_concerns_no_form_stands_above_all(sqlite: Store, operator: Operator) -> None:
    sqlite.write(lambda tx: tx.alerts.report("setup:default:-:roles", "account default: a role is missing", NOON))
    sqlite.write(lambda tx: tx.alerts.report("login:default", "not of the set-up", NOON))

    page_text = operator.see("/admin/setup")

    assert "a role is missing" in page_text
    assert "not of the set-up" not in page_text


def test_the_time_of_the_last_check_is_shown(sqlite: Store, operator: Operator) -> None:
    before = operator.see("/admin/setup")
    with time_machine.travel(NOON, tick=False):
        sqlite.write(lambda tx: save_problems(tx, "default", []))

    assert "Nexudus Not checked yet" in before
    assert "there was last checked 24 Nov 12:00" in operator.see("/admin/setup").replace("yesterday", "24 Nov")


def test_an_account_is_checked_at_the_press_of_a_button(operator: Operator) -> None:
    page = operator.client.get("/admin/setup")

    check = operator.press_button(page, "/admin/connections/nexudus/default/check")

    assert "A worker signs in and checks the account" in operator.arrive(check)


def test_a_preview_tells_the_opportunity_and_keeps_nothing(sqlite: Store, operator: Operator) -> None:
    response = operator.send(
        "/admin/setup/tour",
        fields="full_name: Ada Lovelace\nemail: ada@example.com",
        page_url="https://www.example.com/?utm_source=google&utm_medium=cpc",
        referrer="",
    )

    assert response.status_code == 200
    assert "Paid Search" in response.text
    assert "UtmSource" in response.text
    with sqlite.read() as tx:
        assert tx.search.leads(Query(), 1) == []


def test_a_preview_says_where_values_come_from_and_where_the_visitor_goes(sqlite: Store) -> None:
    destination = Destination(stage_id=1001, value=AnswerAmount("budget"))
    operator = Operator(sqlite, a_form(redirect="https://www.example.com/?b={budget}", destination=destination))

    page_text = operator.send("/admin/setup/contact", fields="email: ann@example.com\nbudget: £450").text

    assert "£450&#39; names this amount" in page_text
    assert "The visitor goes on to https://www.example.com/?b=%C2%A3450." in page_text


def test_a_preview_says_what_would_be_sent_back(operator: Operator) -> None:
    response = operator.send("/admin/setup/tour", fields="full_name: Ada", page_url="", referrer="")

    assert 'role="alert"' in response.text
    assert "email" in response.text


def test_a_preview_needs_the_sessions_token(operator: Operator) -> None:
    assert operator.client.post("/admin/setup/tour", data={"fields": "a: b"}).status_code == 403


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_form_is_a_404(operator: Operator, method: str) -> None:
    response = operator.client.get("/admin/setup/x") if method == "get" else operator.send("/admin/setup/x")

    assert response.status_code == 404


@each_row(
    ("text", "expected"),
    [
        ("email: a@example.com\nmessage: one: two", {"email": "a@example.com", "message": "one: two"}),
        ("email=a@example.com\n\nmessage=a: b", {"email": "a@example.com", "message": "a: b"}),
        ("message: first line\nsecond line", {"message": "first line\nsecond line"}),
        ('{"email": "a@example.com", "rooms": ["a", "b"]}', {"email": "a@example.com", "rooms": ["a", "b"]}),
        ("[" * 100_000, {}),
        ("nothing of the kind", {}),
        ("", {}),
    ],
)
def test_answers_are_read_as_they_are_pasted(text: str, expected: dict[str, object]) -> None:
    assert parse_answers(text) == expected


def test_a_snippet_asks_for_what_the_form_requires_by_the_names_that_it_reads() -> None:
    form = a_form("tour", title="<Tour>", require=("email", "company"), fields={"email": ("your-email",)})

    text = snippets.html(WORLD, form)

    assert f'<form action="{WORLD}/f/tour" method="post">' in text
    assert '<input name="your-email" type="email" autocomplete="email" required>' in text
    assert '<input name="company" autocomplete="organization" required>' in text
    assert "<button>&lt;Tour&gt;</button>" in text


def test_what_the_snippet_sends_is_taken(sqlite: Store) -> None:
    operator = Operator(sqlite, a_form())
    names = re.findall(r'name="([^"]+)"', snippets.html("", Form("contact")))

    response = operator.front.post({**dict.fromkeys(names, ""), "full_name": "Ada", "email": "ada@example.com"})

    assert response.status_code in {200, 303}
    assert operator.front.lead().submission.extras == {}


def test_the_script_names_the_forms_own_address() -> None:
    text = snippets.fetch(f"{WORLD}/", a_form("tour", fields={"email": ("your-email",)}))

    assert f'fetch("{WORLD}/f/tour"' in text
    assert '"your-email": email' in text
    assert 'Accept: "application/json"' in text  # else a browser without Sec-Fetch-Mode gets a page


# -- what was refused


def test_a_rejected_call_is_shown_with_reason_and_remedy_until_one_is_accepted(operator: Operator) -> None:
    for signature in ("sha256=00", _signature(b"[]")):
        operator.client.post("/webhooks/meta/tour", data=b"{}", headers={"X-Hub-Signature-256": signature})

    for page in ("/admin/setup", "/admin/setup/tour"):
        page_text = operator.see(page)
        assert "Meta: refused since today" in page_text
        assert "Its origin is not proven: the signature does not match." in page_text
        assert "Check that app_secret in [forms.tour.webhooks.meta] is the App Secret of the Meta app" in page_text

    operator.client.post("/webhooks/meta/tour", data=b"{}", headers={"X-Hub-Signature-256": _signature(b"{}")})
    assert "refused since" not in operator.see("/admin/setup/tour")


def _signature(body: bytes) -> str:
    return f"sha256={hmac.new(b'very-secret-1', body, 'sha256').hexdigest()}"


def test_an_unconfigured_sender_is_shown_with_the_missing_table(operator: Operator) -> None:
    operator.client.post("/webhooks/typeform/tour", data=b"{}")

    assert "the form needs [forms.tour.webhooks.typeform]" in operator.see("/admin/setup/tour")


def test_strangers_cannot_keep_the_database_busy_with_it(sqlite: Store, operator: Operator) -> None:
    with time_machine.travel(NOON, tick=False) as traveller:
        operator.client.post("/webhooks/typeform/tour", data=b"{}")
        traveller.shift(30)
        operator.client.post("/webhooks/typeform/tour", data=b"{}")
        operator.client.post("/webhooks/nobody/tour", data=b"{}")
        operator.client.post("/webhooks/typeform/nowhere", data=b"{}")

    with sqlite.read() as tx:
        assert [(each.sender, each.at) for each in tx.platforms.rejections_of("tour")] == [("typeform", NOON)]
        assert tx.platforms.rejections_of("nowhere") == []


def test_after_a_week_a_rejected_call_is_not_shown(operator: Operator) -> None:
    with time_machine.travel(clock.now() - timedelta(days=7)):
        operator.client.post("/webhooks/typeform/tour", data=b"{}")

    assert "refused since" not in operator.see("/admin/setup/tour")


def test_the_snippet_asks_the_forms_own_questions() -> None:
    choices = (Choice("desk", Words({"en": "A desk"})), Choice("<b>"))
    form = a_form(
        questions=(
            Question("room", Words({"en": "What for?"}), "radio", choices, required=True),
            Question("size", choices=choices, kind="select"),
            Question("floor", kind="number"),
            Question("news", Words({"": "Send me the newsletter."}), "consent"),
        )
    )

    lines = [line.strip() for line in snippets.html(WORLD, form).splitlines()]

    room, size, floor, news = lines[6:10]
    assert room.startswith("<fieldset><legend>What for?</legend>")
    assert '<input type="radio" name="room" value="desk" required> A desk' in room
    assert 'value="&lt;b&gt;" required> &lt;b&gt;' in room
    assert '<select name="size"><option value=""></option><option value="desk">A desk</option>' in size
    assert '<input name="floor" type="number">' in floor
    assert '<input type="checkbox" name="news" value="Send me the newsletter.">' in news


def test_the_preview_starts_from_answers_that_the_form_accepts() -> None:
    kinds = ("textarea", "email", "tel", "url", "number", "date", "time", "checkbox")
    own = [Question(f"own {kind}", kind=kind, required=True) for kind in kinds]
    label = Words({"": "I accept the terms of the house."})
    more = [Question("room", kind="radio", choices=(Choice("desk"),), required=True), Question("consent", label)]
    form = a_form(questions=(*own, *more, Question("terms", label, "consent", required=True)))

    shown = preview(form, {"fields": parse_answers(example_answers(form))})

    assert shown["problems"] == []
    assert "room: desk" in shown["opportunity"]["Notes"]

"""Today: what needs attention first, the figures, and the connections in words."""

from datetime import timedelta

import pytest
import time_machine

from service import clock
from service.lead import Status
from service.store import NO_CREDENTIALS, SeenWorker, Store
from service.store.platforms.connections import ConnectionKey
from tests.admin.dashboard import Operator
from tests.admin.stored_leads import keep, keep_as, keep_delivered
from tests.builders import a_form, a_lead, a_submission


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Signed in, with a form that Meta sends to."""
    return Operator(sqlite, a_form(webhooks={"meta": {"app_secret": "x" * 20}}))


def test_a_quiet_day_says_so(operator: Operator) -> None:
    page_text = operator.see("/admin/")

    assert "Nothing needs attention" in page_text
    assert "No leads yet" in page_text


def test_what_needs_attention_comes_before_the_figures(sqlite: Store, operator: Operator) -> None:
    keep_as(sqlite, Status.PARKED)
    sentence = "Nexudus refuses the user name or password."
    sqlite.write(lambda tx: tx.alerts.report("login:default", sentence, clock.now()))

    page_text = operator.see("/admin/")

    places = [
        page_text.index(text)
        for text in ("Nexudus refuses the sign-in", sentence, "1 lead needs attention", "Received")
    ]
    assert places == sorted(places)
    assert "Look at it" in page_text


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (None, "Delivery Not running No worker has been seen yet"),
        (1, "Delivery Works A worker was last seen 1 minute ago."),
        (5, "Delivery Not running Since"),
    ],
)
def test_it_says_whether_a_worker_delivers(sqlite: Store, operator: Operator, minutes: int | None, words: str) -> None:
    if minutes is not None:
        seen_at = clock.now() - timedelta(minutes=minutes)
        sqlite.write(lambda tx: tx.workers.record(SeenWorker("host/1", "1", seen_at, seen_at)))

    assert words in operator.see("/admin/")


def test_the_figures_are_those_of_today(sqlite: Store, operator: Operator) -> None:
    now = clock.now()
    keep(sqlite, a_lead("1@x.example", now))
    keep(sqlite, a_lead("2@x.example", now - timedelta(days=2)))
    keep(sqlite, a_lead("3@x.example", now, status=Status.QUARANTINED))

    page_text = operator.see("/admin/")

    assert "Received 1 today" in page_text
    assert "Waiting 2 now" in page_text
    assert "Held as spam 1 1 of them today" in page_text


def test_deliveries_of_today_are_counted_whenever_the_lead_came(sqlite: Store, operator: Operator) -> None:
    keep_delivered(sqlite)

    with sqlite.read() as tx:
        days = [
            tx.statistics.today(since)
            for since in (clock.now() - timedelta(days=3000), clock.now() + timedelta(days=3000))
        ]

    assert [day.delivered for day in days] == [1, 0]


@pytest.mark.parametrize(
    ("reason", "word", "sentence"),
    [
        ("unavailable", "Paused", "Nexudus does not respond; calls are paused until today"),
        ("throttled", "Paused", "Nexudus asked for a pause until"),
        ("refused: role create_coworker", "Refuses calls", "refuses some calls of the service account"),
    ],
)
def test_an_account_that_rests_says_why_and_until_when(
    sqlite: Store, operator: Operator, reason: str, word: str, sentence: str
) -> None:
    until = clock.now() + timedelta(seconds=20)
    sqlite.write(lambda tx: tx.accounts.pause("default", until, reason))

    page_text = operator.see("/admin/")

    assert f"Nexudus {word}" in page_text
    assert sentence.replace(" until today", "") in page_text


def test_a_refused_sign_in_is_shown(sqlite: Store, operator: Operator) -> None:
    sqlite.write(lambda tx: tx.accounts.save_tokens("default", {"refused": True}))

    assert "Nexudus Sign-in refused" in operator.see("/admin/")


def test_missing_credentials_are_shown_as_such(sqlite: Store, operator: Operator) -> None:
    now = clock.now()
    sqlite.write(
        lambda tx: tx.accounts.pause_call("default", NO_CREDENTIALS, now, now, "no Nexudus credentials are set: set")
    )

    assert "Nexudus No credentials No Nexudus credentials are set: set" in operator.see("/admin/")


def test_a_partly_paused_account_is_explained_in_whole_sentences(sqlite: Store, operator: Operator) -> None:
    now = clock.now()
    reason = "new contacts are refused: see `lead-capture doctor`."
    sqlite.write(lambda tx: tx.accounts.pause_call("default", "create_coworker", now, now + timedelta(hours=1), reason))

    sentence = "New contacts are refused: see lead-capture doctor. Until "
    assert f"Nexudus Partly paused {sentence}" in operator.see("/admin/")


def test_a_broken_platform_is_shown_with_its_remedy(sqlite: Store, operator: Operator) -> None:
    now = clock.now()
    sqlite.write(
        lambda tx: tx.platforms.mark_broken(
            ConnectionKey("contact", "meta", "77"), "The token ended: make a new one.", now, now
        )
    )

    page_text = operator.see("/admin/")

    assert "Meta, form contact, 77 Broken The token ended: make a new one." in page_text


def test_a_platform_that_sends_leads_works(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(received_at=clock.now() - timedelta(hours=3), submission=a_submission(sender="meta")))

    assert "Meta Works It last sent a lead 3 hours ago." in operator.see("/admin/")


# -- senders whose calls are refused


def test_a_sender_that_worked_is_shown_as_rejected_until_a_call_is_accepted(sqlite: Store) -> None:
    operator = Operator(sqlite, a_form("tour", webhooks={"jotform": {"token": "the-token"}}))

    page_text = []
    for token in ("the-token", "another", "the-token"):
        operator.client.post(f"/webhooks/jotform/tour?token={token}", data={"email": "ann@example.com"})
        page_text.append(operator.see("/admin/"))

    assert ["Jotform Works It last sent a lead" in page for page in page_text] == [True, False, True]
    assert "Jotform, form tour Refused Since today" in page_text[1]
    assert "the token does not match. Check that token in [forms.tour.webhooks.jotform]" in page_text[1]


def test_the_remedy_of_an_open_alert_is_not_repeated(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(submission=a_submission(sender="meta")))
    operator.client.post("/webhooks/meta/contact", data=b"{}")
    remedy = "Meta sends a refused lead again for 36 hours."
    before = operator.see("/admin/")

    sqlite.write(lambda tx: tx.alerts.report("refused:contact:meta", f"1 call was refused. {remedy}", clock.now()))

    after = operator.see("/admin/")
    assert [before.count(remedy), after.count(remedy)] == [1, 1]
    assert after.index(remedy) < after.index("Received") < after.index("Meta, form contact Refused")


def test_a_sender_whose_table_is_gone_is_spoken_of_only_if_it_worked(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(submission=a_submission(sender="tally")))

    for sender in ("tally", "typeform"):
        operator.client.post(f"/webhooks/{sender}/contact", data=b"{}")

    page_text = operator.see("/admin/")
    assert "Tally, form contact Refused" in page_text
    assert "Put [forms.contact.webhooks.tally] back into the forms file" in page_text
    assert "Typeform" not in page_text


def test_a_handshake_that_was_refused_says_nothing_about_the_sender(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(received_at=clock.now(), submission=a_submission(sender="meta")))

    operator.client.get("/webhooks/meta/contact")

    assert "Meta Works" in operator.see("/admin/")


def test_after_a_week_a_rejected_call_is_forgotten(operator: Operator) -> None:
    with time_machine.travel(clock.now() - timedelta(days=7)):
        operator.client.post("/webhooks/meta/contact", data=b"{}")

    assert "Meta Set up" in operator.see("/admin/")

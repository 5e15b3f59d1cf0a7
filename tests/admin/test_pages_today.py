"""Today: what needs attention first, the figures, and the connections in words."""

import re
from datetime import datetime, timedelta
from html import unescape

import pytest
import time_machine

from service import clock
from service.delivery.setup_check.job import checked_flag
from service.lead import Status
from service.store import NO_CREDENTIALS, SaleStatus, SeenWorker, Store
from service.store.platforms.connections import ConnectionKey
from tests.admin.dashboard import Operator, words
from tests.admin.stored_leads import keep, keep_as, keep_delivered
from tests.builders import a_form, a_lead, a_submission
from tests.front import count_days
from tests.store.sales import a_change, a_sale, delivered


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
    assert "Open the lead" in page_text


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (None, "Delivery Not running Leads are stored, but not sent: no worker has been seen."),
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
    assert "Held as spam 1 today" in page_text


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

    sentence = "New contacts are refused. Until "
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
    assert "Put [forms.contact.webhooks.tally] back into the set-up" in page_text
    assert "Typeform" not in page_text


def test_a_handshake_that_was_refused_says_nothing_about_the_sender(sqlite: Store, operator: Operator) -> None:
    keep(sqlite, a_lead(received_at=clock.now(), submission=a_submission(sender="meta")))

    operator.client.get("/webhooks/meta/contact")

    assert "Meta Works" in operator.see("/admin/")


def test_after_a_week_a_rejected_call_is_forgotten(operator: Operator) -> None:
    with time_machine.travel(clock.now() - timedelta(days=7)):
        operator.client.post("/webhooks/meta/contact", data=b"{}")

    assert "Meta Set up" in operator.see("/admin/")


# -- attention by cause


def parked(store: Store, *problems: str) -> None:
    """Keep a parked lead for each problem."""
    for number, problem in enumerate(problems):
        keep(store, a_lead(f"{number}@y.example", status=Status.PARKED, problem=problem))


GIVEN_UP = "Given up after 16 tries: Nexudus answered {}. Send it again once Nexudus is available."


def test_leads_that_need_attention_are_grouped_by_cause(sqlite: Store, operator: Operator) -> None:
    parked(
        sqlite,
        GIVEN_UP.format(500),
        GIVEN_UP.format(502),
        "It arrived without a usable email: correct it, then send it again.",
        "Nexudus refused it (field CrmBoardColumnId): it is gone. Correct the lead or the form's settings.",
        "the set-up no longer has the form 'tour': put it back, then send the lead again",
    )

    page_text = operator.see("/admin/")

    assert "2 leads could not be delivered" in page_text
    assert "Send all 2 again Show them" in page_text
    assert "1 lead came without a required answer: E-mail" in page_text
    assert "Correct it" in page_text
    assert "Nexudus refused 1 lead: Stage" in page_text
    assert "The set-up no longer has the form 'tour': put it back, then send the lead again" in page_text
    assert "lead-capture" not in page_text


def test_one_button_sends_the_leads_of_one_cause_again(sqlite: Store, operator: Operator) -> None:
    parked(sqlite, GIVEN_UP.format(500), GIVEN_UP.format(502), "It arrived without a usable email: correct it.")

    response = operator.send("/admin/retry", status="parked", problem="Given up after ")

    assert "2 leads are being sent again." in operator.arrive(response)
    assert "Waiting 2 now Needs attention 1 now" in operator.see("/admin/")


def test_what_a_figure_counts_is_what_it_opens(sqlite: Store, operator: Operator) -> None:
    now = clock.now()
    for number, status in enumerate((Status.PENDING, Status.PARKED, Status.QUARANTINED, Status.DISCARDED)):
        keep(sqlite, a_lead(f"{number}@x.example", now, status=status))
        keep(sqlite, a_lead(f"old{number}@x.example", now - timedelta(days=2), status=status))
    parked(sqlite, GIVEN_UP.format(500), GIVEN_UP.format(502))

    html = operator.client.get("/admin/").text
    figures = re.findall(r'<a class="figure[^"]*" href="([^"]+)"><span>[^<]+</span><strong>(\d+)</strong>', html)
    links = re.findall(r'<a href="([^"]+)">Show them</a>', html)

    assert len(figures) == 5
    for address, number in [*figures, *((link, "2") for link in links)]:
        assert f"{number} lead" in operator.see(unescape(address)), address


def test_in_another_language_the_stored_sentence_is_beside_a_translated_one(sqlite: Store, operator: Operator) -> None:
    operator.client.post("/admin/language", data={"language": "de"})
    sentence = "Nexudus refuses the password: correct it (`lead-capture leads retry` tries at once)."
    sqlite.write(lambda tx: tx.alerts.report("login:default", sentence, clock.now()))

    page_text = operator.see("/admin/")

    assert "Nexudus verweigert die Anmeldung" in page_text
    assert "Nexudus refuses the password: correct it." in page_text


# -- the month, the latest leads, the first steps


def test_this_month_is_compared_with_the_same_days_of_the_last(sqlite: Store, operator: Operator) -> None:
    with time_machine.travel("2026-11-10T12:00:00Z", tick=False):
        for number, day in enumerate(("11-02", "11-09", "10-03", "10-20")):
            keep(sqlite, a_lead(f"{number}@x.example", datetime.fromisoformat(f"2026-{day}T09:00:00+00:00")))
        count_days(sqlite)
        operator.sign_in()

        page_text = operator.see("/admin/")

    assert "Leads 2 100% more than in 1–10 Oct" in page_text


def test_what_the_month_brought_is_beside_it(sqlite: Store, operator: Operator) -> None:
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        lead = delivered(sqlite, a_lead())
        sqlite.write(lambda tx: tx.crm.save_sales([a_sale(lead, status=SaleStatus.WON)], [a_change(lead, name="won")]))
        count_days(sqlite)
        operator.sign_in()

        html = operator.client.get("/admin/").text

    assert "Won 1 0 of the leads of 1–25 Oct Value won £450 £0 of the leads of 1–25 Oct" in words(html)
    assert 'href="/admin/leads?period=this-month&amp;status=counted&amp;sale=won"' in html


def test_the_latest_leads_can_be_fetched_alone_and_do_not_keep_a_session_alive(
    sqlite: Store, operator: Operator
) -> None:
    keep(sqlite, a_lead("ann@example.com"))
    with time_machine.travel(clock.now() + timedelta(hours=11)):
        part = operator.client.get("/admin/latest").text
    with time_machine.travel(clock.now() + timedelta(hours=13)):
        later = operator.client.get("/admin/latest")

    assert "Ada" in part
    assert "<html" not in part
    assert later.status_code == 401


def test_a_new_installation_has_a_list_that_ticks_itself_off(sqlite: Store, operator: Operator) -> None:
    fresh = operator.see("/admin/")
    sqlite.write(lambda tx: tx.flags.set(checked_flag("default"), clock.now().isoformat()))
    connected = operator.see("/admin/")
    keep_delivered(sqlite)

    assert fresh.index("First steps") < fresh.index("Needs attention")
    assert "Done" not in fresh
    assert "Connect Nexudus Done Choose where leads go Done Put the form on your website Paste" in connected
    assert "First steps" not in operator.see("/admin/")


def test_a_delivered_lead_shows_that_nexudus_is_connected_before_the_first_check(sqlite: Store) -> None:
    operator = Operator(sqlite, PUBLIC_URL="https://www.example.com")  # where the lead comes from: our own page
    keep_delivered(sqlite)

    assert "Connect Nexudus Done Choose where leads go Done Put the form on your website Paste" in operator.see(
        "/admin/"
    )

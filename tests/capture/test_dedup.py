"""What a repeat is (contract, section 4a): the same enquiry of the same person, never an id alone."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.capture.accept import accept, accept_all, announce_all, came_before, withdraw
from service.capture.dedup import is_id
from service.capture.fields.contact import read_contact
from service.capture.repeats import MAX_CHANGES
from service.lead import SAME_ID_REMARK, Contact, Evidence, Lead, Receipt, Status, Submission
from service.store import BeingSent, Query, Store
from tests.builders import NOON, a_form, a_submission
from tests.store.actions import claim
from tests.tables import each_row

FORM = a_form(duplicate_window_s=0)
"""Without a window: only ids count."""

ADA, BOB, NOBODY = "ada@example.com", "bob@example.com", ""


def enquiry(email: str = ADA, message: str = "Two desks.", *, proven: bool = True, **changes: Any) -> Submission:
    """What a tool sends under the number e-57."""
    fields = {name: text for name, text in (("email", email), ("message", message)) if text}
    whole = Submission("contact", "json", Contact(email), Evidence(), fields, external_id="e-57", is_proven=proven)
    return replace(whole, **changes)


def take(store: Store, submission: Submission, after_s: float = 0, suspicion: str = "") -> Receipt:
    """Accept it some seconds after noon."""
    return accept(submission, FORM, store, NOON + timedelta(seconds=after_s), suspicion)


def leads(store: Store) -> list[Lead]:
    """All leads, oldest first."""
    with store.read() as tx:
        return tx.search.leads(Query(), 100)[::-1]


def everything(lead: Lead) -> str:
    """All answers that a lead keeps."""
    return f"{lead.submission.fields} {lead.submission.extras} {lead.corrections}"


# person of the first, of the second, whether the sender is proven, whether the words are the same, whether one lead
TABLE = [
    (ADA, ADA, True, True, True),
    (ADA, ADA, False, True, True),
    (ADA, ADA, True, False, True),
    (ADA, ADA, False, False, True),
    (ADA, BOB, True, False, False),
    (ADA, BOB, False, False, False),
    (ADA, BOB, True, True, False),
    (NOBODY, ADA, True, False, True),
    (ADA, NOBODY, True, False, True),
    (NOBODY, ADA, False, False, False),
    (ADA, NOBODY, False, False, False),
    (NOBODY, NOBODY, True, True, True),
    (NOBODY, NOBODY, False, True, True),
    (NOBODY, NOBODY, True, False, False),
    (NOBODY, NOBODY, False, False, False),
]


@pytest.mark.parametrize(("first", "second", "proven", "same_words", "is_one"), TABLE)
def test_an_id_decides_together_with_the_person(
    sqlite: Store, first: str, second: str, proven: bool, same_words: bool, is_one: bool
) -> None:
    receipt = take(sqlite, enquiry(first, proven=proven))

    again = take(sqlite, enquiry(second, "Two desks." if same_words else "An office.", proven=proven), 3600)

    assert (again.lead_id == receipt.lead_id, again.repeat) == (is_one, is_one)
    assert len(leads(sqlite)) == (1 if is_one else 2)
    assert same_words or any("An office." in everything(lead) for lead in leads(sqlite))


def test_two_people_under_one_id_know_of_each_other(sqlite: Store) -> None:
    ada, bob = take(sqlite, enquiry(ADA)), take(sqlite, enquiry(BOB), 1)

    first, second = leads(sqlite)
    assert first.submission.extras[SAME_ID_REMARK] == bob.lead_id
    assert second.submission.extras[SAME_ID_REMARK] == ada.lead_id


def test_each_of_three_people_under_one_id_is_known_again(sqlite: Store) -> None:
    people = [ADA, BOB, "cy@example.com"]
    receipts = [take(sqlite, enquiry(email)) for email in people]

    again = [take(sqlite, enquiry(email), 3600) for email in people]

    assert [receipt.lead_id for receipt in again] == [receipt.lead_id for receipt in receipts]
    assert [lead.repeats for lead in leads(sqlite)] == [1, 1, 1]


def test_a_person_is_known_by_the_phone_where_there_is_no_address(sqlite: Store) -> None:
    def called(phone: str, message: str) -> Submission:
        return enquiry(NOBODY, contact=Contact(phone=phone), fields={"phone": phone, "message": message})

    take(sqlite, called("+442079460142", "Two desks."))

    assert take(sqlite, called("+442079460142", "An office.")).repeat
    assert not take(sqlite, called("+442079460143", "An office.")).repeat


NUMBER = "+442079460142"


@pytest.mark.parametrize("other", [None, BOB], ids=["alone", "behind another person's lead"])
@pytest.mark.parametrize("emails", [(NOBODY, ADA), (ADA, NOBODY)], ids=["the address comes later", "and first"])
def test_a_phone_tells_who_it_is_where_one_of_two_has_no_address(
    sqlite: Store, other: str | None, emails: tuple[str, str]
) -> None:
    if other:
        take(sqlite, enquiry(other))

    first, again = (
        take(sqlite, enquiry(email, contact=Contact(email, phone=NUMBER), fields={"email": email, "phone": NUMBER}), 60)
        for email in emails
    )

    assert again == Receipt(first.lead_id, repeat=True)
    assert leads(sqlite)[-1].submission.contact == Contact(ADA, phone=NUMBER)


def test_two_addresses_are_two_people_at_one_phone(sqlite: Store) -> None:
    for email in (ADA, BOB):
        take(sqlite, enquiry(email, contact=Contact(email, phone=NUMBER)))

    assert {lead.submission.contact.email for lead in leads(sqlite)} == {ADA, BOB}


@pytest.mark.parametrize("window_s", [0, 300], ids=["by its id", "by its words"])
def test_one_phone_in_two_spellings_is_one_person(sqlite: Store, window_s: float) -> None:
    form = a_form(duplicate_window_s=window_s, country="GB")
    own_id = "" if window_s else "e-57"

    for typed in ("020 7946 0142", "+44 (0)20 7946-0142"):
        fields = {"phone": typed, "message": "Two desks."}
        contact = read_contact(fields, "GB")
        accept(enquiry(NOBODY, contact=contact, fields=fields, external_id=own_id), form, sqlite, NOON)

    assert [lead.repeats for lead in leads(sqlite)] == [1]
    assert leads(sqlite)[0].corrections == ()


# -- a change


def test_a_later_event_of_a_proven_sender_completes_a_lead_that_was_parked_for_it(sqlite: Store) -> None:
    partial = enquiry(NOBODY, "", problem="It arrived without a usable email: correct it, then send it again.")
    take(sqlite, replace(partial, fields={"full_name": "Ada Lee"}))

    take(sqlite, enquiry(ADA, fields={"email": ADA, "message": "Two desks."}), 60)

    (lead,) = leads(sqlite)
    assert (lead.status, lead.problem, lead.submission.contact.email) == (Status.PENDING, "", ADA)
    assert lead.submission.contact.full_name == "Ada Lee"
    assert [delivery.lead.id for delivery in claim(sqlite, now=NOON + timedelta(minutes=2))] == [lead.id]


def test_the_newest_words_are_what_is_sent_and_the_old_ones_are_kept(sqlite: Store) -> None:
    take(sqlite, enquiry(message="Two desks."))

    take(sqlite, enquiry(message="Two desks, and parking."), 60)

    (lead,) = leads(sqlite)
    assert lead.submission.fields["message"] == "Two desks, and parking."
    assert (lead.corrections[0].by, lead.corrections[0].was) == ("sender", {"message": "Two desks."})


def test_a_late_retry_of_the_old_words_does_not_bring_them_back(sqlite: Store) -> None:
    for message in ("Two desks.", "Two desks, and parking.", "Two desks."):
        take(sqlite, enquiry(message=message))

    (lead,) = leads(sqlite)
    assert lead.submission.fields["message"] == "Two desks, and parking."
    assert len(lead.corrections) == 1


def test_an_unproven_sender_adds_and_replaces_nothing(sqlite: Store) -> None:
    take(sqlite, enquiry(message="Two desks.", proven=False))

    for _ in range(2):
        take(sqlite, enquiry(message="Cancel my tour!", proven=False, extras={"team_size": "4"}))

    (lead,) = leads(sqlite)
    assert lead.submission.fields["message"] == "Two desks."
    assert lead.submission.extras == {"team_size": "4", "message (added later)": "Cancel my tour!"}
    assert len(lead.corrections) == 1


def test_a_suspicious_change_is_shown_and_not_sent(sqlite: Store) -> None:
    take(sqlite, enquiry(message="Two desks."))

    take(sqlite, enquiry(message="Buy pills!"), suspicion="too many links")

    (lead,) = leads(sqlite)
    assert (lead.status, lead.submission.fields["message"]) == (Status.PENDING, "Two desks.")
    assert (lead.corrections[0].is_applied, lead.corrections[0].became) == (False, {"message": "Buy pills!"})


def test_what_changes_after_delivery_is_shown_and_makes_no_second_opportunity(sqlite: Store) -> None:
    take(sqlite, enquiry(message="Two desks."))
    deliver(sqlite)

    take(sqlite, enquiry(message="Three desks."), 60)

    (lead,) = leads(sqlite)
    assert (lead.status, lead.submission.fields["message"]) == (Status.DELIVERED, "Two desks.")
    assert (lead.corrections[0].is_applied, lead.corrections[0].became) == (False, {"message": "Three desks."})
    assert claim(sqlite, now=NOON + timedelta(days=1)) == []


def test_what_changes_while_it_is_sent_is_marked_as_not_sent(sqlite: Store) -> None:
    take(sqlite, enquiry(message="Two desks."))
    (delivery,) = claim(sqlite)
    take(sqlite, enquiry(message="Three desks."), 60)

    settle(sqlite, delivery)

    (lead,) = leads(sqlite)
    assert (lead.status, lead.corrections[0].is_applied) == (Status.DELIVERED, False)


def test_another_enquiry_under_the_id_of_a_discarded_one_is_a_new_lead(sqlite: Store) -> None:
    first = take(sqlite, enquiry(message="Two desks."))
    sqlite.write(lambda tx: tx.leads.set_status([first.lead_id], Status.DISCARDED))

    receipts = [take(sqlite, enquiry(message="Three desks."), after_s) for after_s in (60, 3600)]

    assert receipts[0].lead_id == receipts[1].lead_id != first.lead_id
    assert [receipt.repeat for receipt in receipts] == [False, True]


def test_who_shares_an_id_with_a_discarded_lead_is_still_known_again(sqlite: Store) -> None:
    spam, ada = take(sqlite, enquiry(BOB)), take(sqlite, enquiry(ADA))
    sqlite.write(lambda tx: tx.leads.set_status([spam.lead_id], Status.DISCARDED))

    again = take(sqlite, enquiry(ADA, message="Three desks."), 3600)

    assert again == Receipt(ada.lead_id, repeat=True)
    assert len(leads(sqlite)) == 2


def test_a_person_whose_address_came_after_delivery_keeps_the_lead_to_themselves(sqlite: Store) -> None:
    take(sqlite, enquiry(NOBODY))
    deliver(sqlite)
    take(sqlite, enquiry(ADA), 60)

    assert not take(sqlite, enquiry(BOB), 120).repeat
    assert take(sqlite, enquiry(ADA), 180).repeat


def test_a_form_that_is_saved_for_ever_keeps_its_newest_words(sqlite: Store) -> None:
    saves = MAX_CHANGES + 3
    for number in range(saves):
        take(sqlite, enquiry(message=f"Version {number}."))

    (lead,) = leads(sqlite)
    assert lead.submission.fields["message"] == f"Version {saves - 1}."
    assert len(lead.corrections) == MAX_CHANGES
    assert lead.corrections[-1].was == {"message": f"Version {MAX_CHANGES - 1}."}


def test_a_retry_from_before_an_operator_put_the_address_right_is_a_repeat(sqlite: Store) -> None:
    from service.operations.correction import corrected  # noqa: PLC0415 (the operator's room; only here)

    take(sqlite, enquiry("ada@exmaple.com"))
    (lead,) = leads(sqlite)
    became = corrected(lead, {"email": ADA}, FORM, NOON)
    sqlite.write(lambda tx: tx.leads.correct(lead, became.submission, became.correction, became.person, NOON))

    assert take(sqlite, enquiry("ada@exmaple.com"), 60).repeat
    assert leads(sqlite)[0].submission.contact.email == ADA


# -- ids


@each_row(
    "text",
    [
        *("", " ", "0", "7", "-", "00", "undefined", "NULL", "None", "n/a", "N/A", "test", "nan", "false"),
        *("{entry_id}", "{{ id }}", "[entry]", "%ID%", "<id>", "${id}", "__ID__", "*|ID|*", "---"),
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_placeholders_are_no_ids(text: str) -> None:
    assert not is_id(text)


@each_row("text", ["17", "e-57", "0a", "clntresp00001", "6b2c0d1e2a3b4c5d6e7f8a01", "10", "testimony-1"])
def test_ids_are_ids(text: str) -> None:
    assert is_id(text)


def test_a_placeholder_makes_no_lead_a_repeat(sqlite: Store) -> None:
    for after_s, email in enumerate((ADA, BOB, ADA)):
        take(sqlite, enquiry(email, external_id="undefined", message=f"from {email}"), after_s)

    assert [lead.submission.contact.email for lead in leads(sqlite)] == [ADA, BOB, ADA]


def test_words_that_a_repeat_swallowed_never_lead_to_a_stranger(sqlite: Store) -> None:
    form = a_form()
    for after_s, email in enumerate((ADA, BOB, BOB)):
        accept(enquiry(email, message="The same words."), form, sqlite, NOON + timedelta(seconds=after_s))

    assert [lead.submission.contact.email for lead in leads(sqlite)] == [ADA, BOB]


def test_the_id_of_a_repeat_by_its_words_is_found(sqlite: Store) -> None:
    form = a_form()
    first = accept(enquiry(external_id="e-57"), form, sqlite, NOON)

    again = accept(enquiry(external_id="e-58"), form, sqlite, NOON)

    assert again == Receipt(first.lead_id, repeat=True)
    assert leads(sqlite)[0].submission.extras["also sent as"] == ["e-58"]


def test_the_id_of_a_change_under_another_number_is_found(sqlite: Store) -> None:
    take(sqlite, enquiry(external_id="e-57", delivery_id="call-1"))

    take(sqlite, enquiry(external_id="e-58", delivery_id="call-1", message="Three desks."), 60)

    (lead,) = leads(sqlite)
    assert lead.submission.fields["message"] == "Three desks."
    assert lead.submission.extras["also sent as"] == ["e-58"]


def test_changes_of_one_lead_that_come_together_are_all_kept(store: Store) -> None:
    take(store, enquiry(external_id="e-57", delivery_id="call-1"))
    later = [
        enquiry(external_id="e-57", fields={"email": ADA, "team_size": "4"}),
        enquiry(external_id="", delivery_id="call-1", fields={"email": ADA, "budget": "900"}),
    ]

    accept_all([(submission, "") for submission in later], FORM, store, NOON + timedelta(minutes=1))

    (lead,) = leads(store)
    assert {"team_size": "4", "budget": "900"}.items() <= lead.submission.fields.items()
    assert [correction.became for correction in lead.corrections] == [{"team_size": "4"}, {"budget": "900"}]


def test_an_operator_does_not_overwrite_what_the_sender_has_just_added(sqlite: Store) -> None:
    from service.operations.correction import corrected  # noqa: PLC0415 (the operator's room; only here)

    take(sqlite, enquiry())
    (before,) = leads(sqlite)
    take(sqlite, enquiry(message="Three desks."), 60)
    became = corrected(before, {"full_name": "Ada Lee"}, FORM, NOON)

    with pytest.raises(BeingSent, match="look at it again"):
        sqlite.write(lambda tx: tx.leads.correct(before, became.submission, became.correction, ADA, NOON))


# -- an id is not shared with strangers


def test_a_stranger_who_knows_a_platforms_number_cannot_take_it_beforehand(sqlite: Store) -> None:
    take(sqlite, enquiry("mallory@evil.example", "x", external_id="900100200", id_of="meta", proven=False))
    notice = Submission("contact", "meta", Contact(), Evidence(), external_id="900100200", is_proven=True)

    (receipt,) = announce_all([(notice, "page")], FORM, sqlite, NOON + timedelta(seconds=1))

    assert not receipt.repeat
    assert [lead.status for lead in leads(sqlite)] == [Status.PENDING, Status.ANNOUNCED]
    assert announce_all([(notice, "page")], FORM, sqlite, NOON) == [Receipt(receipt.lead_id, repeat=True)]


def test_the_id_of_a_platform_decides_alone_where_one_of_the_two_is_not_known(sqlite: Store) -> None:
    first = take(sqlite, enquiry(ADA, sender="google-ads"))
    sqlite.write(lambda tx: tx.leads.erase([first.lead_id], NOON))

    assert take(sqlite, enquiry(ADA, sender="google-ads"), 3600) == Receipt(first.lead_id, repeat=True)
    assert leads(sqlite)[0].status is Status.ERASED


def test_what_two_people_take_back_within_a_minute_are_two_leads(sqlite: Store) -> None:
    form = a_form()
    for number in ("r-1", "r-2"):
        withdraw("linkedin", number, form, sqlite, NOON)

    late = accept(enquiry(BOB, sender="linkedin", external_id="r-2"), form, sqlite, NOON + timedelta(minutes=1))

    assert {lead.submission.external_id for lead in leads(sqlite)} == {"r-1", "r-2"}
    assert late.repeat
    assert {lead.status for lead in leads(sqlite)} == {Status.DISCARDED}


def test_two_people_are_two_even_where_a_platform_gives_them_one_id(sqlite: Store) -> None:
    for email in (ADA, BOB):
        take(sqlite, enquiry(email, sender="google-ads"))

    assert {lead.submission.contact.email for lead in leads(sqlite)} == {ADA, BOB}


def test_whoever_was_forgotten_may_write_again(sqlite: Store) -> None:
    form = a_form()
    first = accept(enquiry(ADA, sender="google-ads"), form, sqlite, NOON)
    sqlite.write(lambda tx: tx.leads.erase([first.lead_id], NOON))
    accept(enquiry(ADA, sender="google-ads"), form, sqlite, NOON)

    again = accept(enquiry(ADA, sender="google-ads", external_id=""), form, sqlite, NOON)

    assert not again.repeat


def test_a_captcha_is_asked_of_a_stranger_with_anothers_key(sqlite: Store) -> None:
    ada = a_submission(idempotency_key="view-1")
    take(sqlite, ada)

    assert came_before(ada, FORM, sqlite, NOON)
    assert not came_before(a_submission(BOB, idempotency_key="view-1"), FORM, sqlite, NOON)
    assert not came_before(a_submission(idempotency_key="view-1", message="More."), FORM, sqlite, NOON)


def test_a_key_is_free_again_after_seven_days(sqlite: Store) -> None:
    take(sqlite, a_submission(idempotency_key="view-1"))

    assert not take(sqlite, a_submission(idempotency_key="view-1"), after_s=7 * 86_400).repeat


def deliver(store: Store) -> None:
    """Have the only lead delivered."""
    (delivery,) = claim(store)
    settle(store, delivery)


def settle(store: Store, delivery: Any) -> None:
    """Note what a worker notes whose opportunity was made."""

    def note(tx: Any) -> None:
        tx.queue.complete(delivery)
        tx.leads.mark_delivered(delivery.lead.id, 1, 2, NOON)
        tx.leads.mark_unsent(delivery.lead)

    store.write(note)

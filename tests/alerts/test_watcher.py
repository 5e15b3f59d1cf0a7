"""What is noticed, and what people hear of it: from the store to a listener."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from service.alerts.conditions import find
from service.alerts.watcher import TURN_S
from service.lead import Status
from tests.alerts.conftest import Post
from tests.alerts.ear import Ear, wait_until

pytestmark = pytest.mark.long

NOWHERE = "json://127.0.0.1:1/secret-path"


# -- leads that are stuck


def test_the_first_stuck_lead_is_told_within_five_minutes_and_only_once(post: Post) -> None:
    post.owe()
    for _ in range(12):
        post.look(0.5)

    (heard,) = post.ear.heard
    assert heard["title"] == "Lead Capture: leads are stuck"
    assert heard["message"].startswith("Leads for the service account wait too long: nobody gets them through.")
    assert "1 lead, the oldest for 4 minutes." in heard["message"]
    assert post.open["stuck:default"].notified_count == 1


def test_many_stuck_leads_are_one_alert_with_their_number(post: Post) -> None:
    for number in range(30):
        post.owe(f"{number}@example.com")

    post.look(5)

    (heard,) = post.ear.heard
    assert "30 leads, the oldest for 5 minutes." in heard["message"]


def test_when_they_are_through_it_is_told_once_that_it_is_over(post: Post) -> None:
    lead = post.owe()
    post.look(5)
    post.deliver(lead)

    post.look(1)
    post.look(1)

    assert post.ear.titles[1:] == ["Lead Capture: over: leads are stuck"]
    assert post.ear.heard[1]["type"] == "success"
    with post.store.read() as tx:
        assert tx.alerts.all() == []


def test_somebody_is_reminded_after_four_hours(post: Post) -> None:
    post.owe()
    post.look(5)

    post.look(3 * 60)
    post.look(61)

    assert post.ear.titles[1:] == ["Lead Capture: still: leads are stuck"]


def test_leads_that_go_in_turn_are_told_calmly(post: Post) -> None:
    first, *_ = [post.owe(f"{number}@example.com") for number in range(5)]
    post.now += timedelta(minutes=4)
    post.deliver(first)

    post.look(1)

    assert post.ear.titles == ["Lead Capture: leads wait for their turn"]
    assert list(post.open) == ["slow:default"]


def test_a_lead_that_an_operator_sends_anew_has_its_time_again(post: Post) -> None:
    lead = post.owe(status=Status.QUARANTINED)
    post.now += timedelta(days=3)
    post.store.write(lambda tx: tx.queue.retry([lead.id], post.now))

    post.look(3)
    assert post.open == {}
    post.look(2)

    assert list(post.open) == ["stuck:default"]


def test_leads_of_two_accounts_are_two_causes_in_one_message(post: Post) -> None:
    post.owe()
    post.owe("other@example.com", account="harbour")

    post.look(5)

    assert post.ear.titles == ["Lead Capture: leads are stuck (and 1 more)"]
    assert set(post.open) == {"stuck:default", "stuck:harbour"}


def test_nothing_personal_is_told(post: Post) -> None:
    lead = post.owe("ada@example.com")
    post.store.write(lambda tx: tx.leads.set_status([lead.id], Status.PENDING, "Nexudus knows no ada@example.com"))
    parked = post.owe("charles@example.com", status=Status.PARKED, problem="Nexudus refused it: 'Charles' is too long")

    post.look(5)

    heard = str(post.ear.heard)
    assert "1 lead of the service account is parked: Nexudus refused their data" in heard
    assert [word for word in ("ada", "Lovelace", "harles", "example.com", parked.id) if word in heard] == []


# -- accounts that are refused


def test_a_refused_password_is_told_at_once_with_what_to_do_and_how_many_wait(post: Post) -> None:
    post.owe()
    post.store.write(lambda tx: tx.accounts.save_tokens("default", {"refused": True}))
    post.pause("refused")

    post.look()

    assert post.ear.titles == ["Lead Capture: Nexudus refuses the sign-in"]
    assert "correct the password and start again" in post.ear.heard[0]["message"]
    assert "1 lead waits" in post.ear.heard[0]["message"]


@pytest.mark.parametrize(
    ("reason", "cause", "says"),
    [
        ("refused", "role:default", "see that it may still use the API"),
        ("refused: denied", "role:default", "see that it may still use the API"),
        ("refused: login", "login:default", "refuses the user name or password"),
        ("refused: two_factor", "login:default", "TOTP seed"),
        ("refused: role create_opportunity", "role:default", "role CrmOpportunity-Create"),
        ("refused: role lookup", "lookup:default", "look up boards and locations"),
    ],
)
def test_each_refusal_says_what_to_do(post: Post, reason: str, cause: str, says: str) -> None:
    post.pause(reason)

    post.look()

    assert says in post.open[cause].sentence


def test_leads_of_a_refused_account_are_not_stuck_besides(post: Post) -> None:
    post.owe()
    post.pause("refused")

    post.look()
    post.look(10)

    assert (list(post.open), len(post.ear.heard)) == (["role:default"], 1)


def test_that_an_operator_tries_again_is_no_all_clear(post: Post) -> None:
    post.owe()
    post.pause("refused: login")
    post.look()

    post.resume()
    for _ in range(3):
        post.look(1)
    post.pause("refused: login")
    post.look()

    assert len(post.ear.heard) == 1


@pytest.mark.parametrize("reason", ["refused: login", "refused: denied", "refused: role create_opportunity"])
def test_a_lead_that_comes_through_is_the_all_clear_of_a_refusal(post: Post, reason: str) -> None:
    lead = post.owe()
    post.pause(reason)
    post.look()
    post.resume()
    post.now += timedelta(seconds=2)
    post.deliver(lead)

    post.look()

    assert [title.startswith("Lead Capture: over: Nexudus refuses") for title in post.ear.titles] == [False, True]


def test_a_lead_that_needs_no_look_up_is_no_all_clear_of_a_refused_one_at_once(post: Post) -> None:
    lead = post.owe()
    post.pause("refused: role lookup")
    post.look()
    post.resume()
    post.now += timedelta(seconds=2)
    post.deliver(lead)

    post.look()
    assert list(post.open) == ["lookup:default"]
    post.look(2)

    assert post.open == {}


def test_where_nobody_waits_any_more_the_refusal_is_over_after_a_while(post: Post) -> None:
    post.pause("refused")
    post.look()
    post.resume()

    post.look()
    assert list(post.open) == ["role:default"]
    post.look(2)

    assert post.open == {}


def test_new_contacts_that_rest_are_told_and_their_leads_are_not_stuck(post: Post) -> None:
    lead = post.owe()
    until = post.now + timedelta(hours=1)
    post.store.write(lambda tx: tx.queue.pause_call("default", "create_coworker", post.now, until, "Access Denied"))
    (delivery,) = post.store.write(lambda tx: tx.queue.claim("w", post.now, 90, 1))
    post.store.write(lambda tx: tx.queue.block(delivery, "create_coworker", "No new contacts."))

    post.look(6)

    assert post.ear.titles == ["Lead Capture: no new contacts in Nexudus for now"]
    assert list(post.open) == ["quota:default"]
    assert lead.id not in str(post.ear.heard)


def test_an_unsafe_stage_is_told_and_over_when_its_hold_is(post: Post) -> None:
    until = post.now + timedelta(minutes=5)
    reason = "Stage 1001 deletes the customer: choose another."
    post.store.write(lambda tx: tx.queue.pause_call("default", "stage:1001", post.now, until, reason))
    post.look()
    post.store.write(lambda tx: tx.queue.resume_call("default", "stage:1001"))

    post.look()
    post.look(2)

    assert reason in post.ear.heard[0]["message"]
    assert post.ear.titles[1:] == ["Lead Capture: over: a stage is not safe"]


def test_missing_credentials_are_told_as_such_and_over_when_some_are_set(post: Post) -> None:
    post.owe()
    reason = "no Nexudus credentials are set: set NEXUDUS_USERNAME and NEXUDUS_PASSWORD."
    until = post.now + timedelta(hours=1)
    post.store.write(lambda tx: tx.queue.pause_call("default", "credentials", post.now, until, reason))
    post.look()
    post.store.write(lambda tx: tx.queue.resume_call("default", "credentials"))

    post.look()
    post.look(2)

    assert post.ear.titles[0] == "Lead Capture: no Nexudus credentials are set"
    assert f"N{reason[1:]} 1 lead waits" in post.ear.heard[0]["message"]
    assert post.ear.titles[1:] == ["Lead Capture: over: no Nexudus credentials are set"]


# -- what others notice


def test_what_somebody_else_noticed_is_told_and_left_to_them(post: Post) -> None:
    post.store.write(lambda tx: tx.alerts.report("platform:tour/meta", "Meta's token ran out: renew it.", post.now))
    post.look()

    post.look(60)

    assert [heard["message"] for heard in post.ear.heard] == ["Meta's token ran out: renew it."]
    assert list(post.open) == ["platform:tour/meta"]


def test_the_words_of_somebody_else_are_left_alone(post: Post) -> None:
    until = post.now + timedelta(minutes=5)
    post.store.write(lambda tx: tx.alerts.report("stage:default:1001", "Stage 1001 wins by itself.", post.now))
    post.store.write(lambda tx: tx.queue.pause_call("default", "stage:1001", post.now, until, "Stage 1001 is unsafe."))

    post.look()

    assert post.open["stage:default:1001"].sentence == "Stage 1001 wins by itself."


def test_a_refused_sign_in_that_the_set_up_check_found_too_is_told_once_and_over_together(post: Post) -> None:
    lead = post.owe()
    post.pause("refused: login")
    post.look()
    setup = "setup:default:-:credentials"
    post.store.write(lambda tx: tx.alerts.report(setup, "The sign-in was refused.", post.now))
    post.look(1)
    post.resume()
    post.now += timedelta(seconds=2)
    post.deliver(lead)

    post.look()

    assert post.ear.titles == [
        "Lead Capture: Nexudus refuses the sign-in",
        "Lead Capture: over: Nexudus refuses the sign-in",
    ]
    assert post.open == {}


# -- parked leads


def test_parked_leads_are_one_alert_and_more_of_them_one_after_hours(post: Post) -> None:
    for number in range(3):
        post.owe(f"{number}@example.com", status=Status.PARKED, problem="Given up after 16 tries: no.")
    post.look()
    post.look(5 * 60)
    post.owe("more@example.com", status=Status.PARKED, problem="Given up after 16 tries: no.")
    post.look(5)

    assert len(post.ear.heard) == 2
    assert "3 leads of the service account are parked: all tries are used up." in post.ear.heard[0]["message"]
    assert "4 leads of the service account are parked" in post.ear.heard[1]["message"]


# -- channels that fail


def test_what_no_channel_took_is_untold_and_sent_again(post: Post) -> None:
    post.hire(addresses=[post.ear.address])
    post.ear.status = 503
    post.pause("refused")
    post.look()
    assert post.open["role:default"].notified_count == 0

    post.ear.status = 200
    post.look(0.1)
    post.look(0.5)

    assert (post.open["role:default"].notified_count, len(post.ear.heard)) == (1, 2)


def test_a_channel_that_did_not_take_it_gets_it_later_the_others_not_again(post: Post) -> None:
    with Ear() as other:
        other.status = 500
        post.hire(addresses=[post.ear.address, other.address])
        post.pause("refused")
        post.look()
        other.status = 200

        post.look(1)
        post.look(1)

        assert (len(post.ear.heard), len(other.heard)) == (1, 2)


def test_a_channel_that_hangs_keeps_nobody_from_being_told(post: Post) -> None:
    with Ear() as hanging:
        hanging.hangs.set()
        post.hire(addresses=[hanging.address, post.ear.address], send_s=2)
        post.pause("refused")

        began = time.monotonic()
        post.look()

        assert time.monotonic() - began < 4
        assert post.ear.titles == ["Lead Capture: Nexudus refuses the service account's calls"]


def test_the_log_tells_which_channel_failed_but_never_its_address(
    post: Post, capsys: pytest.CaptureFixture[str]
) -> None:
    post.hire(addresses=[NOWHERE])
    post.pause("refused")

    post.look()

    said = "".join(capsys.readouterr())
    assert "alert_failed" in said
    assert "channel=1" in said
    assert "secret-path" not in said


def test_without_channels_it_is_noticed_and_logged(post: Post, capsys: pytest.CaptureFixture[str]) -> None:
    lead = post.owe()
    post.hire(addresses=[])

    post.look(5)
    post.look(1)
    post.deliver(lead)
    post.look(1)

    said = "".join(capsys.readouterr())
    assert (said.count("concern_over"), said.count("cause=stuck:default")) == (1, 2)
    with post.store.read() as tx:
        assert tx.alerts.all() == []


# -- several workers


def test_of_two_workers_one_tells(post: Post) -> None:
    post.hire("one")
    post.hire("two")
    post.pause("refused")

    assert [post.look(name=name) for name in ("one", "two", "one", "two")] == [True, False, True, False]
    assert len(post.ear.heard) == 1


def test_a_worker_of_this_host_that_is_gone_is_followed_at_once(post: Post) -> None:
    post.look(name="one")
    post.gone.add("one")

    assert post.look(name="two")


def test_a_worker_that_nobody_knows_of_is_followed_when_its_turn_is_over(post: Post) -> None:
    post.look(name="one")

    assert not post.look(TURN_S / 60 / 2, name="two")
    assert post.look(TURN_S / 60, name="two")


def test_who_follows_knows_what_was_told(post: Post) -> None:
    post.owe()
    post.look(5, name="one")
    post.gone.add("one")

    post.look(1, name="two")

    assert len(post.ear.heard) == 1


def test_a_worker_that_stops_hands_the_watch_over(post: Post) -> None:
    stop = threading.Event()
    first = post.hire("one")
    first._stop = stop
    first.step(post.now)
    stop.set()

    first.run()

    assert post.look(name="two")


# -- the disk


def test_a_disk_that_is_nearly_full_is_told(post: Post) -> None:
    with post.store.read() as tx:
        sight = tx.alerts.snapshot(post.now, 240)
    sizes = {
        "4 TB, 100 GB": (100e9, 4e12),
        "40 GB, 3 GB": (3e9, 40e9),
        "40 GB, 1 GB": (1e9, 40e9),
        "4 GB": (0.4e9, 4e9),
    }

    told = {
        name: bool(list(find(replace(sight, disk=(int(free), int(total))), post.now)))
        for name, (free, total) in sizes.items()
    }

    assert told == {"4 TB, 100 GB": False, "40 GB, 3 GB": False, "40 GB, 1 GB": True, "4 GB": True}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_disk_of_the_file_is_looked_at(post: Post) -> None:
    with post.store.read() as tx:
        disk = tx.alerts.snapshot(post.now, 240).disk

    assert disk is not None
    assert 0 < disk[0] < disk[1]


def test_the_thread_looks_by_itself_soon_after_it_told_something_and_stops_when_told(post: Post) -> None:
    watcher = post.hire()
    post.pause("refused", minutes=60 * 24 * 9999)
    thread = threading.Thread(target=watcher.run)
    thread.start()

    took_s = wait_until(lambda: post.ear.heard)
    post.store.write(lambda tx: tx.alerts.report("stage:default:1", "Stage 1 wins: choose another.", post.now))
    second_s = wait_until(lambda: len(post.ear.heard) == 2)
    watcher._stop.set()
    thread.join(5)

    assert max(took_s, second_s) < 6
    assert not thread.is_alive()

"""What the monitor finds and sends: from the store to a channel."""

import threading
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from service.alerts import channels
from service.alerts.conditions import find_conditions
from service.alerts.sending import DUTY_S
from service.lead import Status
from service.maintenance import RetentionRule, erase_due
from tests.alerts.conftest import MonitorEnv
from tests.alerts.sink import AlertSink
from tests.processes import SLOWEST_MACHINE, wait_until

pytestmark = pytest.mark.long

NOWHERE = "json://127.0.0.1:1/secret-path"


# -- leads that are stuck


def test_the_first_stuck_lead_raises_one_alert_within_five_minutes(env: MonitorEnv) -> None:
    env.enqueue()
    for _ in range(12):
        env.look(0.5)

    (message,) = env.sink.received
    assert message["title"] == "Lead Capture: leads are stuck"
    assert message["message"].startswith("Leads for the service account wait too long: they are not being delivered.")
    assert "1 lead, the oldest for 4 minutes." in message["message"]
    assert env.open["stuck:default"].notified_count == 1


def test_many_stuck_leads_are_one_alert_with_their_number(env: MonitorEnv) -> None:
    for number in range(30):
        env.enqueue(f"{number}@example.com")

    env.look(5)

    (message,) = env.sink.received
    assert "30 leads, the oldest for 5 minutes." in message["message"]


def test_once_they_are_delivered_one_message_says_so(env: MonitorEnv) -> None:
    lead = env.enqueue()
    env.look(5)
    env.deliver(lead)

    env.look(1)
    env.look(1)

    assert env.sink.titles[1:] == ["Lead Capture: resolved: leads are stuck"]
    assert env.sink.received[1]["type"] == "success"
    with env.store.read() as tx:
        assert tx.alerts.all() == []


def test_a_reminder_comes_after_four_hours(env: MonitorEnv) -> None:
    env.enqueue()
    env.look(5)

    env.look(3 * 60)
    env.look(61)

    assert env.sink.titles[1:] == ["Lead Capture: reminder: leads are stuck"]


def test_leads_held_back_by_the_rate_limit_are_not_stuck(env: MonitorEnv) -> None:
    first, *_ = [env.enqueue(f"{number}@example.com") for number in range(5)]
    env.now += timedelta(minutes=4)
    env.deliver(first)

    env.look(1)

    assert env.sink.titles == ["Lead Capture: leads are held back by the rate limit"]
    assert list(env.open) == ["slow:default"]


def test_a_lead_that_an_operator_sends_anew_has_its_time_again(env: MonitorEnv) -> None:
    lead = env.enqueue(status=Status.QUARANTINED)
    env.now += timedelta(days=3)
    env.store.write(lambda tx: tx.queue.retry([lead.id], env.now))

    env.look(3)
    assert env.open == {}
    env.look(2)

    assert list(env.open) == ["stuck:default"]


def test_leads_of_two_accounts_are_two_causes_in_one_message(env: MonitorEnv) -> None:
    env.enqueue()
    env.enqueue("other@example.com", account="harbour")

    env.look(5)

    assert env.sink.titles == ["Lead Capture: leads are stuck (and 1 more)"]
    assert set(env.open) == {"stuck:default", "stuck:harbour"}


def test_no_message_is_personal(env: MonitorEnv) -> None:
    lead = env.enqueue("ada@example.com")
    env.store.write(lambda tx: tx.leads.set_status([lead.id], Status.PENDING, "Nexudus knows no ada@example.com"))
    parked = env.enqueue(
        "charles@example.com", status=Status.PARKED, problem="Nexudus refused it: 'Charles' is too long"
    )

    env.look(5)

    message = str(env.sink.received)
    assert "1 lead of the service account needs attention (parked): Nexudus rejected their data" in message
    assert [word for word in ("ada", "Lovelace", "harles", "example.com", parked.id) if word in message] == []


# -- accounts that are refused


def test_a_refused_password_raises_an_alert_at_once_with_remedy_and_waiting_leads(env: MonitorEnv) -> None:
    env.enqueue()
    env.store.write(lambda tx: tx.accounts.save_tokens("default", {"refused": True}))
    env.pause("refused")

    env.look()

    assert env.sink.titles == ["Lead Capture: Nexudus refuses the sign-in"]
    assert "correct the password and restart" in env.sink.received[0]["message"]
    assert "1 lead waits" in env.sink.received[0]["message"]


@pytest.mark.parametrize(
    ("reason", "cause", "says"),
    [
        ("refused", "role:default", "check that it may still use the API"),
        ("refused: denied", "role:default", "check that it may still use the API"),
        ("refused: login", "login:default", "refuses the user name or password"),
        ("refused: two_factor", "login:default", "TOTP seed"),
        ("refused: role create_opportunity", "role:default", "role CrmOpportunity-Create"),
        ("refused: role lookup", "lookup:default", "look up boards and locations"),
    ],
)
def test_each_refusal_says_what_to_do(env: MonitorEnv, reason: str, cause: str, says: str) -> None:
    env.pause(reason)

    env.look()

    assert says in env.open[cause].sentence


def test_leads_of_a_refused_account_are_not_stuck_besides(env: MonitorEnv) -> None:
    env.enqueue()
    env.pause("refused")

    env.look()
    env.look(10)

    assert (list(env.open), len(env.sink.received)) == (["role:default"], 1)


def test_that_an_operator_tries_again_is_no_all_clear(env: MonitorEnv) -> None:
    env.enqueue()
    env.pause("refused: login")
    env.look()

    env.resume()
    for _ in range(3):
        env.look(1)
    env.pause("refused: login")
    env.look()

    assert len(env.sink.received) == 1


@pytest.mark.parametrize("reason", ["refused: login", "refused: denied", "refused: role create_opportunity"])
def test_a_lead_that_comes_through_is_the_all_clear_of_a_refusal(env: MonitorEnv, reason: str) -> None:
    lead = env.enqueue()
    env.pause(reason)
    env.look()
    env.resume()
    env.now += timedelta(seconds=2)
    env.deliver(lead)

    env.look()

    assert [title.startswith("Lead Capture: resolved: Nexudus refuses") for title in env.sink.titles] == [False, True]


def test_a_lead_that_needs_no_look_up_is_no_all_clear_of_a_refused_one_at_once(env: MonitorEnv) -> None:
    lead = env.enqueue()
    env.pause("refused: role lookup")
    env.look()
    env.resume()
    env.now += timedelta(seconds=2)
    env.deliver(lead)

    env.look()
    assert list(env.open) == ["lookup:default"]
    env.look(2)

    assert env.open == {}


def test_without_waiting_leads_a_refusal_is_over_after_a_while(env: MonitorEnv) -> None:
    env.pause("refused")
    env.look()
    env.resume()

    env.look()
    assert list(env.open) == ["role:default"]
    env.look(2)

    assert env.open == {}


def test_paused_new_contacts_raise_an_alert_and_their_leads_are_not_stuck(env: MonitorEnv) -> None:
    lead = env.enqueue()
    until = env.now + timedelta(hours=1)
    env.store.write(lambda tx: tx.accounts.pause_call("default", "create_coworker", env.now, until, "Access Denied"))
    (delivery,) = env.store.write(lambda tx: tx.queue.claim("w", env.now, 90, 1))
    env.store.write(lambda tx: tx.queue.block(delivery, "create_coworker", "No new contacts."))

    env.look(6)

    assert env.sink.titles == ["Lead Capture: Nexudus accepts no new contacts for now"]
    assert list(env.open) == ["quota:default"]
    assert lead.id not in str(env.sink.received)


def test_an_unsafe_stage_raises_an_alert_that_ends_with_its_pause(env: MonitorEnv) -> None:
    until = env.now + timedelta(minutes=5)
    reason = "Stage 1001 deletes the customer: choose another."
    env.store.write(lambda tx: tx.accounts.pause_call("default", "stage:1001", env.now, until, reason))
    env.look()
    env.store.write(lambda tx: tx.accounts.resume_call("default", "stage:1001"))

    env.look()
    env.look(2)

    assert reason in env.sink.received[0]["message"]
    assert env.sink.titles[1:] == ["Lead Capture: resolved: a stage is not safe"]


def test_missing_credentials_raise_an_alert_until_some_are_set(env: MonitorEnv) -> None:
    env.enqueue()
    reason = "no Nexudus credentials are set: set NEXUDUS_USERNAME and NEXUDUS_PASSWORD."
    until = env.now + timedelta(hours=1)
    env.store.write(lambda tx: tx.accounts.pause_call("default", "credentials", env.now, until, reason))
    env.look()
    env.store.write(lambda tx: tx.accounts.resume_call("default", "credentials"))

    env.look()
    env.look(2)

    assert env.sink.titles[0] == "Lead Capture: no Nexudus credentials are set"
    assert f"N{reason[1:]} 1 lead waits" in env.sink.received[0]["message"]
    assert env.sink.titles[1:] == ["Lead Capture: resolved: no Nexudus credentials are set"]


# -- what others notice


def test_an_alert_reported_elsewhere_is_sent_and_not_resolved_here(env: MonitorEnv) -> None:
    env.store.write(lambda tx: tx.alerts.report("platform:tour/meta", "Meta's token ran out: renew it.", env.now))
    env.look()

    env.look(60)

    assert [message["message"] for message in env.sink.received] == ["Meta's token ran out: renew it."]
    assert list(env.open) == ["platform:tour/meta"]


def test_a_sentence_reported_elsewhere_is_left_alone(env: MonitorEnv) -> None:
    until = env.now + timedelta(minutes=5)
    env.store.write(lambda tx: tx.alerts.report("stage:default:1001", "Stage 1001 wins by itself.", env.now))
    env.store.write(lambda tx: tx.accounts.pause_call("default", "stage:1001", env.now, until, "Stage 1001 is unsafe."))

    env.look()

    assert env.open["stage:default:1001"].sentence == "Stage 1001 wins by itself."


def test_a_refused_sign_in_that_the_set_up_check_found_too_is_one_alert(env: MonitorEnv) -> None:
    lead = env.enqueue()
    env.pause("refused: login")
    env.look()
    setup = "setup:default:-:credentials"
    env.store.write(lambda tx: tx.alerts.report(setup, "The sign-in was refused.", env.now))
    env.look(1)
    env.resume()
    env.now += timedelta(seconds=2)
    env.deliver(lead)

    env.look()

    assert env.sink.titles == [
        "Lead Capture: Nexudus refuses the sign-in",
        "Lead Capture: resolved: Nexudus refuses the sign-in",
    ]
    assert env.open == {}


# -- parked leads


def test_parked_leads_are_one_alert_and_more_of_them_one_after_hours(env: MonitorEnv) -> None:
    for number in range(3):
        env.enqueue(f"{number}@example.com", status=Status.PARKED, problem="Given up after 16 tries: no.")
    env.look()
    env.look(5 * 60)
    env.enqueue("more@example.com", status=Status.PARKED, problem="Given up after 16 tries: no.")
    env.look(5)

    assert len(env.sink.received) == 2
    assert (
        "3 leads of the service account need attention (parked): all retries failed." in env.sink.received[0]["message"]
    )
    assert "4 leads of the service account need attention" in env.sink.received[1]["message"]


# -- channels that fail


def test_a_message_that_no_channel_took_is_sent_again(env: MonitorEnv) -> None:
    env.configure(addresses=[env.sink.address])
    env.sink.status = 503
    env.pause("refused")
    env.look()
    assert env.open["role:default"].notified_count == 0

    env.sink.status = 200
    env.look(0.1)
    env.look(0.5)

    assert (env.open["role:default"].notified_count, len(env.sink.received)) == (1, 2)


def test_a_channel_that_did_not_take_it_gets_it_later_the_others_not_again(env: MonitorEnv) -> None:
    with AlertSink() as other:
        other.status = 500
        env.configure(addresses=[env.sink.address, other.address])
        env.pause("refused")
        env.look()
        other.status = 200

        env.look(1)
        env.look(1)

        assert (len(env.sink.received), len(other.received)) == (1, 2)


def test_a_channel_that_hangs_does_not_delay_the_others(env: MonitorEnv) -> None:
    with AlertSink() as hanging:
        hanging.hangs.set()
        env.configure(addresses=[hanging.address, env.sink.address], send=partial(channels.send, timeout_s=3))
        env.pause("refused")

        began = time.monotonic()
        env.look()

        assert time.monotonic() - began < 6 * SLOWEST_MACHINE
        assert env.sink.titles == ["Lead Capture: Nexudus refuses the service account's calls"]


def test_the_log_names_the_failed_channel_but_never_its_address(
    env: MonitorEnv, capsys: pytest.CaptureFixture[str]
) -> None:
    env.configure(addresses=[NOWHERE])
    env.pause("refused")

    env.look()

    output = "".join(capsys.readouterr())
    assert "alert_failed" in output
    assert "channel=1" in output
    assert "secret-path" not in output


def test_without_channels_it_is_noticed_and_logged(env: MonitorEnv, capsys: pytest.CaptureFixture[str]) -> None:
    lead = env.enqueue()
    env.configure(addresses=[])

    env.look(5)
    env.look(1)
    env.deliver(lead)
    env.look(1)

    output = "".join(capsys.readouterr())
    assert (output.count("alert_resolved"), output.count("cause=stuck:default")) == (1, 2)
    with env.store.read() as tx:
        assert tx.alerts.all() == []


# -- several workers


def test_of_two_workers_one_is_on_duty(env: MonitorEnv) -> None:
    env.configure("one")
    env.configure("two")
    env.pause("refused")

    assert [env.look(name=name) for name in ("one", "two", "one", "two")] == [True, False, True, False]
    assert len(env.sink.received) == 1


def test_a_dead_worker_of_this_host_is_succeeded_at_once(env: MonitorEnv) -> None:
    env.look(name="one")
    env.gone.add("one")

    assert env.look(name="two")


def test_a_worker_of_another_host_is_succeeded_when_its_time_is_up(env: MonitorEnv) -> None:
    env.look(name="one")

    assert not env.look(DUTY_S / 60 / 2, name="two")
    assert env.look(DUTY_S / 60, name="two")


def test_the_successor_knows_what_was_sent(env: MonitorEnv) -> None:
    env.enqueue()
    env.look(5, name="one")
    env.gone.add("one")

    env.look(1, name="two")

    assert len(env.sink.received) == 1


def test_a_worker_that_stops_hands_the_watch_over(env: MonitorEnv) -> None:
    stop = threading.Event()
    first = env.configure("one")
    first._stop = stop
    first.step(env.now)
    stop.set()

    first.run()

    assert env.look(name="two")


# -- the disk


def test_a_nearly_full_disk_is_a_condition(env: MonitorEnv) -> None:
    with env.store.read() as tx:
        snapshot = tx.alerts.snapshot(env.now, 240)
    sizes = {
        "4 TB, 100 GB": (100e9, 4e12),
        "40 GB, 3 GB": (3e9, 40e9),
        "40 GB, 1 GB": (1e9, 40e9),
        "4 GB": (0.4e9, 4e9),
    }

    is_full = {
        name: bool(list(find_conditions(replace(snapshot, disk=(int(free), int(total))), env.now)))
        for name, (free, total) in sizes.items()
    }

    assert is_full == {"4 TB, 100 GB": False, "40 GB, 3 GB": False, "40 GB, 1 GB": True, "4 GB": True}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_disk_of_the_file_is_looked_at(env: MonitorEnv) -> None:
    with env.store.read() as tx:
        disk = tx.alerts.snapshot(env.now, 240).disk

    assert disk is not None
    assert 0 < disk[0] < disk[1]


def test_the_monitor_looks_again_soon_after_sending_and_stops_with_the_worker(env: MonitorEnv) -> None:
    watcher = env.configure()
    env.pause("refused", minutes=60 * 24 * 9999)
    thread = threading.Thread(target=watcher.run)
    thread.start()

    took_s = wait_until(lambda: env.sink.received, 8, "the first message")
    env.store.write(lambda tx: tx.alerts.report("stage:default:1", "Stage 1 wins: choose another.", env.now))
    second_s = wait_until(lambda: len(env.sink.received) == 2, 8, "the second message")
    watcher._stop.set()
    thread.join(5)

    assert max(took_s, second_s) < 6 * SLOWEST_MACHINE
    assert not thread.is_alive()


def test_parked_leads_that_will_be_erased_are_an_alert_with_the_day(env: MonitorEnv) -> None:
    lead = env.enqueue(status=Status.PARKED)
    rules = [RetentionRule(90, (), is_for_others=True)]
    env.now += timedelta(days=80)
    erase_due(env.store, rules, env.now, threading.Event())

    env.look()

    sentence = env.open["erasure:parked"].sentence
    assert sentence.startswith("1 parked lead is about to be erased")
    assert sentence.endswith(f"On {env.now + timedelta(days=14):%d %B %Y} it is erased.")
    assert "1 parked lead is about to be erased" in env.sink.received[-1]["message"]
    env.store.write(lambda tx: tx.leads.set_status([lead.id], Status.DISCARDED))
    env.look(1)
    assert "erasure:parked" not in env.open

"""Channels that people added in the dashboard get alerts beside those of ALERT_URLS."""

from datetime import time
from zoneinfo import ZoneInfo

from service.admin.pages.channel_addresses import mail_address, read_address
from service.alerts import channels
from service.alerts.sending import DigestTime
from tests.admin.test_pages_connections import SLACK
from tests.alerts.conftest import MonitorEnv
from tests.alerts.sink import AlertSink


def add(env: MonitorEnv, address: str, account: str | None = None) -> str:
    return env.store.write(lambda tx: tx.channels.add("Sales", "json", address, "ann@example.com", env.now, account))


def test_a_new_channel_gets_the_next_alert_and_a_removed_one_none(env: MonitorEnv) -> None:
    with AlertSink() as typed:
        env.look()
        channel = add(env, typed.address)
        env.enqueue()
        env.look(5)
        assert typed.titles == env.sink.titles == ["Lead Capture: leads are stuck"]

        env.store.write(lambda tx: tx.channels.remove(channel))
        env.look(5 * 60)

    assert len(typed.titles) == 1
    assert len(env.sink.titles) == 2


def test_the_first_channel_of_all_is_told_what_is_wrong_already(env: MonitorEnv) -> None:
    env.configure(addresses=[])
    env.enqueue()
    env.look(5)

    with AlertSink() as typed:
        add(env, typed.address)
        env.look(1)

    assert typed.titles == ["Lead Capture: leads are stuck"]


def test_a_channel_of_one_account_gets_the_alerts_of_that_account_alone(env: MonitorEnv) -> None:
    with AlertSink() as harbour, AlertSink() as quay:
        add(env, harbour.address, "harbour")
        add(env, quay.address, "quay")
        env.enqueue()
        env.enqueue("other@example.com", account="harbour")
        env.look(5)
        env.look(1)

        assert env.sink.titles == ["Lead Capture: leads are stuck (and 1 more)"]
        assert harbour.titles == ["Lead Capture: leads are stuck"]
        assert "harbour" in harbour.received[0]["message"]
        assert quay.titles == []


def test_where_only_accounts_have_channels_each_is_told_once(env: MonitorEnv) -> None:
    env.configure(addresses=[])
    with AlertSink() as harbour:
        add(env, harbour.address, "harbour")
        env.enqueue()
        env.enqueue("other@example.com", account="harbour")
        for _ in range(3):
            env.look(3)

        assert harbour.titles == ["Lead Capture: leads are stuck"]
        assert (env.open["stuck:harbour"].notified_count, env.open["stuck:default"].notified_count) == (1, 0)


def test_the_digest_of_an_account_counts_its_own_leads(env: MonitorEnv) -> None:
    env.configure(digest_at=DigestTime(time(7), ZoneInfo("UTC")))
    env.look()
    with AlertSink() as harbour:
        add(env, harbour.address, "harbour")
        env.enqueue()
        env.enqueue("other@example.com", account="harbour")
        env.look(24 * 60)

        (digest,) = [message for message in harbour.received if message["type"] == "info"]
        assert "Received: 1" in digest["message"]
        assert [m["message"].partition(" (")[0] for m in env.sink.received if m["type"] == "info"] == ["Received: 2"]


def test_the_page_learns_how_the_last_message_went(env: MonitorEnv) -> None:
    with AlertSink() as typed:
        typed.status = 410
        channel = add(env, typed.address)
        env.enqueue()
        env.look(5)

    with env.store.read() as tx:
        entry = tx.channels.get(channel)
    assert entry is not None
    assert entry.failure
    assert entry.sent_at is not None


def test_apprise_reads_what_people_paste() -> None:
    mailbox = {
        "to": "a@example.com, b@example.com",
        "server": "smtp.example.com",
        "port": "465",
        "user": "a@example.com",
    }
    pasted = [
        read_address(SLACK).address,
        read_address(
            "https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz0123456789"
        ).address,
        read_address("https://chat.googleapis.com/v1/spaces/AAAA/messages?key=abcd&token=efgh%3D").address,
        read_address(
            "https://prod-15.uksouth.logic.azure.com:443/workflows/abc1/triggers/manual/paths/invoke"
            "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcdef"
        ).address,
        mail_address({**mailbox, "password": "p&ss w:rd@/"}).address,
    ]

    assert channels.unreadable(pasted) == []

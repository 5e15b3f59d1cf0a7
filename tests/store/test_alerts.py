"""Alerts: one for each cause, notified, resolved, and begun anew."""

from datetime import timedelta

from service.store import Alert, Store
from tests.builders import NOON

LOGIN = "login:default"
LATER = NOON + timedelta(minutes=5)


def notice(store: Store, cause: str = LOGIN, minutes: int = 0) -> None:
    at = NOON + timedelta(minutes=minutes)
    store.write(lambda tx: tx.alerts.report(cause, f"{cause} is wrong: put it right.", at))


def open_now(store: Store) -> list[Alert]:
    with store.read() as tx:
        return tx.alerts.open()


def mark_notified(store: Store, alert: Alert | None = None) -> bool:
    sent = alert or open_now(store)[0]
    return store.write(lambda tx: tx.alerts.mark_notified(sent, NOON))


def test_a_cause_reported_again_is_one_alert_with_a_count(store: Store) -> None:
    for minutes in range(3):
        notice(store, minutes=minutes)

    (alert,) = open_now(store)
    assert (alert.occurrences, alert.since, alert.seen_at) == (3, NOON, NOON + timedelta(minutes=2))


def test_two_causes_are_two_alerts_the_oldest_first(store: Store) -> None:
    notice(store, "stage:1001", 1)
    notice(store)

    assert [alert.cause for alert in open_now(store)] == [LOGIN, "stage:1001"]


def test_a_resolved_alert_is_not_open_but_not_forgotten(store: Store) -> None:
    notice(store)
    mark_notified(store)

    assert store.write(lambda tx: tx.alerts.resolve(LOGIN, LATER))

    assert open_now(store) == []
    with store.read() as tx:
        assert [(alert.resolved_at, alert.notified_count) for alert in tx.alerts.all()] == [(LATER, 1)]


def test_what_was_never_wrong_cannot_be_over(store: Store) -> None:
    assert not store.write(lambda tx: tx.alerts.resolve(LOGIN, NOON))


def test_a_resolved_cause_begins_anew_without_notifications(store: Store) -> None:
    notice(store)
    mark_notified(store)
    store.write(lambda tx: tx.alerts.resolve(LOGIN, LATER))

    notice(store, minutes=10)

    (alert,) = open_now(store)
    assert (alert.occurrences, alert.notified_count, alert.since) == (1, 0, NOON + timedelta(minutes=10))


def test_other_words_are_no_new_occurrence(store: Store) -> None:
    notice(store)

    store.write(lambda tx: tx.alerts.reword(LOGIN, "Four leads wait by now."))

    (alert,) = open_now(store)
    assert (alert.sentence, alert.occurrences, alert.seen_at) == ("Four leads wait by now.", 1, NOON)


def test_an_alert_is_notified_by_one_of_two_that_read_it(store: Store) -> None:
    notice(store)
    (read,) = open_now(store)

    assert [mark_notified(store, read), mark_notified(store, read)] == [True, False]
    assert [(alert.notified_count, alert.notified_at) for alert in open_now(store)] == [(1, NOON)]


def test_a_notification_of_the_former_alert_does_not_count_for_the_new_one(store: Store) -> None:
    notice(store)
    (read,) = open_now(store)
    store.write(lambda tx: tx.alerts.resolve(LOGIN, LATER))
    notice(store, minutes=10)

    assert not mark_notified(store, read)
    assert [alert.notified_count for alert in open_now(store)] == [0]


def test_only_what_is_over_can_be_forgotten(store: Store) -> None:
    notice(store)
    notice(store, "stage:1001")
    store.write(lambda tx: tx.alerts.resolve(LOGIN, LATER))

    store.write(lambda tx: tx.alerts.forget([LOGIN, "stage:1001"]))

    with store.read() as tx:
        assert [alert.cause for alert in tx.alerts.all()] == ["stage:1001"]

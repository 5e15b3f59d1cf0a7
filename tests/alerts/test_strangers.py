"""What was refused to strangers raises an alert that names the form and the remedy, and ends by itself."""

import time_machine

from service.alerts.strangers import MANY_SIGN_INS, MANY_TOKENS, find_strangers
from service.store.tallies import (
    DAY,
    LIMITED,
    QUARTER,
    SIGN_INS,
    TOKENS,
    UNREADABLE,
    UNREADABLE_BYTES_PER_DAY,
    Tally,
    period_of,
)
from tests.alerts.conftest import MonitorEnv
from tests.builders import NOON, a_form
from tests.front import Front
from tests.tables import each_row

TODAY, NOW = period_of(NOON, DAY), period_of(NOON, QUARTER)


@each_row(
    ("name", "since", "amount", "words"),
    [
        (f"{UNREADABLE}contact", TODAY, UNREADABLE_BYTES_PER_DAY + 1, "The form 'contact' received more than 20 MiB"),
        (f"{UNREADABLE}contact", TODAY, UNREADABLE_BYTES_PER_DAY, ""),
        (f"{UNREADABLE}contact", TODAY - DAY, UNREADABLE_BYTES_PER_DAY + 1, ""),
        (f"{UNREADABLE}gone", TODAY, UNREADABLE_BYTES_PER_DAY + 1, ""),
        (f"{LIMITED}contact:tally", NOW, 1, "Put a secret or token into [forms.contact.webhooks.tally]"),
        (f"{LIMITED}contact:tally", NOW - 5 * QUARTER, 9, ""),
        (f"{LIMITED}gone:tally", NOW, 9, ""),
        (SIGN_INS, NOW, MANY_SIGN_INS, "trying passwords"),
        (SIGN_INS, NOW, MANY_SIGN_INS - 1, ""),
        (TOKENS, NOW - QUARTER, MANY_TOKENS, "wrong tokens"),
        (TOKENS, NOW, MANY_TOKENS - 1, ""),
    ],
)
def test_what_is_worth_an_alert(name: str, since: object, amount: int, words: str) -> None:
    conditions = list(find_strangers([Tally(name, since, amount)], {"contact"}, NOON))  # type: ignore[arg-type]

    assert [words in condition.sentence for condition in conditions] == [True] * bool(words)


def test_the_quarters_of_an_hour_are_added_up() -> None:
    tallies = [Tally(SIGN_INS, NOW - n * QUARTER, MANY_SIGN_INS // 3) for n in range(4)]

    [condition] = find_strangers(tallies, (), NOON)

    assert condition.sentence.endswith(f"{MANY_SIGN_INS // 3 * 4} attempts or more were refused within an hour.")


def test_guessed_tokens_are_notified_once_and_the_end_too(env: MonitorEnv) -> None:
    front = Front(env.store, a_form())
    for minutes in (0, 1):  # the first is written at once, the others with the next
        with time_machine.travel(NOON + minutes * QUARTER / 15, tick=False):
            for _ in range(MANY_TOKENS):
                front.client.get("/api/v1/leads", headers={"Authorization": "Bearer wrong"})

    env.look(minutes=2)
    env.look(minutes=10)
    env.look(minutes=80)
    env.look(minutes=2)

    titles = [message["title"] for message in env.sink.received]
    assert titles == [
        "Lead Capture: someone is trying passwords or tokens",
        "Lead Capture: resolved: someone is trying passwords or tokens",
    ]

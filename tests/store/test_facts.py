"""Facts about a Nexudus are known to all processes, and determined by one of them."""

from datetime import UTC, datetime, timedelta

from service.store import Store
from service.store.account_facts import CLAIM_LIFETIME, Tenant

HARBOUR = Tenant("harbour", "https://spaces.nexudus.com")
SIMULATED = Tenant("harbour", "http://127.0.0.1:8010")
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_an_answer_takes_the_place_of_an_earlier_one(store: Store) -> None:
    store.write(lambda tx: tx.crm.learn_facts(HARBOUR, {"system_id_kept": True, "search_lag_s": 1.5}, "live", NOW))
    store.write(lambda tx: tx.crm.learn_facts(HARBOUR, {"system_id_kept": False}, "read back", NOW))

    with store.read() as tx:
        facts = tx.crm.facts_of(HARBOUR)

    assert {name: (fact.value, fact.source) for name, fact in facts.items()} == {
        "search_lag_s": (1.5, "live"),
        "system_id_kept": (False, "read back"),
    }


def test_what_is_true_of_one_address_says_nothing_of_another(store: Store) -> None:
    store.write(lambda tx: tx.crm.learn_facts(SIMULATED, {"custom_fields_kept": True}, "live", NOW))

    with store.read() as tx:
        assert tx.crm.facts_of(HARBOUR) == {}


def test_one_of_several_finds_it_out(store: Store) -> None:
    claims = [store.write(lambda tx: tx.crm.claim_fact(HARBOUR, "notes:7", NOW)) for _ in range(3)]

    assert claims == [True, False, False]


def test_who_died_over_it_is_replaced(store: Store) -> None:
    store.write(lambda tx: tx.crm.claim_fact(HARBOUR, "notes:7", NOW))

    later = NOW + CLAIM_LIFETIME + timedelta(seconds=1)
    assert store.write(lambda tx: tx.crm.claim_fact(HARBOUR, "notes:7", later))


def test_a_known_answer_is_claimed_again_only_when_it_is_stale(store: Store) -> None:
    store.write(lambda tx: tx.crm.learn_facts(HARBOUR, {"notes:7": "lost"}, "read back", NOW))

    def claim(at: datetime) -> bool:
        return store.write(lambda tx: tx.crm.claim_fact(HARBOUR, "notes:7", at, stale_before=at - timedelta(days=1)))

    assert [claim(NOW + timedelta(hours=hours)) for hours in (1, 25, 26)] == [False, True, False]


def test_an_answer_counts_until_there_is_a_newer_one(store: Store) -> None:
    store.write(lambda tx: tx.crm.learn_facts(HARBOUR, {"notes:7": "lost"}, "read back", NOW))
    later = NOW + timedelta(days=2)
    store.write(lambda tx: tx.crm.claim_fact(HARBOUR, "notes:7", later, stale_before=later))

    with store.read() as tx:
        assert tx.crm.facts_of(HARBOUR)["notes:7"].value == "lost"

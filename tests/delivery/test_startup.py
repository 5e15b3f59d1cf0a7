"""A start after a problem was fixed: nothing waits for it any longer."""

from dataclasses import replace
from datetime import timedelta

from service import clock
from service.alerts.conditions import LATE_S, find_conditions
from service.delivery.context import DatabaseTokenStore, on_startup
from service.lead import Status
from service.nexudus.client import Nexudus
from service.nexudus.tokens import Login
from service.store import Store
from tests.builders import a_lead
from tests.delivery.conftest import Env

USER, RIGHT, WRONG = "simulator@leadcapture.example", "simulator", "simulatr"


def signs_in_with(env: Env, password: str) -> None:
    """A process with other settings takes over, on the same database."""
    token_store = DatabaseTokenStore(env.store, "default", "the test")
    env.context = replace(env.context, nexudus=Nexudus(env.nexudus.url, Login(USER, password), token_store, "tests"))


def is_refused(env: Env) -> bool:
    """Whether the service believes that its sign-in is refused."""
    with env.store.read() as tx:
        return tx.accounts.is_login_refused("default")


def test_with_the_right_password_its_lead_goes_out_at_once(env: Env) -> None:
    lead = env.owes(a_lead())
    signs_in_with(env, WRONG)
    env.deliver_once()
    assert is_refused(env)

    signs_in_with(env, RIGHT)
    on_startup("default", env.context)

    assert not is_refused(env)
    assert env.deliver_once() == 1
    assert env.kept(lead).status is Status.DELIVERED


def test_with_the_same_password_there_is_no_new_sign_in(env: Env) -> None:
    env.owes(a_lead())
    signs_in_with(env, WRONG)
    env.deliver_once()

    signs_in_with(env, WRONG)
    on_startup("default", env.context)
    env.deliver_once()

    assert is_refused(env)
    assert len(env.nexudus.calls("POST", "/api/token")) == 1


def test_without_credentials_leads_wait_and_say_so_and_no_call_is_made(env: Env) -> None:
    leads = [env.owes(a_lead(f"{name}@example.com")) for name in ("ada", "grace")]
    has_credentials(env, Login())
    on_startup("default", env.context)

    for _ in range(3):
        env.deliver_once()
        env.ahead += timedelta(hours=2)

    assert [env.kept(lead).status for lead in leads] == [Status.PENDING] * 2
    assert ["no Nexudus credentials are set: set" in env.kept(lead).problem for lead in leads] == [True] * 2
    assert (env.nexudus.calls(), env.attempts(leads[0]), env.pauses()) == ([], [], [])


def test_when_credentials_are_set_what_waited_goes_by_itself(env: Env) -> None:
    lead = env.owes(a_lead())
    right = env.context.nexudus
    has_credentials(env, Login())
    env.deliver_once()

    env.context = replace(env.context, nexudus=right)
    on_startup("default", env.context)
    env.deliver_once()

    assert env.kept(lead).status is Status.DELIVERED
    with env.store.read() as tx:
        assert tx.accounts.call_pauses() == []


def test_missing_credentials_are_noticed_at_the_start_where_a_form_needs_them(env: Env) -> None:
    has_credentials(env, Login())

    for account in ("default", "harbour"):
        on_startup(account, env.context)

    with env.store.read() as tx:
        assert [(hold.account, hold.call) for hold in tx.accounts.call_pauses()] == [("default", "credentials")]


def has_credentials(env: Env, login: Login) -> None:
    """Work with these from now on."""
    env.context = replace(env.context, nexudus=Nexudus(env.nexudus.url, login))


def test_a_role_that_was_given_meanwhile_is_tried_at_once(env: Env) -> None:
    lead = env.owes(a_lead())
    env.nexudus.faults([{"method": "GET", "path": "/api/spaces/coworkers", "times": 1, "status": 403}])
    env.deliver_once()
    assert env.pauses()

    on_startup("default", env.context)

    assert not env.pauses()
    assert env.deliver_once() == 1
    assert env.kept(lead).status is Status.DELIVERED


def test_what_nexudus_asked_for_is_kept_to(env: Env) -> None:
    env.owes(a_lead())
    asks = {"status": 429, "headers": {"Retry-After": "40"}}
    env.nexudus.faults([{"method": "GET", "path": "/api/spaces/coworkers", "times": 1, **asks}])
    env.deliver_once()

    on_startup("default", env.context)

    assert [pause.reason for pause in env.pauses()] == ["throttled"]
    assert env.deliver_once() == 0


def works_with_key(env: Env, url: str, key: str) -> None:
    """A process with another ENCRYPTION_KEY takes over, on the same database."""
    env.store.close()
    env.store = Store(url, [key])
    env.context = replace(env.context, store=env.store)
    signs_in_with(env, RIGHT)


def test_without_its_key_an_account_pauses_and_says_what_to_do_and_nothing_is_lost(env: Env, database_url: str) -> None:
    works_with_key(env, database_url, "the-key-of-this-deployment-000000")
    env.owes(a_lead())
    env.deliver_once()
    calls = len(env.nexudus.calls())

    works_with_key(env, database_url, "another-key-of-this-deployment-00")
    on_startup("default", env.context)
    lead = env.owes(a_lead("grace@example.com"))
    env.deliver_once()

    kept = env.kept(lead)
    assert (kept.status, len(env.nexudus.calls())) == (Status.PENDING, calls)
    assert "put the earlier ENCRYPTION_KEY or SECRET_KEY into ENCRYPTION_KEY" in kept.problem
    assert [pause.reason for pause in env.pauses()] == ["refused: tokens"]
    with env.store.read() as tx:
        (condition,) = find_conditions(tx.alerts.snapshot(clock.now(), LATE_S), clock.now())
    assert condition.cause == "key:default"
    assert "ENCRYPTION_KEY" in condition.head
    env.store.close()


def test_with_its_key_again_an_account_goes_on_at_once(env: Env, database_url: str) -> None:
    works_with_key(env, database_url, "the-key-of-this-deployment-000000")
    env.owes(a_lead())
    env.deliver_once()
    works_with_key(env, database_url, "another-key-of-this-deployment-00")
    lead = env.owes(a_lead("grace@example.com"))
    env.deliver_once()

    works_with_key(env, database_url, "the-key-of-this-deployment-000000")
    on_startup("default", env.context)
    env.deliver_once()

    assert env.kept(lead).status is Status.DELIVERED
    assert len(env.nexudus.calls("POST", "/api/token")) == 1
    env.store.close()

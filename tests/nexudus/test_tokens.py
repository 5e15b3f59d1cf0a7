"""Signing in: as seldom as possible, once over all processes, and never again after a refusal."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TypeVar

import pytest
import time_machine

from service import clock
from service.nexudus import directory
from service.nexudus.authentication import Bearer, Grants
from service.nexudus.client import Nexudus
from service.nexudus.errors import Intercepted, Refused, Throttled, Unavailable
from service.nexudus.tokens import Login, MemoryTokenStore, Tokens
from service.nexudus.transport import Transport
from service.simulator.server import Simulator
from tests.nexudus.conftest import PASSWORD, USERNAME, Connect

T = TypeVar("T")

MD5_OF_BOTH = hashlib.md5(b"c90eb5d8", usedforsecurity=False).hexdigest()
SEED = "JBSWY3DPEHPK3PXP"


def grants_of(crm: Simulator) -> list[str]:
    return [call.body["grant_type"] for call in crm.calls("POST", "/api/token")]


def kept_for(crm: Simulator, *, refused: str = "", expires_in_s: float = 600, refresh_token: str = "") -> Tokens:
    fingerprint = Login(USERNAME, PASSWORD).fingerprint(crm.url)
    return Tokens("simulator", refresh_token, clock.now() + timedelta(seconds=expires_in_s), fingerprint, refused)


def test_one_sign_in_serves_many_calls(crm: Simulator, nexudus: Nexudus) -> None:
    for _ in range(3):
        directory.me(nexudus)

    assert grants_of(crm) == ["password"]


def test_the_client_id_goes_as_header_and_form_field_and_stays_the_same(crm: Simulator, nexudus: Nexudus) -> None:
    directory.me(nexudus)
    crm.revoke_tokens()
    directory.me(nexudus)

    calls = crm.calls("POST", "/api/token")
    assert [(c.client_id, c.body["client_id"]) for c in calls] == [("one", "one"), ("one", "one")]


def test_without_a_client_id_the_user_name_is_sent(crm: Simulator, connect: Connect) -> None:
    directory.me(connect(client_id=""))

    assert crm.calls("POST", "/api/token")[0].client_id == USERNAME


def test_a_worker_of_the_version_before_and_this_one_share_their_tokens(crm: Simulator, connect: Connect) -> None:
    former = Login(USERNAME, PASSWORD).former_fingerprint(crm.url)
    token_store = MemoryTokenStore()
    token_store.save(replace(kept_for(crm), issued_for=former))
    nexudus = connect(token_store=token_store)

    directory.me(nexudus)
    without_sign_in = grants_of(crm)
    token_store.save(replace(kept_for(crm), issued_for=former, access_token="ended"))
    directory.me(connect(token_store=token_store))

    assert (without_sign_in, grants_of(crm)) == ([], ["password"])
    assert token_store.read().issued_for == former  # type: ignore[union-attr]


def test_a_token_that_ended_early_is_refreshed_and_the_call_repeated(crm: Simulator, nexudus: Nexudus) -> None:
    directory.me(nexudus)
    crm.revoke_tokens()

    assert directory.me(nexudus).email == USERNAME
    assert grants_of(crm) == ["password", "refresh_token"]


def test_each_refresh_uses_the_newest_refresh_token(crm: Simulator, nexudus: Nexudus) -> None:
    for _ in range(4):
        directory.me(nexudus)
        crm.revoke_tokens()

    assert grants_of(crm) == ["password", "refresh_token", "refresh_token", "refresh_token"]


def test_a_dead_refresh_token_leads_to_one_password_grant(crm: Simulator, connect: Connect) -> None:
    token_store = MemoryTokenStore()
    token_store.save(kept_for(crm, expires_in_s=-1, refresh_token="long gone"))

    directory.me(connect(token_store=token_store))

    assert grants_of(crm) == ["refresh_token", "password"]


@pytest.mark.parametrize(
    ("life_s", "later_s", "expected"),
    [
        pytest.param(1000, 930, ["password"], id="long life, used until a minute before its end"),
        pytest.param(1000, 950, ["password", "refresh_token"], id="long life, its last minute"),
        pytest.param(100, 75, ["password"], id="short life, four fifths"),
        pytest.param(100, 85, ["password", "refresh_token"], id="short life, its last fifth"),
    ],
)
def test_a_token_is_refreshed_a_little_early(
    crm: Simulator, nexudus: Nexudus, life_s: int, later_s: int, expected: list[str]
) -> None:
    crm.settings(token_ttl_s=life_s)
    directory.me(nexudus)

    with time_machine.travel(clock.now() + timedelta(seconds=later_s)):
        directory.me(nexudus)

    assert grants_of(crm) == expected


@pytest.mark.parametrize(
    "token_fields", [{}, {"expires_in": None}, {"expires_in": "soon"}, {"expires_in": 1e300}, {"expires_in": "nan"}]
)
def test_a_strange_life_is_survived(crm: Simulator, nexudus: Nexudus, token_fields: dict[str, object]) -> None:
    crm.faults([{"path": "/api/token", "body": {"access_token": "simulator", **token_fields}}])

    assert directory.me(nexudus).email == USERNAME


def test_a_wrong_password_is_tried_once_and_never_again(crm: Simulator, connect: Connect) -> None:
    nexudus = connect(password="wrong")

    for _ in range(3):
        with pytest.raises(Refused) as caught:
            directory.me(nexudus)
        assert (caught.value.kind, caught.value.message) == ("login", "The user name or password is incorrect.")

    assert len(crm.calls()) == 1


def test_a_refusal_holds_for_every_process(crm: Simulator, connect: Connect) -> None:
    token_store = MemoryTokenStore()
    for _ in range(2):
        with pytest.raises(Refused):
            directory.me(connect(password="wrong", token_store=token_store))

    assert grants_of(crm) == ["password"]


def test_a_changed_password_is_tried_after_a_refusal(crm: Simulator, connect: Connect) -> None:
    token_store = MemoryTokenStore()
    with pytest.raises(Refused):
        directory.me(connect(password="wrong", token_store=token_store))

    assert directory.me(connect(token_store=token_store)).email == USERNAME


def test_a_password_changed_in_the_crm_stops_after_one_refusal(crm: Simulator, nexudus: Nexudus) -> None:
    crm.settings(refresh_ttl_s=0)
    directory.me(nexudus)
    crm.settings(password="changed")
    crm.revoke_tokens()

    for _ in range(3):
        with pytest.raises(Refused):
            directory.me(nexudus)

    assert grants_of(crm) == ["password", "refresh_token", "password"]
    assert len(crm.calls("GET", "/api/auth/me")) == 2


def test_a_second_factor_is_sent_where_a_seed_is_set(crm: Simulator, connect: Connect) -> None:
    crm.settings(totp=SEED)

    assert directory.me(connect(totp_secret=SEED)).email == USERNAME


def test_no_second_factor_is_sent_without_a_seed(crm: Simulator, nexudus: Nexudus) -> None:
    directory.me(nexudus)

    assert "totp" not in crm.calls("POST", "/api/token")[0].body


def test_a_missing_second_factor_is_told_as_such_and_not_tried_again(crm: Simulator, nexudus: Nexudus) -> None:
    crm.settings(totp=SEED)

    for _ in range(2):
        with pytest.raises(Refused) as caught:
            directory.me(nexudus)
        assert caught.value.kind == "two_factor"

    assert len(crm.calls()) == 1


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        pytest.param({"status": 500}, Unavailable, id="500"),
        pytest.param({"body": "<html>soon</html>"}, Intercepted, id="a page"),
        pytest.param({"firewall": True}, Intercepted, id="a firewall's page"),
        pytest.param({"firewall": True, "status": 401}, Intercepted, id="a page with 401"),
        pytest.param({"status": 403, "body": "Forbidden"}, Unavailable, id="a gate on the way"),
        pytest.param({"body": {}}, Unavailable, id="no token"),
        pytest.param({"reset": True}, Unavailable, id="cut"),
        pytest.param({"status": 429, "body": "Wait 2 seconds"}, Throttled, id="429"),
    ],
)
def test_a_sign_in_that_was_not_decided_is_no_refusal(
    crm: Simulator, nexudus: Nexudus, fault: dict[str, object], error: type[Exception]
) -> None:
    crm.faults([{"path": "/api/token", **fault}])
    with pytest.raises(error):
        nexudus.post("/api/crm/crmopportunities", {})

    assert directory.me(nexudus).email == USERNAME


def test_threads_and_processes_exchange_once_between_them(crm: Simulator, connect: Connect) -> None:
    token_store = MemoryTokenStore()
    clients = [connect(token_store=token_store) for _ in range(3)]
    crm.settings(latency_ms=50)

    at_once([partial(directory.me, client) for client in clients for _ in range(3)])

    assert grants_of(crm) == ["password"]


def test_threads_and_processes_refresh_a_dead_token_once_between_them(crm: Simulator, connect: Connect) -> None:
    token_store = MemoryTokenStore()
    clients = [connect(token_store=token_store) for _ in range(3)]
    for client in clients:
        directory.me(client)
    crm.revoke_tokens()
    crm.settings(latency_ms=50)

    at_once([partial(directory.me, client) for client in clients for _ in range(3)])

    assert grants_of(crm) == ["password", "refresh_token"]


def at_once(jobs: list[Callable[[], T]]) -> list[T]:
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], T]) -> T:
        start.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [done.result() for done in [pool.submit(run, job) for job in jobs]]


def test_tokens_kept_by_another_process_are_used(crm: Simulator, connect: Connect) -> None:
    token_store = MemoryTokenStore()
    token_store.save(kept_for(crm))

    directory.me(connect(token_store=token_store))

    assert grants_of(crm) == []


def test_while_another_process_signs_in_its_tokens_are_awaited(crm: Simulator, connect: Connect) -> None:
    token_store = MemoryTokenStore()
    assert token_store.try_lock(60)
    nexudus = connect(token_store=token_store)

    with ThreadPoolExecutor(1) as pool:
        me = pool.submit(directory.me, nexudus)
        token_store.save(kept_for(crm))

        assert me.result(5).email == USERNAME
    assert grants_of(crm) == []


def test_a_lock_that_is_never_given_back_is_not_awaited_for_ever(crm: Simulator) -> None:
    token_store = MemoryTokenStore()
    assert token_store.try_lock(60)
    transport = Transport(crm.url, timeout_s=1, connect_timeout_s=1)
    grants = Grants(transport, Login(USERNAME, PASSWORD), "one")

    with pytest.raises(Unavailable, match="signing in"):
        Bearer(grants, token_store, connect_timeout_s=1, wait_s=0.05).current()


def test_a_lock_left_behind_ends_by_itself() -> None:
    token_store = MemoryTokenStore()

    assert token_store.try_lock(0)
    assert token_store.try_lock(60)
    assert not token_store.try_lock(60)


def test_the_lock_is_given_back_after_a_refusal(connect: Connect) -> None:
    token_store = MemoryTokenStore()
    with pytest.raises(Refused):
        directory.me(connect(password="wrong", token_store=token_store))

    assert token_store.try_lock(1)


def test_a_ready_token_needs_no_sign_in(crm: Simulator, connect: Connect) -> None:
    directory.me(connect(token="simulator", username="", password=""))

    assert grants_of(crm) == []


def test_a_ready_token_that_is_refused_stays_refused(crm: Simulator, connect: Connect) -> None:
    with pytest.raises(Refused) as caught:
        directory.me(connect(token="stale"))

    assert caught.value.kind == "denied"
    assert [call.path for call in crm.calls()] == ["/api/auth/me"]


def test_a_missing_role_costs_one_probe_and_no_exchange_however_often_it_is_asked(
    crm: Simulator, nexudus: Nexudus
) -> None:
    crm.settings(denied=["Country-List"])

    for _ in range(4):
        with pytest.raises(Refused) as caught:
            directory.countries(nexudus)
        assert caught.value.kind == "role"

    assert grants_of(crm) == ["password"]
    assert len(crm.calls("GET", "/api/sys/countries")) == 4 + 1
    assert len(crm.calls("GET", "/api/auth/me")) == 1


def test_a_dead_token_and_a_missing_role_together_are_told_apart(crm: Simulator, nexudus: Nexudus) -> None:
    directory.me(nexudus)
    crm.settings(denied=["Country-List"])
    crm.revoke_tokens()

    with pytest.raises(Refused) as caught:
        directory.countries(nexudus)

    assert caught.value.kind == "role"
    assert grants_of(crm) == ["password", "refresh_token"]


def test_where_everything_is_refused_four_threads_find_out_once(crm: Simulator, nexudus: Nexudus) -> None:
    directory.me(nexudus)
    crm.faults([{"path": "/api/(?!token)", "status": 401, "times": 100}])

    def ask() -> str:
        with pytest.raises(Refused) as caught:
            directory.countries(nexudus)
        return caught.value.kind

    assert at_once([ask] * 4) == ["denied"] * 4
    assert grants_of(crm) == ["password", "refresh_token"]
    assert len([call for call in crm.calls() if call.status == 401]) <= 4 + 2


def test_where_our_own_user_is_not_shown_a_new_token_is_tried(crm: Simulator, nexudus: Nexudus) -> None:
    directory.countries(nexudus)
    crm.faults([{"path": "/api/auth/me", "status": 404, "times": 9}])
    crm.revoke_tokens()

    assert directory.countries(nexudus)
    assert grants_of(crm) == ["password", "refresh_token"]


def test_a_role_that_was_given_is_noticed_at_once(crm: Simulator, nexudus: Nexudus) -> None:
    crm.settings(denied=["Country-List"])
    with pytest.raises(Refused):
        directory.countries(nexudus)
    crm.settings(denied=[])

    assert directory.countries(nexudus)


def test_a_forbidden_call_is_no_reason_to_exchange_tokens(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": "/api/auth/me", "status": 403}])

    with pytest.raises(Refused):
        directory.me(nexudus)

    assert grants_of(crm) == ["password"]


def test_a_login_page_for_a_dead_token_leads_to_a_new_one(crm: Simulator, nexudus: Nexudus) -> None:
    directory.countries(nexudus)
    crm.revoke_tokens()
    crm.faults([{"path": "/api/sys/countries", "firewall": True, "status": 401}])

    assert directory.countries(nexudus)
    assert grants_of(crm) == ["password", "refresh_token"]


def test_a_login_page_that_stays_costs_one_look_at_the_token_however_often_it_comes(
    crm: Simulator, nexudus: Nexudus
) -> None:
    directory.countries(nexudus)
    crm.faults([{"path": "/api/(?!token)", "firewall": True, "status": 401, "times": None}])

    for _ in range(4):
        with pytest.raises(Intercepted):
            directory.countries(nexudus)

    assert grants_of(crm) == ["password", "refresh_token"]
    assert len(crm.calls("GET", "/api/auth/me")) == 2


def test_what_a_login_page_showed_is_not_believed_of_a_dead_token(crm: Simulator, nexudus: Nexudus) -> None:
    crm.faults([{"path": "/api/sys/countries", "firewall": True, "status": 401, "times": 2}])
    with pytest.raises(Intercepted):
        directory.countries(nexudus)
    crm.revoke_tokens()

    assert directory.countries(nexudus)


def test_a_write_that_a_login_page_answered_is_not_repeated_by_the_client(crm: Simulator, nexudus: Nexudus) -> None:
    person = crm.add_coworker("ada@example.com")["Id"]
    crm.faults([{"path": "/api/crm/crmopportunities", "firewall": True, "status": 401, "after_save": True}])

    with pytest.raises(Intercepted) as caught:
        nexudus.post(
            "/api/crm/crmopportunities", {"CrmBoardColumnId": 1001, "CoworkerId": person, "Position": 1, "Status": 1}
        )

    assert caught.value.is_write
    assert len(crm.opportunities()) == 1


def test_without_credentials_nothing_is_sent(crm: Simulator) -> None:
    with pytest.raises(Unavailable, match="no Nexudus credentials are set"):
        directory.me(Nexudus(crm.url, Login()))

    assert crm.calls() == []


# -- an application


def an_app(crm: Simulator, **login: str) -> Nexudus:
    """A client that signs in as an application, which is installed there."""
    crm.settings(app_key="f362", app_secret="b5d8", app_token="c90e")
    return Nexudus(crm.url, Login(app_key="f362", **login), timeout_s=2)


@pytest.mark.parametrize(
    "login",
    [
        pytest.param({"app_secret": "b5d8", "app_token": "c90e"}, id="secret and token"),
        pytest.param({"app_secret": MD5_OF_BOTH}, id="what both make"),
    ],
)
def test_an_application_signs_each_call_and_exchanges_nothing(crm: Simulator, login: dict[str, str]) -> None:
    nexudus = an_app(crm, **login)

    assert directory.countries(nexudus)
    assert directory.me(nexudus).email == USERNAME
    assert grants_of(crm) == []
    assert crm.calls()[0].authorization.startswith("Basic ")


def test_an_application_that_is_refused_stays_refused_without_a_sign_in(crm: Simulator) -> None:
    nexudus = an_app(crm, app_secret="b5d8")  # its token was forgotten

    for _ in range(3):
        with pytest.raises(Refused) as caught:
            directory.countries(nexudus)
        assert caught.value.kind == "denied"

    assert grants_of(crm) == []
    assert len(crm.calls("GET", "/api/auth/me")) == 1


def test_an_application_that_lacks_a_role_is_told_so(crm: Simulator) -> None:
    nexudus = an_app(crm, app_secret="b5d8", app_token="c90e")
    crm.settings(denied=["Country-List"])

    with pytest.raises(Refused) as caught:
        directory.countries(nexudus)

    assert caught.value.kind == "role"


def test_where_the_user_of_an_application_is_not_shown_no_user_is_searched_for(crm: Simulator) -> None:
    nexudus = an_app(crm, app_secret="b5d8", app_token="c90e")
    crm.faults([{"path": "/api/auth/me", "status": 404}])

    with pytest.raises(Unavailable, match="does not show who"):
        directory.me(nexudus)

    assert crm.calls("GET", "/api/sys/users") == []


def test_what_is_kept_does_not_print_its_tokens(crm: Simulator) -> None:
    assert "simulator" not in repr(kept_for(crm)).replace("simulator@", "")


def test_other_settings_have_another_fingerprint() -> None:
    logins = [Login("a", "b"), Login("a", "c"), Login("b", "b"), Login("a", "b", totp_secret=SEED)]
    prints = {login.fingerprint("https://spaces.nexudus.com") for login in logins}

    assert len(prints | {Login("a", "b").fingerprint("https://other.example.com")}) == 5

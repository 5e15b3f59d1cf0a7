"""How often one visitor may post: counted right, and for each form and address alone."""

import multiprocessing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rate_limit import PROVIDER_BITS, PostCounts, WindowLimit, network_of
from service.store import Store
from tests.builders import a_form
from tests.front import ANN, PERSON, SCRIPT, Front, codes
from tests.tables import each_row

THIRTY = WindowLimit(count=30, window_s=60)
NOON = 1_790_000_040.0  # where a window of a minute begins


def a_front(sqlite: Store) -> Front:
    """Two forms that take three posts a day: no test runs into the next window."""
    return Front(sqlite, a_form(), a_form("tour"), SUBMIT_LIMIT="3/day")


def posts(front: Front, times: int, form: str = "contact", address: str = "192.0.2.1") -> list[int]:
    """The answers to several different enquiries."""
    words = [{**ANN, "message": f"{form} {address} {n}"} for n in range(times)]
    return [front.post(each, form, SCRIPT, address).status_code for each in words]


def test_the_post_after_the_last_is_a_429_that_says_how_long_to_wait(sqlite: Store) -> None:
    front = a_front(sqlite)
    posts(front, 3)

    answer = front.post({**ANN, "message": "Another."}, headers=SCRIPT)

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 86_400
    assert codes(answer) == [("", "TOO_MANY")]
    assert answer.headers["Access-Control-Allow-Origin"] == SCRIPT["Origin"]
    assert len(front.leads()) == 3


def test_a_person_is_told_so_in_a_page(sqlite: Store) -> None:
    front = a_front(sqlite)
    posts(front, 3)

    answer = front.post(ANN, headers=PERSON)

    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert "Please wait a moment" in answer.text
    assert ANN["message"] in answer.text  # to be sent again, not to be written again


def test_another_form_and_another_address_are_counted_for_themselves(sqlite: Store) -> None:
    front = a_front(sqlite)

    assert posts(front, 4) == [200, 200, 200, 429]
    assert posts(front, 1, form="tour") == [200]
    assert posts(front, 1, address="192.0.2.2") == [200]
    assert posts(front, 1) == [429]


def test_thirty_a_minute_is_the_default(sqlite: Store) -> None:
    front = Front(sqlite, SUBMIT_LIMIT="")

    answers = posts(front, 62)  # at most one new window begins meanwhile

    assert answers[:30] == [200] * 30
    assert 429 in answers


def test_off_lifts_the_limit(front: Front) -> None:
    assert set(posts(front, 40)) == {200}


@pytest.mark.parametrize(("proxies", "expected"), [("0", [200, 200, 200, 429]), ("1", [200, 200, 200, 200])])
def test_visitors_behind_a_proxy_are_told_apart_only_where_it_is_trusted(
    sqlite: Store, proxies: str, expected: list[int]
) -> None:
    front = Front(sqlite, SUBMIT_LIMIT="3/day", TRUSTED_PROXIES=proxies)
    visitors = [{**SCRIPT, "X-Forwarded-For": f"198.51.100.{n}"} for n in range(4)]

    answers = [front.post({**ANN, "message": str(n)}, headers=visitor) for n, visitor in enumerate(visitors)]

    assert [answer.status_code for answer in answers] == expected


def test_a_visitor_cannot_forge_the_address_that_a_trusted_proxy_tells(sqlite: Store) -> None:
    front = Front(sqlite, SUBMIT_LIMIT="1/day", TRUSTED_PROXIES="1")
    forged = [f"203.0.113.{n}, 198.51.100.1" for n in range(2)]

    answers = [front.post({**ANN, "message": each}, headers={"X-Forwarded-For": each}) for each in forged]

    assert [answer.status_code for answer in answers] == [303, 429]


@pytest.mark.parametrize("address", ["198.51.100.1:{}", "[2001:db8::1]:{}"])
def test_a_port_that_a_proxy_adds_to_the_address_makes_no_other_visitor(sqlite: Store, address: str) -> None:
    front = Front(sqlite, SUBMIT_LIMIT="1/day", TRUSTED_PROXIES="1")
    sent = [{**SCRIPT, "X-Forwarded-For": address.format(port)} for port in (50001, 50002)]

    answers = [front.post({**ANN, "message": str(n)}, headers=each) for n, each in enumerate(sent)]

    assert [answer.status_code for answer in answers] == [200, 429]


# -- the counters themselves


def test_a_new_window_begins_at_nought() -> None:
    visits = PostCounts()
    for _ in range(30):
        visits.count("ann", THIRTY, NOON)

    assert visits.count("ann", THIRTY, NOON + 59.5) == 0.5
    assert visits.count("ann", THIRTY, NOON + 60) == 0.0


@given(
    visitors=st.lists(st.sampled_from("abcdefgh"), max_size=120),
    limit=st.builds(WindowLimit, st.integers(1, 40), st.integers(1, 3600)),
    now=st.floats(0, 4e9),
)
def test_every_caller_is_refused_after_its_limit_and_none_before_it(
    visitors: list[str], limit: WindowLimit, now: float
) -> None:
    visits = PostCounts()
    seen = dict.fromkeys("abcdefgh", 0)

    for visitor in visitors:
        wait_s = visits.count(visitor, limit, now)

        assert (wait_s > 0) == (seen[visitor] >= limit.count)
        assert wait_s <= limit.window_s
        seen[visitor] += 1


def test_a_full_table_refuses_no_new_caller() -> None:
    visits = PostCounts()
    for number in range(100_000):
        visits.count(str(number), WindowLimit(1, 60), NOON)

    waits = [visits.count(f"new {number}", WindowLimit(1, 60), NOON) for number in range(1000)]

    assert max(waits) == 0.0


def _count_twenty(visits: PostCounts) -> None:
    for _ in range(20):
        visits.count("ann", THIRTY, NOON)


def test_forked_processes_count_together() -> None:
    visits = PostCounts()
    child = multiprocessing.get_context("fork").Process(target=_count_twenty, args=(visits,))
    child.start()
    child.join()

    answers = [visits.count("ann", THIRTY, NOON) for _ in range(11)]

    assert answers == [*[0.0] * 10, 60.0]


def test_thousands_of_addresses_push_out_each_other_and_not_one_that_is_limited() -> None:
    visits, limit = PostCounts(), WindowLimit(30, 60)
    for _ in range(30):
        visits.count("the robot", limit, NOON)

    for number in range(200_000):
        visits.count(str(number), limit, NOON)

    assert visits.count("the robot", limit, NOON) > 0


def test_counts_of_a_long_window_are_not_pushed_out_by_those_of_a_short_one() -> None:
    visits, quarter, minute = PostCounts(), WindowLimit(1, 900), WindowLimit(1, 60)
    keys, start = [f"sign-in {number}" for number in range(1000)], NOON + 60  # where a quarter of an hour begins
    for key in keys:
        visits.count(key, quarter, start)

    for number in range(40_000):  # within eight minutes
        visits.count(f"post {number}", minute, start + number // 5000 * 60)

    pushed_out = [key for key in keys if not visits.count(key, quarter, start)]
    assert len(pushed_out) < 5  # where four lie side by side, which is rare, another takes the place of one


def test_a_stranger_cannot_work_out_which_caller_a_key_pushes_out() -> None:
    one, other = PostCounts(), PostCounts()

    assert one.pseudonym("192.0.2.1") != other.pseudonym("192.0.2.1")


@each_row(
    ("address", "home", "provider"),
    [
        ("192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("fe80::1%eth0", "fe80::/64", "fe80::/48"),
        ("unix:", "unix:", "unix:"),
        ("", "", ""),
    ],
)
def test_an_address_counts_as_its_network(address: str, home: str, provider: str) -> None:
    assert (network_of(address), network_of(address, PROVIDER_BITS)) == (home, provider)

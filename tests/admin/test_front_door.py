"""The demo's front door: the sample form beside the board, and a link that signs in once, on this machine only."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from werkzeug.test import Client

from service.store import DEMO_WELCOME, Store
from tests.admin.dashboard import PASSWORD
from tests.front import Front

BOARD = "http://127.0.0.1:8010"


def demo(store: Store) -> Client:
    """A browser without a script on the machine of a demo."""
    return Front(store, SAMPLE_PAGE="true", NEXUDUS_BASE_URL=BOARD, ADMIN_PASSWORD=PASSWORD).client


def offer_welcome(store: Store, code: str = "a-code-of-this-start") -> None:
    """What `up` notes when a demo starts, and, with "", when it ends."""
    store.write(lambda tx: tx.flags.set(DEMO_WELCOME, code))


def link_of(page: str) -> str:
    """Where the button of the front door leads."""
    (address,) = re.findall(r'class="button" href="([^"]+)"', page)
    return str(address)


def test_it_shows_the_sample_form_beside_the_board(sqlite: Store) -> None:
    response = demo(sqlite).get("/")

    assert 'src="/sample#tour-form"' in response.text
    assert f'src="{BOARD}/"' in response.text
    assert f"frame-src 'self' {BOARD}/;" in response.headers["Content-Security-Policy"]
    assert 'href="/sample?utm_source=google&amp;utm_medium=cpc' in response.text


def test_its_policy_allows_its_own_style_and_no_other(sqlite: Store) -> None:
    response = demo(sqlite).get("/")

    (style,) = re.findall("<style>(.*?)</style>", response.text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in response.headers["Content-Security-Policy"]


def test_the_link_signs_in_once(sqlite: Store) -> None:
    offer_welcome(sqlite)
    client, stranger = demo(sqlite), demo(sqlite)
    address = link_of(client.get("/").text)

    client.get(address)
    stranger.get(address)

    assert client.get("/admin/").status_code == 200
    assert stranger.get("/admin/").status_code == 401
    assert link_of(client.get("/").text) == "/admin/"


def test_a_link_that_was_withdrawn_signs_nobody_in(sqlite: Store) -> None:
    offer_welcome(sqlite)
    client = demo(sqlite)
    address = link_of(client.get("/").text)
    offer_welcome(sqlite, "")

    for each in (address, "/admin/welcome/", "/admin/welcome/%00"):
        client.get(each)

    assert client.get("/admin/").status_code == 401


@pytest.mark.parametrize(
    ("host", "remote", "headers"),
    [
        ("leads.example.com", "127.0.0.1", {}),
        ("localhost:8000", "192.0.2.1", {}),
        ("localhost:8000", "127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}),
    ],
)
def test_from_elsewhere_there_is_no_such_link(sqlite: Store, host: str, remote: str, headers: dict[str, str]) -> None:
    offer_welcome(sqlite)
    address = link_of(demo(sqlite).get("/").text)
    client = demo(sqlite)
    elsewhere = {"base_url": f"http://{host}", "environ_base": {"REMOTE_ADDR": remote}, "headers": headers}

    page = client.get("/", **elsewhere).text
    client.get(address, **elsewhere)

    assert "/admin/welcome/" not in page
    assert client.get("/admin/", **elsewhere).status_code == 401

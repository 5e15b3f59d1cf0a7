"""Ad platforms are connected in the dashboard: keys typed or made, shown once, published; the state of each."""

import re

import pytest

from service import clock
from service.forms import SetupProblems
from service.forms.file import parse_setup
from service.setup.reading import with_secrets
from service.store import ActQuery, ConnectionKey, Store
from tests.admin.dashboard import Operator, words
from tests.builders import a_form, a_publisher
from tests.forms.texts import no_variable

PAGE = "/admin/connections/platforms/contact"


@pytest.fixture
def operator(sqlite: Store) -> Operator:
    """Somebody who is signed in."""
    return Operator(sqlite, a_form())


def webhooks_of(store: Store) -> dict[str, dict[str, object]]:
    """The tables of the form's senders, as a process that takes up the newest version reads them."""
    document = a_publisher(store).standing().toml.encode()
    setup = parse_setup(document, "set-up", with_secrets(no_variable, store))
    return {name: dict(table) for name, table in setup.forms["contact"].webhooks.items()}


def test_google_ads_is_connected_with_a_key_that_is_shown_once(sqlite: Store, operator: Operator) -> None:
    chosen = operator.client.get("/admin/connections/platforms?platform=google-ads&form=contact")
    before = operator.see(chosen.headers["Location"])
    page = operator.send(f"{PAGE}/google-ads").text
    again = operator.client.get(f"{PAGE}/google-ads").text

    key = str(webhooks_of(sqlite)["google-ads"]["key"])
    assert "Reconnect" not in before
    assert "Copy this now" in words(page)
    assert key in page
    assert key not in again
    assert "/webhooks/google-ads/contact" in again
    toml = a_publisher(sqlite).standing().toml
    assert re.search(r'key = "secret:platform-contact-google-ads-key-\w{6}"', toml)
    with sqlite.read() as tx:
        acts = tx.acts.page(ActQuery(kind="setup"), 5).acts
    assert [act.act for act in acts] == ["publish"]
    assert key not in str(acts)


def test_meta_keeps_what_is_not_typed_again(sqlite: Store, operator: Operator) -> None:
    operator.send(f"{PAGE}/meta", **{"key.app_secret": "hush-secret", "key.access_token": "old-token"})
    page = operator.send(f"{PAGE}/meta", **{"key.access_token": "new-token"}).text

    table = webhooks_of(sqlite)["meta"]
    assert (table["app_secret"], table["access_token"]) == ("hush-secret", "new-token")
    assert len(str(table["verify_token"])) > 20
    assert not [word for word in ("hush-secret", "old-token", "new-token") if word in page]
    assert "Reconnect" in words(page)


def test_what_the_platform_needs_is_said_and_nothing_is_published(sqlite: Store, operator: Operator) -> None:
    response = operator.send(f"{PAGE}/tiktok", **{"key.access_token": "t"})

    assert response.status_code == 422
    assert "app_secret" in words(response.text)
    assert a_publisher(sqlite).standing().version == 0


def test_a_form_or_platform_that_is_not_there_has_no_page(operator: Operator) -> None:
    assert operator.client.get("/admin/connections/platforms/nobody/meta").status_code == 404
    assert operator.client.get(f"{PAGE}/typeform").status_code == 404


def test_a_broken_connection_says_why(sqlite: Store) -> None:
    operator = Operator(sqlite, a_form(webhooks={"meta": {"app_secret": "s"}}))
    now = clock.now()
    key = ConnectionKey("contact", "meta")
    sqlite.write(lambda tx: tx.platforms.mark_broken(key, "The token has ended. Make a new one.", now, now))

    page = operator.see("/admin/connections")

    assert "Meta Broken" in page
    assert "The token has ended" in operator.see(f"{PAGE}/meta")


def test_what_is_set_in_the_environment_is_shown_as_set_there(sqlite: Store, operator: Operator) -> None:
    document = '[forms.contact]\n[forms.contact.webhooks.google-ads]\nkey = "env:GOOGLE_KEY"\n'
    with pytest.raises(SetupProblems):
        parse_setup(document.encode(), "set-up", no_variable)
    sqlite.write(lambda tx: tx.setups.publish(document, "", "ann", clock.now(), 0))

    page = words(operator.client.get(f"{PAGE}/google-ads").text)

    assert "Set in the environment" in page

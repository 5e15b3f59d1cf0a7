"""Through any sender: two people are two leads whatever ids they bear, and what was answered 2xx can be found again."""

import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service import clock
from service.capture.dedup import is_id
from service.capture.tools.registry import SENDERS
from service.forms.senders import SENDERS as IN_THE_FILE
from service.store import Store
from tests.builders import a_form
from tests.capture.senders.recorded import recorded
from tests.capture.senders.signing import SECRET, SIGNATURES, URL, sign, table_of
from tests.front import Front

pytestmark = pytest.mark.long

ANNOUNCING = ("meta", "linkedin")
"""They tell a lead's id only: there is no person in the call."""

TAKING = tuple(sender for sender in SENDERS if sender not in ANNOUNCING)
UNSIGNED = tuple(sender for sender in TAKING if not IN_THE_FILE[sender].needs)

IDS = st.sampled_from(["0", "1", "57", "e-100", "undefined", "{entry_id}", "null", "n/a", "6b2c0d1e2a3b4c5d"])
KEYS = st.sampled_from(["", "", "key-1", "key-2", "0", "undefined"])


@dataclass(frozen=True)
class Kind:
    """A body of one sender, in which the address and the id can be exchanged. message: what it says."""

    body: str
    type: str
    email: str
    id: str
    message: str

    def of(self, email: str, own_id: str) -> bytes:
        """The body of another person with another number."""
        body = self.body.replace(self.email, email).replace(quote(self.email), quote(email))
        return body.replace(f'"{self.id}"', f'"{own_id}"').encode()


@cache
def kind_of(sender: str) -> Kind:
    """A recorded body of a person with an address; for senders without, that of any automation."""
    for each in recorded(sender):
        expected, body = each.expected, each.body.decode("utf-8", "replace")
        email = expected.get("email") or ""
        if each.method == "POST" and email and "test" not in each.name and email in body.replace("%40", "@"):
            own_id = str(expected.get("external_id") or "")
            types = (value for name, value in each.headers.items() if name.lower() == "content-type")
            body = body.replace("fixture-google-key-91c2", SECRET)
            message = str(expected.get("message") or "")
            is_text = f'"{own_id}"' in body  # a number in JSON cannot become a word
            return Kind(body, next(types, "application/json"), email, own_id if is_text else "", message)
    plain = '{"name": "Ann Lee", "email": "ann@client.example", "message": "Two desks.", "external_id": "e-1"}'
    return Kind(plain, "application/json", "ann@client.example", "e-1", "Two desks.")


class Env:
    """A service with every sender, once proven and once not."""

    def __init__(self, store: Store) -> None:
        proven = {sender: table_of(sender) for sender in TAKING}
        forms = [
            a_form("proven", require=(), webhooks=proven),
            a_form("open", require=(), webhooks={sender: {} for sender in UNSIGNED}),
        ]
        self.front = Front(store, *forms, PUBLIC_URL=URL)

    def send(self, sender: str, form: str, body: bytes, headers: Mapping[str, str]) -> TestResponse:
        """Send one call, proven where the form asks for it."""
        path = f"/webhooks/{sender}/{form}"
        proof = sign(sender, body, path, clock.now().timestamp()).headers if form == "proven" else {}
        if form == "open" and sender in SIGNATURES:
            proof = {}
        client = self.front.app.test_client()
        return client.post(path, data=body, content_type=kind_of(sender).type, headers={**proof, **headers})

    def search(self, wanted: str) -> list[dict[str, Any]]:
        """The leads that an operator finds."""
        answer = self.front.ask("/leads", query_string={"q": wanted})
        leads: list[dict[str, Any]] = answer.get_json()["leads"]
        return leads


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory, migrated_file: Any) -> Any:
    """One for all examples: the ids of earlier people stand in the way of later ones."""
    path = tmp_path_factory.mktemp("people") / "leads.db"
    path.write_bytes(migrated_file.read_bytes())
    store = Store(f"sqlite:///{path}")
    yield Env(store)
    store.close()


def someone() -> str:
    """A new address."""
    return f"{uuid.uuid4().hex[:12]}@client.example"


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_two_people_are_two_leads_and_each_can_be_found(env: Env, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["proven", "open"]))
    sender = data.draw(st.sampled_from(TAKING if form == "proven" else UNSIGNED))
    kind, people = kind_of(sender), [someone(), someone()]

    for email in people:
        own_id, key, webhook_id = data.draw(IDS), data.draw(KEYS), data.draw(KEYS)
        headers = {name: text for name, text in (("Idempotency-Key", key), ("webhook-id", webhook_id)) if text}
        answer = env.send(sender, form, kind.of(email, own_id), headers)
        assert answer.status_code == 200

        (lead,) = env.search(email)
        assert lead["contact"]["email"] == email
        assert kind.message in [*lead["fields"].values(), *lead["extras"].values(), ""]
        assert not (kind.id and is_id(own_id)) or lead["external_id"] == own_id


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_one_delivery_sent_four_times_at_once_is_one_lead(env: Env, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(["proven", "open"]))
    sender = data.draw(st.sampled_from(TAKING if form == "proven" else UNSIGNED))
    email, own_id, key = someone(), data.draw(IDS), data.draw(KEYS)
    body, headers = kind_of(sender).of(email, own_id), {"Idempotency-Key": key} if key else {}

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: env.send(sender, form, body, headers), range(4)))

    assert [answer.status_code for answer in answers] == [200] * 4
    (lead,) = env.search(email)
    assert lead["repeats"] == 3

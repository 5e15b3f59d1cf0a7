"""Walls between accounts, by comparison: an operator who has neighbours sees what one without any sees, to the byte.

Two installations get the same requests of the same people and programs. In one of them another operator has leads,
people, keys and costs, and goes on working meanwhile; the other never had that account.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import unified_diff
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from service.actors import Role, Scope, administrator
from service.forms.file import parse_setup
from service.lead import Lead
from service.operations.keys import KeyRequest, make_key
from service.setup.current import CurrentSetup
from tests.admin.colleagues import PASSWORD_OF_ALL, add_person
from tests.admin.dashboard import PASSWORD, Operator
from tests.admin.test_walls import COSTS, FILTERS, MARKS, NEVER, NOW, WORDS, keep_everything
from tests.builders import UnchangingSource
from tests.front import Front, count_days, sqlite_store

pytestmark = pytest.mark.long

OWN, OTHER = MARKS["default"], MARKS["harbour"]

IS_LONG = settings.get_current_profile_name() == "fuzz"
SEQUENCES, STEPS = (300, 20) if IS_LONG else (6, 6)

PEOPLE = {
    "viewer": (Role.VIEWER, ("default",)),
    "agent": (Role.AGENT, ("default", "quay")),
    "editor": (Role.EDITOR, ("default",)),
    "owner": (Role.OWNER, ("default",)),
    "owner of two": (Role.OWNER, ("default", "quay")),
}
KEYS = {
    "reading": ({Scope.READ}, ("default",)),
    "all": ({*Scope}, ("default",)),
    "all of two": ({*Scope}, ("default", "quay")),
}
CALLERS = (*PEOPLE, *KEYS, "owner", "editor", "all", "all of two")
"""Those who may do more ask more often."""

RANDOM = re.compile(
    r"[0-9a-f]{16,64}\b"  # ids, and the tokens of forms
    r"|\b\d{7,13}\b"  # numbers of acts
    r'|(?:Session |"subject":"|session,)[0-9a-f]{12}\b'
    r"|\blck?_[\w-]{20,}|invitation/[\w-]+"
)
"""What is made at random in both installations."""

# -- requests


@dataclass(frozen=True)
class Request:
    """What somebody of our own asks for. place: of what an address names: own, foreign, never."""

    who: str
    method: str
    rule: str
    place: str
    number: int
    query: Mapping[str, str]
    fields: Mapping[str, Any]
    seconds: int


@dataclass(frozen=True)
class Elsewhere:
    """What the neighbours do, with the lead of this number."""

    what: str
    number: int


@dataclass
class Installation:
    """One of the two installations, and everybody who uses it."""

    front: Front
    browsers: Mapping[str, Operator]
    tokens: Mapping[str, str]
    leads: Mapping[str, Sequence[Lead]]
    named: Mapping[str, Mapping[str, str]]
    path: Path
    ids: dict[str, str] = field(default_factory=dict)

    def ask(self, request: Request, named: Mapping[str, str], leads: Sequence[Lead]) -> TestResponse:
        """Ask; named, leads: what is foreign to the one who asks, for the places of an address that are."""
        values = {**self.named["default"], "platform": "meta", "sender": "json", "number": "1", "code": "de"}
        values |= {"digest": NEVER, "passkey_id": NEVER, "token": NEVER, "signed": NEVER}
        values["lead_id"] = self.leads["default"][request.number % len(self.leads["default"])].id
        if request.place == "foreign":
            values |= {**named, "lead_id": leads[request.number % len(leads)].id}
        elif request.place == "never":
            values |= dict.fromkeys(self.named["default"], NEVER)
        path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: values[match[1]], request.rule)
        query = {name: values["lead_id"] if value == "<id>" else value for name, value in request.query.items()}
        address = f"{path}?{urlencode(query)}" if query else path
        body = {name: values["lead_id"] if value == "<id>" else value for name, value in request.fields.items()}
        if request.who in KEYS:
            headers = {"Authorization": f"Bearer {self.tokens[request.who]}"}
            json = None if request.method == "GET" else body
            return self.front.client.open(address, method=request.method, headers=headers, json=json)
        browser = self.browsers[request.who]
        if request.method == "GET":
            return browser.client.get(address)
        if "costs" in path or "import" in path:
            body["file"] = (BytesIO(COSTS), "costs.csv")
        return browser.client.post(address, data={"token": browser.token, **body})

    def shown(self, response: TestResponse) -> str:
        """What an answer says, with one name for each id and token, by the order in which they were first seen."""
        kept = ("Location", "ETag", "Content-Type", "Content-Disposition", "Retry-After", "Allow", "Content-Language")
        headers = [f"{name}: {response.headers.get(name)}" for name in kept]
        text = "\n".join([str(response.status_code), *headers, response.text])
        return RANDOM.sub(self._name, text)

    def _name(self, match: re.Match[str]) -> str:
        return self.ids.setdefault(match[0], f"<{len(self.ids)}>")

    def restore(self) -> None:
        """Make the database what it was before the first request."""
        self.ids.clear()
        _copy(self.path.with_suffix(".template"), self.path)

    def remember(self) -> None:
        """Note what the database is now."""
        _copy(self.path, self.path.with_suffix(".template"))

    # -- what the neighbours do

    def go_on(self, step: Elsewhere) -> None:
        """Do something as the other operator."""
        leads = self.leads["harbour"]
        lead = leads[step.number % len(leads)]
        headers = {"Authorization": f"Bearer {self.tokens['neighbour']}"}
        answers = {
            "visit": (
                "POST",
                f"/f/{OTHER}-visit",
                {"email": f"{step.number}@{OTHER}.example"},
            ),
            "same visit": ("POST", f"/f/{OTHER}-visit", {"email": f"new@{OWN}.example", "message": "Two desks."}),
            "retry": ("POST", f"/api/v1/leads/{lead.id}/retry", {}),
            "release": ("POST", f"/api/v1/leads/{lead.id}/release", {}),
            "discard": ("POST", f"/api/v1/leads/{lead.id}/discard", {}),
            "answer": ("POST", f"/api/v1/leads/{lead.id}/answered", {}),
            "correct": (
                "POST",
                f"/api/v1/leads/{lead.id}/correct",
                {"fields": {"phone": "+442079460143"}},
            ),
            "forget": ("POST", "/api/v1/forget", {"email": lead.submission.contact.email}),
            "invite": ("POST", "/api/v1/people", {"email": f"{step.number}@{OTHER}.example", "role": "viewer"}),
            "key": ("POST", "/api/v1/tokens", {"name": f"{OTHER} {step.number}", "scopes": ["read"]}),
        }
        method, path, body = answers[step.what]
        assert self.front.client.open(path, method=method, headers=headers, json=body).status_code < 500


def _copy(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


WORK = ("visit", "same visit", "retry", "release", "discard", "answer", "correct", "forget", "invite", "key")

# -- two installations

FORM = """
[forms.{mark}-visit]
account = "{account}"
title = "Visit {mark}"
questions = [{{ name = "team_size", label = "Team at {mark}" }}]
notify = ["json://localhost/{mark}"]
[forms.{mark}-visit.webhooks.json]
token = "a-token-of-the-relay"
"""
ACCOUNT = """
[accounts.{name}]
base_url = "https://{name}.example.com"
username = "ann@{name}.example"
password = "secret"
"""


def document(*accounts: str) -> str:
    """A set-up with these accounts, each with one form."""
    forms = [FORM.format(mark=MARKS.get(account, account), account=account) for account in accounts]
    return "".join([*(ACCOUNT.format(name=name) for name in accounts if name != "default"), *forms])


def installation(folder: Path, *accounts: str) -> Iterator[Installation]:
    """One with these accounts, and our own people and keys, signed in."""
    folder.mkdir()
    with sqlite_store(folder) as store:
        leads, named = keep_everything(store, accounts)
        count_days(store)
        setup = parse_setup(document(*accounts).encode(), "set-up", lambda _: None)
        front = Front(store, CurrentSetup(UnchangingSource(setup), setup, NOW), ADMIN_PASSWORD=PASSWORD)
        browsers = {}
        for name, (role, seen) in PEOPLE.items():
            email = f"{name.replace(' ', '-')}@{OWN}.example"
            add_person(store, role, seen, email)
            browsers[name] = Operator.at(front)
            browsers[name].client.environ_base["REMOTE_ADDR"] = f"10.1.1.{len(browsers)}"
            assert browsers[name].sign_in(PASSWORD_OF_ALL, email).status_code == 303
        keys = {**KEYS, **({"neighbour": ({*Scope}, ("harbour",))} if "harbour" in accounts else {})}
        tokens = {}
        for minutes, (name, (scopes, seen)) in enumerate(keys.items()):
            wanted = KeyRequest(name, frozenset(scopes), frozenset(seen))
            made_at = NOW - timedelta(hours=1, minutes=minutes)
            tokens[name] = make_key(store, wanted, administrator(), accounts, made_at)[1]
        made = Installation(front, browsers, tokens, leads, named, folder / "leads.db")
        assert front.post({"email": f"one@{OWN}.example"}, "quay-visit").status_code < 400
        made.remember()
        yield made


@dataclass
class Pair:
    """Both installations. rules: method and rule of every route of the two doors."""

    shared: Installation
    alone: Installation
    rules: Sequence[tuple[str, str]]

    def restore(self) -> None:
        """Begin again."""
        self.shared.restore()
        self.alone.restore()

    def difference(self, request: Request) -> list[str]:
        """Ask both; return the lines that differ."""
        foreign = self.shared.named["harbour"], self.shared.leads["harbour"]
        one, other = (each.shown(each.ask(request, *foreign)).splitlines() for each in (self.shared, self.alone))
        return list(unified_diff(other, one, "alone", "shared", n=0, lineterm=""))


UNCOMPARED = re.compile(r"/admin/(sign-|account/|vendor/|passkeys|welcome)|\.(js|css)$")
"""One's own ways to sign in, which are random, and files."""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both installations, at the same moment."""
    folder = tmp_path_factory.mktemp("neighbours")
    with (
        time_machine.travel(NOW, tick=False),
        contextmanager(installation)(folder / "shared", "default", "quay", "harbour") as shared,
        contextmanager(installation)(folder / "alone", "default", "quay") as alone,
    ):
        rules = [
            (method, rule.rule)
            for rule in shared.front.app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) & {"GET", "POST", "PATCH", "DELETE", "PUT"})
            if rule.rule.startswith(("/api/", "/admin")) and not UNCOMPARED.search(rule.rule)
        ]
        yield Pair(shared, alone, sorted(rules))


@pytest.mark.parametrize("who", ["owner of two", "all of two"])
def test_every_page_and_list_says_the_same_beside_neighbours(pair: Pair, who: str) -> None:
    with time_machine.travel(NOW, tick=False):
        pair.restore()
        differing = {
            rule: difference
            for number, (method, rule) in enumerate(pair.rules)
            if method == "GET" and rule.startswith("/api/") is (who in KEYS)
            if (difference := pair.difference(Request(who, "GET", rule, "own", number, {}, {}, 0)))
        }

    assert differing == {}


# -- random requests

EMAILS = (f"p1@{OWN}.example", f"p101@{OTHER}.example", f"new@{OWN}.example", f"p120@{OTHER}.example")
ACCOUNTS = (["default"], ["quay"], ["harbour"], ["default", "harbour"], ["nowhere"], "all")

MEMBERS: Mapping[str, Sequence[Any]] = {
    "email": EMAILS,
    "name": ("Ann", OWN, f"{OTHER} program"),
    "role": [role.value for role in Role],
    "accounts": ACCOUNTS,
    "scopes": (["read"], ["people", "leads"]),
    "dry_run": (True, False),
    "disabled": (True,),
    "fields": ({"phone": "+442079460142"}, {"email": f"p101@{OTHER}.example"}),
}
"""Members of JSON -> values."""

BODIES = {
    "/people": ("email", "name", "role", "accounts"),
    "/people/<person_id>": ("name", "role", "accounts", "disabled"),
    "/tokens": ("name", "scopes", "accounts"),
    "/forget": ("email", "dry_run"),
    "/leads/<lead_id>/correct": ("fields",),
    "/preview/<form>": ("fields",),
}

FIELDS: Mapping[str, Sequence[str]] = {
    "action": ("retry", "release", "discard", "restore", "answered"),
    "id": ("<id>",),
    "scope": ("all",),
    "until": ("f" * 32,),
    "email": EMAILS[:1],
    "name": ("Ann", f"{OTHER}-visit", OWN),
    "role": ("viewer", "owner"),
    "accounts": ("default", "harbour", "quay"),
    "account": ("default", "harbour", "quay"),
    "scopes": ("read",),
    "sure": ("yes",),
    "status": ("parked", "quarantined"),
    "form": (f"{OTHER}-visit", f"{OWN}-visit"),
    "phone": ("+442079460142",),
    "act": ("import", "remove"),
    "q": WORDS,
}
"""Fields of the dashboard's forms -> values."""


def some(members: Mapping[str, Sequence[Any]], names: Sequence[str], at_least: int = 0) -> st.SearchStrategy[Any]:
    """Some of these members."""
    chosen = {name: st.sampled_from(members[name]) for name in names}
    if at_least:
        return st.fixed_dictionaries(chosen)
    return st.fixed_dictionaries({}, optional=chosen)


@st.composite
def requests(draw: st.DrawFn, rules: Sequence[tuple[str, str]]) -> Request:
    """Anything that one of our own may ask for."""
    who = draw(st.sampled_from(CALLERS))
    of_door = [each for each in rules if each[1].startswith("/api/") is (who in KEYS)]
    method, rule = of_door[draw(st.integers(0, 1 << 30)) % len(of_door)]  # sampled_from prefers the first ones
    if who in KEYS:
        names = BODIES.get(rule.removeprefix("/api/v1"), ())
        fields = draw(some(MEMBERS, names, draw(st.integers(0, 1)))) if method != "GET" else {}
    else:
        fields = draw(some(FIELDS, tuple(FIELDS))) if method != "GET" else {}
    query = {}
    if method == "GET":
        values = st.sampled_from((*WORDS, "<id>", "quay", OWN))
        query = draw(st.dictionaries(st.sampled_from((*FILTERS, "cursor", "before", "size")), values, max_size=3))
        query = {name: "3" if name == "size" else value for name, value in query.items()}
    place = draw(st.sampled_from(("own", "own", "foreign", "never")))
    return Request(who, method, rule, place, draw(st.integers(0, 120)), query, fields, draw(st.integers(1, 90)))


ELSEWHERE = st.builds(Elsewhere, st.sampled_from(WORK), st.integers(0, 105))


@settings(
    max_examples=SEQUENCES,
    phases=(Phase.generate, Phase.shrink) if IS_LONG else (Phase.generate,),
    derandomize=not IS_LONG,
    database=None,
    suppress_health_check=[*HealthCheck],
)
@given(data=st.data())
def test_whoever_has_neighbours_sees_what_one_without_them_sees(pair: Pair, data: st.DataObject) -> None:
    with time_machine.travel(NOW, tick=False) as moment:
        pair.restore()
        for _ in range(STEPS):
            for step in data.draw(st.lists(ELSEWHERE, max_size=2)):
                pair.shared.go_on(step)
            request = data.draw(requests(pair.rules))
            moment.shift(timedelta(seconds=request.seconds))

            assert pair.difference(request) == [], request

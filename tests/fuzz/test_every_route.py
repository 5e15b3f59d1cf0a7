"""Every route of the URL map, whatever is sent to it: an answer, below 500, that gives nobody away; and what was taken
is in the store."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from service import clock
from service.admin.pages.reports.figures import FIGURES
from service.alerts.answer_links import AnswerLinks
from service.capture.tools.registry import SENDERS
from service.edge import DEFAULTS
from service.i18n import LANGUAGES
from service.lead import LeadId, Status
from service.operations.invitations import INVITATION_TIME, link_digest
from service.platforms.registry import PLATFORMS
from service.store import UNPUBLISHED, ImportJob, JobState, Query
from tests.admin.colleagues import add_person
from tests.admin.dashboard import PASSWORD, Operator
from tests.admin.stored_leads import keep_as
from tests.builders import a_form
from tests.capture.senders.signing import SECRET, table_of
from tests.front import TOKEN, sqlite_store
from tests.fuzz.hostile import CONTENTS, FORM_TYPE, HEADERS, METHODS, PIECES, QUERIES, WORDS, HostileRequest

pytestmark = pytest.mark.long

IS_LONG = settings.get_current_profile_name() == "fuzz"
TRIES = 200 if IS_LONG else 3
"""Hostile requests of each caller to each route: many in `make fuzz`, and always the same ones in CI."""

SETTINGS = settings(database=None, derandomize=not IS_LONG, suppress_health_check=[*HealthCheck])
KEPT = {"lead_kept", "kept_unread"}
ADDRESSES = st.sampled_from(["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "fe80::1%eth0", "", "unix:"])

MAX_CPU_S = 2.0

STORED = ("ada@example.com", "Lovelace", "+442079460142")
"""Of the person who is in the store: no answer to a stranger holds them."""

SECRETS = (TOKEN, PASSWORD, SECRET)
TRACES = ("Traceback", 'File "', "site-packages", "sqlalchemy", "werkzeug.exceptions", "Error:", "service/")

CALLERS = ("stranger", "operator", "program")
"""Without any proof, signed in with the token of its forms, with the API's token."""


class Target:
    """The application with leads in it, and who calls it."""

    def __init__(self, operator: Operator, lead_ids: Sequence[LeadId], import_id: str) -> None:
        self.front = operator.front
        self.rules = list(self.front.app.url_map.iter_rules())
        self.form_token = operator.token
        cookie = operator.client.get_cookie("lead_capture_admin", path="/admin")
        assert cookie is not None
        self.cookie = f"{cookie.key}={cookie.value}"
        self.values: Mapping[str, list[str]] = {
            "lead_id": list(lead_ids),
            "form": ["tour", "open"],
            "sender": list(SENDERS),
            "platform": list(PLATFORMS),
            "account": ["default"],
            "token": [SECRET],
            "job_id": [import_id],
            "code": list(LANGUAGES),
            "signed": [AnswerLinks("", self.front.store.secret_key).token_of(lead_id) for lead_id in lead_ids],
        }

    def values_of(self, rule: Rule, argument: str) -> list[str]:
        """What stands for an argument of a rule in an address that is there."""
        if argument == "name":
            return list(FIGURES) if rule.rule.endswith(".csv") else self.values["form"]
        return self.values.get(argument, ["1"])

    def address(self, rule: Rule, values: Mapping[str, str]) -> str:
        """A path; the values percent-encoded."""
        return "".join(values[part] if is_argument else quote(part) for is_argument, part in rule._trace if part != "|")

    def headers(self, caller: str) -> dict[str, str]:
        """How a caller proves itself."""
        return {
            "stranger": {},
            "operator": {"Cookie": self.cookie},
            "program": {"Authorization": f"Bearer {TOKEN}", "X-Webhook-Token": SECRET},
        }[caller]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """Every route, forms of every kind, leads at every status."""
    open_senders: dict[str, Any] = {name: {} for name in SENDERS if name not in PLATFORMS}
    forms = (
        a_form("open", require=(), webhooks=open_senders),
        a_form(
            "tour", allowed_origins=("https://www.example.com",), webhooks={name: table_of(name) for name in SENDERS}
        ),
    )
    with sqlite_store(tmp_path_factory.mktemp("hostile")) as store:
        ids = [keep_as(store, status).id for status in Status]
        imported = ImportJob("1" * 32, "tour", "", "leads.csv", JobState.IMPORTING, clock.now(), clock.now())
        document = "[forms.tour]\n[forms.open]\n"
        store.write(lambda tx: tx.setups.publish(document, "", "admin", clock.now(), UNPUBLISHED))
        store.write(lambda tx: tx.imports.add(imported, b"email\nann@example.com\n"))
        invited = add_person(store, email="bob@example.com", password="")
        store.write(lambda tx: tx.people.set_link(invited.id, link_digest(SECRET), clock.now() + INVITATION_TIME))
        yield Target(Operator(store, *forms, SAMPLE_PAGE="true"), ids, imported.id)


# -- requests


@st.composite
def requests(draw: st.DrawFn, target: Target, rule: Rule, caller: str) -> HostileRequest:
    """A request to a rule: an address that is there or nearly so, and anything else."""
    values = {
        name: draw(st.one_of([st.sampled_from(target.values_of(rule, name))] * 2 + [PIECES]))
        for name in sorted(rule.arguments)
    }
    allowed = st.sampled_from(sorted(rule.methods or ()))
    content_type, body = draw(CONTENTS)
    if caller == "operator" and content_type == FORM_TYPE:
        body += f"&token={target.form_token}".encode()
    return HostileRequest(
        draw(st.one_of(allowed, allowed, st.sampled_from(METHODS))),
        target.address(rule, values) + draw(st.sampled_from([*[""] * 6, "/", "%2f..", "%00"])),
        draw(QUERIES),
        {"Content-Type": content_type, **draw(HEADERS), **target.headers(caller)},
        body,
        draw(ADDRESSES),
    )


def send(request: HostileRequest, target: Target, caller: str) -> Response:
    """Send it, within the time that a request may take, and check its answer."""
    with capture_logs() as lines:
        began = time.thread_time()
        response = request.send(target.front.app)
        assert time.thread_time() - began < MAX_CPU_S
    text = response.get_data().decode("utf-8", "replace")
    check_status(request, response.status_code, lines)
    assert {name for name, _ in DEFAULTS} <= set(response.headers.keys())
    check_silence(request, text, caller, lines)
    check_kept([str(line["lead"]) for line in lines if line["event"] in KEPT], target)
    if text and response.mimetype == "application/json" and request.path.startswith(("/f/", "/webhooks/")):
        check_kept(ids_of(json.loads(text)), target)
    return response


def check_status(request: HostileRequest, status: int, lines: Sequence[Mapping[str, object]]) -> None:
    """No error of ours. A webhook of a form that is not there is asked to come again, by design."""
    sentences = [line["why"] for line in lines if line["event"] == "webhook_refused"]
    assert status < 500 or (status == 503 and sentences == ["There is no such form."])
    assert not [line for line in lines if line["event"] in {"request_failed", "webhook_not_understood"}]


def check_silence(request: HostileRequest, text: str, caller: str, lines: Sequence[Mapping[str, object]]) -> None:
    """Nothing of our code, of secrets and, to strangers, of people who are in the store; none of these in the log."""
    sent = f"{request.body.decode('latin-1')} {request.path} {request.query} {request.headers}"
    traces = TRACES if not request.path.startswith(("/docs", "/openapi", "/attribution", "/admin/selection")) else ()
    hidden = [*SECRETS, *traces, *(STORED if caller == "stranger" else ())]
    assert [words for words in hidden if words in text and words not in sent] == []
    assert [words for words in (*SECRETS, *STORED) if words in str(lines)] == []


def ids_of(receipt: object) -> list[str]:
    """The leads that an answer names."""
    if not isinstance(receipt, dict):
        return []
    ids: list[str] = receipt.get("ids", [receipt["id"]] if "id" in receipt else [])
    return ids


def check_kept(ids: Sequence[str], target: Target) -> None:
    """What was said to be kept is in the store."""
    if ids:
        with target.front.store.read() as tx:
            assert [lead_id for lead_id in ids if tx.leads.get(lead_id) is None] == []


# -- tests


@pytest.mark.parametrize("caller", CALLERS)
def test_no_route_stumbles_over_what_is_sent_to_it(target: Target, caller: str) -> None:
    """Every rule of the URL map, none left out: the list is the application's own."""
    for rule in target.rules:

        @settings(SETTINGS, max_examples=TRIES)
        @given(request=requests(target, rule, caller))
        def stumbles_nowhere(request: HostileRequest) -> None:
            note(str(request))
            send(request, target, caller)

        stumbles_nowhere()


def test_every_route_is_reached(target: Target) -> None:
    """A request with nothing odd in it comes to its rule; the hostile ones differ little from it."""
    adapter = target.front.app.url_map.bind("leads.example.com")
    for rule in target.rules:
        path = target.address(rule, {name: target.values_of(rule, name)[0] for name in rule.arguments})
        for method in rule.methods or ():
            assert adapter.match(path, method)[0] in {each.endpoint for each in target.rules if each.rule == rule.rule}
        response = send(
            HostileRequest(min(rule.methods or ()), path, headers=target.headers("operator")), target, "operator"
        )
        assert response.status_code not in {404, 405}, rule


@st.composite
def enquiries(draw: st.DrawFn) -> tuple[str, HostileRequest]:
    """Somebody's answers, in one of the usual formats amid anything else; with the address that they give."""
    email = f"{draw(st.uuids()).hex}@example.com"
    answers = {**dict(draw(st.lists(st.tuples(WORDS, WORDS), max_size=3))), "email": email, "message": draw(WORDS)}
    safe = {_storable(name): _storable(value) for name, value in answers.items()}
    content_type, body = draw(
        st.sampled_from(
            [
                (FORM_TYPE, urlencode(safe).encode()),
                ("application/json", json.dumps(answers).encode()),
                ("text/plain;charset=UTF-8", json.dumps(safe, ensure_ascii=False).encode()),
            ]
        )
    )
    sender = draw(st.sampled_from(["json", "elementor", "contact-form-7", "fluent-forms"]))
    path = draw(st.sampled_from(["/f/open", "/f/open/", f"/webhooks/{sender}/open", f"/webhooks/{sender}/open/token"]))
    headers = {name: value for name, value in draw(HEADERS).items() if name != "Content-Length"}
    return email, HostileRequest(
        "POST", path, draw(QUERIES), {**headers, "Content-Type": content_type}, body, draw(ADDRESSES)
    )


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def test_what_was_taken_is_in_the_store(target: Target) -> None:
    @settings(SETTINGS, max_examples=TRIES * 12)
    @given(enquiry=enquiries())
    def is_kept(enquiry: tuple[str, HostileRequest]) -> None:
        email, request = enquiry
        response = send(request, target, "stranger")
        with target.front.store.read() as tx:
            leads = tx.search.leads(Query(text=email), 5)
        assert response.status_code in {200, 303, 422, 429, 503}
        assert (response.status_code in {200, 303}) == bool(leads), response.get_data()

    is_kept()

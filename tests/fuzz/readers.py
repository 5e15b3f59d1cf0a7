"""The readers of strangers' bytes, each as one function of bytes that raises if a promise is broken.

`make fuzz` lets atheris look for such bytes; tests/fuzz/test_readers.py runs every reader over its seeds and over what
was found before.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import parse_qs, parse_qsl

from service.attribution import is_tag
from service.capture.accept import arrival_of
from service.capture.fields.enquiries import Enquiry, Item, LeadNotice, UnreadableItem
from service.capture.fields.reading import Incoming, Reading
from service.capture.fields.submissions import submit, submit_notice, submit_unreadable
from service.capture.http import form_posts, webhook_items
from service.capture.http.webhook_items import WebhookRoute
from service.capture.http.webhooks import _check_proofs
from service.capture.pages.rendering import error_page
from service.capture.parsing import InvalidBody, Unreadable
from service.capture.parsing.bodies import read_body
from service.capture.parsing.loose_json import parse
from service.capture.parsing.texts import clean, texts_of
from service.capture.tools.registry import SENDERS
from service.capture.tools.sender import InvalidSignature, MalformedPayload, WebhookCall
from service.forms import Form, Route
from service.lead import Submission
from service.platforms.linkedin import webhook as linkedin
from service.platforms.meta import webhook as meta
from tests.builders import NOON, a_form
from tests.capture.senders.recorded import recorded
from tests.capture.senders.signing import URL, table_of
from tests.server.test_request_buffer import arrive

FORM_TYPE = "application/x-www-form-urlencoded"

FORMS = (
    a_form(),
    a_form(
        require=("email", "phone", "badge_no"),
        country="GB",
        language="de",
        fields={"email": ("your-email",), "message": ("q[1]",)},
        redirect="https://www.example.com/{location}",
        routes=(Route({"location": "leeds"}, a_form(require=("phone",))),),
    ),
)
"""A plain form, and one that asks for more."""


class PromiseBroken(AssertionError):
    """A reader returned an impossible result. The message omits the bytes, so that the same break is reported once."""


@dataclass(frozen=True)
class FuzzedReader:
    """run: reads bytes. seeds: where the search begins. max_cpu_s: the limit of one run, with its lines counted."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    max_cpu_s: float = 1.0


# -- what must hold for whatever was read


def check_kept(submission: Submission, form: Form) -> None:
    """The submission becomes a lead with its keys, and every database takes its texts."""
    arrival = arrival_of(submission, form, NOON)
    _check_storable(asdict(replace(submission, raw=b"")))
    _check_storable(asdict(arrival.lead.attribution))
    _check_storable([str(key) for key in arrival.keys])


def _check_storable(value: object) -> None:
    if isinstance(value, str):
        if "\0" in value or (not value.isascii() and any(0xD800 <= ord(sign) < 0xE000 for sign in value)):
            raise PromiseBroken("a text that PostgreSQL refuses")
    elif isinstance(value, Mapping):
        for name, member in value.items():
            _check_storable(name)
            _check_storable(member)
    elif isinstance(value, Iterable):
        for member in value:
            _check_storable(member)


def _check_nothing_lost(sent: Iterable[str], answers: Mapping[str, Any]) -> None:
    """Check that every letter and digit sent is in an answer or its name; spaces and signs may differ."""
    kept = _essence(" ".join([*answers, *(text for answer in answers.values() for text in texts_of(answer))]))
    for text in sent:
        if _essence(clean(text)) not in kept:
            raise PromiseBroken("an answer was lost")


def _essence(text: str) -> str:
    return "".join(sign for sign in text if sign.isalnum())


# -- posts of browsers: the content type, "|", the Content-Encoding, a line end, the body


def read_form_post(data: bytes) -> None:
    """A post becomes a lead or one of our errors, and the page that returns its answers can be made."""
    head, _, body = data.partition(b"\n")
    content_type, _, coding = head.decode("latin-1").partition("|")
    for form, headers in zip(FORMS, ({}, {"sec-fetch-mode": "navigate"}), strict=True):
        incoming = Incoming(body, content_type, {"content-encoding": coding, **headers}, received_at=NOON.timestamp())
        reading = _outcome(incoming, form)
        if isinstance(reading, Reading):
            check_kept(reading.submission, form)
            error_page(form, reading, reading.errors, None)
            if _outcome(incoming, form) != reading:
                raise PromiseBroken("the same post was read in two ways")


def _outcome(incoming: Incoming, form: Form) -> Reading | str:
    try:
        return form_posts._read(incoming, form)
    except InvalidBody as error:
        return error.code


def form_post_seeds() -> Iterator[bytes]:
    """Recorded posts under their own type, and inputs that were difficult before."""
    for each in recorded():
        content_type = next((v for k, v in each.headers.items() if k.lower() == "content-type"), "")
        yield content_type.encode("latin-1", "replace") + b"\n" + each.body
    for content_type, body in HARD_BODIES:
        yield content_type.encode() + b"\n" + body


def read_long_post(data: bytes) -> None:
    """A post of maximum size that repeats a few bytes takes no longer than its length explains."""
    head, _, unit = data.partition(b"\n")
    if unit:
        read_form_post(
            head + b"\n" + (unit * (form_posts.MAX_BODY_BYTES // len(unit) + 1))[: form_posts.MAX_BODY_BYTES]
        )


def long_post_seeds() -> Iterator[bytes]:
    """Beginnings that were slow somewhere, once."""
    for unit in (
        b"a[b]",
        b"a&",
        b"&amp;",
        b'{"a":',
        b'{"a":[',
        b'\\"',
        b"--b\r\n",
        b"a=b\r\n",
        b"%5B0%5D=1&",
        b"+44 20 ",
        b',"a"',
    ):
        yield FORM_TYPE.encode() + b"\n" + unit


PART = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'

HARD_BODIES: tuple[tuple[str, bytes], ...] = (
    (FORM_TYPE, b"email=ann%40example.com&name=Ann+Lee&message=Two%20desks&lc_key=1-2-3-4.5000&_next=/thanks"),
    (FORM_TYPE, b"item_meta[1]=Ann&q[1][a][]=b&q[1][a][]=c&a.0=x&a.1=y&fields[email][value]=ann@example.com"),
    (FORM_TYPE + "; charset=shift_jis", b"email=ann@example.com&message=%83e%83X%83g"),
    (FORM_TYPE, b"payload=%7B%22email%22%3A%22ann%40example.com%22%7D"),
    (FORM_TYPE, b"email=ann@example.com&message=Smith &amp; Sons&phone=+44 20 7946 0142&utm_source=google"),
    ("multipart/form-data; boundary=b", PART % (b"email", b"ann@example.com") + PART % (b"a[b]", b"hi") + b"--b--\r\n"),
    (
        "multipart/form-data; boundary=b",
        b"--b\r\nContent-Disposition: form-data; name=cv; filename*=UTF-8''a%20b.pdf\r\n\r\n%PDF\r\n--b--\r\n",
    ),
    ("text/plain", b"email=ann@example.com\r\nname=Ann Lee\r\nmessage=Two desks\r\n"),
    ("application/json", b'{"email":"ann@example.com","name":{"first":"Ann"},"tags":["a","b"],"n":1e400,"x":null}'),
    ("application/json", b'"{\\"email\\": \\"ann@example.com\\"}"'),
    ("application/json", b'{email: \'ann@example.com\', "message": "a "quoted" word",}'),
    ("application/json", b'[{"name":"email","value":"ann@example.com"},{"name":"a[0]","value":"b"}]'),
    ("application/json", b'{"a":1}\n{"a":2}'),
    ("application/json", '{"email": "ann@example.com", "message": "Grüße"}'.encode("utf-16")),
    ("", b"%7B%22email%22%3A%22ann%40example.com%22%7D="),
    ("text/html", b"email=ann@example.com&name=Ann"),
)


# -- sound bodies: what was sent is kept


def read_sound_json(data: bytes) -> None:
    """Of an object that Python's decoder reads, every text is among the answers."""
    try:
        data.decode()
        value = json.loads(data, parse_int=str, parse_float=str, parse_constant=str, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        return
    if isinstance(value, _Pairs) and (texts := list(_leaves(value))):
        try:
            answers = read_body(data, "application/json").answers
        except InvalidBody as error:
            if any(map(_essence, texts)) and isinstance(error, Unreadable) and "deep" not in error.sentence:
                raise PromiseBroken("sound JSON was refused") from None
            return
        _check_nothing_lost(texts, answers)


class _Pairs(list[tuple[str, object]]):
    """The members of one object, repeated names included."""


def _leaves(value: object) -> Iterator[str]:
    """The texts, without those of lists in a campaign tag: one that is no list of texts is no tag, and left out."""
    if isinstance(value, _Pairs):
        for name, member in value:
            if not (is_tag(name) and isinstance(member, list)):
                yield from _leaves(member)
    elif isinstance(value, list):
        for member in value:
            yield from _leaves(member)
    elif isinstance(value, str):
        yield value


def json_seeds() -> Iterator[bytes]:
    """Recorded JSON, and some of our own."""
    for each in recorded():
        if each.body[:1] == b"{":
            yield each.body
    yield from (body for content_type, body in HARD_BODIES if content_type.endswith("json"))
    yield b'{"a":{"b":[1,"x",{"c":true}],"b":"y"},"":"z","q[0]":"m","q[1]":"n"}'


def read_sound_pairs(data: bytes) -> None:
    """Of an urlencoded body as browsers write it, every value is among the answers."""
    text = "".join(map(chr, data)) if data.isascii() else ""
    allowed = text and all(sign.isalnum() or sign in "=&%+-._*" for sign in text)
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace") if allowed and "=" in text else []
    if not any(_essence(clean(value)) for _, value in pairs):
        return
    try:
        answers = read_body(data, FORM_TYPE).answers
    except Unreadable:
        raise PromiseBroken("a sound form was refused") from None
    is_utf_8 = "\ufffd" not in str(pairs)  # otherwise all of it is read in another charset
    _check_nothing_lost((value for _, value in pairs if value.isascii() or is_utf_8), answers)


def pair_seeds() -> Iterator[bytes]:
    """Forms as browsers write them."""
    yield from (body for content_type, body in HARD_BODIES if content_type == FORM_TYPE)
    yield b"a=1&a=2&a.0=3&a.1=4&a%5B%5D=5&b=%FC&c=%00&=d&e"


# -- JSON made of bytes: every byte is a step, so that nearly every mutation is sound JSON of another shape


_WORDS = (
    *("email", "name", "value", "label", "id", "type", "data", "fields", "answers", "questions", "payload", "event"),
    *("form_response", "definition", "field", "ref", "title", "text", "choice", "labels", "responses", "createdAt"),
    *("lead_id", "user_column_data", "column_id", "column_name", "string_value", "is_test", "google_key", "gcl_id"),
    *("entry", "changes", "leadgen_id", "page_id", "form_id", "field_data", "values", "created_time", "object"),
    *("leadGenFormResponse", "leadAction", "owner", "associatedEntity", "type", "LEAD_ACTION", "CREATED", "DELETED"),
    *("properties", "contact", "submission", "formData", "body", "items", "attendees", "startTime", "timeZone"),
    *("formResponse", "content", "questionId", "answerDetails", "textQuestionAnswer", "answer", "predefinedField"),
    *("multipleChoiceAnswer", "options", "hiddenFields", "consentResponses", "custom_disclaimer_responses", "key"),
    *("utm_source", "gclid", "consent", "phone", "first_name", "message", "lc_key", "entry_id", "page_url", "0"),
)
_TEXTS = (
    *("ann@example.com", "Ann Lee", "+44 20 7946 0142", "Two desks", "true", "1764000000", "2026-11-24T12:00:00Z"),
    *("urn:li:leadGenFormResponse:a-1", '{"a":"b"}', "[]", "a,b", "&amp;", "\ud800", "\0", "=1+1", "9" * 30, ""),
)


def _made(steps: Iterator[int], depth: int = 0) -> object:
    """The value that the steps lead to."""
    step = next(steps, 0)
    kind, number = step % 8, step // 8
    if kind < 3 and depth < 7:
        return {_WORDS[next(steps, 0) % len(_WORDS)]: _made(steps, depth + 1) for _ in range(1 + number % 6)}
    if kind == 3 and depth < 7:
        return [_made(steps, depth + 1) for _ in range(number % 4)]
    if kind == 4:
        return [None, True, False, 0, -1, 1e300, 10**40, 1764000000123][number % 8]
    if kind == 5:
        return _WORDS[next(steps, 0) % len(_WORDS)]
    return _TEXTS[number % len(_TEXTS)]


def read_made_json(data: bytes) -> None:
    """A sender's number, then steps."""
    if data:
        read_webhook(data[:1] + b"\0" + json.dumps(_made(iter(data[1:]))).encode())
        read_sound_json(json.dumps(_made(iter(data[1:]))).encode())


def read_fetched(data: bytes) -> None:
    """Any response of a platform to the fetch of a lead becomes a lead."""
    steps = iter(data)
    for name, module in (("meta", meta), ("linkedin", linkedin)):
        lead, questions = (parse(json.dumps(_made(steps))) for _ in range(2))
        if isinstance(lead, dict):
            form = questions if isinstance(questions, dict) else None
            enquiry = module.enquiry(lead, form, {"form_id": "1"}, {})
            check_kept(submit(enquiry, FORMS[0], name, {}), FORMS[0])


def made_json_seeds() -> Iterator[bytes]:
    """Any steps will do."""
    for number in range(len(_NAMES)):
        yield bytes([number, *range(0, 240, 7)])


# -- calls of webhooks: the sender's number, one for the content type, the body


_NAMES = tuple(SENDERS)
_TYPES = ("application/json", FORM_TYPE, "multipart/form-data; boundary=b", "text/plain", "")


def read_webhook(data: bytes) -> None:
    """A call is proven or refused; each of its items becomes a lead, a notice, or is kept as it came."""
    if len(data) < 2:
        return
    name, content_type, body = _NAMES[data[0] % len(_NAMES)], _TYPES[data[1] % len(_TYPES)], data[2:]
    form = FORMS[data[1] // 128]
    headers = {"content-type": content_type, "user-agent": "n8n"}
    call = WebhookCall(body, headers, f"{URL}/webhooks/{name}/contact?location=leeds", received_at=NOON.timestamp())
    proven = WebhookRoute(name, SENDERS[name], table_of(name), form)
    with suppress(InvalidSignature, MalformedPayload):
        _check_proofs(call, proven)
    for route in (proven, WebhookRoute(name, SENDERS[name], {}, form)):
        for item in _items(route, call):
            _check_item(item, route)


def _items(route: WebhookRoute, call: WebhookCall) -> list[Item]:
    try:  # not read_items, which keeps what it does not understand instead of raising
        return webhook_items._items(route, webhook_items.decompressed(call))
    except InvalidBody:
        return []


def _check_item(item: Item, route: WebhookRoute) -> None:
    if isinstance(item, Enquiry):
        check_kept(submit(item, route.form, route.name, route.config, "location=leeds"), route.form)
    elif isinstance(item, LeadNotice):
        check_kept(submit_notice(item, route.form, route.name, route.config), route.form)
    elif isinstance(item, UnreadableItem):
        check_kept(submit_unreadable(item, route.form, route.name), route.form)


def webhook_seeds() -> Iterator[bytes]:
    """Recorded calls of every sender, and hard bodies for one of them."""
    for each in recorded():
        content_type = next((v for k, v in each.headers.items() if k.lower() == "content-type"), "")
        kind = next((n for n, known in enumerate(_TYPES) if content_type.startswith(known.partition(";")[0])), 4)
        yield bytes([_NAMES.index(each.sender), kind]) + each.body
    for _, body in HARD_BODIES:
        yield bytes([_NAMES.index("json"), 0]) + body


def answer_handshake(data: bytes) -> None:
    """A check of the endpoint is answered or refused, and its answer can be sent."""
    query = {name: values[0] for name, values in parse_qs(data.decode("utf-8", "replace")).items()}
    for name, sender in SENDERS.items():
        if sender.verify_endpoint is not None:
            table = {**table_of(name), "verify_token": "v" * 16}
            try:
                reply = sender.verify_endpoint(WebhookCall(query=query, method="GET"), table)
            except InvalidSignature:
                continue
            if reply.content_type.startswith("text/html"):
                raise PromiseBroken("a stranger's words would be shown as a page")
            reply.body.encode()


def handshake_seeds() -> Iterator[bytes]:
    """Those of Meta and LinkedIn."""
    yield b"hub.mode=subscribe&hub.verify_token=" + b"v" * 16 + b"&hub.challenge=1158201444"
    yield b"challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0&applicationId=1"


# -- connections: two numbers for the places of cuts, then all bytes


def read_connection(data: bytes) -> None:
    """Requests are the same however their bytes are cut."""
    if len(data) < 3:
        return
    whole = data[2:]
    places = sorted({place for place in (data[0], data[1], data[0] * data[1]) if 0 < place < len(whole)})
    pieces = [whole[start:end] for start, end in zip([0, *places], [*places, len(whole)], strict=True)]
    if arrive(pieces) != arrive([whole]):
        raise PromiseBroken("the cut decided what was read")


def connection_seeds() -> Iterator[bytes]:
    """Requests with a length, with chunks, with neither, and two at once."""
    get = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    post = b"POST /f/contact HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\na=b&c"
    chunks = b"POST /f/a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"
    yield from (b"\x14\x28" + sent for sent in (get, post, chunks, get + post, chunks + get, b"\r\n" + get))


READERS: Mapping[str, FuzzedReader] = {
    "form": FuzzedReader(read_form_post, form_post_seeds),
    "long-form": FuzzedReader(read_long_post, long_post_seeds, max_cpu_s=8.0),
    "json": FuzzedReader(read_sound_json, json_seeds),
    "pairs": FuzzedReader(read_sound_pairs, pair_seeds),
    "webhook": FuzzedReader(read_webhook, webhook_seeds),
    "handshake": FuzzedReader(answer_handshake, handshake_seeds),
    "made-json": FuzzedReader(read_made_json, made_json_seeds),
    "fetched": FuzzedReader(read_fetched, made_json_seeds),
    "connection": FuzzedReader(read_connection, connection_seeds),
}

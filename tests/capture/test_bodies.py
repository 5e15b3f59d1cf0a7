"""Every way a body may arrive, and every way it may be broken."""

import json
from typing import Any

import pytest

from service.capture.parsing import Empty, InvalidBody, Unreadable, Unsupported
from service.capture.parsing.bodies import RequestBody, read_body
from service.capture.parsing.multipart import File
from tests.tables import each_row

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=b"


def part(name: str, value: str, more: str = "") -> bytes:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'.encode()


READABLE: dict[str, tuple[bytes, str, dict[str, Any]]] = {
    "urlencoded": (b"name=Ann+Lee&email=ann%40example.com", FORM, {"name": "Ann Lee", "email": "ann@example.com"}),
    "repeats": (b"tag=a&tag=b&tag=", FORM, {"tag": ["a", "b"]}),
    "a blank before a value": (b"agree=&agree=on", FORM, {"agree": "on"}),
    "brackets": (b"tag[]=a&tag[]=b", FORM, {"tag": ["a", "b"]}),
    "nested brackets": (b"a[b][c]=1&fields[email]=x", FORM, {"a.b.c": "1", "fields.email": "x"}),
    "names in brackets": (b"%5Bemail%5D=x&%5Ba%5D=1", FORM, {"[email]": "x", "[a]": "1"}),
    "names in brackets, unescaped": (b"[email]=x&[a]=1", FORM, {"[email]": "x", "[a]": "1"}),
    "escaped json": (b"%7B%22a%22:%22b=c%22%7D=", FORM, {"a": "b=c"}),
    "no value": (b"a=1&newsletter", FORM, {"a": "1", "newsletter": ""}),
    "value with =": (b"a=1=2", FORM, {"a": "1=2"}),
    "line ends": (b"m=a%0D%0Ab%0Dc", FORM, {"m": "a\nb\nc"}),
    "no-break and zero-width": ("m=\xa0a\u200bb\xa0c\ufeff".encode(), FORM, {"m": "ab c"}),
    "NUL": (b"m=a%00b", FORM, {"m": "ab"}),
    "utf-8 as default": ("n=Zoë".encode(), FORM, {"n": "Zoë"}),
    "windows-1252 where it is no utf-8": (b"n=Zo%EB&m=%80", FORM, {"n": "Zoë", "m": "€"}),
    "charset of the header": (b"n=%F9", f"{FORM}; charset=iso-8859-2", {"n": "ů"}),
    "latin-1 is windows-1252": (b"n=%80", f"{FORM}; charset=ISO-8859-1", {"n": "€"}),
    "charset of the field": (b"n=%F9&_charset_=iso-8859-2", FORM, {"n": "ů", "_charset_": "iso-8859-2"}),
    "unknown charset": ("n=Zoë".encode(), f"{FORM}; charset=klingon", {"n": "Zoë"}),
    "a codec that is no charset": (b"n=abc%C3%AB", f"{FORM}; charset=unicode_escape", {"n": "abcë"}),
    "json": (b'{"n":3,"x":1.50,"yes":true,"none":null}', JSON, {"n": "3", "x": "1.50", "yes": "true", "none": ""}),
    "nested json": (b'{"utm":{"source":"bing"},"tags":["a","b"]}', JSON, {"utm.source": "bing", "tags": ["a", "b"]}),
    "a list twice": (b'{"gclid":["a"],"gclid":["b"],"x":["c"],"x":"d"}', JSON, {"gclid": ["a", "b"], "x": ["c", "d"]}),
    "objects in a list": (b'{"items":[{"a":1},{"a":2}]}', JSON, {"items.0.a": "1", "items.1.a": "2"}),
    "byte order mark": (b'\xef\xbb\xbf{"a":"b"}', JSON, {"a": "b"}),
    "utf-16 json": ('{"a":"ë"}'.encode("utf-16"), JSON, {"a": "ë"}),
    "raw line end in a string": (b'{"m":"a\nb"}', JSON, {"m": "a\nb"}),
    "half a character": (b'{"a":"x\\ud800y"}', JSON, {"a": "x\ufffdy"}),
    "a list of one": (b'[{"a":"b"}]', JSON, {"a": "b"}),
    "a list of two": (b'[{"a":"b"},{"a":"c"}]', JSON, {"a": "b", "item 2.a": "c"}),
    "jquery's serializeArray": (b'[{"name":"a","value":"1"},{"name":"b","value":"2"}]', JSON, {"a": "1", "b": "2"}),
    "vendor json": (b'{"a":"b"}', "application/vnd.api+json", {"a": "b"}),
    "json without a type": (b' {"a":"b"}', "", {"a": "b"}),
    "json as urlencoded": (b'{"a":"b"}', FORM, {"a": "b"}),
    "json as octets": (b'{"a":"b"}', "application/octet-stream", {"a": "b"}),
    "urlencoded as json": (b"a=b&c=d", JSON, {"a": "b", "c": "d"}),
    "urlencoded without a type": (b"a=b&c=d", "", {"a": "b", "c": "d"}),
    "urlencoded of a made-up type": (b"a=b", "form-data", {"a": "b"}),
    "plain json": (b'{"a":"b"}', "text/plain;charset=UTF-8", {"a": "b"}),
    "plain urlencoded": (b"a=b+c&d=e", "text/plain", {"a": "b c", "d": "e"}),
    "plain lines": (b"a=b c\r\nm=one\r\ntwo\r\nd=e+f", "text/plain", {"a": "b c", "m": "one\ntwo", "d": "e+f"}),
    "multipart": (part("a", "b") + part("c", "d") + b"--b--", MULTIPART, {"a": "b", "c": "d"}),
    "multipart without a boundary": (part("a", "b") + b"--b--", "multipart/form-data", {"a": "b"}),
    "multipart without a type": (part("a", "b") + b"--b--", "", {"a": "b"}),
    "multipart that broke off": (part("a", "b") + b"--b", MULTIPART, {"a": "b"}),
    "multipart of line feeds": (part("a", "b").replace(b"\r", b"") + b"--b--", MULTIPART, {"a": "b"}),
    "multipart in windows-1252": (part("a", "?").replace(b"?", b"\xeb") + b"--b--", MULTIPART, {"a": "ë"}),
}  # fmt: skip


@each_row("name", READABLE)
def test_a_body_is_read(name: str) -> None:
    body, content_type, expected = READABLE[name]

    assert read_body(body, content_type).answers == expected


REFUSED: dict[str, tuple[bytes, str, type[InvalidBody]]] = {
    "nothing": (b"", FORM, Empty),
    "blanks": (b" \r\n", JSON, Empty),
    "empty answers": (b"a=&b=+", FORM, Empty),
    "empty object": (b"{}", JSON, Empty),
    "broken json": (b'{"email":"ann@exa', JSON, Unreadable),
    "broken json as text": (b'{"email":"a=b', "text/plain", Unreadable),
    "json that is a word": (b'"hello"', JSON, Unreadable),
    "json that is a list of words": (b'["a"]', JSON, Unreadable),
    "deepest nesting": (b'{"a":' * 60_000 + b"1" + b"}" * 60_000, JSON, Unreadable),
    "binary": (b"\x89PNG\r\n\x1a\n\x00=\x00", FORM, Unreadable),
    "prose": (b"hello there", "text/plain", Unreadable),
    "multipart without parts": (b"nothing here", MULTIPART, Unreadable),
    "picture": (b"\x89PNG", "image/png", Unsupported),
    "picture that looks like a form": (b"a=b", "image/png", Unsupported),
    "xml": (b"<a b='c'/>", "application/xml", Unsupported),
    "unknown octets": (b"\x00\x01=", "application/octet-stream", Unsupported),
}


@each_row("name", REFUSED)
def test_what_is_no_form_is_refused_by_name(name: str) -> None:
    body, content_type, expected = REFUSED[name]

    with pytest.raises(expected) as refused:
        read_body(body, content_type)

    assert refused.value.code
    assert refused.value.sentence.endswith(".")


def test_an_empty_file_input_is_ignored_and_a_file_is_noted() -> None:
    body = (
        part("a", "b") + part("logo", "", '; filename=""') + part("plan", "12345", '; filename="a%22b.txt"') + b"--b--"
    )

    decoded = read_body(body, MULTIPART)

    assert decoded == RequestBody({"a": "b"}, (File("plan", 'a"b.txt', "", 5),))


def test_a_list_of_enquiries_is_remarked() -> None:
    decoded = read_body(b'[{"a":"b"},{"a":"c"}]', JSON)

    assert "2 items" in decoded.notes[0]


def test_deep_nesting_is_kept_as_text() -> None:
    depth = 20
    body = b'{"a":' * depth + b'"x"' + b"}" * depth

    ((name, kept),) = read_body(body, JSON).answers.items()

    assert name == ".".join("a" * 8)
    assert json.loads(str(kept))["a"]


@each_row(
    ("pasted", "kept"),
    [
        ("👩\u200d💻", "👩\u200d💻"),
        ("Jo\u200dhn", "John"),
        ("\u202a+44 20 7946 0142\u202c", "+44 20 7946 0142"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_joiners_stay_where_they_spell_something(pasted: str, kept: str) -> None:
    body = json.dumps({"m": pasted}).encode()

    assert read_body(body, JSON).answers["m"] == kept

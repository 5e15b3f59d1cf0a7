"""The same answers, however they are packed: what comes out is what went in, at both doors."""

import gzip
import json
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import encode_multipart

from service.capture.parsing import Empty, Unreadable, Unsupported
from service.capture.parsing.bodies import decompress, read_body
from service.capture.parsing.texts import clean
from tests.tables import each_row

Pairs = Mapping[str, str]


def as_lines(pairs: Pairs) -> bytes:
    """A lead a line, of which this is the first."""
    return b"\n".join(json.dumps(each).encode() for each in (pairs, {"other": "lead"}))


def as_parts(pairs: Pairs) -> bytes:
    return encode_multipart(dict(pairs), boundary="----b7f3a")[1]


PACKED: dict[str, tuple[Callable[[Pairs], bytes], str]] = {
    "urlencoded": (lambda pairs: urlencode(pairs).encode(), "application/x-www-form-urlencoded"),
    "urlencoded as text": (lambda pairs: urlencode(pairs).encode(), "text/plain"),
    "numbered": (lambda pairs: urlencode({f"{name}[0]": pairs[name] for name in pairs}).encode(), ""),
    "parts": (as_parts, "multipart/form-data; boundary=----b7f3a"),
    "parts without a boundary": (as_parts, "multipart/form-data"),
    "JSON": (lambda pairs: json.dumps(pairs).encode(), "application/json"),
    "JSON in UTF-8": (lambda pairs: json.dumps(pairs, ensure_ascii=False).encode(), "text/html"),
    "JSON twice": (lambda pairs: json.dumps(json.dumps(pairs)).encode(), "application/json"),
    "JSON with a comma too many": (lambda pairs: json.dumps(pairs).encode()[:-1] + b",}", "text/plain"),
    "of Python": (lambda pairs: repr(dict(pairs)).encode(), "application/json"),
    "lines": (as_lines, "application/x-ndjson"),
    "urlencoded JSON": (lambda pairs: urlencode({json.dumps(pairs): ""}).encode(), ""),
    "compressed": (lambda pairs: gzip.compress(json.dumps(pairs).encode()), "application/json"),
    "compressed parts": (lambda pairs: gzip.compress(as_parts(pairs)), "multipart/form-data; boundary=----b7f3a"),
}

NAMES = st.text("abcdefgXYZ_-", min_size=1, max_size=9).filter(lambda name: name[0].isalpha())
WORDS = st.text(st.characters(codec="utf-8"), max_size=40).filter(lambda text: bool(clean(text)))
"""Texts that say something; NUL and other invisibles among them."""


@given(pairs=st.dictionaries(NAMES, WORDS, min_size=1, max_size=5))
@each_row("name", PACKED)
def test_what_comes_out_is_what_went_in(pairs: dict[str, str], name: str) -> None:
    pack, kind = PACKED[name]

    answers = read_body(decompress(pack(pairs), "", 5 * 1024 * 1024), kind).answers

    answers.pop("item 2.other", None)
    assert answers == {each: clean(text) for each, text in pairs.items()}


@given(
    pairs=st.dictionaries(NAMES, WORDS, min_size=1, max_size=3),
    place=st.integers(0, 400),
    cut=st.integers(0, 9),
    added=st.binary(max_size=3),
    encoding=st.sampled_from(["", "deflate"]),
)
@each_row("name", PACKED)
def test_what_was_cut_or_changed_is_read_or_refused(
    pairs: dict[str, str], place: int, cut: int, added: bytes, encoding: str, name: str
) -> None:
    pack, kind = PACKED[name]
    body = bytearray(pack(pairs))
    start = place % len(body)
    body[start : start + cut] = added

    try:
        decoded = read_body(decompress(bytes(body), encoding, 10_000), kind)
    except (Empty, Unreadable, Unsupported):
        return
    assert decoded.files or any(decoded.answers.values())

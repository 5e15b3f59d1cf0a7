"""multipart/form-data of all senders: what browsers, libraries and hand-written scripts make of it."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.capture.parsing import Empty, InvalidBody, Unreadable
from service.capture.parsing.bodies import read_body
from service.capture.parsing.multipart import MAX_PARTS, File, read_multipart
from service.capture.parsing.texts import clean
from tests.tables import each_row

KIND = "multipart/form-data; boundary=b"
END = b"--b--\r\n"


def part(name: str, value: str | bytes, more: str = "", headers: str = "") -> bytes:
    content = value if isinstance(value, bytes) else value.encode()
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n{headers}\r\n'.encode() + content + b"\r\n"


READABLE: dict[str, tuple[bytes, dict[str, str]]] = {
    "a line that begins like the boundary": (part("m", "a\r\n--bee\r\nb") + END, {"m": "a\n--bee\nb"}),
    "dashes in the middle of a line": (part("m", "see --b here") + END, {"m": "see --b here"}),
    "the boundary within a name": (part("a--b", "1") + END, {"a--b": "1"}),
    "a header folded over two lines": (
        b'--b\r\nContent-Disposition: form-data;\r\n name="a"\r\n\r\n1\r\n--b--',
        {"a": "1"},
    ),
    "line feeds alone": (
        part("a", "1\n2").replace(b"\r", b"") + part("c", "").replace(b"\r", b"") + b"--b--",
        {"a": "1\n2", "c": ""},
    ),
    "line feeds with line ends in a value": (
        b'--b\nContent-Disposition: form-data; name="a"\n\n1\r\n2\n--b--',
        {"a": "1\n2"},
    ),
    "carriage returns alone": (part("a", "1").replace(b"\n", b"") + b"--b--", {"a": "1"}),
    "a value of blank lines": (part("a", "1\r\n\r\n2") + END, {"a": "1\n\n2"}),
    "blanks after the boundary": (part("a", "1").replace(b"--b\r", b"--b  \r") + END, {"a": "1"}),
    "words before and after": (b"hello\r\n" + part("a", "1") + END + b"\r\ngood bye", {"a": "1"}),
    "no quotation marks": (b"--b\r\ncontent-disposition:form-data;name=a\r\n\r\n1\r\n--b--", {"a": "1"}),
    "escaped quotation marks": (part("a%22b%22", "1") + part('c\\"d', "2") + END, {'a"b"': "1", 'c"d': "2"}),
    "a name by RFC 2231": (
        b"--b\r\nContent-Disposition: form-data; name*=UTF-8''pr%C3%A9nom\r\n\r\nZo\xc3\xab\r\n--b--",
        {"prénom": "Zoë"},
    ),
    "a name in windows-1252": (
        b'--b\r\nContent-Disposition: form-data; name="pr\xe9nom"\r\n\r\nZo\xeb\r\n--b--',
        {"prénom": "Zoë"},
    ),
    "a charset of its own": (
        part("a", b"\xf9", headers="Content-Type: text/plain; charset=iso-8859-2\r\n") + END,
        {"a": "ů"},
    ),
    "a charset in a field": (
        part("_charset_", "iso-8859-2") + part("a", b"\xf9") + END,
        {"_charset_": "iso-8859-2", "a": "ů"},
    ),
    "no end": (part("a", "1") + part("m", "Two desks"), {"a": "1", "m": "Two desks"}),
    "cut within headers": (part("a", "1") + b"--b\r\nContent-Disp", {"a": "1"}),
    "no name": (b"--b\r\nContent-Disposition: form-data\r\n\r\nhello\r\n--b--", {"unnamed": "hello"}),
    "a name in windows-1252 with an encoded file name": (
        b"--b\r\nContent-Disposition: form-data; name=\"pr\xe9nom\"; filename*=UTF-8''\r\n\r\n\r\n"
        + part("a", "1") + END,
        {"a": "1"},
    ),
    "our own boundary in a value": (part("m", "boundary-of-lead-capture") + END, {"m": "boundary-of-lead-capture"}),
}  # fmt: skip


@each_row("name", READABLE)
def test_a_form_of_parts_is_read(name: str) -> None:
    body, expected = READABLE[name]

    assert read_body(body, KIND).answers == expected


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=other", "text/plain", ""])
def test_a_boundary_that_is_not_told_is_seen(kind: str) -> None:
    assert read_body(part("a", "1") + part("c", "2") + END, kind).answers == {"a": "1", "c": "2"}


FILENAMES = {
    "plain": ('; filename="plan.pdf"', "plan.pdf"),
    "encoded by RFC 2231": ("; filename*=UTF-8''na%C3%AFve%20plan.pdf", "naïve plan.pdf"),
    "both": ("; filename=\"naive.pdf\"; filename*=UTF-8''%E2%82%AC.pdf", "€.pdf"),
    "with a quotation mark": ('; filename="a%22b.pdf"', 'a"b.pdf'),
    "beyond Latin-1": ('; filename="план.pdf"', "план.pdf"),
}


@each_row("name", FILENAMES)
def test_a_file_bears_the_name_that_it_had(name: str) -> None:
    written, expected = FILENAMES[name]
    body = part("a", "Zoë") + part("plan", b"\x00\xff\r\n%PDF", written, "Content-Type: application/pdf\r\n") + END

    decoded = read_body(body, KIND)

    assert decoded.files == (File("plan", expected, "application/pdf", 8),)
    assert decoded.answers == {"a": "Zoë"}


BROKEN: dict[str, tuple[bytes, type[InvalidBody]]] = {
    "no part": (END, Empty),
    "no boundary": (b"hello", Unreadable),
    "another type than it is": (b"hello=you", Unreadable),
    "a part without headers": (b"--b\r\n\r\nhello\r\n" + part("a", "1") + END, Unreadable),
    "a part that says nothing of a form": (b"--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n" + END, Unreadable),
    "headers without an end": (b"--b\r\n" + b"a: b\r\n" * 40_000, Unreadable),
    "too many headers": (b"--b\r\n" + b"a: b\r\n" * 100 + part("a", "1")[5:] + END, Unreadable),
    "too many parts": (part("a", "1") * (MAX_PARTS + 1) + END, Unreadable),
    "headers for the most part": (part("a" * 8000, "1") * 100 + END, Unreadable),
}


@each_row("name", BROKEN)
def test_what_is_no_form_of_parts_is_refused_with_its_reason(name: str) -> None:
    body, expected = BROKEN[name]

    with pytest.raises(expected) as refused:
        read_body(body, KIND)

    assert refused.value.sentence.endswith((".", "again."))


FORM_BYTES = 256 * 1024
"""Maximum size of a form; a webhook may have twenty times as many."""

COSTLY: dict[str, Callable[[int], bytes]] = {
    "small parts": lambda size: part("a", "") * (size // 60),
    "ends that are none": lambda size: part("a", "\r\n--b" * (size // 5)),
    "boundaries within lines": lambda size: part("a", "--b" * (size // 3)),
    "line feeds": lambda size: part("a", "\n" * size),
    "carriage returns": lambda size: part("a", "\r" * size),
    "blanks after the boundary": lambda size: b"--b" + b" " * size,
    "headers": lambda size: b"--b\r\n" + b"a:\r\n" * (size // 4),
    "one folded header": lambda size: b"--b\r\na:" + b"\r\n " * (size // 3),
    "names of quotation marks": lambda size: part('\\"' * 3900, "") * (size // 8000),
    "options": lambda size: part("a", "", ";a=b" * 1900) * (size // 8000),
    "bytes of no charset": lambda size: part("a", b"\xff" * size),
}


@each_row("name", COSTLY)
def test_twice_the_bytes_cost_twice_the_steps_at_most(name: str) -> None:
    """Steps are calls, of Python and of C; the clock would measure how busy the machine is."""
    half, form, webhook = (steps(COSTLY[name](size)) for size in (FORM_BYTES // 2, FORM_BYTES, 20 * FORM_BYTES))

    assert form <= 2 * half + 1000
    assert webhook <= 20 * form + 1000
    assert webhook < 6_000_000


def steps(body: bytes) -> int:
    taken = 0

    def count(*_: Any) -> None:
        nonlocal taken
        taken += 1

    sys.setprofile(count)
    try:
        read_multipart(body, "b", "")
    except InvalidBody:
        pass
    finally:
        sys.setprofile(None)
    return taken


NAMES = st.text(st.characters(codec="utf-8", exclude_characters='"\\%\r\n'), min_size=1, max_size=20)
PAIRS = st.dictionaries(NAMES, st.text(st.characters(codec="utf-8"), max_size=60), min_size=1, max_size=6)


@given(
    pairs=PAIRS,
    newline=st.sampled_from([b"\r\n", b"\n"]),
    boundary=st.sampled_from(["b-7f3a", "----WebKitFormBoundaryAbC"]),
)
def test_any_pairs_come_back_as_they_were(pairs: dict[str, str], newline: bytes, boundary: str) -> None:
    head = 'Content-Disposition: form-data; name="%s"'
    parts = [
        newline.join((b"--" + boundary.encode(), (head % name).encode(), b"", value.encode(), b""))
        for name, value in pairs.items()
    ]

    fields, files = read_multipart(b"".join(parts) + f"--{boundary}--".encode(), boundary, "utf-8")

    assert [value for _, value in fields] == [clean(value) for value in pairs.values()]
    assert not files


@given(
    st.lists(
        st.sampled_from(
            [
                b"--b",
                b"--",
                b"\r\n",
                b"\n",
                b"\r",
                b" ",
                b"Content-Disposition: form-data; name=a",
                b":",
                b";",
                b"x",
                b"\xff",
            ]
        ),
        max_size=30,
    ).map(b"".join)
)
def test_anything_that_looks_like_parts_is_read_or_refused(body: bytes) -> None:
    try:
        pairs, files = read_multipart(b"--b" + body, "b", "")
    except (Empty, Unreadable):
        return
    assert pairs or files

"""The service against a second, slow reading of the same rules."""

import re
import unicodedata
from typing import Any
from urllib.parse import quote, unquote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.attribution import attribute
from service.attribution.links import Host
from service.attribution.signals import read_source, row_of_host
from service.attribution.tables import CLICK_IDS
from service.attribution.values import clean
from service.forms import AttributionConfig
from service.lead import Evidence
from tests.attribution import oracle

pytestmark = pytest.mark.long

thorough = settings(deadline=None, max_examples=400)
ENTRIES = sorted({host for row in oracle.ROWS for host in row.hosts})
ALIASES = sorted({alias for row in oracle.ROWS for alias in row.aliases})
WORDS = sorted({word for words in oracle.SETS.values() for word in words})

endings = st.sampled_from(["com", "de", "co.uk", "com.br", "net", "info", "co", "a.b", "uk.com"])
befores = st.sampled_from(["", "www.", "m.", "mail.", "webmail2.", "email1a.", "docs.", "x.y.", "not"])
hosts = st.builds(
    lambda before, entry, ending: before + entry.removeprefix("=").replace("*", ending),
    *(befores, st.sampled_from([*ENTRIES, "somewhere.example", "company.*", "co.uk", "mail.com"]), endings),
)
joints = st.sampled_from(["-", "_", " ", "+", ".", ""])
phrases = st.builds(
    lambda first, joint, second: f"{first.removesuffix('*')}{joint}{second.removesuffix('*')}",
    *(st.sampled_from([*ALIASES, *WORDS]), joints, st.sampled_from([*ALIASES, *WORDS, "x", "uk", ""])),
)
sources = st.one_of(st.just(""), st.sampled_from(WORDS), phrases, hosts)
media = st.one_of(
    st.just(""),
    st.sampled_from(
        [
            *WORDS,
            "Facebook_Mobile_Feed",
            "an-classic",
            "an-video",
            "cpc",
            "ppc",
            "paid_social",
            "Video",
            "web-push",
            "my-cpl",
        ]
    ),
    phrases,
)
campaigns = st.sampled_from(["", "spring", "Cross-Network", "e-shop", "Workshop", "shopping", "SHOP 1"])


@thorough
@given(hosts)
def test_both_find_the_same_row_of_a_host(host: str) -> None:
    assert row_of_host(Host(host)).name == oracle.row_of_host(host).name


@thorough
@given(sources)
def test_both_find_the_same_row_of_a_source(source: str) -> None:
    mine, (row, is_paid) = read_source(source.lower()), oracle.row_of_source(source.lower())

    assert (mine.row.name if mine.row else None, mine.is_paid) == (row.name if row else None, is_paid)


pieces = st.sampled_from(
    [
        *("{x}", "{{x}}", "${x}", "__A_B__", "%%a%%", "*|a|*", "%40", "%2540", "%E9", "%", "jane@example.org"),
        *("+441132000000", "<", "<b", ">", "= ", "-", "@", "+", "data:", "java script:", "null", "(none)", "e\u0301"),
        *(
            "[utm_source]",
            "[[",
            "]]",
            "]",
            "__source__",
            "$campaign",
            "%ad_name%",
            "xxxxx",
            "[Brand]",
            "\u201c",
            '"',
            "'",
        ),
        *("/", ",", ";", "\u200b", "\t", "\x07", " ", "\u00a0", "a", "B.c", "é", "a" * 250, "|", "_", "%09", "&"),
    ]
)
PERSON = re.compile(r"[\w.%+-]+@[\w-]+(\.[\w-]+)+|\+\d{8}")


def leaves_room(value: str, text: str) -> bool:
    """Whether this is a corner of docs/decisions/0002.

    A person whom a removed macro joined up, lone surrogates, letters that an invisible one kept apart, and letters
    that grow in lower case.
    """
    odd = any(unicodedata.category(letter) in ("Cf", "Cs", "Cc") for letter in unquote(unquote(value)))
    return bool(PERSON.search(text)) or odd or (len(value) > 250 and not value.isascii())


@thorough
@given(st.lists(pieces, max_size=6).map("".join) | st.text(max_size=30), st.booleans())
def test_both_clean_alike(value: str, lower: bool) -> None:
    mine, other = clean(value, lower=lower).text, oracle.clean(value, lower=lower)

    assert mine == other or leaves_room(value, other)


names = st.sampled_from(
    [
        *("utm_source", "utm_source[0]", "utmSource[1]", "utm_source[ ]", "utm_source[]", " UTM medium[10]"),
        *("utm_medium[2]", "utm_medium[02]", "utm_medium[1][0]", "amp;utm_medium", "utm_campaign", "utm_content"),
        *("utm_term", "utm_term[1]", "mtm_source", "mtm_kwd[1]", "mtm_keyword[0]", "pk_kwd", "gclid", "page"),
    ]
)
littered = st.lists(
    st.sampled_from(
        [
            *("google", "cpc", "a", "[utm_source]", "%campaign%", "xxxxx", "null", '"', "\u201c", "/", ",", "=", "{x}"),
            *("&", "&utm_medium=x", "&UTM_campaign=y%20z", "&utm_source[1]=b", "&utm_source[0]=c", "&pk_source=d"),
            *("&amp;utm_term=t", "?utm_content=u", "%26utm_term%3Dv", "%26", "%2526utm_medium=w", "+", " ", "#"),
        ]
    ),
    max_size=5,
).map("".join)
encoded = st.tuples(littered, st.integers(0, 2)).map(
    lambda pair: (pair[0], quote(pair[0]), quote(quote(pair[0])))[pair[1]]
)


@thorough
@given(st.lists(st.tuples(names, encoded), max_size=6))
def test_both_read_the_same_out_of_a_link(pairs: list[tuple[str, str]]) -> None:
    link = "https://www.northyard.example/?" + "&".join(f"{name}={value}" for name, value in pairs)

    assert utm_of(Evidence(landing_url=link)) == oracle.read_link(link)


@thorough
@given(st.dictionaries(names, littered | st.lists(littered | st.booleans() | st.lists(littered), max_size=3)))
def test_both_read_the_same_out_of_fields(fields: dict[str, Any]) -> None:
    assert utm_of(Evidence(fields=fields)) == oracle.read_fields(fields)


def utm_of(evidence: Evidence) -> dict[str, str]:
    result = attribute(evidence, AttributionConfig())
    values = (result.utm_source, result.utm_medium, result.utm_campaign, result.utm_content, result.utm_term)
    return dict(zip(oracle.KEYS, values, strict=True))


@thorough
@given(sources, media, campaigns, st.none() | st.sampled_from(sorted(CLICK_IDS)), st.just("") | hosts)
def test_both_decide_alike(source: str, medium: str, campaign: str, click_id: str | None, referrer: str) -> None:
    tags = {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign, click_id or "x": "a1"}
    link = f"https://www.northyard.example/?{urlencode({name: value for name, value in tags.items() if value})}"
    result = attribute(
        Evidence(landing_url=link, referrer=f"https://{referrer}/" if referrer else ""), AttributionConfig()
    )
    known = CLICK_IDS.get(click_id or "")
    decisive = (known.row.name if known.row else "", known.kind) if known else None

    expected = oracle.decide(
        oracle.Case(
            *(result.utm_source, result.utm_medium, result.utm_campaign),
            ad=decisive if known and known.is_ad else None,
            link=decisive if known and not known.is_ad else None,
            referrer=referrer.removeprefix("www."),
        )
    )

    assert (result.channel, result.lead_source) == expected

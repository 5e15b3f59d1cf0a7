"""What holds for any input: it never raises, is repeatable, and its values are fit to store."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from service.attribution import attribute, attribute_others, clicks, stored_touch
from service.attribution.attribute import Click
from service.attribution.links import read_host
from service.attribution.policy import LEAD_SOURCES
from service.attribution.tables import ALIASES, CLICK_IDS, HOSTS, SETS
from service.attribution.tags import known_pairs
from service.attribution.values import clean
from service.forms import AttributionConfig
from service.lead import Attribution, Evidence, StoredTouch

pytestmark = pytest.mark.long

EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
NAMES = (
    "utm_source",
    "utm_source[1]",
    "utm_source[0]",
    "gclid[2]",
    "utm_medium",
    "utm_campaign",
    "utmContent",
    "UTM term",
    "pk_kwd",
    "how",
    *CLICK_IDS,
)

anything = st.text(st.characters(), max_size=40)  # lone surrogates too: JSON can hold them
pieces = st.sampled_from(
    [
        *("{x}", "{", "}", "__A__", "%%a%%", "*|a|*", "%40", "%2540", "%", "@", "jane@example.org", "+441132000000"),
        *("<", "<b", ">", "=", "-", "javascript:", "null", "İ", "\u0301", "\u200b", "\ud800", " ", "a", "a.b"),
        *(
            "[utm_source]",
            "%campaign%",
            "$url",
            "xxxxx",
            '"',
            "'",
            "\u201c",
            "/",
            ";",
            "&utm_medium=",
            "%26utm_term%3D",
            "[0]",
        ),
        *("cpc", "shop", "cross-network", "a" * 250, "www.", "https://", "?utm_source=", "&", "#", "amp;", "\n"),
    ]
)
words = st.sampled_from(sorted({*ALIASES, *(word for words in SETS.values() for word in words), *HOSTS}))
values = st.one_of(anything, words, st.lists(pieces, max_size=8).map("".join))
urls = st.one_of(
    values,
    st.builds("https://{}/?{}#{}".format, values, values, values),
    st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=4).map(
        lambda pairs: "https://a.example/?" + "&".join(f"{name}={value}" for name, value in pairs)
    ),
    words.map("https://{}/".format),
)
odd = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), values),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.one_of(values, st.integers()), inner)),
    max_leaves=6,
)
touches: st.SearchStrategy[Any] = st.one_of(odd, st.builds(StoredTouch, url=urls, referrer=urls), odd.map(stored_touch))
maybe_urls: st.SearchStrategy[Any] = st.one_of(urls, odd)
fields: st.SearchStrategy[Any] = st.one_of(
    odd, st.dictionaries(st.one_of(st.sampled_from(NAMES), values), st.one_of(values, odd), max_size=5)
)
evidence = st.builds(
    Evidence,
    fields=fields,
    landing_url=maybe_urls,
    page_url=maybe_urls,
    referrer=maybe_urls,
    first=touches,
    last=touches,
    submitted_at=odd,
)
maps: st.SearchStrategy[Any] = st.one_of(odd, st.dictionaries(values, st.integers(0, 100), max_size=3))
wishes: st.SearchStrategy[Any] = st.one_of(odd, st.lists(values, max_size=3), words)
config = st.builds(
    AttributionConfig,
    touch=st.sampled_from(["first", "last"]),
    lead_source=wishes,
    answer_field=wishes,
    answer_map=maps,
    source_map=maps,
    default_lead_source=wishes,
    own_domains=wishes,
    ignored_referrers=wishes,
)
thorough = settings(deadline=None, max_examples=300)


@thorough
@example(
    Evidence(
        landing_url="https://a.example/?gclid=Cj0&utm_source=Shop",
        first=StoredTouch(url="https://a.example/?fbclid=IwAR"),
        last=StoredTouch(url="https://a.example/?msclkid=7f3a"),
    ),
    AttributionConfig(),
)
@given(evidence, config)
def test_every_verdict_is_whole_repeatable_and_fit_to_store_for_each_visit(
    given_evidence: Evidence, wanted: AttributionConfig
) -> None:
    """One test of all that is derived from the evidence: making it takes three times as long as attributing it."""
    result = attribute(given_evidence, wanted)

    _check_verdict(result, attribute(given_evidence, wanted))
    _check_other_visits(result, attribute_others(given_evidence, wanted))
    _check_clicks(result, clicks(given_evidence, wanted))


def _check_verdict(result: Attribution, repeated: Attribution) -> None:
    """Whole, repeatable, fit to store."""
    utm = [value for name, value in asdict(result).items() if name.startswith("utm_")]
    assert result == repeated
    assert result.lead_source in LEAD_SOURCES
    assert all(len(value) <= 255 and not EMAIL.search(value) for value in utm)
    assert not {"Cc", "Cf", "Cs"} & {unicodedata.category(character) for character in "".join(utm)}
    assert result.utm_source == result.utm_source.lower()
    assert str(asdict(result)).encode("utf-8")


def _check_other_visits(result: Attribution, others: Mapping[str, Attribution]) -> None:
    """Verdicts, too, on the visits that did not decide."""
    assert {*others} <= {"current", "last", "first"}
    assert result.rule.split()[1].removeprefix("touch:") not in others
    assert all(other.lead_source in LEAD_SOURCES for other in others.values())


def _check_clicks(result: Attribution, all_clicks: Collection[Click]) -> None:
    """Those of all visits are kept, and none is a macro."""
    assert {*result.click_ids.items()} <= {(click.name, click.value) for click in all_clicks}
    assert {*result.click_ids} == {click.name for click in all_clicks}
    assert not any(re.fullmatch(r"__[A-Z0-9]+(_[A-Z0-9]+)*__|xxxxx|null", click.value) for click in all_clicks)


@thorough
@given(values, st.booleans())
def test_a_cleaned_value_is_fit_to_store(value: str, lower: bool) -> None:
    text = clean(value, lower=lower).text

    assert len(text) <= 255
    assert text == text.strip()
    assert not EMAIL.search(text)
    assert not re.search(r"[<>\x00-\x1f\x7f-\x9f]|\+\d{8,15}", text)
    assert text.encode("utf-8").decode("utf-8") == text


LEFT_ONCE = re.compile(
    r"%[0-9A-Fa-f]{2}|[{}]|__|%%|\*\||\|\*|script|data|[@+]|[\"'\u201c\u201d\u201e\u00ab\u00bb\u2018\u2019]"
)
"""What the rules take off once only.

A third encoding, outer macros, outer quotation marks, and what joins up where something went.
"""


@thorough
@example("A{}\u0300", False)  # without the macro, the letter meets its accent
@given(values | st.text(max_size=60), st.booleans())
def test_cleaning_what_is_clean_changes_nothing(value: str, lower: bool) -> None:
    text = clean(value, lower=lower).text

    assert clean(text, lower=lower).text == text or LEFT_ONCE.search(text)


@thorough
@given(values, st.booleans())
def test_cleaning_again_and_again_comes_to_rest(value: str, lower: bool) -> None:
    text = value
    for _ in range(len(value) + 1):
        text, before = clean(text, lower=lower).text, text
        if text == before:
            break

    assert clean(text, lower=lower).text == text


@thorough
@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?){1,3}", fullmatch=True))
def test_a_page_read_through_the_translator_has_its_own_host(host: str) -> None:
    written = host.replace("-", "--").replace(".", "-")

    assert read_host(f"https://{written}.translate.goog/a") == read_host(f"https://{host}/")


@thorough
@given(st.lists(st.integers(0, 30), max_size=8), st.sampled_from(["utm_source[{}]", "gclid[{}]", "UTM Source [{}]"]))
def test_numbered_names_in_any_order_are_one_list(numbers: list[int], name: str) -> None:
    pairs = [(name.format(number), f"v{number}") for number in numbers]

    assert [value for _, value in known_pairs(pairs)] == [f"v{number}" for number in sorted(numbers)]


@thorough
@given(odd)
def test_a_remembered_visit_is_decoded_or_none(value: object) -> None:
    touch = stored_touch(value)

    assert touch is None or (isinstance(touch.url, str) and isinstance(touch.referrer, str))

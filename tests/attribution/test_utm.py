"""Utm values: which names count, and how one link's values are taken without mixing two."""

import pytest

from service.attribution.carriers import known_name
from tests.attribution.visits import SITE, credit

NAMES = {
    "utm_source": "utmsource",
    "UTM Source": "utmsource",
    "utmSource": "utmsource",
    "utm-source[]": "utmsource",
    "mtm_kwd": "mtmkwd",
    "pk_keyword": "pkkeyword",
    "mtm_term": "",
    "pk_term": "",
    "amp;utm_source": "",
    "utm_id": "",
    "utm_source_platform": "",
    "source": "",
    "ref": "",
    "GCLID": "gclid",
    " gclid ": "gclid",
    "g_clid": "",
    "_hsenc": "_hsenc",
    "hsenc": "",
    "-" * 100 + "utm_source": "utmsource",
}


@pytest.mark.parametrize(("written", "known"), NAMES.items(), ids=NAMES)
def test_a_name_is_known_by_its_letters_and_a_click_id_by_its_exact_name(written: str, known: str) -> None:
    assert known_name(written) == known


def test_matomo_names_count_where_the_usual_name_gives_nothing_usable() -> None:
    verdict = credit("utm_source=null&pk_source=bing&mtm_source=google&pk_kwd=desk&mtm_keyword=office")

    assert (verdict.utm_source, verdict.utm_term) == ("google", "office")


def test_the_first_usable_value_of_a_repeated_field_counts() -> None:
    verdict = credit(fields={"utm_source": ["{x}", "", "bing", "google"]})

    assert verdict.utm_source == "bing"


def test_a_carrier_with_source_or_medium_goes_before_an_earlier_one_with_less() -> None:
    verdict = credit("utm_medium=email&utm_term=t", fields={"utm_campaign": "form", "utm_content": "c"})

    assert (verdict.utm_medium, verdict.utm_campaign, verdict.utm_content, verdict.utm_term) == ("email", "", "", "t")


@pytest.mark.parametrize(
    ("landing", "content"),
    [
        pytest.param("utm_source=google&utm_content=c", "c", id="nothing contradicts"),
        pytest.param("utm_source=google&utm_medium=CPC&utm_campaign=BRAND&utm_content=c", "c", id="equal but for case"),
        pytest.param("utm_source=bing&utm_content=c", "", id="another source"),
        pytest.param("utm_content=c", "", id="no source"),
        pytest.param("utm_source=google&utm_medium=email&utm_content=c", "", id="another medium"),
        pytest.param("utm_source=google&utm_campaign=other&utm_content=c", "", id="another campaign"),
    ],
)
def test_gaps_are_filled_only_from_the_same_link(landing: str, content: str) -> None:
    verdict = credit(landing, fields={"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "brand"})

    assert verdict.utm_content == content


def test_gaps_are_not_filled_where_the_chosen_values_name_no_source() -> None:
    verdict = credit("utm_campaign=c&utm_content=d", fields={"utm_medium": "cpc"})

    assert verdict.utm_campaign == ""


def test_what_has_been_filled_must_not_be_contradicted_by_the_next_carrier() -> None:
    verdict = credit(
        "utm_source=google&utm_campaign=a",
        fields={"utm_source": "google"},
        page_url=f"{SITE}/contact?utm_source=google&utm_campaign=b&utm_content=c",
    )

    assert (verdict.utm_campaign, verdict.utm_content) == ("a", "")


def test_a_plus_in_a_field_stays() -> None:
    assert credit(fields={"utm_content": "a+b"}).utm_content == "a+b"


def test_codes_tell_what_cleaning_removed_and_no_values() -> None:
    verdict = credit("utm_source=google&utm_campaign={campaignid}&utm_content=jane@example.org&utm_term=null")

    assert verdict.codes == ("macro", "pii", "placeholder")


def test_codes_are_told_even_where_nothing_usable_is_left() -> None:
    verdict = credit("utm_source=null&utm_campaign={campaignid}")

    assert (verdict.channel, verdict.codes) == ("Direct", ("macro", "placeholder"))

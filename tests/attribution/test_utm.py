"""UTM values: which names count, and how one link's values are taken without mixing two."""

import pytest

from service.attribution.tags import known_name
from tests.attribution.visits import SITE, attributed
from tests.tables import each_row

NAMES = {
    "utm_source": "utmsource",
    "UTM Source": "utmsource",
    "utmSource": "utmsource",
    "utm-source[]": "utmsource",
    "utm_source[0]": "utmsource",
    "UTM Source [12] ": "utmsource",
    "utm_source[1][0]": "",
    "utm_source[x]": "",
    "gclid[0]": "gclid",
    "gclid[]": "gclid",
    "gclid[x]": "",
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


@each_row(("written", "known"), NAMES.items(), ids=NAMES)
def test_a_name_is_known_by_its_letters_and_a_click_id_by_its_exact_name(written: str, known: str) -> None:
    assert known_name(written) == known


def test_matomo_names_count_where_the_usual_name_gives_nothing_usable() -> None:
    result = attributed("utm_source=null&pk_source=bing&mtm_source=google&pk_kwd=desk&mtm_keyword=office")

    assert (result.utm_source, result.utm_term) == ("google", "office")


def test_the_first_usable_value_of_a_repeated_field_counts() -> None:
    result = attributed(fields={"utm_source": ["{x}", "", "bing", "google"]})

    assert result.utm_source == "bing"


NUMBERED = {
    "in the order of their numbers": ("utm_source[1]=bing&utm_source[0]=google", "google"),
    "whole numbers and no words": ("utm_source[10]=bing&utm_source[9]=google", "google"),
    "with zeros in front": ("utm_source[1]=bing&utm_source[00]=google", "google"),
    "the first usable": ("utm_source[1]=google&utm_source[0]=null", "google"),
    "at the places where they stand": ("utm_source=bing&utm_source[0]=google", "bing"),
    "empty brackets stay in their place": ("utm_source[]=bing&utm_source[1]=x&utm_source[0]=google", "bing"),
    "in any spelling": ("utmSource[1]=bing&utm_source[0]=google", "google"),
    "with brackets encoded": ("utm_source%5B1%5D=bing&utm_source%5B0%5D=google", "google"),
    "with more digits than a number may have": (f"utm_source[1{'0' * 5000}]=bing&utm_source[2]=google", "google"),
}


@each_row(("query", "source"), NUMBERED.values(), ids=NUMBERED)
def test_numbered_names_are_a_list(query: str, source: str) -> None:
    assert attributed(query).utm_source == source


def test_numbered_fields_are_a_list() -> None:
    result = attributed(fields={"utm_source[1]": "google", "utm_source[0]": ["", "bing"], "gclid[0]": "g1"})

    assert (result.utm_source, result.click_ids) == ("bing", {"gclid": "g1"})


MAIL = ("mailchimp", "email", "May")
SEPARATORS = {
    "encoded": ("utm_source=mailchimp%26utm_medium%3Demail%26utm_campaign%3DMay", MAIL),
    "encoded in capitals": ("UTM_SOURCE=mailchimp%26UTM_Medium%3Demail%26UTM_CAMPAIGN%3DMay", MAIL),
    "encoded and escaped": ("utm_source=mailchimp%26amp%3Butm_medium%3Demail%26amp;utm_campaign%3DMay", MAIL),
    "encoded in the fragment": ("#utm_source=mailchimp%26utm_medium%3Demail%26utm_campaign%3DMay", MAIL),
    "encoded at two depths": ("utm_source=mailchimp%26utm_medium%3Demail%2526utm_campaign%253DMay", MAIL),
    "its own goes first": ("utm_source=mailchimp%26utm_campaign%3DJune%26utm_medium%3Demail&utm_campaign=May", MAIL),
    "its own is unusable": ("utm_source=mailchimp%26utm_campaign%3DMay&utm_medium=email&utm_campaign=null", MAIL),
    "a later value carries": ("utm_source=mailchimp&utm_medium=email%26utm_campaign%3DMay", MAIL),
    "a space in it": ("utm_source=mailchimp%26utm_medium%3Demail%26utm_campaign%3DMay+%2520", MAIL),
    "any other ampersand stays": ("utm_source=a&utm_medium=b&utm_campaign=Desk%26Chair", ("a", "b", "Desk&Chair")),
    "other names are not carried": ("utm_source=a%26utm_medium=b%26pk_campaign%3Dc", ("a", "b", "")),
}


@each_row(("query", "values"), SEPARATORS.values(), ids=SEPARATORS)
def test_separators_that_a_tool_encoded_separate(query: str, values: tuple[str, str, str]) -> None:
    result = attributed(query)

    assert (result.utm_source, result.utm_medium, result.utm_campaign) == values


def test_separators_within_a_field_separate_and_what_follows_is_decoded() -> None:
    result = attributed(fields={"utm_source": ["face+book&utm_medium=paid+social%21&utm_content[0]=c"]})

    assert (result.utm_source, result.utm_medium, result.utm_content) == ("face+book", "paid social!", "c")


def test_no_click_id_is_carried_by_another_value() -> None:
    assert attributed("utm_source=a%26utm_medium%3Db%26gclid%3Dg1").click_ids == {}


@pytest.mark.parametrize("value", ["%campaign%", "%25campaign%25", "%ad_id%", "[campaign]"])
def test_a_placeholder_in_a_link_is_absent(value: str) -> None:
    result = attributed(f"utm_source=google&utm_campaign={value}")

    assert (result.utm_campaign, result.codes) == ("", ("placeholder",))


def test_booleans_and_lists_within_lists_are_no_values() -> None:
    result = attributed(fields={"utm_source": [True, ["bing"], {"a": "bing"}, "google"], "utm_medium": False})

    assert (result.utm_source, result.utm_medium) == ("google", "")


def test_a_carrier_with_source_or_medium_goes_before_an_earlier_one_with_less() -> None:
    result = attributed("utm_medium=email&utm_term=t", fields={"utm_campaign": "form", "utm_content": "c"})

    assert (result.utm_medium, result.utm_campaign, result.utm_content, result.utm_term) == ("email", "", "", "t")


@each_row(
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
    result = attributed(landing, fields={"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "brand"})

    assert result.utm_content == content


def test_gaps_are_not_filled_where_the_chosen_values_name_no_source() -> None:
    result = attributed("utm_campaign=c&utm_content=d", fields={"utm_medium": "cpc"})

    assert result.utm_campaign == ""


def test_what_has_been_filled_must_not_be_contradicted_by_the_next_carrier() -> None:
    result = attributed(
        "utm_source=google&utm_campaign=a",
        fields={"utm_source": "google"},
        page_url=f"{SITE}/contact?utm_source=google&utm_campaign=b&utm_content=c",
    )

    assert (result.utm_campaign, result.utm_content) == ("a", "")


def test_a_plus_in_a_field_stays() -> None:
    assert attributed(fields={"utm_content": "a+b"}).utm_content == "a+b"


def test_codes_tell_what_cleaning_removed_and_no_values() -> None:
    result = attributed("utm_source=google&utm_campaign={campaignid}&utm_content=jane@example.org&utm_term=null")

    assert result.codes == ("macro", "pii", "placeholder")


def test_codes_are_told_even_where_nothing_usable_is_left() -> None:
    result = attributed("utm_source=null&utm_campaign={campaignid}")

    assert (result.channel, result.codes) == ("Direct", ("macro", "placeholder"))

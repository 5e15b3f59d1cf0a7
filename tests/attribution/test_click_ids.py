"""Click ids: which are valid, and which of several takes precedence."""

import pytest

from service.attribution import Click, clicks
from service.attribution.tables import CLICK_IDS
from service.attribution.tags import ad_id, link_id, valid_click_id
from service.forms import AttributionConfig
from tests.attribution.visits import SITE, a_touch, a_visit, attributed
from tests.tables import each_row

NOW = 1_790_000_000.0

VALUES = {
    "text": (["CjwKCAiA98WrBhAY"], "CjwKCAiA98WrBhAY"),
    "number": ([1], "1"),
    "trimmed": ([" a1 "], "a1"),
    "boolean": ([True], ""),
    "macro": (["{gclid}"], ""),
    "placeholder": (["NULL"], ""),
    "placeholder with a slash": (["n/a"], ""),
    "space inside": (["a b"], ""),
    "macro in underscores": (["__CLICKID__"], ""),
    "placeholder in underscores": (["__gclid__"], ""),
    "placeholder in brackets": (["[gclid]"], ""),
    "Typeform's word": (["xxxxx"], ""),
    "underscores around": (["__aB3__"], "__aB3__"),
    "macro among letters": (["__CLICKID__x"], "__CLICKID__x"),
    "invisible characters": (["ab\u200bcd\u00ad"], "abcd"),
    "line break inside": (["ab\r\ncd"], "abcd"),
    "invisible characters and space around": (["\u200b ab \u200b"], "ab"),
    "letter beyond ASCII": (["ab\u00e9"], ""),
    "512 characters": (["a" * 512], "a" * 512),
    "513 characters": (["a" * 513], ""),
    "first valid of several": (["", "undefined", "a1", "b2"], "a1"),
    "none": ([], ""),
}


@each_row(("values", "expected"), VALUES.values(), ids=VALUES)
def test_a_click_id_is_what_a_network_can_have_written(values: list[object], expected: str) -> None:
    assert valid_click_id(values) == expected


def test_the_first_of_the_table_tells_most() -> None:
    click_ids = dict.fromkeys(reversed(list(CLICK_IDS)), "a1")

    assert (ad_id(click_ids), link_id(click_ids)) == ("gclid", "fbclid")


def test_no_click_id_tells_nothing() -> None:
    assert (ad_id({}), link_id({}), ad_id({"fbclid": "a1"}), link_id({"gclid": "a1"})) == ("", "", "", "")


def test_ids_of_all_carriers_are_kept_and_the_first_carrier_wins() -> None:
    result = attributed(
        "gclid=landing&fbclid=f1", fields={"gclid": "field"}, page_url=f"{SITE}/contact?gclid=page&msclkid=m1"
    )

    assert result.click_ids == {"gclid": "field", "fbclid": "f1", "msclkid": "m1"}


def test_ids_of_all_visits_are_kept_and_decide_nothing() -> None:
    result = attributed("utm_medium=email&mc_cid=m1", last=a_touch("msclkid=b1"), first=a_touch("gclid=g1"))

    assert result.click_ids == {"mc_cid": "m1", "msclkid": "b1", "gclid": "g1"}
    assert (result.channel, result.lead_source) == ("Email", 10)
    assert result.reason == "utm_medium email on the landing page: Email; LeadSource 10 for Email"


@pytest.mark.parametrize(
    ("touch", "expected"),
    [
        pytest.param("last", "this", id="of the visit that counts"),
        pytest.param("first", "first", id="of the visit that counts, the first"),
    ],
)
def test_of_ids_with_one_name_the_visit_that_counts_goes_first(touch: str, expected: str) -> None:
    last, first = a_touch("gclid=last"), a_touch("gclid=first")

    result = attributed("gclid=this", config=AttributionConfig(touch=touch), last=last, first=first)

    assert result.click_ids == {"gclid": expected}


def test_of_ids_with_one_name_the_newest_goes_before_the_older() -> None:
    result = attributed("utm_source=x", last=a_touch("gclid=last"), first=a_touch("gclid=first"))

    assert result.click_ids == {"gclid": "last"}


def test_a_form_that_credits_the_first_visit_keeps_the_ids_of_this_one() -> None:
    result = attributed("gclid=this", config=AttributionConfig(touch="first"), first=a_touch("fbclid=first"))

    assert (result.channel, result.click_ids) == ("Organic Social", {"fbclid": "first", "gclid": "this"})


def test_ids_of_a_visit_out_of_date_are_not_kept() -> None:
    assert attributed(first=a_touch("gclid=g1", at=1.0), submitted_at=NOW).click_ids == {}


def test_clicks_have_the_time_of_their_visit_and_the_newest_is_first() -> None:
    last, first = a_touch("gclid=g2&fbclid=f2", at=NOW - 10), a_touch("gclid=g1", at=NOW - 90)

    remembered = clicks(a_visit("gclid=g3", submitted_at=NOW, last=last, first=first), AttributionConfig())

    assert remembered == (
        Click("gclid", "g3", None),
        Click("gclid", "g2", NOW - 10),
        Click("fbclid", "f2", NOW - 10),
        Click("gclid", "g1", NOW - 90),
    )


def test_a_click_that_is_remembered_twice_has_its_first_time() -> None:
    last, first = a_touch("gclid=g1", at=NOW - 10), a_touch("gclid=g1", at=NOW - 90)

    remembered = clicks(a_visit("gclid=g1", submitted_at=NOW, last=last, first=first), AttributionConfig())

    assert remembered == (Click("gclid", "g1", NOW - 90),)


def test_the_name_of_a_click_id_counts_in_any_case() -> None:
    assert attributed("GCLID=g1").click_ids == {"gclid": "g1"}

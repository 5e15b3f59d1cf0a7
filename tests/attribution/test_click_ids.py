"""Click ids: which are valid, and which of several tells most."""

import pytest

from service.attribution.click_ids import ad_id, link_id, valid_click_id
from service.attribution.tables import CLICK_IDS
from tests.attribution.visits import SITE, a_touch, credit

VALUES = {
    "text": (["CjwKCAiA98WrBhAY"], "CjwKCAiA98WrBhAY"),
    "number": ([1], "1"),
    "trimmed": ([" a1 "], "a1"),
    "boolean": ([True], ""),
    "macro": (["{gclid}"], ""),
    "placeholder": (["NULL"], ""),
    "placeholder with a slash": (["n/a"], ""),
    "space inside": (["a b"], ""),
    "512 characters": (["a" * 512], "a" * 512),
    "513 characters": (["a" * 513], ""),
    "first valid of several": (["", "undefined", "a1", "b2"], "a1"),
    "none": ([], ""),
}


@pytest.mark.parametrize(("values", "expected"), VALUES.values(), ids=VALUES)
def test_a_click_id_is_what_a_network_can_have_written(values: list[object], expected: str) -> None:
    assert valid_click_id(values) == expected


def test_the_first_of_the_table_tells_most() -> None:
    found = dict.fromkeys(reversed(list(CLICK_IDS)), "a1")

    assert (ad_id(found), link_id(found)) == ("gclid", "fbclid")


def test_no_click_id_tells_nothing() -> None:
    assert (ad_id({}), link_id({}), ad_id({"fbclid": "a1"}), link_id({"gclid": "a1"})) == ("", "", "", "")


def test_ids_of_all_carriers_are_kept_and_the_first_carrier_wins() -> None:
    verdict = credit(
        "gclid=landing&fbclid=f1", fields={"gclid": "field"}, page_url=f"{SITE}/contact?gclid=page&msclkid=m1"
    )

    assert verdict.click_ids == {"gclid": "field", "fbclid": "f1", "msclkid": "m1"}


def test_ids_of_another_touch_are_not_kept() -> None:
    assert credit("fbclid=f1", last=a_touch("gclid=g1")).click_ids == {"fbclid": "f1"}


def test_the_name_of_a_click_id_counts_in_any_case() -> None:
    assert credit("GCLID=g1").click_ids == {"gclid": "g1"}

"""One UTM value: what is repaired, what is dropped, what stays as it is."""

import pytest

from service.attribution.values import clean
from tests.tables import each_row

VALUES = {
    "plain": ("Spring-offer 2026", "Spring-offer 2026", ""),
    "id suffix stays": ("spring|120201466136570051", "spring|120201466136570051", ""),
    "integer": (123, "123", ""),
    "whole float reads like the integer": (123.0, "123", ""),
    "fraction": (1.5, "1.5", ""),
    "not a number": (float("nan"), "", ""),
    "number too long to print": (10**5000, "", ""),
    "boolean": (True, "", ""),
    "list inside a list": (["a"], "", ""),
    "percent-encoded once": ("50%25 off", "50% off", ""),
    "percent-encoded twice": ("spring%2520sale", "spring sale", ""),
    "percent-encoded three times": ("a%252520b", "a%20b", ""),
    "percent sign that encodes nothing": ("%balle%", "%balle%", ""),
    "percent-encoded bytes that are no UTF-8": ("caf%E9", "caf%E9", ""),
    "percent-encoded control character": ("a%00b", "a%00b", ""),
    "composed": ("cafe\u0301", "café", ""),
    "composed across an invisible character": ("cafe\u200b\u0301", "café", ""),
    "line breaks and tabs": ("a\r\n\tb", "a b", ""),
    "control and invisible characters": ("a\x00\x1f\u200b\u202eb", "ab", ""),
    "lone surrogate": ("a\ud800b", "ab", ""),
    "every kind of space": ("\u3000a\u00a0 \u2028b ", "a b", ""),
    "tag": ("<b>bold", "", "markup"),
    "closing tag": ("bold</b>", "", "markup"),
    "comment": ("<!-- x", "", "markup"),
    "less than": ("1 < 2 > 0", "1 2 0", "markup"),
    "script address": ("Java Script : alert(1)", "", "markup"),
    "data address": ("data:text/html,x", "", "markup"),
    "value track macro": ("{campaignid}", "", "macro"),
    "custom parameter": ("{_name}", "", "macro"),
    "dollar macro": ("${campaign}", "", "macro"),
    "meta macro": ("{{campaign.name}}", "", "macro"),
    "tiktok macro": ("__CAMPAIGN_NAME__", "", "macro"),
    "small letters in underscores are a name": ("__init__", "__init__", ""),
    "sender's macros": ("%%first_name%%-*|FNAME|*", "", "macro"),
    "macro among words": ("brand_{campaignid}", "brand", "macro"),
    "macro inside a macro goes in one pass": ("{a{b}c}", "{ac}", "macro"),
    "address": ("may jane.doe@example.org", "may", "pii"),
    "address alone": ("jane@example.org", "", "pii"),
    "address right after a macro": ("%%x%%jane@example.org", "", "macro pii"),
    "address that a removed macro joins up": ("jane@{x}example.org", "", "macro pii"),
    "address without a domain ending": ("jane@localhost", "jane@localhost", ""),
    "phone number": ("call +441132000000", "call", "pii"),
    "phone number in other digits": ("call +٤٤١١٣٢٠٠٠٠٠٠", "call", "pii"),
    "short number": ("call +44113", "call +44113", ""),
    "number without plus": ("01132000000", "01132000000", ""),
    "both removed": ("{x} jane@example.org may", "may", "macro pii"),
    "ends keep their marks where nothing was removed": ("_a_", "_a_", ""),
    "formula": ('=HYPERLINK("x")', 'HYPERLINK("x")', ""),
    "formula marks with spaces between": ("+ = -@ a", "a", ""),
    "placeholder in capitals": ("(Not Set)", "", "placeholder"),
    "placeholder behind a formula mark": ("=null", "", "placeholder"),
    "placeholder with spaces around": (" undefined ", "", "placeholder"),
    "javascript object": ("[object Object]", "", "placeholder"),
    "Typeform's word for an unfilled field": ("xxxxx", "", "placeholder"),
    "six of its letters": ("xxxxxx", "xxxxxx", ""),
    "placeholder in brackets": ("[utm_source]", "", "placeholder"),
    "placeholder in double brackets": ("[[UTM Source]]", "", "placeholder"),
    "placeholder in percent signs": ("%utm_source%", "", "placeholder"),
    "placeholder that looks like percent-encoding": ("%campaign%", "", "placeholder"),
    "placeholder behind a dollar": ("$utm.medium", "", "placeholder"),
    "placeholder in underscores": ("__keyword__", "", "placeholder"),
    "placeholder for what the address asks": ("[query:utm_source]", "", "placeholder"),
    "placeholder for an ad": ("[Ad Set Name]", "", "placeholder"),
    "placeholder for an ad group": ("%adgroup_id%", "", "placeholder"),
    "placeholder for a click id": ("[gclid]", "", "placeholder"),
    "placeholder for a click": ("__click_id__", "", "placeholder"),
    "placeholder for a page": ("[landing-page]", "", "placeholder"),
    "placeholder in quotation marks": ("'[utm_term]'", "", "placeholder"),
    "placeholder among words stays": ("[utm_source] x", "[utm_source] x", ""),
    "other words in brackets stay": ("[Brand]", "[Brand]", ""),
    "brackets within a value stay": ("[UK] Brand", "[UK] Brand", ""),
    "a number is no part of a placeholder": ("[utm_source_2]", "[utm_source_2]", ""),
    "a bracket that does not close": ("[utm_source", "[utm_source", ""),
    "an amount of money stays": ("$100 off", "$100 off", ""),
    "quotation marks": ('"Spring"', "Spring", ""),
    "quotation marks of print": ("\u201eFr\u00fchling\u201c", "Fr\u00fchling", ""),
    "guillemets": ("\u00abprintemps\u00bb", "printemps", ""),
    "quotation marks once": ("''a''", "'a'", ""),
    "only quotation marks": ('""', "", ""),
    "a lone quotation mark": ('"', '"', ""),
    "a quotation mark at one end": ('"Spring', '"Spring', ""),
    "formula within quotation marks": ('"=1+1"', "1+1", ""),
    "an inch within": ('24" desk', '24" desk', ""),
    "a slash at the end": ("a/", "a/", ""),
    "empty": ("", "", ""),
    "only spaces": ("  ", "", ""),
    "255 characters": ("a" * 255, "a" * 255, ""),
    "256 characters": ("a" * 256, "a" * 255, "truncated"),
    "cut at a space": ("a" * 254 + " b", "a" * 254, "truncated"),
    "looked at no further than 2048": ("{" + "a" * 2046 + "}b", "", "macro truncated"),
}


@each_row(("value", "text", "codes"), VALUES.values(), ids=VALUES)
def test_a_value_is_cleaned(value: object, text: str, codes: str) -> None:
    cleaned = clean(value)

    assert (cleaned.text, " ".join(sorted(cleaned.codes))) == (text, codes)


@each_row(
    ("value", "text"),
    [
        pytest.param("Paid Social", "paid social", id="plain"),
        pytest.param("CAFÉ", "café", id="accents"),
        pytest.param("İ" * 255, ("i\u0307" * 255)[:255], id="letters that grow"),
        pytest.param("jane@x.İ", "\u0307", id="letter that becomes part of an address"),
        pytest.param("__CAMPAIGN__", "", id="macro in capitals"),
        pytest.param("google/", "google", id="slash at the end"),
        pytest.param("CPC ; , ", "cpc", id="several marks at the end"),
        pytest.param('"google/"', "google", id="slash within quotation marks"),
        pytest.param('"google"/', "google", id="slash behind quotation marks"),
        pytest.param("a/b", "a/b", id="slash within"),
        pytest.param("/", "", id="nothing but a slash"),
    ],
)
def test_source_and_medium_are_kept_in_lower_case(value: str, text: str) -> None:
    assert clean(value, lower=True).text == text


def test_an_address_right_behind_a_macro_goes_whole() -> None:
    assert clean("__A_B__jane@example.orgjane@example.org").text == "example.org"

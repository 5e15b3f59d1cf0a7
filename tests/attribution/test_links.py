"""URLs taken apart."""

import pytest

from service.attribution.links import Host, is_under, link_pairs, listed_host, read_host, suffixes
from tests.tables import each_row

HOSTS = {
    "https": ("https://www.Example.com/a?b", "example.com"),
    "http in capitals": (" HTTP://example.com ", "example.com"),
    "port, user and password": ("https://me:pw@example.com:8443/", "example.com"),
    "sign in the password": ("https://me:p@w@example.com/", "example.com"),
    "final dot": ("https://www.example.com./", "example.com"),
    "only one www": ("https://www.www.example.com", "www.example.com"),
    "backslash": (r"https://example.com\@evil.com", "example.com"),
    "question mark": ("https://example.com?x", "example.com"),
    "no scheme": ("example.com/a", ""),
    "other scheme": ("ftp://example.com/", ""),
    "no authority": ("https:///a", ""),
    "only a port": ("https://:80/", ""),
    "address of version 6": ("http://[::1]:80/", "[::1]"),
    "longer than a name can be": ("https://" + "a." * 130 + "com/", ""),
    "page read through Google Translate": ("https://www-example-com.translate.goog/a?_x_tr_sl=en", "example.com"),
    "hyphens in it": ("https://shop-north--yard-example.translate.goog", "shop.north-yard.example"),
    "accents in it": ("https://xn----caf--dma-example.translate.goog", "xn--caf-dma.example"),
    "final dot and port behind it": ("https://WWW-example-com.Translate.goog.:443/", "example.com"),
    "the translator itself": ("https://translate.goog/", "translate.goog"),
    "nothing but the translator": ("https://.translate.goog/", ".translate.goog"),
    "a name that ends alike": ("https://www-example-com.nottranslate.goog/", "www-example-com.nottranslate.goog"),
    "empty": ("", ""),
}


@each_row(("url", "name"), HOSTS.values(), ids=HOSTS)
def test_the_host_of_a_url(url: str, name: str) -> None:
    host = read_host(url)

    assert host == (Host(name) if name else None)


def test_an_android_referrer_is_a_package() -> None:
    assert read_host("Android-App://com.linkedin.android/https/x") == Host("com.linkedin.android", is_app=True)


@pytest.mark.parametrize(
    "entry",
    [
        "northyard.example",
        " https://www.Northyard.example/offices ",
        "northyard.example:443/x",
        "northyard-example.translate.goog",
    ],
)
def test_a_listed_domain_may_be_written_as_an_address(entry: str) -> None:
    assert listed_host(entry) == "northyard.example"


def test_a_host_is_under_whole_names_only() -> None:
    assert list(suffixes("a.b.c")) == ["a.b.c", "b.c", "c"]
    assert is_under("l.t.co", {"t.co"})
    assert not is_under("pint.co", {"t.co"})


PAIRS = {
    "query": ("https://x.example/?a=1&b=2", "a=1 b=2"),
    "query before fragment": ("https://x.example/?a=1#b=2", "a=1 b=2"),
    "route in the fragment": ("https://x.example/#/offices?a=1", "a=1"),
    "fragment counts from its first question mark": ("#a=1?utm_source=b", "utm_source=b"),
    "question mark behind the fragment is none of the query": ("https://x.example/#a=1", "a=1"),
    "second question mark before utm_": ("?utm_source=a?UTM_medium=b", "utm_source=a UTM_medium=b"),
    "second question mark elsewhere": ("?a=b?c=d", "a=b?c=d"),
    "escaped ampersands": ("?a=1&amp;amp; b=2", "a=1 b=2"),
    "value with an equals sign": ("?a=b=c", "a=b=c"),
    "encoded name and value": ("?utm%5Fsource=caf%C3%A9", "utm_source=café"),
    "bytes that are no UTF-8": ("?a=caf%E9", "a=caf\ufffd"),
    "bare query": ("?a=1", "a=1"),
    "no query": ("https://x.example/a=1", ""),
}


@each_row(("url", "pairs"), PAIRS.values(), ids=PAIRS)
def test_the_pairs_of_a_link(url: str, pairs: str) -> None:
    assert [f"{name}={value}" for name, value in link_pairs(url)] == pairs.split()


def test_a_plus_is_a_space() -> None:
    assert list(link_pairs("?a=b+c%2B")) == [("a", "b c+")]


def test_only_the_first_8192_characters_are_read() -> None:
    assert list(link_pairs("?a=" + "b" * 9000)) == [("a", "b" * 8189)]

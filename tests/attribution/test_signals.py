"""Hosts and utm_source values looked up in the table of sources."""

import pytest

from service.attribution.links import Host
from service.attribution.signals import Source, read_source, row_of_host
from service.attribution.tables import ROWS
from tests.tables import each_row

HOSTS = {
    "google.com": "google",
    "google.de": "google",
    "google.co.uk": "google",
    "google.com.br": "google",
    "m.google.co.uk": "google",
    "images.google.fr": "google",
    "docs.google.com": "web",
    "gemini.google.com": "ai",
    "mail.google.com": "email",
    "google.com.evil.example": "web",
    "google.net": "web",
    "notgoogle.com": "web",
    "t.co": "twitter",
    "pinterest.co.uk": "pinterest",
    "m.pinterest.com": "pinterest",
    "netflix.com": "web",
    "l.facebook.com": "facebook",
    "uk.search.yahoo.com": "yahoo",
    "yahoo.co.jp": "yahoo",
    "finance.yahoo.com": "web",
    "mail.yahoo.co.uk": "email",
    "mail.yahoo.net": "email",
    "mail.yandex.ru": "email",
    "yandex.com.tr": "yandex",
    "deref-gmx.co.uk": "email",
    "webmail.company.example": "email",
    "mail2b.company.example": "email",
    "email.company.co.uk": "email",
    "mail.example": "web",
    "mailbox.company.example": "web",
    "amazon.com.au": "shop",
    "openai.com": "ai",
    "m365.cloud.microsoft": "ai",
    "chat.z.ai": "ai",
    "z.ai": "web",
    "x.ai": "ai",
    "notx.ai": "web",
    "googleads.g.doubleclick.net": "ads",
}


@each_row(("host", "row"), HOSTS.items(), ids=HOSTS)
def test_a_host_has_the_row_of_its_longest_entry(host: str, row: str) -> None:
    assert row_of_host(Host(host)).name == row


@pytest.mark.parametrize(
    ("package", "row"),
    [
        ("com.google.android.gm", "email"),
        ("com.slack", "social"),
        ("com.mail.company.app", "web"),
        ("com.google.android.googlequicksearchbox", "google"),
    ],
)
def test_an_app_is_never_taken_for_webmail_by_its_name(package: str, row: str) -> None:
    assert row_of_host(Host(package, is_app=True)).name == row


SOURCES = {
    "facebook": ("facebook", False),
    "fb": ("facebook", False),
    "fb-ads": ("facebook", True),
    "facebook_ads_uk": ("facebook", True),
    "facebook lead form": ("facebook", False),
    "adwords": ("google", True),
    "an": ("facebook", False),
    "an-apple": (None, False),
    "threads": ("social", False),
    "x": ("twitter", False),
    "x-ray": (None, False),
    "instant offices uk": ("instantoffices", False),
    "hubble-hq-leads": ("hubblehq", False),
    "hubble-leads": (None, False),
    "customer.io": ("email", False),
    "copilot.com": ("ai", False),
    "www.kimi.com": ("ai", False),
    "you.com": ("ai", False),
    "meta-ai": ("ai", False),
    "meta-ads": ("facebook", True),
    "www.linkedin.com": ("linkedin", False),
    "ads.example.com": ("web", False),
    "https://www.hubblehq.com/list": ("hubblehq", False),
    "https://": (None, False),
    "company newsletter": ("email", False),
    "our-e-mail": ("email", False),
    "-": (None, False),
    "": (None, False),
}


@each_row(("utm_source", "expected"), SOURCES.items(), ids=SOURCES)
def test_a_utm_source_means_a_row_and_maybe_money(utm_source: str, expected: tuple[str | None, bool]) -> None:
    row, is_paid = expected

    source = read_source(utm_source)

    assert (source.row.name if source.row else None, source.is_paid) == (row, is_paid)


def test_a_web_host_as_source_is_no_row_of_the_table() -> None:
    assert read_source("somewhere.example") == Source(row_of_host(Host("somewhere.example")))
    assert "web" not in ROWS

"""The snippets of docs/script.md, copied into pages as they stand."""

import re
from pathlib import Path
from textwrap import dedent

import pytest

from tests.capture.website import HIDDEN, Visitor

pytestmark = pytest.mark.browser

PAGE = (Path(__file__).parents[2] / "docs/script.md").read_text(encoding="utf-8")
SNIPPETS = {dedent(block) for block in re.findall(r"^ *```html\n(.*?)^ *```$", PAGE, re.MULTILINE | re.DOTALL)}
ECHOED = re.findall(r"echo '(<script.*</script>)'", PAGE)


def copied(visitor: Visitor, snippet: str) -> str:
    """The snippet for this service and this visitor's site."""
    here = snippet.replace("https://leads.example.com", visitor.site.service).replace("example.com", visitor.domain)
    return f"<!doctype html>{here}"


def test_the_page_has_a_snippet_for_every_tool() -> None:
    tools = ["Plain HTML", "WordPress", "Webflow", "Framer", "Unbounce", "Google Tag Manager"]

    assert re.findall(r"^### (.+)$", PAGE, re.MULTILINE) == tools
    assert len(ECHOED) == 1
    assert len(SNIPPETS) >= 5


@pytest.mark.parametrize("snippet", sorted(each for each in SNIPPETS if "iframe" not in each) + ECHOED)
def test_a_snippet_fills_the_form_in(visitor: Visitor, snippet: str) -> None:
    page = copied(visitor, snippet)
    visitor.site.pages["/copied"] = page if "<form" in page else page + visitor.site.form()
    visitor.open("/copied?utm_source=google")

    visitor.wait_until(lambda: visitor.hidden().keys() == HIDDEN)
    assert visitor.hidden()["lc_landing_url"] == visitor.url("/copied?utm_source=google")


def test_the_snippet_for_consent_tells_the_script_whenever_it_is_called(visitor: Visitor) -> None:
    asking = next(each for each in SNIPPETS if "leadCaptureConsent" in each)
    early = "<script>leadCaptureConsent(true)</script>"
    visitor.site.pages["/early"] = copied(visitor, asking) + early
    visitor.site.pages["/copied"] = copied(visitor, asking)

    visitor.open("/copied?utm_source=google")
    before = visitor.kept()
    visitor.run("leadCaptureConsent(true)")
    later = visitor.kept()
    visitor.run("leadCaptureConsent(false)")
    visitor.open("/early?utm_source=google")

    assert before == set()
    assert later == {"lc_first", "lc_last", "lc_consent", "lc_visit"}
    visitor.wait_until(lambda: visitor.kept() == later)


def test_the_snippet_for_two_domains_names_the_other_domain(visitor: Visitor) -> None:
    snippet = next(each for each in SNIPPETS if "data-domains" in each)
    visitor.site.pages["/"] = copied(visitor, snippet)
    visitor.follow("/", origin="www.example.org")

    assert visitor.cookies() == {}

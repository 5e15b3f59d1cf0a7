"""`lead-capture preview`: shows the contact and opportunity that a submission would become."""

import argparse
from collections.abc import Iterator
from typing import Any

from service.cli.configuration import form_named, read_configuration
from service.cli.terminal import pair, print_json

UTM_VALUES = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FORM, --field, --page-url, --landing-url, --referrer, --json."""
    parser.add_argument("form", metavar="FORM")
    parser.add_argument(
        "--field", action="append", default=[], type=pair, metavar="NAME=VALUE", help="an answer; may be repeated"
    )
    parser.add_argument("--page-url", default="", help="the page with the form")
    parser.add_argument("--landing-url", default="", help="the first page of the visit")
    parser.add_argument("--referrer", default="", help="the page before it")
    parser.add_argument("--json", action="store_true", help="the whole response of /api/v1/preview")


def run(arguments: argparse.Namespace) -> int:
    """Print the preview; 1 if the visitor would be sent back or the lead parked."""
    from service.cli.installation import stored_setup
    from service.operations.preview import preview

    setup = stored_setup(*read_configuration())
    request = {
        "fields": dict(arguments.field),
        "page_url": arguments.page_url,
        "landing_url": arguments.landing_url,
        "referrer": arguments.referrer,
    }
    result = preview(form_named(arguments.form, setup), request)
    if arguments.json:
        print_json(result)
    else:
        print("\n".join(_lines(result)))
    return 1 if result["problems"] else 0


def _lines(result: dict[str, Any]) -> Iterator[str]:
    from service.operations.preview import readable_body

    yield from (f"problem: {problem}" for problem in result["problems"])
    if result["attribution"]:
        yield from _attribution_lines(result["attribution"])
    for title, body in (("contact to create, if new", result["coworker"]), ("opportunity", result["opportunity"])):
        yield from ("", title, *(_field(name, value) for name, value in readable_body(body).items()))
    if result["origins"]:
        yield from ("", "because", *(_field(origin["field"], origin["reason"]) for origin in result["origins"]))
    yield from ("", f"then the visitor goes to {result['redirect'] or 'the built-in thank-you page'}")


def _attribution_lines(attribution: dict[str, Any]) -> Iterator[str]:
    source = f"LeadSource {attribution['lead_source']} {attribution['lead_source_name']}"
    yield f"attributed to {attribution['channel']}, {source}"
    because, *more = attribution["reason"].split("; ")
    yield from (f"because: {because}", *(f"         {clause}" for clause in more))
    yield from (f"{name}: {attribution[name]}" for name in UTM_VALUES if attribution[name])
    for other in attribution["others"]:
        visit = "this visit" if other["touch"] == "current" else f"the {other['touch']} remembered visit"
        because, *_ = other["reason"].split("; ")
        yield f"not counted: {visit}, {other['channel']}, {other['lead_source_name']}: {because}"


def _field(name: str, value: object) -> str:
    text = "(found or made at delivery)" if value is None else str(value).replace("\n", "\n" + " " * 24)
    return f"  {name:<21} {text}"

"""`lead-capture preview`: what a submission would become."""

import argparse
import json
from typing import Any

from service.cli.configuration import read_configuration
from service.cli.main import Failed

UTM_VALUES = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """FORM, --field, --page-url, --landing-url, --referrer, --json."""
    parser.add_argument("form", metavar="FORM")
    parser.add_argument("--field", action="append", default=[], metavar="NAME=VALUE", help="an answer; may be repeated")
    parser.add_argument("--page-url", default="", help="the page with the form")
    parser.add_argument("--landing-url", default="", help="the first page of the visit")
    parser.add_argument("--referrer", default="", help="the page before it")
    parser.add_argument("--json", action="store_true", help="the whole answer of /api/v1/preview")


def run(arguments: argparse.Namespace) -> int:
    """Print it; 1 when the visitor would be sent back or the lead parked."""
    from service.operations.preview import preview  # noqa: PLC0415 (only this command pays for it)

    _, setup = read_configuration()
    if arguments.form not in setup.forms:
        raise Failed(f"there is no form {arguments.form!r}; the forms file has {', '.join(setup.forms)}")
    asked = {
        "fields": dict(_pair(field) for field in arguments.field),
        "page_url": arguments.page_url,
        "landing_url": arguments.landing_url,
        "referrer": arguments.referrer,
    }
    found = preview(setup.forms[arguments.form], asked)
    print(json.dumps(found, indent=2, ensure_ascii=False) if arguments.json else "\n".join(_lines(found)))
    return 1 if found["problems"] else 0


def _pair(field: str) -> tuple[str, str]:
    name, equals, value = field.partition("=")
    if not equals:
        raise Failed(f"--field {field!r}: write NAME=VALUE")
    return name, value


def _lines(found: dict[str, Any]) -> list[str]:
    from service.operations.preview import readable_body  # noqa: PLC0415 (only this command pays for it)

    lines = [f"problem: {problem}" for problem in found["problems"]]
    verdict = found["attribution"]
    if verdict:
        lines.append(
            f"credited to {verdict['channel']}, LeadSource {verdict['lead_source']} {verdict['lead_source_name']}"
        )
        because, *more = verdict["reason"].split("; ")
        lines += [f"because: {because}", *(f"         {clause}" for clause in more)]
        lines += [f"{name}: {verdict[name]}" for name in UTM_VALUES if verdict[name]]
        lines += [_other(other) for other in verdict["others"]]
    for title, body in (("contact to make, if new", found["coworker"]), ("opportunity", found["opportunity"])):
        lines += ["", title, *(_field(name, value) for name, value in readable_body(body).items())]
    if found["origins"]:
        lines += ["", "because", *(_field(origin["field"], origin["reason"]) for origin in found["origins"])]
    return [*lines, "", f"then the visitor goes to {found['redirect'] or 'our thank-you page'}"]


def _other(other: dict[str, Any]) -> str:
    visit = "this visit" if other["touch"] == "current" else f"the {other['touch']} remembered visit"
    because, *_ = other["reason"].split("; ")
    return f"not counted: {visit}, {other['channel']}, {other['lead_source_name']}: {because}"


def _field(name: str, value: object) -> str:
    text = "(found or made at delivery)" if value is None else str(value).replace("\n", "\n" + " " * 24)
    return f"  {name:<21} {text}"

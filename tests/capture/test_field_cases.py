"""What senders in the field do, case by case: each request is posted as it was seen, and the leads are looked at.

A case: `door` (preview, form, webhook, import, script), `config` of its form, `steps` to send in order, and `expect`:
the number of `leads`; `each`: entries matched by a lead of their own; `nowhere_lost`: texts that must be kept;
`crm`: texts that must reach Nexudus; `or`: further expectations of which one is enough.
"""

import base64
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from service.forms.file import make_setup
from service.forms.problems import ProblemList
from service.store import Store
from tests.front import TOKEN, Front

SAMPLES = Path(__file__).parents[1] / "samples"
CASES = {
    path.stem: json.loads(path.read_text("utf-8"))
    for folder in ("field-cases", "real-clients")
    for path in sorted((SAMPLES / folder).glob("*.json"))
}
HERE = [name for name, case in CASES.items() if case["door"] in ("preview", "form", "webhook")]
"""The others are tested where files are imported, and where the page's script runs."""

PERSON = ("email", "full_name", "phone", "company", "message")


def front_of(name: str, store: Store) -> Front:
    """A service with the form of one case."""
    rule = {"business_id": 55, "country_id": 1, "time_zone_id": 2}
    document = {"forms": {name: {"stage_id": 1001, "contact": rule, **CASES[name].get("config", {})}}}
    setup = make_setup(document, lambda _: None, ProblemList("forms.toml"))
    return Front(store, *setup.forms.values())


def send(front: Front, step: Mapping[str, Any], name: str) -> TestResponse:
    """Send one request as it was seen."""
    headers = dict(step.get("headers", {}))
    if "body" in step:
        body = json.dumps(step["body"], ensure_ascii=False).encode()
        headers.setdefault("Content-Type", "application/json")
    else:
        body = base64.b64decode(step["raw_base64"]) if "raw_base64" in step else step.get("raw_body", "").encode()
    if step["path"].startswith("/api/"):
        headers["Authorization"] = f"Bearer {TOKEN}"
    path = step["path"].replace("{form}", name)
    return front.client.open(path, method=step.get("method", "POST"), data=body, headers=headers)


@pytest.mark.parametrize("name", HERE)
def test_what_senders_do_in_the_field(sqlite: Store, name: str) -> None:
    case = CASES[name]
    front = front_of(name, sqlite)

    answers = [send(front, step, name) for step in case["steps"]]

    expectations = [case["expect"], *case["expect"].get("or", [])]
    wrong = [list(faults(expected, case["door"], answers, front)) for expected in expectations]
    assert [] in wrong, wrong


def faults(expected: Mapping[str, Any], door: str, answers: Sequence[TestResponse], front: Front) -> Iterator[str]:
    """What of one expectation does not hold, as sentences."""
    for number, answer in enumerate(answers):
        wanted = (expected.get("answers") or [None] * len(answers))[number]
        if not is_right(answer.status_code, wanted):
            yield f"step {number + 1} was answered {answer.status_code}: {answer.text[:200]}"
    leads = [answer.get_json() for answer in answers] if door == "preview" else front.ask("/leads").get_json()["leads"]
    if door != "preview" and "leads" in expected and len(leads) not in flat(expected["leads"]):
        yield f"{len(leads)} leads instead of {expected['leads']}"
    for entry in expected.get("each", []):
        missed: list[list[str]] = [list(differences(lead, entry)) for lead in leads] or [["there is no lead"]]
        if [] not in missed:
            nearest = min(missed, key=len)
            yield "; ".join(nearest)
    yield from (f"{text!r} is lost" for text in expected.get("nowhere_lost", []) if text not in everything(leads))
    bodies = everything([[lead.get("coworker"), lead.get("opportunity")] for lead in leads])
    yield from (f"{text!r} would not reach Nexudus" for text in expected.get("crm", []) if text not in bodies)
    yield from (f"{text!r} would reach Nexudus" for text in expected.get("crm_without", []) if text in bodies)


def is_right(status: int, wanted: int | str | None) -> bool:
    """Whether a step was answered as it should; refused means any error after which a sender does not give up."""
    if wanted == "refused":
        return status >= 400 and status not in (404, 410)
    return status == wanted if wanted is not None else status in (200, 303)


def differences(lead: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[str]:
    """What of one entry does not hold for a lead, or for what a preview answers."""
    for name in PERSON:
        if name in entry and not is_same(name, answer_of(lead, name), text_of(entry[name])):
            yield f"{name} is {answer_of(lead, name)!r} instead of {entry[name]!r}"
    yield from (f"{name} is no name" for name in entry.get("not_full_name", []) if answer_of(lead, "full_name") == name)
    if "status" in entry and lead.get("status") != "pending":
        yield f"it is {lead.get('status')}: {lead.get('problem')}"
    for name, value in entry.get("fields", {}).items():
        if answer_of(lead, name) != text_of(value):
            yield f"{name} is {answer_of(lead, name)!r} instead of {value!r}"
    for value in entry.get("extras", {}).values():
        yield from (f"{text!r} is not kept" for text in map(str, flat(value)) if text not in everything(lead))
    yield from credited_otherwise(lead["attribution"], entry)
    yield from (f"{n} is {lead[n]!r}" for n in ("repeats", "external_id") if n in entry and lead[n] != entry[n])
    for parts in entry.get("together", []):
        if not any(all(part in everything(value) for part in parts) for value in lead["extras"].values()):
            yield f"{parts} are not one answer"


def credited_otherwise(verdict: Mapping[str, Any], entry: Mapping[str, Any]) -> Iterator[str]:
    """What of an entry's source does not hold."""
    wanted = {**entry.get("utm", {}), **{name: entry[name] for name in ("channel", "lead_source") if name in entry}}
    for name, value in wanted.items():
        if verdict[name] != value:
            yield f"{name} is {verdict[name]!r} instead of {value!r}"
    ids, expected = verdict["click_ids"], entry.get("click_ids")
    if expected is not None and (set(expected.values()) - set(ids.values()) or (ids and not expected)):
        yield f"the click ids are {ids}"


def is_same(name: str, given: str, wanted: str) -> bool:
    """Whether an answer is the wanted one; an extension may follow a phone number."""
    if name == "phone" and wanted:
        digits = [re.sub(r"\D", "", unicodedata.normalize("NFKC", each)) for each in (given, wanted)]
        return given.startswith("+") == wanted.startswith("+") and digits[0].startswith(digits[1])
    return given.lower() == wanted.lower() if name == "email" else given == wanted


def answer_of(lead: Mapping[str, Any], name: str) -> str:
    """A canonical answer; of a preview, the message stands in the notes only."""
    if name == "message" and "opportunity" in lead:
        return str(lead["opportunity"]["Notes"]).partition("\n\n")[0]
    return text_of(lead["contact"].get(name) or lead.get("fields", {}).get(name))


def text_of(value: Any) -> str:
    """A value as one text, "" for none."""
    return unicodedata.normalize("NFC", "\n".join(map(str, flat(value)))).strip()


def flat(value: Any) -> list[Any]:
    """A value, or the values of a list, without what is empty."""
    return [each for each in (value if isinstance(value, list) else [value]) if each not in (None, "")]


def everything(value: Any) -> str:
    """All texts of a JSON value."""
    if isinstance(value, Mapping):
        return "\n".join(everything(each) for each in value.values())
    return "\n".join(map(everything, value)) if isinstance(value, list) else "" if value is None else str(value)

"""WPForms' Webhooks add-on: names that the owner typed, JSON or form, signed over what JSON sends."""

from collections.abc import Iterator

from service.capture.bodies import read_body
from service.capture.claims import Answer
from service.capture.enquiries import Answered, Enquiry, Item
from service.capture.proofs import check_timestamped
from service.capture.sender import Call, Sender, Table
from service.capture.tools.wordpress import whose

OLDEST_S = 300.0
"""How old a signature may be, in seconds."""

_BETWEEN = "||"  # several answers of one field are one text


def verify(call: Call, table: Table) -> None:
    """Check `t=SECONDS,v=HEX` over "t.body".

    Raises: Forged.
    """
    header = call.headers.get("x-wpforms-webhook-signature", "")
    check_timestamped(header, str(table.get("secret", "")), call, OLDEST_S, "v")


def read(call: Call, _table: Table) -> Iterator[Item]:
    """One enquiry. The id in the header is the webhook's own, always the same, and no id of an entry."""
    sent = read_body(call.body, call.content_type).answers
    answers = []
    for name, answer in sent.items():
        whole, _, part = name.rpartition(".")
        if part == "unix" and f"{whole}.value" in sent:
            continue  # a date comes twice
        answers.append(Answered(whole if part == "value" and f"{whole}.unix" in sent else name, _split(answer)))
    yield Enquiry(answers, platform=whose("wpforms", call, str(sent.get("page_url", ""))))


def _split(answer: Answer) -> Answer:
    if isinstance(answer, str) and _BETWEEN in answer:
        return [each.strip() for each in answer.split(_BETWEEN) if each.strip()]
    return answer


WPFORMS = Sender(read, verify)
"""Signs, where the owner set a secret."""

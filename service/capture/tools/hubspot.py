"""HubSpot workflows: a contact as its API returns it, or the properties that the owner picked.

Facts: developers.hubspot.com, "Validating requests", "Using webhooks in workflows".
"""

import hashlib
import re
from collections.abc import Iterator, Mapping

from service.capture.fields.enquiries import Enquiry, Item, NamedAnswer
from service.capture.parsing import Unreadable
from service.capture.parsing.json_values import Json, read_instant, table_at, tables_at, text_at
from service.capture.parsing.loose_json import read_json
from service.capture.tools.json_posts import named_answers, other_details, read_object, read_plainly
from service.capture.tools.sender import (
    SenderConfig,
    WebhookCall,
    WebhookSender,
    check,
    check_age,
    hmac_base64,
    is_same,
)

_MAX_AGE_S = 300
_MILLISECOND_S = 0.001
_IDS = ("objectId", "vid", "canonical-vid", "hs_object_id", "id")
_KNOWN = (
    *_IDS,
    *("properties", "form-submissions", "list-memberships", "identity-profiles", "merged-vids", "merge-audits"),
    *("portal-id", "is-contact", "createdAt", "updatedAt", "archived", "profile-token", "profile-url", "addedAt"),
    *("associated-company", "associated-owner"),
)
_EVENTS = ("subscriptionType", "subscriptionId")
_PLAIN_IN_V3 = re.compile("%(3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.IGNORECASE)
_KEPT = (
    *("hs_google_click_id", "hs_facebook_click_id", "hs_analytics_first_url", "hs_analytics_first_referrer"),
    *("hs_analytics_source", "hs_analytics_source_data_1", "hs_analytics_source_data_2", "hs_language"),
)
_HOUSEKEEPING = re.compile(
    "(hs_|hubspot_|ip_|notes_(last|next)_|num_(unique_|contacted_|associated_|conversion_|notes)).*"
    "|(recent|first)_(conversion|deal)_.*|(created?|lastmodified|close)date|lifecyclestage|days_to_close"
    "|associatedcompany(id|lastupdated)|currentlyinworkflow|hubspotscore|total_revenue"
)
"""HubSpot's own properties: a contact has more than a hundred."""


def verify(call: WebhookCall, config: SenderConfig) -> None:
    """Check the newest signature version present, of three.

    Raises: InvalidSignature.
    """
    secret = str(config.get("secret", ""))
    signature = call.headers.get("x-hubspot-signature-v3", "")
    if signature:
        _check_v3(signature, call, secret)
    else:
        _check_older(call.headers.get("x-hubspot-signature", ""), call, secret)


def _check_v3(signature: str, call: WebhookCall, secret: str) -> None:
    at = call.headers.get("x-hubspot-request-timestamp", "")
    decoded = _PLAIN_IN_V3.sub(lambda match: chr(int(match[1], 16)), call.url)
    wanted = [
        hmac_base64(secret, f"{call.method}{url}".encode() + call.body + at.encode()) for url in (decoded, call.url)
    ]
    check(signature, _match_or_first(signature, wanted), secret)
    check_age(at, call.received_at, _MAX_AGE_S, _MILLISECOND_S)


def _check_older(signature: str, call: WebhookCall, secret: str) -> None:
    """Hashes with the secret in front, v1 or v2; without a version header either is accepted."""
    version = call.headers.get("x-hubspot-signature-version", "")
    signed = {"v1": b"", "v2": f"{call.method}{call.url}".encode()}
    chosen = [signed[version]] if version in signed else list(signed.values())
    wanted = [hashlib.sha256(secret.encode() + before + call.body).hexdigest() for before in chosen]
    check(signature.lower(), _match_or_first(signature.lower(), wanted), secret)


def _match_or_first(given: str, wanted: list[str]) -> str:
    return next((each for each in wanted if is_same(given, each)), wanted[0])


def read(call: WebhookCall, config: SenderConfig) -> Iterator[Item]:
    """Yield one contact; nothing for change events, which name an object and no person."""
    if _is_events(call):
        return
    payload = read_object(call)
    properties = table_at(payload, "properties")
    if not properties:
        yield from read_plainly(call, config, _id(payload, payload))
        return
    last = _last_submission(payload)
    yield Enquiry(
        [*_properties(properties), *named_answers("page_url", text_at(last, "page-url"), target="page_url")],
        external_id=text_at(last, "conversion-id") or _id(payload, properties),
        form_name=text_at(last, "title") or _property(properties, "recent_conversion_event_name"),
        details=other_details(payload, *_KNOWN),
        submitted_at=read_instant(text_at(last, "timestamp")),
    )


def _is_events(call: WebhookCall) -> bool:
    try:
        payload = read_json(call.body)
    except Unreadable:
        return False
    members = payload if isinstance(payload, list) else [payload]
    return bool(members) and all(any(key in table_at(member) for key in _EVENTS) for member in members)


def _properties(properties: Json) -> Iterator[NamedAnswer]:
    for name, value in properties.items():
        if name in _KEPT or not _HOUSEKEEPING.fullmatch(name):
            yield from named_answers(name, _value(value))


def _last_submission(payload: Json) -> Json:
    sent = tables_at(payload, "form-submissions")
    return max(sent, key=lambda each: read_instant(text_at(each, "timestamp")) or 0.0, default={})


def _id(payload: Json, properties: Json) -> str:
    """The contact's id with the time of the last form submission where known: people come again."""
    contact = next(filter(None, (text_at(payload, key) for key in _IDS)), "")
    return f"{contact} {_property(properties, 'recent_conversion_date')}".strip() if contact else ""


def _property(properties: Json, name: str) -> str:
    return text_at(_value(properties.get(name)))


def _value(value: object) -> object:
    """A property's value; the first API version wraps it."""
    return value.get("value") if isinstance(value, Mapping) else value


HUBSPOT = WebhookSender(read, verify)
"""Signs with the client secret of an app."""

"""Posts of one enquiry by form tools, databases, CRMs and chats, as documented or as recorded by receivers.

All have the same content (Ann Lee, ann@example.com, "Two desks"), so any difference comes from the reader.
"""

import json
from typing import Any
from urllib.parse import urlencode

NAME, EMAIL, MESSAGE = "Ann Lee", "ann@example.com", "Two desks"
FORM_TYPE, JSON_TYPE = "application/x-www-form-urlencoded", "application/json"
FLAT = {"name": NAME, "email": EMAIL, "message": MESSAGE}
FLOW = [("n1", "Your name", NAME), ("e1", "Your e-mail", EMAIL), ("m1", "Message", MESSAGE)]


def listed(label: str, value: str, **more: Any) -> list[dict[str, Any]]:
    """The three questions as a list of objects. label, value: what the members are called. more: in each of them."""
    return [{label: question, value: answer, **more} for _, question, answer in FLOW]


def mapped(label: str, value: str, **more: Any) -> dict[str, dict[str, Any]]:
    """The three questions as an object, under their ids."""
    return {key: {label: question, value: answer, **more} for key, question, answer in FLOW}


TYPEFORM = {
    "token": "a3a12ec67a13",
    "definition": {
        "title": "Tour",
        "fields": [{"id": key, "title": question, "type": "short_text"} for key, question, _ in FLOW],
    },
    "answers": [
        {"type": "text", "text": answer, "field": {"id": key, "type": "short_text"}} for key, _, answer in FLOW
    ],
}
WUFOO_FIELDS = {"Fields": [{"ID": key, "Title": question, "Type": "text"} for key, question, _ in FLOW]}
MAUTIC = {
    "submission": {"id": 101, "form": {"id": 3, "name": "Tour"}, "lead": {"id": 645}, "results": FLAT},
    "timestamp": "2026-11-29T10:00:00+00:00",
}
PIPEDRIVE = {
    "data": {
        "id": 12345678,
        "name": NAME,
        "emails": [{"primary": True, "value": EMAIL, "label": "work"}],
        "notes": MESSAGE,
    },
    "meta": {"action": "create", "entity": "person"},
    "previous": None,
}
JOTFORM = {
    "3": {
        "name": "yourName",
        "text": "Your Name",
        "type": "control_fullname",
        "answer": {"first": "Ann", "last": "Lee"},
    },
    "4": {"name": "mail", "text": "E-mail", "type": "control_email", "answer": EMAIL},
    "5": {"name": "note", "text": "Message", "type": "control_textarea", "answer": MESSAGE},
    "1": {"name": "head", "text": "Book a tour", "type": "control_head"},
}
FORMSTACK = {
    "FormID": "55120",
    "UniqueID": "12345681",
    "Name": {"value": {"first": "Ann", "last": "Lee"}, "field_type": "name"},
    "Email": {"value": EMAIL, "field_type": "email"},
    "Message": {"value": MESSAGE, "field_type": "textarea"},
}
COGNITO = {
    "Form": {"Id": "1", "Name": "Tour"},
    "Name": {"First": "Ann", "FirstAndLast": NAME, "Last": "Lee", "Middle": None},
    "Email": EMAIL,
    "Message": MESSAGE,
    "Entry": {"Number": 12, "User": {"Name": "Operator", "Email": "ops@example.com"}, "Origin": {"City": "Leeds"}},
}
SURVEYMONKEY = [
    {"id": key, "heading": question, "family": "open_ended", "answers": [{"text": answer}]}
    for key, question, answer in FLOW
]
INTERCOM = {"type": "contact", "id": "63a07ddf05a32042dffac965", "name": NAME, "email": EMAIL, "message": MESSAGE}
TAWK_TICKET = {"id": "02598050-0ff9", "humanId": 3, "subject": "Desks", "message": MESSAGE}
WPFORMS = [
    {"name": "Your name", "value": NAME, "id": 0, "type": "name", "first": "Ann", "last": "Lee"},
    {"name": "E-mail", "value": EMAIL, "id": 1, "type": "email"},
    {"name": "Company", "id": 3, "type": "text"},
    {"name": "Message", "value": MESSAGE, "value_raw": MESSAGE, "id": 2, "type": "textarea"},
]

SHAPES: dict[str, object] = {
    "Paperform": {"submission_id": "6b2c0d1e2a", "data": listed("title", "value", description=None, custom_key=None)},
    "Fillout": {"formName": "Tour", "submission": {"submissionId": "5b9a-77d3", "questions": listed("name", "value")}},
    "questions in a survey": {"survey": listed("label", "value"), "form_name": "Tour"},
    "questions in a form, by id": {"event": "new", "form": mapped("label", "value")},
    "keys that nobody knows": {"fields": listed("zq", "zw", required=True)},
    "one key that nobody knows": {"fields": listed("label", "zw", type="text")},
    "a name that nobody knows": {"fields": listed("zq", "value")},
    "keys that nobody knows, by id": {"fields": mapped("zq", "zw")},
    "MetForm": {"form_id": "5", "entries": {"mf-name": NAME, "mf-email": EMAIL, "mf-textarea": MESSAGE}},
    "a prefix that nobody knows": {"zq_name": NAME, "zq_email": EMAIL, "zq_message": MESSAGE},
    "Fillout's API": {"responses": [{"submissionId": "5b9a", "questions": listed("name", "value")}], "pageCount": 1},
    "HeyForm": {"formName": "Tour", "answers": listed("title", "value", kind="short_text"), "hiddenFields": []},
    "OpnForm": {"form_title": "Tour", "data": mapped("name", "value"), "message": "Kept for old integrations."},
    "Formbricks": {"event": "responseFinished", "data": {"id": "clz9resp888", "finished": True, "data": FLAT}},
    "QuestionScout": {"submissionId": "11a111aaaa2", "fields": listed("name", "value", visible=True, _id="x")},
    "Formsure": {"formName": "Tour", "submission": listed("question", "answer"), "meta": {"formSlug": "fx"}},
    "Elfsight": {"widget_id": "ab", "data": mapped("name", "value", type="shortText")},
    "WPForms": WPFORMS,
    "WPForms, by number": {"form": "Tour", "fields": {str(field["id"]): field for field in WPFORMS}},
    "Everest Forms": {"fields": mapped("name", "value", type="text", meta_key="x")},
    "SureForms": {"success": True, "form_name": "Tour", "message": "<p>Thank you.</p>", "data": FLAT},
    "Formstack": FORMSTACK,
    "Cognito Forms": COGNITO,
    "Jotform's API": {"responseCode": 200, "message": "success", "content": {"form_id": "1", "answers": JOTFORM}},
    "Typeform, relayed": {"event_type": "form_response", "form_response": TYPEFORM},
    "Tally, relayed": {"eventType": "FORM_RESPONSE", "data": {"fields": listed("label", "value", type="INPUT_TEXT")}},
    "SurveyMonkey": {"id": "5007154325", "pages": [{"id": "1", "questions": SURVEYMONKEY}]},
    "Alchemer": {"data": {"response_id": 345, "survey_data": mapped("question", "answer", section_id=1)}},
    "Heyflow": {
        "flowID": "f",
        "fields": [{"id": key, "label": question, "values": [{"answer": answer}]} for key, question, answer in FLOW],
    },
    "Duda": {"data": {"fieldsData": listed("field_label", "field_value", field_type="text"), "form_title": "Tour"}},
    "Perspective": {"profile": mapped("title", "value"), "meta": {"funnelName": "Desks"}},
    "HubSpot's forms": {"fields": listed("name", "value", objectTypeId="0-1"), "context": {"pageName": "Tour"}},
    "Umbraco Forms": {"formName": "Tour", "fields": listed("caption", "value", alias="x")},
    "Netlify, relayed": {"form_name": "Tour", "ordered_human_fields": listed("title", "value", name="x")},
    "Airtable": {"id": "rec1234567890abcd", "createdTime": "2026-11-29T10:00:00Z", "fields": FLAT},
    "NocoDB": {"type": "records.after.insert", "data": {"table_name": "Enquiries", "rows": [{"Id": 2, **FLAT}]}},
    "Baserow": {"event_type": "rows.created", "event_id": "b5", "items": [{"id": 1, "order": "1.0", **FLAT}]},
    "Supabase": {"type": "INSERT", "table": "leads", "record": {"id": 7, **FLAT}, "old_record": None},
    "Strapi": {"event": "entry.create", "model": "enquiry", "entry": {"id": 5, **FLAT}},
    "Directus": {"event": "items.create", "payload": FLAT, "key": 5, "accountability": {"user": "u"}},
    "Mautic": {"mautic.form_on_submit": [MAUTIC]},
    "Pipedrive": PIPEDRIVE,
    "Intercom": {"type": "notification_event", "topic": "contact.created", "data": {"item": INTERCOM}},
    "tawk.to": {"event": "ticket:create", "requester": {"name": NAME, "email": EMAIL}, "ticket": TAWK_TICKET},
    "a CRM's contact": {
        "contact": {"id": "c_1", "name": {"first": "Ann", "last": "Lee"}, "email": EMAIL},
        "message": MESSAGE,
    },
    "one object for each answer": [{question: answer} for _, question, answer in FLOW],
    "pairs": {"fields": [[question, answer] for _, question, answer in FLOW]},
    "in German": {"formular": "Termin", "antworten": listed("frage", "antwort")},
    "with what stands between": {
        "fields": [*listed("label", "value", type="text"), {"type": "submit", "label": "Send"}]
    },
    "Amazon's queue": {"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(FLAT)},
    "n8n": {"headers": {"host": "n8n"}, "params": {}, "body": FLAT, "executionMode": "production"},
}
"""Tool -> its JSON."""

FORMS: dict[str, str] = {
    "Wufoo": urlencode(
        {**{key: answer for key, _, answer in FLOW}, "EntryId": "7", "FieldStructure": json.dumps(WUFOO_FIELDS)}
    ),
    "Mailchimp": urlencode(
        {"type": "subscribe", "data[id]": "8a25", "data[merges][EMAIL]": EMAIL, "data[merges][NAME]": NAME}
        | {"data[merges][MESSAGE]": MESSAGE}
    ),
    "ActiveCampaign": urlencode(
        {"type": "subscribe", "contact[id]": "123456789", "contact[email]": EMAIL, "contact[first_name]": "Ann"}
        | {"contact[last_name]": "Lee", "contact[fields][message]": MESSAGE}
    ),
    "Wufoo with its form": urlencode(
        {**{key: answer for key, _, answer in FLOW}, "EntryId": "7", "FieldStructure": json.dumps(WUFOO_FIELDS)}
        | {"FormStructure": json.dumps({"Name": "Contact Form", "Email": "owner@example.org", "Hash": "z1"})}
    ),
    "Symfony": urlencode({"form[name]": NAME, "form[email]": EMAIL, "form[message]": MESSAGE}),
    "Yii": urlencode({"ContactForm[name]": NAME, "ContactForm[email]": EMAIL, "ContactForm[body]": MESSAGE}),
    "numbered brackets": urlencode(
        {
            f"fields[{n}][{part}]": text
            for n, (_, *texts) in enumerate(FLOW)
            for part, text in zip(("label", "value"), texts, strict=True)
        }
    ),
    "Everest Forms": urlencode(
        {
            f"fields[{key}][{part}]": text
            for key, *texts in FLOW
            for part, text in zip(("name", "value"), texts, strict=True)
        }
    ),
}
"""Tool that posts forms -> its body."""

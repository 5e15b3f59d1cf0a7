"""Links where enquiries have none: in a name, as markup, or more of them than a person writes."""

import re

from service.capture.claims import texts_of
from service.capture.contact import line_of
from service.capture.http.negotiation import is_own_site
from service.forms import Form
from service.lead import Submission

_LINK = re.compile(r"(?:\bhttps?://|(?<![\w./@-])www\.)([^\s/<>\"'\]\[()?#,;|]+)", re.IGNORECASE)
_MARKUP = re.compile(
    r"\[(?:url|link)=|\[(?:url|link)\]\s{0,20}(?:http|www)|<a\s[^<>]{0,200}?href\s{0,20}=", re.IGNORECASE
)
_NAMES = ("full_name", "first_name", "last_name")


def find_stray_link(submission: Submission, form: Form) -> str:
    """Say what is wrong with the links of an enquiry, "" when nothing is.

    One link is no reason, nor are several to the form's own sites.
    """
    fields = submission.fields
    if any(_LINK.search(line_of(fields[name])) for name in _NAMES if name in fields):
        return "The name holds a link"
    answers = (*fields.values(), *submission.extras.values())
    texts = [text for answer in answers for text in texts_of(answer if isinstance(answer, str) else list(answer))]
    if any(_MARKUP.search(text) for text in texts if "[" in text or "<" in text):
        return "It holds links in markup, as robots write them ([url] or <a href>)"
    number = count_links(line_of(fields.get("message", "")), form)
    return f"The message holds {number} links, more than `max_links` allows" if number > form.max_links else ""


def count_links(text: str, form: Form) -> int:
    """How many links a text holds that lead elsewhere than to the form's own sites."""
    return sum(not is_own_site(found[1], form) for found in _LINK.finditer(text))

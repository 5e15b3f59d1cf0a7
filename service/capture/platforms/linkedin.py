"""LinkedIn Lead Gen Forms: the webhook brings URNs, the answers are read afterwards."""

from collections.abc import Mapping

from service.capture.enquiries import Enquiry
from service.capture.sender import Table
from service.capture.shapes import Json


def needs_form(response: Json) -> bool:
    """Tell whether the form's questions are needed to know which answer is the name or the address."""
    return not response


def enquiry(response: Json, form: Json | None, details: Mapping[str, str], table: Table) -> Enquiry:
    """Make the Enquiry of a response that was read.

    response: the answer of GET /leadFormResponses/{id}. form: of GET /leadForms/{id}; None where the answer holds
    it, or it was not read. Both parsed with numbers as text. details: of the Notice. table: for its `names`.
    Raises: nothing.
    """
    return Enquiry([])

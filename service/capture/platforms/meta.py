"""Meta's lead ads, on Facebook and Instagram: the webhook brings ids, the answers are read afterwards."""

from collections.abc import Mapping

from service.capture.enquiries import Enquiry
from service.capture.sender import Table
from service.capture.shapes import Json


def needs_form(lead: Json) -> bool:
    """Tell whether the form's questions are needed to know which answer is the name or the address."""
    return not lead


def enquiry(lead: Json, form: Json | None, details: Mapping[str, str], table: Table) -> Enquiry:
    """Make the Enquiry of a lead that was read.

    lead: the answer of GET /{leadgen_id}. form: of GET /{form_id}, for its name, questions and texts; None where
    it was not read. Both parsed with numbers as text. details: of the Notice. table: the operator's, for `names`.
    Raises: nothing.
    """
    return Enquiry([])

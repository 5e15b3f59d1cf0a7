"""Which form's rules a lead follows: the first route whose answers all match, else the form itself."""

from service.forms import Form
from service.lead import Submission


def route(form: Form, submission: Submission) -> Form:
    """The form, or the variant of it that the lead's answers ask for."""
    return form.for_answers(submission)

"""Which form's rules a lead follows: the first route whose answers all match, else the form itself."""

from collections.abc import Mapping

from service.forms import Form
from service.lead import Submission


def route(form: Form, submission: Submission) -> Form:
    """The form, or the variant of it that the lead's answers ask for."""
    return form.for_answers(submission)


def account_of(forms: Mapping[str, Form], submission: Submission) -> str | None:
    """The Nexudus account that a lead's form and answers name; None where the forms file has no such form any more."""
    form = forms.get(submission.form)
    return None if form is None else route(form, submission).account

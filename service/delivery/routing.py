"""Which form's rules a lead follows: the first route whose answers all match, else the form itself."""

from service.forms import Form
from service.lead import Answers, Submission


def route(form: Form, submission: Submission) -> Form:
    """The form, or the variant of it that the lead's answers ask for."""
    answers = {**submission.extras, **submission.fields}
    for candidate in form.routes:
        if all(_says(answers, name, wanted) for name, wanted in candidate.when.items()):
            return candidate.form
    return form


def _says(answers: Answers, name: str, wanted: str) -> bool:
    """Whether an answer, or one of several, is the wanted one: trimmed, any case."""
    given = answers.get(name, "")
    given = [given] if isinstance(given, str) else given
    return any(one.strip().casefold() == wanted.strip().casefold() for one in given)

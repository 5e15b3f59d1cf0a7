"""The answers of one submission, found by the names that the forms file has for them."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.forms.form import Form
from service.forms.names import fold_name
from service.lead import OPERATOR_REMARKS, Submission

FORM_WORDS = ("form", "title")
"""What stands for the form itself: its name, and what people call it."""

_READ = ("email", "full_name", "first_name", "last_name", "phone", "company")
"""Of these the reading in Contact is better than the answer as typed."""


@dataclass(frozen=True, slots=True)
class GivenAnswers:
    """exact: name -> text. loose: folded name -> text, for names that were submitted in another spelling."""

    exact: Mapping[str, str]
    loose: Mapping[str, str]

    def text(self, name: str) -> str:
        """What was answered, several answers with commas between; "" where nothing was."""
        return self.exact.get(name, "") or self.loose.get(fold_name(name), "")


def answers_given(submission: Submission, form: Form) -> GivenAnswers:
    """All that a template of this form may speak of."""
    contact = submission.contact
    extras = {name: _text(answer) for name, answer in submission.extras.items() if name not in OPERATOR_REMARKS}
    known = {name: _text(answer) for name, answer in submission.fields.items()}
    known |= {name: value for name in _READ if (value := getattr(contact, name))}
    words = dict(zip(FORM_WORDS, (form.name, form.title or form.name), strict=True))
    mapped = [(name, target) for target, names in form.fields.items() for name in names]
    submitted = [(name, target) for target, name in submission.names.items()]
    loose = {fold_name(name): known[target] for name, target in (*mapped, *submitted) if target in known}
    return GivenAnswers(
        {**extras, **known, **words}, {**loose, **{fold_name(name): text for name, text in extras.items()}}
    )


def _text(answer: object) -> str:
    if isinstance(answer, str):
        return answer.strip()
    return ", ".join(map(str, answer)) if isinstance(answer, list | tuple) else ""

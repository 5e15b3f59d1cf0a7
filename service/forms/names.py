"""Names of answers: as the operator writes them, and as a form sends them."""

from collections.abc import Mapping, Sequence

from service.lead import CANONICAL_FIELDS, Answers


def fold_name(name: str) -> str:
    """A name as it is compared: letters and digits in any case; a name that has none stays as it is."""
    return "".join(filter(str.isalnum, name.casefold())) or name


def find_answer(name: str, answers: Answers) -> str | Sequence[str]:
    """The answer of this name, else of one that only differs in capitals, spaces or marks; "" where there is none."""
    if name in answers:
        return answers[name]
    folded = fold_name(name)
    return next((answer for sent, answer in answers.items() if fold_name(sent) == folded), "")


def own_names(fields: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Submitted name -> the answer that it fills, by a form's `fields`. The names of answers mean those answers."""
    pairs = ((name.strip(), target) for target, names in fields.items() for name in names)
    return {name: target for name, target in pairs if name not in CANONICAL_FIELDS}

"""A problem of a set-up, the forms of an account that it concerns, and the causes of alerts that report it.

A cause is the name under which the store keeps an alert about an account's set-up or behaviour.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from service.delivery.targets import Unroutable, known_target
from service.forms import Form

WHOLE_ACCOUNT = "-"
"""Replaces the form in the cause of a problem that concerns no single form."""


def stage_cause(account: str, stage_id: int) -> str:
    """Return the cause of an unsafe stage."""
    return f"stage:{account}:{stage_id}"


def location_cause(account: str, business_id: int) -> str:
    """Return the cause of a location that is full, or nearly."""
    return f"cap:{account}:{business_id}"


def notes_cause(account: str, type_id: int | None) -> str:
    """Return the cause of notes that Nexudus does not keep under an opportunity type."""
    return f"notes:{account}:{type_id or 0}"


def mark_cause(account: str) -> str:
    """Return the cause of markers that survive only in the notes."""
    return f"mark:{account}"


def setup_cause(account: str, form: str, check: str) -> str:
    """Return the cause of an error in the set-up of a form. check: the kind of check, one word."""
    return f"setup:{account}:{form}:{check}"


def account_of_cause(cause: str) -> str:
    """Return the account in one of these causes; "" for any other cause."""
    match = re.fullmatch(r"(?:stage|cap|notes):(.+):\d+|setup:(.+):[^:]+:\w+|mark:(.+)", cause)
    return "" if match is None else match[1] or match[2] or match[3]


def check_of_cause(cause: str, account: str) -> str:
    """Return the check that reports this cause; "" if no check of the account's set-up does."""
    match = re.fullmatch(rf"(stage|cap):{re.escape(account)}:\d+|setup:{re.escape(account)}:[^:]+:(\w+)", cause)
    return "" if match is None else match[1] or match[2]


# -- problems


Level = Literal["error", "warning"]
"""error: leads do not reach the operator, or harm is done; warning: worth a look, or the check was not possible."""


@dataclass(frozen=True, slots=True)
class SetupProblem:
    """One problem: printed by a command, logged by the worker, stored as an alert. Nothing personal, no secret.

    check: the kind of check, one word ("stage", "roles" ...). subject: what has the problem ("form tour, route 1").
    causes: of the alerts that report it. skipped: the check was not possible.
    """

    level: Level
    check: str
    subject: str
    problem: str
    remedy: str
    causes: tuple[str, ...] = ()
    skipped: bool = False

    @property
    def sentence(self) -> str:
        """Subject, problem and remedy in one."""
        return ": ".join(part for part in (self.subject, self.problem, self.remedy) if part)

    def as_row(self) -> dict[str, str]:
        """Return the row of `doctor --json`."""
        return {name: getattr(self, name) for name in ("level", "check", "subject", "problem", "remedy")}


def account_problem(level: Level, check: str, account: str, problem: str, remedy: str) -> SetupProblem:
    """Return a problem of a whole account; an error becomes an alert."""
    causes = (setup_cause(account, WHOLE_ACCOUNT, check),) if level == "error" else ()
    return SetupProblem(level, check, f"account {account}", problem, remedy, causes)


def merged(problems: Iterable[SetupProblem]) -> list[SetupProblem]:
    """Return each problem once, errors first: forms that share it are joined, and a form stands for its routes."""
    groups: dict[SetupProblem, list[SetupProblem]] = {}
    for problem in problems:
        groups.setdefault(replace(problem, subject="", causes=()), []).append(problem)
    return sorted((_joined(group) for group in groups.values()), key=lambda problem: problem.level)


def _joined(group: Sequence[SetupProblem]) -> SetupProblem:
    subjects = dict.fromkeys(problem.subject for problem in group)
    named = [each for each in subjects if each.partition(", route ")[0] not in subjects or ", route " not in each]
    causes = tuple(dict.fromkeys(cause for problem in group for cause in problem.causes))
    return replace(group[0], subject="; ".join(named), causes=causes)


@dataclass(frozen=True, slots=True)
class FormVariant:
    """A form as some lead would meet it: the form itself, or one of its routes. label: "form tour, route 1"."""

    label: str
    account: str
    form: Form

    def problem(self, level: Level, check: str, problem: str, remedy: str) -> SetupProblem:
        """Return a problem of this form; an error becomes an alert."""
        causes = (setup_cause(self.account, self.form.name, check),) if level == "error" else ()
        return SetupProblem(level, check, self.label, problem, remedy, causes)

    def unroutable(self, check: str, error: Unroutable) -> SetupProblem:
        """Return the problem of a set-up without a destination."""
        problem, _, remedy = str(error).partition(": ")
        return self.problem("error", check, problem, remedy)

    @property
    def is_complete(self) -> bool:
        """Whether the forms file names every id, so that a delivery needs no look-up."""
        return known_target(self.form).is_complete


def form_variants(forms: Iterable[Form], account: str) -> Iterator[FormVariant]:
    """Yield every form and route that delivers to this account."""
    for form in forms:
        label = f"form {form.name}"
        routes = (FormVariant(f"{label}, route {n}", account, route.form) for n, route in enumerate(form.routes, 1))
        yield from (each for each in (FormVariant(label, account, form), *routes) if each.form.account == account)

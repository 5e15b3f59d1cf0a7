"""What a check found: a value that a command prints, the worker logs, and the store keeps as a concern."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Level = Literal["error", "warning"]
"""error: leads are lost to the operator, or harm is done; warning: worth a look, or it could not be checked."""

WHOLE_ACCOUNT = "-"
"""Stands for the form in the cause of what concerns no form in particular."""


@dataclass(frozen=True, slots=True)
class SetupProblem:
    """One problem. Nothing personal, no secret.

    check: the kind of check, one word ("stage", "roles" ...). subject: what it is about ("form tour, route 1").
    causes: under which it is kept among the store's concerns. skipped: the check could not be made.
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
        """What `doctor --json` shows."""
        return {name: getattr(self, name) for name in ("level", "check", "subject", "problem", "remedy")}


def setup_cause(account: str, form: str, check: str) -> str:
    """The cause of an error in the set-up."""
    return f"setup:{account}:{form}:{check}"


def of_account(level: Level, check: str, account: str, problem: str, remedy: str) -> SetupProblem:
    """A finding about a whole account."""
    causes = (setup_cause(account, WHOLE_ACCOUNT, check),) if level == "error" else ()
    return SetupProblem(level, check, f"account {account}", problem, remedy, causes)


def merged(findings: Iterable[SetupProblem]) -> list[SetupProblem]:
    """Errors first, and each problem once: forms that share it are named together, a form for its routes, too."""
    found: dict[SetupProblem, list[SetupProblem]] = {}
    for finding in findings:
        found.setdefault(replace(finding, subject="", causes=()), []).append(finding)
    together = [_joined(several) for several in found.values()]
    return sorted(together, key=lambda finding: finding.level)


def _joined(several: Sequence[SetupProblem]) -> SetupProblem:
    subjects = dict.fromkeys(each.subject for each in several)
    named = [each for each in subjects if each.partition(", route ")[0] not in subjects or ", route " not in each]
    causes = tuple(dict.fromkeys(cause for each in several for cause in each.causes))
    return replace(several[0], subject="; ".join(named), causes=causes)

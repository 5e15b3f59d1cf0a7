"""The forms of one account, each route of a form a form of its own."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.delivery.setup_check.problem import Level, SetupProblem, setup_cause
from service.delivery.targets import Unroutable
from service.forms import Form


@dataclass(frozen=True, slots=True)
class Variant:
    """A form as some lead would meet it. label: "form tour", "form tour, route 1"."""

    label: str
    account: str
    form: Form

    def finding(self, level: Level, check: str, problem: str, remedy: str) -> SetupProblem:
        """A finding about this form; an error is kept as a concern of its set-up."""
        causes = (setup_cause(self.account, self.form.name, check),) if level == "error" else ()
        return SetupProblem(level, check, self.label, problem, remedy, causes)

    def unroutable(self, check: str, error: Unroutable) -> SetupProblem:
        """What the operator wrote leads nowhere."""
        problem, _, remedy = str(error).partition(": ")
        return self.finding("error", check, problem, remedy)

    @property
    def is_complete(self) -> bool:
        """Whether the forms file says everything, so that a delivery looks nothing up."""
        rule = self.form.contact
        return all((self.form.destination.stage_id, rule.business_id, rule.country_id, rule.time_zone_id))


def variants(forms: Iterable[Form], account: str) -> Iterator[Variant]:
    """Every form and route that delivers to this account."""
    for form in forms:
        yield from (each for each in _all_of(form, account) if each.form.account == account)


def _all_of(form: Form, account: str) -> Iterator[Variant]:
    yield Variant(f"form {form.name}", account, form)
    for number, route in enumerate(form.routes, 1):
        yield Variant(f"form {form.name}, route {number}", account, route.form)

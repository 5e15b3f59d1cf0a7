"""The milestones of a report: the stages that `conversions` in the forms file name."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from service.forms import RECEIVED, Form, key_of_stage
from service.store import OUTCOME_JOINT, SaleStatus, TalliesByForm, measure_of

MAX_STAGES = 8
"""Maximum stages that are listed if the forms file names none."""

_NO_STAGES = frozenset((RECEIVED, *SaleStatus))
"""Keys of `conversions` that are not stages."""


@dataclass(frozen=True)
class MilestoneNames:
    """The names of milestones, in order, and which of them a set of stages means.

    by_form: form -> key of a stage -> milestone; "" for forms that the forms file no longer has.
    """

    names: Sequence[str]
    by_form: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def reached(self, form: str, stages: str) -> frozenset[str]:
        """Return the milestones reached by leads of a form that have entered these stages, joined."""
        if not stages:
            return frozenset()
        key = (form if form in self.by_form else "", stages)
        if key not in self._known:
            milestones = self.by_form.get(key[0], {})
            names = (milestones.get(key_of_stage(stage), "") for stage in stages.split(OUTCOME_JOINT))
            self._known[key] = frozenset(filter(None, names))
        return self._known[key]

    @cached_property
    def _known(self) -> dict[tuple[str, str], frozenset[str]]:
        return {}


def milestone_names(forms: Mapping[str, Form], tallies: Iterable[TalliesByForm]) -> MilestoneNames:
    """Return the milestones that the forms file names, in its order; if it names none, the stages themselves.

    A form's routes may name more; leads of forms that it no longer has reach the milestones of any form.
    """
    by_form = {name: _of_form(form) for name, form in forms.items()}
    every = {key: milestone for milestones in by_form.values() for key, milestone in milestones.items()}
    if every:
        names = dict.fromkeys(milestone for milestones in by_form.values() for milestone in milestones.values())
        return MilestoneNames(tuple(names), {**by_form, "": every})
    stages = _stages(tallies)
    return MilestoneNames(tuple(stages), {"": {key_of_stage(stage): stage for stage in stages}})


def milestones_agree(forms: Mapping[str, Form]) -> bool:
    """Return whether a stage means the same milestone in every form, so that reports need not distinguish forms."""
    every = [_of_form(form) for form in forms.values()]
    return all(each == every[0] for each in every)


def _of_form(form: Form) -> dict[str, str]:
    variants = (form, *(route.form for route in form.routes))
    return {
        key: name for variant in variants for key, name in variant.conversions.items() if key not in _NO_STAGES and name
    }


def _stages(tallies: Iterable[TalliesByForm]) -> list[str]:
    """Return the stages that most leads have entered, in this order; "Won" and "Lost" have columns of their own."""
    counts: Counter[str] = Counter()
    for tally in chain.from_iterable(by_form.values() for by_form in tallies):
        for written, numbers in tally.items():
            measure, number = measure_of(written), sum(numbers.values())
            for stage in measure.detail.split(OUTCOME_JOINT) if measure.name == "stages" else ():
                counts[stage] += number
    between = {stage for stage in counts if stage.casefold() not in _NO_STAGES}
    return sorted(between, key=lambda stage: (-counts[stage], stage))[:MAX_STAGES]

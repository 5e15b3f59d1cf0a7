"""All that delivering to one account needs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from service.delivery.acquaintance import PlanReader
from service.delivery.behaviour import Behaviours
from service.delivery.pacing import Pacer
from service.delivery.stage_safety import StageSafety
from service.delivery.targets import Targets
from service.forms import Form
from service.nexudus.client import Nexudus
from service.store import Store


@dataclass(frozen=True, slots=True)
class AccountContext:
    """All that is needed to deliver to one account."""

    nexudus: Nexudus
    pacer: Pacer
    targets: Targets
    stage_safety: StageSafety
    store: Store
    behaviours: Behaviours
    forms: Mapping[str, Form]
    schedule_s: Sequence[float]
    timeout_s: float
    jitter: Callable[[], float]  # a factor of 0.8-1.2
    plans: PlanReader = field(default_factory=PlanReader)

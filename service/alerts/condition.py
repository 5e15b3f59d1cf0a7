"""What a look finds: one cause."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """One cause. head: what is wrong and what to do; tail: figures, which change."""

    cause: str
    head: str
    tail: str = ""

    @property
    def sentence(self) -> str:
        """All of it."""
        return " ".join(part for part in (self.head, self.tail) if part)

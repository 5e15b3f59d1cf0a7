"""Ten million leads of three years on PostgreSQL; those older than 90 days are erased, as by RETENTION_DAYS."""

from tests.bench.growing import Growth, show

YEARS, WHOLE_DAYS = 3, 90


def measure() -> None:
    """Measure the same as with a million leads."""
    show([Growth("PostgreSQL", 10_000_000, YEARS * 365, WHOLE_DAYS)])

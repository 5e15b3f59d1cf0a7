"""The page that Prometheus reads, with or without the labels that name forms, senders and accounts."""

import operator
import resource
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from service.metrics.processes import ProcessUsage

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

PRIVATE_LABELS = frozenset(("account", "form", "sender", "worker"))
"""Labels that only a holder of METRICS_TOKEN sees: others get the sum over them, or the value given by MERGED.

A worker is named by its host and process id.
"""

MERGED: Mapping[str, Callable[[float, float], float]] = {
    "lead_capture_worker_open_fds": max,
    "lead_capture_worker_start_time_seconds": min,
}
"""How to merge the samples of metrics whose sum would be meaningless."""


class _Collected(Collector):
    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def render(families: Iterable[Metric], *, shows_names: bool) -> bytes:
    """Return the families in Prometheus' text format. shows_names: whether they keep their private labels."""
    registry = CollectorRegistry()
    registry.register(_Collected([without(each, () if shows_names else PRIVATE_LABELS) for each in families]))
    return generate_latest(registry)


def without(family: Metric, labels: Container[str]) -> Metric:
    """Return the family without these labels; samples that are then alike are merged."""
    merge = MERGED.get(family.name, operator.add)
    values: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for sample in family.samples:
        if not sample.name.endswith("_created"):  # not merged over processes, and no use to anybody
            key = sample.name, tuple(label for label in sample.labels.items() if label[0] not in labels)
            values[key] = merge(values[key], sample.value) if key in values else sample.value
    reduced = Metric(family.name, family.documentation, family.type)
    for (name, kept), value in values.items():
        reduced.add_sample(name, dict(kept), value)
    return reduced


def add_zeros(counter: Metric, every: Iterable[Mapping[str, str]]) -> None:
    """Add a 0 where nothing was counted yet: rate() ignores a counter's first sample, even if it is above 0.

    every: all possible labels.
    """
    counted = {frozenset(sample.labels.items()) for sample in counter.samples}
    for labels in every:
        if frozenset(labels.items()) not in counted:
            counter.add_sample(f"{counter.name}_total", dict(labels), 0.0)


def usage_families(usage: ProcessUsage) -> Iterator[Metric]:
    """Return the usage of this host's web processes, under the names of Prometheus' own client libraries."""
    yield CounterMetricFamily("process_cpu_seconds", "processor time of all web processes of this host", usage.cpu_s)
    yield GaugeMetricFamily(
        "process_resident_memory_bytes", "their memory; what they share counts in each", usage.memory_bytes
    )
    yield GaugeMetricFamily("process_open_fds", "open file descriptors of the one that has most", usage.open_files)
    max_files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield GaugeMetricFamily("process_max_fds", "open file descriptors allowed to each of them", max_files)
    yield GaugeMetricFamily("process_start_time_seconds", "when they started, in unix seconds", usage.started_at)

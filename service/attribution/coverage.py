"""What the rules could not read: sources that nothing knows, and tags that differ by a hair."""

from collections.abc import Iterable, Mapping

from service.attribution.policy import policy_of
from service.attribution.rows import read_source
from service.attribution.tables import NUMBERS, SETS
from service.attribution.words import label
from service.forms import AttributionConfig


def is_known_source(utm_source: str, config: AttributionConfig) -> bool:
    """Tell whether a table, a word or the form's source_map says what a stored utm_source stands for."""
    name = label(utm_source)
    is_word = name in NUMBERS or name in SETS["SMS"] or name in policy_of(config).labels
    return is_word or read_source(utm_source).row is not None


def lookalikes(values: Iterable[str]) -> Mapping[str, list[str]]:
    """Return the values that people take for one: label -> spellings, where there are several.

    They differ by upper and lower case, or by space, "_", "+" and "-".
    """
    spellings: dict[str, list[str]] = {}
    for value in values:
        spellings.setdefault(label(value), []).append(value)
    return {name: found for name, found in spellings.items() if len(found) > 1}

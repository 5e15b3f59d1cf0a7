"""Whatever stands in the file, the answer is a Setup or a list of problems."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.forms import Setup, SetupProblems, read_setup
from service.forms.file import make_setup
from service.forms.problems import ProblemList
from service.forms.schema import ACCOUNT_KEYS, CAPTCHA_KEYS, CONTACT_KEYS, FILE_KEYS, FORM_KEYS, ROUTE_KEYS
from service.forms.senders import SENDERS
from service.lead import CANONICAL_FIELDS
from tests.forms.texts import no_variable

WORDS = sorted(
    {*FILE_KEYS, *FORM_KEYS, *ROUTE_KEYS, *CONTACT_KEYS, *CAPTCHA_KEYS, *ACCOUNT_KEYS, *SENDERS, *CANONICAL_FIELDS}
)
names = st.sampled_from([*WORDS, "tour", "default", "secret", "pages"]) | st.text(max_size=8)
scalars = (
    st.booleans()
    | st.integers()
    | st.floats()
    | names
    | st.text()
    | st.dates()
    | st.sampled_from(["env:A", "env:", "{x", "https://["])
)
values: st.SearchStrategy[Any] = st.recursive(
    scalars, lambda below: st.lists(below, max_size=3) | st.dictionaries(names, below, max_size=4), max_leaves=12
)
tables = st.dictionaries(names, values, max_size=5)
likely_forms = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("routes", "fields", "webhooks", "contact", "require", "captcha", "extra", "name"), values),
)
documents = st.fixed_dictionaries(
    {},
    optional={
        "defaults": likely_forms | values,
        "accounts": st.dictionaries(names, tables, max_size=2) | values,
        "forms": st.dictionaries(st.sampled_from(["tour", "visit"]), likely_forms | tables, max_size=2) | values,
        "other": values,
    },
)


def outcome(document: dict[str, Any]) -> Setup | tuple[str, ...]:
    try:
        return make_setup(document, {"A": "1"}.get, ProblemList("forms.toml"))
    except SetupProblems as error:
        return error.problems


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first document waits for Unicode's tables
@given(documents)
@example({"forms": {"tour": {"captcha": {}}}})
def test_any_tables_become_a_setup_or_problems_of_one_line_each(document: dict[str, Any]) -> None:
    result = outcome(document)

    if isinstance(result, tuple):
        assert result
        assert all(line.startswith("forms.toml: ") and len(line.splitlines()) == 1 for line in result)
    else:
        assert set(result.forms) == set(document["forms"])


@settings(deadline=None)
@given(st.dictionaries(names, scalars.filter(lambda value: not isinstance(value, date)), max_size=3))
def test_the_same_tables_give_the_same_answer(own: dict[str, Any]) -> None:
    document = {"forms": {"tour": own}}

    assert outcome(document) == outcome(document)


@settings(deadline=None, max_examples=50)
@given(st.binary(max_size=60) | st.text(alphabet="[]{}=.\"'\n\\aé1:", max_size=60).map(str.encode))
def test_any_bytes_become_a_setup_or_problems(body: bytes) -> None:
    assert read_bytes(body)


def read_bytes(body: bytes) -> Setup | tuple[str, ...]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "forms.toml")
        path.write_bytes(body)
        try:
            return read_setup(path, no_variable)
        except SetupProblems as error:
            return error.problems

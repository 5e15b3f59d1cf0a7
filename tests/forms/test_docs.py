"""docs/forms-file.md says what the code does: every key and sender is there, every example loads."""

import re
from pathlib import Path

from service.forms import read_setup
from service.forms.crm import LEAD_SOURCES
from service.forms.schema import ACCOUNT_KEYS, CAPTCHA_KEYS, CONTACT_KEYS, FILE_KEYS, FORM_KEYS, PROVIDERS, ROUTE_KEYS
from service.forms.senders import COMMON_KEYS, SENDERS, TARGETS
from tests.forms.texts import no_variable
from tests.tables import each_row

PAGE = Path(__file__, "../../../docs/forms-file.md").resolve().read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
SENDER_KEYS = {*COMMON_KEYS, *(key for sender in SENDERS.values() for key in sender.keys)}
IN_TABLES = sorted({*FORM_KEYS, *CONTACT_KEYS, *SENDER_KEYS, *TARGETS, *SENDERS, *PROVIDERS})
IN_EXAMPLES = sorted({*FILE_KEYS, *ROUTE_KEYS.keys() - FORM_KEYS, *ACCOUNT_KEYS, *CAPTCHA_KEYS})


@each_row("key", IN_TABLES)
def test_every_key_and_sender_is_explained(key: str) -> None:
    assert f"`{key}`" in PAGE


@each_row("key", IN_EXAMPLES)
def test_every_other_key_is_shown(key: str) -> None:
    assert re.search(rf"\b{key}\b", "".join(EXAMPLES) + PAGE)


@each_row("example", EXAMPLES, ids=[text.splitlines()[0] for text in EXAMPLES])
def test_every_example_loads(example: str, tmp_path: Path) -> None:
    path = tmp_path / "forms.toml"
    path.write_text(example, encoding="utf-8")

    assert read_setup(path, lambda name: f"scheme://{name}").forms


@each_row("row", re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\| `([^|]+)` \|$", PAGE, re.MULTILINE))
def test_every_example_in_a_table_is_taken(row: tuple[str, str], tmp_path: Path) -> None:
    key, value = row
    table = "forms.tour.contact" if key in CONTACT_KEYS.keys() - FORM_KEYS else "forms.tour"
    partner = "answer_map = { Radio = 99 }" if key == "answer_field" else 'answer_field = "how"' * (key == "answer_map")
    path = tmp_path / "forms.toml"
    path.write_text(f"[accounts.harbour]\ntoken = 't'\n[{table}]\n{key} = {value}\n{partner}", encoding="utf-8")

    assert list(read_setup(path, lambda name: f"scheme://{name}").forms) == ["tour"]


def test_every_lead_source_is_listed() -> None:
    [listed] = re.findall(r"LeadSource numbers are Nexudus's: (.*?)\. There", PAGE, re.DOTALL)

    assert {int(number) for number in re.findall(r"\d+", listed)} == LEAD_SOURCES


def test_the_example_of_a_missing_file_is_true(tmp_path: Path) -> None:
    assert list(read_setup(tmp_path / "forms.toml", no_variable).forms) == ["contact"]

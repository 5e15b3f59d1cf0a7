"""The sample landing page."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

from service.capture.fields.names import meaning_of
from service.capture.script import sample_page
from tests.tables import each_row

Tag = tuple[str, dict[str, str]]


class Reader(HTMLParser):
    """Every opening tag with its attributes, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[Tag] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def tags_of(page: str, *names: str) -> list[dict[str, str]]:
    reader = Reader()
    reader.feed(page)
    return [attributes for tag, attributes in reader.tags if tag in names]


PAGE = sample_page("/f/tour")
FIELDS = [field for field in tags_of(PAGE, "input", "select", "textarea") if field["name"] != "_gotcha"]


def test_the_form_posts_to_the_action_it_was_given() -> None:
    [form] = tags_of(sample_page("/f/call-me"), "form")

    assert (form["action"], form["method"]) == ("/f/call-me", "post")


def test_an_action_stays_inside_its_attribute() -> None:
    [form] = tags_of(sample_page('/f/"><script>'), "form")

    assert form["action"] == '/f/"><script>'


@each_row("field", tags_of(PAGE, "input", "select", "textarea"), ids=lambda field: str(field["name"]))
def test_every_field_has_a_label(field: dict[str, str]) -> None:
    assert field["id"] in [label["for"] for label in tags_of(PAGE, "label")]


@each_row("field", FIELDS, ids=lambda field: str(field["name"]))
def test_every_answer_goes_under_a_canonical_name(field: dict[str, str]) -> None:
    meaning = meaning_of(field["name"])

    assert meaning is not None
    assert meaning.target == {"name": "full_name"}.get(field["name"], field["name"])


def test_all_canonical_fields_of_a_tour_are_asked_for() -> None:
    names = {field["name"] for field in FIELDS}

    assert names == {
        "name", "email", "phone", "company", "team_size", "location", "move_in_date", "message", "consent",
    }  # fmt: skip


def test_the_page_loads_our_script_and_nothing_else() -> None:
    loaded = [tag["src"] for tag in tags_of(PAGE, "script", "img", "iframe")]

    assert loaded == ["/attribution.js"]
    assert all(tag["href"].startswith("data:") for tag in tags_of(PAGE, "link"))
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", PAGE)
    assert not re.search(r"@import|url\((?!#)", PAGE)


def test_nothing_is_left_to_be_filled_in() -> None:
    assert "$" not in PAGE


def test_three_links_open_the_page_as_tagged_visits() -> None:
    links = [urlsplit(tag["href"]) for tag in tags_of(PAGE, "a") if tag["href"].startswith("?")]
    queries = [parse_qs(link.query) for link in links]

    assert [query["utm_source"] for query in queries] == [["google"], ["linkedin"], ["newsletter"]]
    assert all({"utm_medium", "utm_campaign"} <= query.keys() for query in queries)
    assert queries[0]["gclid"] == ["demo-click"]


def test_links_within_the_page_lead_somewhere() -> None:
    reader = Reader()
    reader.feed(PAGE)
    ids = {attributes.get("id") for _, attributes in reader.tags}

    assert {tag["href"][1:] for tag in tags_of(PAGE, "a") if tag["href"].startswith("#")} <= ids

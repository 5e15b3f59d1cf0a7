"""The house rules: which room may import which, how large files and functions are, how things are named."""

import ast
import statistics
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pytest

from service.store.database import tables, walls
from tests.retired import may_name_retired, retired_names
from tests.tables import each_row

pytestmark = pytest.mark.long

ROOT = Path(__file__).parent.parent
Function = ast.FunctionDef | ast.AsyncFunctionDef

WIRING = (
    "actors admin alerts attribution background capture clock conversions delivery edge fetching forms http i18n lead"
    " logs maintenance metrics nexudus nexudus_accounts oidc operations platforms rate_limit reconciliation server"
    " settings setup simulator store tracing version web weekly worker"
)

DOORS = {
    "lead": "",
    "actors": "",
    "i18n": "",
    "clock": "",
    "version": "",
    "rate_limit": "",
    "http": "clock version",
    "background": "clock store",
    "forms": "lead platforms",  # the keys of an ad platform's table are in its record
    "settings": "platforms",  # so are the URLs of its API
    "setup": "actors alerts background clock forms settings store",  # alerts: Apprise reads the addresses of `notify`
    "logs": "clock tracing",
    "tracing": "clock lead settings version",
    "metrics": "clock edge forms lead",
    "edge": "clock forms lead tracing",
    "capture": "attribution store edge forms lead clock platforms rate_limit tracing version",
    "platforms": "attribution capture conversions http forms i18n lead clock",  # i18n: steps that guide the operator
    "attribution": "lead forms",
    "fetching": "background capture platforms setup store forms lead clock",
    "store": "actors lead",
    "delivery": "background lead forms metrics setup store nexudus clock tracing",
    "nexudus": "clock http",
    "oidc": "http",
    "operations": "actors lead forms store attribution capture delivery nexudus clock oidc platforms setup",
    "nexudus_accounts": "background clock delivery forms lead nexudus settings setup store tracing",
    "reconciliation": "background lead store nexudus clock capture fetching platforms delivery",
    "conversions": "lead forms store",
    "alerts": "lead forms store clock background platforms",
    "weekly": "alerts background forms operations store",
    "maintenance": "lead forms store clock background",
    "admin": (
        "actors lead forms i18n setup store delivery nexudus alerts clock metrics oidc operations platforms rate_limit"
        " tracing version capture"  # capture: the visitors' page, in a brand that is being chosen
    ),
    "simulator": "",
    "server": "clock edge rate_limit",
    "web": WIRING,
    "worker": WIRING,
    "cli": WIRING,
}
"""Room -> the rooms that it may import. Capture and delivery never meet but in the store."""

OWNERS = {
    "authlib": "oidc.py",
    "joserfc": "oidc.py",
    "webauthn": "operations/passkeys.py",
    "argon2": "admin/pages/passwords.py",
    "babel": "",  # of `make messages` only: the service reads compiled catalogs with Python's gettext
    "sqlalchemy": "store",
    "alembic": "store",
    "psycopg": "store",
    "sqlite3": "store",
    "requests": "http capture/spam/captcha.py",
    "urllib3": "http",
    "marshmallow": "nexudus forms admin",
    "flask": "capture admin metrics/web.py simulator web",
    "flask_smorest": "admin",
    "phonenumbers": "capture forms/values.py",
    "email_validator": "capture forms/values.py",
    "opentelemetry": "tracing/spans.py",
    "sentry_sdk": "tracing/errors.py",
    "prometheus_client": "admin/store_metrics.py admin/monitoring.py metrics",
    "cryptography": "store",
    "gunicorn": "cli server",
    "apprise": "alerts",
    "dateparser": "delivery/dates.py",
    "rich": "cli",
    "shtab": "cli",
    "segno": "admin",
    "tomlkit": "setup",
    "python_calamine": "capture/sheets/unpacking.py",
}
"""Package -> the rooms or files that may import it: to replace the package, only these change."""

CALLS = {
    "datetime.now": {"clock.py", "simulator/exchange.py"},
    "datetime.utcnow": set(),
    "time.time": {"simulator/world.py", "simulator/authentication.py"},
    "os.environ": {"settings/environment.py", "cli/up.py", "cli/configuration.py", "metrics/folder.py"},
    "os.getenv": set(),
}
"""Call that reads the outside world -> the only files that may make it; all others get the value as an argument."""

VAGUE = {"utils", "util", "helpers", "helper", "manager", "data", "process", "misc", "common"}
LATER = ("TODO", "FIXME", "NotImplementedError")
UNDOCUMENTED = {"add_arguments"}
"""Functions with the same meaning everywhere: a docstring would be filler."""

MIGRATIONS = "store/migrations/versions/"  # lists of tables and columns, written once
LINES_OF_A_FILE, LINES_OF_A_FUNCTION = 350, 60


@dataclass(frozen=True)
class Source:
    """One file of Python."""

    path: Path

    @property
    def name(self) -> str:
        """Its path within the repository."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def place(self) -> str:
        """Its path within the service."""
        return self.path.relative_to(ROOT / "service").as_posix()

    @property
    def room(self) -> str:
        """The room that it belongs to; "" for the floor plan."""
        return self.place.partition("/")[0].removesuffix(".py").removeprefix("__init__")

    @cached_property
    def text(self) -> str:
        """All of it."""
        return self.path.read_text()

    @cached_property
    def tree(self) -> ast.Module:
        """All of it, parsed."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree, kept because walking it takes ten times as long as reading the list."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Every module that is imported anywhere in it, dotted."""
        names: list[str] = []
        for node in self.nodes:
            if isinstance(node, ast.Import):
                names.extend(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name}: relative imports hide the room"
                names.extend(f"{node.module}.{alias.name}" for alias in node.names)
        return tuple(names)

    @cached_property
    def dotted(self) -> frozenset[str]:
        """Every `name.attribute` in the code, and every `from name import attribute`."""
        attributes = (node for node in self.nodes if isinstance(node, ast.Attribute))
        names = {f"{node.value.id}.{node.attr}" for node in attributes if isinstance(node.value, ast.Name)}
        return frozenset({*names, *self.imports})

    def functions(self) -> Iterator[Function]:
        """Every function and method."""
        return (node for node in self.nodes if isinstance(node, Function))


SERVICE = [Source(path) for path in sorted((ROOT / "service").rglob("*.py"))]


@pytest.fixture(scope="module", autouse=True)
def short_lived_trees() -> Iterator[None]:
    """Let go of the half million nodes: each collection of garbage in later tests would go through them."""
    yield
    for source in SERVICE:
        for kept in ("tree", "nodes"):
            source.__dict__.pop(kept, None)


def test_every_room_has_its_line_in_the_plan() -> None:
    assert {source.room for source in SERVICE} - {""} == set(DOORS)


@each_row("room", DOORS)
def test_the_floor_plan_names_the_room(room: str) -> None:
    plan = (ROOT / "service" / "__init__.py").read_text()

    assert f"    {room}.py " in plan or f"    {room}/ " in plan


@each_row("room", DOORS)
def test_a_room_uses_only_its_own_doors(room: str) -> None:
    used = {
        name.split(".")[1]
        for source in SERVICE
        if source.room == room
        for name in source.imports
        if name.startswith("service.")
    }

    assert used - {room} <= set(DOORS[room].split())


@each_row("package", OWNERS)
def test_a_package_is_imported_by_its_owners_only(package: str) -> None:
    owners = set(OWNERS[package].split())
    users = [source for source in SERVICE if package in {name.partition(".")[0] for name in source.imports}]

    assert [source.name for source in users if not owners & {source.room, source.place}] == []


@each_row("call", CALLS)
def test_the_world_is_read_in_few_places(call: str) -> None:
    users = {source.place for source in SERVICE if call in source.dotted}

    assert users <= CALLS[call]


def test_no_file_is_longer_than_one_subject() -> None:
    assert [source.name for source in SERVICE if len(source.text.splitlines()) > LINES_OF_A_FILE] == []


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{source.name}: {function.name}"
        for source in SERVICE
        for function in source.functions()
        if _lines(function) > LINES_OF_A_FUNCTION and not source.place.startswith(MIGRATIONS)
    ]

    assert long == []


def test_most_functions_are_a_few_lines() -> None:
    assert statistics.median(_lines(function) for source in SERVICE for function in source.functions()) <= 8


def test_everything_public_says_what_it_is() -> None:
    assert [what for source in SERVICE for what in _undocumented(source.tree, source.name)] == []


def test_every_file_is_called_by_its_subject() -> None:
    words = {source.name: set(source.place.removesuffix(".py").replace("_", "/").split("/")) for source in SERVICE}

    assert [name for name, parts in words.items() if parts & VAGUE] == []


def test_a_class_name_means_one_thing() -> None:
    places: dict[str, list[str]] = {}
    for source in SERVICE:
        for node in source.nodes:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_") and node.name != "Meta":
                places.setdefault(node.name, []).append(source.name)

    assert {name: files for name, files in places.items() if len(files) > 1} == {}


@each_row("source", SERVICE, ids=lambda source: source.place)
def test_retired_words_stay_retired(source: Source) -> None:
    assert [f"{source.name}:{line}: {name}" for line, name in retired_names(source.nodes)] == []


def test_retired_words_stay_retired_in_tests() -> None:
    sources = [Source(path) for path in sorted((ROOT / "tests").rglob("*.py"))]
    suspects = [each for each in sources if may_name_retired(each.text)]

    assert [f"{each.name}:{line}: {name}" for each in suspects for line, name in retired_names(each.nodes)] == []


def test_nothing_is_left_for_later() -> None:
    assert [source.name for source in SERVICE if any(word in source.text for word in LATER)] == []


def _lines(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _undocumented(node: ast.Module | ast.ClassDef | Function, name: str) -> Iterator[str]:
    """Yield the names without a docstring: of a class or function, and of its public members."""
    if ast.get_docstring(node) is None:
        yield name
    if not isinstance(node, Function):  # definitions inside a function need no docstring
        for inner in _public(node.body):
            yield from _undocumented(inner, f"{name}: {inner.name}")


def _public(body: Iterable[ast.stmt]) -> Iterator[ast.ClassDef | Function]:
    for node in body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_") and not _says_it_all(node):
            yield node


def _says_it_all(node: ast.ClassDef | Function) -> bool:
    """Whether a docstring could only repeat the name."""
    if isinstance(node, ast.ClassDef):
        return node.name == "Meta"
    decorators = {ast.unparse(each) for each in node.decorator_list}
    return node.name in UNDOCUMENTED or f"{node.name}.setter" in decorators or "property" in decorators


# -- walls between accounts

BEYOND_WALLS = {
    "act_search.py": 2,  # the accounts that have acts, of which those are chosen that one sees
    "alert_log.py": 1,  # alerts are chosen by their causes
    "bell.py": 1,  # wakes the workers
    "overview.py": 3,  # numbers of calls, between which today's are looked for
    "recording.py": 1,  # erases words of a lead that had another account before
    "search.py": 2,  # how many leads meet a condition, times of stretches
    "search_plan.py": 2,  # conditions of a plan that has one for the account
    "snapshot.py": 1,  # the number of the newest call
    "sort_order.py": 2,  # stretches of an order, of which the conditions choose
    "sorting.py": 1,  # leads that are not to be looked for elsewhere
    "words.py": 1,  # words that narrow a search
}
"""File of the store -> statements that read rows of every account; their rows do not leave the store."""


def test_every_table_says_whose_its_rows_are() -> None:
    assert tables.metadata.tables.keys() == walls.OWNERS.keys()


def test_few_statements_look_beyond_the_walls() -> None:
    uses = {source.path.name: source.text.count("beyond_walls(") for source in SERVICE}

    assert {name: number for name, number in uses.items() if number and name != "walls.py"} == BEYOND_WALLS

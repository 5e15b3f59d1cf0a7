"""Words that are no longer used as names in the service and its tests, because the field has standard terms."""

import ast
import re
from collections.abc import Iterable, Iterator

RETIRED = {
    "asked",
    "desk",
    "desks",
    "found",
    "hasten",
    "heard",
    "heed",
    "keeper",
    "knock",
    "owe",
    "owed",
    "said",
    "shelf",
    "shelves",
    "teller",
    "told",
    "untold",
}

RETIRED_CONSTANT = re.compile(r"MOST_\w+|LONGEST(_\w+)?|TOGETHER|LOOK_S|FEW|SOON|NOT_OFTENER_S")


_AS_PART_OF_A_NAME = re.compile(rf"(?<![a-z])({'|'.join(RETIRED)})(?![a-z])", re.IGNORECASE)


def may_name_retired(text: str) -> bool:
    """Return whether the text is worth parsing.

    It has a retired word, if only in prose, or looks like a retired constant.
    """
    return bool(_AS_PART_OF_A_NAME.search(text) or RETIRED_CONSTANT.search(text))


def retired_names(nodes: Iterable[ast.AST]) -> Iterator[tuple[int, str]]:
    """(line, name) of each use of a retired name: variables, attributes, parameters, functions and classes.

    Names of tests are sentences, in which the words may occur.
    """
    for node in nodes:
        for name in _names_in(node):
            words = set() if name.isupper() else set(name.lower().replace("not_found", "").split("_"))
            is_sentence = name.startswith("test_")
            if (words & RETIRED and not is_sentence) or RETIRED_CONSTANT.fullmatch(name.lstrip("_")):
                yield getattr(node, "lineno", 0), name


def _names_in(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.arg | ast.keyword):
        yield node.arg or ""
    elif isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name

"""The forms file, from its bytes to a checked Setup, with every problem told at once."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.forms.assembly import make_setup
from service.forms.form import Form, Setup
from service.forms.problems import ProblemList, SetupProblems
from service.forms.variables import Lookup

FALLBACK = "contact"  # the one form of a house without a forms file


def read_setup(path: Path, lookup: Lookup) -> Setup:
    """Read the operator's set-up; where there is no such file, one form `contact` with defaults.

    lookup: gives the text of an environment variable for "env:NAME" values.
    Raises: SetupProblems with all that is wrong, each with its place and remedy.
    """
    findings = ProblemList(path.name)
    try:
        document = read_document(path, findings)
        return Setup(forms={FALLBACK: Form(FALLBACK)}) if document is None else make_setup(document, lookup, findings)
    except RecursionError:
        raise SetupProblems((f"{path.name}: tables or lists are nested too deeply to be meant",)) from None


def read_document(path: Path, findings: ProblemList) -> Mapping[str, Any] | None:
    """The file's tables as they stand; None where there is no file.

    Raises: SetupProblems when it cannot be read as TOML, with the line.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        findings.add((), f"is not UTF-8 text (byte {error.start + 1}): save it as UTF-8")
    except OSError as error:
        findings.add((), f"cannot be read: {error.strerror or error}")
    except ValueError as error:  # TOMLDecodeError, and Python's own for numbers of thousands of digits
        findings.add((), f"is no TOML: {error}")
    findings.tell()
    return None

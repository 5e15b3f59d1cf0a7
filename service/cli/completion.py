"""`lead-capture completion`: a script by which a shell completes our commands, options and choices.

Made of the very parser that reads the command line, so it knows all that is there, and nothing else.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from service.cli.commands import COMMANDS


@dataclass(frozen=True, slots=True)
class Place:
    """What may follow some words. words: name -> what it is for. values: option -> its choices."""

    path: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """SHELL."""
    parser.add_argument("shell", metavar="SHELL", choices=SCRIPTS, help=", ".join(SCRIPTS))


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    from service.cli.main import parser_for  # noqa: PLC0415 (it loads this module)

    print(SCRIPTS[arguments.shell](list(places_of(parser_for(COMMANDS)))))
    return 0


def places_of(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[Place]:
    """Every command and what may follow it, the whole first."""
    words: dict[str, str] = {}
    values: dict[str, Sequence[str]] = {}
    further: list[tuple[str, argparse.ArgumentParser]] = []
    for action in parser._actions:  # noqa: SLF001 (argparse shows its tree nowhere else)
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001
            helps = {each.dest: each.help or "" for each in action._choices_actions}  # noqa: SLF001
            words |= {name: helps.get(name, "") for name in action.choices}
            further += action.choices.items()
        elif action.option_strings:
            words |= dict.fromkeys(action.option_strings, action.help or "")
            values |= {name: list(action.choices) for name in action.option_strings} if action.choices else {}
        else:
            words |= dict.fromkeys(action.choices or (), action.help or "")
    yield Place(path, words, values)
    for name, inner in further:
        yield from places_of(inner, (*path, name))


# -- bash


def bash(places: Sequence[Place]) -> str:
    """The script for bash; where nothing of ours fits, file names are completed."""
    return f"""# Completion of lead-capture for bash.
_lead_capture() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD - 1]}}" place="" word found=""
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD - 1}}"; do
        case "$place $word" in
            {_paths(places)}) place="$place $word" ;;
        esac
    done
    case "$place" in
{_cases(places)}
    esac
    case "$place $before" in
{_value_cases(places)}
    esac
    COMPREPLY=($(compgen -W "$found" -- "$current"))
}}
complete -o default -F _lead_capture lead-capture"""


def _paths(places: Sequence[Place]) -> str:
    """Where somebody can be, as alternatives of a case."""
    return " | ".join(f'"{_at(place)}"' for place in places if place.path)


def _cases(places: Sequence[Place]) -> str:
    return "\n".join(f'        "{_at(place)}") found="{" ".join(place.words)}" ;;' for place in places)


def _value_cases(places: Sequence[Place]) -> str:
    return "\n".join(
        f'        "{_at(place)} {option}") found="{" ".join(choices)}" ;;'
        for place in places
        for option, choices in place.values.items()
    )


def _at(place: Place) -> str:
    return "".join(f" {word}" for word in place.path)


# -- zsh


def zsh(places: Sequence[Place]) -> str:
    """The script for zsh, with what each word is for."""
    cases = "\n".join(_zsh_case(place) for place in places)
    values = "\n".join(
        f'        "{_at(place)} {option}") found=({" ".join(choices)}) ;;'
        for place in places
        for option, choices in place.values.items()
    )
    return f"""#compdef lead-capture
# Completion of lead-capture for zsh.
_lead_capture() {{
    local place="" word
    local -a found
    for word in "${{(@)words[2,CURRENT-1]}}"; do
        case "$place $word" in
            ({_paths(places)}) place="$place $word" ;;
        esac
    done
    case "$place" in
{cases}
    esac
    case "$place ${{words[CURRENT-1]}}" in
{values}
    esac
    _describe 'lead-capture' found || _files
}}
if [[ "${{funcstack[1]}}" == _lead-capture ]]; then
    _lead_capture "$@"
else
    compdef _lead_capture lead-capture
fi"""


def _zsh_case(place: Place) -> str:
    told = " ".join(_quoted(f"{_escaped(word)}:{meaning}") for word, meaning in place.words.items())
    return f'        ("{_at(place)}") found=({told}) ;;'


def _escaped(word: str) -> str:
    return word.replace(":", "\\:")


def _quoted(text: str) -> str:
    """As one word for a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


# -- fish


def fish(places: Sequence[Place]) -> str:
    """The script for fish, with what each word is for."""
    return "\n".join(
        [
            "# Completion of lead-capture for fish.",
            "function __lead_capture_at",
            '    set -l place ""',
            "    for word in (commandline -opc)[2..-1]",
            f'        if contains -- "$place $word" {" ".join(_quoted(_at(place)) for place in places if place.path)}',
            '            set place "$place $word"',
            "        end",
            "    end",
            '    test "$place" = "$argv[1]"',
            "end",
            *(line for place in places for line in _fish_lines(place)),
        ]
    )


def _fish_lines(place: Place) -> Iterator[str]:
    here = f"complete -c lead-capture -n {_quoted(f'__lead_capture_at {_quoted(_at(place))}')}"
    for word, meaning in place.words.items():
        told = f" -d {_quoted(meaning)}" if meaning else ""
        if word.startswith("--"):
            choices = place.values.get(word)
            yield f"{here} -l {word[2:]}{told}" + (f" -x -a {_quoted(' '.join(choices))}" if choices else "")
        elif word.startswith("-"):
            yield f"{here} -s {word[1:]}{told}"
        else:
            yield f"{here} -f -a {word}{told}"


SCRIPTS = {"bash": bash, "zsh": zsh, "fish": fish}
"""Shell -> what makes its script."""

"""`lead-capture rotate-keys`: encrypts the tokens in the database under the newest key."""

import argparse
from dataclasses import asdict

from service.cli.installation import open_installation
from service.cli.terminal import print_json
from service.operations.key_rotation import KeyRotation, rotate_keys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """--forget-unreadable and --json."""
    parser.add_argument(
        "--forget-unreadable",
        action="store_true",
        help="delete tokens whose key is lost: the service then signs in again, or uses those of the forms file",
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Rotate; 1 where tokens cannot be decrypted and were not to be forgotten."""
    rotation = rotate_keys(open_installation().store, forget_unreadable=arguments.forget_unreadable)
    if arguments.json:
        print_json(asdict(rotation))
    else:
        print("\n".join(_lines(rotation, forgotten=arguments.forget_unreadable)))
    return 1 if rotation.unreadable and not arguments.forget_unreadable else 0


def _lines(rotation: KeyRotation, *, forgotten: bool) -> list[str]:
    lines = [f"{rotation.rotated} re-encrypted, {rotation.current} under the newest key already"]
    remedy = (
        "forgotten; the service signs in again, or uses the tokens of the forms file"
        if forgotten
        else "put the earlier ENCRYPTION_KEY or SECRET_KEY behind the newest one in ENCRYPTION_KEY and run this again; "
        "if it is lost, add --forget-unreadable"
    )
    return [*lines, *(f"{owner}: no key decrypts its tokens: {remedy}" for owner in rotation.unreadable)]

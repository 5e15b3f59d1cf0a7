"""The little of curl that the README uses, for machines that have none: `URL --data A=B --data-urlencode A=B`."""

import argparse
import sys
from urllib.parse import quote_plus

import requests


def main() -> None:
    """Post the fields and print the answer."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--data", action="append", default=[])
    parser.add_argument("--data-urlencode", action="append", default=[])
    given = parser.parse_args()
    encoded = [
        f"{name}={quote_plus(value)}" for name, _, value in (pair.partition("=") for pair in given.data_urlencode)
    ]
    form = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "curl", "Accept": "*/*"}
    answer = requests.post(given.url, data="&".join(given.data + encoded), headers=form, timeout=30)
    sys.stdout.write(answer.text)


main()

"""The few features of curl that README and docs use, for machines without it."""

import argparse
import sys
from urllib.parse import quote_plus

import requests


def main() -> None:
    """Ask, and print the answer; 22 where it is an error and --fail-with-body was given."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-sS", action="store_true")
    parser.add_argument("--fail-with-body", action="store_true")
    parser.add_argument("-X", dest="method", default="")
    parser.add_argument("-G", dest="get", action="store_true")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", "--data", action="append", default=[])
    parser.add_argument("--data-urlencode", action="append", default=[])
    given = parser.parse_args()
    encoded = [
        f"{name}={quote_plus(value)}" for name, _, value in (pair.partition("=") for pair in given.data_urlencode)
    ]
    body = "&".join(given.data + encoded)
    method = given.method or ("POST" if body and not given.get else "GET")
    url, sent = (f"{given.url}?{body}", None) if given.get else (given.url, body or None)
    headers = {"User-Agent": "curl", "Accept": "*/*"}
    if sent:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    headers.update({name: value.strip() for name, _, value in (one.partition(":") for one in given.headers)})
    answer = requests.request(method, url, data=sent, headers=headers, timeout=30)
    sys.stdout.write(answer.text)
    sys.exit(22 if given.fail_with_body and not answer.ok else 0)


main()

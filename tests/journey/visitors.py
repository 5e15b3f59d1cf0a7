"""Eight visitors who send enquiries while the service is being killed under them."""

import itertools
import random
import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import requests

from tests.journey.installation import status
from tests.processes import wait_until

VISITORS = 8
THINKS_S = (0.05, 0.35)
"""Seconds that a visitor looks at the page: together they send about as fast as one worker delivers."""

PATIENCE_S = 30.0


class Visitors:
    """Send enquiries numbered from 0 on, from eight threads, and note which were acknowledged.

    Enquiries with an even number are sent again under the same key until they are acknowledged, and once more after
    that; the others are given up after one try. Every sixth is of somebody who has asked something else before.
    """

    def __init__(self, port: int, chance: random.Random) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.acknowledged: defaultdict[int, set[str]] = defaultdict(set)
        """Number of the enquiry -> every lead id that was given for it."""
        self._numbers = itertools.count()
        self._thinks = [random.Random(chance.random()) for _ in range(VISITORS)]  # noqa: S311 (spreads the visits)
        self._leave, self._stop = threading.Event(), threading.Event()
        self._pool = ThreadPoolExecutor(VISITORS)

    def __enter__(self) -> Self:
        self._visits = [self._pool.submit(self._visit, thinks) for thinks in self._thinks]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._pool.shutdown()

    def wait_for(self, count: int) -> None:
        """Wait until so many more enquiries have been acknowledged."""
        count += len(self.acknowledged)
        wait_until(lambda: len(self.acknowledged) >= count, PATIENCE_S, f"{count} enquiries acknowledged")

    def leave(self) -> None:
        """Wait until every visitor has sent the current enquiry. Raises: a visitor's error."""
        self._leave.set()
        for visit in self._visits:
            visit.result(60)

    def _visit(self, thinks: random.Random) -> None:
        while not (self._stop.is_set() or self._leave.is_set()):
            number = next(self._numbers)
            # Somebody who cannot open the page sends nothing.
            wait_until(lambda: self._stop.is_set() or status(f"{self.url}/healthz"), PATIENCE_S, "the page opens")
            self._stop.wait(thinks.uniform(*THINKS_S))
            if number % 2:
                self._send(number)
            else:
                self._insist(number)

    def _insist(self, number: int) -> None:
        wait_until(lambda: self._stop.is_set() or self._send(number), PATIENCE_S, "an answer")
        self._send(number)

    def _send(self, number: int) -> bool:
        """Whether the enquiry was acknowledged."""
        try:
            answer = requests.post(
                f"{self.url}/f/contact",
                data={"full_name": "Ada Lovelace", "email": email_of(number), "message": f"Enquiry {number}"},
                headers={"Accept": "application/json", "Idempotency-Key": f"view-{number}"},
                timeout=10,
            )
        except requests.RequestException:
            return False  # refused or cut off: it is being killed
        if answer.status_code != requests.codes.ok:
            return False
        self.acknowledged[number].add(answer.json()["id"])
        return True


def email_of(number: int) -> str:
    """The address of the person who makes the enquiry."""
    return f"visitor{number - 5 if number % 6 == 5 else number}@example.com"

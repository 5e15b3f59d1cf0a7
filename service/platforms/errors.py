"""What can go wrong with a platform, named by what to do next.

CollectError(said, status)
  NotNow(wait_s)                 try again: later by itself; with wait_s nobody asks this connection before that
  Disconnected(remedy, place)    wait for a person: the connection rests, one notice at a time finds out
  Gone                           a few slow tries, then a person
  Unusable                       a person: our own mistake, or a shape that nobody knows
"""


class PlatformError(Exception):
    """said: the platform's own words, or ours where it gave none; nothing secret. status: of HTTP, None for none."""

    def __init__(self, said: str, status: int | None = None) -> None:
        super().__init__(said)
        self.said = said
        self.status = status


class NotNow(PlatformError):
    """Nothing is wrong with the lead or the connection. wait_s: the platform asks everybody to wait so long."""

    def __init__(self, said: str, status: int | None = None, wait_s: float | None = None) -> None:
        super().__init__(said, status)
        self.wait_s = wait_s


class Disconnected(PlatformError):
    """Only a person can mend it. remedy: how; place: the one Page or account that is concerned, "" for all."""

    def __init__(self, said: str, remedy: str, status: int | None = None, place: str = "") -> None:
        super().__init__(said, status)
        self.remedy = remedy
        self.place = place


class Gone(PlatformError):
    """The platform knows no such lead, or does not say whether it does."""


class Unusable(PlatformError):
    """The platform does not understand us, or we do not understand its answer."""

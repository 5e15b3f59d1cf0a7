"""What can go wrong with a platform's API, named by what to do next.

PlatformError(message, status)
  NotNow(wait_s)                 try again later; wait_s: nothing is sent to this connection before that
  Disconnected(remedy, place)    wait for a person: the connection pauses, one lead at a time probes it
  Gone                           a few slow tries, then a person
  Unusable                       a person: a bug of ours, or an unknown response
"""


class PlatformError(Exception):
    """message: the platform's own words, else ours, without secrets. status: of the HTTP response, None without one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


class NotNow(PlatformError):
    """Neither lead nor connection is at fault. wait_s: the pause in seconds that the platform demands of everyone."""

    def __init__(self, message: str, status: int | None = None, wait_s: float | None = None) -> None:
        super().__init__(message, status)
        self.wait_s = wait_s


class Disconnected(PlatformError):
    """Only a person can fix it. remedy: how; place: the one Page or account that is affected, "" for all."""

    def __init__(self, message: str, remedy: str, status: int | None = None, place: str = "") -> None:
        super().__init__(message, status)
        self.remedy = remedy
        self.place = place


class Gone(PlatformError):
    """The platform has no such lead, or does not say whether it has."""


class Unusable(PlatformError):
    """The platform does not understand our request, or we do not understand its response."""

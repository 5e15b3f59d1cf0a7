"""Words of messages: numbers, durations and accounts; strangers' words, made harmless."""

import re
from datetime import timedelta

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86400


def count(number: int, thing: str) -> str:
    """Return `1 lead`, `12 leads`."""
    return f"{number:,} {thing}" + ("" if number == 1 else "s")


def span(time: timedelta) -> str:
    """Return a rounded duration: `40 seconds`, `6 minutes`, `3 hours`, `2 days`."""
    seconds = max(0, int(time.total_seconds()))
    for unit_s, unit, up_to_s in (
        (1, "second", MINUTE_S),
        (MINUTE_S, "minute", 2 * HOUR_S),
        (HOUR_S, "hour", 2 * DAY_S),
    ):
        if seconds < up_to_s:
            return count(seconds // unit_s, unit)
    return count(seconds // DAY_S, "day")


def waiting_leads(number: int, age: timedelta) -> str:
    """Return `2 leads wait, the oldest for 6 minutes.`"""
    return f"{count(number, 'lead')} {'waits' if number == 1 else 'wait'}, the oldest for {span(age)}."


def account_title(account: str) -> str:
    """Return the title of an account; the one of the settings needs no name."""
    return "the service account" if account == "default" else f"the service account {account!r}"


# -- strangers' words: they mention nobody, and nothing in them can be clicked
#
# A space breaks what a chat program would act on: "@ everyone", "https: //example. com". It is seen, so that people who
# copy an address know what to remove, and it does no harm in a text. Messages go out as plain text; Slack, Teams,
# Discord, Mattermost and others look for these signs all the same.

_MENTIONS = re.compile(
    r"""
    @(?=everyone|here)                       # Discord calls everybody wherever it finds these, even in an address
    | @(?=(?:channel|all|room|group|team)(?![a-z0-9_]))  # Slack, Mattermost, Rocket.Chat, Matrix
    | (?<![A-Za-z0-9])@(?=\w)                # any name; an e-mail address has a letter or digit before its sign
    | <(?=[@!#&:]|/?[a-z0-9+.-]+:)           # <!here>, <@U1>, <#C1>, <https://example.com|text>
    | \](?=[(\[:]|\Z)                        # [text](address), [text][1], [1]: address
    """,
    re.VERBOSE | re.IGNORECASE,
)

_LINKS = re.compile(
    r"""
    ([\w.%+'-]*[a-z0-9]@[a-z0-9-]+(?:\.[a-z0-9-]+)+)  # an e-mail address stays: people answer to it
    | :(?=/)                                       # https://
    | (?<=[\w-])[.\u3002\uff0e\uff61](?=[^\W\d_])    # example.com: a dot, or what IDN takes for one, before a letter
    """,
    re.VERBOSE | re.IGNORECASE,
)


def defuse_mentions(text: str) -> str:
    """Break mentions, and links behind other words; addresses of web pages stay. For texts that are partly ours."""
    return _MENTIONS.sub(_followed_by_space, text)


def defuse(text: str) -> str:
    """Break mentions and every link but e-mail addresses. For texts that a stranger wrote."""
    return defuse_mentions(_LINKS.sub(_without_link, text))


def _without_link(match: re.Match[str]) -> str:
    address = match[1]
    if address is None:
        return _followed_by_space(match)
    # If the sign of an address is broken as a mention, the rest would be a web address of its own.
    return address.replace(".", ". ") if _MENTIONS.search(address) else address


def _followed_by_space(match: re.Match[str]) -> str:
    return f"{match[0]} "

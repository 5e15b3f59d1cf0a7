"""A browser in two words, by which a person recognizes a session; no more of the User-Agent header is kept."""

BROWSERS = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox")),
    *(("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari")),
)
"""Part of the header, and the browser's name. The first that fits counts: most claim to be others, too."""

SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")),
    *(("CrOS", "ChromeOS"), ("Mac OS", "macOS"), ("Linux", "Linux")),
)
"""The same for the system."""


def describe_browser(user_agent: str) -> str:
    """Return such as "Firefox, Linux"; "" for a program that is none of the usual browsers."""
    names = (next((name for part, name in table if part in user_agent), "") for table in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, names))

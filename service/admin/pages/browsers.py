"""A browser in two words, by which a person recognizes a session; no more of the User-Agent header is kept."""

BROWSERS = (
    *(("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox")),
    *(("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari")),
)
"""Part of the header, and the browser's name. The first match counts: most browsers also claim to be others."""

SYSTEMS = (
    *(("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows")),
    *(("CrOS", "ChromeOS"), ("Mac OS", "macOS"), ("Linux", "Linux")),
)
"""Part of the header, and the operating system's name. The first match counts."""


def describe_browser(user_agent: str) -> str:
    """Return browser and system, such as "Firefox, Linux"; "" for a program that is no common browser."""
    names = (next((name for part, name in table if part in user_agent), "") for table in (BROWSERS, SYSTEMS))
    return ", ".join(filter(None, names))

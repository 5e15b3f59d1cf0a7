"""The version of this program, from its package metadata."""

from importlib.metadata import PackageNotFoundError, version

try:
    VERSION = version("nexudus-lead-capture")
except PackageNotFoundError:  # a checkout that was never installed
    VERSION = "0+unknown"

USER_AGENT = f"nexudus-lead-capture/{VERSION}"
"""The User-Agent header of every outgoing call."""

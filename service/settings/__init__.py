"""The environment, read once: one typed Settings, or every problem with it. No other room reads os.environ."""

from service.settings.environment import SettingsProblems, lookup, read_settings
from service.settings.table import SETTINGS, SIMULATOR_USERNAME, Setting, Settings
from service.settings.values import IN_THE_CLEAR, Daily, RateLimit, crosses_in_the_clear

__all__ = [
    "IN_THE_CLEAR",
    "SETTINGS",
    "SIMULATOR_USERNAME",
    "Daily",
    "RateLimit",
    "Setting",
    "Settings",
    "SettingsProblems",
    "crosses_in_the_clear",
    "lookup",
    "read_settings",
]

"""The environment, read once and loudly: one typed Settings, or everything that is wrong with it.

Nobody else in the house reads os.environ.
"""

from service.settings.environment import SettingsProblems, lookup, read_settings
from service.settings.kinds import Daily, Limit
from service.settings.table import SETTINGS, Setting, Settings

__all__ = ["SETTINGS", "Daily", "Limit", "Setting", "Settings", "SettingsProblems", "lookup", "read_settings"]

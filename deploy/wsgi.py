"""The application for gunicorn.conf.py: `wsgi:application()`."""
# ruff: noqa: INP001 - no package: gunicorn loads it by its path

from service import clock
from service.forms import read_setup
from service.metrics.folder import metrics_folder
from service.rate_limit import PostCounts
from service.settings import lookup, read_settings
from service.setup.reading import follow_setup

_FOLDER = metrics_folder()  # before prometheus_client is imported, which reads where to count

from service.cli.installation import in_force_before_fork  # noqa: E402
from service.web import prepare_app  # noqa: E402

_SETTINGS = read_settings()
SETUP = follow_setup(
    _SETTINGS, in_force_before_fork(_SETTINGS, read_setup(_SETTINGS.forms_file, lookup)), lookup, clock.now()
)

application = prepare_app(_SETTINGS, SETUP, PostCounts(), _FOLDER)
"""Called in each web process; made before gunicorn forks, so that they share its memory and count together."""

"""`gunicorn -c deploy/gunicorn.conf.py` instead of `lead-capture web`: the same options, yours to add to.

Everything else is set by the environment, see docs/settings.md.
"""
# ruff: noqa: INP001 - no package: gunicorn loads it by its path

import sys
from pathlib import Path

from service import logs
from service.cli.listening import listen_address
from service.cli.processes import WEB_ADDRESS, server_options
from service.cli.server_hooks import server_hooks
from service.metrics.folder import metrics_folder
from service.settings import read_settings

sys.path.insert(0, str(Path(__file__).parent))
import wsgi

_settings = read_settings()
logs.configure(_settings.log_format, _settings.log_level)
_address = listen_address(_settings, WEB_ADDRESS)
globals().update(server_options(_settings, _address))
globals().update(server_hooks(_settings, _address, wsgi.SETUP, metrics_folder()))

wsgi_app = "wsgi:application()"

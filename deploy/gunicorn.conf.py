"""`gunicorn -c deploy/gunicorn.conf.py` instead of `lead-capture web`: the same options, yours to add to.

Everything else is set by the environment, see docs/settings.md.
"""
# ruff: noqa: INP001 - no package: gunicorn loads it by its path

import sys
from pathlib import Path

from service.cli.listening import listen_address
from service.cli.processes import WEB_ADDRESS, reload_hooks, server_options
from service.settings import read_settings

sys.path.insert(0, str(Path(__file__).parent))
import wsgi

_settings = read_settings()
globals().update(server_options(_settings, listen_address(_settings, WEB_ADDRESS)) | reload_hooks(wsgi.SETUP))

wsgi_app = "wsgi:application()"

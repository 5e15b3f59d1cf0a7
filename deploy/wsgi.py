"""The application for any WSGI server: `wsgi:app`. Settings come from the environment, as always."""
# ruff: noqa: INP001 - no package: servers load it by its path

from service.cli.house import read_house
from service.web import create_app

app = create_app(*read_house())

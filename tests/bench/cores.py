"""gunicorn's hooks as `lead-capture web` sets them, for a yardstick that is served just so."""

from service.cli.server_hooks import core_hooks

globals().update(core_hooks(2))

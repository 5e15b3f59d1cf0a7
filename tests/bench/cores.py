"""gunicorn's hooks as `lead-capture web` sets them, for a yardstick that is served just so."""

from service.cli.cores import hooks

globals().update(hooks(2))

"""`lead-capture demo-data`: a history that nobody lived, for pictures, trials and measurements.

    command.py   what an operator asks, and what is refused
    story.py     one lead after another, oldest first
    hours.py     when people write: weekdays, hours, a campaign now and then
    cast.py      who writes, in which language, and what
    visits.py    how they came
    fates.py     what became of it

All of it belongs to an account that no forms file has, so that no worker can deliver any of it.
"""

from service.cli.demo.command import add_arguments, run

__all__ = ["add_arguments", "run"]

"""`make bench`: all measurements, or those named: each is a file of this folder with `measure()`."""

import sys
from importlib import import_module

MEASUREMENTS = (
    "taking",
    "speed_to_crm",
    "attributing",
    "delivering",
    "claiming",
    "exporting",
    "importing",
    "webhooks",
    "pages",
    "counting",
)

for name in sys.argv[1:] or MEASUREMENTS:
    import_module(f"tests.bench.{name}").measure()

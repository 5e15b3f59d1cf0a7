"""`make bench`: all measurements, or those named: taking, speed_to_crm, attributing, delivering, claiming, pages."""

import sys
from importlib import import_module

MEASUREMENTS = ("taking", "speed_to_crm", "attributing", "delivering", "claiming", "pages")

for name in sys.argv[1:] or MEASUREMENTS:
    import_module(f"tests.bench.{name}").measure()

"""`python -m service.cli` is `lead-capture`."""

import sys

from service.cli.main import main

sys.exit(main())

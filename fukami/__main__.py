"""`python -m fukami` is `fukami`."""

import sys

from fukami.cli.main import main

sys.exit(main())

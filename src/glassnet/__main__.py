"""`python -m glassnet`, which `torchrun -m glassnet train …` uses too."""

import sys

from glassnet.cli import main

sys.exit(main())

# SPDX-License-Identifier: MIT
"""``python -m openmmorbit`` is the command openmm-orbit."""
import sys

from openmmorbit.cli import main

if __name__ == "__main__":
    sys.exit(main())

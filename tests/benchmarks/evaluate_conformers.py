#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Scores conformers against reference ensembles: openmm-orbit evaluate, for a package on PYTHONPATH."""
import sys

from openmmorbit import cli

if __name__ == "__main__":
    sys.exit(cli.main(["evaluate", *sys.argv[1:]]))

# SPDX-License-Identifier: MIT
"""The subcommands of openmm-orbit, one a file, and what they share."""

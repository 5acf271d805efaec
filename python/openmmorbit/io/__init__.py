# SPDX-License-Identifier: MIT
"""Files: molecules and ensembles in, ensembles and pictures out."""

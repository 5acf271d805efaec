# SPDX-License-Identifier: MIT
"""Generated states on their way into simulations: applied, chosen, given to replicas, placed in a box of water."""

# SPDX-License-Identifier: MIT
"""How alike conformers are: RMSDs of equivalent atoms, torsions, puckers of rings."""

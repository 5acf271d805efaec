# SPDX-License-Identifier: MIT
"""A ligand of the tests of complexes and crystals."""

SMILES = "CC(O)c1ccc(Cl)cc1"
#: Names of the atoms of its ring.
RING = ["C3", "C4", "C5", "C6", "C7", "C8"]

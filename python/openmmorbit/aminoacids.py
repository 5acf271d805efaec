# SPDX-License-Identifier: MIT
"""Names of the twenty standard residues: their letters, and what force fields and programs call them."""
from __future__ import annotations

#: Names of residues by their letters; X leaves one open.
LETTERS = {"A": "ALA", "R": "ARG", "N": "ASN", "D": "ASP", "C": "CYS", "Q": "GLN", "E": "GLU", "G": "GLY", "H": "HIS",
            "I": "ILE", "L": "LEU", "K": "LYS", "M": "MET", "F": "PHE", "P": "PRO", "S": "SER", "T": "THR", "W": "TRP",
            "Y": "TYR", "V": "VAL", "X": ""}
#: Names that force fields and programs give to protonation states of standard residues.
_variants = {"ASH": "ASP", "GLH": "GLU", "HID": "HIS", "HIE": "HIS", "HIP": "HIS", "HSD": "HIS", "HSE": "HIS",
             "HSP": "HIS", "CYX": "CYS", "CYM": "CYS", "LYN": "LYS", "MSE": "MET"}
#: Standard residues by all their names.
NAMES = {**{name: name for name in LETTERS.values()}, **_variants}

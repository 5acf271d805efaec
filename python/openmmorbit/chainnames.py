# SPDX-License-Identifier: MIT
"""Names of the chains of proteins: of generated ones by their order, and before the numbers of residues."""
from __future__ import annotations

_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def getChainName(index: int) -> str:
    """Get the name of a generated chain, which is counted from 0: A to Z, then A1, B1, ...; C++ names it alike."""
    turn, letter = divmod(int(index), len(_letters))
    return _letters[letter] + (str(turn) if turn else "")


def getChainPrefix(name: str) -> str:
    """Get a chain's name as it stands before the number of a residue: A for A10, or with a colon, AB: for AB:10."""
    return name if len(name) == 1 and name.isalpha() else f"{name}:"

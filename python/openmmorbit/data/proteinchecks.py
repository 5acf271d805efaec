# SPDX-License-Identifier: MIT
"""What is checked of proteins that are read: their unit, D-amino acids, and the hand of their helices."""
from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from openmmorbit.simulation.survival import dihedralsOfPoints

#: Names of D-amino acids in the Protein Data Bank.
D_NAMES = frozenset("DAL DAR DSG DAS DCY DGN DGL DHI DIL DLE DLY MED DPN DPR DSN DTH DTR DTY DVA".split())
#: CA atoms of neighbours are 0.38 nm apart, of cis peptides 0.29: beyond these the numbers have another unit.
NEAREST, FARTHEST = 0.2, 1.5
#: Longest C-N distance of a peptide bond, nm.
LONGEST_BOND = 0.2
#: Natural chains have at most so many residues with positive phi in a row, and left turns of CA atoms.
MAX_LEFT_RUN = 5
#: Of a chain with so many values of phi, or turns of CA atoms, more than half are right-handed.
_enough = 8
#: A left turn, as in the mirror image of a helix: dihedral angle of four CA atoms in degrees, and their ends in nm.
_leftTurn, _turnWidth = (-90.0, -20.0), 0.65


def checkSpacing(where: str, positions: np.ndarray, isNext: Sequence[bool] | np.ndarray, origin: str = "",
                 remedy: str = "give a Quantity with its unit") -> None:
    """Refuse CA atoms in a wrong unit, or all in one place.

    Parameters
    ----------
    where : str
        The function, for messages.
    positions : numpy.ndarray
        Shape (numResidues, 3), CA atoms in nm.
    isNext : sequence of bool
        Shape (numResidues - 1,): whether the next residue follows in the chain.
    origin, remedy : str
        What they are of, and what to do.

    Raises
    ------
    ValueError
        With the distance that neighbours typically have.
    """
    lengths = np.linalg.norm(np.diff(positions, axis=0), axis=1)[np.asarray(isNext, bool)]
    lengths = lengths[np.isfinite(lengths)]
    if len(lengths) == 0:
        return
    typical = float(np.median(lengths))
    if not NEAREST < typical < FARTHEST:
        raise ValueError(f"{where}: expected CA atoms in nm, 0.38 apart, got {typical:.3g}"
                         f"{f' in {origin}' if origin else ''}; {remedy}")


def isDextral(name: str, places: Mapping[str, np.ndarray]) -> bool:
    """Tell whether a residue is a D-amino acid, by its name or the place of its CB.

    Parameters
    ----------
    name : str
    places : dict
        Positions of its atoms by name, in any unit.
    """
    if name.upper() in D_NAMES:
        return True
    if not all(atom in places for atom in ("N", "CA", "C", "CB")):
        return False
    n, c, cb = (places[atom] - places["CA"] for atom in ("N", "C", "CB"))
    return bool(np.dot(np.cross(n, c), cb) < 0)


def _findRun(isLeft: np.ndarray) -> tuple[int, int] | None:
    """Get the first and the last place of the first run that is too long."""
    first = None
    for k, flag in enumerate([*isLeft, False]):
        if not flag and first is not None and k - first > MAX_LEFT_RUN:
            return first, k - 1
        first = (k if first is None else first) if flag else None
    return None


def findLeftHanded(places: np.ndarray, isBonded: Sequence[bool] | np.ndarray) -> tuple[int, int] | None:
    """Find residues that lie as in a mirror image, whether they have CB or not.

    Natural chains have at most five residues in a row with positive phi, and five left turns of CA atoms. Nearly all
    their mirror images have more of the former, and those with a helix also of the latter.

    Parameters
    ----------
    places : numpy.ndarray
        Shape (numResidues, 3, 3): N, CA and C in nm; NaN where there is none.
    isBonded : sequence of bool
        Shape (numResidues - 1,): whether a residue is bonded to the next one.

    Returns
    -------
    tuple of int, or None
        The first and the last residue of them.
    """
    isLeft, isTurn, _ = _judgeHands(places, isBonded)
    found = _findRun(isLeft)
    if found is not None:
        return found[0] + 1, found[1] + 1
    found = _findRun(isTurn)
    return None if found is None else (found[0], found[1] + 3)


def isMirrorImage(places: np.ndarray, isBonded: Sequence[bool] | np.ndarray) -> bool:
    """Tell whether most of a protein is left-handed; arguments as of findLeftHanded().

    CA atoms alone tell it if there are helices.
    """
    isLeft, isLeftTurn, isRightTurn = _judgeHands(places, isBonded)
    numKnown = int(np.count_nonzero(_isKnown(places)[1:] & np.asarray(isBonded, bool))) if len(places) > 1 else 0
    if numKnown >= _enough:
        return 2 * int(np.count_nonzero(isLeft)) > numKnown
    return int(np.count_nonzero(isLeftTurn)) > max(2 * int(np.count_nonzero(isRightTurn)), _enough)


def _isKnown(places: np.ndarray) -> np.ndarray:
    """Tell of which residues N, CA and C are known."""
    return np.isfinite(places).all(axis=(1, 2))


def _judgeHands(places: np.ndarray, isBonded: Sequence[bool] | np.ndarray
                ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Get where phi is positive (from the second residue on), and left and right turns (by their first residue)."""
    bonded, none = np.asarray(isBonded, bool), np.zeros(0, bool)
    if len(places) < 2:
        return none, none, none
    n, ca, c = (places[:, k] for k in range(3))
    isLeft = bonded & (dihedralsOfPoints(c[:-1], n[1:], ca[1:], c[1:]) > 0)    # NaN is not above 0.
    if len(places) < 4:
        return isLeft, none, none
    turns = dihedralsOfPoints(ca[:-3], ca[1:-2], ca[2:-1], ca[3:])
    isTurn = (np.linalg.norm(ca[3:] - ca[:-3], axis=1) < _turnWidth) & bonded[:-2] & bonded[1:-1] & bonded[2:]
    return isLeft, isTurn & (turns > _leftTurn[0]) & (turns < _leftTurn[1]), \
        isTurn & (turns < -_leftTurn[0]) & (turns > -_leftTurn[1])

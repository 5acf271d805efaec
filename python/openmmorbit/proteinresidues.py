# SPDX-License-Identifier: MIT
"""The residues of a known protein, and their names: A10-25, A52A, or AB:7."""
from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.chainnames import getChainPrefix
from openmmorbit.data.proteinchecks import LONGEST_BOND, checkSpacing, isDextral
from openmmorbit.data.structures import chooseState, readModels
from openmmorbit.selections import isAlpha
from openmmorbit.simulation.states import readStates, requireTopology

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmm import app

_where = "designBackbone"
_atoms = ("N", "CA", "C")
#: Distances of CA atoms of neighbours, nm.
_nearest, _farthest = 0.26, 0.43
_range = re.compile(r"(?:(?P<letter>[A-Za-z])|(?P<chain>\w*):)?"
                    r"(?:(?P<first>-?\d+[A-Za-z]?)(?:-(?P<last>-?\d+[A-Za-z]?))?)?")


@dataclass(frozen=True)
class ProteinResidue:
    """A residue that has a CA atom.

    Attributes
    ----------
    chain, number, name : str
        As the Topology has them; the number has its insertion code behind it.
    places : numpy.ndarray
        Shape (3, 3): N, CA and C in nm; NaN where there is none.
    isDextral : bool
        Whether it is a D-amino acid.
    chainIndex : int
        Which chain of the Topology it is in: several may have one name.
    """

    chain: str
    number: str
    name: str
    places: np.ndarray
    isDextral: bool
    chainIndex: int

    @property
    def label(self) -> str:
        """How it is named, e.g. A10, AB:10, or :10 in a chain without a name."""
        return f"{getChainPrefix(self.chain)}{self.number}"


def _readProtein(protein: Any, state: int | None) -> tuple[np.ndarray, app.Topology]:
    """Get the positions of one state in nm, and the Topology."""
    if isinstance(protein, (str, os.PathLike)):
        models = readModels(_where, protein)
        protein = models[chooseState(_where, f"\"{os.fspath(protein)}\"", len(models), state)]
        state = 0
    elif hasattr(protein, "getNumFrames"):      # The models of a file may be different proteins.
        index = chooseState(_where, f"the {type(protein).__name__}", protein.getNumFrames(), state)
        states = readStates(_where, protein.getPositions(asNumpy=True, frame=index), protein.topology)
        return states.positions[0], requireTopology(_where, states)
    states = readStates(_where, protein)
    index = chooseState(_where, f"the {type(protein).__name__}", len(states.positions), state)
    return states.positions[index], requireTopology(_where, states)


def readResidues(protein: Any, state: int | None = None) -> list[ProteinResidue]:
    """Get the residues with a CA atom.

    Parameters
    ----------
    protein : path, Ensemble, or an object with positions and topology
    state : int, optional
        Which of several models or states; default: the first, with a warning.

    Raises
    ------
    ValueError
        For what is no protein, and CA atoms whose positions are not finite.
    """
    positions, topology = _readProtein(protein, state)
    found = []
    for residue in (atom.residue for atom in topology.atoms() if isAlpha(atom)):
        atoms = {atom.name: positions[atom.index] for atom in residue.atoms()}
        places = np.array([atoms.get(name, np.full(3, np.nan)) for name in _atoms])
        number = f"{residue.id}{residue.insertionCode.strip()}"
        entry = ProteinResidue(str(residue.chain.id).strip(), number, residue.name, places,
                               isDextral(residue.name, atoms), residue.chain.index)
        if not np.isfinite(places[1]).all():
            raise ValueError(f"{_where}: expected finite positions, got others in residue {entry.label}")
        found.append(entry)
    if not found:
        raise ValueError(f"{_where}: expected a protein, got {topology.getNumAtoms()} atoms without a CA among them")
    checkSpacing(_where, np.array([entry.places[1] for entry in found]), [*map(_isNext, found, found[1:])],
                 remedy="files are in Angstrom, and positions without a unit in nm")
    return found


def _isNext(first: ProteinResidue, second: ProteinResidue) -> bool:
    """Tell whether a residue has the number that follows that of another."""
    digits = [re.sub(r"[A-Za-z]", "", entry.number) for entry in (first, second)]
    return first.chainIndex == second.chainIndex and digits[1] in (digits[0], str(int(digits[0] or 0) + 1))


def getDistance(first: ProteinResidue, second: ProteinResidue) -> float:
    """Get the distance of two CA atoms, nm."""
    return float(np.linalg.norm(second.places[1] - first.places[1]))


def isBonded(first: ProteinResidue, second: ProteinResidue) -> bool:
    """Tell whether a residue is bonded to the next one."""
    if first.chainIndex != second.chainIndex:
        return False
    bond = float(np.linalg.norm(second.places[0] - first.places[2]))
    return bond < LONGEST_BOND if np.isfinite(bond) else _nearest < getDistance(first, second) < _farthest


def chooseRange(text: str, residues: Sequence[ProteinResidue]) -> list[int]:
    """Get the residues that one range such as A10-25 means."""
    match = _range.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{_where}: expected residues such as A10-25, A7 or A, got '{text}'; a chain of several "
                         "letters, or of a digit, has a colon behind it: AB:10-25; one without a name is a colon, "
                         ":10-25")
    chains = list(dict.fromkeys(entry.chain for entry in residues))
    chain = match["chain"] if match["letter"] is None else match["letter"]
    known = ", ".join(map(getChainPrefix, chains))
    if chain is None and len(chains) > 1:
        raise ValueError(f"{_where}: expected a chain before '{text}', got none; there are {known}")
    if chain is not None and chain not in chains:
        hint = "; a chain without a name is a colon, :10-25" if "" in chains else ""
        raise ValueError(f"{_where}: expected one of the chains {known} in '{text}', got {getChainPrefix(chain)}{hint}")
    inChain = [k for k, entry in enumerate(residues) if chain is None or entry.chain == chain]
    if match["first"] is None:
        return inChain
    numbers = [residues[k].number for k in inChain]
    ends = []
    for number in (match["first"], match["last"] or match["first"]):
        if number not in numbers:
            name = getChainPrefix(residues[inChain[0]].chain)
            raise ValueError(f"{_where}: expected residues that are there in '{text}', got {number}, which has no CA "
                             f"atom; chain {name} has {numbers[0]} to {numbers[-1]}")
        ends.append(numbers.index(number))
    if ends[0] > ends[1]:
        raise ValueError(f"{_where}: expected a range from its first residue to its last one, got '{text}'")
    return inChain[ends[0]:ends[1] + 1]

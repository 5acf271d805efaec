# SPDX-License-Identifier: MIT
"""Water, ions and solutes of a Topology, told apart by what they consist of, not by their names."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openmm import app


def isWater(residue: app.topology.Residue) -> bool:
    """Tell whether a residue has one oxygen and two hydrogens; virtual sites do not count.

    Crystal structures have no hydrogens: there an oxygen atom without bonds is water.
    """
    elements = sorted(atom.element.atomic_number for atom in residue.atoms() if atom.element is not None)
    return elements == [1, 1, 8] or (elements == [8] and next(residue.bonds(), None) is None)


#: Atomic numbers of elements that are no metals.
_NONMETALS = {1, 2, *range(5, 11), *range(14, 19), *range(33, 37), *range(52, 55), 85, 86}


def isMetal(atom: app.topology.Atom) -> bool:
    """Tell whether an atom is a metal: what is bonded to it is coordinated, and no part of one molecule with it."""
    return atom.element is not None and atom.element.atomic_number not in _NONMETALS


def listObstacles(topology: app.Topology) -> list[app.topology.Atom]:
    """Get the heavy atoms that a molecule must not stand on: water does not count, because it can give way."""
    return [atom for residue in topology.residues() if not isWater(residue) for atom in residue.atoms()
            if atom.element is not None and atom.element.atomic_number > 1]


def isIon(residue: app.topology.Residue) -> bool:
    """Tell whether a residue is one atom without bonds."""
    return len(list(residue.atoms())) == 1 and next(residue.atoms()).element is not None and \
        next(residue.bonds(), None) is None


def findUnbonded(topology: app.Topology) -> list[app.topology.Residue]:
    """Get residues of several atoms of which none has a bond: their molecules are not known."""
    bonded = {atom.index for bond in topology.bonds() for atom in bond}
    return [residue for residue in topology.residues()
            if sum(atom.element is not None for atom in residue.atoms()) > 1
            and not any(atom.index in bonded for atom in residue.atoms())]


def findLooseAtoms(topology: app.Topology) -> list[app.topology.Atom]:
    """Get atoms without a bond in residues of several atoms; virtual sites and beads have no element and do not count.
    """
    bonded = {atom.index for bond in topology.bonds() for atom in bond}
    residues = ([atom for atom in residue.atoms() if atom.element is not None] for residue in topology.residues())
    return [atom for atoms in residues if len(atoms) > 1 for atom in atoms if atom.index not in bonded]


def heavySolute(topology: app.Topology) -> np.ndarray:
    """Get the heavy atoms outside water and ions; if there are none, all atoms outside them; if none, all atoms."""
    solute = [atom for residue in topology.residues() if not (isWater(residue) or isIon(residue))
              for atom in residue.atoms()]
    heavy = [atom.index for atom in solute if atom.element is not None and atom.element.atomic_number > 1]
    return np.array(heavy or [atom.index for atom in solute] or range(topology.getNumAtoms()), int)


def _isConnected(chain: app.topology.Chain, neighbors: dict[int, list[int]]) -> bool:
    atoms = [atom.index for atom in chain.atoms()]
    seen, found = set(atoms[:1]), atoms[:1]
    for atom in found:  # grows while it is read
        fresh = [other for other in neighbors.get(atom, []) if other not in seen]
        seen.update(fresh)
        found.extend(fresh)
    return seen >= set(atoms)


def labelResidues(topology: app.Topology, bonds: Iterable[tuple[int, int]]) -> list[int]:
    """Get a label for every atom that equivalent atoms of a system have in common.

    It tells the name of the residue and its place in the chain, so that a chain of beads has a beginning, and atoms of
    different residues are never equivalent. Whole chains may be, if their bonds hold them together.
    """
    neighbors: dict[int, list[int]] = {}
    for first, second in bonds:
        neighbors.setdefault(first, []).append(second)
        neighbors.setdefault(second, []).append(first)
    keys: list[tuple[str, int, int]] = []
    for chain in topology.chains():
        own = -1 if _isConnected(chain, neighbors) else chain.index
        for place, residue in enumerate(chain.residues()):
            keys.extend((residue.name, place, own) for _ in residue.atoms())
    numbers = {key: number for number, key in enumerate(sorted(set(keys)))}
    return [numbers[key] for key in keys]

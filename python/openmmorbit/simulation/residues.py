# SPDX-License-Identifier: MIT
"""Water, ions and solutes of a Topology, told apart by what they consist of, not by their names."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from openmm import app


def isWater(residue: app.topology.Residue) -> bool:
    """Tell whether a residue has one oxygen and two hydrogens; virtual sites do not count."""
    return sorted(atom.element.atomic_number for atom in residue.atoms() if atom.element is not None) == [1, 1, 8]


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

# SPDX-License-Identifier: MIT
"""Water, ions and solutes of a Topology, told apart by what they consist of, not by their names."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from openmm import app


def isWater(residue: app.topology.Residue) -> bool:
    """Tell whether a residue has one oxygen and two hydrogens; virtual sites do not count."""
    return sorted(atom.element.symbol for atom in residue.atoms() if atom.element is not None) == ["H", "H", "O"]


def isIon(residue: app.topology.Residue) -> bool:
    """Tell whether a residue is one atom without bonds."""
    return len(list(residue.atoms())) == 1 and next(residue.atoms()).element is not None and \
        next(residue.bonds(), None) is None


def heavySolute(topology: app.Topology) -> np.ndarray:
    """Get the heavy atoms outside water and ions; if there are none, all atoms outside them; if none, all atoms."""
    solute = [atom for residue in topology.residues() if not (isWater(residue) or isIon(residue))
              for atom in residue.atoms()]
    heavy = [atom.index for atom in solute if atom.element is not None and atom.element.atomic_number > 1]
    return np.array(heavy or [atom.index for atom in solute] or range(topology.getNumAtoms()), int)

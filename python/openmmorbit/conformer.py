# SPDX-License-Identifier: MIT
"""One conformer of an Ensemble, with its status and where it comes from."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.provenance import findOrigin

if TYPE_CHECKING:
    from openmm import app

    from openmmorbit import orbit
    from openmmorbit.ensemble import Ensemble


def chooseCopies(key: Any, number: int) -> np.ndarray:
    """Get the indices of the copies that a slice, a list of indices or a mask stands for.

    Parameters
    ----------
    key : slice, sequence of int, or sequence of bool
        What stands in the brackets. What numpy.where() returns is one, too.
    number : int
        How many copies there are.

    Raises
    ------
    IndexError
        For anything else, and for an index or a mask that does not fit.
    """
    if isinstance(key, slice):
        return np.arange(number)[key]
    plain = key[0] if isinstance(key, tuple) and len(key) == 1 else key
    array = np.asarray(plain)
    array = array.astype(int) if array.size == 0 else array
    if isinstance(plain, tuple) or array.ndim != 1 or array.dtype.kind not in "iub":
        raise IndexError("Ensemble: expected an index, a slice, a list of indices or a mask, got "
                         f"[{str(key).strip('()')}]; two conformers are ensemble[[0, 4]]")
    if array.dtype.kind == "b" and len(array) != number:
        raise IndexError(f"Ensemble: expected a mask of {number} values, one a conformer, got {len(array)}")
    wrong = [] if array.dtype.kind == "b" else [index for index in array.tolist() if not -number <= index < number]
    if wrong:
        raise IndexError(f"Ensemble: expected conformers from 0 to {number - 1}, got {wrong[0]}" if number else
                         f"Ensemble: expected no conformer of an empty ensemble, got index {wrong[0]}")
    return np.arange(number)[array]


class Conformer:
    """One conformer of an Ensemble.

    Attributes
    ----------
    positions : openmm.unit.Quantity
        NumPy array of shape (numAtoms, 3), in nm.
    status : openmmorbit.orbit.ConformerStatus
        What the inspection found; ``status.isAccepted()`` tells whether all is well.
    provenance : openmmorbit.orbit.ConformerProvenance
        Model, seed, evaluations and redraws.
    origin : str
        What made it: "model", "sampler" or "rdkit", see Ensemble.origins.
    isomer : int
        Number of the isomer that the conformer is, from 1; more than one if the molecule leaves stereochemistry open.
    smiles : str
        Isomeric SMILES of that isomer.
    energy : openmm.unit.Quantity or None
        In kJ/mol, if the ensemble carries energies along, as after ``ensemble.sort()``.
    """

    def __init__(self, ensemble: Ensemble, index: int) -> None:
        self.ensemble = ensemble
        self.index = index

    @property
    def positions(self) -> unit.Quantity:
        return self.ensemble._core.getPositions(self.index)

    @property
    def status(self) -> orbit.ConformerStatus:
        return self.ensemble._core.getStatus(self.index)

    @property
    def provenance(self) -> orbit.ConformerProvenance:
        return self.ensemble._core.getProvenance(self.index)

    @property
    def origin(self) -> str:
        return findOrigin(self.provenance)

    @property
    def isomer(self) -> int:
        return self.ensemble.isomerNumbers[self.index]

    @property
    def smiles(self) -> str:
        return self.ensemble.isomers[self.isomer - 1]

    @property
    def energy(self) -> unit.Quantity | None:
        known = self.ensemble._energies
        return None if known is None else float(known.values[self.index]) * unit.kilojoule_per_mole

    @property
    def topology(self) -> app.Topology:
        return self.ensemble.topology

    def __repr__(self) -> str:
        return f"<Conformer {self.index} of {self.ensemble.graph.getLabel()}, {self.ensemble.numAtoms} atoms>"

# SPDX-License-Identifier: MIT
"""A conformer's place in an openmm.app.Modeller."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from openmm import unit

from openmmorbit.shape.superposition import superpose
from openmmorbit.simulation.states import toArray, toPlain

if TYPE_CHECKING:
    import numpy.typing as npt
    from openmm import app

    from openmmorbit.ensemble import Ensemble


def _check(where: str, modeller: app.Modeller) -> None:
    from openmm import app

    if not isinstance(modeller, app.Modeller):
        raise TypeError(f"{where}: expected an openmm.app.Modeller, got {type(modeller).__name__}; "
                        "app.Modeller(topology, positions) makes one")


def _findResidue(modeller: app.Modeller, residue: app.topology.Residue | str) -> app.topology.Residue:
    if not isinstance(residue, str):
        return residue
    found = [r for r in modeller.topology.residues() if r.name == residue]
    if len(found) != 1:
        raise ValueError(f"Ensemble.place: expected one residue named '{residue}', got {len(found)}; "
                         "give the residue itself")
    return found[0]


def _freePlace(positions: np.ndarray, fixed: np.ndarray, gap: float = 0.5) -> np.ndarray:
    """Get where the centroid of positions goes, so that they stand beyond others along x. All in nm."""
    if len(fixed) == 0:
        return positions.mean(axis=0)
    center = positions.mean(axis=0)
    x = fixed[:, 0].max() + gap + (center - positions.min(axis=0))[0]
    return np.array([x, *fixed.mean(axis=0)[1:]])


def addTo(ensemble: Ensemble, modeller: app.Modeller, index: int = 0,
          position: unit.Quantity | npt.ArrayLike | None = None) -> None:
    """Add a conformer to a Modeller as new residues, around a position or beside what is there."""
    _check("Ensemble.addTo", modeller)
    positions = ensemble[index].positions.value_in_unit(unit.nanometer)
    present = np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=float).reshape(-1, 3) \
        if modeller.topology.getNumAtoms() > 0 else np.zeros((0, 3))
    if position is None:
        target = _freePlace(positions, present)
    else:
        target = toArray("Ensemble.addTo", "position", toPlain("Ensemble.addTo", "position", position, unit.nanometer))
        if target.shape != (3,) or not np.isfinite(target).all():
            raise ValueError(f"Ensemble.addTo: expected a position of three finite numbers in nm, got {position}")
    modeller.add(ensemble.topology, unit.Quantity(positions - positions.mean(axis=0) + target, unit.nanometer))


def place(ensemble: Ensemble, modeller: app.Modeller, residue: app.topology.Residue | str, index: int = 0) -> None:
    """Give a residue of a Modeller one conformer, superposed on where its heavy atoms are now."""
    _check("Ensemble.place", modeller)
    residue = _findResidue(modeller, residue)
    atoms = list(residue.atoms())
    found = [atom.element.atomic_number if atom.element is not None else 0 for atom in atoms]
    wanted = [atom.element for atom in ensemble.graph.atoms]
    if found != wanted:
        raise ValueError(f"Ensemble.place: expected the {len(wanted)} atoms of {ensemble.graph.getLabel()} in residue "
                         f"'{residue.name}', got {len(found)} atoms of other elements or in another order; make the "
                         "ensemble from this residue's topology")
    everything = np.array(modeller.positions.value_in_unit(unit.nanometer), dtype=float)
    indices = [atom.index for atom in atoms]
    conformer = ensemble[index].positions.value_in_unit(unit.nanometer)
    heavy = [i for i, element in enumerate(wanted) if element > 1] or list(range(len(wanted)))
    rotation, origin, target = superpose(conformer[heavy], everything[indices][heavy])
    everything[indices] = (conformer - origin) @ rotation.T + target
    modeller.positions = unit.Quantity(everything, unit.nanometer)

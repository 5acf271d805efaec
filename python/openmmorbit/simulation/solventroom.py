# SPDX-License-Identifier: MIT
"""Room for the water that a new solute displaces, the charge of what is removed, and virtual sites."""
from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
import openmm
from openmm import unit

from openmmorbit.simulation.periodic import NeighborGrid, nearestImage

if TYPE_CHECKING:
    from openmm import app

#: Gaps are looked for at points so far apart, nm, and first within this distance of the old solute, nm.
SPACING, REACH = 0.06, 0.35
#: A water or ion in a gap is at least this far from all heavy atoms, nm; minimisation does the rest.
LEAST_GAP = 0.17
#: Beyond this a gap is as good as any, nm.
WIDE = 0.4
#: A residue whose charges add up to less is neutral, elementary charges.
NEUTRAL = 1e-3


def checkCharges(where: str, removed: list[app.topology.Residue], system: openmm.System | None) -> None:
    """Refuse to remove residues that the System gives a charge."""
    forces = [] if system is None else [f for f in system.getForces() if isinstance(f, openmm.NonbondedForce)]
    if not forces:
        return
    for residue in removed:
        charge = sum(forces[0].getParticleParameters(atom.index)[0].value_in_unit(unit.elementary_charge)
                     for atom in residue.atoms())
        if abs(charge) > NEUTRAL:
            raise ValueError(f"{where}: expected neutral waters in the way of the state, got {residue.name} "
                             f"{residue.id} of charge {charge:g}, without which the box has another charge; use "
                             "overlap='move'")


def _candidates(old: np.ndarray) -> np.ndarray:
    """Get points of a lattice near the old solute, nm."""
    low, high = old.min(axis=0) - REACH, old.max(axis=0) + REACH
    axes = [np.arange(a, b, SPACING) for a, b in zip(low, high)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return points[NeighborGrid(old, None, REACH).clearance(points) < REACH]


def _everywhere(box: np.ndarray) -> np.ndarray:
    """Get points of a lattice in the whole box, nm."""
    axes = [np.arange(0, 1, 2 * SPACING / np.linalg.norm(row)) for row in box]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3) @ box


def findRoom(where: str, positions: np.ndarray, topology: app.Topology, moved: list[app.topology.Residue],
             removed: list[app.topology.Residue], old: np.ndarray, box: np.ndarray) -> None:
    """Move residues as they are, one after the other, into the largest gap between heavy atoms.

    Parameters
    ----------
    where : str
        The function, for messages.
    positions : numpy.ndarray
        Shape (numAtoms, 3), in nm; changed.
    topology : openmm.app.Topology
    moved, removed : list of residues
        What has to go, and what is no longer there.
    old : numpy.ndarray
        Shape (numSoluteAtoms, 3), in nm: where the solute was.
    box : numpy.ndarray
        Shape (3, 3), in nm.

    Raises
    ------
    ValueError
        If there is no gap for one of them.
    """
    if not moved:
        return
    absent = {atom.index for residue in (*moved, *removed) for atom in residue.atoms()}
    isHeavy = np.array([atom.element is not None and atom.element.atomic_number > 1 and atom.index not in absent
                        for atom in topology.atoms()])
    grid = NeighborGrid(positions[isHeavy], box, WIDE)
    points, taken, searched = _candidates(old), np.zeros((0, 3)), False
    gaps = grid.clearance(points)
    # Ions first: they are few, and each needs the most room.
    for residue in sorted(moved, key=lambda entry: len(list(entry.atoms()))):
        if gaps.max() < LEAST_GAP and not searched:
            points, searched = _everywhere(box), True
            gaps = np.minimum(grid.clearance(points), NeighborGrid(taken, box, WIDE).clearance(points)
                              if len(taken) > 0 else WIDE)
        best = int(np.argmax(gaps))
        if gaps[best] < LEAST_GAP:
            raise ValueError(f"{where}: expected room for {len(moved)} displaced residues, got no gap wider than "
                             f"{gaps[best]:.3f} nm for {residue.name} {residue.id}; use overlap='remove'")
        positions[[atom.index for atom in residue.atoms()]] += points[best] - positions[_anchor(residue)]
        taken = np.vstack([taken, points[best]])
        gaps = np.minimum(gaps, np.linalg.norm(nearestImage(points - points[best], box), axis=1))


def _anchor(residue: app.topology.Residue) -> int:
    """Get the heavy atom of a water, or the ion."""
    return next(atom.index for atom in residue.atoms() if atom.element is not None and atom.element.symbol != "H")


def computeSites(where: str, positions: np.ndarray, topology: app.Topology, solute: np.ndarray,
                 system: openmm.System | None) -> np.ndarray:
    """Compute virtual sites by the System; without it, refuse a solute that has some.

    Returns
    -------
    numpy.ndarray
        Shape (numAtoms, 3), in nm.
    """
    atoms = list(topology.atoms())
    if system is None:
        sites = [atom for atom in solute if atoms[atom].element is None]
        if sites:
            raise ValueError(f"{where}: expected the System of a box whose solute has virtual sites, got none; give "
                             "system=")
        return positions
    if not any(system.isVirtualSite(i) for i in range(system.getNumParticles())):
        return positions
    plain = copy.deepcopy(system)
    for index in reversed(range(plain.getNumForces())):
        plain.removeForce(index)
    context = openmm.Context(plain, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(positions)
    context.computeVirtualSites()
    return context.getState(positions=True).getPositions(asNumpy=True).value_in_unit(unit.nanometer)

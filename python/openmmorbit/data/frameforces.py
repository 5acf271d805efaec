# SPDX-License-Identifier: MIT
"""Forces on the atoms of frames: which Systems have those of the frames' distribution, and what they are."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import openmm
from openmm import unit

from openmmorbit.simulation.periodic import SoluteImages
from openmmorbit.simulation.systems import checkMasses, makeContext, refuseDrude, requireSystem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmm import app

#: Integrators that sample exp(-U/kT) of the forces that a State has.
_CANONICAL = ("LangevinIntegrator", "LangevinMiddleIntegrator", "VariableLangevinIntegrator", "BrownianIntegrator",
              "NoseHooverIntegrator")
_ALL_GROUPS = 0xFFFFFFFF


def findObstacle(system: openmm.System, atoms: Sequence[int]) -> str:
    """Tell why the forces on atoms are not the gradient of the logarithm of their distribution, times kT.

    Parameters
    ----------
    system : openmm.System
    atoms : sequence of int
        The particles whose distribution it is; others may be anything.

    Returns
    -------
    str
        What is in the way, e.g. "a constraint of atom 3"; empty if nothing is.
    """
    for force in system.getForces():
        if isinstance(force, openmm.DrudeForce):
            return "Drude particles"
    chosen = set(atoms)
    for index in range(system.getNumConstraints()):
        pair = system.getConstraintParameters(index)[:2]
        for atom in pair:
            if atom in chosen:
                return f"{system.getNumConstraints()} constraints, one of them of the atoms {pair[0]} and {pair[1]}"
    for atom in atoms:
        if system.isVirtualSite(atom):
            return f"atom {atom} as a virtual site"
        if system.getParticleMass(atom)._value == 0:
            return f"atom {atom} without a mass, which does not move"
    return ""


def isCanonical(integrator: openmm.Integrator) -> bool:
    """Tell whether an integrator is known to sample exp(-U/kT) of all the forces that a State has."""
    return type(integrator).__name__ in _CANONICAL and \
        integrator.getIntegrationForceGroups() & _ALL_GROUPS == _ALL_GROUPS


def readForces(state: openmm.State, atoms: np.ndarray) -> np.ndarray:
    """Get the forces on atoms from a State: shape (numAtoms, 3), float32, in kJ/mol/nm."""
    forces = state.getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer)
    return np.asarray(forces[atoms], np.float32)


class FrameForces:
    """Computes the forces on the selected atoms of frames.

    Parameters
    ----------
    where : str
        The caller, for messages.
    system : openmm.System
        The one that the frames were simulated with, one particle for each atom of the Topology.
    topology : openmm.app.Topology
    atoms : sequence of int
        Indices of the selected atoms.

    Raises
    ------
    ValueError
        For a System of other particles, with Drude particles, or with constraints of the selected atoms.
    """

    def __init__(self, where: str, system: openmm.System, topology: app.Topology, atoms: Sequence[int]) -> None:
        requireSystem(where, system)
        refuseDrude(where, system)
        number = topology.getNumAtoms()
        if system.getNumParticles() != number:
            raise ValueError(f"{where}: expected a System of {number} particles, one for each atom of the Topology, "
                             f"got {system.getNumParticles()}")
        checkMasses(where, system, np.arange(number), topology)
        obstacle = findObstacle(system, atoms)
        if obstacle:
            raise ValueError(f"{where}: expected a System whose forces alone move the atoms, got {obstacle}; leave "
                             "out system=, and training works as before, or run new simulations with "
                             "constraints=None and rigidWater=False")
        self._where, self._atoms = where, np.asarray(atoms, int)
        self._isPeriodic = system.usesPeriodicBoundaryConditions()
        self._images = SoluteImages(topology, np.arange(number))
        self._context = makeContext(system, openmm.VerletIntegrator(0.001), None, None, None)

    def compute(self, positions: np.ndarray, boxes: np.ndarray | None, label: str) -> np.ndarray:
        """Get the forces on the selected atoms.

        Parameters
        ----------
        positions : numpy.ndarray
            Shape (numFrames, numTopologyAtoms, 3), in nm.
        boxes : numpy.ndarray or None
            Shape (numFrames, 3, 3), in nm.
        label : str
            Where the frames come from, for messages.

        Returns
        -------
        numpy.ndarray
            Shape (numFrames, numAtoms, 3), float32, in kJ/mol/nm.
        """
        if self._isPeriodic and boxes is None:
            raise ValueError(f"{self._where}: expected frames with a box for a periodic System, got {label} without; "
                             "give boxVectors=")
        # Bonds have no periodic images: molecules must be whole.
        positions = positions if boxes is None else self._images.makeWhole(positions, boxes)
        forces = np.empty((len(positions), len(self._atoms), 3), np.float32)
        for index, frame in enumerate(positions):
            if self._isPeriodic and boxes is not None:
                self._context.setPeriodicBoxVectors(*boxes[index])
            self._context.setPositions(frame)
            forces[index] = readForces(self._context.getState(forces=True), self._atoms)
        if not np.isfinite(forces).all():
            raise ValueError(f"{self._where}: expected finite forces, got others in {label}; is the System that of the "
                             "trajectory, with its atoms in this order?")
        return forces

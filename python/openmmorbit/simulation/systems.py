# SPDX-License-Identifier: MIT
"""What a System must be so that states of a Topology can be put into its Contexts."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import openmm
from openmm import unit

from openmmorbit import orbit
from openmmorbit.simulation.periodic import findMolecules
from openmmorbit.simulation.states import makeGraph, toArray, toPlain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from openmm import app

    from openmmorbit.simulation.states import States


def requireSystem(where: str, system: Any) -> None:
    """Refuse what is no System."""
    if not isinstance(system, openmm.System):
        raise TypeError(f"{where}: expected an openmm.System, got {type(system).__name__}")


def refuseDrude(where: str, system: openmm.System) -> None:
    """Refuse a System that has Drude particles, and tell the way out."""
    for force in system.getForces():
        if isinstance(force, openmm.DrudeForce):
            raise ValueError(f"{where}: expected a System without Drude particles, got a DrudeForce of "
                             f"{force.getNumParticles()}, whose positions no state has; relax the states with a System "
                             "of a force field without them, add the particles by Modeller.addExtraParticles(), and "
                             "let a DrudeSCFIntegrator place them")


def refuseImages(where: str, system: openmm.System, topology: app.Topology) -> None:
    """Refuse a periodic System of several molecules: which of its images a molecule is changes the density that a model
    gives to a state, and not its energy."""
    number = len(findMolecules(topology)[0]) if system.usesPeriodicBoundaryConditions() else 1
    if number > 1:
        raise ValueError(f"{where}: expected one molecule or a System without a periodic box, got "
                         f"{number} molecules in a box, whose images have the same energy and "
                         "different densities; make the System with nonbondedMethod=NoCutoff")


def checkMasses(where: str, system: openmm.System, particles: np.ndarray, topology: app.Topology) -> None:
    """Refuse a System whose particles are not the Topology's atoms, by their masses.

    Hydrogens may have taken mass from their neighbours, and particles may be fixed (mass 0). Beads, which have a mass
    and no element, can not be compared.
    """
    masses = [system.getParticleMass(particle)._value for particle in particles.tolist()]
    # Most Systems have the masses of the elements, which needs no closer look.
    known = [0.0 if atom.element is None else atom.element.mass._value for atom in topology.atoms()]
    if np.allclose(masses, known, rtol=0, atol=0.01):
        return
    if any(atom.element is None and mass > 0 for atom, mass in zip(topology.atoms(), masses)):
        return
    plain = openmm.System()
    for mass in masses:
        plain.addParticle(mass)
    core = orbit.Ensemble(makeGraph(topology))
    core.addConformer(np.zeros((len(masses), 3)))
    context = openmm.Context(plain, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    try:
        core.applyTo(context, 0)
    except ValueError as error:
        raise ValueError(str(error).replace("Ensemble::applyTo", where).replace("Ensemble.applyTo", where)) from None


def matchParticles(where: str, system: openmm.System, states: States) -> np.ndarray:
    """Get the particle of every atom of the states.

    Parameters
    ----------
    where : str
        The function, for messages.
    system : openmm.System
        It has one particle an atom, in the same order; the states may have its virtual sites or not.
    states : States

    Returns
    -------
    numpy.ndarray
        Shape (numAtoms,).

    Raises
    ------
    ValueError
        For a System with Drude particles, another number of particles, or particles of other masses.
    """
    requireSystem(where, system)
    refuseDrude(where, system)
    number = system.getNumParticles()
    real = np.array([i for i in range(number) if not system.isVirtualSite(i)], dtype=int)
    if states.numAtoms not in (number, len(real)):
        sites = f", {number - len(real)} of them virtual sites" if len(real) < number else ""
        raise ValueError(f"{where}: expected a System of {states.numAtoms} particles, one for each atom of the states, "
                         f"got {number}{sites}; make the System of the states' Topology, or give the states the "
                         "other atoms first (placeInSolvent() puts a solute into its box)")
    particles = np.arange(number) if states.numAtoms == number else real
    if states.topology is not None:
        checkMasses(where, system, particles, states.topology)
    return particles


def findBox(where: str, system: openmm.System, topology: app.Topology | None, boxVectors: Any) -> np.ndarray | None:
    """Get the box of a periodic System, shape (3, 3) in nm; None if the System is not periodic.

    Parameters
    ----------
    where : str
        The function, for messages.
    system : openmm.System
    topology : openmm.app.Topology, optional
    boxVectors : Quantity or array_like, optional
        Shape (3, 3). Default: those of the Topology, then those of the System.

    Raises
    ------
    ValueError
        For a periodic System if none of the three tells the box: OpenMM's default of 2 nm is nobody's box.
    """
    if not system.usesPeriodicBoundaryConditions():
        return None
    given = boxVectors
    if given is None and topology is not None:
        given = topology.getPeriodicBoxVectors()
    if given is None:
        own = readBox(where, system.getDefaultPeriodicBoxVectors())
        if np.array_equal(own, 2 * np.eye(3)):
            raise ValueError(f"{where}: expected the box of a periodic System, got neither box vectors nor a Topology "
                             "that has them, and OpenMM's default of 2 nm in the System; give boxVectors=, or call "
                             "topology.setPeriodicBoxVectors()")
        return own
    return readBox(where, given)


def readBox(where: str, boxVectors: Any) -> np.ndarray:
    """Get box vectors as an array of shape (3, 3), in nm."""
    if isinstance(boxVectors, (list, tuple)):
        boxVectors = [toPlain(where, "box vectors", row, unit.nanometer) for row in boxVectors]
    box = toArray(where, "box vectors", toPlain(where, "box vectors", boxVectors, unit.nanometer))
    if box.shape != (3, 3) or not np.isfinite(box).all() or not np.linalg.det(box) > 0:
        raise ValueError(f"{where}: expected box vectors of shape (3, 3) in nm that span a volume, got "
                         f"{boxVectors}")
    return box


def removeBarostats(system: openmm.System) -> None:
    """Remove the barostats of a System, which is changed."""
    for index in reversed(range(system.getNumForces())):
        name = type(system.getForce(index)).__name__
        if name.startswith("MonteCarlo") and name.endswith("Barostat"):
            system.removeForce(index)


def makeContext(system: openmm.System, integrator: openmm.Integrator, platform: str | openmm.Platform | None,
                properties: Mapping[str, str] | None, box: np.ndarray | None) -> openmm.Context:
    """Make a Context on the CPU platform, or on the platform that the caller names."""
    chosen = platform if isinstance(platform, openmm.Platform) else openmm.Platform.getPlatform(platform or "CPU")
    context = openmm.Context(system, integrator, chosen, dict(properties or {}))
    if box is not None:
        context.setPeriodicBoxVectors(*box)
    return context

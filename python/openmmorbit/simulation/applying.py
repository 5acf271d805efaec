# SPDX-License-Identifier: MIT
"""States into Contexts: one after the other into one, or one into each of many."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import openmm
from openmm import unit

from openmmorbit.simulation.periodic import makeAllWhole
from openmmorbit.simulation.states import readStates, requireFinite, toKelvin
from openmmorbit.simulation.systems import findBox, makeContext, matchParticles, readBox, requireSystem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openmm import app

    from openmmorbit.simulation.states import States


def findContext(where: str, owner: Any) -> openmm.Context:
    """Get the Context of a Context, an app.Simulation, or a sampler that has one."""
    owner = getattr(owner, "simulation", owner)
    context = getattr(owner, "context", owner)
    if not isinstance(context, openmm.Context):
        raise TypeError(f"{where}: expected a Context, a Simulation or a sampler, got {type(context).__name__}")
    return context


class StateSetter:
    """Puts states into one Context; everything is checked once, before the first.

    Molecules that the boundary of a periodic box cuts are made whole, if the Topology is known: most bonded forces are
    not periodic.

    Parameters
    ----------
    where : str
        The function, for messages.
    context : openmm.Context
    states : States
    """

    def __init__(self, where: str, context: openmm.Context, states: States) -> None:
        system = context.getSystem()
        self.particles = particles = matchParticles(where, system, states)
        if states.topology is not None and system.usesPeriodicBoundaryConditions():
            box = readBox(where, context.getState().getPeriodicBoxVectors())
            states = states._replace(positions=makeAllWhole(states.positions, states.topology, box))
        self.states, self._context, self._positions = states, context, states.positions
        if len(particles) < system.getNumParticles():
            # Sites get positions when they are computed; before that they need any.
            self._positions = np.zeros((len(states.positions), system.getNumParticles(), 3))
            self._positions[:, particles] = states.positions
        self._tolerance = context.getIntegrator().getConstraintTolerance() if system.getNumConstraints() > 0 else None
        self._hasSites = any(system.isVirtualSite(i) for i in range(system.getNumParticles()))

    def set(self, index: int) -> None:
        """Set the positions of a state, apply constraints and compute virtual sites."""
        self._context.setPositions(self._positions[index])
        if self._tolerance is not None:
            self._context.applyConstraints(self._tolerance)
        if self._hasSites:
            self._context.computeVirtualSites()

    def setVelocities(self, kelvin: float | None, seed: int) -> None:
        """Draw velocities, if there is a temperature; seed 0 chooses one."""
        if kelvin is None:
            return
        if seed == 0:
            self._context.setVelocitiesToTemperature(kelvin)
        else:
            self._context.setVelocitiesToTemperature(kelvin, seed)


def eachState(context: openmm.Context | app.Simulation, states: Any, *, topology: app.Topology | None = None,
              temperature: unit.Quantity | float | None = None, seed: int = 0) -> Iterator[int]:
    """Put states into one Context, one after the other.

    For each state the positions are set, constraints applied, virtual sites computed and, if there is a temperature,
    velocities drawn. The box of the Context stays.

    Parameters
    ----------
    context : openmm.Context or openmm.app.Simulation
    states : Ensemble, Quantity or array_like
        An Ensemble, positions of shape (numStates, numAtoms, 3) in nm if they carry no unit, a list of openmm.State, or
        an app.PDBFile.
    topology : openmm.app.Topology, optional
        What the atoms are, if the states do not know it. Then the masses of the System are compared with it.
    temperature : Quantity or float, optional
        In kelvin if it carries no unit.
    seed : int
        Random seed of the velocities; state i has the seed + i. 0 chooses seeds.

    Yields
    ------
    int
        The index of the state that the Context now has.

    Raises
    ------
    ValueError
        Before the first state, if one is not finite, or the System has other particles.

    Examples
    --------
    >>> for index in openmmorbit.eachState(context, ensemble):  # doctest: +SKIP
    ...     print(index, context.getState(energy=True).getPotentialEnergy())
    """
    where = "eachState"
    read = readStates(where, states, topology)
    requireFinite(where, read)
    kelvin = None if temperature is None else toKelvin(where, temperature)
    setter = StateSetter(where, findContext(where, context), read)

    def generate() -> Iterator[int]:
        for index in range(len(read.positions)):
            setter.set(index)
            setter.setVelocities(kelvin, seed and seed + index)
            yield index
    return generate()


def applyStates(contexts: Sequence[Any], states: Any, *, topology: app.Topology | None = None,
                temperature: unit.Quantity | float | None = None, seed: int = 0) -> None:
    """Start many simulations: state i goes into Context i.

    Parameters
    ----------
    contexts : sequence of openmm.Context or openmm.app.Simulation
        Samplers that have one Simulation, such as openmm.app.ExpandedEnsembleSampler, are possible too.
    states : Ensemble, Quantity or array_like
        As in eachState(); as many as there are Contexts.
    topology : openmm.app.Topology, optional
        What the atoms are, if the states do not know it.
    temperature : Quantity or float, optional
        Velocities are drawn at this temperature, in kelvin if it carries no unit.
    seed : int
        Random seed of the velocities; state i has the seed + i. 0 chooses seeds.

    Raises
    ------
    ValueError
        If the numbers differ, a state is not finite, or a System has other particles. No Context is changed then.
    """
    where = "applyStates"
    found = [findContext(where, owner) for owner in contexts]
    read = readStates(where, states, topology)
    if len(found) != len(read.positions):
        raise ValueError(f"{where}: expected one state for each of the {len(found)} Contexts, got "
                         f"{len(read.positions)}; startingStates() chooses some of many")
    requireFinite(where, read)
    kelvin = None if temperature is None else toKelvin(where, temperature)
    setters = [StateSetter(where, context, read) for context in found]
    for index, setter in enumerate(setters):
        setter.set(index)
        setter.setVelocities(kelvin, seed and seed + index)


def potentialEnergies(states: Any, system: openmm.System, *, topology: app.Topology | None = None,
                      platform: str | openmm.Platform | None = None, properties: Mapping[str, str] | None = None,
                      boxVectors: unit.Quantity | None = None) -> unit.Quantity:
    """Compute the potential energy of every state, with one Context for all.

    Parameters
    ----------
    states : Ensemble, Quantity or array_like
        As in eachState().
    system : openmm.System
        One particle an atom, in the same order; virtual sites may be missing from the states.
    topology : openmm.app.Topology, optional
        What the atoms are, if the states do not know it.
    platform : str or openmm.Platform, optional
        Default: CPU.
    properties : dict, optional
        Properties of the platform.
    boxVectors : Quantity or array_like, optional
        Shape (3, 3), in nm if it carries no unit. Default: those of the Topology, then those of the System.

    Returns
    -------
    Quantity
        NumPy array of shape (numStates,), in kJ/mol.
    """
    where = "potentialEnergies"
    read = readStates(where, states, topology)
    requireFinite(where, read)
    requireSystem(where, system)
    context = makeContext(system, openmm.VerletIntegrator(0.001), platform, properties,
                          findBox(where, system, read.topology, boxVectors))
    setter, energies = StateSetter(where, context, read), []
    for index in range(len(read.positions)):
        setter.set(index)
        energies.append(context.getState(energy=True).getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole))
    return unit.Quantity(np.array(energies), unit.kilojoule_per_mole)

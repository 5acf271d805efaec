# SPDX-License-Identifier: MIT
"""Generated states as the starts of a replica exchange."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import openmm
from openmm import unit

from openmmorbit.arguments import checkInteger
from openmmorbit.simulation.applying import StateSetter
from openmmorbit.simulation.choosing import chooseStates
from openmmorbit.simulation.states import nameAtom, readStates, requireFinite, toKelvin

if TYPE_CHECKING:
    from openmm import app

    from openmmorbit.simulation.states import States

#: A force beyond this, kJ/mol/nm, throws an atom out of its molecule in one step.
MAX_FORCE = 1e7


def _checkForces(where: str, context: openmm.Context, states: States, index: int) -> None:
    """Refuse a start whose energy is not finite, or whose forces end in NaN."""
    state = context.getState(energy=True, forces=True)
    energy = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    forces = np.linalg.norm(state.getForces(asNumpy=True)._value, axis=1)
    masses = [context.getSystem().getParticleMass(i)._value for i in range(len(forces))]
    forces = np.where(np.array(masses) > 0, forces, 0)
    if not np.isfinite(energy) or not (forces <= MAX_FORCE).all():
        worst = int(np.argmax(np.where(np.isfinite(forces), forces, np.inf)))
        named = nameAtom(states.topology if states.numAtoms == len(forces) else None, worst)
        raise ValueError(f"{where}: expected states that can be simulated, got state {index} with a potential energy "
                         f"of {energy:.4g} kJ/mol and a force of {forces[worst]:.4g} kJ/mol/nm on {named}; relax() the "
                         "states first")


def _temperature(where: str, sampler: Any, index: int) -> float:
    """Get the temperature of a thermodynamic state, in kelvin."""
    state = sampler.states[index]
    return toKelvin(where, state["temperature"] if "temperature" in state
                    else sampler.simulation.integrator.getTemperature())


def _seedExchange(where: str, sampler: app.ReplicaExchangeSampler, states: States, seed: int) -> None:
    context = sampler.simulation.context
    setter = StateSetter(where, context, states)
    before = context.getState(positions=True, velocities=True, parameters=True, integratorParameters=True)
    seeded = []
    try:
        for replica, conformation in enumerate(sampler.replicaConformation):
            context.setState(conformation)
            setter.set(replica)
            _checkForces(where, context, states, replica)
            setter.setVelocities(_temperature(where, sampler, sampler.replicaStateIndex[replica]),
                                 seed and seed + replica)
            seeded.append(context.getState(positions=True, velocities=True, parameters=True,
                                           integratorParameters=True))
    finally:
        context.setState(before)
    sampler.replicaConformation = seeded
    sampler.replicaStateEnergy = None


def _seedExpanded(where: str, sampler: app.ExpandedEnsembleSampler, states: States, seed: int) -> None:
    context = sampler.simulation.context
    setter = StateSetter(where, context, states)
    try:
        before = context.getState(positions=True)
    except openmm.OpenMMException:  # the Simulation has no positions yet
        before = None
    setter.set(0)
    try:
        _checkForces(where, context, states, 0)
    except ValueError:
        if before is not None:
            context.setPositions(before.getPositions(asNumpy=True))
        raise
    setter.setVelocities(_temperature(where, sampler, sampler.currentStateIndex), seed)


def seedReplicas(sampler: Any, states: Any, method: str = "diverse", *, topology: app.Topology | None = None,
                 seed: int = 0, restart: bool = False, **options: Any) -> np.ndarray:
    """Let every replica of a sampler start from a state of its own.

    Positions are set, constraints applied, virtual sites computed and velocities drawn at the temperature of the
    replica's thermodynamic state. Boxes and parameters stay. If there are as many states as replicas, state i is for
    replica i; of more states some are chosen.

    Parameters
    ----------
    sampler : openmm.app.ReplicaExchangeSampler or openmm.app.ExpandedEnsembleSampler
        The latter has one replica, which is its Simulation's Context. A list of them is started by applyStates().
    states : Ensemble, Quantity or array_like
        As in eachState(); at least as many as there are replicas.
    method : str
        How to choose some of more states, as in chooseStates().
    topology : openmm.app.Topology, optional
        What the atoms are. Default: that of the states, or of the sampler's Simulation.
    seed : int
        Random seed of the choice and the velocities; replica i has the seed + i. 0 chooses seeds.
    restart : bool
        Allow a sampler that has run: what its replicas have now is replaced.
    **options
        Those of chooseStates(): weights, logWeights, or energies with temperature.

    Returns
    -------
    numpy.ndarray
        Shape (numReplicas,): the state of each replica.

    Raises
    ------
    ValueError
        For fewer states than replicas, and if the System has other particles, or a state cannot be simulated. Nothing
        is changed then.

    Examples
    --------
    >>> relaxed = openmmorbit.relax(ensemble, system).states  # doctest: +SKIP
    >>> openmmorbit.seedReplicas(sampler, relaxed, seed=3)  # doctest: +SKIP
    """
    from openmm import app

    where = "seedReplicas"
    if not isinstance(sampler, (app.ReplicaExchangeSampler, app.ExpandedEnsembleSampler)):
        raise TypeError(f"{where}: expected a ReplicaExchangeSampler or an ExpandedEnsembleSampler of openmm.app, got "
                        f"{type(sampler).__name__}; applyStates() starts Contexts and Simulations")
    read = readStates(where, states, topology)
    own = sampler.simulation.topology
    if read.topology is None and own.getNumAtoms() == read.numAtoms:
        read = read._replace(topology=own)
    requireFinite(where, read)
    number = len(sampler.states) if isinstance(sampler, app.ReplicaExchangeSampler) else 1
    if len(read.positions) < number:
        raise ValueError(f"{where}: expected {number} states or more, one a replica, got {len(read.positions)}; "
                         f"generate more, or repeat some by startingStates(states, {number}, 'weighted', weights=...)")
    if sampler.currentIteration > 0 and not restart:
        raise ValueError(f"{where}: expected a sampler before its first iteration, got one after "
                         f"{sampler.currentIteration}; restart=True replaces what its replicas have now")
    plainSeed, chosen = checkInteger("seed", seed, 0, where), np.arange(number)
    if len(read.positions) > number:
        source = read.positions if read.ensemble is None else read.ensemble
        chosen = chooseStates(source, number, method, topology=read.topology, seed=plainSeed, **options)
        read = read._replace(positions=read.positions[chosen])
    seedOne = _seedExchange if isinstance(sampler, app.ReplicaExchangeSampler) else _seedExpanded
    seedOne(where, sampler, read, plainSeed)
    return chosen

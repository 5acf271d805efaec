# SPDX-License-Identifier: MIT
"""Weighted states into equally likely ones: resampled by weight, then moved by dynamics."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.arguments import checkInteger
from openmmorbit.simulation.applying import StateSetter, findContext
from openmmorbit.simulation.choosing import resample
from openmmorbit.simulation.states import readStates, requireFinite, toNumber

if TYPE_CHECKING:
    import openmm
    from openmm import app

    from openmmorbit.ensemble import Ensemble
    from openmmorbit.simulation.weights import ImportanceWeights

_where = "equilibrateStates"


def _numSteps(context: openmm.Context, weights: ImportanceWeights, time: Any) -> int:
    """Check that the dynamics keeps the distribution of the weights; get how many steps the time is."""
    integrator = context.getIntegrator()
    if not hasattr(integrator, "getTemperature"):
        raise ValueError(f"{_where}: expected an integrator that keeps a temperature, such as "
                         f"LangevinMiddleIntegrator, got {type(integrator).__name__}")
    kelvin = integrator.getTemperature().value_in_unit(unit.kelvin)
    if abs(kelvin - weights.temperature) > 1e-6 * kelvin:
        raise ValueError(f"{_where}: expected an integrator at {weights.temperature:g} K, the temperature of the "
                         f"weights, got one at {kelvin:g} K")
    picoseconds = toNumber(_where, "time", time, unit.picosecond)
    number = round(picoseconds / integrator.getStepSize().value_in_unit(unit.picosecond))
    if number < 1:
        raise ValueError(f"{_where}: expected a time of at least a step, "
                         f"{integrator.getStepSize().value_in_unit(unit.femtosecond):g} fs, got {picoseconds:g} ps")
    return number


def equilibrateStates(context: openmm.Context | app.Simulation, ensemble: Ensemble, weights: ImportanceWeights,
                      numStates: int, *, time: unit.Quantity | float = 2.0, seed: int = 0) -> Ensemble:
    """Turn weighted states into states that are equally likely: a sample of the Boltzmann distribution.

    States are drawn by weight, and each is then moved by a short dynamics (resample-move: Gilks and Berzuini, J. R.
    Stat. Soc. B 63, 127, 2001). Dynamics at the temperature of the weights keeps their distribution, so averages stay
    right, up to the error of its time step. What is fast, such as bonds, angles and energies, no longer depends on the
    few states of large weight. What is slow, such as torsions, has still the error of the weights.

    Parameters
    ----------
    context : openmm.Context or openmm.app.Simulation
        Of the System that the weights are for, with an integrator that keeps their temperature. It ends in the last
        state.
    ensemble : Ensemble
        The states.
    weights : ImportanceWeights
        Their weights, from importanceWeights().
    numStates : int
        How many states to make; several come from one state of large weight.
    time : Quantity or float
        Of dynamics for each, in ps if it carries no unit.
    seed : int
        Of the choice and of the velocities; 0 chooses one. The noise of the integrator has a seed of its own.

    Returns
    -------
    Ensemble
        numStates states of weight 1.

    Raises
    ------
    ValueError
        For weights of other states, or an integrator without their temperature.
    """
    found = findContext(_where, context)
    if len(weights) != len(ensemble):
        raise ValueError(f"{_where}: expected the weights of {len(ensemble)} states, got {len(weights)} weights")
    steps = _numSteps(found, weights, time)
    seed = checkInteger("seed", seed, 0, _where) or int(np.random.default_rng().integers(1, 2**30))
    number = checkInteger("numStates", numStates, 1, _where)
    result = ensemble[resample(weights.weights, number, np.random.default_rng(seed))]
    read = readStates(_where, result)
    requireFinite(_where, read)
    setter = StateSetter(_where, found, read)
    integrator = found.getIntegrator()
    for place in range(number):
        setter.set(place)
        setter.setVelocities(weights.temperature, seed + place)
        integrator.step(steps)
        moved = found.getState(positions=True).getPositions(asNumpy=True)._value[setter.particles]
        result.setPositions(place, moved)
    return result

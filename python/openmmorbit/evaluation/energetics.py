# SPDX-License-Identifier: MIT
"""Energies of a simulation's frames and of generated states, and what dynamics makes of these."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import openmm
from openmm import unit

from openmmorbit.relaxation import defaultTimeSteps, relax
from openmmorbit.simulation.applying import eachState
from openmmorbit.simulation.states import States
from openmmorbit.simulation.systems import findBox, makeContext, matchParticles

if TYPE_CHECKING:
    from collections.abc import Callable

    from openmm import app

    from openmmorbit.ensemble import Ensemble
    from openmmorbit.simulation.relaxed import Relaxation

#: Steps of each stage of a relaxation, after which the energy is that of the temperature.
RELAX_STEPS = 1000
#: Length of the run that shows whether a state is fit for dynamics, ps.
RUN_LENGTH = 20.0


class EnergyMeter:
    """Computes potential energies of states of one System, in one Context.

    Parameters
    ----------
    where : str
        The caller, for messages.
    system : openmm.System
        One particle an atom, in the order of the Topology.
    topology : openmm.app.Topology
    platform : str, optional
        Default: CPU.
    """

    def __init__(self, where: str, system: openmm.System, topology: app.Topology, platform: str | None = None) -> None:
        matchParticles(where, system, States(np.zeros((1, topology.getNumAtoms(), 3)), topology, None))
        self.system, self.platform, self._topology = system, platform, topology
        self._context = makeContext(system, openmm.VerletIntegrator(0.001), platform, None,
                                    findBox(where, system, topology, None))

    def energies(self, positions: np.ndarray) -> np.ndarray:
        """Get the energies of states, shape (numStates, numAtoms, 3) in nm: shape (numStates,), kJ/mol."""
        return np.array([self._context.getState(energy=True).getPotentialEnergy().value_in_unit(
            unit.kilojoule_per_mole) for _ in eachState(self._context, positions, topology=self._topology)])


@dataclass
class Survival:
    """What became of generated states in dynamics."""

    numStates: int
    """States that were begun with."""
    energies: np.ndarray
    """Shape (numSurvived,): potential energies afterwards, kJ/mol."""
    refused: dict[str, int]
    """How many failed, for each code of finding of relax()."""

    @property
    def share(self) -> float:
        """Share of the states that survived, 0 to 1."""
        return len(self.energies) / self.numStates

    def within(self, energies: np.ndarray) -> float:
        """Get the share of the states that survived with an energy in the range of others."""
        inside = (self.energies >= energies.min()) & (self.energies <= energies.max())
        return float(inside.sum() / self.numStates)


def _summarize(result: Relaxation) -> Survival:
    return Survival(len(result), result.energiesAfter._value[result.accepted], result.refused)


def relaxStates(states: Ensemble, meter: EnergyMeter, kelvin: float, seed: int,
                progress: Callable[[int, int], None] | None = None) -> Survival:
    """Minimise states and let them take up the temperature: 1.85 ps with light hydrogens, else 3.7 ps."""
    return _summarize(relax(states, meter.system, temperature=kelvin, numSteps=RELAX_STEPS, platform=meter.platform,
                            seed=seed, progress=progress))


def runStates(states: Ensemble, meter: EnergyMeter, kelvin: float, seed: int,
              progress: Callable[[int, int], None] | None = None) -> Survival:
    """Minimise states and run them for 20 ps with friction 1/ps, with the time step that the System allows."""
    step = defaultTimeSteps(meter.system)[-1]
    return _summarize(relax(states, meter.system, temperature=kelvin, timeSteps=[step], friction=1.0,
                            numSteps=round(RUN_LENGTH / step), platform=meter.platform, seed=seed, progress=progress))

# SPDX-License-Identifier: MIT
"""Monte Carlo moves of a running simulation to generated states."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.arguments import checkInteger
from openmmorbit.simulation.states import toKelvin
from openmmorbit.simulation.systems import refuseDrude, refuseImages
from openmmorbit.simulation.weights import refuseConstraints

if TYPE_CHECKING:
    import openmm
    from openmm import app

    from openmmorbit.topologies import TopologyGenerator

_gas = unit.MOLAR_GAS_CONSTANT_R.value_in_unit(unit.kilojoule_per_mole / unit.kelvin)
_where = "OrbitMonteCarlo"


class OrbitMonteCarlo:
    """Moves a simulation to generated states with the Metropolis-Hastings rule, so that its ensemble stays canonical.

    A move proposes a state x' with the density p(x') of the model, and is accepted with probability
    min(1, exp(-(U(x') - U(x)) / (R T)) p(x) / p(x')). An accepted state takes the centroid of the one before, and new
    velocities. Add it to ``simulation.reporters``, or call attempt().

    Parameters
    ----------
    simulation : openmm.app.Simulation
        Its System has the particles of the generator's topology and no others, no constraints, and its integrator keeps
        a temperature.
    generator : TopologyGenerator
        With a sampler that has a density: renewal=0, stereoGuidance=0, method "bespoke", "heun" or "euler".
    interval : int
        Attempt moves every so many steps.
    numProposals : int
        Attempt so many moves at a time, one after the other. The density of the simulation's own state takes longer
        than a proposal, and is computed once for all of them.
    temperature : Quantity or float, optional
        In kelvin if it carries no unit. Default: that of the integrator.
    batchSize : int
        States are generated so many at a time.
    seed : int
        Of the states and of the decisions; 0 chooses one.
    progress : bool
        Show a progress bar on standard error, if that is a terminal, while states are generated.

    Attributes
    ----------
    numAttempts, numAccepted : int
        Moves so far.

    Raises
    ------
    ValueError
        For a System with other particles or with constraints, without a temperature, or densities that are estimates.
    """

    def __init__(self, simulation: app.Simulation, generator: TopologyGenerator, interval: int, *,
                 numProposals: int = 4, temperature: unit.Quantity | float | None = None, batchSize: int = 16,
                 seed: int = 0, progress: bool = True) -> None:
        if not hasattr(generator, "logDensities"):
            raise TypeError(f"{_where}: expected a TopologyGenerator, got {type(generator).__name__}; "
                            "TopologyGenerator(model, topology, density=True) is one")
        self._context, self._generator, self._progress = simulation.context, generator, bool(progress)
        self._interval = checkInteger("interval", interval, 1, _where)
        self._numProposals = checkInteger("numProposals", numProposals, 1, _where)
        self._batchSize = checkInteger("batchSize", batchSize, 1, _where)
        integrator = self._context.getIntegrator()
        if temperature is None:
            if not hasattr(integrator, "getTemperature"):
                raise ValueError(f"{_where}: expected a temperature, got none, because {type(integrator).__name__} has "
                                 "none; give temperature=")
            temperature = integrator.getTemperature()
        self.temperature = toKelvin(_where, temperature)
        system = self._context.getSystem()
        refuseDrude(_where, system)
        refuseConstraints(_where, system)
        refuseImages(_where, system, generator.topology)
        if generator.probes > 0:
            raise ValueError(f"{_where}: expected exact densities, got estimates from {generator.probes} random "
                             "vectors, which do not keep the ensemble; create the TopologyGenerator with probes=0")
        number = generator.topology.getNumAtoms()
        if system.getNumParticles() != number:
            raise ValueError(f"{_where}: expected a System of the {number} atoms that the generator makes, got one of "
                             f"{system.getNumParticles()} particles; moves in solvent would need it to relax")
        self._random = np.random.default_rng(checkInteger("seed", seed, 0, _where) or None)
        self._states: list[tuple[np.ndarray, float]] = []
        self._known: tuple[np.ndarray, float] | None = None
        self.numAttempts = self.numAccepted = 0

    @property
    def acceptance(self) -> float:
        """Share of the moves that were accepted; NaN before the first."""
        return self.numAccepted / self.numAttempts if self.numAttempts else float("nan")

    def describeNextReport(self, simulation: app.Simulation) -> dict[str, Any]:
        """Tell a Simulation when to call report()."""
        steps = self._interval - simulation.currentStep % self._interval
        return {"steps": steps, "periodic": None, "include": []}

    def report(self, simulation: app.Simulation, state: openmm.State) -> None:
        """Attempt the moves that are due."""
        for _ in range(self._numProposals):
            self.attempt()

    def _propose(self) -> tuple[np.ndarray, float]:
        """Get centred positions, nm, and the logarithm of their density."""
        if not self._states:
            ensemble = self._generator.generate(self._batchSize, seed=int(self._random.integers(1, 2**31 - 1)),
                                                progress=self._progress, density=True)
            self._states = list(zip(ensemble.positions._value, ensemble.logDensities))
        return self._states.pop()

    def _logDensity(self, positions: np.ndarray) -> float:
        """Get that of the simulation's state; it is known if nothing has moved since the last move."""
        if self._known is None or not np.array_equal(self._known[0], positions):
            self._known = positions, float(np.asarray(self._generator.logDensities(positions[None]))[0])
        return self._known[1]

    def attempt(self) -> bool:
        """Attempt one move.

        Returns
        -------
        bool
            Whether it was accepted.
        """
        context = self._context
        old = context.getState(positions=True, energy=True)
        positions = old.getPositions(asNumpy=True)._value
        proposal, logProposal = self._propose()
        # The slow part comes before anything is changed: Ctrl-C leaves the simulation as it was.
        logOld = self._logDensity(positions)
        moved = proposal - proposal.mean(axis=0) + positions.mean(axis=0)
        context.setPositions(moved)
        try:
            change = (context.getState(energy=True).getPotentialEnergy() - old.getPotentialEnergy()).value_in_unit(
                unit.kilojoule_per_mole)
        except BaseException:
            context.setPositions(positions)
            raise
        logRatio = -change / (_gas * self.temperature) + logOld - logProposal
        self.numAttempts += 1
        if np.isfinite(change) and np.log(self._random.random()) < logRatio:
            self.numAccepted += 1
            context.setVelocitiesToTemperature(self.temperature, int(self._random.integers(1, 2**31 - 1)))
            moved = context.getState(positions=True).getPositions(asNumpy=True)._value
            self._known = moved, float(logProposal)
            return True
        context.setPositions(positions)
        return False

    def __repr__(self) -> str:
        return (f"<OrbitMonteCarlo every {self._interval} steps at {self.temperature:g} K: {self.numAccepted} of "
                f"{self.numAttempts} moves accepted>")

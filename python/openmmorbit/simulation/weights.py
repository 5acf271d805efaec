# SPDX-License-Identifier: MIT
"""Importance weights of generated states: from the density of the model to the Boltzmann distribution."""
from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from openmm import unit

from openmmorbit.arguments import checkInteger
from openmmorbit.simulation.applying import potentialEnergies
from openmmorbit.simulation.states import toArray, toKelvin
from openmmorbit.simulation.systems import refuseImages, requireSystem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt
    import openmm

    from openmmorbit.ensemble import Ensemble

_gas = unit.MOLAR_GAS_CONSTANT_R.value_in_unit(unit.kilojoule_per_mole / unit.kelvin)

#: Of a logarithm of a density; errors of a weight are a quarter then.
MAX_ERROR = 0.25
#: Of the weight of all states that a single one may have.
MAX_SHARE = 0.5


@dataclass(frozen=True)
class Estimate:
    """A reweighted value with its error."""

    value: np.ndarray
    """The value, or one for each component or bin."""
    error: np.ndarray
    """Its standard error, from resampled states."""


@dataclass(frozen=True)
class ImportanceWeights:
    """Weights that turn averages over generated states into averages over the Boltzmann distribution."""

    logWeights: np.ndarray
    """Shape (numStates,): -U / (R T) - ln p, up to a constant; minus infinity for impossible states."""
    energies: np.ndarray
    """Shape (numStates,): potential energies, kJ/mol."""
    temperature: float
    """In kelvin."""
    errors: np.ndarray
    """Shape (numStates,): standard errors of logWeights, 0 unless the densities were estimated (probes)."""

    @property
    def weights(self) -> np.ndarray:
        """Shape (numStates,): the weights, of sum 1."""
        return _normalize(self.logWeights)

    @property
    def ess(self) -> float:
        """Effective sample size over the number of states, 0 to 1 (Kish): 1 / (numStates sum of squared weights)."""
        return float(1 / (len(self.logWeights) * (self.weights ** 2).sum()))

    def __len__(self) -> int:
        return len(self.logWeights)

    def __repr__(self) -> str:
        return (f"<ImportanceWeights of {len(self)} states at {self.temperature:g} K: effective sample size "
                f"{self.ess * len(self):.3g} ({100 * self.ess:.3g} %), largest weight {self.weights.max():.3g}>")

    def _resample(self, statistic: Callable[[np.ndarray, np.ndarray], np.ndarray], numResamples: int,
                  seed: int) -> Estimate:
        everything = np.arange(len(self))
        generator = np.random.default_rng(seed)
        values = []
        for _ in range(checkInteger("numResamples", numResamples, 2)):
            chosen = generator.integers(len(self), size=len(self))
            if np.isfinite(self.logWeights[chosen]).any():
                values.append(statistic(chosen, _normalize(self.logWeights[chosen])))
        # One sample without a rare set of states has an infinite free energy: the error is unknown, at least as large.
        with np.errstate(invalid="ignore"):
            error = np.std(np.array(values), axis=0)
        return Estimate(statistic(everything, self.weights), np.where(np.isnan(error), np.inf, error))

    def mean(self, values: npt.ArrayLike, numResamples: int = 200, seed: int = 1) -> Estimate:
        """Get the Boltzmann average of a quantity.

        Parameters
        ----------
        values : array_like
            Shape (numStates,) or (numStates, ...): the quantity for each state.
        numResamples : int
            Bootstrap samples for the error.
        seed : int
            Of the bootstrap samples.
        """
        quantity = toArray("ImportanceWeights.mean", "values", values)
        if len(quantity) != len(self):
            raise ValueError(f"ImportanceWeights.mean: expected values of {len(self)} states, got {len(quantity)}")
        return self._resample(lambda chosen, weights: np.tensordot(weights, quantity[chosen], 1), numResamples, seed)

    def profile(self, values: npt.ArrayLike, bins: int | npt.ArrayLike = 36,
                range: tuple[float, float] | None = None, numResamples: int = 200,
                seed: int = 1) -> tuple[np.ndarray, Estimate]:
        """Get the reweighted distribution of a quantity.

        Parameters
        ----------
        values : array_like
            Shape (numStates,).
        bins, range
            As of numpy.histogram().
        numResamples, seed : int
            As of mean().

        Returns
        -------
        numpy.ndarray
            Edges of the bins.
        Estimate
            Probability of each bin. Free energies in kJ/mol are -R T ln of it.
        """
        quantity = toArray("ImportanceWeights.profile", "values", values)
        if quantity.shape != (len(self),):
            raise ValueError(f"ImportanceWeights.profile: expected values of {len(self)} states, got shape "
                             f"{quantity.shape}")
        edges = np.histogram_bin_edges(quantity, bins, range)
        return edges, self._resample(
            lambda chosen, weights: np.histogram(quantity[chosen], edges, weights=weights)[0], numResamples, seed)

    def freeEnergyDifference(self, first: npt.ArrayLike, second: npt.ArrayLike, numResamples: int = 200,
                             seed: int = 1) -> Estimate:
        """Get the free energy of the second set of states minus that of the first, in kJ/mol.

        Parameters
        ----------
        first, second : array_like of bool
            Shape (numStates,): which states belong to either set.

        Returns
        -------
        Estimate
            Its error is infinite if so few states belong to a set that some bootstrap sample has none.
        """
        members = np.array([first, second], bool)
        if members.shape != (2, len(self)) or not members.any(axis=1).all():
            raise ValueError("ImportanceWeights.freeEnergyDifference: expected two sets of states, each of at least "
                             f"one of {len(self)}, got {members.sum(axis=-1).tolist()}")

        def difference(chosen: np.ndarray, weights: np.ndarray) -> np.ndarray:
            sums = members[:, chosen] @ weights
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.array(-_gas * self.temperature * np.log(sums[1] / sums[0]))

        return self._resample(difference, numResamples, seed)


def _normalize(logWeights: np.ndarray) -> np.ndarray:
    shifted = np.exp(logWeights - logWeights.max())
    return shifted / shifted.sum()


def refuseConstraints(where: str, system: openmm.System) -> None:
    """Refuse a System in which the density of the model has no counterpart."""
    if system.getNumConstraints() > 0:
        raise ValueError(f"{where}: expected a System without constraints, because the model's density is one of all "
                         f"coordinates, got one with {system.getNumConstraints()}; create the System with "
                         "constraints=None and rigidWater=False")


def importanceWeights(ensemble: Ensemble, system: openmm.System, temperature: unit.Quantity | float, *,
                      platform: str | openmm.Platform | None = None,
                      properties: Mapping[str, str] | None = None) -> ImportanceWeights:
    """Compute importance weights exp(-U / (R T)) / p of generated states.

    The states come from ``TopologyGenerator.generate(..., density=True)``. Nothing is filtered; a state with a bad
    geometry has a small weight. The Boltzmann distribution gives all permutations of equivalent atoms, and all
    orientations, the same probability, so the weights serve for averages of quantities that do not tell them apart.

    Parameters
    ----------
    ensemble : Ensemble
        States with their densities.
    system : openmm.System
        The system whose Boltzmann distribution is wanted: one particle an atom, without constraints.
    temperature : Quantity or float
        In kelvin if it carries no unit.
    platform : str or openmm.Platform, optional
        For the energies; default: CPU.
    properties : dict, optional
        Properties of the platform.

    Returns
    -------
    ImportanceWeights

    Raises
    ------
    ValueError
        For states without densities, a System with constraints or with other particles.

    Warns
    -----
    UserWarning
        If the densities are estimates with large errors, or a single state of three or more has more than half of the
        weight.
    """
    where = "importanceWeights"
    kelvin = toKelvin(where, temperature)
    requireSystem(where, system)
    refuseConstraints(where, system)
    refuseImages(where, system, ensemble.topology)
    logDensities = ensemble.logDensities
    if np.isnan(logDensities).any():
        raise ValueError(f"{where}: expected states with densities, got {int(np.isnan(logDensities).sum())} without; "
                         "TopologyGenerator.generate(..., density=True) computes them")
    energies = potentialEnergies(ensemble, system, platform=platform, properties=properties)._value
    with np.errstate(invalid="ignore"):
        logWeights = -energies / (_gas * kelvin) - logDensities
    logWeights[~np.isfinite(energies)] = -np.inf
    if not np.isfinite(logWeights).any():
        raise ValueError(f"{where}: expected a state with a finite energy and density, got none of {len(logWeights)}; "
                         "is the model one of this System?")
    errors = ensemble.logDensityErrors
    if errors.max(initial=0) > MAX_ERROR:
        warnings.warn(f"{where}: expected densities with errors below {MAX_ERROR}, got up to {errors.max():.2g} in "
                      "their logarithms, so the effective sample size and all averages are wrong; generate with "
                      "TopologyGenerator(..., probes=0), or more probes", stacklevel=2)
    result = ImportanceWeights(logWeights, energies, kelvin, errors)
    largest = float(result.weights.max())
    if len(result) > 2 and largest > MAX_SHARE:
        warnings.warn(f"{where}: expected weights of many states, got {100 * largest:.0f} % of the weight on state "
                      f"{int(result.weights.argmax())} of {len(result)}, so averages are those of this state, and "
                      "their errors are too small; generate more states, or use a better model or sampler",
                      stacklevel=2)
    return result

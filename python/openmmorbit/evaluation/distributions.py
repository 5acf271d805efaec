# SPDX-License-Identifier: MIT
"""Distances between distributions of states, beside how far a simulation's halves are apart at as many states."""
from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from openmmorbit.simulation.choosing import resample

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    Distance = Callable[[np.ndarray, np.ndarray], float]

#: States of which an exact assignment is made at most: its time grows with the third power.
MAX_ASSIGNED = 2000
#: Sets of states that a distance is averaged over.
NUM_DRAWS = 10


def jensenShannon(first: npt.ArrayLike, second: npt.ArrayLike) -> float:
    """Get the Jensen-Shannon distance of two histograms: 0 for equal ones, 0.833 for ones without overlap.

    Parameters
    ----------
    first, second : array_like
        Of one shape, of any sum above 0.

    Returns
    -------
    float
        The root of the divergence, which is measured in nats.
    """
    p, q = (np.asarray(values, float).ravel() for values in (first, second))
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    divergence = sum((part[part > 0] * np.log(part[part > 0] / middle[part > 0])).sum() for part in (p, q)) / 2
    return float(np.sqrt(max(divergence, 0.0)))


def binAngles(angles: np.ndarray, bins: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Count angles in bins of the circle or the torus.

    Parameters
    ----------
    angles : numpy.ndarray
        Shape (numStates, numAngles), in radians from -pi to pi.
    bins : int
        For each angle.
    weights : numpy.ndarray, optional
        Shape (numStates,).

    Returns
    -------
    numpy.ndarray
        Shape (bins,) * numAngles: probabilities.
    """
    places = np.clip(((angles + np.pi) / (2 * np.pi) * bins).astype(int), 0, bins - 1)
    number = angles.shape[1]
    index = np.ravel_multi_index(tuple(places.T), (bins,) * number)
    counts = np.bincount(index, weights, bins ** number).astype(float)
    return (counts / counts.sum()).reshape((bins,) * number)


def angleDistance(bins: int) -> Distance:
    """Get the Jensen-Shannon distance of angles, counted in so many bins each."""
    return lambda first, second: jensenShannon(binAngles(first, bins), binAngles(second, bins))


def valueDistance(edges: list[np.ndarray]) -> Distance:
    """Get the Jensen-Shannon distance of values of shape (numStates, len(edges)), counted between edges."""
    def distance(first: np.ndarray, second: np.ndarray) -> float:
        return jensenShannon(*(np.histogramdd(np.clip(values, [e[0] for e in edges], [e[-1] for e in edges]), edges)[0]
                               for values in (first, second)))
    return distance


def pooledDistance(edges: np.ndarray) -> Distance:
    """Get the Jensen-Shannon distance of all values together, counted between edges."""
    return lambda first, second: jensenShannon(*(np.histogram(np.clip(values, edges[0], edges[-1]), edges)[0]
                                                 for values in (first, second)))


def wasserstein(first: np.ndarray, second: np.ndarray) -> float:
    """Get the 2-Wasserstein distance of two sets of numbers, of one size.

    Returns
    -------
    float
        In their unit; infinite if one of them is.
    """
    if len(first) != len(second):
        raise ValueError(f"wasserstein: expected sets of one size, got {len(first)} and {len(second)}")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return np.inf
    return float(np.sqrt(((np.sort(first) - np.sort(second)) ** 2).mean()))


def torusWasserstein(first: np.ndarray, second: np.ndarray) -> float:
    """Get the 2-Wasserstein distance of two sets of points on a torus, by the best assignment of one to the other.

    Parameters
    ----------
    first, second : numpy.ndarray
        Shape (numStates, numAngles), in radians.

    Returns
    -------
    float
        In radians: the root of the mean squared distance of assigned points.

    Raises
    ------
    ImportError
        Without SciPy.
    """
    from scipy.optimize import linear_sum_assignment

    if first.shape != second.shape:
        raise ValueError(f"torusWasserstein: expected sets of one shape, got {first.shape} and {second.shape}")
    costs = np.zeros((len(first), len(first)))
    for a, b in zip(first.T, second.T):
        apart = np.abs(a[:, None].astype(float) - b[None]) % (2 * np.pi)
        costs += np.minimum(apart, 2 * np.pi - apart) ** 2
    rows, columns = linear_sum_assignment(costs)
    return float(np.sqrt(costs[rows, columns].mean()))


class Comparison(NamedTuple):
    """A distance between generated states and a simulation, beside the simulation's own at as many states."""

    value: float
    """Generated states against frames of the whole simulation."""
    halves: float
    """Frames of the first half against frames of the second half."""
    chance: float
    """Frames against other frames of the whole simulation: what the number of states alone gives."""
    numStates: int
    """States on either side, in all three."""


def compare(distance: Distance, generated: np.ndarray, halves: tuple[np.ndarray, np.ndarray], *,
            weights: np.ndarray | None = None, largest: int | None = None, seed: int = 1) -> Comparison:
    """Compare generated states with a simulation at equal numbers of states.

    Distances of samples grow as the samples become fewer. So all sets have one size: as many as there are generated
    states, at most as many as half of the simulation has. If that leaves frames over, the distance is the mean over
    several sets of them.

    Parameters
    ----------
    distance : callable
        Of two arrays of states.
    generated : numpy.ndarray
        Shape (numStates, ...).
    halves : tuple of numpy.ndarray
        The first and the second half of the simulation.
    weights : numpy.ndarray, optional
        Shape (numStates,), of sum 1: generated states are drawn by weight.
    largest : int, optional
        States that are compared at most.
    seed : int
        Of the draws.
    """
    random = np.random.default_rng(seed)
    first, second = halves
    count = min(len(generated), len(first), len(second), largest or len(generated))
    draws = int(np.clip((largest or NUM_DRAWS * count) // count, 1, NUM_DRAWS))
    everything = np.concatenate(halves)

    def take(values: np.ndarray) -> np.ndarray:
        return values[random.choice(len(values), count, replace=False)]

    found: list[tuple[float, float, float]] = []
    for _ in range(draws):
        states = take(generated) if weights is None else generated[resample(weights, count, random)]
        order = random.choice(len(everything), 2 * count, replace=False)
        found.append((distance(states, take(everything)), distance(take(first), take(second)),
                      distance(everything[order[:count]], everything[order[count:]])))
    value, own, chance = np.mean(found, axis=0).tolist()
    return Comparison(value, own, chance, count)


def sampleSizeError(weights: np.ndarray, numResamples: int = 1000, seed: int = 1) -> float:
    """Get the standard error of the effective sample size over the number of states, from resampled states."""
    random, values = np.random.default_rng(seed), []
    for _ in range(numResamples):
        chosen = weights[random.integers(len(weights), size=len(weights))]
        if chosen.sum() > 0:
            values.append(chosen.sum() ** 2 / (len(weights) * (chosen ** 2).sum()))
    return float(np.std(values))


def shareError(share: float, numStates: float) -> float:
    """Get the standard error of a share, 0 to 1, of independent states; of none and of all it is not 0."""
    smoothed = (share * numStates + 1) / (numStates + 2)
    return float(np.sqrt(smoothed * (1 - smoothed) / numStates))


def blockError(values: np.ndarray, numBlocks: int = 10) -> float:
    """Get the standard error of the mean of a series in order of time, from the means of its blocks."""
    numBlocks = min(numBlocks, len(values))
    means = [block.mean() for block in np.array_split(np.asarray(values, float), numBlocks)]
    return float(np.std(means, ddof=1) / np.sqrt(numBlocks)) if numBlocks > 1 else np.nan

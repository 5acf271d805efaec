# SPDX-License-Identifier: MIT
"""Means with bootstrap intervals over molecules, and differences of methods."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.evaluation.scores import perMolecule

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openmmorbit._types import Interval
    from openmmorbit.evaluation.methods import Method


def bootstrap(values: np.ndarray, statistic: Callable[..., Any] = np.mean, numSamples: int = 2000,
              seed: int = 1) -> Interval:
    """Get a statistic over molecules with its 95 % interval from molecules chosen with replacement.

    Parameters
    ----------
    values : numpy.ndarray
        One number a molecule; NaN is left out.
    statistic : callable
        numpy.mean or numpy.median.

    Returns
    -------
    tuple of float
        Value, lower and upper bound; NaN if there is no value.
    """
    values = values[~np.isnan(values)]
    if len(values) == 0:
        return np.nan, np.nan, np.nan
    random = np.random.default_rng(seed)
    samples = statistic(values[random.integers(0, len(values), (numSamples, len(values)))], axis=1)
    lower, upper = np.percentile(samples, [2.5, 97.5])
    return float(statistic(values)), float(lower), float(upper)


def summarize(method: Method, thresholds: Sequence[float] = (0.1, 0.5)) -> dict[str, float | Interval]:
    """Condense the scores of one method.

    Parameters
    ----------
    method : evaluation.Method
    thresholds : sequence of float
        RMSD limits of the coverage, in Angstrom.

    Returns
    -------
    dict
        Column title to (value, lower, upper), or to a plain number.
    """
    scores = method.scores
    summary: dict[str, float | Interval] = {}
    for quantity, letter in (("recall", "R"), ("precision", "P")):
        for threshold in thresholds:
            summary[f"COV-{letter}@{threshold:g} %"] = bootstrap(perMolecule(scores, quantity, threshold))
        distances = perMolecule(scores, quantity)
        summary[f"AMR-{letter} mean Å"] = bootstrap(distances)
        summary[f"AMR-{letter} median Å"] = bootstrap(distances, np.median)
    returned = sum(s.numReturned for s in scores)
    summary["stereo-correct %"] = 100 * sum(s.numCorrect for s in scores) / max(returned, 1)
    summary["answered molecules %"] = 100 * sum(s.recall is not None for s in scores) / max(len(scores), 1)
    summary["returned of requested %"] = 100 * returned / max(sum(s.numRequested for s in scores), 1)
    summary["evaluations a conformer"] = sum(s.numEvaluations for s in scores) / max(returned, 1)
    summary["redrawn %"] = 100 * sum(s.numRedraws for s in scores) / max(returned, 1)
    summary["ms a conformer"] = 1000 * sum(s.seconds for s in scores) / max(returned, 1)
    coreSeconds = sum(s.coreSeconds for s in scores)
    summary["conformers a core-second"] = returned / coreSeconds if coreSeconds > 0 else np.nan
    busted = np.array([100 * s.numPassed / s.numBusted for s in scores if s.numBusted])
    summary["PoseBusters passed %"] = bootstrap(busted)
    strains = np.array([np.median(s.strains) for s in scores if s.strains])
    summary["GFN2 strain median kcal/mol"] = bootstrap(strains, np.median)
    return summary


def pairedDifferences(first: Method, second: Method, thresholds: Sequence[float] = (0.1, 0.5)) -> dict[str, Interval]:
    """Compare two methods on the molecules that both answered (coverage: on all molecules).

    Parameters
    ----------
    first, second : evaluation.Method
        Methods that were scored on the same molecules.

    Returns
    -------
    dict
        Quantity to (difference first - second, lower, upper).
    """
    differences = {}
    for quantity, letter in (("recall", "R"), ("precision", "P")):
        differences[f"AMR-{letter} Å"] = bootstrap(
            perMolecule(first.scores, quantity) - perMolecule(second.scores, quantity))
        for threshold in thresholds:
            differences[f"COV-{letter}@{threshold:g} %"] = bootstrap(
                perMolecule(first.scores, quantity, threshold) - perMolecule(second.scores, quantity, threshold))
    return differences

# SPDX-License-Identifier: MIT
"""The slow motions of a simulation, by time-lagged independent component analysis (TICA), and states on them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from openmmorbit.evaluation.geometry import Measured
    from openmmorbit.evaluation.reference import Reference

#: Torsions that are taken at most.
MAX_TORSIONS = 200


def describeStates(measured: Measured) -> np.ndarray:
    """Get the numbers that slow motions are sought in: sines and cosines of torsions; without any, distances.

    Returns
    -------
    numpy.ndarray
        Shape (numStates, numNumbers).
    """
    angles = np.concatenate([measured.phiPsi.reshape(len(measured), -1), measured.torsions], axis=1)
    if angles.shape[1] == 0:
        return measured.distances.astype(float)
    angles = angles[:, :MAX_TORSIONS].astype(float)
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1)


@dataclass
class SlowMotions:
    """The slowest motions of a simulation."""

    model: Any
    """deeptime's model; transform() projects."""
    dimension: int
    """How many components there are, 1 or 2."""
    lag: int
    """Lag time in frames that were read."""
    timescales: np.ndarray
    """Shape (dimension,): how long each motion takes to be forgotten, in frames that were read."""

    def project(self, measured: Measured) -> np.ndarray:
        """Get the components of states: shape (numStates, dimension)."""
        return np.asarray(self.model.transform(describeStates(measured)))[:, :self.dimension]


def chooseLag(lengths: list[int]) -> int:
    """Get a lag time for trajectories of so many frames: a hundredth of the longest, from 1 to 100 frames."""
    return int(np.clip(max(lengths) // 100, 1, 100))


def findSlowMotions(reference: Reference, lag: int | None = None) -> SlowMotions | None:
    """Find the slowest motions of a simulation.

    Parameters
    ----------
    reference : Reference
    lag : int, optional
        Lag time in frames that were read; default: chooseLag().

    Returns
    -------
    SlowMotions or None
        None if no trajectory is longer than the lag time, or the frames show nothing that changes.

    Raises
    ------
    ImportError
        Without deeptime.
    """
    try:
        from deeptime.decomposition import TICA
    except ImportError as error:
        raise ImportError("TICA needs deeptime, which is not installed; run 'pip install deeptime'") from error
    numbers = describeStates(reference.measured)
    series = [numbers[chosen] for chosen in reference.series]
    # The reference may keep every so many-th frame only.
    steps = chooseLag([len(entry) for entry in series]) if lag is None else max(1, round(lag / reference.every))
    long = [entry for entry in series if len(entry) > steps + 1]
    if not long or numbers.shape[1] == 0 or numbers.std(axis=0).max() < 1e-6:
        return None
    model = TICA(lagtime=steps).fit(long).fetch_model()
    dimension = min(2, len(model.singular_values))
    return SlowMotions(model, dimension, steps * reference.every,
                       np.asarray(model.timescales(lagtime=steps * reference.every))[:dimension])

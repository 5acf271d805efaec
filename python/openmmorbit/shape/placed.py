# SPDX-License-Identifier: MIT
"""RMSD of conformers where they stand, for poses: over renumberings of equivalent atoms, without superposition."""
from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from openmmorbit.shape.rmsd import BATCH, Frames, SymmetricRmsd


class PlacedRmsd(SymmetricRmsd):
    """RMSDs of poses of one molecule: as SymmetricRmsd, but nothing is moved before the comparison."""

    def center(self, positions: np.ndarray) -> Frames:
        """Take the chosen atoms as they stand, of positions (numConformers, numAtoms, 3)."""
        x = positions[:, self.atoms]
        # Distances from one point for all bound an RMSD from below, as those from a centroid do after superposition.
        return Frames(x, (x ** 2).sum(axis=(1, 2)), self._sortedDistances(x), np.zeros((len(x), 0, 3)),
                      np.zeros(len(x)))

    def pairs(self, x: Frames, y: Frames, first: np.ndarray, second: np.ndarray, *_: Any,
              **__: Any) -> np.ndarray:
        """Compute the RMSDs of some pairs, all exactly, in the unit of x and y; see SymmetricRmsd.pairs()."""
        listed = np.arange(self._numAtoms)[None] if self._listed is None else self._listed
        result = np.zeros(len(first))
        for rows in np.array_split(np.arange(len(first)), -(-len(first) * len(listed) // BATCH)) if len(first) else []:
            apart = x.x[first[rows]][:, listed] - y.x[second[rows]][:, None]
            result[rows] = np.sqrt((apart ** 2).sum(axis=(2, 3)).min(axis=1) / self._numAtoms)
        if self._listed is None:
            warnings.warn(f"{self._label} has too many renumberings of equivalent atoms to try them all where it "
                          "stands: some RMSDs are upper bounds", stacklevel=4)
        return result

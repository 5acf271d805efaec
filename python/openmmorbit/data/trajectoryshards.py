# SPDX-License-Identifier: MIT
"""Frames of trajectories written to a shard; a shard that has some of them receives the others."""
from __future__ import annotations

import hashlib
import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.bars import makeBar
from openmmorbit.data.frameshards import FrameShard, nameCondition

if TYPE_CHECKING:
    from openmmorbit._types import StrPath
    from openmmorbit.data.trajectories import Frames, TrajectoryDataset


class _Run:
    """One trajectory on its way into a shard: which series it is, and how many of its frames are there already."""

    def __init__(self, where: str, shard: FrameShard, label: str, frames: Frames, taken: set[str]) -> None:
        self._where, self._shard, self._label = where, shard, label
        name = os.path.basename(label.strip('"')) if label.startswith('"') else label
        key = hashlib.blake2b(frames.positions[0].tobytes(), digest_size=4).hexdigest()
        condition, known = nameCondition(frames.temperature), shard.contents.series
        # A file that was renamed or moved has the same first frame.
        same = [entry for entry in known if entry.endswith(f" {key}")]
        matching = [entry for entry in same if known[entry].conditions == [condition]]
        if same and not matching:
            raise ValueError(f"{where}: expected {label} at the temperature at which \"{shard.path}\" has its frames, "
                             f"\"{known[same[0]].conditions[0]}\", got \"{condition}\"; write them to another file, or "
                             "train in another folder")
        # Replicas of one name may begin with the same frame; they come in the same order again.
        free = [entry for entry in matching if entry not in taken]
        number = f" {len(taken) + 1}" if f"{name} {key}" in {*known, *taken} else ""
        self.series = free[0] if free else f"{name}{number} {key}"
        taken.add(self.series)
        self._numKnown = known[self.series].numFrames if free else 0
        self._weights = shard.readWeights(self.series) if free else None
        self._numSeen = self.numAdded = 0
        self._lacksForces = bool(free) and not known[self.series].hasForces

    def add(self, frames: Frames) -> None:
        """Write those frames that the shard does not have."""
        start, self._numSeen = self._numSeen, self._numSeen + len(frames)
        skip = min(max(self._numKnown - start, 0), len(frames))
        if skip > 0:
            self._compare(start + skip - 1, frames.positions[skip - 1])
            self._compareWeights(start, frames, skip)
        if skip < len(frames):
            self._shard.addFrames(frames.positions[skip:], self.series, frames.temperature,
                                  None if frames.weights is None else frames.weights[skip:],
                                  forces=frames.computeForces(skip))
            self.numAdded += len(frames) - skip

    def warn(self, hasSystem: bool) -> None:
        """Say that frames stay as they were written: without forces."""
        if hasSystem and self._lacksForces and self._numKnown > 0:
            warnings.warn(f"{self._where}: \"{self._shard.path}\" has {self._numKnown} frames of {self._label} without "
                          "forces already, which stay so; write to another file, or train in another folder, for "
                          "forces of all frames", stacklevel=4)

    def _compare(self, number: int, positions: np.ndarray) -> None:
        written = self._shard.readFrame(self.series, number)
        if not np.array_equal(written, positions * np.float32(10)):
            raise ValueError(f"{self._where}: expected frames of {self._label} as \"{self._shard.path}\" has them in "
                             f"its series \"{self.series}\", got another one as number {number}; give the same stride "
                             "and all trajectories that were given before, or write another file")

    def _compareWeights(self, start: int, frames: Frames, number: int) -> None:
        """Refuse other weights than those that were written, which stay: they would be on another scale."""
        if self._weights is None or frames.weights is None:
            return
        written, given = self._weights[start:start + number], frames.weights[:number].astype(np.float32)
        differs = ~np.isclose(written, given, rtol=1e-5, atol=0)
        if differs.any():
            first = int(np.argmax(differs))
            raise ValueError(f"{self._where}: expected the weights of {self._label} that \"{self._shard.path}\" has, "
                             f"{written[first]:g} for frame {int(frames.indices[first])}, got {given[first]:g}; give "
                             "the same weights, and those of new frames on their scale, or write to another file or "
                             "train in another folder")


def writeShard(where: str, dataset: TrajectoryDataset, path: StrPath, progress: bool) -> int:
    """Write the frames of a dataset to a shard, or those that it does not have.

    Parameters
    ----------
    where : str
        The caller, for messages.
    dataset : TrajectoryDataset
    path : path
    progress : bool
        Show a progress bar on standard error, if that is a terminal.

    Returns
    -------
    int
        How many frames were added.
    """
    hasWeights = dataset.hasWeights()
    run: _Run | None = None
    taken: set[str] = set()
    current, numAdded = -1, 0
    with FrameShard(where, path, dataset.topology, dataset.atoms.tolist()) as shard, _bar(dataset, progress) as bar:
        shard.checkWeights(hasWeights)
        shard.checkTemperatures(dataset.temperatures)
        for frames in dataset:
            if frames.trajectory != current or run is None:
                current = frames.trajectory
                run = _Run(where, shard, dataset.counts[current].label, frames, taken)
                run.warn(frames.hasForces)
            before = run.numAdded
            run.add(frames)
            numAdded += run.numAdded - before
            bar.update(sum(counts.read for counts in dataset.counts) - bar.n)
        if numAdded + shard.contents.numFrames == 0:
            raise ValueError(f"{where}: expected frames to write to \"{path}\", got none: all of them have positions "
                             "that are not finite")
    return numAdded


def _bar(dataset: TrajectoryDataset, progress: bool) -> Any:
    return makeBar(dataset.numFrames, "frames", progress)

# SPDX-License-Identifier: MIT
"""The simulation that a model is compared with: its features in two halves, read a block of frames at a time."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from openmmorbit.evaluation.distributions import MAX_ASSIGNED
from openmmorbit.evaluation.geometry import Measured, Moments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openmmorbit.data.trajectories import TrajectoryDataset
    from openmmorbit.evaluation.geometry import SystemGeometry

#: Memory for the features of the frames; of more frames, every so many-th is kept.
MAX_BYTES = 2**28
#: Frames that are measured at a time.
BLOCK = 2000
#: Frames of a half at least.
MIN_HALF = 10


@dataclass
class Reference:
    """What a simulation's frames showed."""

    measured: Measured
    """The features of the frames that are kept, in order of time."""
    isFirst: np.ndarray
    """Shape (numStates,): whether a frame is of the first half."""
    trajectory: np.ndarray
    """Shape (numStates,): number of the trajectory that a frame is of."""
    every: int
    """Every so many-th frame is kept."""
    numFrames: int
    """Frames that were good."""
    bonds: tuple[Moments, Moments]
    """Lengths of bonds, of each half, nm."""
    angles: tuple[Moments, Moments]
    """Widths of angles, of each half, degrees."""
    energies: np.ndarray = field(default_factory=lambda: np.zeros(0))
    """Shape (numEnergies,): potential energies of some frames, kJ/mol."""
    energyIsFirst: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    """Shape (numEnergies,): whether they are of the first half."""

    def halves(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Get the values of each half, of one row a frame."""
        return values[self.isFirst], values[~self.isFirst]

    @property
    def energyHalves(self) -> tuple[np.ndarray, np.ndarray]:
        """The energies of each half."""
        return self.energies[self.energyIsFirst], self.energies[~self.energyIsFirst]

    @property
    def series(self) -> list[np.ndarray]:
        """Indices of the frames that are kept, an array for each trajectory."""
        return [np.flatnonzero(self.trajectory == number) for number in np.unique(self.trajectory)]


def _blocks(dataset: TrajectoryDataset, stride: int) -> Iterator[tuple[np.ndarray, np.ndarray, int]]:
    """Yield positions, the frames' numbers among all that are read, and the number of their trajectory."""
    offsets = np.concatenate([[0], np.cumsum([-(-n // stride) for n in dataset.frameNumbers])])
    for frames in dataset:
        numbers = offsets[frames.trajectory] + frames.indices // stride
        for begin in range(0, len(frames), BLOCK):
            part = slice(begin, begin + BLOCK)
            yield frames.positions[part].astype(float), numbers[part], frames.trajectory


def readReference(where: str, dataset: TrajectoryDataset, geometry: SystemGeometry,
                  energiesOf: Callable[[np.ndarray], np.ndarray] | None = None,
                  advance: Callable[[int], object] | None = None) -> Reference:
    """Read a simulation's frames, measure them, and forget them.

    Parameters
    ----------
    where : str
        The caller, for messages.
    dataset : TrajectoryDataset
    geometry : SystemGeometry
    energiesOf : callable, optional
        Gets the potential energies of positions; called for 4,000 frames at most.
    advance : callable, optional
        Called with the number of frames after each block.

    Raises
    ------
    ValueError
        For too few frames, and as iterating the dataset.
    """
    total = dataset.numFrames
    every = max(1, -(-total * geometry.numFeatures * 4 // MAX_BYTES))
    everyEnergy = max(1, -(-total // (2 * MAX_ASSIGNED)))
    bonds, angles = (Moments(), Moments()), (Moments(), Moments())
    parts, flags, trajectories = [], [], []
    energies, energyFlags = [np.zeros(0)], [np.zeros(0, bool)]
    for positions, numbers, trajectory in _blocks(dataset, dataset.stride):
        first = 2 * numbers < total
        for half, chosen in enumerate((first, ~first)):
            bonds[half].add(geometry.bondLengths(positions[chosen]))
            angles[half].add(geometry.angleWidths(positions[chosen]))
        kept = numbers % every == 0
        parts.append(geometry.measure(positions[kept]))
        flags.append(first[kept])
        trajectories.append(np.full(int(kept.sum()), trajectory))
        chosen = numbers % everyEnergy == 0
        if energiesOf is not None and chosen.any():
            energies.append(energiesOf(positions[chosen]))
            energyFlags.append(first[chosen])
        if advance is not None:
            advance(len(positions))
    isFirst = np.concatenate(flags) if flags else np.zeros(0, bool)
    found = int(isFirst.sum()), int((~isFirst).sum())
    if min(found) < MIN_HALF:
        raise ValueError(f"{where}: expected at least {MIN_HALF} frames in each half of the trajectories, whose "
                         f"difference is the yardstick, got {found[0]} and {found[1]}, without "
                         f"{sum(count.duplicates for count in dataset.counts)} duplicates and "
                         f"{sum(count.notFinite for count in dataset.counts)} that are not finite; give longer "
                         "trajectories")
    return Reference(Measured.join(parts), isFirst, np.concatenate(trajectories), every,
                     sum(half.count for half in bonds), bonds, angles, np.concatenate(energies),
                     np.concatenate(energyFlags))

# SPDX-License-Identifier: MIT
"""Frames of simulations as training data: streamed, made whole, checked, and counted."""
from __future__ import annotations

import hashlib
import os
import warnings
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.arguments import checkChoice, checkInteger
from openmmorbit.data.frameforces import FrameForces
from openmmorbit.data.wholeframes import WholeFrames
from openmmorbit.io.trajectoryfiles import isMdtraj, openTrajectory
from openmmorbit.selections import findAtoms
from openmmorbit.simulation.states import toArray, toKelvin
from openmmorbit.simulation.systems import readBox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt
    import openmm
    from openmm import app

    from openmmorbit._types import StrPath
    from openmmorbit.io.trajectoryfiles import RawFrames, Trajectory

_where = "TrajectoryDataset"
#: A frame is compared with so many before it, to find those that were written twice.
REMEMBERED = 100000
DAMAGED = ("refuse", "keep")


@dataclass
class Frames:
    """Some frames of one trajectory."""

    positions: np.ndarray
    """Shape (numFrames, numAtoms, 3), float32, in nm; the selected atoms, molecules whole."""
    indices: np.ndarray
    """Shape (numFrames,): the frames' numbers in their trajectory, from 0."""
    trajectory: int
    """Number of the trajectory among those that were given."""
    temperature: float | None
    """In kelvin."""
    weights: np.ndarray | None
    """Shape (numFrames,): weights of the frames, if there are any."""
    _compute: Callable[[int], np.ndarray] | None = None

    @property
    def hasForces(self) -> bool:
        """Whether the dataset has a System, so that forces can be computed."""
        return self._compute is not None

    def computeForces(self, first: int = 0) -> np.ndarray | None:
        """Compute the forces on the selected atoms, from one of the frames on.

        Returns
        -------
        numpy.ndarray or None
            Shape (numFrames - first, numAtoms, 3), float32, in kJ/mol/nm; None for a dataset without a System.
        """
        return None if self._compute is None else self._compute(first)

    def __len__(self) -> int:
        return len(self.positions)


@dataclass
class FrameCounts:
    """What became of the frames of one trajectory."""

    label: str
    """Its path in quotes, or "the array"."""
    read: int = 0
    """Frames that were read; every stride-th one."""
    kept: int = 0
    """Frames that were given to the caller."""
    duplicates: int = 0
    """Frames that were left out, because one shortly before is the same."""
    notFinite: int = 0
    """Frames that were left out, because a position is NaN or infinite."""


@dataclass
class _Trajectory:
    source: Trajectory
    temperature: float | None
    weights: np.ndarray | None
    counts: FrameCounts = field(init=False)

    def __post_init__(self) -> None:
        self.counts = FrameCounts(self.source.label)


def _listFiles(files: Any) -> list[Any]:
    """Get the trajectories: one, or a list of them. A list of numbers or of frames is one array."""
    if isinstance(files, (str, os.PathLike, np.ndarray)) or unit.is_quantity(files) or isMdtraj(files):
        return [files]
    entries = list(files) if isinstance(files, (list, tuple)) else [files]
    if all(isinstance(entry, (str, os.PathLike)) for entry in entries):
        return entries
    return entries if any(isinstance(entry, (str, os.PathLike)) or isMdtraj(entry)
                          or np.ndim(getattr(entry, "_value", entry)) == 3 for entry in entries) else [files]


def _perTrajectory(name: str, value: Any, count: int) -> list[Any]:
    """Get one value for each trajectory."""
    if isinstance(value, (list, tuple)) or np.ndim(getattr(value, "_value", value)) > 0:
        if len(value) != count:
            raise ValueError(f"{_where}: expected one {name} or {count}, one a trajectory, got {len(value)}")
        return list(value)
    return [value] * count


def _readWeights(value: Any, source: Trajectory) -> np.ndarray | None:
    if value is None:
        return None
    weights = toArray(_where, f"weights of {source.label}", value)
    if weights.ndim == 0:
        weights = np.full(source.numFrames, float(weights))
    if weights.shape != (source.numFrames,):
        raise ValueError(f"{_where}: expected weights of the {source.numFrames} frames of {source.label}, got "
                         f"{len(weights) if weights.ndim == 1 else f'shape {weights.shape}'}")
    if not np.isfinite(weights).all() or (weights < 0).any():
        bad = int(np.argmin(np.isfinite(weights) & (weights >= 0)))
        raise ValueError(f"{_where}: expected finite weights of at least 0, got {weights[bad]} for frame {bad} of "
                         f"{source.label}")
    return weights


class _Memory:
    """Remembers the last frames, to find those that were written twice."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()
        self._order: deque[bytes] = deque()

    def isNew(self, positions: np.ndarray) -> bool:
        """Tell whether none of the frames before has these positions, bit for bit."""
        key = hashlib.blake2b(positions.tobytes(), digest_size=12).digest()
        if key in self._seen:
            return False
        self._seen.add(key)
        self._order.append(key)
        if len(self._order) > REMEMBERED:
            self._seen.discard(self._order.popleft())
        return True


class TrajectoryDataset:
    """Frames of simulations of one Topology.

    Iterating gives blocks of frames. Files are read a block at a time, so that memory does not depend on their size.
    Molecules that the boundary of a periodic box cuts are made whole by their bonds, and stand together. Frames with
    numbers that are not finite, and frames that were written twice, are left out and counted.

    Parameters
    ----------
    topology : openmm.app.Topology
        What the atoms of the trajectories are, all of them.
    files : path, array_like, or a list of them
        DCD, XTC, TRR, NetCDF (Amber), HDF5 (mdtraj), PDB or PDBx files, mdtraj.Trajectory objects, or positions of
        shape (numFrames, numAtoms, 3) in nm if they carry no unit. Each is one run: its frames stand in order of time.
    atoms : sequence of int, sequence of atoms or residues, str, or mask, optional
        Which atoms to keep: "all" (the default), "heavy", "CA", a selection in mdtraj's language, e.g. "protein", or a
        truth value for each atom.
    stride : int
        Take every stride-th frame.
    temperature : Quantity or float, or a list, optional
        Temperature of the simulations, one for all or one a trajectory, in kelvin if it carries no unit.
    weights : float or array_like, or a list, optional
        Weights of the frames: one a trajectory, or a list that has an array of shape (numFrames,) for each.
    boxVectors : Quantity or array_like, optional
        Shape (3, 3), in nm if it carries no unit: the box of trajectories that have none.
    damaged : str
        "refuse" files that are cut off, or "keep" their complete frames with a warning.
    system : openmm.System, optional
        What the simulations were run with: write() computes the forces on the atoms of each frame and keeps them with
        it, and models learn faster and more accurately from frames with forces (equation 2.26 of theory.md). It needs
        the temperature, and no constraints of the atoms that are kept.

    Attributes
    ----------
    topology : openmm.app.Topology
    atoms : numpy.ndarray
        Shape (numAtoms,): indices of the atoms that are kept.
    counts : list of FrameCounts
        What became of the frames of each trajectory in the last iteration.

    Raises
    ------
    ValueError
        At construction, for a file that cannot be read, is cut off or has other atoms; while it is iterated, for a
        frame with broken bonds. Blocks that were given before remain good.

    Examples
    --------
    >>> dataset = openmmorbit.TrajectoryDataset(pdb.topology, "run.dcd", atoms="protein",
    ...                                         temperature=300*unit.kelvin)  # doctest: +SKIP
    >>> for frames in dataset:  # doctest: +SKIP
    ...     print(frames.positions.shape, frames.indices)
    """

    def __init__(self, topology: app.Topology, files: Any, *, atoms: Any = None, stride: int = 1,
                 temperature: unit.Quantity | float | Sequence[float] | None = None,
                 weights: npt.ArrayLike | None = None, boxVectors: Any = None, damaged: str = "refuse",
                 system: openmm.System | None = None) -> None:
        if not hasattr(topology, "getNumAtoms"):
            raise TypeError(f"{_where}: expected an openmm.app.Topology, got {type(topology).__name__}; "
                            "app.PDBFile(path).topology is one")
        self.topology, self.atoms = topology, np.array(findAtoms(topology, atoms, _where))
        #: The shard that write() wrote last.
        self.path: str | None = None
        self._stride = checkInteger("stride", stride, 1, _where)
        self._box = None if boxVectors is None else readBox(_where, boxVectors)
        checkChoice("damaged", damaged, DAMAGED, _where)
        entries = _listFiles(files)
        if not entries:
            raise ValueError(f"{_where}: expected at least one trajectory, got none")
        paths = [os.path.realpath(entry) for entry in entries if isinstance(entry, (str, os.PathLike))]
        repeated = [path for path in paths if paths.count(path) > 1]
        if repeated:
            raise ValueError(f"{_where}: expected different files, got \"{repeated[0]}\" twice")
        temperatures = _perTrajectory("temperature", temperature, len(entries))
        # Of a single trajectory, numbers are weights of its frames.
        shape = np.shape(np.asarray(weights, dtype=object))
        allWeights = [weights] if len(entries) == 1 and len(shape) == 1 and shape[0] > 1 \
            else _perTrajectory("array of weights", weights, len(entries))
        self._whole = WholeFrames(topology, self.atoms.tolist(), _where)
        self._trajectories = []
        for entry, kelvin, weight in zip(entries, temperatures, allWeights):
            source = openTrajectory(_where, entry, topology)
            self._checkDamage(source, damaged)
            self._trajectories.append(_Trajectory(source, None if kelvin is None else toKelvin(_where, kelvin),
                                                  _readWeights(weight, source)))
        self._forces = None if system is None else self._takeSystem(system)
        for trajectory in self._trajectories:
            self._checkFirst(trajectory)

    def _takeSystem(self, system: openmm.System) -> FrameForces:
        for entry in self._trajectories:
            if entry.temperature is None:
                raise ValueError(f"{_where}: expected a temperature beside a System, whose forces are compared with "
                                 f"kT, got none for {entry.source.label}; give temperature=")
        return FrameForces(_where, system, self.topology, self.atoms.tolist())

    @staticmethod
    def _checkDamage(source: Trajectory, damaged: str) -> None:
        if not source.damage:
            return
        text = f"{_where}: expected a complete file, got {source.label} with {source.damage}"
        if damaged == "refuse" or source.numFrames == 0:
            raise ValueError(f"{text}; damaged='keep' takes the complete frames")
        warnings.warn(f"{text}; the complete frames are taken", stacklevel=3)

    @property
    def numAtoms(self) -> int:
        """Number of atoms that are kept."""
        return len(self.atoms)

    @property
    def numFrames(self) -> int:
        """Number of frames that an iteration reads."""
        return sum(-(-entry.source.numFrames // self._stride) for entry in self._trajectories)

    @property
    def stride(self) -> int:
        """Every so many-th frame is taken."""
        return self._stride

    @property
    def frameNumbers(self) -> list[int]:
        """Number of frames that each trajectory has, before the stride."""
        return [entry.source.numFrames for entry in self._trajectories]

    @property
    def counts(self) -> list[FrameCounts]:
        """What became of the frames of each trajectory in the last iteration."""
        return [entry.counts for entry in self._trajectories]

    def __repr__(self) -> str:
        return (f"<TrajectoryDataset of {len(self._trajectories)} trajectories: {self.numFrames} frames of "
                f"{self.numAtoms} atoms>")

    def _checkFirst(self, trajectory: _Trajectory) -> None:
        """Look at the first frame, so that wrong files are refused before a long run."""
        for raw in trajectory.source.read(max(1, trajectory.source.numFrames)):
            if np.isfinite(raw.positions).all():
                _, error = self._makeWhole(trajectory, raw)
                if error is not None:
                    raise error

    def _makeWhole(self, trajectory: _Trajectory, raw: RawFrames) -> tuple[np.ndarray, ValueError | None]:
        """Get the selected atoms, molecules whole, up to a frame with a broken bond, and the error that tells of it."""
        kept, text = self._whole.take(raw.positions.astype(float), self._findBoxes(raw), raw.indices,
                                      trajectory.source.label)
        return kept, ValueError(f"{_where}: {text}") if text else None

    def _findBoxes(self, raw: RawFrames) -> np.ndarray | None:
        if raw.boxes is None and self._box is not None:
            return np.broadcast_to(self._box, (len(raw.positions), 3, 3))
        return raw.boxes

    def _makeForces(self, trajectory: _Trajectory, raw: RawFrames, count: int) -> Callable[[int], np.ndarray] | None:
        """Get what computes the forces on the selected atoms of the first frames."""
        forces, boxes = self._forces, self._findBoxes(raw)
        if forces is None:
            return None
        return lambda first: forces.compute(
            raw.positions[first:count].astype(float), None if boxes is None else boxes[first:count],
            f"frame {int(raw.indices[first])} and those behind it of {trajectory.source.label}")

    def hasWeights(self) -> bool:
        """Tell whether the frames have weights.

        Raises
        ------
        ValueError
            If those of some trajectories have weights and others have none.
        """
        known = [entry.weights is not None for entry in self._trajectories]
        if any(known) and not all(known):
            raise ValueError(f"{_where}: expected weights of all trajectories or of none, got none for "
                             f"{self._trajectories[known.index(False)].source.label}; weight 1 leaves frames as they "
                             "are")
        return all(known)

    @property
    def temperatures(self) -> list[float | None]:
        """Temperature of each trajectory in kelvin; None if it is not known."""
        return [entry.temperature for entry in self._trajectories]

    @property
    def labels(self) -> list[str]:
        """What each trajectory is: its path in quotes, or "the array"."""
        return [entry.source.label for entry in self._trajectories]

    def write(self, path: StrPath, progress: bool = True) -> int:
        """Write the frames to a shard, which ``train()`` reads, a block at a time.

        A shard that exists receives the frames that it does not have: those of more trajectories, of a simulation that
        went on, or of a call that was interrupted. What was written stays as it is. The last 20 % of the frames of each
        trajectory are kept for validation when a model is trained.

        Parameters
        ----------
        path : path
            The shard.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.

        Returns
        -------
        int
            How many frames were added.

        Raises
        ------
        ValueError
            As iterating; or if the shard holds another system, other frames of these trajectories, or is being written
            to.
        """
        from openmmorbit.data.trajectoryshards import writeShard

        number = writeShard(f"{_where}.write", self, path, progress)
        self.path = os.fspath(path)
        return number

    def __iter__(self) -> Iterator[Frames]:
        memory = _Memory()
        for number, trajectory in enumerate(self._trajectories):
            trajectory.counts = counts = FrameCounts(trajectory.source.label)
            for raw in trajectory.source.read(self._stride):
                good = np.isfinite(raw.positions[:, self._whole.isRead]).all(axis=(1, 2))
                new = np.array([ok and memory.isNew(frame) for ok, frame in zip(good, raw.positions)])
                counts.read += len(good)
                counts.notFinite += int((~good).sum())
                counts.duplicates += int((good & ~new).sum())
                if not new.any():
                    continue
                boxes = None if raw.boxes is None else raw.boxes[new]
                kept = raw._replace(positions=raw.positions[new], indices=raw.indices[new], boxes=boxes)
                whole, error = self._makeWhole(trajectory, kept)
                indices = kept.indices[:len(whole)]
                counts.kept += len(whole)
                if len(whole) > 0:
                    yield Frames(whole, indices, number, trajectory.temperature,
                                 None if trajectory.weights is None else trajectory.weights[indices],
                                 self._makeForces(trajectory, kept, len(whole)))
                if error is not None:
                    raise error
            if counts.duplicates > 0 and counts.kept == 0:
                warnings.warn(f"{_where}: expected new frames in {counts.label}, got {counts.duplicates} that a "
                              "trajectory before has; they are left out, whatever their temperature", stacklevel=2)

# SPDX-License-Identifier: MIT
"""An OpenMM reporter that writes the frames of a running simulation to a shard."""
from __future__ import annotations

import os
import time
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import openmm
from openmm import unit

from openmmorbit.arguments import checkInteger
from openmmorbit.data.frameforces import findObstacle, isCanonical, readForces
from openmmorbit.data.frameshards import FrameShard
from openmmorbit.data.trajectories import TrajectoryDataset
from openmmorbit.data.wholeframes import WholeFrames
from openmmorbit.messages import counted
from openmmorbit.selections import findAtoms
from openmmorbit.simulation.states import toKelvin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmm import app

    from openmmorbit._types import StrPath

_where = "TrainingDataReporter"
#: Frames, and seconds, after which frames in memory are written.
BLOCK_FRAMES, BLOCK_SECONDS = 100, 60.0


class _Buffer:
    """Frames on their way to a shard. It outlives the reporter, so that its last frames are written too."""

    def __init__(self, shard: FrameShard, series: str, temperature: float | None) -> None:
        self.shard, self.series, self._temperature = shard, series, temperature
        self._frames: list[np.ndarray] = []
        self._forces: list[np.ndarray] = []
        self._begin = 0.0

    def add(self, frame: np.ndarray, forces: np.ndarray | None) -> None:
        if not self._frames:
            self._begin = time.monotonic()
        self._frames.append(frame)
        if forces is not None:
            self._forces.append(forces)
        if len(self._frames) >= BLOCK_FRAMES or time.monotonic() - self._begin > BLOCK_SECONDS:
            self.flush()

    def flush(self) -> None:
        if self._frames:
            self.shard.addFrames(np.array(self._frames), self.series, self._temperature,
                                 forces=np.array(self._forces) if self._forces else None)
            self._frames, self._forces = [], []

    def close(self) -> None:
        self.flush()
        self.shard.close()


class TrainingDataReporter:
    """Appends frames to a shard while a simulation runs, for ``train()``.

    Molecules stand whole in the shard. Each reporter begins a series of its own, whose last 20 % are kept for
    validation. Frames with positions that are not finite are left out and counted. Frames are on disk after close(),
    at the end of the program, and at the latest after 100 frames or with the first report after a minute.

    Parameters
    ----------
    file : path or TrajectoryDataset
        The shard, which is made or continued; or a dataset, whose shard (``dataset.write()``), atoms and temperature
        are taken.
    reportInterval : int
        Steps between frames.
    atoms : sequence of int, sequence of atoms or residues, or str, optional
        Which atoms to keep, as for TrajectoryDataset: "all" (the default), "heavy", "CA", or mdtraj's language.
    temperature : Quantity or float, optional
        In kelvin if it carries no unit; default: that of the simulation's integrator if it has one.
    forces : bool, optional
        Whether to keep the forces on the atoms too, from which models learn faster and more accurately. Default: with a
        Langevin, Brownian or Nose-Hoover integrator of known temperature, and no constraint of the atoms that are kept.
        True for other dynamics that samples exp(-U/kT) of all forces.

    Attributes
    ----------
    numFrames : int
        Frames that were taken.
    numNotFinite : int
        Frames that were left out, because a position was NaN or infinite.

    Raises
    ------
    ValueError
        For wrong arguments; when the simulation begins, for a shard of another system or one that is being written to;
        at a report, for a frame with broken bonds.

    Examples
    --------
    >>> reporter = openmmorbit.TrainingDataReporter("frames.shard", 1000)  # doctest: +SKIP
    >>> simulation.reporters.append(reporter)  # doctest: +SKIP
    >>> simulation.step(1000000)  # doctest: +SKIP
    >>> reporter.close()  # doctest: +SKIP
    """

    def __init__(self, file: StrPath | TrajectoryDataset, reportInterval: int, *,
                 atoms: str | Sequence[Any] | None = None,
                 temperature: unit.Quantity | float | None = None, forces: bool | None = None) -> None:
        self._wantsForces = forces
        self._interval = checkInteger("reportInterval", reportInterval, 1, _where)
        self._temperature = None if temperature is None else toKelvin(_where, temperature)
        self._atoms: Any = atoms
        if isinstance(file, TrajectoryDataset):
            if file.path is None:
                raise ValueError(f"{_where}: expected a dataset with a shard, got one that was not written; call "
                                 "dataset.write(path), or give the path")
            self._takeFrom(file)
            file = file.path
        self._path = os.fspath(file)
        self._buffer: _Buffer | None = None
        self.numFrames = self.numNotFinite = 0

    def __repr__(self) -> str:
        return (f"<TrainingDataReporter every {self._interval} steps to \"{self._path}\": "
                f"{counted(self.numFrames, 'frame')}, {self.numNotFinite} not finite>")

    def _takeFrom(self, dataset: TrajectoryDataset) -> None:
        if self._atoms is None:
            self._atoms = dataset.atoms.tolist()
        known = set(dataset.temperatures)
        if self._temperature is None and len(known) == 1:
            self._temperature = known.pop()

    def describeNextReport(self, simulation: app.Simulation) -> dict[str, Any]:
        """Tell OpenMM when the next frame is due and what it needs. The first call opens the shard."""
        if self._buffer is None:
            self._buffer = self._open(simulation)
        return {"steps": self._interval - simulation.currentStep % self._interval, "periodic": False,
                "include": ["positions", "forces"] if self._takesForces else ["positions"]}

    def _open(self, simulation: app.Simulation) -> _Buffer:
        chosen = findAtoms(simulation.topology, self._atoms, _where)
        self._whole = WholeFrames(simulation.topology, chosen, _where)
        self._periodic = simulation.system.usesPeriodicBoundaryConditions()
        if self._temperature is None and hasattr(simulation.integrator, "getTemperature"):
            self._temperature = toKelvin(_where, simulation.integrator.getTemperature())
        self._takesForces = self._choosesForces(simulation, chosen)
        self._chosen = np.asarray(chosen, int)
        shard = FrameShard(_where, self._path, simulation.topology, chosen)
        try:
            shard.checkWeights(False)
            shard.checkTemperatures([self._temperature])
        except ValueError:
            shard.close()
            raise
        number = 1 + sum(name.startswith("simulation ") for name in shard.contents.series)
        buffer = _Buffer(shard, f"simulation {number}", self._temperature)
        self._finish = weakref.finalize(self, buffer.close)
        return buffer

    def _choosesForces(self, simulation: app.Simulation, chosen: Sequence[int]) -> bool:
        if self._wantsForces is False:
            return False
        obstacle = "no temperature" if self._temperature is None else findObstacle(simulation.system, chosen)
        if not obstacle and not self._wantsForces and not isCanonical(simulation.integrator):
            return False
        if obstacle and self._wantsForces:
            raise ValueError(f"{_where}: expected a simulation at a known temperature whose forces alone move the "
                             f"atoms, because of forces=True, got {obstacle}; leave out forces=")
        return not obstacle

    def report(self, simulation: app.Simulation, state: openmm.State) -> None:
        """Take a frame; OpenMM calls it."""
        buffer = self._buffer or self._open(simulation)
        self._buffer = buffer
        positions = state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)[None]
        if not np.isfinite(positions[:, self._whole.isRead]).all():
            self.numNotFinite += 1
            return
        boxes = None
        if self._periodic:
            boxes = state.getPeriodicBoxVectors(asNumpy=True).value_in_unit(unit.nanometer)[None]
        kept, text = self._whole.take(positions, boxes, np.array([simulation.currentStep]), "the simulation")
        if text:
            raise ValueError(f"{_where}: {text}")
        if self._takesForces and not state.getDataTypes() & openmm.State.Forces:
            # A caller that asked for positions only.
            buffer.flush()
            self._takesForces = False
        buffer.add(kept[0], readForces(state, self._chosen) if self._takesForces else None)
        self.numFrames += 1

    def flush(self) -> None:
        """Write the frames that are in memory."""
        if self._buffer is not None:
            self._buffer.flush()

    def close(self) -> None:
        """Write the frames that are in memory, and let others write to the shard. Later frames begin a new series."""
        if self._buffer is not None:
            self._finish()
            self._buffer = None

    def __enter__(self) -> TrainingDataReporter:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

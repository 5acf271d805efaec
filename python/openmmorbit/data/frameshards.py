# SPDX-License-Identifier: MIT
"""Shards with the frames of one system: made, continued, and what they hold."""
from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit import orbit
from openmmorbit.topologies import describeDifference, makeRecord

if TYPE_CHECKING:
    from openmm import app

    from openmmorbit._types import StrPath

#: Name of the condition of frames whose temperature is not known.
NO_TEMPERATURE = "simulation"
#: Files of a run in its folder.
SHARD, SETTINGS, CHECKPOINT, MODEL = "frames.shard", "settings.json", "checkpoint.bin", "model.safetensors"
_magic = (b"ORBSHRD1", b"ORBSHRD2")
#: kJ/mol/nm in a kcal/mol/Angstrom.
_KCAL_PER_ANGSTROM = 41.84


def isShard(path: StrPath) -> bool:
    """Tell whether a file is a shard."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as stream:
        return stream.read(8) in _magic


def nameCondition(temperature: float | None) -> str:
    """Get the name of the condition of a temperature in kelvin, e.g. "300 K"."""
    return NO_TEMPERATURE if temperature is None else f"{temperature:g} K"


@dataclass
class Series:
    """The frames of one simulation in a shard."""

    name: str
    """What the blocks have as their series."""
    numFrames: int = 0
    """How many there are."""
    conditions: list[str] = field(default_factory=list)
    """The conditions that they have."""
    hasForces: bool = False
    """Whether the last of its blocks has forces."""
    heads: list[tuple[int, orbit.FrameBlockHead]] = field(default_factory=list)
    """Number of the first frame of every block, and where the block lies."""


@dataclass
class Contents:
    """What a shard of one system holds."""

    topology: orbit.TopologySubject
    series: dict[str, Series]
    hasWeights: bool | None
    """None without frames."""

    @property
    def numFrames(self) -> int:
        """Number of all frames."""
        return sum(entry.numFrames for entry in self.series.values())

    @property
    def conditions(self) -> list[str]:
        """Names of the conditions, in order of their first appearance."""
        return list(dict.fromkeys(name for entry in self.series.values() for name in entry.conditions))


def readContents(where: str, path: StrPath) -> Contents | None:
    """Get what a shard of one system holds; the frames are not read. None for one that nothing was written to.

    Raises
    ------
    ValueError
        If it is no shard, or one of molecules or of several systems.
    """
    path = os.fspath(path)
    if not isShard(path):
        raise ValueError(f"{where}: expected a shard, got \"{path}\", which is "
                         f"{'another file' if os.path.exists(path) else 'no file'}")
    reader, subject, head = orbit.ShardReader(path), orbit.ShardSubject(), orbit.FrameBlockHead()
    contents: Contents | None = None
    while reader.nextSubject(subject):
        if subject.kind != orbit.SubjectKind_Topology:
            raise ValueError(f"{where}: expected a shard of a system, got \"{path}\" with {subject.getLabel()}")
        if contents is None:
            contents = Contents(orbit.TopologySubject(subject.topology), {}, None)
        difference = orbit.describeDifference(contents.topology, subject.topology)
        if difference:
            raise ValueError(f"{where}: expected frames of one system in \"{path}\", with {difference}")
        while reader.nextHead(head):
            entry = contents.series.setdefault(head.series, Series(head.series))
            entry.heads.append((entry.numFrames, orbit.FrameBlockHead(head)))
            entry.numFrames += head.numFrames
            entry.hasForces = head.hasForces
            if head.condition not in entry.conditions:
                entry.conditions.append(head.condition)
            contents.hasWeights = head.hasWeights
    return contents


def _readRunConditions(folder: str, path: str) -> list[str]:
    """Get the conditions of the run in a folder that trains on a shard; none if there is no such run."""
    try:
        with open(os.path.join(folder, SETTINGS), encoding="utf-8") as stream:
            settings = json.load(stream)
        shards = [name for entry in settings["datasets"] for name in entry["shards"]]
        conditions = [str(name) for name in settings["conditions"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    hasBegun = os.path.isfile(os.path.join(folder, CHECKPOINT))
    return conditions if hasBegun and os.path.realpath(path) in map(os.path.realpath, shards) else []


class FrameShard:
    """Writes frames of one system to a shard; one that exists is continued.

    What addFrames() was given is complete on disk when it returns, also if the process ends a moment later.

    Parameters
    ----------
    where : str
        The caller, for messages.
    path : path
    topology : openmm.app.Topology
    atoms : sequence of int
        Indices of the atoms that the frames have, ascending.

    Attributes
    ----------
    contents : Contents
        What the shard held when it was opened.

    Raises
    ------
    ValueError
        If the file is another one, holds another system, or is being written to.
    """

    def __init__(self, where: str, path: StrPath, topology: app.Topology, atoms: Sequence[int]) -> None:
        self.path, self._where = os.fspath(path), where
        folder = os.path.dirname(os.path.abspath(self.path))
        if not os.path.isdir(folder):
            raise FileNotFoundError(f"{where}: expected an existing folder for \"{self.path}\", got none; create "
                                    f"'{folder}'")
        self._subject = orbit.ShardSubject()
        self._subject.kind, self._subject.splitRule = orbit.SubjectKind_Topology, orbit.SplitRule_Time
        self._subject.topology = orbit.makeTopologySubject(makeRecord(topology), np.asarray(atoms, dtype=np.int32))
        self._topology, self._atoms = topology, atoms
        self._lock = open(self.path, "ab")
        try:
            self._open()
        except BaseException:
            self._lock.close()
            raise

    def _open(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ValueError(f"{self._where}: expected a shard that nobody writes to, got \"{self.path}\", which "
                             "another process or reporter has open; choose another file") from error
        empty = os.path.getsize(self.path) == 0
        found = None if empty else readContents(self._where, self.path)
        self.contents = found or Contents(self._subject.topology, {}, None)
        difference = "" if found is None else describeDifference(found.topology, self._topology, self._atoms)
        if difference:
            raise ValueError(f"{self._where}: expected the system of \"{self.path}\", with {difference}; write another "
                             "system to another file")
        self._writer = orbit.ShardWriter(self.path, orbit.ShardMode_Replace if empty else orbit.ShardMode_Append)
        self._writer.addSubject(self._subject)

    def checkWeights(self, hasWeights: bool) -> None:
        """Refuse frames with weights beside frames without them."""
        if self.contents.hasWeights is not None and self.contents.hasWeights != hasWeights:
            words = ("weights", "no weights")
            raise ValueError(f"{self._where}: expected frames with {words[hasWeights]} as those in \"{self.path}\", "
                             f"got frames with {words[not hasWeights]}; write them to another file")

    def checkTemperatures(self, temperatures: Sequence[float | None]) -> None:
        """Refuse temperatures that the run beside the shard does not have: it could not be continued with them.

        These are of new frames, which may have some of the run's temperatures alone. Those of all frames must be the
        run's, each of them: this is seen when the run is continued.
        """
        folder = os.path.dirname(os.path.abspath(self.path))
        known = _readRunConditions(folder, self.path)
        new = [name for name in dict.fromkeys(map(nameCondition, temperatures)) if name not in known]
        if known and new:
            raise ValueError(f"{self._where}: expected the temperatures of the run in \"{folder}\" "
                             f"({', '.join(known)}), got {', '.join(new)}; write these frames to another folder, and "
                             f"train there, with initialModel='{os.path.join(folder, MODEL)}' to begin with its "
                             "weights")

    def readWeights(self, series: str) -> np.ndarray | None:
        """Get the weights of a series that the shard held when it was opened: shape (numFrames,), or None."""
        if not self.contents.hasWeights:
            return None
        reader = orbit.ShardReader(self.path)
        return np.concatenate([np.array(reader.readWeights(head), np.float32)
                               for _, head in self.contents.series[series].heads])

    def addFrames(self, positions: np.ndarray, series: str, temperature: float | None,
                  weights: np.ndarray | None = None, energies: np.ndarray | None = None,
                  forces: np.ndarray | None = None) -> None:
        """Append frames.

        Parameters
        ----------
        positions : numpy.ndarray
            Shape (numFrames, numAtoms, 3), in nm.
        series : str
            The simulation that they continue.
        temperature : float or None
            In kelvin.
        weights : numpy.ndarray, optional
            Shape (numFrames,).
        energies : numpy.ndarray, optional
            Shape (numFrames,), in kcal/mol.
        forces : numpy.ndarray, optional
            Shape (numFrames, numAtoms, 3), in kJ/mol/nm.
        """
        block = orbit.FrameBlock()
        block.condition, block.temperature, block.series = nameCondition(temperature), temperature or 0.0, series
        block.positions = np.ascontiguousarray(positions, dtype=np.float32).ravel() * np.float32(10)
        if forces is not None:
            block.forces = np.ascontiguousarray(forces, dtype=np.float32).ravel() / np.float32(_KCAL_PER_ANGSTROM)
        for name, values in (("weights", weights), ("energies", energies)):
            if values is not None:
                setattr(block, name, np.ascontiguousarray(values, dtype=np.float32))
        self._writer.addFrames(block)

    def readFrame(self, series: str, number: int) -> np.ndarray:
        """Get a frame of a series that the shard held when it was opened: shape (numAtoms, 3), in Angstrom."""
        first, head = next(entry for entry in reversed(self.contents.series[series].heads) if entry[0] <= number)
        return np.array(orbit.ShardReader(self.path).readFrame(head, number - first), np.float32).reshape(-1, 3)

    def close(self) -> None:
        """Let others write to the shard."""
        self._writer = None
        self._lock.close()

    def __enter__(self) -> FrameShard:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

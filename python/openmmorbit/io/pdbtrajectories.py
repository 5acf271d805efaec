# SPDX-License-Identifier: MIT
"""Files with many models, read by OpenMM a block of models at a time: what PDB and PDBx files share, and PDB files."""
from __future__ import annotations

import io
from abc import ABC, abstractmethod
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from openmm import unit

from openmmorbit.io.trajectoryfiles import RawFrames, blockSize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, BinaryIO

    from openmm import app

#: OpenMM holds about 2 kB for an atom while it reads: so many atoms at a time, or one model.
BLOCK_ATOMS = 20000


class Model(NamedTuple):
    """Where a model stands in its file."""

    begin: int
    end: int
    box: bytes = b""
    """The last CRYST1 record before its end; empty if there is none."""


def _scan(stream: BinaryIO) -> tuple[list[Model], bool]:
    """Find the models of a file: what ends with ENDMDL or END. Tell whether the last one has such an end."""
    models: list[Model] = []
    place, begin, box, isOpen = 0, 0, b"", False
    for line in stream:
        head = line[:6]
        if not isOpen and (head in (b"ATOM  ", b"HETATM") or head[:5] == b"MODEL"):
            isOpen, begin = True, place
        elif head == b"CRYST1":
            box = line
        place += len(line)
        if isOpen and (head == b"ENDMDL" or line.rstrip() == b"END"):
            models.append(Model(begin, place, box))
            isOpen = False
    if isOpen:
        models.append(Model(begin, place, box))
    return models, not isOpen


class ModelTrajectory(ABC):
    """The models of a file, which are never in memory together.

    Parameters
    ----------
    where : str
        The function, for messages.
    path : str

    Attributes
    ----------
    topology : openmm.app.Topology
        Of the first model.
    label : str
        The path in quotes.
    numFrames : int
        Number of complete models.
    damage : str
        What is wrong with the end of the file; empty if nothing is.

    Raises
    ------
    ValueError
        If the first model cannot be read, or there is none.
    """

    def __init__(self, where: str, path: str) -> None:
        self._where, self._path, self.label, self.damage = where, path, f'"{path}"', ""
        try:
            with open(path, "rb") as stream:
                self._models, isComplete = self._scan(stream)
            if not self._models:
                raise ValueError("no atoms")
            self.topology = self._parseFirst().topology
        except Exception as error:
            raise ValueError(f"{where}: expected models of the same atoms in {self.label}, got a file that cannot be "
                             f"read ({str(error).strip() or type(error).__name__})") from error
        self.numFrames = len(self._models)
        # What the last one lacks may be its end alone.
        if not isComplete and self.numFrames > 1:
            try:
                self._read([self.numFrames - 1])
            except ValueError:
                self.numFrames -= 1
                self.damage = f"{self.numFrames} complete models and a part of one"

    @abstractmethod
    def _scan(self, stream: BinaryIO) -> tuple[list[Model], bool]:
        """Find the models; tell whether the last one is known to be complete."""

    @abstractmethod
    def _parseFirst(self) -> app.PDBFile | app.PDBxFile:
        """Read the first model with all that the file says of its bonds and its box."""

    @abstractmethod
    def _parse(self, numbers: Sequence[int]) -> app.PDBFile | app.PDBxFile:
        """Read models with one box."""

    def _getBox(self, file: app.PDBFile | app.PDBxFile) -> Any:
        """Get the box of what _parse() read."""
        return file.topology.getPeriodicBoxVectors()

    def _read(self, numbers: Sequence[int]) -> RawFrames:
        """Read models with one box, and check them."""
        try:
            file = self._parse(numbers)
            models = [file.getPositions(asNumpy=True, frame=k)._value for k in range(file.getNumFrames())]
            numAtoms = self.topology.getNumAtoms()
            wrong = [len(positions) for positions in models if len(positions) != numAtoms]
            if wrong or len(models) != len(numbers):
                raise ValueError(f"{wrong[0] if wrong else 'no'} atoms, {numAtoms} in the first model")
        except Exception as error:
            raise ValueError(f"{self._where}: expected models of the same atoms in {self.label}, got a file that is "
                             f"damaged from frame {numbers[0]} on ({str(error).strip() or type(error).__name__})"
                             ) from error
        box = self._getBox(file)
        boxes = None if box is None else np.array([box.value_in_unit(unit.nanometer)] * len(models))
        return RawFrames(np.array(models), boxes, np.array(numbers))

    def read(self, stride: int) -> Iterator[RawFrames]:
        """Read every stride-th of the complete models, a block of them at a time."""
        numAtoms = self.topology.getNumAtoms()
        size = min(blockSize(numAtoms), max(1, BLOCK_ATOMS // numAtoms))
        for _, group in groupby(range(0, self.numFrames, stride), key=lambda number: self._models[number].box):
            same = list(group)
            for first in range(0, len(same), size):
                numbers = same[first:first + size]
                try:
                    blocks = [self._read(numbers)]
                except ValueError:      # one by one, up to the damaged model, which the message names
                    yield from (self._read([number]) for number in numbers)
                    continue
                yield from blocks


class PdbTrajectory(ModelTrajectory):
    """The models of a PDB file.

    Programs write the models between MODEL and ENDMDL, or each before an END; a box may change from model to model.
    """

    def _scan(self, stream: BinaryIO) -> tuple[list[Model], bool]:
        return _scan(stream)

    def _parseFirst(self) -> app.PDBFile:
        return self._parse([0])

    def _parse(self, numbers: Sequence[int]) -> app.PDBFile:
        from openmm import app

        parts = [self._models[numbers[0]].box]
        with open(self._path, "rb") as stream:
            for number in numbers:
                begin, end, _ = self._models[number]
                stream.seek(begin)
                text = stream.read(end - begin)
                # Each stands between these, also if the file has none.
                parts += [b"" if text.startswith(b"MODEL") else b"MODEL        1\n", text,
                          b"" if b"\nENDMDL" in text[-100:] else b"\nENDMDL\n"]
        return app.PDBFile(io.StringIO(b"".join(parts).decode("utf-8", "replace")))

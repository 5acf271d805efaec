# SPDX-License-Identifier: MIT
"""PDBx/mmCIF files with many models, read by OpenMM a block of models at a time."""
from __future__ import annotations

import io
from itertools import groupby
from typing import TYPE_CHECKING, Any

from openmmorbit.io.pdbtrajectories import Model, ModelTrajectory
from openmmorbit.io.pdbxrows import AtomTable, isBlock, isColumn, isRow, nameColumn, splitRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from openmm import app


def _read(text: bytes) -> app.PDBxFile:
    from openmm import app

    return app.PDBxFile(io.StringIO(text.decode("utf-8", "replace")))


class PdbxTrajectory(ModelTrajectory):
    """The models of a PDBx/mmCIF file: those of its first data block, as OpenMM reads it, which have one box.

    The rows of a model follow each other, each on one line, as all programs write them.
    """

    def __init__(self, where: str, path: str) -> None:
        self._columns: list[bytes] = []
        super().__init__(where, path)

    def _skipToAtoms(self, stream: BinaryIO) -> int:
        """Read up to the first row of the atoms and keep the names of their columns; get the place of that row."""
        place, isText, isInBlock = 0, False, False
        for line in stream:
            text = line.decode("latin-1")
            if text.startswith(";"):
                isText = not isText
            elif not isText and isBlock(text):
                if isInBlock:
                    raise ValueError("no atoms in its first data block")
                isInBlock = True
            elif not isText and isColumn(text):
                self._columns.append(line)
            elif self._columns:
                break
            place += len(line)
        return place

    def _listRows(self, stream: BinaryIO, place: int) -> Iterator[tuple[bytes, int, int]]:
        """Get the model of each row of the atoms, and where the row begins and ends; a last one may be cut off."""
        table = AtomTable(0, 0, [nameColumn(line.decode("latin-1")) for line in self._columns])
        column, count, before = table.find("pdbx_pdb_model_num"), len(self._columns), b""
        stream.seek(place)
        for line in stream:
            values = [value.encode("latin-1") for value in splitRow(line.decode("latin-1"))] \
                if b"'" in line or b'"' in line else line.split()
            isWhole = len(values) == count
            if not isWhole and not isRow(line.decode("latin-1")):
                return
            number = values[column] if isWhole and column is not None else b"1"
            if not line.endswith(b"\n") and (not isWhole or number != before):
                return
            if not isWhole:
                raise ValueError(f"{len(values)} of {count} values in the row \"{line.decode('latin-1').strip()}\"")
            yield number, place, place + len(line)
            place, before = place + len(line), number

    def _scan(self, stream: BinaryIO) -> tuple[list[Model], bool]:
        models, counts, seen = list[Model](), list[int](), set[bytes]()
        for number, rows in groupby(self._listRows(stream, self._skipToAtoms(stream)), lambda row: row[0]):
            if number in seen:
                raise ValueError(f"the atoms of model {number.decode('latin-1')} in several places")
            seen.add(number)
            places = list(rows)
            models.append(Model(places[0][1], places[-1][2]))
            counts.append(len(places))
        return models, not counts or counts[-1] == counts[0]

    def _parseFirst(self) -> app.PDBxFile:
        parts = []
        with open(self._path, "rb") as stream:
            parts.append(stream.read(self._models[0].end))
            stream.seek(self._models[-1].end)
            for line in stream:     # A last row that is cut off is none.
                if isBlock(line.decode("latin-1")):
                    break
                if len(parts) > 1 or not isRow(line.decode("latin-1")):
                    parts.append(line)
        return _read(b"".join(parts))

    def _parse(self, numbers: Sequence[int]) -> app.PDBxFile:
        parts = [b"data_models\nloop_\n", *self._columns]
        with open(self._path, "rb") as stream:
            for number in numbers:
                begin, end, _ = self._models[number]
                stream.seek(begin)
                parts.append(stream.read(end - begin))
        return _read(b"".join(parts))

    def _getBox(self, file: app.PDBFile | app.PDBxFile) -> Any:
        return self.topology.getPeriodicBoxVectors()

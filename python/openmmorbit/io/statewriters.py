# SPDX-License-Identifier: MIT
"""Files of states that grow while they are generated: DCD, PDB, PDBx/mmCIF and HDF5."""
from __future__ import annotations

import io
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from openmm import app, unit

from openmmorbit.io.outputs import freePartPath
from openmmorbit.io.pdbxmodels import PDBxModels
from openmmorbit.io.topologyfiles import fitsPDB
from openmmorbit.io.trajectoryfiles import requireMdtraj
from openmmorbit.messages import counted

if TYPE_CHECKING:
    from io import FileIO

    import numpy as np

    from openmmorbit._types import StrPath

ENDINGS = (".dcd", ".pdb", ".cif", ".h5")
#: Bytes that HDF5 may need beside the positions: an incomplete chunk is written anew, and its index grows.
_extraBytes = 2**18


def _append(stream: FileIO, data: bytes) -> None:
    """Write bytes at the end of a file, all or none of them."""
    length, view = stream.seek(0, os.SEEK_END), memoryview(data)
    try:
        while view:
            view = view[stream.write(view):]
    except OSError:
        stream.truncate(length)
        raise


class _HDF5:
    """An HDF5 file. HDF5 tells nothing of a write that fails, so that room is asked for before each."""

    def __init__(self, path: str, topology: app.Topology) -> None:
        md = requireMdtraj("an HDF5 file")
        self._path, self._stream = path, md.open(path, "w", force_overwrite=True)
        self._stream.topology = md.Topology.from_openmm(topology)

    def add(self, positions: np.ndarray, first: int) -> None:
        with open(self._path, "r+b") as stream:     # HDF5 cuts off what it does not need
            os.posix_fallocate(stream.fileno(), 0, os.fstat(stream.fileno()).st_size + 8 * positions.size + _extraBytes)
        self._stream.write(positions)
        self._stream.flush()

    def close(self) -> None:
        self._stream.close()


class _Written:
    """A file that OpenMM formats in memory; each block of states stands in it as a whole, or not at all."""

    def __init__(self, path: str, topology: app.Topology) -> None:
        self._topology, self._ending = topology, os.path.splitext(path)[1].lower()
        self._stream = open(path, "wb", buffering=0)
        self._memory: Any = io.BytesIO() if self._ending == ".dcd" else io.StringIO()
        if self._ending == ".dcd":
            self._dcd = app.DCDFile(self._memory, topology, 1.0 * unit.picosecond)
            self._headLength = len(self._memory.getvalue())
        elif self._ending == ".pdb":
            self._keepIds = fitsPDB(topology)
            app.PDBFile.writeHeader(topology, self._memory)
        else:
            self._models = PDBxModels(topology)
            self._models.writeHeader(self._memory)

    def add(self, positions: np.ndarray, first: int) -> None:
        for number, state in enumerate(positions, first):
            self._format(unit.Quantity(state, unit.nanometer), number)
        try:
            self._flush()
        except OSError:
            if self._ending == ".dcd":
                self._dcd._modelCount = first - 1   # what the head of the next block counts from
            raise

    def _format(self, positions: unit.Quantity, number: int) -> None:
        if self._ending == ".dcd":
            self._dcd.writeModel(positions)
        elif self._ending == ".pdb":
            app.PDBFile.writeModel(self._topology, positions, self._memory, number, keepIds=self._keepIds)
        else:
            self._models.writeModel(positions, self._memory, number)

    def _flush(self) -> None:
        """Write what is in memory. The head of a DCD file has the number of frames: it comes after these."""
        text = self._memory.getvalue()
        if self._ending != ".dcd":
            self._memory.seek(0)
            self._memory.truncate()
            _append(self._stream, text.encode())
            return
        length = self._headLength
        self._memory.truncate(length)
        _append(self._stream, text if self._stream.tell() == 0 else text[length:])
        self._stream.seek(0)
        self._stream.write(text[:length])

    def close(self) -> None:
        if self._ending == ".pdb":
            app.PDBFile.writeFooter(self._topology, self._memory)
            with suppress(OSError):     # A full disk: the states are there.
                self._flush()
        self._stream.close()


class StateFile:
    """Writes states as they come. The file is whole up to the last ones after each call of add().

    A file that is new grows under its own name. One that exists stays as it was until finish(): meanwhile the states
    stand in a new file beside it, see openmmorbit.io.outputs.freePartPath(). Nothing is written before the first.

    Parameters
    ----------
    path : path
        It ends in .dcd, .pdb, .cif or .h5.
    topology : openmm.app.Topology
    """

    def __init__(self, path: StrPath, topology: app.Topology) -> None:
        self.path, self._topology = os.path.realpath(path), topology
        self.writtenPath = freePartPath(self.path) if os.path.isfile(self.path) else self.path
        self._ending = os.path.splitext(self.path)[1].lower()
        if self._ending not in ENDINGS:
            raise ValueError(f"StateFile: expected a file that ends in {', '.join(ENDINGS)}, got '{path}'")
        if self._ending == ".h5":
            requireMdtraj("an HDF5 file")
        self._file: _HDF5 | _Written | None = None
        self.numStates = 0
        """States that were written."""

    def add(self, positions: np.ndarray) -> None:
        """Append states.

        Parameters
        ----------
        positions : numpy.ndarray
            Shape (numStates, numAtoms, 3), in nm.

        Raises
        ------
        OSError
            If the disk is full: none of these states is written, those before stay.
        """
        if len(positions) == 0:
            return
        try:
            if self._file is None:
                self._file = (_HDF5 if self._ending == ".h5" else _Written)(self.writtenPath, self._topology)
            self._file.add(positions, self.numStates + 1)
        except OSError as error:
            kept = f"; the {self.numStates} before them are kept" if self.numStates > 0 else ""
            raise OSError(f"StateFile: expected room for {counted(len(positions), 'more state')} in "
                          f"'{self.writtenPath}', got \"{error.strerror or error}\"{kept}; free some space") from error
        self.numStates += len(positions)

    def close(self, replace: bool) -> str:
        """Finish the file.

        Parameters
        ----------
        replace : bool
            Whether it takes the place of an older one; otherwise it stays beside that.

        Returns
        -------
        str
            Where the states are; empty if there are none.
        """
        if self._file is None:
            return ""
        self._file.close()
        if self.numStates == 0:
            os.remove(self.writtenPath)
            return ""
        if replace and self.writtenPath != self.path:
            os.replace(self.writtenPath, self.path)
            return self.path
        return self.writtenPath

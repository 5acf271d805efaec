# SPDX-License-Identifier: MIT
"""Files of states that grow while they are generated: DCD, PDB, PDBx/mmCIF and HDF5."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from openmm import app, unit

from openmmorbit.io.outputs import freePartPath
from openmmorbit.io.pdbxmodels import PDBxModels
from openmmorbit.io.trajectoryfiles import requireMdtraj

if TYPE_CHECKING:
    import numpy as np

    from openmmorbit._types import StrPath

ENDINGS = (".dcd", ".pdb", ".cif", ".h5")


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
        self._stream: Any = None
        self.numStates = 0
        """States that were written."""

    def add(self, positions: np.ndarray) -> None:
        """Append states.

        Parameters
        ----------
        positions : numpy.ndarray
            Shape (numStates, numAtoms, 3), in nm.
        """
        if len(positions) == 0:
            return
        if self._stream is None:
            self._open()
        if self._ending == ".h5":
            self._stream.write(positions)
        else:
            for number, state in enumerate(positions, self.numStates + 1):
                self._write(unit.Quantity(state, unit.nanometer), number)
        self._stream.flush()
        self.numStates += len(positions)

    def _open(self) -> None:
        if self._ending == ".h5":
            md = requireMdtraj("an HDF5 file")
            self._stream = md.open(self.writtenPath, "w", force_overwrite=True)
            self._stream.topology = md.Topology.from_openmm(self._topology)
            return
        self._stream = open(self.writtenPath, "wb" if self._ending == ".dcd" else "w")
        if self._ending == ".dcd":
            self._dcd = app.DCDFile(self._stream, self._topology, 1.0 * unit.picosecond)
        elif self._ending == ".pdb":
            # The columns of a PDB file are narrow.
            self._keepIds = all(len(r.id) <= 4 and len(r.chain.id) == 1 for r in self._topology.residues())
            app.PDBFile.writeHeader(self._topology, self._stream)
        else:
            self._models = PDBxModels(self._topology)
            self._models.writeHeader(self._stream)

    def _write(self, positions: unit.Quantity, number: int) -> None:
        if self._ending == ".dcd":
            self._dcd.writeModel(positions)
        elif self._ending == ".pdb":
            app.PDBFile.writeModel(self._topology, positions, self._stream, number, keepIds=self._keepIds)
        else:
            self._models.writeModel(positions, self._stream, number)

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
        if self._stream is None:
            return ""
        if self._ending == ".pdb":
            app.PDBFile.writeFooter(self._topology, self._stream)
        self._stream.close()
        if replace and self.writtenPath != self.path:
            os.replace(self.writtenPath, self.path)
            return self.path
        return self.writtenPath

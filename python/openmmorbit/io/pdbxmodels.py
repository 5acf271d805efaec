# SPDX-License-Identifier: MIT
"""Models of PDBx/mmCIF files, whose residues are told apart whatever their numbers are."""
from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from openmmorbit.selections import selectAtoms

if TYPE_CHECKING:
    from typing import IO

    from openmm import app

#: The place of auth_seq_id in a line of an atom.
AUTHOR_NUMBER = 21


class PDBxModels:
    """Writes a Topology and any number of its states with app.PDBxFile, which tells residues apart by chain and number.

    Where several residues have one number, for example 184 and 184A of a serine protease, label_seq_id counts the
    residues, and the numbers stand in auth_seq_id and pdbx_PDB_ins_code, as in files of the PDB.

    Parameters
    ----------
    topology : openmm.app.Topology
    """

    def __init__(self, topology: app.Topology) -> None:
        from openmm.app import PDBxFile

        self._file = PDBxFile
        self._numbers: list[str] = []
        self._topology = topology
        residues = list(topology.residues())
        if len({(residue.chain.id, residue.id) for residue in residues}) < len(residues):
            self._topology = _count(topology)
            self._numbers = [str(atom.residue.id) for atom in topology.atoms()]

    def writeHeader(self, stream: IO[Any]) -> None:
        """Write what stands before the first model."""
        self._file.writeHeader(self._topology, stream, keepIds=True)

    def writeModel(self, positions: Any, stream: IO[Any], number: int) -> None:
        """Write a model.

        Parameters
        ----------
        positions : Quantity
            Shape (numAtoms, 3).
        stream : file
        number : int
            Of the model, from 1.
        """
        if not self._numbers:
            self._file.writeModel(self._topology, positions, stream, number, keepIds=True)
            return
        text = io.StringIO()
        self._file.writeModel(self._topology, positions, text, number, keepIds=True)
        for line, known in zip(text.getvalue().splitlines(), self._numbers):
            fields = line.split()
            fields[AUTHOR_NUMBER] = known
            stream.write(" ".join(fields) + "\n")


def _count(topology: app.Topology) -> app.Topology:
    """Get a copy whose residues are numbered from 1."""
    result = selectAtoms(topology, range(topology.getNumAtoms()))
    for number, residue in enumerate(result.residues(), 1):
        residue.id = str(number)
    return result

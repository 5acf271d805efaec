# SPDX-License-Identifier: MIT
"""Files that say what the atoms of a system are."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openmm import app

    from openmmorbit._types import StrPath

#: Ending to the name of the class of openmm.app that reads it.
READERS = {".pdb": "PDBFile", ".ent": "PDBFile", ".cif": "PDBxFile", ".pdbx": "PDBxFile", ".mmcif": "PDBxFile",
           ".prmtop": "AmberPrmtopFile", ".parm7": "AmberPrmtopFile", ".psf": "CharmmPsfFile"}
#: Endings of files that have positions, too.
STRUCTURES = (".pdb", ".cif", ".pdbx")


def openStructure(where: str, path: StrPath) -> app.PDBFile | app.PDBxFile:
    """Read the atoms and positions of a file that ends in one of STRUCTURES.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        For a file that cannot be read or has no atoms.
    """
    return _open(where, os.fspath(path), "atoms and positions")


def fitsPDB(topology: app.Topology) -> bool:
    """Tell whether a PDB file can hold the numbers of residues and the names of chains: its columns are narrow."""
    return all(len(residue.id) <= 4 and len(residue.chain.id) == 1 for residue in topology.residues())


def _open(where: str, path: str, content: str) -> Any:
    """Read a file of any of READERS."""
    from openmm import app

    if not os.path.isfile(path):
        raise FileNotFoundError(f"{where}: expected a file with {content}, got \"{path}\", which is no file")
    try:
        found = getattr(app, READERS[os.path.splitext(path)[1].lower()])(path)
    except Exception as error:  # each format has errors of its own
        raise ValueError(f"{where}: expected {content} in \"{path}\", got a file that cannot be read "
                         f"({str(error).strip() or type(error).__name__})") from error
    if found.topology.getNumAtoms() == 0:
        raise ValueError(f"{where}: expected atoms in \"{path}\", got none")
    return found


def readTopology(where: str, path: StrPath) -> app.Topology:
    """Read the Topology of a PDB, PDBx, Amber prmtop or CHARMM PSF file.

    Parameters
    ----------
    where : str
        The caller, for messages.
    path : path

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        For another format, and a file that cannot be read or has no atoms.
    """
    path = os.fspath(path)
    ending = os.path.splitext(path)[1].lower()
    if os.path.isfile(path) and ending not in READERS:
        raise ValueError(f"{where}: expected a Topology in a file that ends in {', '.join(READERS)}, got \"{path}\"")
    return _open(where, path, "the Topology of a system").topology

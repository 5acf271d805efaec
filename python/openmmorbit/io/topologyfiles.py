# SPDX-License-Identifier: MIT
"""Files that say what the atoms of a system are."""
from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from openmm import app

    from openmmorbit.data.structures import Structure
    from openmmorbit._types import StrPath

#: Ending to the name of the class of openmm.app that reads it.
READERS = {".pdb": "PDBFile", ".ent": "PDBFile", ".cif": "PDBxFile", ".pdbx": "PDBxFile", ".mmcif": "PDBxFile",
           ".prmtop": "AmberPrmtopFile", ".parm7": "AmberPrmtopFile", ".psf": "CharmmPsfFile"}
_endings = tuple(ending for ending, reader in READERS.items() if reader in ("PDBFile", "PDBxFile"))
#: Endings of files that have positions, too.
STRUCTURES = (*_endings, *(ending + ".gz" for ending in _endings))


def openStructure(where: str, path: StrPath) -> Structure:
    """Read the first model of a file that ends in one of STRUCTURES; more of them give a warning.

    Of alternative locations, the conformer of highest occupancy is taken, residue by residue.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        For a file that cannot be read or has no atoms.
    """
    from openmmorbit.data.structures import readModels

    models = readModels(where, path)
    if len(models) > 1:
        warnings.warn(f"{where}: expected one model, got {len(models)} in \"{path}\"; the first one is taken; for "
                      "another give one of openmmorbit.readStructures()", stacklevel=4)
    return models[0]


def fitsPDB(topology: app.Topology) -> bool:
    """Tell whether a PDB file can hold the numbers of residues and the names of chains: its columns are narrow."""
    return all(len(residue.id) <= 4 and len(residue.chain.id) == 1 for residue in topology.residues())


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
    from openmm import app

    path, content = os.fspath(path), "the Topology of a system"
    ending = os.path.splitext(path)[1].lower()
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{where}: expected a file with {content}, got \"{path}\", which is no file")
    if ending not in READERS:
        raise ValueError(f"{where}: expected a Topology in a file that ends in {', '.join(READERS)}, got \"{path}\"")
    try:
        topology = getattr(app, READERS[ending])(path).topology
    except Exception as error:  # each format has errors of its own
        raise ValueError(f"{where}: expected {content} in \"{path}\", got a file that cannot be read "
                         f"({str(error).strip() or type(error).__name__})") from error
    if topology.getNumAtoms() == 0:
        raise ValueError(f"{where}: expected atoms in \"{path}\", got none")
    return topology

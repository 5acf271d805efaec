# SPDX-License-Identifier: MIT
"""Structures of proteins in PDB and PDBx/mmCIF files, model by model."""
from __future__ import annotations

import gzip
import io
import os
import re
import warnings
from typing import TYPE_CHECKING, NamedTuple

from openmm import app, unit

from openmmorbit.arguments import checkInteger
from openmmorbit.data.locations import keepConformersPdb, keepConformersPdbx
from openmmorbit.io.pdbxrows import isBlock
from openmmorbit.io.topologyfiles import STRUCTURES

if TYPE_CHECKING:
    from openmmorbit._types import StrPath

#: The coordinates of an atom end in this column of a PDB file.
_lastColumn = 54


class Structure(NamedTuple):
    """One model of a file: what its atoms are, and where."""

    topology: app.Topology
    positions: unit.Quantity


def _readText(path: str) -> str:
    if path.lower().endswith(".gz"):
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") as stream:
            return stream.read()
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def _splitPdb(text: str) -> list[str]:
    """Get the text of each model of a PDB file, with what stands around the models."""
    around: list[str] = []
    models: list[list[str]] = []
    isInside = False
    for number, line in enumerate(text.splitlines(), 1):
        isAtom = line.startswith(("ATOM  ", "HETATM"))
        if isAtom and len(line.rstrip()) < _lastColumn:
            raise ValueError(f"its line {number} is cut off")
        if line.startswith("MODEL"):
            models.append([])
            isInside = True
        elif line.startswith("ENDMDL"):
            isInside = False
        elif isAtom and models and not isInside:
            raise ValueError(f"its line {number} has an atom that is in none of its models")
        else:
            (models[-1] if isInside else around).append(line)
    return ["\n".join([*lines, *around]) for lines in models] if models else [text]


def _splitPdbx(text: str) -> list[str]:
    """Get the text of each data block of a PDBx/mmCIF file that has atoms."""
    blocks: list[list[str]] = []
    isText = False      # inside of a text of several lines
    for line in text.splitlines():
        if line.startswith(";"):
            isText = not isText
        if isBlock(line) and not isText or not blocks:
            blocks.append([])
        blocks[-1].append(line)
    return ["\n".join(lines) + "\n" for lines in blocks if any(line.startswith("_atom_site.") for line in lines)]


def _read(path: str) -> list[Structure]:
    text = _readText(path)
    isPdb = re.sub(r"\.gz$", "", path.lower()).endswith((".pdb", ".ent"))
    if not re.search(r"^(ATOM  |HETATM)" if isPdb else r"^_atom_site\.", text, re.M):
        raise ValueError("it has no atoms")
    if isPdb:
        files = [app.PDBFile(io.StringIO(keepConformersPdb(part))) for part in _splitPdb(text)]
        return [Structure(file.topology, file.positions) for file in files]
    found = []
    for block in _splitPdbx(text):
        file = app.PDBxFile(io.StringIO(keepConformersPdbx(block)))
        for k in range(file.getNumFrames()):
            positions = file.getPositions(frame=k)
            if len(positions) != file.topology.getNumAtoms():
                raise ValueError(f"its models have different atoms, {file.topology.getNumAtoms()} in the first and "
                                 f"{len(positions)} in number {k + 1}; write them as data blocks")
            found.append(Structure(file.topology, positions))
    return found


def readModels(where: str, path: StrPath) -> list[Structure]:
    """Read all models of a structure: those of a PDB file, or all data blocks of a PDBx/mmCIF file with theirs.

    Of alternative locations, the conformer of highest occupancy is taken, residue by residue.

    Parameters
    ----------
    where : str
        The caller, for messages.
    path : path
        .pdb, .ent, .cif, .mmcif or .pdbx, also with .gz behind it. Models need not have the same atoms.

    Raises
    ------
    FileNotFoundError, ValueError
        Naming the file.
    """
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{where}: expected a structure, got \"{path}\", which is no file")
    if not path.lower().endswith(STRUCTURES):
        raise ValueError(f"{where}: expected a structure that ends in {', '.join(STRUCTURES)}, got \"{path}\"")
    try:
        return _read(path)
    except Exception as error:  # each format has errors of its own
        reason = str(error).strip()
        if not isinstance(error, (ValueError, OSError)) or not reason:      # words of Python, not of a reader
            reason = "it is cut off, or no file of its format"
        raise ValueError(f"{where}: expected a structure, got \"{path}\", a file that cannot be read ({reason})"
                         ) from error


def readStructures(path: StrPath) -> list[Structure]:
    """Read all models of a structure, for example the backbones that the command openmm-orbit backbones wrote.

    Parameters
    ----------
    path : path
        .pdb, .ent, .cif, .mmcif or .pdbx, also with .gz behind it. All models of a PDB file are read, and all data
        blocks of a PDBx/mmCIF file; they need not have the same atoms. Where atoms of a residue have alternative
        locations, the conformer of the highest mean occupancy is taken, of equal ones the first by its label;
        app.PDBFile and app.PDBxFile take the one that stands first in the file.

    Returns
    -------
    list of Structure
        Each has ``topology`` and ``positions``, as an app.PDBFile of one model.

    Raises
    ------
    FileNotFoundError, ValueError
        Naming the file.

    Examples
    --------
    >>> models = [openmmorbit.buildBackbone(one) for one in openmmorbit.readStructures("x.cif")]  # doctest: +SKIP
    """
    return readModels("readStructures", path)


def chooseState(where: str, name: str, count: int, state: int | None, stacklevel: int = 5) -> int:
    """Get which of several states is taken: the one that was asked for, or the first with a warning.

    Parameters
    ----------
    where, name : str
        The function, and what has the states, for messages.
    count : int
        How many there are.
    state : int or None
        From 0.
    stacklevel : int
        Of the warning, which is to name the caller's line.

    Raises
    ------
    ValueError
        For a state that is not there.
    """
    if state is None:
        if count > 1:
            warnings.warn(f"{where}: expected one state, got {count} in {name}; the first one is taken, and state= "
                          "(--state) chooses another", stacklevel=stacklevel)
        return 0
    index = checkInteger("state", state, 0, where)
    if index >= count:
        raise ValueError(f"{where}: expected a state below {count}, the number of those in {name}, got {index}")
    return index

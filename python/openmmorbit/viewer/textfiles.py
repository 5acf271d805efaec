# SPDX-License-Identifier: MIT
"""MOL2 and XYZ files for the gallery, read through RDKit's Python package."""
from __future__ import annotations

import gzip
import zlib
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.molecules import readerOptions, repairText
from openmmorbit.viewer.files import Reading, readGroups, readQuantities
from openmmorbit.viewer.scenes import Scene, evenly, hill, layOver, nearBonds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rdkit import Chem

    from openmmorbit import orbitchem

#: Values in the comment of a frame that are no quantities.
_words = ("smiles", "SMILES", "name", "Properties")


def _open(path: str) -> Any:
    packed = path.lower().endswith(".gz")
    return (gzip.open if packed else open)(path, "rt", encoding="utf-8", errors="surrogateescape")


def _record(mol: Chem.Mol, name: str, smiles: str = "", index: int = 0) -> orbitchem.MoleculeRecord:
    """Get a molecule of RDKit with the positions of one conformer as a record, and the SMILES that its file gives."""
    from rdkit import Chem

    from openmmorbit import chem

    record = chem.readMolBlockRecord(Chem.MolToV3KMolBlock(mol, confId=index), readerOptions(True, "apart"))
    graph = record.graph
    graph.name, graph.properties = name, {"SMILES": smiles} if smiles else {}
    record.graph = graph
    return record


def _readMol2(path: str) -> Iterator[orbitchem.MoleculeRecord | str]:
    from openmmorbit.io.moleculefiles import FileOptions
    from openmmorbit.io.structurefiles import readMol2Molecule, splitMol2

    with _open(path) as stream:
        for line, lines in splitMol2(stream):
            try:
                yield _record(*readMol2Molecule(lines, FileOptions()))
            except (ValueError, RuntimeError) as error:
                yield f"{path}, the record that begins in line {line}: {error}"


def _bareScene(name: str, numbers: list[int], positions: np.ndarray) -> Scene:
    """Make a scene of atoms without bonds, which get those that distances tell."""
    heavy = [k for k, number in enumerate(numbers) if number > 1] or list(range(len(numbers)))
    return Scene(name, numbers, nearBonds(range(len(numbers)), numbers, positions[0]), layOver(positions, heavy),
                 [f"atom {k}" for k in range(len(numbers))], hill(numbers), total=len(positions))


def _readXYZ(path: str, name: str, most: int) -> Reading:
    """Read frames; those that follow each other with the same atoms are copies of one molecule."""
    from openmmorbit.io.ensemblefiles import assignSmiles, frameSmiles, parseXYZ

    scenes: list[Scene] = []
    messages: list[str] = []
    with _open(path) as stream:
        runs = groupby(parseXYZ(stream, path), lambda frame: (frameSmiles(frame[0]), frame[1]))
        for (smiles, numbers), group in runs:
            frames = list(group)
            chosen = evenly(len(frames), most)
            infos = [frames[k][0] for k in chosen]
            positions = np.stack([frames[k][2] for k in chosen])
            title = repairText(infos[0].get("name", ""))
            try:
                scene = _bareScene(title, numbers, positions)
                if smiles:
                    mol = assignSmiles(smiles, numbers, positions)
                    records = [_record(mol, title, smiles, k) for k in range(len(chosen))]
                    (scene,) = readGroups(records, name, most).scenes
            except ValueError as error:
                messages.append(f"{path}, molecule {len(scenes) + len(messages) + 1}: {error}")
                continue
            scene.name = title or scene.smiles or f"{name} {len(scenes) + 1}"
            scene.total = len(frames)
            plain = [{key: value for key, value in info.items() if key not in _words} for info in infos]
            scene.values = readQuantities(plain, scene.values)
            scenes.append(scene)
    return Reading(scenes, messages)


def readTexts(path: str, name: str, most: int) -> Reading:
    """Read a MOL2 or XYZ file, possibly compressed by gzip.

    Parameters
    ----------
    path, name : str
        The file, and what molecules without a name are called.
    most : int
        Copies of one molecule at most.

    Raises
    ------
    ValueError
        Naming the file, if it is damaged.
    """
    try:
        return readGroups(_readMol2(path), name, most) if ".mol2" in path.lower()[-9:] else _readXYZ(path, name, most)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"view: expected a complete file, got '{path}', which is truncated or damaged "
                         f"({error})") from error

# SPDX-License-Identifier: MIT
"""Files that the gallery shows: ensembles in SDF, XYZ and npz files, structures, and trajectories with a Topology."""
from __future__ import annotations

import math
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from openmm import unit

from openmmorbit.io.trajectoryfiles import openTrajectory
from openmmorbit.simulation.periodic import SoluteImages
from openmmorbit.viewer.scenes import Quantity, Scene, evenly, evenlyFinite, fromGraph, fromTopology, withoutWater

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openmm import app

    from openmmorbit import orbit, orbitchem
    from openmmorbit._types import StrPath
    from openmmorbit.data.structures import Structure

_molecules = (".sdf", ".sd", ".mol", ".sdf.gz", ".sd.gz", ".mol.gz")
_texts = (".xyz", ".extxyz", ".mol2", ".xyz.gz", ".extxyz.gz", ".mol2.gz")
_trajectories = (".dcd", ".xtc", ".trr", ".nc", ".ncdf", ".netcdf", ".h5", ".hdf5")
#: Data items of SDF files: what the page calls them, and their unit.
_known = {"REL_E_KCAL": ("relative energy", "kcal/mol"), "BOLTZ_W": ("Boltzmann weight", ""),
          "ORBIT_DEVIATION": ("largest deviation", "σ"),
          "ORBIT_RELATIVE_ENERGY_KCAL": ("energy above the lowest", "kcal/mol")}
#: Data items that are no quantities to compare copies by.
_hidden = re.compile(r"ORBIT_(MODEL|KERNEL|SEED|RECORD|COPY|REDRAWS|EVALUATIONS|CONDITION|MIRRORED|ISOMER.*|STATUS"
                     r"|FORCE_FIELD|ENERGY_KCAL)|SMILES|ID", re.I)
_longestText = 120


class Reading(NamedTuple):
    """What was read, and one sentence for each record that could not be read."""

    scenes: list[Scene]
    messages: list[str]


class _Group:
    """Consecutive records of an SDF file that are copies of one molecule."""

    def __init__(self, graph: orbit.MolecularGraph, key: Any) -> None:
        self.graph, self.key = graph, key
        self.positions: list[np.ndarray] = []
        self.names: list[str] = []
        self.items: list[dict[str, str]] = []

    def add(self, record: orbitchem.MoleculeRecord) -> None:
        self.positions.append(np.array(record.positions, dtype=np.float32).reshape(-1, 3))
        self.names.append(record.graph.name)
        self.items.append(record.graph.properties)

    def scene(self, most: int, fallback: str) -> Scene:
        chosen = evenly(len(self.positions), most)
        items = [self.items[k] for k in chosen]
        names = [self.names[k] for k in chosen]
        isOneName = len(set(names)) == 1
        scene = fromGraph(self.graph, np.stack([self.positions[k] for k in chosen]).astype(float),
                          (names[0] if isOneName else "") or fallback)
        scene.total = len(self.positions)
        smiles = {entry.get("SMILES") for entry in items}
        if len(smiles) == 1 and None not in smiles:
            scene.smiles = str(smiles.pop())
            scene.facts = [("SMILES", scene.smiles)]
        isomers = [entry.get("ORBIT_ISOMER", "") for entry in items]
        scene.labels = names if not isOneName else [f"isomer {number}" for number in isomers] \
            if len(set(isomers)) > 1 else None
        scene.values = readQuantities(items, scene.values)
        scene.facts += _facts(items)
        return scene


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def readQuantities(items: Sequence[dict[str, str]], others: Sequence[Quantity] = ()) -> list[Quantity]:
    """Get the data items that are numbers, and differ between copies; energies come first, other quantities last."""
    found: list[Quantity] = []
    fields = {entry.get("ORBIT_FORCE_FIELD", "") for entry in items}
    for key in dict.fromkeys(key for entry in items for key in entry):
        values = [_number(entry.get(key)) for entry in items]
        known = {value for value in values if value is not None}
        if len(known) > 1 and all(entry.get(key) is None or value is not None for entry, value in zip(items, values)) \
                and not _hidden.fullmatch(key):
            name, unitName = _known.get(key, (key, ""))
            isOurs = key == "ORBIT_RELATIVE_ENERGY_KCAL" and len(fields) == 1
            found.append(Quantity(f"{fields.pop()} {name}".strip() if isOurs else name, unitName, values))
    found += others
    return sorted(found, key=lambda quantity: not re.search("energy|_e_|kcal|kj", quantity.name, re.I))


def _facts(items: Sequence[dict[str, str]]) -> list[tuple[str, str]]:
    """Get the data items that all copies share, as far as they are about the molecule."""
    shared = [(key, value) for key, value in items[0].items() if value and not _hidden.fullmatch(key)
              and key not in _known and all(entry.get(key) == value for entry in items)]
    return [(key, value if len(value) <= _longestText else value[:_longestText] + "…") for key, value in shared][:12]


def _keyOf(record: orbitchem.MoleculeRecord) -> Any:
    """Get what copies of one molecule have in common: atoms, bonds, SMILES, and the first part of the data item ID."""
    graph = record.graph
    items = graph.properties
    return ([atom.element for atom in graph.atoms], [(bond.atom1, bond.atom2, bond.order) for bond in graph.bonds],
            items.get("SMILES", graph.smiles), items.get("ID", "").split("_")[0])


def _records(path: StrPath) -> Iterator[orbitchem.MoleculeRecord | str]:
    """Yield the records of an SDF file, or what is wrong with them."""
    from openmmorbit import chem
    from openmmorbit.molecules import readerOptions

    reader, record = chem.MoleculeReader(os.fspath(path), readerOptions(True, "apart")), \
        chem.MoleculeRecord()
    while reader.next(record):
        yield record.error or record


def readGroups(records: Iterable[orbitchem.MoleculeRecord | str], name: str, most: int) -> Reading:
    """Make a scene of each run of records that are copies of one molecule.

    Parameters
    ----------
    records : iterable
        Records with their positions, or what is wrong with them.
    name : str
        Of the file.
    most : int
        Copies of one molecule at most.
    """
    groups: list[_Group] = []
    messages = []
    for number, record in enumerate(records, 1):
        if isinstance(record, str):
            messages.append(record)
            continue
        if len(record.positions) == 0:
            messages.append(f"{name}, record {number}: expected coordinates in three dimensions, got none; "
                            "openmm-orbit conformers makes them")
            continue
        key = _keyOf(record)
        if not groups or groups[-1].key != key:
            groups.append(_Group(record.graph, key))
        groups[-1].add(record)
    return Reading([group.scene(most, group.graph.smiles or f"{name} {k + 1}") for k, group in enumerate(groups)],
                   messages)


def _readSDF(path: StrPath, name: str, most: int) -> Reading:
    return readGroups(_records(path), name, most)


def _readNpz(path: StrPath, name: str, most: int) -> Reading:
    """Read an npz file of ensembles, as openmm-orbit dataset does."""
    from openmmorbit.io.ensemblefiles import toSDF

    with tempfile.TemporaryDirectory() as folder:
        messages = toSDF(path, Path(folder) / "frames.sdf")
        if (Path(folder) / "frames.sdf").stat().st_size == 0:
            return Reading([], messages)
        scenes, more = _readSDF(Path(folder) / "frames.sdf", name, most)
    return Reading(scenes, messages + more)


def _atomsOf(structure: Structure) -> list[tuple[str, str, str]]:
    return [(atom.name, atom.residue.name, atom.residue.id) for atom in structure.topology.atoms()]


def _chosenAtoms(topology: app.Topology, atoms: str | None) -> list[int]:
    from openmmorbit.selections import findAtoms

    return findAtoms(topology, atoms, "view") if atoms else withoutWater(topology) or findAtoms(topology, None)


def _systemScene(topology: app.Topology, positions: np.ndarray, chosen: list[int], name: str) -> Scene:
    """Make a scene of some atoms, and say how much water there is beside them."""
    from openmmorbit.selections import selectAtoms

    waters = sum(1 for residue in topology.residues() if not {atom.index for atom in residue.atoms()} & set(chosen))
    isAll = len(chosen) == topology.getNumAtoms()
    scene = fromTopology(topology if isAll else selectAtoms(topology, chosen), positions, name)
    if waters:
        scene.facts.append(("not shown", f"{waters:,} residue{'' if waters == 1 else 's'}, e.g. of water"))
    return scene


def _readStructures(path: StrPath, name: str, most: int, atoms: str | None) -> Reading:
    from openmmorbit.data.structures import readModels

    groups: list[list[Structure]] = []
    for structure in readModels("view", path):
        if groups and _atomsOf(groups[-1][0]) == _atomsOf(structure):
            groups[-1].append(structure)
        else:
            groups.append([structure])
    scenes = []
    for number, group in enumerate(groups, 1):
        topology = group[0].topology
        chosen = _chosenAtoms(topology, atoms)
        positions = np.stack([np.array(one.positions.value_in_unit(unit.angstrom), float)[chosen] for one in group])
        positions = positions[evenlyFinite(positions, most, f"'{os.fspath(path)}'")]
        scenes.append(_systemScene(topology, positions, chosen, name if len(groups) == 1 else f"{name} {number}"))
        scenes[-1].total = len(group)
    return Reading(scenes, [])


def readTrajectory(topology: app.Topology, files: Sequence[Any], name: str, most: int,
                   atoms: str | None = None) -> Scene:
    """Read frames of simulations or generated states as copies of a system, whatever they look like.

    Molecules that the boundary of a box cuts are made whole; frames that are not finite are left out.

    Parameters
    ----------
    topology : openmm.app.Topology
    files : sequence
        As TrajectoryDataset takes them; their frames follow each other.
    name : str
    most : int
        If there are more frames, some of them, evenly spaced.
    atoms : str, optional
        As TrajectoryDataset takes them. Default: all but water.
    """
    chosen = _chosenAtoms(topology, atoms)
    images = SoluteImages(topology, np.array(chosen))
    sources = [openTrajectory("view", entry, topology) for entry in files]
    total = sum(source.numFrames for source in sources)
    blocks, labels = [], []
    for number, source in enumerate(sources, 1):
        for raw in source.read(max(1, math.ceil(total / most))):
            good = np.isfinite(raw.positions[:, images.isRead]).all(axis=(1, 2))
            positions = raw.positions[good].astype(float)
            whole = positions if raw.boxes is None else images.makeWhole(positions, raw.boxes[good])
            blocks.append(10 * whole[:, chosen])
            run = f"run {number}, " if len(sources) > 1 else ""
            labels += [f"{run}frame {index:,}" for index in raw.indices[good]]
    if not labels:
        raise ValueError(f"view: expected frames of {name}, got none that is finite")
    kept = evenly(len(labels), most)
    scene = _systemScene(topology, np.concatenate(blocks)[kept], chosen, name)
    scene.labels, scene.total = [labels[k] for k in kept], total
    return scene


def readScenes(paths: Sequence[StrPath], topology: StrPath | app.Topology | None = None, most: int = 100,
               atoms: str | None = None) -> Reading:
    """Read what the gallery shows from files.

    Parameters
    ----------
    paths : sequence of path
        .sdf, .mol, .mol2, .xyz (also .gz), .npz, .pdb, .cif, or trajectories such as .dcd.
    topology : path or openmm.app.Topology, optional
        What the atoms of trajectories are.
    most : int
        Copies of one molecule at most.
    atoms : str, optional
        Which atoms of systems to show. Default: all but water.

    Raises
    ------
    ValueError, FileNotFoundError
        For files that cannot be read, trajectories without a Topology, and a Topology without trajectories.
    """
    from openmmorbit.io.topologyfiles import STRUCTURES, readTopology
    from openmmorbit.viewer.textfiles import readTexts

    scenes: list[Scene] = []
    messages: list[str] = []
    runs = [path for path in paths if os.fspath(path).lower().endswith(_trajectories)]
    if topology is not None and not runs:
        raise ValueError("view: expected a trajectory with topology= (--topology), got none of "
                         f"{', '.join(_trajectories)}; leave it out")
    for path in paths:
        text = os.fspath(path)
        name, lower = re.sub(r"(\.\w+)(\.gz)?$", "", os.path.basename(text)), text.lower()
        if not os.path.isfile(text):
            raise FileNotFoundError(f"view: expected a file, got '{text}', which is none; check the path")
        if lower.endswith(_molecules):
            found = _readSDF(text, name, most)
        elif lower.endswith(".npz"):
            found = _readNpz(text, name, most)
        elif lower.endswith(_texts):
            found = readTexts(text, name, most)
        elif lower.endswith(STRUCTURES):
            found = _readStructures(text, name, most, atoms)
        elif path not in runs:
            known = ", ".join([*_molecules[:3], *_texts[:3], ".npz", *STRUCTURES[:5], *_trajectories])
            raise ValueError(f"view: expected a file that ends in {known}, got '{text}'")
        elif topology is None:
            raise ValueError(f"view: expected a Topology for the trajectory '{text}', got none; name its file by "
                             "topology= (--topology)")
        elif path is runs[0]:
            read = readTopology("view", topology) if isinstance(topology, (str, os.PathLike)) else topology
            found = Reading([readTrajectory(read, runs, name, most, atoms)], [])
        else:
            continue
        scenes += found.scenes
        messages += found.messages
    return Reading(scenes, messages)

# SPDX-License-Identifier: MIT
"""Backbones of proteins from PDB, PDBx/mmCIF and npz files, and shards of them for training."""
from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit import orbit
from openmmorbit.arguments import listEntries
from openmmorbit.data import structures
from openmmorbit.data.proteinchecks import LONGEST_BOND, checkSpacing, findLeftHanded, isDextral
from openmmorbit.io.outputs import isSameFile, replacingPath
from openmmorbit.io.topologyfiles import STRUCTURES
from openmmorbit.io.trajectoryfiles import requireMdtraj

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from openmmorbit._types import StrPath

#: The condition of frames that are structures as they were found.
CONDITION = "native"
_atoms = ("N", "CA", "C")
#: Endings of files that readBackbones() takes.
ENDINGS = (*STRUCTURES, ".npz")


@dataclass(frozen=True)
class Backbone:
    """A backbone with its positions.

    Attributes
    ----------
    subject : openmmorbit.orbit.BackboneSubject
        Chains, numbers of residues and secondary structure.
    positions : numpy.ndarray
        Shape (numResidues, 3, 3): N, CA and C of every residue, in Angstrom.
    key : str
        What decides on which side of the split between training and validation it is: a cluster or the sequence.
    isValidation : bool
        Whether it is kept for validation.
    """

    subject: orbit.BackboneSubject
    positions: np.ndarray
    key: str
    isValidation: bool


def _makeSubject(name: str, chains: Any, numbers: Any, structure: str) -> orbit.BackboneSubject:
    subject = orbit.BackboneSubject()
    subject.name, subject.structure = name, structure
    subject.chains, subject.numbers = np.asarray(chains, np.int32), np.asarray(numbers, np.int32)
    subject.validate()
    return subject


def _readArrays(path: str, keepD: bool) -> Iterator[Backbone | ValueError]:
    """Read an npz file, whose arrays docs/training.md lists; one that cannot be used is an error among the others."""
    with np.load(path, allow_pickle=False) as file:
        missing = [name for name in ("xyz_i16", "scale", "offset", "ss", "name") if name not in file]
        if missing:
            raise ValueError(f"readBackbones: expected the arrays of docs/training.md in \"{path}\", got none called "
                             f"{', '.join(missing)}")
        data = {name: file[name] for name in file.files}
    scale, offset = float(data["scale"]), data["offset"].astype(np.int64)
    for k, name in enumerate(data["name"]):
        rows = slice(offset[k], offset[k + 1])
        number = int(offset[k + 1] - offset[k])
        structure = bytes(data["ss"][rows]).decode("ascii").replace("-", "C")
        split = int(data["split"][k]) if "split" in data else None
        if split is not None and split > 1:
            continue                # Held out from training and validation.
        key = f"cluster {int(data['cluster'][k])}" if "cluster" in data else str(name)
        side = orbit.isValidationMolecule(key) if split is None else split == 1
        positions = data["xyz_i16"][rows, :3].astype(np.float64) * scale
        numbers = 1 + np.cumsum([0, *(1 if _areBonded(*pair) else 2 for pair in zip(positions, positions[1:]))])
        try:
            backbone = Backbone(_makeSubject(str(name), np.zeros(number), numbers, structure), positions, key, side)
            _checkGeometry(backbone, f"{name} of \"{path}\"", [f"residue {i}" for i in range(1, number + 1)], keepD)
            yield backbone
        except ValueError as error:
            yield error


def _checkGeometry(backbone: Backbone, origin: str, labels: Sequence[str], keepD: bool) -> None:
    """Refuse numbers in another unit than Angstrom, and mirror images."""
    isNext = [backbone.subject.isBonded(k) for k in range(len(labels) - 1)]
    checkSpacing("readBackbones", 0.1 * backbone.positions[:, 1], np.diff(backbone.subject.chains) == 0, origin,
                 "its numbers have another unit than Angstrom")
    found = None if keepD else findLeftHanded(0.1 * backbone.positions, isNext)
    if found is not None:
        raise ValueError(f"readBackbones: expected L-amino acids, got a left-handed chain from {labels[found[0]]} to "
                         f"{labels[found[1]]} of {origin}, as in a mirror image; mirror it, or keep it with keepD=True "
                         "(--keep-d)")


def _listResidues(origin: str, topology: Any, coordinates: np.ndarray, keepD: bool) -> list[tuple[Any, np.ndarray]]:
    """Get the residues that have N, CA and C, with these positions."""
    found = []
    for residue in topology.residues():
        places = {atom.name: coordinates[atom.index] for atom in residue.atoms()}
        if not all(name in places for name in _atoms):
            continue
        if not np.isfinite([places[name] for name in _atoms]).all():
            raise ValueError(f"readBackbones: expected finite coordinates, got others in residue {residue.name} "
                             f"{residue.id} of chain {residue.chain.id} of {origin}")
        if not keepD and isDextral(residue.name, places):
            raise ValueError(f"readBackbones: expected L-amino acids, got a D-amino acid in residue {residue.name} "
                             f"{residue.id} of chain {residue.chain.id} of {origin}; keepD=True (--keep-d) keeps it")
        found.append((residue, np.array([places[name] for name in _atoms])))
    return found


def _areBonded(first: np.ndarray, second: np.ndarray) -> bool:
    """Tell whether there is a peptide bond between residues: N, CA and C of each, in Angstrom."""
    return bool(np.linalg.norm(second[0] - first[2]) < 10 * LONGEST_BOND)


def _numberResidues(residues: Sequence[tuple[Any, np.ndarray]]) -> tuple[list[int], list[int]]:
    """Get chains and numbers: a step of 1 for a peptide bond, a longer one for a break."""
    chains, numbers = [0], [1]
    for (before, first), (residue, second) in zip(residues, residues[1:]):
        if residue.chain.index != before.chain.index:
            chains.append(chains[-1] + 1)
            numbers.append(1)
            continue
        chains.append(chains[-1])
        try:
            gap = int(residue.id) - int(before.id)
        except ValueError:
            gap = 2
        numbers.append(numbers[-1] + (1 if _areBonded(first, second) else max(gap, 2)))
    return chains, numbers


def _assignStructure(topology: Any, coordinates: np.ndarray, residues: Sequence[tuple[Any, np.ndarray]]) -> str:
    """Get the secondary structure by DSSP; residues that DSSP cannot judge stay open."""
    mdtraj = requireMdtraj("readBackbones: the secondary structure of .pdb and .cif files")
    trajectory = mdtraj.Trajectory(coordinates[np.newaxis] / 10, mdtraj.Topology.from_openmm(topology))
    letters = mdtraj.compute_dssp(trajectory, simplified=True)[0]
    return "".join(letters[residue.index] if letters[residue.index] in "HEC" else "?" for residue, _ in residues)


def _makeBackbone(origin: str, name: str, model: structures.Structure, keepD: bool, structure: bool) -> Backbone:
    """Get the protein chains of one model."""
    from openmm import unit

    coordinates = np.array(model.positions.value_in_unit(unit.angstrom))
    residues = _listResidues(origin, model.topology, coordinates, keepD)
    if not residues:
        raise ValueError(f"readBackbones: expected residues with N, CA and C, got none in {origin}")
    chains, numbers = _numberResidues(residues)
    letters = _assignStructure(model.topology, coordinates, residues) if structure else "?" * len(residues)
    key = "-".join(residue.name for residue, _ in residues)
    subject = _makeSubject(name, chains, numbers, letters)
    found = Backbone(subject, np.array([places for _, places in residues]), key, orbit.isValidationMolecule(key))
    _checkGeometry(found, origin, [f"{entry.name} {entry.id}{entry.insertionCode.strip()} of chain {entry.chain.id}"
                                   for entry, _ in residues], keepD)
    return found


def _readProteins(path: str, keepD: bool, structure: bool) -> Iterator[Backbone | ValueError]:
    """Read the models of a PDB or PDBx file; one that cannot be used is an error among the others."""
    models = structures.readModels("readBackbones", path)
    name = os.path.splitext(os.path.basename(path[:-3] if path.lower().endswith(".gz") else path))[0]
    for number, model in enumerate(models, 1):
        several = len(models) > 1
        origin = f"model {number} of \"{path}\"" if several else f"\"{path}\""
        try:
            yield _makeBackbone(origin, f"{name}_{number}" if several else name, model, keepD, structure)
        except ValueError as error:
            yield error


def _readFile(path: StrPath, keepD: bool, structure: bool = True) -> Iterator[Backbone | ValueError]:
    """Read what readBackbones() reads; a backbone that cannot be used is an error among the others."""
    path = os.fspath(path)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"readBackbones: expected a file with backbones, got \"{path}\", which is no file")
    if not path.lower().endswith(ENDINGS):
        raise ValueError(f"readBackbones: expected a file that ends in {', '.join(ENDINGS)}, got \"{path}\"")
    return _readArrays(path, keepD) if path.lower().endswith(".npz") else _readProteins(path, keepD, structure)


def readBackbones(path: StrPath, *, keepD: bool = False, structure: bool = True) -> Iterator[Backbone]:
    """Read backbones: the protein chains of each model of a structure as one backbone, or those of an npz file.

    Residues without N, CA or C are left out, and the chain has a break there.

    Parameters
    ----------
    path : path
        A .pdb, .ent, .cif, .mmcif or .pdbx file, also with .gz behind it; or .npz with the arrays of docs/training.md.
        All models of a file are read, and all data blocks of a .cif file.
    keepD : bool
        Accept D-amino acids and mirror images.
    structure : bool
        Find the secondary structure of .pdb and .cif files by DSSP, with the package mdtraj; otherwise it is open.

    Yields
    ------
    Backbone

    Raises
    ------
    ValueError
        For a file that cannot be read or has no protein, coordinates that are not finite or have another unit,
        D-amino acids and mirror images: the message names residue and chain.
    """
    for found in _readFile(path, keepD, structure):
        if isinstance(found, ValueError):
            raise found
        yield found


def findFiles(where: str, inputs: StrPath | Sequence[StrPath]) -> list[str]:
    """Get all files with backbones among files and folders.

    Parameters
    ----------
    where : str
        The caller, for messages.
    inputs : path or sequence of paths

    Raises
    ------
    FileNotFoundError, ValueError
        Naming what is no file, has another ending, or is a folder without such files.
    """
    found: list[str] = []
    for entry in [inputs] if isinstance(inputs, (str, os.PathLike)) else listEntries("files", inputs, where):
        if not isinstance(entry, (str, os.PathLike)):
            raise TypeError(f"{where}: expected names of files or folders, got {entry!r}, a {type(entry).__name__}")
        path = os.fspath(entry)
        if os.path.isdir(path):
            inside = sorted(one.path for one in os.scandir(path)
                            if one.is_file() and one.name.lower().endswith(ENDINGS))
            if not inside:
                raise ValueError(f"{where}: expected a folder with {', '.join(ENDINGS)} files, got '{path}', which has "
                                 "none")
            found += inside
        elif not os.path.isfile(path):
            raise FileNotFoundError(f"{where}: expected a file or a folder with backbones, got '{path}', which is none")
        elif not path.lower().endswith(ENDINGS):
            raise ValueError(f"{where}: expected a file that ends in {', '.join(ENDINGS)}, got '{path}'")
        else:
            found.append(path)
    return found


@dataclass
class BackboneShardReport:
    """What buildBackboneDataset() wrote.

    Attributes
    ----------
    numBackbones, numResidues : int
        Written.
    numOtherSide : int
        Backbones that belong to the other side of the split.
    messages : list of str
        One sentence for every file, or model of a file, that was left out.
    """

    numBackbones: int = 0
    numResidues: int = 0
    numOtherSide: int = 0
    messages: list[str] = field(default_factory=list)


def _write(writer: orbit.ShardWriter, backbone: Backbone, points: int) -> None:
    subject, block = orbit.ShardSubject(), orbit.FrameBlock()
    subject.kind, subject.splitKey = orbit.SubjectKind_Backbone, backbone.key
    subject.backbone, subject.pointsPerToken = backbone.subject, points
    chosen = backbone.positions[:, 1:2] if points == 1 else backbone.positions
    block.condition, block.positions = CONDITION, np.ascontiguousarray(chosen, np.float32).ravel()
    writer.addSubject(subject)
    writer.addFrames(block)


def writeSides(where: str, inputs: Sequence[StrPath], outputs: Mapping[bool, StrPath], *, points: int,
               shortest: int, longest: int, keepD: bool, follow: Callable[[str], object] = lambda path: None
               ) -> BackboneShardReport:
    """Write shards of the backbones in files: those to train on, those that are kept back (True), or both.

    Parameters
    ----------
    where : str
        The caller, for messages.
    inputs : list of paths
    outputs : dict
        Shards by their side. One for which there is no backbone is not written.
    points, shortest, longest, keepD
        See buildBackboneDataset().
    follow : callable
        Called with each file before it is read.

    Returns
    -------
    BackboneShardReport
        Of all that was written.
    """
    if points not in (1, 3):
        raise ValueError(f"{where}: expected 1 point for each residue (CA) or 3 (N, CA, C), got {points}")
    for path in inputs:
        for output in outputs.values():
            if isSameFile(path, output):
                raise ValueError(f"{where}: expected an output that is not the input, got '{output}' for both; choose "
                                 "another name")
    report, writers = BackboneShardReport(), {}
    with ExitStack() as stack:
        parts = {side: stack.enter_context(replacingPath(output)) for side, output in outputs.items()}
        for path in inputs:
            follow(os.fspath(path))
            try:
                for backbone in _readFile(path, keepD):
                    if isinstance(backbone, ValueError):
                        report.messages.append(str(backbone))
                        continue
                    number, side = backbone.subject.getNumResidues(), backbone.isValidation
                    if not shortest <= number <= longest:
                        report.messages.append(f"left out the {backbone.subject.getLabel()}: expected {shortest} to "
                                               f"{longest} residues")
                    elif side not in parts:
                        report.numOtherSide += 1
                    else:
                        if side not in writers:
                            writers[side] = orbit.ShardWriter(os.fspath(parts[side]))
                        _write(writers[side], backbone, points)
                        report.numBackbones += 1
                        report.numResidues += number
            except (ValueError, OSError) as error:
                report.messages.append(str(error))
        if not writers:
            reason = f"; the last fault: {report.messages[-1]}" if report.messages else ""
            raise ValueError(f"{where}: expected at least one backbone to write, got none{reason}")
        writers.clear()         # Closes the files before they take their places.
    return report


def buildBackboneDataset(inputs: StrPath | Sequence[StrPath], output: StrPath, *, points: int = 1,
                         validation: bool = False, shortest: int = 20, longest: int = 512,
                         keepD: bool = False) -> BackboneShardReport:
    """Turn files with backbones into a shard for training.

    A fixed rule keeps 3 % of all sequences back for validation; npz files may say themselves which.

    Parameters
    ----------
    inputs : path or list of paths
        Files, see readBackbones(), or folders of them. A file that cannot be used is left out and named in the report.
    output : path
        The shard to write.
    points : int
        Points of a residue: 1 for CA, 3 for N, CA and C.
    validation : bool
        Write the backbones that are kept back, instead of all others.
    shortest, longest : int
        Leave out backbones of fewer or more residues.
    keepD : bool
        Accept D-amino acids and mirror images.

    Returns
    -------
    BackboneShardReport

    Raises
    ------
    ValueError
        If points is neither 1 nor 3, or no backbone is left.
    """
    where = "buildBackboneDataset"
    return writeSides(where, findFiles(where, inputs), {bool(validation): output}, points=points, shortest=shortest,
                      longest=longest, keepD=keepD)

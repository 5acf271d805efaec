# SPDX-License-Identifier: MIT
"""Trajectory files, read by mdtraj and OpenMM a block of frames at a time, and what is wrong with them."""
from __future__ import annotations

import ctypes
import os
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from types import ModuleType

    from openmm import app

#: Ending to the format's name; mdtraj reads the first ones, and OpenMM the models of the others.
STREAMED = {".dcd": "DCD", ".xtc": "XTC", ".trr": "TRR", ".nc": "NetCDF", ".ncdf": "NetCDF", ".netcdf": "NetCDF",
            ".h5": "HDF5", ".hdf5": "HDF5"}
MODELS = {".pdb": "PDB", ".ent": "PDB", ".cif": "PDBx", ".pdbx": "PDBx", ".mmcif": "PDBx"}
#: Bytes of positions in a block, and the stride from which frames are read one by one.
BLOCK_BYTES, SEEK_STRIDE = 2**24, 4


class Trajectory(Protocol):
    """Frames of one simulation, wherever they are."""

    label: str
    """The path in quotes, or what else it is."""
    numFrames: int
    """Number of complete frames."""
    damage: str
    """What is wrong with the end of the file; empty if nothing is."""

    def read(self, stride: int) -> Iterator[RawFrames]:
        """Read every stride-th of the complete frames, a block of them at a time."""


class RawFrames(NamedTuple):
    """Frames in a row as a file has them."""

    positions: np.ndarray
    """Shape (numFrames, numAtoms, 3), in nm."""
    boxes: np.ndarray | None
    """Shape (numFrames, 3, 3), in nm; None without boxes."""
    indices: np.ndarray
    """Shape (numFrames,): numbers of the frames in the file, from 0."""


def requireMdtraj(where: str) -> ModuleType:
    """Get the module mdtraj.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        import mdtraj
    except ImportError as error:
        raise ImportError(f"{where} needs mdtraj, which is not installed; run 'pip install mdtraj', or "
                          "'pip install \"openmm-orbit[trajectory]\"'") from error
    return mdtraj


def _name(element: Any) -> str:
    return "no element" if element is None else element.symbol


def compareAtoms(where: str, topology: app.Topology, elements: list[Any], path: str) -> None:
    """Refuse a file whose own atoms are not those of the Topology; name the first that differs."""
    atoms = list(topology.atoms())
    if len(atoms) != len(elements):
        raise ValueError(f"{where}: expected the {len(atoms)} atoms of the Topology in \"{path}\", got "
                         f"{len(elements)}; give the Topology of the atoms that were written")
    for atom, found in zip(atoms, elements):
        if atom.element is not None and found is not None and atom.element is not found:
            raise ValueError(f"{where}: expected the Topology's order of atoms in \"{path}\", got {_name(found)} as "
                             f"atom {atom.index}, which is {_name(atom.element)} in the Topology ({atom.residue.name} "
                             f"{atom.residue.id} {atom.name}); give the Topology of this file")


_silence = threading.Lock()


@contextmanager
def _quietly() -> Iterator[None]:
    """Drop what C code prints on standard output: mdtraj's reader of DCD files tells of byte orders and damage."""
    with _silence:
        try:
            output = os.dup(1)
        except OSError:     # there is no standard output
            yield
            return
        library, nowhere = ctypes.CDLL(None), os.open(os.devnull, os.O_WRONLY)
        library.fflush(None)
        os.dup2(nowhere, 1)
        try:
            yield
        finally:
            library.fflush(None)
            os.dup2(output, 1)
            os.close(output)
            os.close(nowhere)


class ArrayTrajectory:
    """Frames that are in memory."""

    def __init__(self, positions: np.ndarray, box: np.ndarray | None, label: str) -> None:
        self.label, self.numFrames, self.damage = label, len(positions), ""
        self._positions, self._box = positions, box

    def read(self, stride: int) -> Iterator[RawFrames]:
        """Read every stride-th frame."""
        size = blockSize(self._positions.shape[1])
        chosen = np.arange(0, self.numFrames, stride)
        for first in range(0, len(chosen), size):
            indices = chosen[first:first + size]
            boxes = None if self._box is None else np.broadcast_to(self._box, (self.numFrames, 3, 3))[indices]
            yield RawFrames(self._positions[indices], boxes, indices)


def blockSize(numAtoms: int) -> int:
    """Get the number of frames in a block."""
    return max(1, BLOCK_BYTES // (24 * numAtoms))


class FileTrajectory:
    """A file that mdtraj reads.

    Attributes
    ----------
    label : str
        Its path in quotes.
    numFrames : int
        Number of complete frames.
    damage : str
        What is wrong with its end; empty if nothing is.
    """

    def __init__(self, where: str, path: str, topology: app.Topology) -> None:
        self._md, self._path, self._topology = requireMdtraj(f"{where}: \"{path}\""), path, topology
        self.label = f'"{path}"'
        self._kind = STREAMED[os.path.splitext(path)[1].lower()]
        self._where = where
        self._mdTopology = None if self._kind == "HDF5" else self._md.Topology.from_openmm(topology)
        self._checkStructure()
        with self._open() as stream:
            self.numFrames = len(stream)
            self.damage = ""
            self._checkAtoms(stream)
            self._checkEnd(stream)

    def _fail(self, error: Exception) -> ValueError:
        text = str(error).strip().splitlines()
        return ValueError(f"{self._where}: expected {self._kind} frames in {self.label}, got a file that cannot be "
                          f"read ({text[0] if text else type(error).__name__})")

    def _open(self) -> Any:
        try:
            with _quietly():
                return self._md.open(self._path)
        except ImportError:
            raise
        except Exception as error:  # each format has errors of its own
            raise self._fail(error) from error

    def _checkStructure(self) -> None:
        """Find out whether a NetCDF file has all the bytes that its head promises: otherwise they read as zeros."""
        with open(self._path, "rb") as stream:
            start = stream.read(4)
        if not start:
            raise ValueError(f"{self._where}: expected {self._kind} frames in {self.label}, got an empty file")
        if self._kind == "NetCDF" and start.startswith(b"CDF"):
            from scipy.io import netcdf_file
            try:
                netcdf_file(self._path, "r", mmap=True).close()  # maps the values and reads none
            except Exception as error:
                raise ValueError(f"{self._where}: expected a complete NetCDF file, got {self.label}, which is cut off; "
                                 "convert what is left of it to another format, e.g. by cpptraj") from error

    def _first(self, stream: Any, number: int = 1) -> Any:
        with self._maybeQuietly():
            return stream.read_as_traj(n_frames=number) if self._mdTopology is None else \
                stream.read_as_traj(self._mdTopology, n_frames=number)

    def _seek(self, stream: Any, frame: int) -> None:
        with self._maybeQuietly():
            stream.seek(frame)

    def _maybeQuietly(self) -> AbstractContextManager[None]:
        return _quietly() if self._kind == "DCD" else nullcontext()

    def _checkAtoms(self, stream: Any) -> None:
        if self.numFrames == 0:
            raise ValueError(f"{self._where}: expected frames in {self.label}, got none")
        numAtoms = self._topology.getNumAtoms()
        try:
            found = stream.read(n_frames=1)
        except Exception as error:
            raise self._fail(error) from error
        coordinates = found.coordinates if hasattr(found, "coordinates") else found[0]
        if coordinates.shape[1] != numAtoms:
            raise ValueError(f"{self._where}: expected the {numAtoms} atoms of the Topology in {self.label}, got "
                             f"{coordinates.shape[1]}; give the Topology of the atoms that were written")
        if self._mdTopology is None and stream.topology is not None:
            from openmm import app

            numbers = [atom.element.atomic_number for atom in stream.topology.atoms]
            compareAtoms(self._where, self._topology,
                         [app.Element.getByAtomicNumber(number) if number > 0 else None for number in numbers],
                         self._path)

    def _checkEnd(self, stream: Any) -> None:
        """Find out whether the last frame is complete; frames before it are used if the caller wants them."""
        if self._kind == "DCD":
            with open(self._path, "rb") as raw:
                head = raw.read(12)
            promised = int.from_bytes(head[8:12], "little" if head[:4] == b"\x54\0\0\0" else "big")
            if promised > self.numFrames:
                self.damage = f"{self.numFrames} of the {promised} frames that its head promises"
            return
        if self._kind not in ("XTC", "TRR"):
            return
        for last in (self.numFrames - 1, self.numFrames):  # the second reads nothing if nothing is there
            try:
                if last < self.numFrames:
                    stream.seek(last)
                stream.read(n_frames=1)
            except RuntimeError:
                self.damage, self.numFrames = f"{last} complete frames and a part of one", last
                return

    def read(self, stride: int) -> Iterator[RawFrames]:
        """Read every stride-th of the complete frames."""
        size = blockSize(self._topology.getNumAtoms())
        with self._open() as stream:
            if stride >= SEEK_STRIDE:
                chosen = np.arange(0, self.numFrames, stride)
                for first in range(0, len(chosen), size):
                    indices = chosen[first:first + size]
                    parts, error = self._readSingly(stream, indices)
                    if parts:
                        yield self._block(parts, indices[:len(parts)])
                    if error is not None:
                        raise error
                return
            first = 0
            while first < self.numFrames:
                try:
                    part = self._read(stream, first, min(size, self.numFrames - first))
                except ValueError:
                    if size == 1:
                        raise
                    size = 1  # up to the damaged frame, which the message then names
                    self._seek(stream, first)
                    continue
                skip = -first % stride
                if skip < len(part):
                    indices = np.arange(first, first + len(part))[skip::stride]
                    yield self._block([part[skip::stride]], indices)
                first += len(part)

    def _readSingly(self, stream: Any, indices: np.ndarray) -> tuple[list[Any], ValueError | None]:
        """Read frames up to one that is damaged; get the error that tells of it too."""
        parts: list[Any] = []
        for index in indices:
            try:
                self._seek(stream, int(index))
                parts.append(self._read(stream, int(index), 1))
            except ValueError as error:
                return parts, error
        return parts, None

    def _read(self, stream: Any, first: int, number: int) -> Any:
        try:
            part = self._first(stream, number)
        except Exception as error:
            raise ValueError(f"{self._where}: expected a file that can be read, got {self.label}, which is damaged "
                             f"from frame {first} on ({error})") from error
        if len(part) != number:
            raise ValueError(f"{self._where}: expected a file that can be read, got {self.label}, which is damaged "
                             f"from frame {first + len(part)} on, or which another program changes")
        return part

    def _block(self, parts: list[Any], indices: np.ndarray) -> RawFrames:
        positions = np.concatenate([part.xyz for part in parts])
        boxes = None
        if all(part.unitcell_vectors is not None for part in parts):
            boxes = np.concatenate([part.unitcell_vectors for part in parts]).astype(float)
            if not (np.isfinite(boxes).all() and (np.linalg.det(boxes) > 1e-9).all()):
                boxes = None
        return RawFrames(positions, boxes, indices)


def isMdtraj(source: Any) -> bool:
    """Tell whether something is an mdtraj.Trajectory."""
    return hasattr(source, "xyz") and hasattr(source, "unitcell_vectors")


def openTrajectory(where: str, source: Any, topology: app.Topology) -> Trajectory:
    """Open one trajectory and check its atoms.

    Parameters
    ----------
    where : str
        The function, for messages.
    source : path, mdtraj.Trajectory, Quantity or array_like
        A file, or positions of shape (numFrames, numAtoms, 3), in nm if they carry no unit.
    topology : openmm.app.Topology

    Raises
    ------
    ValueError
        If it has no frames, other atoms, or a format that is not known.
    FileNotFoundError
        If there is no such file.
    """
    from openmmorbit.simulation.states import readStates

    if isMdtraj(source):
        compareAtoms(where, topology, [atom.element for atom in source.topology.to_openmm().atoms()], "a Trajectory")
        return ArrayTrajectory(np.asarray(source.xyz, float), source.unitcell_vectors, "the Trajectory")
    if not isinstance(source, (str, os.PathLike)):
        frames = readStates(where, source, topology)
        return ArrayTrajectory(frames.positions, None, "the array")
    path = os.fspath(source)
    if not os.path.isfile(path):
        raise FileNotFoundError(f"{where}: expected a trajectory, got \"{path}\", which is no file")
    ending = os.path.splitext(path)[1].lower()
    if ending in STREAMED:
        return FileTrajectory(where, path, topology)
    if ending not in MODELS:
        raise ValueError(f"{where}: expected a trajectory that ends in {', '.join([*STREAMED, *MODELS])}, got "
                         f"\"{path}\"")
    from openmmorbit.io.pdbtrajectories import PdbTrajectory
    from openmmorbit.io.pdbxtrajectories import PdbxTrajectory

    models = (PdbTrajectory if MODELS[ending] == "PDB" else PdbxTrajectory)(where, path)
    compareAtoms(where, topology, [atom.element for atom in models.topology.atoms()], path)
    return models

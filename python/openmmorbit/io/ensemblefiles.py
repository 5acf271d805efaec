# SPDX-License-Identifier: MIT
"""Ensembles in extended XYZ and npz files, read as RDKit molecules and turned into SDF records for openmmorbit.chem."""
from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple, Optional, Union

import numpy as np

from openmmorbit.io import bondorders
from openmmorbit.molecules import requireRDKit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rdkit import Chem

    from openmmorbit._types import StrPath

# SMILES, atomic numbers, positions in Angstrom, and energy in kcal/mol, of one conformer.
Frame = tuple[str, Union[Sequence[int], np.ndarray], np.ndarray, Optional[float]]
_purpose = "reading extended XYZ and npz files"
_smilesKeys = ("smiles", "SMILES")
#: Energies of a frame, and what makes kcal/mol of them.
_toKcal = {"energy_kcal": 1.0, "energy": 23.060547830619026, "energy_ev": 23.060547830619026}



def _template(smiles: str) -> Chem.Mol:
    """Get the molecule of a SMILES with hydrogens, in RDKit's order."""
    Chem = requireRDKit(_purpose)
    parameters = Chem.SmilesParserParams()
    parameters.removeHs = False
    mol = Chem.MolFromSmiles(smiles, parameters)
    if mol is None:
        raise ValueError(f"expected a SMILES, got '{smiles}', which cannot be read")
    return Chem.AddHs(mol)


def _skeleton(mol: Chem.Mol) -> Chem.Mol:
    """Copy a molecule with single bonds only, without charges and labels."""
    Chem = requireRDKit(_purpose)
    editable = Chem.RWMol()
    for atom in mol.GetAtoms():
        copy = Chem.Atom(atom.GetAtomicNum())
        copy.SetNoImplicit(True)
        editable.AddAtom(copy)
    for bond in mol.GetBonds():
        editable.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), Chem.BondType.SINGLE)
    return editable.GetMol()


def assignSmiles(smiles: str, numbers: Sequence[int], positions: np.ndarray) -> Chem.Mol:
    """Give coordinates the bonds of a SMILES.

    Parameters
    ----------
    smiles : str
        The molecule; its atoms may stand in any order.
    numbers : sequence of int
        Atomic numbers, shape (numAtoms,).
    positions : numpy.ndarray
        Shape (numConformers, numAtoms, 3), Angstrom.

    Returns
    -------
    rdkit.Chem.Mol
        Atoms in the order of the coordinates, with all conformers; stereochemistry as in the first conformer.

    Raises
    ------
    ValueError
        If atoms or bonds that the distances show are not those of the SMILES.
    """
    Chem = requireRDKit(_purpose)
    from rdkit.Chem import rdDetermineBonds

    template, numbers = _template(smiles), [int(number) for number in numbers]
    if sorted(atom.GetAtomicNum() for atom in template.GetAtoms()) != sorted(numbers):
        raise ValueError(f"expected the {template.GetNumAtoms()} atoms of '{smiles}', got {len(numbers)} others")
    table = Chem.GetPeriodicTable()
    text = "".join(f"{table.GetElementSymbol(number)} {x:.8f} {y:.8f} {z:.8f}\n"
                   for number, (x, y, z) in zip(numbers, positions[0]))
    found = Chem.MolFromXYZBlock(f"{len(numbers)}\n\n{text}")
    if found is None:
        raise ValueError(f"expected coordinates of the atoms of '{smiles}', got some that RDKit cannot read")
    rdDetermineBonds.DetermineConnectivity(found)
    if "." in smiles:
        found = bondorders.withoutIonBonds(found)
    match = _skeleton(found).GetSubstructMatch(_skeleton(template))
    if len(match) != len(numbers) or found.GetNumBonds() != template.GetNumBonds():
        raise ValueError(f"expected the bonds of '{smiles}', got others from the distances")
    order = [0] * len(match)
    for index, place in enumerate(match):
        order[place] = index
    mol = Chem.RenumberAtoms(template, order)
    mol.RemoveAllConformers()
    for values in positions:
        conformer = Chem.Conformer(len(numbers))
        conformer.SetPositions(np.ascontiguousarray(values, dtype=float))
        mol.AddConformer(conformer, assignId=True)
    Chem.AssignStereochemistryFrom3D(mol, 0, True)
    return mol


@lru_cache(maxsize=1)
def _elements() -> dict[str, int]:
    """Get the atomic numbers of symbols; hydrogens of other mass are hydrogens."""
    table = requireRDKit(_purpose).GetPeriodicTable()
    return {"D": 1, "T": 1, **{table.GetElementSymbol(number): number for number in range(1, 119)}}


def hydrogenIsotope(text: str) -> int:
    """Get the mass number that a symbol of its own says, of deuterium and tritium; else 0."""
    return {"D": 2, "T": 3}.get(text.upper(), 0)


def atomicNumber(text: str) -> int:
    """Get the atomic number of a symbol, in capitals or not, or of a number.

    Raises
    ------
    ValueError
        If there is no such element.
    """
    number = int(text) if text.isdigit() else _elements().get(text.capitalize(), 0)
    if not 0 < number < 119:
        raise ValueError(f"expected an element, got '{text}'")
    return number


class XYZFrame(NamedTuple):
    """The values in the comment of a frame by their names, atomic numbers, positions of shape (numAtoms, 3) in
    Angstrom, and mass numbers of atoms that are written as D or T, by their index."""
    info: dict[str, str]
    numbers: list[int]
    positions: np.ndarray
    isotopes: dict[int, int]


def parseXYZ(stream: IO[str], path: StrPath) -> Iterator[XYZFrame]:
    """Yield the frames of a text in extended XYZ.

    Parameters
    ----------
    stream : text file
    path : path
        For messages.

    Yields
    ------
    XYZFrame

    Raises
    ------
    ValueError
        If a frame does not have its form: no later frame can be found then.
    """
    frame = 0
    for first in iter(stream.readline, ""):
        if not first.strip():
            continue
        frame += 1
        try:
            number = int(first)
            comment = stream.readline()
            info = {key: quoted or plain for key, quoted, plain in
                    re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', comment)}
            # A wrong number may be huge: the end of the text comes first.
            rows = [line.split() for line in islice(iter(stream.readline, ""), max(number, 0))]
            if number < 1 or len(rows) < number:
                raise ValueError(f"{len(rows)} of {number} atoms")
            columns = info.get("Properties", "species:S:1:pos:R:3").split(":")
            start, speciesAt, positionsAt = 0, 0, 1
            for name, width in zip(columns[::3], columns[2::3]):
                speciesAt = start if name == "species" else speciesAt
                positionsAt = start if name == "pos" else positionsAt
                start += int(width)
            if min(speciesAt, positionsAt) < 0:
                raise ValueError(f"Properties={info['Properties']}")
            numbers = [atomicNumber(row[speciesAt]) for row in rows]
            positions = np.array([[float(value) for value in row[positionsAt:positionsAt + 3]] for row in rows])
            if positions.shape != (number, 3) or not np.isfinite(positions).all():
                raise ValueError("coordinates that are missing or not finite")
        except (ValueError, IndexError) as error:
            raise ValueError(f"'{path}', frame {frame}: expected extended XYZ, got a line that does not fit "
                             f"({error})") from error
        masses = {k: hydrogenIsotope(row[speciesAt]) for k, row in enumerate(rows)}
        yield XYZFrame(info, numbers, positions, {k: mass for k, mass in masses.items() if mass})


def frameSmiles(info: dict[str, str]) -> str:
    """Get the SMILES that the comment of a frame gives; empty if there is none."""
    return next((info[key] for key in _smilesKeys if key in info), "")


def _readXYZ(path: StrPath) -> Iterator[Frame]:
    """Yield (SMILES, numbers, positions, energy in kcal/mol or None) of the frames of a file."""
    with open(path, encoding="utf-8") as stream:
        for frame in parseXYZ(stream, path):
            info = frame.info
            energy = next((float(info[key]) * _toKcal[key] for key in _toKcal if key in info), None)
            yield frameSmiles(info), frame.numbers, frame.positions, energy


class _Values:
    """The values of one array of an npz file, read from the first to the last: the array need not fit in memory."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self._stream = archive.open(f"{name}.npy")
        version = np.lib.format.read_magic(self._stream)
        readHeader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, columnMajor, self._dtype = readHeader(self._stream)
        if columnMajor and len(shape) > 1 or self._dtype.hasobject:
            raise ValueError(f"expected plain {name}, row after row, got another layout")
        self.size = int(np.prod(shape, dtype=int))

    def take(self, number: int) -> np.ndarray:
        size = int(number) * self._dtype.itemsize
        content = self._stream.read(size)
        if len(content) < size:
            raise ValueError("expected a whole array, got one that ends early")
        return np.frombuffer(content, dtype=self._dtype)


def _readNpz(path: StrPath) -> Iterator[Frame]:
    """Yield the same for every conformer of an npz file; the arrays are described in docs/training.md."""
    names = ("smiles", "numAtoms", "numConformers", "numbers", "positions")
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ValueError(f"'{path}': expected an npz file, got another one") from error
    with archive:
        missing = [name for name in names if f"{name}.npy" not in archive.namelist()]
        if missing:
            raise ValueError(f"'{path}': expected the arrays smiles, numAtoms, numConformers, numbers and positions, "
                             f"got none called {', '.join(missing)}")
        smiles, numAtoms, numConformers, numbers, positions = (_Values(archive, name) for name in names)
        energies = _Values(archive, "energies") if "energies.npy" in archive.namelist() else None
        sizes, counts = (values.take(values.size).astype(int) for values in (numAtoms, numConformers))
        if int(sizes.sum()) != numbers.size or 3 * int((sizes * counts).sum()) != positions.size:
            raise ValueError(f"'{path}': expected {int(sizes.sum())} numbers and {int((sizes * counts).sum())} "
                             f"positions, got {numbers.size} and {positions.size // 3}")
        for size, count in zip(sizes, counts):
            text, elements = str(smiles.take(1)[0]), numbers.take(size)
            for _ in range(count):
                yield (text, elements, positions.take(3 * size).reshape(-1, 3),
                       None if energies is None else float(energies.take(1)[0]))


def _groups(
        frames: Iterable[Frame]) -> Iterator[tuple[tuple[str, tuple[int, ...]], list[tuple[np.ndarray, float | None]]]]:
    """Yield runs of frames of the same SMILES and elements."""
    key: tuple[str, tuple[int, ...]] = ("", ())
    run: list[tuple[np.ndarray, float | None]] = []
    for smiles, numbers, positions, energy in frames:
        newKey = (smiles, tuple(int(number) for number in numbers))
        if run and newKey != key:
            yield key, run
            run = []
        key = newKey
        run.append((positions, energy))
    if run:
        yield key, run


def toSDF(path: StrPath, output: StrPath) -> list[str]:
    """Turn an extended XYZ or npz file of ensembles into SDF records with the tags SMILES, ID and REL_E_KCAL.

    Parameters
    ----------
    path : path
        A file that ends in .xyz, .extxyz or .npz. Consecutive frames of one molecule are its conformers. Frames of XYZ
        name their molecule by ``smiles=``, and their energy by ``energy=`` (eV) or ``energy_kcal=``.
    output : path
        The SDF file to write.

    Returns
    -------
    list of str
        One message for every molecule that was left out.

    Raises
    ------
    ValueError
        If the file is not of its format.
    """
    Chem = requireRDKit(_purpose)
    ending = Path(path).suffix.lower()
    messages: list[str] = []
    frames = _readNpz(path) if ending == ".npz" else _readXYZ(path)
    with open(output, "w", encoding="utf-8") as stream:
        for index, ((smiles, numbers), run) in enumerate(_groups(frames)):
            try:
                if not smiles:
                    raise ValueError("expected a SMILES with every frame (smiles=...), got none")
                mol = assignSmiles(smiles, numbers, np.stack([positions for positions, _ in run]))
            except ValueError as error:
                messages.append(f"{path}, molecule {index + 1}: {error}")
                continue
            known = [energy for _, energy in run if energy is not None]
            for number, (_, energy) in enumerate(run):
                tags = {"SMILES": smiles, "ID": f"{index}_{number}"}
                if energy is not None and len(known) == len(run):
                    tags["REL_E_KCAL"] = f"{energy - min(known):.4f}"
                stream.write(Chem.MolToMolBlock(mol, confId=number))
                stream.writelines(f">  <{name}>\n{value}\n\n" for name, value in tags.items())
                stream.write("$$$$\n")
    return messages

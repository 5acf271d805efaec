# SPDX-License-Identifier: MIT
"""Molecules of MOL2, XYZ and InChI texts, read through RDKit; what cannot be told for sure is refused."""
from __future__ import annotations

import re
from functools import partial
from itertools import chain
from typing import IO, TYPE_CHECKING, NamedTuple, cast

import numpy as np

from openmmorbit.io import bondorders, ensemblefiles
from openmmorbit.molecules import fromInchi, fromRDKit, repairText, requireRDKit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rdkit import Chem

    from openmmorbit import orbit
    from openmmorbit.io.moleculefiles import FileOptions

_chargeTolerance = 0.1  # elementary charges, of a sum of rounded partial charges


class TextRecord(NamedTuple):
    """A record: the line where it begins, from 1, what messages call it, and what makes its molecule."""
    line: int
    title: str
    read: Callable[[], orbit.MolecularGraph]


def _toGraph(mol: Chem.Mol, name: str, options: FileOptions) -> orbit.MolecularGraph:
    graph = fromRDKit(mol, options.addHydrogens, options.fragments)
    graph.name = repairText(name)
    return graph


def _mol2Sections(lines: Iterable[str]) -> dict[str, list[str]]:
    """Get the lines of the sections of one molecule, without comments and blanks behind them."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        if line.startswith("@<TRIPOS>"):
            current = sections.setdefault(line[9:].strip(), [])
        elif not line.startswith("#"):
            current.append(line)
    return sections


def _mol2Rows(sections: dict[str, list[str]], counts: list[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Get the columns of the lines of atoms and bonds; refuse lines that are cut off, and records that lack some."""
    found = []
    for name, leastColumns, columns in (("ATOM", 6, "number, name, x, y, z, type"),
                                        ("BOND", 4, "number, two atoms, order")):
        rows = [line.split() for line in sections.get(name, []) if line.strip()]
        short = next((row for row in rows if len(row) < leastColumns), None)
        if short is not None:
            raise ValueError(f"a line '{' '.join(short)}' of {name} instead of {columns}")
        found.append(rows)
        stated = counts[len(found) - 1:len(found)]
        if stated and stated[0].isdigit() and int(stated[0]) not in (0, len(rows)):
            raise ValueError(f"{len(rows)} of {stated[0]} lines of {name}")
    if not found[0]:
        raise ValueError("no lines of ATOM")
    places = {row[0] for row in found[0]}
    lost = next((end for row in found[1] for end in row[1:3] if end not in places), None)
    if lost is not None:
        raise ValueError(f"a bond of atom '{lost}', which has no line")
    return found[0], found[1]


def _mol2Charge(rows: list[list[str]], kind: str, attributes: list[str]) -> int | None:
    """Get the total charge of a MOL2 record from its formal or partial charges; None if it has none."""
    formal = [int(words[1]) for words in map(str.split, attributes) if len(words) > 1 and words[0].lower() == "charge"]
    if formal:
        return sum(formal)
    if kind.upper() in ("NO_CHARGES", "") or any(len(row) < 9 for row in rows):
        return None
    total = sum(float(row[8]) for row in rows)
    return round(total) if abs(total - round(total)) < _chargeTolerance else None


def readMol2Molecule(lines: list[str], options: FileOptions) -> tuple[Chem.Mol, str]:
    """Get the molecule, with its positions, and the name of a MOL2 record."""
    Chem = requireRDKit("reading MOL2 files")
    from rdkit import rdBase

    sections = _mol2Sections(lines)
    head = [line.strip() for line in sections.get("MOLECULE", [])] + [""] * 4
    attributes = sections.get("UNITY_ATOM_ATTR", [])
    try:
        rows, bonds = _mol2Rows(sections, head[1].split())
        places = {row[0]: k for k, row in enumerate(rows)}
        symbols = [re.match(r"[A-Za-z]+", row[5].split(".")[0]) for row in rows]
        numbers = [ensemblefiles.atomicNumber(found[0] if found else row[5]) for found, row in zip(symbols, rows)]
        positions = np.array([[float(value) for value in row[2:5]] for row in rows])
        pairs = [(places[row[1]], places[row[2]]) for row in bonds]
        if positions.shape != (len(rows), 3) or not np.isfinite(positions).all():
            raise ValueError("coordinates that are missing or not finite")
        charge = _mol2Charge(rows, head[3], attributes) if options.charge is None else options.charge
    except (ValueError, OverflowError) as error:
        raise ValueError(f"expected a MOL2 record with atoms and bonds, got another one ({error})") from error
    blocked = rdBase.BlockLogs()
    mol = Chem.MolFromMol2Block("".join(lines), removeHs=False)
    del blocked
    if mol is None or mol.GetNumAtoms() != len(rows) or Chem.GetFormalCharge(mol) != (charge or 0) or any(
            atom.GetNumRadicalElectrons() or atom.GetTotalNumHs() for atom in mol.GetAtoms()):
        # RDKit reads the atom types of some programs only; the bonds and the total charge tell as much.
        mol = bondorders.findBonds(numbers, positions, pairs, charge or 0)
    masses = {k: ensemblefiles.hydrogenIsotope(row[5]) for k, row in enumerate(rows)}
    _labelIsotopes(mol, {k: mass for k, mass in masses.items() if mass})
    for atom, row in zip(mol.GetAtoms(), rows):
        atom.SetProp("_Name", row[1])
    return mol, "" if head[0] == "*****" else head[0]


def _readMol2Record(lines: list[str], options: FileOptions) -> orbit.MolecularGraph:
    return _toGraph(*readMol2Molecule(lines, options), options)


def splitMol2(stream: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the first line of each record of a MOL2 text, from 1, and its lines."""
    lines: list[str] = []
    begin = 0
    for number, line in enumerate(chain(stream, ["@<TRIPOS>MOLECULE\n"]), 1):
        if line.startswith("@<TRIPOS>MOLECULE"):
            if begin > 0:
                yield begin, [repairText(text) for text in lines]
            lines, begin = [], number
        lines.append(line)


def readMol2(stream: IO[str], options: FileOptions) -> Iterator[TextRecord]:
    """Yield the records of a MOL2 text."""
    for begin, lines in splitMol2(stream):
        title = next((text.strip() for text in lines[1:2]), "")
        yield TextRecord(begin, title, partial(_readMol2Record, lines, options))


def _frameCharge(info: dict[str, str], options: FileOptions) -> int:
    """Get the total charge that the comment of a frame gives, else that of the options, else 0."""
    stated = info.get("charge", info.get("total_charge", ""))
    try:
        charge = float(stated or options.charge or 0)
    except ValueError:
        charge = np.nan
    if not charge.is_integer():
        raise ValueError(f"expected charge= as a whole number of elementary charges, got '{stated}'")
    return int(charge)


def _labelIsotopes(mol: Chem.Mol, isotopes: Mapping[int, int]) -> None:
    """Label hydrogens that are written as D or T, which may make a centre of the atom beside them."""
    from rdkit import Chem

    for index, mass in isotopes.items():
        mol.GetAtomWithIdx(index).SetIsotope(mass)
    if isotopes and mol.GetNumConformers() > 0:
        Chem.AssignStereochemistryFrom3D(mol, -1, True)


def _readFrame(frame: ensemblefiles.XYZFrame, options: FileOptions) -> orbit.MolecularGraph:
    info, numbers, positions, isotopes = frame
    smiles = ensemblefiles.frameSmiles(info)
    if smiles:
        mol = ensemblefiles.assignSmiles(smiles, numbers, positions[np.newaxis])
        # A SMILES that has hydrogens of other mass tells where they are.
        if any(atom.GetIsotope() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 1):
            isotopes = {}
    else:
        mol = bondorders.findBonds(numbers, positions, None, _frameCharge(info, options))
    _labelIsotopes(mol, isotopes)
    graph = _toGraph(mol, info.get("name", ""), options)
    known = ("smiles", "SMILES", "name", "charge", "total_charge", "Properties", "Lattice", "pbc")
    graph.properties = {name: repairText(value) for name, value in info.items() if name not in known}
    return graph


class _CountedLines:
    """The lines of a text, and how many were read."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream, self.number = stream, 0

    def readline(self) -> str:
        self.number += 1
        return self._stream.readline()


def readXYZ(stream: IO[str], path: str, options: FileOptions) -> Iterator[TextRecord]:
    """Yield the frames of an XYZ text."""
    counted = _CountedLines(stream)
    for frame in ensemblefiles.parseXYZ(cast("IO[str]", counted), path):
        yield TextRecord(counted.number - len(frame.numbers) - 1, frame.info.get("name", ""),
                         partial(_readFrame, frame, options))


def _readInchiLine(text: str, name: str, options: FileOptions) -> orbit.MolecularGraph:
    graph = fromInchi(text, options.addHydrogens, options.fragments)
    graph.name = name
    return graph


def readInchi(stream: IO[str], options: FileOptions) -> Iterator[TextRecord]:
    """Yield the lines of a text of InChI, each followed by the name."""
    for number, line in enumerate(stream, 1):
        text, *rest = repairText(line).strip().split(None, 1) or [""]
        if not text or text.startswith("#") or (number == 1 and text.lower() == "inchi"):
            continue
        yield TextRecord(number, text, partial(_readInchiLine, text, rest[0].strip() if rest else "", options))

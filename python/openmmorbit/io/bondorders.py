# SPDX-License-Identifier: MIT
"""Bonds and charges of atoms that are known by element and place only, through RDKit, with checks of what comes out."""
from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.molecules import requireRDKit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rdkit import Chem

_purpose = "molecules without bond orders"
_advice = "name the molecule by smiles=\"…\" in the comment of an XYZ frame, or give it as SDF"
_maxIterations = 20000
_minLinearAngle = 150.0  # degrees
#: Charges of atoms without a bond, by atomic number.
_ionCharges = {**dict.fromkeys((2, 10, 18, 36, 54), 0), **dict.fromkeys((3, 11, 19, 37, 55, 47), 1),
               **dict.fromkeys((4, 12, 20, 38, 56, 30), 2), 13: 3, **dict.fromkeys((9, 17, 35, 53), -1)}
_maxFragments = 5
#: Atoms that never bind by distance: Na, K, Ca, Rb, Sr, Cs and Ba.
_ions = {11, 19, 20, 37, 38, 55, 56}


class _Unclear(ValueError):
    """Fragments whose charges cannot be told."""


def withoutIonBonds(mol: Chem.Mol) -> Chem.Mol:
    """Get a molecule without the bonds of ions that have none, such as Na+: they may stand as near as bonded atoms."""
    editable = requireRDKit(_purpose).RWMol(mol)
    for bond in mol.GetBonds():
        if {bond.GetBeginAtom().GetAtomicNum(), bond.GetEndAtom().GetAtomicNum()} & _ions:
            editable.RemoveBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())
    return editable.GetMol()


def makeAtoms(numbers: Sequence[int], positions: np.ndarray, bonds: Sequence[tuple[int, int]] | None) -> Chem.Mol:
    """Make a molecule of single bonds without hydrogens beyond its atoms.

    Parameters
    ----------
    numbers : sequence of int
        Atomic numbers, shape (numAtoms,).
    positions : numpy.ndarray
        Shape (numAtoms, 3), Angstrom.
    bonds : sequence of pairs, or None
        Bonded atoms; None finds them by distances.
    """
    Chem = requireRDKit(_purpose)
    from rdkit.Chem import rdDetermineBonds

    mol = Chem.RWMol()
    for number in numbers:
        atom = Chem.Atom(int(number))
        atom.SetNoImplicit(True)
        mol.AddAtom(atom)
    for first, second in bonds or ():
        mol.AddBond(int(first), int(second), Chem.BondType.SINGLE)
    conformer = Chem.Conformer(len(numbers))
    conformer.SetPositions(np.ascontiguousarray(positions, dtype=float))
    conformer.Set3D(True)
    mol.AddConformer(conformer)
    plain = mol.GetMol()
    if bonds is None:
        rdDetermineBonds.DetermineConnectivity(plain)
        plain = withoutIonBonds(plain)
    return plain


def _alternatingPath(mol: Chem.Mol, start: int, kind: Any, other: Any) -> list[tuple[int, int]]:
    """Get bonds, in turn of one order and the other, from an atom to a negative one; none if there is no way."""
    single, paths = requireRDKit(_purpose).BondType.SINGLE, list[list[tuple[int, int]]]([[]])
    seen = {(start, kind)}
    for path in paths:
        end = path[-1][1] if path else start
        wanted = kind if len(path) % 2 == 0 else other
        for bond in mol.GetAtomWithIdx(end).GetBonds():
            following = bond.GetOtherAtomIdx(end)
            if bond.GetBondType() != wanted or (following, wanted) in seen or following == start:
                continue
            seen.add((following, wanted))
            longer = [*path, (end, following)]
            # The last bond of the way is single: it becomes double, and the charge goes.
            if mol.GetAtomWithIdx(following).GetFormalCharge() < 0 and wanted == single:
                return longer
            paths.append(longer)
    return []


def _joinCharges(mol: Chem.RWMol) -> None:
    """Shift double bonds so that sulfur and its like are neutral again: RDKit charges them without need at times."""
    Chem = requireRDKit(_purpose)
    single, double = Chem.BondType.SINGLE, Chem.BondType.DOUBLE
    for atom in mol.GetAtoms():
        if atom.GetFormalCharge() <= 0 or atom.GetAtomicNum() not in (8, 15, 16, 34):
            continue
        for kind, other in ((double, single), (single, double)):
            path = _alternatingPath(mol, atom.GetIdx(), kind, other)
            if not path:
                continue
            for first, second in path:
                bond = mol.GetBondBetweenAtoms(first, second)
                bond.SetBondType(single if bond.GetBondType() == double else double)
            for index, change in ((atom.GetIdx(), -1), (path[-1][1], 1)):
                charged = mol.GetAtomWithIdx(index)
                charged.SetFormalCharge(charged.GetFormalCharge() + change)
            break


def _faults(mol: Chem.Mol) -> Iterator[str]:
    """Yield what makes bond orders doubtful: radicals, charges without need, bent atoms of two double bonds."""
    atoms = list(mol.GetAtoms())
    hasNegative = any(atom.GetFormalCharge() < 0 for atom in atoms)
    positions = mol.GetConformer().GetPositions()
    for atom in atoms:
        name = f"{atom.GetSymbol()}{atom.GetIdx() + 1}"
        neighbors = list(atom.GetNeighbors())
        if atom.GetNumRadicalElectrons() or atom.GetTotalNumHs() > 0:
            yield f"{name} with an open valence, as if a hydrogen were missing"
        isQuaternary = len(neighbors) == 4 or atom.GetTotalValence() == len(neighbors)
        if atom.GetFormalCharge() > 0 and hasNegative and not isQuaternary and all(
                other.GetFormalCharge() >= 0 for other in neighbors):
            yield f"{name} with a charge that the opposite one far from it makes doubtful"
        if atom.GetAtomicNum() == 6 and len(neighbors) == 2:
            arms = [positions[other.GetIdx()] - positions[atom.GetIdx()] for other in neighbors]
            cosine = float(np.dot(*arms) / np.linalg.norm(arms[0]) / np.linalg.norm(arms[1]))
            if np.degrees(np.arccos(np.clip(cosine, -1, 1))) < _minLinearAngle:
                yield f"{name} bent between two neighbours, as if a hydrogen were missing"


class _Fragments:
    """Atoms without bonds between some of them: charges of single ions are known, those of others are to be found."""

    def __init__(self, mol: Chem.Mol, numbers: Sequence[int], positions: np.ndarray) -> None:
        self.Chem = requireRDKit(_purpose)
        self._mol, self._numbers, self._positions = mol, numbers, positions
        self.atoms: list[list[int]] = [list(atoms) for atoms in self.Chem.GetMolFrags(mol)]
        self.ions = {index: self._chargeOf(atoms[0]) for index, atoms in enumerate(self.atoms) if len(atoms) == 1}
        self.others = [index for index in range(len(self.atoms)) if index not in self.ions]
        self._known: dict[tuple[int, int], Any] = {}
        if len(self.others) > _maxFragments:
            raise _Unclear(f"expected up to {_maxFragments} fragments whose charges are to be found, got "
                           f"{len(self.others)}; {_advice}")

    def _chargeOf(self, atom: int) -> int:
        if int(self._numbers[atom]) not in _ionCharges:
            raise _Unclear("expected single atoms of a known charge, got "
                           f"{self._mol.GetAtomWithIdx(atom).GetSymbol()}{atom + 1}, to which no atom is bonded; "
                           f"{_advice}")
        return _ionCharges[int(self._numbers[atom])]

    def _find(self, index: int, charge: int) -> Any:
        """Get the molecule that a fragment is with a charge, or None."""
        atoms = self.atoms[index]
        if index in self.ions:
            ion = self.Chem.RWMol(makeAtoms([self._numbers[atoms[0]]], self._positions[atoms], []))
            ion.GetAtomWithIdx(0).SetFormalCharge(charge)
            return ion.GetMol()
        if (index, charge) not in self._known:
            place = {atom: k for k, atom in enumerate(atoms)}
            bonds = [(place[bond.GetBeginAtomIdx()], place[bond.GetEndAtomIdx()]) for bond in self._mol.GetBonds()
                     if bond.GetBeginAtomIdx() in place]
            try:
                found = findBonds([self._numbers[atom] for atom in atoms], self._positions[atoms], bonds, charge)
            except ValueError:
                found = None
            self._known[index, charge] = found
        return self._known[index, charge]

    def chooseCharges(self, total: int) -> dict[int, int]:
        """Get the charges of all fragments: of those that fit the total the nearest to 0, if there is one such set."""
        rest = total - sum(self.ions.values())
        choices = [entry for entry in product(range(-2, 3), repeat=len(self.others)) if sum(entry) == rest] \
            if len(self.others) != 1 else [(rest,)]
        right = [entry for entry in choices if all(map(self._find, self.others, entry))]
        least = min((sum(map(abs, entry)) for entry in right), default=0)
        right = [entry for entry in right if sum(map(abs, entry)) == least]
        if len(right) != 1:
            raise _Unclear(f"expected fragments whose charges of {total} in total are clear, got {len(self.atoms)} "
                           f"with {len(right)} ways; give the charge, or {_advice}")
        return {**self.ions, **dict(zip(self.others, right[0]))}

    def join(self, charges: dict[int, int]) -> Chem.Mol:
        """Get the molecules of all fragments as one, in the order of the atoms."""
        joined, order = self.Chem.Mol(), [0] * len(self._numbers)
        for index, atoms in enumerate(self.atoms):
            for place, atom in enumerate(atoms, joined.GetNumAtoms()):
                order[atom] = place
            joined = self.Chem.CombineMols(joined, self._find(index, charges[index]))
        joined = self.Chem.RenumberAtoms(joined, order)
        joined.RemoveAllConformers()
        joined.AddConformer(self._mol.GetConformer())
        self.Chem.SanitizeMol(joined)
        return joined


def findBonds(numbers: Sequence[int], positions: np.ndarray, bonds: Sequence[tuple[int, int]] | None,
              charge: int) -> Chem.Mol:
    """Find bond orders, formal charges and stereochemistry of atoms in three dimensions.

    Parameters
    ----------
    numbers, positions, bonds
        As of makeAtoms(); all hydrogens are among the atoms.
    charge : int
        Total charge, in elementary charges.

    Returns
    -------
    rdkit.Chem.Mol
        Sanitized, in the order of the atoms, with their positions.

    Raises
    ------
    ValueError
        If there are none, or if those that RDKit finds are doubtful.
    """
    Chem = requireRDKit(_purpose)
    from rdkit import rdBase
    from rdkit.Chem import rdDetermineBonds

    blocked = rdBase.BlockLogs()
    try:
        mol = makeAtoms(numbers, positions, bonds)
        if len(Chem.GetMolFrags(mol)) > 1:
            fragments = _Fragments(mol, numbers, positions)
            return fragments.join(fragments.chooseCharges(charge))
        rdDetermineBonds.DetermineBondOrders(mol, charge=charge, maxIterations=_maxIterations)
        editable = Chem.RWMol(mol)
        Chem.Kekulize(editable, clearAromaticFlags=True)
        _joinCharges(editable)
        mol = editable.GetMol()
        Chem.SanitizeMol(mol)
        Chem.AssignStereochemistryFrom3D(mol, 0, True)
    except _Unclear:
        raise
    except Exception as error:  # RDKit's exceptions have no common class.
        raise ValueError(f"expected atoms whose bonds RDKit can tell with a total charge of {charge}, got others "
                         f"({' '.join(str(error).split())[:200]}); give the charge, or {_advice}") from error
    finally:
        del blocked
    fault = next(_faults(mol), "")
    if fault:
        raise ValueError(f"expected atoms whose bonds RDKit can tell with a total charge of {charge}, got {fault}; "
                         f"give the charge, or {_advice}")
    return mol

# SPDX-License-Identifier: MIT
"""Bonds and charges of atoms that are known by element and place only, through RDKit, with checks of what comes out."""
from __future__ import annotations

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
        rdDetermineBonds.DetermineBondOrders(mol, charge=charge, maxIterations=_maxIterations)
        editable = Chem.RWMol(mol)
        Chem.Kekulize(editable, clearAromaticFlags=True)
        _joinCharges(editable)
        mol = editable.GetMol()
        Chem.SanitizeMol(mol)
        Chem.AssignStereochemistryFrom3D(mol, 0, True)
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

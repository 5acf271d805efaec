# SPDX-License-Identifier: MIT
"""Which minima are kept: bonds and stereochemistry unchanged, inside the energy window, different from others."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openmmorbit.data.settings import MoleculeFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rdkit import Chem

    from openmmorbit.data.settings import EnsembleOutcome


def _withoutCarbonHydrogens(mol: Chem.Mol) -> Chem.Mol:
    """Drop the hydrogens on carbon: rotamers of OH and NH count as different, those of methyl do not."""
    from rdkit import Chem

    editable = Chem.RWMol(mol)
    for atom in reversed(list(mol.GetAtoms())):
        if atom.GetAtomicNum() == 1 and all(n.GetAtomicNum() == 6 for n in atom.GetNeighbors()):
            editable.RemoveAtom(atom.GetIdx())
    return editable.GetMol() if editable.GetNumAtoms() > 0 else Chem.Mol(mol)


def prune(mol: Chem.Mol, energies: Mapping[int, float], minRmsd: float, window: float,
          maxMatches: int = 2000) -> list[int]:
    """Choose the different conformers of low energy.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    energies : dict
        Conformer id to energy in kcal/mol.
    minRmsd : float
        Conformers closer than this to one of lower energy are left out, Angstrom.
    window : float
        Conformers further above the lowest are left out, kcal/mol.

    Returns
    -------
    list of int
        Conformer ids, lowest energy first.
    """
    from rdkit.Chem import rdMolAlign

    reduced = _withoutCarbonHydrogens(mol)
    kept: list[int] = []
    lowest = min(energies.values())
    for value, identifier in sorted((value, identifier) for identifier, value in energies.items()):
        if value - lowest > window:
            break
        # Equal minima have equal energies: only those are superposed.
        near = (other for other in kept if abs(value - energies[other]) < 1.0)
        if all(rdMolAlign.GetBestRMS(reduced, reduced, identifier, other, maxMatches=maxMatches) >= minRmsd
               for other in near):
            kept.append(identifier)
    return kept


def isConnectivityKept(mol: Chem.Mol, positions: np.ndarray) -> bool:
    """Tell whether all bonds are shorter than 1.3, and all other distances longer than 1.15 sums of covalent radii."""
    from rdkit import Chem

    table = Chem.GetPeriodicTable()
    radii = np.array([table.GetRcovalent(atom.GetAtomicNum()) for atom in mol.GetAtoms()])
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=-1) / (radii[:, None] + radii[None])
    bonded = Chem.GetAdjacencyMatrix(mol).astype(bool)
    others = ~bonded & ~np.eye(len(radii), dtype=bool)
    return bool((distances[bonded] < 1.3).all() and (distances[others] > 1.15).all())


def _perceive(mol: Chem.Mol, identifier: int, request: Chem.Mol) -> Chem.Mol:
    """Get the molecule without hydrogens and with the stereochemistry of a conformer."""
    from rdkit import Chem

    single = Chem.Mol(mol, confId=identifier)
    Chem.AssignStereochemistryFrom3D(single, single.GetConformer().GetId(), True)
    positions = single.GetConformer().GetPositions()
    for asked in request.GetAtoms():
        atom = single.GetAtomWithIdx(asked.GetIdx())
        # RDKit finds no centre in pyramids of phosphorus, though its reader of SMILES knows them.
        if asked.GetChiralTag() and not atom.GetChiralTag() and atom.GetDegree() == 3:
            neighbours = [bond.GetOtherAtomIdx(atom.GetIdx()) for bond in atom.GetBonds()]
            clockwise = np.linalg.det(positions[neighbours] - positions[atom.GetIdx()]) < 0
            atom.SetChiralTag(Chem.ChiralType.CHI_TETRAHEDRAL_CW if clockwise
                              else Chem.ChiralType.CHI_TETRAHEDRAL_CCW)
    return Chem.RemoveHs(single)


def keepUnchanged(mol: Chem.Mol, energies: Mapping[int, float], request: Chem.Mol,
                  outcome: EnsembleOutcome) -> dict[int, float]:
    """Keep the conformers whose bonds and stereochemistry are those of the request, and whose shape can exist."""
    from rdkit import Chem

    from openmmorbit import molecules, orbit

    kept, reason, graph = {}, "", molecules.toGraph(mol)[0]
    for identifier, value in sorted(energies.items(), key=lambda entry: entry[1]):
        positions = mol.GetConformer(identifier).GetPositions()
        if not np.isfinite(positions).all() or not isConnectivityKept(mol, positions):
            outcome.numChanged += 1
            reason = reason or "connectivity changed"
            continue
        status = orbit.checkConformer(graph, positions.ravel().tolist())
        if not (status.centersInside and status.ringsClear):
            outcome.numChanged += 1
            reason = reason or "a centre outside its neighbours, or a bond through a ring"
            continue
        seen = _perceive(mol, identifier, request)
        smiles = Chem.MolToSmiles(seen)
        if not seen.HasSubstructMatch(request, useChirality=True) or smiles != (outcome.smiles or smiles):
            outcome.numChanged += 1
            reason = reason or "stereochemistry changed"
            continue
        # What the request leaves open is fixed by the lowest minimum.
        outcome.smiles = smiles
        kept[identifier] = value
    if not kept:
        raise MoleculeFailure(reason)
    return kept

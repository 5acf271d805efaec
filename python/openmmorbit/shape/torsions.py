# SPDX-License-Identifier: MIT
"""Torsion fingerprints: dihedral angles of rotatable bonds and rings, and how far apart conformers are in them."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from openmmorbit import molecules
from openmmorbit.simulation.survival import dihedralsOfPoints

if TYPE_CHECKING:
    from openmmorbit import orbit


@dataclass(frozen=True)
class TorsionFingerprints:
    """Torsions of the conformers of a molecule. Source: 10.1021/ci2002318, with the torsions and weights of RDKit."""

    atoms: list[np.ndarray]
    """One array of shape (numQuartets, 4) a torsion: its atoms. Quartets of a bond are equivalent; those of a ring are
    its bonds."""
    isRing: np.ndarray
    """Shape (numTorsions,): whether a torsion is a ring's."""
    weights: np.ndarray
    """Shape (numTorsions,): how much a torsion counts, less far from the middle of the molecule."""
    largest: np.ndarray
    """Shape (numTorsions,): largest difference that is possible, degrees."""
    dihedrals: list[np.ndarray]
    """One array of shape (numConformers, numQuartets) a torsion: dihedral angles, degrees from -180 to 180."""
    numConformers: int
    """Number of conformers."""

    @property
    def angles(self) -> np.ndarray:
        """Shape (numConformers, numTorsions): of a bond the dihedral angle of its first quartet, degrees from -180 to
        180; of a ring the mean absolute dihedral angle."""
        columns = [np.abs(entry).mean(axis=1) if ring else entry[:, 0]
                   for entry, ring in zip(self.dihedrals, self.isRing)]
        return np.stack(columns, axis=1) if columns else np.zeros((self.numConformers, 0))

    def distances(self) -> np.ndarray:
        """Get the torsion fingerprint deviations of all conformers: shape (numConformers, numConformers), 0 to 1."""
        if not self.dihedrals:
            raise ValueError("TorsionFingerprints.distances: expected a molecule with torsions, got one without "
                             "rotatable bonds and rings; its conformers differ by rmsd() only")
        total = 0.0
        for column, entry in enumerate(self.dihedrals):
            values = np.abs(entry).mean(axis=1, keepdims=True) if self.isRing[column] else entry
            apart = np.abs(values[:, None, :, None] - values[None, :, None, :])
            nearest = np.minimum(apart, 360 - apart).min(axis=(2, 3))
            total = total + self.weights[column] * nearest / self.largest[column]
        return total / self.weights.sum()


def computeTorsions(graph: orbit.MolecularGraph, positions: np.ndarray, where: str) -> TorsionFingerprints:
    """Compute the torsions of conformers, positions of shape (numConformers, numAtoms, 3) in any unit.

    Raises
    ------
    ValueError
        For the graph of a system, whose bonds have no orders.
    """
    Chem = molecules.requireRDKit(where)
    from rdkit.Chem import TorsionFingerprints as fingerprints

    from openmmorbit.io.conversions import rdkitSkeleton

    full = rdkitSkeleton(graph, where)
    for atom in full.GetAtoms():
        atom.SetIntProp("place", atom.GetIdx())
    mol = Chem.RemoveHs(full.GetMol())
    places = np.array([atom.GetIntProp("place") for atom in mol.GetAtoms()])
    bonds, rings = fingerprints.CalculateTorsionLists(mol)
    weights = fingerprints.CalculateTorsionWeights(mol) if bonds or rings else []
    atoms = [places[np.array(quartets)] for quartets, _ in (*bonds, *rings)]
    dihedrals = [np.stack([dihedralsOfPoints(*(positions[:, atom] for atom in quartet)) for quartet in quartets],
                          axis=1) for quartets in atoms]
    return TorsionFingerprints(atoms, np.array([False] * len(bonds) + [True] * len(rings), bool),
                               np.array(weights, float), np.array([entry[1] for entry in (*bonds, *rings)], float),
                               dihedrals, len(positions))

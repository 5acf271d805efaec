# SPDX-License-Identifier: MIT
"""An isotope label changes no geometry: the positions are those of the molecule without it, bit for bit."""
import numpy as np
import pytest

import openmmorbit
from openmmorbit import orbit

# Molecule, and the atoms that are labelled with their mass numbers.
cases = [("CO", {2: 2, 3: 2, 4: 2}), ("CO", {5: 2}), ("CS(C)=O", {k: 2 for k in range(4, 10)}), ("NC", {0: 15}),
         ("C[C@H](F)Cl", {0: 13, 4: 2}), ("F/C=C/F", {0: 18, 1: 13}), ("O", {1: 3})]


def label(graph, masses):
    labelled, atoms = orbit.MolecularGraph(graph), []
    for index, atom in enumerate(graph.atoms):
        atom.isotope = masses.get(index, 0)
        atoms.append(atom)
    labelled.atoms = atoms
    return labelled


@pytest.mark.parametrize("smiles, masses", cases)
def testPositionsAreThoseWithoutTheLabel(smiles, masses):
    generator = openmmorbit.ConformerGenerator(platform="Reference", numSteps=4, check=False, unfamiliar="ignore")
    graph = openmmorbit.readMolecule(smiles)
    labelled = label(graph, masses)
    plain, heavy = (generator.generate(entry, 2, seed=5) for entry in (graph, labelled))
    assert np.array_equal(plain.positions, heavy.positions)
    found = {atom.GetIdx(): atom.GetIsotope() for atom in heavy.toRDKit().GetAtoms() if atom.GetIsotope()}
    assert found == masses


def testHeavyWaterReadFromSmiles():
    generator = openmmorbit.ConformerGenerator(platform="Reference", numSteps=4, check=False, unfamiliar="ignore")
    graph = openmmorbit.readMolecule("[2H]O[2H]")
    assert [atom.isotope for atom in graph.atoms] == [2, 0, 2]
    heavy = generator.generate("[2H]O[2H]", 2, seed=5)
    assert np.array_equal(heavy.positions, generator.generate(label(graph, {}), 2, seed=5).positions)

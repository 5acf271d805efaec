# SPDX-License-Identifier: MIT
"""The classes of conformers that no reference covers, on butane: anti is listed, gauche is not."""
from types import SimpleNamespace

import pytest
from conftest import loadBenchmark

from openmmorbit import evaluation
from openmmorbit.data import quantum


@pytest.fixture(scope="module")
def script():
    return loadBenchmark("classify_misses")


def testClassesOfButane(script):
    from rdkit import Chem
    from rdkit.Chem import AllChem, rdMolTransforms

    mol = Chem.AddHs(Chem.MolFromSmiles("CCCC"))
    AllChem.EmbedMolecule(mol, randomSeed=7)

    def twist(angle):
        """Get the positions with a dihedral angle of the carbon chain."""
        copy = Chem.Mol(mol)
        rdMolTransforms.SetDihedralDeg(copy.GetConformer(), 0, 1, 2, 3, angle)
        return copy.GetConformer().GetPositions()

    lowest, anti = quantum.minimum(mol, twist(180))
    mol.GetConformer().SetPositions(anti)
    reference = evaluation.Reference("CCCC", mol)
    options = SimpleNamespace(threshold=0.1, window=6.0, engine=None)
    assert script.classify(mol, anti, reference, lowest, options) == (script.COVERED, None, None)
    kind, moved, strain = script.classify(mol, twist(150), reference, lowest, options)
    assert kind == script.NEAR and moved > 0.05 and strain > 0.5
    assert script.classify(mol, twist(65), reference, lowest, options)[0] == script.UNLISTED
    options.window = 0.1
    assert script.classify(mol, twist(65), reference, lowest, options)[0] == script.HIGH

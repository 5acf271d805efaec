# SPDX-License-Identifier: MIT
"""The picture: superposition on the rigid core, and an image that is not empty."""
import numpy as np
import pytest
from openmm import unit
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit


@pytest.fixture(scope="module")
def ensemble():
    mol = Chem.AddHs(Chem.MolFromSmiles("OC(=O)Cc1ccccc1CCN"))
    AllChem.EmbedMultipleConfs(mol, 6, randomSeed=2)
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule(mol))
    for conformer in mol.GetConformers():
        ensemble._core.addConformer(unit.Quantity(conformer.GetPositions(), unit.angstrom))
    return ensemble


def testCoreIsTheRingAndItsNeighbors(ensemble):
    from openmmorbit.io import picture

    assert picture.rigidCore(ensemble.graph) == [3, 4, 5, 6, 7, 8, 9, 10]
    assert picture.rigidCore(openmmorbit.readMolecule("CCO")) == [0, 1, 2]
    assert picture.rigidCore(openmmorbit.readMolecule("[H][H]")) == [0, 1]


def testConformersAreSuperposed(ensemble):
    from openmmorbit.io import picture

    aligned = picture.alignedPositions(ensemble, 2)
    core = picture.rigidCore(ensemble.graph)
    assert np.abs(aligned[:, core] - aligned[2, core]).max() < 0.3
    for before, after in zip(10 * ensemble.positions._value, aligned):
        distances = [np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (before, after)]
        assert np.allclose(*distances, atol=1e-9)
        handed = [np.linalg.det(x[[1, 3, 4]] - x[0]) for x in (before, after)]
        assert handed[0] * handed[1] > 0


def testPictureShowsTheMolecule(ensemble, tmp_path):
    from matplotlib.image import imread

    from openmmorbit.io import picture

    picture.drawEnsemble(ensemble, str(tmp_path / "p.png"), 1, "title", "subtitle")
    image = imread(tmp_path / "p.png")[..., :3]
    assert image.shape[1] == 1440 and image.shape[0] > 600
    body = image[200:-120]
    assert 0.03 < (body.min(axis=2) < 0.9).mean() < 0.6
    assert ((body[..., 0] > 0.7) & (body[..., 1] < 0.4)).any() and ((body[..., 2] > 0.7) & (body[..., 0] < 0.4)).any()

# SPDX-License-Identifier: MIT
"""RMSDs over renumberings of equivalent atoms: exact beside RDKit's list of all, and for groups that none can list."""
import time

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem, rdMolAlign

from openmmorbit import molecules
from openmmorbit.shape import rmsd as module
from openmmorbit.shape.renumberings import findRenumberings
from openmmorbit.shape.rmsd import SymmetricRmsd, findAtoms

C60 = ("c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3"
       "c8c4c4c9c5c1c1c6c2c3c41")
TRITERTBUTYL = "CC(C)(C)c1cc(C(C)(C)C)cc(C(C)(C)C)c1"
FLUORINATED = "FC(F)(F)c1cc(cc(c1)C(F)(F)F)CN1CCN(Cc2cc(C(F)(F)F)cc(C(F)(F)F)c2)CC1"
PEPTIDE = "N[C@@H](Cc1ccccc1)C(=O)N[C@@H](C(C)C)C(=O)" * 8 + "O"
HEXATERTBUTYL = "CC(C)(C)c1c(C(C)(C)C)c(C(C)(C)C)c(C(C)(C)C)c(C(C)(C)C)c1C(C)(C)C"


def makeMolecule(smiles, number, seed=5):
    """Get a molecule of heavy atoms with conformers: embedded ones, or random chains where that takes long."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    isLarge = smiles in (C60, PEPTIDE, HEXATERTBUTYL)
    if isLarge or len(AllChem.EmbedMultipleConfs(mol, number, randomSeed=seed)) < number:
        mol.RemoveAllConformers()
        random = np.random.default_rng(seed)
        base = np.cumsum(random.normal(size=(mol.GetNumAtoms(), 3)), axis=0)
        for index in range(number):
            conformer = Chem.Conformer(mol.GetNumAtoms())
            conformer.SetPositions(base + random.normal(size=base.shape) * (1 + index) / 2)
            mol.AddConformer(conformer, assignId=True)
    return Chem.RemoveHs(mol, sanitize=True)


def measure(mol):
    graph = molecules.toGraph(Chem.AddHs(mol, addCoords=True))[0]
    metric = SymmetricRmsd(graph, findAtoms(graph))
    return metric, metric.center(np.array([conformer.GetPositions() for conformer in mol.GetConformers()]))


@pytest.fixture
def searching(monkeypatch):
    """Let no group be listed."""
    monkeypatch.setattr(module, "MAX_LISTED", 1)


SMALL = ["c1ccc(CCc2ccccc2)cc1", "O=C([O-])CN(CC([O-])=O)CCN(CC([O-])=O)CC([O-])=O", "C1CCCCCCCCCCC1", "CCN(CC)CC",
         "O=[N+]([O-])c1ccc(cc1)S(=O)(=O)NCP(=O)(O)O", "NC(=[NH2+])NCCC", TRITERTBUTYL, "CC", "CC(C)(C)C", "C#CC#C"]


def compare(smiles, number=5):
    mol = makeMolecule(smiles, number)
    metric, frames = measure(mol)
    found = metric.ownMatrix(frames)
    first, second = np.triu_indices(number, 1)
    expected = [rdMolAlign.GetBestRMS(Chem.Mol(mol), mol, int(i), int(j), maxMatches=10**6)
                for i, j in zip(first, second)]
    assert np.allclose(found[first, second], expected, atol=2e-6), smiles
    assert np.array_equal(found, found.T) and (np.diag(found) == 0).all()
    for threshold in (1.01 * np.median(expected), 0.5):
        near = metric.pairs(frames, frames, first, second, threshold) < threshold
        assert np.array_equal(near, found[first, second] < threshold)


@pytest.mark.parametrize("smiles", [*SMALL, C60])
def testListedGroupsBesideRDKit(smiles):
    compare(smiles)


@pytest.mark.parametrize("smiles", [*SMALL, FLUORINATED])
def testSearchedGroupsBesideRDKit(smiles, searching):
    compare(smiles, 3)


@pytest.mark.parametrize("smiles, order", [(C60, 120), (TRITERTBUTYL, 1296), (FLUORINATED, 20736), (PEPTIDE, 131072),
                                           (HEXATERTBUTYL, 559872), ("CCO", 1), ("FS(F)(F)(F)(F)F", 720)])
def testOrders(smiles, order):
    mol = Chem.MolFromSmiles(smiles)
    neighbors = [[(near.GetIdx(), 1) for near in atom.GetNeighbors()] for atom in mol.GetAtoms()]
    products, complete = findRenumberings([atom.GetAtomicNum() for atom in mol.GetAtoms()], neighbors)
    random, bonds = np.random.default_rng(1), {(a, b) for a, near in enumerate(neighbors) for b, _ in near}
    assert complete and sum(product.order for product in products) == order
    for product in products[:20]:
        perm = np.full(mol.GetNumAtoms(), -1)
        perm[product.sites] = product.sources
        for part in product.parts:
            perm[part.sites] = part.sources[random.integers(len(part.sources))]
        assert sorted(perm) == list(range(len(perm)))
        assert all((perm[a], perm[b]) in bonds for a, b in bonds)


@pytest.mark.parametrize("smiles", [PEPTIDE, HEXATERTBUTYL, FLUORINATED])
def testRenumberedAndTurnedIsTheSame(smiles):
    mol = makeMolecule(smiles, 2)
    metric, frames = measure(mol)
    random, product = np.random.default_rng(3), metric._products[-1]
    perm = np.full(len(metric.atoms), -1)
    perm[product.sites] = product.sources
    for part in product.parts:
        perm[part.sites] = part.sources[random.integers(len(part.sources))]
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    x = frames.x
    other = metric.center(x[:, perm] @ turn + 7)
    found = metric.matrix(frames, other)
    assert found[0, 0] < 1e-5 and found[1, 1] < 1e-5
    expected = metric.ownMatrix(frames)[0, 1]
    assert np.allclose([found[0, 1], found[1, 0]], expected, atol=1e-6)
    # Far from everything, and one conformer beside none.
    first, second = np.array([0, 1]), np.array([1, 0])
    assert np.isinf(metric.pairs(frames, frames, first, second, expected / 50)).all()
    assert metric.pairs(frames, frames, first[:0], second[:0]).shape == (0,)
    # Random renumberings are no better than the best one.
    flat = np.sqrt(((x[0] - x[1]) ** 2).sum() / len(perm))
    assert expected <= flat and expected < 1.01 * flat


@pytest.mark.parametrize("smiles", [C60, TRITERTBUTYL, PEPTIDE])
def testFast(smiles):
    mol = makeMolecule(smiles, 3)
    metric, frames = measure(mol)
    begin = time.process_time()
    metric.matrix(frames, frames)
    # Some 10 ms here; a list of all renumberings of the peptide takes minutes.
    assert time.process_time() - begin < 9 * 0.3


def testHydrogensOnRequest():
    mol = Chem.AddHs(Chem.MolFromSmiles("CCO"))
    AllChem.EmbedMultipleConfs(mol, 4, randomSeed=3)
    graph = molecules.toGraph(mol)[0]
    metric = SymmetricRmsd(graph, findAtoms(graph, everything=True))
    found = metric.ownMatrix(metric.center(np.array([c.GetPositions() for c in mol.GetConformers()])))
    for i, j in zip(*np.triu_indices(4, 1)):
        assert abs(found[i, j] - rdMolAlign.GetBestRMS(Chem.Mol(mol), mol, int(i), int(j))) < 2e-6


def testTooManyProductsIsSaid():
    smiles = HEXATERTBUTYL
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    graph = molecules.toGraph(mol)[0]
    metric = SymmetricRmsd(graph, findAtoms(graph, everything=True))
    x = metric.center(np.random.default_rng(1).normal(size=(2, mol.GetNumAtoms(), 3)))
    with pytest.warns(UserWarning, match="upper bounds"):
        assert metric.ownMatrix(x)[0, 1] > 0

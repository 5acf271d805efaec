# SPDX-License-Identifier: MIT
"""The evaluation: distances, coverage, intervals and the table, against cases whose answer is known."""
import numpy as np
import pytest

from openmmorbit import evaluation, statistics

Chem = pytest.importorskip("rdkit.Chem")
AllChem = pytest.importorskip("rdkit.Chem.AllChem")


def embed(smiles, number, seed=1):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMultipleConfs(mol, number, randomSeed=seed)
    return mol


@pytest.fixture(scope="module")
def reference():
    return evaluation.Reference("C[C@H](N)CCO", embed("C[C@H](N)CCO", 3))


def testPerfectAnswer(reference):
    moved = Chem.Mol(reference.mol)
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    rotation *= np.sign(np.linalg.det(rotation))
    for conformer in moved.GetConformers():
        conformer.SetPositions(np.ascontiguousarray(conformer.GetPositions() @ rotation.T + 5))
    result = evaluation.score(reference, evaluation.Generated(moved), 6)
    assert result.recall.max() < 1e-4 and result.precision.max() < 1e-4
    assert result.numCorrect == result.numReturned == 3 and result.numRequested == 6


def testMirrorImageIsWrong(reference):
    mirrored = Chem.Mol(reference.mol)
    for conformer in mirrored.GetConformers():
        conformer.SetPositions(np.ascontiguousarray(conformer.GetPositions() * [1, 1, -1]))
    result = evaluation.score(reference, evaluation.Generated(mirrored), 3)
    assert result.numCorrect == 0 and result.recall.min() > 0.05


def testSymmetryAndAtomOrder():
    mol = embed("FC(F)(F)c1ccccc1", 1)
    other = Chem.RenumberAtoms(mol, np.random.default_rng(3).permutation(mol.GetNumAtoms()).tolist())
    assert evaluation.rmsdMatrix(other, mol).max() < 1e-4


def testFailuresCountAsUncovered(reference):
    method = evaluation.Method("m", None)
    method.scores = [evaluation.score(reference, evaluation.Generated(error="none"), 6),
                     evaluation.score(reference, evaluation.Generated(reference.mol), 6)]
    summary = statistics.summarize(method)
    assert summary["COV-R@0.5 %"][0] == 50 and summary["COV-P@0.1 %"][0] == 50
    assert summary["AMR-R mean Å"][0] < 1e-4 and summary["answered molecules %"] == 50
    assert summary["returned of requested %"] == 25


def testBootstrapInterval():
    values = np.random.default_rng(5).normal(3.0, 2.0, 400)
    mean, lower, upper = statistics.bootstrap(values)
    assert mean == pytest.approx(values.mean()) and lower < mean < upper
    assert (upper - lower) / 2 == pytest.approx(1.96 * values.std() / 20, rel=0.1)
    assert np.isnan(statistics.bootstrap(np.array([np.nan]))[0])


def testReadReferencesGroupsRecords(tmp_path):
    path = tmp_path / "r.sdf"
    writer = Chem.SDWriter(str(path))
    for number, (smiles, count) in enumerate((("CCO", 2), ("CCO", 1), ("CN", 3))):
        mol = embed(smiles, count)
        for index in range(count):
            mol.SetProp("SMILES", smiles)
            mol.SetProp("ID", f"{number}_{index}")
            writer.write(mol, confId=index)
    writer.close()
    found = evaluation.readReferences(path)
    assert [(r.smiles, r.numConformers) for r in found] == [("CCO", 2), ("CCO", 1), ("CN", 3)]
    assert len(evaluation.readReferences(path, 2)) == 2


def testEtkdgRunsThroughTheWholeEvaluation(reference):
    methods = [evaluation.Method("ETKDGv3", evaluation.etkdg),
               evaluation.Method("relaxed", lambda r, n: evaluation.etkdg(r, n, relax=True))]
    evaluation.evaluate([reference], methods, progress=False)
    table = statistics.markdownTable(methods)
    assert table.startswith("| | ETKDGv3 | relaxed |") and "AMR-R mean" in table
    assert all(m.scores[0].numReturned == 6 and m.scores[0].numCorrect == 6 for m in methods)
    assert set(statistics.pairedDifferences(*methods)) >= {"AMR-R Å", "COV-P@0.5 %"}


def testOrbitGeneratorIsScored(reference, makeGenerator):
    method = evaluation.Method("orbit", evaluation.orbitGenerator(makeGenerator()))
    bad = evaluation.Reference("bad(", reference.mol)
    evaluation.evaluate([reference, bad], [method], progress=False)
    assert method.scores[0].numReturned == 6 and method.scores[0].numEvaluations == 12
    assert "bad(" in method.scores[1].error


def testHydrogensThatDefineADoubleBondAreNoHeavyAtoms():
    """RDKit's RemoveHs keeps them or not, depending on how a molecule came about."""
    smiles = "[H]/N=c1\\nno/c(=N\\[H])n1C"
    probe = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(probe, randomSeed=7) == 0
    target = Chem.AddHs(Chem.MolFromSmiles("Cn1c(=N)nnoc1=N"))
    assert AllChem.EmbedMolecule(target, randomSeed=7) == 0
    matrix = evaluation.rmsdMatrix(probe, target)
    assert matrix.shape == (1, 1) and 0 <= matrix[0, 0] < 1

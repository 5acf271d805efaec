# SPDX-License-Identifier: MIT
"""The evaluation: distances, coverage, intervals and the table, against cases whose answer is known."""
import json

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit import cli, evaluation, orbit
from openmmorbit.data import quantum
from openmmorbit.evaluation import methods as ways, quality, report, statistics


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
    table = report.markdownTable(methods)
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


def testShardsAndFilesWithoutTagsAreReferences(reference, tmp_path):
    writer = Chem.SDWriter(str(tmp_path / "plain.sdf"))
    writer.write(reference.mol, confId=0)
    writer.close()
    assert [r.smiles for r in evaluation.readReferences(tmp_path / "plain.sdf")] == ["C[C@H](N)CCO"]
    record = orbit.ShardRecord()
    record.graph, record.condition = openmmorbit.readMolecule(reference.mol), "MMFF94s"
    record.positions = np.stack([c.GetPositions() for c in reference.mol.GetConformers()]).ravel().tolist()
    writer = orbit.ShardWriter(str(tmp_path / "a.shard"))
    writer.add(record)
    writer.add(record)
    found = evaluation.readReferences(tmp_path / "a.shard")
    assert [(r.smiles, r.numConformers) for r in found] == [("C[C@H](N)CCO", 3)] * 2
    assert np.diag(evaluation.rmsdMatrix(reference.mol, found[0].mol)).max() < 1e-3
    assert len(evaluation.readReferences(tmp_path / "a.shard", 1)) == 1


@pytest.mark.parametrize("name", ["conforge", "openbabel"])
def testBaselines(name):
    references = [evaluation.Reference(smiles, embed(smiles, 2))
                  for smiles in ("C[C@H](N)C(=O)NCCO", "F/C=C/CC", "[NH3+]CC(=O)[O-]")]
    method = evaluation.evaluate(references, [ways.makeBaseline(name)], 3, progress=False)[0]
    for score in method.scores:
        assert score.error == "" and 1 <= score.numReturned <= 6 and score.numCorrect == score.numReturned
        assert score.recall.max() < 2 and score.coreSeconds > 0
    bad = evaluation.evaluate([evaluation.Reference("[Xe]", references[0].mol)], [ways.makeBaseline(name)],
                              progress=False)[0]
    assert bad.scores[0].error != "" and statistics.summarize(bad)["COV-R@0.5 %"][0] == 0


def testMissingSoftwareIsAColumn(reference, monkeypatch):
    monkeypatch.setattr(ways.util, "find_spec", lambda name: None)
    methods = [ways.makeBaseline("etkdg"), ways.makeBaseline("conforge")]
    inspector = quality.Inspector(1, 0)
    evaluation.evaluate([reference], methods, progress=False, inspect=inspector)
    page = report.writeReport([reference], methods, (0.5,), ["test"], inspector.notes)
    assert "| not installed: pip install CDPKit |" in page and "CONFORGE is not installed: pip install CDPKit" in page
    assert "pip install posebusters" in page and methods[1].scores == []
    with pytest.raises(ValueError, match="'omega'"):
        ways.makeBaseline("omega")


def testPoseBustersFindsAStretchedBond(reference):
    method = evaluation.evaluate([reference],
                                 [evaluation.Method("m", lambda r, n: [evaluation.Generated(reference.mol)])],
                                 progress=False, inspect=quality.Inspector(1, 0, copies=3))[0]
    assert (method.scores[0].numBusted, method.scores[0].numPassed) == (3, 3)
    broken = Chem.Mol(reference.mol)
    positions = broken.GetConformer(1).GetPositions()
    positions[0] += 0.8
    broken.GetConformer(1).SetPositions(positions)
    method = evaluation.evaluate([reference], [evaluation.Method("m", lambda r, n: [evaluation.Generated(broken)])],
                                 progress=False, inspect=quality.Inspector(1, 0, copies=3))[0]
    assert method.scores[0].numPassed == 2
    failed = evaluation.evaluate([reference], [evaluation.Method("m", lambda r, n: [evaluation.Generated(error="no")])],
                                 progress=False, inspect=quality.Inspector(1, 0, copies=3))[0]
    assert statistics.summarize(failed)["PoseBusters passed %"][0] == 0


def testStrainOfAMinimumIsSmall():
    mol = embed("CO", 1)
    relaxed = Chem.Mol(mol)
    relaxed.GetConformer().SetPositions(quantum.minimum(mol, mol.GetConformer().GetPositions())[1])
    strains = []
    for answer in (mol, relaxed):
        method = evaluation.Method("m", lambda r, n, answer=answer: [evaluation.Generated(answer)])
        evaluation.evaluate([evaluation.Reference("CO", mol)], [method], progress=False,
                            inspect=quality.Inspector(0, 1))
        strains.append(method.scores[0].strains[0])
    assert strains[0] > 0.5 and strains[1] < 0.1


def testTheCommandWritesAReport(smallModel, reference, tmp_path, capsys):
    smallModel.save(str(tmp_path / "m.safetensors"))
    writer = Chem.SDWriter(str(tmp_path / "r.sdf"))
    for number in range(2):
        for index in range(3):
            reference.mol.SetProp("SMILES", reference.smiles)
            reference.mol.SetProp("ID", f"{number}_{index}")
            writer.write(reference.mol, confId=index)
    writer.close()
    arguments = ["evaluate", str(tmp_path / "m.safetensors"), str(tmp_path / "r.sdf"), "--platform", "Reference",
                 "--steps",
                 "1", "--max-redraws", "0", "--baselines", "etkdg", "--strain", "0", "--posebusters", "0", "-q"]
    assert cli.main([*arguments, "-o", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "report.md").read_text()
    assert "| | orbit raw | orbit | ETKDGv3 |" in page and "COV-R@0.05 %" in page and "2 molecules" in page
    assert "orbit raw minus ETKDGv3" in page and "conformers a core-second" in capsys.readouterr().out
    assert (tmp_path / "report" / "report.png").stat().st_size > 10000
    assert set(json.loads((tmp_path / "report" / "report.json").read_text())) == {"orbit raw", "orbit", "ETKDGv3"}
    assert "conformers of GFN2-xTB; the references do not tell their level of theory" in page
    assert cli.main(["evaluate", "-", str(tmp_path / "nowhere.sdf")]) == 2
    assert cli.main([*arguments, "--factor", "0"]) == 2


def testLevelsOfTheoryAreCompared(reference, smallModel):
    def choose(*levels, condition=None):
        return report.chooseCondition(
            [evaluation.Reference("CO", reference.mol, level) for level in levels], smallModel, condition)

    assert list(smallModel.getConditions()) == ["GFN2-xTB", "M06-2X", "MMFF94s"]
    assert choose("MMFF94s", "MMFF94s") == ("MMFF94s", "conformers and references of MMFF94s", True)
    assert choose("GFN2-xTB")[1:] == ("conformers and references of GFN2-xTB", True)
    assert choose("")[1:] == ("conformers of GFN2-xTB; the references do not tell their level of theory (tag LEVEL)",
                              True)
    for found in (choose("B3LYP"), choose("MMFF94s", condition="GFN2-xTB"), choose("GFN2-xTB", "MMFF94s")):
        assert "hold the difference of the levels of theory" in found[1] and not found[2]
    assert choose("MMFF94s", condition="GFN2-xTB")[:1] == ("GFN2-xTB",)


def testTheCommandTellsOfOtherLevels(smallModel, reference, tmp_path, capsys):
    smallModel.save(str(tmp_path / "m.safetensors"))
    with Chem.SDWriter(str(tmp_path / "r.sdf")) as writer:
        reference.mol.SetProp("LEVEL", "B3LYP")
        writer.write(reference.mol, confId=0)
    arguments = ["evaluate", str(tmp_path / "m.safetensors"), str(tmp_path / "r.sdf"), "--platform", "Reference",
                 "--steps", "1", "--max-redraws", "0", "--baselines", "--strain", "0", "--posebusters", "0", "-q"]
    assert cli.main(arguments) == 0
    printed = capsys.readouterr()
    assert "conformers of GFN2-xTB, references of B3LYP" in printed.err
    assert "- conformers of GFN2-xTB, references of B3LYP" in printed.out

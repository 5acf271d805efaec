# SPDX-License-Identifier: MIT
"""Answers where copies fail: more copies, a longer sampler, RDKit's distance geometry; marked everywhere."""
import csv
import gzip
import pickle
import re
import warnings
from pathlib import Path

import numpy as np
import openmm
import pytest
from conftest import runCli
from rdkit import Chem

import openmmorbit
from openmmorbit import distancegeometry, fallback, orbit

PROPELLANE, TETRAHEDRANE = "C1C23CC12C3", "C12C3C1C23"
C60 = ("c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3c8"
       "c4c4c9c5c1c1c6c2c3c41")
CAGES = ["C12C3C4C1C5C2C3C45", "C1C2CC3CC1CC(C2)C3", PROPELLANE, TETRAHEDRANE,
         "C12C3C4C5C1C6C7C2C8C3C9C4C1C5C6C2C7C8C9C12", "C12C3C1C4C2C34", "C1C2C=CC1C=C2", "C1C2C3C2C4C1C34",
         "C1CCCC#CCC1", "C1CC2C1C2", "C1CC2C3C4C1C5C2C3C45"]
GUIDE = Path(__file__).parents[1] / "docs" / "guide.md"
IMPOSSIBLE = "CC[C@@]12C[C@@H]1[C@@]1(C)C[C@@H]12"


def generateQuietly(generator, molecule, number, seed=3):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return generator.generate(molecule, number, seed=seed)


def bondLengths(ensemble):
    """Get the lengths of bonds between heavy atoms, Angstrom."""
    graph = ensemble.graph
    pairs = np.array([[b.atom1, b.atom2] for b in graph.bonds if min(graph.atoms[b.atom1].element,
                                                                     graph.atoms[b.atom2].element) > 1])
    x = 10 * ensemble.positions._value
    return np.linalg.norm(x[:, pairs[:, 0]] - x[:, pairs[:, 1]], axis=2)


@pytest.mark.parametrize("smiles", CAGES)
def testCagesAreAnswered(generator, smiles):
    ensemble = generateQuietly(generator, smiles, 2)
    assert len(ensemble) >= 1
    assert 1.1 < bondLengths(ensemble).min() and bondLengths(ensemble).max() < 1.75
    accepted = [status.isAccepted() for status in ensemble.status]
    # What the inspection does not know is said.
    assert all(accepted) or (set(ensemble.origins) == {"rdkit"} and ensemble.status[0].message)


def testStrangeCentresAreMarked(generator):
    warnings.simplefilter("ignore", openmmorbit.OpenStereoWarning)
    with pytest.warns(openmmorbit.FallbackWarning, match=r"2 conformers by RDKit .*\(ETKDGv3, MMFF94\), none by the "
                                                         r"model; the inspection says of 2 of them: the centre"):
        ensemble = generator.generate(PROPELLANE, 2, seed=3)
    assert ensemble.origins == ["rdkit", "rdkit"] and ensemble[0].origin == "rdkit" and ensemble.message == ""
    status, provenance = ensemble.status[0], ensemble.provenance[0]
    assert not status.centersInside and status.bondsCorrect and status.stereoCorrect
    assert provenance.kernel.startswith("RDKit ") and provenance.condition == "MMFF94"
    assert provenance.modelChecksum == "" and provenance.seed == 3 and [p.copy for p in ensemble.provenance] == [0, 1]
    # D3h: three equal bonds from each bridgehead to the bridges, and a longer one between them.
    lengths = np.sort(bondLengths(ensemble)[0])
    assert np.ptp(lengths[:6]) < 0.01 and 1.5 < lengths[6] < 1.65
    assert "Ensemble" in repr(pickle.loads(pickle.dumps(ensemble))) and ensemble[1:].origins == ["rdkit"]


def testTheSnippetOfTheGuide(generator, capsys):
    section = GUIDE.read_text(encoding="utf-8").split("## Where copies fail")[1].split("\n## ")[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(re.findall(r"```python\n(.*?)```", section, re.S)[0].replace("=5", "=1"), {"generator": generator})
    assert capsys.readouterr().out.startswith("['rdkit'] the centre ")


def testABuckyballIsOne():
    # The rungs of the sampler cost seconds at 60 atoms.
    found = distancegeometry.embed(openmmorbit.readMolecule(C60), 1, 7, 60.0)
    points = 10 * found.copies[0].positions
    radii = np.linalg.norm(points - points.mean(axis=0), axis=1)
    assert "ETDG" in found.copies[0].kernel and np.ptp(radii) < 0.2 and 3.4 < radii.mean() < 3.65
    assert "planar atom" in found.copies[0].status.message


def testMoreCopiesOfTheSameSampler(generator):
    plain = openmmorbit.ConformerGenerator(threads=1, maxRedraws=0, fallback="none")
    more = openmmorbit.ConformerGenerator(threads=1, maxRedraws=0, fallback="sampler")
    smiles = "C1C2CC12"
    before, after = plain.generate(smiles, 20, seed=5), more.generate(smiles, 20, seed=5)
    assert 0 < len(before) < 20 and len(after) == 20 and set(after.origins) <= {"model", "sampler"}
    assert after.message == "" and not after.failures
    kept = {p.copy: x for p, x in zip(before.provenance, before.positions._value)}
    for provenance, positions in zip(after.provenance, after.positions._value):
        if provenance.copy in kept:
            assert np.array_equal(kept[provenance.copy], positions)
    assert [p.copy for p in after.provenance] == list(range(20)) and {p.seed for p in after.provenance} == {5}
    again = more.generate(smiles, 20, seed=5)
    assert np.array_equal(again.positions._value, after.positions._value)
    assert len(np.unique(after.positions._value[:, 0, 0])) == 20


def testTheLongerSamplerIsMarked(generator, monkeypatch):
    monkeypatch.setattr(fallback.Ladder, "_drawMore", lambda *_: None)
    ladder = openmmorbit.ConformerGenerator(threads=1, maxRedraws=0, fallback="sampler")
    ensemble = ladder.generate("C1C2CC12", 20, seed=5)
    assert "sampler" in ensemble.origins
    entry = ensemble.provenance[ensemble.origins.index("sampler")]
    assert entry.kernel.endswith(", longer sampler") and entry.numEvaluations > 24


def testModesAndTheirErrors(generator):
    with pytest.raises(ValueError, match="fallback of 'none', 'sampler', 'rdkit', got 'etkdg'"):
        openmmorbit.ConformerGenerator(fallback="etkdg")
    plain = openmmorbit.ConformerGenerator(threads=1, fallback="none")
    with pytest.raises(openmm.OpenMMException, match="got 0 after 10 redraws; most frequent fault") as caught:
        plain.generate(PROPELLANE, 1, seed=3)
    assert "fallback" not in str(caught.value) and "more draws" not in str(caught.value)
    sampler = openmmorbit.ConformerGenerator(threads=1, fallback="sampler")
    with pytest.raises(openmm.OpenMMException, match=r"\d+ more draws with the same sampler failed too; \d+ more draws "
                       r"with 48 steps failed too; fallback \"rdkit\" lets RDKit's distance geometry answer"):
        sampler.generate(PROPELLANE, 1, seed=3)
    # Isomers that cannot exist stay without an answer.
    with pytest.raises(openmm.OpenMMException, match="got 0 .*; RDKit: no geometry .ETKDGv3,"):
        generator.generate(IMPOSSIBLE, 2, seed=3)


def testElementsThatTheModelDoesNotKnow(generator):
    with pytest.warns(openmmorbit.FallbackWarning, match="by RDKit .*UFF.*none by the model"):
        ensemble = generator.generate("CC[Sn](CC)(CC)CC", 2, seed=3)
    assert all(status.isAccepted() for status in ensemble.status) and ensemble.provenance[0].condition == "UFF"
    for mode, text in (("none", "got Sn at atom 2"), ("sampler", "got Sn .*; fallback \"rdkit\"")):
        with pytest.raises(ValueError, match=text):
            openmmorbit.ConformerGenerator(fallback=mode).generate("CC[Sn](CC)(CC)CC", 2)
    with pytest.raises(ValueError, match="got Pt .*; RDKit: neither MMFF94 nor UFF has parameters .*Pt"):
        generator.generate("N[Pt](N)(Cl)Cl", 1)


def testNothingIsMissingWithoutInspection(smallModel):
    for options in ({"check": False}, {"returnFailed": True}):
        wrong = openmmorbit.ConformerGenerator(smallModel, numSteps=2, maxRedraws=0, **options)
        assert wrong.generate("CCO", 3, seed=1).origins == ["model"] * 3


def testRDKitKeepsWhatWasAskedFor(smallModel):
    bad = openmmorbit.ConformerGenerator(smallModel, platform="Reference", numSteps=2, maxRedraws=0)
    smiles = "C/C(F)=C/[C@H](O)[C@@H](C)Cl"
    ensemble = generateQuietly(bad, smiles, 6)
    assert ensemble.origins == ["rdkit"] * 6 and all(status.isAccepted() for status in ensemble.status)
    mol = ensemble.toRDKit()
    for index in range(6):
        single = Chem.Mol(mol, confId=index)
        Chem.AssignStereochemistryFrom3D(single, index, True)
        assert Chem.CanonSmiles(Chem.MolToSmiles(Chem.RemoveHs(single))) == Chem.CanonSmiles(smiles)
    again = generateQuietly(pickle.loads(pickle.dumps(bad)), smiles, 6)
    assert np.array_equal(again.positions._value, ensemble.positions._value)
    others = generateQuietly(bad, smiles, 6, seed=4)
    assert not np.array_equal(others.positions._value, ensemble.positions._value)


def testManyMoleculesWarnOnce(smallModel):
    bad = openmmorbit.ConformerGenerator(smallModel, platform="Reference", numSteps=2, maxRedraws=0)
    with pytest.warns(openmmorbit.FallbackWarning) as caught:
        results = list(bad.generateMany(["CO", "CN", "CC"], 2, seed=1, progress=False))
    assert len([w for w in caught if w.category is openmmorbit.FallbackWarning]) == 1
    assert "record 0" in str(caught[0].message) and all("2 conformers by RDKit" in r.fallback for r in results)
    part = list(bad.generateMany(["CN"], 2, seed=1, progress=False, first=1, batchSize=1))
    assert np.array_equal(part[0].ensemble.positions._value, results[1].ensemble.positions._value)


def testTheTimeLimitIsThatOfAllTogether(smallModel):
    slow = openmmorbit.ConformerGenerator(smallModel, maxRedraws=10**6, numSteps=4, timeLimit=0.3)
    with pytest.raises(openmm.OpenMMException, match="got 0 when its time limit of 0.3 s was over"):
        slow.generate("CCCCCC", 3, seed=1)


def testWithoutRDKitsPackage(monkeypatch, smallModel):
    monkeypatch.setitem(__import__("sys").modules, "rdkit", None)
    bad = openmmorbit.ConformerGenerator(smallModel, platform="Reference", numSteps=2, maxRedraws=0)
    with pytest.raises(openmm.OpenMMException, match="RDKit: its Python package is not installed; run 'pip install"):
        bad.generate(orbit.MolecularGraph(openmmorbit.readMolecule("CO")), 1, seed=1)


def testTheCommandMarksAndReports(tmp_path, capsys, smallModel):
    model = str(tmp_path / "bad.safetensors")
    smallModel.save(model)
    table = tmp_path / "in.smi"
    table.write_text("CO methanol\nCC ethane\nnonsense\nN[Pt](N)(Cl)Cl cisplatin\n")
    common = ["conformers", table, "-n", 2, "--seed", 5, "--model", model, "--steps", 2, "--max-redraws", 0,
              "--unfamiliar", "ignore"]
    outputs = {}
    for name, options in (("one", []), ("two", ["--processes", 2, "--batch-size", 1])):
        path, report = tmp_path / f"{name}.sdf.gz", tmp_path / f"{name}.csv"
        status = openmmorbit.cli.main([str(a) for a in [*common, *options, "-o", path, "--report", report]])
        said = capsys.readouterr().err
        assert status == 3 and "; 2 answers by RDKit, not by the model" in said
        assert said.count("2 conformers by RDKit") == 2
        outputs[name] = gzip.decompress(path.read_bytes()), report.read_bytes()
    assert outputs["one"] == outputs["two"]
    text, rows = outputs["one"][0].decode(), list(csv.DictReader(outputs["one"][1].decode().splitlines()))
    assert text.count("<ORBIT_ORIGIN>\nrdkit\n") == 4 and text.count("<ORBIT_MODEL>\nnone\n") == 4
    assert [(r["record"], r["outcome"], r["conformers"], r["rdkit"]) for r in rows] == [
        ("1", "answered", "2", "2"), ("2", "answered", "2", "2"), ("3", "failed", "0", "0"), ("4", "failed", "0", "0")]
    assert rows[0]["name"] == "methanol" and rows[0]["smiles"] == "CO" and "by RDKit" in rows[0]["message"]
    assert "neither MMFF94 nor UFF" in rows[3]["message"] and rows[3]["smiles"] == "N[Pt](N)(Cl)Cl"
    status, line = runCli(capsys, *common, "-o", tmp_path / "none.sdf", "--fallback", "none")
    assert status == 3 and "nothing written" in line and "4 of 4 records failed" in line


def testTheReportIsAFileOfItsOwn(tmp_path, capsys):
    output = tmp_path / "x.sdf"
    status, line = runCli(capsys, "conformers", "CC", "-o", output, "--report", output)
    assert status == 2 and "a report that is not the output" in line
    for path in (output, str(output) + ".failures.txt"):
        with pytest.raises(ValueError, match="a report that is no other file of the run"):
            openmmorbit.generateLibrary(["CC"], output, report=path, processes=1)
    with pytest.raises(ValueError, match="files for the output and the report"):
        openmmorbit.generateLibrary(["CC"], "-", report=tmp_path / "x.csv", processes=1, format=".sdf")

# SPDX-License-Identifier: MIT
"""Data sets from SMILES: the pipeline, resuming after kill -9, failures with reasons, Dask, xyz and npz files."""
import gzip
import json
import os
import resource
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit import datasets, ensemblefiles, makeensemble, orbit, parallel, quantum

mmff = makeensemble.EnsembleSettings("mmff", numStarts=6, maxMinima=4)


def readShards(paths):
    found = []
    for path in paths:
        reader, record = orbit.ShardReader(str(path)), orbit.ShardRecord()
        while reader.next(record):
            found.append((record.graph.smiles, record.getNumConformers(), record.condition))
    return found


def readRecords(folder):
    texts = [gzip.open(path, "rt").read() for path in sorted(folder.glob("ensembles-*.sdf.gz"))]
    return "".join(texts).split("$$$$\n")[:-1]


def square(x):
    if x == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if x == 5:
        raise ValueError("five")
    return x * x


def testStereoisomersAreEnumerated():
    assert makeensemble.enumerateTasks("CC(F)C(O)Cl", 10) == sorted(
        {"C[C@@H](F)[C@@H](O)Cl", "C[C@@H](F)[C@H](O)Cl", "C[C@H](F)[C@@H](O)Cl", "C[C@H](F)[C@H](O)Cl"})
    assert len(makeensemble.enumerateTasks("CC(F)C(O)Cl", 3)) == 3
    assert makeensemble.enumerateTasks("C[C@H](F)Cl") == ["C[C@H](F)Cl"]
    for smiles in ("bad(", "O.O", "*C", ""):
        with pytest.raises(ValueError):
            makeensemble.enumerateTasks(smiles)


def testForeignElementsAreNamed(tmp_path):
    with pytest.raises(ValueError, match="the networks do not know Fe, Li"):
        makeensemble.enumerateTasks("[Li]C[Fe]")
    assert makeensemble.makeEnsemble("C[Se]C", mmff).reason == "MMFF94s has no parameters for Se; use the level gfn2"
    assert makeensemble.makeEnsemble("CB(O)O", mmff).reason.startswith("MMFF94s has no parameters for B;")
    assert makeensemble.makeEnsemble("CS(F)(F)(F)(F)F", mmff).reason.startswith("MMFF94s has no parameters;")
    report = openmmorbit.makeDataset(["[Fe]", "CO"], tmp_path, mmff, processes=1, progress=False)
    assert report.numMolecules == 1 and report.reasons == {"the networks do not know Fe": 1}


def testASmallDataSetHasNoValidationShard(tmp_path):
    report = openmmorbit.makeDataset(["CO", "CCO"], tmp_path, mmff, processes=1, progress=False)
    assert not any(orbit.isValidationMolecule(smiles) for smiles in ("CO", "CCO"))
    assert len(report.trainingShards) == 1 and report.validationShards == []
    assert sorted(path.name for path in tmp_path.glob("*.shard")) == ["train-00000.shard"]
    assert list(tmp_path.glob("*.new")) == []


def testEnsemblesOfAnotherLevelAreRefused(tmp_path):
    (tmp_path / "in.sdf.gz").write_bytes(makeensemble.makeEnsemble("CCO", mmff).records)
    report = openmmorbit.buildDataset([tmp_path / "in.sdf.gz"], tmp_path / "out.shard", "GFN2-xTB")
    assert report.numMolecules == 0 and report.numFaults > 0
    assert "expected conformers of GFN2-xTB, as the condition says, got MMFF94s by the tag LEVEL" in report.messages[0]
    assert openmmorbit.buildDataset([tmp_path / "in.sdf.gz"], tmp_path / "out.shard", "MMFF94s").numMolecules == 1


def testAnEnsembleOfMMFF():
    outcome = makeensemble.makeEnsemble("C[C@H](N)CO", mmff)
    assert outcome.reason == "" and outcome.numConformers >= 2
    assert outcome.records == makeensemble.makeEnsemble("C[C@H](N)CO", mmff).records
    supplier = Chem.SDMolSupplier()
    supplier.SetData(gzip.decompress(outcome.records).decode(), removeHs=False)
    mols = list(supplier)
    assert len(mols) == outcome.numConformers
    energies = [float(mol.GetProp("REL_E_KCAL")) for mol in mols]
    assert energies == sorted(energies) and energies[0] == 0 and energies[-1] <= 6
    assert sum(float(mol.GetProp("BOLTZ_W")) for mol in mols) == pytest.approx(1, abs=1e-3)
    for mol in mols:
        Chem.AssignStereochemistryFrom3D(mol, 0, True)
        assert Chem.MolToSmiles(Chem.RemoveHs(mol)) == "C[C@H](N)CO" == mol.GetProp("SMILES")


def testPruningIsSymmetryAware():
    mol = Chem.AddHs(Chem.MolFromSmiles("FC(F)(F)c1ccccc1"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    match = [m for m in mol.GetSubstructMatches(mol, uniquify=False) if m != tuple(range(mol.GetNumAtoms()))][0]
    conformer = Chem.Conformer(mol.GetConformer())
    conformer.SetPositions(np.ascontiguousarray(mol.GetConformer().GetPositions()[list(match)]))
    mol.AddConformer(conformer, assignId=True)
    assert makeensemble.prune(mol, {0: 1.0, 1: 1.1}, 0.1, 6.0) == [0]
    assert makeensemble.prune(mol, {0: 9.0, 1: 1.1}, 0.1, 6.0) == [1]


def testCentresOutsideTheirNeighboursAreSeen():
    mol = Chem.AddHs(Chem.MolFromSmiles("C[Si](C)(C)C"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    request, outcome = Chem.MolFromSmiles("C[Si](C)(C)C"), makeensemble.EnsembleOutcome("x")
    assert list(makeensemble._keepUnchanged(mol, {0: 0.0}, request, outcome)) == [0]
    # Silicon in the plane of three of its neighbours, nearly: all bonds are still short enough.
    positions = mol.GetConformer().GetPositions()
    positions[1] += 0.54 * (positions[1] - positions[0]) / np.linalg.norm(positions[1] - positions[0])
    mol.GetConformer().SetPositions(positions)
    assert makeensemble.isConnectivityKept(mol, positions)
    with pytest.raises(makeensemble._Failure, match="a centre outside its neighbours"):
        makeensemble._keepUnchanged(mol, {0: 0.0}, request, outcome)


def testBrokenBondsAreSeen():
    mol = Chem.AddHs(Chem.MolFromSmiles("CCO"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    positions = mol.GetConformer().GetPositions()
    assert makeensemble.isConnectivityKept(mol, positions)
    positions[0] += 1.0
    assert not makeensemble.isConnectivityKept(mol, positions)


@pytest.mark.parametrize("engine", ["xtb", "tblite"])
def testGFN2(engine):
    mol = Chem.AddHs(Chem.MolFromSmiles("CO"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    raw = quantum.energy(mol, mol.GetConformer().GetPositions(), engine)
    value, positions = quantum.minimum(mol, mol.GetConformer().GetPositions(), engine)
    assert value < raw < value + 20
    assert quantum.energy(mol, positions, engine) == pytest.approx(value, abs=0.02)
    outcome = makeensemble.makeEnsemble("OCCO", makeensemble.EnsembleSettings(numStarts=4, maxMinima=2, engine=engine))
    assert outcome.reason == "" and 1 <= outcome.numConformers <= 2
    settings = makeensemble.EnsembleSettings(numStarts=0, modelStarts=2, engine=engine)
    outcome = makeensemble.makeEnsemble("OCCO", settings)
    assert outcome.reason == "" and outcome.numMinimised == 2


@pytest.mark.parametrize("smiles, centre, others", [
    ("CC[P@](C)c1ccccc1", 2, (1, 3, 4)), ("CC[P@@](C)c1ccccc1", 2, (1, 4, 3)), ("CC[S@](C)=O", 2, (1, 3, 4)),
    ("CCC[S@+](C)CC", 3, (2, 4, 5)), ("C[P@H]F", 1, (0, 2, 6))])
def testCentresOfThreeNeighbours(smiles, centre, others):
    outcome = makeensemble.makeEnsemble(smiles, mmff)
    assert outcome.reason == "" and outcome.smiles == Chem.CanonSmiles(smiles)
    supplier = Chem.SDMolSupplier()
    supplier.SetData(gzip.decompress(outcome.records).decode(), removeHs=False)
    for mol in supplier:
        assert mol.GetNumAtoms() > 6 and {a.GetIdx() for a in mol.GetAtomWithIdx(centre).GetNeighbors()} == set(others)
        # From the first of them the others, in this order, go against the clock.
        positions = mol.GetConformer().GetPositions()
        assert np.linalg.det(positions[list(others)] - positions[centre]) > 0


def testGFN2NeedsNoForceField():
    smiles = "CCC(C)=[Se]"
    assert not AllChem.UFFHasAllMoleculeParams(Chem.AddHs(Chem.MolFromSmiles(smiles)))
    assert makeensemble.makeEnsemble(smiles, mmff).reason == "MMFF94s has no parameters for Se; use the level gfn2"
    settings = makeensemble.EnsembleSettings(numStarts=3, maxMinima=2, engine="tblite")
    outcome = makeensemble.makeEnsemble(smiles, settings)
    assert outcome.reason == "" and outcome.numMinimised == 2
    mol = Chem.MolFromMolBlock(gzip.decompress(outcome.records).decode().split("$$$$")[0], removeHs=False)
    assert np.linalg.norm(np.subtract(*mol.GetConformer().GetPositions()[[2, 4]])) == pytest.approx(1.77, abs=0.04)


def testStartsOfAModel(tmp_path):
    settings = makeensemble.EnsembleSettings("mmff", numStarts=0, modelStarts=4)
    outcome = makeensemble.makeEnsemble("C[C@H](O)CCN", settings)
    assert outcome.reason == "" and outcome.numMinimised >= outcome.numConformers > 1
    assert makeensemble.makeEnsemble("C[C@H](O)CCN", settings).records == outcome.records
    both = makeensemble.makeEnsemble("C[C@H](O)CCN", makeensemble.EnsembleSettings("mmff", 6, 40, modelStarts=4))
    assert both.numMinimised > outcome.numMinimised
    # Where one source of geometries fails the other one goes on; where both fail the reason has both.
    missing = replace(settings, model="nowhere.safetensors")
    unknown = makeensemble.makeEnsemble("CCO", missing)
    assert "no start geometry (model: " in unknown.reason and "nowhere.safetensors" in unknown.reason
    assert makeensemble.makeEnsemble("CCO", replace(missing, numStarts=2)).reason == ""
    with pytest.raises(ValueError, match="numStarts or modelStarts above 0"):
        makeensemble.EnsembleSettings(numStarts=0)
    # Other weights are other settings.
    datasets.makeDataset(["CCO"], tmp_path / "set", settings, processes=1, progress=False)
    with pytest.raises(ValueError, match="expected model = .*another folder"):
        datasets.makeDataset(["CCO"], tmp_path / "set", replace(settings, model="conformer-fast"), progress=False)


def testADataSetWithFailures(tmp_path):
    (tmp_path / "in.smi").write_text("CCO ethanol\nbad( broken\n# comment\nCC(F)Cl\nO.O two\nCCO again\n")
    report = datasets.makeDataset([tmp_path / "in.smi"], tmp_path / "set", mmff, processes=1, progress=False)
    assert report.numMolecules == 3 and report.numFailed == 2
    assert set(report.reasons) == {"the SMILES cannot be read", "several fragments"}
    assert "bad(\tthe SMILES cannot be read" in (tmp_path / "set" / "failures.tsv").read_text()
    found = readShards(report.trainingShards + report.validationShards)
    assert sorted(entry[0] for entry in found) == ["CCO", "C[C@@H](F)Cl", "C[C@H](F)Cl"]
    assert all(condition == "MMFF94s" for _, _, condition in found)
    assert sum(number for _, number, _ in found) == report.numConformers == len(readRecords(tmp_path / "set"))
    provenance = json.loads((tmp_path / "set" / "provenance.json").read_text())
    assert provenance["settings"]["numStarts"] == 6 and "rdkit" in provenance["versions"]
    for path in report.validationShards:
        assert all(orbit.isValidationMolecule(openmmorbit.chem.flatSmiles(openmmorbit.readMolecule(smiles)))
                   for smiles, _, _ in readShards([path]))
    # Nothing is done twice, and other settings are refused.
    size = sum(path.stat().st_size for path in (tmp_path / "set").glob("ensembles-*"))
    again = datasets.makeDataset([tmp_path / "in.smi"], tmp_path / "set", mmff, processes=1, progress=False)
    assert (again.numMolecules, again.numFailed) == (3, 2)
    assert sum(path.stat().st_size for path in (tmp_path / "set").glob("ensembles-*")) == size
    with pytest.raises(ValueError, match="numStarts = 6.*got 24.*another folder"):
        datasets.makeDataset(["CCO"], tmp_path / "set", makeensemble.EnsembleSettings("mmff"), progress=False)


def testNamesAreTitles(tmp_path):
    source = tmp_path / "IN.SMI.GZ"
    source.write_bytes(gzip.compress(b"\xef\xbb\xbfSMILES name\rCCO\tcaf\xe9 1\tx\rCO |$;$| $$$$\r\n\nCF\nC\xe9 bad\n"))
    done = datasets.makeDataset([str(source), "CCl free"], tmp_path / "set", mmff, processes=1, progress=False)
    assert (done.numMolecules, done.numFailed) == (4, 1)
    with gzip.open(tmp_path / "set" / "ensembles-00000.sdf.gz") as stream:
        names = {mol.GetProp("SMILES"): mol.GetProp("_Name") for mol in Chem.ForwardSDMolSupplier(stream)}
    assert names == {"CCO": "café 1", "CO": " $$$$", "CF": "", "CCl": "free"}


def testFailedMoleculesAreTriedAgainIfAsked(tmp_path, monkeypatch):
    def fails(smiles, settings, name):
        return makeensemble.EnsembleOutcome(smiles, reason="timeout")

    def call(**options):
        return datasets.makeDataset(["CO", "CCO", "bad("], tmp_path / "set", mmff, processes=1, progress=False,
                                    **options)

    datasets.makeDataset(["CO"], tmp_path / "set", mmff, processes=1, progress=False)
    whole = makeensemble.makeEnsemble
    monkeypatch.setattr(makeensemble, "makeEnsemble", fails)
    first = call()
    assert (first.numMolecules, first.reasons) == (1, {"timeout": 1, "the SMILES cannot be read": 1})
    again = call(retryFailed=True)
    assert (again.numMolecules, again.reasons) == (1, first.reasons)
    monkeypatch.setattr(makeensemble, "makeEnsemble", whole)
    assert call().reasons == first.reasons
    retried = call(retryFailed=True)
    assert (retried.numMolecules, retried.reasons) == (2, {"the SMILES cannot be read": 1})
    assert (tmp_path / "set" / "failures.tsv").read_text() == "bad(\tthe SMILES cannot be read\n"
    once = datasets.makeDataset(["CO", "CCO"], tmp_path / "once", mmff, processes=1, progress=False)
    assert readRecords(tmp_path / "set") == readRecords(tmp_path / "once")
    assert call(retryFailed=True).numConformers == once.numConformers


def testATornEndIsCutOff(tmp_path):
    journal = datasets.Journal(tmp_path, moleculesPerFile=2)
    outcomes = [makeensemble.makeEnsemble(smiles, mmff) for smiles in ("CCO", "CO", "CCN")]
    for outcome in outcomes:
        journal.add(outcome)
    journal.close()
    assert len(list(tmp_path.glob("ensembles-*"))) == 2
    whole = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    # Killed while writing the records of a fourth molecule, and while writing the journal.
    with open(tmp_path / "ensembles-00001.sdf.gz", "ab") as stream:
        stream.write(outcomes[0].records[:50])
    with open(tmp_path / "journal.jsonl", "ab") as stream:
        stream.write(b'{"key": "CCO", "sec')
    journal = datasets.Journal(tmp_path, moleculesPerFile=2)
    assert journal.done == {"CCO", "CO", "CCN"}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == whole
    journal.add(makeensemble.makeEnsemble("C", mmff))
    journal.close()
    assert len(readRecords(tmp_path)) == sum(o.numConformers for o in outcomes) + 1
    os.truncate(tmp_path / "ensembles-00000.sdf.gz", 10)
    with pytest.raises(ValueError, match="damaged"):
        datasets.Journal(tmp_path)


def testAFullDiskLosesTheMoleculeAtHandOnly(tmp_path):
    outcomes = [makeensemble.makeEnsemble(smiles, mmff) for smiles in ("CCO", "CO", "CCN")]
    journal = datasets.Journal(tmp_path)
    for outcome in outcomes[:2]:
        journal.add(outcome)
    # The signal of a full quota is ignored by Python: writing fails in the middle of the third molecule.
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.lengths["ensembles-00000.sdf.gz"] + 20, hard))
    try:
        with pytest.raises(OSError):
            journal.add(outcomes[2])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    journal.close()
    journal = datasets.Journal(tmp_path)
    assert journal.done == {"CCO", "CO"} and len(readRecords(tmp_path)) == sum(o.numConformers for o in outcomes[:2])
    with pytest.raises(ValueError, match="another process"):
        datasets.Journal(tmp_path)
    journal.add(outcomes[2])
    journal.close()
    assert len(readRecords(tmp_path)) == sum(o.numConformers for o in outcomes)


def testKillLosesTheMoleculeAtHandOnly(tmp_path):
    smiles = ["C" * n + "O" for n in range(1, 7)] + ["C" * n + "N" for n in range(1, 7)]
    (tmp_path / "in.smi").write_text("\n".join(smiles) + "\n")
    command = [sys.executable, "-m", "openmmorbit.cli", "dataset", "in.smi", "-o", "set", "--level", "mmff",
               "--processes", "2", "-q"]
    journal = tmp_path / "set" / "journal.jsonl"
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < 3):
        time.sleep(0.02)
    process.kill()
    process.communicate()
    before = [line for line in journal.read_text().splitlines(keepends=True) if line.endswith("\n")]
    assert 3 <= len(before)
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [json.dumps(entry) + "\n" for entry in entries[:len(before)]] == before
    assert sorted(entry["key"] for entry in entries) == sorted(smiles)
    once = datasets.makeDataset([tmp_path / "in.smi"], tmp_path / "once", makeensemble.EnsembleSettings("mmff"),
                                processes=1, progress=False)
    assert sorted(readRecords(tmp_path / "set")) == sorted(readRecords(tmp_path / "once"))
    assert once.numMolecules == 12


def testWorkersThatDieAreNamed():
    found = dict(parallel.run(square, range(20), processes=2))
    assert sorted(found) == list(range(20))
    assert found[4] == 16 and "five" in str(found[5]) and isinstance(found[13], Exception)
    with pytest.raises(ValueError, match="at least 1 process"):
        parallel.run(square, [1], processes=0)


def testDask(tmp_path):
    report = datasets.makeDataset(["CCO", "CCN", "C(", "CO"], tmp_path / "set", mmff, cluster="local", progress=False)
    assert (report.numMolecules, report.numFailed) == (3, 1)
    single = datasets.makeDataset(["CCO", "CCN", "CO"], tmp_path / "one", mmff, processes=1, progress=False)
    assert sorted(readRecords(tmp_path / "set")) == sorted(readRecords(tmp_path / "one"))
    assert single.numConformers == report.numConformers


def testDaskIsOptional(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(ImportError, match="pip install"):
        datasets.makeDataset(["CCO"], tmp_path / "set", mmff, cluster="local", progress=False)


def makeFrames(smiles, number, seed=3):
    """Conformers with shuffled atoms."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMultipleConfs(mol, number, randomSeed=seed)
    order = np.random.default_rng(seed).permutation(mol.GetNumAtoms())
    numbers = np.array([mol.GetAtomWithIdx(int(i)).GetAtomicNum() for i in order])
    return numbers, np.stack([c.GetPositions()[order] for c in mol.GetConformers()])


def testExtendedXYZ(tmp_path):
    table, text = Chem.GetPeriodicTable(), ""
    for smiles, count in (("C[C@H](F)CO", 3), ("c1ccccc1C(=O)[O-]", 2), ("", 1), ("CCC", 1)):
        numbers, positions = makeFrames(smiles or "CO", count)
        if smiles == "CCC":
            numbers, positions = makeFrames("CCO", count)
        for k, x in enumerate(positions):
            text += f'{len(numbers)}\nProperties=species:S:1:pos:R:3 smiles="{smiles}" energy_kcal={k - 5.0} '
            text += 'pbc="F F F"\n'
            text += "".join(f"{table.GetElementSymbol(int(z))} {a:.6f} {b:.6f} {c:.6f}\n"
                            for z, (a, b, c) in zip(numbers, x))
    (tmp_path / "a.xyz").write_text(text)
    report = openmmorbit.buildDataset([tmp_path / "a.xyz"], tmp_path / "a.shard")
    other = openmmorbit.buildDataset([tmp_path / "a.xyz"], tmp_path / "b.shard", validation=True)
    assert report.numMolecules + other.numMolecules == 2 and report.numConformers + other.numConformers == 5
    assert report.numFaults == 2 and "molecule 3: expected a SMILES" in report.messages[0]
    assert "CCC" in report.messages[1]
    assert readShards([tmp_path / "a.shard", tmp_path / "b.shard"])[0][:2] == ("C[C@H](F)CO", 3)
    (tmp_path / "bad.xyz").write_text("3\n\nC 0 0\n")
    with pytest.raises(ValueError, match="frame 1"):
        openmmorbit.buildDataset([tmp_path / "bad.xyz"], tmp_path / "c.shard")


def testNpz(tmp_path):
    data = [("C[C@H](F)CO", *makeFrames("C[C@H](F)CO", 3)), ("CCC", *makeFrames("CCC", 2))]
    np.savez(tmp_path / "a.npz", smiles=[d[0] for d in data], numAtoms=[len(d[1]) for d in data],
             numConformers=[len(d[2]) for d in data], numbers=np.concatenate([d[1] for d in data]),
             positions=np.concatenate([d[2].reshape(-1, 3) for d in data]), energies=[0, 1, 2, 5, 4.0])
    messages = ensemblefiles.toSDF(tmp_path / "a.npz", tmp_path / "a.sdf")
    mols = list(Chem.SDMolSupplier(str(tmp_path / "a.sdf"), removeHs=False))
    assert messages == []
    assert [m.GetProp("REL_E_KCAL") for m in mols] == ["0.0000", "1.0000", "2.0000", "1.0000", "0.0000"]
    assert np.allclose(mols[4].GetConformer().GetPositions(), data[1][2][1], atol=1e-4)
    with np.load(tmp_path / "a.npz") as arrays:
        np.savez_compressed(tmp_path / "c.npz", **arrays)
    ensemblefiles.toSDF(tmp_path / "c.npz", tmp_path / "c.sdf")
    assert (tmp_path / "c.sdf").read_text() == (tmp_path / "a.sdf").read_text()
    np.savez(tmp_path / "b.npz", smiles=["C"])
    with pytest.raises(ValueError, match="numAtoms"):
        ensemblefiles.toSDF(tmp_path / "b.npz", tmp_path / "b.sdf")


def testFilesAreReadPieceByPiece(tmp_path):
    number, size = 500, 100
    np.savez_compressed(tmp_path / "a.npz", smiles=["X"] * number, numAtoms=[size] * number,
                        numConformers=[10] * number, numbers=np.ones(number * size, dtype=np.int32),
                        positions=np.zeros((10 * number * size, 3)))
    row = "C 0.0 0.0 0.0\n"
    (tmp_path / "a.xyz").write_text((f"{size}\nsmiles=X\n" + size * row) * 4 * number)
    for read, frames in ((ensemblefiles._readNpz(tmp_path / "a.npz"), 10 * number),
                         (ensemblefiles._readXYZ(tmp_path / "a.xyz"), 4 * number)):
        tracemalloc.start()
        assert sum(1 for _ in read) == frames
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 1e6  # The positions of the npz file are 12 MB, the text of the other 3 MB.


def testCommandRefusals(tmp_path):
    def run(*arguments, **environment):
        return subprocess.run([sys.executable, "-m", "openmmorbit.cli", "dataset", *arguments], cwd=tmp_path,
                              capture_output=True, text=True, timeout=60, env={**os.environ, **environment})
    (tmp_path / "a.smi").write_text("C\n")
    (tmp_path / "a.sdf").write_text("")
    done = run("a.smi", "a.sdf", "-o", "x")
    assert done.returncode == 2 and "got both" in done.stderr
    done = run("a.smi", "-o", "a.sdf")
    assert done.returncode == 2 and "expected a folder" in done.stderr
    # A machine without the program, whatever this one has.
    done = run("a.smi", "-o", "x", "--engine", "xtb", PATH=str(tmp_path))
    assert done.returncode == 1 and "apt install xtb" in done.stderr
    assert not (tmp_path / "x").exists()

# SPDX-License-Identifier: MIT
"""What a training run survives: kill -9, a full disk, damaged records, batches that are not finite, several
processes."""
import json
import os
import resource
import socket
import struct
import subprocess
import sys
import time

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem, rdMolAlign

import openmmorbit
from openmmorbit import evaluation, orbit
from openmmorbit.training import report as trainingreport


@pytest.fixture(scope="module", autouse=True)
def orbittraining():
    from openmmorbit import orbittraining as module

    return module


def embed(smiles, number, seed=1):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMultipleConfs(mol, number, randomSeed=seed)
    return mol


def makeRecord(smiles, number=4, scale=1.0):
    record = orbit.ShardRecord()
    record.graph, record.flatSmiles, record.condition = openmmorbit.readMolecule(smiles), smiles, "MMFF94s"
    positions = np.stack([c.GetPositions() for c in embed(smiles, number).GetConformers()])
    record.positions = (scale * positions).ravel().tolist()
    return record


def writeShard(path, records):
    writer = orbit.ShardWriter(str(path))
    for record in records:
        writer.add(record)
    return str(path)


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    return writeShard(tmp_path_factory.mktemp("data") / "in.shard",
                      [makeRecord(smiles) for smiles in ("CCO", "CC(N)=O", "C1CC1", "CO", "C[C@H](F)Cl")])


def configure(folder, shard, output="run", **changes):
    settings = {"conditions": ["MMFF94s"], "datasets": [{"shards": [shard]}], "outputDirectory": str(folder / output),
                "maxSteps": 30, "logSteps": 1, "atomsPerBatch": 100, "finalLearningRate": 1.0, "warmupSteps": 2,
                "precision": "float32", "validationSteps": 0,
                "network": {"width": 24, "numHeads": 2, "numLayers": 2, "pairWidth": 8, "numRadial": 8}, **changes}
    path = folder / f"{output}.json"
    path.write_text(json.dumps(settings))
    return path


def start(path, environment=None, limit=None):
    def restrict():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    return subprocess.Popen([sys.executable, "-m", "openmmorbit.cli", "train", str(path)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})},
                            preexec_fn=restrict if limit else None)


def train(path, **options):
    process = start(path, **options)
    output, errors = process.communicate(timeout=300)
    return process.returncode, output, errors


def readCheckpoint(folder):
    """Get (header, tensors) of a checkpoint."""
    data = (folder / "checkpoint.bin").read_bytes()
    size = struct.unpack("<Q", data[8:16])[0]
    header = json.loads(data[16:16 + size])
    values = np.frombuffer(data[16 + size + 4:], dtype="<f4")
    return header, values


def testResumingAfterAKillIsExact(shard, tmp_path):
    assert train(configure(tmp_path, shard, "whole", checkpointMinutes=0))[0] == 0
    path = configure(tmp_path, shard, "killed", checkpointMinutes=0)
    log = tmp_path / "killed" / "log.csv"
    for rows in (4, 12):
        process = start(path)
        while process.poll() is None and (not log.exists() or log.read_bytes().count(b"\n") <= rows):
            time.sleep(0.005)
        process.kill()
        process.communicate()
    code, _, errors = train(path)
    assert code == 0 and "continuing at step" in errors
    (header, killed), (_, whole) = readCheckpoint(tmp_path / "killed"), readCheckpoint(tmp_path / "whole")
    assert header["numSteps"] == 30 and np.array_equal(killed, whole)
    first, second = trainingreport.readLog(log), trainingreport.readLog(tmp_path / "whole" / "log.csv")
    assert first["step"] == list(range(1, 31)) and first["loss"] == second["loss"]


def testAFullDiskKeepsTheOldFiles(shard, tmp_path):
    path = configure(tmp_path, shard, maxSteps=5)
    assert train(path)[0] == 0
    kept = {name: (tmp_path / "run" / name).read_bytes() for name in ("checkpoint.bin", "model.safetensors")}
    configure(tmp_path, shard, maxSteps=12, checkpointMinutes=0, exportMinutes=0)
    code, _, errors = train(path, limit=20000)
    assert code == 1 and "Traceback" not in errors
    assert "going on without a new file, the old one stays" in errors and "step 12 " in errors
    assert "checkpoint.bin.new" in errors.splitlines()[-1] and "free some space" in errors.splitlines()[-1]
    assert kept == {name: (tmp_path / "run" / name).read_bytes() for name in kept}
    assert train(path)[0] == 0 and readCheckpoint(tmp_path / "run")[0]["numSteps"] == 12


def testRowsOfTheLogWaitForSpace(shard, tmp_path):
    path = configure(tmp_path, shard, maxSteps=20)
    code, _, errors = train(path, limit=1000)
    text = (tmp_path / "run" / "log.csv").read_text()
    assert code == 1 and "the log cannot be written" in errors
    assert text.endswith("\n") and len(text) <= 1000 and len(set(map(lambda s: s.count(","), text.splitlines()))) == 1


def testDamagedAndForeignRecordsAreNamed(shard, tmp_path):
    foreign = makeRecord("CCN")
    graph, atoms = foreign.graph, list(foreign.graph.atoms)
    atoms[2].element = 92
    graph.atoms = atoms
    foreign.graph = graph
    other = writeShard(tmp_path / "foreign.shard", [foreign, makeRecord("CCO")])
    data = bytearray(open(shard, "rb").read())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "damaged.shard").write_bytes(data)
    path = configure(tmp_path, other, maxSteps=2,
                     datasets=[{"shards": [other, str(tmp_path / "damaged.shard")]}],
                     validationShards=[str(tmp_path / "damaged.shard")])
    code, _, errors = train(path)
    assert code == 0, errors
    assert "data set of weight 1: 5 molecules" in errors and "expected element" in errors and "got U at atom" in errors
    assert "damaged.shard" in errors and "wrong checksum; skipped it" in errors and "validation: " in errors


def testBatchesThatAreNotFiniteAreSkipped(shard, tmp_path):
    # Coordinates of 1e25 Angstrom are finite, their squares are not.
    bad = writeShard(tmp_path / "bad.shard", [makeRecord("CCCCCCC", scale=1e25)])
    path = configure(tmp_path, shard, datasets=[{"shards": [shard], "weight": 20}, {"shards": [bad]}], maxSteps=60)
    code, output, errors = train(path)
    assert code == 0, errors
    header, values = readCheckpoint(tmp_path / "run")
    assert 0 < header["numSkipped"] < 30 and header["numSteps"] == 60 and np.isfinite(values).all()
    assert errors.count("skipped the batch") == header["numSkipped"]
    assert "expected a finite loss and gradient at step" in errors
    # Nothing but such batches ends the run, and what was saved stays.
    path = configure(tmp_path, shard, "bad", datasets=[{"shards": [bad]}])
    code, _, errors = train(path)
    assert code == 1 and "as in the 9 steps before" in errors and not (tmp_path / "bad" / "checkpoint.bin").exists()


def freePort():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def trainTogether(path, number):
    environment = {"WORLD_SIZE": str(number), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(freePort())}
    processes = [start(path, {**environment, "RANK": str(rank)}) for rank in range(number)]
    results = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * number, results
    return results


def testTwoProcessesTrainAsOne(shard, tmp_path):
    single = configure(tmp_path, shard, "single", atomsPerBatch=200, validationShards=[shard], maxSteps=12)
    assert train(single)[0] == 0
    double = configure(tmp_path, shard, "double", validationShards=[shard], maxSteps=7)
    results = trainTogether(double, 2)
    assert "data parallel over 2 processes" in results[0][1] and results[1][1] == ""
    configure(tmp_path, shard, "double", validationShards=[shard], maxSteps=12)
    assert "continuing at step 7" in trainTogether(double, 2)[0][1]
    (first, one), (second, two) = readCheckpoint(tmp_path / "single"), readCheckpoint(tmp_path / "double")
    assert first["numSamples"] == second["numSamples"] and first["tensors"] == second["tensors"]
    assert np.abs(one - two).max() < 2e-4 and not np.array_equal(one, np.zeros_like(one))
    losses = [trainingreport.readLog(tmp_path / name / "log.csv")["loss"] for name in ("single", "double")]
    assert np.allclose(*losses, rtol=1e-4)


def testAWrongEnvironmentIsNamed(shard, tmp_path):
    path = configure(tmp_path, shard)
    code, _, errors = train(path, environment={"WORLD_SIZE": "2", "RANK": "x"})
    assert code == 2 and "RANK" in errors and "torchrun" in errors


def testTheReportShowsHeldOutMetrics(shard, tmp_path):
    path = configure(tmp_path, shard, validationShards=[shard], maxSteps=4, metricSteps=2, validationMolecules=3)
    result = openmmorbit.train(path, progress=False)
    assert result.metrics.numMolecules == 3 and result.metrics.numCopies == 24 and result.numSkipped == 0
    metrics = trainingreport.readLog(tmp_path / "run" / "metrics.csv")
    assert metrics["step"] == [2, 4] and metrics["shard"] == [shard] * 2
    assert metrics["AMR-R"][1] == pytest.approx(result.metrics.recall, rel=1e-4)
    page = (tmp_path / "run" / "report.md").read_text()
    assert "| in.shard | 3 | 24 |" in page and f"{result.metrics.recall:.3f} Å" in page
    assert (tmp_path / "run" / "training.png").stat().st_size > 10000
    model = openmmorbit.DenoiserModel.load(result.modelPath)
    assert "AMR-R" in model.getMetadata("metrics")


@pytest.mark.parametrize("smiles", [
    "CC(=O)[O-]", "O=[N+]([O-])c1ccccc1", "CC(F)(F)F", "NC(=[NH2+])NCCO", "CS(=O)(=O)N", "CP(=O)(O)O", "CC(C)(C)CO",
    "c1ccc(-c2ccccc2)cc1", "Cc1ccc(C)cc1", "C1C2CC3CC1CC(C2)C3", "c1c[nH]cn1", "NC(=N)CC", "C[C@H](F)[C@@H](C)F",
    "OCC(O)CO", "CC(C)C(C(C)C)N", "[2H]OCC(C)C"])
def testSymmetricRmsdIsThatOfRDKit(orbittraining, smiles):
    first, second = embed(smiles, 3), embed(smiles, 4, seed=9)
    graph = openmmorbit.readMolecule(first)
    positions = [np.stack([c.GetPositions() for c in mol.GetConformers()]).ravel().tolist() for mol in (first, second)]
    found = np.reshape(orbittraining.computeSymmetricRmsd(graph, *positions), (3, 4))
    probe, target = Chem.RemoveAllHs(first), Chem.RemoveAllHs(second)
    expected = np.array([[rdMolAlign.GetBestRMS(probe, target, i.GetId(), j.GetId(), maxMatches=100000)
                          for j in target.GetConformers()] for i in probe.GetConformers()])
    shuffled = Chem.RenumberAtoms(second, np.random.default_rng(3).permutation(second.GetNumAtoms()).tolist())
    assert np.allclose(evaluation.rmsdMatrix(first, shuffled), expected, atol=1e-6)
    assert np.allclose(found, expected, atol=1e-6), np.abs(found - expected).max()
    metrics = orbittraining.compareEnsembles(graph, *positions)
    assert metrics.recall == pytest.approx(expected.min(axis=0).mean(), abs=1e-6)
    assert metrics.coveragePrecision05 == pytest.approx((expected.min(axis=1) < 0.5).mean())
    assert metrics.numCopies == 3 and metrics.numReferences == 4

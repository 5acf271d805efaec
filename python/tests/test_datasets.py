# SPDX-License-Identifier: MIT
"""Data sets from SMILES: failures with reasons, names, shards, workers, Dask, and the subcommand."""
import gzip
import json
import os
import signal
import subprocess
import sys

import pytest
from ensembles import mmff, readRecords, readShards
from rdkit import Chem

import openmmorbit
from openmmorbit import orbit
from openmmorbit.data import datasets, parallel, recipes
from openmmorbit.data.settings import EnsembleOutcome, EnsembleSettings


def square(x):
    if x == 13:
        os.kill(os.getpid(), signal.SIGKILL)
    if x == 5:
        raise ValueError("five")
    return x * x


def testASmallDataSetHasNoValidationShard(tmp_path):
    report = openmmorbit.makeDataset(["CO", "CCO"], tmp_path, mmff, processes=1, progress=False)
    assert not any(orbit.isValidationMolecule(smiles) for smiles in ("CO", "CCO"))
    assert len(report.trainingShards) == 1 and report.validationShards == []
    assert sorted(path.name for path in tmp_path.glob("*.shard")) == ["train-00000.shard"]
    assert list(tmp_path.glob("*.new")) == []


def testEnsemblesOfAnotherLevelAreRefused(tmp_path):
    (tmp_path / "in.sdf.gz").write_bytes(recipes.makeEnsemble("CCO", mmff).records)
    report = openmmorbit.buildDataset([tmp_path / "in.sdf.gz"], tmp_path / "out.shard", "GFN2-xTB")
    assert report.numMolecules == 0 and report.numFaults > 0
    assert "expected conformers of GFN2-xTB, as the condition says, got MMFF94s by the tag LEVEL" in report.messages[0]
    assert openmmorbit.buildDataset([tmp_path / "in.sdf.gz"], tmp_path / "out.shard", "MMFF94s").numMolecules == 1


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
        datasets.makeDataset(["CCO"], tmp_path / "set", EnsembleSettings("mmff"), progress=False)


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
        return EnsembleOutcome(smiles, reason="timeout")

    def call(**options):
        return datasets.makeDataset(["CO", "CCO", "bad("], tmp_path / "set", mmff, processes=1, progress=False,
                                    **options)

    datasets.makeDataset(["CO"], tmp_path / "set", mmff, processes=1, progress=False)
    whole = recipes.makeEnsemble
    monkeypatch.setattr(recipes, "makeEnsemble", fails)
    first = call()
    assert (first.numMolecules, first.reasons) == (1, {"timeout": 1, "the SMILES cannot be read": 1})
    again = call(retryFailed=True)
    assert (again.numMolecules, again.reasons) == (1, first.reasons)
    monkeypatch.setattr(recipes, "makeEnsemble", whole)
    assert call().reasons == first.reasons
    retried = call(retryFailed=True)
    assert (retried.numMolecules, retried.reasons) == (2, {"the SMILES cannot be read": 1})
    assert (tmp_path / "set" / "failures.tsv").read_text() == "bad(\tthe SMILES cannot be read\n"
    once = datasets.makeDataset(["CO", "CCO"], tmp_path / "once", mmff, processes=1, progress=False)
    assert readRecords(tmp_path / "set") == readRecords(tmp_path / "once")
    assert call(retryFailed=True).numConformers == once.numConformers


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

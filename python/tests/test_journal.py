# SPDX-License-Identifier: MIT
"""The journal of a data set: what is kept when the disk is full or the process is killed."""
import json
import os
import resource
import subprocess
import sys
import time

import pytest
from ensembles import mmff, readRecords

from openmmorbit.data import datasets, recipes
from openmmorbit.data.journal import Journal
from openmmorbit.data.settings import EnsembleSettings


def testATornEndIsCutOff(tmp_path):
    journal = Journal(tmp_path, moleculesPerFile=2)
    outcomes = [recipes.makeEnsemble(smiles, mmff) for smiles in ("CCO", "CO", "CCN")]
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
    journal = Journal(tmp_path, moleculesPerFile=2)
    assert journal.done == {"CCO", "CO", "CCN"}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == whole
    journal.add(recipes.makeEnsemble("C", mmff))
    journal.close()
    assert len(readRecords(tmp_path)) == sum(o.numConformers for o in outcomes) + 1
    os.truncate(tmp_path / "ensembles-00000.sdf.gz", 10)
    with pytest.raises(ValueError, match="damaged"):
        Journal(tmp_path)


def testAFullDiskLosesTheMoleculeAtHandOnly(tmp_path):
    outcomes = [recipes.makeEnsemble(smiles, mmff) for smiles in ("CCO", "CO", "CCN")]
    journal = Journal(tmp_path)
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
    journal = Journal(tmp_path)
    assert journal.done == {"CCO", "CO"} and len(readRecords(tmp_path)) == sum(o.numConformers for o in outcomes[:2])
    with pytest.raises(ValueError, match="another process"):
        Journal(tmp_path)
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
    once = datasets.makeDataset([tmp_path / "in.smi"], tmp_path / "once", EnsembleSettings("mmff"),
                                processes=1, progress=False)
    assert sorted(readRecords(tmp_path / "set")) == sorted(readRecords(tmp_path / "once"))
    assert once.numMolecules == 12

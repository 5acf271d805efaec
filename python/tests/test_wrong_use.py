# SPDX-License-Identifier: MIT
"""Wrong use of dataset, train, evaluate and info ends with exit status 2 and a sentence without names of functions."""
import json
import re

import pytest

from openmmorbit import cli

pytest.importorskip("rdkit")


def run(capsys, *arguments):
    """Get the one line of an error and the exit status."""
    status = cli.main([str(argument) for argument in arguments])
    lines = capsys.readouterr().err.strip().splitlines()
    return status, lines[-1]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in.smi").write_text("CO\n")
    (tmp_path / "traj.dcd").write_bytes(b"CORD")
    (tmp_path / "text.json").write_text("no JSON")
    (tmp_path / "keys.json").write_text(json.dumps({"conditions": ["A"], "datasets": [{"shards": ["a"]}], "color": 1}))
    (tmp_path / "values.json").write_text(json.dumps({"conditions": [], "datasets": [{"shards": ["a"]}]}))
    (tmp_path / "shard.json").write_text(json.dumps({"conditions": ["A"], "datasets": [{"shards": ["none.shard"]}]}))
    return tmp_path


cases = [(["info", "nofile.safetensors"], "nofile.safetensors"), (["info", "."], "'.'"),
         (["dataset", "traj.dcd", "-o", "out"], "traj.dcd"), (["dataset", "nofile.smi", "-o", "out"], "nofile.smi"),
         (["evaluate", "-", "in.smi"], "in.smi"), (["evaluate", "nomodel", "in.smi"], "nomodel"),
         (["evaluate", "-", "nofile.sdf"], "nofile.sdf")]
trainerCases = [(["train", "nofile.json"], "nofile.json"), (["train", "text.json"], "does not parse"),
                (["train", "keys.json"], 'got "color"'), (["train", "values.json"], "at least one condition"),
                (["train", "shard.json"], "none.shard")]


@pytest.mark.parametrize("arguments, text", cases)
def testWrongUse(capsys, folder, monkeypatch, arguments, text):
    monkeypatch.chdir(folder)
    status, line = run(capsys, *arguments)
    assert status == 2 and text in line
    assert re.fullmatch("openmm-orbit: error: expected .*", line)


@pytest.mark.parametrize("arguments, text", trainerCases)
def testWrongTraining(capsys, folder, monkeypatch, arguments, text):
    pytest.importorskip("openmmorbit.orbittraining", reason="built without the trainer", exc_type=ImportError)
    monkeypatch.chdir(folder)
    status, line = run(capsys, *arguments)
    assert status == 2 and text in line
    assert re.fullmatch("openmm-orbit: error: expected .*", line)


def testOtherSettingsOfADataSet(capsys, folder):
    first = ["dataset", folder / "in.smi", "-o", folder / "set", "--level", "mmff", "--starts", "2", "-q"]
    status, line = run(capsys, *first, "--processes", "1")
    assert status == 0 and "1 conformer of 1 molecule -> " in line
    assert "; 1 training shard and 0 validation shards; 0 molecules failed" in line
    status, line = run(capsys, *first, "--window", "3")
    assert status == 2 and line.startswith("openmm-orbit: error: expected window = 6.0 as when ")
    status, line = run(capsys, *first, "--window", "-3")
    assert status == 2 and line == "openmm-orbit: error: expected window above 0, got -3.0"

# SPDX-License-Identifier: MIT
"""Wrong use of train ends with exit status 2 and a sentence without names of functions."""
import json
import re

import pytest
from conftest import runCli


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "text.json").write_text("no JSON")
    (tmp_path / "keys.json").write_text(json.dumps({"conditions": ["A"], "datasets": [{"shards": ["a"]}], "color": 1}))
    (tmp_path / "values.json").write_text(json.dumps({"conditions": [], "datasets": [{"shards": ["a"]}]}))
    (tmp_path / "shard.json").write_text(json.dumps({"conditions": ["A"], "datasets": [{"shards": ["none.shard"]}]}))
    return tmp_path


cases = [(["train", "nofile.json"], "nofile.json"), (["train", "text.json"], "does not parse"),
         (["train", "keys.json"], 'got "color"'), (["train", "values.json"], "at least one condition"),
         (["train", "shard.json"], "none.shard")]


@pytest.mark.parametrize("arguments, text", cases)
def testWrongTraining(capsys, folder, monkeypatch, arguments, text):
    monkeypatch.chdir(folder)
    status, line = runCli(capsys, *arguments)
    assert status == 2 and text in line
    assert re.fullmatch("openmm-orbit: error: expected .*", line)

# SPDX-License-Identifier: MIT
"""Weights of frames on the command line."""
import json
import pathlib

import numpy as np
from conftest import runCli
from openmm import app, unit

from openmmorbit.cli import main
from openmmorbit.data.frameshards import FrameShard
from trajectories import makeTrajectory, saveDCD

TINY = {"width": 16, "numHeads": 2, "numLayers": 1, "pairWidth": 8, "conditionWidth": 8, "numRadial": 8, "threads": 1}


def testWeightsOfFramesFromFiles(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    topology, frames = makeTrajectory("ACE", "ALA", "NME")
    with open("system.pdb", "w", encoding="utf-8") as stream:
        app.PDBFile.writeFile(topology, frames[0] * unit.nanometer, stream)
    saveDCD("run.dcd", topology, frames[:60])
    saveDCD("hot.dcd", topology, frames[60:])
    weights = np.linspace(0, 3, 60)
    np.save("run.npy", weights)
    np.savetxt("hot.txt", np.ones(40), header="reweighted")
    run = ["train", "--topology", "system.pdb", "--trajectory", "run.dcd", "hot.dcd", "--minutes", 5, "-o", "model",
           *[f"--set={name}={value}" for name, value in TINY.items()], "--set", "maxSteps=2"]
    assert main([*map(str, run), "--weights", "run.npy", "hot.txt"]) == 0
    shard = FrameShard("test", "model/frames.shard", topology, range(22))
    with shard:
        found = [shard.readWeights(name) for name in shard.contents.series]
    assert np.allclose(found[0], weights, atol=1e-6) and (found[1] == 1).all() and len(found[1]) == 40
    assert json.loads(pathlib.Path("model/settings.json").read_text())["boltzmannShare"] == 1

    one = [*run[:4], "run.dcd", *run[6:]]
    for name, content, text in (
            ("short", "1\n" * 59, "weights of the 60 frames of \"run.dcd\", got 59"),
            ("negative", "1\n" * 7 + "-1\n" + "1\n" * 52, "at least 0, got -1.0 for frame 7 of \"run.dcd\""),
            ("nan", "nan\n" + "1\n" * 59, "finite weights of at least 0, got nan for frame 0"),
            ("words", "1\nheavy\n", "in 'words', one in each line, got 'heavy' in line 2"),
            ("table", "1 2\n" * 60, "in 'table', one in each line, got '1 2' in line 1"),
            ("empty", "# none\n", "in 'empty', one after the other, got no numbers"),
            ("wrong.npy", "1\n", "in 'wrong.npy', got a file that is no array of numbers"),
            ("none", None, "a file with weights of frames, got 'none', which is no file")):
        if content is not None:
            pathlib.Path(name).write_text(content)
        status, line = runCli(capsys, *one, "--weights", name)
        assert status == 2 and text in line and line.startswith("openmm-orbit: error: expected"), line
    np.save("wide.npy", np.ones((60, 2)))
    assert "got an array of shape (60, 2)" in runCli(capsys, *one, "--weights", "wide.npy")[1]
    status, line = runCli(capsys, *run, "--weights", "short")
    assert status == 2 and "as many files as --weights as trajectories, 2, got 1" in line
    assert runCli(capsys, "train", "--weights", "short")[1].endswith("give the system's .pdb file")

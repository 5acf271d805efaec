# SPDX-License-Identifier: MIT
"""Training through Python and the command line: SDF to shard to model to conformers, resuming, refusals."""
import json
import signal
import struct
import subprocess
import sys

import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit.training import loading
from openmmorbit.training import report as trainingreport


@pytest.fixture(scope="module")
def orbittraining():
    from openmmorbit import orbittraining as module

    return module


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    writer = Chem.SDWriter(str(folder / "in.sdf"))
    for smiles in ("CCO", "CC(N)=O", "C1CC1", "CO", "CCN"):
        mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
        AllChem.EmbedMultipleConfs(mol, 4, randomSeed=1)
        for index in range(mol.GetNumConformers()):
            mol.SetProp("SMILES", smiles)
            writer.write(mol, confId=index)
    writer.close()
    report = openmmorbit.buildDataset([folder / "in.sdf"], folder / "in.shard", condition="MMFF94s")
    assert report.numMolecules + report.numOtherSide == 5 and report.numFaults == 0
    assert report.numConformers == 4 * report.numMolecules
    return str(folder / "in.shard")


def configure(folder, shard, **changes):
    settings = {"conditions": ["MMFF94s"], "datasets": [{"shards": [shard]}], "outputDirectory": str(folder / "run"),
                "maxSteps": 5, "logSteps": 5, "atomsPerBatch": 200,
                 "network": {"width": 24, "numHeads": 2, "numLayers": 2}, **changes}
    path = folder / "config.json"
    path.write_text(json.dumps(settings))
    return path


def readEvents(folder):
    """Read {tag: [(step, value)]} from event files: records of length, its CRC, a message, its CRC."""
    from tensorboardX.proto import event_pb2

    found = {}
    for path in sorted(folder.glob("events.*")):
        content, place = path.read_bytes(), 0
        while place < len(content):
            length, = struct.unpack_from("<Q", content, place)
            event = event_pb2.Event.FromString(content[place + 12:place + 12 + length])
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
            place += 16 + length
    return found


def testEventsForTensorBoard(tmp_path, monkeypatch):
    log = "step,minutes,samples,loss,gradientNorm,learningRate,samplesPerSecond,atomsPerSecond,validationLoss\n"
    log += "50,0.5,900,0.75,1.5,0.001,30,500,\n100,1,1800,0.5,1.25,0.002,31,510,0.625\n"
    (tmp_path / "log.csv").write_text(log)
    names = "COV-R@0.1,COV-R@0.5,COV-P@0.1,COV-P@0.5,AMR-R,AMR-P,stereoCorrect,accepted"
    (tmp_path / "metrics.csv").write_text(f"step,minutes,shard,{names}\n100,1,/data/a.shard,0.5,1,0.25,1,0.5,0.5,1,1\n")
    for _ in range(2):
        assert trainingreport.writeEvents(tmp_path) == tmp_path / "events"
        events = readEvents(tmp_path / "events")
        assert events["loss"] == [(50, 0.75), (100, 0.5)]
        assert events["validationLoss"] == [(100, 0.625)]
        assert events["COV-P-0.1/a"] == [(100, 0.25)]
        assert len(events) == 6 + 8
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ImportError, match="pip install tensorboardX"):
        trainingreport.writeEvents(tmp_path)


def testTrainAndGenerate(orbittraining, shard, tmp_path):
    done = subprocess.run([sys.executable, "-m", "openmmorbit.cli", "train", str(configure(tmp_path, shard))],
                          capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("5 steps, ")
    assert "step 5  loss" in done.stderr
    model = str(tmp_path / "run" / "model.safetensors")
    generator = openmmorbit.ConformerGenerator(model, numSteps=1, check=False)
    assert generator.generate("CCO", 2, seed=1).positions.shape == (2, 9, 3)
    # The same folder continues, up to the new end.
    result = openmmorbit.train(configure(tmp_path, shard, maxSteps=8))
    assert result.numSteps == 8 and result.modelPath == model


def testDistillationSettingsCrossToPython(orbittraining):
    sampler = openmmorbit.orbit.SamplerSettings()
    sampler.method, sampler.numSteps = openmmorbit.orbit.SamplerMethod_Euler, 2
    distillation = orbittraining.DistillationSettings()
    distillation.teacher, distillation.sampler = "teacher.safetensors", sampler
    distillation.teacherSteps, distillation.levelShares = [6, 3], [0.5, 1]
    settings = orbittraining.TrainingSettings()
    assert settings.distillation.teacher == ""
    settings.distillation = distillation
    assert settings.distillation.sampler.numSteps == 2
    assert list(settings.distillation.teacherSteps) == [6, 3]
    assert list(settings.distillation.levelShares) == [0.5, 1]


def testProgressCanBeSilent(orbittraining, shard, tmp_path, capfd):
    openmmorbit.train(configure(tmp_path, shard, maxSteps=2, logSteps=1), progress=False)
    assert capfd.readouterr().err == ""
    openmmorbit.train(configure(tmp_path, shard, maxSteps=3, logSteps=1))
    assert "continuing at step 2" in capfd.readouterr().err


def testInterruptEndsTrainingWithACheckpoint(orbittraining, shard, tmp_path):
    path = configure(tmp_path, shard, maxSteps=1000000, logSteps=1)
    process = subprocess.Popen([sys.executable, "-m", "openmmorbit.cli", "train", str(path)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("step 2 "):
            break
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0 and "Traceback" not in errors, errors
    assert 2 <= int(output.split()[0]) < 1000000
    assert (tmp_path / "run" / "checkpoint.bin").is_file() and (tmp_path / "run" / "model.safetensors").is_file()


def testTerminationEndsTheProcessWithACheckpoint(orbittraining, shard, tmp_path):
    # A queueing system ends the job: what comes after the training does not run.
    path = configure(tmp_path, shard, maxSteps=1000000, logSteps=1)
    script = f"import openmmorbit; openmmorbit.train({str(path)!r}); print('went on')"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    for line in process.stderr:
        if line.startswith("step 2 "):
            break
    process.terminate()
    output, _ = process.communicate(timeout=120)
    assert process.returncode == -signal.SIGTERM and output == ""
    openmmorbit.orbit.DenoiserModel.load(str(tmp_path / "run" / "model.safetensors"))
    configure(tmp_path, shard, maxSteps=1)
    assert openmmorbit.train(path, progress=False).numSteps >= 2


def testRefusals(orbittraining, shard, tmp_path):
    with pytest.raises(ValueError, match="configuration file.*nowhere.json"):
        openmmorbit.train("nowhere.json")
    with pytest.raises(ValueError, match="nowhere.shard"):
        openmmorbit.train(configure(tmp_path, "nowhere.shard"))
    with pytest.raises(ValueError, match="learningrate"):
        openmmorbit.train(configure(tmp_path, shard, learningrate=1))
    with pytest.raises(ValueError, match="nowhere.sdf"):
        openmmorbit.buildDataset(["nowhere.sdf"], tmp_path / "out.shard")


def testAPackagedModelIsKnownByItsName(orbittraining, shard, tmp_path):
    path = configure(tmp_path, shard, initialModel="conformer", maxSteps=1, conditions=["MMFF94s", "B3LYP"])
    settings = json.loads(path.read_text())
    del settings["network"]
    path.write_text(json.dumps(settings))
    result = openmmorbit.train(path, progress=False)
    model = openmmorbit.DenoiserModel.load(result.modelPath)
    assert model.getSettings().width == 192 and list(model.getConditions()) == ["MMFF94s", "B3LYP"]
    config = orbittraining.TrainingSettings.load(str(path))
    openmmorbit.train(config, progress=False)
    assert config.initialModel == "conformer"


def testTheReportOfAFinishedRunStays(orbittraining, shard, tmp_path):
    path = configure(tmp_path, shard, maxSteps=2, logSteps=1)
    openmmorbit.train(path, progress=False)
    report = (tmp_path / "run" / "report.md").read_text()
    assert "mean loss of the last steps" in report and "0.0000" not in report
    openmmorbit.train(path, progress=False)
    assert (tmp_path / "run" / "report.md").read_text() == report


def testEveryLineOfThePictureIsNamed(tmp_path, monkeypatch):
    from matplotlib import pyplot

    metrics = "COV-R@0.1,COV-R@0.5,COV-P@0.1,COV-P@0.5,AMR-R,AMR-P,stereoCorrect,accepted"
    (tmp_path / "log.csv").write_text("step,loss,validationLoss,learningRate\n10,2,,0.1\n20,1,1.5,0.05\n")
    (tmp_path / "metrics.csv").write_text(f"step,shard,{metrics}\n" + "".join(
        f"{step},/data/{shard}.shard,0.1,0.5,0.2,0.6,0.4,0.3,0.9,0.8\n" for step in (10, 20) for shard in "ab"))
    figures = []
    monkeypatch.setattr(pyplot, "close", figures.append)
    assert trainingreport.drawRun(tmp_path, tmp_path / "training.png")
    loss, shares, distances, rate = figures[0].axes
    named = [text.get_text() for text in loss.get_legend().get_texts()]
    assert len(named) == len(loss.lines) + len(rate.lines) == 3
    for axis, quantities in ((shares, 3), (distances, 2)):
        styles = [(line.get_color(), line.get_linestyle(), line.get_marker()) for line in axis.lines]
        assert len(set(styles)) == len(styles) == 2 * quantities
        assert len({style[2] for style in styles}) == quantities
        assert len(axis.get_legend().get_texts()) == 2 + quantities


def testAnInstallationWithoutTheTrainerSaysSo(monkeypatch, tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{}")
    monkeypatch.setitem(sys.modules, "openmmorbit.orbittraining", None)
    monkeypatch.delattr(openmmorbit, "orbittraining", raising=False)
    with pytest.raises(ImportError, match="no trainer; build the package with -DORBIT_BUILD_TRAINING=ON"):
        openmmorbit.train(path)


def refuse(monkeypatch, tmp_path, torch, words):
    """The trainer's module cannot be loaded, and PyTorch is installed in this version, or not at all."""
    path = tmp_path / "config.json"
    path.write_text("{}")

    def fail():
        raise ImportError("libtorch_cpu.so: cannot open shared object file")

    monkeypatch.setattr(loading, "torchVersion", "2.13")
    monkeypatch.setattr(loading, "installedTorch", lambda: torch)
    monkeypatch.setattr(loading, "_importTrainer", fail)
    with pytest.raises(ImportError, match=words):
        openmmorbit.train(path)


def testAMissingPyTorchIsNamedWithItsExtra(monkeypatch, tmp_path):
    refuse(monkeypatch, tmp_path, None,
           r"expected PyTorch 2\.13, .* got none; run 'pip install \"openmm-orbit\[train\]\"'")


def testAnotherPyTorchIsRefusedBeforeItIsLoaded(monkeypatch, tmp_path):
    refuse(monkeypatch, tmp_path, "2.12.1+cpu", r"expected PyTorch 2\.13, .* got 2\.12\.1\+cpu; run 'pip install")


def testABrokenPyTorchIsNamed(monkeypatch, tmp_path):
    refuse(monkeypatch, tmp_path, "2.13.0",
           r"libraries of PyTorch 2\.13\.0 that can be loaded, got \"libtorch_cpu\.so: ")

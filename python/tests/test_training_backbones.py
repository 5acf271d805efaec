# SPDX-License-Identifier: MIT
"""Training on structures: what a BackboneDataset reads and writes, and openmm-orbit train --backbones."""
import gzip
import os

import numpy as np
import pytest
from conftest import runCli
from helices import writeArrays, writeHelix

import openmmorbit
from openmmorbit import orbit
from openmmorbit.data import backbonedataset
from openmmorbit.data.backbones import buildBackboneDataset

TINY = {"width": 16, "numHeads": 2, "numLayers": 1, "pairWidth": 8, "conditionWidth": 8, "numRadial": 8,
        "maxSteps": 6, "atomsPerBatch": 200}


def listShard(path):
    """Get the names of the backbones in a shard."""
    reader, subject, found = orbit.ShardReader(str(path)), orbit.ShardSubject(), []
    while reader.nextSubject(subject):
        found.append((subject.backbone.name, subject.pointsPerToken))
    return found


@pytest.fixture
def folder(tmp_path):
    """A folder with an npz file that knows its split, a packed structure, a mirror image, and something else."""
    place = tmp_path / "structures"
    place.mkdir()
    writeArrays(place / "helices.npz", [20, 21, 22, 23, 24, 25])
    lengths = [n for n in range(30, 60) if not orbit.isValidationMolecule("-".join(n * ["ALA"]))]
    writeHelix(place / "plain.cif", lengths[0])
    writeHelix(tmp_path / "packed.pdb", lengths[1])
    (place / "packed.pdb.gz").write_bytes(gzip.compress((tmp_path / "packed.pdb").read_bytes()))
    writeHelix(place / "mirror.pdb", 24, mirror=True)
    (place / "notes.txt").write_text("not a structure")
    return place


@pytest.mark.parametrize("points", [1, 3])
def testAFolderBecomesTwoShards(folder, tmp_path, points, monkeypatch):
    dataset = openmmorbit.BackboneDataset(folder, points=points, shortest=21)
    assert [os.path.basename(path) for path in dataset.files] == ["helices.npz", "mirror.pdb", "packed.pdb.gz",
                                                                 "plain.cif"]
    with pytest.warns(UserWarning, match="got 2 that are left out, e.g. left out the backbone \"helix20\""):
        training, validation = dataset.write(tmp_path / "run")
    assert "D-amino acid" in dataset.messages[1] and "mirror.pdb" in dataset.messages[1]
    assert listShard(training) == [(name, points) for name in ("helix23", "packed", "plain")]
    assert listShard(validation) == [("helix21", points), ("helix24", points)]

    # Once written they are not made again, but for other files or settings.
    made = []
    plain = backbonedataset.writeSides
    monkeypatch.setattr(backbonedataset, "writeSides", lambda *a, **k: made.append(1) or plain(*a, **k))
    assert openmmorbit.BackboneDataset([folder], points=points, shortest=21).write(tmp_path / "run") == (
        training, validation)
    assert not made
    (folder / "helices.npz").unlink()
    (folder / "mirror.pdb").unlink()
    assert openmmorbit.BackboneDataset(folder, points=points, shortest=21).write(tmp_path / "run") == (training, None)
    assert made and len(listShard(training)) == 2 and not os.path.exists(validation)


def testOneWrongBackboneOfAnArrayIsLeftOut(tmp_path):
    structures = np.full(63, ord("H"), np.uint8)
    structures[25] = ord("G")
    writeArrays(tmp_path / "x.npz", [20, 21, 22], ss=structures, split=np.zeros(3, np.uint8))
    report = buildBackboneDataset([tmp_path / "x.npz"], tmp_path / "a.shard")
    assert [name for name, _ in listShard(tmp_path / "a.shard")] == ["helix20", "helix22"]
    assert len(report.messages) == 1 and "got 'G'" in report.messages[0]


def testBreaksOfArraysAreSeen(tmp_path):
    writeArrays(tmp_path / "x.npz", [30], split=np.zeros(1, np.uint8))
    with np.load(tmp_path / "x.npz") as file:
        data = {name: file[name] for name in file.files}
    data["xyz_i16"][15:] += 8000                              # 20 Angstrom
    np.savez(tmp_path / "x.npz", **data)
    buildBackboneDataset([tmp_path / "x.npz"], tmp_path / "a.shard")
    reader, subject = orbit.ShardReader(str(tmp_path / "a.shard")), orbit.ShardSubject()
    assert reader.nextSubject(subject) and subject.backbone.hasBreaks()
    assert list(np.diff(subject.backbone.numbers)) == [1] * 14 + [2] + [1] * 14


def testShardsStayUntilAllFilesAreRead(folder, tmp_path, monkeypatch):
    training, _ = openmmorbit.BackboneDataset(folder / "helices.npz").write(tmp_path / "run")
    before = open(training, "rb").read()

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(backbonedataset, "writeSides", interrupt)
    with pytest.raises(KeyboardInterrupt):
        openmmorbit.BackboneDataset([folder / "helices.npz", folder / "plain.cif"]).write(tmp_path / "run")
    assert open(training, "rb").read() == before


def testWhatIsNoDataSetIsRefused(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    for files, options, error, message in (
            ("nowhere.pdb", {}, FileNotFoundError, "got 'nowhere.pdb', which is none"),
            ([], {}, ValueError, "at least one file, got none"),
            (tmp_path / "empty", {}, ValueError, "a folder with .*empty', which has none"),
            (folder / "notes.txt", {}, ValueError, "ends in .pdb, .*notes.txt"),
            (folder, {"points": 2}, ValueError, "1 point for each residue .* got 2"),
            (folder, {"points": "CA"}, TypeError, "points as a whole number"),
            (folder, {"shortest": 50, "longest": 40}, ValueError, "got 50 and 40")):
        with pytest.raises(error, match=message):
            openmmorbit.BackboneDataset(files, **options)
    with pytest.raises(ValueError, match="at least one backbone to write, got none; the last fault: .*D-amino"):
        openmmorbit.BackboneDataset(folder / "mirror.pdb").write(tmp_path / "run")
    writeArrays(tmp_path / "held.npz", [24, 25], split=np.ones(2, np.uint8))
    with pytest.raises(ValueError, match="to train on, got 2, which are all kept back"):
        openmmorbit.BackboneDataset(tmp_path / "held.npz").write(tmp_path / "run")
    for data in (folder / "plain.cif", [folder / "plain.cif", folder / "helices.npz"]):
        with pytest.raises(ValueError, match="got the structure .*plain.cif'; give openmmorbit.BackboneDataset"):
            openmmorbit.train(data, tmp_path / "run")


def testTheCommandTrainsOnStructures(folder, tmp_path, capsys):
    settings = [entry for name, value in TINY.items() for entry in ("--set", f"{name}={value}")]
    run = ["train", "--backbones", folder, "--points", 3, "--threads", 1, "--seed", 5, *settings, "-o",
           tmp_path / "run"]
    assert openmmorbit.cli.main([str(entry) for entry in run]) == 0
    output = capsys.readouterr()
    assert "6 steps" in output.out and "; validation loss " in output.out and "model.safetensors" in output.out
    assert "warning: expected backbones that can be used, got 1 that is left out, e.g. expected L-amino" in output.err
    model = orbit.DenoiserModel.load(str(tmp_path / "run" / "model.safetensors"))
    assert model.getSettings().pointsPerToken == 3 and model.getBackbones().numBackbones == 4
    assert openmmorbit.BackboneGenerator(model).lengths[0] == 20
    assert openmmorbit.cli.main([str(entry) for entry in [*run, "--set", "maxSteps=8"]]) == 0
    output = capsys.readouterr()
    status, line = runCli(capsys, *["1" if entry == 3 else entry for entry in run])
    assert status == 2 and "3 points for each residue, as the run in" in line and "got 1; train in another" in line
    assert "continuing at step 6" in output.err and "8 steps" in output.out and "left out, e.g." not in output.err


def testShardsAreTrainedOnAsTheyAre(folder, tmp_path, capsys):
    buildBackboneDataset([folder / "helices.npz"], tmp_path / "a.shard")
    settings = [entry for name, value in TINY.items() for entry in ("--set", f"{name}={value}")]
    run = ["train", "--backbones", tmp_path / "a.shard", "--threads", 1, *settings, "-o", tmp_path / "run"]
    assert openmmorbit.cli.main([str(entry) for entry in run]) == 0
    assert "6 steps" in capsys.readouterr().out


def testLongerBackbonesNeedARunOfTheirOwn(folder, tmp_path, capsys):
    (folder / "plain.cif").unlink()
    (folder / "packed.pdb.gz").unlink()
    settings = [entry for name, value in TINY.items() for entry in ("--set", f"{name}={value}")]
    run = ["train", "--backbones", folder, "--threads", 1, *settings, "-o", tmp_path / "run"]
    assert openmmorbit.cli.main([str(entry) for entry in run]) == 0
    capsys.readouterr()
    written = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    writeArrays(folder / "more.npz", [60], split=np.zeros(1, np.uint8))
    text = "expected backbones of up to 23 residues, as the run in .* was begun with, got up to 60; train in another"
    with pytest.raises(ValueError, match=text):
        openmmorbit.train(openmmorbit.BackboneDataset(folder), tmp_path / "run", 5, progress=False, **TINY)
    buildBackboneDataset([folder / "more.npz"], tmp_path / "more.shard")
    with pytest.raises(ValueError, match=text):
        openmmorbit.train(tmp_path / "more.shard", tmp_path / "run", 5, progress=False, **TINY)
    status, line = runCli(capsys, *run)
    assert status != 0 and "was begun with, got up to 60" in line
    assert written == {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    # The way out: its weights in another folder, for the lengths of both.
    first = tmp_path / "run" / "model.safetensors"
    result = openmmorbit.train(tmp_path / "more.shard", tmp_path / "other", 5, progress=False, initialModel=str(first),
                               **TINY)
    assert openmmorbit.BackboneGenerator(result).lengths == (20, 60)
    result = openmmorbit.train(tmp_path / "more.shard", tmp_path / "other", 5, progress=False, initialModel=str(first),
                               **{**TINY, "maxSteps": 8})
    assert result.numSteps == 8


def testARunMayAddSelfConditioning(folder, tmp_path, capsys):
    buildBackboneDataset([folder / "helices.npz"], tmp_path / "a.shard")
    openmmorbit.train(tmp_path / "a.shard", tmp_path / "plain", 5, progress=False, threads=1, **TINY)
    plain = tmp_path / "plain" / "model.safetensors"
    run = ["train", "--backbones", tmp_path / "a.shard", "--threads", 1, "--set", f"initialModel={plain}", "--set",
           "selfConditioning=true", "--set", "maxSteps=6", "-o", tmp_path / "run"]
    assert openmmorbit.cli.main([str(entry) for entry in run]) == 0
    path = tmp_path / "run" / "model.safetensors"
    model = orbit.DenoiserModel.load(str(path))
    assert model.getSettings().selfConditioning and any(model.getTensor("pair.radialBefore.weight").values)
    generator = openmmorbit.BackboneGenerator(str(path), platform="Reference", check=False)
    assert len(generator.generate(22, 2, seed=1)) == 2
    capsys.readouterr()
    for file, text in ((path, ", self-conditioned"), (plain, "")):
        assert openmmorbit.cli.main(["info", str(file)]) == 0
        assert f"functions to 32 Angstrom{text}\n" in capsys.readouterr().out
    with pytest.raises(TypeError, match="selfConditioning as True or False, got 0.5"):
        openmmorbit.train(tmp_path / "a.shard", tmp_path / "other", 5, selfConditioning=0.5)


def testWrongUseOfTheCommandIsNamed(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    buildBackboneDataset([folder / "helices.npz"], "a.shard")
    run = ["train", "--backbones", folder]
    for arguments, text in (
            (run, "expected -o beside --backbones, got none"),
            ([*run, "--topology", "a.pdb", "-o", "x"], "expected --topology or --backbones, got both, 'a.pdb'"),
            (["train", "a.json", *run[1:], "-o", "x"], "a configuration file or --backbones, got both"),
            (["train", "--points", 3, "-o", "x"], "--backbones beside --points"),
            (["train", "--topology", "a.pdb", "--keep-d", "-o", "x"], "--backbones beside --keep-d"),
            ([*run, "--stride", 2, "-o", "x"], "--topology beside --stride"),
            (["train", "-o", "x"], "--topology or --backbones beside -o"),
            (["train", "a.json", "--minutes", 3], "beside --minutes, got neither; a configuration file has all"),
            ([*run, "-o", "x", "--minutes", 0], "minutes above 0, got 0"),
            ([*run, "-o", "x", "--longest", 10], "shortest of at most longest, got 20 and 10"),
            ([*run, "-o", "x", "--set", "colour=3"], "got 'colour'"),
            ([*run, "none.pdb", "-o", "x"], "got 'none.pdb', which is none"),
            ([*run, "a.shard", "-o", "x"], "shards or structures as --backbones, got both, 'a.shard' and"),
            (["train", "--backbones", "a.shard", "--points", 3, "-o", "x"], "no --points beside shards"),
            (["train", "--backbones", folder / "mirror.pdb", "-o", "x"], "D-amino acid in residue ALA 1 of chain A")):
        status, line = runCli(capsys, *arguments)
        assert status == 2 and text in line and line.startswith("openmm-orbit: error: expected"), (arguments, line)

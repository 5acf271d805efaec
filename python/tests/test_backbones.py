# SPDX-License-Identifier: MIT
"""Backbones: files read, shards written, and generation with a small model."""
import copy
import gzip
import pathlib
import pickle
import re

import numpy as np
import openmm
import pytest
from conftest import runCli
from helices import makeHelix, makeModel, writeArrays, writeHelix
from openmm import app, unit

import openmmorbit
from openmmorbit import orbit
from openmmorbit.backbones import makeTopology
from openmmorbit.building import measureBackbone
from openmmorbit.data.backbones import buildBackboneDataset, readBackbones
from openmmorbit.evaluation.traces import Trace, measure, secondaryStructure


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backbones")
    writeArrays(folder / "helices.npz", list(range(20, 50)))
    report = buildBackboneDataset([folder / "helices.npz"], folder / "train.shard")
    assert report.numBackbones == 10 and report.numOtherSide == 10 and report.messages == []
    return folder / "train.shard"


@pytest.mark.parametrize("ending", ["pdb", "cif"])
def testReadsChainsOfAStructure(tmp_path, ending):
    helix = writeHelix(tmp_path / f"two.{ending}", 20, chains=2)
    backbone, = readBackbones(tmp_path / f"two.{ending}")
    assert list(backbone.subject.chains) == [0] * 20 + [1] * 20
    assert list(backbone.subject.numbers) == 2 * list(range(1, 21))
    assert backbone.subject.name == "two" and not backbone.subject.hasBreaks()
    assert set(backbone.subject.structure[5:15]) == {"H"}
    assert backbone.positions.shape == (40, 3, 3)
    assert np.abs(backbone.positions[:20] - helix[:, :3]).max() < 2e-3


def testResiduesWithoutCaMakeABreak(tmp_path):
    writeHelix(tmp_path / "part.pdb", 20, missing=(7,))
    backbone, = readBackbones(tmp_path / "part.pdb", structure=False)
    assert backbone.subject.getNumResidues() == 19 and backbone.subject.hasBreaks()
    assert list(backbone.subject.numbers)[6:8] == [7, 9]
    assert set(backbone.subject.structure) == {"?"}


@pytest.mark.parametrize("ending", ["pdb", "cif", "pdb.gz"])
def testReadsAllModelsOfAFile(tmp_path, ending):
    """Of different lengths in a .pdb file and the data blocks of a .cif file, as the command writes them."""
    texts = []
    for number, mirror in ((24, False), (24, True), (30, False)):
        writeHelix(tmp_path / f"one.{ending[:3]}", number, mirror)
        texts.append((tmp_path / f"one.{ending[:3]}").read_text())
    if ending == "cif":
        text = "".join(re.sub("data_.*", f"data_{k}", text, count=1) for k, text in enumerate(texts))
    else:
        text = "".join(f"MODEL {k}\n" + text.replace("END\n", "ENDMDL\n") for k, text in enumerate(texts)) + "END\n"
    path = tmp_path / f"all.{ending}"
    (gzip.open if ending.endswith("gz") else open)(path, "wb").write(text.encode())
    found = list(readBackbones(path, keepD=True, structure=False))
    assert [entry.subject.getNumResidues() for entry in found] == [24, 24, 30]
    assert [entry.subject.name for entry in found] == ["all_1", "all_2", "all_3"]
    assert np.abs(found[2].positions - makeHelix(30)[:, :3]).max() < 2e-3
    with pytest.raises(ValueError, match="D-amino acid .* of model 2 of .*all"):
        list(readBackbones(path))
    report = buildBackboneDataset([path], tmp_path / "x.shard")
    assert report.numBackbones + report.numOtherSide == 2 and len(report.messages) == 1


def testModelsOfADataBlockAreRead(tmp_path):
    core = orbit.Ensemble(orbit.makeBackboneGraph(openmmorbit.makeBackbone(25), 3))
    for shift in (0.0, 1.0):
        core.addConformer(0.1 * makeHelix(25)[:, :3].reshape(-1, 3) + shift, orbit.ConformerStatus(),
                          orbit.ConformerProvenance())
    ensemble = openmmorbit.Ensemble(core, makeTopology(openmmorbit.makeBackbone(25), 3))
    for path, write in ((tmp_path / "x.cif", ensemble.writePDBx), (tmp_path / "x.pdb", ensemble.writePDB)):
        write(path)
        first, second = readBackbones(path, structure=False)
        assert np.abs(second.positions - first.positions - 10).max() < 2e-3


def testDamagedFilesAreNamedWithoutWordsOfPython(tmp_path):
    writeHelix(tmp_path / "whole.pdb", 24)
    writeHelix(tmp_path / "whole.cif", 24)
    pdb, cif = ((tmp_path / f"whole.{ending}").read_text() for ending in ("pdb", "cif"))
    line = pdb[:2000].count("\n") + 1
    for name, text, reason in (("cut.pdb", pdb[:2000], f"its line {line} is cut off"), ("empty.pdb", "", "no atoms"),
                               ("empty.cif", "", "no atoms"), ("text.pdb", "nothing", "no atoms"),
                               ("out.pdb", "MODEL 1\n" + pdb.replace("END\n", "ENDMDL\n") + pdb, "none of its models"),
                               ("cut.cif", cif[:2 * len(cif) // 3], "cut off, or no file of its format")):
        (tmp_path / name).write_text(text)
        with pytest.raises(ValueError, match=f"{name}\", a file that cannot be read \\(.*{reason}.*\\)$"):
            list(readBackbones(tmp_path / name))


def testRefusesWhatIsNoProtein(tmp_path):
    writeHelix(tmp_path / "mirror.pdb", 12, mirror=True)
    with pytest.raises(ValueError, match="expected L-amino acids, got a D-amino acid in residue ALA 1 of chain A "
                                         "of .*mirror.pdb\"; keepD=True"):
        list(readBackbones(tmp_path / "mirror.pdb"))
    assert len(list(readBackbones(tmp_path / "mirror.pdb", keepD=True))) == 1
    writeHelix(tmp_path / "beads.pdb", 12, names=("CA",))
    with pytest.raises(ValueError, match="expected residues with N, CA and C, got none"):
        list(readBackbones(tmp_path / "beads.pdb"))
    (tmp_path / "text.cif").write_text("nothing")
    with pytest.raises(ValueError, match="text.cif.*a file that cannot be read"):
        list(readBackbones(tmp_path / "text.cif"))
    with pytest.raises(ValueError, match="ends in .pdb"):
        list(readBackbones(__file__))
    with pytest.raises(FileNotFoundError):
        list(readBackbones(tmp_path / "none.pdb"))
    writeArrays(tmp_path / "bad.npz", [20], ss=None)
    with pytest.raises(ValueError, match="got none called ss"):
        list(readBackbones(tmp_path / "bad.npz"))


def testMirrorImagesAndOtherUnitsAreRefused(tmp_path):
    """Without CB too: by names, and by the hand of the chain; in .npz files, one among the others."""
    writeHelix(tmp_path / "mirror.pdb", 30, mirror=True, names=("N", "CA", "C", "O"))
    with pytest.raises(ValueError, match="left-handed chain from ALA 2 of chain A to ALA 30 of chain A .*mirror"):
        list(readBackbones(tmp_path / "mirror.pdb"))
    assert len(list(readBackbones(tmp_path / "mirror.pdb", keepD=True))) == 1
    writeHelix(tmp_path / "good.pdb", 30, names=("N", "CA", "C", "O"))
    text = (tmp_path / "good.pdb").read_text()
    (tmp_path / "dal.pdb").write_text(re.sub("ALA A  15", "DAL A  15", text))
    with pytest.raises(ValueError, match="got a D-amino acid in residue DAL 15 of chain A of .*dal.pdb"):
        list(readBackbones(tmp_path / "dal.pdb"))
    lines = [line[:30] + "".join(f"{0.1 * float(line[k:k + 8]):8.3f}" for k in (30, 38, 46)) + line[54:]
             if line.startswith("ATOM") else line for line in text.splitlines()]
    (tmp_path / "unit.pdb").write_text("\n".join(lines))
    with pytest.raises(ValueError, match="0.38 apart, got 0.038. in .*unit.pdb.*another unit than Angstrom"):
        list(readBackbones(tmp_path / "unit.pdb"))
    places = np.concatenate([makeHelix(24)[:, :4] * [1, sign, 1] for sign in (1, -1, 1)])
    writeArrays(tmp_path / "x.npz", [24] * 3, xyz_i16=np.rint(places / 0.0025).astype(np.int16), split=None)
    sides = [buildBackboneDataset([tmp_path / "x.npz"], tmp_path / "x.shard", validation=side) for side in (True, False)
             if side in {orbit.isValidationMolecule(f"cluster {k}") for k in (0, 2)}]
    assert sum(report.numBackbones for report in sides) == 2
    assert all("left-handed chain from residue 2 to residue 24 of helix24" in report.messages[0] for report in sides)
    writeArrays(tmp_path / "y.npz", [24, 25], scale=np.float32(0.00025))
    with pytest.raises(ValueError, match="0.38 apart, got 0.038. in helix24 of "):
        list(readBackbones(tmp_path / "y.npz"))


@pytest.mark.parametrize("points", [1, 3])
def testShardsHoldWhatWasRead(tmp_path, points):
    writeArrays(tmp_path / "helices.npz", [20, 21, 22, 23, 24])
    path = tmp_path / "train.shard"
    report = buildBackboneDataset([tmp_path / "helices.npz"], path, points=points, shortest=21)
    assert (report.numBackbones, report.numOtherSide) == (1, 2)
    assert "helix20" in report.messages[0] and "expected 21 to 512 residues" in report.messages[0]
    reader, subject, block = orbit.ShardReader(str(path)), orbit.ShardSubject(), orbit.FrameBlock()
    assert reader.nextSubject(subject) and subject.kind == orbit.SubjectKind_Backbone
    assert subject.backbone.name == "helix23" and subject.splitKey == "cluster 3"
    assert subject.pointsPerToken == points and subject.backbone.structure == 23 * "H"
    assert reader.nextBlock(block) and block.condition == "native"
    expected = makeHelix(23)[:, 1:2] if points == 1 else makeHelix(23)[:, :3]
    assert np.abs(np.array(block.positions).reshape(expected.shape) - expected).max() < 2e-3
    validation = buildBackboneDataset([tmp_path / "helices.npz"], path, points=points, validation=True)
    assert validation.numBackbones == 2


def testFilesThatCannotBeUsedAreNamed(tmp_path):
    writeHelix(tmp_path / "good.pdb", 24)
    writeHelix(tmp_path / "mirror.pdb", 24, mirror=True)
    side = orbit.isValidationMolecule("-".join(24 * ["ALA"]))
    report = buildBackboneDataset([tmp_path / "mirror.pdb", tmp_path / "good.pdb"], tmp_path / "x.shard",
                                  validation=side)
    assert report.numBackbones == 1 and "mirror.pdb" in report.messages[0] and "D-amino" in report.messages[0]
    with pytest.raises(ValueError, match="at least one backbone to write, got none; the last fault: .*D-amino"):
        buildBackboneDataset([tmp_path / "mirror.pdb"], tmp_path / "y.shard")
    files = tmp_path / "files"
    files.mkdir()
    for name in ("good.pdb", "mirror.pdb"):
        (files / name).write_bytes((tmp_path / name).read_bytes())
    (files / "notes.txt").write_text("not a structure")
    for inputs in (files, [files]):
        again = buildBackboneDataset(inputs, tmp_path / "x.shard", validation=side)
        assert again.numBackbones == 1 and len(again.messages) == 1
    for wrong, text in ((files / "notes.txt", "file that ends in .pdb"), (tmp_path / "none", "got '.*none', which is")):
        with pytest.raises((ValueError, FileNotFoundError), match=f"buildBackboneDataset: expected a {text}|{text}"):
            buildBackboneDataset(wrong, tmp_path / "y.shard")
    with pytest.raises(ValueError, match="expected 1 point"):
        buildBackboneDataset([tmp_path / "good.pdb"], tmp_path / "y.shard", points=2)
    assert not (tmp_path / "y.shard").exists()


def testGeneratesOnTheCpu(shard):
    generator = openmmorbit.BackboneGenerator(makeModel(shard), numSteps=4, method="euler", check=False)
    assert generator.lengths == (20, 47) and generator.atomsPerResidue == 1
    ensembles = generator.generateBatch([25, 40], 2, seed=3, structures=[None, 40 * "E"])
    assert [entry.numAtoms for entry in ensembles] == [25, 40] and len(ensembles[0]) == 2
    topology = ensembles[1].topology
    assert [atom.name for atom in topology.atoms()] == 40 * ["CA"]
    assert [residue.id for residue in topology.residues()] == [str(k) for k in range(1, 41)]
    again = generator.generate(40, 2, seed=3, structure=40 * "E")
    assert np.abs(again.positions._value - ensembles[1].positions._value).max() > 1e-3     # Another record.
    for wrong, text in ((19, "20 to 47 residues"), ([25, 25], "20 to 47 residues"), (0, "got 0"),
                        ([20, 20], "at most 1 chain")):
        with pytest.raises(ValueError, match=text):
            generator.generate(wrong)
    with pytest.raises(ValueError, match="each of 25 residues, got 3"):
        generator.generate(25, structure="HHH")
    for wrong, text in (("80", "length as a whole number, got '80', a str"), (25.5, "whole number, got 25.5, a float")):
        with pytest.raises(TypeError, match=text):
            generator.generate(wrong)
    for wrong in ("80", 80):
        with pytest.raises(TypeError, match="generateBatch: expected lengths as a list .*, got .?80.?, a"):
            generator.generateBatch(wrong)
    with pytest.raises(ValueError, match="generateBatch: expected at least one backbone, got none"):
        generator.generateBatch([])
    with pytest.raises(ValueError, match="one structure for each of 2"):
        generator.generateBatch([25, 25], structures=["H" * 25])
    with pytest.raises(ValueError, match="one of molecules; use ConformerGenerator"):
        openmmorbit.BackboneGenerator("conformer")


@pytest.mark.parametrize("points", [1, 3])
def testSettingsSurviveXmlAndPickle(shard, tmp_path, points):
    writeArrays(tmp_path / "helices.npz", [24, 25, 26, 27])
    buildBackboneDataset([tmp_path / "helices.npz"], tmp_path / "x.shard", points=points)
    path = tmp_path / "model.safetensors"
    makeModel(tmp_path / "x.shard", points).save(str(path))
    generator = openmmorbit.BackboneGenerator(path, "Reference", numSteps=3, check=False, maxRedraws=4)
    text = generator.toXml()
    for again in (openmmorbit.BackboneGenerator.fromXml(text), pickle.loads(pickle.dumps(generator)),
                  copy.deepcopy(generator)):
        assert again.samplerSettings.numSteps == 3 and again._core.getMaxRedraws() == 4
        assert again.atomsPerResidue == points and again.lengths == generator.lengths == (24, 27)
        first, second = (entry.generate(25, 2, seed=3).positions._value for entry in (generator, again))
        assert np.array_equal(first, second)
    assert len(text) < 5000 < len(generator.toXml(embedModel=True))
    path.write_bytes(b"")
    with pytest.raises((ValueError, openmm.OpenMMException), match="model.safetensors"):
        openmmorbit.BackboneGenerator.fromXml(text)


def testAMotifComesBack(shard):
    generator = openmmorbit.BackboneGenerator(makeModel(shard), numSteps=4, check=False)
    start = 0.1 * makeHelix(25)[:, 1] * unit.nanometer
    motif = [4, 5, 20]
    copies = generator.generate(25, 2, seed=3, start=start, fixed=motif)
    difference = np.abs(copies.positions._value - start._value)
    assert difference[:, motif].max() < 1e-4 and difference.max() > 0.01
    near = generator.generate(25, 2, seed=3, start=start, level=0.3).positions._value
    assert np.abs(near - start._value).max() < 0.3


def testTheTopologyOfThreeAtomsHasBonds():
    topology = makeTopology(openmmorbit.makeBackbone([4, 3]), 3)
    assert topology.getNumAtoms() == 21 and topology.getNumBonds() == 14 + 3 + 2
    assert [chain.id for chain in topology.chains()] == ["A", "B"]
    assert [atom.element.symbol for atom in topology.atoms()][:3] == ["N", "C", "C"]


def testThePackagedModelMakesFolds():
    """Chains as proteins have them: bonds, right-handed helices, compact; and the structure that was asked for."""
    generator = openmmorbit.BackboneGenerator(check=False)
    folds = [measure(Trace.chain(positions)) for positions in 10 * generator.generate(70, 8, seed=1).positions._value]
    bonds = np.concatenate([fold.bonds for fold in folds])
    assert (np.abs(bonds - 3.8) < 0.1).mean() > 0.98
    assert sum(fold.clashes for fold in folds) <= 2
    assert sum(fold.rightHelices for fold in folds) > 50 * sum(fold.leftHelices for fold in folds)
    assert 8 < np.mean([fold.gyration for fold in folds]) < 14
    asked = "CCC" + 20 * "H" + "CCCC" + 20 * "H" + "CCC"
    for positions in 10 * generator.generate(50, 4, seed=2, structure=asked).positions._value:
        made = secondaryStructure(Trace.chain(positions))
        assert np.mean([a == b for a, b in zip(made, asked)]) > 0.75 and "E" not in made
    ensemble = openmmorbit.BackboneGenerator().generate(60, 4, seed=3)
    built = measureBackbone(ensemble.build(0))
    assert len(ensemble) == 4 and len(built.phi) == 60 and built.getNumD() == 0 and not len(built.cisPeptides)


def testTheCommandWritesPdbAndCif(shard, tmp_path, capsys):
    makeModel(shard).save(str(tmp_path / "model.safetensors"))
    base = ["backbones", "--model", tmp_path / "model.safetensors", "--steps", 3, "--seed", 5]
    for ending, reader in (("pdb", app.PDBFile), ("cif", app.PDBxFile)):
        path = tmp_path / f"out.{ending}"
        status, line = runCli(capsys, *base, "--no-check", "--length", "30-40", "-n", 3, "-o", path)
        assert status == 0 and "3 backbones in" in line
        assert 30 <= reader(str(path)).topology.getNumAtoms() <= 40
        read = openmmorbit.readStructures(path)
        assert len(read) == 3 and len({entry.topology.getNumAtoms() for entry in read}) > 1
        assert all(len(entry.positions) == entry.topology.getNumAtoms() for entry in read)
    for options, message in ((["--length", "30-", "-o", "x.pdb"], "expected --length as a number"),
                             (["--length", "10", "-o", "x.pdb"], "expected a --length of 20 to 47"),
                             (["--length", "30", "-o", "x.xyz"], "ends in .pdb or .cif"),
                             (["--length", "30", "--structure", "HH", "-o", "x.pdb"], "each of 30 residues, got 2"),
                             (["--length", "30", "--structure", "h" * 30, "-o", "x.pdb"], "got 'h' for"),
                             (["--length", "30-31", "--structure", "HH", "-o", "x.pdb"], "one length beside --struct")):
        assert openmmorbit.cli.main([str(entry) for entry in [*base, *options]]) == 2
        line, = capsys.readouterr().err.strip().splitlines()
        assert message in line
    status, line = runCli(capsys, *base, "--length", "30", "--max-redraws", 1, "-o", tmp_path / "none.pdb")
    assert status == 3 and "1 backbone stayed wrong" in line
    assert not (tmp_path / "none.pdb").exists()


@pytest.mark.parametrize("ending", ["pdb", "cif"])
def testAnOlderFileStaysUntilTheEnd(shard, tmp_path, capsys, monkeypatch, ending):
    makeModel(shard).save(str(tmp_path / "model.safetensors"))
    older, fresh = tmp_path / f"older.{ending}", tmp_path / f"fresh.{ending}"
    older.write_text("older")
    generate, calls = openmmorbit.BackboneGenerator.generateBatch, []

    def failOnSecond(self, lengths, *a, **k):
        calls.append(len(lengths))
        if len(calls) % 2 == 0:
            raise OSError("expected memory, got none")
        return generate(self, lengths, *a, **k)

    monkeypatch.setattr(openmmorbit.BackboneGenerator, "generateBatch", failOnSecond)
    monkeypatch.setattr(openmmorbit.command.backbones, "BLOCK", 2)
    run = ["backbones", "--model", tmp_path / "model.safetensors", "--steps", 3, "--seed", 5, "--no-check", "--length",
           30, "-n", 3, "-o"]
    for path, written in ((older, tmp_path / f"older.part.{ending}"), (fresh, fresh)):
        assert openmmorbit.cli.main([str(entry) for entry in [*run, path]]) != 0
        assert "2 backbones in" in (text := capsys.readouterr().err) and f"-> {written}, seed 5" in text
        assert len(openmmorbit.readStructures(written)) == 2
    assert older.read_text() == "older" and not (tmp_path / f"fresh.part.{ending}").exists()
    monkeypatch.setattr(openmmorbit.BackboneGenerator, "generateBatch", generate)
    assert runCli(capsys, *run, older)[0] == 0
    # What the earlier run left is not lost.
    assert len(openmmorbit.readStructures(older)) == 3 and not (tmp_path / f"older.part2.{ending}").exists()
    assert len(openmmorbit.readStructures(tmp_path / f"older.part.{ending}")) == 2


def testTheCommandBuildsProteins(shard, tmp_path, capsys, monkeypatch):
    makeModel(shard).save(str(tmp_path / "model.safetensors"))
    subject = openmmorbit.makeBackbone(30)
    core = orbit.Ensemble(orbit.makeBackboneGraph(subject, 1))
    helix = makeHelix(30)[:, 1] / 10
    for positions in (helix, helix * [1, -1, 1]):
        core.addConformer(positions, orbit.ConformerStatus(), orbit.ConformerProvenance())
    ensemble = openmmorbit.Ensemble(core, makeTopology(subject, 1))
    monkeypatch.setattr(openmmorbit.BackboneGenerator, "generateBatch", lambda self, *a, **k: [ensemble])
    base = ["backbones", "--model", tmp_path / "model.safetensors", "--length", "30", "--seed", 5]
    for ending, reader, options, name in (("pdb", app.PDBFile, ["--build"], "ALA"),
                                          ("cif", app.PDBxFile, ["--sequence", 30 * "K"], "LYS")):
        path = tmp_path / f"built.{ending}"
        status, line = runCli(capsys, *base, *options, "-o", path)
        assert status == 3 and "1 backbone in" in line and "1 backbone stayed wrong" in line and "mirror" in line
        topology = reader(str(path)).topology
        assert {residue.name for residue in topology.residues()} == {name}
        assert any(atom.element.symbol == "H" for atom in topology.atoms())
    for options, message in ((["--sequence", "KKK"], "a sequence of 30 residues, one for each CA atom, got 3"),
                             (["--sequence", 15 * "K" + "/" + 15 * "K"], "a sequence of 1 chain, as the backbone has"),
                             (["--sequence", 29 * "K" + "B"], "got 'B' at place 30")):
        status, line = runCli(capsys, *base, *options, "-o", tmp_path / "x.pdb")
        assert status == 2 and message in line
    assert not (tmp_path / "x.pdb").exists()


def testTrainsAndGenerates(shard, tmp_path):
    tiny = {"width": 16, "numHeads": 2, "numLayers": 1, "pairWidth": 8, "conditionWidth": 8, "numRadial": 8,
            "threads": 1, "maxSteps": 20, "atomsPerBatch": 200}
    with pytest.warns(UserWarning, match="expected at least 20 backbones to learn from, got 10; a model of so few"):
        result = openmmorbit.train(shard, tmp_path / "run", 1, progress=False, validation=shard, **tiny)
    assert result.numSteps == 20 and np.isfinite(result.validationLoss)
    model = orbit.DenoiserModel.load(result.modelPath)
    assert model.getMetadata("data") == "10 backbones of 335 residues" and model.getBackbones().numBackbones == 10
    assert (tmp_path / "run" / "settings.json").is_file() and (tmp_path / "run" / "report.md").is_file()
    ensemble = openmmorbit.BackboneGenerator(result.modelPath, numSteps=3, check=False).generate(30, 2)
    assert len(ensemble) == 2
    with pytest.raises(TypeError, match="got 'colour'"):
        openmmorbit.train(shard, tmp_path / "run", 1, colour=3)
    with pytest.raises(TypeError, match="no forceField with backbones"):
        openmmorbit.train(shard, tmp_path / "run", 1, forceField="amber14")
    with pytest.raises(ValueError, match="minutes above 0"):
        openmmorbit.train(shard, tmp_path / "run", 0)


def testThePageRuns(tmp_path, monkeypatch):
    text = (pathlib.Path(__file__).resolve().parents[1] / "docs" / "backbones.md").read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    side = [orbit.isValidationMolecule("-".join(number * ["ALA"])) for number in range(30, 120)]
    lengths = [30 + k for k, other in enumerate(side) if not other]
    writeHelix(tmp_path / "1abc.pdb", lengths[0])
    writeHelix(tmp_path / "2def.cif", lengths[-1])
    train = openmmorbit.train
    tiny = {"width": 16, "numHeads": 2, "numLayers": 1, "pairWidth": 8, "conditionWidth": 8, "numRadial": 8,
            "threads": 1, "maxSteps": 2}
    monkeypatch.setattr(openmmorbit, "train", lambda *a, **k: train(*a, **k, **tiny))
    names = {}
    for block in re.findall(r"```python\n(.*?)```", text.split("## How good is a model?")[0], re.S):
        fast = re.sub(r'(BackboneGenerator\("[^"]+")', r"\1, numSteps=2, check=False", block)
        exec(compile(fast, "backbones.md", "exec"), names)
    assert names["dataset"].messages == [] and names["ensemble"].numAtoms == 80
    assert [entry.numAtoms for entry in names["mixed"]] == [60, 70, 80]
    design = names["design"]
    motif = names["scaffolds"].positions._value[:, list(design.fixed)] - design.positions[list(design.fixed), 1]
    assert np.abs(motif).max() < 1e-4 and 60 <= len(design) <= 80 and len(names["protein"]) == len(design)
    assert all(word in text for word in ("--start", "--level", "--fixed", "--contig", "--residues", "--keep-unusual"))

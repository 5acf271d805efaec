# SPDX-License-Identifier: MIT
"""What users of proteins give by mistake is named whole, a ligand is no residue, and copies of values are whole."""
import copy
import pickle
import re

import numpy as np
import proteina
import pytest
from conftest import runCli
from helices import makeHelix, writeHelix, writeModel
from openmm import app, unit

import openmmorbit
from openmmorbit import orbit
from openmmorbit.evaluation import evaluateBackbones
from openmmorbit.evaluation.backbones import readTraces

both = pytest.mark.parametrize("duplicate", [lambda value: pickle.loads(pickle.dumps(value)), copy.deepcopy],
                               ids=["pickle", "deepcopy"])


@pytest.fixture
def generator(tmp_path):
    return openmmorbit.BackboneGenerator(writeModel(tmp_path), numSteps=2, check=False)


def withLigand(path, number):
    """Write a helix, and behind it a ligand with a carbon named CA, as one chain and as another."""
    writeHelix(path, number)
    protein = app.PDBFile(str(path))
    modeller = app.Modeller(protein.topology, protein.positions)
    ligand = app.Topology()
    residue = ligand.addResidue("LIG", ligand.addChain("A"), "203")
    for name in ("C1", "CA"):
        ligand.addAtom(name, app.element.carbon, residue)
    modeller.add(ligand, unit.Quantity(np.array([[5, 5, 5], [5, 5, 5.15]]), unit.nanometer))
    with open(path, "w", encoding="utf-8") as stream:
        app.PDBFile.writeFile(modeller.topology, modeller.positions, stream, keepIds=True)
    return path


def testALigandWithAnAtomCAIsNoResidue(tmp_path):
    path = withLigand(tmp_path / "x.pdb", 25)
    design = openmmorbit.designBackbone(path, "A10-20")
    assert len(design) == 25 and design.labels[-1] == "A25"
    protein = app.PDBFile(str(path))
    assert len(openmmorbit.measureBackbone(protein).phi) == 25
    assert openmmorbit.buildBackbone(protein, hydrogens=False).topology.getNumResidues() == 25
    # A trace, with or without beads of side chains, keeps its residues.
    for names, residue in ((("CA",), "ALA"), (("CA", "CB"), "ALA"), (("CA",), "UNK")):
        writeHelix(tmp_path / "y.pdb", 25, names=names)
        text = (tmp_path / "y.pdb").read_text().replace("ALA", residue)
        (tmp_path / "y.pdb").write_text(text)
        assert len(openmmorbit.designBackbone(tmp_path / "y.pdb")) == 25


@pytest.mark.parametrize("fixed", [20, slice(2, 4), "A20-35", np.array(3)])
def testFixedResiduesThatAreNoListAreNamed(generator, fixed):
    start = 0.1 * makeHelix(25)[:, 1]
    with pytest.raises(TypeError, match=re.escape(f"generate: expected fixed as a list, got {fixed!r}, a ")):
        generator.generate(25, start=start, fixed=fixed)


def testAStartThatIsNoArrayIsNamed(generator, tmp_path):
    writeHelix(tmp_path / "x.pdb", 25)
    for start in ("x.pdb", app.PDBFile(str(tmp_path / "x.pdb"))):
        with pytest.raises(TypeError, match=re.escape(f"expected start as an array of numbers, got {start!r}")):
            generator.generate(25, start=start, level=3)


def testAnArrayOfOneNumberIsALength(generator):
    assert len(openmmorbit.makeBackbone(np.array(25)).chains) == 25
    assert generator.generate(np.array(25), seed=3).numAtoms == 25
    with pytest.raises(TypeError, match=r"expected lengths as a list with an entry .* got array\(25\)"):
        generator.generateBatch(np.array(25))


def testArgumentsOfTheBuilderAreNamed(tmp_path):
    helix = 0.1 * makeHelix(25)[:, 1]
    for chains in (25, "25", np.array(25)):
        with pytest.raises(TypeError, match=re.escape(f"buildBackbone: expected chains as a list, got {chains!r}, a ")):
            openmmorbit.buildBackbone(helix, chains=chains)
    for pH, kind in (("7", TypeError), (None, TypeError), (float("nan"), ValueError)):
        with pytest.raises(kind, match=f"buildBackbone: expected pH as a finite number, got {pH!r}"):
            openmmorbit.buildBackbone(helix, pH=pH)
    for function in (openmmorbit.buildBackbone, openmmorbit.measureBackbone):
        with pytest.raises(TypeError, match="got 'x.pdb', a str; openmmorbit.readStructures.. reads a structure"):
            function("x.pdb")


def testFilesOfADataSetAreNames(tmp_path):
    writeHelix(tmp_path / "x.pdb", 25)
    protein = app.PDBFile(str(tmp_path / "x.pdb"))
    for files, got in ((None, "files as a list, got None"), (5, "files as a list, got 5"),
                       ([protein], "names of files or folders, got <openmm.app.pdbfile.PDBFile")):
        with pytest.raises(TypeError, match=f"BackboneDataset: expected {got}"):
            openmmorbit.BackboneDataset(files)


def testAFileSaysWhatItHolds(generator, tmp_path):
    ensemble = generator.generate(25, 2, seed=3)
    for write, names, others in ((ensemble.writePDB, ("x.pdb", "x.ent"), ("x.mmcif", "x.cif", "x.pdb.gz")),
                                 (ensemble.writePDBx, ("x.cif", "x.mmcif", "x.pdbx"), ("x.ent", "x.pdb"))):
        for name in names:
            write(tmp_path / name)
            models = openmmorbit.readStructures(tmp_path / name)
            assert len(models) == 2 and models[1].topology.getNumAtoms() == 25
            there = np.array(models[1].positions.value_in_unit(unit.nanometer))
            assert np.abs(there - ensemble.positions[1].value_in_unit(unit.nanometer)).max() < 1e-4
        for name in others:
            with pytest.raises(ValueError, match=f"expected a name that ends in {names[0][1:]} or .* got '.*{name}'"):
                write(tmp_path / name)


@both
def testDesignsAndProteinsAreCopiedWhole(generator, tmp_path, duplicate):
    writeHelix(tmp_path / "x.pdb", 25)
    design = openmmorbit.designBackbone(tmp_path / "x.pdb", "A10-20").withStructure("H" * 25)
    again = duplicate(design)
    assert again.describeMotif() == "A10-A20 at 10-20" and again.backbone.structure == "H" * 25
    assert again == design and again.backbone == design.backbone
    assert (again.names, again.numbers, again.fixed) == (design.names, design.numbers, design.fixed)
    first, second = (generator.generate(one, 2, seed=4).positions._value for one in (design, again))
    assert np.array_equal(first, second)
    model = openmmorbit.buildBackbone(0.1 * makeHelix(25)[:, 1], sequence="P" * 25)
    other = duplicate(model)
    assert other.topology.getNumAtoms() == model.topology.getNumAtoms() and other.faults == model.faults
    assert len(model.faults) > 0 and other.report.clashes == model.report.clashes
    assert np.array_equal(other.report.phi, model.report.phi, equal_nan=True)
    assert other.report.getNumD() == 0 and other.report.handedness == model.report.handedness


def testBackbonesAndDesignsAreComparedByWhatTheyHold(tmp_path):
    backbone = openmmorbit.makeBackbone([4, 3], "HHHH/EEE")
    assert backbone == openmmorbit.makeBackbone([4, 3], "HHHHEEE") and not backbone != copy.copy(backbone)
    for other in (openmmorbit.makeBackbone([4, 3]), openmmorbit.makeBackbone([3, 4], "HHHHEEE"), 7,
                  openmmorbit.makeBackbone(7, "HHHHEEE"), openmmorbit.makeBackbone(8)):
        assert backbone != other
    again = orbit.BackboneSubject(backbone)
    again.name = "x"
    assert again != backbone
    with pytest.raises(TypeError, match="unhashable"):
        hash(backbone)
    writeHelix(tmp_path / "x.pdb", 25)
    # Positions of residues that are designed are NaN.
    designs = [openmmorbit.designBackbone(tmp_path / "x.pdb", contig=text) for text in ("5/A3-12/9", "5/A3-12/9",
                                                                                       "5/A4-13/9")]
    assert designs[0] == designs[1] and designs[0] != designs[2]
    assert designs[0] != designs[0].withStructure("H" * 24) and designs[0] != designs[0].backbone
    assert repr(designs[0]) == "<BackboneDesign 24 residues, 1 chain, motif A3-A12 at 6-15>"
    plain = [openmmorbit.BackboneDesign(openmmorbit.makeBackbone(24)) for _ in range(2)]
    assert repr(plain[0]) == "<BackboneDesign 24 residues, 1 chain, no start>"
    assert plain[0] == plain[1] and plain[0] != designs[0] and designs[0] != plain[0]


def testACheckpointIsNotOverwritten(tmp_path):
    path = tmp_path / "p.ckpt"
    proteina.writeArchive(path, proteina.makeCheckpoint(proteina.makeWeights()))
    before = path.read_bytes()
    (tmp_path / "link.safetensors").symlink_to(path)
    for output in (path, tmp_path / "link.safetensors"):
        with pytest.raises(ValueError, match=f"convertCheckpoint: .* got '{output}' as both"):
            openmmorbit.convertCheckpoint(path, output, lengths=(32, 64))
    assert path.read_bytes() == before
    statistics = openmmorbit.convertCheckpoint(path, lengths=np.array([32, 64])).getBackbones()
    assert (statistics.shortest, statistics.longest) == (32, 64)
    for lengths, kind, words in ((None, TypeError, "number, got None"), ((1, 2, 3), ValueError, "one number, got"),
                                 ("32-64", TypeError, "number, got '32-64'"), ((32.0, 64), TypeError, "got 32.0")):
        with pytest.raises(kind, match=f"convertCheckpoint: expected lengths as .*{words}"):
            openmmorbit.convertCheckpoint(path, lengths=lengths)
    with pytest.raises(FileNotFoundError, match="expected a checkpoint, got 'none.ckpt', which is no file"):
        openmmorbit.convertCheckpoint("none.ckpt")
    with pytest.raises(TypeError, match="expected the path of a file, got NoneType"):
        openmmorbit.convertCheckpoint(None)


def testAReportReadsFoldersAndNamesWrongLengths(generator, tmp_path):
    (tmp_path / "natives").mkdir()
    for number in (20, 25, 30):
        writeHelix(tmp_path / "natives" / f"{number}.pdb", number)
    (tmp_path / "natives" / "notes.txt").write_text("not read")
    writeHelix(tmp_path / "35.pdb", 35)
    held = readTraces([tmp_path / "natives", tmp_path / "35.pdb"])[1]
    assert [len(trace) for trace in held] == [20, 25, 30, 35]
    # A mirror image in a folder is left out; one that is named is refused, and no option is promised that is not there.
    writeHelix(tmp_path / "natives" / "mirror.pdb", 40, mirror=True)
    with pytest.warns(UserWarning, match="'.*natives', got 1 that is left out, e.g. .* expected L-amino acids"):
        held = readTraces(tmp_path / "natives")[1]
    assert [len(trace) for trace in held] == [20, 25, 30]
    with pytest.raises(ValueError, match="expected L-amino acids, .*mirror.pdb.*; leave this structure out$"):
        readTraces(tmp_path / "natives" / "mirror.pdb")
    for lengths, kind, words in ((24.5, TypeError, "number, got 24.5"), ("20-25", TypeError, "number, got '20-25'"),
                                 ((25, 20), ValueError, r"one number, got \(25, 20\)")):
        with pytest.raises(kind, match=f"evaluateBackbones: expected lengths as .*{words}"):
            evaluateBackbones(generator.model, tmp_path / "natives", lengths=lengths)


def testBackbonesThatAreJudgedAreEnsembles(generator, tmp_path):
    ensemble = generator.generate(25, 2, seed=3)
    for number in range(20):
        writeHelix(tmp_path / f"{number}.pdb", 25)
    for made in (ensemble, [ensemble]):
        with pytest.raises(ValueError, match="expected at least 10 generated backbones, got 2"):
            evaluateBackbones(made, tmp_path, lengths=25)
    with pytest.raises(TypeError, match="or a list of Ensembles, got 7, a int, in the list"):
        evaluateBackbones([ensemble, 7], tmp_path)
    assert openmmorbit.BackboneGenerator(None).lengths == (30, 130)     # the packaged one of backbones


def testStructuresAreTextsOrLetters(generator, tmp_path):
    writeHelix(tmp_path / "x.pdb", 25)
    design = openmmorbit.designBackbone(tmp_path / "x.pdb", "A10-20")
    for structure in ("H" * 24 + "C", ["H"] * 24 + ["C"], np.array(["H"] * 24 + ["C"])):
        assert design.withStructure(structure).backbone.structure == "H" * 24 + "C"
    with pytest.raises(TypeError, match="BackboneDesign.withStructure: expected structure as a text of letters, got 5"):
        design.withStructure(5)
    for structures in (5, "H" * 25):
        with pytest.raises(TypeError, match=f"generateBatch: expected structures as a list, got {structures!r}"):
            generator.generateBatch([25], structures=structures)


def testStructuresOfSeveralChainsAreWrittenAsSequencesAre(generator, tmp_path):
    """With "/" or ":" between the chains, or all letters in one row."""
    for structure in ("HHHH/EEE", "HHHH:EEE", "HHHHEEE", "HH HH / EEE\n", ["HHHH", "EEE"]):
        made = openmmorbit.makeBackbone([4, 3], structure)
        assert made.structure == "HHHHEEE" and list(made.chains) == [0] * 4 + [1] * 3
    for structure, text in (("HHHH/EE", "a structure of 3 residues for chain B, as the backbone has, got 2"),
                            ("HHH/EEEE", "a structure of 4 residues for chain A, as the backbone has, got 3"),
                            ("HHHH/E/EE", "a structure of 2 chains, as the backbone has, got 3 with 7 residues in all"),
                            ("HHHH/EEX", "got 'X' for residue 3 of chain B"), ("HHHEEE", "each of 7 residues, got 6")):
        with pytest.raises(ValueError, match=f"^makeBackbone: .*{text}|{text}$"):
            openmmorbit.makeBackbone([4, 3], structure)
    with pytest.raises(ValueError, match="a structure of 1 chain, as the backbone has, got 2 with 25 residues"):
        generator.generate(25, structure=12 * "H" + "/" + 13 * "E")
    writeHelix(tmp_path / "x.pdb", 25, chains=2)
    design = openmmorbit.designBackbone(tmp_path / "x.pdb", "A10-20")
    assert design.withStructure(25 * "H" + "/" + 25 * "?").backbone.structure == 25 * "H" + 25 * "?"
    with pytest.raises(ValueError, match="BackboneDesign.withStructure: expected .* for chain A, as .*, got 24"):
        design.withStructure(24 * "H" + "/" + 26 * "?")


def testTheCommandTakesStructuresOfSeveralChains(tmp_path, capsys):
    model = orbit.DenoiserModel(openmmorbit.models.loadModel(writeModel(tmp_path)))
    statistics = orbit.BackboneStatistics(model.getBackbones())
    statistics.maxChains = statistics.shortestChain = 2
    model.setBackbones(statistics)
    model.save(str(tmp_path / "two.safetensors"))
    writeHelix(tmp_path / "x.pdb", 15)
    run = ["backbones", "--model", tmp_path / "two.safetensors", "--steps", 2, "--no-check", "--motif",
           tmp_path / "x.pdb", "--contig", "5/A3-12/0/9", "--seed", 3, "-o", tmp_path / "out.pdb", "--structure"]
    texts = []
    for structure in (15 * "H" + "/" + 9 * "E", 15 * "H" + 9 * "E"):
        assert runCli(capsys, *run, structure)[0] == 0
        texts.append((tmp_path / "out.pdb").read_text())
    assert texts[0] == texts[1]
    status, line = runCli(capsys, *run, 15 * "H" + "/" + 8 * "E")
    assert status == 2 and "expected a structure of 9 residues for chain B, as the backbone has, got 8" in line

# SPDX-License-Identifier: MIT
"""Designs from known proteins: residues by name, motifs in their places and in contigs, starts."""
import numpy as np
import pytest
from conftest import runCli
from helices import makeHelix, writeHelix, writeModel, writeResidues
from openmm import app, unit

import openmmorbit
from openmmorbit import orbit


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return writeModel(tmp_path_factory.mktemp("motifs"))


def testAWholeProteinIsAStart(tmp_path):
    protein = writeResidues(tmp_path / "x.pdb", range(5, 30))
    design = openmmorbit.designBackbone(protein)
    assert len(design) == 25 and design.fixed == () and list(design.backbone.numbers) == list(range(5, 30))
    assert np.abs(design.positions[:, 1] - 0.1 * makeHelix(25)[:, 1]).max() < 1e-3
    start = design.makeStart(1, 3.0)
    assert start.level == 3.0 and len(start.positions) == 75 and len(design.makeStart(3).positions) == 225
    part = openmmorbit.designBackbone(protein, residues="A7-20")
    shifted = openmmorbit.designBackbone(writeResidues(tmp_path / "y.pdb", range(-3, 22)), "A-3-2,A7")
    assert list(shifted.backbone.numbers) == list(range(-3, 22)) and shifted.describeMotif()[:14] == "A-3-A2 at -3-2"
    with pytest.raises(ValueError, match="expected a protein, got 25 atoms without a CA among them"):
        openmmorbit.designBackbone(writeResidues(tmp_path / "z.pdb", range(1, 26), atoms=("C",)))
    assert len(part) == 14 and part.labels[0] == "A7" and not part.sequence[0]
    assert {residue.name for residue in part.makeTopology(1).residues()} == {"ALA"}


def testFixedResiduesKeepNumbersAndNames(tmp_path):
    # Residues 12 to 14 are missing, and are designed.
    numbers = [*range(1, 12), *range(15, 30)]
    protein = writeResidues(tmp_path / "x.pdb", numbers, names=["HIS"] * 26, indices=[n - 1 for n in numbers])
    design = openmmorbit.designBackbone(protein, "A5-9, 16")
    assert len(design) == 29 and design.fixed == (4, 5, 6, 7, 8, 15)
    assert design.labels[10:15] == ("A11", "", "", "", "A15") and np.isnan(design.positions[11:14]).all()
    assert design.sequence == [None] * 4 + ["HIS"] * 5 + [None] * 6 + ["HIS"] + [None] * 13
    assert [residue.name for residue in design.makeTopology(1).residues()].count("HIS") == 6
    assert design.describeMotif() == "A5-A9 at 5-9, A16 at 16"
    places = np.array(design.makeStart(1).positions).reshape(-1, 3)
    assert np.isfinite(places).all() and np.allclose(places[10] + 0.25 * (places[14] - places[10]), places[11])
    with pytest.raises(ValueError, match="positions of all residues to start from at a level, got none of 3"):
        design.makeStart(1, 2.0)


def testChainsOfOneNameStayApart(tmp_path):
    texts = []
    for first in (1, 30):
        writeResidues(tmp_path / "one.pdb", range(first, first + 12), indices=range(first, first + 12))
        texts.append((tmp_path / "one.pdb").read_text().replace("END\n", ""))
    path = tmp_path / "two.pdb"
    path.write_text("".join(texts) + "END\n")
    assert app.PDBFile(str(path)).topology.getNumChains() == 2
    design = openmmorbit.designBackbone(path, "A1-5")
    assert design.backbone.getNumChains() == 2 and len(design) == 24


def testOneOfSeveralModelsIsTaken(model, tmp_path, capsys):
    """The first with a warning; or the one that was asked for, which may have other atoms."""
    texts = []
    for number in (25, 29):
        writeResidues(tmp_path / "one.pdb", range(1, number + 1))
        texts.append(f"MODEL     {number:4d}\n" + (tmp_path / "one.pdb").read_text().replace("END\n", "ENDMDL\n"))
    path = tmp_path / "both.pdb"
    path.write_text("".join(texts) + "END\n")
    with pytest.warns(UserWarning, match="one state, got 2 in \".*both.pdb\"; the first one is taken, and state="):
        assert len(openmmorbit.designBackbone(path)) == 25
    assert len(openmmorbit.designBackbone(path, state=1)) == 29
    with pytest.raises(ValueError, match="a state below 2, the number of those in .*both.pdb.*, got 2"):
        openmmorbit.designBackbone(path, state=2)
    with pytest.warns(UserWarning, match="got 2 in the PDBFile"):
        assert len(openmmorbit.designBackbone(app.PDBFile(str(path)))) == 25
    with pytest.warns(UserWarning, match="buildBackbone: expected one state, got 2 in the PDBFile"):
        built = openmmorbit.buildBackbone(app.PDBFile(str(path)), hydrogens=False)
    assert built.topology.getNumResidues() == 25
    with pytest.raises(ValueError, match="Topology's 75 atoms, got states of 87"):
        openmmorbit.buildBackbone(app.PDBFile(str(path)), state=1)
    base = ["backbones", "--model", model, "--steps", 3, "--no-check", "--start", path, "--level", 2, "-o",
            tmp_path / "x.pdb"]
    for options, words, count in (([], "warning: expected one state, got 2", 25), (["--state", 1], "1 backbone", 29)):
        assert openmmorbit.cli.main([str(entry) for entry in [*base, *options]]) == 0
        assert words in capsys.readouterr().err.splitlines()[0]
        assert app.PDBFile(str(tmp_path / "x.pdb")).topology.getNumResidues() == count
    status, line = runCli(capsys, *base, "--state", 2)
    assert status == 2 and "a state below 2, the number of those in " in line
    assert runCli(capsys, "backbones", "--length", 30, "--state", 1, "-o", tmp_path / "y.pdb")[0] == 2


def testContigsAreDrawnWithinTheirBounds(tmp_path):
    protein = writeResidues(tmp_path / "x.pdb", [*range(1, 26), *range(1, 26)], chains="A" * 25 + "B" * 25,
                            names=["SER"] * 50)
    lengths = set()
    for seed in range(20):
        design = openmmorbit.designBackbone(protein, contig="2-9/A5-9/10-20/B20-22/0-3", lengths=(25, 32), seed=seed)
        gaps = "".join("." if label == "" else "#" for label in design.labels)
        before, between, after = (len(part) for part in gaps.replace("#####", "|").replace("###", "|").split("|"))
        assert 2 <= before <= 9 and 14 <= between <= 20 and 0 <= after <= 3 and 25 <= len(design) <= 32
        assert design.labels[before] == "A5" and design.labels[before + 5 + between] == "B20"
        assert np.allclose(design.positions[before], 0.1 * makeHelix(9)[4, :3], atol=1e-3)
        assert list(design.backbone.numbers) == list(range(1, len(design) + 1))
        assert design.labels == openmmorbit.designBackbone(
            protein, contig="2-9/A5-9/10-20/B20-22/0-3", lengths=(25, 32), seed=seed).labels
        lengths.add(len(design))
    assert len(lengths) > 4
    two = openmmorbit.designBackbone(str(tmp_path / "x.pdb"), contig="[4,A5-9,4,0,B3-6 7]")
    assert list(two.backbone.chains) == 13 * [0] + 11 * [1] and two.fixed == (4, 5, 6, 7, 8, 13, 14, 15, 16)
    assert two.describeMotif() == "A5-A9 at 5-9, B3-B6 at 1-4"


def testInsertionCodesComeBack(model, tmp_path):
    """In the Topology, in files and in proteins that are built, with gaps and jumps in the numbers."""
    numbers = [13, 14, 15, "15A", "15B", "15C", 16, 17, *range(40, 52), *range(55, 62)]
    indices = [*range(20), *range(23, 30)]
    protein = writeResidues(tmp_path / "x.pdb", numbers, indices=indices)
    wanted = [str(n) for n in [*numbers[:20], 52, 53, 54, *numbers[20:]]]
    generator = openmmorbit.BackboneGenerator(model, numSteps=2, check=False)
    design = openmmorbit.designBackbone(protein, "A15-16,A40-44")
    assert design.describeMotif() == "A15-A16 at 15-16, A40-A44 at 40-44"
    assert list(design.numbers) == wanted and not design.backbone.hasBreaks()
    ensemble = generator.generate(design, 1, seed=3)

    def listNumbers(topology):
        return [residue.id + residue.insertionCode.strip() for residue in topology.residues()]

    ensemble.writePDB(tmp_path / "a.pdb")
    ensemble.writePDBx(tmp_path / "a.cif")
    assert listNumbers(ensemble.topology) == wanted
    for path in (tmp_path / "a.pdb", tmp_path / "a.cif"):
        assert listNumbers(openmmorbit.readStructures(path)[0].topology) == wanted
    whole = openmmorbit.designBackbone(protein, residues="A13-51")
    started = generator.generate(whole, 1, seed=3, level=0.3)
    assert listNumbers(started.topology) == wanted[:20]
    topology = whole.makeTopology(1)
    topology._chains[0].id = "C"
    part = openmmorbit.buildBackbone(app.Modeller(topology, whole.positions[:, 1] * unit.nanometer))
    residues = list(part.topology.residues())
    assert [chain.id for chain in part.topology.chains()] == ["C"]
    assert listNumbers(part.topology) == wanted[:20] and (residues[3].id, residues[3].insertionCode) == ("15", "A")


def testInsertionCodesAndLongNamesOfChains(tmp_path):
    protein = writeResidues(tmp_path / "x.pdb", [50, 51, 52, "52A", "52B", 53, 54])
    assert openmmorbit.designBackbone(protein, "A52-52B").labels[2:5] == ("A52", "A52A", "A52B")
    assert openmmorbit.designBackbone(protein, "52A-54").fixed == (3, 4, 5, 6)
    for name, text in (("AB", "AB:51-53"), ("7", "7:51-53")):
        protein.topology._chains[0].id = name
        design = openmmorbit.designBackbone(protein, text)
        assert design.labels[1] == f"{name}:51" and design.fixed == (1, 2, 3, 4, 5)


@pytest.mark.parametrize("options, message", [
    ({"fixed": "B1-4"}, "one of the chains A in 'B1-4', got B"),
    ({"fixed": "A1-99"}, "in 'A1-99', got 99, which has no CA atom; chain A has 1 to 29"),
    ({"fixed": "A9-5"}, "from its first residue to its last one, got 'A9-5'"),
    ({"fixed": "A5-9,A7"}, "every residue once as fixed, got A7 twice"),
    ({"fixed": ""}, "residues as fixed, such as A10-25, got none"),
    ({"fixed": "A5-9,,A16"}, "a part on both sides of every separator in fixed, got 'A5-9,,A16'"),
    ({"contig": "20/A5-9//20"}, "a part on both sides of every separator in contig, got '20/A5-9//20'"),
    ({"contig": "20/A5-9/"}, "a part on both sides of every separator in contig, got '20/A5-9/'"),
    ({"contig": ["20", "", "A5-9"]}, "a part on both sides of every separator in contig"),
    ({"contig": "9/A5-9", "lengths": (80, 60)}, r"lengths as the fewest and the most .*, got \(80, 60\)"),
    ({"contig": "9/A5-9", "lengths": (1, 2, 3)}, "lengths as the fewest and the most residues, or one number"),
    ({"contig": "9/A5-9", "lengths": ()}, "lengths as the fewest and the most residues, or one number"),
    ({"contig": "9/A5-9", "lengths": 0}, "lengths from 1 to .*, got 0"),
    ({"fixed": ":5-9"}, "one of the chains A in ':5-9', got :"),
    ({"fixed": "A5..9"}, "residues such as A10-25, A7 or A, got 'A5..9'"),
    ({"fixed": "A5-9", "residues": "A8-20"}, "among those that are taken, got A5"),
    ({}, "without missing residues to start from, got none between A11 and A15"),
    ({"residues": "A1-11", "lengths": (3, 4)}, "lengths with a contig"),
    ({"contig": "10/A9-16/10"}, "bonded to each other in 'A9-16', got A11 and A15, whose CA atoms are 0.6. nm apart"),
    ({"contig": "10/A5-9/A8-10"}, "every residue once in the contig, got A8 twice"),
    ({"contig": "10-5/A5-9"}, "from low to high in the contig, got '10-5'"),
    ({"contig": "10-20"}, "a part of the protein in the contig, such as 10-20/A10-25/15, got '10-20'"),
    ({"contig": "0/A5-9"}, "on both sides of the 0 between chains"),
    ({"contig": "5/A5-9/5", "lengths": (20, 30)}, "a contig of 20 to 30 residues, got one of 15 to 15"),
    ({"contig": "5/A1-4/2/A26-29"}, "at least 8 designed residues between A4 and A26, .* 3.3. nm apart, got 2"),
    ({"contig": "5/A1-4/A7-9"}, "at least 1 designed residue between A4 and A7, .* got 0"),
    ({"contig": "5/A5-9", "fixed": "A5"}, "a contig alone, which names the residues to keep, got fixed beside it")])
def testWhatDoesNotFitIsNamed(tmp_path, options, message):
    numbers = [*range(1, 12), *range(15, 30)]
    protein = writeResidues(tmp_path / "x.pdb", numbers, indices=[n - 1 for n in numbers])
    with pytest.raises(ValueError, match=f"designBackbone: expected .*{message}"):
        openmmorbit.designBackbone(protein, **options)


@pytest.mark.parametrize("options, message", [
    ({"contig": 5}, "contig as a text such as 10-20/A10-25/15, or a list of its parts, got 5, a int"),
    ({"fixed": 5}, "fixed as a text such as A10-25,A40, .* got 5, a int"),
    ({"residues": 5.0}, "residues as a text such as A1-60, .* got 5.0, a float"),
    ({"contig": "9/A5-9", "lengths": ("a", "b")}, "lengths as a whole number, got 'a', a str"),
    ({"contig": "9/A5-9", "lengths": "60-80"}, "lengths as a whole number, got '60-80', a str")])
def testOtherTypesAreNamed(tmp_path, options, message):
    with pytest.raises(TypeError, match=f"designBackbone: expected {message}"):
        openmmorbit.designBackbone(writeResidues(tmp_path / "x.pdb", range(1, 30)), **options)


def testLengthsMayBeOneNumber(tmp_path):
    protein = writeResidues(tmp_path / "x.pdb", range(1, 30))
    for lengths in (30, (30,), [30, 30], np.array([30])):
        assert len(openmmorbit.designBackbone(protein, contig="5-20/A5-9/5-20", lengths=lengths)) == 30


def testAChainWithoutANameIsAColon(tmp_path):
    protein = writeResidues(tmp_path / "x.pdb", range(1, 30))
    for name in (" ", ""):
        protein.topology._chains[0].id = name
        for text in ("10-15", " 10-15", ":10-15", ":10-12, :13-15"):
            design = openmmorbit.designBackbone(protein, text)
            assert design.fixed == tuple(range(9, 15)) and design.labels[9] == ":10"
        assert len(openmmorbit.designBackbone(protein, contig="10-20/:10-15/9").fixed) == 6
        with pytest.raises(ValueError, match="one of the chains : in 'A10-15', got A; a chain without a name is"):
            openmmorbit.designBackbone(protein, "A10-15")
    two = writeResidues(tmp_path / "y.pdb", [*range(1, 30), *range(1, 30)], chains="A" * 29 + "B" * 29, shift=20.0)
    two.topology._chains[1].id = " "
    assert openmmorbit.designBackbone(two, ":10-15,A3").fixed == (2, *range(38, 44))
    assert openmmorbit.designBackbone(two, "A3,:").fixed == (2, *range(29, 58))
    with pytest.raises(ValueError, match="a chain before '10-15', got none; there are A, :"):
        openmmorbit.designBackbone(two, "10-15")


def testUnusualResiduesAreKeptOnRequest(tmp_path):
    writeHelix(tmp_path / "d.pdb", 25, mirror=True)
    mirrored = app.PDBFile(str(tmp_path / "d.pdb"))
    for part in (None, "A5-9"):     # Also a start, and a motif that is too short to tell.
        with pytest.raises(ValueError, match="a protein of L-amino acids, got one that is left-handed, as a mirror"):
            openmmorbit.designBackbone(mirrored, part)
    assert openmmorbit.designBackbone(mirrored, "A5-9", keepUnusual=True).fixed == (4, 5, 6, 7, 8)
    assert len(openmmorbit.designBackbone(mirrored, keepUnusual=True)) == 25
    # One D-alanine: its CB lies where its hydrogen was.
    writeHelix(tmp_path / "l.pdb", 25)
    one = app.PDBFile(str(tmp_path / "l.pdb"))
    places = one.getPositions(asNumpy=True)._value.copy()
    atoms = {(atom.residue.id, atom.name): atom.index for atom in one.topology.atoms()}
    n, ca, c, cb = (places[atoms["7", name]] for name in ("N", "CA", "C", "CB"))
    normal = np.cross(n - ca, c - ca)
    places[atoms["7", "CB"]] = cb - 2 * normal * np.dot(cb - ca, normal) / np.dot(normal, normal)
    inverted = app.Modeller(one.topology, places * unit.nanometer)
    with pytest.raises(ValueError, match="L-amino acids to keep, got the D-amino acid ALA A7"):
        openmmorbit.designBackbone(inverted, "A5-9")
    assert len(openmmorbit.designBackbone(inverted)) == 25
    helix = makeHelix(25)[:, 1]
    helix[10:] += 0.9 * (helix[9] - helix[10]) / 3.8
    topology = openmmorbit.BackboneDesign(openmmorbit.makeBackbone(25)).makeTopology(1)
    ensemble = openmmorbit.Ensemble(makeEnsembleCore(helix), topology)
    with pytest.raises(ValueError, match="a cis peptide between A10 and A11; divide the motif there"):
        openmmorbit.designBackbone(ensemble, "A8-14")
    assert len(openmmorbit.designBackbone(ensemble, "A8-10,A12-14").fixed) == 6
    assert len(openmmorbit.designBackbone(ensemble, "A8-14", keepUnusual=True).fixed) == 7


def testTheHandIsJudgedWithoutSideChains(tmp_path):
    """By the names of D-amino acids, by phi, and by turns of CA atoms."""
    named = writeResidues(tmp_path / "n.pdb", range(1, 26), names=["ALA"] * 9 + ["DAL"] + ["ALA"] * 15)
    with pytest.raises(ValueError, match="L-amino acids to keep, got the D-amino acid DAL A10; leave it out"):
        openmmorbit.designBackbone(named, "A5-14")
    assert openmmorbit.designBackbone(named, "A5-9,A11-14").fixed[-1] == 13
    assert openmmorbit.designBackbone(named, "A5-14", keepUnusual=True).sequence[9] == "DAL"
    for atoms in (("N", "CA", "C"), ("CA",)):
        writeHelix(tmp_path / "m.pdb", 25, mirror=True, names=atoms)
        mirrored = app.PDBFile(str(tmp_path / "m.pdb"))
        for part in ({"fixed": "A5-16"}, {"contig": "9/A5-8/9"}, {}):
            with pytest.raises(ValueError, match="a protein of L-amino acids, got one that is left-handed"):
                openmmorbit.designBackbone(mirrored, **part)
        assert len(openmmorbit.designBackbone(mirrored, "A5-16", keepUnusual=True).fixed) == 12
        # A left-handed helix in a protein that is right-handed.
        part = np.concatenate([makeHelix(30)[:, :3], makeHelix(14)[:, :3] * [1, -1, 1] + [0, 0, 60]])
        topology, positions = app.Topology(), []
        chain = topology.addChain("A")
        for k, places in enumerate(part):
            residue = topology.addResidue("ALA", chain, str(1 + k + 5 * (k >= 30)))
            for name, place in zip(("N", "CA", "C"), places):
                if name in atoms:
                    topology.addAtom(name, app.Element.getBySymbol(name[0]), residue)
                    positions.append(0.1 * place)
        mixed = app.Modeller(topology, np.array(positions) * unit.nanometer)
        with pytest.raises(ValueError, match="got a left-handed chain from A3[67] to A49, as in a mirror image"):
            openmmorbit.designBackbone(mixed, "A5-9,A36-49")
        assert len(openmmorbit.designBackbone(mixed, "A5-9").fixed) == 5


def testOtherUnitsThanTheirsAreRefused(model, tmp_path):
    protein = writeResidues(tmp_path / "x.pdb", range(1, 26))
    for factor, distance in ((0.1, 0.038), (10, 3.8), (0, 0)):
        scaled = [app.PDBFile(str(tmp_path / "x.pdb")).topology, factor * protein.getPositions(asNumpy=True)]
        with pytest.raises(ValueError, match=f"CA atoms in nm, 0.38 apart, got {distance}.*files are in Angstrom"):
            openmmorbit.designBackbone(app.Modeller(*scaled))
    # Fragments of single residues, far from each other, are no sign of another unit.
    far = writeResidues(tmp_path / "far.pdb", [1, 30, 60], indices=[0, 30, 60])
    assert len(openmmorbit.designBackbone(far, contig="3/A1/40/A30/40/A60/3").fixed) == 3
    generator = openmmorbit.BackboneGenerator(model, numSteps=2, check=False)
    helix = 0.1 * makeHelix(25)[:, 1]
    for wrong in (10 * helix, 0.1 * helix, 0 * helix):
        for options in ({"level": 2}, {"fixed": range(5, 9)}):
            with pytest.raises(ValueError, match="generate: expected CA atoms in nm, 0.38 apart, got .* in start"):
                generator.generate(25, start=wrong, **options)
    # What is not fixed need not be known.
    partial = np.where(np.isin(np.arange(25), range(5, 9))[:, None], helix, 0.0)
    copies = generator.generate(25, start=partial, fixed=np.arange(5, 9), seed=1)
    assert np.abs(copies.positions._value[0, 5:9] - helix[5:9]).max() < 1e-4


def testAStartNeedsALevelOrFixedResidues(model, tmp_path):
    generator = openmmorbit.BackboneGenerator(model, numSteps=2, check=False)
    helix = 0.1 * makeHelix(25)[:, 1]
    design = openmmorbit.designBackbone(writeResidues(tmp_path / "x.pdb", range(1, 26)))
    for wrong, message in (
            (lambda: generator.generate(design), "generate: expected a level beside a design without fixed"),
            (lambda: generator.generateBatch([design]), "generateBatch: expected a level beside a design without"),
            (lambda: generator.generate(25, start=helix), "expected level or fixed beside start, got neither"),
            (lambda: generator.generate(25, start=helix, fixed=[]), "at least one entry in fixed, got none; leave it"),
            (lambda: generator.generate(25, start=helix, fixed=[], level=3), "at least one entry in fixed, got none"),
            (lambda: generator.generate(25, start=helix, level=0), "level above 0, got 0"),
            (lambda: generator.generate(25, start=helix, level=0.2 * unit.kelvin), "level in nanometer, got kelvin")):
        with pytest.raises(ValueError, match=message):
            wrong()
    with pytest.raises(TypeError, match="expected level as a number or a Quantity, got 'low', a str"):
        generator.generate(25, start=helix, level="low")
    plain = generator.generate(25, start=helix, level=2.0, seed=3).positions._value
    for level in (0.2 * unit.nanometer, 2.0 * unit.angstrom):
        assert np.array_equal(generator.generate(25, start=helix, level=level, seed=3).positions._value, plain)
        assert len(generator.generateBatch([design], level=level)[0]) == 1


def makeEnsembleCore(positions):
    core = orbit.Ensemble(orbit.makeBackboneGraph(openmmorbit.makeBackbone(len(positions)), 1))
    core.addConformer(0.1 * positions, orbit.ConformerStatus(), orbit.ConformerProvenance())
    return core


def testGeneratesFromDesigns(model, tmp_path):
    generator = openmmorbit.BackboneGenerator(model, numSteps=4, check=False)
    protein = writeResidues(tmp_path / "x.pdb", range(1, 26), names=["SER"] * 25)
    kept = openmmorbit.designBackbone(protein, "A5-9")
    ensemble = generator.generate(kept, 2, seed=3, structure="?" * 10 + "H" * 15)
    found = ensemble.positions._value[:, 4:9]
    assert np.abs(found - 0.1 * makeHelix(25)[4:9, 1]).max() < 2e-3
    assert [residue.name for residue in ensemble.topology.residues()][3:10] == ["ALA", *["SER"] * 5, "ALA"]
    contigs = [openmmorbit.designBackbone(protein, contig="5-15/A5-9/10-20", seed=k) for k in range(3)]
    for design, each in zip(contigs, generator.generateBatch(contigs, 2, seed=4)):
        inside = each.positions._value[:, list(design.fixed)]
        assert np.abs(inside - 0.1 * makeHelix(25)[4:9, 1]).max() < 2e-3
    near, far = (generator.generate(openmmorbit.designBackbone(protein), 1, seed=3, level=level).positions._value[0]
                 for level in (0.3, 8.0))
    distances = [np.abs(entry - 0.1 * makeHelix(25)[:, 1]).max() for entry in (near, far)]
    assert distances[0] < 0.3 < distances[1]
    for wrong, message in ((lambda: generator.generate(kept, start=near), "a design alone, .* got start beside it"),
                           (lambda: generator.generate(kept, fixed=[3]), "a design alone, .* got fixed beside it"),
                           (lambda: generator.generate(kept, level=-1), "level above 0, got -1"),
                           (lambda: generator.generate(kept, structure="H"), "of each of 25 residues, got 1"),
                           (lambda: generator.generateBatch([kept, 25]), "all or none, .* got 1 of 2"),
                           (lambda: generator.generateBatch([25], level=3), "got 0 of 1 that have one")):
        with pytest.raises(ValueError, match=message):
            wrong()


def testAModelOfThreeAtomsNeedsThem(tmp_path):
    bare = writeResidues(tmp_path / "x.pdb", range(1, 26), atoms=("CA",))
    assert len(openmmorbit.designBackbone(bare, "A5-9").makeStart(1).positions) == 75
    with pytest.raises(ValueError, match="N, CA and C of residue A1 for a model of all three, got CA without"):
        openmmorbit.designBackbone(bare, "A5-9").makeStart(3)
    whole = writeResidues(tmp_path / "y.pdb", range(1, 26))
    assert list(openmmorbit.designBackbone(whole, "A5").makeStart(3).fixed) == [12, 13, 14]


def testBuildsTheMotifWithItsResidues():
    sequence = ["HIS", None, "TRP", *[None] * 17]
    built = openmmorbit.buildBackbone(0.1 * makeHelix(20)[:, 1], sequence, hydrogens=False)
    assert [residue.name for residue in built.topology.residues()] == ["HIS", "ALA", "TRP", *["ALA"] * 17]
    again = openmmorbit.buildBackbone(0.1 * makeHelix(20)[:, 1], "HXW" + 17 * "X", hydrogens=False)
    assert np.array_equal(again.positions._value, built.positions._value)
    assert openmmorbit.readSequence("AXG") == ["ALA", "", "GLY"]

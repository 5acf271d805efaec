# SPDX-License-Identifier: MIT
"""Secondary structures that are drawn as natural domains have them, and backbones of them."""
import numpy as np
import pytest
from conftest import runCli
from helices import makeHelix, writeHelix, writeModel

import openmmorbit
from openmmorbit import drawStructure, orbit
from openmmorbit.evaluation.traces import Trace, measure, secondaryStructure


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return writeModel(tmp_path_factory.mktemp("drawn"))


def testTheContentIsThatOfDomains():
    drawn = [drawStructure(length, 3, k) for k, length in enumerate(list(range(40, 101)) * 8)]
    assert [len(text) for text in drawn] == list(range(40, 101)) * 8
    letters = "".join(drawn)
    assert set(letters) == set("HEC") and len(set(drawn)) > 0.98 * len(drawn)
    # Of all training domains: 29.8 % helix, 24.1 % strand.
    assert 0.27 < letters.count("H") / len(letters) < 0.35 and 0.21 < letters.count("E") / len(letters) < 0.27
    # All-helical domains, those of strands, and others.
    assert sum("E" not in text for text in drawn) > 50 and sum("H" not in text for text in drawn) > 50


@pytest.mark.parametrize("length", [1, 2, 5, 29, 131, 1000, [30, 1, 60]])
def testEveryLengthIsDrawn(length):
    whole = sum(length) if isinstance(length, list) else length
    assert len(drawStructure(length, 1)) == whole and set(drawStructure(length, 1)) <= set("HEC")
    assert drawStructure(length, 1, 2) == drawStructure(np.array(length)[()], 1, record=2)


def testWhatCannotBeDrawnIsNamed():
    for wrong, error, text in ((0, ValueError, "length from 1 to 2147483647, got 0"),
                               ("30", TypeError, "got '30', a str"), (30.5, TypeError, "30.5"),
                               ([30, -1], ValueError, "-1")):
        with pytest.raises(error, match=f"drawStructure: .*({text})"):
            drawStructure(wrong, 1)
    with pytest.raises(ValueError, match="drawStructure: expected seed from 0 .*got -1"):
        drawStructure(30, -1)


def testEachCopyHasItsOwn(model):
    generator = openmmorbit.BackboneGenerator(model, numSteps=3, check=False)
    copies = generator.generate(30, 3, seed=5, structure="drawn")
    assert len(copies) == 3 and [entry.record for entry in copies.provenance] == [0, 1, 2] and copies.message == ""
    for structures in ("drawn", 3 * ["drawn"], [drawStructure(30, 5, k) for k in range(3)]):
        batch = generator.generateBatch([30] * 3, seed=5, structures=structures)
        assert all(np.array_equal(entry.positions._value[0], own)
                   for entry, own in zip(batch, copies.positions._value))
    later = generator.generateBatch([30, 30], seed=5, structures=["drawn", None], firstRecord=2)
    assert np.array_equal(later[0].positions._value[0], copies.positions._value[2])
    assert copies.provenance[0].seed == 5 and generator.generate(30, seed=0, structure="drawn").provenance[0].seed > 0


def testCopiesThatFailAreCounted(model):
    generator = openmmorbit.BackboneGenerator(model, numSteps=2, maxRedraws=0)
    copies = generator.generate(30, 3, seed=5, structure="drawn")
    assert len(copies) + len(copies.failures) == 3 and len(copies.failures) > 0
    assert f"expected 3 correct backbones of drawn structures, got {len(copies)}; the first" in copies.message


def testWhereNothingIsDrawn(model):
    generator = openmmorbit.BackboneGenerator(model, numSteps=2, check=False)
    start = 0.1 * makeHelix(30)[:, 1]
    for call, text in ((lambda: generator.generate(30, structure="drawn", start=start, level=1), "beside a start"),
                       (lambda: generator.generate(openmmorbit.makeBackbone(30), structure="drawn"),
                        "letters beside a BackboneSubject, got 'drawn'.*drawStructure"),
                       (lambda: generator.generate(900, structure="drawn"), "20 to 47 residues"),
                       (lambda: generator.generate(30, structure="Drawn"), "each of 30 residues, got 5")):
        with pytest.raises(ValueError, match=text):
            call()


def testTheCommandDraws(model, tmp_path, capsys, monkeypatch):
    made = []
    generate = orbit.BackboneGenerator.generateBatch

    def remember(self, backbones, *rest):
        made.extend((entry.structure, self.getSamplerSettings().noiseScale) for entry in backbones)
        return generate(self, backbones, *rest)

    monkeypatch.setattr(orbit.BackboneGenerator, "generateBatch", remember)
    run = ["backbones", "--model", model, "--steps", 2, "--seed", 5, "--no-check", "--structure", "drawn"]
    assert runCli(capsys, *run, "--length", "30-40", "-n", 3, "-o", tmp_path / "x.pdb")[0] == 0
    assert [entry for entry, _ in made] == [drawStructure(len(entry), 5, k) for k, (entry, _) in enumerate(made)]
    assert {scale for _, scale in made} == {0.05}
    made.clear()
    assert runCli(capsys, *run, "--length", 30, "--noise-scale", 0.7, "-o", tmp_path / "x.pdb")[0] == 0
    assert made == [(drawStructure(30, 5), 0.7)]
    writeHelix(tmp_path / "motif.pdb", 30)
    motif = ["--motif", tmp_path / "motif.pdb", "--fixed", "1-10", "-o", tmp_path / "y.pdb"]
    status, line = runCli(capsys, *run, *motif)
    assert status == 2 and "of letters beside --start or --motif, got 'drawn'" in line


def testTheCommandDrawsForThePackagedModelUnlessToldOtherwise(model, tmp_path, capsys, monkeypatch):
    made = []
    generate = orbit.BackboneGenerator.generateBatch

    def remember(self, backbones, *rest):
        made.extend((entry.structure, round(self.getSamplerSettings().noiseScale, 3)) for entry in backbones)
        return generate(self, backbones, *rest)

    monkeypatch.setattr(orbit.BackboneGenerator, "generateBatch", remember)
    writeHelix(tmp_path / "motif.pdb", 40)
    run = ["backbones", "--steps", 2, "--seed", 5, "--no-check", "-o", tmp_path / "x.pdb"]
    new, drawn, free = ["--length", 40], (drawStructure(40, 5), 0.05), (40 * "?", 1)
    for options, expected in ((new, drawn), ([*new, "--structure", "drawn"], drawn),
                              ([*new, "--structure", "open"], free), ([*new, "--model", model], free),
                              (["--start", tmp_path / "motif.pdb", "--level", 2], free),
                              (["--motif", tmp_path / "motif.pdb", "--fixed", "1-10"], free)):
        made.clear()
        assert runCli(capsys, *run, *options)[0] == 0
        assert made == [expected], options


def testThePackagedModelMakesSheets():
    """Open structures have fewer strands; those that are drawn come out as they were asked for."""
    generator = openmmorbit.BackboneGenerator(noiseScale=0.05, check=False)
    positions = 10 * generator.generate(60, 12, seed=4, structure="drawn").positions._value
    folds = [measure(Trace.chain(entry)) for entry in positions]
    asked = [drawStructure(60, 4, k) for k in range(12)]
    agree = np.mean([a == b for fold, text in zip(folds, asked) for a, b in zip(fold.structure, text)])
    assert agree > 0.68
    assert (np.abs(np.concatenate([fold.bonds for fold in folds]) - 3.8) < 0.1).mean() > 0.99
    assert sum(fold.clashes for fold in folds) <= 2
    assert "".join(map(secondaryStructure, map(Trace.chain, positions))).count("E") > 0.15 * 720

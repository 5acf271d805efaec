# SPDX-License-Identifier: MIT
"""Backbones that a model was not trained on, and motifs that do not fit: refused, with the chain or the residue."""
import numpy as np
import pytest
from helices import makeHelix, makeModel, writeArrays

import openmmorbit
from openmmorbit import orbit
from openmmorbit.data.backbones import buildBackboneDataset


@pytest.fixture
def shard(tmp_path):
    writeArrays(tmp_path / "helices.npz", list(range(20, 50)))
    buildBackboneDataset([tmp_path / "helices.npz"], tmp_path / "x.shard")
    return tmp_path / "x.shard"


def testChainsOfOneResidueAreRefused(shard):
    model = makeModel(shard)
    statistics = orbit.BackboneStatistics(model.getBackbones())
    statistics.maxChains, statistics.shortestChain = 3, 1
    model.setBackbones(statistics)
    generator = openmmorbit.BackboneGenerator(model, numSteps=2, check=False)
    assert len(generator.generate([28, 2])) == 1
    for lengths, chain in (([29, 1], "B"), ([1, 29], "A"), ([20, 1, 20], "B")):
        with pytest.raises(ValueError, match=f"chains of at least 2 residues, got 1 in chain {chain} of"):
            generator.generate(lengths)
        with pytest.raises(ValueError, match=f"got 1 in chain {chain} of"):
            generator.checkBackbone(lengths)
    generator.checkBackbone([28, 2])


def testChainsShorterThanInTrainingAreRefused(tmp_path):
    survey = orbit.BackboneSurvey(1)
    for lengths in ([20, 26], [24, 22], [40]):
        helices = [makeHelix(length)[:, 1] + [15 * k, 0, 0] for k, length in enumerate(lengths)]
        survey.add(openmmorbit.makeBackbone(lengths), np.concatenate(helices).ravel())
    statistics = survey.finish()
    assert statistics.shortestChain == 20 and (statistics.shortest, statistics.longest) == (40, 46)
    writeArrays(tmp_path / "helices.npz", [24, 25, 26, 27])
    buildBackboneDataset([tmp_path / "helices.npz"], tmp_path / "x.shard")
    model = makeModel(tmp_path / "x.shard")
    model.setBackbones(statistics)
    model.save(str(tmp_path / "model.safetensors"))
    generator = openmmorbit.BackboneGenerator(tmp_path / "model.safetensors", numSteps=2, check=False)
    assert len(generator.generate([20, 20])) == 1
    with pytest.raises(ValueError, match="chains of at least 20 residues as in training, got 19 in chain B of"):
        generator.generate([24, 19])


@pytest.mark.parametrize("points", [1, 3])
def testWrongMotifsAreNamedByTheirResidues(tmp_path, points):
    writeArrays(tmp_path / "helices.npz", [24, 25, 26, 27])
    buildBackboneDataset([tmp_path / "helices.npz"], tmp_path / "x.shard", points=points)
    generator = openmmorbit.BackboneGenerator(makeModel(tmp_path / "x.shard", points), numSteps=2, check=False)
    start = 0.1 * makeHelix(25)[:, [1] if points == 1 else [0, 1, 2]].reshape(-1, 3)
    wrong = start.copy()
    wrong[13 * points + points // 2] = np.nan
    for options, text in (({"fixed": [3, 25]}, "fixed residues from 0 to 24, each once, got 25$"),
                          ({"fixed": [3, 5, 3]}, "fixed residues from 0 to 24, each once, got 3 twice"),
                          ({"fixed": np.ones(24, bool)}, "fixed as indices, or as a mask of 25 truth values, got 24"),
                          ({"fixed": range(25)}, "expected residues to design, got all 25 as fixed"),
                          ({"fixed": [3], "start": None}, r"start with fixed, got fixed=\[3\] alone"),
                          ({"fixed": [3], "start": wrong}, "got others for residue 14 of chain A"),
                          ({"fixed": [3], "start": start[1:]},
                           rf"shape \({25 * points}, 3\), .*CA.* of each of 25 residues, got \({25 * points - 1}, 3")):
        with pytest.raises(ValueError, match=text):
            generator.generate(25, **{"start": start, **options})
    copies = generator.generate(25, 1, seed=3, start=start, fixed=[7, 8])
    masked = generator.generate(25, 1, seed=3, start=start, fixed=np.isin(range(25), [7, 8]))
    assert np.array_equal(masked.positions._value, copies.positions._value)
    kept = slice(7 * points, 9 * points)
    assert np.abs(copies.positions._value[0, kept] - start[kept]).max() < 1e-4


def testWrongArgumentsNameTheirFunction(shard):
    generator = openmmorbit.BackboneGenerator(makeModel(shard), numSteps=2, check=False)
    for call, error, text in (
            (lambda: generator.generate(30, 0), ValueError, "BackboneGenerator.generate: expected numCopies from 1 to"),
            (lambda: generator.generate(30, seed=-1), ValueError, "BackboneGenerator.generate: expected seed from 0"),
            (lambda: generator.generateBatch([30], 2.5), TypeError, "BackboneGenerator.generateBatch: expected numCop"),
            (lambda: generator.generateBatch([30], firstRecord=-1), ValueError, "generateBatch: expected firstRecord"),
            (lambda: openmmorbit.BackboneGenerator(generator.model, threads=0.5), TypeError, "^BackboneGenerator: exp"),
            (lambda: openmmorbit.BackboneGenerator(generator.model, "GPU"), ValueError,
             "^BackboneGenerator: expected a platform of .*got \"GPU\""),
            (lambda: openmmorbit.makeBackbone(30, 5), TypeError, "structure as a text of letters, got 5, a int"),
            (lambda: openmmorbit.makeBackbone(3, ["H", "E"]), ValueError, "each of 3 residues, got 2")):
        with pytest.raises(error, match=text):
            call()
    assert openmmorbit.makeBackbone(3, ["H", "?", "E"]).structure == "H?E"

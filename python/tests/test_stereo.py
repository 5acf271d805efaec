# SPDX-License-Identifier: MIT
"""Stereochemistry of raw copies of the packaged models: centres that share no ring agree, the sampler guides them."""
import numpy as np
import openmm
import pytest

import openmmorbit

CHAIN = "C[C@H](O)[C@@H](F)[C@H](C)Cl"
RINGS = "C1CO[C@H]1[C@@H](C)[C@@H]1CCCC(=O)N1"


def shareOfCorrect(smiles, **options):
    """Get the share of copies with the requested stereochemistry, without redraws."""
    generator = openmmorbit.ConformerGenerator(maxRedraws=0, returnFailed=True, **options)
    return np.mean([status.stereoCorrect for status in generator.generate(smiles, 60, seed=3).status])


@pytest.mark.parametrize("smiles", [CHAIN, RINGS])
def testCentresAgree(smiles):
    assert shareOfCorrect(smiles) > 0.9
    assert shareOfCorrect(smiles, stereoGuidance=0) < 0.6


def testFewStepsAgreeMoreOftenThanByChance():
    assert shareOfCorrect(CHAIN, model="conformer-fast") > 0.6
    assert shareOfCorrect(CHAIN, model="conformer-fast", stereoGuidance=0) < 0.5


@pytest.mark.parametrize("smiles", ["C[C@@H]1C[C@@H]2CC[C@@H]1C2", "c1ccc(cc1)[C@@H]1C[C@@H]2CC[C@@H]1O2",
                                    "CC[C@@]12CC[C@H]1[C@@H]2OC", "O=C1C[C@H]2[C@@H]3O[C@H]2C[C@@H]13",
                                    "C1C[N@]2CC[C@@H]1CC2"])
def testIsomersThatCannotExistAreRefused(smiles):
    for seed in (1, 2, 3):
        with pytest.raises(openmm.OpenMMException, match=r"(centre|atoms) \d+ \("):
            openmmorbit.ConformerGenerator(maxRedraws=2).generate(smiles, 8, seed=seed)


@pytest.mark.parametrize("smiles", ["C[C@@H]1C[C@H]2CC[C@@H]1C2", "C1C[C@H]2CC[C@@H]1C2", "C1C2CC3CC1CC(C2)C3",
                                    "CC1(C)[C@H]2CC[C@]1(C)C(=O)C2", "C12C3C4C1C5C4C3C25",
                                    "C1C[N@@]2CC[C@@H]1CC2"])
def testBicyclesThatExistAreAnswered(smiles):
    ensemble = openmmorbit.ConformerGenerator(maxRedraws=2).generate(smiles, 8, seed=1)
    assert len(ensemble) == 8
    assert all(0 < status.maxDeviation < 12 for status in ensemble.status)

# SPDX-License-Identifier: MIT
"""Stereochemistry of raw copies of the packaged models: centres that share no ring agree, the sampler guides them."""
import numpy as np
import pytest

import openmmorbit

CHAIN = "C[C@H](O)[C@@H](F)[C@H](C)Cl"
RINGS = "C1CO[C@H]1[C@@H](C)[C@@H]1CCCC(=O)N1"


def shareOfCorrect(smiles, **options):
    """Get the share of copies with the requested stereochemistry, nothing drawn again."""
    generator = openmmorbit.ConformerGenerator(maxResamplings=0, returnFailed=True, **options)
    return np.mean([status.stereoCorrect for status in generator.generate(smiles, 60, seed=3).status])


@pytest.mark.parametrize("smiles", [CHAIN, RINGS])
def testCentresAgree(smiles):
    assert shareOfCorrect(smiles) > 0.9
    assert shareOfCorrect(smiles, stereoGuidance=0) < 0.6


def testFewStepsAgreeMoreOftenThanByChance():
    assert shareOfCorrect(CHAIN, model="conformer-fast") > 0.6
    assert shareOfCorrect(CHAIN, model="conformer-fast", stereoGuidance=0) < 0.5

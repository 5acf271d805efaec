# SPDX-License-Identifier: MIT
"""Conformers with a core, as a Python user asks for them."""
import numpy as np
import pytest
from openmm import unit

import openmmorbit

PROLINE = "OC(=O)[C@@H]1CCCN1C(=O)[C@H](C)Cl"
CORE = [1, 3, 4, 5, 6, 7]


@pytest.fixture(scope="module")
def generator():
    return openmmorbit.ConformerGenerator(threads=1)


@pytest.fixture(scope="module")
def known(generator):
    """Positions of a conformer of PROLINE somewhere in space, nm."""
    return generator.generate(PROLINE, 1, seed=5).positions.value_in_unit(unit.nanometer)[0] + [1.0, -2.0, 3.0]


def testTheCoreKeepsItsPlace(generator, known):
    heavy = known[:13]
    ensemble = generator.generate(PROLINE, 4, seed=7, start=heavy * 10 * unit.angstrom, fixed=np.array(CORE))
    positions = ensemble.positions.value_in_unit(unit.nanometer)
    assert positions.shape == (4, len(known), 3)
    assert np.abs(positions[:, CORE] - known[CORE]).max() < 1e-5
    assert np.abs(positions[0, 8:13] - positions[1, 8:13]).max() > 1e-2
    again = generator.generate(PROLINE, 4, seed=7, start=known, fixed=np.isin(range(len(known)), CORE))
    assert np.allclose(again.positions.value_in_unit(unit.nanometer), positions, atol=1e-6)


def testAConformerIsVaried(generator, known):
    near = generator.generate(PROLINE, 2, seed=7, start=known, level=0.2 * unit.angstrom)
    assert np.abs(near.positions.value_in_unit(unit.nanometer) - known).max() < 0.2


def testOnlyIsomersThatHaveTheCoreAreEnumerated(generator, known):
    with pytest.warns(openmmorbit.OpenStereoWarning, match="the tetrahedral centre 3"):
        isomers = generator.generate("OC(=O)C1CCCN1C(=O)[C@H](C)Cl", 1, seed=7, start=known[:13], fixed=CORE,
                                     stereo="enumerate")
    assert len(isomers) == 1


@pytest.mark.parametrize("words, arguments", [
    ("expected start with fixed, got fixed", {"fixed": CORE}),
    ("expected level or fixed beside start", {"start": np.zeros((13, 3))}),
    ("expected start of shape .25, 3., or .13, 3. without the hydrogens", {"start": np.zeros((14, 3)), "fixed": CORE}),
    ("expected fixed from 0", {"start": np.zeros((13, 3)), "fixed": [-1]}),
    ("expected fixed atoms below 25, each once, got 26", {"start": np.zeros((13, 3)), "fixed": [26]}),
    ("got others for atom 13", {"start": np.zeros((13, 3)), "level": 1.0}),
    ("got atoms 3 .* and 4 .* at 0 Angstrom", {"start": np.zeros((13, 3)), "fixed": [3, 4]}),
])
def testRefusals(generator, words, arguments):
    with pytest.raises(ValueError, match=words):
        generator.generate(PROLINE, 1, seed=7, **arguments)


def testTheOtherHandIsRefused(generator, known):
    with pytest.raises(ValueError, match="the tetrahedral centre 3 .* inverted"):
        generator.generate(PROLINE, 1, seed=7, start=-known, fixed=CORE)


def testATorsionLiesInItsRange(generator):
    for low, high in ((50, 70), (-70 * unit.degree, -50 * unit.degree)):
        ensemble = generator.generate("CCCCO", 3, seed=7, torsions=[(0, 1, 2, 3, low, high)])
        for x in ensemble.positions.value_in_unit(unit.nanometer):
            b1, b2, b3 = np.diff(x[:4], axis=0)
            n1, n2 = np.cross(b1, b2), np.cross(b2, b3)
            angle = np.degrees(np.arctan2(np.linalg.norm(b2) * b1 @ n2, n1 @ n2))
            assert 50 <= angle * (1 if low == 50 else -1) <= 70


@pytest.mark.parametrize("words, torsion", [
    ("expected a torsion as four atoms and the lower and upper end", (0, 1, 2, 3, 60)),
    ("expected a torsion along bonds, got none between atoms 0", (0, 2, 1, 3, 0, 60)),
    ("got 60 to 0 degrees", (0, 1, 2, 3, 60, 0)),
])
def testRangesThatAreNone(generator, words, torsion):
    with pytest.raises(ValueError, match=words):
        generator.generate("CCCCO", 1, seed=7, torsions=[torsion])


def testRangesWithoutACommonAngle(generator):
    both = [(0, 1, 2, 3, 0, 10), (0, 1, 2, 3, 100, 110)]
    with pytest.raises(ValueError, match="that have angles in common, got 0 to 10 and 100 to 110 degrees; leave one"):
        generator.generate("CCCCO", 3, seed=7, torsions=both)
    result, = generator.generateMany(["CCCCO"], 3, seed=7, torsions=both, progress=False)
    assert "angles in common" in str(result.error)

# SPDX-License-Identifier: MIT
"""The orbit posterior through Python: reference values, generators against the whole group, refusals."""
import itertools

import numpy as np
import pytest
from openmm import unit

import openmmorbit
from openmmorbit import orbit


def cases(golden):
    for molecule in golden("orbitPosterior.json")["molecules"]:
        for case in molecule["cases"]:
            yield molecule, case


def testReferenceValues(golden):
    number = 0
    for molecule, case in cases(golden):
        result = openmmorbit.orbitPosterior(molecule["x1"], case["xt"], case["time"], bonds=molecule["bonds"],
                                            generators=molecule["generators"], prior=case["prior"], sigma=case["sigma"])
        where = f"{molecule['name']} {case['prior']} t = {case['time']}"
        for name in ("mean", "velocity", "x0Mean"):
            array = getattr(result, name)
            assert array.shape == (len(molecule["elements"]), 3)
            assert np.abs(array - np.array(case[name])).max() <= case["toleranceMean"], f"{where} {name}"
        assert abs(result.logEvidence - case["logEvidence"]) <= case["toleranceLogEvidence"], where
        number += 1
    assert number == 36


def testListedGroupEqualsGenerators(golden):
    molecule, case = next(pair for pair in cases(golden) if pair[0]["name"] == "acetone")
    numAtoms = len(molecule["elements"])
    group = openmmorbit.closeGroup(molecule["generators"], numAtoms).reshape(-1, numAtoms)
    assert len(group) == molecule["order"]
    arguments = (molecule["x1"], case["xt"], case["time"])
    listed = openmmorbit.orbitPosterior(*arguments, automorphisms=group)
    generated = openmmorbit.orbitPosterior(*arguments, generators=molecule["generators"])
    assert np.allclose(listed.mean, generated.mean, rtol=0, atol=1e-13)
    alone = openmmorbit.orbitPosterior(*arguments)
    assert not np.allclose(alone.mean, generated.mean, rtol=0, atol=1e-3)


def testFullSymmetryOfFourPointsLeavesOnlyTheCentre():
    square = np.array([[1.0, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]])
    result = openmmorbit.orbitPosterior(square, np.zeros((4, 3)), 0.5,
                                        automorphisms=list(itertools.permutations(range(4))))
    assert np.abs(result.mean).max() < 1e-14
    assert abs(result.logEvidence) < 1e-12


def testMeansHaveNoPartAlongRotations(golden):
    # F and E[R; F] have the same singular vectors, so that the sum of xt x A vanishes for isotropic noise.
    number = 0
    for molecule, case in cases(golden):
        if case["prior"] == "gaussian":
            xt = np.array(case["xt"]) - np.mean(case["xt"], axis=0)
            result = openmmorbit.orbitPosterior(molecule["x1"], xt, case["time"], generators=molecule["generators"],
                                                sigma=case["sigma"])
            horizontal = orbit.projectHorizontal(result.mean, xt).reshape(-1, 3)
            assert np.abs(horizontal - result.mean).max() <= 1e-10, molecule["name"]
            number += 1
    assert number == 18


def testReflectionsAndKabschCoupling(golden):
    targets = golden("orbitTargets.json")["molecules"]
    number = 0
    for molecule, expected in zip(golden("orbitPosterior.json")["molecules"], targets):
        case = molecule["cases"][0]
        common = {"bonds": molecule["bonds"], "generators": molecule["generators"]}
        result = openmmorbit.orbitPosterior(molecule["x1"], case["xt"], case["time"], prior=case["prior"],
                                            sigma=case["sigma"], reflections=True, **common)
        assert np.abs(result.mean - np.array(expected["reflections"][0]["mean"])).max() <= case["toleranceMean"]
        if "aligned" not in expected:
            continue
        aligned = expected["aligned"]
        result = openmmorbit.orbitPosterior(molecule["x1"], aligned["xt"], aligned["time"], prior=aligned["prior"],
                                            sigma=aligned["sigma"], coupling="kabsch", **common)
        assert np.abs(result.mean - np.array(aligned["mean"])).max() <= aligned["tolerance"]
        number += 1
    assert number == 5


def testTargets(golden):
    molecule = next(m for m in golden("orbitPosterior.json")["molecules"] if m["name"] == "benzene")
    x1 = np.array(molecule["x1"])
    noise = np.random.default_rng(1).normal(size=x1.shape)
    noise -= noise.mean(axis=0)
    xt = 0.4 * x1 + 0.6 * noise
    arguments = {"bonds": molecule["bonds"], "generators": molecule["generators"], "sigma": 0.0}
    posterior = openmmorbit.orbitPosterior(x1, xt, 0.4, **arguments)
    targets = {name: openmmorbit.orbitTarget(x1, noise, xt, 0.4, target=name, **arguments)
               for name in ("plain", "monteCarlo", "paper", "exact", "exactVelocity", "quotient")}
    assert np.allclose(targets["plain"].velocity, x1 - noise, rtol=0, atol=1e-12)
    assert np.allclose(targets["exact"].positions, posterior.mean, rtol=0, atol=1e-12)
    assert np.allclose(targets["exact"].velocity, posterior.mean - noise, rtol=0, atol=1e-12)
    assert np.allclose(targets["exactVelocity"].velocity, posterior.velocity, rtol=0, atol=1e-12)
    assert np.abs(np.cross(xt, targets["quotient"].velocity).sum(axis=0)).max() < 1e-12
    assert not np.allclose(targets["paper"].positions, targets["monteCarlo"].positions, rtol=0, atol=1e-3)


def testLargeGroupsAreAveragedByTheLattice(golden):
    molecule = next(m for m in golden("orbitPosterior.json")["molecules"] if m["name"] == "propane")
    x1, numAtoms = np.array(molecule["x1"]), len(molecule["x1"])
    pairs, neighbors = np.zeros((numAtoms, numAtoms), dtype=int), [[] for _ in range(numAtoms)]
    for first, second in molecule["bonds"]:
        pairs[first, second] = pairs[second, first] = 1
        neighbors[first].append(second)
        neighbors[second].append(first)
    colors = [10 * element + len(around) for element, around in zip(molecule["elements"], neighbors)]
    group = openmmorbit.orbit.findSymmetryGroup(colors, pairs.reshape(-1).tolist(), neighbors)
    assert group.getOrder() == molecule["order"]
    arguments = {"x1": x1, "xt": molecule["cases"][0]["xt"], "time": 0.3, "bonds": molecule["bonds"], "group": group}
    listed = openmmorbit.orbitPosterior(**arguments)
    estimates = [openmmorbit.orbitPosterior(maxOrder=1, numPoints=points, **arguments).mean for points in (16, 1024)]
    errors = [np.abs(estimate - listed.mean).max() for estimate in estimates]
    assert 0 < errors[1] < 0.02 and errors[1] < errors[0]
    with pytest.raises(ValueError, match="give one"):
        openmmorbit.orbitPosterior(automorphisms=[list(range(numAtoms))], **arguments)


def testNoiseIsMatched(golden):
    molecule = next(m for m in golden("orbitPosterior.json")["molecules"] if m["name"] == "benzene")
    x1 = np.array(molecule["x1"])
    noise = np.random.default_rng(2).normal(size=x1.shape)
    noise -= noise.mean(axis=0)
    distances = [np.linalg.norm(openmmorbit.coupleNoise(noise, x1, coupling, generators=molecule["generators"]) - x1)
                 for coupling in ("independent", "kabsch", "orbitOT")]
    assert distances[0] > distances[1] > distances[2]


@pytest.mark.parametrize("change, text", [
    ({"target": "precise"}, "precise"),
    ({"target": "monteCarlo", "coupling": "kabsch"}, "independent coupling"),
    ({"coupling": "orbitOT", "sigma": 0.1}, "sigma"),
    ({"x0": [[0.0, 0, 0]]}, "x0"),
    ({"numRotations": 0}, "rotation"),
])
def testTargetRefusal(change, text):
    arguments = {"x1": [[0.0, 0, 0], [1, 0, 0]], "x0": [[0.0, 1, 0], [1, 0, 0]], "xt": [[0.0, 0, 0], [1, 0, 0]],
                 "time": 0.5, **change}
    with pytest.raises(ValueError, match=text):
        openmmorbit.orbitTarget(**arguments)


@pytest.mark.parametrize("change, text", [
    ({"time": 1.0}, "time"),
    ({"xt": [[0.0, 0, 0]]}, "xt"),
    ({"xt": [[0.0, 0, np.nan], [1, 0, 0]]}, "finite"),
    ({"x1": [[0.0, 0], [1, 0]]}, r"x1 of shape \(numAtoms, 3\)"),
    ({"generators": [[0, 0]]}, "permutation"),
    ({"generators": [[0, 1, 2]]}, "2 atoms"),
    ({"generators": [[1, 0]], "automorphisms": [[1, 0]]}, "got both"),
    ({"prior": "harmonic"}, "connected|bond"),
    ({"prior": "flat"}, "flat"),
    ({"coupling": "aligned"}, "aligned"),
    ({"sigma": -1.0}, "sigma"),
    ({"x1": unit.Quantity([[0.0, 0, 0], [1, 0, 0]], unit.angstrom)}, "Quantity"),
])
def testRefusal(change, text):
    arguments = {"x1": [[0.0, 0, 0], [1, 0, 0]], "xt": [[0.0, 0, 0], [1, 0, 0]], "time": 0.5, **change}
    with pytest.raises(ValueError, match=text):
        openmmorbit.orbitPosterior(**arguments)

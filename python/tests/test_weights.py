# SPDX-License-Identifier: MIT
"""Importance weights against distributions that are known in closed form."""
import pathlib
import re
import warnings

import numpy as np
import openmm
import pytest
from openmm import app, unit

import openmmorbit
from doublewell import (RT, TEMPERATURE, distances, exactProbabilities, makeDoubleWell, makeGenerator, makePair,
                        makeSimulation)


@pytest.fixture(scope="module")
def states():
    return makeGenerator(makePair()).generate(4000, seed=3, density=True)


def testWeightedAveragesAreThoseOfTheBoltzmannDistribution(states):
    weights = openmmorbit.importanceWeights(states, makeDoubleWell(), TEMPERATURE * unit.kelvin, platform="Reference")
    r = distances(states.positions._value)
    share, mean = exactProbabilities()
    for found, expected in ((weights.mean(r > 0.3), share), (weights.mean(r), mean)):
        assert 0 < found.error < 0.06 and abs(found.value - expected) < 4 * found.error
    difference = weights.freeEnergyDifference(r <= 0.3, r > 0.3)
    assert abs(difference.value + RT * np.log(share / (1 - share))) < 4 * difference.error
    edges, profile = weights.profile(r, bins=10, range=(0.1, 0.6))
    assert len(edges) == 11 and profile.value.shape == profile.error.shape == (10,)
    assert profile.value.sum() == pytest.approx(1, abs=0.01)
    assert 0.01 < weights.ess < 1
    assert f"size {weights.ess * len(weights):.3g} ({100 * weights.ess:.3g} %)," in repr(weights)
    assert weights.weights.sum() == pytest.approx(1)


def testDensityIsNormalized(states):
    # The mean of 1/p over states in a ball of distances is its volume.
    r = distances(states.positions._value)
    inside = r < 0.3
    volume = np.mean(np.where(inside, np.exp(-states.logDensities), 0))
    # Centred positions have an orthonormal coordinate q = (a - b) / sqrt(2).
    expected = 4 / 3 * np.pi * (0.3 / np.sqrt(2)) ** 3
    error = np.std(np.where(inside, np.exp(-states.logDensities), 0)) / np.sqrt(len(r))
    assert abs(volume - expected) < 4 * error and error < 0.05 * expected


def testGivenStatesHaveTheDensityOfGeneratedOnes(states):
    generator = makeGenerator(makePair())
    again = generator.logDensities(states[:5])
    assert np.allclose(again, states.logDensities[:5], atol=1e-3)
    shifted = states.positions[:5] + unit.Quantity(np.array([1.0, 2.0, 3.0]), unit.nanometer)
    assert np.allclose(generator.logDensities(shifted), again, atol=1e-3)
    assert np.isnan(generator.generate(2, seed=1).logDensities).all()


def testEstimatedDensitiesTellTheirErrors():
    # Each step of a network of zeros multiplies positions by a number, which random vectors find exactly.
    generator = makeGenerator(makePair(), probes=4)
    assert generator.probes == 4 and makeGenerator(makePair()).probes == 0
    states, exact = (each.generate(3, seed=3, density=True) for each in (generator, makeGenerator(makePair())))
    assert np.allclose(states.logDensities, exact.logDensities, atol=1e-3)
    assert (states.logDensityErrors < 1e-3).all() and (exact.logDensityErrors == 0).all()
    values, errors = generator.logDensities(states, errors=True)
    assert np.allclose(values, exact.logDensities, atol=1e-3) and errors.shape == (3,)
    with pytest.raises(ValueError, match="expected exact densities, got estimates from 4 random vectors, .*probes=0"):
        openmmorbit.OrbitMonteCarlo(makeSimulation(), generator, 1)
    with pytest.raises(ValueError, match="at least 2 random vectors, .* got 1"):
        makeGenerator(makePair(), probes=1)
    poor = states[:2]
    for index, entry in enumerate(states.provenance[:2]):
        entry.logDensityError = 0.1 + index
        poor._core.addConformer(states.positions[index], states.status[index], entry)
    with pytest.warns(UserWarning, match="errors below 0.25, got up to 1.1 .*probes=0"):
        weights = openmmorbit.importanceWeights(poor, makeDoubleWell(), 300, platform="Reference")
    assert list(weights.errors[2:]) == [0.1, 1.1]


def testCallsShareTheStatesOfASeed():
    generator = makeGenerator(makePair(), check=False)
    everything = generator.generate(5, seed=3).positions._value
    parts = [generator.generate(number, seed=3, first=first).positions._value for number, first in ((2, 0), (3, 2))]
    assert np.allclose(np.concatenate(parts), everything, atol=1e-6)
    dense = generator.generate(2, seed=3, density=True, first=3).positions._value
    assert np.allclose(dense, everything[3:], atol=1e-4)


def testOneWordChoosesASamplerWithADensity():
    pair, none = makePair(), dict.fromkeys(("method", "numSteps", "renewal", "stereoGuidance", "sigmaMax"))
    generator = makeGenerator(pair, density=True, **none)
    settings = generator.samplerSettings
    assert (settings.getMethodName(), settings.numSteps) == ("bespoke", 20)
    assert settings.renewal == settings.stereoGuidance == 0
    assert settings.sigmaMax == 8
    assert np.isfinite(generator.generate(2, seed=1).logDensities).all()
    assert np.isnan(generator.generate(2, seed=1, density=False).logDensities).all()
    changed = makeGenerator(pair, density=True, **{**none, "numSteps": 3, "method": "euler"}).samplerSettings
    assert (changed.getMethodName(), changed.numSteps, changed.renewal) == ("euler", 3, 0)
    with pytest.warns(UserWarning, match=r"expected numSteps of .*8, 12.*, got 10; the method is .heun., of smaller"):
        sampler = makeGenerator(pair, density=True, **{**none, "numSteps": 10}).samplerSettings
    assert (sampler.getMethodName(), sampler.numSteps, sampler.sigmaMin) == ("heun", 10, 0.01)
    for given in ({"stereoGuidance": 1}, {"renewal": 0.5, "numSteps": 10}, {"stereoGuidance": 2, "method": "euler"}):
        with pytest.raises(ValueError, match=f"expected {next(iter(given))}=0 with density=True, .* leave it out"):
            makeGenerator(pair, density=True, **{**none, **given})
    for given, expected in (({"numSteps": 8}, ("bespoke", 8)), ({"numSteps": 10, "method": "heun"}, ("heun", 10)),
                            ({"sigmaMin": 0.02}, ("heun", 20)), ({"rho": 5, "numSteps": 8}, ("heun", 8))):
        sampler = makeGenerator(pair, density=True, **{**none, **given}).samplerSettings
        assert (sampler.getMethodName(), sampler.numSteps) == expected
        assert sampler.getMethodName() == "bespoke" or sampler.sigmaMin == given.get("sigmaMin", 0.01)
    own = makeGenerator(pair, density=True, sampler=settings, **none).samplerSettings
    assert own.toJson() == settings.toJson()


def testAStateThatHasMostOfTheWeight(states):
    """States that stand at the same place but for one: densities of the others are made large."""
    chosen = openmmorbit.Ensemble(states.graph, states._source)
    for index, entry in enumerate(states.provenance[:4]):
        entry.logDensity = 0.0 if index == 2 else 50.0
        chosen._core.addConformer(states.positions[0], states.status[index], entry)
    with pytest.warns(UserWarning, match="got 100 % of the weight on state 2 of 4, so averages are those of this"):
        weights = openmmorbit.importanceWeights(chosen, makeDoubleWell(), 300, platform="Reference")
    assert weights.weights.argmax() == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        openmmorbit.importanceWeights(chosen[[0, 1, 3]], makeDoubleWell(), 300, platform="Reference")


def testWhatHasNoWeightIsRefused(states):
    system = makeDoubleWell()
    plain = makeGenerator(makePair()).generate(2, seed=1)
    with pytest.raises(ValueError, match="expected states with densities, got 2 without"):
        openmmorbit.importanceWeights(plain, system, 300)
    with pytest.raises(ValueError, match="temperature above 0 K"):
        openmmorbit.importanceWeights(states, system, 0)
    with pytest.raises(TypeError, match="importanceWeights: expected an openmm.System, got NoneType"):
        openmmorbit.importanceWeights(states, None, 300)
    with pytest.raises(TypeError, match="potentialEnergies: expected an openmm.System, got str"):
        openmmorbit.potentialEnergies(states, "system.xml")
    with pytest.raises(TypeError, match="a temperature as a number in kelvin, or a Quantity, got '300 K'"):
        openmmorbit.importanceWeights(states, system, "300 K")
    system.addConstraint(0, 1, 0.2)
    with pytest.raises(ValueError, match="without constraints, .* got one with 1; .*constraints=None"):
        openmmorbit.importanceWeights(states, system, 300)
    for settings, words in (({"renewal": 0.5}, "renewal"), ({"method": "multistep"}, "bespoke, heun or euler")):
        with pytest.raises(ValueError, match=words):
            makeGenerator(makePair(), **settings).generate(1, density=True)


def testPositionsThatWereSetHaveNoDensity(states):
    part, system = states[:4], makeDoubleWell()
    part.setPositions(1, part.positions[1])
    assert np.isnan(part.logDensities).tolist() == [False, True, False, False]
    assert np.isnan(part[[3, 1]].logDensities).tolist() == [False, True] and np.isfinite(states.logDensities[:4]).all()
    with pytest.raises(ValueError, match="expected states with densities, got 1 without"):
        openmmorbit.importanceWeights(part, system, 300)
    openmmorbit.importanceWeights(part[[0, 2]], system, 300)
    with pytest.warns(UserWarning, match="expected the bonds of all molecules"):
        relaxed = openmmorbit.relax(part[[0]], system, numSteps=0, temperature=300).states
    assert np.isnan(relaxed.logDensities).all() and len(relaxed) == 1


def testRareSetsHaveAnUnknownError(states):
    weights = openmmorbit.importanceWeights(states[:40], makeDoubleWell(), 300)
    first = np.arange(40) == int(np.argmax(weights.weights))
    difference = weights.freeEnergyDifference(first, ~first)
    assert np.isfinite(difference.value) and difference.error == np.inf
    system = openmm.System()
    for _ in range(2):
        system.addParticle(39.9)
    force = openmm.CustomExternalForce("1/(x-x)")
    for k in range(2):
        force.addParticle(k)
    system.addForce(force)
    with pytest.raises(ValueError, match="a state with a finite energy and density, got none of 4"):
        openmmorbit.importanceWeights(states[:4], system, 300)


def testImagesOfSeveralMoleculesAreRefused(states):
    # The two argon atoms are no molecule: one of them may lie in another box, with the same energy.
    system = makeDoubleWell()
    system.getForce(0).setUsesPeriodicBoundaryConditions(True)
    message = "one molecule or a System without a periodic box, got 2 molecules .*nonbondedMethod=NoCutoff"
    with pytest.raises(ValueError, match=f"importanceWeights: expected {message}"):
        openmmorbit.importanceWeights(states, system, 300)
    simulation = app.Simulation(makePair(), system, openmm.LangevinIntegrator(300, 1, 0.001),
                                openmm.Platform.getPlatform("Reference"))
    with pytest.raises(ValueError, match=f"OrbitMonteCarlo: expected {message}"):
        openmmorbit.OrbitMonteCarlo(simulation, makeGenerator(makePair()), 1)
    bonded = makePair()
    bonded.addBond(*bonded.atoms())
    whole = app.Simulation(bonded, system, openmm.LangevinIntegrator(300, 1, 0.001),
                           openmm.Platform.getPlatform("Reference"))
    openmmorbit.OrbitMonteCarlo(whole, makeGenerator(bonded), 1)


def testThePageRuns(capsys):
    text = (pathlib.Path(__file__).resolve().parents[1] / "docs" / "weights.md").read_text(encoding="utf-8")
    simulation = makeSimulation()
    names = {"model": makeGenerator(makePair()).model, "topology": makePair(), "system": makeDoubleWell(),
             "simulation": simulation}
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(compile(block.replace("(1000,", "(50,"), "weights.md", "exec"), names)
    out = capsys.readouterr().out
    assert "effective sample size" in out and "of 40 moves accepted" in out and out.count("Estimate(value=") == 2


def testEquilibratedStatesAreDistributedAsTheSystemWhateverFewStatesTheyComeFrom(states):
    """A harmonic bond, states of which three have all the weight: the bond's mean and variance have closed forms."""
    system, k, length = openmm.System(), 4000.0, 0.3
    for _ in range(2):
        system.addParticle(39.9)
    force = openmm.HarmonicBondForce()
    force.addBond(0, 1, length, k)
    system.addForce(force)
    integrator = openmm.LangevinMiddleIntegrator(TEMPERATURE, 5, 0.005)
    integrator.setRandomNumberSeed(1)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatform("Reference"))
    r = distances(states.positions._value)
    logWeights = np.full(len(r), -np.inf)
    logWeights[np.argsort(abs(r - 0.33))[:3]] = 0
    weights = openmmorbit.ImportanceWeights(logWeights, 0 * r, TEMPERATURE, 0 * r)
    found = openmmorbit.equilibrateStates(context, states, weights, 600, time=3 * unit.picosecond, seed=2)
    grid = np.linspace(0.1, 0.5, 20001)
    density = grid ** 2 * np.exp(-k / 2 * (grid - length) ** 2 / RT)
    density /= density.sum()
    mean, moved = (density * grid).sum(), distances(found.positions._value)
    deviation = np.sqrt((density * (grid - mean) ** 2).sum())
    assert len(found) == 600 and abs(moved.mean() - mean) < 4 * deviation / np.sqrt(600)
    assert abs(moved.std() / deviation - 1) < 4 / np.sqrt(2 * 600)
    assert np.isnan(found.logDensities).all()                       # moved states have no density any more


@pytest.mark.parametrize(("changes", "text"), [
    ({"numWeights": 3}, "expected the weights of 20 states, got 3 weights"),
    ({"kelvin": 310}, "expected an integrator at 300 K, the temperature of the weights, got one at 310 K"),
    ({"time": 0.001}, "expected a time of at least a step, 5 fs, got 0.001 ps"),
    ({"kelvin": None}, "expected an integrator that keeps a temperature, such as LangevinMiddleIntegrator, got Verlet"),
])
def testEquilibrationRefusesWhatWouldNotKeepTheDistribution(states, changes, text):
    kelvin = changes.get("kelvin", TEMPERATURE)
    integrator = openmm.VerletIntegrator(0.005) if kelvin is None else \
        openmm.LangevinMiddleIntegrator(kelvin, 1, 0.005)
    context = openmm.Context(makeDoubleWell(), integrator, openmm.Platform.getPlatform("Reference"))
    zeros = np.zeros(changes.get("numWeights", 20))
    weights = openmmorbit.ImportanceWeights(zeros, zeros, TEMPERATURE, zeros)
    with pytest.raises(ValueError, match=re.escape(text)):
        openmmorbit.equilibrateStates(context, states[:20], weights, 5, time=changes.get("time", 1.0))

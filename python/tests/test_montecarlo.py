# SPDX-License-Identifier: MIT
"""Monte Carlo moves against a distribution that is known in closed form."""
import numpy as np
import openmm
import pytest
from openmm import app

import openmmorbit
from doublewell import distances, exactProbabilities, makeDoubleWell, makeGenerator, makePair, makeSimulation


def testMovesKeepTheCanonicalEnsemble():
    simulation = makeSimulation()
    moves = openmmorbit.OrbitMonteCarlo(simulation, makeGenerator(makePair()), 20, numProposals=1, batchSize=200,
                                         seed=2)
    simulation.reporters.append(moves)
    outer, means, crossings, last = [], [], 0, False
    for _ in range(1000):
        simulation.step(20)
        r = distances(simulation.context.getState(positions=True).getPositions(asNumpy=True)._value[None])[0]
        crossings += (r > 0.3) != last
        last = r > 0.3
        outer.append(last)
        means.append(r)
    share, mean = exactProbabilities()
    assert moves.numAttempts == 1000 and moves.acceptance > 0.02
    assert "moves accepted" in repr(moves) and crossings > 20
    for series, expected in ((outer, share), (means, mean)):
        blocks = np.array(series, float).reshape(25, -1).mean(axis=1)
        assert abs(blocks.mean() - expected) < 4 * blocks.std() / np.sqrt(24)


def testMovesKeepTheCentroid():
    simulation = makeSimulation()
    simulation.context.setPositions([[5, 0, 0], [5.4, 0, 0]])
    moves = openmmorbit.OrbitMonteCarlo(simulation, makeGenerator(makePair()), 1, seed=2)
    while not moves.attempt():
        assert moves.numAttempts < 500
    positions = simulation.context.getState(positions=True).getPositions(asNumpy=True)._value
    assert np.allclose(positions.mean(axis=0), [5.2, 0, 0], atol=1e-5)


def testProposalsShareTheDensityOfTheState(monkeypatch):
    # It is computed once for all moves that are due, unless one is accepted, whose density is known.
    simulation, generator = makeSimulation(), makeGenerator(makePair())
    moves = openmmorbit.OrbitMonteCarlo(simulation, generator, 10, seed=2)
    calls = []
    compute = generator.logDensities
    monkeypatch.setattr(generator, "logDensities", lambda states: calls.append(len(states)) or compute(states))
    simulation.reporters.append(moves)
    simulation.step(50)
    assert moves.numAttempts == 20 and calls == [1] * 5
    with pytest.raises(ValueError, match="numProposals"):
        openmmorbit.OrbitMonteCarlo(simulation, generator, 10, numProposals=0)


def testStatesOfMovesShowTheirProgress(monkeypatch):
    bars = []

    class Bar:
        def __init__(self, total, words, **_):
            self.n, self.total = 0, total
            bars.append((words, self))

        def update(self, number):
            self.n += number

        def close(self):
            pass

    monkeypatch.setattr("openmmorbit.generator.makeBar", Bar)
    openmmorbit.OrbitMonteCarlo(makeSimulation(), makeGenerator(makePair()), 1, seed=3, progress=False).attempt()
    assert bars == []
    moves = openmmorbit.OrbitMonteCarlo(makeSimulation(), makeGenerator(makePair()), 1, batchSize=4, seed=3)
    moves.attempt()
    assert [(words, bar.n, bar.total) for words, bar in bars] == [("generating", 750, 1000)]    # the last of 4 began
    for _ in range(4):
        moves.attempt()
    assert len(bars) == 2


def testAnInterruptedMoveChangesNothing(monkeypatch):
    simulation = makeSimulation()
    moves = openmmorbit.OrbitMonteCarlo(simulation, makeGenerator(makePair()), 1, seed=3)
    before = simulation.context.getState(positions=True, velocities=True)

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(moves, "_logDensity", interrupt)
    with pytest.raises(KeyboardInterrupt):
        moves.attempt()
    after = simulation.context.getState(positions=True, velocities=True)
    for read in (openmm.State.getPositions, openmm.State.getVelocities):
        assert np.array_equal(read(before, asNumpy=True)._value, read(after, asNumpy=True)._value)


def testWrongSimulationsAreRefused():
    generator = makeGenerator(makePair())
    simulation = makeSimulation()
    with pytest.raises(ValueError, match="interval"):
        openmmorbit.OrbitMonteCarlo(simulation, generator, 0)
    with pytest.raises(TypeError, match=r"a TopologyGenerator, got str; TopologyGenerator\(model, topology, density"):
        openmmorbit.OrbitMonteCarlo(simulation, "model.safetensors", 1)
    verlet = app.Simulation(makePair(), makeDoubleWell(), openmm.VerletIntegrator(0.001),
                            openmm.Platform.getPlatformByName("Reference"))
    with pytest.raises(ValueError, match="VerletIntegrator has none; give temperature="):
        openmmorbit.OrbitMonteCarlo(verlet, generator, 1)
    system = makeDoubleWell()
    system.addParticle(1)
    larger = app.Simulation(app.Topology(), system, openmm.LangevinIntegrator(300, 1, 0.001),
                            openmm.Platform.getPlatformByName("Reference"))
    with pytest.raises(ValueError, match="System of the 2 atoms that the generator makes, got one of 3"):
        openmmorbit.OrbitMonteCarlo(larger, generator, 1)

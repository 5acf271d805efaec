# SPDX-License-Identifier: MIT
"""States into Contexts and samplers, and the choice of a few of many."""
import copy
import warnings

import numpy as np
import openmm
import pytest
from openmm import app, unit

import openmmorbit
from systems import implicitSystem, makeContext, makePeptide, makeStates, solvatedBox


@pytest.fixture(scope="module")
def alanine():
    topology, positions = makeStates("ACE", "ALA", "NME")
    return topology, positions, implicitSystem(topology, constraints=app.HBonds)


@pytest.fixture(scope="module")
def tripeptide():
    names = ("ACE", "ALA", "ALA", "ALA", "NME")
    topology, positions = makeStates(*names, number=30)
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule(makePeptide(*names)[1]))
    for conformer in positions:
        ensemble._core.addConformer(conformer)
    return topology, positions, ensemble


def getPositions(context):
    return context.getState(positions=True).getPositions(asNumpy=True)._value


def testEachStateIsTheSameAsByHand(alanine):
    topology, positions, system = alanine
    contexts, visited = [makeContext(system) for _ in range(2)], []
    for index in openmmorbit.eachState(contexts[0], positions * unit.nanometer, topology=topology, temperature=300,
                                       seed=5):
        contexts[1].setPositions(positions[index])
        contexts[1].applyConstraints(contexts[1].getIntegrator().getConstraintTolerance())
        contexts[1].setVelocitiesToTemperature(300, 5 + index)
        states = [context.getState(positions=True, velocities=True) for context in contexts]
        assert np.array_equal(*[state.getPositions(asNumpy=True)._value for state in states])
        assert np.array_equal(*[state.getVelocities(asNumpy=True)._value for state in states])
        visited.append(index)
    assert visited == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", ["states", "quantities", "vectors", "pdb"])
def testFormsOfStates(alanine, kind, tmp_path):
    topology, positions, system = alanine
    context = makeContext(implicitSystem(topology))
    if kind == "states":
        given = []
        for conformer in positions:
            context.setPositions(conformer)
            given.append(context.getState(positions=True))
    elif kind == "quantities":
        given = [unit.Quantity(10 * conformer, unit.angstrom) for conformer in positions]
    elif kind == "vectors":
        given = [[openmm.Vec3(*row) for row in conformer] for conformer in positions]
    else:
        with open(tmp_path / "a.pdb", "w", encoding="utf-8") as stream:
            app.PDBFile.writeHeader(topology, stream)
            for model, conformer in enumerate(positions):
                app.PDBFile.writeModel(topology, conformer * unit.nanometer, stream, model)
        given = app.PDBFile(str(tmp_path / "a.pdb"))
    for index in openmmorbit.eachState(context, given):
        assert np.allclose(getPositions(context), positions[index], atol=1e-4)
    assert index == 3


def testWhatTakesTimeIsDoneOnce(alanine, monkeypatch):
    from openmmorbit.simulation import applying
    topology, positions, system = alanine
    calls = []
    for name in ("matchParticles", "requireFinite", "readStates"):
        plain = getattr(applying, name)
        monkeypatch.setattr(applying, name, lambda *given, plain=plain: calls.append(1) or plain(*given))
    states = openmmorbit.eachState(makeContext(system), np.resize(positions, (100, 22, 3)), topology=topology)
    assert len(calls) == 3 and len(list(states)) == 100 and len(calls) == 3


def testVirtualSitesAreComputed():
    topology, positions, system = solvatedBox("ACE", "ALA", "NME", model="tip4pew", water="amber14/tip4pew.xml")
    sites = [i for i in range(system.getNumParticles()) if system.isVirtualSite(i)]
    real = sorted(set(range(len(positions))) - set(sites))
    context = makeContext(system, platform="CPU")
    for given in (positions[real], np.where(np.isin(np.arange(len(positions)), sites)[:, None], 0, positions)):
        openmmorbit.applyStates([context], given)
        assert np.allclose(getPositions(context)[sites], positions[sites], atol=1e-4)


def testEveryContextGetsAStateOfItsOwn(tripeptide):
    topology, positions, ensemble = tripeptide
    system = implicitSystem(topology)
    contexts = [makeContext(system), app.Simulation(topology, system, openmm.VerletIntegrator(0.001),
                                                    openmm.Platform.getPlatform("Reference")), makeContext(system)]
    openmmorbit.applyStates(contexts, positions[:3], topology=topology, temperature=300 * unit.kelvin, seed=2)
    for context, expected in zip((contexts[0], contexts[1].context, contexts[2]), positions):
        assert np.allclose(getPositions(context), expected, atol=1e-6)
    ensemble.applyTo(contexts, 4)
    assert np.allclose(getPositions(contexts[2]), positions[6], atol=1e-6)
    with pytest.raises(ValueError, match="each of the 3 Contexts, got 30; startingStates"):
        openmmorbit.applyStates(contexts, ensemble)
    with pytest.raises(ValueError, match="each of the 3 Contexts, got 1"):
        ensemble.applyTo(contexts, 29)
    with pytest.raises(ValueError, match="a single Context with particles"):
        ensemble.applyTo(contexts, 0, particles=range(42))
    with pytest.raises(TypeError, match="a Context, a Simulation or a sampler, got int"):
        openmmorbit.applyStates([3], positions[:1])


def testNothingIsAppliedOfWrongStates(alanine):
    topology, positions, system = alanine
    context = makeContext(system)
    context.setPositions(positions[0])
    bad = positions.copy()
    bad[2, 0, 0], bad[3] = np.nan, np.inf
    for call in (lambda: openmmorbit.eachState(context, bad, topology=topology),
                 lambda: openmmorbit.applyStates([context] * 4, bad, topology=topology)):
        with pytest.raises(ValueError, match="finite positions, got others in state 2 and 1 more"):
            call()
    with pytest.raises(ValueError, match="System of 21 particles, one for each atom of the states, got 22"):
        openmmorbit.eachState(context, positions[:, 1:])
    with pytest.raises(ValueError, match="temperature above 0 K"):
        openmmorbit.eachState(context, positions, temperature=-1)
    assert np.array_equal(getPositions(context), positions[0])


def testDiverseStatesAreFarApart(tripeptide):
    topology, positions, ensemble = tripeptide
    chosen = openmmorbit.chooseStates(positions, 6, topology=topology, seed=3)
    assert len(set(chosen)) == 6
    assert np.array_equal(chosen, openmmorbit.chooseStates(positions, 6, topology=topology, seed=3))
    assert np.array_equal(chosen, openmmorbit.chooseStates(ensemble, 6, seed=3))
    flat = (10 * positions).ravel()
    rmsd = np.reshape(openmmorbit.computeSymmetricRmsd(ensemble.graph, flat, flat), (30, 30))
    # Each is as far as possible from those before.
    for number in range(1, 6):
        nearest = rmsd[:, chosen[:number]].min(axis=1)
        assert nearest[chosen[number]] == pytest.approx(nearest.max(), abs=1e-9)
    firsts = {openmmorbit.chooseStates(positions, 1, topology=topology, seed=seed)[0] for seed in range(1, 20)}
    assert len(firsts) > 5
    assert sorted(openmmorbit.chooseStates(positions, 30, topology=topology, seed=3)) == list(range(30))
    starts = ensemble.startingStates(6, seed=3)
    assert isinstance(starts, openmmorbit.Ensemble) and np.array_equal(starts.positions._value, positions[chosen])
    found = openmmorbit.startingStates(positions, 6, topology=topology, seed=3)
    assert np.array_equal(found.value_in_unit(unit.nanometer), positions[chosen])


def testRenumberedStatesAreNotDiverse(alanine):
    """A turned copy with two hydrogens of a methyl in each other's place is the same state."""
    topology, positions, _ = alanine
    turned = positions[0][:, [1, 2, 0]] + 1
    states = np.array([positions[0], turned, positions[1]])
    for seed in range(1, 6):
        chosen = openmmorbit.chooseStates(states, 2, topology=topology, seed=seed)
        assert 2 in chosen


def testSolvatedStatesAreComparedByTheirSolute():
    topology, positions, _ = solvatedBox("ACE", "ALA", "NME")
    states = np.array([positions] * 3)
    states[1, 30:] += 1.0
    states[2, :22] = makeStates("ACE", "ALA", "NME")[1][2]
    for seed in range(1, 4):
        assert 2 in openmmorbit.chooseStates(states, 2, topology=topology, seed=seed)


def testSystematicResampling(tripeptide):
    _, _, ensemble = tripeptide
    weights = np.random.default_rng(3).random(30)
    expected = 40 * weights / weights.sum()
    for options in ({"weights": 7 * weights}, {"logWeights": np.log(weights) - 900},
                    {"energies": -unit.MOLAR_GAS_CONSTANT_R * 300 * unit.kelvin * np.log(weights), "temperature": 300}):
        chosen = openmmorbit.chooseStates(ensemble, 40, "weighted", seed=5, **options)
        counts = np.bincount(chosen, minlength=30)
        assert (counts >= np.floor(expected)).all() and (counts <= np.ceil(expected)).all()
        assert np.array_equal(chosen, openmmorbit.chooseStates(ensemble, 40, "weighted", seed=5, **options))
    assert len(ensemble.startingStates(40, "weighted", weights=weights)) == 40
    sums = sum(np.bincount(openmmorbit.chooseStates(ensemble, 40, "weighted", weights=weights, seed=seed), minlength=30)
               for seed in range(1, 400))
    assert np.allclose(sums / 399, expected, atol=0.12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        openmmorbit.chooseStates(ensemble, 4, "weighted", weights=np.ones(30))
    with pytest.warns(UserWarning, match="effective sample size 1.0, so that most of 8 replicas"):
        chosen = openmmorbit.chooseStates(ensemble, 8, "weighted", weights=np.eye(30)[4])
    assert chosen.tolist() == [4] * 8


@pytest.mark.parametrize("number, method, options, message", [
    (31, "diverse", {}, "at most 30 replicas, one a state, got 31"),
    (0, "diverse", {}, "numReplicas from 1"),
    (3, "best", {}, "method of 'diverse', 'weighted', got 'best'"),
    (3, "diverse", {"weights": np.ones(30)}, "no weights with method='diverse'"),
    (3, "weighted", {}, "one of weights, logWeights and energies.*got none"),
    (3, "weighted", {"weights": np.ones(30), "energies": np.ones(30)}, "got weights and energies"),
    (3, "weighted", {"weights": np.ones(29)}, r"shape \(30,\), one for each state, got \(29,\)"),
    (3, "weighted", {"weights": -np.ones(30)}, "weights of at least 0, got -1 for state 0; logarithms"),
    (3, "weighted", {"weights": np.zeros(30)}, "weight above 0, got none"),
    (3, "weighted", {"weights": np.full(30, np.nan)}, "weights that are numbers, got one for state 0"),
    (3, "weighted", {"logWeights": np.full(30, np.inf)}, "logWeights that are numbers"),
    (3, "weighted", {"energies": np.ones(30)}, "temperature of the Boltzmann weights"),
    (3, "weighted", {"energies": np.ones(30) * unit.nanometer, "temperature": 300}, "energies in .*, got nanometer")])
def testWrongChoices(tripeptide, number, method, options, message):
    with pytest.raises(ValueError, match=message):
        openmmorbit.chooseStates(tripeptide[2], number, method, **options)
    if method == "diverse" and number == 31:
        with pytest.raises(ValueError, match="give topology="):
            openmmorbit.chooseStates(tripeptide[1], 3)


def makeSampler(topology, system, positions, states):
    integrator = openmm.LangevinMiddleIntegrator(300, 1, 0.001)
    simulation = app.Simulation(topology, system, integrator, openmm.Platform.getPlatform("Reference"))
    simulation.context.setPositions(positions)
    return app.ReplicaExchangeSampler(states, simulation, 5)


def testReplicasStartFromStatesOfTheirOwn(alanine):
    topology, positions, system = alanine
    sampler = makeSampler(topology, system, positions[3], [{"temperature": t * unit.kelvin} for t in (300, 600, 1200)])
    before = getPositions(sampler.simulation.context)
    openmmorbit.seedReplicas(sampler, positions[:3], seed=4)
    assert np.array_equal(getPositions(sampler.simulation.context), before)
    context, energies = makeContext(system), []
    for state, conformer in zip(sampler.replicaConformation, positions):
        context.setPositions(conformer)
        context.applyConstraints(1e-5)
        assert np.allclose(state.getPositions(asNumpy=True)._value, getPositions(context), atol=1e-6)
        speeds = state.getVelocities(asNumpy=True)._value
        masses = np.array([system.getParticleMass(i)._value for i in range(22)])
        energies.append((masses[:, None] * speeds ** 2).sum() / 2)
    assert energies[0] < energies[1] < energies[2]
    # Starting replicas are what simulate() begins with, and it goes on from there.
    sampler.simulate(2)
    assert sampler.currentIteration == 2
    moved = [np.abs(state.getPositions(asNumpy=True)._value - conformer).max()
             for state, conformer in zip(sampler.replicaConformation, positions)]
    assert max(moved) < 0.1 and min(moved) > 1e-4
    with pytest.raises(ValueError, match="before its first iteration, got one after 2; restart=True"):
        openmmorbit.seedReplicas(sampler, positions[:3])
    openmmorbit.seedReplicas(sampler, positions[:3], restart=True)


def testOfMoreStatesSomeAreChosen(tripeptide):
    topology, positions, ensemble = tripeptide
    temperatures = [{"temperature": kelvin} for kelvin in (300, 350, 400)]
    sampler = makeSampler(topology, implicitSystem(topology), positions[0], temperatures)
    chosen = openmmorbit.seedReplicas(sampler, ensemble, seed=3)
    assert np.array_equal(chosen, openmmorbit.chooseStates(ensemble, 3, seed=3))
    for state, index in zip(sampler.replicaConformation, chosen):
        assert np.allclose(state.getPositions(asNumpy=True)._value, positions[index], atol=1e-6)
    assert np.array_equal(chosen, openmmorbit.seedReplicas(sampler, positions, seed=3))
    weights = np.where(np.isin(np.arange(30), (4, 9, 20)), 1.0, 0.0)
    assert sorted(openmmorbit.seedReplicas(sampler, ensemble, "weighted", weights=weights)) == [4, 9, 20]
    assert openmmorbit.seedReplicas(sampler, ensemble[:3]).tolist() == [0, 1, 2]


def testReplicasKeepBoxAndParameters():
    topology, positions, system = solvatedBox("ACE", "ALA", "NME")
    system = copy.deepcopy(system)
    force = openmm.CustomExternalForce("scale*x*0")
    force.addGlobalParameter("scale", 1.0)
    system.addForce(force)
    simulation = app.Simulation(topology, system, openmm.LangevinMiddleIntegrator(300, 1, 0.001),
                                openmm.Platform.getPlatform("CPU"))
    simulation.context.setPositions(positions)
    sampler = app.ReplicaExchangeSampler([{"scale": 0.5}, {"scale": 2.0}], simulation, 1)
    simulation.context.setPeriodicBoxVectors(*(3 * np.eye(3)))
    openmmorbit.seedReplicas(sampler, [positions, positions + 0.1], seed=3)
    for state in sampler.replicaConformation:
        assert np.allclose(state.getPeriodicBoxVectors(asNumpy=True)._value, topology.getPeriodicBoxVectors()._value)
        assert state.getParameters()["scale"] == 1.0
    assert simulation.context.getState().getPeriodicBoxVectors()[0][0] == 3 * unit.nanometer


def testExpandedEnsembleStartsFromAState(alanine):
    topology, positions, system = alanine
    simulation = app.Simulation(topology, system, openmm.LangevinMiddleIntegrator(300, 1, 0.001),
                                openmm.Platform.getPlatform("Reference"))
    sampler = app.ExpandedEnsembleSampler([{"temperature": t * unit.kelvin} for t in (300, 400)], simulation, 5)
    bad = positions[0].copy()
    bad[9] = bad[0] + 1e-4
    openmmorbit.seedReplicas(sampler, positions[1], seed=2)
    start = getPositions(simulation.context)
    assert np.abs(start - positions[1]).max() < 0.01
    with pytest.raises(ValueError, match="that can be simulated, got state 0"):
        openmmorbit.seedReplicas(sampler, bad)
    assert np.array_equal(getPositions(simulation.context), start)
    chosen = openmmorbit.seedReplicas(sampler, positions, seed=5)
    assert chosen.shape == (1,) and np.abs(getPositions(simulation.context) - positions[chosen[0]]).max() < 0.01
    simulation.step(5)
    openmmorbit.applyStates([sampler], positions[:1])


def testWrongReplicas(alanine):
    topology, positions, system = alanine
    sampler = makeSampler(topology, system, positions[3], [{"temperature": t} for t in (300, 400)])
    conformations = sampler.replicaConformation
    with pytest.raises(ValueError, match=r"2 states or more, one a replica, got 1; .* startingStates\(states, 2"):
        openmmorbit.seedReplicas(sampler, positions[0])
    with pytest.raises(ValueError, match="one of weights, logWeights and energies"):
        openmmorbit.seedReplicas(sampler, positions, "weighted")
    with pytest.raises(TypeError, match="ReplicaExchangeSampler or an ExpandedEnsembleSampler.*got Simulation"):
        openmmorbit.seedReplicas(sampler.simulation, positions)
    clash = positions[:2].copy()
    clash[1, 9] = clash[1, 0] + 1e-4
    with pytest.raises(ValueError, match=r"got state 1 with a potential energy .*relax\(\) the states first"):
        openmmorbit.seedReplicas(sampler, clash)
    with pytest.raises(ValueError, match="System of 42 particles.*got 22"):
        openmmorbit.seedReplicas(sampler, makeStates("ACE", "ALA", "ALA", "ALA", "NME", number=2)[1])
    assert sampler.replicaConformation is conformations
    assert np.array_equal(getPositions(sampler.simulation.context), positions[3])

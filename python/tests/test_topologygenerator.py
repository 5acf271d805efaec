# SPDX-License-Identifier: MIT
"""The generator of states of a system: what it accepts, what it returns, what it refuses."""
import copy
import pickle

import numpy as np
import openmm
import pytest
from openmm import app, unit

import openmmorbit
from openmmorbit import orbit, topologies


def makeTopology(names=("ALA", "GLY"), chains=1):
    """Residues of CA with two hydrogens and an oxygen, bonded along each chain."""
    topology = app.Topology()
    for _ in range(chains):
        chain, last = topology.addChain(), None
        for name in names:
            residue = topology.addResidue(name, chain)
            alpha = topology.addAtom("CA", app.element.carbon, residue)
            for other, element in (("HA1", app.element.hydrogen), ("HA2", app.element.hydrogen),
                                   ("O", app.element.oxygen)):
                topology.addBond(alpha, topology.addAtom(other, element, residue))
            if last is not None:
                topology.addBond(last, alpha)
            last = alpha
    return topology


def makeModel(topology, atoms=None):
    settings = orbit.PairBiasTransformerSettings()
    settings.width, settings.numHeads, settings.numLayers, settings.pairWidth = 16, 2, 1, 8
    chosen = topologies.findAtoms(topology, atoms)
    subject = orbit.makeTopologySubject(topologies.makeRecord(topology), np.asarray(chosen, dtype=np.int32))
    vocabularies = orbit.makeTopologyVocabularies(subject)
    model = orbit.DenoiserModel.createRandom(settings, 1, vocabularies.atoms, vocabularies.pairs)
    model.setTopology(subject)
    return model


def testStatesHaveTheTopologyOfTheUser():
    topology = makeTopology()
    generator = openmmorbit.TopologyGenerator(makeModel(topology), topology, "Reference", check=False, numSteps=3)
    states = generator.generate(4, seed=2)
    assert states.positions.shape == (4, 8, 3) and states.topology is topology
    assert states[1:3].topology is topology and states[2].topology is topology
    assert [p.seed for p in states.provenance] == [2] * 4
    again = generator.generate(2, seed=2)
    assert np.allclose(again.positions._value, states.positions._value[:2], atol=1e-6)
    assert "TopologyGenerator" in repr(generator) and generator.kernelDescription().startswith("Reference")


@pytest.mark.parametrize("atoms", [None, "CA"])
def testSettingsSurviveXmlAndPickle(atoms):
    topology = makeTopology()
    generator = openmmorbit.TopologyGenerator(makeModel(topology, atoms), topology, "Reference", atoms=atoms,
                                              check=False, numSteps=3, maxRedraws=4, probes=6, timeLimit=9)
    text = generator.toXml(embedModel=True)
    read = openmmorbit.TopologyGenerator.fromXml(text, topology, atoms=atoms)
    for again in (read, pickle.loads(pickle.dumps(generator)), copy.deepcopy(generator)):
        assert again.samplerSettings.numSteps == 3 and again.probes == 6 and again._core.getMaxRedraws() == 4
        assert again.atoms == generator.atoms and again._core.getTimeLimit() == 9
        first, second = (entry.generate(2, seed=3).positions._value for entry in (generator, again))
        assert np.array_equal(first, second)
    with pytest.raises(ValueError, match="checkTopology"):
        openmmorbit.TopologyGenerator.fromXml(text, makeTopology(names=("ALA", "ALA")))
    with pytest.raises(ValueError, match="expected XML of the type OrbitConformerGenerator, got \"OrbitTopologyGen"):
        openmmorbit.ConformerGenerator.fromXml(text)


def testSelectedAtomsGiveTheirPart(tmp_path):
    topology = makeTopology(chains=2)
    generator = openmmorbit.TopologyGenerator(makeModel(topology, "CA"), topology, platform="Reference", check=False,
                                              numSteps=2)
    states = generator.generate(3, seed=1)
    assert generator.atoms == [0, 4, 8, 12] and states.numAtoms == 4
    assert [atom.name for atom in states.topology.atoms()] == ["CA"] * 4
    assert [chain.index for chain in states.topology.chains()] == [0, 1]
    states.writePDB(tmp_path / "ca.pdb")
    states.writeDCD(tmp_path / "ca.dcd")
    assert app.PDBFile(str(tmp_path / "ca.pdb")).getNumFrames() == 3


def testAContextMakesItsOwnStates():
    # Two copies in one System: the topology as it is, and the particles behind it in reverse.
    topology = makeTopology()
    model = makeModel(topology)
    expected = openmmorbit.TopologyGenerator(model, topology, "Reference", check=False, numSteps=3).generate(1, seed=2)
    masses = [atom.element.mass for atom in topology.atoms()]
    system = openmm.System()
    for mass in [*masses, *reversed(masses)]:
        system.addParticle(mass)
    integrator = openmmorbit.OrbitDiffusionIntegrator(model)
    integrator.setNumSteps(3)
    integrator.setRandomNumberSeed(2)
    condition = model.getConditions()[0]
    assert integrator.addTopology(topology) == 0
    assert integrator.addTopology(topology, range(15, 7, -1), condition) == 1
    for each in (integrator, copy.deepcopy(integrator), pickle.loads(pickle.dumps(integrator))):
        context = openmm.Context(system, each, openmm.Platform.getPlatformByName("Reference"))
        context.setPositions(np.zeros((16, 3)))
        each.generate()
        found = context.getState(positions=True).getPositions(asNumpy=True)._value
        assert np.allclose(found[:8], expected.positions._value[0], atol=1e-5)
        assert each.getMoleculeParticles(1) == tuple(range(15, 7, -1))
        assert each.getMoleculeStatus(1).isAccepted()   # A random model has no ranges: only clashes could be wrong.
    for arguments, error, words in (
            ((makeTopology(("ALA", "ALA")),), ValueError, "addTopology: .*trained for, with .*GLY"),
            ((makeTopology(("ALA",)), range(4)), ValueError, "addTopology: expected a topology of 8 atoms"),
            ((topology, range(7)), ValueError, "expected 8 particles"),
            ((topology, None, "900 K"), ValueError, "addTopology: expected a condition of the model .*'900 K'"),
            (("a.pdb",), TypeError, "expected an openmm.app.Topology, got str")):
        with pytest.raises(error, match=words):
            openmmorbit.OrbitDiffusionIntegrator(model).addTopology(*arguments)


def testFixedAtomsStayAndTheRestIsGenerated():
    topology = makeTopology()
    model = makeModel(topology)
    model.setRotations(orbit.OrbitRotations_Proper)
    generator = openmmorbit.TopologyGenerator(model, topology, "Reference", check=False, numSteps=8)
    start = generator.generate(1, seed=5).positions[0] + unit.Quantity(np.array([1.0, 2.0, 3.0]), unit.nanometer)
    states = generator.generate(3, seed=2, start=start, fixed=range(4)).positions._value
    assert np.abs(states[:, :4] - start._value[:4]).max() < 1e-5
    assert np.linalg.norm(states[0, 4:] - states[1, 4:], axis=-1).max() > 0.01
    near = generator.generate(3, seed=2, start=start, level=0.2).positions._value
    assert np.allclose(near.mean(axis=1), start._value.mean(axis=0), atol=1e-6)
    assert np.linalg.norm(near - start._value, axis=-1).max() < 0.15
    same = generator.generate(3, seed=2, start=start, level=0.02 * unit.nanometer).positions._value
    assert np.array_equal(same, near)       # The unit of the model is Angstrom.
    for settings, words in (({"level": 1.0}, "expected start with level"),
                            ({"fixed": [1]}, "expected start with fixed"),
                            ({"start": start, "level": -1}, "a level above 0, got -1"),
                            ({"start": start._value[0]}, r"shape \(numAtoms, 3\)"),
                            ({"start": start}, "expected level or fixed beside start, got neither"),
                            ({"start": start, "level": 0.2 * unit.kelvin}, "level in nanometer, got kelvin"),
                            ({"start": start, "level": 0.2, "density": True}, "no start for states with a density"),
                            ({"start": start[:5], "level": 0.2}, "positions of 8 atoms")):
        with pytest.raises(ValueError, match=words):
            generator.generate(1, **settings)


def testStatesGoIntoAContext():
    topology = makeTopology()
    states = openmmorbit.TopologyGenerator(makeModel(topology), topology, "Reference", check=False,
                                           numSteps=2).generate(2, seed=1)
    system = openmm.System()
    for atom in topology.atoms():
        system.addParticle(atom.element.mass)
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference"))
    states.applyTo(context, 1)
    assert np.allclose(context.getState(getPositions=True).getPositions(asNumpy=True)._value,
                       states.positions._value[1])


def testInspectionLeavesOutWrongStates():
    topology = makeTopology()
    model = makeModel(topology)
    subject = orbit.TopologySubject(model.getTopology())
    statistics = orbit.FrameStatistics(subject)
    statistics.add(np.random.default_rng(1).normal(size=24))
    statistics.finish(subject)
    model.setTopology(subject)
    states = openmmorbit.TopologyGenerator(model, topology, "Reference", maxRedraws=1, numSteps=2).generate(3, seed=1)
    assert len(states) < 3 and len(states.failures) == 3 - len(states)
    assert "expected 3 correct states of the topology of 8 atoms" in states.message
    failed = openmmorbit.TopologyGenerator(model, topology, "Reference", maxRedraws=1, numSteps=2,
                                           returnFailed=True).generate(3, seed=1)
    assert len(failed) == 3 and not all(status.isAccepted() for status in failed.status)


@pytest.mark.parametrize("way", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def testStatesCanBeCopied(way):
    topology = makeTopology()
    states = openmmorbit.TopologyGenerator(makeModel(topology), topology, "Reference", check=False,
                                           numSteps=2).generate(2, seed=1)
    other = way(states)
    assert np.array_equal(other.positions._value, states.positions._value)
    assert other.topology.getNumAtoms() == 8 and other.topology.getNumBonds() == topology.getNumBonds()


def testAnotherSystemIsRefusedByItsFirstDifference():
    topology = makeTopology()
    model = makeModel(topology)
    with pytest.raises(ValueError, match="residue name GLY at atom 4 .CA of residue SER 2., got SER"):
        openmmorbit.TopologyGenerator(model, makeTopology(("ALA", "SER")))
    two = makeTopology(("ALA", "SER"), chains=2)
    for residue, number in zip(two.residues(), (56, 57, 56, 57)):
        residue.id = str(number)
    two._chains[1].id = "L"
    list(two.residues())[3].insertionCode = "B"
    with pytest.raises(ValueError, match="chain number 1 at atom 8 .CA of residue ALA 56 of chain L., got number 2$"):
        openmmorbit.TopologyGenerator(makeModel(makeTopology(), "CA"), two, atoms=[8, 12])
    integrator = openmmorbit.OrbitDiffusionIntegrator(makeModel(makeTopology(chains=2), [8, 12]))
    with pytest.raises(ValueError, match="residue name GLY at atom 12 .CA of residue SER 57B of chain L., got SER$"):
        integrator.addTopology(two)
    with pytest.raises(ValueError, match="expected a topology of 8 atoms as in training, got 16"):
        openmmorbit.TopologyGenerator(model, makeTopology(chains=2))
    with pytest.raises(ValueError, match="with 8 atoms, got 4"):
        openmmorbit.TopologyGenerator(model, topology, atoms="heavy")
    with pytest.raises(ValueError, match="expected a model of a system, got one of molecules"):
        openmmorbit.TopologyGenerator(openmmorbit.defaultModelPath(), topology)
    with pytest.raises(TypeError, match="expected an openmm.app.Topology, got str"):
        openmmorbit.TopologyGenerator(model, "system.pdb")


@pytest.mark.parametrize("atoms, words", [
    ("backbone and", "'all', 'heavy', 'CA'"), ("name CZ", "at least one selected atom"),
    ([], "at least one selected atom"), ([0, 8], "below 8, .* got 8"),
    ([1, 1], "atom 1 twice"), ([-1], "atoms"), (np.ones(7, bool), "as a mask of 8 truth values, got 7 of them"),
    ([True], "mask of 8 truth values, got 1"), ([0, True], "got both: True and 0"), (8 * [False], "at least one")])
def testWrongSelectionsAreNamed(atoms, words):
    with pytest.raises(ValueError, match=words):
        topologies.findAtoms(makeTopology(), atoms)


def testMasksStandForAtoms():
    topology = makeTopology()
    mask = np.array([atom.name == "CA" for atom in topology.atoms()])
    assert topologies.findAtoms(topology, mask) == topologies.findAtoms(topology, mask.tolist()) == [0, 4]
    assert openmmorbit.TopologyGenerator(makeModel(topology, mask), topology, atoms=mask).atoms == [0, 4]


def testWhatIsNoModelIsNamed():
    for wrong in (3, makeTopology()):
        with pytest.raises(TypeError, match=f"TopologyGenerator: expected a model as .*, got {type(wrong).__name__}"):
            openmmorbit.TopologyGenerator(wrong, makeTopology())


def testMoleculesWantBondOrders(tmp_path):
    topology = makeTopology()
    states = openmmorbit.TopologyGenerator(makeModel(topology), topology, "Reference", check=False,
                                           numSteps=2).generate(1, seed=1)
    with pytest.raises(ValueError, match="expected a molecule with bond orders"):
        states.toRDKit()
    with pytest.raises(ValueError, match="TopologyGenerator: expected maxRedraws or its former name"):
        openmmorbit.TopologyGenerator(makeModel(topology), topology, maxRedraws=1, maxResamplings=2)
    with pytest.raises(ValueError, match="numStates"):
        openmmorbit.TopologyGenerator(makeModel(topology), topology).generate(0)
    assert unit.is_quantity(states.positions)

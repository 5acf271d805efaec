# SPDX-License-Identifier: MIT
"""The SWIG modules: docstrings, units, exception types, containers, lifetimes."""
import copy
import gc
import inspect
import pickle
import warnings

import numpy as np
import openmm
import pytest
from openmm import unit

import openmmorbit  # noqa: F401  (loads the plugins)
from openmmorbit import molecules, orbit


def publicClasses(module):
    skipped = ("SwigPyIterator",)
    return [c for name, c in vars(module).items() if inspect.isclass(c) and c.__module__ == module.__name__
            and not name.startswith("_") and name not in skipped]


def undocumented(module):
    missing = []
    for cls in publicClasses(module):
        for name, value in vars(cls).items():
            verbs = ("get", "set", "add", "generate", "apply", "read", "create")
            if inspect.isfunction(value) and name.startswith(verbs):
                own = (value.__doc__ or "").strip()
                if not own and not name.startswith("set"):
                    missing.append(f"{cls.__name__}.{name}")
        if not (cls.__doc__ or "").strip():
            missing.append(cls.__name__)
    missing += [name for name, value in vars(module).items() if inspect.isfunction(value) and not name.startswith("_")
                and value.__module__ == module.__name__ and not (value.__doc__ or "").strip()]
    return missing


def testDocstringsComeAlong():
    assert undocumented(orbit) == []
    assert "random seed; 0 chooses one" in orbit.ConformerGenerator.generate.__doc__


def testDocstringsOfTheReadingRoom():
    from openmmorbit import orbitchem

    assert undocumented(orbitchem) == []


def makeWater():
    graph = orbit.MolecularGraph()
    atoms = []
    for element in (8, 1, 1):
        atom = orbit.GraphAtom()
        atom.element = element
        atoms.append(atom)
    bonds = []
    for other in (1, 2):
        bond = orbit.GraphBond()
        bond.atom1, bond.atom2 = 0, other
        bonds.append(bond)
    graph.atoms, graph.bonds = atoms, bonds
    return graph


def testUnitsAreStrippedAndAttached():
    ensemble = orbit.Ensemble(makeWater())
    angstroms = np.arange(9.0).reshape(3, 3)
    ensemble.addConformer(unit.Quantity(angstroms, unit.angstrom))
    ensemble.addConformer(angstroms)
    for index, scale in ((0, 0.1), (1, 1.0)):
        positions = ensemble.getPositions(index)
        assert positions.unit == unit.nanometer and positions.shape == (3, 3)
        assert np.allclose(positions._value, scale * angstroms, atol=1e-15)
    assert ensemble.getPositionArray().shape == (18,)


def testExceptionTypes():
    with pytest.raises(ValueError, match="expected a readable file"):
        orbit.DenoiserModel.load("nowhere")
    with pytest.raises(ValueError, match="permutation"):
        orbit.closeGroup([[0, 0]], 2)
    with pytest.raises(ValueError, match="expected XML of the type OrbitConformerGenerator, got \"Nothing\""):
        orbit.ConformerGenerator.fromXml("<?xml version=\"1.0\"?><Wrong type=\"Nothing\" version=\"1\"/>")
    with pytest.raises(TypeError):
        orbit.closeGroup("text", 2)


ROTATIONS = [[0, 1, 2], [1, 2, 0], [2, 0, 1]]


@pytest.mark.parametrize("values", [ROTATIONS, tuple(map(tuple, ROTATIONS)), np.array(ROTATIONS),
                                    np.array(ROTATIONS, dtype=np.int64).reshape(-1), orbit.closeGroup([[1, 2, 0]], 3)])
def testIndexListsOfAnyKind(values):
    settings, points = orbit.OrbitPosteriorSettings(), np.diag([1.0, 2.0, 3.0])
    result = orbit.orbitPosterior(points, points, 0.5, [], values, settings)
    assert result.mean.dtype == np.float64 and result.mean.shape == (9,)
    flat = orbit.orbitPosterior(points.reshape(-1).tolist(), points, 0.5, [], sum(ROTATIONS, []), settings)
    assert np.array_equal(result.mean, flat.mean)
    assert not np.allclose(result.mean, orbit.orbitPosterior(points, points, 0.5, [], [], settings).mean, atol=1e-3)


def testFractionsAreNoIndices():
    with pytest.raises(TypeError):
        orbit.orbitPosterior(np.eye(3), np.eye(3), 0.5, [], [0.5, 1.0, 2.0], orbit.OrbitPosteriorSettings())


def testValuesOutliveTheirOwners():
    graph = makeWater()
    atom = graph.atoms[0]
    ensemble = orbit.Ensemble(graph)
    del graph
    inner = ensemble.getGraph()
    del ensemble
    gc.collect()
    assert atom.element == 8 and inner.getFormula() == "H2O"
    status = orbit.FailedConformer().status
    gc.collect()
    assert status.isAccepted()


def testGettersGiveCopies():
    settings = orbit.PairBiasTransformerSettings()
    settings.width, settings.numHeads, settings.numLayers = 8, 2, 1
    generator = orbit.ConformerGenerator(orbit.DenoiserModel.createRandom(settings, 1))
    generator.getSamplerSettings().numSteps = 77
    assert generator.getSamplerSettings().numSteps != 77


def testCompoundIntegratorTakesOwnership():
    settings = orbit.PairBiasTransformerSettings()
    settings.width, settings.numHeads, settings.numLayers = 8, 2, 1
    integrator = orbit.OrbitDiffusionIntegrator(orbit.DenoiserModel.createRandom(settings, 1))
    assert integrator.getStepSize() == 0 * unit.picoseconds
    compound = openmm.CompoundIntegrator()
    compound.addIntegrator(integrator)
    assert not integrator.thisown
    del compound
    gc.collect()


def testModelBytesAndTensors():
    settings = orbit.PairBiasTransformerSettings()
    settings.width, settings.numHeads, settings.numLayers = 8, 2, 1
    model = orbit.DenoiserModel.createRandom(settings, 1)
    data = model.toBytes()
    assert isinstance(data, bytes)
    again = orbit.DenoiserModel.fromBytes(data)
    name = again.getTensorNames()[0]
    assert np.array_equal(again.getTensor(name).values, model.getTensor(name).values)
    assert again.getTensor(name).values.dtype == np.float32
    with pytest.raises(ValueError, match="nothing"):
        model.getTensor("nothing")


@pytest.fixture
def smallIntegrator():
    settings = orbit.PairBiasTransformerSettings()
    settings.width, settings.numHeads, settings.numLayers = 8, 2, 1
    model = orbit.DenoiserModel.createRandom(settings, 1)
    model.setConditions(["GFN2-xTB", "MMFF94s", "CREST"])
    model.setMetadata("name", "small")
    integrator = orbit.OrbitDiffusionIntegrator(orbit.DenoiserModel.fromBytes(model.toBytes()))
    sampler = orbit.SamplerSettings()
    sampler.method, sampler.numSteps = orbit.SamplerMethod_Heun, 7
    integrator.setSamplerSettings(sampler)
    integrator.setRandomNumberSeed(5)
    integrator.addMolecule(makeWater(), [0, 1, 2], "MMFF94s")
    return integrator


def describe(integrator):
    return (integrator.getNumSteps(), integrator.getRandomNumberSeed(), integrator.getStepSize(),
            integrator.getModel().getChecksum(), integrator.getMoleculeParticles(0), integrator.getMoleculeCondition(0),
            integrator.getMoleculeGraph(0).toXml())


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def testCopiesOfAnIntegratorAreWhole(smallIntegrator, way):
    smallIntegrator.remark = ["kept"]
    other = way(smallIntegrator)
    assert type(other) is orbit.OrbitDiffusionIntegrator and other.thisown
    assert describe(other) == describe(smallIntegrator)
    other.setNumSteps(3)
    assert smallIntegrator.getNumSteps() == 7 and not smallIntegrator.getEmbedModel()
    del smallIntegrator
    gc.collect()
    assert other.getMoleculeGraph(0).getFormula() == "H2O"


def testIntegratorWarnsOfUnfamiliarMolecules():
    integrator = orbit.OrbitDiffusionIntegrator(openmmorbit.defaultModelPath())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        integrator.addMolecule(molecules.toGraph("CCO")[0], list(range(9)))
    with pytest.warns(openmmorbit.UnfamiliarMoleculeWarning, match="Se"):
        integrator.addMolecule(molecules.toGraph("C[Se](=O)(=O)[Se]C")[0], list(range(9, 21)))


def testCopyKeepsPythonAttributes(smallIntegrator):
    smallIntegrator.remark = ["kept"]
    other = copy.copy(smallIntegrator)
    assert other.remark == ["kept"] and other.remark is not smallIntegrator.remark


def testCastSharesOwnership(smallIntegrator):
    expected = describe(smallIntegrator)
    smallIntegrator.setEmbedModel(True)
    xml = openmm.XmlSerializer.serialize(smallIntegrator)
    # The general face may be gone when the cast one is used, and the other way round.
    other = orbit.OrbitDiffusionIntegrator.cast(openmm.XmlSerializer.deserialize(xml))
    gc.collect()
    assert describe(other) == expected and other.thisown
    general = openmm.XmlSerializer.deserialize(xml)
    orbit.OrbitDiffusionIntegrator.cast(general)
    gc.collect()
    assert general.getStepSize() == 0 * unit.picoseconds
    compound = openmm.CompoundIntegrator()
    compound.addIntegrator(other)
    assert orbit.OrbitDiffusionIntegrator.cast(compound.getIntegrator(0)).getNumSteps() == 7
    assert orbit.OrbitDiffusionIntegrator.cast(openmm.VerletIntegrator(1.0)) is None
    del compound
    gc.collect()


def testIntegratorXml(smallIntegrator):
    with pytest.raises(openmm.OpenMMException, match="setEmbedModel"):
        smallIntegrator.toXml()
    smallIntegrator.setEmbedModel(True)
    again = orbit.OrbitDiffusionIntegrator.fromXml(smallIntegrator.toXml())
    assert describe(again) == describe(smallIntegrator)
    with pytest.raises(ValueError, match="of the type OrbitDiffusionIntegrator, got \"VerletIntegrator\"; openmm.Xml"):
        orbit.OrbitDiffusionIntegrator.fromXml(openmm.XmlSerializer.serialize(openmm.VerletIntegrator(1.0)))


READ = ["ConformerGenerator", "TopologyGenerator", "BackboneGenerator", "MolecularGraph", "OrbitDiffusionIntegrator"]


@pytest.mark.parametrize("cls", READ)
@pytest.mark.parametrize("text", ["foo", "", "a/path.xml"])
def testTextThatIsNoXml(cls, text):
    with pytest.raises(ValueError, match=rf'{cls}.fromXml: expected what toXml\(\) returned, got "{text}"'):
        getattr(orbit, cls).fromXml(text)


@pytest.mark.parametrize("cls", READ)
def testXmlThatIsNotWellFormed(cls):
    text = makeWater().toXml()
    for wrong in (text[:-30], text.replace(">", "", 1), text + "<", text.replace('"', "", 1), "<a type=", text + "\0"):
        with pytest.raises(ValueError, match=rf"{cls}.fromXml: expected what toXml\(\) returned, got XML with a fault"):
            getattr(orbit, cls).fromXml(wrong)


@pytest.mark.parametrize("cls", READ)
def testXmlOfSomethingElse(cls):
    texts = {"OrbitMolecularGraph": makeWater().toXml(), "System": openmm.XmlSerializer.serialize(openmm.System())}
    for kind, text in texts.items():
        if kind != f"Orbit{cls}":
            with pytest.raises(ValueError, match=f"{cls}.fromXml: expected XML of the type Orbit.*, got \"{kind}\""):
                getattr(orbit, cls).fromXml(text)


def testConditionsByName(smallIntegrator):
    assert smallIntegrator.getMoleculeCondition(0) == 1
    smallIntegrator.addMolecule(makeWater(), [3, 4, 5], condition="GFN2-xTB")
    smallIntegrator.addMolecule(makeWater(), [6, 7, 8], condition=1)
    assert [smallIntegrator.getMoleculeCondition(i) for i in (1, 2)] == [0, 1]
    with pytest.raises(ValueError, match="GFN2-xTB, MMFF94s, CREST.*got 'DFT'"):
        smallIntegrator.addMolecule(makeWater(), [9, 10, 11], "DFT")


def testContainersArePythonsOwn(smallIntegrator):
    assert type(smallIntegrator.getModel().getAllMetadata()) is dict
    assert smallIntegrator.getModel().getAllMetadata()["name"] == "small"
    particles = smallIntegrator.getMoleculeParticles(0)
    assert particles == (0, 1, 2) and type(particles) is tuple and type(particles[0]) is int


def testRepresentations(smallIntegrator):
    graph = makeWater()
    graph.name = "water"
    assert repr(graph) == '<MolecularGraph "water", H2O: 3 atoms, 2 bonds, 0 stereocentres, 0 stereo double bonds>'
    axis = orbit.TorsionStereo()
    axis.kind = orbit.TorsionStereoKind_AtropisomerPlus
    graph.torsional = [axis]
    assert "0 stereo double bonds, 1 axis" in repr(graph)
    assert "empty" in repr(orbit.MolecularGraph())
    assert repr(graph.bonds[1]) == "<GraphBond 0-2, single>"
    atom = graph.atoms[0]
    atom.name, atom.formalCharge, atom.isotope, atom.hybridization = "O1", -1, 18, orbit.Hybridization_SP3
    assert repr(atom) == "<GraphAtom O1: O, SP3, charge -1, isotope 18>"
    assert "no element" in repr(orbit.GraphAtom())
    status = orbit.ConformerStatus()
    assert repr(status) == "<ConformerStatus accepted>"
    status.bondsCorrect, status.message = False, "bond C1-C2 is 0.3 nm long"
    assert repr(status) == "<ConformerStatus bond C1-C2 is 0.3 nm long>"
    provenance = orbit.ConformerProvenance()
    provenance.seed, provenance.copy, provenance.mirrored, provenance.condition = 7, 2, True, "GFN2-xTB"
    for part in ("GFN2-xTB", "seed 7", "copy 2", "0 redraws", ", mirrored"):
        assert part in repr(provenance)
    settings = orbit.SamplerSettings()
    settings.method, settings.numSteps, settings.sigmaMax = orbit.SamplerMethod_Heun, 9, 20
    settings.sigmaMin, settings.rho = 0.5, 3
    assert repr(settings) == ("<SamplerSettings heun, 9 steps, karras from 20 to 0.5 Angstrom, rho 3, renewal 0.9, "
                              "stereo guidance 4 Angstrom>")
    settings.noiseScale = 0.4
    assert ", renewal 0.9, noise scale 0.4, stereo" in repr(settings)
    settings.method, settings.numSteps, settings.renewal = orbit.SamplerMethod_Bespoke, 8, 0
    assert repr(settings) == "<SamplerSettings bespoke, 8 steps, from 20 Angstrom, stereo guidance 4 Angstrom>"
    model = smallIntegrator.getModel()
    assert repr(model).startswith(f"<DenoiserModel small, sha256 {model.getChecksum()[:12]}, width 8, 1 layer, ")
    assert "GFN2-xTB, MMFF94s, CREST" in repr(model) and "empty" in repr(orbit.DenoiserModel())
    assert repr(smallIntegrator) == "<OrbitDiffusionIntegrator 1 molecule, heun, step 0 of 7, seed 5>"


def testValuesShowTheirFields():
    bond = orbit.TopologyBond()
    bond.atom1, bond.atom2 = 3, 4
    assert repr(bond) == "<TopologyBond atom1 3, atom2 4, order 0>"
    block = orbit.FrameBlock()
    block.condition, block.temperature = "300 K", 300
    block.positions, block.weights = np.zeros(30, np.float32), np.array([0.5, 1.5], np.float32)
    assert str(block) == '<FrameBlock condition "300 K", temperature 300, positions of 30, weights (0.5, 1.5)>'
    head = orbit.FrameBlockHead()
    assert "hasEnergies no" in repr(head) and "series" not in repr(head)
    assert repr(orbit.TrainingCounts()) == "<TrainingCounts numMolecules 0>"
    assert repr(object.__new__(orbit.TopologyBond)) == "<TopologyBond without a value>"
    for cls in publicClasses(orbit):
        try:
            assert repr(cls()).startswith(f"<{cls.__name__}") and "proxy" not in repr(cls())
        except (TypeError, AttributeError):     # needs arguments
            assert cls.__repr__.__qualname__ != "_swig_repr"


def testResultsOfTrainingTellOfTheRun():
    from openmmorbit import orbittraining as training

    result = training.TrainingResult()
    result.numSteps, result.numSamples, result.minutes = 1200, 38400, 29.96
    result.loss, result.validationLoss, result.modelPath = 0.25, 0.31416, "run/model.safetensors"
    assert repr(result) == ("<TrainingResult 1,200 steps, 38,400 samples in 30.0 minutes; loss 0.2500; validation loss "
                            "0.3142; model in run/model.safetensors>")
    result.validationLoss, result.numSkipped, result.modelPath = 0, 3, ""
    assert repr(result) == ("<TrainingResult 1,200 steps (3 of them skipped), 38,400 samples in 30.0 minutes; loss "
                            "0.2500; no model>")
    assert str(training.TrainingDataset()) == "<TrainingDataset weight 1>"
    assert "maxSteps" in repr(training.TrainingSettings())


def testInputsOfTheNetwork():
    water = makeWater()
    inputs = orbit.describeMolecule(water, orbit.DenoiserModel())
    orbit.addSymmetryGroup(water, inputs)
    assert (inputs.numTokens, inputs.group.getOrder()) == (3, 2)
    atoms = np.array(inputs.tokenFeatures).reshape(3, inputs.numTokenFeatures)
    assert (atoms[1] == atoms[2]).all() and (atoms[0] != atoms[1]).any()
    assert len(inputs.pairFeatures) == 9 * inputs.numPairFeatures

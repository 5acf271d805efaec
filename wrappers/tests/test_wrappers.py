# SPDX-License-Identifier: MIT
"""The SWIG modules: docstrings, units, exception types, containers, lifetimes."""
import gc
import inspect

import numpy as np
import openmm
import pytest
from openmm import unit

import openmmorbit  # noqa: F401  (loads the plugins)
from openmmorbit import orbit


def publicClasses(module):
    skipped = ("SwigPyIterator",)
    return [c for name, c in vars(module).items() if inspect.isclass(c) and c.__module__ == module.__name__
            and not name.startswith("_") and name not in skipped]


def undocumented(module):
    missing = []
    for cls in publicClasses(module):
        for name, value in vars(cls).items():
            if inspect.isfunction(value) and name.startswith(("get", "set", "add", "generate", "apply", "read", "create")):
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
    orbitchem = pytest.importorskip("openmmorbit.orbitchem")
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
    with pytest.raises(openmm.OpenMMException):
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

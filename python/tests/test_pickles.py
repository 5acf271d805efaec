# SPDX-License-Identifier: MIT
"""Ensembles, conformers, graphs, generators and answers survive pickle and deepcopy with every bit."""
import copy
import pickle

import numpy as np
import openmm
import pytest
from openmm import app

import openmmorbit
from openmmorbit import orbit

both = pytest.mark.parametrize("duplicate", [lambda value: pickle.loads(pickle.dumps(value)), copy.deepcopy],
                               ids=["pickle", "deepcopy"])


def asDict(value):
    return {name: getattr(value, name) for name, field in vars(type(value)).items()
            if isinstance(field, property) and name != "thisown"}


@both
def testGraphs(duplicate):
    graph = openmmorbit.readMolecule("C[C@H](O)/C=C/[13CH2][N+](C)(C)C")
    graph.name, graph.properties = "a\n<b>&\x01é%", {"x": "1\n\n2", "y": ""}
    again = duplicate(graph)
    assert again.toXml() == graph.toXml() and (again.name, again.properties) == (graph.name, graph.properties)
    assert again.tetrahedral[0].neighbors == graph.tetrahedral[0].neighbors
    assert asDict(duplicate(graph.atoms[4])) == asDict(graph.atoms[4])


@both
def testEnsembles(makeGenerator, duplicate):
    ensemble = makeGenerator(check=True, returnFailed=True, maxRedraws=1).generate("CC(C)O named", 3, seed=5)
    failure, status, provenance = orbit.FailedConformer(), orbit.ConformerStatus(), orbit.ConformerProvenance()
    status.message, provenance.copy = "wrong", 7
    failure.status, failure.provenance = status, provenance
    ensemble._core.addFailure(failure)
    ensemble._core.setMessage("in part")
    assert ensemble.topology is not None
    again = duplicate(ensemble)
    assert np.array_equal(again.positions._value, ensemble.positions._value) and again.positions._value.dtype == float
    assert [asDict(s) for s in again.status] == [asDict(s) for s in ensemble.status]
    # A density that is unknown is NaN, which equals nothing.
    assert [str(asDict(p)) for p in again.provenance] == [str(asDict(p)) for p in ensemble.provenance]
    assert again.failures[0].status.message == "wrong" and again.failures[0].provenance.copy == 7
    assert (again.message, again.name, again._source) == ("in part", "named", "CC(C)O named")
    assert again.topology.getNumAtoms() == 12
    conformer = duplicate(ensemble[1])
    assert conformer.index == 1 and np.array_equal(conformer.positions._value, ensemble[1].positions._value)
    assert duplicate(ensemble[[]]).numAtoms == 12


@both
def testGenerators(makeGenerator, smallModel, tmp_path, duplicate):
    generator = makeGenerator(numSteps=3, maxRedraws=2, condition="GFN2-xTB")
    again = duplicate(generator)
    assert again.samplerSettings.numSteps == 3
    first, second = (g.generate("CCO", 2, seed=4).positions._value for g in (generator, again))
    assert np.array_equal(first, second)
    path = tmp_path / "small.safetensors"
    smallModel.save(path)
    generator = makeGenerator(model=path)
    assert duplicate(generator).model.getPath() == str(path)
    assert len(pickle.dumps(generator)) < 5000


@both
def testAnswers(makeGenerator, duplicate):
    good, bad = makeGenerator().generateMany(["CCO x", "bad("], 1, progress=False)
    assert duplicate(good).name == "x" and duplicate(good).source == "CCO x"
    assert isinstance(duplicate(bad).error, ValueError) and str(duplicate(bad).error) == str(bad.error)
    error = duplicate(openmmorbit.conformers.GenerationResult(0, None, None, openmm.OpenMMException("why"))).error
    assert str(error) == "why"


@both
def testAnEnsembleOfATopology(makeGenerator, duplicate):
    topology = openmmorbit.Ensemble(openmmorbit.readMolecule("CCO")).topology
    again = duplicate(makeGenerator().generate(topology, 1))
    assert isinstance(again._source, app.Topology) and again.topology.getNumAtoms() == 9

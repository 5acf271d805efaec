# SPDX-License-Identifier: MIT
"""Fixtures: a small random model, water as a graph, the repository's golden files."""
import importlib.util
import json
from pathlib import Path

import pytest

import openmmorbit
from openmmorbit import orbit

ROOT = Path(__file__).resolve().parents[2]


def loadBenchmark(name):
    """Import a script of tests/benchmarks as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def runCli(capsys, *arguments):
    """Run the command in this process; get the exit status and the last line of standard error."""
    status = openmmorbit.cli.main([str(argument) for argument in arguments])
    return status, capsys.readouterr().err.strip().splitlines()[-1]


@pytest.fixture(scope="session")
def golden():
    """Get the content of a golden file by name."""
    def load(name):
        with open(ROOT / "tests" / "golden" / name, encoding="utf-8") as stream:
            return json.load(stream)
    return load


@pytest.fixture(scope="session")
def smallModel():
    """A model of random weights: its conformers are wrong, its shapes and keys are right."""
    settings = orbit.PairBiasTransformerSettings()
    settings.width, settings.numLayers, settings.numHeads = 24, 2, 2
    settings.pairWidth, settings.numRadial, settings.conditionWidth = 8, 8, 16
    return orbit.DenoiserModel.createRandom(settings, 11)


@pytest.fixture(scope="session")
def generator():
    """A generator of the packaged model, with one thread, that does not warn of molecules that it does not know."""
    return openmmorbit.ConformerGenerator(threads=1, unfamiliar="ignore")


@pytest.fixture(params=["Reference", "CPU"])
def platform(request):
    """Every platform that needs no device."""
    return request.param


@pytest.fixture
def makeGenerator(smallModel):
    """Make a generator of the random model that keeps its wrong conformers."""
    def make(**options):
        settings = {"model": smallModel, "platform": "Reference", "numSteps": 2, "check": False, **options}
        return openmmorbit.ConformerGenerator(**settings)
    return make


def makeGraph(elements, bonds):
    """Make a graph of single bonds by hand."""
    graph = orbit.MolecularGraph()
    atoms = []
    for index, element in enumerate(elements):
        atom = orbit.GraphAtom()
        atom.element, atom.name = element, f"A{index + 1}"
        atoms.append(atom)
    entries = []
    for first, second in bonds:
        bond = orbit.GraphBond()
        bond.atom1, bond.atom2 = first, second
        entries.append(bond)
    graph.atoms, graph.bonds = atoms, entries
    return graph


@pytest.fixture
def water():
    """Water without the reading room."""
    return makeGraph([8, 1, 1], [(0, 1), (0, 2)])

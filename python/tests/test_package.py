# SPDX-License-Identifier: MIT
"""Importing the package: plugins, versions, and what must not be loaded with it."""
import importlib
import pathlib
import pickle
import subprocess
import sys

import openmm
import pytest

import openmmorbit
from openmmorbit import _plugins


def runPython(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def testImportLoadsNeitherRDKitNorLibTorch():
    code = """
import sys, openmmorbit
openmmorbit.orbitPosterior; openmmorbit.ConformerGenerator; openmmorbit.DenoiserModel
libraries = open("/proc/self/maps").read()
print([name for name in ("rdkit", "torch", "matplotlib") if name in sys.modules],
      [name for name in ("RDKit", "libtorch", "OpenMMOrbitChem") if name in libraries])
"""
    assert runPython(code) == "[] []"


def testAFirstConformerWaitsForNoOtherPackage():
    code = """
import sys, openmmorbit
openmmorbit.ConformerGenerator().generate("CCO", 1, seed=1)
print([name for name in ("openmm.app", "rdkit", "tqdm", "torch", "matplotlib") if name in sys.modules])
"""
    assert runPython(code) == "[]"


def testChemLoadsTheReadingRoom():
    code = "import openmmorbit.chem; print('OpenMMOrbitChem' in open('/proc/self/maps').read())"
    assert runPython(code) == "True"


def testTypeCheckersMayReadTheHints():
    assert (pathlib.Path(openmmorbit.__file__).parent / "py.typed").is_file()


def testPluginsRegisterTheirKernels():
    names = {openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())}
    assert {"Reference", "CPU"} <= names
    assert any("OpenMMOrbitReference" in path for path in openmmorbit.pluginLoadedLibNames)


def testPluginsLieOutsideOpenMM():
    assert "OpenMM.libs" not in openmmorbit.libraryPath()
    assert all("OpenMM.libs" not in path for path in openmmorbit.pluginLoadedLibNames)


def testForeignOpenMMIsRefusedInWords():
    with pytest.raises(ImportError, match=r"built for OpenMM 8\.6.*OpenMM 8\.1\.0 is installed; install a matching"):
        _plugins.checkOpenMMVersion("8.1.0")
    _plugins.checkOpenMMVersion()


def testMissingAndBrokenPluginsAreRefusedInWords(tmp_path):
    with pytest.raises(ImportError, match="found none"):
        _plugins.loadPlugins(tmp_path)
    (tmp_path / "libOpenMMOrbitBroken.so").write_bytes(b"no library")
    with pytest.raises(ImportError, match="could not load its plugins.*libOpenMMOrbitBroken"):
        _plugins.loadPlugins(tmp_path)


def testMissingDriversAreNoErrorUntilTheirPlatformIsNamed(tmp_path, monkeypatch):
    monkeypatch.setattr(_plugins, "_failures", {})
    (tmp_path / "libOpenMMOrbitHIP.so").write_bytes(b"no library")
    assert _plugins.loadPlugins(tmp_path) == ()
    _plugins.checkPlatform("CPU")
    with pytest.raises(ValueError, match='got "HIP", whose plugin could not be loaded .*libOpenMMOrbitHIP'):
        openmmorbit.ConformerGenerator(platform="HIP")


def testNamesAreReachable():
    missing = [name for name in openmmorbit.__all__ if not hasattr(openmmorbit, name)]
    assert missing == []
    assert "ConformerGenerator" in dir(openmmorbit)
    with pytest.raises(AttributeError, match="no attribute 'conformation'"):
        _ = openmmorbit.conformation


def testFormerModulesAreFoundByTheirNames():
    """In a process of its own, in which nothing of them has been imported."""
    code = """
import importlib, openmmorbit
from openmmorbit._moved import moved
for old, new in moved.items():
    found = importlib.import_module(f"openmmorbit.{old}")
    assert found is importlib.import_module(f"openmmorbit.{new}") is getattr(openmmorbit, old), old
    assert found.__name__ == found.__spec__.name == f"openmmorbit.{new}", old
import openmmorbit.datasets
from openmmorbit.makeensemble import EnsembleSettings, enumerateTasks, makeEnsemble
from openmmorbit.evaluation import Generated, Method, Reference, etkdg, evaluate, readReferences, rmsdMatrix
from openmmorbit.training import addTrainingCounts, buildDataset, train
from openmmorbit.conformers import defaultModelPath, findModel, loadModel
print(openmmorbit.datasets.makeDataset is openmmorbit.makeDataset, EnsembleSettings is openmmorbit.EnsembleSettings,
      callable(train), openmmorbit.train is train)
"""
    assert runPython(code) == "True True True True"


def testAModuleThatNeverWasIsNotFound():
    with pytest.raises(ModuleNotFoundError, match="openmmorbit.nowhere"):
        importlib.import_module("openmmorbit.nowhere")


def testPicklesByFormerNamesAreRead():
    text = b"copenmmorbit.makeensemble\nEnsembleSettings\n."
    assert pickle.loads(text) is openmmorbit.EnsembleSettings

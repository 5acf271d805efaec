# SPDX-License-Identifier: MIT
"""Conformers by orbit diffusion, as an OpenMM plugin.

>>> import openmmorbit
>>> generator = openmmorbit.ConformerGenerator()  # doctest: +SKIP
>>> ensemble = generator.generate("CC(=O)Oc1ccccc1C(=O)O", numConformers=20, seed=7)  # doctest: +SKIP
>>> ensemble.writeSDF("aspirin.sdf")  # doctest: +SKIP

Importing the package loads its OpenMM plugins, and neither RDKit nor LibTorch: those come with ``openmmorbit.chem`` and
``openmmorbit.training``, when they are first used.
"""
from __future__ import annotations

import importlib
from typing import Any

from openmmorbit._build import version as __version__
from openmmorbit._moved import findMovedModules, moved
from openmmorbit._plugins import checkOpenMMVersion, includePath, libraryPath, loadPlugins

checkOpenMMVersion()
findMovedModules()
pluginLoadedLibNames = loadPlugins()

# Where each public name lives; modules are imported when a name is first asked for.
_homes = {
    "ConformerGenerator": "conformers", "GenerationResult": "conformers", "defaultModelPath": "models",
    "Core": "cores", "CoreMatch": "cores", "ComplexEnsemble": "complexes",
    "Refinement": "refinement", "OpenStereoWarning": "openstereo", "TopologyGenerator": "topologies",
    "BackboneGenerator": "backbones", "makeBackbone": "designs", "BackboneDesign": "designs",
    "designBackbone": "motifs", "drawStructure": "drawnstructures",
    "convertCheckpoint": "checkpoints",
    "readBackbones": "data.backbones", "buildBackboneDataset": "data.backbones",
    "BackboneDataset": "data.backbonedataset", "readStructures": "data.structures",
    "importanceWeights": "simulation.weights", "ImportanceWeights": "simulation.weights",
    "OrbitMonteCarlo": "simulation.montecarlo", "equilibrateStates": "simulation.equilibration",
    "Ensemble": "ensemble", "Conformer": "ensemble", "UnfamiliarMoleculeWarning": "familiarity",
    "FallbackWarning": "fallback",
    "orbitPosterior": "posterior", "OrbitPosterior": "posterior", "orbitTarget": "posterior",
    "OrbitTarget": "posterior",
    "coupleNoise": "posterior",
    "mmffSystem": "relaxation", "registerMMFF": "simulation.mmfffield", "relax": "relaxation",
    "MMFFTemplateGenerator": "simulation.templates", "ligandForceField": "simulation.templates",
    "Relaxation": "relaxation", "RelaxedState": "relaxation",
    "eachState": "simulation.applying", "applyStates": "simulation.applying",
    "potentialEnergies": "simulation.applying", "chooseStates": "simulation.choosing",
    "startingStates": "simulation.choosing", "seedReplicas": "simulation.replicas",
    "buildBackbone": "building", "readSequence": "sequences", "ProteinModel": "building", "BackboneError": "building",
    "measureBackbone": "building",
    "proteinSystem": "simulation.proteins", "simulateProtein": "simulation.proteins",
    "placeInSolvent": "simulation.solvent", "SolvatedState": "simulation.solvent",
    "readMolecule": "molecules", "readMolecules": "io.moleculefiles", "FileOptions": "io.moleculefiles",
    "writeEnsembles": "io.writers", "EnsembleWriter": "io.writers",
    "generateLibrary": "libraries", "LibraryReport": "libraries", "LibrarySettings": "libraries",
    "view": "viewer.showing", "train": "training", "buildDataset": "data.shards", "makeDataset": "data.datasets",
    "EnsembleSettings": "data.settings", "TrajectoryDataset": "data.trajectories",
    "TrainingDataReporter": "data.reporters",
    "DenoiserModel": "orbit", "TrainingCounts": "orbit", "countTraining": "orbit",
    "PairBiasTransformerSettings": "orbit", "GatedTransformerSettings": "orbit",
    "MolecularGraph": "orbit",
    "SamplerSettings": "orbit", "SymmetryGroup": "orbit", "closeGroup": "orbit", "OrbitDiffusionIntegrator": "orbit",
    "EnsembleMetrics": "orbit", "compareEnsembles": "orbit", "computeSymmetricRmsd": "orbit", "averageMetrics": "orbit",
}
_modules = ("answers", "backbones", "building", "checkpoints", "chem", "choices", "cli", "conformers", "data", "demo",
            "designs", "drawnstructures", "ensemble", "evaluation", "familiarity", "generator", "inchi", "io",
            "libraries", "models", "molecules", "motifs", "openstereo", "orbit", "posterior", "refinement",
            "relaxation", "results", "samplersettings", "selections", "shape", "simulation", "topologies", "training",
            "viewer")


def __getattr__(name: str) -> Any:
    if name in _homes:
        value = getattr(importlib.import_module(f"openmmorbit.{_homes[name]}"), name)
        globals()[name] = value
        return value
    if name in _modules or name in moved:
        return importlib.import_module(f"openmmorbit.{name}")
    raise AttributeError(f"module 'openmmorbit' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*globals(), *_homes, *_modules])


__all__ = ["__version__", "includePath", "libraryPath", "pluginLoadedLibNames", *_homes]

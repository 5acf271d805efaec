#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Models of backbones: a study of regression targets, and the time of a generation.

Usage, each part by itself (the first continues what is there):

    measure_backbones.py targets FOLDER DATA.npz... --steps 1500 --build BUILD
    measure_backbones.py time MODEL

Others are commands of the package: ``openmm-orbit train --backbones`` and ``openmm-orbit evaluate --backbones``.
"""
import argparse
import pathlib
import subprocess
import time

import numpy as np

import openmmorbit
from openmmorbit.evaluation import evaluateBackbones

TARGETS = ("exact", "monteCarlo", "plain")
SEEDS = (1, 2, 3)
#: What the study trains: small enough for nine runs in half an hour of a core.
SMALL = {"width": 128, "numLayers": 6, "numHeads": 8}


def compareTargets(options):
    """Train with each target and three seeds, equal updates: loss, geometry, equivariance."""
    train, valid = openmmorbit.BackboneDataset(options.files).write(options.folder, progress=True)
    rows, models = [], []
    for target in TARGETS:
        for seed in SEEDS:
            extra = {"numRotations": 10000, "numAutomorphisms": 1} if target == "monteCarlo" else {}
            result = openmmorbit.train([train], options.folder / f"{target}-{seed}", 1e4, target=target, seed=seed,
                                       maxSteps=options.steps, validation=valid, validationSteps=options.steps,
                                       atomsPerBatch=1280, **SMALL, **extra)
            report = evaluateBackbones(result.modelPath, options.files, lengths=(40, 100), numBackbones=options.number,
                                       compared=10, candidates=10, build=0, check=False, progress=False, seed=seed)
            rows.append((target, result.validationLoss,
                         *(report[key].value for key in ("bonds", "clashes", "rightHanded", "ramachandran"))))
            models.append(result.modelPath)
            print(f"{target} {seed}: loss {result.validationLoss:.4f}", flush=True)
    print("\n| target | validation loss | bonds, % | clashes | right-handed, % | Ramachandran distance |")
    print("|---|---|---|---|---|---|")
    for target in TARGETS:
        values = np.array([row[1:] for row in rows if row[0] == target])
        print(f"| {target} | " + " | ".join(f"{mean:.4g} ± {deviation:.2g}" for mean, deviation in
                                            zip(values.mean(0), values.std(0, ddof=1))) + " |")
    print("\nMeans and standard deviations over the seeds.\n", flush=True)
    subprocess.run([options.build / "benchmarks" / "MeasureEquivariance", "--platform=CPU", valid, *models], check=True)


def timeGeneration(options):
    """Time 100 steps of 100 residues on one core, and one backbone of the longest length."""
    generator = openmmorbit.BackboneGenerator(options.model, threads=1, check=False, numSteps=100)
    for length, number in ((100, 20), (generator.lengths[1], 4)):
        generator.generate(length, 1, seed=1)
        begin = time.process_time()
        generator.generate(length, number, seed=2)
        print(f"{length} residues, 100 steps: {(time.process_time() - begin) / number:.3f} core seconds a backbone, "
              f"{number} together, {generator.kernelDescription()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = parser.add_subparsers(required=True)
    part = parts.add_parser("targets", help=compareTargets.__doc__)
    part.set_defaults(act=compareTargets)
    part.add_argument("folder", type=pathlib.Path)
    part.add_argument("files", nargs="+")
    part.add_argument("--steps", type=int, default=1500)
    part.add_argument("--number", type=int, default=100, help="backbones that each model generates")
    part.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    part = parts.add_parser("time", help=timeGeneration.__doc__)
    part.set_defaults(act=timeGeneration)
    part.add_argument("model", type=pathlib.Path)
    options = parser.parse_args()
    options.act(options)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: MIT
"""Measure the backbone builder on native backbones of which it sees the CA atoms alone.

    PYTHONPATH=build/python python tests/benchmarks/measure_builder.py backbones.npz [split]

The npz file is that of fit_peptides.py; its chains of split 1 were not fitted. Chains with cis peptides are built with
them. Prints errors of C, N and O, planes that are turned by more than 60 degrees, the geometry, and the time a residue.
"""

import sys
import time
from collections import Counter

import numpy as np

import openmmorbit
from openmmorbit import orbit


def readChains(path, split):
    data = np.load(path)
    positions = data["xyz_i16"].astype(float) * float(data["scale"])
    for index in np.flatnonzero(data["split"] == split):
        span = slice(data["offset"][index], data["offset"][index + 1])
        yield data["name"][index], positions[span], data["seq"][span].tobytes().decode()


def build(ca, names, mirror=False):
    trace, settings = orbit.BackboneTrace(), orbit.BuilderSettings()
    trace.positions = (ca * (-1 if mirror else 1)).ravel()
    trace.residueNames = names
    settings.keepCis = settings.splitAtBreaks = True
    start = time.process_time()
    built = orbit.buildBackbone(trace, settings)
    return built, time.process_time() - start


def planes(ca, c):
    """Directions from the axes between CA atoms to C."""
    axis = ca[1:] - ca[:-1]
    axis /= np.linalg.norm(axis, axis=1, keepdims=True)
    across = c[:-1] - ca[:-1]
    across = across - (across * axis).sum(1, keepdims=True) * axis
    return across / np.linalg.norm(across, axis=1, keepdims=True)


def main(path, split="1", useSequence=""):
    rows, turned, hands, angles = {"C": [], "N": [], "O": []}, [], [], []
    refused, faults, seconds, residues = Counter(), Counter(), 0.0, 0
    for name, native, letters in readChains(path, int(split)):
        names = openmmorbit.readSequence(letters) if useSequence else []
        try:
            built, spent = build(native[:, 1], names)
        except openmmorbit.BackboneError as error:
            refused[error.fault] += 1
            print(name, error)
            continue
        seconds, residues = seconds + spent, residues + len(native)
        points = np.asarray(built.positions).reshape(-1, 3)
        atoms = {(atom.residue, atom.name): point for atom, point in zip(built.topology.atoms, points)}
        for atom, column in (("N", 0), ("C", 2), ("O", 3)):
            ours = np.array([atoms[i, atom] for i in range(len(native))])
            rows[atom].append(np.linalg.norm(ours - native[:, column], axis=1)[1:-1])
        ours = np.array([atoms[i, "C"] for i in range(len(native))])
        cosine = (planes(native[:, 1], ours) * planes(native[:, 1], native[:, 2])).sum(1)[1:-1]
        turned.append(cosine < 0.5)
        report = built.report
        hands.append(report.handedness)
        angles += list(report.angles)
        faults["D"] += report.getNumD()
        faults["cis"] += len(report.cisPeptides)
        faults["clashes"] += len(report.clashes)
        for region in (0, 1, 2):
            faults[f"region {region}"] += report.getNumInRegion(region)
        faults["chains"] += 1
        try:
            build(native[:, 1], names, mirror=True)
            faults["mirror images built"] += 1
        except openmmorbit.BackboneError as error:
            faults[f"mirror images refused as {error.fault}"] += 1
    for atom, parts in rows.items():
        errors = np.concatenate(parts)
        print(f"{atom}: rms {np.sqrt((errors ** 2).mean()):.3f}, mean {errors.mean():.3f}, median "
              f"{np.median(errors):.3f}")
    print(f"turned planes {100 * np.concatenate(turned).mean():.2f} % of {len(np.concatenate(turned))}")
    print(f"N-CA-C {np.mean(angles):.1f} +- {np.std(angles):.1f}, {np.min(angles):.0f} to {np.max(angles):.0f}")
    print(f"handedness (least, 1 %, median, most) {np.percentile(hands, [0, 1, 50, 100]).round(2)}")
    print(f"refused {dict(refused)}; {dict(faults)}")
    print(f"{1e6 * seconds / residues:.1f} us a residue")


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Variance and bias of every orbit target against time, for molecules with groups from 1 to more than 10 million."""
import argparse
from pathlib import Path

import numpy as np
from openmmorbit import orbit, orbitPosterior, orbitTarget
from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem

MOLECULES = {
    "bromochlorofluoromethane": "[C@H](F)(Cl)Br", "water": "O", "benzene": "c1ccccc1", "acetone": "CC(C)=O",
    "aspirin": "CC(=O)Oc1ccccc1C(=O)O", "ibuprofen": "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "neopentane": "CC(C)(C)C",
    "cholesterol": "CC(C)CCCC(C)C1CCC2C1(CCC3C2CC=C4C3(CCC(C4)O)C)C",
    "tri-tert-butylbenzene": "CC(C)(C)c1cc(C(C)(C)C)cc(c1)C(C)(C)C",
}
SAMPLED = ("plain", "monteCarlo", "paper", "exact", "exactVelocity")
MAX_ORDER = 5000


class Molecule:
    """A conformer with its bonds and the symmetry group of its graph."""

    def __init__(self, name, smiles):
        self.name = name
        mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
        AllChem.EmbedMolecule(mol, randomSeed=7)
        AllChem.MMFFOptimizeMolecule(mol, maxIters=500)
        self.numAtoms = mol.GetNumAtoms()
        self.x1 = mol.GetConformer().GetPositions()
        self.x1 -= self.x1.mean(axis=0)
        pairs, neighbors = np.zeros((self.numAtoms, self.numAtoms), dtype=int), [[] for _ in range(self.numAtoms)]
        self.bonds = []
        for bond in mol.GetBonds():
            first, second = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
            pairs[first, second] = pairs[second, first] = round(2 * bond.GetBondTypeAsDouble())
            neighbors[first].append(second)
            neighbors[second].append(first)
            self.bonds.append((first, second))
        colors = [int(rank) for rank in Chem.CanonicalRankAtoms(mol, breakTies=False)]
        self.group = orbit.findSymmetryGroup(colors, pairs.reshape(-1).tolist(), neighbors)
        self.order = self.group.getOrder()
        self.listed = self.order <= MAX_ORDER
        self.elements = self.group.enumerate(MAX_ORDER).reshape(-1, self.numAtoms) if self.listed else None

    def move(self, random):
        """Another element of the orbit: every target must be the same function of the orbit and the noisy positions."""
        rotation, _ = np.linalg.qr(random.normal(size=(3, 3)))
        rotation *= np.linalg.det(rotation)
        element = self.group.representatives[random.integers(len(self.group.representatives))]
        return self.x1[np.array(element)] @ rotation.T

    def draw(self, time, sigma, random):
        """Noise and noisy positions of one sample with the gaussian prior."""
        noise, bridge = random.normal(size=(2, self.numAtoms, 3))
        noise -= noise.mean(axis=0)
        bridge -= bridge.mean(axis=0)
        return noise, time * self.x1 + (1 - time) * noise + sigma * np.sqrt(time * (1 - time)) * bridge


class Accumulator:
    """Squared distances to a reference, and the mean overlap of the error with it, with its standard error."""

    def __init__(self):
        self.squares, self.overlaps = [], []

    def add(self, value, reference):
        self.squares.append(np.sum((value - reference) ** 2) / len(value))
        self.overlaps.append(np.sum((value - reference) * reference) / len(value))

    @property
    def variance(self):
        return float(np.mean(self.squares))

    @property
    def bias(self):
        """In units of its standard error; 0 for a target that is the reference itself."""
        error = np.std(self.overlaps, ddof=1) / np.sqrt(len(self.overlaps))
        return float(np.mean(self.overlaps) / error) if error > 1e-10 else 0.0


def study(molecule, time, options, random):
    """Variances of position and velocity targets around the exact means at one time. Returns {target: (...)}."""
    positions, velocities = {}, {}
    for number in range(options.samples if molecule.listed else options.large_samples):
        noise, noisy = molecule.draw(time, options.sigma, random)
        moved = molecule.move(random)
        common = {"bonds": molecule.bonds, "sigma": options.sigma}
        if molecule.listed:
            exact = orbitPosterior(moved, noisy, time, automorphisms=molecule.elements, **common)
        else:
            exact = orbitPosterior(moved, noisy, time, group=molecule.group, numPoints=options.reference_points,
                                   seed=1000 + number, **common)
        results = {}
        if molecule.listed:
            for target in SAMPLED:
                result = orbitTarget(molecule.x1, noise, noisy, time, target=target, automorphisms=molecule.elements,
                                     seed=number + 1, **common)
                results[target] = (result.positions, result.velocity)
        else:
            result = orbitTarget(molecule.x1, noise, noisy, time, target="plain", **common)
            results["plain"] = (result.positions, result.velocity)
        for points in options.points:
            result = orbitPosterior(molecule.x1, noisy, time, group=molecule.group, maxOrder=0, pinned=True,
                                    numPoints=points, seed=number + 1, **common)
            results[f"lattice {points}"] = (result.mean, result.velocity)
        for target, (position, velocity) in results.items():
            positions.setdefault(target, Accumulator()).add(position, exact.mean)
            velocities.setdefault(target, Accumulator()).add(velocity, exact.velocity)
    return {target: (positions[target].variance, positions[target].bias, velocities[target].variance,
                     velocities[target].bias) for target in positions}


def formatOrder(order):
    return f"{order:.0f}" if order < 1e5 else f"{order:.2g}"


def report(results, molecules, options):
    lines = ["| molecule | order | t | target | positions: variance / Å² | of plain | bias / s.e. | "
             "velocity: variance | of plain | bias / s.e. |", "|---|---|---|---|---|---|---|---|---|---|"]
    for (name, time), targets in results.items():
        plain = targets["plain"]
        for target, (variance, bias, velocity, velocityBias) in targets.items():
            lines.append(f"| {name} | {formatOrder(molecules[name].order)} | {time:g} | {target} | {variance:.2e} | "
                         f"{variance / plain[0]:.1e} | {bias:+.1f} | {velocity:.2e} | "
                         f"{velocity / plain[2]:.1e} | {velocityBias:+.1f} |")
    options.output.with_suffix(".md").write_text("\n".join(summarize(results, molecules) + [""] + lines) + "\n")
    return lines


def summarize(results, molecules):
    """One row a target: the largest share of plain's variance, and how often the bias exceeds 2 standard errors."""
    rows = ["| target | groups | cases | positions: median, largest share of plain's variance | velocity: the same | "
            "bias above 2 s.e. | largest |", "|---|---|---|---|---|---|---|"]
    for listed, kind in ((True, "listed"), (False, "too large to list")):
        chosen = [targets for (name, _), targets in results.items() if molecules[name].listed == listed]
        for target in dict.fromkeys(target for targets in chosen for target in targets):
            cases = [(targets[target], targets["plain"]) for targets in chosen]
            positions = [own[0] / plain[0] for own, plain in cases]
            velocities = [own[2] / plain[2] for own, plain in cases]
            biases = np.abs([own[1] for own, _ in cases])
            rows.append(f"| {target} | {kind} | {len(cases)} | {np.median(positions):.1e}, {max(positions):.1e} | "
                        f"{np.median(velocities):.1e}, {max(velocities):.1e} | {np.sum(biases > 2)} | "
                        f"{biases.max():.1f} |")
    return rows


def plot(results, molecules, options):
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as pyplot

    names, seen = list(molecules), {}
    figure, axes = pyplot.subplots(3, (len(names) + 2) // 3, figsize=(11, 9), sharex=True, squeeze=False)
    for name, panel in zip(names, axes.flat):
        times = sorted(time for other, time in results if other == name)
        for target in dict.fromkeys(key for time in times for key in results[name, time]):
            values = [max(results[name, time][target][2], 1e-12) for time in times if target in results[name, time]]
            color = seen.setdefault(target, f"C{len(seen)}")
            panel.plot(times[:len(values)], values, marker=".", label=target, color=color)
        panel.set(title=f"{name}, {formatOrder(molecules[name].order)}", yscale="log", ylim=(1e-12, 1e2))
    axes.flat[2].legend(fontsize=7)
    figure.supxlabel("t")
    figure.supylabel("variance of the velocity target per atom")
    figure.tight_layout()
    figure.savefig(options.output.with_suffix(".png"), dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="where to write OUTPUT.md and OUTPUT.png")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--large-samples", type=int, default=40, help="for groups too large to list")
    parser.add_argument("--times", type=float, nargs="+", default=[0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9])
    parser.add_argument("--points", type=int, nargs="+", default=[128], help="of the lattice rule")
    parser.add_argument("--reference-points", type=int, default=2048, help="for groups too large to list")
    parser.add_argument("--sigma", type=float, default=0.1)
    parser.add_argument("--molecules", nargs="+", default=list(MOLECULES), choices=list(MOLECULES))
    options = parser.parse_args()
    RDLogger.DisableLog("rdApp.*")
    random = np.random.default_rng(5)
    molecules = {name: Molecule(name, MOLECULES[name]) for name in options.molecules}
    results = {}
    for name, molecule in molecules.items():
        for time in options.times:
            results[name, time] = study(molecule, time, options, random)
            for line in report(results, molecules, options)[-len(results[name, time]):]:
                print(line, flush=True)
    plot(results, molecules, options)


if __name__ == "__main__":
    main()

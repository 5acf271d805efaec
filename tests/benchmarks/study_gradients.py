#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Variance of a real network's gradients under every orbit target, and how equivariant trained networks are."""
import argparse
import re
import sys
from pathlib import Path

import numpy as np

TARGETS = ("plain", "monteCarlo", "paper", "exact", "exactVelocity")
STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}


def parseArguments(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shard", type=Path, help="molecules that the network may or may not have been trained on")
    parser.add_argument("--model", help="model file; default: the packaged one")
    parser.add_argument("--trained", nargs="*", default=[], help="model files of folders TARGET-SEED, for their errors")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--sigmas", type=float, nargs="+", default=[0.1, 0.3, 1.0, 3.0], help="noise levels, Angstrom")
    parser.add_argument("--batches", type=int, default=12, help="for every seed and noise level")
    parser.add_argument("--size", type=int, default=8, help="molecules in a batch")
    parser.add_argument("--molecules", type=int, default=200, help="read so many")
    parser.add_argument("--max-order", type=int, default=720, help="leave out molecules with larger groups")
    return parser.parse_args(arguments)


def drawRotation(random):
    q, r = np.linalg.qr(random.normal(size=(3, 3)))
    q *= np.sign(np.diag(r))
    return q * np.linalg.det(q)


def drawSample(molecule, sigma, random):
    """Clean positions in a random orientation, mirrored in half of the cases, and centred noise."""
    x1 = molecule.positions[random.integers(len(molecule.positions))] @ drawRotation(random).T
    x1 *= random.choice([-1, 1])
    noise = random.normal(size=x1.shape)
    return x1, noise - noise.mean(axis=0)


def computeTargets(molecule, x1, noise, sigma, seed):
    """What the network regresses on, as clean positions, under every target: velocities v imply x_t + (1 - t) v."""
    from openmmorbit import orbitTarget

    time = 1 / (1 + sigma)
    noisy = time * (x1 + sigma * noise)
    elements = np.array(molecule.group.enumerate()).reshape(-1, molecule.numAtoms)
    found = {}
    for name, target, reflections in (*((name, name, False) for name in TARGETS),
                                      ("exactVelocity, O(3)", "exactVelocity", True)):
        result = orbitTarget(x1, noise, noisy, time, target=target, automorphisms=elements, sigma=0.0, seed=seed,
                             reflections=reflections)
        found[name] = noisy + (1 - time) * result.velocity
    return found


class Moments:
    """Running sums of gradients: the trace of their covariance, and their norms."""

    def __init__(self):
        self.sum, self.norms = 0, []

    def add(self, gradient):
        self.sum = self.sum + gradient
        self.norms.append(float(gradient.norm()))

    @property
    def variance(self):
        squares = np.square(self.norms)
        return float((squares.sum() - float(self.sum.norm()) ** 2 / len(squares)) / (len(squares) - 1))


def studyGradients(network, molecules, sigma, seed, options):
    """For every target: trace of the gradient's covariance over batches, its part that is left when the noisy positions
    are fixed (mean squared distance to the gradient of the exact mean over O(3)), mean norm and its variance."""
    import torch
    from eager_network import Batch

    random = np.random.default_rng([seed, round(1000 * sigma)])
    moments, distances = {}, {}
    for number in range(options.batches):
        chosen = [molecules[k] for k in random.choice(len(molecules), options.size, replace=False)]
        samples = [drawSample(molecule, sigma, random) for molecule in chosen]
        sigmas = np.full(options.size, sigma)
        batch = Batch(chosen, [x1 + sigma * noise for x1, noise in samples], sigmas)
        targets = [computeTargets(molecule, *sample, sigma, 1000 * seed + number)
                   for molecule, sample in zip(chosen, samples)]
        gradients = {}
        # The network is evaluated once; only the right side of the loss differs.
        skip, out = network.getFactors(batch.sigma)
        output = network(batch)
        for name in targets[0]:
            target = Batch(chosen, [entry[name] for entry in targets], sigmas).y
            difference = (output - (target - skip * batch.y) / out) * batch.mask[..., None]
            loss = difference.square().sum() / batch.mask.sum()
            parts = torch.autograd.grad(loss, list(network.parameters()), retain_graph=True, allow_unused=True)
            gradients[name] = torch.cat([part.reshape(-1) for part in parts if part is not None])
        for name, gradient in gradients.items():
            moments.setdefault(name, Moments()).add(gradient)
            rest = float((gradient - gradients["exactVelocity, O(3)"]).square().sum())
            distances.setdefault(name, []).append(rest)
    return {name: (moment.variance, float(np.mean(distances[name])), float(np.mean(moment.norms)),
                   float(np.var(moment.norms, ddof=1))) for name, moment in moments.items()}


def interval(values, pattern="{:.2f}"):
    """Mean and half width of the 95 % interval over seeds."""
    values = np.array(values, dtype=float)
    width = STUDENT.get(len(values), 2.6) * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{pattern.format(values.mean())} ± {pattern.format(width)}"


def reportGradients(network, molecules, options):
    print("| σ / Å | target | variance of the gradient / plain's | with x_t fixed / plain's | mean norm | variance of "
          "the norm / plain's |\n|---|---|---|---|---|---|", flush=True)
    for sigma in options.sigmas:
        runs = [studyGradients(network, molecules, sigma, seed, options) for seed in options.seeds]
        for name in runs[0]:
            columns = [interval([run[name][k] / run["plain"][k] for run in runs]) for k in (0, 1, 3)]
            norm = interval([run[name][2] for run in runs])
            print(f"| {sigma:g} | {name} | {columns[0]} | {columns[1]} | {norm} | {columns[2]} |", flush=True)


def computeErrors(network, molecules, sigma, seed, options):
    """Distance between moving the input and moving the output, root mean square a coordinate, Angstrom: rotations,
    reflections, automorphisms; that of the output from the exact mean over O(3); and the part of the output along
    rotations of the input, which the exact mean does not have."""
    import torch
    from eager_network import Batch
    from openmmorbit import orbit

    random, squares, count = np.random.default_rng([seed, round(1000 * sigma), 7]), np.zeros(5), 0
    for _ in range(options.batches):
        chosen = [molecules[k] for k in random.choice(len(molecules), options.size, replace=False)]
        samples = [drawSample(molecule, sigma, random) for molecule in chosen]
        noisy = [x1 + sigma * noise for x1, noise in samples]
        rotations = [drawRotation(random) for _ in chosen]
        groups = [np.array(m.group.enumerate()).reshape(-1, m.numAtoms) for m in chosen]
        orders = [elements[random.integers(len(elements))] for elements in groups]

        def evaluate(positions, chosen=chosen):
            with torch.no_grad():
                result = network.denoise(Batch(chosen, positions, np.full(len(chosen), sigma))).numpy()
            return [rows[:m.numAtoms] for rows, m in zip(result, chosen)]

        plain = evaluate(noisy)
        moved = (evaluate([y @ R.T for y, R in zip(noisy, rotations)]), evaluate([-y for y in noisy]),
                 evaluate([y[order] for y, order in zip(noisy, orders)]))
        for k, molecule in enumerate(chosen):
            exact = computeTargets(molecule, *samples[k], sigma, 1)["exactVelocity, O(3)"]
            expected = (plain[k] @ rotations[k].T, -plain[k], plain[k][orders[k]])
            for kind in range(3):
                squares[kind] += np.sum((moved[kind][k] - expected[kind]) ** 2)
            horizontal = np.array(orbit.projectHorizontal(plain[k].astype(float), noisy[k])).reshape(-1, 3)
            squares[3] += np.sum((plain[k] - exact) ** 2)
            squares[4] += np.sum((plain[k] - horizontal) ** 2)
            count += exact.size
    return np.sqrt(squares / count)


def reportErrors(title, networks, molecules, options):
    """networks: one for every seed, or one that is used with all seeds."""
    for sigma in options.sigmas:
        errors = np.array([computeErrors(network, molecules, sigma, seed, options)
                           for seed, network in zip(options.seeds, networks)])
        columns = [interval(errors[:, k], "{:.0e}" if k == 2 else "{:.4f}") for k in range(5)]
        print(f"| {title} | {sigma:g} | " + " | ".join(columns) + " |", flush=True)


def main(arguments=None):
    options = parseArguments(arguments)
    try:
        import torch
        from eager_network import EagerNetwork, compareWithPlatform, readMolecules
    except (ImportError, OSError) as error:
        print(f"skipped: this Python cannot import torch ({error})")
        return 0
    import openmmorbit
    from openmmorbit import orbit

    torch.set_num_threads(1)

    def load(path):
        model = orbit.DenoiserModel.load(str(path))
        molecules = [m for m in readMolecules(options.shard, model, options.molecules)
                     if m.group.complete and m.group.getOrder() <= options.max_order]
        return EagerNetwork(model, autocast=False), molecules, model

    packaged = Path(openmmorbit.__file__).with_name("models") / "conformer.safetensors"
    network, molecules, model = load(options.model or packaged)
    print(f"{len(molecules)} molecules, {sum(p.numel() for p in network.parameters()):,} parameters; the network "
          f"differs by {compareWithPlatform(model, molecules[0]):.1e} Angstrom from that of the platform\n", flush=True)
    reportGradients(network, molecules, options)
    print("\n| network | σ / Å | rotation / Å | reflection / Å | automorphism / Å | from the exact mean / Å | "
          "along rotations / Å |\n|---|---|---|---|---|---|---|", flush=True)
    reportErrors("packaged" if options.model is None else Path(options.model).stem, [network] * len(options.seeds),
                 molecules, options)
    groups = {}
    for path in map(Path, options.trained):
        groups.setdefault(re.sub(r"-\d+$", "", path.parent.name), []).append(path)
    for title, paths in groups.items():
        loaded = [load(path) for path in sorted(paths)]
        reportErrors(title, [entry[0] for entry in loaded], loaded[0][1], options)
    return 0


if __name__ == "__main__":
    sys.exit(main())

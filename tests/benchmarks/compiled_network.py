#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Times the network in PyTorch, compiled by torch.compile with frozen weights, on one thread; prints JSON.

Microseconds of processor time a molecule, the shortest of many evaluations, under names such as "compiled/single/44/1":
precision, atoms, batch. The molecules are those of measure_generation.py. Needs a Python that can import torch."""
import argparse
import json
import logging
import time

import numpy as np
import torch
from eager_network import Batch, EagerNetwork, Molecule
from measure_generation import MOLECULES
from openmmorbit import conformers, molecules

TOLERANCE = {"single": 1e-4, "bf16": 0.15}      # of F, between compiled and eager with single precision


class Record:
    """What Molecule takes from a shard."""

    def __init__(self, smiles):
        self.graph, _ = molecules.toGraph(smiles)
        self.positions = np.random.default_rng(1).normal(size=3 * self.graph.getNumAtoms())
        self.condition = "GFN2-xTB"


def measure(call, seconds):
    """Get the shortest time of a call, in microseconds of this thread."""
    shortest, end = float("inf"), time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.thread_time()
        call()
        shortest = min(shortest, time.thread_time() - start)
    return 1e6 * shortest


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=sorted(MOLECULES), help="atoms")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 64], help="copies")
    parser.add_argument("--precisions", nargs="+", default=["single"], choices=sorted(TOLERANCE))
    parser.add_argument("--seconds", type=float, default=1.0, help="time for every number")
    options = parser.parse_args()
    torch.set_num_threads(1)
    logging.getLogger("torch").setLevel(logging.ERROR)
    import torch._inductor.config as inductor

    inductor.freezing = True
    model = conformers.loadModel()
    networks = {name: EagerNetwork(model, autocast=name == "bf16").eval() for name in TOLERANCE}
    result = {"version": torch.__version__}
    with torch.no_grad():
        for size in options.sizes:
            molecule = Molecule(Record(next(iter(MOLECULES[size].values()))), model)
            for copies in options.batches:
                batch = Batch([molecule] * copies, [molecule.positions[0]] * copies, [1.0] * copies)
                expected = networks["single"](batch)
                for precision in options.precisions:
                    network = networks[precision]
                    torch._dynamo.reset()
                    compiled = torch.compile(network, dynamic=False)
                    worst = float((compiled(batch) - expected).abs().max())
                    if not worst < TOLERANCE[precision]:
                        raise SystemExit(f"compiled_network: expected the compiled network to agree, got {worst}")
                    shortest = measure(lambda c=compiled, b=batch: c(b), options.seconds)
                    result[f"compiled/{precision}/{size}/{copies}"] = shortest / copies
    print(json.dumps(result))


if __name__ == "__main__":
    main()

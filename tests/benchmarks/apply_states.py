# SPDX-License-Identifier: MIT
"""What eachState() costs over the same OpenMM calls by hand: 1,000 states in one reused Context.

Usage: apply_states.py [--states 1000] [--rounds 15] [--platform CPU] [--energies]

Both ways set positions, apply constraints and compute virtual sites of the same states, in turns. With --energies both
compute the energy of each state too. The ratio is that of the shortest times, which other work on the machine disturbs
least; the checks before the first state are included.
"""
import argparse
import pathlib
import sys
import time

import numpy as np
import openmm
from openmm import app

import openmmorbit

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python" / "tests"))
import systems  # noqa: E402

PEPTIDE = ("ACE", "ALA", "ALA", "ALA", "NME")


def byHand(context, positions, visit):
    """Do what a user would write."""
    tolerance = context.getIntegrator().getConstraintTolerance()
    for state in positions:
        context.setPositions(state)
        context.applyConstraints(tolerance)
        context.computeVirtualSites()
        visit()


def byEachState(context, positions, topology, visit):
    for _ in openmmorbit.eachState(context, positions, topology=topology):
        visit()


def measure(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def compare(context, positions, topology, options):
    """Get the shortest times in s: by hand, and by eachState()."""
    def visit():
        return context.getState(energy=True) if options.energies else None
    times = np.array([[measure(lambda: byHand(context, positions, visit)),
                       measure(lambda: byEachState(context, positions, topology, visit))]
                      for _ in range(options.rounds)])
    return times.min(axis=0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--states", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--platform", default="CPU")
    parser.add_argument("--energies", action="store_true")
    options = parser.parse_args()
    topology, conformers = systems.makeStates(*PEPTIDE, number=30)
    box, start, solvated = systems.solvatedBox("ACE", "ALA", "NME", model="tip4pew", water="amber14/tip4pew.xml")
    print("| system | particles | states | by hand (ms) | eachState (ms) | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, known, states, system in (
            ("peptide, constraints", topology, conformers, systems.implicitSystem(topology, constraints=app.HBonds)),
            ("peptide in TIP4P-Ew", box, start[None], solvated)):
        positions = np.resize(states, (options.states, *states.shape[1:]))
        context = openmm.Context(system, openmm.LangevinMiddleIntegrator(300, 1, 0.001),
                                 openmm.Platform.getPlatform(options.platform))
        hand, ours = compare(context, positions, known, options)
        print(f"| {name} | {system.getNumParticles()} | {options.states} | {1e3 * hand:.1f} | {1e3 * ours:.1f} | "
              f"{ours / hand:.3f} |")


if __name__ == "__main__":
    main()

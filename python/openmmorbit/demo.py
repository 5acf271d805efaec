# SPDX-License-Identifier: MIT
"""From a SMILES to conformers, a picture and a running simulation: python -m openmmorbit.demo --output demo."""
from __future__ import annotations

import argparse
import os
import re
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import openmm
from openmm import app, unit

import openmmorbit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit.ensemble import Ensemble

IBUPROFEN = "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O"
kilojoule = unit.kilojoule_per_mole


def rankByEnergy(ensemble: Ensemble, system: openmm.System, platform: openmm.Platform,
                 maxIterations: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Minimise every conformer for a short while in one Context.

    Parameters
    ----------
    ensemble : openmmorbit.Ensemble
    system : openmm.System
    platform : openmm.Platform
    maxIterations : int
        Iterations of the minimiser.

    Returns
    -------
    before, after : numpy.ndarray
        Potential energies in kJ/mol, one a conformer.
    """
    context = openmm.Context(system, openmm.VerletIntegrator(0.001 * unit.picoseconds), platform)
    before, after = np.empty(len(ensemble)), np.empty(len(ensemble))
    for index in range(len(ensemble)):
        ensemble.applyTo(context, index)
        before[index] = context.getState(energy=True).getPotentialEnergy().value_in_unit(kilojoule)
        openmm.LocalEnergyMinimizer.minimize(context, 1.0, maxIterations)
        after[index] = context.getState(energy=True).getPotentialEnergy().value_in_unit(kilojoule)
    return before, after


def runDynamics(ensemble: Ensemble, index: int, system: openmm.System, platform: openmm.Platform, picoseconds: float,
                temperature: unit.Quantity, trajectory: str, seed: int) -> list[tuple[str, float, float]]:
    """Minimise one conformer and run Langevin dynamics from it.

    Returns
    -------
    list of tuple
        (what, potential energy in kJ/mol, temperature in K) before and after minimisation, after the
        dynamics, and on average over its second half.
    """
    integrator = openmm.LangevinMiddleIntegrator(temperature, 1.0 / unit.picosecond, 0.5 * unit.femtoseconds)
    integrator.setRandomNumberSeed(seed)
    simulation = app.Simulation(ensemble.topology, system, integrator, platform)
    context = simulation.context
    degrees = 3 * system.getNumParticles() * unit.MOLAR_GAS_CONSTANT_R / 2

    def measure() -> tuple[float, float]:
        state = context.getState(energy=True)
        return (state.getPotentialEnergy().value_in_unit(kilojoule),
                (state.getKineticEnergy() / degrees).value_in_unit(unit.kelvin))

    ensemble.applyTo(context, index)
    rows = [("as generated", *measure())]
    simulation.minimizeEnergy()
    rows.append(("after minimisation", *measure()))
    context.setVelocitiesToTemperature(temperature, seed)
    frames = 100
    steps = max(1, int(round(picoseconds / 0.0005 / frames)))
    simulation.reporters.append(app.DCDReporter(trajectory, steps))
    samples = []
    for _ in range(frames):
        simulation.step(steps)
        samples.append(measure())
    rows.append((f"after {picoseconds:g} ps of dynamics", *samples[-1]))
    rows.append(("mean of the second half", *np.mean(samples[frames // 2:], axis=0)))
    if not all(np.isfinite(energy) for _, energy, _ in rows):
        raise openmm.OpenMMException(f"demo: expected finite energies, got {rows}")
    return rows


def parseArguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m openmmorbit.demo", description=__doc__)
    parser.add_argument("--output", default="demo", help="folder for the results (default: demo)")
    parser.add_argument("--smiles", default=IBUPROFEN, help="the molecule (default: ibuprofen)")
    parser.add_argument("--name", help="its name in titles and file names")
    parser.add_argument("--num", type=int, default=20, help="number of conformers (default 20)")
    parser.add_argument("--seed", type=int, default=7, help="random seed")
    parser.add_argument("--picoseconds", type=float, default=10.0, help="length of the dynamics (default 10)")
    parser.add_argument("--temperature", type=float, default=300.0, help="in kelvin (default 300)")
    parser.add_argument("--model", help="model file; default: the packaged one")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> None:
    """Do what the options say and print where the results are."""
    from openmmorbit import picture

    graph = openmmorbit.readMolecule(options.smiles)
    name = options.name or graph.name or ("ibuprofen" if options.smiles == IBUPROFEN else graph.getFormula())
    os.makedirs(options.output, exist_ok=True)
    base = os.path.join(options.output, re.sub(r"[^A-Za-z0-9._-]+", "_", name))
    platform = openmm.Platform.getPlatform("CPU")

    generator = openmmorbit.ConformerGenerator(model=options.model)
    print(f"molecule     {name}, {graph.smiles}, {graph.getNumAtoms()} atoms\ngenerator    {generator}")
    begin = time.perf_counter()
    ensemble = generator.generate(graph, options.num, options.seed)
    provenance = ensemble.provenance
    print(f"conformers   {len(ensemble)} of {options.num} in {time.perf_counter() - begin:.2f} s on "
          f"{provenance[0].kernel}, {sum(p.numEvaluations for p in provenance)} evaluations, "
          f"{sum(p.numRedraws for p in provenance)} redraws")
    ensemble.writeSDF(f"{base}.sdf")

    system = openmmorbit.mmffSystem(graph)
    before, after = rankByEnergy(ensemble, system, platform)
    best = int(after.argmin())
    print(f"MMFF94       as generated: median {np.median(before):.1f} kJ/mol, lowest {before.min():.1f}; after a short "
          f"minimisation: median {np.median(after):.1f}, lowest {after.min():.1f} (conformer {best})")
    picture.drawEnsemble(ensemble, f"{base}.png", best, name,
                         f"{len(ensemble)} conformers from orbit diffusion · bold: lowest MMFF94 energy")
    order = after.argsort()
    openmmorbit.view(ensemble[order], f"{base}.html", title=name,
                     values={"MMFF94 energy after a short minimisation, kJ/mol": after[order] - after.min()})

    begin = time.perf_counter()
    rows = runDynamics(ensemble, best, system, platform, options.picoseconds, options.temperature * unit.kelvin,
                       f"{base}_dynamics.dcd", options.seed)
    print(f"dynamics     conformer {best}, MMFF94, Langevin, {options.temperature:g} K, {platform.getName()} platform, "
          f"{time.perf_counter() - begin:.1f} s")
    for what, energy, temperature in rows:
        print(f"  {what:26s} potential energy {energy:10.2f} kJ/mol   temperature {temperature:6.1f} K")
    ensemble[best:best + 1].writePDB(f"{base}_best.pdb")
    print("results      " + "\n             ".join(f"{base}{end}" for end in (
        ".sdf", ".png", ".html", "_best.pdb", "_dynamics.dcd")))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; returns the exit status."""
    try:
        run(parseArguments(arguments))
    except (ValueError, OSError, ImportError, openmm.OpenMMException) as error:
        print(f"openmmorbit.demo: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("openmmorbit.demo: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: MIT
"""A drug in water: its dynamics in vacuum, a model of it, and simulations in water that start from generated states.

Usage: 05_ligand_in_water.py [FOLDER] [--full]     (a minute; --full: half an hour)
"""
import os
import sys

import matplotlib
import mdtraj
import numpy as np
import openmm
from openmm import app, unit

import openmmorbit

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

full = "--full" in sys.argv
folder = next((name for name in sys.argv[1:] if not name.startswith("-")), "aspirin")
os.makedirs(folder, exist_ok=True)
temperature = 300*unit.kelvin


def makeSimulation(topology, system, platform):
    integrator = openmm.LangevinMiddleIntegrator(temperature, 1/unit.picosecond, 1*unit.femtosecond)
    return app.Simulation(topology, system, integrator, openmm.Platform.getPlatform(platform))


# Aspirin with MMFF94, which needs no parametrisation: dynamics from conformers of the packaged model.
starts = openmmorbit.ConformerGenerator().generate("CC(=O)Oc1ccccc1C(=O)O", 12 if full else 3, seed=7)
topology, system = starts.topology, openmmorbit.mmffSystem(starts.graph)
simulation = makeSimulation(topology, system, "Reference")
files = [os.path.join(folder, f"run{i}.xtc") for i in range(len(starts))]
for i, file in enumerate(files):
    starts.applyTo(simulation.context, i)
    simulation.minimizeEnergy()
    simulation.context.setVelocitiesToTemperature(temperature, i + 1)
    simulation.step(1000)
    simulation.reporters.append(app.XTCReporter(file, 100 if full else 20))
    simulation.step(200000 if full else 4000)
    simulation.reporters.clear()
dataset = openmmorbit.TrajectoryDataset(topology, files, temperature=temperature)

# A model of it. What a model of a few seconds makes does not pass the inspection, but relax() can mend it.
model = openmmorbit.train(dataset, os.path.join(folder, "model"), minutes=12, maxSteps=10**9 if full else 150)
generator = openmmorbit.TopologyGenerator(model, topology, check=full)
states = generator.generate(500 if full else 12, seed=1, progress=True)
relaxation = states.relax(system, temperature=temperature, platform="Reference", seed=1)
print(relaxation)

# A box of OpenMM's water. Within aspirin all terms are those of MMFF94; it meets the water with charges and distances
# of MMFF94, in Lennard-Jones form. This is good for sampling and for starts, not for free energies of solvation.
forceField = app.ForceField("amber14/tip3p.xml")
openmmorbit.registerMMFF(forceField, starts.graph)
box = app.Modeller(topology, starts[0].positions)
box.addSolvent(forceField, padding=1*unit.nanometer)
solvated = forceField.createSystem(box.topology, nonbondedMethod=app.PME, nonbondedCutoff=0.9*unit.nanometer)

# Simulations in this box, each from another state.
wet, inWater = makeSimulation(box.topology, solvated, "CPU"), []
for state in relaxation.states.startingStates(6 if full else 2, seed=1):
    placed = openmmorbit.placeInSolvent(state, box.topology, box.positions, system=solvated)
    started = openmmorbit.relax(placed.positions, solvated, topology=placed.topology, maxIterations=50, seed=1)
    print(placed, started)
    wet.context.setPositions(started.positions[0])
    wet.context.setVelocitiesToTemperature(temperature, 1)
    inWater.append([])
    for _ in range(200 if full else 20):
        wet.step(100 if full else 5)
        inWater[-1].append(wet.context.getState(positions=True).getPositions(asNumpy=True)._value[:starts.numAtoms])
print(f"in water: {len(inWater)} runs, the last one at", wet.context.getState(energy=True).getPotentialEnergy())


def torsions(positions):
    """Get how the ester and the acid are turned against the ring, degrees."""
    trajectory = mdtraj.Trajectory(positions, None)
    return np.degrees(mdtraj.compute_dihedrals(trajectory, [[1, 3, 4, 5], [4, 9, 10, 11]])).T


# The picture.
figure, panels = pyplot.subplots(1, 3, figsize=(11.5, 4.6), sharey=True, layout="constrained")
vacuum = torsions(np.concatenate([frames.positions for frames in dataset]))
generated = torsions(states.positions.value_in_unit(unit.nanometer))
titles = "dynamics in vacuum", f"{generated.shape[1]} states of the model", "from them, in water"
for axes, title in zip(panels, titles):
    axes.hist2d(*vacuum, bins=np.linspace(-180, 180, 61), cmin=1, norm="log", cmap="Greys")
    axes.set(title=title, xlabel="ester (degrees)", aspect="equal")
panels[0].set_ylabel("acid (degrees)")
panels[1].plot(*generated, ".", markersize=4)
for run in inWater:
    angles = torsions(np.array(run))
    angles[:, 1:][:, (np.abs(np.diff(angles)) > 180).any(axis=0)] = np.nan     # no lines across the map
    panels[2].plot(*angles, ".-", markersize=3, linewidth=0.3)
figure.savefig(os.path.join(folder, "aspirin.png"), dpi=100, bbox_inches="tight")

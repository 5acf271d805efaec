# SPDX-License-Identifier: MIT
"""Alanine dipeptide from nothing: dynamics, a model, Boltzmann weights, and a replica exchange that starts from them.

Usage: 03_alanine_dipeptide.py [FOLDER] [--full]     (half a minute; --full: an hour)
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
folder = next((name for name in sys.argv[1:] if not name.startswith("-")), "alanine")
os.makedirs(folder, exist_ok=True)
reference = openmm.Platform.getPlatform("Reference")     # the fastest one for 22 atoms

# Ace-Ala-Nme. OpenMM knows the bonds of residues, the packaged model the positions, the force field the hydrogens.
topology = app.Topology()
chain = topology.addChain()
for name, atoms in (("ACE", "CH3 C O"), ("ALA", "N CA CB C O"), ("NME", "N C")):
    residue = topology.addResidue(name, chain)
    for atom in atoms.split():
        topology.addAtom(atom, app.Element.getBySymbol(atom[0]), residue)
topology.createStandardBonds()
heavy = openmmorbit.ConformerGenerator().generate(topology, 1, seed=7).positions[0][:topology.getNumAtoms()]
forceField = app.ForceField("amber99sbildn.xml", "amber99_obc.xml")
modeller = app.Modeller(topology, heavy)
modeller.addHydrogens(forceField, platform=reference)
topology, temperature = modeller.topology, 300*unit.kelvin
system = forceField.createSystem(topology, nonbondedMethod=app.NoCutoff)

# Dynamics from conformers of the packaged model. They lie in all basins; how often each is visited is not right.
integrator = openmm.LangevinMiddleIntegrator(temperature, 1/unit.picosecond, 1*unit.femtosecond)
simulation = app.Simulation(topology, system, integrator, reference)
starts = openmmorbit.ConformerGenerator().generate(topology, 16 if full else 4, seed=7)
files = [os.path.join(folder, f"run{i}.xtc") for i in range(len(starts))]
for i, file in enumerate(files):
    starts.applyTo(simulation.context, i)
    simulation.minimizeEnergy()
    simulation.context.setVelocitiesToTemperature(temperature, i + 1)
    simulation.step(2000)
    simulation.reporters.append(app.XTCReporter(file, 200 if full else 50))
    simulation.step(1000000 if full else 20000)
    simulation.reporters.clear()

# A model of this peptide, states of it, and their Boltzmann weights.
dataset = openmmorbit.TrajectoryDataset(topology, files, temperature=temperature, system=system)
model = openmmorbit.train(dataset, os.path.join(folder, "model"), minutes=30, maxSteps=10**9 if full else 300)
generator = openmmorbit.TopologyGenerator(model, topology, density=True, numSteps=12 if full else 8)
states = generator.generate(600 if full else 16, seed=1, progress=True)
weights = openmmorbit.importanceWeights(states, system, temperature, platform=reference)
print(weights)

# A replica exchange of which every replica starts from another state.
relaxation = states[:50].relax(system, temperature=temperature, platform=reference, seed=1)
print(relaxation)
ladder = [{"temperature": kelvin*unit.kelvin} for kelvin in ((300, 370, 455, 560) if full else (300, 400))]
starts.applyTo(simulation.context, 0)
sampler = app.ReplicaExchangeSampler(ladder, simulation, 500)
openmmorbit.seedReplicas(sampler, relaxation.states, seed=1)
cold = []
sampler.reporters.append(lambda sampler: cold.append(
    sampler.replicaConformation[sampler.replicaStateIndex.index(0)].getPositions(asNumpy=True)._value))
sampler.simulate(8000 if full else 20)

# The picture: phi and psi.
figure, panels = pyplot.subplots(1, 4, figsize=(13, 4.2), sharey=True, layout="constrained")
shape = mdtraj.Topology.from_openmm(topology)
generated = states.positions.value_in_unit(unit.nanometer)
for axes, title, positions, share in (
        (panels[0], f"MD from {len(starts)} conformers", np.concatenate([f.positions for f in dataset]), None),
        (panels[1], "model", generated, None), (panels[2], "model, reweighted", generated, weights.weights),
        (panels[3], "replica exchange", np.array(cold), None)):
    trajectory = mdtraj.Trajectory(positions, shape)
    phi = np.degrees(mdtraj.compute_phi(trajectory)[1][:, 0])
    psi = np.degrees(mdtraj.compute_psi(trajectory)[1][:, 0])
    positive = np.average(phi > 0, weights=share)
    axes.hist2d(phi, psi, bins=np.linspace(-180, 180, 61), weights=share, density=True, cmin=1e-9, norm="log")
    axes.set(title=f"{title}\n{100*positive:.1f} % with φ > 0", xlabel="φ", aspect="equal")
    print(f"{title}: {len(phi)} states, {100*positive:.2f} % with phi > 0")
panels[0].set_ylabel("ψ")
figure.savefig(os.path.join(folder, "alanine.png"), dpi=100, bbox_inches="tight")

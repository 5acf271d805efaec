# SPDX-License-Identifier: MIT
"""Ace-Ala-Ala-Ala-Nme: one model of two temperatures, and Monte Carlo moves in a running simulation.

Usage: 04_trialanine.py [FOLDER] [--full]     (half a minute; --full: an hour)
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
folder = next((name for name in sys.argv[1:] if not name.startswith("-")), "trialanine")
os.makedirs(folder, exist_ok=True)
reference = openmm.Platform.getPlatform("Reference")     # the fastest one for 42 atoms

# The peptide: heavy atoms from the packaged model, hydrogens from the force field.
topology = app.Topology()
chain = topology.addChain()
for name, atoms in (("ACE", "CH3 C O"), *3*[("ALA", "N CA CB C O")], ("NME", "N C")):
    residue = topology.addResidue(name, chain)
    for atom in atoms.split():
        topology.addAtom(atom, app.Element.getBySymbol(atom[0]), residue)
topology.createStandardBonds()
heavy = openmmorbit.ConformerGenerator().generate(topology, 1, seed=7).positions[0][:topology.getNumAtoms()]
forceField = app.ForceField("amber99sbildn.xml", "amber99_obc.xml")
modeller = app.Modeller(topology, heavy)
modeller.addHydrogens(forceField, platform=reference)
topology = modeller.topology
system = forceField.createSystem(topology, nonbondedMethod=app.NoCutoff)
integrator = openmm.LangevinMiddleIntegrator(300*unit.kelvin, 1/unit.picosecond, 1*unit.femtosecond)
simulation = app.Simulation(topology, system, integrator, reference)

# Dynamics at two temperatures, each from several conformers. The reporter writes frames for training while it runs.
shard = os.path.join(folder, "frames.shard")
starts = openmmorbit.ConformerGenerator().generate(topology, 12 if full else 2, seed=7)
for kelvin in (300, 450):
    integrator.setTemperature(kelvin*unit.kelvin)
    for i in range(len(starts)):
        starts.applyTo(simulation.context, i)
        simulation.minimizeEnergy()
        simulation.context.setVelocitiesToTemperature(kelvin*unit.kelvin, i + 1)
        simulation.step(1000)
        with openmmorbit.TrainingDataReporter(shard, 100 if full else 25) as reporter:
            simulation.reporters.append(reporter)
            simulation.step(400000 if full else 5000)
        simulation.reporters.clear()

# One model; each temperature is a condition of it.
model = openmmorbit.train(shard, os.path.join(folder, "model"), minutes=25, maxSteps=10**9 if full else 300)
states = {kelvin: openmmorbit.TopologyGenerator(model, topology, condition=f"{kelvin} K", check=full).generate(
    5000 if full else 50, seed=1, progress=True) for kelvin in (300, 450)}
relaxation = states[300].startingStates(20 if full else 6, seed=1).relax(system, platform=reference, seed=1)
print(relaxation)

# A simulation at 300 K that is moved to generated states, with the right probability.
integrator.setTemperature(300*unit.kelvin)
starts.applyTo(simulation.context, 0)
simulation.minimizeEnergy()
simulation.context.setVelocitiesToTemperature(300*unit.kelvin, 1)
generator = openmmorbit.TopologyGenerator(model, topology, condition="300 K", density=True,
                                         numSteps=12 if full else 8)
moves = openmmorbit.OrbitMonteCarlo(simulation, generator, 4000, batchSize=2, seed=2)
simulation.reporters.append(moves)
trace = []
for _ in range(4000 if full else 40):
    simulation.step(100)
    trace.append(simulation.context.getState(positions=True).getPositions(asNumpy=True)._value)
print(moves)

# The picture: phi and psi of each residue at both temperatures, and phi of the simulation.
shape = mdtraj.Topology.from_openmm(topology)
figure, panels = pyplot.subplots(3, 3, figsize=(9.5, 9.5), layout="constrained")
for row, (kelvin, ensemble) in zip(panels, states.items()):
    trajectory = mdtraj.Trajectory(ensemble.positions.value_in_unit(unit.nanometer), shape)
    phi, psi = (np.degrees(f(trajectory)[1]) for f in (mdtraj.compute_phi, mdtraj.compute_psi))
    for k, axes in enumerate(row):
        axes.hist2d(phi[:, k], psi[:, k], bins=np.linspace(-180, 180, 61), cmin=1, norm="log")
        axes.set(title=f"Ala {k + 1} at {kelvin} K: φ > 0 {100*(phi[:, k] > 0).mean():.1f} %", aspect="equal",
                 xlim=(-180, 180), ylim=(-180, 180), xlabel="φ", ylabel="ψ" if k == 0 else "")
phi = np.degrees(mdtraj.compute_phi(mdtraj.Trajectory(np.array(trace), shape))[1])
for k, axes in enumerate(panels[2]):
    axes.plot(0.1*np.arange(len(phi)), phi[:, k], ".", markersize=2)
    axes.set(title=f"φ of Ala {k + 1}, with moves", xlabel="time (ps)", ylabel="φ" if k == 0 else "", ylim=(-180, 180))
figure.savefig(os.path.join(folder, "trialanine.png"), dpi=90)

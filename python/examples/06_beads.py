# SPDX-License-Identifier: MIT
"""A coarse-grained model of one's own: a chain of beads with two states, its model, weights, and Monte Carlo moves.

Usage: 06_beads.py [FOLDER] [--full]     (half a minute; --full: a quarter of an hour)
"""
import os
import sys

import matplotlib
import numpy as np
import openmm
from openmm import app, unit

import openmmorbit

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

full = "--full" in sys.argv
folder = next((name for name in sys.argv[1:] if not name.startswith("-")), "beads")
os.makedirs(folder, exist_ok=True)

# Eight beads in a row: no elements, one residue. The bonds of the Topology tell the model what belongs together.
numBeads, temperature = 8, 300*unit.kelvin
topology = app.Topology()
residue = topology.addResidue("BDS", topology.addChain())
beads = [topology.addAtom(f"B{i + 1}", None, residue) for i in range(numBeads)]
for first, second in zip(beads, beads[1:]):
    topology.addBond(first, second)

# Stiff bonds, soft angles, beads that repel each other, and two ends that stick together.
system = openmm.System()
bonds = openmm.CustomBondForce("10000*(r-0.38)^2")
angles = openmm.CustomAngleForce("15*(cos(theta)+0.6)^2")
contacts = openmm.CustomNonbondedForce("4*(0.4/r)^12")
ends = openmm.CustomBondForce("-18*exp(-((r-0.45)/0.12)^2)")
for _ in range(numBeads):
    system.addParticle(100)
    contacts.addParticle([])
for i in range(numBeads - 1):
    bonds.addBond(i, i + 1)
for i in range(numBeads - 2):
    angles.addAngle(i, i + 1, i + 2)
contacts.createExclusionsFromBonds([(i, i + 1) for i in range(numBeads - 1)], 2)
ends.addBond(0, numBeads - 1)
for force in (bonds, angles, contacts, ends):
    system.addForce(force)

# Dynamics; the frames go to the file that a model is trained on.
integrator = openmm.LangevinMiddleIntegrator(temperature, 1/unit.picosecond, 10*unit.femtoseconds)
simulation = app.Simulation(topology, system, integrator, openmm.Platform.getPlatform("Reference"))
simulation.context.setPositions([[0.35*i, 0.15*(i % 2), 0.1*(i % 3)] for i in range(numBeads)])
simulation.minimizeEnergy()


def closure(positions):
    """Get the distance between the two ends, nm."""
    return np.linalg.norm(positions[..., 0, :] - positions[..., -1, :], axis=-1)


def run(numFrames, interval):
    """Run dynamics and get the distance of the ends after every interval."""
    trace = []
    for _ in range(numFrames):
        simulation.step(interval)
        trace.append(closure(simulation.context.getState(positions=True).getPositions(asNumpy=True)._value))
    return np.array(trace)


shard = os.path.join(folder, "frames.shard")
with openmmorbit.TrainingDataReporter(shard, 200) as reporter:
    simulation.reporters.append(reporter)
    dynamics = run(20000 if full else 500, 200)
simulation.reporters.clear()

# The model, states of it, and their Boltzmann weights.
model = openmmorbit.train(shard, os.path.join(folder, "model"), minutes=8, maxSteps=10**9 if full else 150)
generator = openmmorbit.TopologyGenerator(model, topology, density=True)
states = generator.generate(2000 if full else 40, seed=1, progress=True)
weights = openmmorbit.importanceWeights(states, system, temperature)
print(weights)

# The same simulation with Monte Carlo moves to generated states.
moves = openmmorbit.OrbitMonteCarlo(simulation, generator, 4000, seed=2)
simulation.reporters.append(moves)
jumping = run(1000 if full else 10, 1000)
print(moves)

# The picture: some states, how often the ends are together, and how often this changes.
figure, (drawn, shares, traces) = pyplot.subplots(1, 3, figsize=(13, 3.8), layout="constrained")
positions = states.positions.value_in_unit(unit.nanometer)
distances = closure(positions)
for i, chain in enumerate(positions[:12]):
    flat = (chain - chain.mean(axis=0)) @ np.linalg.svd(chain - chain.mean(axis=0))[2][:2].T
    flat += [2.6*(i % 4), -1.6*(i // 4)]
    drawn.plot(*flat.T, "-o", color="C0" if distances[i] < 0.65 else "C1", markersize=7)
drawn.set(title="generated states (blue: closed)", aspect="equal")
drawn.axis("off")
edges = np.linspace(0.3, 2.8, 41)
middle = (edges[1:] + edges[:-1])/2
_, reweighted = weights.profile(distances, bins=edges)
shares.stairs(np.histogram(dynamics, edges)[0]/len(dynamics), edges, label="dynamics", fill=True, color="0.8")
shares.stairs(np.histogram(distances, edges)[0]/len(distances), edges, label="model", color="C0")
shares.errorbar(middle, reweighted.value, reweighted.error, fmt="o", color="C3", markersize=3, label="reweighted")
shares.set(xlabel="distance of the ends (nm)", ylabel="share", yscale="log", ylim=(1e-4, 1))
shares.legend()
traces.plot(np.arange(len(jumping)), dynamics[4::5][:len(jumping)], color="0.6", label="dynamics")
traces.plot(np.arange(len(jumping)), jumping + 3, color="C3", label="with Monte Carlo moves (+ 3 nm)")
traces.set(xlabel="time (10 ps)", ylabel="distance of the ends (nm)", ylim=(0, 7))
traces.legend(loc="upper right")
figure.savefig(os.path.join(folder, "beads.png"), dpi=100)
for name, values in (("dynamics", dynamics[4::5]), ("dynamics and moves", jumping)):    # every 10 ps
    print(f"{name}: {100*(values < 0.65).mean():.1f} % closed, {100*np.diff(values < 0.65).mean():.1f} changes per ns")
closed = weights.mean(distances < 0.65)
print(f"reweighted: {100*closed.value:.1f} +- {100*closed.error:.1f} % closed")

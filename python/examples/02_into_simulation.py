# SPDX-License-Identifier: MIT
"""From a generated conformer to dynamics, in two ways. Usage: 02_into_simulation.py [FOLDER [MODEL]]"""
import os
import sys

import openmm
from openmm import app, unit

import openmmorbit

folder = sys.argv[1] if len(sys.argv) > 1 else "."
model = sys.argv[2] if len(sys.argv) > 2 else None
generator = openmmorbit.ConformerGenerator(model=model)
ensemble = generator.generate("CCOC(=O)C", numConformers=4, seed=7)
platform = openmm.Platform.getPlatform("CPU")

# MMFF94 as OpenMM forces gives any organic molecule a System.
system = openmmorbit.mmffSystem(ensemble.graph)

# First way: put a conformer into a Context and run Langevin dynamics from it.
integrator = openmm.LangevinMiddleIntegrator(300 * unit.kelvin, 1 / unit.picosecond, 0.5 * unit.femtoseconds)
simulation = app.Simulation(ensemble.topology, system, integrator, platform)
ensemble.applyTo(simulation.context, 0)
simulation.minimizeEnergy()
simulation.context.setVelocitiesToTemperature(300 * unit.kelvin, 7)
simulation.reporters.append(app.DCDReporter(os.path.join(folder, "dynamics.dcd"), 200))
simulation.step(1000)
print("after dynamics:", simulation.context.getState(energy=True).getPotentialEnergy())

# Second way: denoising and dynamics take turns in one Context.
langevin = openmm.LangevinMiddleIntegrator(300 * unit.kelvin, 1 / unit.picosecond, 0.5 * unit.femtoseconds)
orbit = openmmorbit.OrbitDiffusionIntegrator(generator.model)
orbit.addMolecule(ensemble.graph, list(range(system.getNumParticles())))
orbit.setRandomNumberSeed(7)
both = openmm.CompoundIntegrator()
both.addIntegrator(langevin)
both.addIntegrator(orbit)
context = openmm.Context(system, both, platform)
context.setPositions(ensemble[0].positions)
for cycle in range(2):
    both.setCurrentIntegrator(1)
    orbit.restart()
    both.step(orbit.getNumSteps())
    openmm.LocalEnergyMinimizer.minimize(context)
    context.setVelocitiesToTemperature(300 * unit.kelvin, 7)
    both.setCurrentIntegrator(0)
    both.step(200)
    print(f"cycle {cycle}:", context.getState(energy=True).getPotentialEnergy())

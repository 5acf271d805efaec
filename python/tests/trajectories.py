# SPDX-License-Identifier: MIT
"""Short simulations of capped peptides for the tests of training on frames."""
import functools

import mdtraj as md
import numpy as np
import openmm

from systems import implicitSystem, makeContext, makeStates


@functools.cache
def _simulate(names, numFrames):
    topology, states = makeStates(*names, number=1)
    integrator = openmm.LangevinMiddleIntegrator(300, 1, 0.001)
    integrator.setRandomNumberSeed(1)
    context = makeContext(implicitSystem(topology), integrator)
    context.setPositions(states[0])
    openmm.LocalEnergyMinimizer.minimize(context, 10, 50)
    context.setVelocitiesToTemperature(300, 1)
    frames = []
    for _ in range(numFrames):
        integrator.step(10)
        frames.append(context.getState(positions=True).getPositions(asNumpy=True)._value)
    return topology, np.array(frames)


def makeTrajectory(*names, numFrames=100):
    """Simulate a peptide at 300 K: Topology, and frames of shape (numFrames, numAtoms, 3) in nm."""
    topology, frames = _simulate(names, numFrames)
    return topology, frames.copy()


def saveDCD(path, topology, frames):
    """Write frames as a DCD file; get its path as str."""
    md.Trajectory(frames.astype(np.float32), md.Topology.from_openmm(topology)).save(str(path))
    return str(path)

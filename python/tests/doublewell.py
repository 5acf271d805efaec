# SPDX-License-Identifier: MIT
"""Two particles in a double well, known in closed form, and a model that proposes every distance."""
import numpy as np
import openmm
from openmm import app

import openmmorbit
from openmmorbit import orbit, topologies

TEMPERATURE = 300.0
RT = 0.00831446261815324 * TEMPERATURE


def makePair():
    topology = app.Topology()
    residue = topology.addResidue("PAR", topology.addChain())
    for name in ("A", "B"):
        topology.addAtom(name, app.element.argon, residue)
    return topology


def makeGenerator(topology, **settings):
    """A network of zeros: two atoms that are normally distributed, so that every distance is proposed."""
    network = orbit.PairBiasTransformerSettings()
    network.width, network.numHeads, network.numLayers, network.pairWidth, network.dataScale = 16, 2, 1, 8, 2.0
    subject = orbit.makeTopologySubject(topologies.makeRecord(topology))
    vocabularies = orbit.makeTopologyVocabularies(subject)
    model = orbit.DenoiserModel.createRandom(network, 1, vocabularies.atoms, vocabularies.pairs)
    for name in model.getTensorNames():
        tensor = model.getTensor(name)
        if name != "time.frequencies":
            tensor.values = np.zeros_like(tensor.values)
            model.setTensor(name, tensor)
    model.setRotations(orbit.OrbitRotations_Proper)
    model.setTopology(subject)
    return openmmorbit.TopologyGenerator(model, topology, "Reference", **{
        "method": "heun", "numSteps": 4, "renewal": 0, "stereoGuidance": 0, "sigmaMax": 10, **settings})


def makeDoubleWell():
    """Two particles whose distance has minima of different widths at 0.2 and 0.4 nm."""
    system = openmm.System()
    for _ in range(2):
        system.addParticle(39.9)
    force = openmm.CustomBondForce("9*(((r-0.3)/0.1)^2-1)^2+20*(r-0.3)")
    force.addBond(0, 1, [])
    system.addForce(force)
    return system


def exactProbabilities():
    """Of the outer well, and the mean distance."""
    r = np.linspace(1e-4, 1.2, 200001)
    energy = 9 * (((r - 0.3) / 0.1) ** 2 - 1) ** 2 + 20 * (r - 0.3)
    density = r ** 2 * np.exp(-energy / RT)
    density /= density.sum()
    return density[r > 0.3].sum(), (density * r).sum()


def distances(positions):
    return np.linalg.norm(positions[:, 0] - positions[:, 1], axis=1)


def makeSimulation():
    system = makeDoubleWell()
    integrator = openmm.LangevinMiddleIntegrator(TEMPERATURE, 5, 0.004)
    integrator.setRandomNumberSeed(4)
    simulation = app.Simulation(makePair(), system, integrator, openmm.Platform.getPlatformByName("Reference"))
    simulation.context.setPositions([[0, 0, 0], [0.2, 0, 0]])
    simulation.context.setVelocitiesToTemperature(TEMPERATURE, 3)
    return simulation

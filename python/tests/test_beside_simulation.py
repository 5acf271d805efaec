# SPDX-License-Identifier: MIT
"""A generator has its own Context, queue and random numbers: a simulation on the same device is not disturbed."""
import threading

import numpy as np
import openmm
import pytest
from openmm import unit

import openmmorbit


# Forces that are summed in the same order in every run.
PROPERTIES = {"Reference": {}, "CPU": {"Threads": "1"}, "OpenCL": {"Precision": "single"},
              "CUDA": {"DeterministicForces": "true"}, "HIP": {"DeterministicForces": "true"}}


@pytest.fixture(params=["Reference", "CPU", "OpenCL", "CUDA", "HIP"])
def device(request):
    """Every platform of this machine."""
    names = [openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())]
    if request.param not in names:
        pytest.skip(f"OpenMM has no platform {request.param} here")
    return request.param


@pytest.fixture(scope="module")
def start():
    """Ethanol and its force field."""
    ensemble = openmmorbit.ConformerGenerator(platform="CPU").generate("CCO", 1, seed=3)
    return ensemble, openmmorbit.mmffSystem(ensemble.graph)


def simulate(start, device, beside=None):
    """Get the positions after 40 times 5 steps of Langevin dynamics; beside() is called in between."""
    ensemble, system = start
    integrator = openmm.LangevinMiddleIntegrator(300*unit.kelvin, 1/unit.picosecond, 0.0005*unit.picoseconds)
    integrator.setRandomNumberSeed(11)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatformByName(device), PROPERTIES[device])
    context.setPositions(ensemble.positions[0])
    context.setVelocitiesToTemperature(300*unit.kelvin, 5)
    for _ in range(40):
        integrator.step(5)
        if beside is not None:
            beside()
    return context.getState(positions=True).getPositions(asNumpy=True).value_in_unit(unit.nanometer)


@pytest.fixture
def generator(makeGenerator, device):
    """A generator on the device, its kernels compiled."""
    generator = makeGenerator(platform=device, properties=PROPERTIES[device])
    generator.kernelDescription()
    return generator


def testBetweenTheSteps(start, device, generator):
    alone = simulate(start, device)
    assert np.array_equal(simulate(start, device), alone)
    expected = generator.generate("CCCO", 2, seed=5).positions._value
    found = []
    disturbed = simulate(start, device, lambda: found.append(generator.generate("CCCO", 2, seed=5).positions._value))
    assert np.array_equal(disturbed, alone)
    assert all(np.array_equal(positions, expected) for positions in found) and len(found) == 40


def testInAnotherThread(start, device, generator):
    alone, expected = simulate(start, device), generator.generate("CCCO", 2, seed=5).positions._value
    stop, found = threading.Event(), []

    def generate():
        while not stop.is_set() or not found:
            found.append(generator.generate("CCCO", 2, seed=5).positions._value)

    thread = threading.Thread(target=generate)
    thread.start()
    try:
        disturbed = simulate(start, device)
    finally:
        stop.set()
        thread.join()
    assert np.array_equal(disturbed, alone)
    assert found and all(np.array_equal(positions, expected) for positions in found)

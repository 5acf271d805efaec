# SPDX-License-Identifier: MIT
"""Forces on the atoms of frames: computed, taken from running simulations, kept in shards, and used in training."""
import numpy as np
import openmm
import pytest
from conftest import runCli
from openmm import app, unit

import openmmorbit
from openmmorbit import orbit
from openmmorbit.cli import main
from systems import implicitSystem, makeStates, solvatedBox
from trajectories import saveDCD

TINY = {"width": 16, "numHeads": 2, "numLayers": 1, "pairWidth": 8, "conditionWidth": 8, "numRadial": 8, "threads": 1,
        "logSteps": 5, "maxSteps": 5, "progress": False}


@pytest.fixture(scope="module")
def run():
    """A short simulation of Ace-Ala-Nme at 300 K: Topology, System, frames in nm."""
    topology, states = makeStates("ACE", "ALA", "NME", number=1)
    system = implicitSystem(topology)
    integrator = openmm.LangevinMiddleIntegrator(300, 10, 0.001)
    integrator.setRandomNumberSeed(1)
    simulation = app.Simulation(topology, system, integrator, openmm.Platform.getPlatform("Reference"))
    simulation.context.setPositions(states[0])
    simulation.minimizeEnergy()
    simulation.step(2000)
    frames = []
    for _ in range(300):
        simulation.step(50)
        frames.append(simulation.context.getState(positions=True).getPositions(asNumpy=True)._value)
    return topology, system, np.array(frames)


def computeForces(system, positions, box=None):
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    if box is not None:
        context.setPeriodicBoxVectors(*box)
    context.setPositions(positions)
    return context.getState(forces=True).getForces(asNumpy=True)._value


def readBlocks(path):
    reader, subject = orbit.ShardReader(str(path)), orbit.ShardSubject()
    assert reader.nextSubject(subject)
    blocks = []
    while True:
        block = orbit.FrameBlock()
        if not reader.nextBlock(block):
            return blocks
        blocks.append(block)


def testForcesStandBesideTheFrames(run, tmp_path):
    topology, system, frames = run
    dataset = openmmorbit.TrajectoryDataset(topology, frames[:5], temperature=300, system=system)
    block, = dataset
    found, expected = block.computeForces(), np.array([computeForces(system, frame) for frame in frames[:5]])
    assert found.shape == (5, 22, 3) and np.abs(expected).max() > 500
    assert np.allclose(found, expected, rtol=2e-3, atol=2)
    assert np.allclose(block.computeForces(3), found[3:], rtol=1e-3, atol=0.5)
    heavy = openmmorbit.TrajectoryDataset(topology, frames[:5], atoms="heavy", temperature=300, system=system)
    part, = heavy
    assert np.allclose(part.computeForces(), found[:, heavy.atoms], rtol=1e-3, atol=0.5)
    # In the shard they stand in kcal/mol/Angstrom; another call adds the others.
    dataset.write(tmp_path / "a.shard", progress=False)
    longer = openmmorbit.TrajectoryDataset(topology, frames[:9], temperature=300, system=system)
    assert longer.write(tmp_path / "a.shard", progress=False) == 4
    written = np.concatenate([np.array(b.forces) for b in readBlocks(tmp_path / "a.shard")]).reshape(9, 22, 3)
    assert np.allclose(written[:5] * 41.84, found, rtol=1e-3, atol=0.5)
    assert np.allclose(written[8] * 41.84, computeForces(system, frames[8]), rtol=2e-3, atol=2)


def testFramesWithoutForcesStaySo(run, tmp_path):
    topology, system, frames = run
    openmmorbit.TrajectoryDataset(topology, frames[:5], temperature=300).write(tmp_path / "a.shard", progress=False)
    dataset = openmmorbit.TrajectoryDataset(topology, frames[:9], temperature=300, system=system)
    with pytest.warns(UserWarning, match="has 5 frames of .* without forces already"):
        dataset.write(tmp_path / "a.shard", progress=False)
    assert [len(block.forces) // 66 for block in readBlocks(tmp_path / "a.shard")] == [0, 4]


def testASoluteInABoxOfWater():
    topology, positions, _ = solvatedBox("ACE", "ALA", "NME")
    system = app.ForceField("amber14-all.xml", "amber14/tip3p.xml").createSystem(
        topology, nonbondedMethod=app.PME, nonbondedCutoff=0.7 * unit.nanometer)
    box = np.array(topology.getPeriodicBoxVectors().value_in_unit(unit.nanometer))
    frames = np.array([(positions + shift) % np.diag(box) for shift in (0, 0.7)])
    expected = computeForces(system, positions, box)[:22]
    dataset = openmmorbit.TrajectoryDataset(topology, frames, atoms=range(22), temperature=300, boxVectors=box,
                                            system=system)
    block, = dataset
    assert np.allclose(block.computeForces(), expected, atol=0.002 * np.abs(expected).max())
    with pytest.raises(ValueError, match=r"frames with a box for a periodic System.*boxVectors="):
        for block in openmmorbit.TrajectoryDataset(topology, positions[None], atoms=range(22), temperature=300,
                                                   system=system):
            block.computeForces()


def testSystemsThatDoNotFitAreRefused(run):
    topology, system, frames = run
    held, other = implicitSystem(topology, constraints=app.HBonds), makeStates("ACE", "GLY", "NME")[0]
    heavier = implicitSystem(topology)
    heavier.setParticleMass(0, 40)
    for given, error, message in (
            ({"system": held, "temperature": 300}, ValueError, r"got 12 constraints, .*constraints=None"),
            ({"system": system}, ValueError, "a temperature beside a System"),
            ({"system": implicitSystem(other), "temperature": 300}, ValueError, "System of 22 particles.*got 19"),
            ({"system": heavier, "temperature": 300}, ValueError, "weighs 4"),
            ({"system": "system.xml", "temperature": 300}, TypeError, "an openmm.System, got str")):
        with pytest.raises(error, match=message):
            openmmorbit.TrajectoryDataset(topology, frames[:2], **given)


def simulate(run, path, constraints=None, **options):
    topology, system, frames = run
    system = system if constraints is None else implicitSystem(topology, constraints=constraints)
    integrator = options.pop("integrator", None) or openmm.LangevinMiddleIntegrator(300, 10, 0.001)
    simulation = app.Simulation(topology, system, integrator, openmm.Platform.getPlatform("Reference"))
    simulation.context.setPositions(frames[-1])
    with openmmorbit.TrainingDataReporter(path, 10, **options) as reporter:
        simulation.reporters.append(reporter)
        simulation.step(30)
    return readBlocks(path)


def testAReporterTakesForcesThatMean(run, tmp_path):
    _, system, _ = run
    block, = simulate(run, tmp_path / "a.shard")
    positions = np.array(block.positions).reshape(3, 22, 3) / 10
    for frame, forces in zip(positions, np.array(block.forces).reshape(3, 22, 3)):
        assert np.allclose(forces * 41.84, computeForces(system, frame), rtol=2e-3, atol=2)
    some, verlet = openmm.LangevinMiddleIntegrator(300, 10, 0.001), openmm.VerletIntegrator(0.0005)
    some.setIntegrationForceGroups({0})
    for k, options in enumerate(({"forces": False}, {"constraints": app.HBonds}, {"integrator": some},
                                 {"integrator": verlet, "temperature": 300})):
        block, = simulate(run, tmp_path / f"b{k}.shard", **options)
        assert len(block.forces) == 0
    again = openmm.VerletIntegrator(0.0005)
    block, = simulate(run, tmp_path / "d.shard", forces=True, temperature=300, integrator=again)
    assert len(block.forces) == len(block.positions)
    with pytest.raises(ValueError, match="because of forces=True, got 12 constraints"):
        simulate(run, tmp_path / "e.shard", constraints=app.HBonds, forces=True)
    verlet = openmm.VerletIntegrator(0.0005)
    with pytest.raises(ValueError, match="because of forces=True, got no temperature"):
        simulate(run, tmp_path / "f.shard", integrator=verlet, forces=True)


def testTrainingUsesForcesThatFit(run, tmp_path, capfd):
    topology, system, frames = run
    losses = {}
    for name, temperature, options in (("with", 300, {}), ("without", 300, {"useForces": False}), ("hot", 420, {})):
        dataset = openmmorbit.TrajectoryDataset(topology, frames, temperature=temperature, system=system)
        settings = {**TINY, **options, "logSigmaMean": -2.5, "logSigmaDeviation": 0.5, "progress": True}
        losses[name] = openmmorbit.train(dataset, tmp_path / name, 5, **settings)
    lines = capfd.readouterr().err
    assert lines.count("targets by their forces") == 1
    assert lines.count("the forces of the frames are not used") == 1 and " times as strong." in lines
    # The validation loss is that of targets by forces wherever they fit, so runs can be compared.
    assert losses["with"].validationLoss < 0.9 * losses["hot"].validationLoss
    assert abs(losses["with"].validationLoss / losses["without"].validationLoss - 1) < 0.05
    assert losses["with"].loss < 0.9 * losses["without"].loss


def testTheCommandTakesASystem(run, tmp_path, capsys):
    topology, system, frames = run
    with open(tmp_path / "system.pdb", "w", encoding="utf-8") as stream:
        app.PDBFile.writeFile(topology, frames[0] * unit.nanometer, stream, keepIds=True)
    saveDCD(tmp_path / "run.dcd", topology, frames)
    (tmp_path / "system.xml").write_text(openmm.XmlSerializer.serialize(system), encoding="utf-8")
    (tmp_path / "wrong.xml").write_text("<State/>", encoding="utf-8")
    words = ["train", "--topology", str(tmp_path / "system.pdb"), "--trajectory", str(tmp_path / "run.dcd"),
             "--temperature", "300", "--minutes", "5", "--threads", "1", "-o", str(tmp_path / "model")]
    small = [f"--set={name}={value}" for name, value in TINY.items() if name not in ("threads", "progress")]
    status, line = runCli(capsys, *words, "--system", tmp_path / "wrong.xml", *small)
    assert status == 2 and "OpenMM's System as XML" in line
    assert main([*words, "--system", str(tmp_path / "system.xml"), *small]) == 0
    assert "targets by their forces" in capsys.readouterr().err

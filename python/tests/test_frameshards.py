# SPDX-License-Identifier: MIT
"""Frames of simulations in shards: written, continued, reported by a running simulation, and refused."""
import contextlib
import copy
import json
import os
import resource

import numpy as np
import openmm
import pytest
from openmm import app, unit

import openmmorbit
from openmmorbit import orbit
from openmmorbit.data.frameshards import readContents
from systems import implicitSystem, makeStates
from trajectories import makeTrajectory, saveDCD


@pytest.fixture(scope="module")
def alanine():
    return makeTrajectory("ACE", "ALA", "NME")


def readShard(path):
    """Get {series: (condition, temperature, positions in nm, weights)} of a shard of one subject."""
    reader, subject, block = orbit.ShardReader(str(path)), orbit.ShardSubject(), orbit.FrameBlock()
    found = {}
    assert reader.nextSubject(subject)
    while reader.nextBlock(block):
        entry = found.setdefault(block.series, [block.condition, block.temperature, [], []])
        entry[2].append(np.array(block.positions).reshape(-1, subject.getNumPoints(), 3) / 10)
        entry[3].append(np.array(block.weights))
    assert not reader.nextSubject(subject) and list(reader.getMessages()) == []
    return subject, {name: (c, t, np.concatenate(p), np.concatenate(w)) for name, (c, t, p, w) in found.items()}


def testTrajectoriesBecomeSeries(alanine, tmp_path):
    topology, frames = alanine
    paths = [saveDCD(tmp_path / "a.dcd", topology, frames[:60]), saveDCD(tmp_path / "b.dcd", topology, frames[60:80])]
    dataset = openmmorbit.TrajectoryDataset(topology, paths, atoms="heavy", temperature=[300, 450.5])
    assert dataset.write(tmp_path / "x.shard", progress=False) == 80 and dataset.path == str(tmp_path / "x.shard")
    subject, series = readShard(tmp_path / "x.shard")
    assert subject.kind == orbit.SubjectKind_Topology and subject.splitRule == orbit.SplitRule_Time
    assert list(subject.topology.selection) == dataset.atoms.tolist() and subject.topology.numTopologyAtoms == 22
    assert [name.split()[0] for name in series] == ["a.dcd", "b.dcd"]
    (c1, t1, p1, w1), (c2, t2, p2, _) = series.values()
    assert (c1, t1, c2, t2) == ("300 K", 300, "450.5 K", 450.5) and len(w1) == 0
    assert np.allclose(p1, frames[:60, dataset.atoms], atol=1e-5)
    assert np.allclose(p2, frames[60:80, dataset.atoms], atol=1e-5)


def testAnUnknownTemperatureHasOneName(alanine, tmp_path):
    topology, frames = alanine
    openmmorbit.TrajectoryDataset(topology, frames, weights=np.arange(len(frames))).write(tmp_path / "x.shard")
    (condition, temperature, _, weights), = readShard(tmp_path / "x.shard")[1].values()
    assert (condition, temperature) == ("simulation", 0) and weights.tolist() == list(range(len(frames)))


def testAShardReceivesWhatItDoesNotHave(alanine, tmp_path, monkeypatch):
    topology, frames = alanine
    monkeypatch.setattr("openmmorbit.io.trajectoryfiles.BLOCK_BYTES", 24 * 22 * 8)
    first = saveDCD(tmp_path / "a.dcd", topology, frames[:30])
    shard = tmp_path / "x.shard"
    assert openmmorbit.TrajectoryDataset(topology, first, temperature=300).write(shard) == 30
    whole = shard.read_bytes()
    assert openmmorbit.TrajectoryDataset(topology, first, temperature=300).write(shard) == 0
    assert shard.read_bytes() == whole

    # A program that was killed leaves a part of a block.
    shard.write_bytes(whole[:-700])
    assert 0 < openmmorbit.TrajectoryDataset(topology, first, temperature=300).write(shard) < 30
    assert np.allclose(readShard(shard)[1].popitem()[1][2], frames[:30], atol=1e-5)

    # The simulation went on; another one came; a file got another name.
    saveDCD(tmp_path / "a.dcd", topology, frames[:50])
    second = saveDCD(tmp_path / "b.dcd", topology, frames[50:60])
    assert openmmorbit.TrajectoryDataset(topology, [first, second], temperature=300).write(shard) == 30
    os.rename(second, tmp_path / "c.dcd")
    assert openmmorbit.TrajectoryDataset(topology, tmp_path / "c.dcd", temperature=300).write(shard) == 0
    series = readShard(shard)[1]
    assert [len(entry[2]) for entry in series.values()] == [50, 10]
    assert np.allclose(np.concatenate([entry[2] for entry in series.values()]), frames[:60], atol=1e-5)


def testDamageKeepsWhatWasWritten(alanine, tmp_path, monkeypatch):
    topology, frames = alanine
    monkeypatch.setattr("openmmorbit.io.trajectoryfiles.BLOCK_BYTES", 24 * 22 * 8)
    broken = frames[:40].copy()
    broken[25, 5] += 1
    shard = tmp_path / "x.shard"
    with pytest.raises(ValueError, match="molecules of the Topology in frame 25 of the array"):
        openmmorbit.TrajectoryDataset(topology, broken).write(shard)
    assert openmmorbit.TrajectoryDataset(topology, frames[:40]).write(shard) == 15
    assert np.allclose(readShard(shard)[1].popitem()[1][2], frames[:40], atol=1e-5)


@contextlib.contextmanager
def fileLimit(size):
    """No file of this process may become larger: writing fails as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def testAFullDiskLeavesWholeBlocks(alanine, tmp_path):
    topology, frames = alanine
    shard = tmp_path / "x.shard"
    if os.path.exists("/dev/full"):
        with pytest.raises(openmm.OpenMMException, match='bytes in "/dev/full", got "No space left on device"; free'):
            openmmorbit.TrajectoryDataset(topology, frames).write("/dev/full")
    openmmorbit.TrajectoryDataset(topology, frames[:20]).write(shard)
    written, rest = shard.read_bytes(), openmmorbit.TrajectoryDataset(topology, frames[:60])
    with fileLimit(len(written) + 1000), \
            pytest.raises(openmm.OpenMMException, match='room for .*x.shard", got "File too large"; free'):
        rest.write(shard, progress=False)
    assert shard.read_bytes() == written
    assert rest.write(shard) == 40
    assert np.allclose(readShard(shard)[1].popitem()[1][2], frames[:60], atol=1e-5)

    # Frames that a reporter could not write stay in its memory until there is room.
    simulation = app.Simulation(topology, implicitSystem(topology), openmm.LangevinMiddleIntegrator(300, 1, 0.001),
                                openmm.Platform.getPlatformByName("Reference"))
    simulation.context.setPositions(frames[0])
    with openmmorbit.TrainingDataReporter(tmp_path / "y.shard", 1) as reporter:
        simulation.reporters.append(reporter)
        simulation.step(3)
        with fileLimit(os.path.getsize(tmp_path / "y.shard") + 100), \
                pytest.raises(openmm.OpenMMException, match="too large"):
            reporter.flush()
    assert readContents("test", tmp_path / "y.shard").numFrames == 3


def testReplicasMayBeginWithTheSameFrame(alanine, tmp_path, monkeypatch):
    # The memory of frames forgets them, as that of long simulations does.
    monkeypatch.setattr("openmmorbit.data.trajectories.REMEMBERED", 5)
    topology, frames = alanine
    paths = []
    for name, chosen in (("rep1", [0, *range(1, 40)]), ("rep2", [0, *range(40, 60)])):
        (tmp_path / name).mkdir()
        paths.append(saveDCD(tmp_path / name / "prod.dcd", topology, frames[chosen]))
    shard = tmp_path / "x.shard"
    for number in (61, 0):
        assert openmmorbit.TrajectoryDataset(topology, paths).write(shard) == number
    assert [len(entry[2]) for entry in readShard(shard)[1].values()] == [40, 21]


def testAnotherTemperatureIsRefused(alanine, tmp_path):
    topology, frames = alanine
    path, shard = saveDCD(tmp_path / "a.dcd", topology, frames[:40]), tmp_path / "x.shard"
    openmmorbit.TrajectoryDataset(topology, path).write(shard)
    with pytest.raises(ValueError, match='a.dcd" at the temperature at which .*x.shard" has its frames, "simulation", '
                                         'got "300 K"; write them to another file'):
        openmmorbit.TrajectoryDataset(topology, path, temperature=300).write(shard)
    assert openmmorbit.TrajectoryDataset(topology, path).write(shard) == 0


def testOtherFramesAreRefused(alanine, tmp_path):
    topology, frames = alanine
    path, shard = saveDCD(tmp_path / "a.dcd", topology, frames[:40]), tmp_path / "x.shard"
    dataset = openmmorbit.TrajectoryDataset(topology, path)
    dataset.write(shard)
    kept = shard.read_bytes()
    other, states = makeStates("ACE", "GLY", "NME")
    renamed = copy.deepcopy(topology)
    list(renamed.residues())[1].name, list(renamed.residues())[1].id = "SER", "12"
    (tmp_path / "text.shard").write_text("no shard")
    make = openmmorbit.TrajectoryDataset
    for wrong, target, message in (
            (make(topology, path, stride=2), shard, "got another one as number .*same stride.*or write another file"),
            (make(topology, path, weights=2.0), shard, "frames with no weights as those in .*another file"),
            (make(topology, path, atoms="heavy"), shard, "the system of .*, with .*another file"),
            (make(other, states), shard, "the system of .*, with .*another file"),
            (make(renamed, frames), shard, "residue name ALA at atom 6 .N of residue SER 12., got SER; write another"),
            (dataset, tmp_path / "text.shard", "expected a shard, got .*text.shard\", which is another file"),
            (make(topology, [path, frames[:9]], weights=[1.0, None]), tmp_path / "y.shard",
             "weights of all trajectories or of none, got none for the array")):
        with pytest.raises(ValueError, match=message):
            wrong.write(target)
    with pytest.raises(FileNotFoundError, match="existing folder for .*; create"):
        dataset.write(tmp_path / "none" / "x.shard")
    assert shard.read_bytes() == kept and (tmp_path / "text.shard").read_text() == "no shard"


def testOtherWeightsAreRefused(alanine, tmp_path):
    """Weights that were written stay, so that others would be ignored, or be on another scale than those beside."""
    topology, frames = alanine
    path, shard = saveDCD(tmp_path / "a.dcd", topology, frames[:40]), tmp_path / "x.shard"
    weights = np.linspace(0.1, 1, 40)
    openmmorbit.TrajectoryDataset(topology, path, weights=weights).write(shard)
    kept = shard.read_bytes()
    # Of a file that has grown, the weights of its first frames.
    for count in (40, 60):
        saveDCD(path, topology, frames[:count])
        wrong = np.append(weights[:39], np.ones(count - 39) * 2)
        with pytest.raises(ValueError, match="weights of .*a.dcd\" that .*x.shard\" has, 1 for frame 39, got 2; give"):
            openmmorbit.TrajectoryDataset(topology, path, weights=wrong).write(shard)
        assert shard.read_bytes() == kept
    grown = openmmorbit.TrajectoryDataset(topology, path, weights=np.append(weights, np.ones(20)))
    assert grown.write(shard) == 20 and grown.write(shard) == 0


def simulate(topology, positions, **options):
    integrator = openmm.LangevinMiddleIntegrator(320, 5, 0.0005)
    integrator.setRandomNumberSeed(1)
    system = implicitSystem(topology) if not options else options["system"]
    simulation = app.Simulation(topology, system, integrator, openmm.Platform.getPlatform("Reference"))
    simulation.context.setPositions(positions)
    return simulation


def testAReporterWritesARunningSimulation(alanine, tmp_path):
    topology, frames = alanine
    shard = tmp_path / "x.shard"
    simulation = simulate(topology, frames[-1])
    expected = []

    class Check:
        def describeNextReport(self, simulation):
            return {"steps": 5 - simulation.currentStep % 5, "periodic": False, "include": ["positions"]}

        def report(self, _, state):
            expected.append(state.getPositions(asNumpy=True)._value)

    with openmmorbit.TrainingDataReporter(shard, 5, atoms="heavy") as reporter:
        simulation.reporters += [reporter, Check()]
        simulation.step(40)
        assert readContents("test", shard).numFrames == 0
        reporter.flush()
        assert readContents("test", shard).numFrames == 8 and reporter.numFrames == 8
        assert repr(reporter) == f'<TrainingDataReporter every 5 steps to "{shard}": 8 frames, 0 not finite>'
        with pytest.raises(ValueError, match="a shard that nobody writes to, got .*x.shard"):
            openmmorbit.TrajectoryDataset(topology, frames, atoms="heavy").write(shard)
        simulation.step(10)
    heavy = openmmorbit.TrajectoryDataset(topology, frames, atoms="heavy", temperature=320)
    assert heavy.write(shard) == len(frames)
    found = readShard(shard)[1]
    condition, temperature, positions, _ = found["simulation 1"]
    assert (condition, temperature) == ("320 K", 320)
    assert np.allclose(positions, np.array(expected)[:, heavy.atoms], atol=1e-5)

    # A dataset knows shard, atoms and temperature; the next reporter begins a series. What is let go is written.
    reporter = openmmorbit.TrainingDataReporter(heavy, 10)
    simulation.reporters = [reporter]
    simulation.step(20)
    simulation.reporters, reporter = [], None
    assert len(readShard(shard)[1]["simulation 2"][2]) == 2


def testAReporterMakesMoleculesWholeAndLeavesOutNaN(alanine, tmp_path):
    topology, frames = alanine
    box = np.diag([2.4, 2.3, 2.2])
    topology.setPeriodicBoxVectors(box * unit.nanometer)
    system = implicitSystem(topology)
    topology.setPeriodicBoxVectors(None)
    system.setDefaultPeriodicBoxVectors(*(box * unit.nanometer))
    force = next(force for force in system.getForces() if isinstance(force, openmm.NonbondedForce))
    force.setNonbondedMethod(openmm.NonbondedForce.CutoffPeriodic)
    simulation = simulate(topology, frames[0], system=system)
    centred = frames[0] - frames[0].mean(axis=0)
    wrapped = centred - np.floor(centred @ np.linalg.inv(box)) @ box
    assert np.ptp(wrapped, axis=0).max() > 1.5
    with openmmorbit.TrainingDataReporter(tmp_path / "x.shard", 1) as reporter:
        reporter.describeNextReport(simulation)
        for positions in (wrapped, np.full_like(wrapped, np.nan)):
            simulation.context.setPositions(positions)
            reporter.report(simulation, simulation.context.getState(positions=True))
        assert (reporter.numFrames, reporter.numNotFinite) == (1, 1)
        wrapped[3] += 0.7
        simulation.context.setPositions(wrapped)
        with pytest.raises(ValueError, match="TrainingDataReporter: expected whole molecules .* of the simulation"):
            reporter.report(simulation, simulation.context.getState(positions=True))
    found = readShard(tmp_path / "x.shard")[1]["simulation 1"][2][0]
    assert np.allclose(found - found.mean(axis=0), centred, atol=1e-5)


def testAReporterKeepsToTheTemperaturesOfTheRun(alanine, tmp_path):
    """A run cannot be continued with another temperature, so that its shard does not receive it."""
    topology, frames = alanine
    shard = tmp_path / "frames.shard"
    openmmorbit.TrajectoryDataset(topology, frames[:9], temperature=300).write(shard)
    text = json.dumps({"conditions": ["300 K"], "datasets": [{"shards": [str(shard)]}]})
    (tmp_path / "settings.json").write_text(text)
    simulation = simulate(topology, frames[0])      # at 320 K
    for hasBegun, kelvin, message in ((False, None, ""), (True, 300, ""), (True, None, r"\(300 K\), got 320 K; write "
                                                                            "these frames to another folder")):
        if hasBegun:
            (tmp_path / "checkpoint.bin").touch()
        with openmmorbit.TrainingDataReporter(shard, 1, temperature=kelvin) as reporter:
            simulation.reporters = [reporter]
            with pytest.raises(ValueError, match=message) if message else contextlib.nullcontext():
                simulation.step(2)
            assert reporter.numFrames == (0 if message else 2)
    assert [entry.numFrames for entry in readContents("test", shard).series.values()] == [9, 2, 2]
    # Another shard in the folder is none of the run's.
    with openmmorbit.TrainingDataReporter(tmp_path / "other.shard", 1) as reporter:
        simulation.reporters = [reporter]
        simulation.step(1)
        assert reporter.numFrames == 1


def testWrongUseOfTheReporter(alanine, tmp_path):
    topology, frames = alanine
    make = openmmorbit.TrainingDataReporter
    for file, interval, options, message in (
            ("x.shard", 0, {}, "reportInterval from 1"), ("x.shard", 1, {"temperature": -1}, "temperature above 0 K"),
            (openmmorbit.TrajectoryDataset(topology, frames), 1, {}, "dataset with a shard.*dataset.write")):
        with pytest.raises(ValueError, match=message):
            make(file, interval, **options)
    simulation = simulate(topology, frames[0])
    for reporter, message in ((make(tmp_path / "x.shard", 1, atoms="name CZ"), "at least one selected atom"),
                              (make(tmp_path / "y.shard", 1), "TrainingDataReporter: expected a shard")):
        (tmp_path / "y.shard").write_text("text")
        simulation.reporters = [reporter]
        with pytest.raises(ValueError, match=message):
            simulation.step(1)
        assert simulation.currentStep == 0

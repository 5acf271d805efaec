# SPDX-License-Identifier: MIT
"""The generator through Python: shapes, seeds, streams, refusals, progress, Ctrl-C. Weights are random here."""
import multiprocessing
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openmm
import pytest
from openmm import unit

import openmmorbit
from openmmorbit import orbit
from openmmorbit.models import defaultModelPath, findModel, loadModel


def testGenerate(makeGenerator, platform):
    generator = makeGenerator(platform=platform)
    ensemble = generator.generate("CC(=O)Oc1ccccc1C(=O)O", numConformers=3, seed=7)
    assert ensemble.positions.shape == (3, 21, 3) and ensemble.positions.unit == unit.nanometer
    assert np.abs(ensemble.positions._value.mean(axis=1)).max() < 1e-6
    assert [p.copy for p in ensemble.provenance] == [0, 1, 2]
    assert {p.seed for p in ensemble.provenance} == {7}
    expected = generator.samplerSettings.getNumEvaluations()
    assert all(p.numEvaluations == expected and p.modelChecksum for p in ensemble.provenance)
    assert ensemble.graph.smiles == "CC(=O)Oc1ccccc1C(=O)O"


@pytest.fixture
def makeOnCpu(makeGenerator):
    """Make a generator on the CPU platform in a precision, or skip the test."""
    def make(precision=None, **options):
        generator = makeGenerator(platform="CPU", properties=precision and {"Precision": precision}, **options)
        try:
            generator.kernelDescription()
        except ValueError as error:
            if precision != "bf16" or "instruction set with BF16" not in str(error):
                raise
            pytest.skip("this processor has no BF16")
        return generator
    return make


@pytest.mark.parametrize("precision, tolerance", [("single", 1e-4), ("bf16", 5e-2)])
def testPlatformsAgree(makeGenerator, makeOnCpu, precision, tolerance):
    first, second = (generator.generate("CCO", 2, seed=3).positions._value
                     for generator in (makeGenerator(platform="Reference"), makeOnCpu(precision)))
    assert 0 < np.abs(first - second).max() < tolerance * np.abs(first).max()


def testPrecisionIsChosenAndTold(makeOnCpu, monkeypatch):
    monkeypatch.delenv("ORBIT_CPU_PRECISION", raising=False)
    default, reason = makeOnCpu().kernelDescription().split(": ")
    single = makeOnCpu("single").kernelDescription()
    assert reason and single.endswith(", single): precision single as asked")
    assert makeOnCpu("bf16" if default.endswith(", bf16)") else "single").kernelDescription().startswith(default)
    assert makeOnCpu("single").generate("CCO", 1, seed=3).provenance[0].kernel == single
    monkeypatch.setenv("ORBIT_CPU_PRECISION", "single")
    assert makeOnCpu().kernelDescription() == single
    with pytest.raises(ValueError, match="single or bf16 on platform CPU, got \"double\""):
        makeOnCpu("double")


@pytest.mark.parametrize("precision", ["single", "bf16"])
def testSameBitsForAnyBatchAndThreads(makeOnCpu, precision):
    molecules = ["CCO", "c1ccccc1C(=O)NCCc1ccccc1", "O", "CC(C)Cc1ccc(cc1)C(C)C(=O)O"]
    runs = [[result.ensemble.positions._value for result in makeOnCpu(precision, threads=threads).generateMany(
        molecules, 3, seed=5, progress=False, batchSize=batchSize)]
        for threads, batchSize in ((1, 1), (1, 4), (2, 2), (3, 4))]
    for run in runs[1:]:
        assert all(np.array_equal(first, second) for first, second in zip(runs[0], run))


def testSeeds(makeGenerator):
    generator = makeGenerator()
    first = generator.generate("CCO", 2, seed=3).positions._value
    assert np.array_equal(first, generator.generate("CCO", 2, seed=3).positions._value)
    assert not np.allclose(first, generator.generate("CCO", 2, seed=4).positions._value)
    assert generator.generate("CCO", 1).provenance[0].seed != 0


def testGraphInsteadOfSmilesNeedsNoReadingRoom(makeGenerator, water):
    assert makeGenerator().generate(water, 2, seed=1).positions.shape == (2, 3, 3)


def testGenerateManyKeepsTheOrder(makeGenerator):
    from rdkit import Chem

    inputs = ["CCO", "bad(", "O", "C.C", None, Chem.AddHs(Chem.MolFromSmiles("CC")), 5, "[Fe]"]
    results = list(makeGenerator().generateMany(iter(inputs), numConformers=2, seed=9, progress=False, batchSize=3))
    assert [r.index for r in results] == list(range(len(inputs)))
    assert [r.source for r in results] == inputs
    assert [r.error is None for r in results] == [True, False, True, False, False, True, False, False]
    assert [r.ensemble.numAtoms for r in results if r.ensemble] == [9, 3, 8]
    assert "bad(" in str(results[1].error) and "fragment" in str(results[3].error)
    assert isinstance(results[6].error, TypeError)


def testRecordAndNotTheBatchDecidesTheNoise(makeGenerator):
    inputs = ["CCO", "O", "bad(", "CCO", "CO"]

    def positions(batchSize):
        results = makeGenerator().generateMany(inputs, 2, seed=5, progress=False, batchSize=batchSize)
        return [r.ensemble.positions._value if r.ensemble else None for r in results]

    runs = [positions(1), positions(16)]
    for one, many in zip(*runs):
        assert (one is None and many is None) or np.allclose(one, many, atol=1e-9)
    assert not np.allclose(runs[0][0], runs[0][3])


def testNumberOfEach(makeGenerator):
    results = makeGenerator().generateMany(["O", "CO"], numConformers=[1, 3], seed=5, progress=False)
    assert [len(r.ensemble) for r in results] == [1, 3]


def testAWrongNumberOfEachIsThatRecordsError(makeGenerator):
    numbers = [1, 0, -3, 2.5, 2]
    results = list(makeGenerator().generateMany(["O"] * 5, numConformers=numbers, seed=5, progress=False))
    assert [len(r.ensemble) if r.ensemble else None for r in results] == [1, None, None, None, 2]
    assert "numConformers from 1" in str(results[1].error) and "got -3" in str(results[2].error)
    assert isinstance(results[3].error, TypeError)


@pytest.mark.parametrize("single", ["CCO", 7])
def testOneMoleculeIsNoIterable(makeGenerator, single):
    with pytest.raises(TypeError, match="an iterable of molecules, got one (str|int); use generate"):
        next(makeGenerator().generateMany(single, 1, progress=False))


@pytest.mark.parametrize("numbers, error, text", [
    ({"numConformers": 2.7}, TypeError, "float"), ({"numConformers": 0}, ValueError, "numConformers from 1 to .*got 0"),
    ({"seed": 2**40}, ValueError, "seed from 0 to .*got 1099511627776"), ({"seed": -1}, ValueError, "seed")])
def testNumbersAreRefusedAndNotCut(makeGenerator, numbers, error, text):
    with pytest.raises(error, match=text):
        makeGenerator().generate("O", **numbers)
    with pytest.raises(error, match=text):
        next(makeGenerator().generateMany(["O"], progress=False, **numbers))


def testResultsStream(makeGenerator):
    asked = []

    def endless():
        while True:
            asked.append("O")
            yield "O"

    stream = makeGenerator().generateMany(endless(), 1, seed=1, progress=False, batchSize=2)
    assert next(stream).index == 0 and len(asked) == 2
    stream.close()


def testWrongConformersAreNeverReturnedSilently(smallModel):
    options = {"platform": "Reference", "numSteps": 2, "maxRedraws": 1}
    generator = openmmorbit.ConformerGenerator(smallModel, fallback="none", **options)
    with pytest.raises(openmm.OpenMMException, match="CCO"):
        generator.generate("CCO", 3, seed=1)
    result = next(generator.generateMany(["CCO"], 3, seed=1, progress=False))
    assert result.ensemble is None and isinstance(result.error, openmm.OpenMMException)
    generator = openmmorbit.ConformerGenerator(smallModel, returnFailed=True, **options)
    ensemble = generator.generate("CCO", 3, seed=1)
    assert len(ensemble) == 3 and not any(status.isAccepted() for status in ensemble.status)
    assert all(status.message for status in ensemble.status)


@pytest.mark.parametrize("options, text", [
    ({"numSteps": 0}, "at least 1"), ({"renewal": 1}, "renewal.*got 1"),
    ({"stereoGuidance": -1}, "stereoGuidance.*got -1"),
    ({"method": "rk4"}, "'euler'.*got 'rk4'"), ({"schedule": "linear"}, "'karras'"),
    ({"threads": -1}, "threads"), ({"maxRedraws": -1}, "maxRedraws from 0"), ({"condition": "CCSD"}, "GFN2-xTB"),
    ({"sigmaMin": -0.1}, "sigma"), ({"platform": "Abacus"}, "Abacus")])
def testRefusedSettings(makeGenerator, options, text):
    with pytest.raises(ValueError, match=text):
        makeGenerator(**options).generate("O", 1)


@pytest.mark.parametrize("options, text", [
    ({"numSteps": 2.5}, "numSteps as a whole number, got 2.5"),
    ({"threads": "4"}, "threads as a whole number, got '4'"),
    ({"maxRedraws": 0.5}, "maxRedraws as a whole number")])
def testFractionsAreNotCut(makeGenerator, options, text):
    with pytest.raises(TypeError, match=text):
        makeGenerator(**options)


def testNamesOfPlatformsAndModels(makeGenerator):
    for name in ("reference", "REFERENCE", "Reference"):
        assert makeGenerator(platform=name).kernelDescription() == "Reference (double)"
    with pytest.raises(ValueError, match=r'platform of .*Reference.*, got "Abacus"') as caught:
        makeGenerator(platform="Abacus")
    assert "::" not in str(caught.value) and "loadPlugins" not in str(caught.value)
    with pytest.raises(ValueError, match=r"^ConformerG.*model \(backbone, conformer, conformer-fast\), got 'conformr'"):
        makeGenerator(model="conformr")
    with pytest.raises(ValueError, match=r"^BackboneGenerator: expected a model file, .*, got 'bakcbone'"):
        openmmorbit.BackboneGenerator("bakcbone")


def testMessagesAreThoseOfPython(makeGenerator):
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule("CO"))
    core = ensemble._core
    calls = [(lambda: ensemble.setPositions(0, "x"), IndexError, "Ensemble: expected"),
             (lambda: core.getPositions("x"), TypeError, "Ensemble.getPositions: expected an int as argument 1"),
             (lambda: core.applyTo(1, 2), TypeError, r"Ensemble.applyTo: expected the arguments \(Context, an int"),
             (lambda: openmmorbit.orbit.ConformerGenerator(3), TypeError, "expected the arguments .*Model.*got others"),
             (lambda: setattr(ensemble.graph, "name", 3), TypeError, "MolecularGraph.name: expected a str"),
             (lambda: core.addConformer([[1, 2]]), ValueError, "^Ensemble.addConformer: expected positions of shape"),
             (lambda: openmmorbit.readMolecule("CO", smiles={"LIG": "CO"}), ValueError, "with an openmm.app.Topology"),
             (lambda: ensemble.writeSDF("/nowhere/a.sdf"), ValueError, "at least one conformer"),
             (lambda: core.getPositions(7), ValueError, "^Ensemble.getPositions: expected")]
    for call, kind, text in calls:
        with pytest.raises(kind, match=text) as caught:
            call()
        assert "::" not in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("molecule, error, text", [
    ("", ValueError, "SMILES"), ("xyz", ValueError, "xyz"), ("C.C", ValueError, "fragment"),
    ("*C", ValueError, "dummy"),
    ("[U]", ValueError, "92|U"), (3.5, TypeError, "got float"), (None, ValueError, "None")])
def testRefusedMolecules(makeGenerator, molecule, error, text):
    with pytest.raises(error, match=text):
        makeGenerator().generate(molecule, 1)


def testModelsByName(tmp_path, monkeypatch):
    assert findModel("conformer") == findModel() == defaultModelPath()
    assert findModel("nothing") == "nothing" and findModel(tmp_path / "conformer") == str(tmp_path / "conformer")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conformer").write_bytes(b"a file of that name comes first")
    assert findModel("conformer") == "conformer"


def testModelsBringTheirSampler(smallModel):
    model = orbit.DenoiserModel.fromBytes(smallModel.toBytes())
    sampler = orbit.SamplerSettings()
    sampler.method, sampler.numSteps, sampler.sigmaMin = orbit.SamplerMethod_Euler, 2, 1.5
    model.setSamplerSettings(sampler)
    generator = openmmorbit.ConformerGenerator(orbit.DenoiserModel.fromBytes(model.toBytes()))
    assert list(generator.samplerSettings.getNoiseLevels()) == [20, 1.5, 0]
    assert "euler, 2 steps = 2 evaluations" in repr(generator)
    assert openmmorbit.ConformerGenerator(model, numSteps=3).samplerSettings.sigmaMin == 1.5


def testModels(smallModel, tmp_path):
    path = tmp_path / "model.safetensors"
    smallModel.save(str(path))
    assert loadModel(path).getChecksum() == orbit.DenoiserModel.load(str(path)).getChecksum()
    data = path.read_bytes()
    assert orbit.DenoiserModel.fromBytes(data).getTensorNames() == smallModel.getTensorNames()
    path.write_bytes(data[:len(data) // 2])
    with pytest.raises(ValueError, match="model.safetensors"):
        openmmorbit.ConformerGenerator(path)
    path.write_bytes(b"PK\x03\x04 something else")
    with pytest.raises(ValueError, match="model.safetensors"):
        openmmorbit.ConformerGenerator(path)
    with pytest.raises(ValueError, match="nowhere"):
        openmmorbit.ConformerGenerator("nowhere.safetensors")


def testMissingPackagedModelIsExplained(monkeypatch, tmp_path):
    from openmmorbit import models

    monkeypatch.setattr(models, "__file__", str(tmp_path / "models.py"))
    with pytest.raises(FileNotFoundError, match="packaged model.*model=<path"):
        openmmorbit.ConformerGenerator()


def testTheLockIsReleased(makeGenerator):
    counted, stop = [0], threading.Event()

    def count():
        while not stop.is_set():
            counted[0] += 1
            time.sleep(0.001)

    generator = makeGenerator(numSteps=30)
    generator.generate("O", 1, seed=1)
    thread = threading.Thread(target=count)
    thread.start()
    begin, before = time.perf_counter(), counted[0]
    generator.generate("CCCCCCCC", 8, seed=1)
    elapsed, during = time.perf_counter() - begin, counted[0] - before
    stop.set()
    thread.join()
    assert elapsed > 0.05 and during > 10 * elapsed


def testAnExceptionInTheCallbackStops(makeGenerator, water):
    generator = makeGenerator(numSteps=20)
    calls = []

    def report(numFinished, numCopies, fraction):
        calls.append((numFinished, numCopies, fraction))
        if len(calls) == 3:
            raise KeyboardInterrupt

    callback = orbit.PythonProgressCallback(report)
    with pytest.raises(KeyboardInterrupt):
        generator._core.generate(water, 4, 1, 0, callback)
    assert len(calls) == 3 and calls[0] == (0, 4, 0.0) and 0 < calls[2][2] < 1
    assert len(generator.generate(water, 1, seed=1)) == 1


def testThreadsShareAGenerator(makeGenerator):
    generator = makeGenerator(platform="CPU", numSteps=4)
    expected = {smiles: generator.generate(smiles, 4, seed=7).positions._value for smiles in ("CCO", "CC(N)=O")}

    def work(index):
        smiles = list(expected)[index % 2]
        return np.array_equal(generator.generate(smiles, 4, seed=7).positions._value, expected[smiles])

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(work, range(100)))


def answerInChild(generator, answers):
    answers.put(generator.generate("CCO", 4, seed=7).positions._value)


def testAForkedProcessGenerates(makeGenerator):
    generator = makeGenerator(platform="CPU", numSteps=4)
    expected = generator.generate("CCO", 4, seed=7).positions._value
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        answers = context.Queue()
        processes = [context.Process(target=answerInChild, args=(generator, answers)) for _ in range(3)]
        for process in processes:
            process.start()
        assert all(np.array_equal(answers.get(timeout=60), expected) for _ in processes)
        for process in processes:
            process.join(60)
            assert process.exitcode == 0
    # The parent goes on.
    assert np.array_equal(generator.generate("CCO", 4, seed=7).positions._value, expected)


def testAGpuDoesNotSurviveAFork(makeGenerator, water):
    generator = makeGenerator(platform="CPU")
    generator.generate(water, 1, seed=1)
    generator._core.setPlatformName("CUDA")
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            generator.generate(water, 1, seed=1)
        except openmm.OpenMMException as error:
            os.write(writer, str(error).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert b"get_context(" in os.read(reader, 1000)


def testTheTimeOfAMoleculeIsLimited(smallModel):
    generator = openmmorbit.ConformerGenerator(smallModel, maxRedraws=10**6, numSteps=4, timeLimit=0.5)
    begin = time.perf_counter()
    with pytest.raises(openmm.OpenMMException, match="got 0 when its time limit of 0.5 s was over; most frequent"):
        generator.generate("CCCCCC", 3, seed=1)
    assert time.perf_counter() - begin < 5
    again = openmmorbit.ConformerGenerator.fromXml(generator.toXml(embedModel=True))
    assert again._core.getTimeLimit() == 0.5
    with pytest.raises(ValueError, match="at least 0 seconds, got -1"):
        openmmorbit.ConformerGenerator(smallModel, timeLimit=-1)


def testSettingsSurviveXml(smallModel, tmp_path):
    path = str(tmp_path / "model.safetensors")
    smallModel.save(path)
    generator = openmmorbit.ConformerGenerator(path, platform="Reference", numSteps=3, method="euler", check=False)
    again = openmmorbit.ConformerGenerator.fromXml(generator.toXml())
    assert again.samplerSettings.numSteps == 3 and again.samplerSettings.method == orbit.SamplerMethod_Euler
    first, second = (g.generate("CO", 2, seed=3).positions._value for g in (generator, again))
    assert np.array_equal(first, second)


def testIntegrator(smallModel, water):
    integrator = openmmorbit.OrbitDiffusionIntegrator(smallModel)
    integrator.addMolecule(water, [1, 2, 3])
    integrator.setNumSteps(3)
    integrator.setRandomNumberSeed(4)
    system = openmm.System()
    for _ in range(4):
        system.addParticle(1.0)
    context = openmm.Context(system, integrator, openmm.Platform.getPlatform("Reference"))
    context.setPositions([[1.0, 0, 0]] * 4)
    integrator.step(1)
    integrator.generate()
    assert integrator.isFinished()
    positions = context.getState(positions=True).getPositions(asNumpy=True)._value
    assert np.allclose(positions[0], [1, 0, 0]) and np.allclose(positions[1:].mean(axis=0), [1, 0, 0], atol=1e-6)
    with pytest.raises(openmm.OpenMMException, match="restart"):
        integrator.step(1)
    compound = openmm.CompoundIntegrator()
    compound.addIntegrator(openmm.VerletIntegrator(0.001))
    compound.addIntegrator(openmmorbit.OrbitDiffusionIntegrator(smallModel))
    cast = openmmorbit.OrbitDiffusionIntegrator.cast(compound.getIntegrator(1))
    assert cast.getNumSteps() == orbit.SamplerSettings().numSteps
    assert openmmorbit.OrbitDiffusionIntegrator.cast(compound.getIntegrator(0)) is None

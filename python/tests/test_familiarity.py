# SPDX-License-Identifier: MIT
"""What a generator says of molecules that its model was hardly trained for, and how a model file gets its counts."""
import json
import warnings

import pytest
from conftest import makeGraph

import openmmorbit
from openmmorbit import cli, orbit, training


def chain(elements):
    return makeGraph(elements, [(k, k + 1) for k in range(len(elements) - 1)])


@pytest.fixture
def countedModel(smallModel):
    """The random model, trained on ten ethers without hydrogens, as its counts say."""
    counts = orbit.TrainingCounts()
    for _ in range(10):
        counts.addMolecule(chain([6, 6, 8, 6, 6]))
    model = orbit.DenoiserModel(smallModel)
    model.setTrainingCounts(counts)
    return model


ether, thioether = chain([6, 6, 8, 6, 6]), chain([6, 6, 16, 6, 6])


def testGenerateWarnsOnceAMolecule(countedModel, makeGenerator):
    generator = makeGenerator(model=countedModel)
    with pytest.warns(openmmorbit.UnfamiliarMoleculeWarning) as caught:
        generator.generate(thioether, 1, seed=1)
    assert len(caught) == 1 and caught[0].filename == __file__
    assert "C4S" in str(caught[0].message)
    assert "S with 2 single bonds (in no training molecule); C and S, single bond" in str(caught[0].message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        generator.generate(ether, 1, seed=1)
        makeGenerator(model=countedModel, unfamiliar="ignore").generate(thioether, 1, seed=1)
        makeGenerator().generate(thioether, 1, seed=1)    # Its file tells nothing.


def testARefusalNamesWhatIsUnfamiliar(countedModel, makeGenerator):
    generator = makeGenerator(model=countedModel, unfamiliar="refuse")
    with pytest.raises(ValueError, match="expected a molecule that the model was trained for, got \"C4S\" with S with"):
        generator.generate(thioether, 1, seed=1)
    assert len(generator.generate(ether, 1, seed=1)) == 1
    results = list(generator.generateMany([ether, thioether, ether], 1, seed=1, progress=False))
    assert [result.error is None for result in results] == [True, False, True]
    assert "trained for" in str(results[1].error)
    again = openmmorbit.ConformerGenerator.fromXml(generator.toXml(embedModel=True), unfamiliar="refuse")
    with pytest.raises(ValueError, match="trained for"):
        again.generate(thioether, 1, seed=1)
    with pytest.raises(ValueError, match="expected unfamiliar of 'warn', 'refuse', 'ignore', got 'shout'"):
        makeGenerator(unfamiliar="shout")


def testManyMoleculesWarnOnceAndTellEach(countedModel, makeGenerator):
    generator = makeGenerator(model=countedModel)
    with pytest.warns(openmmorbit.UnfamiliarMoleculeWarning, match="record 1 ") as caught:
        results = list(generator.generateMany([ether, thioether, thioether], 1, seed=1, progress=False))
    assert len(caught) == 1 and caught[0].filename == __file__
    assert [len(result.unfamiliar) for result in results] == [0, 2, 2]
    assert all(result.error is None for result in results)


def testTheCommandTellsEveryRecord(countedModel, tmp_path, capsys):
    counts = orbit.TrainingCounts()
    for _ in range(10):
        counts.addMolecule(openmmorbit.readMolecule("CCOCC"))
    countedModel.setTrainingCounts(counts)
    countedModel.save(str(tmp_path / "model.safetensors"))
    (tmp_path / "in.smi").write_text("CCOCC ether\nCCSCC thioether\n")
    command = ["conformers", str(tmp_path / "in.smi"), "-o", str(tmp_path / "out.sdf"), "-n", "1", "-q", "--no-check",
               "--model", str(tmp_path / "model.safetensors"), "--platform", "Reference", "--steps", "2"]
    assert cli.main(command) == 0
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and "record 2: the model was hardly trained for " in lines[0]
    assert "S with 2 single bonds (in no training molecule)" in lines[0]
    assert cli.main([*command, "--unfamiliar", "ignore"]) == 0
    assert capsys.readouterr().err == ""
    assert cli.main([*command, "--unfamiliar", "refuse"]) == 3
    assert "record 2: expected a molecule that the model was trained for" in capsys.readouterr().err


def writeShard(path, graphs):
    writer = orbit.ShardWriter(str(path))
    for graph in graphs:
        record = orbit.ShardRecord()
        record.graph, record.condition = graph, "MMFF94s"
        record.positions = [float(k) for k in range(3 * graph.getNumAtoms())]
        writer.add(record)
    return str(path)


@pytest.mark.parametrize("storage", [orbit.TensorStorage_BFloat16, orbit.TensorStorage_Float32])
def testAModelFileGetsCountsAndKeepsItsTensors(countedModel, tmp_path, storage, capsys):
    def split(data):
        length = 8 + int.from_bytes(data[:8], "little")
        return json.loads(data[8:length]), data[length:]

    path = tmp_path / "model.safetensors"
    countedModel.save(str(path), storage)
    oldHeader, oldTensors = split(path.read_bytes())
    counts = training.addTrainingCounts(path, [writeShard(tmp_path / "in.shard", [thioether] * 3)])
    header, tensors = split(path.read_bytes())
    assert tensors == oldTensors
    oldCounts = json.loads(oldHeader["__metadata__"].pop("trainingCounts"))
    newCounts = json.loads(header["__metadata__"].pop("trainingCounts"))
    assert header == oldHeader
    assert newCounts["atoms"]["S with 2 single bonds"] == 3
    assert newCounts["atoms"]["O with 2 single bonds"] == oldCounts["atoms"]["O with 2 single bonds"] == 10
    assert openmmorbit.DenoiserModel.load(str(path)).getTrainingCounts().toJson() == counts.toJson()
    assert cli.main(["info", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "trained on     10 molecules of 5 to 5 heavy atoms, with " in printed and ", no rings\n" in printed
    assert "element: H, B, C, N, O, F, Si, P, S, Cl, Se, Br, I\n" in printed

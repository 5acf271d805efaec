# SPDX-License-Identifier: MIT
"""Files in and out: inputs that are outputs, interruptions, line ends, encodings, names, data items, tables."""
import gzip
import os
import signal
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest
from rdkit import Chem

import openmmorbit
from openmmorbit.io import outputs


@pytest.fixture(scope="module")
def modelPath(smallModel, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    smallModel.save(str(path))
    return str(path)


def command(modelPath, *arguments, subcommand="conformers"):
    extra = ["--model", modelPath, "--platform", "reference", "--steps", 1, "--no-check", "-n", 2] \
        if subcommand == "conformers" else []
    return [sys.executable, "-m", "openmmorbit.cli", subcommand, *map(str, arguments), *map(str, extra)]


def run(modelPath, *arguments, folder, **options):
    return subprocess.run(command(modelPath, *arguments, **options), capture_output=True, cwd=folder, timeout=120)


def readSDF(path):
    opened = gzip.open(path) if str(path).lower().endswith(".gz") else open(path, "rb")
    with opened as stream:
        return list(Chem.ForwardSDMolSupplier(stream, removeHs=False))


def embed(smiles):
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule(smiles))
    for shift in range(2):
        points = np.random.default_rng(1).normal(size=(ensemble.numAtoms, 3)) + shift
        ensemble._core.addConformer(points)
    return ensemble


@pytest.mark.parametrize("spelling", ["same", "symbolic link", "hard link", "other path", "packed"])
def testAnInputIsNoOutput(modelPath, tmp_path, spelling):
    text = b"".join(f"{name}\n".encode() for name in ("CCO ethanol", "CC ethane"))
    source = tmp_path / ("in.sdf.gz" if spelling == "packed" else "in.sdf")
    embed("CCO").writeSDF(source)
    text, output = source.read_bytes(), source
    if spelling == "symbolic link":
        output = tmp_path / "link.sdf"
        output.symlink_to(source)
    elif spelling == "hard link":
        output = tmp_path / "link.sdf"
        os.link(source, output)
    elif spelling == "other path":
        (tmp_path / "x").mkdir()
        output = f"x/../{source.name}"
    for subcommand in ("conformers", "dataset"):
        done = run(modelPath, source.name, "-o", output, folder=tmp_path, subcommand=subcommand)
        assert done.returncode == 2 and b"one file; choose another name" in done.stderr, done.stderr
        assert source.read_bytes() == text and not list(tmp_path.glob("*.part*"))


def testAFailedRunLeavesTheOlderOutput(modelPath, tmp_path):
    (tmp_path / "out.sdf").write_text("older")
    (tmp_path / "bad.smi").write_text("bad(\n")
    done = run(modelPath, "bad.smi", "-o", "out.sdf", folder=tmp_path)
    assert done.returncode == 3 and b"nothing written" in done.stderr
    assert (tmp_path / "out.sdf").read_text() == "older" and not (tmp_path / "out.part.sdf").exists()
    done = run(modelPath, "CCO", "-o", "out.sdf", folder=tmp_path)
    assert done.returncode == 0 and len(readSDF(tmp_path / "out.sdf")) == 2
    (tmp_path / "out.sdf").chmod(0o640)
    assert run(modelPath, "CC", "-o", "out.sdf", folder=tmp_path).returncode == 0
    assert (tmp_path / "out.sdf").stat().st_mode & 0o777 == 0o640


def unpack(data):
    """Get what the members of a gzip file hold, the last one as far as it goes."""
    text = b""
    while data:
        member = zlib.decompressobj(31)
        text += member.decompress(data)
        data = member.unused_data
    return text


@pytest.mark.parametrize("ending", [".sdf", ".sdf.gz"])
@pytest.mark.parametrize("older", [False, True])
def testWhatAKilledRunLeavesIsWhole(modelPath, tmp_path, ending, older):
    """A new file grows under its own name; one that exists stays, and the records stand beside it.

    A kill within a write may leave a part of what it wrote, two conformers, behind the records that are whole.
    """
    (tmp_path / "in.smi").write_text("".join(f"CCO m{k}\n" for k in range(3000)))
    output = tmp_path / f"out{ending}"
    grows = tmp_path / f"out.part{ending}" if older else output
    if older:
        output.write_bytes(b"older")
    process = subprocess.Popen(command(modelPath, "in.smi", "-o", output, "--batch-size", 1), cwd=tmp_path,
                               stderr=subprocess.DEVNULL)
    deadline = time.time() + 60
    while time.time() < deadline and not (grows.exists() and grows.stat().st_size > 3000):
        time.sleep(0.02)
    process.kill()
    process.wait()
    data = unpack(grows.read_bytes()) if ending.endswith("gz") else grows.read_bytes()
    whole, end, rest = data.rpartition(b"$$$$\n")
    (tmp_path / "whole.sdf").write_bytes(whole + end)
    names = [mol.GetProp("_Name") for mol in readSDF(tmp_path / "whole.sdf")]
    assert names == [f"m{k // 2}" for k in range(len(names))] and 0 < len(names) < 6000
    assert len(rest) < len(data) / len(names) * 1.5
    if older:
        assert output.read_bytes() == b"older"


def testCtrlCKeepsWhatIsFinishedAndOlderFiles(modelPath, tmp_path):
    (tmp_path / "out.sdf").write_text("older")
    (tmp_path / "in.smi").write_text("".join(f"CCO m{k}\n" for k in range(3000)))
    process = subprocess.Popen(command(modelPath, "in.smi", "-o", "out.sdf", "--batch-size", 1), cwd=tmp_path,
                               stderr=subprocess.PIPE)
    deadline = time.time() + 60
    while time.time() < deadline and not (tmp_path / "out.part.sdf").exists():
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and b"-> out.part.sdf" in errors.replace(str(tmp_path).encode() + b"/", b"")
    assert (tmp_path / "out.sdf").read_text() == "older"
    assert readSDF(tmp_path / "out.part.sdf")[0].GetProp("_Name") == "m0"


@pytest.mark.parametrize("write", ["writeSDF", "writePDB", "writePDBx", "writeDCD"])
def testWritersReplaceAsAWhole(tmp_path, monkeypatch, write):
    ensemble, path = embed("CCO"), tmp_path / "out"
    path.write_text("older")
    real = tmp_path / "real"
    path.rename(real)
    path.symlink_to(real)

    def fail(*_):
        raise OSError("no space")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="no space"):
            getattr(ensemble, write)(str(path))
    assert real.read_text() == "older" and sorted(file.name for file in tmp_path.iterdir()) == ["out", "real"]
    getattr(ensemble, write)(path)
    assert path.is_symlink() and real.stat().st_size > 100


def testAShardIsReplacedAsAWhole(tmp_path):
    shard, bad = tmp_path / "a.shard", tmp_path / "bad.sdf"
    embed("CCO").writeSDF(tmp_path / "good.sdf")
    bad.write_text("nonsense\n$$$$\n")
    shard.write_bytes(b"older")
    with pytest.raises(ValueError, match="no file"):
        openmmorbit.buildDataset([tmp_path / "good.sdf", "nowhere.sdf"], shard)
    assert openmmorbit.buildDataset([bad], shard).numFaults == 1 and shard.read_bytes() == b"older"
    done = openmmorbit.buildDataset([tmp_path / "good.sdf"], shard)
    assert done.numMolecules == 1 and shard.stat().st_size > 100 and not list(tmp_path.glob("*.part*"))
    with pytest.raises(ValueError, match="not the input"):
        openmmorbit.buildDataset([tmp_path / "good.sdf"], tmp_path / "x" / ".." / "good.sdf")


def testAFullDiskLeavesWholeRecords(tmp_path):
    file = outputs.RecordFile(tmp_path / "a.sdf")
    file.add("one\n")

    class Full:
        def __init__(self, stream):
            self.stream = stream

        def write(self, view):
            self.stream.write(view[:1])
            raise OSError("no space left")

        def __getattr__(self, name):
            return getattr(self.stream, name)

    file._stream = Full(file._stream)
    with pytest.raises(OSError, match="no space"):
        file.add("two\n")
    file.abandon()
    assert (tmp_path / "a.sdf").read_text() == "one\n"


def testNamesThatAreNoText(modelPath, tmp_path):
    (tmp_path / "in.smi").write_bytes(b"CCO one\nCC caf\xe9\nbad( \xff\x1b[2J\nC a\0b\nCO \xf0\x9f\x98\x80\r\nO\n")
    done = run(modelPath, "in.smi", "-o", "out.sdf", folder=tmp_path)
    assert done.returncode == 3 and b"Traceback" not in done.stderr and b"\x1b" not in done.stderr
    assert b"in.smi, record 3 (line 3" in done.stderr
    names = [mol.GetProp("_Name") for mol in readSDF(tmp_path / "out.sdf")][::2]
    assert names == ["one", "café", "a\ufffdb", "\U0001f600", ""]


def testArgumentsAndPathsThatAreNoText(modelPath, tmp_path):
    folder = os.fsencode(tmp_path)
    with open(folder + b"/f\xe9.smi", "wb") as stream:
        stream.write(b"CC ethane\n")
    done = subprocess.run([os.fsencode(part) for part in command(modelPath, "-o", "PLACE")][:-2] +
                          [b"-n", b"1", b"f\xe9.smi", b"CCO caf\xe9", b"-o", b"o\xe9.sdf"],
                          capture_output=True, cwd=folder, timeout=120)
    assert done.returncode == 0, done.stderr
    with open(folder + b"/o\xe9.sdf", "rb") as stream:
        names = [mol.GetProp("_Name") for mol in Chem.ForwardSDMolSupplier(stream)]
    assert names == ["ethane", "café"]


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
def testLineEnds(modelPath, tmp_path, end):
    (tmp_path / "in.smi").write_bytes(f"CCO a{end}CCN b{end}".encode())
    assert run(modelPath, "in.smi", "-o", "out.sdf", folder=tmp_path).returncode == 0
    text = (tmp_path / "out.sdf").read_text().replace("\n", end)
    (tmp_path / "again.sdf").write_bytes(text.encode())
    graphs = list(openmmorbit.readMolecules(tmp_path / "again.sdf"))
    assert [graph.name for graph in graphs] == ["a", "a", "b", "b"]
    assert graphs[0].properties["SMILES"] == "CCO"


@pytest.mark.parametrize("name", ["$$$$", "M  END", ">  <x>", "> <SMILES>", "$$$$ x", ">", "V2000", "  spaces  "])
def testNamesThatLookLikeSDF(modelPath, tmp_path, name):
    (tmp_path / "in.smi").write_text(f"CCO {name}\nCC next\n")
    assert run(modelPath, "in.smi", "-o", "out.sdf", folder=tmp_path).returncode == 0
    expected = [name.strip()] * 2 + ["next"] * 2
    assert [graph.name for graph in openmmorbit.readMolecules(tmp_path / "out.sdf")] == expected
    found = readSDF(tmp_path / "out.sdf")
    assert [mol.GetProp("_Name").strip() for mol in found] == expected
    assert [mol.GetNumAtoms() for mol in found] == [9, 9, 8, 8] and found[0].GetProp("SMILES") == "CCO"


def testDataItemsGoAlong(modelPath, tmp_path):
    mol = Chem.AddHs(Chem.MolFromSmiles("CCO"))
    mol.SetProp("_Name", "ethanol")
    for name, value in {"IC50": ">10 uM", "Z": "1", "NOTE": "two\nlines", "ID": "007", "ORBIT_SEED": "old",
                        "ORBIT_FOO": "old", "SMILES": "old"}.items():
        mol.SetProp(name, value)
    with Chem.SDWriter(str(tmp_path / "in.sdf")) as writer:
        writer.write(mol)
    assert run(modelPath, "in.sdf", "-o", "out.SDF.GZ", folder=tmp_path).returncode == 0
    found = readSDF(tmp_path / "out.SDF.GZ")
    assert len(found) == 2
    for record in found:
        values = {name: record.GetProp(name) for name in record.GetPropNames()}
        assert [values[name] for name in ("IC50", "Z", "NOTE", "ID", "SMILES")] == \
            [">10 uM", "1", "two\nlines", "007", "CCO"]
        assert "ORBIT_FOO" not in values and values["ORBIT_SEED"] not in ("", "old")
        assert record.GetProp("_Name") == "ethanol"
    with gzip.open(tmp_path / "out.SDF.GZ", "rt") as stream:
        assert stream.read().count("<ORBIT_SEED>") == 2


def testPropertiesInPython(makeGenerator, tmp_path):
    (tmp_path / "in.smi").write_text("SMILES\tname\tpIC50\nCCO\tethanol\t6.5\nbad(\tx\t1\n")
    generator = makeGenerator()
    good, bad = generator.generateMany(openmmorbit.readMolecules(tmp_path / "in.smi"), 1, seed=2, progress=False)
    assert good.name == good.ensemble.name == "ethanol" and good.properties == {"pIC50": "6.5"}
    assert bad.error is not None and bad.name == "" and bad.properties == {}
    mol = good.ensemble.toRDKit()
    assert mol.GetProp("pIC50") == "6.5" and mol.GetProp("_Name") == "ethanol"
    mol.SetIntProp("n", 3)
    again = generator.generate(mol, 1, seed=2)
    assert again.properties == {"pIC50": "6.5", "n": "3"} and again[:1].name == "ethanol"
    graph = openmmorbit.readMolecule("CC")
    graph.properties = {"a": 1}
    assert generator.generate(graph, 1).properties == {"a": "1"}


@pytest.mark.parametrize("name, text", [
    ("a.csv", "name,SMILES,note\nethanol,CCO,\"a, \"\"b\"\"\"\nx,bad(,\n\nwater,O,y\n"),
    ("a.csv", "\ufeffID;canonical_smiles;note\nethanol;CCO;a, \"b\"\nx;bad(;\nwater;O;y;more\n"),
    ("a.TSV", "SMILES\tTitle\tnote\r\nCCO\tethanol\ta, \"b\"\r\nbad(\tx\r\nO\twater\ty\r\n")])
@pytest.mark.parametrize("packed", [False, True])
def testTables(tmp_path, name, text, packed):
    path = tmp_path / (name + ".gz" if packed else name)
    if name.endswith("TSV"):
        text = text.replace('a, "b"', '"a, ""b"""')
    elif ";" in text:
        text = text.replace('a, "b"', '"a, ""b"""')
    path.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    ethanol, bad, water = openmmorbit.readMolecules(path)
    assert (ethanol.name, ethanol.properties) == ("ethanol", {"note": 'a, "b"'})
    assert isinstance(bad, ValueError) and f'{path}, record 2 (line 3, "bad(")' in str(bad)
    assert water.name == "water" and water.properties["note"] == "y"


@pytest.mark.parametrize("text, message", [
    ("CCO,ethanol\nCC,x\n", "column SMILES.*'CCO, ethanol'.*smi"), ("", "empty"), ("s\0m\0", "UTF-16")])
def testTablesThatAreNone(tmp_path, text, message):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        list(openmmorbit.readMolecules(tmp_path / "a.csv"))


def testAQuoteThatIsNotClosedIsReported(tmp_path):
    (tmp_path / "a.csv").write_text('smiles,name\nC,a\nCC,"b\nCCC,c\n')
    first, second = openmmorbit.readMolecules(tmp_path / "a.csv")
    assert first.name == "a" and "begins in line 3" in str(second)


def testFewerConformersThanAskedForAndNoRecords(smallModel, modelPath, tmp_path):
    (tmp_path / "blank.smi").write_text("\n\n")
    done = run(modelPath, "blank.smi", "-o", "out.sdf", folder=tmp_path)
    assert done.returncode == 3 and b"at least one record, got none in \"blank.smi\"" in done.stderr
    (tmp_path / "IN.SMI.GZ").write_bytes(gzip.compress(b"CCO x\n"))
    assert run(modelPath, "IN.SMI.GZ", "-o", "out.sdf", folder=tmp_path).returncode == 0
    done = run(modelPath, "[OH-]", "-o", "o.sdf", folder=tmp_path)
    assert b"of 1 molecule in" in done.stderr


def testAnIncompleteAnswerIsStatusThree(monkeypatch, tmp_path, capsys):
    from openmmorbit import cli, conformers

    ensemble = embed("CCO")
    failure, status = openmmorbit.orbit.FailedConformer(), openmmorbit.orbit.ConformerStatus()
    status.message = "too short"
    failure.status = status
    ensemble._core.addFailure(failure)

    class Generator:
        def __init__(self, *_, **__):
            pass

        def kernelDescription(self):
            return "none"

        def generateMany(self, molecules, *_, **__):
            for index, molecule in enumerate(molecules):
                yield conformers.GenerationResult(index, molecule, ensemble)

    monkeypatch.setattr(conformers, "ConformerGenerator", Generator)
    path = str(tmp_path / "a.sdf")
    assert cli.main(["conformers", "CCO", "-n", "3", "-o", path]) == 3
    errors = capsys.readouterr().err
    assert "expected 3 conformers, got 2" in errors and "too short" in errors and len(readSDF(path)) == 2
    assert cli.main(["conformers", "CCO", "-n", "2", "-o", path]) == 0


@pytest.mark.parametrize("name", ["out.sdf", "out.pdb"])
def testAnOutputThatCannotBeWritten(modelPath, tmp_path, name):
    (tmp_path / name).mkdir()
    done = run(modelPath, "CCO", "-o", name, folder=tmp_path)
    assert done.returncode == 2 and b"got the folder" in done.stderr

# SPDX-License-Identifier: MIT
"""Libraries on several workers: the same bits whatever the split, kill -9 at any moment, order, wrong use."""
import gzip
import json
import os
import subprocess
import sys
import time

import pytest
from conftest import runCli

import openmmorbit
from openmmorbit import libraries
from openmmorbit.data import parallel
from openmmorbit.io.resumable import ResumableFiles, journalPath

NUMBER = 60


@pytest.fixture(scope="module")
def modelPath(smallModel, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    smallModel.save(str(path))
    return str(path)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("library") / "in.smi"
    lines = [f"{'C' * (1 + k % 4)}O m{k}" for k in range(NUMBER)]
    lines[7], lines[20] = "bad( m7", "CC.CC m20"
    path.write_text("\n".join(lines) + "\n")
    return path


def options(modelPath):
    return ["--model", modelPath, "--platform", "Reference", "--steps", "1", "--no-check", "-n", "2", "--seed", "3"]


def command(modelPath, *arguments):
    return [sys.executable, "-m", "openmmorbit.cli", "conformers", *map(str, arguments), *options(modelPath)]


@pytest.fixture(scope="module")
def expected(modelPath, library, tmp_path_factory):
    """What a run in this process writes."""
    path = tmp_path_factory.mktemp("whole") / "out.sdf"
    assert openmmorbit.cli.main(["conformers", str(library), "-o", str(path), *options(modelPath), "-q"]) == 3
    return path.read_bytes()


def square(number):
    time.sleep(0.2 if number == 0 else 0)
    return number**2


@pytest.mark.parametrize("processes", [1, 2])
def testAnswersInOrder(processes):
    taken = []

    def tasks():
        for number in range(40):
            taken.append(number)
            yield number

    found = []
    for task, answer in parallel.run(square, tasks(), processes=processes, inOrder=True):
        found.append((task, answer))
        assert len(taken) <= task + 5 * 2 * processes + 1  # no more than these wait for the first
    assert found == [(number, number**2) for number in range(40)]


@pytest.mark.parametrize("ending, split", [
    (".sdf", ["--processes", 1, "--batch-size", 7]), (".sdf", ["--processes", 2, "--batch-size", 5]),
    (".sdf.gz", ["--processes", 2, "--batch-size", 5]), (".sdf", ["--dask", "local", "--batch-size", 11])])
def testTheSameBitsWhateverTheSplit(modelPath, library, expected, tmp_path, capsys, ending, split):
    output = tmp_path / f"out{ending}"
    status = openmmorbit.cli.main([*map(str, ["conformers", library, "-o", output, *split]), *options(modelPath)])
    errors = capsys.readouterr().err
    data = output.read_bytes()
    assert status == 3 and (gzip.decompress(data) if ending.endswith("gz") else data) == expected
    assert "116 conformers of 58 molecules" in errors and "2 of 60 records failed" in errors
    lines = (tmp_path / f"{output.name}.failures.txt").read_text().splitlines()
    assert len(lines) == 2 and "record 8 (line 8" in lines[0] and "2 fragments" in lines[1]
    assert sorted(path.name for path in tmp_path.iterdir()) == [output.name, f"{output.name}.failures.txt"]


def testADaskScheduler(modelPath, library, expected, tmp_path):
    from dask.distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=2, dashboard_address=None, processes=True) as cluster:
        generator = openmmorbit.ConformerGenerator(modelPath, platform="Reference", numSteps=1, check=False)
        report = openmmorbit.generateLibrary(library, tmp_path / "out.sdf", generator, numConformers=2, seed=3,
                                             cluster=cluster.scheduler_address, batchSize=8, progress=False)
    assert (tmp_path / "out.sdf").read_bytes() == expected
    assert (report.counts.molecules, report.counts.failed, report.numBefore) == (58, 2, 0)


def testKilledRunsGoOn(modelPath, library, expected, tmp_path):
    """Each process is killed a while after the last one's progress; together they write each record once."""
    output, part, kills = tmp_path / "out.sdf", tmp_path / "out.part.sdf", 0
    run = command(modelPath, library, "-o", output, "--processes", 1, "--batch-size", 2, "-q")
    script = ("import sys, time, openmmorbit.io.resumable as r, openmmorbit.cli as c\nr.INTERVAL = 0\n"
              "old = r.ResumableFiles.reach\n"
              "r.ResumableFiles.reach = lambda *a, **k: (old(*a, **k), time.sleep(0.02))\n"
              "sys.exit(c.main(sys.argv[1:]))")
    run = [sys.executable, "-c", script, *run[3:]]
    while kills < 3:
        before = part.stat().st_size if part.exists() else 0
        process = subprocess.Popen(run, stderr=subprocess.PIPE)
        while process.poll() is None and (not part.exists() or part.stat().st_size < before + 12000):
            time.sleep(0.002)
        process.kill()
        process.communicate()
        assert process.returncode == -9
        kills += 1
    assert not output.exists() and 0 < part.stat().st_size < len(expected)
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 3 and output.read_bytes() == expected
    assert len((tmp_path / "out.sdf.failures.txt").read_text().splitlines()) == 2


def testWhatIsBehindACheckpointIsCutOff(tmp_path):
    path, start = tmp_path / "out.sdf", {"next": 0}
    files = ResumableFiles([path, tmp_path / "bad.txt"], {"seed": 1}, start)
    files.add(0, b"one\n")
    files.reach({"next": 1}, now=True)
    files.add(0, b"two\n")
    files.add(1, b"bad\n")
    with pytest.raises(ValueError, match="which another process writes"):
        ResumableFiles([path, tmp_path / "bad.txt"], {"seed": 1}, start)
    files.close()
    with open(journalPath(path), "ab") as stream:
        stream.write(b'{"progress": {"ne')
    files = ResumableFiles([path, tmp_path / "bad.txt"], {"seed": 1}, start)
    assert files.isResumed and files.progress == {"next": 1}
    files.add(0, b"2\n")
    files.reach({"next": 2}, now=True)
    files.finish()
    assert path.read_bytes() == b"one\n2\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.sdf"]


def testARunThatEndsWhileItFinishes(tmp_path):
    path = tmp_path / "out.sdf"
    path.write_text("older")
    files = ResumableFiles([path, tmp_path / "bad.txt"], {}, {})
    for index in range(2):
        files.add(index, b"new\n")
    files.reach({}, now=True)
    files.close()
    with open(journalPath(path), "ab") as stream:
        stream.write(b'{"finished": true}\n')
    os.replace(tmp_path / "out.part.sdf", path)
    files = ResumableFiles([path, tmp_path / "bad.txt"], {}, {})
    assert files.isFinished
    files.finish()
    assert path.read_text() == (tmp_path / "bad.txt").read_text() == "new\n" and len(list(tmp_path.iterdir())) == 2


@pytest.fixture
def unfinished(modelPath, library, tmp_path):
    """An output whose run ended after 10 records."""
    generator = openmmorbit.ConformerGenerator(modelPath, platform="Reference", numSteps=1, check=False)
    reader = libraries.moleculefiles.readInputs

    def first(inputs, options=None):
        yield from list(reader(inputs, options))[:10]
        raise KeyboardInterrupt

    libraries.moleculefiles.readInputs = first
    try:
        with pytest.raises(KeyboardInterrupt):
            openmmorbit.generateLibrary([str(library)], tmp_path / "out.sdf", generator, processes=1, progress=False,
                                        numConformers=2, seed=3, batchSize=5)
    finally:
        libraries.moleculefiles.readInputs = reader
    assert not (tmp_path / "out.sdf").exists() and (tmp_path / "out.part.sdf").exists()
    return tmp_path / "out.sdf"


@pytest.mark.parametrize("change, text", [
    (["--seed", "4"], "expected seed 3, with which"), (["-n", "3"], "expected numConformers 2"),
    (["--steps", "2"], "expected numSteps '1'"), (["--stereo", "refuse"], "expected stereo 'mixed'")])
def testOtherSettingsAreRefused(modelPath, library, unfinished, capsys, change, text):
    part = unfinished.parent / "out.part.sdf"
    before = part.read_bytes()
    arguments = ["conformers", library, "-o", unfinished, *options(modelPath), "--processes", 1]
    status, line = runCli(capsys, *arguments, *change)
    assert status == 2 and text in line and "restart" in line and part.read_bytes() == before


def testAnotherInputIsRefused(modelPath, library, unfinished, tmp_path, capsys, expected):
    other = tmp_path / "other.smi"
    other.write_text(library.read_text().replace("m3\n", "x\n"))
    arguments = ["-o", unfinished, *options(modelPath)]
    status, line = runCli(capsys, "conformers", other, *arguments, "--processes", 1)
    assert status == 2 and "another one; give the earlier input, or restart" in line
    status, line = runCli(capsys, "conformers", library, *arguments)
    assert status == 2 and "not finished; go on with --processes or --dask" in line
    assert openmmorbit.cli.main(["conformers", *map(str, [library, *arguments]), "--processes", "1"]) == 3
    assert "went on behind 10 records" in capsys.readouterr().err and unfinished.read_bytes() == expected


def testRestart(modelPath, library, unfinished, tmp_path, capsys):
    arguments = ["conformers", "CCO", "-o", unfinished, *options(modelPath), "--processes", 1]
    assert openmmorbit.cli.main([*map(str, arguments), "--restart"]) == 0
    assert "2 conformers of 1 molecule in" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.sdf"]


def testAChosenSeedStays(modelPath, library, tmp_path):
    generator = openmmorbit.ConformerGenerator(modelPath, platform="Reference", numSteps=1, check=False)
    run = libraries._LibraryRun(tmp_path / "out.sdf", generator, libraries.LibrarySettings(2), False, print)
    run.files.reach(run.progress, now=True)
    run.files.close()
    again = libraries._LibraryRun(tmp_path / "out.sdf", generator, libraries.LibrarySettings(2), False, print)
    assert again.progress["seed"] == run.progress["seed"] > 0
    again.files.close()
    assert json.loads(open(journalPath(tmp_path / "out.sdf")).readline())["settings"]["seed"] == 0


def testSettingsThatConformersDependOn(modelPath, smallModel):
    """The threads do not matter, and a model counts by its weights."""
    settings = {"platform": "Reference", "numSteps": 1, "properties": {"Precision": "double", "Other": "3"}}
    saved = libraries.describeGenerator(openmmorbit.ConformerGenerator(modelPath, threads=3, **settings))
    kept = libraries.describeGenerator(openmmorbit.ConformerGenerator(smallModel, threads=1, **settings))
    assert saved == kept and saved["model"] == smallModel.getChecksum()
    names = ("numSteps", "Precision", "Other", "platform")
    assert [saved[name] for name in names] == ["1", "double", "3", "Reference"]
    assert "threads" not in saved and "path" not in saved


def die(chunk, work):
    if any("CCO" == molecule.smiles for _, molecule in chunk.records):
        os._exit(1)
    return libraries._answer(chunk, work)


def testARecordThatEndsItsWorkerFailsAlone(modelPath, tmp_path, monkeypatch):
    generator = openmmorbit.ConformerGenerator(modelPath, platform="Reference", numSteps=1, check=False)
    said = []
    monkeypatch.setattr(parallel, "run", lambda function, tasks, arguments, *_, **__: (
        (task, parallel.runAlone(die, task, arguments)) for task in tasks))
    alone = parallel.runAlone
    monkeypatch.setattr(parallel, "runAlone", lambda function, task, arguments: alone(die, task, arguments))
    report = openmmorbit.generateLibrary(["C", "CCO", "CCC"], tmp_path / "out.sdf", generator, numConformers=2, seed=3,
                                         processes=2, progress=False, say=said.append)
    assert (report.counts.molecules, report.counts.failed, report.counts.conformers) == (2, 1, 4)
    assert "'CCO': the worker failed: BrokenProcessPool" in said[0]


@pytest.mark.parametrize("arguments, text", [
    (["CCO", "-o", "out.pdb", "--processes", "2"], "output of records"),
    (["CCO", "-o", "out.sdf", "--processes", "0"], "at least 1 process"),
    (["CCO", "-o", "out.sdf", "--processes", "2", "--dask", "local"], "got both"),
    (["CCO", "-o", "out.sdf", "--restart"], "expected --processes or --dask with --restart, got none")])
def testWrongUse(modelPath, tmp_path, capsys, monkeypatch, arguments, text):
    monkeypatch.chdir(tmp_path)
    status, line = runCli(capsys, "conformers", *arguments, *options(modelPath))
    assert status == 2 and text in line and not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["out.sdf", "out.part.sdf", "out.sdf.failures.txt", "out.sdf.journal", "link.sdf"])
def testOutputsThatAreInputs(smallModel, tmp_path, name):
    (tmp_path / "link.sdf").symlink_to("out.sdf")
    path = tmp_path / name
    path.write_text("CCO\n")
    generator, reading = openmmorbit.ConformerGenerator(smallModel), openmmorbit.FileOptions(format="smi")
    with pytest.raises(ValueError, match=f"expected an output that is no input, got '.*out.sdf', for which '.*{name}'"):
        openmmorbit.generateLibrary(path, tmp_path / "out.sdf", generator, options=reading, progress=False)
    assert path.read_text() == "CCO\n" and len(list(tmp_path.iterdir())) == 2
    with pytest.raises(ValueError, match="expected an existing folder for the output '.*none/out.sdf', got none"):
        openmmorbit.generateLibrary("CCO", tmp_path / "none" / "out.sdf", generator, progress=False)


@pytest.mark.parametrize("settings, error, text", [
    ({"refinement": {"relax": True}}, TypeError, "expected refinement as an openmmorbit.Refinement, .*got {'relax'"),
    ({"numConformers": 0}, ValueError, "^LibrarySettings: expected numConformers from 1"),
    ({"refinement": openmmorbit.Refinement(field="GAFF")}, ValueError, "force field .*GAFF")])
def testSettingsThatMakeNoSense(settings, error, text):
    with pytest.raises(error, match=text):
        openmmorbit.LibrarySettings(**settings).check()


def testEachOutputHasItsOwnListOfFailures(tmp_path):
    names = ("out.sdf", "out.sdf.gz", "out.xyz", "out.mol2")
    assert len({libraries.failuresPath(tmp_path / name) for name in names}) == 4


def testScriptsWithoutAGuard(tmp_path):
    (tmp_path / "a.py").write_text("from openmmorbit.data import parallel\n"
                                   "print(list(parallel.run(abs, range(8), processes=2)))\n")
    done = subprocess.run([sys.executable, tmp_path / "a.py"], capture_output=True, text=True)
    # Behind it Python may still complain of semaphores.
    last = [line for line in done.stderr.splitlines() if line.startswith("RuntimeError: ")][-1]
    assert done.returncode == 1 and "expected worker processes that start" in last and "if __name__" in last


def testNothingIsLeftOfARunThatDidNotBegin(modelPath, tmp_path, capsys):
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "1s"}):
        for address, reason in (("x", "missing port number in address 'x'"), ("x:y", "invalid literal"),
                                ("tcp://127.0.0.1:1", "Timed out trying to connect to tcp://127.0.0.1:1 after 1 s")):
            status, line = runCli(capsys, "conformers", "CCO", "-o", tmp_path / "out.sdf", *options(modelPath),
                                  "--dask", address)
            assert status == 2 and "scheduler that answers, such as tcp://host:8786, got '" + address in line
            assert reason in line and not list(tmp_path.iterdir())


def testInputsThatDoNotExist(smallModel, tmp_path):
    generator = openmmorbit.ConformerGenerator(smallModel)
    (tmp_path / "a.smi").write_text("CC\n")
    with pytest.raises(ValueError, match="expected a readable file with records, got no file '.*nofile.smi'; check"):
        openmmorbit.generateLibrary([tmp_path / "a.smi", tmp_path / "nofile.smi"], tmp_path / "out.sdf", generator)
    with pytest.raises(ValueError, match="expected smilesColumn= with files of the formats csv and tsv, got it"):
        openmmorbit.generateLibrary(tmp_path / "a.smi", tmp_path / "out.sdf", generator,
                                    options=openmmorbit.FileOptions(smilesColumn="x"))
    assert [path.name for path in tmp_path.iterdir()] == ["a.smi"]


@pytest.mark.parametrize("restart", [False, True])
def testAFileOfOthersInTheWay(modelPath, tmp_path, capsys, restart):
    """What stands where our records would stand until the end is not touched."""
    (tmp_path / "out.part.sdf").write_text("mine")
    arguments = ["conformers", "CCO", "-o", tmp_path / "out.sdf", *options(modelPath)]
    status, line = runCli(capsys, *arguments, "--processes", 1, *["--restart"][:restart])
    assert status == 2 and "out.part.sdf', where the records of" in line and "without a journal of ours; move" in line
    (tmp_path / "out.sdf").write_text("older")
    assert runCli(capsys, *arguments)[0] == 0
    assert "ORBIT_SEED" in (tmp_path / "out.sdf").read_text() and (tmp_path / "out.part.sdf").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.part.sdf", "out.sdf"]


def testAJournalThatIsNotOurs(modelPath, tmp_path, capsys):
    (tmp_path / "out.sdf.journal").write_text("my notes\n")
    status, line = runCli(capsys, "conformers", "CCO", "-o", tmp_path / "out.sdf", *options(modelPath),
                          "--processes", 1)
    assert status == 2 and "a journal of ours" in line
    assert (tmp_path / "out.sdf.journal").read_text() == "my notes\n"

# SPDX-License-Identifier: MIT
"""The user guide agrees with the package: defaults, names, and the shards that it reads from Python."""
import pathlib
import re
import shlex

import numpy as np

import openmmorbit
from openmmorbit import orbit
from openmmorbit.samplersettings import listSettings

GUIDE = (pathlib.Path(__file__).resolve().parents[1] / "docs" / "guide.md").read_text(encoding="utf-8")


def testDefaultsOfTheGenerator(smallModel):
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \| (.+) \|$", GUIDE, re.M)
    found = {name: value for names, value in rows for name, value in zip(
        re.findall(r"\w+", names), value.split(" (")[0].split(", "))}
    settings, core = orbit.SamplerSettings(), orbit.ConformerGenerator(smallModel)
    for setting in listSettings():
        value = found[setting.name].strip('"')
        expected = getattr(settings, setting.name)
        assert setting.words.index(value) == expected if setting.words else setting.kind(value) == expected, setting
    assert int(found["maxRedraws"]) == core.getMaxRedraws()
    assert (found["check"], found["returnFailed"]) == (str(core.getCheckConformers()), str(core.getReturnFailed()))


def testNamesOfTheGuideExist():
    names = set(re.findall(r"openmmorbit\.(\w+)\b(?!\.\w+\.)\(", GUIDE))
    assert {"ConformerGenerator", "buildDataset", "train"} <= names
    assert all(callable(getattr(openmmorbit, name)) for name in names)
    assert all(hasattr(orbit, name) for name in re.findall(r"(?<!\w)orbit\.(\w+)", GUIDE))


def testShardsFromPython(water, tmp_path):
    record = orbit.ShardRecord()
    record.graph, record.flatSmiles, record.condition = water, "O", "GFN2-xTB"
    record.positions, record.energies = np.arange(18.0).reshape(2, 3, 3), [0.0, 1.5]
    writer = orbit.ShardWriter(str(tmp_path / "a.shard"))
    writer.add(record)
    del writer
    reader, again = orbit.ShardReader(str(tmp_path / "a.shard")), orbit.ShardRecord()
    assert reader.next(again) and again.getNumConformers() == 2 and again.condition == "GFN2-xTB"
    assert np.array_equal(again.positions, np.arange(18.0)) and list(again.energies) == [0.0, 1.5]
    assert again.graph.getFormula() == "H2O" and not reader.next(again)
    assert isinstance(orbit.isValidationMolecule("O"), bool)


def testLibrariesOfTheGuide(makeGenerator, tmp_path, monkeypatch, capsys):
    section = GUIDE.split("## Many molecules")[1].split("## Into a simulation")[0]
    loop, pair, library = re.findall(r"```python\n(.*?)```", section, re.S)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "library.smi").write_text("CCO a\nbad( b\nCC c\n")
    names = {"openmmorbit": openmmorbit, "generator": makeGenerator()}
    for block in (loop, pair, library.replace("processes=2", "processes=1")):
        exec(compile(block, "guide.md", "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("1 library.smi, record 2 (line 2")
    assert lines[1] == "AnswerCounts(conformers=10, molecules=2, failed=1, incomplete=0, sampler=0, rdkit=0)"
    assert {path.name for path in tmp_path.iterdir()} == {"library.smi", "0.sdf", "2.sdf", "two.mol2", "library.sdf",
                                                          "library.sdf.failures.txt"}


def testTheCommandLinesOfTheGuideAreUnderstood():
    parser = openmmorbit.cli.makeParser()
    lines = re.findall(r"^(?:.*\| )?openmm-orbit (conformers [^|\n#>]*)", GUIDE, re.M)
    assert len(lines) >= 6
    for line in lines:
        parser.parse_args(shlex.split(line))

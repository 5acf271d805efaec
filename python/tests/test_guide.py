# SPDX-License-Identifier: MIT
"""The user guide agrees with the package: defaults, names, and the shards that it reads from Python."""
import pathlib
import re

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

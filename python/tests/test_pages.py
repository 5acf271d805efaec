# SPDX-License-Identifier: MIT
"""The code of the pages beside the guide runs as it stands, one block after the other."""
import pathlib
import re

from openmm import app, unit

import openmmorbit
from systems import makeStates

DOCS = pathlib.Path(__file__).resolve().parents[1] / "docs"


def testStatesIntoSimulations(tmp_path, monkeypatch, capsys):
    topology, positions = makeStates("ACE", "ALA", "NME", number=1)
    with open(tmp_path / "peptide.pdb", "w", encoding="utf-8") as stream:
        app.PDBFile.writeFile(topology, positions[0] * unit.nanometer, stream)
    text = (DOCS / "simulations.md").read_text(encoding="utf-8")
    names = {}
    monkeypatch.setenv("OPENMM_CPU_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(compile(block.replace("step(10000)", "step(20)"), "simulations.md", "exec"), names)
    residues = [residue.name for residue in names["solution"].topology.residues()]
    assert residues.count("CL") == 1 and residues.count("HOH") > 300 and names["dynamics"].currentStep == 20
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "<Relaxation of 12 states: 12 accepted>" and lines[0] in text
    assert lines[1].startswith("0 -") and len(lines) == 14
    assert isinstance(names["starts"], openmmorbit.Ensemble) and names["sampler"].currentIteration == 2
    assert names["started"].refused == {}


def testFramesOfSimulations(tmp_path, monkeypatch, capsys):
    topology, positions = makeStates("ACE", "ALA", "NME")
    with open(tmp_path / "system.pdb", "w", encoding="utf-8") as stream:
        app.PDBFile.writeFile(topology, positions[0] * unit.nanometer, stream)
    for name in ("run1.dcd", "run2.dcd"):
        with open(tmp_path / name, "wb") as stream:
            dcd = app.DCDFile(stream, topology, 0.002)
            for state in positions:
                dcd.writeModel(state * unit.nanometer)
                positions += 0.01
    monkeypatch.chdir(tmp_path)
    (block, *_) = re.findall(r"```python\n(.*?)```", (DOCS / "trajectories.md").read_text(encoding="utf-8"), re.S)
    exec(compile(block, "trajectories.md", "exec"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["<TrajectoryDataset of 2 trajectories: 8 frames of 22 atoms>", "0 300.0 (4, 22, 3)"]
    assert lines[-1] == '"run2.dcd" 4 0 0'


def testLookingAtMolecules(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```python\n(.*?)```", (DOCS / "viewing.md").read_text(encoding="utf-8"), re.S)
    exec(compile(block, "viewing.md", "exec"), {})
    assert "largest deviation" in (tmp_path / "aspirin.html").read_text(encoding="utf-8")
    for name, text in (("ranked", '"name":"MMFF94 energy above the lowest","unit":"kcal/mol","values":[0.0,'),
                       ("lengths", '"name":"from methyl to acid","unit":"Å"')):
        assert text in (tmp_path / f"{name}.html").read_text(encoding="utf-8")


def testChoosingConformers(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text, names = (DOCS / "ranking.md").read_text(encoding="utf-8"), {}
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(compile(block, "ranking.md", "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    shown = re.search(r"```\n(0  0.00 kcal/mol\n.*?)```", text, re.S)[1].splitlines()
    # Which of the higher minima are found depends on how a processor rounds.
    assert lines[:2] == shown[:2] and 2 <= len(names["minima"]) <= 6
    assert (tmp_path / "nicotine.sdf").read_text().count("ORBIT_RELATIVE_ENERGY_KCAL") == len(names["minima"])
    assert all(hasattr(openmmorbit.Ensemble, name) for name in re.findall(r"`ensemble\.(\w+)\(", text))


def testKeepingAPose(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text, names = (DOCS / "poses.md").read_text(encoding="utf-8"), {}
    for block in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(compile(block.replace("=10", "=2").replace("=5,", "=2,"), "poses.md", "exec"), names)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("(1, 2, 3, ") and lines[1].startswith("(2, 41, 3) ") and "Ensemble of" in lines[2]
    assert (tmp_path / "complexes.pdb").read_text().count("ENDMDL") == 2
    assert all(hasattr(openmmorbit.ComplexEnsemble, name) for name in ("complexPositions", "closestContacts"))


def testNamesOfThePageExist():
    text = (DOCS / "simulations.md").read_text(encoding="utf-8")
    names = set(re.findall(r"`(\w+)\(\)`", text)) & set(dir(openmmorbit))
    assert {"relax", "chooseStates", "seedReplicas", "applyStates", "eachState", "placeInSolvent"} <= names
    guide = (DOCS / "guide.md").read_text(encoding="utf-8")
    assert "(simulations.md)" in guide and "(trajectories.md)" in guide
    codes = re.findall(r"^\| `(\w+)` \| ", text, re.M)[1:]  # below the head of the table
    makers = ("survival.py", "relaxation.py", "fieldrelaxation.py")
    sources = "".join(path.read_text(encoding="utf-8") for path in
                      pathlib.Path(openmmorbit.__file__).parent.rglob("*.py") if path.name in makers)
    assert set(codes) == set(re.findall(r'Finding\("(\w+)"', sources))

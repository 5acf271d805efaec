# SPDX-License-Identifier: MIT
"""PDB and PDBx files with many models: read a block at a time, of several programs, and damaged."""
import gc
import tracemalloc

import numpy as np
import pytest
from openmm import app, unit

import openmmorbit
from openmmorbit.io import pdbtrajectories
from openmmorbit.io.pdbtrajectories import PdbTrajectory
from openmmorbit.io.pdbxtrajectories import PdbxTrajectory
from systems import makeFrames
from test_trajectories import readAll, write


KINDS = pytest.mark.parametrize("kind, ending", [(PdbTrajectory, "pdb"), (PdbxTrajectory, "cif")], ids=["pdb", "cif"])


@pytest.fixture(scope="module")
def alanine():
    return makeFrames(40)


def modelLines(path):
    """Get the lines of each model, without MODEL and ENDMDL."""
    text = open(path, encoding="utf-8").read()
    return [part.split("\n", 1)[1].split("ENDMDL")[0].splitlines() for part in text.split("MODEL ")[1:]]


@KINDS
def testMemoryDoesNotDependOnTheNumberOfModels(alanine, tmp_path, monkeypatch, kind, ending):
    monkeypatch.setattr(pdbtrajectories, "BLOCK_ATOMS", 100)
    topology, frames = alanine
    peaks = []
    for repeats in (1, 10):
        many = np.concatenate([frames + 0.001 * k for k in range(repeats)])
        source = kind("test", write(tmp_path / f"{repeats}.{ending}", topology, many))
        gc.collect()
        gc.freeze()         # what other tests left is not looked at again and again
        tracemalloc.start()
        sizes = []
        for block in source.read(1):
            sizes.append(len(block.indices))
            gc.collect()    # OpenMM's objects hold each other, and would go when Python likes
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        gc.unfreeze()
        assert sizes == [4] * (10 * repeats)
    assert peaks[1] < 1.5 * peaks[0]


def testModelsOfOtherPrograms(alanine, tmp_path):
    """VMD writes an END after each frame and no MODEL, GROMACS a box before each; nothing need stand at the end."""
    topology, frames = alanine
    models = modelLines(write(tmp_path / "a.pdb", topology, frames))
    (tmp_path / "vmd.pdb").write_text("".join("\n".join(lines) + "\nEND\n" for lines in models))
    found, indices = readAll(openmmorbit.TrajectoryDataset(topology, tmp_path / "vmd.pdb"))
    assert indices.tolist() == list(range(40)) and np.allclose(found, frames, atol=1e-4)

    boxes = [f"CRYST1{30 + k:9.3f}{31:9.3f}{32:9.3f}  90.00  90.00  90.00 P 1           1\n" for k in (0, 0, 5)]
    text = "".join(f"{box}MODEL     {k + 1:4}\n" + "\n".join(models[k]) + "\nENDMDL\n" for k, box in enumerate(boxes))
    (tmp_path / "boxes.pdb").write_text(text + "CONECT    1    2\n")
    source = PdbTrajectory("test", str(tmp_path / "boxes.pdb"))
    blocks = list(source.read(1))
    assert [block.indices.tolist() for block in blocks] == [[0, 1], [2]]
    assert [block.boxes[:, 0, 0].round(6).tolist() for block in blocks] == [[3.0, 3.0], [3.5]]
    assert [block.indices.tolist() for block in source.read(2)] == [[0], [2]]

    for k, text in enumerate(("\n".join(models[0]), "\n".join(models[0]) + "\nEND\n", "END\n".join(
            ["\n".join(models[0]) + "\n", "\n".join(models[1])]))):
        (tmp_path / "short.pdb").write_text(text)
        found, _ = readAll(openmmorbit.TrajectoryDataset(topology, tmp_path / "short.pdb"))
        assert len(found) == (1, 1, 2)[k]


def testADamagedModelIsNamedAndTheOnesBeforeAreGiven(alanine, tmp_path):
    topology, frames = alanine
    models = modelLines(write(tmp_path / "a.pdb", topology, frames))
    for change, reason in ((lambda line: [], "21 atoms, 22 in the first model"),
                           (lambda line: [line[:30] + "   ?    " + line[38:]], "could not convert")):
        text = ""
        for k, lines in enumerate(models):
            kept = lines[:5] + change(lines[5]) + lines[6:] if k == 17 else lines
            text += f"MODEL     {k + 1:4}\n" + "\n".join(kept) + "\nENDMDL\n"
        (tmp_path / "b.pdb").write_text(text)
        found = []
        with pytest.raises(ValueError, match=f"b.pdb\", got a file that is damaged from frame 17 on .{reason}"):
            for block in openmmorbit.TrajectoryDataset(topology, tmp_path / "b.pdb"):
                found += block.indices.tolist()
        assert found == list(range(17))
    (tmp_path / "none.pdb").write_text("HEADER\nREMARK 1\n")
    with pytest.raises(ValueError, match="none.pdb\", got a file that cannot be read .no atoms"):
        openmmorbit.TrajectoryDataset(topology, tmp_path / "none.pdb")


@KINDS
def testWhatOpenMMReadsOfTheWholeFileIsTheSame(alanine, tmp_path, monkeypatch, kind, ending):
    monkeypatch.setattr(pdbtrajectories, "BLOCK_ATOMS", 100)
    topology, frames = alanine
    path = write(tmp_path / f"a.{ending}", topology, frames, 4 * np.eye(3))
    whole, found = (app.PDBFile if ending == "pdb" else app.PDBxFile)(path), kind("test", path)
    blocks = list(found.read(1))
    positions = np.concatenate([block.positions for block in blocks])
    expected = [whole.getPositions(asNumpy=True, frame=k).value_in_unit(unit.nanometer) for k in range(40)]
    assert np.array_equal(positions, expected) and len(blocks) == 10
    assert all(np.allclose(block.boxes, 4 * np.eye(3)) and len(block.boxes) == 4 for block in blocks)
    assert [[atom.index for atom in bond] for bond in found.topology.bonds()] == \
        [[atom.index for atom in bond] for bond in whole.topology.bonds()]

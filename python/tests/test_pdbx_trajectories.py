# SPDX-License-Identifier: MIT
"""PDBx files with many models as other programs write them, cut off, and damaged."""
import numpy as np
import pytest
from openmm import app

import openmmorbit
from openmmorbit.io.pdbxtrajectories import PdbxTrajectory
from systems import makeFrames
from test_trajectories import readAll, write


@pytest.fixture(scope="module")
def alanine():
    return makeFrames(12)


def parts(path):
    """Get the lines before the rows, and the rows of each model."""
    lines = open(path, encoding="utf-8").read().splitlines()
    rows = [line for line in lines if line.startswith(("ATOM", "HETATM"))]
    return lines[:lines.index(rows[0])], [rows[k:k + 22] for k in range(0, len(rows), 22)]


def join(head, models, foot=("#",)):
    return "\n".join([*head, *(row for rows in models for row in rows), *foot]) + "\n"


def testFilesOfOtherPrograms(alanine, tmp_path):
    """Texts of several lines, names in quotes, bonds behind the atoms, and another data block."""
    topology, frames = alanine
    head, models = parts(write(tmp_path / "a.cif", topology, frames))
    texts = ["_struct.title", "; a title", "loop_", "_atom_site.id", "data_none", ";"]
    columns = ("conn_type_id", "ptnr1_label_asym_id", "ptnr1_label_seq_id", "ptnr1_label_atom_id",
               "ptnr2_label_asym_id", "ptnr2_label_seq_id", "ptnr2_label_atom_id")
    names = [row.split() for row in (models[0][0], models[0][-1])]
    ids = [entry.removeprefix("_atom_site.").strip() for entry in head if entry.startswith("_atom_site.")]
    ends = [[row[ids.index(name)] for name in ("label_asym_id", "label_seq_id", "label_atom_id")] for row in names]
    foot = ["#", "loop_", *("_struct_conn." + name for name in columns), " ".join(["covale", *ends[0], *ends[1]]), "#"]
    quoted = [[row.replace(" CA ", ' "CA" ') for row in rows] for rows in models]
    (tmp_path / "b.cif").write_text(join([head[0], *texts, *head[1:]], quoted, foot) + join(head, models[:1]))
    found = PdbxTrajectory("test", str(tmp_path / "b.cif"))
    whole = app.PDBxFile(str(tmp_path / "b.cif"))
    assert found.numFrames == whole.getNumFrames() == 12 and not found.damage
    bonds = [[atom.index for atom in bond] for bond in found.topology.bonds()]
    assert bonds == [[atom.index for atom in bond] for bond in whole.topology.bonds()] and [0, 21] in map(sorted, bonds)
    positions = np.concatenate([block.positions for block in found.read(1)])
    assert np.abs(positions - frames).max() < 1e-4 and next(found.read(1)).boxes is None


@pytest.mark.parametrize("model, cut, numFrames", [(7, -1, 7), (7, -30, 7), (7, 0, 7), (2, -1, 2), (11, -1, 11),
                                                   (11, None, 12)])
def testAFileThatIsCutOff(alanine, tmp_path, model, cut, numFrames):
    """Within the last row of a model, or behind it; its complete models can be kept."""
    topology, frames = alanine
    head, models = parts(write(tmp_path / "a.cif", topology, frames))
    text = join(head, models[:model + 1], ())
    if cut == 0:
        text = text.removesuffix(models[model][-1] + "\n")
    else:
        text = text.rstrip("\n")[:cut]
    path = tmp_path / "b.cif"
    path.write_text(text)
    if cut is None:
        assert len(readAll(openmmorbit.TrajectoryDataset(topology, path))[0]) == numFrames
        return
    if cut == -1 and model == 7:        # the number of the model, 8, was one letter
        assert text.endswith(" ")
    with pytest.raises(ValueError, match=f"b.cif\" with {numFrames} complete models and a part of one; damaged='keep'"):
        openmmorbit.TrajectoryDataset(topology, path)
    with pytest.warns(UserWarning, match="the complete frames are taken"):
        dataset = openmmorbit.TrajectoryDataset(topology, path, damaged="keep")
    assert readAll(dataset)[1].tolist() == list(range(numFrames))


def testADamagedModelIsNamedAndTheOnesBeforeAreGiven(alanine, tmp_path):
    topology, frames = alanine
    head, models = parts(write(tmp_path / "a.cif", topology, frames))
    path, column = tmp_path / "b.cif", models[7][5].split()[10]
    for change, reason in (([], "21 atoms, 22 in the first model"),
                           ([models[7][5].replace(column, "?")], "could not convert")):
        path.write_text(join(head, [*models[:7], [*models[7][:5], *change, *models[7][6:]], *models[8:]]))
        found = []
        with pytest.raises(ValueError, match=f"b.cif\", got a file that is damaged from frame 7 on .*{reason}"):
            for block in openmmorbit.TrajectoryDataset(topology, path):
                found += block.indices.tolist()
        assert found == list(range(7))
    wrong = (([*models[:3], [models[3][0] + " 9"], *models[4:]], "27 of 26 values in the row"),
             ([*models[:3], *models[1:2]], "the atoms of model 2 in several places"), ([], "no atoms"))
    for rows, reason in wrong:
        path.write_text(join(head, rows))
        with pytest.raises(ValueError, match=f"b.cif\", got a file that cannot be read .{reason}"):
            openmmorbit.TrajectoryDataset(topology, path)
    for text in ("", "data_x\n#\n", "data_x\n#\n" + join(head, models)):
        path.write_text(text)
        with pytest.raises(ValueError, match="b.cif\", got a file that cannot be read .no atoms"):
            openmmorbit.TrajectoryDataset(topology, path)

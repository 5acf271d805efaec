# SPDX-License-Identifier: MIT
"""Alternative locations: of each residue the conformer of highest occupancy is read, from PDB and PDBx files."""
import gzip

import numpy as np
import pytest
from openmm import app, unit

import openmmorbit
from helices import makeHelix

NAMES = ("N", "CA", "C", "O", "CB")
COLUMNS = ("group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
           "label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "auth_seq_id", "auth_asym_id",
           "pdbx_PDB_model_num")
#: Of a residue: label, occupancy, residue and the atoms that it has, as they stand in the file.
CONFORMERS = {
    5: [("A", 0.4, "ALA", NAMES), ("B", 0.6, "ALA", NAMES)],
    8: [("B", 0.5, "ALA", NAMES), ("A", 0.5, "ALA", NAMES)],
    11: [("A", 0.3, "SER", NAMES), ("B", 0.7, "GLY", NAMES[:4])],
    14: [("A", 0.4, "ALA", NAMES), ("B", 0.6, "ALA", NAMES[:4])],
    17: [("A", 0.2, "ALA", ("CB",)), ("C", 0.5, "ALA", ("CB",)), ("B", 0.3, "ALA", ("CB",))],
}
#: What is read of them; a conformer is shifted by 0.1 Angstrom for A, 0.2 for B and 0.3 for C.
SHIFTS = {5: [0.2] * 5, 8: [0.1] * 5, 11: [0.2] * 4, 14: [0.2] * 4 + [0.1], 17: [0] * 4 + [0.3]}


def listSites(number):
    """Get label, occupancy, residue, number, atom and place of all atoms, in the order of a file."""
    sites = []
    for k, places in enumerate(makeHelix(number)):
        for name, place in zip(NAMES, places):
            found = [one for one in CONFORMERS.get(k + 1, []) if name in one[3]]
            for label, occupancy, residue, _ in found or [("", 1.0, "ALA", ())]:
                sites.append((label, occupancy, residue, k + 1, name, place + 0.1 * " ABC".find(label or " ")))
    return sites


def writeSites(path, sites, numModels=1):
    """Write a PDB or PDBx file, and the same with .gz behind it."""
    isPdb, lines = path.suffix == ".pdb", []
    if not isPdb:
        # A text of several lines may have lines that look like those of the table.
        lines = ["data_x", "_struct.title", ";A text", "loop_", "_atom_site.id", "; ", "loop_",
                 *("_atom_site." + name for name in COLUMNS)]
    for model in range(1, numModels + 1):
        if isPdb and numModels > 1:
            lines.append(f"MODEL     {model:4d}")
        for k, (label, occupancy, residue, number, name, place) in enumerate(sites, 1):
            x, y, z = place + model - 1
            lines.append(f"ATOM  {k:5d}  {name:3s}{label or ' '}{residue} A{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}"
                         f"{occupancy:6.2f}  0.00          {name[0]:>2s}  " if isPdb else
                         f"ATOM {k} {name[0]} \"{name}\" {label or '.'} {residue} A {number} {x:.3f} {y:.3f} {z:.3f} "
                         f"{occupancy} {number} A {model}")
        if isPdb and numModels > 1:
            lines.append("ENDMDL")
    text = "\n".join([*lines, "END" if isPdb else "#"]) + "\n"
    path.write_text(text)
    with gzip.open(f"{path}.gz", "wt") as stream:
        stream.write(text)


@pytest.mark.parametrize("ending", ["pdb", "cif"])
def testTheConformerOfHighestOccupancyIsTaken(tmp_path, ending):
    path, helix = tmp_path / f"x.{ending}", makeHelix(20)
    writeSites(path, listSites(20), numModels=2)
    wanted = [helix[k, :len(SHIFTS.get(k + 1, NAMES))] + np.array(SHIFTS.get(k + 1, [0] * 5))[:, None]
              for k in range(20)]
    for name in (path, f"{path}.gz"):
        models = openmmorbit.readStructures(name)
        assert len(models) == 2
        for shift, model in enumerate(models):
            residues = list(model.topology.residues())
            assert [residue.name for residue in residues] == ["ALA"] * 10 + ["GLY"] + ["ALA"] * 9
            assert [atom.name for atom in residues[13].atoms()] == list(NAMES)
            found = np.array(model.positions.value_in_unit(unit.angstrom))
            assert np.abs(found - np.concatenate(wanted) - shift).max() < 1e-3
    # All that reads structures of proteins reads them so; OpenMM takes what stands first.
    reader = app.PDBFile if ending == "pdb" else app.PDBxFile
    first = np.array(reader(str(path)).positions.value_in_unit(unit.angstrom))
    assert np.abs(first[20:25] - helix[4] - 0.1).max() < 1e-3
    with pytest.warns(UserWarning, match="the first one is taken"):
        design = openmmorbit.designBackbone(path)
    assert np.abs(10 * design.positions[4] - helix[4, :3] - 0.2).max() < 1e-3
    backbone = next(iter(openmmorbit.data.backbones.readBackbones(path, keepD=True, structure=False)))
    assert np.abs(backbone.positions[7] - helix[7, :3] - 0.1).max() < 1e-3


def testPocketsAndComplexesTakeItToo(tmp_path, generator):
    """Of methane, whose carbon atom has two places, in the first model of a file."""
    path = tmp_path / "x.pdb"
    lines = [f"HETATM    1  C1 {label}MET A   1    {x:8.3f}   0.000   0.000  {occupancy:.2f}  0.00           C"
             for label, x, occupancy in (("A", 1.0, 0.4), ("B", 2.0, 0.6))]
    models = [[f"MODEL     {number:4d}", *lines, "ENDMDL"] for number in (1, 2)]
    path.write_text("\n".join([*models[0], *models[1], "END"]) + "\n")
    with gzip.open(f"{path}.gz", "wt") as stream:
        stream.write("\n".join([*lines, "END"]) + "\n")
    with pytest.warns(UserWarning, match="expected one model, got 2 in .*x.pdb\"; the first one is taken"):
        copies = generator.generate(str(path), 1, seed=1, residue="MET", smiles="C", core=["C1"])
    assert np.abs(copies.positions[0, 0].value_in_unit(unit.angstrom) - [2, 0, 0]).max() < 1e-3
    surroundings = openmmorbit.pockets.readSurroundings(f"{path}.gz")
    assert np.abs(10 * surroundings.positions - [[2, 0, 0]]).max() < 1e-3


@pytest.mark.parametrize("ending", ["pdb", "cif"])
def testAFileWithoutAlternativesIsReadAsItIs(tmp_path, ending):
    """Also if one atom stands there twice, of which OpenMM decides."""
    sites = [("", *one[1:]) for one in listSites(20) if one[0] in ("", "A")]
    writeSites(tmp_path / f"x.{ending}", sites)
    model, = openmmorbit.readStructures(tmp_path / f"x.{ending}")
    assert model.topology.getNumAtoms() == 100

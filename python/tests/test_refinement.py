# SPDX-License-Identifier: MIT
"""openmm-orbit conformers --relax --sort --prune --window, here and with worker processes."""
import numpy as np
import pytest
from rdkit import Chem

import openmmorbit
from conftest import runCli
from openmmorbit.refinement import Refinement


def read(path):
    return [mol for mol in Chem.SDMolSupplier(str(path), removeHs=False)]


def energies(mols, name="ORBIT_ENERGY_KCAL"):
    return np.array([float(mol.GetProp(name)) for mol in mols])


def testNicotineOnTheCommandLine(capsys, tmp_path):
    path = tmp_path / "a.sdf"
    status, line = runCli(capsys, "conformers", "CN1CCC[C@H]1c1cccnc1", "-n", 12, "--seed", 3, "-o", path, "--relax",
                          "--sort", "--prune", 0.5, "--window", 6)
    found = read(path)
    assert status == 0 and f"{len(found)} conformers of 1 molecule" in line and 2 <= len(found) <= 5
    assert (np.diff(energies(found)) >= 0).all() and energies(found, "ORBIT_RELATIVE_ENERGY_KCAL")[0] == 0
    assert (energies(found, "ORBIT_RELATIVE_ENERGY_KCAL") <= 6).all()
    assert {mol.GetProp("ORBIT_FORCE_FIELD") for mol in found} == {"MMFF94"}
    # The same from Python.
    generator = openmmorbit.ConformerGenerator()
    ensemble = generator.generate("CN1CCC[C@H]1c1cccnc1", numConformers=12, seed=3)
    again, lost = Refinement(relax=True, sort=True, window=6.0, prune=0.5).apply(ensemble)
    assert lost == "" and len(again) == len(found)
    assert np.allclose(again.positions._value[0] * 10, found[0].GetConformer().GetPositions(), atol=1e-3)


def testWorkersGiveTheSame(capsys, tmp_path):
    (tmp_path / "a.smi").write_text("CCCO a\nC[Si](C)(C)B c\nOCCO b\n")
    options = ("conformers", tmp_path / "a.smi", "-n", 4, "--seed", 2, "--unfamiliar", "ignore", "--sort",
               "--prune", 0.1)
    first = runCli(capsys, *options, "-o", tmp_path / "a.sdf")
    second = runCli(capsys, *options, "-o", tmp_path / "b.sdf", "--processes", 1)
    assert first[0] == second[0] == 3
    assert (tmp_path / "a.sdf").read_text() == (tmp_path / "b.sdf").read_text()
    failures = (tmp_path / "b.sdf.failures.txt").read_text()
    assert "record 2" in failures and "MMFF94" in failures and "(B1)" in failures
    assert [mol.GetProp("_Name") for mol in read(tmp_path / "a.sdf")][0] == "a"


def testPruneAloneHasNoEnergies(capsys, tmp_path):
    status, _ = runCli(capsys, "conformers", "CCO", "-n", 3, "--seed", 2, "--prune", 10, "-o", tmp_path / "a.sdf")
    assert status == 0 and len(read(tmp_path / "a.sdf")) == 1 and "ENERGY" not in (tmp_path / "a.sdf").read_text()


@pytest.mark.parametrize("options, words", [
    (["--prune", "-1"], ["RMSD in Angstrom", "-1"]), (["--window", "-2", "--sort"], ["kcal/mol", "-2"]),
    (["--force-field", "UFF"], ["--relax, --sort or --window"]), (["--prune", "nan"], ["RMSD", "nan"]),
])
def testWrongUse(capsys, tmp_path, options, words):
    status, line = runCli(capsys, "conformers", "CCO", "-o", tmp_path / "a.sdf", *options)
    assert status == 2 and all(word in line for word in words), line
    assert not (tmp_path / "a.sdf").exists()


def testNothingSurvives():
    ensemble = openmmorbit.ConformerGenerator().generate("C[C@H](F)Cl", numConformers=2, seed=1)
    for index in range(2):
        ensemble.setPositions(index, ensemble[index].positions._value * [1, 1, -1])
    with pytest.raises(ValueError, match="2 of 2 conformers did not survive"):
        Refinement(relax=True).apply(ensemble)
    with pytest.raises(ValueError, match="'MMFF94', 'MMFF94s', 'UFF', got 'GAFF'"):
        Refinement(field="GAFF").check()

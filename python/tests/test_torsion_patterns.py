# SPDX-License-Identifier: MIT
"""Patterns that stand for torsions: which atoms they name, and what is no pattern."""
import numpy as np
import pytest
from openmm import unit
from rdkit import Chem

import openmmorbit
from openmmorbit.torsionpatterns import expandTorsions


@pytest.mark.parametrize("smiles, torsion, expected", [
    ("CCCCO", ("CCCO", 150, 210), [(1, 2, 3, 4, 150, 210)]),
    ("CCCCO", ("[CH3:1][CH2:2][CH2:3][CH2:4]O", -60, 60), [(0, 1, 2, 3, -60, 60)]),
    ("CC(=O)NC", ("[O:1]=[C:2]-[N:3]-[C:4]", -30, 30), [(2, 1, 3, 4, -30, 30)]),
    # One torsion about each bond, whatever the number of matches.
    ("c1ccccc1-c1ccccc1", ("c:c-c:c", 30, 60), [(0, 5, 6, 7, 30, 60)]),
    ("CCCCC", ("CCCC", 150, 210), [(0, 1, 2, 3, 150, 210), (1, 2, 3, 4, 150, 210)]),
    ("CCCCO", (0, 1, 2, 3, 0, 60), [[0, 1, 2, 3, 0, 60]])])
def testWhatAPatternNames(smiles, torsion, expected):
    assert expandTorsions("x", openmmorbit.readMolecule(smiles), [torsion]) == expected


def testNothingStaysNothing():
    graph = openmmorbit.readMolecule("CCCC")
    assert expandTorsions("x", graph, None) is None and expandTorsions("x", graph, []) == []
    assert expandTorsions("x", graph, ["CCCC"]) == ["CCCC"]


@pytest.mark.parametrize("smarts, text", [
    ("C(", "a pattern that RDKit reads, got 'C\\('"), ("CCC", "four atoms along bonds"), ("CC(C)C", "along bonds"),
    ("[C:1][C:2]C[C:4]", "map numbers 1 to 4"), ("CCCN", "the torsion 'CCCN', got .CCCCO. without it")])
def testPatternsThatAreNone(smarts, text):
    with pytest.raises(ValueError, match=f"^x: expected a .*{text}"):
        expandTorsions("x", openmmorbit.readMolecule("CCCCO"), [(smarts, 0, 60)])


def torsion(x):
    """Get the torsion of four points in degrees, with IUPAC's sign."""
    b1, b2, b3 = np.diff(x, axis=0)
    n1, n2 = np.cross(b1, b2), np.cross(b2, b3)
    return np.degrees(np.arctan2(np.linalg.norm(b2) * b1 @ n2, n1 @ n2))


def testPatternsForManyMoleculesAndTheCommand(tmp_path, capsys):
    generator = openmmorbit.ConformerGenerator(threads=1, unfamiliar="ignore")
    wanted = [("[N:1][C:2][C:3][O:4]", 45, 75)]
    results = list(generator.generateMany(["CC(=O)NCCO", "CCO"], 2, seed=5, progress=False, torsions=wanted))
    assert all(45 <= torsion(x[[3, 4, 5, 6]]) <= 75 for x in results[0].ensemble.positions._value)
    assert "got 'CCO' without it" in str(results[1].error).replace('"', "'")
    common = ["conformers", "CC(=O)NCCO", "-n", "2", "--seed", "5", "--threads", "1", "-o", str(tmp_path / "x.sdf"),
              "--torsion", "[N:1][C:2][C:3][O:4]"]
    for options in ([], ["--processes", "1"]):
        assert openmmorbit.cli.main([*common, "45", "75", *options]) == 0
        for mol in Chem.SDMolSupplier(str(tmp_path / "x.sdf")):
            assert 44 <= torsion(mol.GetConformer().GetPositions()[[3, 4, 5, 6]]) <= 76
    assert openmmorbit.cli.main([*common, "45", "x"]) == 2 and "two numbers of degrees" in capsys.readouterr().err
    assert openmmorbit.cli.main([*common, "75", "45"]) == 2 and "75 to 45 degrees" in capsys.readouterr().err


@pytest.mark.parametrize("torsion, text", [
    (("C(", 0, 60), "a pattern that RDKit reads"), (("CCC", 0, 60), "four atoms along bonds"),
    (("CCCC", 60, 0), "less than a full turn, got 60 to 0 degrees"), ((0, 1, 2, 3, 0, 360), "got 0 to 360 degrees"),
    (("CCCC", "a", 60), "angles in degrees.*got 'a'"), (("CCCC", None, 60), "angles in degrees.*got None"),
    (("CCCC", 1 * unit.nanometer, 60), "angles in degrees"), ((0, 1, 2, 3), "a torsion as four atoms"),
    ("CCCC", "a torsion as four atoms")])
def testWhatIsNoTorsionEndsTheCall(torsion, text, capfd):
    """A wrong setting is no matter of the records."""
    generator = openmmorbit.ConformerGenerator(threads=1)
    with pytest.raises(ValueError, match=f"^ConformerGenerator.generateMany: expected .*{text}"):
        next(generator.generateMany(["CCCC"], 1, seed=5, progress=False, torsions=[torsion]))
    with pytest.raises(ValueError, match=f"^LibrarySettings: expected .*{text}"):
        openmmorbit.LibrarySettings(torsions=(torsion,)).check()
    assert capfd.readouterr().err == ""

# SPDX-License-Identifier: MIT
"""Records that are cut off, and options that are for files of other formats."""
import pytest

import openmmorbit

WATER = """@<TRIPOS>MOLECULE
water
 3 2 1 0 0
SMALL
NO_CHARGES

@<TRIPOS>ATOM
1 O1 0.0 0.0 0.0 O.3
2 H1 0.96 0.0 0.0 H
3 H2 -0.24 0.93 0.0 H
@<TRIPOS>BOND
1 1 2 1
2 1 3 1
"""


@pytest.mark.parametrize("old, new, text", [
    ("2 H1 0.96 0.0 0.0 H", "2 H1 0.96", "a line '2 H1 0.96' of ATOM instead of number, name, x, y, z, type"),
    ("1 1 2 1\n", "1 1\n", "a line '1 1' of BOND instead of number, two atoms, order"),
    ("2 1 3 1\n", "2 1 7 1\n", "a bond of atom '7', which has no line"),
    ("3 H2 -0.24 0.93 0.0 H\n", "", "2 of 3 lines of ATOM"), ("2 1 3 1\n", "", "1 of 2 lines of BOND"),
    (WATER[WATER.index("1 O1"):], "", "0 of 3 lines of ATOM"), (" 3 2 1", " 0 0 1", ""),
    ("0.96 0.0", "0.96 x", "could not convert string to float: 'x'")])
def testMol2RecordsThatAreCutOff(tmp_path, old, new, text):
    assert old in WATER
    (tmp_path / "a.mol2").write_text(WATER.replace(old, new) + WATER)
    first, second = openmmorbit.readMolecules(tmp_path / "a.mol2")
    assert second.smiles == "O"
    if text:
        assert 'a.mol2, record 1 (line 1, "water"): expected a MOL2 record with atoms and bonds, got another one ' \
            f"({text})" in str(first)
    else:
        assert first.smiles == "O"


@pytest.mark.parametrize("name, given", [("a.sdf", {"smilesColumn": "x"}), ("a.smi", {"nameColumn": "x"}),
                                         ("a.smi", {"charge": 0}), ("a.csv", {"charge": 1}),
                                         ("a.xyz", {"nameColumn": "x"})])
def testOptionsOfOtherFormats(tmp_path, name, given):
    (tmp_path / name).write_text("SMILES\nCC\n")
    (option,) = given
    with pytest.raises(ValueError, match=f"expected {option}= with files of the formats .*, got it with '.*{name}'"):
        list(openmmorbit.readMolecules(tmp_path / name, **given))

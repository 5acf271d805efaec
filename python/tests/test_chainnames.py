# SPDX-License-Identifier: MIT
"""Names of chains: those of generated ones are the same in Python and in the messages of C++."""
import pytest

import openmmorbit
from openmmorbit.chainnames import getChainName, getChainPrefix


@pytest.mark.parametrize("index, name", [(0, "A"), (25, "Z"), (26, "A1"), (27, "B1"), (52, "A2")])
def testGeneratedChainsHaveOneNameEverywhere(index, name):
    lengths = [2] * (index + 1)
    assert getChainName(index) == name
    assert list(openmmorbit.backbones.makeTopology(openmmorbit.makeBackbone(lengths), 1).chains())[-1].id == name
    with pytest.raises(ValueError, match=f"got 'x' for residue 2 of chain {name}$"):
        openmmorbit.makeBackbone(lengths, "?" * (2 * index + 1) + "x")


def testAChainBeforeANumber():
    assert [getChainPrefix(name) for name in ("A", "z", "AB", "1", "")] == ["A", "z", "AB:", "1:", ":"]

# SPDX-License-Identifier: MIT
"""Files of states that grow, on a disk that has no room for them."""
import resource

import numpy as np
import pytest

from openmmorbit.io.statewriters import StateFile
from trajectories import makeTrajectory


@pytest.fixture(scope="module")
def alanine():
    return makeTrajectory("ACE", "ALA", "NME")


@pytest.mark.parametrize("ending", [".dcd", ".pdb", ".cif", ".h5"])
def testAFullDiskKeepsWholeBlocks(alanine, tmp_path, ending):
    """HDF5 itself would write zeros and tell nothing. A limit of the size of files acts as a full disk."""
    import mdtraj as md

    topology, frames = alanine
    path, limits = tmp_path / f"states{ending}", resource.getrlimit(resource.RLIMIT_FSIZE)
    output = StateFile(path, topology)
    output.add(frames[:20])
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 1000, limits[1]))
    try:
        for _ in range(2):
            with pytest.raises(OSError, match=f"room for 60 more states in '.*{ending}', got .*; the 20 before them "
                                              "are kept; free some space"):
                output.add(frames[20:80])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    # Room again.
    output.add(frames[80:90])
    assert output.close(True) == str(path) and output.numStates == 30
    found = md.load(str(path), **({"top": md.Topology.from_openmm(topology)} if ending == ".dcd" else {})).xyz
    assert np.abs(found - np.concatenate([frames[:20], frames[80:90]])).max() < 2e-3


@pytest.mark.parametrize("ending", [".dcd", ".pdb", ".cif", ".h5"])
def testAFullDiskFromTheBeginning(alanine, tmp_path, ending):
    topology, frames = alanine
    path, limits = tmp_path / f"states{ending}", resource.getrlimit(resource.RLIMIT_FSIZE)
    output = StateFile(path, topology)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="room for 20 more states in .*\"; free some space"):
            output.add(frames[:20])
        assert output.close(True) == "" and list(tmp_path.iterdir()) == []
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

# SPDX-License-Identifier: MIT
"""Frames of simulations: every format, periodic boxes, selections, and files that are wrong."""
import copy
import os
import sys

import mdtraj as md
import numpy as np
import pytest
from openmm import app, unit

import openmmorbit
from systems import makeStates, solvatedBox

#: mdtraj reads NetCDF files by SciPy or by netCDF4.
pytestmark = pytest.mark.filterwarnings("ignore:Warning. The .netCDF4.")

ENDINGS = [".dcd", ".xtc", ".trr", ".nc", ".h5", ".pdb", ".cif"]
BOX = np.array([[2.4, 0, 0], [0.5, 2.3, 0], [-0.6, 0.4, 2.2]])


@pytest.fixture(scope="module")
def alanine():
    """Frames that move: 40 of them, of four conformers."""
    topology, states = makeStates("ACE", "ALA", "NME")
    random = np.random.default_rng(3)
    return topology, np.array([states[k % 4] + random.normal(0, 0.002, states[0].shape) for k in range(40)])


def write(path, topology, frames, box=None):
    """Write a file of any format, by programs other than ours; the box is written to all frames."""
    path = str(path)
    if path.endswith((".pdb", ".cif")):
        kind = app.PDBFile if path.endswith(".pdb") else app.PDBxFile
        topology = copy.deepcopy(topology)
        if box is not None:
            topology.setPeriodicBoxVectors(box * unit.nanometer)
        with open(path, "w", encoding="utf-8") as stream:
            kind.writeHeader(topology, stream)
            for index, frame in enumerate(frames):
                kind.writeModel(topology, frame * unit.nanometer, stream, index + 1)
        return path
    trajectory = md.Trajectory(frames.astype(np.float32), md.Topology.from_openmm(topology))
    if box is not None:
        trajectory.unitcell_vectors = np.array([box] * len(frames), np.float32)
    trajectory.save(path)
    return path


def readAll(dataset):
    blocks = list(dataset)
    assert all(block.positions.dtype == np.float32 for block in blocks)
    return np.concatenate([b.positions for b in blocks]), np.concatenate([b.indices for b in blocks])


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("stride", [1, 3, 7])
def testFormatsAndStrides(alanine, tmp_path, monkeypatch, ending, stride):
    topology, frames = alanine
    path = write(tmp_path / f"a{ending}", topology, frames)
    monkeypatch.setattr("openmmorbit.io.trajectoryfiles.BLOCK_BYTES", 24 * 22 * 8)
    dataset = openmmorbit.TrajectoryDataset(topology, path, stride=stride, temperature=300 * unit.kelvin)
    blocks = list(dataset)
    positions, indices = readAll(dataset)
    assert indices.tolist() == list(range(0, 40, stride)) and dataset.numFrames == len(indices)
    assert np.allclose(positions, frames[::stride], atol=1e-3)
    assert len(blocks) >= len(indices) / 8 and all(len(block) <= 8 and block.temperature == 300 for block in blocks)
    counts = dataset.counts[0]
    assert (counts.read, counts.kept, counts.duplicates, counts.notFinite) == (len(indices), len(indices), 0, 0)
    assert f"{len(indices)} frames of 22 atoms" in repr(dataset)


@pytest.mark.parametrize("ending", ENDINGS)
def testMoleculesAreMadeWhole(alanine, tmp_path, ending):
    topology, frames = alanine
    frames = frames[:6] - frames[:6].mean(axis=1, keepdims=True)
    fractions = frames @ np.linalg.inv(BOX)
    wrapped = (fractions - np.floor(fractions)) @ BOX
    assert np.abs(np.diff(wrapped, axis=1)).max() > 1
    path = write(tmp_path / f"a{ending}", topology, wrapped, BOX)
    positions, _ = readAll(openmmorbit.TrajectoryDataset(topology, path))
    shift = (positions - frames).mean(axis=1, keepdims=True)
    assert np.allclose(positions - shift, frames, atol=2e-3)
    # The same without a box in the file.
    boxless = write(tmp_path / f"b{ending}", topology, wrapped)
    with pytest.raises(ValueError, match=r"in frame 0 of .*, got the bond .* nm; .* has no box, .*boxVectors="):
        openmmorbit.TrajectoryDataset(topology, boxless)
    again, _ = readAll(openmmorbit.TrajectoryDataset(topology, boxless, boxVectors=BOX * unit.nanometer))
    assert np.allclose(again, positions, atol=2e-3)


def testSeveralMoleculesStandTogether():
    topology, positions, _ = solvatedBox("ACE", "ALA", "NME")
    box = np.array(topology.getPeriodicBoxVectors().value_in_unit(unit.nanometer))
    frames = np.array([(positions + shift) % np.diag(box) for shift in (0, 0.7, 1.4)])
    dataset = openmmorbit.TrajectoryDataset(topology, frames, boxVectors=box)
    found, _ = readAll(dataset)
    for first, second in topology.bonds():
        assert np.linalg.norm(found[:, first.index] - found[:, second.index], axis=1).max() < 0.2
    centers = np.array([[frame[[a.index for a in residue.atoms()]].mean(axis=0) for residue in topology.residues()]
                        for frame in found])
    solute = found[:, :22].mean(axis=1, keepdims=True)
    assert (np.abs(centers[:, 3:] - solute) <= np.diag(box) / 2 + 1e-5).all()
    part, _ = readAll(openmmorbit.TrajectoryDataset(topology, frames, boxVectors=box, atoms=range(22)))
    assert np.allclose(part, found[:, :22], atol=1e-6)


@pytest.mark.parametrize("atoms, expected", [
    (None, list(range(22))), ("all", list(range(22))), ("heavy", [0, 1, 2, 6, 7, 8, 9, 10, 16, 17]), ("CA", [7]),
    ("name CA", [7]), ("element C", None), ([3, 1], [1, 3]), (np.array([4, 2]), [2, 4]),
    ("residues", list(range(6, 16)))])
def testSelections(alanine, atoms, expected):
    topology, frames = alanine
    if isinstance(atoms, str) and atoms == "residues":
        atoms = [residue for residue in topology.residues() if residue.name == "ALA"]
    if expected is None:
        expected = [atom.index for atom in topology.atoms() if atom.element is app.element.carbon]
    dataset = openmmorbit.TrajectoryDataset(topology, frames * unit.nanometer, atoms=atoms)
    assert dataset.atoms.tolist() == expected and dataset.numAtoms == len(expected)
    assert np.allclose(readAll(dataset)[0], frames[:, expected], atol=1e-6)


def testDuplicatesAndNaNAreCounted(alanine, tmp_path):
    topology, frames = alanine
    first, second = frames[:20].copy(), frames[15:35].copy()     # a restart that repeats five frames
    first[3, 4, 1], first[7, 0] = np.nan, np.inf
    first[9] = first[8]
    paths = [write(tmp_path / "a.dcd", topology, first), write(tmp_path / "b.dcd", topology, second)]
    dataset = openmmorbit.TrajectoryDataset(topology, paths, temperature=[300, 400], weights=[2.0, np.arange(20.0)])
    for _ in range(2):                                           # every iteration begins anew
        blocks = list(dataset)
        counts = [(c.read, c.kept, c.duplicates, c.notFinite) for c in dataset.counts]
        assert counts == [(20, 17, 1, 2), (20, 15, 5, 0)]
    assert [block.trajectory for block in blocks] == [0, 1] and [b.temperature for b in blocks] == [300, 400]
    assert blocks[0].indices.tolist() == [k for k in range(20) if k not in (3, 7, 9)]
    assert blocks[1].indices.tolist() == list(range(5, 20))
    assert blocks[0].weights.tolist() == [2.0] * 17 and blocks[1].weights.tolist() == list(range(5, 20))
    assert dataset.counts[0].label == f'"{paths[0]}"'


@pytest.mark.parametrize("ending", [".dcd", ".xtc", ".trr", ".nc", ".h5", ".pdb"])
@pytest.mark.parametrize("share", [0.637, 0.99])
def testFilesThatAreCutOff(alanine, tmp_path, ending, share):
    topology, frames = alanine
    path = write(tmp_path / f"a{ending}", topology, frames)
    data = open(path, "rb").read()
    with open(path, "wb") as stream:
        stream.write(data[:int(share * len(data))])
    if ending == ".pdb" and share == 0.99:                       # a PDB file may end anywhere
        data = b"\n".join(data.split(b"\n")[:-30])
        with open(path, "wb") as stream:
            stream.write(data)
    with pytest.raises(ValueError, match=f"TrajectoryDataset: expected .*{ending}\""):
        openmmorbit.TrajectoryDataset(topology, path)
    if ending in (".dcd", ".xtc", ".trr", ".pdb"):
        with pytest.warns(UserWarning, match="the complete frames are taken"):
            dataset = openmmorbit.TrajectoryDataset(topology, path, damaged="keep")
        positions, indices = readAll(dataset)
        assert 20 <= len(indices) < 40 and np.allclose(positions, frames[:len(indices)], atol=1e-3)


@pytest.mark.parametrize("stride, bad", [(1, 17), (4, 20)])
def testFramesBeforeADamagedOneAreGiven(alanine, tmp_path, stride, bad):
    topology, frames = alanine
    path = write(tmp_path / "a.xtc", topology, frames)
    with md.open(path) as stream:
        start = int(stream.offsets[bad])
    dataset = openmmorbit.TrajectoryDataset(topology, path, stride=stride)
    with open(path, "r+b") as stream:
        stream.seek(start + 92)
        stream.write(b"\xff" * 60)
    found = []
    with pytest.raises(ValueError, match=f"a.xtc\", which is damaged from frame {bad} on|frame {bad} of .*a.xtc"):
        for block in dataset:
            found += block.indices.tolist()
    assert found == list(range(0, bad, stride))


@pytest.mark.parametrize("stride", [1, 5])
def testDamageOfADCDFileIsToldOnceAndByUs(alanine, tmp_path, capfd, stride):
    """Its reader gives fewer frames instead of an error, and prints on standard output."""
    topology, frames = alanine
    path = write(tmp_path / "a.dcd", topology, frames)
    size = os.path.getsize(path)
    length = (size - os.path.getsize(write(tmp_path / "b.dcd", topology, frames[:-1])))
    with open(path, "r+b") as stream:
        stream.seek(size - 15 * length)
        stream.write(b"\xff" * 60)
    dataset, found = openmmorbit.TrajectoryDataset(topology, path, stride=stride), []
    with pytest.raises(ValueError, match=r"a.dcd\", which is damaged from frame \d+ on, or which another program"):
        for block in dataset:
            found += block.indices.tolist()
    assert found == list(range(0, len(frames) - 15, stride)) and capfd.readouterr() == ("", "")


def testWhatWasGivenBeforeAnErrorIsGood(alanine, monkeypatch):
    topology, frames = alanine
    broken = frames.copy()
    broken[25, 5] += 1
    monkeypatch.setattr("openmmorbit.io.trajectoryfiles.BLOCK_BYTES", 24 * 22 * 8)
    dataset, found = openmmorbit.TrajectoryDataset(topology, broken), []
    with pytest.raises(ValueError, match="molecules of the Topology in frame 25 of the array, got the bond ACE 1"):
        for block in dataset:
            found.append(block.positions)
    assert np.allclose(np.concatenate(found), frames[:25], atol=1e-6)


@pytest.mark.parametrize("ending", ENDINGS)
def testAnotherSystemIsRefused(alanine, tmp_path, ending):
    topology, frames = alanine
    other, otherFrames = makeStates("ACE", "ALA", "ALA", "ALA", "NME", number=2)
    path = write(tmp_path / f"a{ending}", other, otherFrames)
    with pytest.raises(ValueError, match=f"22 atoms of the Topology in \".*{ending}\", got 42; give the Topology of"):
        openmmorbit.TrajectoryDataset(topology, path)
    # The same atoms in another order: by elements if the file tells them, otherwise by bonds.
    order = np.random.default_rng(1).permutation(22)
    atoms, turned = list(topology.atoms()), app.Topology()
    residue = turned.addResidue("LIG", turned.addChain())
    for index in order:
        turned.addAtom(f"A{index}", atoms[index].element, residue)
    path = write(tmp_path / f"b{ending}", turned, frames[:, order])
    with pytest.raises(ValueError, match="the Topology's order of atoms.*, got . as atom|another order of atoms"):
        openmmorbit.TrajectoryDataset(topology, path)


def testAtomsThatLieNearAreNotExchanged():
    # Each atom is bonded to a neighbour of its own partner: such distances are 1.6 times a bond.
    topology, frames = makeStates("ACE", "ALA", "GLY", "NME", number=12)
    names = [(atom.residue.index, atom.name) for atom in topology.atoms()]
    heavy = [i for i, atom in enumerate(topology.atoms()) if atom.element.symbol != "H"]
    for selection, pairs in (("all", [("C", "O")]), ("heavy", [("C", "O")]), ("heavy", [("CA", "CB")]),
                             ("heavy", [("N", "CA")])):
        order = np.arange(len(names))
        for first, second in pairs:
            a, b = names.index((1, first)), names.index((1, second))
            order[[a, b]] = order[[b, a]]
        assert {int(i) for i in order[heavy]} == set(heavy)
        with pytest.raises(ValueError, match="another order of atoms"):
            list(openmmorbit.TrajectoryDataset(topology, frames[:, order], atoms=selection))
    assert len(list(openmmorbit.TrajectoryDataset(topology, frames))[0]) == 12


def makeBeads(number=10, count=60):
    """Make a chain of beads in a box of 2 nm: its Topology, and frames."""
    topology, random = app.Topology(), np.random.default_rng(3)
    residue = topology.addResidue("BDS", topology.addChain())
    beads = [topology.addAtom(f"B{i}", None, residue) for i in range(number)]
    for first, second in zip(beads, beads[1:]):
        topology.addBond(first, second)
    steps = random.normal(size=(count, number, 3))
    steps *= (0.38 + 0.04 * random.normal(size=(count, number, 1))) / np.linalg.norm(steps, axis=2, keepdims=True)
    return topology, steps.cumsum(axis=1)


def testBondsOfBeadsAreCompared():
    topology, frames = makeBeads()
    good = list(openmmorbit.TrajectoryDataset(topology, frames))[0]
    assert len(good) == 60
    wrapped = frames % 2.0
    for broken in (wrapped, np.zeros_like(frames), np.random.default_rng(1).uniform(-50, 50, frames.shape)):
        with pytest.raises(ValueError, match="whole molecules of the Topology .*, got the bond BDS 1 B. to BDS 1 B"):
            list(openmmorbit.TrajectoryDataset(topology, broken))
    topology.setPeriodicBoxVectors(2 * np.eye(3))
    with pytest.raises(ValueError, match=r"give boxVectors=topology.getPeriodicBoxVectors\(\)"):
        list(openmmorbit.TrajectoryDataset(topology, wrapped))
    whole = list(openmmorbit.TrajectoryDataset(topology, wrapped, boxVectors=topology.getPeriodicBoxVectors()))[0]
    assert np.allclose(np.diff(whole.positions, axis=1), np.diff(frames, axis=1), atol=1e-5)


def testTrajectoriesOfMdtrajAreTaken(alanine):
    topology, frames = alanine
    trajectory = md.Trajectory(frames, md.Topology.from_openmm(topology))
    for source in (trajectory, [trajectory]):
        assert np.allclose(readAll(openmmorbit.TrajectoryDataset(topology, source))[0], frames, atol=1e-6)
    other, _ = makeStates("ACE", "ALA", "ALA", "ALA", "NME", number=2)
    with pytest.raises(ValueError, match="42 atoms of the Topology in \"a Trajectory\", got 22"):
        openmmorbit.TrajectoryDataset(other, trajectory)


def testTheSameFramesTwiceAreAnnounced(alanine):
    topology, frames = alanine
    dataset = openmmorbit.TrajectoryDataset(topology, [frames[:9], frames[:9]], temperature=[300, 500])
    with pytest.warns(UserWarning, match="new frames in the array, got 9 that a trajectory before has"):
        assert len(list(dataset)) == 1


def testAnotherUnitIsNoticed(alanine):
    topology, frames = alanine
    with pytest.raises(ValueError, match="another order of atoms, another unit, or is of another system"):
        openmmorbit.TrajectoryDataset(topology, 10 * frames)
    good = openmmorbit.TrajectoryDataset(topology, 10 * frames * unit.angstrom)
    assert np.allclose(readAll(good)[0], frames, atol=1e-6)


def testWrongUse(alanine, tmp_path):
    topology, frames = alanine
    path = write(tmp_path / "a.dcd", topology, frames)
    (tmp_path / "empty.xtc").write_bytes(b"")
    (tmp_path / "junk.xtc").write_bytes(b"no trajectory" * 30)
    (tmp_path / "a.foo").write_bytes(b"x")
    make = openmmorbit.TrajectoryDataset
    for files, options, error, message in (
            ("none.dcd", {}, FileNotFoundError, "\"none.dcd\", which is no file"),
            (str(tmp_path / "a.foo"), {}, ValueError, "trajectory that ends in .dcd, .xtc"),
            (str(tmp_path / "empty.xtc"), {}, ValueError, "XTC frames in .*, got an empty file"),
            (str(tmp_path / "junk.xtc"), {}, ValueError, "XTC frames in .*, got a file that cannot be read"),
            ([path, path], {}, ValueError, "different files, got .* twice"),
            ([], {}, ValueError, "at least one trajectory"),
            (path, {"stride": 0}, ValueError, "stride from 1"),
            (path, {"temperature": -3}, ValueError, "temperature above 0 K"),
            (path, {"temperature": "300 K"}, TypeError, "a temperature as a number in kelvin, .*, got '300 K'"),
            (path, {"temperature": [[300] * 40]}, TypeError, "a temperature as a number in kelvin"),
            (path, {"weights": "a"}, TypeError, "weights of .* as an array of numbers, got 'a'"),
            (path, {"boxVectors": "x"}, TypeError, "box vectors as an array of numbers, got 'x'"),
            ([path, frames], {"temperature": [300] * 3}, ValueError, "one temperature or 2, one a trajectory, got 3"),
            (path, {"weights": np.ones(39)}, ValueError, "weights of the 40 frames of .*, got 39"),
            (path, {"weights": np.ones((40, 2))}, ValueError, "expected one array of weights or 1"),
            (path, {"weights": -np.ones(40)}, ValueError, "at least 0, got -1.0 for frame 0"),
            (path, {"atoms": [22]}, ValueError, "atoms below 22"),
            (path, {"atoms": []}, ValueError, "at least one selected atom, got none of 22"),
            (path, {"atoms": [1, 1]}, ValueError, "every atom once"),
            (path, {"atoms": "name of the rose"}, ValueError, "name of the rose"),
            (path, {"atoms": "name (("}, ValueError, "mdtraj.s language"),
            (path, {"damaged": "mend"}, ValueError, "damaged of 'refuse', 'keep'"),
            (frames[:, 1:], {}, ValueError, "Topology's 22 atoms, got states of 21")):
        with pytest.raises(error, match=message):
            make(topology, files, **options)
    with pytest.raises(TypeError, match="an openmm.app.Topology, got str"):
        make("a.pdb", path)


def testMissingBondsAreAnnounced(alanine):
    topology, frames = alanine
    bare = app.Topology()
    residue = bare.addResidue("LIG", bare.addChain())
    for atom in topology.atoms():
        bare.addAtom(atom.name, atom.element, residue)
    with pytest.warns(UserWarning, match="bonds of all molecules .*, got none of LIG 1 CH3 and 21 more.*CONECT"):
        openmmorbit.TrajectoryDataset(bare, frames)


def testWithoutMdtrajTheWayOutIsNamed(alanine, tmp_path, monkeypatch):
    topology, frames = alanine
    path = write(tmp_path / "a.dcd", topology, frames)
    monkeypatch.setitem(sys.modules, "mdtraj", None)
    with pytest.raises(ImportError, match=r"a.dcd\" needs mdtraj.*pip install mdtraj.*\[trajectory\]"):
        openmmorbit.TrajectoryDataset(topology, path)
    assert len(readAll(openmmorbit.TrajectoryDataset(topology, frames))[0]) == 40
    pdb = write(tmp_path / "a.pdb", topology, frames)
    assert len(readAll(openmmorbit.TrajectoryDataset(topology, pdb))[0]) == 40

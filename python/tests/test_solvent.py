# SPDX-License-Identifier: MIT
"""A generated state in a box of water: superposition, room for the water, ions, sites, and other molecules."""
import copy

import numpy as np
import openmm
import pytest
from openmm import app, unit

import openmmorbit
from openmmorbit.io.modeller import superpose
from openmmorbit.simulation.periodic import NeighborGrid, nearestImage
from systems import field, makePeptide, makeStates, solvatedBox

TRIPEPTIDE = ("ACE", "ALA", "ALA", "ALA", "NME")
#: Heavy atoms of ACE: what is superposed on them alone swings into the water.
END = [0, 1, 2]


@pytest.fixture(scope="module")
def box():
    return solvatedBox(*TRIPEPTIDE)


@pytest.fixture(scope="module")
def states():
    """States whose other end is far from where the box has it, when they are superposed on ACE."""
    topology, positions = makeStates(*TRIPEPTIDE, number=30)
    turned = [superpose(state[END], positions[0, END]) for state in positions]
    ends = [(state[36] - origin) @ rotation.T + target for state, (rotation, origin, target) in zip(positions, turned)]
    return topology, positions[np.argsort(-np.linalg.norm(ends - positions[0, 36], axis=1))[:4]]


def measure(placed, number):
    """Get the least distance of the solute's heavy atoms from others, and of any two waters' oxygens, nm."""
    positions, box = placed.positions._value, placed.boxVectors._value
    atoms = list(placed.topology.atoms())
    solute = positions[[i for i in range(number) if atoms[i].element.symbol != "H"]]
    others = positions[[a.index for a in atoms[number:] if a.element is not None and a.element.symbol != "H"]]
    near = np.linalg.norm(nearestImage(solute[:, None] - others, box), axis=2).min()
    gaps = np.linalg.norm(nearestImage(others[:, None] - others, box), axis=2)
    return near, (gaps + 9 * np.eye(len(others))).min()


@pytest.mark.parametrize("overlap", ["move", "remove"])
def testTheStateTakesThePlaceOfTheSolute(box, states, overlap):
    topology, positions, system = box
    displaced = 0
    for state in states[1]:
        placed = openmmorbit.placeInSolvent(state, topology, positions, system=system, overlap=overlap, alignOn=END)
        found = placed.positions._value
        rotation, origin, target = superpose(found[:42], state)
        assert np.allclose((found[:42] - origin) @ rotation.T + target, state, atol=1e-9)
        assert np.allclose(found[END].mean(axis=0), positions[END].mean(axis=0), atol=1e-9)
        near, gap = measure(placed, 42)
        assert near > 0.16 and gap > 0.16
        assert np.allclose(placed.boxVectors._value, topology.getPeriodicBoxVectors()._value)
        ions = [[r.name for r in t.residues() if r.name in ("NA", "CL")] for t in (topology, placed.topology)]
        assert ions[0] == ions[1] and len(ions[0]) >= 4
        displaced += len(placed.movedResidues) + len(placed.removedResidues)
        if overlap == "move":
            assert placed.topology is topology and placed.removedResidues == []
        else:
            number = topology.getNumAtoms() - 3 * len(placed.removedResidues)
            assert placed.topology.getNumAtoms() == len(found) == placed.modeller.topology.getNumAtoms() == number
            assert np.allclose(placed.topology.getPeriodicBoxVectors()._value,
                               topology.getPeriodicBoxVectors()._value)
    assert displaced >= 4


def testWatersAreMovedAsTheyAre(box, states):
    topology, positions, system = box
    placed = openmmorbit.placeInSolvent(states[1][0], topology, positions, distance=2.6 * unit.angstrom,
                                       alignOn=END)
    assert len(placed.movedResidues) >= 3
    moved = {atom.index for residue in placed.movedResidues for atom in residue.atoms()}
    same = [i for i in range(42, len(positions)) if i not in moved]
    box_ = placed.boxVectors._value
    found = placed.positions._value
    assert np.allclose(nearestImage(found[same] - positions[same], box_), 0, atol=1e-9)
    for residue in placed.movedResidues:
        atoms = [atom.index for atom in residue.atoms()]
        assert np.allclose(found[atoms] - found[atoms[0]],
                           nearestImage(positions[atoms] - positions[atoms[0]], box_), atol=1e-9)


def testTheResultStartsASimulation(box, states):
    topology, positions, system = box
    placed = openmmorbit.placeInSolvent(states[1][0], topology, positions, system=system, alignOn=END)
    relaxation = openmmorbit.relax(placed.positions, system, topology=placed.topology, numSteps=5, maxIterations=30,
                                   seed=3)
    assert relaxation.refused == {} and relaxation[0].energyMinimized < -8000
    masks = {"alignOn": np.isin(range(42), END), "solute": np.arange(len(positions)) < 42}
    removed = openmmorbit.placeInSolvent(states[1][0], topology, positions, overlap="remove", **masks)
    assert np.allclose(removed.positions._value[END], placed.positions._value[END])
    smaller = field("amber14/tip3p.xml").createSystem(removed.topology, nonbondedMethod=app.PME,
                                                      nonbondedCutoff=0.7 * unit.nanometer)
    charges = [sum(f.getParticleParameters(i)[0]._value for f in s.getForces() if isinstance(f, openmm.NonbondedForce)
                   for i in range(s.getNumParticles())) for s in (system, smaller)]
    assert charges[0] == pytest.approx(charges[1], abs=1e-6)
    assert np.isfinite(openmmorbit.potentialEnergies(removed.positions, smaller, topology=removed.topology)._value)


def testASoluteThatTheBoundaryCuts(box, states):
    topology, positions, system = box
    edges = np.diag(topology.getPeriodicBoxVectors()._value)
    cut = (positions - positions[:42].mean(axis=0)) % edges
    assert np.ptp(cut[:42], axis=0).max() > edges[0] / 2
    placed = openmmorbit.placeInSolvent(states[1][1], topology, cut * unit.nanometer, system=system)
    whole = openmmorbit.placeInSolvent(states[1][1], topology, positions, system=system)
    shift = placed.positions._value[:42] - whole.positions._value[:42]
    assert np.ptp(shift, axis=0).max() < 1e-9
    assert {r.index for r in placed.movedResidues} == {r.index for r in whole.movedResidues}
    assert measure(placed, 42)[0] > 0.16


def testSitesOfWaterAreComputed(states):
    topology, positions, system = solvatedBox(*TRIPEPTIDE, model="tip4pew", water="amber14/tip4pew.xml")
    sites = [i for i in range(system.getNumParticles()) if system.isVirtualSite(i)]
    for given in (system, None):
        placed = openmmorbit.placeInSolvent(states[1][0], topology, positions, system=given, distance=0.26,
                                           alignOn=END)
        assert len(placed.movedResidues) > 0
        context = openmm.Context(copy.deepcopy(system), openmm.VerletIntegrator(0.001),
                                 openmm.Platform.getPlatform("CPU"))
        context.setPositions(placed.positions)
        context.computeVirtualSites()
        found = context.getState(positions=True).getPositions(asNumpy=True)._value
        assert np.allclose(found[sites], placed.positions._value[sites],
                           atol=2e-4 if given is None else 1e-5)


def testIonsInTheWayAreMovedAndNeverRemoved(box, states):
    topology, positions, system = box
    state = states[1][0]
    plain = openmmorbit.placeInSolvent(state, topology, positions)
    ion = next(atom.index for atom in topology.atoms() if atom.residue.name == "CL")
    near = positions.copy()
    near[ion] = plain.positions._value[15] + [0.05, 0, 0]
    for overlap in ("move", "remove"):
        placed = openmmorbit.placeInSolvent(state, topology, near, overlap=overlap, system=system)
        assert [r.name for r in placed.movedResidues if r.name == "CL"] == ["CL"]
        assert not any(r.name == "CL" for r in placed.removedResidues)
        assert sum(r.name == "CL" for r in placed.topology.residues()) == \
            sum(r.name == "CL" for r in topology.residues())
        assert min(measure(placed, 42)) > 0.16


def testBoxesThatAreNoCuboids(states):
    topology, conformers = makeStates(*TRIPEPTIDE, number=1)
    modeller = app.Modeller(topology, conformers[0] * unit.nanometer)
    modeller.addSolvent(field("amber14/tip3p.xml"), numAdded=500, boxShape="dodecahedron")
    for state in states[1][:2]:
        placed = openmmorbit.placeInSolvent(state, modeller.topology, modeller.positions, alignOn=END, distance=0.26)
        assert len(placed.movedResidues) > 0
        assert np.allclose(placed.boxVectors._value, modeller.topology.getPeriodicBoxVectors()._value)
        positions, box_ = placed.positions._value, placed.boxVectors._value
        near = NeighborGrid(positions[:42], box_, 0.3).pairs(positions[42:])[2].min()
        assert near > 0.13
        # Brute force over all neighbouring boxes, of the oxygens.
        oxygens = positions[42::3]
        shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3) @ box_
        for shift in shifts:
            gaps = np.linalg.norm(oxygens[:, None] + shift - oxygens, axis=2) + 9 * np.eye(len(oxygens))
            assert gaps.min() > 0.16


def testConformersOfAnEnsemble(box, states):
    topology, positions, system = box
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule(makePeptide(*TRIPEPTIDE)[1]))
    for state in states[1]:
        ensemble._core.addConformer(state)
    found = ensemble.placeInSolvent(topology, positions, 2, system=system)
    expected = openmmorbit.placeInSolvent(states[1][2], topology, positions, system=system)
    assert np.array_equal(found.positions._value, expected.positions._value)
    other = openmmorbit.Ensemble(openmmorbit.readMolecule("CCO"))
    other._core.addConformer(np.zeros((9, 3)))
    with pytest.raises(ValueError, match=r"expected the state's molecule UNL \(9 atoms\) of 9 atoms"):
        other.placeInSolvent(topology, positions)


def testAnotherMoleculeIsRefused(box, states):
    topology, positions, system = box
    stateTopology, conformers = states
    place = openmmorbit.placeInSolvent
    alanine, short = makeStates("ACE", "ALA", "NME")
    with pytest.raises(ValueError, match=r"molecule ACE ALA NME \(22 atoms\) of 22 atoms.*ACE ALA ALA ALA NME \(42 at"):
        place(short[0], topology, positions, stateTopology=alanine)
    other, otherStates = makeStates("ACE", "ALA", "GLY", "ALA", "NME")
    with pytest.raises(ValueError, match="of 39 atoms as the solute of the box, got ACE ALA ALA ALA NME"):
        place(otherStates[0], topology, positions, stateTopology=other)
    mixed = app.Topology()
    residue = mixed.addResidue("LIG", mixed.addChain())
    for index, atom in enumerate(stateTopology.atoms()):
        mixed.addAtom(atom.name, app.element.sulfur if index == 4 else atom.element, residue)
    with pytest.raises(ValueError, match=r"atom 4 \(LIG 1 .*\) of the state is S, and atom 4 \(ACE 1 .*box is H"):
        place(conformers[0], topology, positions, stateTopology=mixed)
    bonded = copy.deepcopy(stateTopology)
    bonded._bonds = bonded._bonds[:-1]
    with pytest.raises(ValueError, match="are bonded in the box and not in the state"):
        place(conformers[0], topology, positions, stateTopology=bonded)
    with pytest.raises(ValueError, match=r"bonded to atom .*; name all atoms of the molecule"):
        place(conformers[0][:12], topology, positions, solute=range(12), stateTopology=None)
    assert place(conformers[0], topology, positions, stateTopology=stateTopology,
                 solute=["ACE", "ALA", "NME"]).topology is topology


def testAnotherStereoisomerIsRefused(box):
    topology, positions, system = box
    turned, isomer = makeStates("ACE", "ALA", "DAL", "ALA", "NME", number=1)
    for state, atom in ((makeStates(*TRIPEPTIDE, number=1)[1] * [1, 1, -1], "ALA 2 CA"), (isomer, "ALA 3 CA")):
        with pytest.raises(ValueError, match=f"the stereoisomer of the box's solute, got a state in which .*{atom}"):
            openmmorbit.placeInSolvent(state[0], topology, positions, system=system, stateTopology=turned)


def testWrongBoxes(box, states):
    topology, positions, system = box
    state, place = states[1][0], openmmorbit.placeInSolvent
    with pytest.raises(ValueError, match="expected one state, got 4"):
        place(states[1], topology, positions)
    with pytest.raises(ValueError, match="finite positions, got others in state 0"):
        place(np.full((42, 3), np.nan), topology, positions)
    with pytest.raises(ValueError, match="overlap of 'move', 'remove', got 'delete'"):
        place(state, topology, positions, overlap="delete")
    with pytest.raises(ValueError, match="a distance above 0 and below 1 nm"):
        place(state, topology, positions, distance=3)
    with pytest.raises(ValueError, match="'LIG', which no residue has"):
        place(state, topology, positions, solute="LIG")
    with pytest.raises(ValueError, match="atoms of the solute from 0 to"):
        place(state, topology, positions, solute=[99999])
    with pytest.raises(ValueError, match="alignOn of atoms of the state"):
        place(state, topology, positions, alignOn=[77])
    boxless = copy.deepcopy(topology)
    boxless.setPeriodicBoxVectors(None)
    with pytest.raises(ValueError, match="periodic box vectors, got none; give boxVectors="):
        place(state, boxless, positions)
    small = copy.deepcopy(topology)
    small.setPeriodicBoxVectors(np.diag([0.8] * 3) * unit.nanometer)
    with pytest.raises(ValueError, match=r"fits into the box of \[0.8, 0.8, 0.8\] nm, got one of .* its own image"):
        place(state, small, positions)
    with pytest.raises(ValueError, match="one of 42 particles"):
        place(state, topology, positions, system=field().createSystem(states[0]))
    water = app.Modeller(topology, positions * unit.nanometer)
    water.delete([r for r in topology.residues() if r.name in ("ACE", "ALA", "NME")])
    with pytest.raises(ValueError, match="got water and ions alone"):
        place(state, water.topology, water.positions)


def testAChargedWaterIsNotRemoved(box, states):
    topology, positions, system = box
    placed = openmmorbit.placeInSolvent(states[1][0], topology, positions, overlap="remove", distance=0.26,
                                       alignOn=END)
    charged = copy.deepcopy(system)
    oxygen = next(placed.removedResidues[0].atoms()).index
    force = next(f for f in charged.getForces() if isinstance(f, openmm.NonbondedForce))
    charge, sigma, epsilon = force.getParticleParameters(oxygen)
    force.setParticleParameters(oxygen, charge + 1 * unit.elementary_charge, sigma, epsilon)
    with pytest.raises(ValueError, match="neutral waters in the way of the state, got HOH .* of charge 1"):
        openmmorbit.placeInSolvent(states[1][0], topology, positions, overlap="remove", distance=0.26, system=charged,
                                   alignOn=END)


def testAnotherMoleculeInTheWayIsRefused(box, states):
    topology, positions, _ = box
    modeller = app.Modeller(topology, positions * unit.nanometer)
    other, conformers = makeStates("ACE", "ALA", "NME")
    placed = openmmorbit.placeInSolvent(states[1][0], topology, positions).positions._value
    modeller.add(other, (conformers[0] - conformers[0].mean(axis=0) + placed[20]) * unit.nanometer)
    with pytest.raises(ValueError, match="only water and ions in the way of the state, got (ACE|ALA|NME) . at 0"):
        openmmorbit.placeInSolvent(states[1][0], modeller.topology, modeller.positions, solute=range(42))


@pytest.mark.parametrize("box", [None, np.diag([2.0, 1.1, 1.7]),
                                 np.array([[2, 0, 0], [0.6, 1.8, 0], [-0.7, 0.5, 1.5]])])
def testNeighborsAreThoseOfBruteForce(box):
    random = np.random.default_rng(4)
    atoms, points = random.random((200, 3)) * 2.5 - 0.4, random.random((60, 3)) * 3 - 0.6
    distances = np.linalg.norm(nearestImage(points[:, None] - atoms, box), axis=2)
    for cutoff in (0.2, 0.45):
        which, found, lengths = NeighborGrid(atoms, box, cutoff).pairs(points)
        expected = set(zip(*np.nonzero(distances <= cutoff)))
        assert set(zip(which, found)) == expected and len(which) == len(expected)
        assert np.allclose(lengths, distances[which, found])
        assert np.allclose(NeighborGrid(atoms, box, cutoff).clearance(points),
                           np.minimum(distances.min(axis=1), cutoff))

# SPDX-License-Identifier: MIT
"""The staged start: what survives, what is refused and why, in vacuum and in a periodic box."""
import copy

import numpy as np
import openmm
import pytest
from openmm import app, unit
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit.io.modeller import superpose
from openmmorbit.simulation.survival import findCentres, findPeptides
from systems import implicitSystem, makePeptide, makeStates, solvatedBox

CAPPED = ("ACE", "ALA", "NME")


@pytest.fixture(scope="module")
def alanine():
    topology, positions = makeStates(*CAPPED)
    return topology, positions, implicitSystem(topology)


def codes(relaxation):
    return [[finding.code for finding in entry.findings] for entry in relaxation]


def testGoodStatesSurvive(alanine):
    topology, positions, system = alanine
    before = openmm.XmlSerializer.serialize(system)
    seen = []
    relaxation = openmmorbit.relax(positions, system, topology=topology, temperature=300 * unit.kelvin, numSteps=50,
                                   seed=3, progress=lambda done, total: seen.append((done, total)))
    assert openmm.XmlSerializer.serialize(system) == before
    assert len(relaxation) == 4 and relaxation.accepted.tolist() == [0, 1, 2, 3] and relaxation.refused == {}
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert relaxation.energiesBefore.unit.is_compatible(unit.kilojoule_per_mole)
    assert (relaxation.energiesMinimized < relaxation.energiesBefore).all()
    assert (relaxation.energiesAfter > relaxation.energiesMinimized).all()
    moved = relaxation.moved.value_in_unit(unit.nanometer)
    assert ((moved > 0.005) & (moved < 0.15)).all() and relaxation[0].movedMinimized < 0.1
    assert relaxation.states.shape == (4, 22, 3) and relaxation.states.unit == unit.nanometer
    speeds = relaxation.velocities.value_in_unit(unit.nanometer / unit.picosecond)
    assert speeds.shape == (4, 22, 3) and 0.3 < np.sqrt((speeds ** 2).mean()) < 2
    assert "4 accepted" in repr(relaxation) and "accepted" in repr(relaxation[0])


def testEnergiesAreThoseOfTheSystem(alanine):
    topology, positions, system = alanine
    relaxation = openmmorbit.relax(positions[:2], system, topology=topology, numSteps=0)
    for states, energies in ((positions[:2], relaxation.energiesBefore),
                             (relaxation.positions, relaxation.energiesMinimized)):
        found = openmmorbit.potentialEnergies(states, system, topology=topology, platform="Reference")
        assert np.allclose(found._value, energies._value, atol=0.02)
    assert relaxation.velocities is None
    assert np.array_equal(relaxation.energiesAfter._value, relaxation.energiesMinimized._value)


def testOneBadStateIsAFinding(alanine):
    topology, positions, system = alanine
    states = positions[[0, 1, 2, 3, 0, 1]]
    states[1, 8, 0] = np.nan
    states[2, 1] = states[2, 0]                          # two bonded atoms at one place
    states[3] *= 0.01                                    # everything on everything
    states[4, :, 2] *= -1                                # the mirror image
    relaxation = openmmorbit.relax(states, system, topology=topology, reference=positions[0], numSteps=20, seed=3)
    found = codes(relaxation)
    assert relaxation.accepted.tolist() == [0, 5] and len(relaxation.states) == 2
    assert found[1] == ["nan"] and "atom 8 (ALA 2 CB)" in relaxation[1].findings[0].text
    assert found[2] == ["nan"] and found[3] != [] and found[4] == ["centre"]
    assert relaxation[4].findings[0].text == "the centre ALA 2 CA is inverted"
    assert relaxation.refused["centre"] >= 1 and np.isnan(relaxation.energiesBefore._value[1])
    assert np.isfinite(relaxation.states._value).all()


def testOneStateIsNotAffectedByABadOne(alanine):
    topology, positions, system = alanine
    bad = np.full_like(positions[0], np.nan)
    options = {"topology": topology, "numSteps": 10, "seed": 5, "platform": "Reference", "maxIterations": 20}
    alone = openmmorbit.relax(positions[1], system, **{**options, "numSteps": 0})
    after = openmmorbit.relax([bad, positions[1]], system, **{**options, "numSteps": 0})
    assert np.allclose(alone.positions._value[0], after.positions._value[1], atol=1e-6)
    again = [openmmorbit.relax(positions[:2], system, **options).positions._value for _ in range(2)]
    assert np.array_equal(*again)


def testTheHandIsThatOfEachStateWithoutAReference(alanine):
    topology, positions, system = alanine
    mirrored = positions[:1] * [1, 1, -1]
    assert openmmorbit.relax(mirrored, system, topology=topology, numSteps=0).refused == {}
    flat = positions[:1].copy()
    center, *near = findCentres(topology)[0]
    normal = np.cross(flat[0, near[1]] - flat[0, near[0]], flat[0, near[2]] - flat[0, near[0]])
    normal /= np.linalg.norm(normal)
    flat[0, near[3]] -= ((flat[0, near[3]] - flat[0, near[0]]) @ normal) * normal
    finding = openmmorbit.relax(flat, system, topology=topology, numSteps=0)[0].findings[0]
    assert finding.code == "centre" and "ALA 2 CA is flat before" in finding.text


def testCisPeptidesAreRefused(alanine):
    topology, positions, system = alanine
    atoms, isProline = findPeptides(topology)
    names = [atom.name for atom in topology.atoms()]
    assert [[names[i] for i in four] for four in atoms] == [["CH3", "C", "N", "CA"], ["CA", "C", "N", "C"]]
    assert not isProline.any()
    # Half a turn around the second peptide bond.
    _, c, n, _ = atoms[1]
    cis, axis = positions[0].copy(), positions[0, n] - positions[0, c]
    axis /= np.linalg.norm(axis)
    tail = [atom.index for atom in topology.atoms() if atom.residue.name == "NME" and atom.index != n]
    arms = cis[tail] - cis[n]
    cis[tail] = cis[n] + 2 * (arms @ axis)[:, None] * axis - arms
    relaxation = openmmorbit.relax(cis, system, topology=topology, numSteps=0)
    assert codes(relaxation) == [["peptide"]]
    assert relaxation[0].findings[0].text == "the peptide bond ALA 2 C to NME 3 N is cis"
    assert openmmorbit.relax(cis, system, topology=topology, numSteps=0, reference=cis).refused == {}


def testABondThatPassesThroughARingStaysLong():
    """Benzene around a bond of another molecule: finite energies, and a geometry that is wrong."""
    mol = Chem.AddHs(Chem.MolFromSmiles("c1ccccc1CCCCC"))
    AllChem.EmbedMolecule(mol, randomSeed=2)
    positions = mol.GetConformer().GetPositions() / 10
    ring, center = positions[:6], positions[:6].mean(axis=0)
    normal = np.cross(ring[1] - ring[0], ring[3] - ring[0])
    normal /= np.linalg.norm(normal)
    moved = positions.copy()
    tail = [9, 10, *(n.GetIdx() for i in (9, 10) for n in mol.GetAtomWithIdx(i).GetNeighbors()
                     if n.GetAtomicNum() == 1)]
    bond = positions[10] - positions[9]
    turn = superpose(np.array([bond, -bond]), 0.154 * np.array([normal, -normal]))[0]
    middle = positions[[9, 10]].mean(axis=0)
    moved[tail] = (positions[tail] - middle) @ turn.T + center
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule(mol), mol)
    ensemble._core.addConformer(moved)
    ensemble._core.addConformer(positions)
    relaxation = ensemble.relax(openmmorbit.mmffSystem(mol), numSteps=0)
    assert relaxation.accepted.tolist() == [1]
    assert {"bond", "stereo"} & {finding.code for finding in relaxation[0].findings}


def testAnExplosionIsAFinding(alanine):
    topology, positions, system = alanine
    relaxation = openmmorbit.relax(positions[:2], system, topology=topology, timeSteps=[0.02, 0.04], numSteps=100,
                                   restraint=1.0, seed=3)
    assert relaxation.accepted.tolist() == [] and relaxation.velocities is None
    assert {code for found in codes(relaxation) for code in found} <= {"nan", "energy", "bond", "centre", "peptide"}
    assert len(relaxation.states) == 0


def testEnsemblesKeepWhatTheyAre():
    _, mol = makePeptide("ACE", "DAL", "NME")
    topology, positions = makeStates("ACE", "DAL", "NME", number=3)
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule(mol), mol)
    for conformer in (*positions[:2], -positions[2]):
        ensemble._core.addConformer(conformer)
    relaxation = ensemble.relax(openmmorbit.mmffSystem(ensemble.graph), numSteps=20, seed=2)
    states = relaxation.states
    assert isinstance(states, openmmorbit.Ensemble) and len(states) == 2
    assert codes(relaxation)[2] == ["stereo"] and np.array_equal(ensemble[0].positions._value, positions[0])
    assert np.array_equal(states[1].positions._value, relaxation[1].positions._value)


@pytest.mark.parametrize("hydrogenMass, constraints, expected", [
    (None, None, 0.001), (None, app.HBonds, 0.002), (4 * unit.dalton, app.HBonds, 0.002), (3, None, 0.002)])
def testConstraintsAndHeavyHydrogens(alanine, hydrogenMass, constraints, expected):
    from openmmorbit.relaxation import defaultTimeSteps
    topology, positions, _ = alanine
    system = implicitSystem(topology, constraints=constraints, hydrogenMass=hydrogenMass)
    assert defaultTimeSteps(system)[-1] == expected
    far = positions[:1] + np.random.default_rng(1).normal(0, 0.004, positions[:1].shape)
    relaxation = openmmorbit.relax(far, system, topology=topology, numSteps=20, seed=3)
    assert relaxation.refused == {}
    for index in range(system.getNumConstraints()):
        first, second, length = system.getConstraintParameters(index)
        found = np.linalg.norm(np.subtract(*relaxation.positions._value[0, [first, second]]))
        assert found == pytest.approx(length._value, rel=1e-4)


def testPeriodicBoxWithBarostatAndCutMolecules():
    topology, positions, system = solvatedBox("ACE", "ALA", "NME", model="tip4pew", water="amber14/tip4pew.xml")
    system = copy.deepcopy(system)
    system.addForce(openmm.MonteCarloBarostat(1 * unit.bar, 300 * unit.kelvin))
    box = np.diag(topology.getPeriodicBoxVectors().value_in_unit(unit.nanometer))
    cut = (positions - positions[:22].mean(axis=0)) % box
    real = [i for i in range(system.getNumParticles()) if not system.isVirtualSite(i)]
    assert np.abs(cut[0] - cut[:22]).max() > box[0] / 2 and len(real) < len(cut)
    relaxation = openmmorbit.relax(cut, system, topology=topology, numSteps=5, maxIterations=20, seed=3)
    assert relaxation.refused == {}
    after = relaxation.positions._value[0]
    assert np.abs(after[:22] - after[0]).max() < 1.5
    # Without the sites, which the System computes.
    bare = app.Modeller(topology, unit.Quantity(cut, unit.nanometer))
    bare.delete([atom for atom in topology.atoms() if atom.element is None])
    fewer = openmmorbit.potentialEnergies(cut[real], system, topology=bare.topology)
    assert np.allclose(fewer._value, relaxation.energiesBefore._value, rtol=1e-4)


def testBeadsHaveSoftBonds():
    topology, system = app.Topology(), openmm.System()
    chain, force = topology.addChain(), openmm.HarmonicBondForce()
    atoms = [topology.addAtom("CA", None, topology.addResidue("ALA", chain)) for _ in range(6)]
    for first, second in zip(atoms, atoms[1:]):
        topology.addBond(first, second)
        force.addBond(first.index, second.index, 0.38, 1000)
    for _ in atoms:
        system.addParticle(100)
    system.addForce(force)
    states = np.cumsum(np.random.default_rng(1).normal(0, 0.22, (30, 6, 3)), axis=1)
    # The Reference platform gives the same numbers again.
    relaxation = openmmorbit.relax(states, system, topology=topology, seed=3, platform="Reference")
    assert relaxation.refused == {} and relaxation.moved._value.max() > 0.05
    lengths = np.linalg.norm(np.diff(relaxation.positions._value, axis=1), axis=2)
    assert np.abs(lengths / 0.38 - 1).max() > 0.25       # which would be too much for a stiff bond
    assert openmmorbit.chooseStates(states, 3, topology=topology, seed=2).shape == (3,)


def testAMoleculeWithoutBondsIsAnnounced(alanine):
    topology, positions, system = alanine
    bare = copy.deepcopy(topology)
    bare._bonds = []
    with pytest.warns(UserWarning, match="got none of ACE 1 and 2 more residues; their bonds and centres are not"):
        assert openmmorbit.relax(positions[0], system, topology=bare, numSteps=0).refused == {}


def testWrongUse(alanine):
    topology, positions, system = alanine
    relax = openmmorbit.relax
    with pytest.raises(ValueError, match="expected the Topology of the states, got positions alone; give topology="):
        relax(positions, system)
    with pytest.raises(ValueError, match="Topology's 22 atoms, got states of 21"):
        relax(positions[:, 1:], system, topology=topology)
    with pytest.raises(ValueError, match=r"expected states of shape \(numStates, numAtoms, 3\), got \(3,\)"):
        relax([1, 2, 3], system, topology=topology)
    with pytest.raises(ValueError, match="all states have the same atoms"):
        relax([positions[0], positions[0, 1:]], system, topology=topology)
    with pytest.raises(ValueError, match="at least one state"):
        relax(positions[:0], system, topology=topology)
    with pytest.raises(TypeError, match="an openmm.app.Topology, got Modeller; give its attribute topology"):
        relax(positions, system, topology=app.Modeller(topology, positions[0] * unit.nanometer))
    with pytest.raises(TypeError, match="expected an openmm.System, got Topology"):
        relax(positions, topology, topology=topology)
    with pytest.raises(ValueError, match="positions in nanometer, got kelvin"):
        relax(positions * unit.kelvin, system, topology=topology)
    for name, value in (("temperature", 0), ("temperature", np.nan), ("restraint", -1), ("tolerance", 0),
                        ("timeSteps", [0.002, 0.001]), ("timeSteps", []), ("friction", np.inf)):
        with pytest.raises(ValueError, match="expected .*, got"):
            relax(positions, system, topology=topology, **{name: value})
    with pytest.raises(TypeError, match="numSteps as a whole number, got 1.5"):
        relax(positions, system, topology=topology, numSteps=1.5)


def testSystemsThatCannotWork(alanine):
    topology, positions, system = alanine
    longer = implicitSystem(makePeptide("ACE", "ALA", "ALA", "ALA", "NME")[0])
    with pytest.raises(ValueError, match="expected a System of 22 particles.*got 42; make the System"):
        openmmorbit.relax(positions, longer, topology=topology)
    swapped = copy.deepcopy(system)
    swapped.setParticleMass(1, 15.999)
    with pytest.raises(ValueError, match=r"relax: expected particles that are the atoms.*ACE 1 C\)"):
        openmmorbit.relax(positions, swapped, topology=topology)
    drude = copy.deepcopy(system)
    force = openmm.DrudeForce()
    force.addParticle(1, 0, -1, -1, -1, -1.0, 0.001, 1, 1)
    drude.addForce(force)
    with pytest.raises(ValueError, match="without Drude particles, got a DrudeForce of 1,.*addExtraParticles"):
        openmmorbit.relax(positions, drude, topology=topology)
    periodic = openmm.System()
    for index in range(22):
        periodic.addParticle(system.getParticleMass(index))
    nonbonded = openmm.NonbondedForce()
    nonbonded.setNonbondedMethod(openmm.NonbondedForce.CutoffPeriodic)
    for _ in range(22):
        nonbonded.addParticle(0, 0.1, 0)
    periodic.addForce(nonbonded)
    with pytest.raises(ValueError, match=r"box of a periodic System.*default of 2 nm.*give boxVectors="):
        openmmorbit.relax(positions, periodic, topology=topology)
    box = 2.5 * np.eye(3) * unit.nanometer
    assert len(openmmorbit.potentialEnergies(positions, periodic, topology=topology, boxVectors=box)) == 4
    with pytest.raises(ValueError, match="span a volume"):
        openmmorbit.potentialEnergies(positions, periodic, topology=topology, boxVectors=np.zeros((3, 3)))


@pytest.mark.parametrize("smiles, number", [
    ("C[C@H](N)C(=O)O", 1), ("CC(C)C", 0), ("C[C@H]1CC[C@@H](O)CC1", 2), ("CC(C)(C)O", 0), ("FC(Cl)Br", 1), ("CCCC", 0),
    ("C1CCCCC1", 0), ("C[C@H](O)[C@@H](C)O", 2)])
def testCentresWhoseHandMatters(smiles, number):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert len(findCentres(openmmorbit.Ensemble(openmmorbit.readMolecule(mol)).topology)) == number

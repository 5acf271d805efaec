# SPDX-License-Identifier: MIT
"""Distances, errors and slow motions of the report on a system, against what is known in closed form."""
import mdtraj as md
import numpy as np
import pytest
from openmm import app
from scipy import stats
from scipy.spatial import distance as scipyDistances

import openmmorbit
from openmmorbit.evaluation import distributions, reference as references, slowmotions
from openmmorbit.evaluation.geometry import Measured, Moments, SystemGeometry
from openmmorbit.simulation.states import makeGraph
from systems import makeStates
from trajectories import makeTrajectory


def testJensenShannonOfKnownHistograms():
    assert distributions.jensenShannon([1, 0], [0, 2]) == pytest.approx(np.sqrt(np.log(2)))
    assert distributions.jensenShannon([1, 3], [2, 6]) == 0
    half = 0.5 * (0.5 * np.log(0.5 / 0.75) + 0.5 * np.log(0.5 / 0.25)) + 0.5 * np.log(1 / 0.75)
    assert distributions.jensenShannon([0.5, 0.5], [1, 0]) == pytest.approx(np.sqrt(half))
    p, q = np.random.default_rng(1).random((2, 36, 36))
    assert distributions.jensenShannon(p, q) == pytest.approx(scipyDistances.jensenshannon(p.ravel(), q.ravel()))


def testAnglesAreCountedOnTheTorus():
    angles = np.array([[-np.pi, np.pi], [-np.pi + 0.01, np.pi - 0.01], [0.01, -0.01], [np.pi, np.pi]])
    found = distributions.binAngles(angles, 4)
    assert found.shape == (4, 4) and found[0, 3] == 0.5 and found[2, 1] == 0.25 and found[3, 3] == 0.25
    weighted = distributions.binAngles(angles, 4, np.array([1, 1, 0, 2]))
    assert weighted[0, 3] == weighted[3, 3] == 0.5


def testWassersteinOfTwoGaussians():
    levels = (np.arange(20000) + 0.5) / 20000
    first, second = stats.norm.ppf(levels, 1, 2), stats.norm.ppf(levels, 4, 6)
    random = np.random.default_rng(1)
    assert distributions.wasserstein(random.permutation(first), second) == pytest.approx(5, rel=2e-3)
    assert distributions.wasserstein(first[:5], first[:5] + 3) == pytest.approx(3)
    assert distributions.wasserstein(np.array([1.0, np.inf]), first[:2]) == np.inf
    with pytest.raises(ValueError, match="of one size, got 2 and 3"):
        distributions.wasserstein(first[:2], first[:3])


def testWassersteinOnTheTorusOfShiftedPoints():
    grid = np.linspace(-np.pi, np.pi, 8, endpoint=False)
    points = np.stack(np.meshgrid(grid, grid), axis=-1).reshape(-1, 2)
    shift = np.array([0.3, -0.2])
    moved = np.random.default_rng(2).permutation((points + shift + np.pi) % (2 * np.pi) - np.pi)
    assert distributions.torusWasserstein(points, moved) == pytest.approx(np.hypot(*shift))
    # The short way leads over the boundary.
    assert distributions.torusWasserstein(np.array([[3.1]]), np.array([[-3.1]])) == pytest.approx(2 * np.pi - 6.2)
    # The best assignment of one angle is that of the sorted numbers, away from the boundary.
    a, b = np.random.default_rng(3).uniform(-1, 1, (2, 50))
    assert distributions.torusWasserstein(a[:, None], b[:, None]) == pytest.approx(distributions.wasserstein(a, b))
    with pytest.raises(ValueError, match="one shape"):
        distributions.torusWasserstein(points, points[:3])


def testHalvesOfAnExchangeableSetAreAsFarApartAsChance():
    random = np.random.default_rng(4)
    halves = random.vonmises(1, 3, (2, 4000, 2))
    distance = distributions.angleDistance(36)
    same = distributions.compare(distance, random.vonmises(1, 3, (1000, 2)), (halves[0], halves[1]))
    assert same.numStates == 1000
    assert same.halves == pytest.approx(same.chance, rel=0.05) and same.value == pytest.approx(same.chance, rel=0.05)
    other = distributions.compare(distance, random.vonmises(1.5, 3, (1000, 2)), (halves[0], halves[1]))
    assert other.value > 1.2 * other.halves
    # A simulation whose halves differ says so, and its chance stays that of the whole.
    drifting = distributions.compare(distance, random.vonmises(1, 3, (1000, 2)), (halves[0], halves[1] + 0.5))
    assert drifting.halves > 1.2 * drifting.chance
    small = distributions.compare(distributions.torusWasserstein, halves[0], (halves[0], halves[1]), largest=100)
    assert small.numStates == 100 and small.value == pytest.approx(small.chance, rel=0.2)


def testStatesAreDrawnByWeight():
    random = np.random.default_rng(5)
    halves = random.normal(0, 1, (2, 5000))
    generated = random.normal(0.5, 1.5, 5000)
    weights = stats.norm.pdf(generated) / stats.norm.pdf(generated, 0.5, 1.5)
    plain, weighted = (distributions.compare(distributions.wasserstein, generated, (halves[0], halves[1]),
                                             weights=values) for values in (None, weights / weights.sum()))
    assert plain.value == pytest.approx(np.hypot(0.5, 0.5), rel=0.1) and weighted.value < 0.1


def testErrorsOfSharesBlocksAndSampleSizes():
    random = np.random.default_rng(6)
    assert distributions.sampleSizeError(np.full(50, 0.02)) == pytest.approx(0, abs=1e-12)
    samples = random.lognormal(0, 0.4, (300, 400))
    sizes = samples.sum(axis=1) ** 2 / (400 * (samples ** 2).sum(axis=1))
    found = np.mean([distributions.sampleSizeError(values, 200) for values in samples[:40]])
    assert found == pytest.approx(sizes.std(), rel=0.3)
    errors = [distributions.blockError(values) for values in random.normal(size=(200, 1000))]
    assert np.mean(errors) == pytest.approx(1 / np.sqrt(1000), rel=0.1)
    assert np.isnan(distributions.blockError(np.zeros(1)))
    assert distributions.shareError(0.3, 1000) == pytest.approx(np.sqrt(0.21 / 1000), rel=0.01)
    assert distributions.shareError(0, 100) == pytest.approx(np.sqrt(101) / 102 / 10)


def testMomentsOfBlocks():
    values = 1000 + np.random.default_rng(7).normal(size=(500, 3)) * [1, 2, 1e-3]
    parts = [Moments(), Moments()]
    for begin in range(0, 500, 70):
        parts[begin >= 280].add(values[begin:begin + 70])
    parts[0].add(values[:0])
    whole = Moments.join(*parts)
    assert whole.count == 500 and np.allclose(whole.mean, values.mean(axis=0), rtol=1e-12)
    assert np.allclose(whole.deviation, values.std(axis=0), rtol=1e-6)
    assert Moments.join(Moments(), parts[1]) is parts[1] and Moments.join(parts[0], Moments()) is parts[0]


def testFeaturesOfAPeptideAreThoseOfMdtraj():
    topology, frames = makeTrajectory("ACE", "ALA", "NME", numFrames=20)
    geometry = SystemGeometry(topology, makeGraph(topology))
    assert geometry.residues == ["ALA 2"] and geometry.torsionNames == ["ω ACE 1 – ALA 2", "ω ALA 2 – NME 3"]
    measured = geometry.measure(frames)
    trajectory = md.Trajectory(frames, md.Topology.from_openmm(topology))
    for column, compute in ((0, md.compute_phi), (1, md.compute_psi)):
        assert np.allclose(measured.phiPsi[:, 0, column], compute(trajectory)[1][:, 0], atol=1e-4)
    # mdtraj takes the residues' names for the alpha carbons of ω; caps have none.
    assert (np.abs(measured.torsions) > 2.5).all()
    masses = np.array([atom.element.mass._value for atom in topology.atoms()])
    apart = np.linalg.norm(frames[:, :, None] - frames[:, None], axis=3) ** 2
    gyration = np.sqrt((apart * np.outer(masses, masses)).sum(axis=(1, 2)) / 2) / masses.sum()
    assert np.allclose(measured.gyration, gyration, atol=1e-5)
    assert np.allclose(geometry.bondLengths(frames), md.compute_distances(trajectory, geometry.bonds), atol=1e-5)
    angles = md.compute_angles(trajectory, geometry.angles)
    assert np.allclose(geometry.angleWidths(frames), np.degrees(angles), atol=0.02)
    assert np.allclose(measured.distances, md.compute_distances(trajectory, geometry.pairs), atol=1e-5)
    assert geometry.numFeatures == 2 + 2 + len(geometry.pairs) + 1 and len(geometry.pairs) > 5
    joined = Measured.join([measured[:5], measured[5:]])
    assert len(joined) == 20 and np.array_equal(joined.torsions, measured.torsions)


def makeMolecule(smiles):
    from rdkit import Chem

    mol, topology = Chem.AddHs(Chem.MolFromSmiles(smiles)), app.Topology()
    residue = topology.addResidue("LIG", topology.addChain())
    atoms = [topology.addAtom(f"{atom.GetSymbol()}{atom.GetIdx()}", app.Element.getByAtomicNumber(atom.GetAtomicNum()),
                              residue) for atom in mol.GetAtoms()]
    for bond in mol.GetBonds():
        topology.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
    return topology


@pytest.mark.parametrize("smiles, names", [
    ("CCCC", ["LIG 1 C1-C2"]), ("C1CCCCC1", []), ("CC(C)(C)C", []),
    ("OCCC1CC1", ["LIG 1 O0-C1", "LIG 1 C1-C2", "LIG 1 C2-C3"]),
    ("c1ccccc1CO", ["LIG 1 C6-O7"]), ("CC(=O)OCCl", ["LIG 1 C1-O3", "LIG 1 O3-C4"])])
def testTorsionsAreThoseOfBondsThatTurn(smiles, names):
    """Rings do not turn, and neither do groups whose atoms are equivalent."""
    topology = makeMolecule(smiles)
    assert SystemGeometry(topology, makeGraph(topology)).torsionNames == names


def testResiduesAndPairsOfALongerPeptide():
    topology, _ = makeStates("ACE", "ALA", "ALA", "ALA", "ALA", "GLY", "NME", number=1)
    geometry = SystemGeometry(topology, makeGraph(topology))
    assert geometry.residues == ["ALA 2", "ALA 3", "ALA 4", "ALA 5", "GLY 6"]
    assert geometry.contact == 0.8 and "ALA 2 CA, GLY 6 CA" in geometry.pairNames
    assert np.array_equal(geometry.phiPsi[1:, 0, 1:], geometry.phiPsi[1:, 1, :3])


def makeReference(torsions, trajectory=None):
    count = len(torsions)
    empty = (Moments(), Moments())
    return references.Reference(Measured(np.zeros((count, 0, 2), np.float32), torsions.astype(np.float32),
                                         np.zeros((count, 0), np.float32), np.ones(count, np.float32)),
                                np.arange(count) < count // 2,
                                np.zeros(count, int) if trajectory is None else trajectory, 1, count, empty, empty)


def testSlowMotionsOfATwoStateProcess():
    """A torsion that turns with probability p a frame is forgotten within -1 / ln(1 - 2 p) frames."""
    random, p = np.random.default_rng(8), 0.01
    state = np.cumsum(random.random(40000) < p) % 2
    torsions = np.stack([np.where(state, 1.2, -1.2), np.zeros(40000)], axis=1) + 0.2 * random.normal(size=(40000, 2))
    found = slowmotions.findSlowMotions(makeReference(torsions), 10)
    assert found.lag == 10 and found.dimension == 2
    assert found.timescales[0] == pytest.approx(-1 / np.log(1 - 2 * p), rel=0.12)
    assert found.timescales[1] < 5
    projected = found.project(makeReference(torsions).measured)[:, 0]
    assert abs(np.corrcoef(projected, state)[0, 1]) > 0.97
    assert slowmotions.chooseLag([3000, 50]) == 30 and slowmotions.chooseLag([40]) == 1
    # Frames of two trajectories are not each other's successors.
    parts = makeReference(torsions, np.repeat([0, 1], 20000))
    assert [len(series) for series in parts.series] == [20000, 20000]
    assert slowmotions.findSlowMotions(makeReference(np.zeros((100, 2)))) is None
    assert slowmotions.findSlowMotions(makeReference(torsions[:30]), 40) is None


def testTheSimulationIsReadInHalves(monkeypatch):
    topology, frames = makeTrajectory("ACE", "ALA", "NME", numFrames=100)
    geometry = SystemGeometry(topology, makeGraph(topology))
    frames[13] = frames[12]
    frames[80, 3] = np.nan
    dataset = openmmorbit.TrajectoryDataset(topology, [frames[:70], frames[70:]])
    seen = []
    found = references.readReference("test", dataset, geometry, lambda positions: positions[:, 0, 0], seen.append)
    assert found.numFrames == 98 and found.isFirst.sum() == 49 and sum(seen) == 98
    assert [len(series) for series in found.series] == [69, 29]
    good = np.delete(frames, [13, 80], axis=0)
    assert np.allclose(found.measured.gyration, geometry.measure(good).gyration)
    assert np.allclose(found.bonds[0].mean, geometry.bondLengths(good[:49]).mean(axis=0))
    assert np.allclose(found.angles[1].deviation, geometry.angleWidths(good[49:]).std(axis=0), atol=1e-4)
    assert np.allclose(found.energyHalves[0], good[:49, 0, 0]) and np.allclose(found.energyHalves[1], good[49:, 0, 0])
    # Of more frames than memory allows, every so many-th is kept.
    monkeypatch.setattr(references, "MAX_BYTES", 40 * geometry.numFeatures * 4)
    less = references.readReference("test", dataset, geometry)
    assert less.every == 3 and len(less.measured) == 34 and less.numFrames == 98
    with pytest.raises(ValueError, match="at least 10 frames in each half of the trajectories, .* got 5 and 5"):
        references.readReference("test", openmmorbit.TrajectoryDataset(topology, frames[:10]), geometry)


def testEnergiesAreThoseOfOpenMM():
    from openmmorbit.evaluation.energetics import EnergyMeter
    from systems import implicitSystem

    topology, frames = makeTrajectory("ACE", "ALA", "NME", numFrames=20)
    system = implicitSystem(topology)
    found = EnergyMeter("test", system, topology, "Reference").energies(frames[:3])
    assert np.allclose(found, openmmorbit.potentialEnergies(frames[:3], system, platform="Reference")._value)
    other, _ = makeStates("ACE", "GLY", "NME", number=1)
    with pytest.raises(ValueError, match="test: expected a System of 19 particles, .* got 22"):
        EnergyMeter("test", system, other)
    with pytest.raises(TypeError, match="test: expected an openmm.System, got str"):
        EnergyMeter("test", "system.xml", topology)

# SPDX-License-Identifier: MIT
"""Conformers ranked, relaxed, pruned, aligned and chosen; what is wrong is named."""
import pickle

import numpy as np
import openmm
import pytest
from openmm import app, unit
from rdkit import Chem
from rdkit.Chem import AllChem, TorsionFingerprints

import openmmorbit
from openmmorbit import molecules, orbit
from openmmorbit.arguments import KJ_PER_KCAL
from systems import implicitSystem, makeStates

KJ = unit.kilojoule_per_mole
NICOTINE = "CN1CCC[C@H]1c1cccnc1"


def makeEnsemble(molecule, positions):
    """Make an Ensemble of a molecule and positions in nm."""
    graph, source = molecules.toGraph(molecule)
    core = orbit.Ensemble(graph)
    for points in positions:
        core.addConformer([openmm.Vec3(*point) for point in points])
    return openmmorbit.Ensemble(core, source)


def embed(smiles, number=12, seed=7):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMultipleConfs(mol, number, randomSeed=seed)
    return makeEnsemble(mol, [conformer.GetPositions() / 10 for conformer in mol.GetConformers()])


@pytest.fixture(scope="module")
def nicotine():
    return embed(NICOTINE, 20)


@pytest.fixture(scope="module")
def relaxed(nicotine):
    return nicotine.relax("MMFF94")


def testNicotineHasFewMinima(relaxed):
    assert len(relaxed) == 20 and relaxed.converged.all() and relaxed.refused == {}
    assert (relaxed.energiesAfter < relaxed.energiesBefore).all()
    minima = relaxed.states.sort().prune(0.5 * unit.angstrom)
    energies = minima.energies()._value
    assert 2 <= len(minima) <= 6 and (np.diff(energies) >= 0).all() and energies[0] == min(relaxed.energiesAfter._value)
    apart = minima.rmsd().value_in_unit(unit.angstrom)
    assert (apart[np.triu_indices(len(minima), 1)] >= 0.5).all()
    # Each of the 20 is near one of those that were kept.
    assert (relaxed.states.rmsd(minima).value_in_unit(unit.angstrom).min(axis=1) < 0.5).all()
    low = minima.prune(window=1 * unit.kilocalorie_per_mole)
    assert len(low) == (energies - energies[0] <= KJ_PER_KCAL).sum() < len(minima)
    assert all(status.message == "" or not status.isAccepted() for status in minima.status)


def testTooFewStepsAreSaid(nicotine):
    short = nicotine.relax("MMFF94", maxIterations=2)
    assert not short.converged.any() and repr(short).endswith("20 accepted, 20 not converged>")
    assert short[0].converged is False and len(short.states) == 20


def testSortedByAnyEnergy(nicotine):
    def span(positions):
        assert positions.shape == (20, 26, 3)
        return np.ptp(positions._value, axis=(1, 2))
    system = openmmorbit.mmffSystem(nicotine.graph)
    byName, bySystem, byFunction = (nicotine.sort(field) for field in ("MMFF94", system, span))
    assert np.allclose(byName.energies()._value, bySystem.energies()._value, atol=0.02)
    assert np.allclose(byFunction.energies()._value, np.sort(span(nicotine.positions)))
    assert np.allclose(byName.energies()._value, np.sort(nicotine.energies()._value))
    assert byName[3].energy == byName.energies()[3] and nicotine[3].energy is None
    given = nicotine.sort(np.arange(20.0)[::-1] * unit.kilocalorie_per_mole)
    assert np.array_equal(given.positions._value, nicotine.positions._value[::-1])
    assert np.allclose(given.energies()._value, KJ_PER_KCAL * np.arange(20))


def testEnergiesGoAlong(relaxed, tmp_path):
    states = relaxed.states.sort()
    energies = states.energies()._value
    part = pickle.loads(pickle.dumps(states[[4, 0]]))
    assert np.array_equal(part.energies()._value, energies[[4, 0]])
    part.writeSDF(tmp_path / "a.sdf")
    records = list(Chem.SDMolSupplier(str(tmp_path / "a.sdf")))
    assert [record.GetProp("ORBIT_FORCE_FIELD") for record in records] == ["MMFF94"] * 2
    found = [float(record.GetProp("ORBIT_ENERGY_KCAL")) for record in records]
    assert np.allclose(found, energies[[4, 0]] / KJ_PER_KCAL, atol=1e-4)
    assert float(records[1].GetProp("ORBIT_RELATIVE_ENERGY_KCAL")) == 0
    openmmorbit.writeEnsembles(part, tmp_path / "a.xyz")
    assert f"energy_kcal={found[1]:.4f}" in (tmp_path / "a.xyz").read_text()
    part.setPositions(0, part[1].positions)
    assert part[0].energy is None
    part.writeSDF(tmp_path / "b.sdf")
    assert "ENERGY" not in (tmp_path / "b.sdf").read_text()
    assert states.align().energies()[2] == states.energies()[2]


def testPruneWithoutEnergiesKeepsTheFirst(nicotine):
    twice = makeEnsemble(nicotine.graph, np.concatenate([nicotine.positions._value, nicotine.positions._value[::-1]]))
    kept = twice.prune(0.001)
    assert np.array_equal(kept.positions._value, nicotine.positions._value) and kept[0].energy is None
    assert len(twice.prune(0)) == 40 and len(twice.prune(10 * unit.angstrom)) == 1
    ranked = twice.prune(10 * unit.angstrom, field="UFF")
    assert ranked.energies()[0] == min(twice.energies("UFF"))


def testIsomersAreNeverAlike():
    ensemble = embed("CC(F)Cl", 1)
    both = np.concatenate([ensemble.positions._value] * 2)
    both[1] *= [1, 1, -1]
    mixed = makeEnsemble(ensemble.graph, both)
    assert mixed.isomerNumbers == [1, 2] and mixed.rmsd()._value[0, 1] < 0.06
    assert len(mixed.prune(0.06)) == 2 and mixed.prune(0.06).isomers == mixed.isomers
    assert mixed.relax("MMFF94").refused == {}


def testRefusedIfTheHandChanges():
    ensemble = embed("C[C@H](F)Cl", 3)
    wrong = ensemble.positions._value.copy()
    wrong[1] *= [1, 1, -1]
    relaxation = makeEnsemble(ensemble.graph, wrong).relax("MMFF94")
    assert relaxation.accepted.tolist() == [0, 2] and relaxation.refused == {"stereo": 1}
    assert len(relaxation.states) == 2 and "stereo" in relaxation[1].findings[0].code


def testAlignedOnAnything(nicotine):
    turned = nicotine.positions._value @ np.array([[0, 1, 0], [0, 0, 1], [1, 0, 0.0]]) + [3, 2, 1]
    moved = makeEnsemble(nicotine.graph, turned)
    ring = [7, 8, 9, 10, 11, 6]
    for target in (nicotine[2], nicotine[[2]], nicotine[2].positions, 2):
        aligned = moved.align(target, atoms=ring)
        fixed = moved[2] if target == 2 else nicotine[2]
        deviation = aligned.positions._value[:, ring] - fixed.positions._value[ring]
        assert np.sqrt((deviation ** 2).sum(axis=2).mean(axis=1)).max() < 0.005
        assert np.allclose(aligned[2].positions._value, fixed.positions._value, atol=1e-7)
    mask = np.isin(range(26), ring)
    assert np.allclose(moved.align(2, atoms=mask).positions._value, aligned.positions._value, atol=1e-9)
    best = moved.align(nicotine[0])
    heavy = [index for index, atom in enumerate(nicotine.graph.atoms) if atom.element > 1]
    deviation = best.positions._value[:, heavy] - nicotine[0].positions._value[heavy]
    # No two heavy atoms of nicotine are equivalent.
    assert np.allclose(np.sqrt((deviation ** 2).sum(axis=2).mean(axis=1)), best.rmsd(nicotine[0])._value[:, 0])


def testDiverseOnesAreFarApart(nicotine):
    chosen = nicotine.select(diverse=4)
    assert len(chosen) == 4 and np.array_equal(chosen.positions._value[0], nicotine.positions._value[0])
    apart, everything = chosen.rmsd()._value, nicotine.rmsd()._value
    assert apart[0, 1] == everything[0].max()
    nearest = nicotine.rmsd(chosen)._value.min(axis=1)
    assert nearest.max() <= apart[np.triu_indices(4, 1)].min() + 1e-9
    assert len(nicotine.select(diverse=20)) == 20
    alike = makeEnsemble(nicotine.graph, nicotine.positions._value[[3, 3, 3, 5]]).select(diverse=4)
    assert np.array_equal(alike.positions._value, nicotine.positions._value[[3, 5, 3, 3]])


def testStatesOfASystem():
    topology, positions = makeStates("ACE", "VAL", "NME")
    system = implicitSystem(topology)
    graph = openmmorbit.simulation.states.makeGraph(topology)
    bonds = graph.bonds
    for bond in bonds:
        bond.order = orbit.BondOrder__None
    graph.bonds = bonds
    core = orbit.Ensemble(graph)
    for points in positions:
        core.addConformer([openmm.Vec3(*point) for point in points])
    ensemble = openmmorbit.Ensemble(core, topology)
    ranked = ensemble.sort(system, platform="Reference")
    assert (np.diff(ranked.energies()._value) >= 0).all() and len(ranked.prune(0.001)) == len(positions)
    names = [atom.name for atom in topology.atoms()]
    swap = list(range(len(names)))
    i, j = names.index("CG1"), names.index("CG2")
    swap[i], swap[j] = j, i
    core.addConformer([openmm.Vec3(*point) for point in positions[0][swap]])
    again = openmmorbit.Ensemble(core, topology)
    assert again.rmsd(again[0])._value[-1, 0] < 1e-6 and len(again.prune(0.001)) == len(positions)
    assert len(again.align(0).select(diverse=2)) == 2
    with pytest.raises(ValueError, match="bond orders, got states of a system.*System"):
        again.energies("MMFF94")
    with pytest.raises(ValueError, match="bond orders"):
        again.relax("UFF")


def testTorsionsAreThoseOfRDKit(nicotine):
    mol = Chem.RemoveHs(nicotine.toRDKit())
    found = nicotine.torsionFingerprints()
    expected = TorsionFingerprints.GetTFDMatrix(mol)
    assert np.allclose(found.distances()[np.tril_indices(20, -1)], expected, atol=1e-6)
    assert found.angles.shape == (20, 3) and found.isRing.tolist() == [False, True, True]
    with pytest.raises(ValueError, match="torsions"):
        embed("C", 2).torsionFingerprints().distances()
    assert embed("C", 2).torsionFingerprints().angles.shape == (2, 0)


@pytest.mark.parametrize("smiles, total, name", [("C1CCCCC1", 0.0568, "chair"), ("c1ccccc1", 0.0, "planar"),
                                                 ("C1CCCC1", 0.0400, None), ("C1CCC1", 0.0340, "puckered")])
def testPuckersOfRings(smiles, total, name):
    states = embed(smiles, 3).relax("MMFF94").states.sort()
    pucker, = states.ringPuckers()
    assert len(pucker.atoms) == smiles.lower().count("c")
    assert np.allclose(pucker.totals._value[0], total, atol=5e-3)
    assert name is None or pucker.names[0] == name
    if len(pucker.atoms) == 6 and name == "chair":
        assert min(pucker.theta[0], 180 - pucker.theta[0]) < 2
        assert pucker.amplitudes.shape == (3, 2) and pucker.phases.shape == (3, 1)
    if len(pucker.atoms) == 5:
        assert pucker.names[0] in ("envelope", "twist")


def testPhasesOfCremerAndPople():
    """Displacements z_j = sqrt(1/3) q cos(phi + 2 pi 2 j / 6) of a boat, phi = 60: equation 12."""
    turn = 2 * np.pi * np.arange(6) / 6
    ring = np.stack([np.cos(-turn), np.sin(-turn), np.sqrt(1 / 3) * 0.06 * np.cos(np.radians(60) + 2 * turn)], axis=1)
    ring[:, :2] *= 0.15
    pucker = openmmorbit.shape.puckers.computePucker(ring[None], tuple(range(6)))
    assert np.allclose(pucker.totals._value, 0.06) and np.allclose(pucker.theta, 90)
    assert np.allclose(pucker.phases, 60) or np.allclose(pucker.phases, 240)
    assert pucker.names == ["boat"]


@pytest.mark.parametrize("act, words", [
    (lambda e: e.energies("GAFF"), ["Ensemble.energies", "'MMFF94', 'MMFF94s', 'UFF'", "'GAFF'"]),
    (lambda e: e.relax("GAFF"), ["Ensemble.relax", "'MMFF94', 'MMFF94s', 'UFF'", "'GAFF'"]),
    (lambda e: e.energies(lambda positions: [1.0]), ["shape (20,)", "(1,)"]),
    (lambda e: e.sort(lambda positions: np.full(20, np.nan)), ["finite energies", "conformer 0 and 19 more"]),
    (lambda e: e.sort(np.zeros(20) * unit.nanometer), ["kilojoule/mole", "nanometer"]),
    (lambda e: e.prune(-0.1), ["rmsd", "-0.1"]),
    (lambda e: e.prune(0.5), ["0.5*unit.angstrom", "5 Angstrom"]),
    (lambda e: e.prune(float("nan")), ["rmsd", "nan"]),
    (lambda e: e.prune(0.05 * unit.kelvin), ["nanometer", "kelvin"]),
    (lambda e: e.prune(window=-1), ["window", "-1"]),
    (lambda e: e.prune(atoms="C"), ["'heavy' or 'all'", "'C'"]),
    (lambda e: e.select(diverse=21), ["at most 20", "got 21"]),
    (lambda e: e.select(diverse=0), ["diverse", "got 0"]),
    (lambda e: e.align(np.zeros((3, 3))), ["(26, 3)", "(3, 3)"]),
    (lambda e: e.align(0, atoms=[1, 99]), ["0 to 25", "99"]),
    (lambda e: e.align(0, atoms=[1, 1]), ["one twice"]),
    (lambda e: e.align(0, atoms=np.ones(25, bool)), ["mask of 26 truth values", "got 25"]),
    (lambda e: e.align(embed("CCO", 1)), ["same order of atoms", "CCO"]),
    (lambda e: e.align(e), ["one conformer", "20"]),
    (lambda e: e.rmsd(embed("CCO", 1)), ["same order of atoms", "CCO"]),
    (lambda e: embed("CB(O)O", 1).sort(), ["MMFF94", "atom 1 (B1)", "UFF"]),
])
def testWrongUse(nicotine, act, words):
    with pytest.raises(ValueError) as error:
        act(nicotine)
    assert all(word in str(error.value) for word in words), str(error.value)


def testWrongTypes(nicotine):
    for act, word in ((lambda: nicotine.energies(7), "int"),
                      (lambda: nicotine.sort("MMFF94", platform="CPU"), "System"),
                      (lambda: nicotine.relax("MMFF94", temperature=300), "temperature"),
                      (lambda: nicotine.rmsd("CCO"), "str"), (lambda: nicotine.prune("much"), "much"),
                      (lambda: nicotine.select(diverse=1.5), "1.5")):
        with pytest.raises(TypeError, match=word):
            act()
    with pytest.raises(IndexError, match="0 to 19, got 20"):
        nicotine.align(20)


def testEmptyEnsembles(nicotine):
    none = nicotine[[]]
    assert none.energies().shape == (0,) and none.rmsd().shape == (0, 0) and none.rmsd(nicotine).shape == (0, 20)
    for result in (none.sort(), none.prune(), none.prune(window=5), none.align(), none.align(nicotine[0]),
                   none.relax("MMFF94").states, none.sort(lambda positions: 1 / 0)):
        assert len(result) == 0 and result.graph.smiles == nicotine.graph.smiles
    assert none.torsionFingerprints().distances().shape == (0, 0) and none.ringPuckers()[0].names == []
    with pytest.raises(ValueError, match="at most 0"):
        none.select(diverse=1)
    bad = nicotine.positions._value[:2].copy()
    bad[1, 3] = np.nan
    with pytest.raises(ValueError, match="finite positions.*conformer 1"):
        makeEnsemble(nicotine.graph, bad).rmsd()


def makeTraces(numChains, numResidues, number, hasBonds=True):
    """Make chains of CA atoms: a Topology, and an Ensemble of smooth random traces."""
    topology, graph, random = app.Topology(), orbit.MolecularGraph(), np.random.default_rng(4)
    atoms, bonds = [], []
    for _ in range(numChains):
        chain = topology.addChain()
        for place in range(numResidues):
            topology.addAtom("CA", app.element.carbon, topology.addResidue("ALA", chain))
            atom, bond = orbit.GraphAtom(), orbit.GraphBond()
            atom.element, bond.order = 6, orbit.BondOrder__None
            bond.atom1, bond.atom2 = len(atoms) - 1, len(atoms)
            atoms.append(atom)
            if place > 0 and hasBonds:
                bonds.append(bond)
    graph.atoms, graph.bonds = atoms, bonds
    core = orbit.Ensemble(graph)
    for points in np.cumsum(random.normal(size=(number, len(atoms), 3)), axis=1) / 5:
        core.addConformer([openmm.Vec3(*point) for point in points])
    return openmmorbit.Ensemble(core, topology)


def withPositions(ensemble, positions):
    result = ensemble[[0] * len(positions)]
    for index, points in enumerate(positions):
        result.setPositions(index, points)
    return result


def testChainsHaveABeginning():
    traces = makeTraces(1, 20, 2)
    reversed_ = withPositions(traces, [traces[0].positions._value, traces[0].positions._value[::-1]])
    assert reversed_.rmsd()._value[0, 1] > 0.1 and len(reversed_.prune(0.1)) == 2
    assert len(openmmorbit.startingStates(reversed_, 2, seed=1)) == 2
    # Chains of one kind change places as wholes, if bonds hold them together.
    pair = makeTraces(2, 10, 2)
    points = pair[0].positions._value
    for hasBonds in (True, False):
        both = withPositions(makeTraces(2, 10, 1, hasBonds), [points, points[[*range(10, 20), *range(10)]]])
        assert (both.rmsd()._value[0, 1] < 1e-6) == hasBonds
    mixed = withPositions(pair, [points, points[[0, 11, *range(2, 11), 1, *range(12, 20)]]])
    assert mixed.rmsd()._value[0, 1] > 0.02

# SPDX-License-Identifier: MIT
"""Which atoms of a molecule take the places of a reference: common parts, patterns, symmetry, dummy atoms."""
import pickle

import numpy as np
import pytest
from openmm import unit
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit import Core


def embed(smiles):
    """Get a molecule of RDKit with one conformer."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(mol, randomSeed=7) == 0
    return mol


@pytest.fixture(scope="module")
def amide():
    return embed("Cc1ccc(cc1)C(=O)NC1CCCCC1")


def testTheCommonPartKeepsItsPlaces(amide):
    matches = Core(amide).match("Fc1cccc(C(=O)NCc2ccccc2)c1")
    assert len(matches) == 2
    target = Chem.MolFromSmiles("Fc1cccc(C(=O)NCc2ccccc2)c1")
    for match in matches:
        assert list(match.atoms) == sorted(match.atoms) and len(match.atoms) == 9
        for a, b, place in zip(match.atoms, match.referenceAtoms, match.positions):
            assert target.GetAtomWithIdx(a).GetSymbol() == amide.GetAtomWithIdx(b).GetSymbol()
            assert np.allclose(place, 0.1 * np.array(amide.GetConformer().GetAtomPosition(b)))
    # The amide is the same in both, the ring is turned over.
    assert matches[0].referenceAtoms != matches[1].referenceAtoms
    assert matches[0].referenceAtoms == Core(amide).match("Fc1cccc(C(=O)NCc2ccccc2)c1")[0].referenceAtoms


def testSubstituentsComeWhereTheReferenceHasSome():
    reference = embed("Clc1ccc(CC)cc1")
    match = Core(reference, "c1ccccc1").match("Brc1ccc(N)cc1")[0]
    places = dict(zip(match.atoms, match.referenceAtoms))
    assert {places[1], places[4]} == {1, 4}
    # The same element decides before any.
    match = Core(reference, "c1ccccc1").match("Clc1ccc(N)cc1")[0]
    assert dict(zip(match.atoms, match.referenceAtoms))[1] == 1


def testSymmetricWaysCountOnce(amide):
    assert len(Core(amide).match("c1ccccc1")) == 1
    assert len(Core(amide, "c1ccccc1").match("Clc1ccccc1")) == 6


def testFragmentsWithDummyAtomsChargesAndHydrogens():
    fragment = embed("[1*]c1ccc(C(=O)O)cc1")
    match = Core(fragment).match("CC(C)c1ccc(cc1)C(=O)[O-]")[0]
    assert match.atoms == (3, 4, 5, 6, 7, 8, 9, 10, 11) and 0 not in match.referenceAtoms


@pytest.mark.parametrize("reference, smiles, size", [
    # A saturated ring is not laid onto an aromatic one, as RDKit's comparison of bond orders would.
    ("OC1CCCCC1C(=O)NC", "O=C(NC)c1ccccc1O", 5), ("CC(C)N1CCCCC1", "CC(C)Nc1ccccc1", 3),
    # Nor the rim of two rings onto another one whose inner bond is elsewhere.
    ("O=C(Cc1nc2ccccc2o1)C(=O)NC", "O=c1oc2c(c(=O)n1-c1ccccc1)CC1(CCCCC1)C2", 6),
    # A chain is not laid onto a ring that it does not close.
    ("CCC", "CCCC1CC1", 3)])
def testWhatDoesNotFitIsNotCommon(reference, smiles, size):
    pose, target = embed(reference), Chem.MolFromSmiles(smiles)
    for match in Core(pose).match(smiles):
        assert len(match.atoms) == size
        places = dict(zip(match.atoms, match.referenceAtoms))
        for a in places:
            for b in places:
                ours, theirs = target.GetBondBetweenAtoms(a, b), pose.GetBondBetweenAtoms(places[a], places[b])
                assert (ours is None) == (theirs is None)
                assert ours is None or ours.GetBondType() == theirs.GetBondType()


def testMinimisedReferencesHaveTheSameBonds():
    """RDKit's MMFF94 changes the aromatic bonds of what it minimises: those of a pyrimidinone are none to it."""
    pose = embed("COC(=O)Cc1c(C)nc2nc[nH]n2c1=O")
    expected = Core(pose).match("Cc1cc(=O)n2[nH]cnc2n1")
    aromatic = sum(bond.GetIsAromatic() for bond in pose.GetBonds())
    AllChem.MMFFOptimizeMolecule(pose)
    assert sum(bond.GetIsAromatic() for bond in pose.GetBonds()) != aromatic
    found = Core(pose).match("Cc1cc(=O)n2[nH]cnc2n1")
    assert [m.referenceAtoms for m in found] == [m.referenceAtoms for m in expected] and len(found[0].atoms) == 11


def testReferencesOfAllKinds(tmp_path, amide):
    path = tmp_path / "pose.sdf"
    Chem.MolToMolFile(amide, str(path))
    expected = Core(amide).match("Cc1ccc(cc1)C(=O)N")[0]
    positions = amide.GetConformer().GetPositions()
    for reference in (path, str(path), (amide, unit.Quantity(positions, unit.angstrom)), (amide, 0.1 * positions)):
        found = Core(reference).match("Cc1ccc(cc1)C(=O)N")[0]
        assert found.atoms == expected.atoms and np.allclose(found.positions, expected.positions, atol=1e-5)
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule("CCO"))
    ensemble._core.addConformer(np.arange(27.0).reshape(9, 3))
    for reference in (ensemble, ensemble[0]):
        assert np.allclose(Core(reference).match("CCCO")[0].positions, np.arange(9.0).reshape(3, 3))
    places = Core({2: [1, 2, 3], 0: unit.Quantity([1, 2, 3], unit.angstrom)}).match("CCO")[0]
    assert places.atoms == (0, 2) and np.allclose(places.positions, [[0.1, 0.2, 0.3], [1, 2, 3]])
    again = pickle.loads(pickle.dumps(Core(amide)))
    assert again.digest == Core(amide).digest != Core(amide, "c1ccccc1").digest
    assert again.match("Cc1ccc(cc1)C(=O)N")[0].atoms == expected.atoms


@pytest.mark.parametrize("make, text", [
    (lambda: Core(Chem.MolFromSmiles("CCO")), "coordinates in three dimensions, got one without a conformer"),
    (lambda: Core("pose.pdb"), "ends in .sdf or .mol, got 'pose.pdb'"),
    (lambda: Core("nowhere.sdf"), "nowhere.sdf"),
    (lambda: Core(embed("CCO"), "not smarts("), "a pattern that RDKit reads, got 'not smarts\\('"),
    (lambda: Core({}), "place of at least one atom"), (lambda: Core({-1: [0, 0, 0]}), "from 0 to"),
    (lambda: Core({0: [0, 0]}), "shape"), (lambda: Core({0: [0, 0, 0]}, "C"), "smarts with a reference molecule"),
    (lambda: Core(("CCO", np.zeros((4, 3)))), "positions of the 9 atoms of .CCO., got 4"),
    (lambda: Core({30: [0, 0, 0]}).match("CCO"), "atoms below 9, those of .CCO., got 30"),
    (lambda: Core(embed("c1ccccc1")).match("CCO"), "at least 3 heavy atoms that .CCO. has in common .* smarts="),
    (lambda: Core(embed("CO")).match("CCO"), "at least 3 heavy atoms that .CCO. has in common .* got 2;"),
    (lambda: Core(embed("CCO"), "[OH]").match("CCN"), "expected .CCN. to have the core '\\[OH\\]'"),
    (lambda: Core(embed("CCN"), "[OH]").match("CCO"), "expected the reference to have the core '\\[OH\\]'")])
def testWhatIsNoCore(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def testOtherTypesAreRefused():
    with pytest.raises(TypeError, match="an rdkit.Chem.Mol with a conformer, .* got int"):
        Core(7)

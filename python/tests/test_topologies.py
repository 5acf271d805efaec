# SPDX-License-Identifier: MIT
"""Molecules from an openmm.app.Topology: ligands by SMILES, peptides by residue, complete ones as they are."""
import numpy as np
import openmm
import pytest
from openmm import app
from rdkit import Chem

import openmmorbit
from openmmorbit import writers


def toTopology(mol, residueName="LIG"):
    """Write an RDKit molecule as a Topology without bond orders, in its atom order."""
    topology = app.Topology()
    residue = topology.addResidue(residueName, topology.addChain())
    atoms = [topology.addAtom(f"{a.GetSymbol()}{a.GetIdx()}", app.Element.getByAtomicNumber(a.GetAtomicNum()), residue)
             for a in mol.GetAtoms()]
    for bond in mol.GetBonds():
        topology.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
    return topology


@pytest.mark.parametrize("smiles", ["CC(=O)Oc1ccccc1C(=O)O", "C[C@H](N)C(=O)O", "F/C=C\\Cl", "C[N+](C)(C)CC(=O)[O-]",
                                    "c1cc2c[nH]cc2nc1", "O=[N+]([O-])c1ccc(S(N)(=O)=O)cc1", "C[C@@H]1C[C@H](O)CN1"])
@pytest.mark.parametrize("hydrogens", [True, False])
@pytest.mark.filterwarnings("ignore:the Topology")
def testLigandBySmiles(smiles, hydrogens):
    mol = Chem.MolFromSmiles(smiles)
    mol = Chem.AddHs(mol) if hydrogens else mol
    mol = Chem.RenumberAtoms(mol, np.random.default_rng(4).permutation(mol.GetNumAtoms()).tolist())
    topology = toTopology(mol)
    graph = openmmorbit.readMolecule(topology, smiles={"LIG": smiles})
    elements = [a.GetAtomicNum() for a in mol.GetAtoms()]
    assert [a.element for a in graph.atoms][:len(elements)] == elements
    assert Chem.CanonSmiles(graph.smiles) == Chem.CanonSmiles(smiles)
    assert [a.name for a in graph.atoms][:len(elements)] == [a.name for a in topology.atoms()]
    assert openmmorbit.readMolecule((topology, {"LIG": smiles})).smiles == graph.smiles


@pytest.mark.parametrize("sequence, smiles", [
    ("AG", "C[C@H]([NH3+])C(=O)NCC(=O)[O-]"), ("FD", None), ("HWK", None), ("CYRQ", None), ("PLT", None)])
def testPeptideByResidueNames(sequence, smiles):
    mol = Chem.MolFromSequence(sequence)
    topology, atoms = app.Topology(), []
    chain, residues = topology.addChain(), {}
    for atom in mol.GetAtoms():
        info = atom.GetPDBResidueInfo()
        number = info.GetResidueNumber()
        if number not in residues:
            residues[number] = topology.addResidue(info.GetResidueName(), chain)
        atoms.append(topology.addAtom(info.GetName().strip(), app.Element.getByAtomicNumber(atom.GetAtomicNum()),
                                      residues[number]))
    for bond in mol.GetBonds():
        topology.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
    with pytest.warns(UserWarning, match="hydrogens"):
        graph = openmmorbit.readMolecule(topology)
    assert Chem.CanonSmiles(graph.smiles) == Chem.MolToSmiles(mol)
    # OpenMM's own hydrogens: charged ends and side chains.
    modeller = app.Modeller(topology, np.random.default_rng(1).normal(size=(mol.GetNumAtoms(), 3)))
    modeller.addHydrogens(app.ForceField("amber14-all.xml"), platform=openmm.Platform.getPlatform("Reference"))
    charged = openmmorbit.readMolecule(modeller.topology)
    assert charged.numAddedHydrogens == 0
    assert len(charged.tetrahedral) == len(graph.tetrahedral)
    charge = sum(a.formalCharge for a in charged.atoms)
    assert charge == sum({"K": 1, "R": 1, "D": -1, "E": -1}.get(letter, 0) for letter in sequence)
    if smiles:
        assert Chem.CanonSmiles(charged.smiles) == Chem.CanonSmiles(smiles)


@pytest.mark.parametrize("smiles", ["CC(=O)N(C)C#N", "CC(=O)Oc1ccccc1C(=O)O", "Cc1c[nH]c2ccncc12"])
def testOurOwnTopologyIsComplete(smiles):
    graph = openmmorbit.readMolecule(smiles)
    again = openmmorbit.readMolecule(writers.makeTopology(graph))
    assert again.smiles == graph.smiles and [a.name for a in again.atoms] == [a.name for a in graph.atoms]


def testHydrogensThatLackAreAppended():
    modeller = app.Modeller(openmmorbit.Ensemble(openmmorbit.readMolecule("CCO")).topology, np.zeros((9, 3)))
    modeller.delete(list(modeller.topology.atoms())[-2:])
    with pytest.warns(UserWarning, match="lacked 2 hydrogens"):
        graph = openmmorbit.readMolecule(modeller.topology)
    assert graph.smiles == "CCO" and graph.numAddedHydrogens == 2
    with pytest.raises(ValueError, match="hydrogen"):
        openmmorbit.readMolecule(modeller.topology, addHydrogens=False)


def testResiduesOfAnotherChainLinkAndKeepTheirSmiles():
    """A capped residue of its own: its SMILES has hydrogens where the bonds to its neighbours are."""
    mol = Chem.AddHs(Chem.MolFromSmiles("CC(=O)N[C@H](C1CC1)C(=O)NC"))
    kinds = {}
    for atom in mol.GetAtoms():
        heavy = atom if atom.GetAtomicNum() > 1 else atom.GetNeighbors()[0]
        kinds[atom.GetIdx()] = "ACE" if heavy.GetIdx() < 3 else "NME" if heavy.GetIdx() > 9 else "CPG"
    assert sorted(kinds.values()) == ["ACE"] * 6 + ["CPG"] * (mol.GetNumAtoms() - 12) + ["NME"] * 6
    linked = app.Topology()
    chain = linked.addChain()
    atoms = {}
    names = {0: "CH3", 1: "C", 2: "O", 10: "N", 11: "C"}
    for name in ("ACE", "CPG", "NME"):
        residue = linked.addResidue(name, chain)
        for atom in mol.GetAtoms():
            if kinds[atom.GetIdx()] == name:
                element = app.Element.getByAtomicNumber(atom.GetAtomicNum())
                atoms[atom.GetIdx()] = linked.addAtom(names.get(atom.GetIdx(), f"X{atom.GetIdx()}"), element, residue)
    for bond in mol.GetBonds():
        linked.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
    graph = openmmorbit.readMolecule(linked, smiles={"CPG": "N[C@H](C1CC1)C=O"})
    assert Chem.CanonSmiles(graph.smiles) == Chem.CanonSmiles("CC(=O)N[C@H](C1CC1)C(=O)NC")
    assert len(graph.tetrahedral) == 1 and graph.numAddedHydrogens == 0


def testRefusals():
    mol = Chem.AddHs(Chem.MolFromSmiles("CC(=O)O"))
    topology = toTopology(mol)
    with pytest.raises(ValueError, match='bond orders.*residue LIG.*smiles={"LIG"'):
        openmmorbit.readMolecule(topology)
    with pytest.raises(ValueError, match='residue LIG.*4 heavy atoms.*"CCO" .3 heavy'):
        openmmorbit.readMolecule(topology, smiles={"LIG": "CCO"})
    with pytest.raises(ValueError, match='residue LIG.*"CC.=O..O-."'):
        openmmorbit.readMolecule(topology, smiles={"LIG": "CC(=O)[O-]"})
    with pytest.raises(ValueError, match='"XYZ"'):
        openmmorbit.readMolecule(topology, smiles={"LIG": "CC(=O)O", "XYZ": "C"})
    with pytest.raises(ValueError, match="valid SMILES.*bad"):
        openmmorbit.readMolecule(topology, smiles={"LIG": "bad("})
    with pytest.raises(ValueError, match="at least 1 atom"):
        openmmorbit.readMolecule(app.Topology())

# SPDX-License-Identifier: MIT
"""Molecules from an openmm.app.Topology: ligands by SMILES, peptides by residue, complete ones as they are."""
import numpy as np
import openmm
import pytest
from openmm import app, unit
from rdkit import Chem

import openmmorbit
from openmmorbit.io import conversions


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
    again = openmmorbit.readMolecule(conversions.makeTopology(graph))
    assert again.smiles == graph.smiles and [a.name for a in again.atoms] == [a.name for a in graph.atoms]


def testHydrogensThatLackAreAppended():
    modeller = app.Modeller(openmmorbit.Ensemble(openmmorbit.readMolecule("CCO")).topology, np.zeros((9, 3)))
    modeller.delete(list(modeller.topology.atoms())[-2:])
    with pytest.warns(UserWarning, match="lacked 2 hydrogens"):
        graph = openmmorbit.readMolecule(modeller.topology)
    assert graph.smiles == "CCO" and graph.numAddedHydrogens == 2
    with pytest.raises(ValueError, match="hydrogen"):
        openmmorbit.readMolecule(modeller.topology, addHydrogens=False)


def makeCapped(smiles, name):
    """A residue between ACE (heavy atoms 0 to 2) and NME (the last two): a Topology without bond orders."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    numHeavy = mol.GetNumHeavyAtoms()
    kinds = {}
    for atom in mol.GetAtoms():
        heavy = atom if atom.GetAtomicNum() > 1 else atom.GetNeighbors()[0]
        kinds[atom.GetIdx()] = "ACE" if heavy.GetIdx() < 3 else "NME" if heavy.GetIdx() > numHeavy - 3 else name
    linked = app.Topology()
    chain = linked.addChain()
    atoms = {}
    names = {0: "CH3", 1: "C", 2: "O", numHeavy - 2: "N", numHeavy - 1: "C"}
    for kind in ("ACE", name, "NME"):
        residue = linked.addResidue(kind, chain)
        for atom in mol.GetAtoms():
            if kinds[atom.GetIdx()] == kind:
                element = app.Element.getByAtomicNumber(atom.GetAtomicNum())
                atoms[atom.GetIdx()] = linked.addAtom(names.get(atom.GetIdx(), f"X{atom.GetIdx()}"), element, residue)
    for bond in mol.GetBonds():
        linked.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
    return linked


@pytest.mark.parametrize("whole, name, smiles", [
    ("CC(=O)N[C@H](C1CC1)C(=O)NC", "CPG", "N[C@H](C1CC1)C=O"),  # hydrogens where the bonds to the neighbours are
    ("CC(=O)N[C@H](C1CC1)C(=O)NC", "CPG", "N[C@H](C1CC1)C(=O)O"),  # the free amino acid of dictionaries
    ("CC(=O)N[C@@H](COP(=O)(O)O)C(=O)NC", "SEP", "C([C@@H](C(=O)O)N)OP(=O)(O)O"),
    ("CC(=O)N[C@@H](Cc1ccc(OP(=O)(O)O)cc1)C(=O)NC", "PTR", "c1cc(ccc1C[C@@H](C(=O)O)N)OP(=O)(O)O"),
    ("CC(=O)N1C[C@H](O)C[C@H]1C(=O)NC", "HYP", "C1[C@H](CN[C@@H]1C(=O)O)O")])
def testResiduesInAChainBySmiles(whole, name, smiles):
    graph = openmmorbit.readMolecule(makeCapped(whole, name), smiles={name: smiles})
    assert Chem.CanonSmiles(graph.smiles) == Chem.CanonSmiles(whole)
    assert len(graph.tetrahedral) == whole.count("[C@") and graph.numAddedHydrogens == 0


symmetricSkeletons = ["CC(=O)CCC(C)O", "c1ccc2[nH]cnc2c1", "C1CNCC=N1", "CC=CCCC", "C/C=C/CC/C=C\\C"]
harmlessSymmetry = ["CC(=O)O", "CC(C)(C)C(F)(F)F", "O=[N+]([O-])c1ccccc1", "COP(=O)(O)O", "NS(=O)(=O)c1ccccc1",
                    "C[n+]1ccn(C)c1", "NC(=[NH2+])N", "N[C@H]1CC[C@H](O)CC1", "N[C@H]1CC[C@@H](O)CC1",
                    "O[C@H](C(=O)O)[C@@H](O)C(=O)O", "O[C@H](C(=O)O)[C@H](O)C(=O)O", "C/C=C/CC/C=C/C",
                    "C[C@H]1CC[C@@H](C)CC1", "C[C@H](F)N[C@H]1CC[C@H](O)CC1", "C1C[C@@]2(C1)C[C@H]2CO",
                    "Cc1ccccc1", "O=C(c1ccccc1)c1ccccc1", "CN(C)C=O"]


@pytest.mark.filterwarnings("ignore:the Topology")
@pytest.mark.parametrize("smiles", [*symmetricSkeletons, *harmlessSymmetry])
def testSymmetricSkeletons(smiles):
    """Without hydrogens nothing tells a ketone from an alcohol at the other end of the same skeleton."""
    mol = Chem.MolFromSmiles(smiles)
    mol = Chem.RenumberAtoms(mol, list(range(mol.GetNumAtoms()))[::-1])
    if smiles in harmlessSymmetry:
        graph = openmmorbit.readMolecule(toTopology(mol), smiles={"LIG": smiles})
        assert Chem.CanonSmiles(graph.smiles) == Chem.CanonSmiles(smiles)
    else:
        with pytest.raises(ValueError, match="on the atoms of residue LIG 1, got [2-9] that differ.*rdkit.Chem.Mol"):
            openmmorbit.readMolecule(toTopology(mol), smiles={"LIG": smiles})
    if smiles == "C/C=C/CC/C=C\\C":
        return
    whole = Chem.AddHs(mol)
    graph = openmmorbit.readMolecule(toTopology(whole), smiles={"LIG": smiles})
    assert Chem.CanonSmiles(graph.smiles) == Chem.CanonSmiles(smiles)
    counts = [sum(graph.atoms[b.atom2 if b.atom1 == i else b.atom1].element == 1 for b in graph.bonds
                  if i in (b.atom1, b.atom2)) for i in range(mol.GetNumAtoms())]
    assert counts == [atom.GetTotalNumHs() for atom in mol.GetAtoms()] and graph.numAddedHydrogens == 0


@pytest.mark.filterwarnings("ignore:the Topology")
def testKnownOrdersTellTheEndsApart():
    mol = Chem.RenumberAtoms(Chem.MolFromSmiles("CC(=O)CCC(C)O"), list(range(8))[::-1])
    topology = toTopology(mol)
    ordered = app.Topology()
    residue = ordered.addResidue("LIG", ordered.addChain())
    atoms = [ordered.addAtom(atom.name, atom.element, residue) for atom in topology.atoms()]
    for bond in mol.GetBonds():
        ordered.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()],
                        order=int(bond.GetBondTypeAsDouble()))
    graph = openmmorbit.readMolecule(ordered, smiles={"LIG": "CC(=O)CCC(C)O"})
    orders = {frozenset((b.atom1, b.atom2)): b.order for b in graph.bonds}
    assert orders[frozenset((5, 6))] == openmmorbit.orbit.BondOrder_Double


def testALigandWithoutBonds():
    topology = app.Topology()
    residue = topology.addResidue("LIG", topology.addChain(), "7")
    for name in ("C1", "O1"):
        topology.addAtom(name, app.Element.getBySymbol(name[0]), residue)
    for smiles in ({}, {"LIG": "CO"}):
        with pytest.raises(ValueError, match="expected bonds between the atoms of residue LIG 7, got 2.*CONECT"):
            openmmorbit.readMolecule(topology, smiles=smiles)


def makePeptide():
    """Alanine and glycine in two chains' worth of names, with the residue information of a PDB file."""
    mol = Chem.AddHs(Chem.MolFromSequence("AG"), addResidueInfo=True)
    for atom in mol.GetAtoms():
        atom.GetPDBResidueInfo().SetChainId("B")
        atom.GetPDBResidueInfo().SetResidueNumber(atom.GetPDBResidueInfo().GetResidueNumber() + 40)
    order = sorted(range(mol.GetNumAtoms()), key=lambda i: mol.GetAtomWithIdx(i).GetPDBResidueInfo().GetResidueNumber())
    return Chem.RenumberAtoms(mol, order)


def describe(topology):
    return [(atom.residue.chain.id, atom.residue.name, atom.residue.id, atom.name) for atom in topology.atoms()]


@pytest.mark.parametrize("kind", ["Topology", "Mol"])
def testResiduesAndNamesComeBack(kind, makeGenerator, tmp_path):
    mol = makePeptide()
    infos = [atom.GetPDBResidueInfo() for atom in mol.GetAtoms()]
    expected = [("B", info.GetResidueName(), str(info.GetResidueNumber()), info.GetName().strip()) for info in infos]
    source = mol
    if kind == "Topology":
        source, residues = app.Topology(), {}
        chain = source.addChain("B")
        for atom, (_, name, number, atomName) in zip(mol.GetAtoms(), expected):
            residue = residues.setdefault(number, None) or source.addResidue(name, chain, number)
            residues[number] = residue
            source.addAtom(atomName, app.Element.getByAtomicNumber(atom.GetAtomicNum()), residue)
        atoms = list(source.atoms())
        for bond in mol.GetBonds():
            source.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
    ensemble = makeGenerator().generate(source, 2)
    assert describe(ensemble.topology) == expected and ensemble.topology.getNumResidues() == 2
    ensemble.writePDB(tmp_path / "a.pdb")
    lines = [line for line in (tmp_path / "a.pdb").read_text().splitlines() if line.startswith(("ATOM", "HETATM"))]
    found = [(line[21], line[17:20].strip(), line[22:26].strip(), line[12:16].strip()) for line in lines]
    assert found == 2 * expected
    ensemble.writePDBx(tmp_path / "a.cif")
    again = app.PDBxFile(str(tmp_path / "a.cif")).topology
    assert [entry[:3] for entry in describe(again)] == [entry[:3] for entry in expected]
    modeller = app.Modeller(app.Topology(), [])
    ensemble.addTo(modeller)
    assert describe(modeller.topology) == expected
    assert ensemble[:1].topology.getNumResidues() == 2


@pytest.mark.filterwarnings("ignore:the Topology")
def testAppendedHydrogensKeepTheOrderOfAtoms(makeGenerator):
    modeller = app.Modeller(openmmorbit.Ensemble(openmmorbit.readMolecule("CCO")).topology, np.zeros((9, 3)))
    next(modeller.topology.residues()).name = "LIG"
    modeller.delete(list(modeller.topology.atoms())[-2:])
    topology = makeGenerator().generate(modeller.topology, 1).topology
    assert [residue.name for residue in topology.residues()] == ["LIG"] and topology.getNumAtoms() == 9
    peptide = Chem.MolFromSequence("AG")
    for atom in peptide.GetAtoms():
        atom.GetPDBResidueInfo().SetChainId("A")
    topology = makeGenerator().generate(peptide, 1).topology
    assert [residue.name for residue in topology.residues()] == ["ALA", "GLY", "UNL"]
    assert [atom.index for atom in topology.atoms()] == list(range(topology.getNumAtoms()))


def testConformersAreAddedApart(makeGenerator):
    ensemble, modeller = makeGenerator().generate("CCO", 2), app.Modeller(app.Topology(), [])
    for index in (0, 1, 0):
        ensemble.addTo(modeller, index)
    ensemble.addTo(modeller, position=[0, 5, 0])
    ensemble.addTo(modeller, position=unit.Quantity([0, 50, 1], unit.angstrom))
    points = np.array(modeller.positions.value_in_unit(unit.nanometer)).reshape(5, 9, 3)
    for a in range(3):
        for b in range(a):
            assert np.linalg.norm(points[a][:, None] - points[b][None], axis=-1).min() > 0.4
    assert np.allclose(points[3].mean(axis=0), [0, 5, 0]) and np.allclose(points[4].mean(axis=0), [0, 5, 0.1])
    assert np.allclose(points[0], ensemble[0].positions._value)
    with pytest.raises(ValueError, match="three finite numbers"):
        ensemble.addTo(modeller, position=[0, 1])


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

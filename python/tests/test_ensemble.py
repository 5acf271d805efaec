# SPDX-License-Identifier: MIT
"""The Ensemble: units, slices, Contexts, RDKit, OpenFF, files that other programs read back."""
import copy
import sys

import numpy as np
import openmm
import pytest
from openmm import app, unit
from rdkit import Chem
from rdkit.Chem import AllChem
from rdkit.Chem.rdMolTransforms import GetDihedralDeg

import openmmorbit
from openmmorbit import orbit, writers


def embed(smiles, number=3):
    """Make an ensemble with RDKit's conformers: exact positions without a trained model."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    settings = AllChem.ETKDGv3()
    settings.randomSeed = 5
    assert len(AllChem.EmbedMultipleConfs(mol, number, settings)) == number
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule(mol), mol)
    for conformer in mol.GetConformers():
        ensemble._core.addConformer(unit.Quantity(conformer.GetPositions(), unit.angstrom))
    return ensemble, mol


@pytest.fixture(scope="module")
def alanine():
    return embed("C[C@H](N)C(=O)O", 4)


def testPositionsCarryUnits(alanine):
    ensemble, mol = alanine
    assert ensemble.positions.unit == unit.nanometer and ensemble.positions.shape == (4, 13, 3)
    expected = np.array([c.GetPositions() for c in mol.GetConformers()])
    assert np.allclose(ensemble.positions.value_in_unit(unit.angstrom), expected, atol=1e-12)
    assert ensemble[1].positions.shape == (13, 3)
    assert np.allclose(ensemble[1].positions.value_in_unit(unit.angstrom), expected[1], atol=1e-12)


def testSlices(alanine):
    ensemble, _ = alanine
    everything = ensemble.positions._value
    for key in (slice(1, 3), slice(None, None, 2), slice(None, None, -1), [2, 0], np.array([True, False, False, True])):
        part = ensemble[key]
        assert isinstance(part, openmmorbit.Ensemble)
        assert np.array_equal(part.positions._value, everything[key])
    assert np.array_equal(ensemble[-1].positions._value, everything[3])
    assert [conformer.index for conformer in ensemble] == [0, 1, 2, 3]
    with pytest.raises(IndexError, match="0 to 3, got 4"):
        ensemble[4]


def testEmptySelections(alanine):
    ensemble, _ = alanine
    for key in ([], np.array([]), slice(0, 0)):
        part = ensemble[key]
        assert isinstance(part, openmmorbit.Ensemble) and len(part) == 0
    with pytest.raises(IndexError, match="got index 0; the ensemble is empty"):
        ensemble[[]][0]


@pytest.mark.parametrize("core", ["CCO", None, 3])
def testAnEnsembleIsNotMadeOfAnything(core):
    with pytest.raises(TypeError, match=f"got {type(core).__name__}; ConformerGenerator.generate"):
        openmmorbit.Ensemble(core)


@pytest.mark.parametrize("mirrored, condition", [(True, "GFN2-xTB"), (False, "")])
def testSDFCarriesTheProvenance(alanine, tmp_path, mirrored, condition):
    ensemble, mol = alanine
    provenance = openmmorbit.orbit.ConformerProvenance()
    provenance.seed, provenance.numResamplings, provenance.numEvaluations = 7, 2, 36
    provenance.mirrored, provenance.condition = mirrored, condition
    marked = openmmorbit.Ensemble(ensemble.graph)
    marked._core.addConformer(ensemble[0].positions, openmmorbit.orbit.ConformerStatus(), provenance)
    marked.writeSDF(str(tmp_path / "a.sdf"))
    found = next(iter(Chem.SDMolSupplier(str(tmp_path / "a.sdf"), removeHs=False))).GetPropsAsDict()
    assert (found["ORBIT_SEED"], found["ORBIT_REDRAWS"], found["ORBIT_EVALUATIONS"]) == (7, 2, 36)
    assert found["ORBIT_MIRRORED"] == ("yes" if mirrored else "no")
    assert found["ORBIT_CONDITION"] == (condition or "none") and found["ORBIT_STATUS"] == "ok"


def testWithoutRDKitTheWayOutIsNamed(alanine, monkeypatch):
    ensemble, mol = alanine
    monkeypatch.setitem(sys.modules, "rdkit", None)
    for call in (ensemble.toRDKit, lambda: openmmorbit.readMolecule(mol)):
        with pytest.raises(ImportError, match=r"pip install rdkit.*\[chem\]"):
            call()
    assert openmmorbit.readMolecule(ensemble.topology).smiles == "CC(N)C(=O)O"  # Topologies tell no handedness.


def testNamesOfAtomsAreKeptIfUnique():
    peptide = Chem.AddHs(Chem.MolFromSequence("G"), addResidueInfo=True)
    names = [atom.GetPDBResidueInfo().GetName().strip() for atom in peptide.GetAtoms()]
    assert names[:2] == ["N", "CA"] and len(set(names)) == len(names)
    assert [atom.name for atom in openmmorbit.readMolecule(peptide).atoms] == names
    mol = Chem.MolFromSmiles("CO")
    for atom, name in zip(mol.GetAtoms(), ("H1", "OX")):
        atom.SetProp("_Name", name)
    with pytest.warns(UserWarning, match="lacked 4"):
        graph = openmmorbit.readMolecule(mol)
    found = [atom.name for atom in graph.atoms]
    assert found[:2] == ["H1", "OX"] and len(set(found)) == 6
    for atom in mol.GetAtoms():
        atom.SetProp("_Name", "X")
    with pytest.warns(UserWarning, match="lacked 4"):
        assert [atom.name for atom in openmmorbit.readMolecule(mol).atoms][:2] == ["C1", "O1"]


def tagAxis(mol, tag):
    """Tag the one bond between two rings."""
    (axis,) = [bond for bond in mol.GetBonds() if bond.GetBeginAtom().IsInRing() and bond.GetEndAtom().IsInRing()
               and not bond.IsInRing()]
    ends = (axis.GetBeginAtom(), axis.GetEndAtom())
    axis.SetStereoAtoms(*(next(n.GetIdx() for n in a.GetNeighbors() if n.GetIdx() != b.GetIdx())
                          for a, b in (ends, ends[::-1])))
    axis.SetStereo(tag)


@pytest.mark.parametrize("smiles", ["Cc1cccc(F)c1-c1c(Cl)cccc1Br", "Cc1cccc(C(C)(C)C)c1N1C(=O)C=CC(C)=C1C",
                                    "Oc1ccc2ccccc2c1-c1c(N)ccc2ccccc12"])
def testAtropisomerTagsMeanWhatRDKitEmbeds(smiles):
    tags = (Chem.BondStereo.STEREOATROPCW, Chem.BondStereo.STEREOATROPCCW)
    for seed in range(4):
        mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
        mol = Chem.RenumberAtoms(mol, np.random.default_rng(seed).permutation(mol.GetNumAtoms()).tolist())
        graphs, positions = [], []
        for tag in tags:
            tagged = Chem.RWMol(mol)
            tagAxis(tagged, tag)
            assert AllChem.EmbedMolecule(tagged, randomSeed=seed + 1) == 0
            graphs.append(openmmorbit.readMolecule(tagged.GetMol()))
            positions.append(tagged.GetConformer().GetPositions().ravel())
        for i in range(2):
            assert "1 axis>" in repr(graphs[i])
            for k in range(2):
                assert orbit.checkConformer(graphs[i], positions[k]).stereoCorrect == (i == k)


def testBothHandsOfABiarylAreGenerated():
    mol = Chem.AddHs(Chem.MolFromSmiles("Cc1cccc(F)c1-c1c(Cl)cccc1Br"))
    generator, dihedrals = openmmorbit.ConformerGenerator(), []
    for tag in (Chem.BondStereo.STEREOATROPCW, Chem.BondStereo.STEREOATROPCCW):
        tagged = Chem.RWMol(mol)
        tagAxis(tagged, tag)
        ensemble = generator.generate(tagged.GetMol(), numConformers=4, seed=5)
        assert len(ensemble) == 4
        record = ensemble.graph.torsional[0]
        written = ensemble.toRDKit()
        axis = written.GetBondBetweenAtoms(*record.atoms[1:3])
        assert axis.GetStereo() == tag
        again = openmmorbit.readMolecule(written)
        assert {r.kind for r in again.torsional} == {r.kind for r in ensemble.graph.torsional}
        sides = [min(n.GetIdx() for n in a.GetNeighbors() if n.GetIdx() != b.GetIdx())
                 for a, b in ((axis.GetBeginAtom(), axis.GetEndAtom()), (axis.GetEndAtom(), axis.GetBeginAtom()))]
        dihedrals.append([GetDihedralDeg(conformer, sides[0], axis.GetBeginAtomIdx(), axis.GetEndAtomIdx(), sides[1])
                          for conformer in written.GetConformers()])
    assert min(dihedrals[0]) > 20 and max(dihedrals[1]) < -20


def testConformersOutliveTheirEnsemble(alanine):
    ensemble, _ = alanine
    part = ensemble[:1]
    graph, status, positions = part.graph, part[0].status, part[0].positions
    del part
    assert graph.getFormula() == "C3H7NO2" and status.isAccepted() and np.isfinite(positions._value).all()


def testTopology(alanine):
    ensemble, mol = alanine
    atoms = list(ensemble.topology.atoms())
    assert [a.element.atomic_number for a in atoms] == [a.GetAtomicNum() for a in mol.GetAtoms()]
    assert len({a.name for a in atoms}) == len(atoms)
    orders = {frozenset((b[0].index, b[1].index)): b.order for b in ensemble.topology.bonds()}
    for bond in mol.GetBonds():
        assert orders[frozenset((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))] == int(bond.GetBondTypeAsDouble())


def testApplyToContext(alanine):
    ensemble, _ = alanine
    system = openmm.System()
    for _ in range(ensemble.numAtoms):
        system.addParticle(12.0)
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    ensemble.applyTo(context, 2, temperature=300 * unit.kelvin, seed=3)
    state = context.getState(positions=True, velocities=True)
    assert np.allclose(state.getPositions(asNumpy=True)._value, ensemble[2].positions._value, atol=1e-6)
    assert np.abs(state.getVelocities(asNumpy=True)._value).max() > 0.05
    # The box, the time and the step count stay; a State that knows none of them would change them.
    context.setPeriodicBoxVectors(*np.diag([5.0, 6.0, 7.0]))
    context.setTime(3.5)
    context.setStepCount(42)
    context.setState(ensemble.state(1, context))
    assert context.getTime() == 3.5 * unit.picosecond and context.getStepCount() == 42
    assert np.diag(context.getState().getPeriodicBoxVectors(asNumpy=True)._value).tolist() == [5, 6, 7]
    with pytest.raises(ValueError, match=r"expected a Context.*call state\(1, context\)"):
        ensemble.state(1)
    found = context.getState(positions=True).getPositions(asNumpy=True)._value
    assert np.allclose(found, ensemble[1].positions._value, atol=1e-6)


@pytest.mark.parametrize("temperature", [-5, float("nan"), -1 * unit.kelvin])
def testTemperatureIsRefused(alanine, temperature):
    with pytest.raises(ValueError, match="temperature of at least 0 K, got"):
        alanine[0].applyTo(None, 0, temperature=temperature)


def testApplyToPartOfContext(alanine):
    ensemble, _ = alanine
    system = openmm.System()
    for _ in range(ensemble.numAtoms + 2):
        system.addParticle(12.0)
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    start = np.random.default_rng(1).normal(5.0, 0.1, (ensemble.numAtoms + 2, 3))
    context.setPositions(start)
    ensemble.applyTo(context, 0, particles=range(2, ensemble.numAtoms + 2))
    found = context.getState(positions=True).getPositions(asNumpy=True)._value
    assert np.allclose(found[:2], start[:2], atol=1e-6)
    assert np.allclose(found[2:].mean(axis=0), start[2:].mean(axis=0), atol=1e-6)
    shape = ensemble[0].positions._value
    assert np.allclose(found[2:] - found[2:].mean(axis=0), shape - shape.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("smiles", ["C[C@H](N)C(=O)O", "F/C=C\\F", "C/C=C/[C@@H](F)Cl", "c1cc[nH]c1", "C[N+](C)(C)C",
                                    "O=[N+]([O-])c1ccccc1", "CS(=O)(=O)N", "[2H]C(Cl)(Br)I", "C1C[C@H]2CC[C@@H]1C2",
                                    "CC(F)Cl", "CC=CC", "c1ccc2[nH]c3ccccc3c2c1"])
def testRDKitRoundTrip(smiles):
    ensemble, mol = embed(smiles, 1)
    back = ensemble.toRDKit()
    assert [a.GetAtomicNum() for a in back.GetAtoms()] == [a.GetAtomicNum() for a in mol.GetAtoms()]
    assert Chem.MolToSmiles(Chem.RemoveHs(back)) == Chem.CanonSmiles(smiles)
    assert np.allclose(back.GetConformer().GetPositions(), mol.GetConformer().GetPositions(), atol=1e-9)


def testAtomOrderOfTheCallerIsKept():
    mol = Chem.AddHs(Chem.MolFromSmiles("C[C@@](F)(Cl)/C=C/Br"))
    order = np.random.default_rng(2).permutation(mol.GetNumAtoms()).tolist()
    mol = Chem.RenumberAtoms(mol, order)
    graph = openmmorbit.readMolecule(mol)
    assert [a.element for a in graph.atoms] == [a.GetAtomicNum() for a in mol.GetAtoms()]
    bonds = {frozenset((b.atom1, b.atom2)) for b in graph.bonds}
    assert bonds == {frozenset((b.GetBeginAtomIdx(), b.GetEndAtomIdx())) for b in mol.GetBonds()}
    assert len(graph.tetrahedral) == 1 and len(graph.torsional) >= 1
    assert len({a.name for a in graph.atoms}) == graph.getNumAtoms()


@pytest.mark.filterwarnings("ignore:the RDKit molecule")
def testHydrogensThatAreOnlyCountedKeepTheHandedness():
    for seed in range(8):
        mol = Chem.MolFromSmiles("C[C@H](N)C(=O)O")
        mol = Chem.RenumberAtoms(mol, np.random.default_rng(seed).permutation(6).tolist())
        for atom in mol.GetAtoms():
            atom.SetNoImplicit(False)
            atom.SetNumExplicitHs(0)
        mol.UpdatePropertyCache()
        assert openmmorbit.readMolecule(mol).smiles == "C[C@H](N)C(=O)O"


def testMissingHydrogensAreAnnounced():
    mol = Chem.MolFromSmiles("CCO")
    with pytest.warns(UserWarning, match="lacked 6 hydrogens"):
        assert openmmorbit.readMolecule(mol).getNumAtoms() == 9
    with pytest.raises(ValueError, match="hydrogen"):
        openmmorbit.readMolecule(mol, addHydrogens=False)


class OpenFFLike:
    """Has what we use of openff.toolkit.Molecule."""

    def __init__(self, mol):
        self.mol, self.conformers, self.n_atoms = mol, [], mol.GetNumAtoms()

    def to_rdkit(self):
        return self.mol

    def add_conformer(self, positions):
        self.conformers.append(positions)

    def __deepcopy__(self, memo):
        return OpenFFLike(Chem.Mol(self.mol))


def testOpenFFMoleculeGetsItsConformersBack(alanine):
    ensemble, mol = alanine
    source = OpenFFLike(mol)
    again = openmmorbit.Ensemble(copy.copy(ensemble._core), source)
    molecule = again.toOpenFF()
    assert isinstance(molecule, OpenFFLike) and molecule is not source and source.conformers == []
    assert len(molecule.conformers) == 4
    assert openmmorbit.readMolecule(source).getNumAtoms() == 13


@pytest.mark.parametrize("ending", [".sdf", ".sdf.gz"])
def testSDFIsReadBack(alanine, tmp_path, ending):
    ensemble, _ = alanine
    path = str(tmp_path / f"a{ending}")
    ensemble.writeSDF(path)
    if ending == ".sdf":
        found = list(Chem.SDMolSupplier(path, removeHs=False))
        assert len(found) == 4 and all(m.GetNumAtoms() == 13 for m in found)
        assert np.allclose(found[2].GetConformer().GetPositions(), 10 * ensemble[2].positions._value, atol=1e-4)
        assert all(Chem.MolToSmiles(Chem.RemoveHs(m)) == "C[C@H](N)C(=O)O" for m in found)
    graphs = list(openmmorbit.readMolecules(path))
    assert [g.getFormula() for g in graphs] == ["C3H7NO2"] * 4


def testPDBAndPDBxAreReadBack(alanine, tmp_path):
    ensemble, _ = alanine
    ensemble.writePDB(str(tmp_path / "a.pdb"))
    ensemble.writePDBx(str(tmp_path / "a.cif"))
    for read in (app.PDBFile(str(tmp_path / "a.pdb")), app.PDBxFile(str(tmp_path / "a.cif"))):
        assert read.getNumFrames() == 4
        assert np.allclose(read.getPositions(asNumpy=True, frame=3)._value, ensemble[3].positions._value, atol=1.1e-4)
        assert [a.element for a in read.topology.atoms()] == [a.element for a in ensemble.topology.atoms()]


def testDCDHasAllFrames(alanine, tmp_path):
    ensemble, _ = alanine
    path = tmp_path / "a.dcd"
    ensemble.writeDCD(str(path))
    data = path.read_bytes()
    assert int.from_bytes(data[8:12], "little") == 4
    first = np.frombuffer(data[-4 * (13 + 2) * 3:], dtype="<f4").reshape(3, 15)[:, 1:14].T
    assert np.allclose(first, 10 * ensemble[3].positions._value, atol=1e-4)


def testModeller(alanine):
    ensemble, _ = alanine
    other, _ = embed("O", 1)
    modeller = app.Modeller(other.topology, other[0].positions)
    ensemble.addTo(modeller, 1)
    assert modeller.topology.getNumAtoms() == 16
    residues = list(modeller.topology.residues())
    turned = np.array(modeller.positions._value)[:, [1, 2, 0]] + 3.0
    modeller.positions = unit.Quantity(turned, unit.nanometer)
    ensemble.place(modeller, residues[1], 1)
    assert np.allclose(np.array(modeller.positions._value), turned, atol=1e-9)
    ensemble.place(modeller, residues[1], 2)
    placed = np.array(modeller.positions._value)
    assert np.allclose(placed[:3], turned[:3]) and not np.allclose(placed[3:], turned[3:], atol=1e-3)
    distances = [np.linalg.norm(x[:, None] - x[None], axis=-1) for x in (placed[3:], ensemble[2].positions._value)]
    assert np.allclose(*distances, atol=1e-9)
    with pytest.raises(ValueError, match="got 3 atoms of other elements"):
        ensemble.place(modeller, residues[0])
    with pytest.raises(ValueError, match="one residue named 'UNL', got 2"):
        ensemble.place(modeller, "UNL")


def testEmptyEnsembleIsNotWritten(alanine, tmp_path):
    ensemble, _ = alanine
    for write in (writers.writeSDF, writers.writePDB, writers.writePDBx, writers.writeDCD):
        with pytest.raises(ValueError, match="at least one conformer"):
            write(ensemble[:0], str(tmp_path / "none"))


@pytest.mark.parametrize("smiles", [
    "C[P@](CC)c1ccccc1", "C[P@@](CC)c1ccccc1", "C[S@](=O)CC", "C[S@@](=O)c1ccccc1", "C[S@](=O)(=N)CC",
    "CC[N@+](C)(CCC)c1ccccc1", "C[N@]1C[C@H]1C", "C[N@@]1C[C@H]1C", "C/C=N/O", "C/C=N\\O", "C/N=N/C",
    "C/N=N\\c1ccccc1", "C/C(=N/C)c1ccccc1", "F/C=C\\Cl", "C[C@H](O)/C=C/[C@@H](N)C", "[O-][S@+](C)CC",
    "C[Si@](F)(Cl)CC", "C[As@](CC)c1ccccc1", "C[P@](=O)(CC)OC", "C[Se@](=O)CC", "N/C(=N\\O)c1ccccc1"])
def testTagsAreThoseOfTheRequest(smiles):
    """Whatever the coordinates are: here there are none, and random ones."""
    ensemble = openmmorbit.Ensemble(openmmorbit.readMolecule(smiles))
    for _ in range(2):
        mol = ensemble.toRDKit()
        assert Chem.MolToSmiles(Chem.RemoveHs(mol)) == Chem.CanonSmiles(smiles)
        again, graph = openmmorbit.readMolecule(mol), ensemble.graph
        assert again.smiles == graph.smiles
        assert [(r.center, r.neighbors) for r in again.tetrahedral] == [(r.center, r.neighbors)
                                                                        for r in graph.tetrahedral]
        assert [(r.kind, r.atoms) for r in again.torsional] == [(r.kind, r.atoms) for r in graph.torsional]
        ensemble._core.addConformer(np.random.default_rng(2).normal(size=(ensemble.numAtoms, 3)))

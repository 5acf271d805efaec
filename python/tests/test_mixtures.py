# SPDX-License-Identifier: MIT
"""Salts and mixtures: fragments generated one by one and placed apart, in all formats, with energies and in a box."""
import re

import numpy as np
import openmm
import pytest
from conftest import runCli
from openmm import app, unit
from rdkit import Chem

import openmmorbit
from openmmorbit import mixtures
from openmmorbit.io import recordformats
from openmmorbit.viewer.files import readScenes

ISOMERIC = "C[NH2+]C[C@H](O)c1ccccc1.[Cl-]"


def gaps(ensemble):
    """Get the distances between the atoms of any two fragments: the least one of each conformer, in nm."""
    fragments, x = mixtures.findFragments(ensemble.graph), ensemble.positions._value
    return np.min([np.linalg.norm(x[:, a][:, :, None] - x[:, b][:, None], axis=-1).min(axis=(1, 2))
                   for index, a in enumerate(fragments) for b in fragments[:index]], axis=0)


@pytest.fixture(scope="module")
def salt():
    return openmmorbit.ConformerGenerator(threads=1).generate(ISOMERIC, 3, seed=5, fragments="apart")


@pytest.mark.parametrize("smiles, sizes", [
    ("CC(=O)[O-].[Na+]", [7, 1]), ("CCO.O.O", [9, 3, 3]), ("[Na+].[Cl-]", [1, 1]), ("C1.CC1O.[K+]", [12, 1]),
    ("CC(=O)[O-].[Ca+2].CC(=O)[O-]", [7, 1, 7])])
def testFragmentsStandApart(makeGenerator, smiles, sizes):
    ensemble = makeGenerator().generate(smiles, 3, seed=2, fragments="apart")
    fragments = mixtures.findFragments(ensemble.graph)
    assert len(ensemble) == 3 and [len(atoms) for atoms in fragments] == sizes
    assert Chem.CanonSmiles(ensemble.graph.smiles) == Chem.CanonSmiles(smiles)
    assert (gaps(ensemble) >= 0.4 - 1e-6).all()
    x = ensemble.positions._value
    assert np.allclose(x.mean(axis=1), 0, atol=1e-9)
    # In a row: the next one begins behind the end of the one before, in every conformer.
    for before, behind in zip(fragments, fragments[1:]):
        assert np.allclose(x[:, behind, 0].min(axis=1) - x[:, before, 0].max(axis=1), mixtures.DISTANCE, atol=1e-6)
    residues = list(ensemble.topology.residues())
    assert [len(list(residue.atoms())) for residue in residues] == sizes
    assert [residue.name != "UNL" for residue in residues] == [size == 1 for size in sizes]


def testFragmentsHaveTheConformersOfTheMolecule(makeGenerator):
    """The first one gets the noise that it has alone; equal ones get different noise."""
    generator = makeGenerator()
    alone = generator.generate("CC(=O)[O-]", 2, seed=4).positions._value
    both = generator.generate("CC(=O)[O-].CC(=O)[O-].[Ca+2]", 2, seed=4, fragments="apart").positions._value

    def distances(x):
        return np.linalg.norm(x[:, :, None] - x[:, None], axis=-1)

    assert np.allclose(distances(both[:, :7]), distances(alone), atol=1e-6)
    assert not np.allclose(distances(both[:, 7:14]), distances(alone), atol=1e-3)


def testRecordsOfManyMolecules(makeGenerator):
    inputs = ["CCO", "CC(=O)[O-].[Na+]", "bad(", "CCN.Cl", "CO"]
    results = list(makeGenerator().generateMany(inputs, 2, seed=5, progress=False, fragments="apart"))
    assert [result.index for result in results] == [0, 1, 2, 3, 4]
    assert [result.ensemble and result.ensemble.numAtoms for result in results] == [9, 8, None, 12, 6]
    assert results[3].ensemble.provenance[1].record == 3 and results[3].ensemble.provenance[1].copy == 1
    refused = list(makeGenerator().generateMany(inputs[:2], 2, seed=5, progress=False))
    assert "2 fragments" in str(refused[1].error)
    assert np.array_equal(refused[0].ensemble.positions._value, results[0].ensemble.positions._value)


@pytest.mark.parametrize("ending", ["sdf", "xyz", "mol2"])
def testFilesOfSalts(salt, tmp_path, ending):
    path = tmp_path / f"a.{ending}"
    openmmorbit.writeEnsembles(salt, path)
    for mode, smiles in (("apart", ISOMERIC), ("largest", ISOMERIC.split(".")[0])):
        found = list(openmmorbit.readMolecules(path, fragments=mode))
        assert [graph.smiles for graph in found] == [smiles]*3
    assert all("2 fragments" in str(error) for error in openmmorbit.readMolecules(path))


@pytest.mark.parametrize("ending", ["sdf", "xyz", "mol2"])
def testFilesOfSaltsAreShown(salt, tmp_path, ending):
    openmmorbit.writeEnsembles(salt, tmp_path / f"a.{ending}")
    scenes, messages = readScenes([tmp_path / f"a.{ending}"])
    assert messages == [] and len(scenes) == 1 and scenes[0].total == 3
    assert np.shape(scenes[0].positions) == (3, salt.numAtoms, 3)


@pytest.mark.parametrize("smiles", ["CC(=O)[O-].[Na+]", ISOMERIC, "CCN.Cl", "C[NH3+].CS(=O)(=O)[O-]",
                                    "CC(=O)[O-].CC(=O)[O-].[Ca+2]", "OC(=O)CC(=O)[O-].C[NH3+]"])
def testFramesOfXYZWithoutSmiles(tmp_path, smiles):
    """Charges of ions are known, those of the others are the ones next to 0 that fit."""
    ensemble = openmmorbit.ConformerGenerator(threads=1).generate(smiles, 2, seed=5, fragments="apart")
    openmmorbit.writeEnsembles(ensemble, tmp_path / "a.xyz")
    text = re.sub(r' smiles="[^"]*"', "", (tmp_path / "a.xyz").read_text())
    (tmp_path / "b.xyz").write_text(text)
    found = list(openmmorbit.readMolecules(tmp_path / "b.xyz", fragments="apart"))
    assert [graph.smiles for graph in found] == [entry.smiles for entry in ensemble]
    (tmp_path / "c.xyz").write_text(re.sub(r"charge=\S+", "charge=7", text))
    assert "whose charges of 7 in total are clear, got" in str(next(openmmorbit.readMolecules(tmp_path / "c.xyz")))


def testALoneAtomOfUnknownCharge(tmp_path):
    (tmp_path / "a.xyz").write_text("4\n\nFe 5 5 5\nO 0 0 0\nH 0.96 0 0\nH -0.24 0.93 0\n")
    (error,) = openmmorbit.readMolecules(tmp_path / "a.xyz", fragments="apart")
    assert "expected single atoms of a known charge, got Fe1, to which no atom is bonded; name the" in str(error)


@pytest.mark.parametrize("comment", ["", 'smiles="[Na+].[O-]C=O"'])
def testAContactPairIsNoBond(tmp_path, comment):
    """Sodium formate as in its crystal: sodium is as far from both oxygens as from a neighbour by a bond."""
    (tmp_path / "a.xyz").write_text(f"5\n{comment}\nC 0 0 0\nH 0 1.1 0\nO 1.12 -0.57 0\nO -1.12 -0.57 0\n"
                                    "Na 0 -2.55 0\n")
    (graph,) = openmmorbit.readMolecules(tmp_path / "a.xyz", fragments="apart")
    assert Chem.CanonSmiles(graph.smiles) == Chem.CanonSmiles("[Na+].[O-]C=O")


def testAnRDKitMoleculeKeepsItsOrder(makeGenerator):
    mol = Chem.AddHs(Chem.MolFromSmiles("CC(=O)[O-].[Na+]"))
    ensemble = makeGenerator().generate(mol, 2, seed=3, fragments="apart")
    assert [atom.element for atom in ensemble.graph.atoms] == [6, 6, 8, 8, 11, 1, 1, 1]
    assert ensemble.topology.getNumResidues() == 1 and (gaps(ensemble) > 0.39).all()
    back = ensemble.toRDKit()
    assert back.GetNumConformers() == 2 and len(Chem.GetMolFrags(back)) == 2


def testOpenStereo(makeGenerator):
    generator = makeGenerator()
    with pytest.warns(openmmorbit.OpenStereoWarning, match="centre C2"):
        generator.generate("CC(F)Cl.[Na+]", 1, fragments="apart")
    isomers = generator.generate("CC(F)Cl.[Na+]", 1, fragments="apart", stereo="enumerate")
    assert sorted(entry.graph.smiles for entry in isomers) == ["C[C@@H](F)Cl.[Na+]", "C[C@H](F)Cl.[Na+]"]
    with pytest.raises(ValueError, match="open centre C2"):
        generator.generate("CC(F)Cl.[Na+]", 1, fragments="apart", stereo="refuse")


def testEnergiesAreThoseOfTheFragments(salt):
    fragments = mixtures.splitGraph(salt.graph)
    (atoms, cation), (ion, _) = fragments
    alone = openmmorbit.Ensemble(cation)
    for positions in salt.positions:
        alone._core.addConformer(positions[atoms])
    assert np.allclose(salt.energies("MMFF94")._value, alone.energies("MMFF94")._value, atol=1e-9)
    relaxed, own = salt.relax("MMFF94").states, alone.relax("MMFF94").states
    assert np.allclose(relaxed.energies("MMFF94")._value, own.energies("MMFF94")._value, atol=1e-6)
    assert np.allclose(relaxed.positions._value[:, ion], salt.positions._value[:, ion], atol=1e-12)
    assert len(relaxed.sort().prune(0.05*unit.nanometer)) >= 1


def testASaltInABox(salt):
    forceField = openmmorbit.ligandForceField("mmff94", salt)
    modeller = app.Modeller(salt.topology, salt[0].positions)
    modeller.addSolvent(forceField, padding=0.5*unit.nanometer)
    system = forceField.createSystem(modeller.topology, nonbondedMethod=app.PME, nonbondedCutoff=0.5*unit.nanometer)
    force = next(force for force in system.getForces() if isinstance(force, openmm.NonbondedForce))
    charges = [force.getParticleParameters(index)[0]._value for index in range(force.getNumParticles())]
    assert sum(charges) == pytest.approx(0, abs=1e-9)
    assert {residue.name for residue in modeller.topology.residues()} == {"UNL", "CL", "HOH"}


def testGraphsOfSeveralFragments(makeGenerator):
    graph = openmmorbit.readMolecule(ISOMERIC, fragments="apart")
    with pytest.raises(ValueError, match='got 2 fragments in the graph of .*; give fragments="apart" or "largest"'):
        makeGenerator().generate(graph, 1)
    assert openmmorbit.readMolecule(graph, fragments="largest").getNumAtoms() == graph.getNumAtoms() - 1
    assert makeGenerator().generate(graph, 1, fragments="apart", stereo="mixed").numAtoms == graph.getNumAtoms()
    with pytest.raises(ValueError, match="fragment 1 of .*, C2H5At: "):
        makeGenerator().generate("CC[At].[Na+]", 1, fragments="apart")
    strict = makeGenerator(check=True, maxRedraws=0, fallback="none")
    with pytest.raises(openmm.OpenMMException, match="fragment 2 of .*, C2H6O: .*expected 1 correct conformer"):
        strict.generate("[Na+].CCO", 1, seed=1, fragments="apart")
    with pytest.raises(ValueError, match="fragments of 'refuse', 'largest', 'apart', got 'all'"):
        openmmorbit.readMolecule("CCO", fragments="all")


def testTheCommand(smallModel, tmp_path, capsys):
    smallModel.save(str(tmp_path / "model.safetensors"))
    (tmp_path / "a.smi").write_text("CCO one\nCC(=O)[O-].[Na+] two\n")
    rest = ["--model", tmp_path / "model.safetensors", "--platform", "Reference", "--steps", 1, "--no-check", "-n", 2,
            "--seed", 3, "--fragments", "apart"]
    assert runCli(capsys, "conformers", tmp_path / "a.smi", "-o", tmp_path / "a.sdf", *rest)[0] == 0
    assert runCli(capsys, "conformers", tmp_path / "a.smi", "-o", tmp_path / "b.sdf", *rest, "--processes", 1)[0] == 0
    assert (tmp_path / "a.sdf").read_bytes() == (tmp_path / "b.sdf").read_bytes()
    mols = list(Chem.SDMolSupplier(str(tmp_path / "a.sdf"), removeHs=False))
    assert [mol.GetProp("_Name") for mol in mols] == ["one", "one", "two", "two"] and mols[3].GetNumAtoms() == 8


@pytest.mark.parametrize("smiles, kept", [
    (ISOMERIC, ISOMERIC.split(".")[0]), ("[13CH3]CO.[Na+].[Cl-]", "[13CH3]CO"), ("OCC([2H])[2H].CCO", "OCC([2H])[2H]"),
    ("C/C=C/C(=O)[O-].[K+]", "C/C=C/C(=O)[O-]")])
def testTheLargestFragmentOfAGraphHasItsSmiles(makeGenerator, smiles, kept):
    graph = openmmorbit.readMolecule(smiles, fragments="apart")
    found = openmmorbit.readMolecule(graph, fragments="largest")
    assert found.smiles == openmmorbit.readMolecule(kept).smiles
    ensemble = makeGenerator(unfamiliar="ignore").generate(graph, 1, seed=1, fragments="largest")
    assert ensemble[0].smiles == found.smiles and f"> <SMILES>\n{found.smiles}\n" in recordformats.sdfRecords(ensemble)

# SPDX-License-Identifier: MIT
"""From one SMILES to an ensemble of minima: isomers, start geometries, checks, pruning, GFN2-xTB."""
import gzip
from dataclasses import replace

import numpy as np
import pytest
from ensembles import mmff
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit.data import datasets, minima, quantum, recipes
from openmmorbit.data.settings import EnsembleOutcome, EnsembleSettings, MoleculeFailure


def testStereoisomersAreEnumerated():
    assert recipes.enumerateTasks("CC(F)C(O)Cl", 10) == sorted(
        {"C[C@@H](F)[C@@H](O)Cl", "C[C@@H](F)[C@H](O)Cl", "C[C@H](F)[C@@H](O)Cl", "C[C@H](F)[C@H](O)Cl"})
    assert len(recipes.enumerateTasks("CC(F)C(O)Cl", 3)) == 3
    assert recipes.enumerateTasks("C[C@H](F)Cl") == ["C[C@H](F)Cl"]
    for smiles in ("bad(", "O.O", "*C", ""):
        with pytest.raises(ValueError):
            recipes.enumerateTasks(smiles)


def testForeignElementsAreNamed(tmp_path):
    with pytest.raises(ValueError, match="the networks do not know Fe, Li"):
        recipes.enumerateTasks("[Li]C[Fe]")
    assert recipes.makeEnsemble("C[Se]C", mmff).reason == "MMFF94s has no parameters for Se; use the level gfn2"
    assert recipes.makeEnsemble("CB(O)O", mmff).reason.startswith("MMFF94s has no parameters for B;")
    assert recipes.makeEnsemble("CS(F)(F)(F)(F)F", mmff).reason.startswith("MMFF94s has no parameters;")
    report = openmmorbit.makeDataset(["[Fe]", "CO"], tmp_path, mmff, processes=1, progress=False)
    assert report.numMolecules == 1 and report.reasons == {"the networks do not know Fe": 1}


def testAnEnsembleOfMMFF():
    outcome = recipes.makeEnsemble("C[C@H](N)CO", mmff)
    assert outcome.reason == "" and outcome.numConformers >= 2
    assert outcome.records == recipes.makeEnsemble("C[C@H](N)CO", mmff).records
    supplier = Chem.SDMolSupplier()
    supplier.SetData(gzip.decompress(outcome.records).decode(), removeHs=False)
    mols = list(supplier)
    assert len(mols) == outcome.numConformers
    energies = [float(mol.GetProp("REL_E_KCAL")) for mol in mols]
    assert energies == sorted(energies) and energies[0] == 0 and energies[-1] <= 6
    assert sum(float(mol.GetProp("BOLTZ_W")) for mol in mols) == pytest.approx(1, abs=1e-3)
    for mol in mols:
        Chem.AssignStereochemistryFrom3D(mol, 0, True)
        assert Chem.MolToSmiles(Chem.RemoveHs(mol)) == "C[C@H](N)CO" == mol.GetProp("SMILES")


def testPruningIsSymmetryAware():
    mol = Chem.AddHs(Chem.MolFromSmiles("FC(F)(F)c1ccccc1"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    match = [m for m in mol.GetSubstructMatches(mol, uniquify=False) if m != tuple(range(mol.GetNumAtoms()))][0]
    conformer = Chem.Conformer(mol.GetConformer())
    conformer.SetPositions(np.ascontiguousarray(mol.GetConformer().GetPositions()[list(match)]))
    mol.AddConformer(conformer, assignId=True)
    assert minima.prune(mol, {0: 1.0, 1: 1.1}, 0.1, 6.0) == [0]
    assert minima.prune(mol, {0: 9.0, 1: 1.1}, 0.1, 6.0) == [1]


def testCentresOutsideTheirNeighboursAreSeen():
    mol = Chem.AddHs(Chem.MolFromSmiles("C[Si](C)(C)C"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    request, outcome = Chem.MolFromSmiles("C[Si](C)(C)C"), EnsembleOutcome("x")
    assert list(minima.keepUnchanged(mol, {0: 0.0}, request, outcome)) == [0]
    # Silicon in the plane of three of its neighbours, nearly: all bonds are still short enough.
    positions = mol.GetConformer().GetPositions()
    positions[1] += 0.54 * (positions[1] - positions[0]) / np.linalg.norm(positions[1] - positions[0])
    mol.GetConformer().SetPositions(positions)
    assert minima.isConnectivityKept(mol, positions)
    with pytest.raises(MoleculeFailure, match="a centre outside its neighbours"):
        minima.keepUnchanged(mol, {0: 0.0}, request, outcome)


def testBrokenBondsAreSeen():
    mol = Chem.AddHs(Chem.MolFromSmiles("CCO"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    positions = mol.GetConformer().GetPositions()
    assert minima.isConnectivityKept(mol, positions)
    positions[0] += 1.0
    assert not minima.isConnectivityKept(mol, positions)


@pytest.mark.parametrize("engine", ["xtb", "tblite"])
def testGFN2(engine):
    mol = Chem.AddHs(Chem.MolFromSmiles("CO"))
    AllChem.EmbedMolecule(mol, randomSeed=1)
    raw = quantum.energy(mol, mol.GetConformer().GetPositions(), engine)
    value, positions = quantum.minimum(mol, mol.GetConformer().GetPositions(), engine)
    assert value < raw < value + 20
    assert quantum.energy(mol, positions, engine) == pytest.approx(value, abs=0.02)
    outcome = recipes.makeEnsemble("OCCO", EnsembleSettings(numStarts=4, maxMinima=2, engine=engine))
    assert outcome.reason == "" and 1 <= outcome.numConformers <= 2
    settings = EnsembleSettings(numStarts=0, modelStarts=2, engine=engine)
    outcome = recipes.makeEnsemble("OCCO", settings)
    assert outcome.reason == "" and outcome.numMinimised == 2


@pytest.mark.parametrize("smiles, centre, others", [
    ("CC[P@](C)c1ccccc1", 2, (1, 3, 4)), ("CC[P@@](C)c1ccccc1", 2, (1, 4, 3)), ("CC[S@](C)=O", 2, (1, 3, 4)),
    ("CCC[S@+](C)CC", 3, (2, 4, 5)), ("C[P@H]F", 1, (0, 2, 6))])
def testCentresOfThreeNeighbours(smiles, centre, others):
    outcome = recipes.makeEnsemble(smiles, mmff)
    assert outcome.reason == "" and outcome.smiles == Chem.CanonSmiles(smiles)
    supplier = Chem.SDMolSupplier()
    supplier.SetData(gzip.decompress(outcome.records).decode(), removeHs=False)
    for mol in supplier:
        assert mol.GetNumAtoms() > 6 and {a.GetIdx() for a in mol.GetAtomWithIdx(centre).GetNeighbors()} == set(others)
        # From the first of them the others, in this order, go against the clock.
        positions = mol.GetConformer().GetPositions()
        assert np.linalg.det(positions[list(others)] - positions[centre]) > 0


def testGFN2NeedsNoForceField():
    smiles = "CCC(C)=[Se]"
    assert not AllChem.UFFHasAllMoleculeParams(Chem.AddHs(Chem.MolFromSmiles(smiles)))
    assert recipes.makeEnsemble(smiles, mmff).reason == "MMFF94s has no parameters for Se; use the level gfn2"
    settings = EnsembleSettings(numStarts=3, maxMinima=2, engine="tblite")
    outcome = recipes.makeEnsemble(smiles, settings)
    assert outcome.reason == "" and outcome.numMinimised == 2
    mol = Chem.MolFromMolBlock(gzip.decompress(outcome.records).decode().split("$$$$")[0], removeHs=False)
    assert np.linalg.norm(np.subtract(*mol.GetConformer().GetPositions()[[2, 4]])) == pytest.approx(1.77, abs=0.04)


def testStartsOfAModel(tmp_path):
    settings = EnsembleSettings("mmff", numStarts=0, modelStarts=4)
    outcome = recipes.makeEnsemble("C[C@H](O)CCN", settings)
    assert outcome.reason == "" and outcome.numMinimised >= outcome.numConformers > 1
    assert recipes.makeEnsemble("C[C@H](O)CCN", settings).records == outcome.records
    both = recipes.makeEnsemble("C[C@H](O)CCN", EnsembleSettings("mmff", 6, 40, modelStarts=4))
    assert both.numMinimised > outcome.numMinimised
    # Where one source of geometries fails the other one goes on; where both fail the reason has both.
    missing = replace(settings, model="nowhere.safetensors")
    unknown = recipes.makeEnsemble("CCO", missing)
    assert "no start geometry (model: " in unknown.reason and "nowhere.safetensors" in unknown.reason
    assert recipes.makeEnsemble("CCO", replace(missing, numStarts=2)).reason == ""
    with pytest.raises(ValueError, match="numStarts or modelStarts above 0"):
        EnsembleSettings(numStarts=0)
    # Other weights are other settings.
    datasets.makeDataset(["CCO"], tmp_path / "set", settings, processes=1, progress=False)
    with pytest.raises(ValueError, match="expected model = .*another folder"):
        datasets.makeDataset(["CCO"], tmp_path / "set", replace(settings, model="conformer-fast"), progress=False)

# SPDX-License-Identifier: MIT
"""Energies and minima of many copies with MMFF94 and UFF, beside RDKit's own calls and the System of MMFF94."""
import os
import signal
import threading
import time

import numpy as np
import pytest
from openmm import unit
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit import chem, molecules
from openmmorbit.simulation import forcefields
from openmmorbit.simulation.forcefields import KJ_PER_KCAL, fieldEnergies, fieldMinimize


def embed(smiles, number=4, seed=7):
    """Get a molecule with conformers, and their positions in nm."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMultipleConfs(mol, number, randomSeed=seed)
    return mol, np.array([conformer.GetPositions() for conformer in mol.GetConformers()]) / 10


@pytest.mark.parametrize("smiles", ["CC(=O)Oc1ccccc1C(=O)O", "C[NH2+]CC([O-])=O", "CN1CCCC1c1cccnc1", "O"])
@pytest.mark.parametrize("variant", ["MMFF94", "MMFF94s"])
def testEnergiesAreThoseOfTheSystem(smiles, variant):
    mol, positions = embed(smiles)
    found = fieldEnergies(mol, unit.Quantity(positions, unit.nanometer), variant)
    system = openmmorbit.mmffSystem(mol, variant)
    expected = openmmorbit.potentialEnergies(positions, system, platform="Reference")._value
    assert found.shape == (len(positions),) and np.allclose(found, expected, rtol=1e-4, atol=0.02)


#: Charged, aromatic, strained and linear ones, with S, P, Si and halogens, and planar centres.
VARIED = ["C", "[H]O[H]", "C#N", "CC#CC", "C=C=C", "[O-]c1ccccc1", "C[N+](C)(C)C", "c1cc[nH]c1", "C1CC1", "C1CC2CC1C2",
          "C12C3C4C1C5C2C3C45", "CS(=O)(=O)N",
          "CSSC", "O=S1CCCC1", "COP(=O)(O)OC", "CP(C)C", "C[Si](C)(C)C", "FC(F)(F)Br",
          "Clc1ccccc1I", "O=[N+]([O-])c1ccccc1", "CN=[N+]=[N-]", "C[N+]#[C-]", "NC(N)=[NH2+]", "O=C1NC=CC(=O)N1",
          "c1ccc2[nH]cnc2c1", "c1ccsc1", "O=c1cc[nH]cc1", "CC(=O)[O-]", "C1=CC=CC=CC=C1", "OO", "NN", "O=C=O",
          "C[C@H](N)C(=O)O", "c1ccoc1", "CNC(=S)N", "C1CN1", "C1CO1", "OCl(=O)(=O)=O", "[NH3+]CC[S-]", "CC(=O)N(C)O"]


@pytest.mark.parametrize("variant", ["MMFF94", "MMFF94s"])
def testEnergiesAndForcesAreThoseOfRDKit(variant):
    for smiles in VARIED:
        mol, positions = embed(smiles, 3)
        properties = AllChem.MMFFGetMoleculeProperties(mol, mmffVariant=variant)
        fields = [AllChem.MMFFGetMoleculeForceField(mol, properties, nonBondedThresh=1e5, confId=index)
                  for index in range(len(positions))]
        own = chem.MMFFForceField(molecules.toGraph(mol)[0], variant)
        assert np.allclose(own.computeEnergies(positions) / KJ_PER_KCAL, [field.CalcEnergy() for field in fields],
                           rtol=0, atol=1e-6), smiles
        assert np.allclose(own.computeForces(positions) / (10 * KJ_PER_KCAL),
                           -np.concatenate([field.CalcGrad() for field in fields]), rtol=1e-6, atol=1e-5), smiles
        assert np.allclose(own.computeEnergyTerms(positions).reshape(-1, 7).sum(axis=1),
                           own.computeEnergies(positions), atol=1e-9)


def testInstructionSetsAgree(monkeypatch):
    mol, positions = embed("CC(=O)Oc1ccccc1C(=O)O", 5)
    graph = molecules.toGraph(mol)[0]
    widest = chem.MMFFForceField(graph)
    monkeypatch.setenv("ORBIT_CPU_ISA", "portable")
    portable = chem.MMFFForceField(graph)
    assert portable.getInstructionSet() == "portable" and "MMFF94, 21 atoms, portable" in repr(portable)
    assert np.allclose(portable.computeForces(positions), widest.computeForces(positions), rtol=1e-9, atol=1e-7)
    minima = portable.minimize(positions)
    assert np.allclose(minima.energies, widest.minimize(positions).energies, atol=0.05)
    assert repr(minima) == "<MMFFMinima: 5 copies, 5 of them converged>"
    monkeypatch.setenv("ORBIT_CPU_ISA", "vax")
    with pytest.raises(ValueError, match='^MMFFForceField: expected ORBIT_CPU_ISA to be one of portable.*got "vax"$'):
        chem.MMFFForceField(graph)


def testMostMinimaAreThoseOfRDKit():
    same = total = 0
    for smiles in ("CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CC(=O)Oc1ccccc1C(=O)O", "C[NH2+]CCC([O-])=O", "OC1CCCCC1"):
        mol, positions = embed(smiles, 20)
        _, energies, converged = fieldMinimize(mol, positions, "MMFF94", maxIterations=2000)
        found = AllChem.MMFFOptimizeMoleculeConfs(mol, maxIters=2000)
        same += np.sum(np.abs(energies / KJ_PER_KCAL - [energy for _, energy in found]) < 0.01)
        total += len(positions)
        assert converged.all()
    assert same >= 0.9 * total


@pytest.mark.parametrize("field", ["MMFF94", "MMFF94s", "UFF"])
def testMinimaAreThoseOfRDKit(field):
    mol, positions = embed("CN1CCCC1c1cccnc1")
    minima, energies, converged = fieldMinimize(mol, positions, field, maxIterations=2000)
    assert converged.all() and converged.dtype == bool and minima.shape == positions.shape
    assert (energies < fieldEnergies(mol, positions, field)).all()
    assert np.allclose(fieldEnergies(mol, minima, field), energies, atol=1e-6)
    own = Chem.Mol(mol)
    expected = AllChem.UFFOptimizeMoleculeConfs(own, maxIters=2000) if field == "UFF" else \
        AllChem.MMFFOptimizeMoleculeConfs(own, maxIters=2000, mmffVariant=field)
    known = np.array([energy for _, energy in expected])
    assert np.abs(energies[:, np.newaxis] / KJ_PER_KCAL - known).min(axis=1).max() < 0.02


@pytest.mark.parametrize("field", ["MMFF94", "UFF"])
def testBlocksMakeNoDifference(field, monkeypatch):
    mol, positions = embed("CC(=O)NCCO", 21)
    whole = fieldMinimize(mol, positions, field)
    monkeypatch.setattr(forcefields, "BLOCK_SECONDS", 1e-9)
    for found, expected in zip(fieldMinimize(mol, positions, field), whole):
        assert np.array_equal(found, expected)


@pytest.mark.parametrize("field, copies", [("MMFF94", 40_000), ("UFF", 4000)])
def testCtrlCEndsAMinimization(field, copies):
    mol, positions = embed("CC(C)Cc1ccc(cc1)C(C)C(=O)O", 4)
    many = np.tile(positions, (copies // 4, 1, 1))
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    begin = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        fieldMinimize(mol, many, field)
        timer.join()
    assert time.perf_counter() - begin < 0.5 + 4 * forcefields.BLOCK_SECONDS


def testOneStepDoesNotConverge():
    mol, positions = embed("CC(=O)Oc1ccccc1C(=O)O")
    minima, energies, converged = fieldMinimize(mol, positions, "MMFF94", maxIterations=1)
    assert not converged.any() and (energies < fieldEnergies(mol, positions, "MMFF94")).all()
    none = fieldMinimize(mol, positions[:0], "MMFF94")
    assert [len(entry) for entry in none] == [0, 0, 0]
    assert fieldEnergies(mol, positions[:0], "MMFF94").shape == (0,)
    assert np.abs(minima - positions).max() > 1e-4


@pytest.mark.parametrize("call, arguments, words", [
    (fieldEnergies, ("CCO", np.zeros((2, 9, 3)), "GAFF"), ["'MMFF94', 'MMFF94s', 'UFF'", "'GAFF'"]),
    (fieldEnergies, ("CCO", np.zeros((2, 9, 3)), "mmff94"), ["'MMFF94', 'MMFF94s', 'UFF'", "'mmff94'"]),
    (fieldEnergies, ("CCO", np.zeros((2, 8, 3)), "MMFF94"), ["(numCopies, 9, 3)", "(2, 8, 3)"]),
    (fieldEnergies, ("CCO", np.zeros((9, 3)), "MMFF94"), ["(numCopies, 9, 3)", "(9, 3)"]),
    (fieldEnergies, ("CCO", np.full((2, 9, 3), np.nan), "MMFF94"), ["finite", "copy 0 and 1 more"]),
    (fieldMinimize, ("CCO", np.zeros((2, 9, 3)), "MMFF94", 0), ["maxIterations", "got 0"]),
    (fieldEnergies, ("C[Si](C)(C)C#CB(O)O", np.zeros((1, 20, 3)), "MMFF94"), ["atom 6 (B1)", "(--force-field UFF)"]),
    (fieldMinimize, ("C[Hg]C", np.zeros((1, 9, 3)), "MMFF94s"), ["MMFF94s", "atom 1 (Hg1)"]),
])
def testWrongUse(call, arguments, words):
    with pytest.raises(ValueError) as error:
        call(*arguments)
    assert all(word in str(error.value) for word in words), str(error.value)


def testUnitsAreLookedAt():
    mol, positions = embed("CCO")
    angstrom = unit.Quantity(10 * positions, unit.angstrom)
    assert np.allclose(fieldEnergies(mol, angstrom, "UFF"), fieldEnergies(mol, positions, "UFF"))
    with pytest.raises(ValueError, match="nanometer"):
        fieldEnergies(mol, unit.Quantity(positions, unit.kelvin), "UFF")

# SPDX-License-Identifier: MIT
"""MMFF94 as OpenMM forces, through Python: RDKit's energy, ownership, refusals."""
import gc

import openmm
import pytest
from openmm import unit
from rdkit import Chem
from rdkit.Chem import AllChem

import openmmorbit


@pytest.mark.parametrize("variant", ["MMFF94", "MMFF94s"])
@pytest.mark.parametrize("smiles", ["CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O", "CC(=O)Nc1ccccc1", "C[N+](C)(C)CC(=O)[O-]",
                                    "CS(=O)(=O)Nc1nccs1"])
def testEnergyIsThatOfRDKit(smiles, variant):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=3)
    system = openmmorbit.mmffSystem(mol, variant)
    gc.collect()
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(mol.GetConformer().GetPositions() / 10)
    energy = context.getState(energy=True).getPotentialEnergy().value_in_unit(unit.kilocalorie_per_mole)
    field = AllChem.MMFFGetMoleculeForceField(mol, AllChem.MMFFGetMoleculeProperties(mol, mmffVariant=variant))
    assert energy == pytest.approx(field.CalcEnergy(), abs=1e-3)


def testRefusals():
    with pytest.raises(ValueError, match="B1"):
        openmmorbit.mmffSystem("CB")
    with pytest.raises(ValueError, match="UFF"):
        openmmorbit.mmffSystem("C", "UFF")

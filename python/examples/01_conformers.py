# SPDX-License-Identifier: MIT
"""Conformers of one molecule and of many, in ways that other programs read. Usage: 01_conformers.py [FOLDER [MODEL]]"""
import os
import sys

from openmm import unit

import openmmorbit

folder = sys.argv[1] if len(sys.argv) > 1 else "."
model = sys.argv[2] if len(sys.argv) > 2 else None

# A generator holds a model and a platform; it answers any number of molecules.
generator = openmmorbit.ConformerGenerator(model=model)
print(generator)

# One molecule: a SMILES here; an RDKit or OpenFF molecule would keep its atom order.
ensemble = generator.generate("CC(=O)Oc1ccccc1C(=O)O aspirin", numConformers=10, seed=7)
print(ensemble)

# Positions carry units. The first index is the conformer, the second the atom.
positions = ensemble.positions
print("shape", positions.shape, "first atom at", positions[0, 0].in_units_of(unit.angstrom))

# Every conformer knows what the inspection found and where it comes from.
first = ensemble[0]
print("accepted:", first.status.isAccepted(), " redraws:", first.provenance.numRedraws)

# A slice is an ensemble again.
ensemble[:3].writeSDF(os.path.join(folder, "aspirin.sdf"))
ensemble.writePDB(os.path.join(folder, "aspirin.pdb"))

# Many molecules: answers come in the order of the input, and a bad record does not stop the others.
for result in generator.generateMany(["CCO", "c1ccccc1", "not a molecule"], numConformers=3, seed=7, progress=False):
    print(result.index, result.error or result.ensemble)

# SPDX-License-Identifier: MIT
"""Measure how many copies of molecules fit into narrow pockets, with and without the sampler's guidance.

    PYTHONPATH=build/python python tests/benchmarks/measure_pockets.py SMILES_FILE [numMolecules]

A pocket is made for each molecule: carbon atoms of a lattice around a conformer of it, between CLOSE and FAR Angstrom
from its heavy atoms, but on one side of its longest axis: there it is open. A ring system, or the first atoms, of that
conformer is the core; the other atoms are generated. Copies fit if they are accepted and have no clash. Strain: MMFF94
over the minimum that is reached from the copy with the core held.
"""

import sys
import time
import warnings

import numpy as np
from openmm import app
from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem

import openmmorbit
from openmmorbit import orbit
from openmmorbit.pockets import Pocket

CLOSE, FAR, SPACING, COPIES = 3.4, 6.5, 1.6, 10


def makePocket(places):
    """Get a Topology and positions, nm, of carbon atoms around heavy atoms [n][3], Angstrom."""
    middle = places.mean(axis=0)
    axes = np.linalg.svd(places - middle)[2]
    steps = np.arange(-30, 31) * SPACING
    lattice = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3) + middle
    distances = np.linalg.norm(lattice[:, None] - places[None], axis=2).min(axis=1)
    found = lattice[(distances > CLOSE) & (distances < FAR) & ((lattice - middle) @ axes[2] < 1)]
    topology = app.Topology()
    residue = topology.addResidue("POC", topology.addChain())
    for _ in found:
        topology.addAtom("C", app.element.carbon, residue)
    return topology, 0.1 * found


def chooseCore(mol):
    """Get about half of the heavy atoms: a connected part that starts in a ring if there is one."""
    heavy = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
    rings = mol.GetRingInfo().AtomRings()
    core = list(max(rings, key=len)) if rings else heavy[:1]
    for index in core:
        if len(core) >= len(heavy) // 2:
            break
        core += [other.GetIdx() for other in mol.GetAtomWithIdx(index).GetNeighbors()
                 if other.GetAtomicNum() > 1 and other.GetIdx() not in core]
    return core


def measureStrain(ensemble, core):
    """Get the strain of each copy, kcal/mol."""
    mol = ensemble.toRDKit()
    properties = AllChem.MMFFGetMoleculeProperties(mol)
    strains = []
    for index in range(mol.GetNumConformers()):
        field = AllChem.MMFFGetMoleculeForceField(mol, properties, confId=index)
        before = field.CalcEnergy()
        for atom in core:
            field.AddFixedPoint(atom)
        field.Minimize(maxIts=5000)
        strains.append(before - field.CalcEnergy())
    return strains


def measure(generator, molecules, guided):
    """Generate copies of all molecules; get how many fit, of how many molecules any, the strains and the seconds."""
    guide = Pocket.toAvoid
    if not guided:
        Pocket.toAvoid = lambda self: orbit.Pocket()
    fits, strains, start = [], [], time.process_time()
    for mol, core, pocket in molecules:
        places = mol.GetConformer().GetPositions()
        try:
            ensemble = generator.generate(mol, COPIES, seed=5, core={i: 0.1 * places[i] for i in core}, pocket=pocket)
        except Exception as error:
            fits.append(0)
            print("#", Chem.MolToSmiles(Chem.RemoveHs(mol)), str(error)[:200])
            continue
        fits.append(len(ensemble))
        strains += measureStrain(ensemble, core)
    Pocket.toAvoid = guide
    return np.array(fits), strains, time.process_time() - start


def main(path, number):
    """Print the table."""
    RDLogger.DisableLog("rdApp.*")
    warnings.simplefilter("ignore")
    # What is seen of a copy without redraws, and of ten with them.
    generators = [openmmorbit.ConformerGenerator(threads=1, maxRedraws=n) for n in (0, 10)]
    molecules = []
    for result in generators[1].generateMany(openmmorbit.readMolecules(path), 1, seed=9, progress=False):
        if result.ensemble is None or result.ensemble.numAtoms > 80 or len(molecules) == number:
            continue
        mol = result.ensemble.toRDKit()
        heavy = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
        molecules.append((mol, chooseCore(mol), makePocket(mol.GetConformer().GetPositions()[heavy])))
    print("| redraws | guided | copies that fit | molecules with any | median strain, kcal/mol | s |\n|" + "---|" * 6)
    for generator, redraws in zip(generators, (0, 10)):
        for guided in (False, True):
            fits, strains, seconds = measure(generator, molecules, guided)
            print(f"| {redraws} | {'yes' if guided else 'no'} | {fits.sum()} of {COPIES * len(molecules)} | "
                  f"{(fits > 0).sum()} of {len(molecules)} | {np.median(strains):.2f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 40)

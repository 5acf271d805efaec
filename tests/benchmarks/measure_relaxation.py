# SPDX-License-Identifier: MIT
"""Measure the minimisation of many copies with MMFF94 beside RDKit's MMFFOptimizeMoleculeConfs, one thread each.

    PYTHONPATH=build/python python tests/benchmarks/measure_relaxation.py [numCopies]

Both start from the same ETKDG conformers, with the same criterion of convergence; the time to find the parameters is
part of both. The two run in turn, three times, and the shortest times count. Prints milliseconds a copy, the ratio,
steps, and how many copies end at RDKit's energy within 0.01 kcal/mol, below it and above it. ORBIT_CPU_ISA limits the
instruction set.
"""

import sys
import time

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import AllChem

from openmmorbit import chem, molecules

MOLECULES = [("CC(=O)Oc1ccccc1C(=O)O", "aspirin"), ("CN1CCC[C@H]1c1cccnc1", "nicotine"),
             ("CCOC(=O)c1ccc(NC(=O)CCN2CCOCC2)cc1", "an anilide"),
             ("CC(C)C[C@H](NC(=O)[C@H](C)NC(C)=O)C(=O)NC", "a peptide"),
             ("CN1CCN(CC1)Cc1ccc(cc1)C(=O)Nc1ccc(C)c(c1)Nc1nccc(n1)-c1cccnc1", "imatinib")]
KJ_PER_KCAL, STEPS, REPEATS = 4.184, 3000, 3


def embed(smiles, numCopies):
    """Get a molecule with conformers."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMultipleConfs(mol, numCopies, randomSeed=7)
    return mol


def timed(call):
    """Get the result of a call and its time on the processor, s."""
    start = time.process_time()
    return call(), time.process_time() - start


def measure(mol):
    """Minimise all conformers of a molecule both ways."""
    positions = np.array([conformer.GetPositions() for conformer in mol.GetConformers()]) / 10
    graph = molecules.toGraph(mol)[0]
    own, theirs = [], []
    for _ in range(REPEATS):
        minima, seconds = timed(lambda: chem.MMFFForceField(graph).minimize(positions, STEPS))
        own.append(seconds)
        copy = Chem.Mol(mol)
        found, seconds = timed(lambda copy=copy: AllChem.MMFFOptimizeMoleculeConfs(copy, numThreads=1, maxIters=STEPS))
        theirs.append(seconds)
    difference = minima.energies / KJ_PER_KCAL - [energy for _, energy in found]
    return min(own), min(theirs), minima, difference


def main(numCopies="100"):
    print(f"RDKit {rdBase.rdkitVersion}, {chem.MMFFForceField(molecules.toGraph('C')[0]).getInstructionSet()}")
    print("| molecule | atoms | copies | ms a copy | RDKit | ratio | steps | converged | same | lower | higher |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for smiles, name in MOLECULES:
        mol = embed(smiles, int(numCopies))
        own, theirs, minima, difference = measure(mol)
        count = mol.GetNumConformers()
        print(f"| {name} | {mol.GetNumAtoms()} | {count} | {1e3 * own / count:.3f} | {1e3 * theirs / count:.2f} | "
              f"{theirs / own:.1f} | {np.median(minima.numIterations):.0f} | {np.mean(minima.converged):.0%} | "
              f"{np.mean(np.abs(difference) <= 0.01):.0%} | {np.mean(difference < -0.01):.0%} | "
              f"{np.mean(difference > 0.01):.0%} |", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

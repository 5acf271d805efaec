# SPDX-License-Identifier: MIT
"""Measure how fast conformers are sorted and pruned, and symmetric RMSDs computed, beside RDKit on one core.

    PYTHONPATH=build/python python tests/benchmarks/measure_pruning.py [numCopies]

The conformers are ETKDG's. RDKit sorts by MMFF94 energies and compares each conformer with those that are kept by
GetBestRMS() of the heavy atoms, which lists all renumberings of equivalent atoms. Times are those of the processor, the
shortest of three runs of ours, and one of RDKit.
"""

import sys
import time

import numpy as np
import openmm
from rdkit import Chem, rdBase
from rdkit.Chem import AllChem, rdMolAlign

import openmmorbit
from openmmorbit import molecules, orbit
from openmmorbit.shape.rmsd import SymmetricRmsd, findAtoms

DRUGS = ["CC(C)Cc1ccc(cc1)[C@H](C)C(=O)NCCc1ccccc1", "Cc1ccc(cc1Nc1nccc(n1)-c1cccnc1)NC(=O)C",
         "CC(C)NC[C@H](O)COc1ccc(CCOC)cc1", "CCOC(=O)c1ccc(NC(=O)CCN2CCOCC2)cc1",
         "CC(C)(C)c1cc(CCO)cc(C(C)(C)C)c1O"]
C60 = ("c12c3c4c5c1c1c6c7c2c2c8c3c3c9c4c4c%10c5c5c1c1c6c6c%11c7c2c2c7c8c3c3c8c9c4c4c9c%10c5c5c1c1c6c6c%11c2c2c7c3c3"
       "c8c4c4c9c5c1c1c6c2c3c41")
SYMMETRIC = [(C60, "C60"), ("CC(C)(C)c1cc(C(C)(C)C)cc(C(C)(C)C)c1", "1,3,5-tri-tert-butylbenzene"),
             ("FC(F)(F)c1cc(cc(c1)C(F)(F)F)CN1CCN(Cc2cc(C(F)(F)F)cc(C(F)(F)F)c2)CC1", "a piperazine with four CF3"),
             ("CC(C)(C)c1c(C(C)(C)C)c(C(C)(C)C)c(C(C)(C)C)c(C(C)(C)C)c1C(C)(C)C", "hexa-tert-butylbenzene"),
             ("N[C@@H](Cc1ccccc1)C(=O)N[C@@H](C(C)C)C(=O)" * 4 + "O", "(Phe-Val)4"),
             ("N[C@@H](Cc1ccccc1)C(=O)N[C@@H](C(C)C)C(=O)" * 8 + "O", "(Phe-Val)8")]


def timed(call, repeats=3):
    """Get the result of a call and the shortest of its times on the processor, ms."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        result = call()
        times.append(1000 * (time.process_time() - start))
    return result, min(times)


def prune(mol):
    """Sort and prune with RDKit; get the conformers that are kept."""
    properties = AllChem.MMFFGetMoleculeProperties(mol)
    count = mol.GetNumConformers()
    energies = [AllChem.MMFFGetMoleculeForceField(mol, properties, confId=i).CalcEnergy() for i in range(count)]
    heavy = Chem.RemoveHs(mol)
    probe, kept = Chem.Mol(heavy), []
    for index in map(int, np.argsort(energies)):
        if all(rdMolAlign.GetBestRMS(probe, heavy, index, other) >= 0.5 for other in kept):
            kept.append(index)
    return kept


def measureDrug(smiles, count):
    """Print a row of the table of drugs."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMultipleConfs(mol, count, randomSeed=7)
    core = orbit.Ensemble(molecules.toGraph(mol)[0])
    for conformer in mol.GetConformers():
        core.addConformer([openmm.Vec3(*point) for point in conformer.GetPositions() / 10])
    ensemble = openmmorbit.Ensemble(core)
    ranked, sorting = timed(lambda: ensemble.sort("MMFF94"))
    kept, pruning = timed(ranked.prune)
    theirs, rdkit = timed(lambda: prune(mol), 1)
    print(f"| {smiles} | {mol.GetNumAtoms()} | {sorting:.1f} | {pruning:.1f} | {rdkit:.0f} | {len(kept)} | "
          f"{len(theirs)} |")


def measurePair(smiles, name):
    """Print a row of the table of symmetric molecules: random chains that are somewhat alike."""
    mol = Chem.MolFromSmiles(smiles)
    graph = molecules.toGraph(Chem.AddHs(mol))[0]
    chosen, random = findAtoms(graph), np.random.default_rng(3)
    x = np.zeros((4, graph.getNumAtoms(), 3))
    x[:, chosen] = np.cumsum(random.normal(size=(len(chosen), 3)), axis=0) + random.normal(size=(4, len(chosen), 3))
    metric, finding = timed(lambda: SymmetricRmsd(graph, chosen), 1)
    rmsds, own = timed(lambda: metric.ownMatrix(metric.center(x)))
    order, theirs, same = sum(product.order for product in metric._products), "—", "—"
    if order < 1e5:
        for points in x[:2, chosen]:
            conformer = Chem.Conformer(len(chosen))
            conformer.SetPositions(np.ascontiguousarray(points))
            mol.AddConformer(conformer, assignId=True)
        found, milliseconds = timed(lambda: rdMolAlign.GetBestRMS(Chem.Mol(mol), mol, 0, 1, maxMatches=10**6), 1)
        theirs, same = f"{milliseconds:.1f}", f"{abs(found - rmsds[0, 1]):.0e}"
    print(f"| {name} | {len(chosen)} | {order:,.0f} | {finding:.1f} | {own / 6:.2f} | {theirs} | {same} |")


def main(count="100"):
    print(f"RDKit {rdBase.rdkitVersion}; {count} conformers")
    print("| molecule | atoms | sort, ms | prune, ms | RDKit, both, ms | kept | kept by RDKit |")
    print("|---|---|---|---|---|---|---|")
    for smiles in DRUGS:
        measureDrug(smiles, int(count))
    print("\n| molecule | heavy atoms | renumberings | finding them, ms | a pair, ms | RDKit | difference, A |")
    print("|---|---|---|---|---|---|---|")
    for smiles, name in SYMMETRIC:
        measurePair(smiles, name)


if __name__ == "__main__":
    main(*sys.argv[1:])

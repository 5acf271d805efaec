# SPDX-License-Identifier: MIT
"""Measure the strain of conformers whose core lies where another molecule has it, beside that of free conformers.

    PYTHONPATH=build/python python tests/benchmarks/measure_cores.py SMILES_FILE [numMolecules] [sigmaMin]

For each molecule the reference is one of those after it in the file: the first whose largest common part, with whole
rings, has half of its heavy atoms, or else the one that comes closest. The reference has a generated conformer, relaxed
with MMFF94. The core is what openmmorbit.Core finds. Strain is MMFF94 over the minimum that is reached from the copy,
with all atoms relaxed, and with the atoms of the core held where the copy has them; in free copies the same atoms are
held. sigmaMin is the last noise level of both, if it is not to be that of the model. Medians are those of all copies of
molecules that have some of both kinds; intervals hold 95 % of 2,000 bootstrap samples of molecules. Seed 1. Last come
the molecules without an answer, and why.
"""

import sys
import time
import warnings

import numpy as np
from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem, rdFMCS

import openmmorbit

SEED, COPIES, TRIED, SAMPLES = 1, 5, 40, 2000


def countCommon(first, second):
    """Get the number of atoms of the largest common part, as Core compares them; 0 if the search takes too long."""
    found = rdFMCS.FindMCS([first, second], timeout=1, ringMatchesRingOnly=True, completeRingsOnly=True,
                           bondCompare=rdFMCS.BondCompare.CompareOrderExact,
                           ringCompare=rdFMCS.RingCompare.PermissiveRingFusion)
    return 0 if found.canceled else found.numAtoms


def findReference(plain, index):
    """Get the index of the molecule with which one has about half of its heavy atoms in common."""
    half, best = plain[index].GetNumAtoms() // 2, None
    for step in range(1, min(TRIED, len(plain))):
        other = (index + step) % len(plain)
        distance = abs(countCommon(plain[index], plain[other]) - half)
        if best is None or distance < best[0]:
            best = distance, other
        if distance == 0:
            break
    return best[1]


def relax(field, held=()):
    """Minimise a force field with atoms held; get the energy."""
    field.Initialize()
    for atom in held:
        field.AddFixedPoint(atom)
    for _ in range(20):
        if field.Minimize(maxIts=1000) == 0:
            break
    return field.CalcEnergy()


def measureStrain(ensemble, core):
    """Get the strain of each copy with all atoms relaxed, and with the core held, kcal/mol: [copies][2]."""
    mol = ensemble.toRDKit()
    properties = AllChem.MMFFGetMoleculeProperties(mol)
    strains = []
    for index in range(mol.GetNumConformers()):
        energies = []
        for held in ((), core):
            copy = Chem.Mol(mol, confId=index)
            field = AllChem.MMFFGetMoleculeForceField(copy, properties)
            energies.append(field.CalcEnergy() - relax(field, held))
        strains.append(energies)
    return np.array(strains)


def measureDeviation(ensemble, reference):
    """Get the largest distance of a core atom from its place, Angstrom, for the match that was taken."""
    matches = [match for match in openmmorbit.Core(reference).match(ensemble.graph)
               if match.atoms == ensemble.fixedAtoms]
    copies = ensemble.positions._value
    return min(10 * np.linalg.norm(copies[:, list(match.atoms)] - match.positions, axis=-1).max() for match in matches)


def bootstrap(held, free, column):
    """Get the ratio of the medians of constrained and free copies, and the ends of its interval."""
    random = np.random.default_rng(SEED)
    ratios = []
    for sample in [range(len(held)), *random.integers(0, len(held), (SAMPLES, len(held)))]:
        medians = [np.median(np.concatenate([part[i][:, column] for i in sample])) for part in (held, free)]
        ratios.append(medians[0] / medians[1])
    return ratios[0], *np.percentile(ratios, (2.5, 97.5))


def generateAll(generator, smiles):
    """Yield the ensembles of each molecule: with a core and free, or why there is none."""
    plain = [Chem.MolFromSmiles(text) for text in smiles]
    references = {}
    for index, text in enumerate(smiles):
        other = findReference(plain, index)
        try:
            if other not in references:
                drawn = generator.generate(smiles[other], 1, seed=SEED).toRDKit()
                AllChem.MMFFOptimizeMolecule(drawn, maxIters=5000)
                references[other] = drawn
            held = generator.generate(text, COPIES, seed=SEED, core=references[other])
            yield text, references[other], held, generator.generate(text, COPIES, seed=SEED)
        except Exception as error:
            yield text, None, str(error), None


def main(path, number, sigmaMin):
    """Print the table."""
    RDLogger.DisableLog("rdApp.*")
    warnings.simplefilter("ignore")
    generator, start = openmmorbit.ConformerGenerator(threads=1, sigmaMin=sigmaMin), time.process_time()
    smiles = [graph.smiles for _, graph in zip(range(number), openmmorbit.readMolecules(path))]
    held, free, shares, deviations, failures = [], [], [], [], []
    for text, reference, ensemble, others in generateAll(generator, smiles):
        if reference is None:
            failures.append(f"{text}: {ensemble}")
            continue
        core = ensemble.fixedAtoms
        held.append(measureStrain(ensemble, core))
        free.append(measureStrain(others, core))
        shares.append(len(core) / ensemble.toRDKit().GetNumHeavyAtoms())
        deviations.append(measureDeviation(ensemble, reference))
    print(f"{len(held)} of {number} molecules, {sum(map(len, held))} copies with a core, {sum(map(len, free))} free; "
          f"core {np.mean(shares):.2f} of the heavy atoms; largest deviation {max(deviations):.1e} Angstrom; "
          f"{time.process_time() - start:.0f} s")
    print("| strain (kcal/mol), median | with the core | free | ratio | 95 % interval |\n|" + "---|" * 5)
    for column, name in enumerate(("all atoms relaxed", "the core held")):
        medians = [np.median(np.concatenate(part)[:, column]) for part in (held, free)]
        ratio, low, high = bootstrap(held, free, column)
        print(f"| {name} | {medians[0]:.2f} | {medians[1]:.2f} | {ratio:.2f} | {low:.2f} to {high:.2f} |")
    print("\n".join(failures))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100, float(sys.argv[3]) if len(sys.argv) > 3 else None)

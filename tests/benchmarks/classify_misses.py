#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What generated conformers are that no reference covers: GFN2-xTB minimises them. Some fall into a reference; some are
minima within the energy window that the references lack, which bound the precision that any generator can reach."""
import argparse
import collections

import numpy as np

from openmmorbit import ConformerGenerator, evaluation
from openmmorbit.data import quantum

COVERED, NEAR, UNLISTED, HIGH, FAILED = ("covered", "minimum is a reference", "minimum within the window, no reference",
                                         "minimum above the window", "no minimum found")


def nearest(mol, positions, references):
    """Get the least heavy-atom RMSD from positions of a molecule to its references, Angstrom."""
    from rdkit import Chem
    from rdkit.Chem import rdMolAlign

    probe = Chem.Mol(mol, confId=mol.GetConformers()[0].GetId())
    probe.GetConformer().SetPositions(np.ascontiguousarray(positions))
    probe, references = Chem.RemoveHs(probe), Chem.RemoveHs(references)
    return min(rdMolAlign.GetBestRMS(probe, references, probe.GetConformer().GetId(), conformer.GetId(),
                                     maxMatches=5000) for conformer in references.GetConformers())


def classify(mol, positions, reference, lowest, options):
    """Get the class of one conformer, the distance to its minimum and its strain, where they are known."""
    if nearest(mol, positions, reference.mol) < options.threshold:
        return COVERED, None, None
    try:
        raw = quantum.energy(mol, positions, options.engine)
        energy, minimum = quantum.minimum(mol, positions, options.engine)
    except quantum.QuantumError:
        return FAILED, None, None
    moved = np.sqrt(((positions - minimum - (positions - minimum).mean(0)) ** 2).sum(1).mean())
    if nearest(mol, minimum, reference.mol) < options.threshold:
        return NEAR, moved, raw - energy
    return (UNLISTED if energy - lowest < options.window else HIGH), moved, raw - energy


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="reference ensembles of GFN2-xTB, as for openmm-orbit evaluate")
    parser.add_argument("--model", help="path or name of a model")
    parser.add_argument("--limit", type=int, default=60, help="molecules, evenly chosen (default 60)")
    parser.add_argument("--threshold", type=float, default=0.1, help="Angstrom (default 0.1)")
    parser.add_argument("--window", type=float, default=6.0, help="kcal/mol above the lowest reference (default 6)")
    parser.add_argument("--engine", choices=("xtb", "tblite"), help="what computes GFN2-xTB")
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    options.engine = quantum.chooseEngine(options.engine)

    references = evaluation.readReferences(options.data)
    references = [references[len(references) * k // options.limit] for k in range(min(options.limit, len(references)))]
    generator = ConformerGenerator(options.model, threads=1)
    found = collections.defaultdict(list)
    for reference in references:
        # The references' energies by the same program.
        lowest = min(quantum.energy(reference.mol, conformer.GetPositions(), options.engine)
                     for conformer in reference.mol.GetConformers())
        mol = generator.generate(reference.mol, 2 * reference.numConformers, options.seed).toRDKit()
        for conformer in mol.GetConformers():
            kind, moved, strain = classify(mol, conformer.GetPositions(), reference, lowest, options)
            found[kind].append((moved, strain))
    total = sum(len(entries) for entries in found.values())
    print(f"{len(references)} molecules, {total} conformers, {options.threshold} A, {options.window} kcal/mol\n")
    print("| copies | share % | median distance to the minimum, A | median strain, kcal/mol |")
    print("| --- | --- | --- | --- |")
    for kind in (COVERED, NEAR, UNLISTED, HIGH, FAILED):
        medians = ["–", "–"]
        if found[kind] and found[kind][0][0] is not None:
            medians = [f"{np.median([entry[k] for entry in found[kind]]):.2f}" for k in (0, 1)]
        print(f"| {kind} | {100 * len(found[kind]) / total:.1f} | {' | '.join(medians)} |")


if __name__ == "__main__":
    main()

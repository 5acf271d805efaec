#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Whether whole generations on different platforms come from one distribution: Kolmogorov-Smirnov tests.

For every molecule each platform draws conformers with a seed of its own. Their MMFF94s energies, their heavy-atom RMSD
to a minimised ETKDG geometry (symmetry-corrected), and their radii of gyration are compared with those of the first
platform. The level holds for the whole run: the smallest p-value is multiplied by the number of tests (Bonferroni).
Seeds are fixed, so that a platform gives the same answer every time. A sampler of too few steps is the control: it must
be told apart."""
import argparse
import sys

import numpy as np

LEVEL = 1e-3
METRICS = ("energy", "rmsd", "gyration")
# Validation molecules of the packaged model's data (split rule of openmm-orbit dataset), and drugs.
MOLECULES = ("NCCO", "CC(=O)NCC(=O)O", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CC(=O)Nc1ccc(O)cc1", "OCC(O)CO", "CNC(=O)CCOC")


def describeConformers(mol, smiles):
    """Get metric -> numpy.ndarray, one number a conformer: kcal/mol, Angstrom, Angstrom.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With hydrogens and conformers.
    smiles : str
        Of the same molecule: the geometry that RMSDs refer to is made of it.
    """
    from rdkit import Chem
    from rdkit.Chem import AllChem, rdMolAlign

    reference = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(reference, randomSeed=7)
    AllChem.MMFFOptimizeMolecule(reference, "MMFF94s", maxIters=2000)
    reference, heavy = Chem.RemoveHs(reference), Chem.RemoveHs(mol)
    properties = AllChem.MMFFGetMoleculeProperties(mol, "MMFF94s")
    values = {name: [] for name in METRICS}
    for conformer in mol.GetConformers():
        field = AllChem.MMFFGetMoleculeForceField(mol, properties, confId=conformer.GetId())
        positions = conformer.GetPositions()
        values["energy"].append(field.CalcEnergy())
        values["rmsd"].append(rdMolAlign.GetBestRMS(heavy, reference, prbId=conformer.GetId()))
        values["gyration"].append(np.sqrt(((positions - positions.mean(axis=0))**2).sum(axis=1).mean()))
    return {name: np.array(numbers) for name, numbers in values.items()}


def draw(smiles, count, seed, **options):
    """Generate conformers with openmmorbit.ConformerGenerator(**options) and describe them."""
    import openmmorbit

    generator = openmmorbit.ConformerGenerator(**options)
    return describeConformers(generator.generate(smiles, numConformers=count, seed=seed).toRDKit(), smiles)


def compare(first, second):
    """Get metric -> p-value of the two-sample Kolmogorov-Smirnov test."""
    from scipy.stats import ks_2samp

    return {name: float(ks_2samp(first[name], second[name]).pvalue) for name in METRICS}


def makePlatforms():
    """Get name -> options of the generator for all that this machine has; the first one is compared with."""
    import openmm

    import openmmorbit

    loaded = {openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())}
    platforms = {"CPU single": {"platform": "CPU", "properties": {"Precision": "single"}}}
    try:
        bf16 = {"platform": "CPU", "properties": {"Precision": "bf16"}}
        openmmorbit.ConformerGenerator(**bf16).kernelDescription()
        platforms["CPU bf16"] = bf16
    except ValueError as error:
        print(f"CPU bf16 is left out: {error}", file=sys.stderr)
    platforms["Reference"] = {"platform": "Reference"}
    for name in ("OpenCL", "CUDA", "HIP"):
        if name in loaded:
            platforms[f"{name} single"] = {"platform": name, "properties": {"Precision": "single"}}
    return platforms


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--conformers", type=int, default=200, help="of each molecule and platform")
    parser.add_argument("--seed", type=int, default=1, help="of the first platform; the others have the next ones")
    parser.add_argument("--molecules", nargs="*", default=MOLECULES, help="SMILES")
    options = parser.parse_args()
    platforms, smallest = makePlatforms(), {}
    platforms["control: 3 steps"] = {**platforms["CPU single"], "numSteps": 3, "sigmaMin": 0.2}
    print("| molecule | platform | " + " | ".join(f"{name} mean | p" for name in METRICS) + " |")
    print("|---|---|" + "---|---|" * len(METRICS))
    for smiles in options.molecules:
        expected = None
        for number, (name, settings) in enumerate(platforms.items()):
            found = draw(smiles, options.conformers, options.seed + number, **settings)
            expected = expected or found
            p = compare(expected, found) if number else dict.fromkeys(METRICS, 1.0)
            print(f"| {smiles} | {name} | " + " | ".join(
                f"{found[metric].mean():.3f} | {p[metric]:.2g}" for metric in METRICS) + " |", flush=True)
            smallest.setdefault(name, []).extend(p.values())
    failed = False
    print()
    for name, values in list(smallest.items())[1:]:
        corrected = min(1.0, min(values) * len(values))
        rejected = corrected < LEVEL
        failed |= rejected != name.startswith("control")
        print(f"{name}: {'another distribution' if rejected else 'no difference'} at level {LEVEL}, "
              f"corrected p {corrected:.2g} of {len(values)} tests")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

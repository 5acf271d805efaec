# SPDX-License-Identifier: MIT
"""Ask PoseBusters (configuration "mol") about one conformer each of drug-like molecules, as drawn and relaxed.

    PYTHONPATH=build/python python tests/benchmarks/measure_posebusters.py molecules.smi [numMolecules]

Takes every third molecule of the file, 1,000 unless told otherwise, seed 1. None is left out: a molecule without a
conformer, or with one of RDKit's, counts as not passed. The records are those that `openmm-orbit conformers -o` writes.
Prints each molecule that does not pass with the names of the tests, then the counts. About three seconds a molecule.
"""

import logging
import os
import sys
import tempfile
import warnings
from importlib import util

from rdkit import Chem, RDLogger

import openmmorbit

SEED, STRIDE = 1, 3


def inspect(busters, ensemble):
    """Get the names of the tests that the first copy fails."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "copy.sdf")
        ensemble.writeSDF(path)
        mol = next(iter(Chem.SDMolSupplier(path, sanitize=False, removeHs=False)))
    results = busters.bust([mol]).iloc[0]
    return [name for name, passed in results.items() if passed is not True and passed != True]  # noqa: E712


def measure(busters, smiles, relaxed):
    """Print what fails, and how many molecules pass."""
    numPassed = 0
    generator = openmmorbit.ConformerGenerator()
    for text in smiles:
        try:
            ensemble = generator.generate(text, 1, seed=SEED)
            failed = ["from RDKit"] if ensemble.origins[0] == "rdkit" else []
            if relaxed:
                ensemble = ensemble.relax("MMFF94").states
            failed += inspect(busters, ensemble) if len(ensemble) else ["lost its bonds or hands"]
        except (ValueError, RuntimeError) as error:
            failed = [str(error)]
        numPassed += not failed
        if failed:
            print(f"  {text}: {', '.join(failed)}", flush=True)
    print(f"{'relaxed' if relaxed else 'raw'}: {numPassed} of {len(smiles)} pass", flush=True)


def main(path, numMolecules="1000"):
    if util.find_spec("posebusters") is None:
        sys.exit("measure_posebusters: expected the package posebusters, got none; pip install posebusters")
    from posebusters import PoseBusters

    warnings.simplefilter("ignore")
    RDLogger.DisableLog("rdApp.*")
    logging.getLogger("posebusters").setLevel(logging.ERROR)
    with open(path) as lines:
        smiles = [line.split()[0] for line in lines if line.strip()][::STRIDE][:int(numMolecules)]
    for relaxed in (False, True):
        measure(PoseBusters(config="mol"), smiles, relaxed)


if __name__ == "__main__":
    main(*sys.argv[1:])

#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures generation as a user sees it: time a conformer beside RDKit, start-up, and memory; prints JSON.

Times are the shortest of several repetitions, in seconds of all threads, so that a busy machine changes little; only
where two threads are compared, the clock on the wall counts."""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

# Names and SMILES, the size class is the number of atoms with hydrogens: 10, 20, 44, and close to 100.
MOLECULES = {
    10: {"glycine": "NCC(=O)O", "pyrrole": "c1cc[nH]c1", "dimethyl sulfoxide": "CS(=O)C"},
    20: {"paracetamol": "CC(=O)Nc1ccc(O)cc1", "metformin": "CN(C)C(=N)N=C(N)N",
         "glutamine": "N[C@@H](CCC(N)=O)C(=O)O"},
    44: {"metoprolol": "COCCc1ccc(OCC(O)CNC(C)C)cc1", "zolpidem": "Cc1ccc(cc1)-c1nc2ccc(C)cn2c1CC(=O)N(C)C",
         "amitriptyline": "CN(C)CCC=C1c2ccccc2CCc2ccccc12"},
    100: {"ritonavir": "CC(C)[C@H](NC(=O)N(C)Cc1csc(n1)C(C)C)C(=O)N[C@@H](Cc1ccccc1)C[C@H](O)[C@H](Cc1ccccc1)"
                       "NC(=O)OCc1cncs1",
          "saquinavir": "CC(C)(C)NC(=O)[C@@H]1C[C@@H]2CCCC[C@@H]2CN1C[C@@H](O)[C@H](Cc1ccccc1)NC(=O)[C@H]"
                        "(CC(N)=O)NC(=O)c1ccc2ccccc2n1"},
}

START = """
import json, time
clock = lambda: (time.perf_counter(), time.process_time())
times = [clock()]
import openmm
times.append(clock())
import openmmorbit
times.append(clock())
generator = openmmorbit.ConformerGenerator()
kernel = generator.kernelDescription()
times.append(clock())
generator.generate("COCCc1ccc(OCC(O)CNC(C)C)cc1", numConformers=1, seed=7)
times.append(clock())
names = ["import openmm", "import openmmorbit", "model and Context", "first conformer, 44 atoms"]
steps = zip(names, times, times[1:])
print(json.dumps({"kernel": kernel, "times": {name: [b[i] - a[i] for i in (0, 1)] for name, a, b in steps}}))
"""

# Linux hands the peak of getrusage() down from the parent, that of /proc belongs to the process.
MEMORY = """
import json, re, sys
import openmmorbit
peak = lambda: int(re.search(r"VmHWM:\\s*(\\d+)", open("/proc/self/status").read())[1]) / 1024
sizes = {"after import": peak()}
generator = openmmorbit.ConformerGenerator(threads=1, check=False)
generator.kernelDescription()
sizes["model and Context"] = peak()
for size, smiles in json.loads(sys.argv[1]):
    for count in (20, 500) if size == 44 else (20,):
        generator.generate(smiles, numConformers=count, seed=7)
        sizes[f"{count} conformers of {size} atoms"] = peak()
print(json.dumps(sizes))
"""


def runChild(program, *arguments):
    """Run a program in a fresh process and read the JSON that it prints."""
    # Modules keep their bytecode, as in an installed package.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False,
                          env=environment)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)


def shortest(method, smiles, count, repeats):
    """Get conformers made, or None, and the shortest wall and core seconds."""
    from rdkit import Chem

    from openmmorbit import evaluation

    reference = evaluation.Reference(smiles, Chem.MolFromSmiles(smiles))
    results = [next(iter(method([reference], [count]))) for _ in range(repeats)]
    return results[0].mol, min(result.seconds for result in results), min(result.coreSeconds for result in results)


def medianStrain(mol, count):
    """Get the median GFN2-xTB energy above the next minimum of the first conformers, kcal/mol, or None."""
    import numpy as np

    from openmmorbit.data import quantum

    strains = []
    for conformer in list(mol.GetConformers())[:count]:
        try:
            positions = conformer.GetPositions()
            strains.append(quantum.energy(mol, positions) - quantum.minimum(mol, positions)[0])
        except quantum.QuantumError:
            continue
    return float(np.median(strains)) if strains else None


def makeMethods(options):
    """Make the methods by name: the model in both precisions and with other numbers of steps, the other packaged
    models, and RDKit's; and those of the same names on two threads."""
    import functools

    import openmmorbit
    from openmmorbit import evaluation
    from openmmorbit.models import defaultModelPath

    def orbit(threads=1, model=options.model, precision=None, numSteps=None, check=True):
        generator = openmmorbit.ConformerGenerator(model=model, platform="CPU", threads=threads, numSteps=numSteps,
                                                   properties=precision and {"Precision": precision}, check=check)
        name = Path(model or "conformer").stem
        evaluations = generator.samplerSettings.getNumEvaluations()
        inspected = "" if check else ", not inspected"
        return (f"{name}, {generator.kernelDescription().split(': ')[0]}, {evaluations} evaluations{inspected}",
                evaluation.orbitGenerator(generator))

    default = Path(defaultModelPath())
    others = sorted(path.stem for path in default.parent.glob("*.safetensors") if path != default)
    methods = dict([orbit(), orbit(check=False), orbit(precision="single")])
    methods.update(orbit(numSteps=steps) for steps in options.steps)
    methods.update(orbit(model=model) for model in others)
    methods["RDKit ETKDGv3"] = evaluation.etkdg
    methods["RDKit ETKDGv3+MMFF"] = functools.partial(evaluation.etkdg, relax=True)
    return methods, dict([orbit(threads=2)])


def compare(options):
    """Time every method on every molecule, the methods in turn; what gives no correct conformer has no time."""
    from rdkit import Chem

    methods, two = makeMethods(options)
    rows = []
    for size, molecules in MOLECULES.items():
        for name, smiles in molecules.items():
            for method, run in methods.items():
                rdkit = method.startswith("RDKit")
                count = max(2, options.conformers * (20 if rdkit else 44) // max(size, 20 if rdkit else 44))
                mol, seconds, coreSeconds = shortest(run, smiles, count, 2 if rdkit else options.repeats)
                row = {"size": size, "molecule": name, "method": method, "wall_ms": None, "core_ms": None,
                       "atoms": Chem.AddHs(Chem.MolFromSmiles(smiles)).GetNumAtoms()}
                rows.append(row)
                if mol is None:
                    continue
                made = mol.GetNumConformers()
                row["wall_ms"], row["core_ms"] = 1e3 * seconds / made, 1e3 * coreSeconds / made
                if options.strain > 0:
                    row["strain"] = medianStrain(mol, options.strain)
                if method in two:
                    mol, seconds, _ = shortest(two[method], smiles, 2 * count, options.repeats)
                    row["wall_ms_two"] = 1e3 * seconds / mol.GetNumConformers()
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="model file; default: the packaged one")
    parser.add_argument("--steps", type=int, nargs="*", default=[], help="numbers of steps besides the default")
    parser.add_argument("--conformers", type=int, default=20, help="conformers a molecule")
    parser.add_argument("--repeats", type=int, default=5, help="repetitions, of which the shortest counts")
    parser.add_argument("--strain", type=int, default=0, help="GFN2-xTB strain of so many conformers (minutes)")
    options = parser.parse_args()
    starts = [runChild(START) for _ in range(options.repeats)]
    result = {"kernel": starts[0]["kernel"], "generation": compare(options),
              "start": {name: [min(start["times"][name][i] for start in starts) for i in (0, 1)]
                        for name in starts[0]["times"]},
              "memory": runChild(MEMORY, json.dumps([(size, next(iter(molecules.values())))
                                                     for size, molecules in MOLECULES.items()]))}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()

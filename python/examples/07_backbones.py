# SPDX-License-Identifier: MIT
"""Protein backbones from nothing: generate folds, build proteins on them, simulate one, design around a part of it.

Usage: 07_backbones.py [FOLDER] [--full] [--model FILE]     (a minute; --full: an hour)
"""
import os
import sys

import matplotlib
import numpy as np
from openmm import app, unit

import openmmorbit
from openmmorbit.evaluation.ribbons import drawRibbon, orient
from openmmorbit.evaluation.traces import Trace, secondaryStructure
from openmmorbit.shape.superposition import superpose

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

full = "--full" in sys.argv
model = sys.argv[sys.argv.index("--model") + 1] if "--model" in sys.argv else "backbone"
folder = next((name for name in sys.argv[1:] if not name.startswith("-") and name != model), "backbones")
os.makedirs(folder, exist_ok=True)

# Folds of different lengths. Each is inspected, and redrawn if it is wrong.
generator = openmmorbit.BackboneGenerator(model)
lengths = list(range(50, 110, 5)) if full else [50, 60, 70, 80]
ensembles = [ensemble for ensemble in generator.generateBatch(lengths, 1, seed=7, progress=True) if len(ensemble)]
print(f"{len(ensembles)} of {len(lengths)} backbones")

# Proteins of alanine and glycine on their CA atoms: L residues, trans peptides. What cannot be built says why.
proteins = []
for ensemble in ensembles:
    try:
        proteins.append((ensemble.build(0), ensemble))
    except openmmorbit.BackboneError as error:
        print(f"not built: {error}")
proteins.sort(key=lambda entry: len(entry[0].faults))
protein, fold = proteins[0]
print(protein)


def getTrace(positions):
    """Get the CA atoms of the protein, Angstrom."""
    chosen = [atom.index for atom in protein.topology.atoms() if atom.name == "CA"]
    return np.asarray(positions.value_in_unit(unit.angstrom))[chosen]


def move(points, first, second):
    """Move points as the first positions move onto the second ones."""
    rotation, origin, target = superpose(first, second)
    return (points - origin) @ rotation.T + target


# Dynamics of the protein with the fewest faults in implicit solvent, minimised and warmed up before.
simulation = protein.simulate(temperature=300*unit.kelvin, seed=1)
simulation.reporters.append(app.DCDReporter(os.path.join(folder, "run.dcd"), 500))
before, times, drift, angles = getTrace(protein.positions), [], [], []
for _ in range(50 if full else 4):
    simulation.step(500)
    positions = simulation.context.getState(positions=True).getPositions(asNumpy=True)
    trace = getTrace(positions)
    times.append(0.002*simulation.currentStep)
    drift.append(np.sqrt(((move(trace, trace, before) - before)**2).sum(axis=1).mean()))
    report = openmmorbit.measureBackbone(positions, topology=protein.topology)
    angles.append(np.array([report.phi, report.psi]))
print(f"after {times[-1]:g} ps: CA moved {drift[-1]:.1f} Angstrom, {report.getNumD()} D residues, "
      f"{len(report.cisPeptides)} cis peptides")
with open(os.path.join(folder, "protein.pdb"), "w", encoding="utf-8") as stream:
    app.PDBFile.writeFile(protein.topology, positions, stream)

# The first third of the chain as a motif, and other folds around it. They lie where the motif is.
size = generator.atomsPerResidue
last = fold.numAtoms//(3*size)
design = openmmorbit.designBackbone(fold, f"A1-{last}")
scaffolds = generator.generate(design, 3, seed=3, progress=True)
print(f"{len(scaffolds)} folds around A1-A{last}")

# The picture: folds; the protein before and after its run, and its angles; folds around the motif, which is dark.
figure, panels = pyplot.subplots(3, 4, figsize=(12, 8.8), layout="constrained")


def draw(axes, positions, title, turned=None, colors=None):
    """Draw CA positions as a ribbon; turned: as they are seen."""
    ribbon = Trace.chain(positions)
    drawRibbon(axes, ribbon, secondaryStructure(ribbon), colors, turned)
    axes.set_title(title, fontsize=10)


for axes, ensemble in zip(panels[0], ensembles[::max(1, len(ensembles)//4)]):
    draw(axes, 10*ensemble.positions._value[0, size//2::size], f"generated, {ensemble.numAtoms//size} residues")
draw(panels[1, 0], before, "built")
draw(panels[1, 1], trace, f"after {times[-1]:g} ps at 300 K", move(trace, trace, orient(before)))
phi, psi = np.concatenate(angles, axis=1)
panels[1, 2].plot(phi, psi, ".", markersize=2)
panels[1, 2].set(xlabel="φ", ylabel="ψ", xlim=(-180, 180), ylim=(-180, 180), aspect="equal")
panels[1, 3].plot(times, drift, "-o", markersize=3)
panels[1, 3].set(xlabel="time (ps)", ylabel="CA RMSD from the built protein (Å)", ylim=(0, None))
known = 10*fold.positions._value[0, size//2::size]
colors = np.where((np.arange(len(known)) < last)[:, None], (0.25, 0.25, 0.3), (0.55, 0.7, 0.85))
for axes, positions in zip(panels[2], [known, *(10*scaffolds.positions._value[:, size//2::size])]):
    title = "the fold" if positions is known else "another around its dark part"
    draw(axes, positions, title, move(positions, known, orient(known)), colors)
for axes in panels.ravel():
    if not axes.has_data():
        axes.set_axis_off()
figure.savefig(os.path.join(folder, "backbones.png"), dpi=100)

# SPDX-License-Identifier: MIT
"""What the site shows and the build makes: galleries in three dimensions, which are written into the site."""
from pathlib import Path

import openmmorbit

#: Molecules of the gallery on the first page, and conformers of each.
MOLECULES = {"ibuprofen": "CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O", "nicotine": "CN1CCC[C@H]1c1cccnc1",
             "penicillin G": "CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O",
             "propranolol": "CC(C)NC[C@H](O)COc1cccc2ccccc12", "glucose": "OC[C@H]1O[C@@H](O)[C@H](O)[C@@H](O)[C@@H]1O"}
COPIES = 12
LENGTHS = [64, 80, 96]


def _named(smiles, name):
    graph = openmmorbit.readMolecule(smiles)
    graph.name = name
    return graph


def make(folder: Path) -> None:
    """Write the galleries into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = openmmorbit.ConformerGenerator()
    graphs = [_named(smiles, name) for name, smiles in MOLECULES.items()]
    results = generator.generateMany(graphs, COPIES, seed=7)
    minima = [result.ensemble.relax("MMFF94").states.sort() for result in results if result.ensemble is not None]
    openmmorbit.view(minima).write(folder / "molecules.html", "inline")
    backbones = openmmorbit.BackboneGenerator().generateBatch(LENGTHS, numCopies=1, seed=5)
    openmmorbit.view(backbones).write(folder / "backbones.html", "inline")

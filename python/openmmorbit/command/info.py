# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit info: what a model file holds."""
from __future__ import annotations

from typing import TYPE_CHECKING

from openmmorbit.command.console import EXIT_OK, printable

if TYPE_CHECKING:
    import argparse

    from openmmorbit import orbit
    from openmmorbit._types import Subparsers


def _printNetwork(model: orbit.DenoiserModel) -> None:
    """Print what the network is, and its sizes."""
    from openmmorbit import orbit

    settings, gated = model.getSettings(), model.getGatedSettings()
    unit = "Angstrom" if model.getUnitInNanometers() == 0.1 else "nm"
    sizes = (f"width {settings.width}, {settings.numLayers} layers, {settings.numHeads} heads, pair width "
             f"{settings.pairWidth}")
    if model.getNetwork() == orbit.NetworkKind_GatedTransformer:
        updates = f", pairs updated every {gated.pairUpdateInterval} layers" if gated.pairUpdateInterval else ""
        print(f"network        gated transformer, {sizes}, {gated.numRegisters} registers, {gated.numBins} bins from "
              f"{gated.binMin:g} to {gated.binMax:g} {unit}{updates}")
        return
    print(f"network        {sizes}, {settings.numRadial} radial functions to {settings.radialMax:g} {unit}"
          f"{', self-conditioned' if settings.selfConditioning else ''}")
    print(f"data scale     {settings.dataScale:g} {unit}")


def runInfo(options: argparse.Namespace) -> int:
    """Print what a model file holds."""
    from openmmorbit import orbit
    from openmmorbit.models import loadModel

    model = loadModel(options.model)
    print(f"file           {model.getPath()}\nsha256         {model.getChecksum()}")
    for key, value in model.getAllMetadata().items():
        print(f"{key:14s} {printable(value)}")
    shapes = model.getExpectedShapes()
    size = 0
    for shape in shapes.values():
        product = 1
        for length in shape:
            product *= int(length)
        size += product
    counts = model.getTrainingCounts()
    if counts.getNumMolecules() > 0:
        heavy = sorted(counts.getHeavyAtoms())
        print(f"trained on     {counts.getNumMolecules():,} molecules of {heavy[0]} to {heavy[-1]} heavy atoms, with "
              f"{len(counts.getAtoms())} kinds of atoms, {len(counts.getBonds())} of bonds, " +
              (f"rings of {', '.join(map(str, sorted(counts.getRings())))} atoms" if counts.getRings() else "no rings"))
    print(f"parameters     {size:,} in {len(shapes)} tensors")
    _printNetwork(model)
    print(f"sampler        {str(model.getSamplerSettings())[len('<SamplerSettings '):-1]}")
    print(f"conditions     {', '.join(model.getConditions()) or 'none'}")
    for vocabulary in (*model.getAtomVocabularies(), *model.getPairVocabularies()):
        values = ", ".join(orbit._symbol(value) if vocabulary.name == "element" else str(value)
                           for value in vocabulary.values)
        print(f"feature        {vocabulary.name}: {values}{' and beyond' if vocabulary.saturates else ''}")
    return EXIT_OK


def addInfo(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser("info", help="show what a model file holds")
    parser.add_argument("model", nargs="?", metavar="MODEL", help="model file; default: the packaged one")
    parser.set_defaults(run=runInfo)

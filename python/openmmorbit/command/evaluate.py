# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit evaluate: a model beside other generators, a simulation, or natural backbones."""
from __future__ import annotations

import json
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from openmmorbit.command.backbonereport import addBackboneOptions, runBackboneReport
from openmmorbit.command.console import EXIT_OK, report
from openmmorbit.command.generation import addGenerationOptions, readGenerationOptions
from openmmorbit.command.pages import printPage
from openmmorbit.command.reportkinds import checkKind
from openmmorbit.command.systemreport import addSystemOptions, runSystem
from openmmorbit.evaluation.methods import makeBaseline, makeOrbitMethods
from openmmorbit.evaluation.quality import Inspector
from openmmorbit.evaluation.references import readReferences
from openmmorbit.evaluation.report import chooseCondition, drawReport, writeReport
from openmmorbit.evaluation.scores import evaluate
from openmmorbit.evaluation.statistics import summarize
from openmmorbit.io.outputs import replacing, replacingPath

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from openmmorbit._types import Subparsers
    from openmmorbit.evaluation.methods import Method

baselineNames = ("etkdg", "mmff", "conforge", "openbabel")
referenceEndings = (".sdf", ".sdf.gz", ".sd", ".sd.gz", ".shard")
defaultThresholds = (0.05, 0.1, 0.5, 0.75)


def _describe(options: argparse.Namespace) -> list[str]:
    import rdkit

    from openmmorbit import __version__

    model = "packaged model" if options.model is None else Path(options.model).name
    return [f"model {model}, references {Path(options.data).name}, {options.factor} copies a reference, seed "
            f"{options.seed}", f"openmmorbit {__version__}, RDKit {rdkit.__version__}, Python "
            f"{platform.python_version()}, {len(os.sched_getaffinity(0))} cores"]


def addEvaluate(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser(
        "evaluate", help="compare a model with other generators, a simulation, or natural backbones",
        usage="openmm-orbit evaluate MODEL DATA [options]\n       openmm-orbit evaluate MODEL --topology FILE "
              "--trajectory FILE [FILE ...] [options] -o FOLDER\n       openmm-orbit evaluate "
              "MODEL --backbones FILE [FILE ...] [options] -o FOLDER",
        description="With DATA: coverage and average minimum RMSD with bootstrap intervals, stereochemistry before and "
                    "after redraws, PoseBusters, GFN2 strain and timing, beside RDKit, CONFORGE and Open Babel in the "
                    "same process on the same molecules. With --topology: distributions of torsions, geometry, slow "
                    "motions, energies and weights of a model of one system, beside how far the halves of its "
                    "simulation are apart. With --backbones: geometry, hand, secondary structure, shapes, "
                    "variety, novelty and proteins built on them, beside natural backbones. Software that is not "
                    "installed is named with the command that installs it.",
        epilog="exit status: 0 done, 2 wrong use")
    parser.add_argument("model", metavar="MODEL",
                        help="model file, or name of a packaged model; \"-\" for the default one")
    parser.add_argument("data", metavar="DATA", nargs="?",
                        help="reference ensembles: .sdf, .sdf.gz with tags SMILES and ID, or .shard")
    parser.add_argument("-o", "--output", help="folder for report.md, pictures and report.json")
    parser.add_argument("--limit", type=int, help="use only the first molecules")
    parser.add_argument("--factor", type=int, default=2, help="copies for each reference (default 2)")
    parser.add_argument("--seed", type=int, default=7, help="random seed (default 7)")
    parser.add_argument("--thresholds", type=float, nargs="+", default=list(defaultThresholds), metavar="ANGSTROM",
                        help="RMSD limits of the coverage (default 0.05 0.1 0.5 0.75)")
    parser.add_argument("--baselines", nargs="*", choices=baselineNames, default=list(baselineNames), metavar="NAME",
                        help=f"others to compare with, of {', '.join(baselineNames)}; no name for none (default all)")
    parser.add_argument("--no-orbit", action="store_true", help="evaluate the others only")
    parser.add_argument("--no-raw", action="store_true", help="leave out the column without inspection and redraws")
    parser.add_argument("--strain", type=int, default=20, metavar="N",
                        help="GFN2 strain of the first N molecules (default 20, 0 for none)")
    parser.add_argument("--posebusters", type=int, default=20, metavar="N",
                        help="PoseBusters on the first N molecules (default 20, 0 for none)")
    parser.add_argument("--copies", type=int, default=2, help="conformers of a molecule for strain and PoseBusters "
                                                             "(default 2)")
    parser.add_argument("--engine", choices=["xtb", "tblite"],
                        help="what computes GFN2-xTB; default: what is installed")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bars")
    addSystemOptions(parser)
    addBackboneOptions(parser)
    addGenerationOptions(parser, "the level of theory of the references, if the model has it", "60 for molecules")
    parser.set_defaults(run=lambda options: runEither(options, parser))


def runEither(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    """Compare a model with reference ensembles, with the simulation of its system, or with natural backbones."""
    runs = {"conformers": runEvaluate, "system": runSystem, "backbones": runBackboneReport}
    return runs[checkKind(options, parser)](options)


def checkOptions(options: argparse.Namespace) -> None:
    """Refuse missing files and wrong numbers.

    Raises
    ------
    ValueError
        Naming the file or the numbers.
    """
    from openmmorbit.models import findModel

    options.model = None if options.model in ("-", None) else findModel(options.model)
    for path in (options.data, options.model):
        if path is not None and not os.path.isfile(path):
            raise ValueError(f"evaluate: expected an existing file, got '{path}'; check the path")
    if not options.data.lower().endswith(referenceEndings):
        raise ValueError(f"evaluate: expected references in a file that ends in {', '.join(referenceEndings)}, got "
                         f"'{options.data}'; openmm-orbit dataset makes such files of SMILES")
    if options.output is not None and os.path.exists(options.output) and not os.path.isdir(options.output):
        raise ValueError(f"evaluate: expected a folder for the report, got the file '{options.output}'")
    if options.factor < 1 or options.copies < 1 or (options.limit is not None and options.limit < 1):
        raise ValueError("evaluate: expected --factor, --copies and --limit of at least 1, got "
                         f"{options.factor}, {options.copies} and {options.limit}")


def _writeFiles(folder: Path, page: str, methods: Sequence[Method], thresholds: Sequence[float]) -> None:
    """Write report.json, report.png (with matplotlib) and report.md."""
    folder.mkdir(parents=True, exist_ok=True)
    summary = {m.name: summarize(m, thresholds) for m in methods if m.scores}
    with replacing(folder / "report.json") as stream:
        json.dump(summary, stream, indent=1)
    try:
        with replacingPath(folder / "report.png") as part:
            drawReport(methods, part)
        page = page.replace("# Evaluation\n", "# Evaluation\n\n![coverage, strain](report.png)\n", 1)
    except ImportError:
        page += "- no picture: matplotlib is not installed: pip install matplotlib\n"
    with replacing(folder / "report.md") as stream:
        stream.write(page)


def runEvaluate(options: argparse.Namespace) -> int:
    """Evaluate as the command line says; the report goes to standard output, and to a folder if one is given.

    Returns
    -------
    int
        Exit status, 0.
    """
    checkOptions(options)
    settings = readGenerationOptions(options)
    references = readReferences(options.data, options.limit)
    if not references:
        raise ValueError(f"evaluate: expected at least one molecule, got none from '{options.data}'")
    description, methods = _describe(options), []
    if not options.no_orbit:
        settings["condition"], text, agree = chooseCondition(references, options.model, options.condition)
        description.append(text)
        if not agree:
            report(text)
        methods = makeOrbitMethods(options.model, not options.no_raw, options.seed, **settings)
    methods += [makeBaseline(name, options.seed) for name in options.baselines]
    inspector = Inspector(options.posebusters, options.strain, options.copies, options.engine)
    evaluate(references, methods, options.factor, not options.quiet, inspector)
    page = writeReport(references, methods, options.thresholds, description, inspector.notes)
    printPage(page)
    if options.output is not None:
        _writeFiles(Path(options.output), page, methods, options.thresholds)
    return EXIT_OK

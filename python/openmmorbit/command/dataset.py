# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit dataset: ensembles and shards of SMILES, or a shard of files of ensembles."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING

from openmmorbit.command.console import EXIT_OK, EXIT_SOME_FAILED, UsageError, checkOutput, report
from openmmorbit.messages import counted

if TYPE_CHECKING:
    import argparse

    from openmmorbit._types import Subparsers

_smilesEndings = (".smi", ".smiles", ".ism", ".smi.gz", ".smiles.gz", ".ism.gz")
_ensembleEndings = (".sdf", ".sdf.gz", ".sd", ".sd.gz", ".xyz", ".extxyz", ".npz")


def _runEnsembles(options: argparse.Namespace) -> int:
    """Make ensembles of SMILES files."""
    from openmmorbit.data import datasets
    from openmmorbit.data.settings import EnsembleSettings

    if os.path.exists(options.output) and not os.path.isdir(options.output):
        raise UsageError(f"expected a folder for a data set of SMILES, got the file '{options.output}'")
    settings = EnsembleSettings(options.level, options.starts, options.max_minima, options.window, options.rmsd,
                                options.engine or "", options.timeout, options.model_starts, options.model or "")
    done = datasets.makeDataset(options.inputs, options.output, settings, options.max_isomers, options.processes,
                                options.dask, options.limit, progress=not options.quiet,
                                retryFailed=options.retry_failed)
    report(f"{counted(done.numConformers, 'conformer')} of {counted(done.numMolecules, 'molecule')} -> {done.folder}; "
           f"{counted(len(done.trainingShards), 'training shard')} and "
           f"{counted(len(done.validationShards), 'validation shard')}; {counted(done.numFailed, 'molecule')} failed")
    for reason, number in sorted(done.reasons.items(), key=lambda entry: -entry[1])[:10]:
        report(f"  {number}: {reason}")
    return EXIT_SOME_FAILED if done.numFailed else EXIT_OK


def runDataset(options: argparse.Namespace) -> int:
    """Turn files of ensembles into a shard, or SMILES into ensembles and shards."""
    for path in options.inputs:
        if not os.path.isfile(path):
            raise UsageError(f"expected an existing file, got '{path}'; check the path")
    fromSmiles = [path.lower().endswith(_smilesEndings) for path in options.inputs]
    if all(fromSmiles):
        return _runEnsembles(options)
    for path in options.inputs:
        if not path.lower().endswith((*_smilesEndings, *_ensembleEndings)):
            raise UsageError(f"expected a file of SMILES that ends in {', '.join(_smilesEndings)}, or of conformers "
                             f"that ends in {', '.join(_ensembleEndings)}, got '{path}'")
    if any(fromSmiles):
        raise UsageError("expected either files of SMILES or files of conformers, got both; run the command twice")
    checkOutput(options.output, options.inputs)
    from openmmorbit.data.shards import buildDataset

    done = buildDataset(options.inputs, options.output, options.condition, options.validation)
    for text in done.messages[:20]:
        report(text)
    if len(done.messages) > 20:
        report(f"and {counted(len(done.messages) - 20, 'more record')} like these")
    report(f"{counted(done.numConformers, 'conformer')} of {counted(done.numMolecules, 'molecule')} -> "
           f"{options.output}; {counted(done.numOtherSide, 'molecule')} left out by the validation rule, "
           f"{counted(done.numFaults, 'record')} failed")
    return EXIT_SOME_FAILED if done.numFaults else EXIT_OK


def addDataset(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    dataset = commands.add_parser(
        "dataset", help="make ensembles of SMILES, or turn files of ensembles into a shard for training",
        description="SMILES files (.smi, .smiles, .ism, also .gz): stereoisomers, ETKDGv3, MMFF94s, GFN2-xTB, checks, "
                    "energy window, pruning; the output is a folder with ensembles, shards, provenance and reasons of "
                    "failure, and the same command continues it after any interruption. Files of conformers (.sdf, "
                    ".sdf.gz, .xyz, .extxyz, .npz): the output is one shard.",
        epilog="exit status: 0 all molecules done, 2 wrong use, 3 some molecules failed")
    dataset.add_argument("inputs", nargs="+", metavar="INPUT", help="files of SMILES, or files of conformers")
    dataset.add_argument("-o", "--output", required=True, help="the folder of a data set, or the shard")
    shard = dataset.add_argument_group("from conformers")
    shard.add_argument("--condition", default="GFN2-xTB", help="level of theory of the conformers (default GFN2-xTB)")
    shard.add_argument("--validation", action="store_true",
                       help="write the molecules that the validation rule keeps back, instead of all others")
    smiles = dataset.add_argument_group("from SMILES")
    smiles.add_argument("--level", choices=["gfn2", "mmff"], default="gfn2",
                        help="minima of GFN2-xTB, or of MMFF94s only (default gfn2)")
    smiles.add_argument("--engine", choices=["xtb", "tblite"],
                        help="what computes GFN2-xTB; default: what is installed")
    smiles.add_argument("--max-isomers", type=int, default=4, help="stereoisomers of an open SMILES (default 4)")
    smiles.add_argument("--starts", type=int, default=24, help="ETKDGv3 start geometries (default 24)")
    smiles.add_argument("--model-starts", type=int, default=0,
                        help="start geometries that a model generates, minimised with GFN2-xTB at once (default 0)")
    smiles.add_argument("--model", help="the model of --model-starts: a path, or the name of a packaged one")
    smiles.add_argument("--max-minima", type=int, default=16, help="minima that go on to GFN2-xTB (default 16)")
    smiles.add_argument("--window", type=float, default=6.0, help="energy window, kcal/mol (default 6)")
    smiles.add_argument("--rmsd", type=float, default=0.125,
                        help="least RMSD of two conformers, Angstrom (default 0.125)")
    smiles.add_argument("--timeout", type=float, default=300, help="seconds for one minimisation (default 300)")
    smiles.add_argument("--limit", type=int, help="stop after this many new molecules")
    smiles.add_argument("--retry-failed", action="store_true",
                        help="try molecules that failed in an earlier run once more")
    smiles.add_argument("--processes", type=int, help="worker processes; default: all cores")
    smiles.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler, or \"local\", instead of worker processes")
    smiles.add_argument("-q", "--quiet", action="store_true", help="no progress bar")
    dataset.set_defaults(run=runDataset)

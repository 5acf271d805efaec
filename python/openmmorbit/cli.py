# SPDX-License-Identifier: MIT
"""The command openmm-orbit: conformers, dataset, train, evaluate, info."""
import argparse
import os
import sys
import warnings

from openmmorbit.conformerscommand import addConformers
from openmmorbit.console import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_OK,
    EXIT_SOME_FAILED,
    EXIT_USAGE,
    UsageError,
    checkOutput,
    counted,
    explain,
    printable,
    report,
)

_smilesEndings = (".smi", ".smiles", ".ism", ".smi.gz", ".smiles.gz", ".ism.gz")
_ensembleEndings = (".sdf", ".sdf.gz", ".sd", ".sd.gz", ".xyz", ".extxyz", ".npz")


def _runEnsembles(options):
    """Make ensembles of SMILES files."""
    from openmmorbit import datasets, makeensemble

    if os.path.exists(options.output) and not os.path.isdir(options.output):
        raise UsageError(f"expected a folder for a data set of SMILES, got the file '{options.output}'")
    settings = makeensemble.EnsembleSettings(options.level, options.starts, options.max_minima, options.window,
                                             options.rmsd, options.engine or "", options.timeout, options.model_starts,
                                             options.model or "")
    done = datasets.makeDataset(options.inputs, options.output, settings, options.max_isomers, options.processes,
                                options.dask, options.limit, progress=not options.quiet,
                                retryFailed=options.retry_failed)
    report(f"{counted(done.numConformers, 'conformer')} of {counted(done.numMolecules, 'molecule')} -> {done.folder}; "
           f"{counted(len(done.trainingShards), 'training shard')} and "
           f"{counted(len(done.validationShards), 'validation shard')}; {counted(done.numFailed, 'molecule')} failed")
    for reason, number in sorted(done.reasons.items(), key=lambda entry: -entry[1])[:10]:
        report(f"  {number}: {reason}")
    return EXIT_SOME_FAILED if done.numFailed else EXIT_OK


def runDataset(options):
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
    from openmmorbit import training

    done = training.buildDataset(options.inputs, options.output, options.condition, options.validation)
    for text in done.messages[:20]:
        report(text)
    if len(done.messages) > 20:
        report(f"and {counted(len(done.messages) - 20, 'more record')} like these")
    report(f"{counted(done.numConformers, 'conformer')} of {counted(done.numMolecules, 'molecule')} -> "
           f"{options.output}; {counted(done.numOtherSide, 'molecule')} left out by the validation rule, "
           f"{counted(done.numFaults, 'record')} failed")
    return EXIT_SOME_FAILED if done.numFaults else EXIT_OK


def runTrain(options):
    """Train as a configuration file says."""
    if not os.path.isfile(options.config):
        raise UsageError(f"expected an existing configuration file, got '{options.config}'; check the path")
    from openmmorbit import training

    result = training.train(options.config)
    if not result.modelPath:
        return EXIT_OK
    losses = "".join(f"; {name} {value:.4f}" for name, value in (("loss", result.loss), ("validation loss",
                                                                                    result.validationLoss)) if value)
    print(f"{counted(result.numSteps, 'step')}, {counted(result.numSamples, 'sample')} in {result.minutes:.1f} minutes"
          f"{losses}; model in {result.modelPath}, "
          f"curves and held-out metrics in {os.path.join(os.path.dirname(result.modelPath), 'report.md')}")
    return EXIT_OK


def runEvaluation(options):
    """Compare a model with other generators."""
    from openmmorbit import evaluationcommand

    evaluationcommand.checkOptions(options)
    return evaluationcommand.runEvaluate(options)


def runInfo(options):
    """Print what a model file holds."""
    from openmmorbit import orbit
    from openmmorbit.conformers import loadModel

    model = loadModel(options.model)
    settings = model.getSettings()
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
    print(f"network        width {settings.width}, {settings.numLayers} layers, {settings.numHeads} heads, pair width "
          f"{settings.pairWidth}, {settings.numRadial} radial functions to {settings.radialMax:g} Angstrom")
    print(f"data scale     {settings.dataScale:g} Angstrom")
    print(f"sampler        {str(model.getSamplerSettings())[len('<SamplerSettings '):-1]}")
    print(f"conditions     {', '.join(model.getConditions()) or 'none'}")
    for vocabulary in (*model.getAtomVocabularies(), *model.getPairVocabularies()):
        values = ", ".join(orbit._symbol(value) if vocabulary.name == "element" else str(value)
                           for value in vocabulary.values)
        print(f"feature        {vocabulary.name}: {values}{' and beyond' if vocabulary.saturates else ''}")
    return EXIT_OK


def _addDataset(commands):
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


def makeParser():
    """Make the parser of the command line."""
    import openmmorbit
    from openmmorbit.evaluationcommand import addEvaluate

    parser = argparse.ArgumentParser(prog="openmm-orbit",
                                     description="Conformers by orbit diffusion, an OpenMM plugin.")
    parser.add_argument("--version", action="version", version=f"openmm-orbit {openmmorbit.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    addConformers(commands)
    _addDataset(commands)

    train = commands.add_parser(
        "train", help="train a model",
        description="Trains as a JSON file says, or continues the run whose checkpoint lies in its outputDirectory, "
                    "also after kill -9. Ctrl-C ends a run with a checkpoint and a model. The folder receives "
                    "model.safetensors, log.csv, metrics.csv, report.md and training.png. Several processes: torchrun "
                    "--nproc-per-node N --no-python openmm-orbit train CONFIG.")
    train.add_argument("config", metavar="CONFIG", help="JSON file of training settings")
    train.set_defaults(run=runTrain)

    addEvaluate(commands).set_defaults(run=runEvaluation)

    info = commands.add_parser("info", help="show what a model file holds")
    info.add_argument("model", nargs="?", metavar="MODEL", help="model file; default: the packaged one")
    info.set_defaults(run=runInfo)
    return parser


def main(arguments=None):
    """Run the command.

    Parameters
    ----------
    arguments : list of str, optional
        Default: those of the process.

    Returns
    -------
    int
        Exit status: 0 all good, 1 failure, 2 wrong use, 3 some records failed, 130 interrupted.
    """
    import openmm

    from openmmorbit import familiarity, openstereo

    options = makeParser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            # The command tells of every record.
            warnings.simplefilter("ignore", familiarity.UnfamiliarMoleculeWarning)
            mixed = ".* leaves open .* may be of several isomers"
            warnings.filterwarnings("ignore", mixed, openstereo.OpenStereoWarning)
            return options.run(options)
    except (UsageError, ValueError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        report(f"error: {explain(error)}")
        return EXIT_USAGE
    except BrokenPipeError:
        # Whoever read the output has enough; Python must not complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except KeyboardInterrupt:
        report("interrupted; what was finished is kept")
        return EXIT_INTERRUPTED
    except (OSError, ImportError, openmm.OpenMMException) as error:
        report(f"error: {explain(error)}")
        return EXIT_ERROR


if __name__ == "__main__":
    sys.exit(main())

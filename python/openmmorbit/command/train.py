# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit train: a run as a configuration file says, or a model of one system from trajectories."""
from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from openmmorbit.command.console import EXIT_OK, UsageError, counted, explain

if TYPE_CHECKING:
    import argparse

    from openmmorbit import orbittraining
    from openmmorbit._types import Subparsers

#: Options that only a run on trajectories has: name in the namespace, and the option.
_systemOptions = {"trajectory": "--trajectory", "atoms": "--atoms", "stride": "--stride",
                  "temperature": "--temperature", "damaged": "--damaged", "minutes": "--minutes", "output": "-o",
                  "forceField": "--force-field", "settings": "--set", "threads": "--threads", "seed": "--seed"}


def _describe(result: orbittraining.TrainingResult) -> None:
    losses = "".join(f"; {name} {value:.4f}" for name, value in (("loss", result.loss), ("validation loss",
                                                                                    result.validationLoss)) if value)
    print(f"{counted(result.numSteps, 'step')}, {counted(result.numSamples, 'sample')} in {result.minutes:.1f} minutes"
          f"{losses}; model in {result.modelPath}, "
          f"curves and held-out metrics in {os.path.join(os.path.dirname(result.modelPath), 'report.md')}")


def _readSettings(options: argparse.Namespace) -> dict[str, Any]:
    """Get the settings that were given by --set and by options of their own."""
    values: dict[str, Any] = {}
    for text in options.settings or []:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(f"expected --set NAME=VALUE, got '{text}'")
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return {**values, **{name: getattr(options, name) for name in ("threads", "seed")
                         if getattr(options, name) is not None}}


def _trainSystem(options: argparse.Namespace) -> orbittraining.TrainingResult:
    """Train a model of one system."""
    from openmmorbit.data.trajectories import TrajectoryDataset
    from openmmorbit.io.topologyfiles import readTopology
    from openmmorbit.training import train

    for name in ("trajectory", "output"):
        if getattr(options, name) is None:
            raise UsageError(f"expected {_systemOptions[name]} beside --topology, got none")
    temperatures = options.temperature
    if temperatures is not None and len(temperatures) == 1:
        temperatures = temperatures[0]
    try:
        dataset = TrajectoryDataset(readTopology("train", options.topology), options.trajectory, atoms=options.atoms,
                                    stride=1 if options.stride is None else options.stride, temperature=temperatures,
                                    damaged=options.damaged or "refuse")
        return train(dataset, options.output, 30.0 if options.minutes is None else options.minutes,
                     forceField=options.forceField, **_readSettings(options))
    except TypeError as error:
        raise UsageError(explain(error)) from error


def runTrain(options: argparse.Namespace) -> int:
    """Train as a configuration file says, or on trajectories."""
    if options.topology is not None:
        if options.config is not None:
            raise UsageError(f"expected a configuration file or --topology, got both, '{options.config}' and "
                             f"'{options.topology}'")
        result = _trainSystem(options)
    else:
        given = [option for name, option in _systemOptions.items() if getattr(options, name) is not None]
        if given:
            raise UsageError(f"expected --topology beside {given[0]}, got none; give the system's .pdb file")
        if options.config is None:
            raise UsageError("expected a configuration file, or --topology and --trajectory, got neither")
        if not os.path.isfile(options.config):
            raise UsageError(f"expected an existing configuration file, got '{options.config}'; check the path")
        from openmmorbit.training import train

        result = train(options.config)
    if result.modelPath:
        _describe(result)
    return EXIT_OK


def addTrain(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser(
        "train", help="train a model",
        usage="openmm-orbit train CONFIG\n       openmm-orbit train --topology FILE --trajectory FILE [FILE ...] "
              "[options] -o FOLDER",
        description="Trains as a JSON file says; or with --topology a model of one system on frames of simulations. "
                    "The same call again continues the run, also after kill -9; Ctrl-C ends a run with a checkpoint "
                    "and a model. The folder receives model.safetensors, log.csv, metrics.csv, report.md and "
                    "training.png. "
                    "Several processes: torchrun --nproc-per-node N --no-python openmm-orbit train CONFIG.")
    parser.add_argument("config", metavar="CONFIG", nargs="?", help="JSON file of training settings")
    group = parser.add_argument_group("a model of one system")
    group.add_argument("--topology", metavar="FILE", help="the system: a .pdb, .cif, .prmtop or .psf file")
    group.add_argument("--trajectory", nargs="+", metavar="FILE",
                       help="its simulations, each in order of time: .dcd, .xtc, .trr, .nc, .h5, .pdb or .cif")
    group.add_argument("--atoms", metavar="WORDS",
                       help="which atoms: all (default), heavy, CA, or a selection in mdtraj's language")
    group.add_argument("--stride", type=int, metavar="N", help="take every N-th frame")
    group.add_argument("--temperature", type=float, nargs="+", metavar="KELVIN",
                       help="of the simulations: one for all, or one each")
    group.add_argument("--damaged", choices=("refuse", "keep"),
                       help="what to do with files that are cut off (default refuse; keep: take the complete frames)")
    group.add_argument("--minutes", type=float, metavar="M", help="length of the run (default 30)")
    group.add_argument("-o", "--output", metavar="FOLDER", help="where the run lies")
    group.add_argument("--force-field", dest="forceField", metavar="TEXT", help="for the model card")
    group.add_argument("--threads", type=int, metavar="N", help="threads; default: all cores but one")
    group.add_argument("--seed", type=int, metavar="N", help="random seed of the run")
    group.add_argument("--set", dest="settings", action="append", metavar="NAME=VALUE",
                       help="a setting of the trainer, e.g. width=64 or rotations=SO3; may be repeated")
    parser.set_defaults(run=runTrain)

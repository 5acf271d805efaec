# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit train: a training run as a configuration file says."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING

from openmmorbit.command.console import EXIT_OK, UsageError, counted

if TYPE_CHECKING:
    import argparse

    from openmmorbit._types import Subparsers


def runTrain(options: argparse.Namespace) -> int:
    """Train as a configuration file says."""
    if not os.path.isfile(options.config):
        raise UsageError(f"expected an existing configuration file, got '{options.config}'; check the path")
    from openmmorbit.training import train

    result = train(options.config)
    if not result.modelPath:
        return EXIT_OK
    losses = "".join(f"; {name} {value:.4f}" for name, value in (("loss", result.loss), ("validation loss",
                                                                                    result.validationLoss)) if value)
    print(f"{counted(result.numSteps, 'step')}, {counted(result.numSamples, 'sample')} in {result.minutes:.1f} minutes"
          f"{losses}; model in {result.modelPath}, "
          f"curves and held-out metrics in {os.path.join(os.path.dirname(result.modelPath), 'report.md')}")
    return EXIT_OK


def addTrain(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser(
        "train", help="train a model",
        description="Trains as a JSON file says, or continues the run whose checkpoint lies in its outputDirectory, "
                    "also after kill -9. Ctrl-C ends a run with a checkpoint and a model. The folder receives "
                    "model.safetensors, log.csv, metrics.csv, report.md and training.png. Several processes: torchrun "
                    "--nproc-per-node N --no-python openmm-orbit train CONFIG.")
    parser.add_argument("config", metavar="CONFIG", help="JSON file of training settings")
    parser.set_defaults(run=runTrain)

# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit convert: a checkpoint of another program as a model file."""
from __future__ import annotations

from typing import TYPE_CHECKING

from openmmorbit.command.backbones import readLengths
from openmmorbit.command.console import EXIT_OK, checkOutput, report

if TYPE_CHECKING:
    import argparse

    from openmmorbit._types import Subparsers


def runConvert(options: argparse.Namespace) -> int:
    """Convert a checkpoint, and print its licence."""
    from openmmorbit.checkpoints import PROTEINA_LICENCE, convertCheckpoint

    checkOutput(options.output, [options.checkpoint])
    model = convertCheckpoint(options.checkpoint, options.output, lengths=readLengths(options.lengths, "--lengths"),
                              name=options.name, licence=options.licence or PROTEINA_LICENCE, bfloat16=options.bf16)
    report(f"{options.checkpoint} -> {options.output}, {model!r}")
    report(f"licence: {model.getMetadata('licence')}")
    return EXIT_OK


def addConvert(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser("convert", help="make a model file of a checkpoint of Proteina")
    parser.add_argument("checkpoint", metavar="CHECKPOINT", help="a .ckpt file; nothing in it is executed")
    parser.add_argument("-o", "--output", required=True, metavar="FILE", help="model file to write, .safetensors")
    parser.add_argument("--lengths", default="32-256", metavar="LOW-HIGH",
                        help="residues of the backbones that the checkpoint was trained on (default: 32-256)")
    parser.add_argument("--name", help="name of the model; default: that of the checkpoint")
    parser.add_argument("--licence", help="licence for the model card; default: that of the published checkpoints")
    parser.add_argument("--bf16", action="store_true", help="round weights to BF16: the file is half as long")
    parser.set_defaults(run=runConvert)

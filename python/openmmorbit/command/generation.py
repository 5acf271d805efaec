# SPDX-License-Identifier: MIT
"""The options of openmm-orbit that say how a model generates; conformers and evaluate have the same ones."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openmmorbit import samplersettings
from openmmorbit.drawnstructures import DRAWN, NOISE_SCALE

if TYPE_CHECKING:
    import argparse


def addGenerationOptions(parser: argparse.ArgumentParser, condition: str, timeLimit: str = "no limit") -> None:
    """Add the options to the parser of a subcommand.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    condition : str
        What the subcommand does without a condition.
    timeLimit : str
        What it does without a time limit.
    """
    group = parser.add_argument_group("generation")
    group.add_argument("--platform", help="OpenMM platform: CPU (default), Reference, OpenCL, CUDA or HIP")
    group.add_argument("--precision", help="bf16 (CPU), single, mixed or double (GPUs); default: the fastest")
    group.add_argument("--threads", type=int, metavar="N", help="threads of the CPU platform")
    group.add_argument("--condition", help=f"a condition of the model, e.g. a level of theory; default: {condition}")
    group.add_argument("--max-redraws", "--max-resamplings", dest="maxRedraws", type=int, metavar="N",
                       help="how often a wrong copy is redrawn: generated again from other random numbers (default 10)")
    group.add_argument("--time-limit", dest="timeLimit", type=float, metavar="SECONDS",
                       help="that a molecule, system or backbone may take, in proportion for more than 100 copies; "
                            f"0: no limit (default {timeLimit})")
    sampler = parser.add_argument_group("sampler", "Parts of the model's own sampler that are changed.")
    samplersettings.addOptions(sampler)


def readGenerationOptions(options: argparse.Namespace) -> dict[str, Any]:
    """Get the keywords of ConformerGenerator that were given as options."""
    given = {name: getattr(options, name) for name in ("platform", "threads", "condition", "maxRedraws", "timeLimit")}
    if options.precision is not None:
        given["properties"] = {"Precision": options.precision}
    return {**{name: value for name, value in given.items() if value is not None},
            **samplersettings.readOptions(options)}


def readDrawingOptions(options: argparse.Namespace) -> dict[str, Any]:
    """Get the same for backbones: those of drawn structures have less noise, if no other scale is given."""
    given = readGenerationOptions(options)
    return {"noiseScale": NOISE_SCALE, **given} if options.structure == DRAWN else given

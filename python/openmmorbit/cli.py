# SPDX-License-Identifier: MIT
"""The command openmm-orbit: conformers, dataset, train, generate, backbones, convert, evaluate, view, info."""
from __future__ import annotations

import argparse
import errno
import os
import sys
import warnings
from typing import TYPE_CHECKING, TextIO

from openmmorbit.command.backbones import addBackbones
from openmmorbit.command.conformers import addConformers
from openmmorbit.command.console import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_USAGE, UsageError, inOptions, report
from openmmorbit.command.convert import addConvert
from openmmorbit.command.dataset import addDataset
from openmmorbit.command.evaluate import addEvaluate
from openmmorbit.command.generate import addGenerate
from openmmorbit.command.info import addInfo
from openmmorbit.command.train import addTrain
from openmmorbit.command.view import addView
from openmmorbit.messages import explain

if TYPE_CHECKING:
    from collections.abc import Sequence


def makeParser() -> argparse.ArgumentParser:
    """Make the parser of the command line."""
    import openmmorbit

    parser = argparse.ArgumentParser(prog="openmm-orbit",
                                     description="Conformers by orbit diffusion, an OpenMM plugin.")
    parser.add_argument("--version", action="version", version=f"openmm-orbit {openmmorbit.__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    addConformers(commands)
    addDataset(commands)
    addTrain(commands)
    addGenerate(commands)
    addBackbones(commands)
    addConvert(commands)
    addEvaluate(commands)
    addView(commands)
    addInfo(commands)
    return parser


def _report(message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None,
            line: str | None = None) -> None:
    """Show a warning as a line of the command."""
    report(f"warning: {explain(str(message))}")


def main(arguments: Sequence[str] | None = None) -> int:
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

    from openmmorbit import fallback, familiarity, openstereo

    options = makeParser().parse_args(arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _report
            # The command tells of every record.
            for told in (familiarity.UnfamiliarMoleculeWarning, fallback.FallbackWarning):
                warnings.simplefilter("ignore", told)
            openstereo.ignoreMixed()
            return options.run(options)
    except (UsageError, ValueError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError) as error:
        report(f"error: {inOptions(explain(error))}")
        return EXIT_USAGE
    except BrokenPipeError:
        # Whoever read the output has enough; Python must not complain about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_ERROR
    except KeyboardInterrupt:
        report("interrupted; what was finished is kept")
        return EXIT_INTERRUPTED
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        report(f"error: expected room on the disk, got \"{error.strerror}\"; free some space, and call it again" if full
               else f"error: {explain(error)}")
        return EXIT_ERROR
    except (ImportError, openmm.OpenMMException) as error:
        report(f"error: {explain(error)}")
        return EXIT_ERROR


if __name__ == "__main__":
    sys.exit(main())

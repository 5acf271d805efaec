# SPDX-License-Identifier: MIT
"""What the subcommands of openmm-orbit share: exit statuses, messages, and the check of an output."""
from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

from openmmorbit.io.outputs import isSameFile, partPath

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    import openmm
    from openmm import app

EXIT_OK, EXIT_ERROR, EXIT_USAGE, EXIT_SOME_FAILED, EXIT_INTERRUPTED = 0, 1, 2, 3, 130


#: How a terminal shows these words at the beginning of a line.
_colors = {"error": "1;31", "warning": "1;33"}


#: What messages call an argument in Python, and the option of the command.
_options = ((re.compile(r"\bgive boxVectors=topology\.getPeriodicBoxVectors\(\)"), "give --topology-box"),
            (re.compile(r"\bgive boxVectors="), "give a Topology with a box, and --topology-box"),
            (re.compile(r"\bgive temperature="), "give --temperature"),
            (re.compile(r"\bdamaged='keep'"), "--damaged keep"),
            (re.compile(r"\binitialModel='([^']*)'"), r"--set initialModel='\1'"),
            (re.compile(r"\bexpected numStates\b"), "expected -n"))


def inOptions(text: str) -> str:
    """Get a message with the command's options in place of the arguments that they stand for."""
    for words, option in _options:
        text = words.sub(option, text)
    return text


def chooseBox(topology: app.Topology, options: argparse.Namespace) -> Any:
    """Get the box of trajectories that have none: that of the Topology if --topology-box is given."""
    if not options.topologyBox:
        return None
    box = topology.getPeriodicBoxVectors()
    if box is None:
        raise UsageError(f"expected a box in '{options.topology}' for --topology-box, got none")
    return box


class UsageError(Exception):
    """What the caller of the command can correct."""


def readSystem(path: str) -> openmm.System:
    """Read OpenMM's System from a file of XML."""
    import openmm

    try:
        with open(path, encoding="utf-8") as stream:
            system = openmm.XmlSerializer.deserialize(stream.read())
    except (openmm.OpenMMException, ValueError) as error:
        raise UsageError(f"expected OpenMM's System as XML in '{path}', got another file ({error}); "
                         "openmm.XmlSerializer.serialize(system) makes it") from error
    if not isinstance(system, openmm.System):
        raise UsageError(f"expected OpenMM's System as XML in '{path}', got {type(system).__name__}")
    return system


def printable(text: object) -> str:
    """Get a text that any terminal can show: control characters and what is no text are escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def report(text: object) -> None:
    """Write a line to standard error without disturbing a progress bar."""
    from tqdm import tqdm

    words = printable(text)
    if sys.stderr.isatty() and not os.environ.get("NO_COLOR"):
        words = re.sub(r"^(error|warning):", lambda found: f"\033[{_colors[found[1]]}m{found[0]}\033[0m", words)
    tqdm.write(f"openmm-orbit: {words}", file=sys.stderr)


def checkOutput(output: str, inputs: Sequence[str]) -> None:
    """Refuse an output that is one of the inputs, or cannot be written.

    Parameters
    ----------
    output : str
        A file.
    inputs : list of str
        Files; texts that are none do not matter.
    """
    for text in inputs:
        for written in (output, partPath(output)):
            if os.path.exists(text) and isSameFile(text, written):
                raise UsageError(f"expected an output that is not the input, got '{output}' and '{text}', which are "
                                 "one file; choose another name for the output")
    folder = os.path.dirname(os.path.realpath(output))
    if not os.path.isdir(folder):
        raise UsageError(f"expected an existing folder for the output, got '{folder}'; create it")
    if os.path.isdir(output):
        raise UsageError(f"expected a file for the output, got the folder '{output}'")
    for path in (folder, output):
        if os.path.exists(path) and not os.access(path, os.W_OK):
            raise UsageError(f"expected an output that can be written, got '{output}'; change the permissions of "
                             f"'{path}', or choose another name")


def checkFolder(output: str) -> None:
    """Refuse a folder for a report that is a file.

    Raises
    ------
    UsageError
        Naming it.
    """
    if os.path.exists(output) and not os.path.isdir(output):
        raise UsageError(f"expected a folder for the report, got the file '{output}'")

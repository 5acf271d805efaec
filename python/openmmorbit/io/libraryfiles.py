# SPDX-License-Identifier: MIT
"""The files of a run over a library: where they are, and that none takes the place of another one."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING

from openmmorbit.io.outputs import isSameFile, isSpecial, partPath
from openmmorbit.io.resumable import journalPath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit._types import StrPath


def failuresPath(output: StrPath) -> str:
    """Get the path of the list of failures that stands beside an output, e.g. library.sdf.failures.txt."""
    return os.path.realpath(output) + ".failures.txt"


def checkReport(output: StrPath, report: StrPath) -> None:
    """Refuse a table of answers beside a pipe, and one in the place of another file of the run."""
    if isSpecial(output) or isSpecial(report):
        raise ValueError("generateLibrary: expected files for the output and the report, got "
                         f"'{os.fspath(output)}' and '{os.fspath(report)}'; a pipe can have no report")
    for written in (output, partPath(os.path.realpath(output)), journalPath(output), failuresPath(output)):
        if isSameFile(report, written) or isSameFile(partPath(os.path.realpath(report)), written):
            raise ValueError(f"generateLibrary: expected a report that is no other file of the run, got "
                             f"'{os.fspath(report)}'; choose another name")


def checkOutput(inputs: Sequence[str], output: StrPath) -> None:
    """Refuse an output in a folder that does not exist, and one whose files would take the place of an input."""
    folder, failures = os.path.dirname(os.path.realpath(output)), failuresPath(output)
    if not os.path.isdir(folder):
        raise ValueError(f"generateLibrary: expected an existing folder for the output '{os.fspath(output)}', got "
                         f"none; create '{folder}'")
    for text in inputs:
        for written in (output, partPath(os.path.realpath(output)), journalPath(output), failures, partPath(failures)):
            if os.path.exists(text) and isSameFile(text, written):
                raise ValueError(f"generateLibrary: expected an output that is no input, got '{os.fspath(output)}', "
                                 f"for which '{text}' would be written; choose another name for the output")

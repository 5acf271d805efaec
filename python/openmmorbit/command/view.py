# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit view: molecules, states or backbones of files as one HTML page."""
from __future__ import annotations

import os
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

from openmmorbit.command.console import EXIT_OK, EXIT_SOME_FAILED, UsageError, checkOutput, report
from openmmorbit.messages import counted, explain

if TYPE_CHECKING:
    import argparse

    from openmmorbit._types import Subparsers


def runView(options: argparse.Namespace) -> int:
    """Write the page; report records that cannot be read."""
    from openmmorbit.viewer.showing import view

    if not options.output.lower().endswith((".html", ".htm")):
        raise UsageError(f"expected an output that ends in .html, got '{options.output}'")
    if options.max_copies < 1:
        raise UsageError(f"expected at least 1 copy, got --max-copies {options.max_copies}")
    checkOutput(options.output, [*options.inputs, *([options.topology] if options.topology else [])])
    page = view(options.inputs, options.output, title=options.title or "", topology=options.topology,
                maxCopies=options.max_copies, atoms=options.atoms)
    for message in page.messages:
        report(explain(message))
    if not options.quiet:
        total = sum(scene.total for scene in page.scenes)
        shown = sum(len(scene.positions) for scene in page.scenes)
        copies = counted(total, "copy")
        report(f"{shown:,} of {copies} of {counted(len(page.scenes), 'molecule')} -> {options.output}, "
               f"{os.path.getsize(options.output) / 1e6:.1f} MB")
    if options.open:
        webbrowser.open(Path(options.output).resolve().as_uri())
    return EXIT_SOME_FAILED if page.messages else EXIT_OK


def addView(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser("view", help="show the molecules, states or backbones of files in a page (HTML)",
                                 epilog="The page is one file that needs no network. Exit status: 0 all records, 2 "
                                        "wrong use, 3 some records could not be read")
    parser.add_argument("inputs", nargs="+", metavar="FILE",
                        help=".sdf, .mol, .mol2, .xyz (also .gz), .npz, .pdb, .cif; with --topology .dcd, .xtc, ...")
    parser.add_argument("-o", "--output", required=True, help="the page, .html")
    parser.add_argument("--topology", help="what the atoms of trajectories are: .pdb, .cif, .prmtop or .psf")
    parser.add_argument("--atoms", help="atoms of systems to show: heavy, CA, or a selection in mdtraj's language "
                                        "(default: all but water)")
    parser.add_argument("--max-copies", type=int, default=100,
                        help="copies of one molecule at most; of more, some are shown, evenly spaced (default 100)")
    parser.add_argument("--title", help="of the page (default: the name of the file)")
    parser.add_argument("--open", action="store_true", help="show the page in the browser")
    parser.add_argument("-q", "--quiet", action="store_true", help="no summary")
    parser.set_defaults(run=runView)

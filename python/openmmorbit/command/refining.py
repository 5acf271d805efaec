# SPDX-License-Identifier: MIT
"""The options of openmm-orbit conformers that relax, rank and prune conformers."""
from __future__ import annotations

from typing import TYPE_CHECKING

from openmmorbit.arguments import FORCE_FIELDS
from openmmorbit.command.console import UsageError
from openmmorbit.messages import explain

if TYPE_CHECKING:
    import argparse

    from openmmorbit.refinement import Refinement


def addRefinementOptions(parser: argparse.ArgumentParser) -> None:
    """Add the options to a parser."""
    group = parser.add_argument_group(
        "energies", "What is done with the -n conformers of each molecule, in this order. With --relax, --sort or "
        "--window the energies are written too.")
    group.add_argument("--relax", action="store_true", help="minimise the energy of each, with the core in its place; "
                       "leave out those whose bonds or stereochemistry change, that leave a range or meet the pocket")
    group.add_argument("--sort", action="store_true", help="write the lowest energy first")
    group.add_argument("--window", type=float, metavar="KCAL", help="leave out those further above the lowest energy, "
                       "in kcal/mol; sorts")
    group.add_argument("--prune", type=float, metavar="ANGSTROM", help="leave out those nearer to another one than "
                       "this RMSD of heavy atoms, in Angstrom, e.g. 0.5; the one of lower energy stays if energies are "
                       "known, else the first")
    group.add_argument("--force-field", choices=FORCE_FIELDS, help="where energies come from (default MMFF94)")


def readRefinement(options: argparse.Namespace) -> Refinement:
    """Get what is done with conformers; refuse options that do not belong together."""
    from openmmorbit.refinement import Refinement

    chosen = Refinement(options.relax, options.sort, options.window, options.prune, options.force_field or "MMFF94")
    if options.force_field and not chosen.usesEnergies:
        raise UsageError(f"expected --relax, --sort or --window with --force-field {options.force_field}, got none of "
                         "them")
    try:
        chosen.check()
    except ValueError as error:
        raise UsageError(explain(error)) from error
    return chosen

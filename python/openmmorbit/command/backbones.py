# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit backbones: backbones of proteins into one file."""
from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

from openmmorbit.command.console import EXIT_OK, EXIT_SOME_FAILED, UsageError, checkOutput, counted, explain, report
from openmmorbit.command.generation import addGenerationOptions, readGenerationOptions

if TYPE_CHECKING:
    import argparse

    from openmm import app, unit

    from openmmorbit._types import Subparsers
    from openmmorbit.backbones import BackboneGenerator
    from openmmorbit.ensemble import Ensemble

#: Backbones that are generated and written at a time.
BLOCK = 50
_endings = (".pdb", ".cif")


def readLengths(text: str) -> tuple[int, int]:
    """Get the first and the last length of a text such as 80 or 60-80."""
    match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", text.strip())
    if match is None:
        raise UsageError(f"expected --length as a number of residues or a range such as 60-80, got '{text}'")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last:
        raise UsageError(f"expected a --length from low to high, at least 1, got '{text}'")
    return first, last


class _Writer:
    """Writes backbones of different lengths to one file: models of a PDB file, data blocks of a PDBx/mmCIF file."""

    def __init__(self, path: str) -> None:
        from openmmorbit.io.outputs import partPath

        self.path, self._part, self._isPdb = path, partPath(path), path.lower().endswith(".pdb")
        self._stream = open(self._part, "w", encoding="utf-8")
        self.number = 0

    def add(self, topology: app.Topology, positions: unit.Quantity) -> None:
        """Write one backbone, or the protein that was built on it."""
        from openmm import app

        self.number += 1
        if self._isPdb:
            app.PDBFile.writeModel(topology, positions, self._stream, self.number, keepIds=True)
        else:
            app.PDBxFile.writeHeader(topology, self._stream, entry=f"backbone_{self.number}", keepIds=True)
            app.PDBxFile.writeModel(topology, positions, self._stream, keepIds=True)
        self._stream.flush()

    def close(self) -> str:
        """Finish the file; get its path, or an empty text if there is nothing in it."""
        if self._isPdb:
            print("END", file=self._stream)
        self._stream.close()
        if self.number == 0:
            os.remove(self._part)
            return ""
        os.replace(self._part, self.path)
        return self.path


def _generate(options: argparse.Namespace, generator: BackboneGenerator, lengths: list[int], seed: int) -> int:
    from tqdm import tqdm

    from openmmorbit.building import BackboneError

    begin, numRedraws = time.perf_counter(), 0
    failures: list[str] = []
    writer = _Writer(options.output)

    def write(ensemble: Ensemble) -> None:
        for index, conformer in enumerate(ensemble):
            try:
                built = ensemble.build(index, options.sequence) if options.build else conformer
                writer.add(built.topology, built.positions)
            except BackboneError as error:
                failures.append(explain(error))

    try:
        with tqdm(total=options.num, desc="backbones", disable=True if options.quiet else None) as bar:
            for first in range(0, options.num, BLOCK):
                block = lengths[first:first + BLOCK]
                for ensemble in generator.generateBatch(block, 1, seed, structures=[options.structure] * len(block),
                                                        firstRecord=first):
                    write(ensemble)
                    numRedraws += sum(entry.numRedraws for entry in ensemble.provenance)
                    failures += [entry.status.message for entry in ensemble.failures]
                bar.update(len(block))
    finally:
        path = writer.close()
        if not options.quiet or path == "":
            text = (f"{counted(writer.number, 'backbone')} in {time.perf_counter() - begin:.1f} s -> "
                    f"{path or 'nothing written'}, seed {seed}, {generator.kernelDescription()}")
            if not options.no_check:
                text += f"; {counted(numRedraws, 'redraw')} of backbones that were kept"
            if failures:
                text += (f"; {counted(len(failures), 'backbone')} stayed wrong and left out, e.g. "
                         f"{explain(failures[0])}")
            report(text)
    return EXIT_SOME_FAILED if failures else EXIT_OK


def _checkSequence(sequence: str, length: int) -> None:
    """Refuse a sequence before anything is generated."""
    from openmmorbit.building import readSequence

    try:
        names = readSequence(sequence)
    except ValueError as error:
        raise UsageError(explain(error)) from error
    if len(names) != length:
        raise UsageError(f"expected a --sequence of {length} residues, as --length says, got {len(names)}")


def runBackbones(options: argparse.Namespace) -> int:
    """Generate backbones and write them as they come."""
    import numpy as np

    from openmmorbit.backbones import BackboneGenerator

    if not options.output.lower().endswith(_endings):
        raise UsageError(f"expected an output that ends in {' or '.join(_endings)}, got '{options.output}'")
    checkOutput(options.output, [options.model])
    if options.num < 1:
        raise UsageError(f"expected at least 1 backbone, got -n {options.num}")
    if not 0 <= options.seed < 2**31:
        raise UsageError(f"expected a seed from 0 to {2**31 - 1}, got {options.seed}")
    first, last = readLengths(options.length)
    if options.structure is not None and first != last:
        raise UsageError(f"expected one --length beside --structure, got the range '{options.length}'")
    options.build = options.build or options.sequence is not None
    if options.sequence is not None and first != last:
        raise UsageError(f"expected one --length beside --sequence, got the range '{options.length}'")
    seed = options.seed or int.from_bytes(os.urandom(4), "big") % (2**31 - 1) + 1
    try:
        generator = BackboneGenerator(options.model, check=not options.no_check, **readGenerationOptions(options))
        shortest, longest = generator.lengths
        if first < shortest or last > longest:
            raise UsageError(f"expected a --length of {shortest} to {longest} residues, as the model was trained on, "
                             f"got '{options.length}'")
        generator.kernelDescription()   # Refuses a platform without a kernel before the output is opened.
    except (ValueError, OSError) as error:
        raise UsageError(explain(error)) from error
    if options.sequence is not None:
        _checkSequence(options.sequence, first)
    lengths = np.random.default_rng(seed).integers(first, last + 1, options.num).tolist()
    return _generate(options, generator, lengths, seed)


def addBackbones(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser(
        "backbones", help="generate backbones of proteins",
        description="Generates backbones: CA atoms, or N, CA and C if the model has them. Each has a length of its own "
                    "in the range. Those that fail the inspection are redrawn, and left out if they stay wrong. A .pdb "
                    "file has a model for each backbone, a .cif file a data block.",
        epilog="exit status: 0 all backbones, 2 wrong use, 3 some stayed wrong and were left out")
    parser.add_argument("--length", required=True, metavar="N[-M]", help="number of residues, or its range, e.g. 60-80")
    parser.add_argument("-o", "--output", required=True, help=".pdb or .cif")
    parser.add_argument("-n", "--num", type=int, default=1, help="backbones (default 1)")
    parser.add_argument("--structure", metavar="LETTERS",
                        help="secondary structure: H (helix), E (strand), C (neither) or ? (open) for every residue")
    parser.add_argument("--build", action="store_true",
                        help="build proteins of alanine, and of glycine where phi is positive, with hydrogens")
    parser.add_argument("--sequence", metavar="LETTERS", help="build proteins of this sequence; they need one --length")
    parser.add_argument("--model", default="backbone", help="model file, or name of a packaged one (default backbone)")
    parser.add_argument("--seed", type=int, default=0, help="random seed; 0 chooses one (default)")
    parser.add_argument("--no-check", action="store_true", help="do not inspect backbones and redraw none")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar and no summary")
    addGenerationOptions(parser, "the first one of the model")
    parser.set_defaults(run=runBackbones)

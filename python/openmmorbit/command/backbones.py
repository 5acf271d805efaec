# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit backbones: backbones of proteins into one file."""
from __future__ import annotations

import io
import re
import time
from typing import TYPE_CHECKING

from openmmorbit.arguments import chooseSeed
from openmmorbit.bars import makeBar
from openmmorbit.command.backbonestarts import (addStartOptions, checkMotif, checkStartOptions, readDesigns,
                                                readLevel)
from openmmorbit.command.console import EXIT_OK, EXIT_SOME_FAILED, UsageError, checkOutput, report
from openmmorbit.command.generation import addGenerationOptions, readDrawingOptions
from openmmorbit.drawnstructures import DRAWN, NOISE_SCALE, OPEN
from openmmorbit.messages import counted, explain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from openmm import app, unit

    from openmmorbit._types import Subparsers
    from openmmorbit.backbones import BackboneGenerator
    from openmmorbit.designs import BackboneDesign
    from openmmorbit.ensemble import Ensemble

#: The packaged model.
_packaged = "backbone"
#: Backbones that are generated and written at a time.
BLOCK = 50
_endings = (".pdb", ".cif")


def readLengths(text: str, option: str = "--length") -> tuple[int, int]:
    """Get the first and the last length of a text such as 80 or 60-80."""
    match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", text.strip())
    if match is None:
        raise UsageError(f"expected {option} as a number of residues or a range such as 60-80, got '{text}'")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last:
        raise UsageError(f"expected a {option} from low to high, at least 1, got '{text}'")
    return first, last


class _Writer:
    """Writes backbones of different lengths to one file: models of a PDB file, data blocks of a PDBx/mmCIF file."""

    def __init__(self, path: str) -> None:
        from openmmorbit.io.outputs import RecordFile

        self.path, self._file, self._isPdb = path, RecordFile(path), path.lower().endswith(".pdb")
        self.number = 0

    def add(self, topology: app.Topology, positions: unit.Quantity) -> None:
        """Write one backbone, or the protein that was built on it."""
        from openmm import app

        text, number = io.StringIO(), self.number + 1
        if self._isPdb:
            app.PDBFile.writeModel(topology, positions, text, number, keepIds=True)
        else:
            app.PDBxFile.writeHeader(topology, text, entry=f"backbone_{number}", keepIds=True)
            app.PDBxFile.writeModel(topology, positions, text, keepIds=True)
        self._file.add(text.getvalue())
        self.number = number

    def close(self, replace: bool) -> str:
        """Finish the file; get its path, or an empty text if there is nothing in it.

        A file that a fault has ended early takes the place of no other one: it keeps the name that it has beside it.
        """
        if self.number == 0:
            return ""
        if self._isPdb:
            self._file.add("END\n")
        if replace:
            self._file.finish()
            return self.path
        self._file.abandon()
        return self.path if self._file.writtenPath == self._file.path else self._file.writtenPath


class _Run:
    """One call of the command: what has been written, and what went wrong."""

    def __init__(self, options: argparse.Namespace, generator: BackboneGenerator, seed: int) -> None:
        self.options, self.generator, self.seed = options, generator, seed
        self.failures: list[str] = []
        self.numRedraws, self.begin = 0, time.perf_counter()
        self.writer = _Writer(options.output)

    def _write(self, ensemble: Ensemble, wanted: int | BackboneDesign) -> None:
        from openmmorbit.building import BackboneError
        from openmmorbit.designs import BackboneDesign

        design = wanted if isinstance(wanted, BackboneDesign) else None
        sequence = self.options.sequence
        if sequence is None and design is not None:
            sequence = design.sequence
        for index, conformer in enumerate(ensemble):
            try:
                built = ensemble.build(index, sequence) if self.options.build else conformer
                self.writer.add(built.topology, built.positions)
            except BackboneError as error:
                self.failures.append(explain(error))
                continue
            if self.options.contig is not None and design is not None and not self.options.quiet:
                report(f"backbone {self.writer.number}: {design.describeMotif()} of {len(design)}")
        self.numRedraws += sum(entry.numRedraws for entry in ensemble.provenance)
        self.failures += [entry.status.message for entry in ensemble.failures]

    def generate(self, wanted: Sequence[int | BackboneDesign]) -> int:
        """Generate one backbone for each entry."""
        try:
            with makeBar(len(wanted), "backbones", not self.options.quiet) as bar:
                for first in range(0, len(wanted), BLOCK):
                    block = wanted[first:first + BLOCK]
                    ensembles = self.generator.generateBatch(
                        block, 1, self.seed, structures=[self.options.structure] * len(block), firstRecord=first,
                        level=readLevel(self.options))
                    for ensemble, entry in zip(ensembles, block):
                        self._write(ensemble, entry)
                    bar.update(len(block))
        except BaseException:
            if self.writer.number > 0:      # What has been written is kept, and told.
                self._finish(False)
            else:
                self.writer.close(False)
            raise
        self._finish(True)
        return EXIT_SOME_FAILED if self.failures else EXIT_OK

    def _finish(self, replace: bool) -> None:
        path = self.writer.close(replace)
        if self.options.quiet and path != "":
            return
        text = (f"{counted(self.writer.number, 'backbone')} in {time.perf_counter() - self.begin:.1f} s -> "
                f"{path or 'nothing written'}, seed {self.seed}, {self.generator.kernelDescription()}")
        if not self.options.no_check:
            text += f"; {counted(self.numRedraws, 'redraw')} of backbones that were kept"
        if self.failures:
            text += (f"; {counted(len(self.failures), 'backbone')} stayed wrong and left out, e.g. "
                     f"{explain(self.failures[0])}")
        report(text)


def _checkStructure(structure: str, entry: int | BackboneDesign) -> None:
    """Refuse a structure that does not fit one backbone."""
    from openmmorbit.designs import makeBackbone

    if isinstance(entry, int):
        makeBackbone(entry, structure)
    else:
        entry.withStructure(structure)


def _checkSequence(sequence: str, entry: int | BackboneDesign) -> None:
    """Refuse a sequence that does not fit one backbone."""
    from openmmorbit.sequences import fitSequence

    atoms = [] if isinstance(entry, int) else list(entry.makeTopology(1).atoms())
    chains = ["A"] * entry if isinstance(entry, int) else [atom.residue.chain.id for atom in atoms]
    fitSequence("backbones", sequence, chains, [atom.residue.id for atom in atoms])


def _checkLetters(options: argparse.Namespace, wanted: Sequence[int | BackboneDesign]) -> None:
    """Refuse a sequence or structure that does not fit, before anything is generated."""
    numbers = {entry if isinstance(entry, int) else len(entry) for entry in wanted}
    for name, check in (("structure", _checkStructure), ("sequence", _checkSequence)):
        letters = getattr(options, name)
        if letters is None or (name == "structure" and letters == DRAWN):
            continue
        if len(numbers) > 1:
            raise UsageError(f"expected backbones of one length beside --{name}, got {min(numbers)} to {max(numbers)} "
                             f"residues; give one {'number' if options.contig is None else 'length'} as --length")
        try:
            for entry in wanted:
                check(letters, entry)
        except ValueError as error:
            raise UsageError(explain(error)) from error


def _chooseStructure(options: argparse.Namespace) -> str | None:
    """Get the structure: what was asked for, or a drawn one, with which the packaged model makes better backbones."""
    if options.structure is None:
        known = options.start is not None or options.motif is not None
        return DRAWN if options.model == _packaged and not known else None
    return None if options.structure == OPEN else options.structure


def _listWanted(options: argparse.Namespace, generator: BackboneGenerator,
                seed: int) -> Sequence[int | BackboneDesign]:
    """Get a length, or a design, for each backbone."""
    import numpy as np

    lengths = None if options.length is None else readLengths(options.length)
    shortest, longest = generator.lengths
    if lengths is not None and (lengths[0] < shortest or lengths[1] > longest):
        raise UsageError(f"expected a --length of {shortest} to {longest} residues, as the model was trained on, got "
                         f"'{options.length}'")
    designs = readDesigns(options, generator, lengths, seed)
    if designs is not None:
        if options.structure == DRAWN:
            raise UsageError(f"expected a --structure of letters beside --start or --motif, got '{DRAWN}'")
        _checkLetters(options, designs)
        if options.build and options.sequence is None:
            checkMotif(designs[0], options.start or options.motif)
        return designs
    assert lengths is not None          # checkStartOptions() asks for it.
    _checkLetters(options, lengths)
    return np.random.default_rng(seed).integers(lengths[0], lengths[1] + 1, options.num).tolist()


def runBackbones(options: argparse.Namespace) -> int:
    """Generate backbones and write them as they come."""
    from openmmorbit.backbones import BackboneGenerator

    if not options.output.lower().endswith(_endings):
        raise UsageError(f"expected an output that ends in {' or '.join(_endings)}, got '{options.output}'")
    inputs = [options.model, options.start, options.motif]
    checkOutput(options.output, [path for path in inputs if path is not None])
    if options.num < 1:
        raise UsageError(f"expected at least 1 backbone, got -n {options.num}")
    if not 0 <= options.seed < 2**31:
        raise UsageError(f"expected a seed from 0 to {2**31 - 1}, got {options.seed}")
    checkStartOptions(options)
    options.build = options.build or options.sequence is not None
    options.structure = _chooseStructure(options)
    seed = chooseSeed(options.seed)
    try:
        generator = BackboneGenerator(options.model, check=not options.no_check, **readDrawingOptions(options))
        wanted = _listWanted(options, generator, seed)
        generator.kernelDescription()   # Refuses a platform without a kernel before the output is opened.
    except (ValueError, OSError) as error:
        raise UsageError(explain(error)) from error
    return _Run(options, generator, seed).generate(wanted)


def addBackbones(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    parser = commands.add_parser(
        "backbones", help="generate backbones of proteins",
        description="Generates backbones: CA atoms, or N, CA and C if the model has them. Each has a length of its own "
                    "in the range. Those that fail the inspection are redrawn, and left out if they stay wrong. A .pdb "
                    "file has a model for each backbone, a .cif file a data block. With --start a known protein is "
                    "varied, with --motif a part of one is kept.",
        epilog="exit status: 0 all backbones, 2 wrong use, 3 some stayed wrong and were left out")
    parser.add_argument("--length", metavar="N[-M]",
                        help="number of residues, or its range, e.g. 60-80; with --contig, of the whole")
    parser.add_argument("-o", "--output", required=True, help=".pdb or .cif")
    parser.add_argument("-n", "--num", type=int, default=1, help="backbones (default 1)")
    parser.add_argument("--structure", metavar="LETTERS",
                        help="secondary structure: H (helix), E (strand), C (neither) or ? (open) for every residue, "
                             "with / between chains; "
                             f"'{DRAWN}': as natural domains have it, one for each backbone, and --noise-scale "
                             f"{NOISE_SCALE} unless you give another; or '{OPEN}' (default: {DRAWN} with the packaged "
                             f"model, {OPEN} with others, motifs and starts)")
    parser.add_argument("--build", action="store_true",
                        help="build proteins of alanine, and of glycine where phi is positive, with hydrogens")
    parser.add_argument("--sequence", metavar="LETTERS",
                        help="build proteins of this sequence, which needs one --length; X: as with --build")
    parser.add_argument("--model", default=_packaged,
                        help=f"model file, or name of a packaged one (default {_packaged})")
    parser.add_argument("--seed", type=int, default=0, help="random seed; 0 chooses one (default)")
    parser.add_argument("--no-check", action="store_true", help="do not inspect backbones and redraw none")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress bar and no summary")
    addStartOptions(parser)
    addGenerationOptions(parser, "the first one of the model")
    parser.set_defaults(run=runBackbones)

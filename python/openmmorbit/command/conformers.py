# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit conformers: conformers of SMILES and of molecules in files, into one file."""
from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from openmmorbit.command.console import EXIT_OK, EXIT_SOME_FAILED, UsageError, checkOutput, report
from openmmorbit.command.generation import addGenerationOptions, readGenerationOptions
from openmmorbit.command.refining import addRefinementOptions, readRefinement
from openmmorbit.io.outputs import STANDARD, RecordFile, isSameFile, partPath
from openmmorbit.messages import counted, explain

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from openmmorbit._types import Subparsers
    from openmmorbit.answers import AnswerCounts
    from openmmorbit.conformers import ConformerGenerator
    from openmmorbit.cores import Core
    from openmmorbit.io.moleculefiles import FileOptions

_otherEndings = (".pdb", ".cif", ".pdbx", ".txt", ".json", ".gro", ".gz", ".xlsx", ".zip")


def _readFileOptions(options: argparse.Namespace) -> FileOptions:
    """Get how the inputs are read."""
    from openmmorbit.io.moleculefiles import FileOptions

    chosen = FileOptions(format=options.input_format or "", smilesColumn=options.smiles_column or "",
                         nameColumn=options.name_column or "", fragments=options.fragments, charge=options.charge)
    if options.inputs.count(STANDARD) > 1:
        raise UsageError("expected standard input once, got '-' several times")
    return chosen


def _checkInputs(inputs: Sequence[str], chosen: FileOptions) -> None:
    """Refuse files that are missing or of no format that we read, and columns without a table."""
    from openmmorbit.io.moleculefiles import moleculeEndings

    for text in inputs:
        if not chosen.isFile(text) and (os.path.exists(text) or text.lower().endswith(_otherEndings)):
            raise UsageError(f"expected a SMILES, or a file that ends in {', '.join(moleculeEndings)} (also .gz), got "
                             f"'{text}'; name its format by --input-format, or convert it first")
        if chosen.isFile(text) and text != STANDARD and (not os.path.exists(text) or os.path.isdir(text)):
            raise UsageError(f"expected an existing file, got '{text}'; check the path")
    kinds = {chosen.findFormat(text) for text in inputs if chosen.isFile(text)}
    if (chosen.smilesColumn or chosen.nameColumn) and not kinds & {"csv", "tsv"}:
        raise UsageError("expected a table (.csv, .tsv) with --smiles-column and --name-column, got "
                         f"{', '.join(sorted(kinds)) or 'SMILES'}; say --input-format csv or tsv if it is one")
    if chosen.charge is not None and not kinds & {"xyz", "mol2"}:
        raise UsageError("expected a file without bond orders (.xyz, .mol2) with --charge, got "
                         f"{', '.join(sorted(kinds)) or 'SMILES'}; leave it out")


def _checkOutput(options: argparse.Namespace, chosen: FileOptions) -> str:
    """Refuse an output that cannot be written; get the ending that tells its format, empty if its name does."""
    from openmmorbit.io import recordformats, writers

    output, named = options.output, options.output_format or ""
    name = f"x.{named.lstrip('.')}" if named else "x.sdf" if output == STANDARD else output
    ending, known = recordformats.plainEnding(name), writers.outputEndings()
    if not name.lower().endswith(tuple(known)):
        raise UsageError(f"expected an output that ends in {', '.join(known)}, got '{output}'")
    isOne = len(options.inputs) == 1 and not chosen.isFile(options.inputs[0])
    if ending in writers.singleFormats and not isOne:
        raise UsageError(f"expected an SDF file for the conformers of several molecules, got '{output}'; "
                         "end it in .sdf, .xyz, .mol2 or .npz")
    if ending not in recordformats.recordFormats and (output == STANDARD or isLibrary(options)):
        raise UsageError(f"expected an output of records ({', '.join(recordformats.recordFormats)}) "
                         f"{'to standard output' if output == STANDARD else 'of several workers'}, got '{ending}'")
    if output != STANDARD:
        checkOutput(output, options.inputs)
    if options.report is not None:
        checkOutput(options.report, options.inputs)
        if isSameFile(options.report, output) or isSameFile(partPath(options.report), output):
            raise UsageError(f"expected a report that is not the output, got '{options.report}'; choose another name")
    return name if name != output else ""


def isLibrary(options: argparse.Namespace) -> bool:
    """Tell whether the run is one of several workers, which can go on after an interruption."""
    return options.processes is not None or options.dask is not None


def _makeGenerator(options: argparse.Namespace) -> tuple[ConformerGenerator, str]:
    """Get the generator and its kernel; refuse options that do not fit before the output is opened."""
    from openmmorbit.conformers import ConformerGenerator

    try:
        generator = ConformerGenerator(options.model, check=not options.no_check, unfamiliar=options.unfamiliar,
                                       fallback=options.fallback, **readGenerationOptions(options))
        if options.num < 1:
            raise UsageError(f"expected at least 1 conformer, got -n {options.num}")
        for name, number in (("isomer", options.max_isomers), ("molecule in a batch", options.batch_size),
                             ("process", options.processes)):
            if number is not None and number < 1:
                raise UsageError(f"expected at least 1 {name}, got {number}")
        if not 0 <= options.seed < 2**31:
            raise UsageError(f"expected a seed from 0 to {2**31 - 1}, got {options.seed}")
        return generator, generator.kernelDescription()
    except (ValueError, OSError) as error:
        raise UsageError(explain(error)) from error


def _readCore(options: argparse.Namespace) -> Core | None:
    """Get the reference whose common part with each molecule keeps its place."""
    if options.core is None:
        for name, value in (("core-smarts", options.core_smarts), ("pocket", options.pocket)):
            if value is not None:
                raise UsageError(f"expected --core with --{name} '{value}', got none; name a file with the reference")
        return None
    if options.pocket is not None and not os.path.isfile(options.pocket):
        raise UsageError(f"expected an existing file with --pocket, got '{options.pocket}'; check the path")
    from openmmorbit.cores import Core

    try:
        return Core(options.core, options.core_smarts or "")
    except (ValueError, OSError) as error:
        raise UsageError(explain(error)) from error


def readTorsions(options: argparse.Namespace) -> tuple[tuple[str, float, float], ...]:
    """Get the ranges of torsions; refuse patterns and ranges that are none."""
    from openmmorbit.torsionpatterns import checkTorsions

    try:
        found = tuple((smarts, float(lower), float(upper)) for smarts, lower, upper in options.torsion or ())
    except ValueError as error:
        raise UsageError(f"expected two numbers of degrees behind the pattern of --torsion, got {options.torsion}; "
                         f"{error}") from error
    try:
        return checkTorsions("conformers", found)
    except ValueError as error:
        raise UsageError(explain(error)) from error


def runConformers(options: argparse.Namespace) -> int:
    """Generate conformers of every record; report bad records and go on."""
    chosen = _readFileOptions(options)
    _checkInputs(options.inputs, chosen)
    formatName = _checkOutput(options, chosen)
    if options.processes is not None and options.dask is not None:
        raise UsageError("expected --processes or --dask, got both")
    if options.restart and not isLibrary(options):
        raise UsageError("expected --processes or --dask with --restart, got none; other runs begin anew")
    readRefinement(options)
    _readCore(options)
    readTorsions(options)
    if isLibrary(options):
        return _runLibrary(options, chosen, formatName)
    from openmmorbit.io.resumable import journalPath

    if options.output != STANDARD and os.path.exists(journalPath(options.output)):
        raise UsageError(f"expected no journal '{journalPath(options.output)}': a run of several workers into this "
                         "output is not finished; go on with --processes or --dask, or delete the journal")
    generator, kernel = _makeGenerator(options)
    return _Conformers(options, chosen, generator, kernel, formatName).run()


def _summarize(options: argparse.Namespace, counts: AnswerCounts, seconds: float, path: str, kernel: str) -> None:
    written = counts.conformers
    shown = "nothing written" if not written else "standard output" if path == STANDARD else path
    report(f"{counted(written, 'conformer')} of {counted(counts.molecules, 'molecule')} in {seconds:.1f} s -> {shown}, "
           f"{kernel}{counts.describe()}")


def _runLibrary(options: argparse.Namespace, chosen: FileOptions, formatName: str) -> int:
    """Generate with several workers, in a run that can go on."""
    from openmmorbit.libraries import generateLibrary

    generator, kernel = _makeGenerator(options)
    done = generateLibrary(options.inputs, options.output, generator, options.processes, options.dask, options.restart,
                           not options.quiet, report, chosen, formatName, numConformers=options.num, seed=options.seed,
                           stereo=options.stereo, maxIsomers=options.max_isomers, batchSize=options.batch_size,
                           tellOpen=not options.quiet, refinement=readRefinement(options), report=options.report,
                           core=_readCore(options), pocket=options.pocket, torsions=readTorsions(options))
    if not options.quiet:
        _summarize(options, done.counts, done.seconds, done.path, kernel)
        if done.numBefore:
            report(f"went on behind {counted(done.numBefore, 'record')} of an earlier part of this run")
        if done.failuresPath:
            report(f"failures -> {done.failuresPath}")
    return EXIT_SOME_FAILED if done.counts.failed + done.counts.incomplete else EXIT_OK


class _Counted:
    """An iterator whose length is known before."""

    def __init__(self, iterator: Iterator[Any], length: int) -> None:
        self._iterator, self._length = iterator, length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Any]:
        return self._iterator


class _Conformers:
    """One run of the subcommand conformers in this process."""

    def __init__(self, options: argparse.Namespace, chosen: FileOptions, generator: ConformerGenerator, kernel: str,
                 formatName: str) -> None:
        from openmmorbit.answers import COLUMNS, AnswerBook, tableLine

        self.options, self.chosen, self.generator, self.kernel = options, chosen, generator, kernel
        self.formatName = formatName
        self.core = _readCore(options)
        self.labels: dict[int, str] = {}
        self.begin = time.perf_counter()
        self.table = None if options.report is None else RecordFile(options.report, isPacked=False)
        self.book = AnswerBook(options.num, lambda text, _: report(text), not options.quiet,
                               readRefinement(options), None if self.table is None else self.table.add)
        if self.table is not None:
            self.table.add(tableLine(COLUMNS))

    def _labelled(self) -> Iterator[Any]:
        from openmmorbit.io import moleculefiles

        for index, (label, molecule) in enumerate(moleculefiles.readInputs(self.options.inputs, self.chosen)):
            self.labels[index] = label
            yield molecule

    def _molecules(self) -> Iterable[Any]:
        """Get the molecules, with their number for the forecast if it is known."""
        from openmmorbit.io import moleculefiles

        total = None if self.options.quiet else moleculefiles.countRecords(self.options.inputs, self.chosen)
        return self._labelled() if total is None else _Counted(self._labelled(), total)

    def run(self) -> int:
        from openmmorbit.io.writers import EnsembleWriter

        options, finished = self.options, False
        output = EnsembleWriter(options.output, self.formatName or None)
        try:
            for result in self.generator.generateMany(self._molecules(), options.num, options.seed,
                                                      progress=not options.quiet, batchSize=options.batch_size,
                                                      stereo=options.stereo, maxIsomers=options.max_isomers,
                                                      fragments=options.fragments, core=self.core,
                                                      pocket=options.pocket, torsions=readTorsions(options)):
                # With isomers a record has several answers.
                for index in [index for index in self.labels if index < result.index]:
                    del self.labels[index]
                self.book.take(result, self.labels[result.index], output.write)
            finished = True
        finally:
            path = options.output
            if finished:
                output.close()
            else:
                path = output.abandon()
            if self.table is not None:
                (self.table.finish if finished else self.table.abandon)()
            if not options.quiet or not finished:
                _summarize(options, self.book.counts, time.perf_counter() - self.begin, path, self.kernel)
        return EXIT_SOME_FAILED if self.book.counts.failed + self.book.counts.incomplete else EXIT_OK


def _addFileOptions(conformers: argparse.ArgumentParser) -> None:
    """Add the options of inputs and outputs."""
    from openmmorbit.io.moleculefiles import formats
    from openmmorbit.molecules import FRAGMENTS

    files = conformers.add_argument_group("files")
    files.add_argument("--input-format", choices=sorted(formats), help="format of all inputs that are files or pipes; "
                       "default: what the name says, and smi for -")
    files.add_argument("--output-format", metavar="ENDING", help="format of the output, e.g. xyz; default: what the "
                       "name says, and sdf for -")
    files.add_argument("--smiles-column", metavar="NAME", help="column of a table with SMILES or InChI; default: the "
                       "one whose name says so")
    files.add_argument("--name-column", metavar="NAME", help="column of a table with the names of the molecules")
    files.add_argument("--fragments", choices=FRAGMENTS, default="refuse", help="what to do with salts and mixtures "
                       "(default refuse; largest: keep the fragment with carbon and most heavy atoms; apart: generate "
                       "each fragment, and place them in a row)")
    files.add_argument("--charge", type=int, help="total charge of molecules in XYZ and MOL2 files that do not tell it")


def _addLibraryOptions(conformers: argparse.ArgumentParser) -> None:
    """Add the options of runs with several workers."""
    library = conformers.add_argument_group(
        "libraries", "With one of --processes and --dask, records are kept beside the output until the end, and the "
        "same command goes on after any interruption. The conformers do not depend on the number of workers.")
    library.add_argument("--processes", type=int, metavar="N", help="worker processes")
    library.add_argument("--dask", metavar="ADDRESS", help="a Dask scheduler, or \"local\"")
    library.add_argument("--restart", action="store_true", help="forget an earlier run that is not finished")


def addConformers(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    from openmmorbit import familiarity, openstereo
    from openmmorbit.fallback import FALLBACKS

    conformers = commands.add_parser("conformers", help="generate conformers of SMILES or of the molecules in files",
                                     epilog="exit status: 0 all records answered in full, 2 wrong use, 3 some records "
                                            "failed or have fewer conformers than asked for")
    conformers.add_argument("inputs", nargs="+", metavar="INPUT",
                            help="a SMILES or InChI, a .smi, .sdf, .mol, .csv, .tsv, .mol2, .xyz or .inchi file (also "
                                 ".gz), or - for standard input")
    conformers.add_argument("-o", "--output", required=True,
                            help=".sdf, .xyz or .mol2 (also .gz), .npz, - for standard output; for one molecule also "
                                 ".pdb, .cif, .dcd")
    conformers.add_argument("-n", "--num", type=int, default=20, help="conformers a molecule (default 20)")
    conformers.add_argument("--seed", type=int, default=0, help="random seed; 0 chooses one (default)")
    conformers.add_argument("--model", help="model file, or name of a packaged model; default: conformer")
    conformers.add_argument("--no-check", action="store_true", help="do not inspect conformers and redraw none")
    conformers.add_argument("--unfamiliar", choices=familiarity.reactions, default="warn",
                            help="what to do with molecules that the model was hardly trained for (default warn)")
    conformers.add_argument("--fallback", choices=FALLBACKS, default="rdkit",
                            help="what answers where the redraws of copies fail, too: more copies and a longer sampler "
                                 "(sampler), and RDKit's distance geometry for molecules without a single conformer "
                                 "(rdkit, the default; marked in messages, summary and data items)")
    conformers.add_argument("--report", metavar="CSV", help="table with a line an answer: what made its conformers, "
                            "and why some are missing")
    conformers.add_argument("--stereo", choices=openstereo.modes, default="mixed",
                            help="what to do with centres and double bonds that a molecule leaves open (default mixed: "
                                 "conformers of any isomer; enumerate: -n conformers of each isomer)")
    conformers.add_argument("--max-isomers", type=int, default=32,
                            help="with --stereo enumerate, at most so many isomers of a molecule (default 32)")
    conformers.add_argument("--core", metavar="SDF", help="reference molecule with coordinates, e.g. a docked pose or "
                            "a fragment: heavy atoms that a molecule has in common with it keep their places")
    conformers.add_argument("--pocket", metavar="PDB", help="with --core: what stands around the reference, e.g. its "
                            "protein; conformers that clash with it are generated again")
    conformers.add_argument("--core-smarts", metavar="SMARTS", help="what the core is, instead of the largest common "
                            "part")
    conformers.add_argument("--torsion", action="append", nargs=3, metavar=("SMARTS", "LOWER", "UPPER"),
                            help="range of a torsion in degrees: a pattern of four atoms along bonds, or with the map "
                            "numbers 1 to 4; can be repeated")
    conformers.add_argument("--batch-size", type=int, default=16, help="molecules in a batch (default 16)")
    conformers.add_argument("-q", "--quiet", action="store_true", help="no progress bar and no summary")
    addRefinementOptions(conformers)
    _addFileOptions(conformers)
    _addLibraryOptions(conformers)
    addGenerationOptions(conformers, "the first one of the model", "60")
    conformers.set_defaults(run=runConformers)

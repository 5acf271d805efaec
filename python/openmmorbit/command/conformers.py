# SPDX-License-Identifier: MIT
"""The subcommand openmm-orbit conformers: conformers of SMILES and of the molecules in files, into one file."""
from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from openmmorbit.command.console import EXIT_OK, EXIT_SOME_FAILED, UsageError, checkOutput, counted, explain, report
from openmmorbit.command.generation import addGenerationOptions, readGenerationOptions

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from openmmorbit._types import Subparsers
    from openmmorbit.conformers import ConformerGenerator, GenerationResult
    from openmmorbit.ensemble import Ensemble

_inputEndings = ".smi, .smiles, .ism, .sdf, .sd, .mol, .csv, .tsv"
_otherEndings = (".xyz", ".pdb", ".mol2", ".cif", ".pdbx", ".txt", ".json", ".inchi", ".gro", ".gz", ".xlsx", ".zip")
_sdfEndings = (".sdf", ".sd", ".sdf.gz", ".sd.gz")
_modelWriters = {".pdb": "writePDB", ".cif": "writePDBx", ".dcd": "writeDCD"}


def _records(inputs: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield (label, molecule or exception) for every record of SMILES and files; errors of files name it themselves."""
    from openmmorbit.io import moleculefiles

    for text in inputs:
        if not moleculefiles.isMoleculeFile(text):
            yield f"'{text}': ", text
            continue
        try:
            for number, molecule in enumerate(moleculefiles.readMolecules(text), 1):
                yield "" if isinstance(molecule, Exception) else f"{text}, record {number}: ", molecule
        except ValueError as error:
            yield "", error


def _checkFiles(inputs: Sequence[str], output: str) -> None:
    from openmmorbit.io.moleculefiles import isMoleculeFile

    for text in inputs:
        if not isMoleculeFile(text) and (os.path.exists(text) or text.lower().endswith(_otherEndings)):
            raise UsageError(f"expected a SMILES, or a file that ends in {_inputEndings} (also .gz), got "
                             f"'{text}'; convert it first")
        if isMoleculeFile(text) and not os.path.isfile(text):
            raise UsageError(f"expected an existing file, got '{text}'; check the path")
    known = (*_sdfEndings, *_modelWriters)
    if not output.lower().endswith(known):
        raise UsageError(f"expected an output that ends in {', '.join(known)}, got '{output}'")
    if not output.lower().endswith(_sdfEndings) and (len(inputs) > 1 or isMoleculeFile(inputs[0])):
        raise UsageError(f"expected an SDF file for the conformers of several molecules, got '{output}'; "
                         "end it in .sdf")
    checkOutput(output, inputs)


class _Output:
    """Writes ensembles to one file of the format that its name tells."""

    def __init__(self, path: str) -> None:
        from openmmorbit.io import writers

        self.path, self.sdf = path, None
        if path.lower().endswith(_sdfEndings):
            self.sdf = writers.SDFWriter(path)

    def write(self, ensemble: Ensemble) -> None:
        if self.sdf is not None:
            self.sdf.write(ensemble)
            return
        getattr(ensemble, _modelWriters[os.path.splitext(self.path)[1].lower()])(self.path)

    def close(self, failed: bool) -> str:
        """Finish the file; after a failure an older one stays. Returns where the records are."""
        if self.sdf is None:
            return self.path
        if failed:
            self.sdf.file.abandon()
            return self.sdf.file.writtenPath
        self.sdf.close()
        return self.path


def runConformers(options: argparse.Namespace) -> int:
    """Generate conformers of every record; report bad records and go on."""
    _checkFiles(options.inputs, options.output)
    from openmmorbit.conformers import ConformerGenerator

    try:
        generator = ConformerGenerator(options.model, check=not options.no_check, unfamiliar=options.unfamiliar,
                                       **readGenerationOptions(options))
        if options.num < 1:
            raise UsageError(f"expected at least 1 conformer, got -n {options.num}")
        for name, number in (("isomer", options.max_isomers), ("molecule in a batch", options.batch_size)):
            if number < 1:
                raise UsageError(f"expected at least 1 {name}, got {number}")
        if not 0 <= options.seed < 2**31:
            raise UsageError(f"expected a seed from 0 to {2**31 - 1}, got {options.seed}")
        kernel = generator.kernelDescription()  # Refuses a platform without a kernel before the output is opened.
    except (ValueError, OSError) as error:
        raise UsageError(explain(error)) from error
    return _Conformers(options, generator, kernel).run()


class _Conformers:
    """One run of the subcommand conformers: what was asked for, and the counts of what came."""

    def __init__(self, options: argparse.Namespace, generator: ConformerGenerator, kernel: str) -> None:
        self.options, self.generator, self.kernel = options, generator, kernel
        self.labels: dict[int, str] = {}
        self.begin = time.perf_counter()
        self.written = self.molecules = self.failed = self.incomplete = 0
        # The last records that something was said of, and that had an answer: an isomer is no other record.
        self.told = self.answered = -1

    def _labelled(self) -> Iterator[Any]:
        for index, (label, molecule) in enumerate(_records(self.options.inputs)):
            self.labels[index] = label
            yield molecule

    def _take(self, result: GenerationResult, output: _Output) -> None:
        """Write one answer, or report why there is none."""
        # With isomers a record has several answers.
        for index in [index for index in self.labels if index < result.index]:
            del self.labels[index]
        label, error = self.labels[result.index], result.error
        if result.unfamiliar and result.index != self.told:
            self.told = result.index
            report(f"{label}the model was hardly trained for {'; '.join(result.unfamiliar)}")
        if result.ensemble is not None:
            try:
                output.write(result.ensemble)
            except (ValueError, RuntimeError) as failure:
                error = failure
        if result.ensemble is None or error is not None:
            self.failed += 1
            report(f"{label}{explain(error or 'unknown')}")
            return
        self.molecules += result.index != self.answered
        self.answered = result.index
        self._tellOfEnsemble(label, result, result.ensemble)

    def _tellOfEnsemble(self, label: str, result: GenerationResult, ensemble: Ensemble) -> None:
        """Count the conformers that were written, and report what is open in them or missing."""
        from openmmorbit import openstereo

        options = self.options
        self.written += len(ensemble)
        if result.openStereo and options.stereo == "mixed" and not options.quiet:
            isomers = openstereo.describeIsomers(ensemble.isomerNumbers)
            report(f"{label}leaves open {', '.join(result.openStereo)}: {isomers}; --stereo enumerate gives every "
                   "isomer")
        missing = options.num - len(ensemble)
        if missing > 0:
            self.incomplete += 1
            reason = ensemble.failures[0].status.message if ensemble.failures else "unknown"
            report(label + explain(ensemble.message or f"expected {counted(options.num, 'conformer')}, got "
                                   f"{len(ensemble)}: the redraws of the others were wrong too ({reason})"))

    def _summarize(self, path: str) -> None:
        molecules, failed = self.molecules, self.failed
        text = (f"{counted(self.written, 'conformer')} of {counted(molecules, 'molecule')} in "
                f"{time.perf_counter() - self.begin:.1f} s -> {path if self.written else 'nothing written'}, "
                f"{self.kernel}")
        if failed:
            text += f"; {failed} of {counted(molecules + failed, 'record')} failed"
        if self.incomplete:
            text += f"; {counted(self.incomplete, 'record')} with fewer conformers than asked for"
        report(text)

    def run(self) -> int:
        options, output, finished = self.options, _Output(self.options.output), False
        try:
            for result in self.generator.generateMany(self._labelled(), options.num, options.seed,
                                                      progress=not options.quiet, batchSize=options.batch_size,
                                                      stereo=options.stereo, maxIsomers=options.max_isomers):
                self._take(result, output)
            finished = True
        except KeyboardInterrupt:
            finished = True
            raise
        finally:
            path = output.close(failed=not finished)
            if not options.quiet or not finished:
                self._summarize(path)
        return EXIT_SOME_FAILED if self.failed + self.incomplete else EXIT_OK


def addConformers(commands: Subparsers) -> None:
    """Add the subcommand to a parser's commands."""
    from openmmorbit import familiarity, openstereo

    conformers = commands.add_parser("conformers", help="generate conformers of SMILES or of the molecules in files",
                                     epilog="exit status: 0 all records answered in full, 2 wrong use, 3 some records "
                                            "failed or have fewer conformers than asked for")
    conformers.add_argument("inputs", nargs="+", metavar="INPUT",
                            help="a SMILES, or a .smi, .sdf, .mol, .csv or .tsv file (also .gz)")
    conformers.add_argument("-o", "--output", required=True,
                            help=".sdf, .sdf.gz; for one molecule also .pdb, .cif, .dcd")
    conformers.add_argument("-n", "--num", type=int, default=20, help="conformers a molecule (default 20)")
    conformers.add_argument("--seed", type=int, default=0, help="random seed; 0 chooses one (default)")
    conformers.add_argument("--model", help="model file, or name of a packaged model; default: conformer")
    conformers.add_argument("--no-check", action="store_true", help="do not inspect conformers and redraw none")
    conformers.add_argument("--unfamiliar", choices=familiarity.reactions, default="warn",
                            help="what to do with molecules that the model was hardly trained for (default warn)")
    conformers.add_argument("--stereo", choices=openstereo.modes, default="mixed",
                            help="what to do with centres and double bonds that a molecule leaves open (default mixed: "
                                 "conformers of any isomer; enumerate: -n conformers of each isomer)")
    conformers.add_argument("--max-isomers", type=int, default=32,
                            help="with --stereo enumerate, at most so many isomers of a molecule (default 32)")
    conformers.add_argument("--batch-size", type=int, default=16, help="molecules in a batch (default 16)")
    conformers.add_argument("-q", "--quiet", action="store_true", help="no progress bar and no summary")
    addGenerationOptions(conformers, "the first one of the model", "60")
    conformers.set_defaults(run=runConformers)

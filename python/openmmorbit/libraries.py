# SPDX-License-Identifier: MIT
"""Conformers of libraries: many molecules on many cores or a Dask cluster, resumable, in the order of the input."""
from __future__ import annotations

import gzip
import os
import threading
import time
import warnings
import zlib
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from openmmorbit import fallback, familiarity, openstereo
from openmmorbit.answers import COLUMNS, AnswerBook, AnswerCounts, tableLine
from openmmorbit.arguments import checkInteger, chooseSeed
from openmmorbit.bars import makeBar
from openmmorbit.conformers import ConformerGenerator
from openmmorbit.cores import makeCore
from openmmorbit.data import parallel
from openmmorbit.io import moleculefiles, recordformats
from openmmorbit.io.libraryfiles import checkOutput, checkReport, failuresPath
from openmmorbit.io.outputs import STANDARD, isSpecial
from openmmorbit.io.resumable import PipeFile, ResumableFiles
from openmmorbit.messages import explain
from openmmorbit.recordanswers import makeSurroundings
from openmmorbit.refinement import Refinement
from openmmorbit.torsionpatterns import checkTorsions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from openmmorbit._types import StrPath
    from openmmorbit.cores import Core
    from openmmorbit.pockets import Surroundings
    from openmmorbit.io.moleculefiles import FileOptions


@dataclass(frozen=True)
class LibrarySettings:
    """What is done with every molecule of a library.

    Attributes
    ----------
    numConformers : int
        How many conformers of each, at least 1.
    seed : int
        The same seed gives the same conformers, however the library is split; 0 chooses one.
    stereo, maxIsomers, core, pocket, torsions
        As of ConformerGenerator.generateMany().
    batchSize : int
        Molecules in a batch, which is what a worker takes at a time.
    tellOpen : bool
        Say which centres and double bonds a record leaves open.
    refinement : Refinement
        What is done with the conformers of each molecule: relaxed, sorted, pruned. Default: nothing.
    """
    numConformers: int = 20
    seed: int = 0
    stereo: str = "mixed"
    maxIsomers: int = 32
    batchSize: int = 16
    tellOpen: bool = True
    refinement: Refinement = Refinement()
    core: Core | None = None
    pocket: Surroundings | None = None
    torsions: tuple[Any, ...] = ()

    def check(self) -> None:
        """Refuse numbers that make no sense.

        Raises
        ------
        ValueError, TypeError
            Naming the setting.
        """
        for name, lowest in (("numConformers", 1), ("batchSize", 1), ("seed", 0)):
            checkInteger(name, getattr(self, name), lowest, "LibrarySettings")
        openstereo.checkMode(self.stereo, self.maxIsomers)
        checkTorsions("LibrarySettings", self.torsions)
        if not isinstance(self.refinement, Refinement):
            raise TypeError("LibrarySettings: expected refinement as an openmmorbit.Refinement, such as "
                            f"Refinement(relax=True, prune=0.5), got {self.refinement!r}")
        self.refinement.check()


@dataclass(frozen=True)
class _Work:
    """What a worker must know: the settings, the generator as XML, and the format of the records."""
    settings: LibrarySettings
    generator: str
    unfamiliar: str
    fallback: str
    output: str
    fragments: str


@dataclass
class _Chunk:
    """Consecutive records, the number of the first, and the checksum of all records up to the last."""
    first: int
    records: list[tuple[str, Any]]
    checksum: int

    def split(self) -> list[_Chunk]:
        """Get one chunk a record."""
        return [_Chunk(self.first + k, [record], self.checksum) for k, record in enumerate(self.records)]


@dataclass
class _Outcome:
    """The records that a chunk became, and what is to be said of them."""
    data: bytes = b""
    table: str = ""
    counts: AnswerCounts = field(default_factory=AnswerCounts)
    said: list[tuple[str, bool]] = field(default_factory=list)


_local = threading.local()


def _findGenerator(work: _Work) -> ConformerGenerator:
    """Get the generator of this thread: a worker makes it once, and threads of one worker do not wait for another."""
    key = work.generator, work.unfamiliar, work.fallback
    if getattr(_local, "key", None) != key:
        _local.generator, _local.key = ConformerGenerator.fromXml(*key), key
    return _local.generator


def _answer(chunk: _Chunk, work: _Work) -> _Outcome:
    """Generate conformers of a chunk, in any process."""
    outcome, texts, lines, settings = _Outcome(), [], list[str](), work.settings
    write = recordformats.findFormat(work.output)
    book = AnswerBook(settings.numConformers, lambda text, isFailure: outcome.said.append((text, isFailure)),
                      settings.tellOpen, settings.refinement, lines.append)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for told in (familiarity.UnfamiliarMoleculeWarning, fallback.FallbackWarning):
            warnings.simplefilter("ignore", told)
        openstereo.ignoreMixed()
        for result in _findGenerator(work).generateMany(
                [molecule for _, molecule in chunk.records], settings.numConformers, settings.seed, progress=False,
                batchSize=len(chunk.records), stereo=settings.stereo, maxIsomers=settings.maxIsomers,
                fragments=work.fragments, first=chunk.first, core=settings.core,
                pocket=settings.pocket, torsions=settings.torsions):
            label = chunk.records[result.index - chunk.first][0]
            book.take(result, label, lambda ensemble: texts.append(write(ensemble)))
    outcome.said += [(f"warning: {explain(str(entry.message))}", False) for entry in caught]
    outcome.table = "".join(lines)
    outcome.counts, outcome.data = book.counts, "".join(texts).encode("utf-8", "replace")
    if outcome.data and work.output.lower().endswith(".gz"):
        outcome.data = gzip.compress(outcome.data, 6, mtime=0)
    return outcome


def _rescue(chunk: _Chunk, work: _Work, error: Exception) -> _Outcome:
    """Answer the records of a chunk that ended its worker one by one, each in a process of its own."""
    whole = _Outcome()
    for single in chunk.split():
        part = parallel.runAlone(_answer, single, (work,)) if len(chunk.records) > 1 else error
        if isinstance(part, Exception):
            text = f"{single.records[0][0]}the worker failed: {type(part).__name__}: {part}"
            line = tableLine([single.first + 1, "", "", work.settings.numConformers, 0, 0, 0, 0, "failed", text])
            part = _Outcome(b"", line, AnswerCounts(failed=1), [(text, True)])
        whole.data += part.data
        whole.table += part.table
        whole.counts.add(part.counts)
        whole.said += part.said
    return whole


def _addToChecksum(checksum: int, molecule: Any) -> int:
    """Get the CRC-32 of all records so far: whoever goes on must read the same ones."""
    text = molecule if isinstance(molecule, (str, Exception)) else f"{molecule.smiles} {molecule.name}"
    return zlib.crc32(f"{text}\n".encode("utf-8", "replace"), checksum)


def _chunks(records: Iterable[tuple[str, Any]], size: int, first: int, checksum: int) -> Iterator[_Chunk]:
    """Yield chunks of the records from a number on; those before it must have the checksum."""
    iterator, found, number = iter(records), 0, 0
    for _, molecule in islice(iterator, first):
        found = _addToChecksum(found, molecule)
        number += 1
    if (number, found) != (first, checksum):
        raise ValueError("generateLibrary: expected the input with which the output was begun and is not finished, got "
                         "another one; give the earlier input, or restart")
    while chosen := list(islice(iterator, size)):
        for _, molecule in chosen:
            checksum = _addToChecksum(checksum, molecule)
        yield _Chunk(number, chosen, checksum)
        number += len(chosen)


def describeGenerator(generator: ConformerGenerator) -> dict[str, str]:
    """Get the settings of a generator that its conformers depend on, by name; all values are texts."""
    root = ElementTree.fromstring(generator.toXml(_isUnsaved(generator)))
    found = {"model": generator.model.getChecksum()}
    for element in root.iter():
        if element.tag == "Property":
            found[element.attrib["name"]] = element.attrib["value"]
        elif element.tag != "Model":
            found.update({name: value for name, value in element.attrib.items()
                          if name not in ("type", "version", "embedModel", "threads")})
    return found


def _isUnsaved(generator: ConformerGenerator) -> bool:
    """Tell whether the model was not read from a file, so that a worker must get it as a whole."""
    return not generator.model.getPath()


def _workerXml(generator: ConformerGenerator, processes: int | None, cluster: str | None) -> str:
    """Get the generator of a worker as XML: its threads are the share of the cores that a worker has."""
    copy = ConformerGenerator.fromXml(generator.toXml(_isUnsaved(generator)))
    if copy._core.getNumThreads() == 0:
        cores = len(os.sched_getaffinity(0))
        copy._core.setNumThreads(1 if cluster is not None else max(1, cores // (processes or cores)))
    return copy.toXml(_isUnsaved(generator))


@dataclass
class LibraryReport:
    """What generateLibrary() did, earlier parts of the same run included.

    Attributes
    ----------
    path : str
        Where the conformers are.
    failuresPath : str
        A list of the records that failed or have fewer conformers than asked for, and why; empty if there are none.
    counts : AnswerCounts
        How many records were answered, and how.
    numBefore : int
        Records that an earlier part of the run answered.
    seconds : float
        The time that this part took.
    """
    path: str
    failuresPath: str
    counts: AnswerCounts
    numBefore: int
    seconds: float


class _LibraryRun:
    """One run: the files that it writes, and how far it is."""

    def __init__(self, output: StrPath, generator: ConformerGenerator, settings: LibrarySettings, restart: bool,
                 say: Callable[[str], None], report: StrPath | None = None) -> None:
        self.output, self.say, self.begin = output, say, time.perf_counter()
        asked = {**describeGenerator(generator), "unfamiliar": generator._unfamiliar,
                 "fallback": generator._ladder.mode, "report": report and os.path.realpath(report), **asdict(settings)}
        for name in ("batchSize", "tellOpen"):  # no conformer depends on them
            del asked[name]
        if settings.refinement.isNothing:
            del asked["refinement"]
        asked.update(core=settings.core and settings.core.digest, pocket=settings.pocket and settings.pocket.digest)
        start = {"next": 0, "checksum": 0, "seed": chooseSeed(settings.seed), "counts": {}}
        self.files = PipeFile(output, start) if isSpecial(output) else ResumableFiles(
            [output, failuresPath(output), *([] if report is None else [report])], asked, start, restart)
        self._hasTable = report is not None
        self.progress = dict(self.files.progress)
        self.numBefore = self.progress["next"]
        self.counts = AnswerCounts(**self.progress["counts"])

    def take(self, chunk: _Chunk, outcome: _Outcome) -> None:
        """Write what a chunk became, and say what is to be said."""
        self.files.add(0, outcome.data)
        for text, isFailure in outcome.said:
            self.say(text)
            if isFailure:
                self.files.add(1, (" ".join(text.split()) + "\n").encode("utf-8", "replace"))
        if self._hasTable:
            header = tableLine(COLUMNS) if chunk.first == 0 else ""
            self.files.add(2, (header + outcome.table).encode("utf-8", "replace"))
        self.counts.add(outcome.counts)
        self.progress = {**self.progress, "next": chunk.first + len(chunk.records), "checksum": chunk.checksum,
                         "counts": asdict(self.counts)}
        self.files.reach(self.progress)

    def finish(self) -> LibraryReport:
        """Put the files in their places."""
        self.files.finish()
        counts = self.counts
        table = failuresPath(self.output) if counts.failed + counts.incomplete and not isSpecial(self.output) else ""
        return LibraryReport(os.fspath(self.output), table, counts, self.numBefore, time.perf_counter() - self.begin)


def generateLibrary(inputs: StrPath | Sequence[StrPath], output: StrPath, generator: ConformerGenerator | None = None,
                    processes: int | None = None, cluster: str | None = None, restart: bool = False,
                    progress: bool = True, say: Callable[[str], None] | None = None,
                    options: FileOptions | None = None, format: str | None = None, report: StrPath | None = None,
                    **settings: Any) -> LibraryReport:
    """Generate conformers of many molecules into one file; the same call again goes on after any interruption.

    Records stand in the order of the input, and their conformers do not depend on the number of workers. Until the end
    they are in a file beside the output, library.part.sdf for library.sdf, and library.sdf.journal tells how far the
    run is. Ending the process at any moment, also by kill -9, loses at most the last second and the molecules that are
    being computed: the next call makes them again.

    Parameters
    ----------
    inputs : path or list of str
        Files of molecules and SMILES, as for the command openmm-orbit conformers.
    output : path
        A file of records: .sdf, .xyz or .mol2, each also with .gz. A pipe or "-" works, and cannot go on.
    generator : ConformerGenerator, optional
        Default: that of the packaged model.
    processes : int, optional
        Worker processes; default: the cores that this process may use.
    cluster : str, optional
        Address of a Dask scheduler, or "local" for one of this machine's cores, instead of worker processes.
    restart : bool
        Forget an earlier run that is not finished.
    progress : bool
        Show a progress bar on standard error, if that is a terminal.
    say : callable, optional
        Called with a line for every record that failed, is incomplete or leaves something open.
    options : openmmorbit.FileOptions, optional
        How the files are read.
    format : str, optional
        The ending that tells the format of the output, instead of its name: ".sdf", for example.
    report : path, optional
        A table of comma-separated values with a line an answer: how many conformers the model, the longer sampler and
        RDKit made, and why some are missing.
    **settings
        Those of openmmorbit.LibrarySettings: numConformers, seed, stereo, maxIsomers, batchSize, refinement, core,
        pocket, torsions.

    Returns
    -------
    LibraryReport

    Raises
    ------
    ValueError
        If a file of the input does not exist; if the output was begun with other settings or another input, and is not
        finished; if it is an input, or its folder does not exist.
    ImportError
        If Dask is asked for and not installed.
    OSError
        If the disk is full; what was finished is kept.
    """
    texts = [os.fspath(text) for text in ([inputs] if isinstance(inputs, (str, os.PathLike)) else inputs)]
    settings["core"] = makeCore(settings.get("core"))
    settings["pocket"] = makeSurroundings(settings.get("pocket"), settings["core"])
    chosen, generator = LibrarySettings(**settings), generator or ConformerGenerator()
    chosen.check()
    kind = f"x.{format.lstrip('.')}" if format else "x.sdf" if output == STANDARD else os.path.basename(output)
    recordformats.findFormat(kind)
    moleculefiles.checkInputs(texts, options)
    if not isSpecial(output):
        checkOutput(texts, output)
    if report is not None:
        checkReport(output, report)
        checkOutput(texts, report)
    run = _LibraryRun(output, generator, chosen, restart, say or (lambda text: None), report)
    try:
        if not run.files.isFinished:
            seeded = replace(chosen, seed=run.progress["seed"])
            work = _Work(seeded, _workerXml(generator, processes, cluster), generator._unfamiliar,
                         generator._ladder.mode, kind, options.fragments if options else "refuse")
            chunks = _chunks(moleculefiles.readInputs(texts, options), chosen.batchSize, run.numBefore,
                             run.progress["checksum"])
            total = moleculefiles.countRecords(texts, options) if progress else None
            with makeBar(total, "conformers", progress, "molecules") as bar:
                bar.initial = bar.n = run.numBefore
                for chunk, outcome in parallel.run(_answer, chunks, (work,), processes, cluster, inOrder=True):
                    run.take(chunk, _rescue(chunk, work, outcome) if isinstance(outcome, Exception) else outcome)
                    bar.update(len(chunk.records))
            run.files.reach(run.progress, now=True)
        return run.finish()
    except KeyboardInterrupt:
        run.files.reach(run.progress, now=True)
        raise
    finally:
        run.files.close()

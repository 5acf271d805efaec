# SPDX-License-Identifier: MIT
"""How ConformerGenerator.generateMany() reads and answers records, a batch at a time."""
from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

import openmm

from openmmorbit import familiarity, keeping, mixtures, molecules, openstereo, orbit
from openmmorbit.arguments import checkInteger
from openmmorbit.ensemble import Ensemble
from openmmorbit.pockets import Surroundings, readSurroundings
from openmmorbit.results import GenerationResult, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openmmorbit.complexes import Ligand
    from openmmorbit.conformers import ConformerGenerator
    from openmmorbit.cores import Core


class Request(NamedTuple):
    """What is wanted of one molecule: how many conformers, keys of the noise, what they keep, and where they are."""
    number: int
    seed: int
    record: int
    source: Any
    kept: Sequence[orbit.ConformerConstraints]
    ligand: Ligand | None = None
    progress: bool = False
    surroundings: Surroundings | None = None


class Reading(NamedTuple):
    """How generateMany() reads its molecules; see there."""
    addHydrogens: bool
    stereo: str
    maxIsomers: int
    fragments: str
    core: Core | None
    surroundings: Surroundings | None
    torsions: Sequence[Any] | None


def makeSurroundings(pocket: Any, core: Any) -> Surroundings | None:
    """Get what stands around molecules with a core.

    Raises
    ------
    ValueError
        Without a core: then a molecule has no place in a pocket.
    """
    if pocket is None or pocket is False:
        return None
    if core is None:
        raise ValueError("ConformerGenerator: expected a core, or start with fixed, beside pocket, got pocket alone: "
                         "nothing says where the molecule is in it")
    return pocket if isinstance(pocket, Surroundings) else readSurroundings(pocket)


def findSurroundings(pocket: Any, kept: Sequence[orbit.ConformerConstraints],
                     ligand: Ligand | None) -> Surroundings | None:
    """Get what stands around a molecule: for a ligand the rest of its complex, unless the caller says False."""
    if ligand is None:
        return makeSurroundings(pocket, kept if len(kept[0].start.fixed) > 0 else None)
    if pocket is None or isinstance(pocket, bool):
        return None if pocket is False else Surroundings(ligand.topology, ligand.positions, ligand.residue)
    raise ValueError("ConformerGenerator.generate: expected pocket as True or False with residue=, because the pocket "
                     f"is the rest of the complex, got {type(pocket).__name__}")


def readCount(value: Any) -> int | Exception:
    """Get a number of conformers, or the exception that says why it is none."""
    try:
        return checkInteger("numConformers", value, 1)
    except (ValueError, TypeError) as error:
        return error


def _noteIsomer(ensemble: Ensemble, record: Record) -> None:
    """Where nothing is open, conformers need not be asked which isomer they are."""
    if not record.openStereo:
        ensemble._isomers.append(record.graphs[0].smiles)
        ensemble._numbers = [1] * len(ensemble)


def answerChunk(generator: ConformerGenerator, chunk: Sequence[tuple[int, Any, int | Exception]], seed: int,
                reading: Reading) -> Iterator[GenerationResult]:
    """Answer one batch of (index, molecule, number) records."""
    read: list[Record] = []
    for entry in chunk:
        read.append(_read(generator, entry, reading))
    # The record number is part of the key of the noise, so a batch is a run of consecutive molecules without isomers,
    # cores and fragments.
    for numGraphs, group in groupby(
            read, key=lambda record: 2 if record.kept or record.isMixture else min(2, len(record.graphs))):
        run = list(group)
        if numGraphs == 0:
            yield from (GenerationResult(record.index, record.molecule, None, record.error) for record in run)
        elif numGraphs == 1:
            yield from _answerTogether(generator, run, seed)
        else:
            for record in run:
                request = Request(record.number, seed, record.index, record.source,
                                  record.kept or [orbit.ConformerConstraints()], surroundings=reading.surroundings)
                yield from (record.answer(given) for given in _answerAlone(generator, record, request))


def _answerAlone(generator: ConformerGenerator, record: Record, request: Request) -> Iterator[Ensemble | Exception]:
    """Yield the ensemble of every isomer, or why there is none."""
    if len(record.graphs) > 1:
        yield from generator._generateIsomers(record.graphs, request)
        return
    try:
        ensemble = generator._generateOne(record.graphs[0], request)
        _noteIsomer(ensemble, record)
        yield ensemble
    except (ValueError, openmm.OpenMMException) as error:
        yield error


def _answerTogether(generator: ConformerGenerator, run: Sequence[Record], seed: int) -> Iterator[GenerationResult]:
    with generator._watched(False) as callback:
        ensembles = generator._core.generateBatch([record.graphs[0] for record in run],
                                                  [record.number for record in run], seed, run[0].index, callback)
    for record, drawn in zip(run, ensembles):
        core = generator._ladder.complete(generator._core, drawn, record.number, seed, record.index)
        if core.getNumConformers() == 0:
            yield record.answer(openmm.OpenMMException(core.getMessage().replace("::", ".", 1)))
        else:
            ensemble = Ensemble(core, record.source)
            _noteIsomer(ensemble, record)
            yield record.answer(ensemble)


def _read(generator: ConformerGenerator, entry: tuple[int, Any, int | Exception], reading: Reading) -> Record:
    """Read one record; what is wrong with it becomes its error."""
    index, molecule, number = entry
    record = Record(index, molecule, molecule)
    try:
        for given in (molecule, number):
            if isinstance(given, Exception):
                raise given
        record.number = number
        graph, record.source = molecules.toGraph(molecule, None, reading.addHydrogens, reading.fragments)
        record.unfamiliar = familiarity.findUnfamiliar(generator._core, graph, generator._unfamiliar)
        if reading.core is not None or reading.torsions:
            record.kept = keeping.listConstraints("ConformerGenerator.generateMany", graph, generator.model,
                                                  core=reading.core, torsions=reading.torsions)
        record.graphs, record.openStereo = openstereo.resolve(graph, reading.stereo, reading.maxIsomers)
        record.isMixture = len(record.graphs) == 1 and mixtures.isMixture(graph)
        openstereo.warn(graph, record.openStereo, reading.stereo, len(record.graphs), reading.maxIsomers, stacklevel=5)
    except Exception as failure:  # A bad record is an answer, whatever is wrong with it.
        record.error = failure
    return record

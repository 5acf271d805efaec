# SPDX-License-Identifier: MIT
"""The generator of conformers: SMILES, RDKit, OpenFF or OpenMM molecules in, ensembles out."""
from __future__ import annotations

import warnings
from collections.abc import Iterable, Sized
from itertools import islice, repeat
from typing import TYPE_CHECKING, Any

import numpy as np
import openmm

from openmmorbit import complexes, familiarity, keeping, mixtures, molecules, openstereo, orbit
from openmmorbit import fallback as fallbacks
from openmmorbit.arguments import checkInteger, chooseSeed
from openmmorbit.bars import makeBar
from openmmorbit.cores import makeCore
from openmmorbit.ensemble import Ensemble
from openmmorbit.generator import Generator, showSettings
from openmmorbit.models import defaultModelPath, findModel, loadModel  # noqa: F401 (their former place)
from openmmorbit.pockets import Pocket, generateInPocket
from openmmorbit.recordanswers import Reading, Request, answerChunk, findSurroundings, makeSurroundings, readCount
from openmmorbit.results import GenerationResult
from openmmorbit.torsionpatterns import checkTorsions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from openmmorbit._types import ModelLike, MoleculeLike


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
                 smiles: Mapping[str, str] | str | None = None, addHydrogens: bool = True, progress: bool = False,
                 stereo: str = "mixed", maxIsomers: int = 32, fragments: str = "refuse", *, start: Any = None,
                 level: Any = None, fixed: Sequence[int] | None = None, core: Any = None, residue: Any = None,
                 positions: Any = None, pocket: Any = None, torsions: Sequence[Any] | None = None
                 ) -> Ensemble | list[Ensemble]:
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
            With a Topology: residue name to SMILES. With residue also the SMILES alone.
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
        start : Quantity, array_like or Conformer, optional
            Shape (numAtoms, 3), in nm if there is no unit: positions of a core, or of a whole conformer to vary.
            Hydrogens that are added to the molecule may be missing. With fixed and without level, only positions of
            fixed atoms are read.
        level : float or Quantity, optional
            With ``start``: noise level of the first step, if it has no unit in that of sigmaMax (Angstrom for packaged
            models). The lower it is, the closer the conformers stay to the start.
        fixed : sequence of int, optional
            With ``start``: atoms of a core, from 0, or a mask. The conformers lie where the core lies, with these atoms
            at their places. A core that is not flat shows a hand: the molecule must be the stereoisomer that has it.
        core : Core, rdkit.Chem.Mol, path, Conformer, dict or list of str, optional
            Another molecule with coordinates, e.g. a docked pose or a fragment: heavy atoms that both have in common
            keep the places that they have there, see openmmorbit.Core. If there are several ways to lay the molecule
            onto it, they are tried in the order of Core.match() until one has conformers. A dict has atoms and their
            positions. With residue also a list of names of its atoms, or a SMARTS: these atoms stay where they are.
        residue : str or openmm.app.topology.Residue, optional
            The molecule is this residue of a complex: molecule is its Topology, PDBFile, Modeller or path, and smiles
            tells its bond orders. "LIG", "LIG:301", "A:LIG" or "A:LIG:301". The conformers stand where the residue
            stands: with core, fixed or level as these say, else their heavy atoms are laid onto those of the residue.
        positions : Quantity or array_like, optional
            With residue: positions of the complex, in nm if they have no unit. Default: those of molecule.
        pocket : PDBFile, Modeller, path, tuple or bool, optional
            What stands around the molecule, e.g. the protein of a docked pose: copies that clash with it, except for
            water, are drawn again, at most maxRedraws times, and those that still clash are left out and listed in
            Ensemble.failures. It needs core, or start with fixed. With residue it is the rest of the complex, and
            False leaves that out of account.
        torsions : sequence of tuple, optional
            Ranges of torsions, each as (a, b, c, d, lower, upper): four atoms along bonds, and angles in degrees (or
            Quantities), with IUPAC's sign. (0, 1, 2, 3, 150, 210) is a range of 60 degrees about trans. (SMARTS, lower,
            upper) stands for one torsion about every bond that the pattern finds: four atoms along bonds, or the map
            numbers 1 to 4.

        Returns
        -------
        Ensemble or list of Ensemble
            The accepted conformers; with stereo="enumerate" those of every isomer of which there are some. If RDKit
            made them, see fallback of the class, there is a FallbackWarning. With residue a ComplexEnsemble.

        Raises
        ------
        ValueError
            For a molecule that cannot be read or that the model does not know, or a number out of range; for one with
            something unfamiliar, if the generator was made with unfamiliar="refuse"; for a core that the molecule
            cannot have, naming the bond, angle or centre.
        openmm.OpenMMException
            If not one conformer was accepted.
        """
        number, seed = checkInteger("numConformers", numConformers, 1), chooseSeed(checkInteger("seed", seed, 0))
        where, ligand = "ConformerGenerator.generate", None
        if residue is not None:
            ligand = complexes.readLigand(molecule, positions, residue, smiles, addHydrogens, fragments)
            graph, source = ligand.graph, ligand.part
        elif positions is not None or isinstance(smiles, str):
            name = "smiles" if positions is None else "positions"
            raise ValueError(f"{where}: expected residue= with {name}=, got {name} alone; name the residue of the "
                             "complex")
        else:
            graph, source = molecules.toGraph(molecule, smiles, addHydrogens, fragments)
        familiarity.warn(graph.getLabel(), familiarity.findUnfamiliar(self._core, graph, self._unfamiliar))
        openstereo.checkMode(stereo, maxIsomers)
        graphs, phrases = openstereo.resolve(graph, stereo, maxIsomers)
        openstereo.warn(graph, phrases, stereo, len(graphs), maxIsomers)
        kept = keeping.listConstraints(where, graph, self.model, start, level, fixed, core, ligand, torsions)
        request = Request(number, seed, 0, source, kept, ligand, progress, findSurroundings(pocket, kept, ligand))
        if stereo != "enumerate":
            ensemble = self._generateOne(graph, request)
            fallbacks.warn(graph.getLabel(), fallbacks.describe(ensemble._core))
            return ensemble
        answers = list(self._generateIsomers(graphs, request))
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

    def _generateOne(self, graph: orbit.MolecularGraph, request: Request,
                     isomers: list[str] | None = None) -> Ensemble:
        """Get conformers of one molecule that keep what is asked for in the first way that works, or raise why not."""
        errors: list[Exception] = []
        for constraints in request.kept:
            try:
                found = self._generatePlaced(graph, request, constraints)
            except (ValueError, openmm.OpenMMException) as error:
                errors.append(error)
                continue
            if request.ligand is None:
                ensemble = Ensemble(found, request.source, isomers)
            else:
                ensemble = complexes.ComplexEnsemble(found, request.ligand, isomers)
            ensemble.fixedAtoms = tuple(sorted(int(atom) for atom in constraints.start.fixed))
            ensemble._surroundings = request.surroundings
            ensemble._ranges = tuple((tuple(wanted.atoms), *np.degrees([wanted.lower, wanted.upper]).tolist())
                                     for wanted in constraints.torsions)
            return ensemble
        others = f"; nor does any of {len(errors) - 1} other ways to lay it onto its reference" if errors[1:] else ""
        raise type(errors[0])(f"{errors[0]}{others}") if others else errors[0]

    def _generatePlaced(self, graph: orbit.MolecularGraph, request: Request,
                        constraints: orbit.ConformerConstraints) -> orbit.Ensemble:
        """Get conformers of a molecule where they are to stand, without clashes if there are surroundings."""
        fixed, ligand = [int(atom) for atom in constraints.start.fixed], request.ligand

        def draw(number: int, seed: int) -> orbit.Ensemble:
            found = self._generateKept(graph, request._replace(number=number, seed=seed), constraints)
            if ligand is not None and not fixed:
                complexes.layOntoPose(found, ligand)
            return found

        if request.surroundings is None:
            return draw(request.number, request.seed)
        start = np.reshape(constraints.start.positions, (-1, 3))
        pocket = Pocket(graph, request.surroundings, {atom: start[atom] for atom in fixed})
        pocket.checkCore()
        if len(constraints.start.positions) > 0:
            constraints.pocket = pocket.toAvoid()
        limit = self._core.getTimeLimit() * max(1.0, request.number / 100)
        return generateInPocket(draw, pocket, graph, request.number, request.seed, self._core.getMaxRedraws(), limit)

    def _generateKept(self, graph: orbit.MolecularGraph, request: Request,
                      constraints: orbit.ConformerConstraints) -> orbit.Ensemble:
        """Get conformers of one molecule that keep what is asked for in one way, or raise why there are none."""
        number, seed, record = request.number, request.seed, request.record
        if mixtures.isMixture(graph):
            if len(constraints.start.positions) > 0 or len(constraints.torsions) > 0:
                raise ValueError("ConformerGenerator: expected one connected molecule with a core or torsions, got "
                                 f"{graph.getLabel()}; fragments=\"largest\" keeps the largest fragment")
            return mixtures.generateApart(
                lambda part, own: self._generateKept(part, request._replace(seed=own), constraints), graph, number,
                seed, record)
        with self._watched(request.progress) as callback:
            if self._ladder.isIdle(self._core):
                return self._core.generate(graph, number, seed, record, callback, constraints)
            drawn = self._core.generateBatch([graph], [number], seed, record, callback, [constraints])[0]
        found = self._ladder.complete(self._core, drawn, number, seed, record, constraints)
        if found.getNumConformers() == 0:
            # What is wrong with the molecule itself is an error of its own type.
            kind = openmm.OpenMMException if drawn.getNumFailures() > 0 else ValueError
            raise kind(found.getMessage().replace("::", ".", 1))
        return found

    def _generateIsomers(self, graphs: Sequence[orbit.MolecularGraph],
                         request: Request) -> Iterator[Ensemble | Exception]:
        """Yield an Ensemble of every isomer, or the exception that says why there is none."""
        isomers = [graph.smiles for graph in graphs]
        for graph in graphs:
            try:
                yield self._generateOne(graph, request, isomers)
            except (ValueError, openmm.OpenMMException) as error:
                yield type(error)(f"isomer {isomers.index(graph.smiles) + 1}, {graph.smiles}: {error}")

    def generateMany(self, iterable: Iterable[Any], numConformers: int | Iterable[int] = 20, seed: int = 0,
                     progress: bool = True, batchSize: int = 16, addHydrogens: bool = True, stereo: str = "mixed",
                     maxIsomers: int = 32, fragments: str = "refuse", first: int = 0,
                     core: Any = None, pocket: Any = None,
                     torsions: Sequence[Any] | None = None) -> Iterator[GenerationResult]:
        """Generate conformers of many molecules; answers come in the order of the input, while later ones still run.

        Parameters
        ----------
        iterable : iterable
            Molecules as for generate(); an exception object among them is passed on as that record's error.
        numConformers : int or sequence of int
            How many of each: one number, or one a molecule. A wrong one is that record's error. Of two iterables
            without a length the shorter one ends the run.
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
        core : Core, rdkit.Chem.Mol, path or Conformer, optional
            A reference for all molecules, as for generate(); one that has too little in common with it is an error of
            that record.
        pocket : PDBFile, Modeller, path or tuple, optional
            With core: what stands around them, as for generate().
        torsions : sequence of tuple, optional
            As for generate(); a molecule without the pattern of one is an error of that record. What is no pattern
            and no range is refused before the first molecule.

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
        if isinstance(iterable, Sized) and isinstance(numConformers, Sized) and len(numConformers) != len(iterable):
            raise ValueError(f"ConformerGenerator.generateMany: expected numConformers of each of {len(iterable)} "
                             f"molecules, got {len(numConformers)}")
        if batchSize < 1:
            raise ValueError(f"ConformerGenerator.generateMany: expected batchSize of at least 1, got {batchSize}")
        openstereo.checkMode(stereo, maxIsomers)
        molecules.checkFragments(fragments)
        reading = Reading(addHydrogens, stereo, maxIsomers, fragments, makeCore(core), makeSurroundings(pocket, core),
                          checkTorsions("ConformerGenerator.generateMany", torsions))
        seed = chooseSeed(checkInteger("seed", seed, 0))
        total = len(iterable) if isinstance(iterable, Sized) else None
        counts: Iterator[int | Exception]
        if isinstance(numConformers, Iterable):
            counts = (readCount(number) for number in numConformers)
        else:
            counts = repeat(checkInteger("numConformers", numConformers, 1))
        pairs = enumerate(zip(iterable, counts), checkInteger("first", first, 0))
        records = ((index, molecule, number) for index, (molecule, number) in pairs)
        warned = told = False
        with makeBar(total, "conformers", progress, "molecules") as bar:
            while chunk := list(islice(records, batchSize)):
                for result in answerChunk(self, chunk, seed, reading):
                    if not warned:
                        familiarity.warn(f"record {result.index}", result.unfamiliar,
                                         "; the attribute unfamiliar of the results tells of others")
                    warned = warned or bool(result.unfamiliar)
                    told = told or fallbacks.warn(f"record {result.index}", result.fallback,
                                                  "; the attribute fallback of the results tells of others")
                    bar.update()
                    yield result


showSettings(ConformerGenerator)

# SPDX-License-Identifier: MIT
"""The generator of backbones of proteins."""
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from openmmorbit import orbit
from openmmorbit.arguments import checkInteger, chooseSeed, fromMask, listEntries
from openmmorbit.data.proteinchecks import checkSpacing
from openmmorbit.designs import BackboneDesign, makeBackbone, makeTopology
from openmmorbit.drawnstructures import DRAWN, drawStructure
from openmmorbit.ensemble import Ensemble
from openmmorbit.generator import Generator, makeStart, showSettings, toLevel
from openmmorbit.models import loadModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    import openmm

    from openmmorbit._types import ModelLike

    #: Numbers of residues, or a backbone, or one with what is known of it.
    BackboneLike = Union[int, Sequence[int], orbit.BackboneSubject, BackboneDesign]

__all__ = ["DEFAULT_MODEL", "BackboneGenerator", "makeBackbone", "makeTopology"]
#: Name of the packaged model.
DEFAULT_MODEL = "backbone"
#: Atoms of a residue, by their number.
_atoms = {1: "the CA", 3: "N, CA and C"}


def _describe(length: BackboneLike, structure: str | None) -> BackboneDesign:
    """Get the backbone that a caller means."""
    if isinstance(length, BackboneDesign):
        return length if structure is None else length.withStructure(structure)
    if not isinstance(length, orbit.BackboneSubject):
        return BackboneDesign(makeBackbone(length, structure))
    if structure is not None:
        raise ValueError("BackboneGenerator: expected the structure in the BackboneSubject, got another one beside it")
    return BackboneDesign(length)


def _startDesign(where: str, design: BackboneDesign, atomsPerResidue: int, level: float) -> orbit.GenerationStart:
    """Get where a design starts; one without fixed residues needs a level, or nothing of it would be left."""
    if not design.fixed and level == 0:
        raise ValueError(f"{where}: expected a level beside a design without fixed residues, got none; level=3 varies "
                         "the protein, and designBackbone(protein, fixed) keeps a part of it")
    return design.makeStart(atomsPerResidue, level or None)


def _checkFixed(where: str, fixed: Sequence[int], number: int) -> None:
    """Refuse residues that a backbone does not have, one that is given twice, and all of them."""
    for place, residue in enumerate(fixed):
        if residue >= number or residue in fixed[:place]:
            raise ValueError(f"{where}: expected fixed residues from 0 to {number - 1}, each once, got {residue}"
                             f"{' twice' if residue < number else ''}")
    if len(fixed) == number:
        raise ValueError(f"{where}: expected residues to design, got all {number} as fixed")


class BackboneGenerator(Generator):
    """Generates backbones of proteins on an OpenMM platform, with a model that was trained on backbones.

    Every copy is inspected: distances along the chain, contacts, and the hand of its helices, against what the training
    data show. A copy that fails is redrawn, that is, generated again from other noise; copies that still fail are left
    out and listed in Ensemble.failures.

    Parameters
    ----------
    model : str, path or openmmorbit.orbit.DenoiserModel
        The model, as ``train()`` wrote it, or the name of a packaged one.
    platform : str or openmm.Platform, optional
        "CPU", "Reference", or a GPU: "OpenCL", "CUDA" or "HIP"; default: CPU.
    properties : dict, optional
        Properties of the platform, as for openmm.Context. On the CPU platform "Precision" is "bf16" (the default where
        the processor has AVX512-BF16) or "single".
    threads : int, optional
        Threads of the CPU platform; default: all.
    condition : str, optional
        A condition of the model; default: its first one.
    maxRedraws : int, optional
        Largest number of redraws of a copy that fails the inspection.
    check : bool
        Inspect copies.
    returnFailed : bool
        Return copies that fail after the last redraw, with their status, instead of leaving them out.
    timeLimit : float, optional
        Time limit in seconds for up to 100 copies of a backbone, proportionally more for more of them. None: no limit.
    sampler : openmmorbit.SamplerSettings, optional
        All settings of the sampler, instead of the model's own.
    **settings
        Single settings of the sampler, which change the model's own:
        {settings}

    Raises
    ------
    ValueError
        For a model of something else.
    """

    _core: orbit.BackboneGenerator

    def __init__(self, model: ModelLike = DEFAULT_MODEL, platform: str | openmm.Platform | None = None,
                 properties: Mapping[str, Any] | None = None, threads: int | None = None, *,
                 condition: str | None = None, maxRedraws: int | None = None, check: bool = True,
                 returnFailed: bool = False, timeLimit: float | None = None,
                 sampler: orbit.SamplerSettings | None = None, **settings: Any) -> None:
        core = orbit.BackboneGenerator(loadModel(DEFAULT_MODEL if model is None else model, "BackboneGenerator"))
        self._configure(core, platform, properties, threads, condition, maxRedraws, check, returnFailed, timeLimit,
                        sampler, settings)

    @classmethod
    def fromXml(cls, xml: str) -> BackboneGenerator:
        """Create a generator from what toXml() returned.

        Raises
        ------
        ValueError
            If the text is not what toXml() returned.
        openmm.OpenMMException
            If the model's file is missing, or another one than it was.
        """
        generator = cls.__new__(cls)
        generator._core = orbit.BackboneGenerator.fromXml(xml)
        return generator

    @property
    def lengths(self) -> tuple[int, int]:
        """The fewest and the most residues of a backbone that the model was trained on."""
        statistics = self._core.getStatistics()
        return statistics.shortest, statistics.longest

    @property
    def maxChains(self) -> int:
        """The most chains of a backbone that the model was trained on."""
        return self._core.getStatistics().maxChains

    @property
    def atomsPerResidue(self) -> int:
        """1 for CA, 3 for N, CA and C."""
        return self._core.getAtomsPerResidue()

    def checkBackbone(self, length: BackboneLike) -> None:
        """Refuse what the model was not trained on, as generate() does, without generating anything.

        Parameters
        ----------
        length : int, sequence of int, openmmorbit.orbit.BackboneSubject or BackboneDesign

        Raises
        ------
        ValueError
            For a length, a number of chains, a short chain or a break; it names the chain.
        """
        self._core.checkBackbone(_describe(length, None).backbone)

    def generate(self, length: BackboneLike, numCopies: int = 1, seed: int = 0, progress: bool = False, *,
                 structure: str | None = None, start: Any = None, level: Any = None,
                 fixed: Sequence[int] | None = None) -> Ensemble:
        """Generate copies of one backbone. Ctrl-C stops between two steps.

        Parameters
        ----------
        length : int, sequence of int, openmmorbit.orbit.BackboneSubject or BackboneDesign
            Number of residues, or of those of each chain; or the backbone itself; or what designBackbone() made of a
            known protein, which has a start itself.
        numCopies : int
            How many, at least 1.
        seed : int
            The same seed gives the same copies; 0 chooses one, which the provenance tells.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.
        structure : str, optional
            Secondary structure, see makeBackbone(); default: all is open. "drawn": one for each copy, as natural
            domains have them (drawStructure()); ``noiseScale=0.05`` of the generator goes well with it.
        start : Quantity or array_like, optional
            Shape (numAtoms, 3), in nm if there is no unit: a trace to vary (partial diffusion), or one with a motif.
        level : float or Quantity, optional
            With ``start``, or a design of a whole protein: noise level of the first step, if it has no unit in that of
            sigmaMax (Angstrom for packaged models). The lower it is, the closer the copies stay to the start.
        fixed : sequence of int, optional
            With ``start``: numbers of the residues of a motif, from 0, or a mask. They keep their places to each other,
            and the rest is designed around them. The copies lie where the motif is.

        Returns
        -------
        Ensemble
            The accepted copies; ``message`` says why there are fewer than asked for.

        Raises
        ------
        ValueError
            For a length, a number of chains or a break that the model was not trained on; for a start without level
            and fixed, and one in another unit.
        """
        where = "BackboneGenerator.generate"
        number, seed = checkInteger("numCopies", numCopies, 1, where), checkInteger("seed", seed, 0, where)
        if isinstance(structure, str) and structure == DRAWN:
            if start is not None or fixed is not None or level is not None:
                raise ValueError(f"{where}: expected a structure of letters beside a start, got '{DRAWN}'")
            return self._generateDrawn(length, number, seed, progress)
        design, size = _describe(length, structure), self.atomsPerResidue
        if not design.hasStart:
            begin = self._makeStart(design.backbone, start, level, fixed)
        elif start is None and fixed is None:
            begin = _startDesign(where, design, size, toLevel(where, level, self.model))
        else:
            raise ValueError(f"{where}: expected a design alone, which knows what it starts from, got "
                             f"{'start' if start is not None else 'fixed'} beside it")
        with self._watched(progress) as callback:
            core = self._core.generate(design.backbone, number, seed, 0, callback, begin)
        return Ensemble(core, design.makeTopology(size))

    def _generateDrawn(self, length: BackboneLike, number: int, seed: int, progress: bool) -> Ensemble:
        """Generate copies that have a structure each, which is drawn."""
        seed = chooseSeed(seed)
        designs = [self._draw("BackboneGenerator.generate", length, seed, k) for k in range(number)]
        with self._watched(progress) as callback:
            found = self._core.generateBatch([design.backbone for design in designs], np.ones(number, np.int32), seed,
                                             0, callback, [])
        core = orbit.Ensemble(found[0])
        for other in found[1:]:
            core.append(other)
        faults = [entry.getMessage() for entry in found if entry.getMessage()]
        if faults:
            core.setMessage(f"BackboneGenerator::generate: expected {number} correct backbones of drawn structures, "
                            f"got {number - len(faults)}; the first of the others: {faults[0]}")
        return Ensemble(core, designs[0].makeTopology(self.atomsPerResidue))

    def _draw(self, where: str, length: BackboneLike, seed: int, record: int) -> BackboneDesign:
        """Get a backbone of new chains whose structure is drawn."""
        if isinstance(length, (BackboneDesign, orbit.BackboneSubject)):
            raise ValueError(f"{where}: expected structures as letters beside a {type(length).__name__}, got "
                             f"'{DRAWN}', which is for numbers of residues; drawStructure() gives letters")
        self._core.checkBackbone(makeBackbone(length))
        return BackboneDesign(makeBackbone(length, drawStructure(length, seed, record)))

    def _makeStart(self, backbone: orbit.BackboneSubject, start: Any, level: Any, fixed: Sequence[int] | None
                   ) -> orbit.GenerationStart:
        """Get where positions of a caller let a generation start."""
        where, size = "BackboneGenerator.generate", self.atomsPerResidue
        number = backbone.getNumResidues()
        kept = None if fixed is None else [checkInteger("fixed", residue, 0, where)
                                           for residue in fromMask("fixed", fixed, number, where)]
        begin = makeStart(where, start, level, kept, self.model)
        if start is None:
            return begin
        if len(begin.positions) != 3 * size * number:
            raise ValueError(f"{where}: expected start of shape ({size * number}, 3), {_atoms[size]} of each of "
                             f"{number} residues, got ({len(begin.positions) // 3}, 3)")
        places = np.array(begin.positions).reshape(-1, size, 3)
        others = np.flatnonzero(~np.isfinite(places).all(axis=(1, 2)))
        if len(others):
            raise ValueError(f"{where}: expected start with finite positions, got others for "
                             f"{backbone.getResidueLabel(int(others[0]))}; with fixed, any place will do for residues "
                             "that are designed")
        _checkFixed(where, kept or [], number)
        begin.fixed = [size * residue + k for residue in kept or () for k in range(size)]
        matters = [level is not None or k in (kept or ()) for k in range(number)]
        isNext = [backbone.isBonded(k) and matters[k] and matters[k + 1] for k in range(number - 1)]
        checkSpacing(where, places[:, size // 3], isNext, "start")
        return begin

    def generateBatch(self, lengths: Sequence[BackboneLike], numCopies: int = 1, seed: int = 0, progress: bool = False,
                      *, structures: Sequence[str | None] | str | None = None, firstRecord: int = 0,
                      level: Any = None) -> list[Ensemble]:
        """Generate copies of several backbones together, which need not be equally long.

        Parameters
        ----------
        lengths : sequence
            One entry a backbone, as ``length`` of generate().
        numCopies : int
            How many of each, at least 1.
        seed : int
            The same seed gives the same copies; 0 chooses one, which the provenance tells.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.
        structures : sequence of str, optional
            Secondary structure of each, see makeBackbone(); None leaves it open, "drawn" draws one for the backbone.
            "drawn" alone draws one for every backbone.
        firstRecord : int
            Number of the first backbone in a larger series: its copies do not depend on how the series is divided.
        level : float or Quantity, optional
            With designs of whole proteins: see generate().

        Returns
        -------
        list of Ensemble
            One for every backbone.

        Raises
        ------
        ValueError
            As generate(), and if there are fewer or more structures than lengths.
        """
        where = "BackboneGenerator.generateBatch"
        number, seed, first = (checkInteger(name, value, lowest, where) for name, value, lowest in (
            ("numCopies", numCopies, 1), ("seed", seed, 0), ("firstRecord", firstRecord, 0)))
        if isinstance(lengths, (str, bytes)) or not isinstance(lengths, (Sequence, np.ndarray)) \
                or getattr(lengths, "shape", None) == ():
            raise TypeError("BackboneGenerator.generateBatch: expected lengths as a list with an entry for each "
                            f"backbone, got {lengths!r}, a {type(lengths).__name__}")
        if len(lengths) == 0:
            raise ValueError("BackboneGenerator.generateBatch: expected at least one backbone, got none")
        isDrawn = isinstance(structures, str) and structures == DRAWN
        wanted = [DRAWN if isDrawn else None] * len(lengths) if structures is None or isDrawn else \
            listEntries("structures", structures, where)
        if len(wanted) != len(lengths):
            raise ValueError(f"BackboneGenerator.generateBatch: expected one structure for each of {len(lengths)} "
                             f"backbones, got {len(wanted)}")
        if DRAWN in wanted:
            seed = chooseSeed(seed)
        designs = [self._draw(where, length, seed, first + k) if structure == DRAWN else _describe(length, structure)
                   for k, (length, structure) in enumerate(zip(lengths, wanted))]
        size = self.atomsPerResidue
        starting = [design.hasStart for design in designs]
        if any(starting) != all(starting) or (level is not None and not any(starting)):
            raise ValueError("BackboneGenerator.generateBatch: expected designs with a start, all or none, and a level "
                             f"with them only, got {sum(starting)} of {len(designs)} that have one")
        noise = toLevel(where, level, self.model)
        starts = [_startDesign(where, design, size, noise) for design in designs] if any(starting) else []
        with self._watched(progress) as callback:
            numbers = np.full(len(designs), number, np.int32)
            found = self._core.generateBatch([design.backbone for design in designs], numbers, seed, first, callback,
                                             starts)
        return [Ensemble(core, design.makeTopology(size)) for core, design in zip(found, designs)]


showSettings(BackboneGenerator)

# SPDX-License-Identifier: MIT
"""What answers where the copies of a generator fail: more copies, a longer sampler, and RDKit's distance geometry."""
from __future__ import annotations

import threading
import time
import warnings
from typing import Any, NamedTuple

from openmmorbit.arguments import chooseSeed, nextSeed
from openmmorbit import distancegeometry, orbit
from openmmorbit.messages import counted
from openmmorbit.provenance import LONGER, findOrigin

#: How far a generator goes for an answer; each goes as far as those before it.
FALLBACKS = ("none", "sampler", "rdkit")
#: Copies that are drawn while none is right, redraws of a copy where others were right, and copies of the longer
#: sampler. Molecules beyond 20 atoms get fewer, in proportion to their pairs of atoms: so grows the time of a copy.
MAX_DRAWS, MORE_REDRAWS, LONG_DRAWS = 64, 20, 16


class FallbackWarning(UserWarning):
    """RDKit's distance geometry answers for a molecule, and not the model: another kind of conformers."""


def checkFallback(mode: str) -> str:
    """Refuse an unknown mode.

    Raises
    ------
    ValueError
        Listing the known ones.
    """
    if mode not in FALLBACKS:
        raise ValueError(f"ConformerGenerator: expected fallback of {', '.join(map(repr, FALLBACKS))}, got {mode!r}")
    return mode


def describe(ensemble: orbit.Ensemble) -> str:
    """Say which conformers RDKit or a longer sampler made; empty if none."""
    provenances = [ensemble.getProvenance(index) for index in range(ensemble.getNumConformers())]
    origins = [findOrigin(provenance) for provenance in provenances]
    phrases = []
    if number := origins.count("sampler"):
        phrases.append(f"{counted(number, 'conformer')} by a longer sampler")
    if number := origins.count("rdkit"):
        kernels = sorted({provenance.kernel for provenance in provenances if findOrigin(provenance) == "rdkit"})
        marked = [ensemble.getStatus(index).message for index in range(len(origins))
                  if not ensemble.getStatus(index).isAccepted()]
        found = f"; the inspection says of {len(marked)} of them: {marked[0]}" if marked else ""
        phrases.append(f"{counted(number, 'conformer')} by {' and '.join(kernels)}, none by the model{found}")
    return ", ".join(phrases)


def warn(label: str, text: str, rest: str = "", stacklevel: int = 3) -> bool:
    """Warn of what describe() says, if RDKit has a part in it; tell whether."""
    isNeeded = distancegeometry.KERNEL in text
    if isNeeded:
        warnings.warn(f"{label}: {text}; fallback=\"sampler\" refuses it instead{rest}", FallbackWarning,
                      stacklevel=stacklevel)
    return isNeeded


class _Request(NamedTuple):
    """A molecule with what was asked for, and when the time is over."""
    graph: orbit.MolecularGraph
    number: int
    seed: int
    record: int
    end: float
    constraints: orbit.ConformerConstraints

    @property
    def isFree(self) -> bool:
        """Whether nothing is to be kept."""
        return len(self.constraints.start.positions) == 0 and len(self.constraints.torsions) == 0

    def limit(self, number: int) -> int:
        """Get how many of so many copies are drawn of a molecule of this size."""
        numPairs = self.graph.getNumAtoms()**2
        return max(4, number * min(400, numPairs) // numPairs)

    def remaining(self) -> float:
        """Get the seconds that are left."""
        return self.end - time.monotonic()


class _Answer:
    """The conformers so far, by their copy, the copies that failed, and what was tried without success."""

    def __init__(self, core: orbit.Ensemble) -> None:
        self.core, self.tried = core, list[str]()
        self.failures = {core.getFailure(i).provenance.copy: core.getFailure(i) for i in range(core.getNumFailures())}
        self.found: dict[int, tuple[Any, orbit.ConformerStatus, orbit.ConformerProvenance]] = {}
        for index in range(core.getNumConformers()):
            provenance = core.getProvenance(index)
            self.found[provenance.copy] = core.getPositions(index), core.getStatus(index), provenance

    def add(self, positions: Any, status: orbit.ConformerStatus, provenance: orbit.ConformerProvenance,
            seed: int) -> None:
        """Let a conformer take the place of the first copy that failed."""
        copy, failure = next(iter(self.failures.items()), (len(self.found), None))
        self.failures.pop(copy, None)
        provenance.copy, provenance.seed = copy, seed
        if failure is not None:
            provenance.numRedraws += failure.provenance.numRedraws + 1
            provenance.numEvaluations += failure.provenance.numEvaluations
            provenance.wallSeconds += failure.provenance.wallSeconds
        self.found[copy] = positions, status, provenance

    def finish(self) -> orbit.Ensemble:
        """Get the ensemble in the order of the copies."""
        result = orbit.Ensemble(self.core.getGraph())
        for _, entry in sorted(self.found.items()):
            result.addConformer(*entry)
        for failure in self.failures.values():
            result.addFailure(failure)
        if self.failures or not self.found:
            result.setMessage("; ".join([self.core.getMessage(), *self.tried]))
        return result


class Ladder:
    """Completes the answers of a generator.

    Parameters
    ----------
    mode : str
        "none", "sampler" or "rdkit".
    """

    def __init__(self, mode: str) -> None:
        self.mode = checkFallback(mode)
        self._spare: orbit.ConformerGenerator | None = None
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {"mode": self.mode}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["mode"])  # type: ignore[misc]

    def isIdle(self, core: orbit.ConformerGenerator) -> bool:
        """Tell whether a generator's answers stay as they are: nothing fails, or what fails is asked for."""
        return self.mode == "none" or not core.getCheckCopies() or core.getReturnFailed()

    def complete(self, core: orbit.ConformerGenerator, answer: orbit.Ensemble, number: int, seed: int,
                 record: int, constraints: orbit.ConformerConstraints | None = None) -> orbit.Ensemble:
        """Complete an answer that has fewer conformers than were asked for.

        Parameters
        ----------
        core : openmmorbit.orbit.ConformerGenerator
        answer : openmmorbit.orbit.Ensemble
            What its method generateBatch() gave.
        number, seed, record : int
            Those of that call.
        constraints : openmmorbit.orbit.ConformerConstraints, optional
            Those of that call. RDKit does not keep them, and does not answer where there are some.

        Returns
        -------
        openmmorbit.orbit.Ensemble
            With the conformers of the answer, and further ones in the places of copies that failed; its message says
            what was tried if some are missing still.
        """
        if self.isIdle(core) or answer.getNumConformers() >= number:
            return answer
        limit, used = core.getTimeLimit() * max(1.0, number / 100), 0.0
        for index in range(answer.getNumConformers()):
            used += answer.getProvenance(index).wallSeconds
        for index in range(answer.getNumFailures()):
            used += answer.getFailure(index).provenance.wallSeconds
            seed = answer.getFailure(index).provenance.seed
        request = _Request(answer.getGraph(), number, chooseSeed(seed), record,
                           time.monotonic() + limit - used if limit > 0 else float("inf"),
                           constraints or orbit.ConformerConstraints())
        state = _Answer(answer)
        # RDKit takes little time, and tells of isomers that cannot exist.
        asksRDKit = request.isFree and not state.found
        embedded = self._embed(request) if asksRDKit and self.mode == "rdkit" else None
        if state.failures and (embedded is None or embedded.isPossible):
            with self._lock:
                self._drawMore(core, request, state)
                self._drawLonger(core, request, state)
        if not state.found and embedded is not None:
            self._takeEmbedded(request, state, embedded)
        elif asksRDKit and not state.found:
            state.tried.append("fallback \"rdkit\" lets RDKit's distance geometry answer")
        return state.finish()

    def _drawMore(self, core: orbit.ConformerGenerator, request: _Request, state: _Answer) -> None:
        """Draw more copies with the same sampler."""
        missing = len(state.failures)
        wanted = request.limit(MAX_DRAWS) - missing * (core.getMaxRedraws() + 1)
        redraws = request.limit(MORE_REDRAWS) if state.found else -(-wanted // missing) - 1
        if redraws >= 0:
            self._draw(core, request, state, missing, redraws, core.getSamplerSettings(), "")

    def _drawLonger(self, core: orbit.ConformerGenerator, request: _Request, state: _Answer) -> None:
        """Draw copies with twice the steps and calmer noise."""
        settings = orbit.SamplerSettings(core.getSamplerSettings())
        if not state.failures or settings.method == orbit.SamplerMethod_Bespoke:
            return
        settings.numSteps, settings.noiseScale = 2 * settings.numSteps, 0.5 * settings.noiseScale
        wanted = request.limit(LONG_DRAWS)
        number = min(len(state.failures), wanted)
        self._draw(core, request, state, number, wanted // number - 1, settings, LONGER)

    def _draw(self, core: orbit.ConformerGenerator, request: _Request, state: _Answer, number: int, redraws: int,
              settings: orbit.SamplerSettings, mark: str) -> None:
        remaining = request.remaining()
        if remaining <= 0:
            return
        spare = self._prepare(core, settings, redraws)
        # The limit of a call is in proportion to its copies.
        spare.setTimeLimit(0.0 if remaining == float("inf") else remaining / max(1.0, number / 100))
        # Other random numbers than those of the copies before.
        seed = nextSeed(request.seed, 1_500_450_271 if mark else 715_225_739)
        drawn = spare.generateBatch([request.graph], [number], seed, request.record,
                                    orbit.PythonProgressCallback(None), [request.constraints])[0]
        for index in range(drawn.getNumConformers()):
            provenance = drawn.getProvenance(index)
            provenance.kernel += mark
            state.add(drawn.getPositions(index), drawn.getStatus(index), provenance, request.seed)
        failed = [drawn.getFailure(index).provenance for index in range(drawn.getNumFailures())]
        if failed:
            what = f"{settings.numSteps} steps" if mark else "the same sampler"
            total = sum(provenance.numRedraws + 1 for provenance in failed)
            state.tried.append(f"{counted(total, 'more draw')} with {what} failed too")

    def _prepare(self, core: orbit.ConformerGenerator, settings: orbit.SamplerSettings,
                 redraws: int) -> orbit.ConformerGenerator:
        """Get a second generator with the settings of the first, except for these."""
        if self._spare is None:
            self._spare = orbit.ConformerGenerator(core.getModel())
        spare = self._spare
        if spare.getPlatformName() != core.getPlatformName():
            spare.setPlatformName(core.getPlatformName())
        if dict(spare.getPlatformProperties()) != dict(core.getPlatformProperties()):
            spare.setPlatformProperties(dict(core.getPlatformProperties()))
        if spare.getNumThreads() != core.getNumThreads():
            spare.setNumThreads(core.getNumThreads())
        spare.setCondition(core.getCondition())
        spare.setSamplerSettings(settings)
        spare.setMaxRedraws(redraws)
        return spare

    @staticmethod
    def _embed(request: _Request) -> distancegeometry.Embedding:
        """Get the conformers of RDKit."""
        seed = (request.seed * 69_069 + request.record * 362_437 + 1) % (2**31 - 1)
        return distancegeometry.embed(request.graph, request.number, seed, request.remaining())

    @staticmethod
    def _takeEmbedded(request: _Request, state: _Answer, embedded: distancegeometry.Embedding) -> None:
        """Let conformers of RDKit answer."""
        if not embedded.copies:
            state.tried.append(embedded.reason)
        for copy in embedded.copies:
            provenance = orbit.ConformerProvenance()
            provenance.kernel, provenance.condition = copy.kernel, copy.level
            provenance.record, provenance.wallSeconds = request.record, embedded.seconds / len(embedded.copies)
            state.add(copy.positions, copy.status, provenance, request.seed)

# SPDX-License-Identifier: MIT
"""The answers of ConformerGenerator.generateMany(), and the records that they belong to."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from openmmorbit import fallback as fallbacks
from openmmorbit import orbit
from openmmorbit.ensemble import Ensemble


@dataclass
class GenerationResult:
    """One answer of ConformerGenerator.generateMany().

    Attributes
    ----------
    index : int
        Position in the input, from 0.
    source : object
        The input itself.
    ensemble : Ensemble or None
        The conformers.
    error : Exception or None
        Why there is none.
    unfamiliar : tuple of str
        What the molecule has that the model was hardly trained for, e.g. "Se with 2 single bonds (in no training
        molecule)".
    openStereo : tuple of str
        Centres and double bonds that the molecule leaves open, e.g. "centre C2 (atom 1)".
    """
    index: int
    source: Any
    ensemble: Ensemble | None = None
    error: Exception | None = None
    unfamiliar: tuple[str, ...] = ()
    openStereo: tuple[str, ...] = ()

    def _graph(self) -> orbit.MolecularGraph | None:
        if self.ensemble is not None:
            return self.ensemble.graph
        return self.source if isinstance(self.source, orbit.MolecularGraph) else None

    @property
    def fallback(self) -> str:
        """Which conformers a longer sampler or RDKit made, because the model's copies failed; empty if none."""
        return "" if self.ensemble is None else fallbacks.describe(self.ensemble._core)

    @property
    def name(self) -> str:
        """Name of the molecule: the title of its record."""
        graph = self._graph()
        return graph.name if graph is not None else ""

    @property
    def properties(self) -> dict[str, str]:
        """Data items of the molecule's record, or further columns: a dict of texts."""
        graph = self._graph()
        return graph.properties if graph is not None else {}


@dataclass
class Record:
    """A record of generateMany(): what was given, and the molecules that it stands for."""
    index: int
    molecule: Any
    source: Any
    graphs: list[orbit.MolecularGraph] = field(default_factory=list)
    number: Any = 0
    error: Exception | None = None
    unfamiliar: tuple[str, ...] = ()
    openStereo: tuple[str, ...] = ()

    def answer(self, given: Ensemble | Exception) -> GenerationResult:
        """Get the result that holds an ensemble, or the reason why there is none."""
        ensemble, error = (given, None) if isinstance(given, Ensemble) else (None, given)
        return GenerationResult(self.index, self.molecule, ensemble, error, self.unfamiliar, self.openStereo)

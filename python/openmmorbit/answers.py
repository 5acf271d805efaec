# SPDX-License-Identifier: MIT
"""What became of the records of a run of generateMany(): counts, and a line for each one that is not as asked for."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from openmmorbit import openstereo
from openmmorbit.messages import counted, explain

if TYPE_CHECKING:
    from collections.abc import Callable

    from openmmorbit.ensemble import Ensemble
    from openmmorbit.refinement import Refinement
    from openmmorbit.results import GenerationResult


@dataclass
class AnswerCounts:
    """How many records were answered, and how.

    Attributes
    ----------
    conformers : int
        Conformers that were written.
    molecules, failed, incomplete : int
        Records with conformers, without any, and with fewer than were asked for.
    """
    conformers: int = 0
    molecules: int = 0
    failed: int = 0
    incomplete: int = 0

    def add(self, other: AnswerCounts) -> None:
        """Add the counts of other records."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)

    def describe(self) -> str:
        """Get what is not as it was asked for; empty if everything is."""
        text = ""
        if self.failed:
            text += f"; {self.failed} of {counted(self.molecules + self.failed, 'record')} failed"
        if self.incomplete:
            text += f"; {counted(self.incomplete, 'record')} with fewer conformers than asked for"
        return text


class AnswerBook:
    """Takes the answers of generateMany(), counts them, and says what is wrong with them.

    Parameters
    ----------
    number : int
        Conformers that were asked for of each molecule.
    say : callable
        Called with a line, and True if the record failed or is incomplete.
    tellOpen : bool
        Say also which centres and double bonds a record leaves open.
    refinement : Refinement, optional
        What is done with the conformers before they are written.
    """

    def __init__(self, number: int, say: Callable[[str, bool], None], tellOpen: bool,
                 refinement: Refinement | None = None) -> None:
        self.counts, self._refinement = AnswerCounts(), refinement
        self._number, self._say, self._tellOpen = number, say, tellOpen
        # The last records that something was said of, and that had an answer: an isomer is no other record.
        self._told = self._answered = -1

    def take(self, result: GenerationResult, label: str, write: Callable[[Ensemble], None]) -> None:
        """Write one answer, or say why there is none.

        Parameters
        ----------
        result : GenerationResult
        label : str
            The record, in front of what is said of it.
        write : callable
            Called with the Ensemble.
        """
        error, refined, lost = result.error, result.ensemble, ""
        if result.unfamiliar and result.index != self._told:
            self._told = result.index
            self._say(f"{label}the model was hardly trained for {'; '.join(result.unfamiliar)}", False)
        if result.ensemble is not None:
            try:
                refined, lost = (result.ensemble, "") if self._refinement is None else \
                    self._refinement.apply(result.ensemble)
                write(refined)
            except (ValueError, RuntimeError, ImportError) as failure:
                error = failure
        if result.ensemble is None or refined is None or error is not None:
            self.counts.failed += 1
            self._say(f"{label}{explain(error or 'unknown')}", True)
            return
        self.counts.molecules += result.index != self._answered
        self._answered = result.index
        self.counts.conformers += len(refined)
        self._tell(label, result, result.ensemble, lost)

    def _tell(self, label: str, result: GenerationResult, ensemble: Ensemble, lost: str) -> None:
        """Say what is open in the conformers that were generated, or missing."""
        if result.openStereo and self._tellOpen:
            isomers = openstereo.describeIsomers(ensemble.isomerNumbers)
            self._say(f"{label}leaves open {', '.join(result.openStereo)}: {isomers}; --stereo enumerate gives every "
                      "isomer", False)
        missing = self._number - len(ensemble)
        self.counts.incomplete += missing > 0 or lost != ""
        if lost:
            self._say(label + explain(lost), True)
        if missing > 0:
            reason = ensemble.failures[0].status.message if ensemble.failures else "unknown"
            self._say(label + explain(ensemble.message or f"expected {counted(self._number, 'conformer')}, got "
                                      f"{len(ensemble)}: the redraws of the others were wrong too ({reason})"), True)

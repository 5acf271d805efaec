# SPDX-License-Identifier: MIT
"""What became of the records of a run of generateMany(): counts, and a line for each one that is not as asked for."""
from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from openmmorbit import openstereo, orbit
from openmmorbit.messages import counted, explain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
    sampler, rdkit : int
        Answers with conformers of the longer sampler, and those of RDKit.
    """
    conformers: int = 0
    molecules: int = 0
    failed: int = 0
    incomplete: int = 0
    sampler: int = 0
    rdkit: int = 0

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
        if self.sampler:
            text += f"; {counted(self.sampler, 'answer')} with conformers of a longer sampler"
        if self.rdkit:
            text += f"; {counted(self.rdkit, 'answer')} by RDKit, not by the model"
        return text


#: Columns of the table of answers.
COLUMNS = ("record", "name", "smiles", "asked", "conformers", "model", "sampler", "rdkit", "outcome", "message")


def tableLine(values: Iterable[object]) -> str:
    """Get a line of a table of comma-separated values."""
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow([" ".join(str(value).split()) for value in values])
    return stream.getvalue()


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
    note : callable, optional
        Called with a line of the table of answers, whose columns are COLUMNS.
    """

    def __init__(self, number: int, say: Callable[[str, bool], None], tellOpen: bool,
                 refinement: Refinement | None = None, note: Callable[[str], None] | None = None) -> None:
        self._note = note
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
            self._enter(result, None, explain(error or "unknown"))
            return
        self.counts.molecules += result.index != self._answered
        self._answered = result.index
        self.counts.conformers += len(refined)
        origins = result.ensemble.origins
        self.counts.sampler += "sampler" in origins
        self.counts.rdkit += "rdkit" in origins
        missing = self._tell(label, result, result.ensemble, lost)
        self._enter(result, refined, "; ".join(filter(None, [lost, missing, result.fallback])))

    def _enter(self, result: GenerationResult, refined: Ensemble | None, message: str) -> None:
        """Enter an answer into the table."""
        if self._note is None:
            return
        source = result.source
        smiles = refined.graph.smiles if refined is not None else \
            source.smiles if isinstance(source, orbit.MolecularGraph) else source if isinstance(source, str) else ""
        origins = Counter(refined.origins if refined is not None else [])
        isWhole = result.ensemble is not None and len(result.ensemble) >= self._number
        outcome = "failed" if refined is None else "answered" if isWhole else "incomplete"
        self._note(tableLine([result.index + 1, result.name, smiles, self._number, sum(origins.values()),
                              origins["model"], origins["sampler"], origins["rdkit"], outcome, message]))

    def _tell(self, label: str, result: GenerationResult, ensemble: Ensemble, lost: str) -> str:
        """Say what is open in the conformers that were generated, made by another method, or missing; get the last."""
        if result.openStereo and self._tellOpen:
            # The graph of an isomer that was enumerated leaves nothing open.
            told = f"{openstereo.describeIsomers(ensemble.isomerNumbers)}; --stereo enumerate gives every isomer" \
                if openstereo.findOpenStereo(ensemble.graph) else \
                f"{counted(len(ensemble), 'conformer')} of isomer {ensemble[0].isomer}, {ensemble[0].smiles}"
            self._say(f"{label}leaves open {', '.join(result.openStereo)}: {told}", False)
        if "rdkit" in ensemble.origins:
            self._say(label + result.fallback, False)
        missing = self._number - len(ensemble)
        self.counts.incomplete += missing > 0 or lost != ""
        if lost:
            self._say(label + explain(lost), True)
        if missing <= 0:
            return ""
        reason = ensemble.failures[0].status.message if ensemble.failures else "unknown"
        text = explain(ensemble.message or f"expected {counted(self._number, 'conformer')}, got {len(ensemble)}: the "
                       f"redraws of the others were wrong too ({reason})")
        self._say(label + text, True)
        return text

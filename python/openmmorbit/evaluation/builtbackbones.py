# SPDX-License-Identifier: MIT
"""What becomes of CA traces when proteins are built on them: geometry, energies, and short simulations."""
from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import orbit
from openmmorbit.evaluation.distributions import shareError
from openmmorbit.evaluation.figures import Figure
from openmmorbit.io.modeller import superpose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openmmorbit.building import ProteinModel
    from openmmorbit.evaluation.traces import Trace

#: Temperature of the runs, kelvin, and their time step, ps.
TEMPERATURE, TIME_STEP = 300.0, 0.002


@dataclass
class Built:
    """Proteins of alanine, and glycine where phi is positive, on a set of CA traces."""

    numBackbones: int = 0
    """That were begun with."""
    refused: Counter[str] = field(default_factory=Counter)
    """How many no protein fits, by the fault that the builder names."""
    favoured: list[tuple[int, int, int]] = field(default_factory=list)
    """Of each built one: residues in favoured regions of the Ramachandran map, outliers, and all with phi and psi."""
    torsions: list[np.ndarray] = field(default_factory=list)
    """Of each built one: shape (numResidues, 2), phi and psi in degrees, without the ends."""
    clashes: list[int] = field(default_factory=list)
    """Of each built one: pairs of heavy atoms that are too close."""
    numStarted: int = 0
    """That were minimised and warmed up."""
    energies: list[float] = field(default_factory=list)
    """Of each that survived: energy after the minimisation, kJ/mol a residue."""
    moved: list[float] = field(default_factory=list)
    """Of each that survived: how far its CA went in minimisation and warming, Angstrom."""
    drifts: list[float] = field(default_factory=list)
    """Of each that was run: CA RMSD between start and end, Angstrom."""
    picoseconds: float = 0.0
    """Length of the runs."""

    @property
    def numBuilt(self) -> int:
        return len(self.clashes)


def _rmsd(first: np.ndarray, second: np.ndarray) -> float:
    """Get the RMSD after the best rotation."""
    rotation, origin, target = superpose(first, second)
    return float(np.sqrt((((first - origin) @ rotation.T + target - second) ** 2).sum(axis=1).mean()))


def _alphas(model: ProteinModel, positions: Any) -> np.ndarray:
    """Get the CA positions of a protein in Angstrom."""
    chosen = [atom.index for atom in model.topology.atoms() if atom.name == "CA"]
    return np.asarray(positions.value_in_unit(unit.angstrom))[chosen]


def _build(trace: Trace, hydrogens: bool) -> ProteinModel:
    """Build a protein; residues that are not bonded begin new chains."""
    from openmmorbit.building import buildBackbone

    bonded = np.zeros(len(trace), bool)
    bonded[trace.windows(2)] = True
    lengths = np.diff(np.concatenate([[0], np.flatnonzero(~bonded) + 1])).tolist()
    return buildBackbone(unit.Quantity(0.1 * trace.positions, unit.nanometer), chains=lengths, hydrogens=hydrogens)


def _addReport(built: Built, model: ProteinModel) -> None:
    report = model.report
    regions = np.array(report.regions)
    counted = regions != orbit.RamachandranRegion_Unknown
    built.favoured.append((int((regions == orbit.RamachandranRegion_Favoured).sum()),
                           int((regions == orbit.RamachandranRegion_Outlier).sum()), int(counted.sum())))
    angles = np.stack([np.array(report.phi), np.array(report.psi)], axis=1)
    built.torsions.append(angles[np.isfinite(angles).all(axis=1)])
    built.clashes.append(len(report.clashes))


def _run(built: Built, trace: Trace, picoseconds: float, platform: str | None, seed: int) -> None:
    """Minimise a protein, let it take up the temperature, and run it."""
    from openmmorbit.simulation.proteins import simulateProtein

    model = _build(trace, True)
    built.numStarted += 1
    try:
        simulation = simulateProtein(model, temperature=TEMPERATURE, timeStep=TIME_STEP, platform=platform, seed=seed)
    except ValueError:
        return                          # It did not survive its start, which the figure counts.
    start = _alphas(model, model.positions)
    state = simulation.context.getState(positions=True)
    built.energies.append(simulation.relaxed.energyMinimized / len(trace))
    built.moved.append(_rmsd(start, _alphas(model, state.getPositions(asNumpy=True))))
    if picoseconds > 0:
        simulation.step(round(picoseconds / TIME_STEP))
        state = simulation.context.getState(positions=True)
        built.drifts.append(_rmsd(start, _alphas(model, state.getPositions(asNumpy=True))))


def buildAll(traces: Sequence[Trace], numStarted: int, numRun: int, picoseconds: float, platform: str | None,
             seed: int, progress: Callable[[], Any]) -> Built:
    """Build proteins on CA traces, and simulate the first ones that could be built.

    Parameters
    ----------
    traces : sequence of Trace
    numStarted : int
        Proteins that are minimised and warmed up to 300 K in implicit solvent (ff14SB, OBC2).
    numRun : int
        Of these, proteins that are run.
    picoseconds : float
        Length of the runs.
    platform : str, optional
        OpenMM's platform.
    seed : int
    progress : callable
        Called after each trace.
    """
    from openmmorbit.building import BackboneError

    built = Built(len(traces), picoseconds=picoseconds)
    for trace in traces:
        try:
            _addReport(built, _build(trace, False))
        except BackboneError as error:
            built.refused[error.fault] += 1
        else:
            if built.numStarted < numStarted:
                _run(built, trace, picoseconds if built.numStarted < numRun else 0.0, platform, seed)
        progress()
    return built


def _countResidues(built: Built, place: int) -> tuple[int, int]:
    """Get residues in a region, see Built.favoured, and all."""
    return sum(row[place] for row in built.favoured), sum(row[2] for row in built.favoured)


def makeFigures(new: Built, own: Built) -> tuple[list[Figure], dict[str, Any]]:
    """Get the figures of generated backbones beside those of natives treated alike, and all numbers."""
    figures: list[Figure] = []

    def add(key: str, title: str, values: tuple[Any, Any], reading: str, count: int,
            errors: tuple[Any, Any] = (None, None)) -> None:
        if values[0] is not None:
            figures.append(Figure(key, title, values[0], values[1], reading, count, None, *errors))

    def shares(pick: Callable[[Built], tuple[int, int]]) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
        counts = [pick(entry) for entry in (new, own)]
        values = [100 * top / bottom if bottom else None for top, bottom in counts]
        errors = [100 * shareError(top / bottom, bottom) if 0 < bottom >= top else None for top, bottom in counts]
        return (values[0], values[1]), (errors[0], errors[1])

    def medians(pick: Callable[[Built], list[float]]) -> tuple[Any, Any]:
        found = [float(np.median(pick(entry))) if pick(entry) else None for entry in (new, own)]
        return found[0], found[1]

    values, errors = shares(lambda entry: (entry.numBuilt, entry.numBackbones))
    add("built", "built into all-atom proteins of L residues and trans peptides / %", values,
        "share that the builder takes; alanine, and glycine where φ > 0", new.numBackbones, errors)
    for place, key, words in ((0, "favoured", "in favoured regions"), (1, "outliers", "outliers")):
        values, _ = shares(partial(_countResidues, place=place))
        add(key, f"Ramachandran, residues {words} / %", values, "of the built ones, contours of the Top8000",
            new.numBuilt)
    values, _ = shares(lambda entry: (sum(entry.clashes), sum(row[2] for row in entry.favoured)))
    add("heavyClashes", "clashes of heavy atoms, a hundred residues", values, "as built, before any minimisation",
        new.numBuilt)
    if new.numStarted:
        values, errors = shares(lambda entry: (len(entry.energies), entry.numStarted))
        add("started", "survive minimisation and warming / %", values,
            "ff14SB and implicit solvent; no hand or peptide turned, no bond broken", new.numStarted, errors)
        add("energy", "energy after minimisation / (kJ/mol a residue)", medians(lambda entry: entry.energies),
            "median; natives are of alanine and glycine too, in other shares", len(new.energies))
        add("moved", "CA moved by minimisation and warming / Å", medians(lambda entry: entry.moved), "median RMSD",
            len(new.moved))
    if new.drifts:
        add("drift", f"CA RMSD after {new.picoseconds:g} ps at 300 K / Å", medians(lambda entry: entry.drifts),
            "median; of alanine, natives unfold slowly too", len(new.drifts))
    return figures, {name: _describe(entry) for name, entry in (("generated", new), ("reference", own))}


def _describe(built: Built) -> dict[str, Any]:
    return {"numBackbones": built.numBackbones, "numBuilt": built.numBuilt, "refused": dict(built.refused),
            "clashes": built.clashes, "residues": built.favoured, "numStarted": built.numStarted,
            "energies": built.energies, "moved": built.moved, "drifts": built.drifts,
            "picoseconds": built.picoseconds}

# SPDX-License-Identifier: MIT
"""What becomes of CA traces when proteins are built on them: geometry, energies, and short simulations."""
from __future__ import annotations

import importlib.util
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import openmm
from openmm import unit

from openmmorbit import orbit
from openmmorbit.evaluation.distributions import shareError
from openmmorbit.evaluation.figures import Figure
from openmmorbit.evaluation.mpnn import NUM_SEQUENCES, TEMPERATURE, WEIGHTS, SequenceScorer, shiftResidues
from openmmorbit.evaluation.traces import secondaryStructure
from openmmorbit.shape.superposition import superposedRmsd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openmmorbit.building import ProteinModel
    from openmmorbit.evaluation.traces import Trace

#: Shift of residues whose sequences are a mark on the scale, Angstrom.
SHIFT = 0.5
#: Temperature of the runs, kelvin; their time step, ps, and the mass of hydrogens that allows it, dalton.
KELVIN, TIME_STEP, HYDROGEN_MASS = 300.0, 0.004, 3.0
#: Share of the natives whose CA RMSD after the run is a mark for the others.
NATIVE_SHARE = 0.9


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
    numTried: int = 0
    """That were to be run, whether they survived their start or not."""
    numRun: int = 0
    """That were run."""
    drifts: list[float] = field(default_factory=list)
    """Of each that ran to its end: CA RMSD between start and end, Angstrom."""
    picoseconds: float = 0.0
    """Length of the runs."""
    letters: list[tuple[str, str]] = field(default_factory=list)
    """Of each built one: secondary structure by P-SEA from CA alone, and by DSSP from the built atoms. None without
    mdtraj."""
    atoms: list[np.ndarray] = field(default_factory=list)
    """Of each built one: shape (numResidues, 4, 3), N, CA, C and O in Angstrom."""
    chains: list[np.ndarray] = field(default_factory=list)
    """Of each built one: shape (numResidues,), chain of every residue."""
    sequences: list[tuple[float, float]] = field(default_factory=list)
    """Of each one that sequences were drawn for: see SequenceScorer.score()."""
    shifted: list[tuple[float, float]] = field(default_factory=list)
    """The same with each residue shifted."""

    @property
    def numBuilt(self) -> int:
        return len(self.clashes)


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


def _assignDssp(model: ProteinModel) -> str:
    """Get H, E or C of every residue by DSSP, as mdtraj has it."""
    import mdtraj

    positions = np.asarray(model.positions.value_in_unit(unit.nanometer))
    trajectory = mdtraj.Trajectory(positions[np.newaxis], mdtraj.Topology.from_openmm(model.topology))
    return "".join(letter if letter in "HE" else "C" for letter in mdtraj.compute_dssp(trajectory, simplified=True)[0])


def _addAtoms(built: Built, model: ProteinModel, trace: Trace, hasDssp: bool) -> None:
    positions = np.asarray(model.positions.value_in_unit(unit.angstrom))
    residues = list(model.topology.residues())
    atoms = [{atom.name: positions[atom.index] for atom in residue.atoms()} for residue in residues]
    built.atoms.append(np.array([[entry[name] for name in ("N", "CA", "C", "O")] for entry in atoms]))
    built.chains.append(np.array([residue.chain.index for residue in residues]))
    if hasDssp:
        built.letters.append((secondaryStructure(trace), _assignDssp(model)))


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
    from openmmorbit.simulation.proteins import proteinSystem, simulateProtein

    model = _build(trace, True)
    built.numStarted += 1
    built.numTried += picoseconds > 0
    try:
        simulation = simulateProtein(model, system=proteinSystem(model.topology, hydrogenMass=HYDROGEN_MASS),
                                     temperature=KELVIN, timeStep=TIME_STEP, platform=platform, seed=seed)
    except ValueError:
        return                          # It did not survive its start, which the figure counts.
    start = _alphas(model, model.positions)
    state = simulation.context.getState(positions=True)
    built.energies.append(simulation.relaxed.energyMinimized / len(trace))
    built.moved.append(superposedRmsd(start, _alphas(model, state.getPositions(asNumpy=True))))
    if picoseconds > 0:
        built.numRun += 1
        try:
            simulation.step(round(picoseconds / TIME_STEP))
        except openmm.OpenMMException:  # A particle has no place any more: no drift, which the figure counts.
            return
        state = simulation.context.getState(positions=True)
        built.drifts.append(superposedRmsd(start, _alphas(model, state.getPositions(asNumpy=True))))


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

    built, hasDssp = Built(len(traces), picoseconds=picoseconds), importlib.util.find_spec("mdtraj") is not None
    for trace in traces:
        try:
            model = _build(trace, False)
            _addReport(built, model)
            _addAtoms(built, model, trace, hasDssp)
        except BackboneError as error:
            built.refused[error.fault] += 1
        else:
            if built.numStarted < numStarted:
                _run(built, trace, picoseconds if built.numStarted < numRun else 0.0, platform, seed)
        progress()
    return built


def scoreSequences(sets: tuple[Built, Built], number: int, scorer: SequenceScorer, seed: int,
                   progress: Callable[[], Any]) -> None:
    """Draw sequences for the first proteins of either side, and for natives whose residues are shifted.

    Parameters
    ----------
    sets : tuple of (Built, Built)
        Generated and natural ones; they get the scores.
    number : int
        Proteins on either side.
    scorer : SequenceScorer
    seed : int
        Of the shifts.
    progress : callable
        Called after each protein.
    """
    for built, isNative in zip(sets, (False, True)):
        for k, (atoms, chains) in enumerate(zip(built.atoms[:number], built.chains)):
            built.sequences.append(scorer.score(atoms, chains))
            progress()
            if isNative:
                built.shifted.append(scorer.score(shiftResidues(atoms, SHIFT, seed + k), chains))
                progress()


def _countResidues(built: Built, place: int) -> tuple[int, int]:
    """Get residues in a region, see Built.favoured, and all."""
    return sum(row[place] for row in built.favoured), sum(row[2] for row in built.favoured)


def _shareOf(built: Built, isCounted: Callable[[str, str], bool]) -> tuple[float | None, float | None]:
    """Get a share of residues by their letters of P-SEA and DSSP, with its standard error over proteins, percent."""
    shares = np.array([np.mean([isCounted(*pair) for pair in zip(*letters)]) for letters in built.letters])
    lengths = np.array([len(letters[0]) for letters in built.letters])
    if not len(shares):
        return None, None
    mean = float(np.average(shares, weights=lengths))
    spread = np.sqrt((lengths**2 * (shares - mean)**2).sum()) / lengths.sum()
    return 100 * mean, 100 * float(spread)


def _compareLetters(new: Built, own: Built) -> list[Figure]:
    """Get the second opinion on secondary structure."""
    figures = []
    for key, title, isCounted, reading in (
            ("dsspHelix", "residues in a helix by DSSP / %", lambda psea, dssp: dssp == "H",
             "a second opinion: hydrogen bonds of the built proteins, natives rebuilt from CA too"),
            ("dsspStrand", "residues in a strand by DSSP / %", lambda psea, dssp: dssp == "E", "only paired strands"),
            ("dsspAgrees", "P-SEA and DSSP agree / %", lambda psea, dssp: psea == dssp,
             "share of the residues with the same of helix, strand, neither")):
        (value, error), (ownValue, ownError) = (_shareOf(entry, isCounted) for entry in (new, own))
        if value is not None:
            figures.append(Figure(key, title, value, ownValue, reading, new.numBuilt, None, error, ownError))
    return figures


def _compareSequences(new: Built, own: Built) -> list[Figure]:
    """Get what ProteinMPNN says."""
    if not new.sequences or not own.sequences:
        return []
    scores = [np.array(entries) * [1, 100] for entries in (new.sequences, own.sequences, own.shifted)]
    means = [entries.mean(axis=0) for entries in scores]
    errors = [entries.std(axis=0, ddof=1) / np.sqrt(len(entries)) if len(entries) > 1 else [None, None]
              for entries in scores]
    rows = (("mpnn", "MPNN score", 0, 0, f"mean −ln p a residue of {NUM_SEQUENCES} sequences that ProteinMPNN "
             f"({WEIGHTS}) draws at T = {TEMPERATURE}; compare it only if the line after the next is as of natives"),
            ("mpnnShifted", f"the same of natives, residues shifted by {SHIFT} Å", 2, 0, "a mark on the scale"),
            ("mpnnTurns", "glycine and proline in these sequences / %", 0, 1,
             "far above natives: no sequence fits, the score means nothing (mirror images 87 %, 1 Å of noise 53 %)"))
    return [Figure(key, title, float(means[place][k]), float(means[1][k]), reading, len(scores[place]), None,
                   errors[place][k], errors[1][k]) for key, title, place, k, reading in rows]


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
    figures += [*_compareLetters(new, own), *_compareSequences(new, own)]
    if new.numStarted:
        values, errors = shares(lambda entry: (len(entry.energies), entry.numStarted))
        add("started", "survive minimisation and warming / %", values,
            "ff14SB and implicit solvent; no hand or peptide turned, no bond broken", new.numStarted, errors)
        add("energy", "energy after minimisation / (kJ/mol a residue)", medians(lambda entry: entry.energies),
            "median; natives are of alanine and glycine too, in other shares", len(new.energies))
        add("moved", "CA moved by minimisation and warming / Å", medians(lambda entry: entry.moved), "median RMSD",
            len(new.moved))
    if new.numRun:
        values, errors = shares(lambda entry: (len(entry.drifts), entry.numRun))
        add("ran", f"of these, run {new.picoseconds:g} ps / %", values, "to the end, without NaN", new.numRun, errors)
    if new.drifts:
        add("drift", f"CA RMSD after {new.picoseconds:g} ps at 300 K / Å", medians(lambda entry: entry.drifts),
            "median; of alanine, natives unfold slowly too", len(new.drifts))
    if new.drifts and own.drifts:
        limit = np.quantile(own.drifts, NATIVE_SHARE)
        values, errors = shares(lambda entry: (int((np.array(entry.drifts) <= limit).sum()), entry.numTried))
        add("stayed", f"of those to run, CA RMSD up to {limit:.1f} Å / %", values,
            f"that of {100 * NATIVE_SHARE:g} % of the natives that ran", new.numTried, errors)
    return figures, {name: _describe(entry) for name, entry in (("generated", new), ("reference", own))}


def _describe(built: Built) -> dict[str, Any]:
    return {"numBackbones": built.numBackbones, "numBuilt": built.numBuilt, "refused": dict(built.refused),
            "clashes": built.clashes, "residues": built.favoured, "numStarted": built.numStarted,
            "energies": built.energies, "moved": built.moved, "numTried": built.numTried, "numRun": built.numRun,
            "drifts": built.drifts, "picoseconds": built.picoseconds, "letters": [list(pair) for pair in built.letters],
            "sequences": [list(pair) for pair in built.sequences],
            "shiftedSequences": [list(pair) for pair in built.shifted]}

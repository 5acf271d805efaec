# SPDX-License-Identifier: MIT
"""The figures of a model of a system, each beside what the simulation itself has, with a sentence on how to read it."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.evaluation import distributions
from openmmorbit.evaluation.distributions import Comparison, compare
from openmmorbit.evaluation.figures import ANGLE_BINS, Figure, valueEdges
from openmmorbit.evaluation.geometry import Measured, Moments
from openmmorbit.simulation.weights import MAX_ERROR

if TYPE_CHECKING:
    from collections.abc import Callable

    from openmmorbit.ensemble import Ensemble
    from openmmorbit.evaluation.distributions import Distance
    from openmmorbit.evaluation.energetics import Survival
    from openmmorbit.evaluation.geometry import SystemGeometry
    from openmmorbit.evaluation.reference import Reference
    from openmmorbit.evaluation.slowmotions import SlowMotions
    from openmmorbit.simulation.weights import ImportanceWeights

    Pick = Callable[[Measured], np.ndarray]

#: Residues that have lines of their own in the summary.
MAX_NAMED = 3
#: Bonds, nm, and angles, degrees, that are narrower count as held by constraints.
HELD_BOND, HELD_ANGLE = 1e-4, 0.1
_gas = unit.MOLAR_GAS_CONSTANT_R.value_in_unit(unit.kilojoule_per_mole / unit.kelvin)


@dataclass
class StateSet:
    """Generated states and what was measured on them."""

    ensemble: Ensemble
    measured: Measured
    bonds: Moments
    angles: Moments
    energies: np.ndarray | None = None
    """Shape (numStates,), kJ/mol."""
    weights: ImportanceWeights | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    """How the states were made."""

    @staticmethod
    def measure(ensemble: Ensemble, geometry: SystemGeometry, facts: dict[str, Any]) -> StateSet:
        """Measure generated states."""
        positions, bonds, angles = ensemble.positions._value, Moments(), Moments()
        bonds.add(geometry.bondLengths(positions))
        angles.add(geometry.angleWidths(positions))
        return StateSet(ensemble, geometry.measure(positions), bonds, angles, facts=facts)

    def __len__(self) -> int:
        return len(self.measured)


@dataclass
class Collected:
    """All that the figures and pictures are made of."""

    geometry: SystemGeometry
    reference: Reference
    states: StateSet
    """As the model is used: inspected, redrawn."""
    flow: StateSet | None = None
    """States with a density, unfiltered, and their weights."""
    motions: SlowMotions | None = None
    relaxed: Survival | None = None
    ran: Survival | None = None
    kelvin: float | None = None
    seed: int = 1


class FigureMaker:
    """Computes the figures of a model; those of the single residues, torsions, bonds and angles go into ``details``."""

    def __init__(self, data: Collected) -> None:
        self.data, self.figures = data, []  # type: Collected, list[Figure]
        self.details: dict[str, Any] = {}
        self.notes: dict[str, str] = {}

    def _compare(self, distance: Distance, pick: Pick, states: StateSet | None = None, weighted: bool = False,
                 largest: int | None = None) -> Comparison:
        states = states or self.data.states
        weights = states.weights.weights if weighted and states.weights is not None else None
        return compare(distance, pick(states.measured), self.data.reference.halves(pick(self.data.reference.measured)),
                       weights=weights, largest=largest, seed=self.data.seed)

    def _add(self, key: str, title: str, found: Comparison, reading: str) -> None:
        self.figures.append(Figure(key, title, found.value, found.halves, reading, found.numStates, found.chance))

    def _angles(self, names: list[str], pick: Callable[[int], Pick]) -> list[dict[str, Any]]:
        """Compare the distribution of every residue's or torsion's angles; also reweighted, if there are weights."""
        distance, entries = distributions.angleDistance(ANGLE_BINS), []
        for number, name in enumerate(names):
            entry: dict[str, Any] = {"name": name, **self._compare(distance, pick(number))._asdict()}
            if self.data.flow is not None:
                entry["reweighted"] = self._compare(distance, pick(number), self.data.flow, True)._asdict()
            entries.append(entry)
        return entries

    def _read(self, key: str, reading: str) -> str:
        """Get the sentence of a figure of the states, of the flow, or of its weights."""
        if key.endswith(".flow"):
            return "the same of the states with a density, all of them, before they are weighted"
        flow = self.data.flow
        if key.endswith(".reweighted") and flow is not None and flow.weights is not None:
            return ("the same of these states, drawn by weight: worth about "
                    f"{flow.weights.ess * len(flow):.2g} states of equal weight, which makes distances larger")
        return reading

    def _summarizeAngles(self, entries: list[dict[str, Any]], key: str, title: str, reading: str) -> None:
        """Put single entries into the summary; of many, their mean and the worst one."""
        for part, words in (("", ""), (".reweighted", ", reweighted")):
            said = self._read(part, reading)
            chosen = [entry[part[1:]] if part else entry for entry in entries if not part or part[1:] in entry]
            found = [Comparison(*(entry[name] for name in Comparison._fields)) for entry in chosen]
            if len(found) <= MAX_NAMED:
                for name, result in zip((entry["name"] for entry in entries), found):
                    self._add(f"{key}{part}.{name}", f"{title} {name}{words}", result, said)
                continue
            value, own, chance = np.mean([entry[:3] for entry in found], axis=0).tolist()
            mean = Comparison(value, own, chance, found[0].numStates)
            worst = int(np.argmax([entry.value - entry.halves for entry in found]))
            self._add(f"{key}{part}.mean", f"{title}{words}, mean of {len(found)}", mean, said)
            self._add(f"{key}{part}.worst", f"{title} {entries[worst]['name']}{words}, the worst",
                      found[worst], said)

    def addTorsions(self) -> None:
        """phi and psi of every residue, other torsions, and how the angles of all residues go together."""
        geometry = self.data.geometry
        residues = self._angles(geometry.residues, lambda number: lambda measured: measured.phiPsi[:, number])
        torsions = self._angles(geometry.torsionNames, lambda number: lambda measured: measured.torsions[:, [number]])
        self.details["residues"], self.details["torsions"] = residues, torsions
        self._summarizeAngles(residues, "phiPsi", "φ/ψ map", "Jensen-Shannon distance, 0 to 0.83; at MD's own, "
                              "MD cannot tell the model from itself")
        self._addPopulations(residues)
        self._summarizeAngles(torsions, "torsion", "torsion", "Jensen-Shannon distance of the histograms")
        self._addTorus()

    def _addTorus(self) -> None:
        names = self.data.geometry.residues

        def pick(measured: Measured) -> np.ndarray:
            return measured.phiPsi.reshape(len(measured), -1) if names else measured.torsions

        if pick(self.data.reference.measured).shape[1] == 0:
            return
        what = "φ/ψ" if names else "torsions"
        reading = f"2-Wasserstein distance on the torus of all {what}: how far states must turn to become those of MD"
        for key, states, weighted, words in self._sets():
            try:
                found = self._compare(distributions.torusWasserstein, pick, states, weighted,
                                      distributions.MAX_ASSIGNED)
            except ImportError:
                self.notes["φ and ψ" if names else "Torsions"] = \
                    "T-W2 needs SciPy, which is not installed; run 'pip install scipy'"
                return
            self._add(f"torusW2{key}", f"T-W2 / rad{words}", found, self._read(key, reading))

    def _sets(self) -> list[tuple[str, StateSet, bool, str]]:
        sets = [("", self.data.states, False, "")]
        if self.data.flow is not None:
            sets += [(".flow", self.data.flow, False, ", flow"), (".reweighted", self.data.flow, True, ", reweighted")]
        return sets

    def _addPopulations(self, residues: list[dict[str, Any]]) -> None:
        """The share of states with phi above 0, where a peptide needs long to come to."""
        reference = self.data.reference
        for number, entry in enumerate(residues):
            series = reference.measured.phiPsi[:, number, 0] > 0
            own = 100 * float(series.mean())
            ownError = 100 * max(distributions.blockError(series), distributions.shareError(own / 100, len(series)))
            for key, states, weighted, words in self._sets():
                inside = states.measured.phiPsi[:, number, 0] > 0
                share, error = float(inside.mean()), distributions.shareError(inside.mean(), len(inside))
                if weighted and states.weights is not None:
                    estimate = states.weights.mean(inside, seed=self.data.seed)
                    size = states.weights.ess * len(inside)
                    share = float(estimate.value)
                    error = max(float(estimate.error), distributions.shareError(share, size))
                entry[f"phiPositive{key}"] = {"value": 100 * share, "error": 100 * error, "own": own,
                                              "ownError": ownError}
                if len(residues) <= MAX_NAMED:
                    self.figures.append(Figure(
                        f"phiPositive{key}.{entry['name']}", f"φ > 0 of {entry['name']} / %{words}", 100 * share, own,
                        self._read(key, "population and its standard error, for MD from ten blocks of time; right if "
                                   "they agree within two errors"),
                        len(states), None, 100 * error, ownError))

    def _addMoments(self, key: str, words: tuple[str, str, str], factor: float, held: float) -> None:
        """Means and standard deviations of bonds or angles: model against MD, first half against second half."""
        halves, model = getattr(self.data.reference, key), getattr(self.data.states, key)
        whole = Moments.join(*halves)
        if len(whole.mean) == 0:
            return
        name, unitName, one = words
        numStates = min(model.count, *(half.count for half in halves))
        apart = [float(factor * np.abs(a.mean - b.mean).max()) for a, b in ((model, whole), halves)]
        self.figures.append(Figure(f"{key}.mean", f"{name}, largest difference of means / {unitName}", apart[0],
                                   apart[1], f"the {one} whose mean differs most", numStates))
        free = np.minimum(*(half.deviation for half in halves)) > held
        if free.any():
            ratios = [a.deviation[free] / b.deviation[free] for a, b in ((model, whole), halves)]
            spans = [(float(ratio.min()), float(ratio.max())) for ratio in ratios]
            self.figures.append(Figure(f"{key}.deviation", f"{name}, ratio of standard deviations", spans[0], spans[1],
                                       f"smallest and largest of the {int(free.sum())}; 1 is right, above 1 the model "
                                       "is too wide", numStates))
        atoms, label = getattr(self.data.geometry, key), self.data.geometry.label
        self.details[key] = [{"name": label(*entry), "mean": factor * a, "deviation": factor * b, "ownMean": factor * c,
                              "ownDeviation": factor * d} for entry, a, b, c, d in
                             zip(atoms.tolist(), model.mean.tolist(), model.deviation.tolist(), whole.mean.tolist(),
                                 whole.deviation.tolist())]

    def addShape(self) -> None:
        """Bonds, angles, distances and size."""
        self._addMoments("bonds", ("bonds", "Å", "bond"), 10, HELD_BOND)
        self._addMoments("angles", ("angles", "°", "angle"), 1, HELD_ANGLE)
        measured = self.data.reference.measured
        if measured.distances.shape[1] > 0:
            edges = valueEdges(measured.distances)
            self._add("distances", "distances", self._compare(distributions.pooledDistance(edges),
                                                              lambda values: values.distances),
                      "Jensen-Shannon distance of the histogram of the distances of "
                      f"{measured.distances.shape[1]} pairs of atoms")
            near = [(values.distances < self.data.geometry.contact).mean(axis=0)
                    for values in (self.data.states.measured, measured)]
            self.details["distances"] = [
                {"name": name, "mean": a, "ownMean": b, "contact": c, "ownContact": d} for name, a, b, c, d in
                zip(self.data.geometry.pairNames, self.data.states.measured.distances.mean(axis=0).tolist(),
                    measured.distances.mean(axis=0).tolist(), near[0].tolist(), near[1].tolist())]
        edges = valueEdges(measured.gyration)
        self._add("gyration", "radius of gyration", self._compare(distributions.pooledDistance(edges),
                                                                  lambda values: values.gyration),
                  "Jensen-Shannon distance of the histograms")

    def addMotions(self) -> None:
        """Where the states lie on the slow motions of the simulation."""
        motions = self.data.motions
        if motions is None:
            return
        edges = motionEdges(motions.project(self.data.reference.measured))
        found = self._compare(distributions.valueDistance(edges), motions.project)
        self._add("slowMotions", "TICA map", found, "Jensen-Shannon distance on the simulation's slowest motions")
        self.details["slowMotions"] = {"lag": motions.lag, "timescales": motions.timescales.tolist()}

    def addEnergies(self) -> None:
        """Distances of energies, effective sample size, and what simulations make of the states."""
        data, halves = self.data, self.data.reference.energyHalves
        if data.kelvin is None or data.states.energies is None:
            return
        kT = _gas * data.kelvin
        for key, states, weighted, words in self._sets():
            weights = states.weights.weights if weighted and states.weights is not None else None
            assert states.energies is not None
            found = compare(distributions.wasserstein, states.energies / kT, (halves[0] / kT, halves[1] / kT),
                            weights=weights, largest=distributions.MAX_ASSIGNED, seed=data.seed)
            self._add(f"energyW2{key}", f"E-W2 / kT{words}", found, self._read(
                key, "2-Wasserstein distance of the potential energies; bonds that are too wide or too narrow, and "
                "contacts that are too short, make it large"))
        if data.relaxed is not None and len(data.relaxed.energies) > 0:
            found = compare(distributions.wasserstein, data.relaxed.energies / kT, (halves[0] / kT, halves[1] / kT),
                            largest=distributions.MAX_ASSIGNED, seed=data.seed)
            self._add("energyW2.relaxed", "E-W2 / kT, after a relaxation", found,
                      "the same after minimisation and about 2 ps of dynamics")
        self._addSampleSize()
        self._addSurvival()

    def _addSampleSize(self) -> None:
        if self.data.flow is None or self.data.flow.weights is None:
            return
        weights = self.data.flow.weights
        reading = ("Kish's, over the number of states, of all states unfiltered; too high as long as there are few, "
                   "and 100 for a perfect model")
        if weights.errors.max() > MAX_ERROR:
            reading = f"wrong: the logarithms of the densities have errors of up to {weights.errors.max():.2g}"
        self.figures.append(Figure("sampleSize", "effective sample size / %", 100 * weights.ess, None, reading,
                                   len(weights), None,
                                   100 * distributions.sampleSizeError(weights.weights, seed=self.data.seed)))

    def _addSurvival(self) -> None:
        for key, found, words in (("relaxed", self.data.relaxed, "relax"), ("ran", self.data.ran, "run for 20 ps")):
            if found is None:
                continue
            self.figures.append(Figure(f"{key}.share", f"states that {words} / %", 100 * found.share, None,
                                       "without a finding of relax(): finite, bonds and hands as they were",
                                       found.numStates))
            self.details[key] = {"numStates": found.numStates, "refused": found.refused,
                                 "medianEnergy": float(np.median(found.energies)) if len(found.energies) else None}
            if key == "ran":
                self.figures.append(Figure(
                    "ran.within", "of these with an energy in MD's range / %",
                    100 * found.within(self.data.reference.energies), None,
                    "share of all states that were run, at the end of their run", found.numStates))

    def make(self) -> list[Figure]:
        """Compute all figures."""
        self.addTorsions()
        self.addShape()
        self.addMotions()
        self.addEnergies()
        return self.figures


def motionEdges(values: np.ndarray) -> list[np.ndarray]:
    """Get the edges of bins over a simulation's slow motions, one array a component."""
    margins = 0.05 * np.ptp(values, axis=0)
    return list(np.linspace(values.min(axis=0) - margins, values.max(axis=0) + margins, ANGLE_BINS + 1).T)

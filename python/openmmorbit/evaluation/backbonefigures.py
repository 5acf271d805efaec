# SPDX-License-Identifier: MIT
"""The figures of a model of backbones, each beside that of natural backbones, with a sentence on how to read it."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.evaluation import distributions, traces
from openmmorbit.evaluation.distributions import compare
from openmmorbit.evaluation.figures import Figure
from openmmorbit.evaluation.similarity import SAME_FOLD

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openmmorbit.evaluation.builtbackbones import Built
    from openmmorbit.evaluation.distributions import Distance
    from openmmorbit.evaluation.similarity import Diversity, Nearest
    from openmmorbit.evaluation.traces import Measured, Trace

    Number = Callable[[Measured], float]

#: Edges of bins: angle of three CA and dihedral of four, radians, and their signed volume.
MAP_EDGES = [np.radians(np.arange(60, 181, 5)), np.radians(np.arange(-180, 181, 10))]
VOLUME_EDGES, SHARE_EDGES, SIZE_EDGES = (np.linspace(low, high, number) for low, high, number in
                                         ((-1, 1, 41), (0, 1, 21), (0.6, 1.8, 31)))
#: Slope of the logarithm of the size over that of the length, where all references have one length.
SLOPE = 0.38
#: Share of held-out backbones that are nearer to the training set than the limit of copies, percent.
COPY_PERCENTILE = 95
_resamples = 1000


class TraceSet:
    """Some backbones and what was measured on them."""

    def __init__(self, entries: Sequence[Trace]) -> None:
        self.traces = list(entries)
        self.measured = [traces.measure(trace) for trace in self.traces]

    def __len__(self) -> int:
        return len(self.traces)

    def numbers(self, pick: Number) -> np.ndarray:
        """Get a number of every backbone."""
        return np.array([pick(entry) for entry in self.measured], float)

    def arrays(self, pick: Callable[[Measured], Any]) -> np.ndarray:
        """Get an array of every backbone, as an array of objects."""
        found = np.empty(len(self), object)
        for k, entry in enumerate(self.measured):
            found[k] = np.atleast_1d(pick(entry))
        return found

    @property
    def lengths(self) -> np.ndarray:
        return np.array([len(trace) for trace in self.traces])


@dataclass
class Collected:
    """All that the figures and pictures are made of."""

    generated: TraceSet
    reference: TraceSet
    library: list[Trace] = field(default_factory=list)
    """The training set."""
    diversity: tuple[Diversity, Diversity] | None = None
    """Of the generated backbones and of the references."""
    nearest: tuple[Nearest, Nearest] | None = None
    """In the training set, of the generated backbones and of the references."""
    built: tuple[Built, Built] | None = None
    seed: int = 1

    def trend(self) -> tuple[float, float]:
        """Get slope and offset of the logarithm of the references' radius of gyration over that of their length."""
        x, y = np.log(self.reference.lengths), np.log(self.reference.numbers(lambda entry: entry.gyration))
        slope = float(np.polyfit(x, y, 1)[0]) if np.ptp(x) > 0.1 else SLOPE
        return slope, float(y.mean() - slope * x.mean())

    def expectedSize(self, number: float | np.ndarray) -> Any:
        """Get the radius of gyration that the references have at a length, Angstrom."""
        slope, offset = self.trend()
        return np.exp(offset + slope * np.log(number))

    def halves(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Divide numbers or arrays of the references at random into two halves."""
        order = np.random.default_rng(self.seed).permutation(len(values))
        return values[order[:len(values) // 2]], values[order[len(values) // 2:]]


def mapDistance(first: np.ndarray, second: np.ndarray) -> float:
    """Get the Jensen-Shannon distance of two maps of angle and dihedral."""
    return distributions.valueDistance(MAP_EDGES)(first, second)


class BackboneFigures:
    """Computes the figures; what has many numbers goes into ``details``."""

    def __init__(self, data: Collected) -> None:
        self.data, self.figures = data, []  # type: Collected, list[Figure]
        self.details: dict[str, Any] = {}

    def _ratio(self, entries: TraceSet, top: Number, bottom: Number, factor: float) -> tuple[float, float]:
        """Get a ratio of sums over backbones with its standard error from resampled backbones."""
        above, below = entries.numbers(top), entries.numbers(bottom)
        if below.sum() == 0:
            return np.nan, np.nan
        chosen = np.random.default_rng(self.data.seed).integers(len(above), size=(_resamples, len(above)))
        sums = below[chosen].sum(axis=1)
        ratios = above[chosen].sum(axis=1)[sums > 0] / sums[sums > 0]
        return factor * float(above.sum() / below.sum()), factor * float(ratios.std())

    def _share(self, key: str, title: str, top: Number, bottom: Number, reading: str, factor: float = 100.0) -> None:
        (value, error), (own, ownError) = (self._ratio(entries, top, bottom, factor)
                                           for entries in (self.data.generated, self.data.reference))
        self.figures.append(Figure(key, title, value, own, reading, len(self.data.generated), None, error, ownError))

    def _mean(self, key: str, title: str, pick: Number, reading: str) -> None:
        self._share(key, title, lambda entry: np.nan_to_num(pick(entry)), lambda entry: float(np.isfinite(pick(entry))),
                    reading, 1.0)

    def _distance(self, key: str, title: str, distance: Distance, pick: Callable[[Measured], Any], reading: str,
                  mirror: float = 1.0) -> None:
        """Compare what all residues have, pooled over backbones, at equal numbers of backbones."""
        own = self.data.reference.arrays(pick)
        found = compare(lambda a, b: distance(np.concatenate(a), np.concatenate(b)),
                        mirror * self.data.generated.arrays(pick), self.data.halves(own), seed=self.data.seed)
        # Halves drawn at random and other random sets are the same: their mean is the better estimate.
        self.figures.append(Figure(key, title, found.value, (found.halves + found.chance) / 2, reading, found.numStates,
                                   isDistance=True))

    def addGeometry(self) -> None:
        """Bonds, clashes and hand."""
        self._share("bonds", f"CA-CA within {traces.BOND_MARGIN} Å of {traces.BOND} Å / %",
                    lambda entry: (np.abs(entry.bonds - traces.BOND) <= traces.BOND_MARGIN).sum(),
                    lambda entry: len(entry.bonds), "share of all bonds; cis peptides are shorter, 2.9 Å")
        self._share("clashes", f"clashes below {traces.CLASH} Å, a hundred residues", lambda entry: entry.clashes,
                    lambda entry: entry.numResidues, "pairs of CA at least three residues apart")
        self._share("clashFree", "backbones without a clash / %", lambda entry: entry.clashes == 0, lambda entry: 1,
                    "share of the backbones")
        self._share("rightHanded", "helices that are right-handed / %", lambda entry: entry.rightHelices,
                    lambda entry: entry.rightHelices + entry.leftHelices,
                    "of the residues in three or more turns in a row")
        self._share("rightTurns", "turns that are right-handed / %", lambda entry: entry.rightTurns,
                    lambda entry: entry.rightTurns + entry.leftTurns, "also single turns, some of which are "
                    "left-handed in nature")
        edges = distributions.pooledDistance(VOLUME_EDGES)
        self._distance("volumes", "signed volumes of four CA in a row", edges, lambda entry: entry.volumes,
                       "Jensen-Shannon distance, 0 to 0.83")
        self._distance("volumes.mirrored", "the same of the mirror images", edges, lambda entry: entry.volumes,
                       "the mirror test: of a right hand it is far above the line before", -1.0)

    @staticmethod
    def _counter(letter: str) -> Number:
        return lambda entry: entry.structure.count(letter)

    def addStructure(self) -> None:
        """Secondary structure and the CA Ramachandran map."""
        for letter, key in (("H", "helix"), ("E", "strand")):
            self._share(key, f"residues in a {key} / %", self._counter(letter), lambda entry: entry.numResidues,
                        "by the criteria of P-SEA on CA alone, both sides alike")
        self._share("unstructured", "backbones without helix and strand / %",
                    lambda entry: set(entry.structure) == {"C"}, lambda entry: 1, "share of the backbones")
        self._distance("ramachandran", "CA Ramachandran map", mapDistance, lambda entry: entry.map,
                       "Jensen-Shannon distance of the maps of pseudo-bond angle and dihedral, 5 x 10 degrees a bin")
        self._distance("helixShares", "helix content of the backbones", distributions.pooledDistance(SHARE_EDGES),
                       lambda entry: entry.share("H"), "Jensen-Shannon distance of the histograms")
        self._distance("strandShares", "strand content of the backbones", distributions.pooledDistance(SHARE_EDGES),
                       lambda entry: entry.share("E"), "Jensen-Shannon distance of the histograms")

    def addShape(self) -> None:
        """Size and contacts."""
        slope, offset = self.data.trend()
        expected = self.data.expectedSize
        self._mean("gyration", "radius of gyration over the data's at its length",
                   lambda entry: entry.gyration / expected(entry.numResidues),
                   f"mean; the data follow {np.exp(offset):.2f} Å n^{slope:.2f}")
        self._distance("sizes", "sizes", distributions.pooledDistance(SIZE_EDGES),
                       lambda entry: entry.gyration / expected(entry.numResidues),
                       "Jensen-Shannon distance of these ratios' histograms")
        self._mean("contactOrder", "relative contact order", lambda entry: entry.contactOrder,
                   f"mean separation of contacts below {traces.CONTACT:g} Å over the length")
        self._share("longRange", "long-range contacts a residue",
                    lambda entry: entry.longRange * entry.numResidues, lambda entry: entry.numResidues,
                    f"pairs below {traces.CONTACT:g} Å and {traces.LONG_RANGE} residues apart or more", 1.0)
        self.details["size"] = {"slope": slope, "factor": float(np.exp(offset))}

    def addSimilarity(self) -> None:
        """Diversity, novelty and memorization."""
        if self.data.diversity is not None:
            new, own = self.data.diversity
            self.figures.append(Figure("diversity", "TM score of pairs", new.mean, own.mean,
                                       "mean of both normalizations; lower is more diverse", len(new.scores)))
            if new.isComplete and own.isComplete and new.numBackbones == own.numBackbones:
                self.figures.append(Figure("clusters", f"clusters at TM {SAME_FOLD} / %",
                                           100 * new.numClusters / new.numBackbones,
                                           100 * own.numClusters / own.numBackbones,
                                           "backbones left when those alike to an earlier one are taken out",
                                           new.numBackbones))
            self.details["pairScores"] = {"generated": new.scores.tolist(), "reference": own.scores.tolist()}
        if self.data.nearest is None:
            return
        new_, own_ = (entry.scores for entry in self.data.nearest)
        errors = [float(scores.std(ddof=1) / np.sqrt(len(scores))) for scores in (new_, own_)]
        self.figures.append(Figure("novelty", "TM score to the nearest training backbone", float(new_.mean()),
                                   float(own_.mean()), "mean; held-out natives beside: far above theirs is copying, "
                                   "far below theirs unnatural", len(new_), None, errors[0], errors[1]))
        limit = float(np.percentile(own_, COPY_PERCENTILE))
        share = 100 * float((new_ > limit).mean())
        self.figures.append(Figure("copies", f"nearer to one than {COPY_PERCENTILE} % of held-out natives / %", share,
                                   100 * float((own_ > limit).mean()), f"TM above {limit:.2f}; more than held-out "
                                   "natives have is memorization", len(new_), None,
                                   100 * distributions.shareError(share / 100, len(new_))))
        self.details["nearest"] = {
            key: [{"name": entries.traces[k].name, "numResidues": len(entries.traces[k]), "tm": float(score),
                   "training": self.data.library[place].name} for k, (score, place) in
                  enumerate(zip(found.scores, found.places.tolist()))]
            for key, entries, found in (("generated", self.data.generated, self.data.nearest[0]),
                                        ("reference", self.data.reference, self.data.nearest[1]))}

    def addBuilt(self) -> None:
        """What the builder and a force field make of the backbones."""
        if self.data.built is None:
            return
        from openmmorbit.evaluation.builtbackbones import makeFigures

        figures, self.details["built"] = makeFigures(*self.data.built)
        self.figures += figures

    def _describe(self, entries: TraceSet) -> list[dict[str, Any]]:
        return [{"name": trace.name, "numResidues": len(trace), "structure": entry.structure,
                 "gyration": entry.gyration, "clashes": entry.clashes, "contactOrder": entry.contactOrder,
                 "longRange": entry.longRange, "rightHelices": entry.rightHelices, "leftHelices": entry.leftHelices,
                 "bonds": {"mean": float(entry.bonds.mean()), "lowest": float(entry.bonds.min()),
                           "highest": float(entry.bonds.max())}}
                for trace, entry in zip(entries.traces, entries.measured)]

    def make(self) -> list[Figure]:
        """Compute all figures."""
        self.addGeometry()
        self.addStructure()
        self.addShape()
        self.addSimilarity()
        self.addBuilt()
        self.details["generated"] = self._describe(self.data.generated)
        self.details["reference"] = self._describe(self.data.reference)
        return self.figures

# SPDX-License-Identifier: MIT
"""How alike backbones are: TM scores of pairs, and of backbones with their nearest among many (tmtools)."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: Points along a trace whose distances tell which traces may be alike.
NUM_POINTS = 16
#: Windows of a long trace begin a so-manieth of the query's length apart.
STEPS = 5
#: TM score above which two backbones have one fold.
SAME_FOLD = 0.5
#: Pairs whose TM scores are averaged at most.
MAX_PAIRS = 500
INSTALL = "TM scores need tmtools, which is not installed; run 'pip install tmtools'"


def importAligner() -> Any:
    """Get the module tmtools.

    Raises
    ------
    ImportError
        Saying how to install it.
    """
    try:
        import tmtools
    except ImportError as error:
        raise ImportError(INSTALL) from error
    return tmtools


def tmScore(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Get the TM score of two traces by TM-align, 0 to 1.

    Parameters
    ----------
    first, second : numpy.ndarray
        Shape (numResidues, 3), in Angstrom.

    Returns
    -------
    tuple of float
        Normalized by the length of the first and of the second.

    Raises
    ------
    ImportError
        Without the package tmtools.
    """
    found = importAligner().tm_align(np.ascontiguousarray(first, float), np.ascontiguousarray(second, float),
                                     "A" * len(first), "A" * len(second))
    return float(found.tm_norm_chain1), float(found.tm_norm_chain2)


def superpose(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Get the positions of the second trace on the first one, as TM-align lays them."""
    found = importAligner().tm_align(np.ascontiguousarray(second, float), np.ascontiguousarray(first, float),
                                     "A" * len(second), "A" * len(first))
    return second @ np.asarray(found.u).T + np.asarray(found.t)


@dataclass(frozen=True)
class Diversity:
    """How different the backbones of a set are."""

    scores: np.ndarray
    """Shape (numPairs,): TM scores, each the mean of both normalizations."""
    numBackbones: int
    """Of which the pairs are."""
    numClusters: int
    """Backbones that are left when those with a TM score above 0.5 to an earlier one are taken out; of pairs that were
    not compared, none is alike."""
    isComplete: bool
    """Whether all pairs were compared."""

    @property
    def mean(self) -> float:
        return float(self.scores.mean())


def choosePairs(count: int, largest: int, seed: int) -> list[tuple[int, int]]:
    """Choose pairs of so many things; all of them, if they are not more than the largest number."""
    first, second = np.triu_indices(count, 1)
    if len(first) > largest:
        chosen = np.sort(np.random.default_rng(seed).choice(len(first), largest, replace=False))
        first, second = first[chosen], second[chosen]
    return list(zip(first.tolist(), second.tolist()))


def measureDiversity(traces: Sequence[np.ndarray], largest: int = MAX_PAIRS, seed: int = 1,
                     progress: Callable[[], Any] | None = None) -> Diversity:
    """Compare the backbones of a set with one another, at most so many pairs."""
    pairs, scores = choosePairs(len(traces), largest, seed), []
    for first, second in pairs:
        scores.append(np.mean(tmScore(traces[first], traces[second])))
        if progress is not None:
            progress()
    alike = {pair for pair, score in zip(pairs, scores) if score > SAME_FOLD}
    kept: list[int] = []
    for number in range(len(traces)):
        if not any((other, number) in alike for other in kept):
            kept.append(number)
    return Diversity(np.array(scores), len(traces), len(kept), len(pairs) == len(traces) * (len(traces) - 1) // 2)


def _describe(points: np.ndarray) -> np.ndarray:
    """Get numbers that are near for traces that are alike, of points of shape (numTraces, NUM_POINTS, 3): their
    distances, and the volumes of four of them in a row, which tell the hand."""
    first, second = np.triu_indices(NUM_POINTS, 1)
    steps = np.diff(points[:, ::2], axis=1)
    volumes = (np.cross(steps[:, :-2], steps[:, 1:-1]) * steps[:, 2:]).sum(axis=2)
    distances = np.linalg.norm(points[:, first] - points[:, second], axis=2)
    return np.concatenate([distances, 3 * np.cbrt(volumes)], axis=1)


@dataclass(frozen=True)
class Nearest:
    """For each backbone, the nearest one that was found in a library."""

    scores: np.ndarray
    """Shape (numBackbones,): TM scores, normalized by the length of the backbone."""
    places: np.ndarray
    """Shape (numBackbones,): indices in the library."""


class Library:
    """Many backbones among which similar ones are looked for.

    Parameters
    ----------
    traces : sequence of numpy.ndarray
        Each of shape (numResidues, 3), in Angstrom.
    """

    def __init__(self, traces: Sequence[np.ndarray]) -> None:
        self.traces = [np.asarray(trace, float) for trace in traces]
        self._lengths = np.array([len(trace) for trace in self.traces])
        self._first = np.concatenate([[0], np.cumsum(self._lengths)[:-1]])
        self._all = np.concatenate(self.traces).astype(np.float32)

    def _windows(self, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Get trace, first residue and length of all pieces that a query may be like: short traces as a whole, and
        windows of long ones."""
        step = max(length // STEPS, 1)
        counts = np.maximum(-(-(self._lengths - length) // step), 0) + 1
        places = np.repeat(np.arange(len(self.traces)), counts)
        number = np.arange(len(places)) - np.repeat(np.cumsum(counts) - counts, counts)
        sizes = np.minimum(self._lengths[places], length)
        return places, np.minimum(number * step, self._lengths[places] - sizes), sizes

    def candidates(self, query: np.ndarray, count: int) -> list[int]:
        """Get the traces that are nearest in shape to a query, the nearest first."""
        places, starts, sizes = self._windows(len(query))
        at = np.linspace(0, 1, NUM_POINTS, dtype=np.float32)[None] * (sizes - 1)[:, None]
        low = np.minimum(at.astype(int), np.maximum(sizes - 2, 0)[:, None])
        part, index = (at - low)[..., None], (self._first[places] + starts)[:, None] + low
        following = np.minimum(index + 1, len(self._all) - 1)
        points = (1 - part) * self._all[index] + part * self._all[following]
        own = np.linspace(0, len(query) - 1, NUM_POINTS)
        shape = np.stack([np.interp(own, np.arange(len(query)), column) for column in np.asarray(query, float).T], 1)
        apart = ((_describe(points) - _describe(shape[None].astype(np.float32))) ** 2).sum(axis=1)
        # A piece that is shorter than the query can cover a part of it only.
        apart *= (len(query) / sizes) ** 2
        order = places[np.argsort(apart, kind="stable")]
        return list(dict.fromkeys(order.tolist()))[:count]

    def findNearest(self, queries: Sequence[np.ndarray], candidates: int,
                    progress: Callable[[], Any] | None = None) -> Nearest:
        """Find for each backbone the one with the highest TM score.

        Parameters
        ----------
        queries : sequence of numpy.ndarray
            Traces, in Angstrom.
        candidates : int
            Backbones, nearest in shape, whose TM scores are computed. So the scores are lower bounds, for all queries
            in the same way.
        progress : callable, optional
            Called after each query.
        """
        scores, places = [], []
        for query in queries:
            chosen = self.candidates(query, candidates)
            found = [tmScore(query, self.traces[place])[0] for place in chosen]
            best = int(np.argmax(found))
            scores.append(found[best])
            places.append(chosen[best])
            if progress is not None:
                progress()
        return Nearest(np.array(scores), np.array(places, int))

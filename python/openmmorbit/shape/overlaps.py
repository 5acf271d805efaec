# SPDX-License-Identifier: MIT
"""Overlaps of positions: the largest one over rotations in closed form, over rotations and renumberings by a search.

A renumbering is a choice in every part of a Product (openmmorbit.shape.renumberings), and the correlation matrices of
the parts add up. For one rotation the best choice of every part is the best renumbering. The search divides the
rotations into cells. In a cell, what another choice can gain over the one that is best at its middle is bounded, so
that few choices are left, or the whole cell is worse than what is known. When few are left in all, each has its best
rotation in closed form: the result is exact.
"""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from openmmorbit.shape.renumberings import Part, Product

#: Cells along an edge of each of the four cubes of quaternions that cover the rotations.
NUM_CELLS = 4
#: Renumberings that are left in a cell are listed if there are no more than so many.
MAX_LEFT = 64
#: Cells a pair at most; some hundred to some thousand are usual.
MAX_CELLS = 500000
#: Cells times arrangements that are looked at together.
BATCH = 100000


def _quaternionMatrices(F: np.ndarray) -> np.ndarray:
    """Get the symmetric matrices [..., 4, 4] whose quadratic form in a quaternion is tr(R^T F), F of [..., 3, 3]."""
    K = np.empty((*F.shape[:-2], 4, 4))
    trace = np.trace(F, axis1=-2, axis2=-1)
    K[..., 0, 0] = trace
    for i, (j, k) in enumerate(((1, 2), (2, 0), (0, 1))):
        K[..., 0, i + 1] = K[..., i + 1, 0] = F[..., k, j] - F[..., j, k]
        K[..., i + 1, i + 1] = 2 * F[..., i, i] - trace
        K[..., j + 1, k + 1] = K[..., k + 1, j + 1] = F[..., j, k] + F[..., k, j]
    return K


def largestOverlaps(F: np.ndarray) -> np.ndarray:
    """Get the largest tr(R^T F) over all rotations, for matrices of shape (..., 3, 3)."""
    return np.linalg.eigvalsh(_quaternionMatrices(F))[..., 3]


def _surelyBelow(F: np.ndarray, limits: np.ndarray) -> np.ndarray:
    """Tell which matrices (numMatrices, 3, 3) have overlaps below limits for certain, without their eigenvalues.

    All roots of the characteristic polynomial of the quaternion matrix are real: none is above a point where the
    polynomial and its derivatives are positive.
    """
    a, b, c, d, e, f, g, h, i = np.ascontiguousarray(F.reshape(-1, 9).T)
    minors = (e * i - f * h, f * g - d * i, d * h - e * g, c * h - b * i, a * i - c * g, b * g - a * h,
              b * f - c * e, c * d - a * f, a * e - b * d)
    squares = sum(entry * entry for entry in (a, b, c, d, e, f, g, h, i))
    quadratic, linear = -2 * squares, -8 * (a * minors[0] + b * minors[1] + c * minors[2])
    constant = squares * squares - 4 * sum(entry * entry for entry in minors)
    limit = limits * limits
    value = (limit + quadratic) * limit + linear * limits + constant
    slope = (4 * limit + 2 * quadratic) * limits + linear
    return (limits > 0) & (value > 1e-9 * limit * limit) & (slope > 0) & (6 * limit + quadratic > 0)


def largestOfEach(F: np.ndarray, least: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Get the largest overlap of several matrices for each pair.

    Parameters
    ----------
    F : numpy.ndarray
        Shape (numPairs, numMatrices, 3, 3).
    least : numpy.ndarray
        Shape (numPairs,): overlaps of no interest are not above it.

    Returns
    -------
    overlaps, matrices : numpy.ndarray
        Shape (numPairs,), anything not above the least if none is; and shape (numPairs, 3, 3).
    """
    rows = np.arange(len(F))
    chosen = np.einsum("pmij,pmij->pm", F, F).argmax(axis=1)
    best, matrices = largestOverlaps(F[rows, chosen]), F[rows, chosen]
    if F.shape[1] == 1:
        return best, matrices
    flat = F.reshape(-1, 3, 3)
    left = np.flatnonzero(~_surelyBelow(flat, np.repeat(np.maximum(best, least), F.shape[1])))
    owner, found = left // F.shape[1], largestOverlaps(flat[left])
    order = np.argsort(found, kind="stable")
    better = order[found[order] > best[owner[order]]]    # of equal owners the last one, the largest, stays
    best[owner[better]], matrices[owner[better]] = found[better], flat[left[better]]
    return best, matrices


def bestRotations(F: np.ndarray) -> np.ndarray:
    """Get the rotations R with the largest tr(R^T F), for matrices of shape (..., 3, 3)."""
    return _rotations(np.linalg.eigh(_quaternionMatrices(F))[1][..., 3])


def _rotations(q: np.ndarray) -> np.ndarray:
    w, x, y, z = np.moveaxis(q, -1, 0)
    rows = [[1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def correlate(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Get the sums over atoms of x_i y_j, [..., numAtoms, 3] twice."""
    return np.swapaxes(x, -1, -2) @ y



def _startCells() -> tuple[np.ndarray, np.ndarray, float]:
    """Get cells that cover all rotations: the cube that each belongs to, its middle, and half an edge."""
    middle = (np.arange(NUM_CELLS) + 0.5) * 2 / NUM_CELLS - 1
    grid = np.stack(np.meshgrid(middle, middle, middle, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.repeat(np.arange(4), len(grid)), np.tile(grid, (4, 1)), 1 / NUM_CELLS


_CORNERS = np.array([[a, b, c] for a in (-1.0, 1.0) for b in (-1.0, 1.0) for c in (-1.0, 1.0)])


def _quaternions(cubes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Get the unit quaternions of points of the cubes: 1 stands in the place of the cube."""
    q = np.ones((*points.shape[:-1], 4))
    for cube in range(4):
        chosen = cubes == cube
        q[chosen[..., None] & (np.arange(4) != cube)] = points[chosen].ravel()
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


class _Group:
    """The parts of a product that have the same number of arrangements."""

    def __init__(self, parts: list[Part], x: np.ndarray, y: np.ndarray) -> None:
        matrices = [correlate(x[:, part.sources], y[:, None, part.sites]) for part in parts]
        #: Correlation matrices, [numPairs, numParts, numArrangements, 9].
        self.F = np.stack(matrices, axis=1).reshape(len(x), len(parts), -1, 9)
        squares = (self.F ** 2).sum(axis=3)
        apart = squares[..., :, None] + squares[..., None, :] - 2 * self.F @ np.swapaxes(self.F, 2, 3)
        #: How far apart the matrices of each part are; what rounding may hide counts as apart.
        self.apart = np.sqrt(np.maximum(apart, 0) + 1e-12 * squares.max(axis=2)[..., None, None])
        self.places = np.arange(len(parts))

    @property
    def size(self) -> int:
        """Number of matrices of a pair."""
        return self.F.shape[1] * self.F.shape[2]

    def look(self, owner: np.ndarray, rotation: np.ndarray, reach: np.ndarray) -> tuple[np.ndarray, ...]:
        """Get for every cell what other choices may gain, the matrix of the best ones, and which may be best."""
        here = (self.F[owner] @ rotation.reshape(-1, 1, 9, 1))[..., 0]
        leader = here.argmax(axis=2)
        rows = np.arange(len(owner))[:, None]
        more = here - here[rows, self.places, leader][..., None]
        more += reach[:, None, None] * self.apart[owner[:, None], self.places, leader]
        more[rows, self.places, leader] = 0
        total = self.F[owner[:, None], self.places, leader].sum(axis=1)
        return more.max(axis=2).sum(axis=1), total, more >= 0

    def expand(self, owner: np.ndarray, left: np.ndarray, total: np.ndarray,
               cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Add the matrices of all choices that are left to those of so many renumberings, each of a cell."""
        isOpen = left.sum(axis=2) > 1
        decided = self.F[owner[:, None], self.places, left.argmax(axis=2)] * ~isOpen[..., None]
        total = total + decided.sum(axis=1)[cell]
        for place in np.flatnonzero(isOpen.any(axis=0)):
            choices = left[:, place].copy()
            choices[~isOpen[:, place]] = False
            choices[~isOpen[:, place], 0] = True        # one choice, which is counted already
            which, choice = np.nonzero(choices[cell])
            cell = cell[which]
            total = total[which] + self.F[owner[cell], place, choice] * isOpen[cell, place][:, None]
        return total, cell


class _Search:
    """The search over rotations for the renumberings of one product, for many pairs at once."""

    def __init__(self, product: Product, x: np.ndarray, y: np.ndarray, best: np.ndarray,
                 matrices: np.ndarray, enough: np.ndarray | None) -> None:
        self._best, self._matrices, self._enough = best, matrices, enough
        self._fixed = correlate(x[:, product.sources], y[:, product.sites])
        counts = sorted({len(part.sources) for part in product.parts})
        self._groups = [_Group([part for part in product.parts if len(part.sources) == count], x, y)
                        for count in counts]
        self._batch = max(100, BATCH // sum(group.size for group in self._groups))

    def _raise(self, owner: np.ndarray, F: np.ndarray) -> np.ndarray:
        """Take note of correlation matrices with a larger overlap; get all overlaps."""
        found = largestOverlaps(F)
        rows = np.flatnonzero(found > self._best[owner])
        rows = rows[np.argsort(found[rows], kind="stable")]     # of equal owners the last one, the largest, stays
        self._best[owner[rows]], self._matrices[owner[rows]] = found[rows], F[rows]
        return found

    def _look(self, owner: np.ndarray, q: np.ndarray, angle: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """Get what cells may reach, and which choices may be best in them; half their opening is the angle."""
        rotation = _rotations(q)
        reach = 2 * np.sqrt(2) * np.sin(angle / 2)
        total, gain, left = self._fixed[owner].copy(), np.zeros(len(owner)), []
        for group in self._groups:
            more, matrices, mayBeBest = group.look(owner, rotation, reach)
            gain += more
            total += matrices.reshape(-1, 3, 3)
            left.append(mayBeBest)
        top = self._raise(owner, total)
        moved = (_quaternionMatrices(total) @ q[..., None])[..., 0]
        here = (q * moved).sum(axis=1)
        slope = np.sqrt(np.maximum((moved ** 2).sum(axis=1) - here ** 2, 0))
        # Along any direction the overlap is a sine of the angle, with this slope at most.
        peak = np.arctan2(slope, (here - top) / 2)
        turn = np.minimum(angle, peak)
        cap = (here + top) / 2 + (here - top) / 2 * np.cos(turn) + slope * np.sin(turn)
        return np.minimum(cap, top) + gain, left

    def _list(self, owner: np.ndarray, left: list[np.ndarray]) -> None:
        """Raise the best overlaps by all renumberings that are left in cells."""
        keys = np.concatenate([owner[:, None].view(np.uint8).reshape(len(owner), -1),
                               *[np.packbits(entry.reshape(len(owner), -1), axis=1) for entry in left]], axis=1)
        _, rows = np.unique(keys, axis=0, return_index=True)
        owner, left = owner[rows], [entry[rows] for entry in left]
        total, cell = self._fixed[owner].reshape(-1, 9), np.arange(len(owner))
        for group, entry in zip(self._groups, left):
            total, cell = group.expand(owner, entry, total, cell)
        self._raise(owner[cell], total.reshape(-1, 3, 3))

    def run(self) -> bool:
        """Raise the best overlaps to the largest ones; a pair that has enough is left alone.

        Returns
        -------
        bool
            False if that would take too many cells.
        """
        cubes, points, half = _startCells()
        count = len(self._best)
        owner = np.repeat(np.arange(count), len(cubes))
        cubes, points = np.tile(cubes, count), np.tile(points, (count, 1))
        looked = 0
        while len(owner) > 0:
            looked += len(owner)
            if looked > count * MAX_CELLS:
                return False
            kept = []
            for rows in np.array_split(np.arange(len(owner)), -(-len(owner) // self._batch)):
                kept.append(rows[self._step(owner[rows], cubes[rows], points[rows], half)])
            chosen = np.concatenate(kept)
            half /= 2
            owner, cubes = np.repeat(owner[chosen], 8), np.repeat(cubes[chosen], 8)
            points = (points[chosen][:, None] + half * _CORNERS).reshape(-1, 3)
        return True

    def _step(self, owner: np.ndarray, cubes: np.ndarray, points: np.ndarray, half: float) -> np.ndarray:
        """Look at cells; tell which must be divided."""
        q = _quaternions(cubes, points)
        corners = _quaternions(np.repeat(cubes[:, None], 8, axis=1), points[:, None] + half * _CORNERS)
        cosine = (q[:, None] * corners).sum(axis=2).min(axis=1)
        bound, left = self._look(owner, q, 2 * np.arccos(np.minimum(cosine, 1)))
        keep = bound > self._best[owner] + 1e-9
        if self._enough is not None:
            keep &= self._best[owner] < self._enough[owner]
        few = keep & (sum(np.log(entry.sum(axis=2)).sum(axis=1) for entry in left) <= np.log(MAX_LEFT) + 1e-9)
        if few.any():
            self._list(owner[few], [entry[few] for entry in left])
        return keep & ~few


def raiseOverlaps(product: Product, x: np.ndarray, y: np.ndarray, best: np.ndarray, matrices: np.ndarray,
                  enough: np.ndarray | None = None) -> bool:
    """Raise overlaps to the largest ones over all rotations and the renumberings of a product.

    Parameters
    ----------
    product : Product
    x, y : numpy.ndarray
        Shape (numPairs, numAtoms, 3): centred positions; x is renumbered.
    best : numpy.ndarray
        Shape (numPairs,): overlaps that are known. Changed where there are larger ones.
    matrices : numpy.ndarray
        Shape (numPairs, 3, 3): correlation matrices of the overlaps that were found. Changed with best.
    enough : numpy.ndarray, optional
        Shape (numPairs,): an overlap that need not be surpassed.

    Returns
    -------
    bool
        False if the search was given up, so that some overlaps may be too small.
    """
    return _Search(product, x, y, best, matrices, enough).run()

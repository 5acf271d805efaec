# SPDX-License-Identifier: MIT
"""RMSD after the best superposition and the best renumbering of equivalent atoms, for many pairs at once.

The square of an RMSD is the sum of both squares less twice the overlap, which is largest for the best rotation and
renumbering. The renumberings of a small group are listed; for others the rotations are searched.
"""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from openmmorbit import orbit
from openmmorbit.shape.overlaps import correlate, largestOfEach, largestOverlaps, raiseOverlaps
from openmmorbit.shape.renumberings import findRenumberings

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Groups of at most so many renumberings are listed.
MAX_LISTED = 20000
#: Pairs times renumberings that are looked at in one go.
BATCH = 20000
#: Colour of a bond that is single in one resonance form and double in another, and what terminal atoms may have it.
_EITHER, _TERMINAL = 100, (7, 8)


def _mergeConjugated(orders: list[dict[int, int]], colors: list[int], atoms: Sequence[orbit.GraphAtom]) -> None:
    """Make terminal oxygens and nitrogens alike if one has a single and another a double bond to the same atom."""
    single, double = orbit.BondOrder_Single, orbit.BondOrder_Double
    terminal = [len(near) == 1 and atom.element in _TERMINAL and not atom.aromatic
                for near, atom in zip(orders, atoms)]
    for center, near in enumerate(list(map(dict, orders))):
        kinds = {order for other, order in near.items() if terminal[other]}
        if not {single, double} <= kinds:
            continue
        for other, order in near.items():
            if terminal[other] and order in (single, double):
                orders[center][other] = orders[other][center] = _EITHER
                colors[other] = atoms[other].element


def findAtoms(graph: orbit.MolecularGraph, everything: bool = False) -> np.ndarray:
    """Get the indices of the heavy atoms; of all if there are only hydrogens, or if everything is asked for."""
    heavy = [index for index, atom in enumerate(graph.atoms) if atom.element != 1]
    return np.array(heavy if heavy and not everything else range(graph.getNumAtoms()), int)


def _colour(graph: orbit.MolecularGraph, chosen: np.ndarray,
            labels: Sequence[int] | None) -> tuple[list[Any], list[list[tuple[int, int]]]]:
    place = {int(atom): index for index, atom in enumerate(chosen)}
    entries = graph.atoms
    atoms = [entries[int(index)] for index in chosen]
    colors = [atom.element + 1000 * (atom.formalCharge + 20) + 100000 * atom.isotope for atom in atoms]
    orders: list[dict[int, int]] = [{} for _ in atoms]
    for bond in graph.bonds:
        first, second = place.get(bond.atom1), place.get(bond.atom2)
        if first is not None and second is not None:
            orders[first][second] = orders[second][first] = bond.order
    _mergeConjugated(orders, colors, atoms)
    neighbors = [list(near.items()) for near in orders]
    if labels is not None:
        return [(color, labels[int(index)]) for color, index in zip(colors, chosen)], neighbors
    return colors, neighbors


class Frames(NamedTuple):
    """Conformers as SymmetricRmsd.center() prepares them."""

    x: np.ndarray
    """Shape (numConformers, numChosen, 3): centred positions."""
    squares: np.ndarray
    """Shape (numConformers,): their sums of squares."""
    distances: np.ndarray
    """Shape (numConformers, numChosen): distances from the centroid, sorted among atoms that may change places."""
    fixed: np.ndarray
    """Shape (numConformers, numFixed, 3): atoms that keep their places, about a centroid of their own."""
    fixedSquares: np.ndarray
    """Shape (numConformers,): their sums of squares."""


class SymmetricRmsd:
    """RMSDs of the conformers of one molecule, over rotations and renumberings of equivalent atoms.

    Equivalent are atoms that elements, charges, isotopes and bonds do not tell apart, as in RDKit's GetBestRMS();
    stereochemistry is ignored, and terminal oxygens and nitrogens of a conjugated group are equivalent.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
        The molecule.
    atoms : numpy.ndarray
        Shape (numChosen,): the atoms that are compared.
    isSymmetric : bool
        Whether equivalent atoms may change places; the atoms must be all of the molecule or all heavy ones then.
    labels : sequence of int, optional
        Shape (graph.getNumAtoms(),): atoms with different labels are not equivalent.
    """

    def __init__(self, graph: orbit.MolecularGraph, atoms: np.ndarray, isSymmetric: bool = True,
                 labels: Sequence[int] | None = None) -> None:
        self.atoms = atoms
        colors, neighbors = _colour(graph, atoms, labels) if isSymmetric else (range(len(atoms)), [[] for _ in atoms])
        self._label, self._numAtoms = graph.getLabel(), len(atoms)
        self._products, self._complete = findRenumberings(colors, neighbors)
        self._orders = [product.order for product in self._products]
        self._listed = self._list() if sum(self._orders) <= MAX_LISTED else None

    def _list(self) -> np.ndarray:
        """List all renumberings, shape (number, numAtoms)."""
        found = []
        for product in self._products:
            perms = np.zeros((1, self._numAtoms), int)
            perms[:, product.sites] = product.sources
            for part in product.parts:
                count = len(part.sources)
                perms = np.repeat(perms, count, axis=0)
                perms[:, part.sites] = np.tile(part.sources, (len(perms) // count, 1))
            found.append(perms)
        return np.concatenate(found)

    def center(self, positions: np.ndarray) -> Frames:
        """Take the chosen atoms about their centroid, of positions (numConformers, numAtoms, 3)."""
        x = positions[:, self.atoms]
        x = x - x.mean(axis=1, keepdims=True)
        fixed = np.zeros((len(x), 0, 3))
        if len(self._products) == 1 and self._products[0].order > 4 and len(self._products[0].sites) > 2:
            fixed = x[:, self._products[0].sites]
            fixed = fixed - fixed.mean(axis=1, keepdims=True)
        return Frames(x, (x ** 2).sum(axis=(1, 2)), self._sortedDistances(x), fixed, (fixed ** 2).sum(axis=(1, 2)))

    def _overlaps(self, x: np.ndarray, y: np.ndarray, least: np.ndarray,
                  enough: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Get the largest overlaps of pairs [numPairs, numAtoms, 3], and their correlation matrices."""
        if self._listed is None:
            best, matrices = least.copy(), np.zeros((len(x), 3, 3))
            for product in self._products:
                self._complete &= raiseOverlaps(product, x, y, best, matrices, enough)
            return best, matrices
        return largestOfEach(correlate(x[:, self._listed], y[:, None]), least)

    def _chunks(self, count: int) -> list[np.ndarray]:
        each = len(self._listed) if self._listed is not None else max(
            sum(len(part.sources) for part in product.parts) for product in self._products)
        return np.array_split(np.arange(count), -(-count * each // BATCH)) if count > 0 else []

    def pairs(self, x: Frames, y: Frames, first: np.ndarray, second: np.ndarray,
              threshold: float | np.ndarray | None = None, isExact: bool = False) -> np.ndarray:
        """Compute the RMSDs of some pairs.

        Parameters
        ----------
        x, y : Frames
            Of center(), any unit.
        first, second : numpy.ndarray
            Shape (numPairs,): conformers of x and of y.
        threshold : float or numpy.ndarray, optional
            One or one a pair. RMSDs that are not below it are infinite, and those below are upper bounds.
        isExact : bool
            RMSDs below the threshold are exact.

        Returns
        -------
        numpy.ndarray
            Shape (numPairs,), in the unit of x and y.
        """
        return self.superpose(x, y, first, second, threshold, isExact)[0]

    def superpose(self, x: Frames, y: Frames, first: np.ndarray, second: np.ndarray,
                  threshold: float | np.ndarray | None = None,
                  isExact: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Compute the RMSDs of some pairs, as pairs(), and the correlation matrices of their superpositions.

        Returns
        -------
        rmsds, matrices : numpy.ndarray
            Shape (numPairs,) and (numPairs, 3, 3); bestRotations() of the matrices turn y onto x.
        """
        squares = x.squares[first] + y.squares[second]
        result, matrices = np.full(len(first), np.inf), np.zeros((len(first), 3, 3))
        chosen = np.arange(len(first))
        least, enough = np.full(len(first), -np.inf), None
        if threshold is not None:
            least = (squares - self._numAtoms * threshold ** 2) / 2
            enough = None if isExact else np.nextafter(least, np.inf)
            chosen = chosen[self._mayBeNear(x, y, first, second, threshold)]
        for part in self._chunks(len(chosen)):
            rows = chosen[part]
            found, matrices[rows] = self._overlaps(x.x[first[rows]], y.x[second[rows]], least[rows],
                                                   None if enough is None else enough[rows])
            isFound = found > least[rows]
            squared = np.maximum(squares[rows] - 2 * found, 0) / self._numAtoms
            result[rows[isFound]] = np.sqrt(squared[isFound])
        if not self._complete:
            warnings.warn(f"{self._label} has too many renumberings of equivalent atoms to try them all: some RMSDs "
                          "are upper bounds", stacklevel=4)
        return result, matrices

    def _mayBeNear(self, x: Frames, y: Frames, first: np.ndarray, second: np.ndarray,
                   threshold: float | np.ndarray) -> np.ndarray:
        """Tell which pairs two lower bounds of the RMSD do not exclude."""
        limit: Any = self._numAtoms * threshold ** 2 * (1 + 1e-9)
        # Renumberings and rotations change the distances from the centroid only within the classes.
        near = ((x.distances[first] - y.distances[second]) ** 2).sum(axis=1) <= limit
        if x.fixed.shape[1] > 0 and near.any():
            # Atoms that stay where they are have an RMSD of their own.
            i, j, limit = first[near], second[near], np.broadcast_to(limit, near.shape)[near]
            squares = x.fixedSquares[i] + y.fixedSquares[j]
            near[near] = squares - 2 * largestOverlaps(correlate(x.fixed[i], y.fixed[j])) <= limit + 1e-9 * squares
        return near

    def mayBeNear(self, frames: Frames, index: int, threshold: float) -> np.ndarray:
        """Tell which conformers a bound that costs little does not exclude from being within a threshold of one."""
        apart = frames.distances - frames.distances[index]
        return np.einsum("ca,ca->c", apart, apart) <= self._numAtoms * threshold ** 2 * (1 + 1e-9)

    def _sortedDistances(self, x: np.ndarray) -> np.ndarray:
        distances = np.sqrt((x ** 2).sum(axis=2))
        if len(self._products) > 1:
            return np.sort(distances, axis=1)
        for part in self._products[0].parts:
            distances[:, part.sites] = np.sort(distances[:, part.sites], axis=1)
        return distances

    def matrix(self, x: Frames, y: Frames) -> np.ndarray:
        """Compute the RMSDs of all conformers of x from all of y: shape (len(x.x), len(y.x))."""
        first, second = np.divmod(np.arange(len(x.x) * len(y.x)), max(len(y.x), 1))
        return self.pairs(x, y, first, second).reshape(len(x.x), len(y.x))

    def ownMatrix(self, x: Frames) -> np.ndarray:
        """Compute the RMSDs of all conformers from one another, each pair once."""
        first, second = np.triu_indices(len(x.x), 1)
        result = np.zeros((len(x.x), len(x.x)))
        result[first, second] = result[second, first] = self.pairs(x, x, first, second)
        return result

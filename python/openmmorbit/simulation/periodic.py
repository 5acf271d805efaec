# SPDX-License-Identifier: MIT
"""Periodic boxes: molecules made whole, nearest images, and the nearest of many atoms."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from openmm import app


def nearestImage(vectors: np.ndarray, box: np.ndarray | None) -> np.ndarray:
    """Get the shortest periodic images of vectors, exact for those below half the box's smallest width.

    Parameters
    ----------
    vectors : numpy.ndarray
        Shape (..., 3), in nm.
    box : numpy.ndarray or None
        Shape (3, 3), in nm, in OpenMM's reduced form.
    """
    if box is None:
        return vectors
    result = np.array(vectors)
    for row in (2, 1, 0):
        result -= np.round(result[..., row:row + 1] / box[row, row]) * box[row]
    return result


def findMolecules(topology: app.Topology) -> tuple[list[list[int]], list[tuple[np.ndarray, np.ndarray]]]:
    """Get the molecules of a Topology, and its bonds as trees.

    Returns
    -------
    molecules : list of list of int
        Atoms of each, from its first.
    levels : list of (children, parents)
        Arrays of atoms; the parents of a level stand in earlier ones.
    """
    neighbors: list[list[int]] = [[] for _ in range(topology.getNumAtoms())]
    for first, second in topology.bonds():
        neighbors[first.index].append(second.index)
        neighbors[second.index].append(first.index)
    depth = [-1] * len(neighbors)
    molecules: list[list[int]] = []
    levels: list[tuple[list[int], list[int]]] = []
    for start in range(len(neighbors)):
        if depth[start] >= 0:
            continue
        depth[start], members = 0, [start]
        for atom in members:  # grows while it is read
            for other in neighbors[atom]:
                if depth[other] < 0:
                    depth[other] = depth[atom] + 1
                    members.append(other)
                    if len(levels) < depth[other]:
                        levels.append(([], []))
                    levels[depth[other] - 1][0].append(other)
                    levels[depth[other] - 1][1].append(atom)
        molecules.append(members)
    return molecules, [(np.array(children), np.array(parents)) for children, parents in levels]


def makeWhole(positions: np.ndarray, levels: list[tuple[np.ndarray, np.ndarray]],
              box: np.ndarray | None) -> np.ndarray:
    """Make molecules whole that the boundary of a periodic box cuts.

    Parameters
    ----------
    positions : numpy.ndarray
        Shape (numAtoms, 3), in nm.
    levels : list
        Of findMolecules().
    box : numpy.ndarray or None
        Shape (3, 3), in nm.

    Returns
    -------
    numpy.ndarray
        The first atom of each molecule stays where it is.
    """
    whole = np.array(positions)
    if box is not None:
        for children, parents in levels:
            whole[children] = whole[parents] + nearestImage(whole[children] - whole[parents], box)
    return whole


def makeAllWhole(positions: np.ndarray, topology: app.Topology, box: np.ndarray) -> np.ndarray:
    """Make the molecules of many states whole; only those states change that have a bond across the boundary.

    Parameters
    ----------
    positions : numpy.ndarray
        Shape (numStates, numAtoms, 3), in nm.
    topology : openmm.app.Topology
    box : numpy.ndarray
        Shape (3, 3), in nm.
    """
    pairs = np.array([[first.index, second.index] for first, second in topology.bonds()], int).reshape(-1, 2)
    first, second = np.ascontiguousarray(pairs.T)
    limit, cut = np.diag(box).min() / 2, []
    for index, state in enumerate(positions):
        # Of a bond across the boundary, one component is nearly a width of the box.
        vectors = state.take(first, axis=0)
        vectors -= state.take(second, axis=0)
        if len(pairs) > 0 and not (-limit < vectors.min() and vectors.max() < limit):
            cut.append(index)
    if not cut:
        return positions
    _, levels = findMolecules(topology)
    whole = positions.copy()
    for index in cut:
        whole[index] = makeWhole(positions[index], levels, box)
    return whole


class NeighborGrid:
    """Finds the nearest of many atoms, in a periodic box or without one, by cells.

    Parameters
    ----------
    atoms : numpy.ndarray
        Shape (numAtoms, 3), in nm.
    box : numpy.ndarray or None
        Shape (3, 3), in nm.
    cutoff : float
        Distances beyond it are not looked for, nm.
    """

    def __init__(self, atoms: np.ndarray, box: np.ndarray | None, cutoff: float) -> None:
        self._box, self._cutoff = box, cutoff
        if box is None:
            low = atoms.min(axis=0) - 2 * cutoff
            self._origin, cell = low, np.diag(np.maximum(atoms.max(axis=0) + 2 * cutoff - low, 3 * cutoff))
        else:
            self._origin, cell = np.zeros(3), box
        self._inverse = np.linalg.inv(cell)
        widths = 1 / np.linalg.norm(self._inverse, axis=0)
        self._shape = np.maximum((widths / cutoff).astype(int), 1)
        self._periodic = box is not None
        self._atoms = atoms
        cells = self._number(self._cells(atoms))
        self._order = np.argsort(cells, kind="stable")
        self._starts = np.searchsorted(cells[self._order], np.arange(np.prod(self._shape) + 1))

    def _cells(self, points: np.ndarray) -> np.ndarray:
        fractions = (points - self._origin) @ self._inverse
        fractions = fractions - np.floor(fractions) if self._periodic else fractions
        return np.clip((fractions * self._shape).astype(int), 0, self._shape - 1)

    def _number(self, cells: np.ndarray) -> np.ndarray:
        return (cells[..., 0] * self._shape[1] + cells[..., 1]) * self._shape[2] + cells[..., 2]

    def pairs(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Get all pairs of a point and an atom within the cutoff.

        Parameters
        ----------
        points : numpy.ndarray
            Shape (numPoints, 3), in nm.

        Returns
        -------
        points, atoms, distances : numpy.ndarray
            Shape (numPairs,) each: indices, and nm.
        """
        cells = self._cells(points)
        found: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        # Few cells along an axis are all neighbours, and each is visited once.
        steps = [np.array([-1, 0, 1]) if size > 2 else np.arange(size) for size in self._shape]
        for step in np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3):
            target = np.where(self._shape > 2, cells + step, step)
            inside = np.ones(len(points), bool) if self._periodic else \
                ((target >= 0) & (target < self._shape)).all(axis=1)
            number = self._number(np.mod(target, self._shape))
            counts = np.where(inside, self._starts[number + 1] - self._starts[number], 0)
            which = np.repeat(np.arange(len(points)), counts)
            offsets = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
            found[0].append(which)
            found[1].append(self._order[self._starts[number][which] + offsets])
        which, atoms = np.concatenate(found[0]), np.concatenate(found[1])
        distances = np.linalg.norm(nearestImage(points[which] - self._atoms[atoms], self._box), axis=1)
        near = distances <= self._cutoff
        return which[near], atoms[near], distances[near]

    def clearance(self, points: np.ndarray) -> np.ndarray:
        """Get the distance of each point from its nearest atom, in nm; the cutoff if none is nearer."""
        result = np.full(len(points), self._cutoff)
        which, _, distances = self.pairs(points)
        np.minimum.at(result, which, distances)
        return result


class SoluteImages:
    """Makes molecules with selected atoms whole and lets them stand together, many frames at a time.

    Parameters
    ----------
    topology : openmm.app.Topology
    atoms : numpy.ndarray
        Indices of the selected atoms.
    """

    def __init__(self, topology: app.Topology, atoms: np.ndarray) -> None:
        molecules, levels = findMolecules(topology)
        chosen = set(atoms.tolist())
        read = [members for members in molecules if not chosen.isdisjoint(members)]
        self._sizes = np.array([len(members) for members in read])
        self._starts = np.cumsum(self._sizes) - self._sizes
        self._order = np.concatenate([np.array(members) for members in read])
        #: Shape (numTopologyAtoms,): whether an atom is in one of these molecules.
        self.isRead = np.zeros(topology.getNumAtoms(), bool)
        self.isRead[self._order] = True
        self._levels = [(children[mask], parents[mask]) for children, parents in levels
                        for mask in [self.isRead[children]] if mask.any()]

    def makeWhole(self, positions: np.ndarray, boxes: np.ndarray) -> np.ndarray:
        """Get positions with molecules whole, each of them nearest to the first one.

        Parameters
        ----------
        positions : numpy.ndarray
            Shape (numFrames, numAtoms, 3), in nm.
        boxes : numpy.ndarray
            Shape (numFrames, 3, 3), in nm, the first vector along x, the second in the xy plane.
        """
        boxes, whole = reduceBoxes(boxes), np.array(positions)
        for children, parents in self._levels:
            whole[:, children] = whole[:, parents] + nearestImages(whole[:, children] - whole[:, parents], boxes)
        centers = np.add.reduceat(whole[:, self._order], self._starts, axis=1) / self._sizes[:, None]
        shifts = centers[:, :1] + nearestImages(centers - centers[:, :1], boxes) - centers
        whole[:, self._order] += np.repeat(shifts, self._sizes, axis=1)
        return whole


def reduceBoxes(boxes: np.ndarray) -> np.ndarray:
    """Get boxes in OpenMM's reduced form, shape (numFrames, 3, 3)."""
    reduced = np.array(boxes, dtype=float)
    for row, by in ((2, 1), (2, 0), (1, 0)):
        reduced[:, row] -= np.round(reduced[:, row, by] / reduced[:, by, by])[:, None] * reduced[:, by]
    return reduced


def nearestImages(vectors: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Get the shortest periodic images of the vectors of many frames.

    Parameters
    ----------
    vectors : numpy.ndarray
        Shape (numFrames, n, 3), in nm.
    boxes : numpy.ndarray
        Shape (numFrames, 3, 3), in nm, reduced.
    """
    result = np.array(vectors)
    for row in (2, 1, 0):
        steps = np.round(result[:, :, row] / boxes[:, row, row][:, None])
        result -= steps[:, :, None] * boxes[:, row][:, None]
    return result

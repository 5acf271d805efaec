# SPDX-License-Identifier: MIT
"""What is measured on every state of a system: phi and psi, other torsions, bonds, angles, distances and size."""
from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from openmmorbit.simulation.survival import equivalenceClasses

if TYPE_CHECKING:
    from openmm import app

    from openmmorbit import orbit

#: Pairs of atoms whose distances are measured, and atoms that they are chosen from, at most.
MAX_PAIRS, MAX_ENDS = 64, 40
#: Bonds between the atoms of a pair at least.
APART = 4
#: Closer atoms of a pair are in contact: alpha carbons, and other atoms, nm.
CONTACT_ALPHA, CONTACT = 0.8, 0.45


class Measured:
    """Features of some states, float32, one row a state."""

    def __init__(self, phiPsi: np.ndarray, torsions: np.ndarray, distances: np.ndarray, gyration: np.ndarray) -> None:
        self.phiPsi = phiPsi
        """Shape (numStates, numResidues, 2), radians from -pi to pi."""
        self.torsions = torsions
        """Shape (numStates, numTorsions), radians."""
        self.distances = distances
        """Shape (numStates, numPairs), nm."""
        self.gyration = gyration
        """Shape (numStates,): radius of gyration, nm."""

    def __len__(self) -> int:
        return len(self.gyration)

    def __getitem__(self, key: slice | np.ndarray) -> Measured:
        return Measured(self.phiPsi[key], self.torsions[key], self.distances[key], self.gyration[key])

    @staticmethod
    def join(parts: list[Measured]) -> Measured:
        """Put blocks of states together."""
        return Measured(*(np.concatenate([getattr(part, name) for part in parts])
                          for name in ("phiPsi", "torsions", "distances", "gyration")))


class Moments:
    """Means and standard deviations of columns of numbers, from blocks of rows."""

    def __init__(self) -> None:
        self.count = 0
        self._shift = self._sum = self._squares = np.zeros(0)

    def add(self, values: np.ndarray) -> None:
        """Add rows, shape (numStates, numColumns)."""
        if len(values) == 0:
            return
        if self.count == 0:
            self._shift, self._sum = values[0].astype(float), np.zeros(values.shape[1])
            self._squares = np.zeros(values.shape[1])
        shifted = values.astype(float) - self._shift
        self.count += len(values)
        self._sum = self._sum + shifted.sum(axis=0)
        self._squares = self._squares + (shifted ** 2).sum(axis=0)

    @property
    def mean(self) -> np.ndarray:
        """Shape (numColumns,)."""
        return self._shift + self._sum / max(self.count, 1)

    @property
    def deviation(self) -> np.ndarray:
        """Shape (numColumns,)."""
        count = max(self.count, 1)
        return np.sqrt(np.maximum(self._squares / count - (self._sum / count) ** 2, 0))

    @staticmethod
    def join(first: Moments, second: Moments) -> Moments:
        """Get the moments of the rows of both."""
        result = Moments()
        if first.count == 0 or second.count == 0:
            return first if second.count == 0 else second
        moved = second._shift - first._shift
        result.count, result._shift = first.count + second.count, first._shift
        result._sum = first._sum + second._sum + second.count * moved
        result._squares = first._squares + second._squares + 2 * moved * second._sum + second.count * moved ** 2
        return result


def torsionAngles(positions: np.ndarray, atoms: np.ndarray) -> np.ndarray:
    """Get the dihedral angle of every four atoms.

    Parameters
    ----------
    positions : numpy.ndarray
        Shape (numStates, numAtoms, 3).
    atoms : numpy.ndarray
        Shape (numTorsions, 4).

    Returns
    -------
    numpy.ndarray
        Shape (numStates, numTorsions), float32, radians from -pi to pi.
    """
    a, b, c = (positions[:, atoms[:, k + 1]] - positions[:, atoms[:, k]] for k in range(3))
    normal = np.cross(b, c)
    x = (np.cross(a, b) * normal).sum(axis=2)
    y = np.linalg.norm(b, axis=2) * (a * normal).sum(axis=2)
    return np.arctan2(y, x).astype(np.float32)


def _bridges(neighbors: list[list[int]]) -> set[tuple[int, int]]:
    """Get the bonds that are in no ring, smaller atom first: without one of them its molecule falls apart."""
    order, low, found = [-1] * len(neighbors), [0] * len(neighbors), set()
    count = 0
    for start in range(len(neighbors)):
        if order[start] >= 0:
            continue
        stack = [(start, -1, iter(neighbors[start]))]
        order[start] = low[start] = count
        count += 1
        while stack:
            atom, parent, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                stack.pop()
                if parent >= 0:
                    low[parent] = min(low[parent], low[atom])
                    if low[atom] > order[parent]:
                        found.add((min(atom, parent), max(atom, parent)))
            elif order[following] < 0:
                order[following] = low[following] = count
                count += 1
                stack.append((following, atom, iter(neighbors[following])))
            elif following != parent:
                low[atom] = min(low[atom], order[following])
    return found


def _bondsFrom(start: int, neighbors: list[list[int]]) -> dict[int, int]:
    """Get the number of bonds to every atom of the molecule."""
    reached, queue = {start: 0}, deque([start])
    while queue:
        atom = queue.popleft()
        for other in neighbors[atom]:
            if other not in reached:
                reached[other] = reached[atom] + 1
                queue.append(other)
    return reached


class SystemGeometry:
    """What there is to measure on the states of a system.

    Parameters
    ----------
    topology : openmm.app.Topology
        The atoms that the model generates.
    graph : openmmorbit.orbit.MolecularGraph
        The same atoms with the bonds that the model knows.

    Attributes
    ----------
    residues : list of str
        Names of the residues that have phi and psi.
    phiPsi : numpy.ndarray
        Shape (numResidues, 2, 4): their atoms.
    torsions, bonds, angles, pairs : numpy.ndarray
        Shapes (number, 4), (number, 2), (number, 3), (number, 2). Torsions are those of bonds outside of rings that are
        not among phi and psi; an end that is one of several equivalent atoms, such as a methyl group's, has none.
    torsionNames, pairNames : list of str
    contact : float
        Closer atoms of a pair are in contact, nm.
    """

    def __init__(self, topology: app.Topology, graph: orbit.MolecularGraph) -> None:
        self._atoms = list(topology.atoms())
        self._elements = [atom.element.atomic_number if atom.element is not None else 0 for atom in self._atoms]
        self.bonds = np.array([(bond.atom1, bond.atom2) for bond in graph.bonds], int).reshape(-1, 2)
        self._neighbors: list[list[int]] = [[] for _ in self._atoms]
        for first, second in self.bonds.tolist():
            self._neighbors[first].append(second)
            self._neighbors[second].append(first)
        self.angles = np.array([(near[i], centre, near[j]) for centre, near in enumerate(self._neighbors)
                                for i in range(len(near)) for j in range(i + 1, len(near))], int).reshape(-1, 3)
        kinds = {kind: number for number, kind in enumerate(sorted(
            {(element, atom.residue.name) for element, atom in zip(self._elements, self._atoms)}))}
        self._classes = equivalenceClasses([kinds[element, atom.residue.name] for element, atom in
                                            zip(self._elements, self._atoms)], self._neighbors,
                                           list(range(len(self._atoms))))
        self._masses = np.array([atom.element.mass._value if atom.element is not None else 1.0
                                 for atom in self._atoms])
        self._findPhiPsi()
        self._findTorsions()
        self._findPairs()

    def label(self, *atoms: int) -> str:
        """Get words for atoms, e.g. "ALA 2 N-CA" or "ALA 2 CA, GLY 3 CA"."""
        residues = [self._atoms[atom].residue for atom in atoms]
        if all(residue is residues[0] for residue in residues):
            return f"{residues[0].name} {residues[0].id} " + "-".join(self._atoms[atom].name for atom in atoms)
        return ", ".join(f"{self._atoms[atom].residue.name} {self._atoms[atom].residue.id} {self._atoms[atom].name}"
                         for atom in atoms)

    def _findPhiPsi(self) -> None:
        names, quadruples = [], []
        for residue in dict.fromkeys(atom.residue for atom in self._atoms):
            own = {atom.name: atom.index for atom in residue.atoms()}
            if not {"N", "CA", "C"} <= set(own):
                continue
            before, after = (next((other for other in self._neighbors[own[name]] if self._atoms[other].residue is not
                                   residue and self._elements[other] == element), None)
                             for name, element in (("N", 6), ("C", 7)))
            if before is not None and after is not None:
                names.append(f"{residue.name} {residue.id}")
                quadruples.append([[before, own["N"], own["CA"], own["C"]], [own["N"], own["CA"], own["C"], after]])
        self.residues, self.phiPsi = names, np.array(quadruples, int).reshape(-1, 2, 4)

    def _end(self, atom: int, other: int) -> int | None:
        """Get the neighbour that a torsion is measured with: one that no other is equivalent to, best with bonds."""
        near = [n for n in self._neighbors[atom] if n != other]
        classes = [self._classes[n] for n in near]
        single = [n for n in near if classes.count(self._classes[n]) == 1]
        return max(single, key=lambda n: (len(self._neighbors[n]) > 1, self._elements[n], -n), default=None)

    def _findTorsions(self) -> None:
        known = {tuple(sorted(quadruple[1:3])) for quadruple in self.phiPsi.reshape(-1, 4).tolist()}
        names, quadruples = [], []
        for first, second in sorted(_bridges(self._neighbors)):
            ends = self._end(first, second), self._end(second, first)
            if (first, second) in known or None in ends:
                continue
            ofPeptide = {self._atoms[first].name, self._atoms[second].name} == {"C", "N"}
            residues = [self._atoms[atom].residue for atom in (first, second)]
            names.append("ω " + " – ".join(f"{residue.name} {residue.id}" for residue in residues)
                         if ofPeptide and residues[0] is not residues[1] else self.label(first, second))
            quadruples.append([ends[0], first, second, ends[1]])
        self.torsionNames, self.torsions = names, np.array(quadruples, int).reshape(-1, 4)

    def _findPairs(self) -> None:
        alphas = [atom.index for atom in self._atoms if atom.name == "CA" and self._elements[atom.index] in (0, 6)]
        if len(alphas) > APART:
            ends, self.contact = alphas, CONTACT_ALPHA
        else:
            counts = list(self._classes.values())
            heavy = [atom for atom, element in enumerate(self._elements) if element != 1]
            single = [atom for atom in heavy if counts.count(self._classes[atom]) == 1]
            ends, self.contact = single if len(single) > 2 else heavy, CONTACT
        ends = [ends[k] for k in np.unique(np.linspace(0, len(ends) - 1, min(len(ends), MAX_ENDS)).astype(int))]
        found = []
        for place, first in enumerate(ends):
            bonds = _bondsFrom(first, self._neighbors)
            found += [(first, other) for other in ends[place + 1:] if bonds.get(other, APART) >= APART]
        chosen = np.unique(np.linspace(0, max(len(found) - 1, 0), min(len(found), MAX_PAIRS)).astype(int))
        self.pairs = np.array(found, int).reshape(-1, 2)[chosen]
        self.pairNames = [self.label(first, second) for first, second in self.pairs.tolist()]

    @property
    def numFeatures(self) -> int:
        """Numbers that measure() gives for a state."""
        return 2 * len(self.residues) + len(self.torsions) + len(self.pairs) + 1

    def measure(self, positions: np.ndarray) -> Measured:
        """Measure states, shape (numStates, numAtoms, 3) in nm, molecules whole."""
        phiPsi = torsionAngles(positions, self.phiPsi.reshape(-1, 4)).reshape(len(positions), -1, 2)
        distances = np.linalg.norm(positions[:, self.pairs[:, 0]] - positions[:, self.pairs[:, 1]], axis=2)
        centred = positions - np.average(positions, axis=1, weights=self._masses)[:, None]
        gyration = np.sqrt(np.average((centred ** 2).sum(axis=2), axis=1, weights=self._masses))
        return Measured(phiPsi, torsionAngles(positions, self.torsions), distances.astype(np.float32),
                        gyration.astype(np.float32))

    def bondLengths(self, positions: np.ndarray) -> np.ndarray:
        """Get the lengths of all bonds: shape (numStates, numBonds), nm."""
        return np.linalg.norm(positions[:, self.bonds[:, 0]] - positions[:, self.bonds[:, 1]], axis=2)

    def angleWidths(self, positions: np.ndarray) -> np.ndarray:
        """Get the widths of all angles: shape (numStates, numAngles), degrees."""
        first, second = (positions[:, self.angles[:, k]] - positions[:, self.angles[:, 1]] for k in (0, 2))
        lengths = np.linalg.norm(first, axis=2) * np.linalg.norm(second, axis=2)
        return np.degrees(np.arccos(np.clip((first * second).sum(axis=2) / np.maximum(lengths, 1e-12), -1, 1)))

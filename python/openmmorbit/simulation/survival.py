# SPDX-License-Identifier: MIT
"""What of a molecule must survive a relaxation: bonds, the hand of its centres, trans peptides."""
from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import openmm
from openmm import unit

from openmmorbit import orbit

if TYPE_CHECKING:
    from openmm import app

#: A bond may be this much shorter or longer than the force field has it; than the covalent radii tell.
MAX_STRETCH, MAX_STRETCH_OF_RADII = 0.25, 0.35
#: Or, if it is a soft one, so many times its thermal standard deviation.
MAX_DEVIATIONS = 6
#: A centre whose signed volume is below this share of the product of its edges is flat; a regular one has 0.71.
FLAT = 0.1
#: Atoms count as equivalent if they have the same neighbours within so many bonds.
SPHERES = 20


class Finding(NamedTuple):
    """Why a state was refused."""

    code: str
    """"nan", "energy", "bond", "centre", "peptide" or "stereo"."""
    text: str
    """The same in words, with the atoms and numbers."""


def _neighbors(topology: app.Topology) -> list[list[int]]:
    result: list[list[int]] = [[] for _ in range(topology.getNumAtoms())]
    for first, second in topology.bonds():
        result[first.index].append(second.index)
        result[second.index].append(first.index)
    return result


def equivalenceClasses(elements: list[int], neighbors: list[list[int]], members: list[int]) -> dict[int, int]:
    """Get the class of every member: equal for those that elements and bonds within SPHERES do not tell apart."""
    classes = {atom: elements[atom] for atom in members}
    for _ in range(SPHERES):
        keys = {atom: (classes[atom], *sorted(classes[other] for other in neighbors[atom])) for atom in members}
        numbers = {key: number for number, key in enumerate(sorted(set(keys.values())))}
        if len(numbers) == len(set(classes.values())):
            break
        classes = {atom: numbers[key] for atom, key in keys.items()}
    return classes


def _reachable(starts: list[int], neighbors: list[list[int]], blocked: int = -1) -> list[int]:
    """Get the atoms that are connected with some, without a blocked one."""
    seen, found = {*starts, blocked}, list(starts)
    for atom in found:  # grows while it is read
        fresh = [other for other in neighbors[atom] if other not in seen]
        seen.update(fresh)
        found.extend(fresh)
    return found


def findCentres(topology: app.Topology) -> np.ndarray:
    """Get the atoms whose hand matters: four neighbours, of which no two can change places.

    Two neighbours can if they begin equal branches that do not meet again.

    Returns
    -------
    numpy.ndarray
        Shape (numCentres, 5): the atom and its neighbours.
    """
    neighbors = _neighbors(topology)
    elements = [atom.element.atomic_number if atom.element is not None else 0 for atom in topology.atoms()]
    candidates = [atom for atom, near in enumerate(neighbors) if len(near) == 4 and elements[atom] > 0]
    classes, centres = equivalenceClasses(elements, neighbors, _reachable(candidates, neighbors)), []
    for atom in candidates:
        near = neighbors[atom]
        alike = [(a, b) for place, a in enumerate(near) for b in near[place + 1:] if classes[a] == classes[b]]
        if all(b in _reachable([a], neighbors, atom) for a, b in alike):
            centres.append([atom, *near])
    return np.array(centres, int).reshape(-1, 5)


def findPeptides(topology: app.Topology) -> tuple[np.ndarray, np.ndarray]:
    """Get the peptide bonds between residues.

    Returns
    -------
    atoms : numpy.ndarray
        Shape (numBonds, 4): CA, C, N and CA, where caps have another carbon for CA.
    isProline : numpy.ndarray
        Shape (numBonds,): whether N is proline's, which may be cis.
    """
    atoms, neighbors = list(topology.atoms()), _neighbors(topology)

    def next_(atom: int, other: int) -> int | None:
        carbons = [n for n in neighbors[atom] if n != other and getattr(atoms[n].element, "symbol", "") == "C"]
        named = [n for n in carbons if atoms[n].name == "CA"]
        return next(iter(named or carbons), None)
    found, proline = [], []
    for first, second in topology.bonds():
        if {first.name, second.name} != {"C", "N"} or first.residue is second.residue:
            continue
        c, n = (first, second) if first.name == "C" else (second, first)
        ends = next_(c.index, n.index), next_(n.index, c.index)
        if None not in ends:
            found.append([ends[0], c.index, n.index, ends[1]])
            proline.append(n.residue.name in ("PRO", "HYP", "DPR"))
    return np.array(found, int).reshape(-1, 4), np.array(proline, bool)


def _knownBonds(system: openmm.System, kT: float) -> dict[frozenset[int], tuple[float, float]]:
    """Get length, nm, and the share by which it may differ, of the bonds and constraints that a System has."""
    known: dict[frozenset[int], tuple[float, float]] = {}
    for force in system.getForces():
        if isinstance(force, openmm.HarmonicBondForce):
            for index in range(force.getNumBonds()):
                first, second, *values = force.getBondParameters(index)
                length, strength = (value.value_in_unit_system(unit.md_unit_system) for value in values)
                if length > 0 and strength > 0:
                    limit = max(MAX_STRETCH, MAX_DEVIATIONS * np.sqrt(kT / strength) / length)
                    known[frozenset((first, second))] = length, limit
    for index in range(system.getNumConstraints()):
        first, second, distance = system.getConstraintParameters(index)
        known[frozenset((first, second))] = distance.value_in_unit(unit.nanometer), MAX_STRETCH
    return known


def findBonds(topology: app.Topology, system: openmm.System, particles: np.ndarray,
              kT: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Get the bonds whose length is known: by the force field, or by covalent radii. kT is in kJ/mol.

    Returns
    -------
    pairs, lengths, limits : numpy.ndarray
        Shape (numBonds, 2): atoms; shape (numBonds,): nm, and the share by which a bond may differ.
    """
    known, pairs, lengths, limits = _knownBonds(system, kT), [], [], []
    for first, second in topology.bonds():
        found = known.get(frozenset((int(particles[first.index]), int(particles[second.index]))))
        if found is None and first.element is not None and second.element is not None:
            radii = (orbit.getCovalentRadius(atom.element.atomic_number) for atom in (first, second))
            found = sum(radii) / 10, MAX_STRETCH_OF_RADII
        if found is not None:
            pairs.append([first.index, second.index])
            lengths.append(found[0])
            limits.append(found[1])
    return np.array(pairs, int).reshape(-1, 2), np.array(lengths), np.array(limits)


def signedVolumes(positions: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Get the hand of centres: the volume that three neighbours span from the fourth, by the product of the edges."""
    edges = positions[centres[:, 1:4]] - positions[centres[:, 4:5]]
    volumes = np.linalg.det(edges) if len(centres) > 0 else np.zeros(0)
    return volumes / np.maximum(np.prod(np.linalg.norm(edges, axis=2), axis=1), 1e-12)


def dihedrals(positions: np.ndarray, atoms: np.ndarray) -> np.ndarray:
    """Get the dihedral angle of every four atoms, in degrees from -180 to 180."""
    return dihedralsOfPoints(*(positions[atoms[:, k]] for k in range(4)))


def dihedralsOfPoints(*points: np.ndarray) -> np.ndarray:
    """Get dihedral angles in degrees from four arrays of shape (number, 3); NaN where a point is not known."""
    a, b, c = (second - first for first, second in zip(points, points[1:]))
    normal = np.cross(b, c)
    x, y = (np.cross(a, b) * normal).sum(axis=1), np.linalg.norm(b, axis=1) * (a * normal).sum(axis=1)
    return np.degrees(np.arctan2(y, x))


class SurvivalCheck:
    """Compares a relaxed state with what it was.

    Parameters
    ----------
    topology : openmm.app.Topology
    system : openmm.System
    particles : numpy.ndarray
        Shape (numAtoms,): the particle of every atom.
    reference : numpy.ndarray or None
        Shape (numAtoms, 3), in nm: positions whose centres and peptides are right; without them, those of each state.
    graph : openmmorbit.orbit.MolecularGraph or None
        The molecule with its stereochemistry, if there is one.
    kT : float
        In kJ/mol: soft bonds may be longer when it is warm.
    """

    def __init__(self, topology: app.Topology, system: openmm.System, particles: np.ndarray, kT: float,
                 reference: np.ndarray | None, graph: orbit.MolecularGraph | None) -> None:
        self._atoms = list(topology.atoms())
        self._bonds, self._lengths, self._limits = findBonds(topology, system, particles, kT)
        self._centres = findCentres(topology)
        self._peptides, self._isProline = findPeptides(topology)
        self._reference, self._graph = reference, graph

    def _name(self, index: int) -> str:
        atom = self._atoms[index]
        return f"{atom.residue.name} {atom.residue.id} {atom.name}"

    def _checkBonds(self, after: np.ndarray) -> list[Finding]:
        if len(self._bonds) == 0:
            return []
        lengths = np.linalg.norm(after[self._bonds[:, 0]] - after[self._bonds[:, 1]], axis=1)
        excess = np.abs(lengths / self._lengths - 1) / self._limits
        worst = int(np.argmax(excess))
        if excess[worst] <= 1:
            return []
        first, second = (self._name(atom) for atom in self._bonds[worst])
        more = f", and {(excess > 1).sum() - 1} more" if (excess > 1).sum() > 1 else ""
        return [Finding("bond", f"the bond {first} to {second} has {lengths[worst]:.3f} nm instead of "
                                f"{self._lengths[worst]:.3f} nm{more}")]

    def _checkCentres(self, before: np.ndarray, after: np.ndarray) -> list[Finding]:
        was, became = signedVolumes(before, self._centres), signedVolumes(after, self._centres)
        findings = []
        for inverted, text in ((np.abs(was) < FLAT, "flat before the relaxation, so that its hand is not known"),
                               ((was * became < 0) & (np.abs(was) >= FLAT), "inverted")):
            if inverted.any():
                names = [self._name(atom) for atom in self._centres[inverted, 0]]
                findings.append(Finding("centre", f"the centre {names[0]} is {text}"
                                                  f"{f', and {len(names) - 1} more' if len(names) > 1 else ''}"))
        return findings

    def _checkPeptides(self, before: np.ndarray, after: np.ndarray) -> list[Finding]:
        wasCis = np.abs(dihedrals(before, self._peptides)) < 90
        isCis = np.abs(dihedrals(after, self._peptides)) < 90
        # Cis is wrong unless it is known to be right; proline's may be either, and must stay what it was.
        known = self._isProline | (self._reference is not None)
        wrong = np.where(known, isCis != wasCis, isCis)
        if not wrong.any():
            return []
        names = [f"{self._name(c)} to {self._name(n)}" for _, c, n, _ in self._peptides[wrong]]
        kind = "cis" if isCis[wrong][0] else "no longer cis"
        more = f", and {len(names) - 1} more are wrong" if len(names) > 1 else ""
        return [Finding("peptide", f"the peptide bond {names[0]} is {kind}{more}")]

    def check(self, before: np.ndarray, after: np.ndarray) -> list[Finding]:
        """Compare positions, shape (numAtoms, 3) in nm, molecules whole.

        Returns
        -------
        list of Finding
            Empty if all is as it was.
        """
        known = before if self._reference is None else self._reference
        findings = [*self._checkBonds(after), *self._checkCentres(known, after), *self._checkPeptides(known, after)]
        if self._graph is not None and not findings:
            status = orbit.checkConformer(self._graph, (10 * after).ravel())
            if not (status.stereoCorrect and status.ringsClear):
                findings.append(Finding("stereo", status.message))
        return findings


def countByCode(findings: list[list[Finding]]) -> dict[str, int]:
    """Count the states that have findings of each code."""
    counts: dict[str, int] = defaultdict(int)
    for entries in findings:
        for code in {entry.code for entry in entries}:
            counts[code] += 1
    return dict(counts)

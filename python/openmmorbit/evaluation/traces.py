# SPDX-License-Identifier: MIT
"""What is measured on the CA trace of a backbone: bonds, clashes, hand, secondary structure, size and contacts."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from openmmorbit import orbit

#: CA-CA of neighbours, and how far a right one may be from it, Angstrom.
BOND, BOND_MARGIN = 3.8, 0.1
#: Two CA that are closer are a clash, and that are closer are in contact, Angstrom.
CLASH, CONTACT = 3.4, 8.0
#: Residues from one to the other, at least, of a contact and of a long-range contact.
SEPARATION, LONG_RANGE = 3, 12
#: A turn of a helix, as openmmorbit.orbit.BackboneSurvey has it: dihedral angle in degrees, and distance of its ends.
TURN, TURN_LENGTH = (20.0, 90.0), 6.5
#: Turns in a row that make a helix.
HELIX_TURNS = 3
#: Residues of the shortest helix, strand, and strand beside another one.
SHORTEST_HELIX, SHORTEST_STRAND, SHORTEST_PAIRED = 5, 5, 3
#: Distances of CA two, three and four residues apart, angle and dihedral of helices and strands: P-SEA, Labesse et al.,
#: Comput. Appl. Biosci. 13, 291 (1997). Value and margin, Angstrom or degrees.
_helix = {"third": (5.3, 0.5), "fourth": (6.4, 0.6), "angle": (89.0, 12.0), "dihedral": (50.0, 20.0)}
_strand = {"second": (6.7, 0.6), "third": (9.9, 0.9), "fourth": (12.4, 1.1), "angle": (124.0, 14.0),
           "dihedral": (-170.0, 45.0)}
#: CA of two strands side by side, Angstrom.
_paired = (4.2, 5.2)


@dataclass(frozen=True)
class Trace:
    """The CA atoms of a backbone.

    Attributes
    ----------
    positions : numpy.ndarray
        Shape (numResidues, 3), in Angstrom.
    chains, numbers : numpy.ndarray
        Shape (numResidues,): residues of one chain with successive numbers are bonded.
    name : str
    """

    positions: np.ndarray
    chains: np.ndarray
    numbers: np.ndarray
    name: str = ""

    @staticmethod
    def make(subject: orbit.BackboneSubject, positions: np.ndarray) -> Trace:
        """Take the CA of a backbone: shape (numResidues, points, 3), in Angstrom, with CA alone or N, CA and C."""
        return Trace(np.asarray(positions, float)[:, positions.shape[1] // 2], np.array(subject.chains),
                     np.array(subject.numbers), subject.name)

    @staticmethod
    def chain(positions: np.ndarray, name: str = "") -> Trace:
        """Take positions as those of one chain."""
        return Trace(np.asarray(positions, float), np.zeros(len(positions), int), np.arange(len(positions)), name)

    def __len__(self) -> int:
        return len(self.positions)

    def windows(self, size: int) -> np.ndarray:
        """Get the first residue of every run of so many bonded residues."""
        bonded = (np.diff(self.chains) == 0) & (np.diff(self.numbers) == 1)
        if len(self) < size:
            return np.zeros(0, int)
        return np.flatnonzero(np.lib.stride_tricks.sliding_window_view(bonded, size - 1).all(axis=1)
                              if size > 1 else np.ones(len(self), bool))

    def separations(self) -> np.ndarray:
        """Get how many residues are between each two along their chain, shape (numResidues, numResidues); of two chains
        a number above all lengths."""
        apart = np.abs(self.numbers[:, None] - self.numbers[None]).astype(float)
        return np.where(self.chains[:, None] == self.chains[None], apart, 1e6)


def lengthsBetween(trace: Trace, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Get first residues and distances of CA that are so many bonds apart, in Angstrom."""
    first = trace.windows(step + 1)
    return first, np.linalg.norm(trace.positions[first + step] - trace.positions[first], axis=1)


def bondAngles(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """Get first residues and angles of three CA in a row, in radians."""
    first = trace.windows(3)
    middle = trace.positions[first + 1]
    one, two = trace.positions[first] - middle, trace.positions[first + 2] - middle
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return first, np.arccos(np.clip((one * two).sum(axis=1) / np.maximum(lengths, 1e-12), -1, 1))


def dihedrals(trace: Trace) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Get first residues, dihedral angles in radians, and signed volumes of four CA in a row.

    The volume is that of the three bonds by the product of their lengths, -1 to 1: positive in a right-handed helix.
    """
    first = trace.windows(4)
    a, b, c = (trace.positions[first + k + 1] - trace.positions[first + k] for k in range(3))
    normal, other = np.cross(a, b), np.cross(b, c)
    middle = np.linalg.norm(b, axis=1)
    volume = (normal * c).sum(axis=1)
    angles = np.arctan2(middle * volume, (normal * other).sum(axis=1))
    lengths = np.linalg.norm(a, axis=1) * middle * np.linalg.norm(c, axis=1)
    return first, angles, volume / np.maximum(lengths, 1e-12)


def _runs(inside: np.ndarray, starts: np.ndarray, shortest: int) -> list[tuple[int, int]]:
    """Get first and last residue of the runs that are inside; residues that start a segment begin a new one."""
    found, begin = [], None
    for k in range(len(inside) + 1):
        ends = k == len(inside) or not inside[k] or starts[k]
        if begin is not None and ends:
            if k - begin >= shortest:
                found.append((begin, k - 1))
            begin = None
        if k < len(inside) and inside[k] and begin is None:
            begin = k
    return found


def _fulfils(trace: Trace, criteria: dict[str, tuple[float, float]]) -> dict[str, np.ndarray]:
    """Get which residues fulfil each criterion, as the first of the distances and the second of the angles."""
    fulfilled = {}
    for step, name in ((2, "second"), (3, "third"), (4, "fourth")):
        first, lengths = lengthsBetween(trace, step)
        fulfilled[name] = np.zeros(len(trace), bool)
        if name in criteria:
            fulfilled[name][first] = np.abs(lengths - criteria[name][0]) <= criteria[name][1]
    first, angles = bondAngles(trace)
    fulfilled["angle"] = np.zeros(len(trace), bool)
    fulfilled["angle"][first + 1] = np.abs(np.degrees(angles) - criteria["angle"][0]) <= criteria["angle"][1]
    first, turns, _ = dihedrals(trace)
    apart = (np.degrees(turns) - criteria["dihedral"][0] + 180) % 360 - 180
    fulfilled["dihedral"] = np.zeros(len(trace), bool)
    fulfilled["dihedral"][first + 1] = np.abs(apart) <= criteria["dihedral"][1]
    return fulfilled


def _extend(runs: list[tuple[int, int]], near: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Get which residues are in runs, each with a residue more at its ends where these nearly belong to it."""
    inside = np.zeros(len(near), bool)
    for begin, end in runs:
        if begin > 0 and near[begin - 1] and not starts[begin]:
            begin -= 1
        if end + 1 < len(near) and near[end + 1] and not starts[end + 1]:
            end += 1
        inside[begin:end + 1] = True
    return inside


def secondaryStructure(trace: Trace) -> str:
    """Assign secondary structure from CA alone, by the criteria of P-SEA.

    Returns
    -------
    str
        H (helix), E (strand) or C (neither) for every residue.
    """
    starts = np.ones(len(trace), bool)
    starts[trace.windows(2) + 1] = False
    helix = _fulfils(trace, _helix)
    runs = _runs((helix["third"] & helix["fourth"]) | (helix["angle"] & helix["dihedral"]), starts, SHORTEST_HELIX)
    isHelix = _extend(runs, helix["third"] | helix["angle"], starts)
    strand = _fulfils(trace, _strand)
    possible = (strand["second"] & strand["third"] & strand["fourth"]) | (strand["angle"] & strand["dihedral"])
    runs = _runs(possible & ~isHelix, starts, SHORTEST_PAIRED)
    distances = np.linalg.norm(trace.positions[:, None] - trace.positions[None], axis=-1)
    near = (distances >= _paired[0]) & (distances <= _paired[1]) & (trace.separations() >= SEPARATION)
    kept = [(begin, end) for begin, end in runs if end - begin + 1 >= SHORTEST_STRAND or near[begin:end + 1].any()]
    isStrand = _extend(kept, strand["third"], starts) & ~isHelix
    return "".join("H" if a else "E" if b else "C" for a, b in zip(isHelix, isStrand))


def gyrationRadius(positions: np.ndarray) -> float:
    """Get the root of the mean squared distance from the centre, in the unit of the positions."""
    return float(np.sqrt(((positions - positions.mean(axis=0)) ** 2).sum(axis=1).mean()))


@dataclass(frozen=True)
class Measured:
    """What was measured on one trace."""

    bonds: np.ndarray
    """Lengths CA-CA of neighbours, Angstrom."""
    map: np.ndarray
    """Shape (numFours, 2): angle at the second and dihedral of four CA in a row, radians."""
    volumes: np.ndarray
    """Shape (numFours,): signed volumes, see dihedrals()."""
    clashes: int
    """Pairs of CA closer than 3.4 Angstrom, three residues apart or more."""
    rightTurns: int
    leftTurns: int
    """Turns of right- and left-handed helices."""
    rightHelices: int
    leftHelices: int
    """Residues in rows of at least three such turns."""
    structure: str
    """Secondary structure, see secondaryStructure()."""
    gyration: float
    """Radius of gyration, Angstrom."""
    contactOrder: float
    """Mean separation of contacts by the number of residues; NaN without contacts."""
    longRange: float
    """Contacts of residues 12 apart or more, by the number of residues."""

    @property
    def numResidues(self) -> int:
        return len(self.structure)

    def share(self, letter: str) -> float:
        """Get the share of a secondary structure, 0 to 1."""
        return self.structure.count(letter) / len(self.structure)


def _turns(trace: Trace, first: np.ndarray, degrees: np.ndarray, hand: int) -> tuple[int, int]:
    """Get the number of turns of a hand, and of residues in helices of it."""
    _, lengths = lengthsBetween(trace, 3)
    isTurn = (hand * degrees >= TURN[0]) & (hand * degrees <= TURN[1]) & (lengths < TURN_LENGTH)
    starts = np.ones(len(first), bool)
    starts[1:] = np.diff(first) != 1
    return int(isTurn.sum()), sum(end - begin + 4 for begin, end in _runs(isTurn, starts, HELIX_TURNS))


def measure(trace: Trace) -> Measured:
    """Measure a trace."""
    first, turns, volumes = dihedrals(trace)
    places, angles = bondAngles(trace)
    at = dict(zip(places.tolist(), angles.tolist()))
    pairs = np.array([[at[k] for k in first.tolist()], turns]).T.reshape(-1, 2)
    distances = np.linalg.norm(trace.positions[:, None] - trace.positions[None], axis=-1)
    apart, upper = trace.separations(), np.triu(np.ones((len(trace), len(trace)), bool), 1)
    near = upper & (distances < CONTACT) & (apart >= SEPARATION)
    inChain = near & (apart < 1e6)
    right, left = (_turns(trace, first, np.degrees(turns), hand) for hand in (1, -1))
    return Measured(lengthsBetween(trace, 1)[1], pairs, volumes,
                    int((upper & (distances < CLASH) & (apart >= SEPARATION)).sum()), right[0], left[0], right[1],
                    left[1], secondaryStructure(trace), gyrationRadius(trace.positions),
                    float(apart[inChain].mean() / len(trace)) if inChain.any() else np.nan,
                    float((near & (apart >= LONG_RANGE)).sum() / len(trace)))

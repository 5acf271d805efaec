# SPDX-License-Identifier: MIT
"""What a generator of backbones is asked for: chains of residues, and what is known of their positions."""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from openmm import app

from openmmorbit import orbit
from openmmorbit._copying import compareByFields, copyByFields
from openmmorbit.arguments import checkInteger
from openmmorbit.chainnames import getChainName
from openmmorbit.messages import counted
from openmmorbit.sequences import joinChains

#: Name of residues of which nothing is known.
OPEN_RESIDUE = "ALA"
_elements = {"N": "N", "CA": "C", "C": "C"}
copyByFields(orbit.BackboneSubject, orbit.BackboneStatistics, orbit.GenerationStart)
compareByFields(orbit.BackboneSubject)


def _readStructure(where: str, structure: Any, backbone: orbit.BackboneSubject) -> str:
    """Get the letters of a secondary structure, a text or a list of letters, for the chains of a backbone."""
    if isinstance(structure, bytes) or not isinstance(structure, (Sequence, np.ndarray)):
        raise TypeError(f"{where}: expected structure as a text of letters, got {structure!r}, a "
                        f"{type(structure).__name__}")
    if isinstance(structure, str):
        return joinChains(where, "structure", structure, [getChainName(index) for index in backbone.chains])
    return "".join(map(str, structure))


def makeBackbone(length: int | Sequence[int], structure: str | Sequence[str] | None = None) -> orbit.BackboneSubject:
    """Make a backbone without positions.

    Parameters
    ----------
    length : int or sequence of int
        Number of residues, or of those of each chain.
    structure : str or sequence of str, optional
        Secondary structure: H (helix), E (strand), C (neither) or ? (open) for every residue, chain after chain. A text
        may have "/" or ":" between chains, as sequences have, and blanks. Default: all are open.

    Raises
    ------
    ValueError
        For a length below 1, and a structure of another length, with other chains or with other letters.
    TypeError
        For what is no whole number, and no text.
    """
    lengths: list[Any] = [length]
    if isinstance(length, (Sequence, np.ndarray)) and not isinstance(length, (str, bytes)) and np.shape(length) != ():
        lengths = list(length)
    numbers = np.array([checkInteger("length", entry, -2**31, "makeBackbone") for entry in lengths], np.int32)
    backbone = orbit.makeBackbone(numbers, "")
    if structure is None:
        return backbone
    return orbit.makeBackbone(numbers, _readStructure("makeBackbone", structure, backbone))


def splitNumber(text: str) -> tuple[str, str]:
    """Get the number and the insertion code of a residue such as 52A, as a Topology has them."""
    match = re.fullmatch(r"(-?\d+)([A-Za-z])", text)
    return (text, "") if match is None else (match[1], match[2])


def makeTopology(backbone: orbit.BackboneSubject, atomsPerResidue: int, residueName: str | Sequence[str] = "ALA",
                 numbers: Sequence[str] = ()) -> app.Topology:
    """Get the Topology of a backbone: CA atoms without bonds, or N, CA and C with theirs.

    Parameters
    ----------
    backbone : openmmorbit.orbit.BackboneSubject
    atomsPerResidue : int
        1 or 3.
    residueName : str or sequence of str
        Name of all residues, or of each.
    numbers : sequence of str, optional
        Number of each residue with its insertion code; default: those of the backbone.
    """
    graph = orbit.makeBackboneGraph(backbone, atomsPerResidue)
    names = [atom.name for atom in graph.atoms]
    residues = [residueName] * backbone.getNumResidues() if isinstance(residueName, str) else residueName
    topology, atoms, chain, last = app.Topology(), [], None, -1
    for k, (index, number) in enumerate(zip(backbone.chains, numbers or [str(entry) for entry in backbone.numbers])):
        if index != last:
            chain, last = topology.addChain(getChainName(index)), index
        residue = topology.addResidue(residues[k], chain, *splitNumber(number))
        for name in names[k * atomsPerResidue:(k + 1) * atomsPerResidue]:
            atoms.append(topology.addAtom(name, app.Element.getBySymbol(_elements[name]), residue))
    if atomsPerResidue > 1:
        for bond in graph.bonds:
            topology.addBond(atoms[bond.atom1], atoms[bond.atom2])
    return topology


@dataclass(frozen=True)
class BackboneDesign:
    """A backbone with what is known of its residues: designBackbone() makes it of a protein.

    Attributes
    ----------
    backbone : openmmorbit.orbit.BackboneSubject
        Chains, numbers of residues and secondary structure.
    positions : numpy.ndarray or None
        Shape (numResidues, 3, 3): N, CA and C of every residue in nm; NaN where they are not known.
    fixed : tuple of int
        Residues that keep their places to each other, from 0.
    names : tuple of str
        Name of every residue; ALA for those that are designed.
    labels : tuple of str
        Chain and number that a residue has in the protein, e.g. "A10"; empty for those that are designed.
    numbers : tuple of str
        Number of every residue with its insertion code, e.g. "52A"; empty: those of the backbone.
    """

    backbone: orbit.BackboneSubject
    positions: np.ndarray | None = None
    fixed: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()

    def __len__(self) -> int:
        return self.backbone.getNumResidues()

    def __repr__(self) -> str:
        known = f"motif {self.describeMotif()}" if self.fixed else "a start" if self.hasStart else "no start"
        return (f"<BackboneDesign {counted(len(self), 'residue')}, {counted(self.backbone.getNumChains(), 'chain')}, "
                f"{known}>")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, BackboneDesign):
            return NotImplemented
        if self.hasStart != other.hasStart or (self.positions is not None and not np.array_equal(
                self.positions, np.asarray(other.positions), equal_nan=True)):
            return False
        return (self.backbone, self.fixed, self.names, self.labels, self.numbers) == \
            (other.backbone, other.fixed, other.names, other.labels, other.numbers)

    @property
    def hasStart(self) -> bool:
        """Whether positions of some residues are known."""
        return self.positions is not None

    @property
    def sequence(self) -> list[str | None]:
        """Names of the residues of the motif, None for all others; for buildBackbone() and Ensemble.build()."""
        kept = set(self.fixed)
        return [name if k in kept else None for k, name in enumerate(self.names or [OPEN_RESIDUE] * len(self))]

    def withStructure(self, structure: str | Sequence[str]) -> BackboneDesign:
        """Get the same with a secondary structure, as makeBackbone() takes it."""
        structure = _readStructure("BackboneDesign.withStructure", structure, self.backbone)
        if len(structure) != len(self):
            raise ValueError(f"BackboneDesign.withStructure: expected a structure of each of {len(self)} residues, got "
                             f"{len(structure)}")
        backbone = orbit.BackboneSubject(self.backbone)
        backbone.structure = structure
        backbone.validate()
        return replace(self, backbone=backbone)

    def makeTopology(self, atomsPerResidue: int) -> app.Topology:
        """Get the Topology of what is generated."""
        return makeTopology(self.backbone, atomsPerResidue, self.names or OPEN_RESIDUE, self.numbers)

    def makeStart(self, atomsPerResidue: int, level: float | None = None) -> orbit.GenerationStart:
        """Get where the generation starts, see BackboneGenerator.generate().

        Raises
        ------
        ValueError
            For a level, if residues are not known, and for a residue whose N or C is needed and not known.
        """
        where, known = "BackboneDesign.makeStart", np.asarray(self.positions)
        places = known[:, 1:2] if atomsPerResidue == 1 else known
        isKnown = np.isfinite(places).all(axis=(1, 2))
        for k in np.flatnonzero(~isKnown):
            if np.isfinite(known[k, 1]).all():
                raise ValueError(f"{where}: expected N, CA and C of residue {self.labels[k]} for a model of all three, "
                                 "got CA without one of the others")
        if level is not None and not isKnown.all():
            raise ValueError(f"{where}: expected positions of all residues to start from at a level, got none of "
                             f"{np.count_nonzero(~isKnown)}; leave the level out to design these around the others")
        if level is not None and not level > 0:
            raise ValueError(f"{where}: expected a level above 0, got {level}")
        start = orbit.GenerationStart()
        start.positions, start.level = _fill(places, isKnown).ravel(), 0.0 if level is None else float(level)
        start.fixed = [atomsPerResidue * k + atom for k in self.fixed for atom in range(atomsPerResidue)]
        return start

    def describeMotif(self) -> str:
        """Get where the kept residues stand, e.g. "A10-A25 at 14-29, A40 at 51"."""
        parts: list[list[int]] = []
        for k in self.fixed:
            if parts and k == parts[-1][-1] + 1 and self.backbone.isBonded(parts[-1][-1]):
                parts[-1].append(k)
            else:
                parts.append([k])
        numbers = self.numbers or [str(number) for number in self.backbone.numbers]
        return ", ".join(f"{self._span(part, self.labels)} at {self._span(part, numbers)}" for part in parts)

    @staticmethod
    def _span(part: Sequence[int], texts: Sequence[Any]) -> str:
        first, last = texts[part[0]], texts[part[-1]]
        return str(first) if len(part) == 1 else f"{first}-{last}"


def _fill(places: np.ndarray, isKnown: np.ndarray) -> np.ndarray:
    """Put residues that are not known on lines between those that are; noise hides them anyhow."""
    known, count = np.flatnonzero(isKnown), places.shape[1]
    flat = places.reshape(len(places), -1)
    filled = np.stack([np.interp(np.arange(len(places)), known, flat[known, k]) for k in range(3 * count)], axis=1)
    return filled.reshape(len(places), count, 3)

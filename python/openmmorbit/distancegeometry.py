# SPDX-License-Identifier: MIT
"""Conformers of RDKit's distance geometry, minimised with MMFF94 or UFF and inspected like those of a model."""
from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from openmmorbit import orbit
from openmmorbit.messages import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: How the kernel of such a conformer begins in its provenance.
KERNEL = "RDKit "
#: Geometries of the first trial with each way of embedding.
TRIAL = 4
#: Attempts at each geometry.
ATTEMPTS = 10
_ways = ("ETKDGv3", "ETKDGv3 with random coordinates", "ETDG with random coordinates", "plain distance geometry")


class EmbeddedCopy(NamedTuple):
    """One conformer: positions [numAtoms, 3] in nm, what the inspection says, what made it, and its force field."""
    positions: np.ndarray
    status: orbit.ConformerStatus
    kernel: str
    level: str


class Embedding(NamedTuple):
    """The conformers of a molecule, or why there are none, the seconds that it took, and whether it has a geometry."""
    copies: list[EmbeddedCopy]
    reason: str
    seconds: float
    isPossible: bool


def _parameters(way: str) -> Any:
    from rdkit.Chem import rdDistGeom

    makers = {"ETKDGv3": rdDistGeom.ETKDGv3, "ETDG": rdDistGeom.ETDG, "plain": rdDistGeom.EmbedParameters}
    parameters = makers[way.split()[0]]()
    parameters.useRandomCoords = way != "ETKDGv3"
    return parameters


def _describe(status: orbit.ConformerStatus) -> str:
    """Get the first fault of a conformer without its numbers, which differ from copy to copy."""
    return status.message.split("; ")[0].split(", expected")[0]


def _isSoft(status: orbit.ConformerStatus) -> bool:
    """Tell whether only angles, planes and centres are unlike those of the known minima, as in a strained molecule."""
    return status.finite and status.bondsCorrect and status.ringsClear and status.clashFree and status.stereoCorrect


def _asksForRingStereo(graph: orbit.MolecularGraph) -> bool:
    """Tell whether stereochemistry of rings is asked for: then strange centres may be those of an impossible isomer."""
    inRings = {atom for ring in graph.rings for atom in ring}
    centers = {record.center for record in graph.tetrahedral}
    axes = {atom for record in graph.torsional for atom in list(record.atoms)[1:3]}
    return bool(inRings & (centers | axes))


class _Run:
    """One molecule: its force fields, and what was found so far."""

    def __init__(self, graph: orbit.MolecularGraph, number: int, end: float) -> None:
        import rdkit

        from openmmorbit.ensemble import Ensemble

        self.graph, self.number, self.end = graph, number, end
        self.mol = Ensemble(graph).toRDKit()
        self.version = rdkit.__version__
        self.copies: list[EmbeddedCopy] = []
        self.soft: dict[str, list[EmbeddedCopy]] = {}
        self.faults: Counter[str] = Counter()
        self.numEmbedded = 0
        self._mmff = self._findMMFF()

    def _findMMFF(self) -> Any:
        from openmmorbit import chem

        try:
            return chem.MMFFForceField(self.graph)
        except ValueError:
            return None

    def findUnknown(self) -> str:
        """Name the elements of a molecule that no force field has parameters for; empty if one has."""
        from rdkit.Chem import rdForceFieldHelpers

        self._hasUFF = rdForceFieldHelpers.UFFHasAllMoleculeParams(self.mol)
        if self._mmff is not None or self._hasUFF:
            return ""
        return ", ".join(sorted({atom.GetSymbol() for atom in self.mol.GetAtoms() if atom.GetAtomicNum() > 1}))

    def isOver(self) -> bool:
        return time.monotonic() > self.end

    def _minimizeMMFF(self, positions: np.ndarray) -> np.ndarray:
        minima = self._mmff.minimize(0.1 * positions, maxIterations=2000)
        return 10 * np.asarray(minima.positions).reshape(positions.shape)

    def _minimizeUFF(self, positions: np.ndarray) -> np.ndarray:
        from rdkit import Chem
        from rdkit.Chem import rdForceFieldHelpers

        mol = Chem.Mol(self.mol)
        mol.RemoveAllConformers()
        for points in positions:
            conformer = Chem.Conformer(len(points))
            conformer.SetPositions(np.ascontiguousarray(points))
            mol.AddConformer(conformer, assignId=True)
        rdForceFieldHelpers.UFFOptimizeMoleculeConfs(mol, maxIters=2000)
        return np.array([conformer.GetPositions() for conformer in mol.GetConformers()])

    def _fields(self) -> Iterator[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
        if self._mmff is not None:
            yield "MMFF94", self._minimizeMMFF
        if self._hasUFF:
            yield "UFF", self._minimizeUFF
        yield "", lambda positions: positions

    def _take(self, way: str, positions: np.ndarray) -> None:
        """Minimise and inspect geometries [number, numAtoms, 3] in Angstrom; the next field gets what went wrong."""
        for place, (level, minimize) in enumerate(self._fields()):
            wrong = []
            for start, points in zip(positions, minimize(positions)):
                points = points - points.mean(axis=0)
                status = orbit.checkConformer(self.graph, points.ravel().tolist())
                copy = EmbeddedCopy(0.1 * points, status, f"{KERNEL}{self.version} ({way}, {level or 'no field'})",
                                    level)
                if status.isAccepted():
                    self.copies.append(copy)
                    continue
                wrong.append(start)
                if place == 0:
                    self.faults[_describe(status)] += 1
                    if _isSoft(status):
                        self.soft.setdefault(way, []).append(copy)
            if not wrong:
                return
            positions = np.array(wrong)

    def embed(self, way: str, number: int, seed: int) -> None:
        """Embed, minimise and inspect geometries in one way."""
        from rdkit import Chem
        from rdkit.Chem import rdDistGeom

        parameters, mol = _parameters(way), Chem.Mol(self.mol)
        parameters.randomSeed, parameters.maxIterations, parameters.numThreads = seed, ATTEMPTS, 1
        if self.end < float("inf"):
            parameters.timeout = max(1, int(self.end - time.monotonic()))
        identifiers = list(rdDistGeom.EmbedMultipleConfs(mol, number, parameters))
        self.numEmbedded += len(identifiers)
        if identifiers:
            self._take(way, np.array([mol.GetConformer(i).GetPositions() for i in identifiers]))

    def fill(self, way: str, copies: list[Any], seed: int) -> None:
        """Go on in a way that works until a list has the number that was asked for, at most twice."""
        for turn in (1, 2):
            if len(copies) < self.number and not self.isOver():
                self.embed(way, self.number - len(copies), (seed + turn) % (2**31 - 1))

    def describeFailure(self) -> str:
        """Say why there is no conformer."""
        if self.isOver():
            return f"RDKit: none of {counted(self.numEmbedded, 'geometry')} before the time limit was over"
        if not self.numEmbedded:
            return f"RDKit: no geometry ({', '.join(_ways)})"
        fault, count = self.faults.most_common(1)[0]
        number = self.numEmbedded
        return f"RDKit: {number} geometries, all wrong; most frequent fault ({count}): {fault}"


def embed(graph: orbit.MolecularGraph, number: int, seed: int, seconds: float) -> Embedding:
    """Make conformers of a molecule, in the first way that gives right ones.

    The ways are ETKDGv3, the same from random coordinates, ETDG and plain distance geometry. Every geometry is
    minimised with MMFF94, or with UFF where that has no parameters or gives a wrong one; molecules that neither knows
    are refused. If none passes the inspection, conformers are taken whose angles, planes or centres only are unlike
    those of known minima, as those of [1.1.1]propellane are; not if stereochemistry of rings is asked for, because it
    could be that of an isomer that cannot exist.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
    number : int
        How many.
    seed : int
        The same seed gives the same conformers with the same version of RDKit.
    seconds : float
        No further geometry is begun after this time.

    Returns
    -------
    Embedding
        Up to number conformers, centred; their status says what the inspection found.
    """
    begin = time.monotonic()

    def finish(copies: list[EmbeddedCopy], reason: str = "", isPossible: bool = True) -> Embedding:
        return Embedding(copies, reason, time.monotonic() - begin, isPossible)

    try:
        from rdkit import rdBase
    except ImportError:
        return finish([], "RDKit: its Python package is not installed; run 'pip install rdkit'")
    with rdBase.BlockLogs():
        run = _Run(graph, number, begin + seconds)
        if unknown := run.findUnknown():
            return finish([], f"RDKit: neither MMFF94 nor UFF has parameters for all atoms of {unknown}")
        for way in _ways:
            if run.isOver():
                break
            run.embed(way, min(TRIAL, number), seed)
            if run.copies:
                run.fill(way, run.copies, seed)
                return finish(run.copies[:number])
        if run.soft and not _asksForRingStereo(graph):
            way, copies = next(iter(run.soft.items()))
            run.fill(way, copies, seed)
            return finish(copies[:number])
    return finish([], run.describeFailure(), run.numEmbedded > 0 or run.isOver())

# SPDX-License-Identifier: MIT
"""The surroundings of a molecule, e.g. of a ligand in a complex: copies that clash with them are drawn again."""
from __future__ import annotations

import hashlib
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import openmm
from openmm import unit

from openmmorbit.arguments import nextSeed
from openmmorbit import molecules, orbit
from openmmorbit.io.topologyfiles import STRUCTURES, openStructure
from openmmorbit.simulation.residues import isMetal, listObstacles
from openmmorbit.simulation.states import toArray, toPlain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openmm import app

#: Heavy atoms of a ligand and of the rest are at least this share of the sum of their van der Waals radii apart, which
#: is what PoseBusters asks for.
MIN_SHARE = 0.75
#: The sampler guides copies to this share, so that they do not end just below the other one.
GUIDED_SHARE = 0.8
#: What covalent radii of C, N and O are below their van der Waals radii, nm: metals meet a ligand at covalent radii.
METAL_SHIFT = 0.09
#: Atoms of a core and of a residue that are nearer than this, nm, are the same.
SAME_PLACE = 0.05
_where = "ConformerGenerator.generate"


class Surroundings(NamedTuple):
    """What stands around a molecule: a Topology, positions of its atoms, nm, and the residue in it that does not count.
    """
    topology: app.Topology
    positions: np.ndarray
    residue: app.topology.Residue | None = None

    @property
    def digest(self) -> str:
        """A checksum of elements and positions."""
        symbols = [atom.element.symbol if atom.element is not None else "" for atom in self.topology.atoms()]
        return hashlib.sha256(f"{symbols} {self.positions.tolist()}".encode()).hexdigest()


def readSurroundings(pocket: Any) -> Surroundings:
    """Get the surroundings that a caller may give as pocket=.

    Parameters
    ----------
    pocket : path, PDBFile, PDBxFile, Modeller or tuple of Topology and positions
        A path of a .pdb or .cif file, also with .gz behind it: its first model, with the conformer of highest
        occupancy where a residue has several. Positions without a unit are in nm.

    Raises
    ------
    ValueError, TypeError
        For a path of another file, other positions, and something else.
    """
    from openmm import app

    if isinstance(pocket, (str, os.PathLike)):
        path = os.fspath(pocket)
        if not path.lower().endswith(STRUCTURES):
            raise ValueError(f"{_where}: expected a pocket as a file that ends in .pdb or .cif, got '{path}'")
        pocket = openStructure(_where, path)
    topology, positions = pocket if isinstance(pocket, tuple) and len(pocket) == 2 else (
        getattr(pocket, "topology", None), getattr(pocket, "positions", None))
    if not isinstance(topology, app.Topology):
        raise TypeError(f"{_where}: expected a pocket as a path, PDBFile, Modeller, or a pair of Topology and "
                        f"positions, got {type(pocket).__name__}")
    places = toArray(_where, "pocket", toPlain(_where, "pocket", positions, unit.nanometer))
    if places.shape != (topology.getNumAtoms(), 3) or not np.isfinite(places).all():
        raise ValueError(f"{_where}: expected finite positions of the {topology.getNumAtoms()} atoms of the pocket, "
                         f"got an array of shape {places.shape}")
    return Surroundings(topology, places)


class Pocket:
    """The heavy atoms around a molecule; water does not count, because it can give way.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
    surroundings : Surroundings
    core : dict, optional
        Atoms of the molecule and where they stay, nm. A residue that stands where they are is the reference itself
        and does not count.
    """

    def __init__(self, graph: orbit.MolecularGraph, surroundings: Surroundings,
                 core: dict[int, np.ndarray] | None = None) -> None:
        table = molecules.requireRDKit("a pocket").GetPeriodicTable()
        self._graph, self._core = graph, core or {}
        self._heavy = [i for i, atom in enumerate(graph.atoms) if atom.element > 1]
        self._own = {i: 0.1 * table.GetRvdw(graph.atoms[i].element) for i in self._heavy}
        atoms = [atom for atom in listObstacles(surroundings.topology) if atom.residue is not surroundings.residue]
        same = self._findReference(atoms, surroundings.positions)
        self._atoms = [atom for atom in atoms if atom.residue not in same]
        self._positions = surroundings.positions[[atom.index for atom in self._atoms]].reshape(-1, 3)
        self._radii = np.array([
            0.1 * table.GetRcovalent(atom.element.atomic_number) - METAL_SHIFT if isMetal(atom)
            else 0.1 * table.GetRvdw(atom.element.atomic_number) for atom in self._atoms])

    def _findReference(self, atoms: Sequence[app.topology.Atom], positions: np.ndarray) -> set[app.topology.Residue]:
        """Get the residues in which at least half of the core's heavy atoms have atoms of their own."""
        core = [(self._graph.atoms[i].element, place) for i, place in self._core.items() if i in self._own]
        places = positions[[atom.index for atom in atoms]].reshape(-1, 3)
        counts: Counter[app.topology.Residue] = Counter()
        for element, place in core:
            near = np.flatnonzero(np.linalg.norm(places - place, axis=1) < SAME_PLACE)
            met = [atoms[int(index)] for index in near]
            counts.update({atom.residue for atom in met if atom.element.atomic_number == element})
        return {residue for residue, count in counts.items() if count >= max(3, 0.5 * len(core))}

    def findClash(self, positions: np.ndarray, chosen: Sequence[int] | None = None) -> str:
        """Name the worst clash of a copy with the complex; empty if there is none.

        Parameters
        ----------
        positions : numpy.ndarray
            Shape (numAtoms, 3), nm.
        chosen : sequence of int, optional
            Atoms that are looked at; default: all heavy ones.
        """
        worst, text = 1.0, ""
        looked = self._heavy if chosen is None else [i for i in chosen if i in self._own]
        near = self._findNear(positions[looked])
        for index in looked if len(near) else []:
            distances = np.linalg.norm(self._positions[near] - positions[index], axis=1)
            limits = MIN_SHARE * (self._radii[near] + self._own[index])
            place = int(np.argmin(distances / limits))
            if distances[place] / limits[place] < worst:
                worst, other = distances[place] / limits[place], self._atoms[near[place]]
                residue = other.residue
                text = (f"atom {index} ({self._graph.atoms[index].name}) and {other.name} of {residue.name} "
                        f"{residue.id} in chain {residue.chain.id} at {10 * distances[place]:.2f} Angstrom, "
                        f"expected at least {10 * limits[place]:.2f}")
        return text

    def _findNear(self, positions: np.ndarray) -> np.ndarray:
        """Get the atoms of the pocket in the box about some positions that all atoms in contact with them are in."""
        if len(positions) == 0 or len(self._radii) == 0:
            return np.array([], int)
        reach = MIN_SHARE * (self._radii.max() + max(self._own.values(), default=0.0))
        inside = (self._positions > positions.min(axis=0) - reach) & (self._positions < positions.max(axis=0) + reach)
        return np.flatnonzero(inside.all(axis=1))

    def toAvoid(self) -> orbit.Pocket:
        """Get what the sampler guides copies away from."""
        found = orbit.Pocket()
        found.positions = self._positions.ravel().tolist()
        found.radii = (GUIDED_SHARE * self._radii).tolist()
        found.atomRadii = [GUIDED_SHARE * self._own.get(i, 0.0) for i in range(self._graph.getNumAtoms())]
        return found

    def checkCore(self) -> None:
        """Refuse a core that clashes where it stays."""
        places = np.full((self._graph.getNumAtoms(), 3), np.nan)
        for index, place in self._core.items():
            places[index] = place
        if self._core and (clash := self.findClash(places, list(self._core))):
            raise ValueError(f"{_where}: expected a core that does not clash with the pocket, got {clash}; keep other "
                             "atoms, or leave the pocket out")

    def sift(self, drawn: orbit.Ensemble, number: int, kept: orbit.Ensemble,
             failures: list[orbit.FailedConformer]) -> None:
        """Append copies without a clash to an ensemble until it has a number of them, and what failed to a list."""
        for index in range(drawn.getNumConformers()):
            if kept.getNumConformers() == number:
                return
            positions = drawn.getPositions(index)
            status, provenance = drawn.getStatus(index), drawn.getProvenance(index)
            if clash := self.findClash(positions.value_in_unit(unit.nanometer)):
                status.clashFree = False
                status.message = "; ".join(filter(None, [status.message, clash]))
                failed = orbit.FailedConformer()
                failed.status, failed.provenance = status, provenance
                failures.append(failed)
            else:
                kept.addConformer(positions, status, provenance)
        failures += [drawn.getFailure(index) for index in range(drawn.getNumFailures())]


def generateInPocket(draw: Callable[[int, int], orbit.Ensemble], pocket: Pocket, graph: orbit.MolecularGraph,
                     number: int, seed: int, rounds: int, limit: float = 0.0) -> orbit.Ensemble:
    """Draw copies of a molecule until enough of them do not clash with what is around them.

    Parameters
    ----------
    draw : callable
        Called with a number of copies and a seed; gets an ensemble of them where they stand.
    pocket : Pocket
    graph : openmmorbit.orbit.MolecularGraph
    number, seed : int
    rounds : int
        How often copies that clash are drawn again, at most.
    limit : float
        Seconds after which nothing is drawn again; 0: no limit.

    Raises
    ------
    openmm.OpenMMException
        If all copies clash, naming the most frequent clash.
    """
    kept, failures = orbit.Ensemble(graph), list[orbit.FailedConformer]()
    begin, turn, late = time.monotonic(), 0, ""
    for turn in range(rounds + 1):
        missing = number - kept.getNumConformers()
        if missing == 0:
            break
        if turn > 0 and 0 < limit < time.monotonic() - begin:
            turn, late = turn - 1, f" and the time limit of {limit:g} s"
            break
        try:
            # Where few fit, more are drawn together.
            drawn = draw(missing * min(4, 1 + turn), nextSeed(seed, 179_424_673 * turn))
        except openmm.OpenMMException:
            if kept.getNumConformers() == 0:
                raise
            break
        failures = []
        pocket.sift(drawn, number, kept, failures)
    for failure in failures[:number - kept.getNumConformers()]:
        kept.addFailure(failure)
    if kept.getNumConformers() < number:
        reasons = Counter(failure.status.message.split(" at ")[0] for failure in failures)
        reason, count = reasons.most_common(1)[0] if reasons else ("no copies were generated in time", 0)
        kept.setMessage(f"{_where}: expected {number} copies of {graph.getLabel()} that fit into the pocket, "
                        f"got {kept.getNumConformers()} after {turn} redraws{late}; most frequent fault of the last "
                        f"ones ({count}): {reason}; core= and level= keep more of a pose, and without a pocket copies "
                        "that clash are given")
    if kept.getNumConformers() == 0:
        raise openmm.OpenMMException(kept.getMessage())
    return kept

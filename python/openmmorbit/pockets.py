# SPDX-License-Identifier: MIT
"""The surroundings of a ligand in a complex: copies that clash with them are drawn again."""
from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import openmm
from openmm import unit

from openmmorbit import molecules, orbit
from openmmorbit.simulation.residues import isWater

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openmmorbit.complexes import Ligand

#: Heavy atoms of a ligand and of the rest are at least this share of the sum of their van der Waals radii apart, which
#: is what PoseBusters asks for.
MIN_SHARE = 0.75
_where = "ConformerGenerator.generate"


class Pocket:
    """The heavy atoms around a ligand; water does not count, because it can give way.

    Parameters
    ----------
    ligand : Ligand
    """

    def __init__(self, ligand: Ligand) -> None:
        table = molecules.requireRDKit("the pocket of a ligand").GetPeriodicTable()
        self._atoms = [atom for residue in ligand.topology.residues()
                       if residue is not ligand.residue and not isWater(residue) for atom in residue.atoms()
                       if atom.element is not None and atom.element.atomic_number > 1]
        self._positions = ligand.positions[[atom.index for atom in self._atoms]]
        self._radii = 0.1 * np.array([table.GetRvdw(atom.element.atomic_number) for atom in self._atoms])
        self._graph = ligand.graph
        self._heavy = [i for i, atom in enumerate(ligand.graph.atoms) if atom.element > 1]
        self._own = {i: 0.1 * table.GetRvdw(ligand.graph.atoms[i].element) for i in self._heavy}

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
        for index in self._heavy if chosen is None else [i for i in chosen if i in self._own]:
            distances = np.linalg.norm(self._positions - positions[index], axis=1)
            limits = MIN_SHARE * (self._radii + self._own[index])
            place = int(np.argmin(distances / limits)) if len(limits) else -1
            if place >= 0 and distances[place] / limits[place] < worst:
                worst, other = distances[place] / limits[place], self._atoms[place]
                residue = other.residue
                text = (f"atom {index} ({self._graph.atoms[index].name}) and {other.name} of {residue.name} "
                        f"{residue.id} in chain {residue.chain.id} at {10 * distances[place]:.2f} Angstrom, "
                        f"expected at least {10 * limits[place]:.2f}")
        return text

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


def generateInPocket(draw: Callable[[int, int], orbit.Ensemble], ligand: Ligand, number: int, seed: int, rounds: int,
                     fixed: Sequence[int]) -> orbit.Ensemble:
    """Draw copies of a ligand until enough of them do not clash with the complex.

    Parameters
    ----------
    draw : callable
        Called with a number of copies and a seed; gets an ensemble of them where they stand in the complex.
    ligand : Ligand
    number, seed : int
    rounds : int
        How often copies that clash are drawn again, at most.
    fixed : sequence of int
        Atoms that stay where they are.

    Raises
    ------
    ValueError
        If fixed atoms clash where they are.
    openmm.OpenMMException
        If all copies clash, naming the most frequent clash.
    """
    pocket, kept, failures = Pocket(ligand), orbit.Ensemble(ligand.graph), list[orbit.FailedConformer]()
    if clash := pocket.findClash(ligand.pose, list(fixed)) if len(fixed) else "":
        raise ValueError(f"{_where}: expected a core that does not clash with the complex, got {clash}; keep other "
                         "atoms, or give pocket=False")
    for turn in range(rounds + 1):
        missing = number - kept.getNumConformers()
        if missing == 0:
            break
        try:
            # Where few fit, more are drawn together.
            drawn = draw(missing * min(4, 1 + turn), (seed + 179_424_673 * turn) % (2**31 - 1) or 1)
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
        reason, count = reasons.most_common(1)[0]
        kept.setMessage(f"{_where}: expected {number} copies of {ligand.graph.getLabel()} that fit into the complex, "
                        f"got {kept.getNumConformers()} after {rounds} redraws; most frequent fault of the last ones "
                        f"({count}): {reason}; pocket=False leaves the complex out of account")
    if kept.getNumConformers() == 0:
        raise openmm.OpenMMException(kept.getMessage())
    return kept

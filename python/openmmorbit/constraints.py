# SPDX-License-Identifier: MIT
"""What conformers of one molecule have to keep: a core, positions that they vary, ranges of torsions."""
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import orbit
from openmmorbit.arguments import checkInteger, fromMask
from openmmorbit.generator import makeStart

if TYPE_CHECKING:
    from collections.abc import Sequence


def _complete(where: str, graph: orbit.MolecularGraph, start: Any) -> Any:
    """Append unknown positions of the hydrogens that the reader appended, if the caller knows the other atoms only."""
    from openmmorbit.simulation.states import toArray, toPlain

    array = toArray(where, "start", toPlain(where, "start", getattr(start, "positions", start), unit.nanometer))
    added = graph.numAddedHydrogens
    if added and array.shape == (graph.getNumAtoms() - added, 3):
        array = np.vstack([array, np.full((added, 3), np.nan)])
    return array


def _readAngle(where: str, torsion: Any, end: Any) -> float:
    """Get one end of the range of a torsion, in radian."""
    try:
        return float(end.value_in_unit(unit.radian) if unit.is_quantity(end) else np.radians(float(end)))
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{where}: expected angles in degrees, or Quantities, as the ends of the range of a torsion, "
                         f"got {end!r} in {torsion!r}") from error


def makeRange(where: str, torsion: Any) -> orbit.TorsionRange:
    """Get the range of a torsion.

    Parameters
    ----------
    where : str
        The caller, for messages.
    torsion : sequence
        Four atoms, and the lower and the upper end in degrees, or Quantities.

    Raises
    ------
    ValueError
        For something else.
    """
    entries = list(torsion) if isinstance(torsion, Iterable) and not isinstance(torsion, str) else []
    if len(entries) != 6:
        raise ValueError(f"{where}: expected a torsion as four atoms and the lower and upper end of its range, e.g. "
                         f"(3, 4, 5, 6, -60, 60) in degrees, got {torsion!r}")
    found = orbit.TorsionRange()
    found.atoms = [checkInteger("torsions", atom, 0, where) for atom in entries[:4]]
    found.lower, found.upper = (_readAngle(where, torsion, end) for end in entries[4:])
    return found


def makeConstraints(where: str, graph: orbit.MolecularGraph, model: orbit.DenoiserModel, start: Any = None,
                    level: Any = None, fixed: Sequence[int] | None = None,
                    torsions: Sequence[Any] | None = None) -> orbit.ConformerConstraints:
    """Get what conformers of a molecule have to keep; see ConformerGenerator.generate().

    Parameters
    ----------
    where : str
        The caller, for messages.
    graph : openmmorbit.orbit.MolecularGraph
    model : openmmorbit.orbit.DenoiserModel
        Has the unit of level.
    start, level, fixed, torsions
        As of ConformerGenerator.generate().

    Raises
    ------
    ValueError
        For a level or fixed atoms without start, a start without either, a start of another shape, and what is no
        range of a torsion.
    """
    kept = None if fixed is None else [checkInteger("fixed", atom, 0, where) for atom in
                                            fromMask("fixed", fixed, graph.getNumAtoms(), where)]
    array = None if start is None else _complete(where, graph, start)
    constraints = orbit.ConformerConstraints()
    constraints.start = makeStart(where, array, level, kept, model)
    constraints.torsions = [makeRange(where, torsion) for torsion in torsions or ()]
    number = graph.getNumAtoms()
    if array is not None and len(array) != number:
        added = graph.numAddedHydrogens
        rows = f"({number}, 3)" + (f", or ({number - added}, 3) without the hydrogens that were added" if added else "")
        raise ValueError(f"{where}: expected start of shape {rows}, got {array.shape}")
    return constraints

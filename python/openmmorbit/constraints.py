# SPDX-License-Identifier: MIT
"""What conformers of one molecule have to keep: a core, or positions that they vary."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import orbit
from openmmorbit.arguments import checkInteger
from openmmorbit.generator import makeStart

if TYPE_CHECKING:
    from collections.abc import Sequence


def _complete(where: str, graph: orbit.MolecularGraph, start: Any) -> Any:
    """Append unknown positions of the hydrogens that the reader appended, if the caller knows the other atoms only."""
    from openmmorbit.simulation.states import toPlain

    array = np.asarray(toPlain(where, "start", start, unit.nanometer), float)
    added = graph.numAddedHydrogens
    if added and array.shape == (graph.getNumAtoms() - added, 3):
        array = np.vstack([array, np.full((added, 3), np.nan)])
    return array


def makeConstraints(where: str, graph: orbit.MolecularGraph, model: orbit.DenoiserModel, start: Any = None,
                    level: Any = None, fixed: Sequence[int] | None = None) -> orbit.ConformerConstraints | None:
    """Get what conformers of a molecule have to keep, None for nothing; see ConformerGenerator.generate().

    Parameters
    ----------
    where : str
        The caller, for messages.
    graph : openmmorbit.orbit.MolecularGraph
    model : openmmorbit.orbit.DenoiserModel
        Has the unit of level.
    start, level, fixed
        As of ConformerGenerator.generate().

    Raises
    ------
    ValueError
        For a level or fixed atoms without start, a start without either, and a start of another shape.
    """
    if start is None and level is None and fixed is None:
        return None
    kept = None if fixed is None else [checkInteger("fixed", atom, 0, where) for atom in fixed]
    array = None if start is None else _complete(where, graph, start)
    constraints = orbit.ConformerConstraints()
    constraints.start = makeStart(where, array, level, kept, model)
    number = graph.getNumAtoms()
    if array is not None and len(array) != number:
        added = graph.numAddedHydrogens
        rows = f"({number}, 3)" + (f", or ({number - added}, 3) without the hydrogens that were added" if added else "")
        raise ValueError(f"{where}: expected start of shape {rows}, got {array.shape}")
    return constraints

# SPDX-License-Identifier: MIT
"""The ways in which conformers can keep what was asked for: one for given atoms, one a way to lay on a reference."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit import cores, molecules, orbit
from openmmorbit.constraints import makeConstraints
from openmmorbit.torsionpatterns import expandTorsions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit.complexes import Ligand


def _isListOfNames(core: Any) -> bool:
    return isinstance(core, (list, tuple)) and len(core) > 0 and all(isinstance(entry, str) for entry in core)


def _findPattern(where: str, graph: orbit.MolecularGraph, smarts: str) -> list[int]:
    """Get the heavy atoms of a molecule that a pattern finds, all its matches together."""
    from openmmorbit.ensemble import Ensemble

    query = molecules.requireRDKit("a core as SMARTS").MolFromSmarts(smarts)
    if query is None:
        raise ValueError(f"{where}: expected core as a pattern that RDKit reads, names of atoms or a file, got "
                         f"'{smarts}'")
    matches = Ensemble(graph).toRDKit().GetSubstructMatches(query, uniquify=True, maxMatches=1000)
    found = sorted({atom for match in matches for atom in match if graph.atoms[atom].element > 1})
    if not found:
        raise ValueError(f"{where}: expected {graph.getLabel()} to have the core '{smarts}', got a molecule without it")
    return found


def listConstraints(where: str, graph: orbit.MolecularGraph, model: orbit.DenoiserModel, start: Any = None,
                    level: Any = None, fixed: Sequence[int] | None = None, core: Any = None,
                    ligand: Ligand | None = None, torsions: Sequence[Any] | None = None
                    ) -> list[orbit.ConformerConstraints]:
    """List what conformers of a molecule may keep, in the order in which it is to be tried.

    Parameters
    ----------
    where : str
        The caller, for messages.
    graph : openmmorbit.orbit.MolecularGraph
    model : openmmorbit.orbit.DenoiserModel
    start, level, fixed, core, torsions
        As of ConformerGenerator.generate().
    ligand : Ligand, optional
        Where the molecule stands in a complex: its pose is the start if there is another reason for one.

    Returns
    -------
    list of openmmorbit.orbit.ConformerConstraints

    Raises
    ------
    ValueError
        For a core beside start, level or fixed, names without a complex, and as makeConstraints() and Core.match().
    """
    torsions = expandTorsions(where, graph, torsions)
    if core is None:
        if ligand is not None and start is None and (level is not None or fixed is not None):
            start = ligand.pose
        return [makeConstraints(where, graph, model, start, level, fixed, torsions)]
    given = [name for name, value in (("start", start), ("level", level), ("fixed", fixed)) if value is not None]
    if given:
        raise ValueError(f"{where}: expected core or {given[0]}, got both; fixed= with start= keeps chosen atoms, "
                         "core= finds them")
    if _isListOfNames(core):
        if ligand is None:
            raise ValueError(f"{where}: expected residue= with names of atoms as core, got {list(core)} alone; give a "
                             "reference molecule, or start= with fixed=")
        return [makeConstraints(where, graph, model, ligand.pose, None, ligand.findAtoms(core), torsions)]
    if ligand is not None and isinstance(core, str) and "." not in core:
        return [makeConstraints(where, graph, model, ligand.pose, None, _findPattern(where, graph, core), torsions)]
    constraints, number = [], graph.getNumAtoms()
    for match in (core if isinstance(core, cores.Core) else cores.Core(core)).match(graph):
        places = np.full((number, 3), np.nan)
        places[list(match.atoms)] = match.positions
        constraints.append(makeConstraints(where, graph, model, places, None, list(match.atoms), torsions))
    return constraints

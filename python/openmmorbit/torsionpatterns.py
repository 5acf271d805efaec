# SPDX-License-Identifier: MIT
"""Torsions that a pattern names instead of four atoms."""
from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit import molecules
from openmmorbit.constraints import makeRange

if TYPE_CHECKING:
    from openmmorbit import orbit


def _chain(where: str, smarts: str) -> tuple[Any, list[int]]:
    """Get a pattern and the places of the four atoms of its torsion in it."""
    Chem = molecules.requireRDKit(f"{where}: a torsion by SMARTS")
    from rdkit import rdBase

    with rdBase.BlockLogs():
        pattern = Chem.MolFromSmarts(smarts)
    if pattern is None:
        raise ValueError(f"{where}: expected a torsion as a pattern that RDKit reads, got '{smarts}'")
    numbers = {atom.GetAtomMapNum(): atom.GetIdx() for atom in pattern.GetAtoms() if atom.GetAtomMapNum()}
    places = [numbers[k] for k in (1, 2, 3, 4)] if set(numbers) == {1, 2, 3, 4} else \
        list(range(pattern.GetNumAtoms())) if not numbers else []
    if len(places) != 4 or any(pattern.GetBondBetweenAtoms(a, b) is None for a, b in zip(places, places[1:])):
        raise ValueError(f"{where}: expected a torsion as a pattern of four atoms along bonds, or with the map numbers "
                         f"1 to 4 on such, got '{smarts}'")
    return pattern, places


def _findChains(where: str, graph: orbit.MolecularGraph, smarts: str) -> list[tuple[int, ...]]:
    """Get four atoms for every bond that a pattern turns about: those of the lowest indices."""
    from openmmorbit.ensemble import Ensemble

    pattern, places = _chain(where, smarts)
    found: dict[frozenset[int], tuple[int, ...]] = {}
    mol = Ensemble(graph).toRDKit()
    for match in sorted(mol.GetSubstructMatches(pattern, uniquify=False, maxMatches=10_000)):
        chain = tuple(match[place] for place in places)
        found.setdefault(frozenset(chain[1:3]), min(chain, chain[::-1]))
    if not found:
        raise ValueError(f"{where}: expected a molecule with the torsion '{smarts}', got {graph.getLabel()} without it")
    return sorted(found.values())


def _readEntry(entry: Any) -> tuple[Any, bool]:
    """Get an entry as a list, if it is a sequence, and whether it is (SMARTS, lower, upper)."""
    if isinstance(entry, Iterable) and not isinstance(entry, str):
        entry = list(entry)
    return entry, isinstance(entry, list) and len(entry) == 3 and isinstance(entry[0], str)


def expandTorsions(where: str, graph: orbit.MolecularGraph, torsions: Iterable[Any] | None) -> list[Any] | None:
    """Get ranges of torsions with four atoms instead of patterns.

    Parameters
    ----------
    where : str
        The caller, for messages.
    graph : openmmorbit.orbit.MolecularGraph
    torsions : sequence, optional
        (a, b, c, d, lower, upper), or (SMARTS, lower, upper): a pattern of four atoms along bonds, or with the map
        numbers 1 to 4 on such. It stands for one torsion about every bond that it finds, that of the lowest indices.

    Raises
    ------
    ValueError
        For a pattern that is none, has another number of atoms, or is not in the molecule.
    """
    if torsions is None:
        return None
    expanded: list[Any] = []
    for entry, isPattern in map(_readEntry, torsions):
        if isPattern:
            expanded += [(*chain, *entry[1:]) for chain in _findChains(where, graph, entry[0])]
        else:
            expanded.append(entry)
    return expanded


def checkTorsions(where: str, torsions: Iterable[Any] | None) -> tuple[Any, ...]:
    """Refuse what is no range of a torsion in any molecule, before the first one; get all of them.

    Parameters
    ----------
    where : str
        The caller, for messages.
    torsions : sequence, optional
        As of expandTorsions().

    Raises
    ------
    ValueError
        For a pattern that is none, and for a range that is none.
    """
    given = []
    for entry, isPattern in map(_readEntry, torsions or ()):
        given.append(entry)
        if isPattern:
            _chain(where, entry[0])
        found = makeRange(where, (0, 1, 2, 3, *entry[1:]) if isPattern else entry)
        if not 0 < found.upper - found.lower < 2 * np.pi:
            raise ValueError(f"{where}: expected a range of a torsion whose upper end is above the lower one by less "
                             f"than a full turn, got {np.degrees(found.lower):g} to {np.degrees(found.upper):g} "
                             "degrees")
    return tuple(given)

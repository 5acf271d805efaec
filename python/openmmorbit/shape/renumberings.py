# SPDX-License-Identifier: MIT
"""Renumberings of equivalent atoms as products of small sets, so that those of a large group need no list.

The atoms of a molecule fall into classes that bonds tell apart (colour refinement). An atom that is alone in its class
keeps its place. The others fall into parts that bonds do not connect: two edges of a phenyl ring, the methyl groups
of a tert-butyl group. The group is the product of what each part allows, so a part has a list of a few arrangements. A
part with too many, such as a whole molecule with three tert-butyl groups, is divided by where one of its atoms goes.
"""
from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from openmmorbit import orbit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

#: A part may have so many arrangements; those with more are divided.
MAX_ARRANGEMENTS = 720
#: So many products of parts may make up a group.
MAX_PRODUCTS = 5000


@dataclass
class Part:
    """Atoms that can change places with one another, independently of all others."""

    sites: np.ndarray
    """Shape (numSites,): the atoms."""
    sources: np.ndarray
    """Shape (numArrangements, numSites): the atom that stands on each site."""


@dataclass
class Product:
    """A set of renumberings: atoms in a place of their own, and parts with all their arrangements."""

    sites: np.ndarray
    """Shape (numFixed,): atoms that no part has."""
    sources: np.ndarray
    """Shape (numFixed,): the atom that stands on each of these sites."""
    parts: list[Part] = field(default_factory=list)

    @property
    def order(self) -> float:
        """Number of renumberings."""
        return float(np.prod([float(len(part.sources)) for part in self.parts]))


class TooManyProducts(Exception):
    """The group is no sum of few products."""


def _number(keys: Iterable[tuple]) -> dict[tuple, int]:
    return {key: number for number, key in enumerate(sorted(set(keys)))}


class _Renumberings:
    """Finds the isomorphisms of coloured graphs; colours are dictionaries from atoms to integers."""

    def __init__(self, neighbors: Sequence[Sequence[tuple[int, int]]]) -> None:
        self._neighbors = neighbors

    def _keys(self, colors: dict[int, int]) -> dict[int, tuple]:
        return {atom: (color, *sorted((colors[other], bond) for other, bond in self._neighbors[atom]
                                      if other in colors)) for atom, color in colors.items()}

    def refine(self, sites: dict[int, int], sources: dict[int, int]) -> tuple[dict[int, int], dict[int, int]] | None:
        """Refine two colourings together until neighbours tell no more atoms apart; None if they differ."""
        count = len(set(sites.values()))
        while True:
            siteKeys = self._keys(sites)
            sourceKeys = siteKeys if sources is sites else self._keys(sources)
            if sourceKeys is not siteKeys and Counter(siteKeys.values()) != Counter(sourceKeys.values()):
                return None
            numbers = _number(siteKeys.values())
            same = sources is sites
            sites = {atom: numbers[key] for atom, key in siteKeys.items()}
            sources = sites if same else {atom: numbers[key] for atom, key in sourceKeys.items()}
            if len(numbers) == count:
                return sites, sources
            count = len(numbers)

    def _divide(self, colors: dict[int, int]) -> tuple[list[int], list[set[int]]]:
        """Get the atoms that are alone in their class, and the classes of every part."""
        sizes = Counter(colors.values())
        single = [atom for atom, color in colors.items() if sizes[color] == 1]
        parent = {color: color for color, size in sizes.items() if size > 1}

        def root(color: int) -> int:
            while parent[color] != color:
                color = parent[color] = parent[parent[color]]
            return color
        for atom, color in colors.items():
            for other, _ in self._neighbors[atom] if color in parent else ():
                if colors.get(other) in parent:
                    parent[root(colors[other])] = root(color)
        groups: dict[int, set[int]] = {}
        for color in parent:
            groups.setdefault(root(color), set()).add(color)
        return single, list(groups.values())

    def _list(self, colors: dict[int, int]) -> np.ndarray | None:
        """List the automorphisms of a part, shape (number, numAtoms) of places; None if there are too many."""
        atoms = list(colors)
        place = {atom: index for index, atom in enumerate(atoms)}
        bonds, near = np.zeros((len(atoms), len(atoms)), int), []
        for atom in atoms:
            inside = [(place[other], bond) for other, bond in self._neighbors[atom] if other in place]
            near.append([other for other, _ in inside])
            for other, bond in inside:
                bonds[place[atom], other] = bond + 1
        group = orbit.findSymmetryGroup([int(colors[atom]) for atom in atoms], bonds.ravel().tolist(), near,
                                        MAX_ARRANGEMENTS)
        if not group.complete or group.getOrder() > MAX_ARRANGEMENTS:
            return None
        return np.asarray(group.enumerate(MAX_ARRANGEMENTS)).reshape(-1, len(atoms))

    def _images(self, sites: dict[int, int], sources: dict[int, int]) -> Iterator[tuple[dict[int, int],
                                                                                        dict[int, int]]]:
        """Let the first atom of the smallest class go to every atom that it can go to: refined colourings."""
        sizes = Counter(sites.values())
        color = min((size, color) for color, size in sizes.items() if size > 1)[1]
        first, fresh = next(atom for atom, other in sites.items() if other == color), max(sizes) + 1
        for image in [atom for atom, other in sources.items() if other == color]:
            found = self.refine({**sites, first: fresh}, {**sources, image: fresh})
            if found is not None:
                yield found

    def _findOne(self, sites: dict[int, int], sources: dict[int, int]) -> dict[int, int] | None:
        """Find one isomorphism."""
        if len(set(sites.values())) == len(sites):
            place = {color: atom for atom, color in sources.items()}
            return {atom: place[color] for atom, color in sites.items()}
        return next((found for found in (self._findOne(*pair) for pair in self._images(sites, sources))
                     if found is not None), None)

    def _solvePart(self, sites: dict[int, int], sources: dict[int, int]) -> list[Product]:
        listed = self._list(sites)
        if listed is None:
            return [product for pair in self._images(sites, sources) for product in self.solve(*pair)]
        one = {atom: atom for atom in sites} if sources == sites else self._findOne(sites, sources)
        if one is None:
            return []
        atoms = list(sites)
        images = np.array([one[atom] for atom in atoms])
        empty = np.zeros(0, int)
        return [Product(empty, empty, [Part(np.array(atoms), images[listed])])]

    def solve(self, sites: dict[int, int], sources: dict[int, int]) -> list[Product]:
        """Find all isomorphisms of two refined colourings."""
        single, groups = self._divide(sites)
        place = {color: atom for atom, color in sources.items()}
        fixed = Product(np.array(single, int), np.array([place[sites[atom]] for atom in single], int))
        choices = []
        for group in groups:
            choices.append(self._solvePart({a: c for a, c in sites.items() if c in group},
                                           {a: c for a, c in sources.items() if c in group}))
        if np.prod([float(len(entries)) for entries in choices]) > MAX_PRODUCTS:
            raise TooManyProducts
        found = []
        for chosen in itertools.product(*choices):
            entries = [fixed, *chosen]
            found.append(Product(np.concatenate([entry.sites for entry in entries]),
                                 np.concatenate([entry.sources for entry in entries]),
                                 [part for entry in entries for part in entry.parts]))
        return found


def findRenumberings(colors: Sequence[int], neighbors: Sequence[Sequence[tuple[int, int]]]) -> tuple[list[Product],
                                                                                                     bool]:
    """Find the renumberings of atoms that keep colours and bonds.

    Parameters
    ----------
    colors : sequence of int
        Shape (numAtoms,).
    neighbors : sequence of sequences of pairs
        The bonded atoms of every atom with the colours of the bonds.

    Returns
    -------
    products : list of Product
        Each renumbering is in exactly one of them.
    complete : bool
        False if there are more than MAX_PRODUCTS; then one product stands for a subgroup.
    """
    search = _Renumberings(neighbors)
    start = dict(enumerate(colors))
    refined = search.refine(start, start)
    assert refined is not None
    try:
        return search.solve(*refined), True
    except TooManyProducts:
        everything = np.arange(len(start))
        return [Product(everything, everything)], False

# SPDX-License-Identifier: MIT
"""Secondary structures drawn from those of natural domains, for backbones that are to have natural contents."""
from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from openmmorbit.arguments import checkInteger

#: The words that ask for a structure that is drawn, and for none.
DRAWN, OPEN = "drawn", "open"
#: Setting of the sampler for them: with a structure, less noise makes better backbones of the same content.
NOISE_SCALE = 0.05
#: Domains whose lengths differ by so many residues, or by this share, are drawn for a length.
REACH, SHARE = 3, 0.1
_path = Path(__file__).parent / "models" / "structures.txt"


@functools.cache
def _readTable() -> tuple[list[list[tuple[str, int]]], np.ndarray]:
    """Get the segments of each domain, letters and numbers of residues, and the lengths of the domains, ascending."""
    rows = [[(letter, int(number or 1)) for letter, number in re.findall(r"([HEC])(\d*)", line)]
            for line in _path.read_text(encoding="ascii").split()]
    return rows, np.array([sum(number for _, number in row) for row in rows])


def _drawChain(length: int, random: np.random.Generator) -> str:
    """Draw a domain of nearly the length, and make its segments longer or shorter until it fits."""
    rows, lengths = _readTable()
    nearest = int(np.clip(length, lengths[0], lengths[-1]))
    near = np.flatnonzero(abs(lengths - nearest) <= max(REACH, round(SHARE * nearest)))
    row = rows[random.choice(near)]
    numbers = np.array([number for _, number in row])
    if numbers.sum() < length:
        numbers += random.multinomial(length - numbers.sum(), numbers / numbers.sum())
    while numbers.sum() > length:
        weights = np.where(numbers > 1, numbers, 0)
        if weights.any():
            numbers[random.choice(len(numbers), p=weights / weights.sum())] -= 1
        else:                           # A chain shorter than its segments.
            numbers = numbers[:-1]
    return "".join(letter * number for (letter, _), number in zip(row, numbers.tolist()))


def drawStructure(length: int | Sequence[int], seed: int, record: int = 0) -> str:
    """Draw a secondary structure as natural domains have them.

    The structure is that of one of 3,459 domains of 30 to 130 residues without loops of more than 15 residues. Their
    segments are made longer or shorter at random until the length is right: a little, if the length is one of theirs.

    Parameters
    ----------
    length : int or sequence of int
        Number of residues, or of those of each chain; each chain is drawn by itself.
    seed : int
        The same seed and record give the same structure.
    record : int
        Number of the backbone in a series.

    Returns
    -------
    str
        H (helix), E (strand) or C (neither) for every residue, chain after chain.

    Raises
    ------
    ValueError
        For a length below 1, and for numbers below 0.
    TypeError
        For what is no whole number.

    Examples
    --------
    >>> drawStructure(40, seed=2)
    'CHHHHHHHHHHHCCCHHHHHHHHHCCCCCHHHHHHHHHHC'
    """
    where = "drawStructure"
    lengths: list[Any] = [length]
    if isinstance(length, (Sequence, np.ndarray)) and not isinstance(length, (str, bytes)):
        lengths = list(length)
    random = np.random.default_rng([checkInteger("seed", seed, 0, where), checkInteger("record", record, 0, where)])
    return "".join(_drawChain(checkInteger("length", entry, 1, where), random) for entry in lengths)

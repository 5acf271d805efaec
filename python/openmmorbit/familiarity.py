# SPDX-License-Identifier: MIT
"""What a generator does with molecules that its model was hardly trained for."""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from openmmorbit import mixtures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit import orbit

reactions = ("warn", "refuse", "ignore")


class UnfamiliarMoleculeWarning(UserWarning):
    """A molecule has something that the model was hardly trained for: its conformers may be wrong."""


def checkReaction(reaction: str) -> str:
    """Refuse an unknown reaction.

    Raises
    ------
    ValueError
        Listing the known ones.
    """
    if reaction not in reactions:
        raise ValueError(f"ConformerGenerator: expected unfamiliar of {', '.join(map(repr, reactions))}, got "
                         f"{reaction!r}")
    return reaction


def findUnfamiliar(core: orbit.ConformerGenerator, graph: orbit.MolecularGraph, reaction: str) -> tuple[str, ...]:
    """List what of a molecule is unfamiliar to a model.

    Parameters
    ----------
    core : openmmorbit.orbit.ConformerGenerator
    graph : openmmorbit.orbit.MolecularGraph
    reaction : str
        "warn", "refuse" or "ignore".

    Returns
    -------
    tuple of str
        One phrase each; empty for "ignore".

    Raises
    ------
    ValueError
        For "refuse", if there is something.
    """
    # A single ion needs no model.
    parts = () if reaction == "ignore" else [part for _, part in mixtures.splitGraph(graph)]
    phrases = tuple(phrase for part in parts if len(parts) == 1 or part.getNumAtoms() > 1
                    for phrase in core.findUnfamiliar(part))
    if phrases and reaction == "refuse":
        raise ValueError("ConformerGenerator: expected a molecule that the model was trained for, got "
                         f"{graph.getLabel()} with {'; '.join(phrases)}; \"warn\" instead of \"refuse\" generates it "
                         "all the same")
    return phrases


def warn(label: str, phrases: Sequence[str], ending: str = "", stacklevel: int = 3) -> None:
    """Warn of a molecule, if it has something unfamiliar.

    Parameters
    ----------
    label : str
        The molecule.
    phrases : sequence of str
        What findUnfamiliar() returned.
    ending : str
        What follows.
    stacklevel : int
        As in warnings.warn().
    """
    if phrases:
        warnings.warn(f"the model was hardly trained for {label} with {'; '.join(phrases)}: look at its conformers "
                      f"before you use them{ending}", UnfamiliarMoleculeWarning, stacklevel=stacklevel)

# SPDX-License-Identifier: MIT
"""Scenes of what reports are about: CA traces, and states of a system."""
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from openmmorbit.arguments import KJ_PER_KCAL
from openmmorbit.viewer.scenes import Quantity, Scene, fromEnsemble, layOver

if TYPE_CHECKING:
    from openmmorbit.ensemble import Ensemble
    from openmmorbit.evaluation.traces import Trace


def fromTrace(trace: Trace, name: str, structure: str, facts: list[tuple[str, str]] | None = None) -> Scene:
    """Make the scene of a CA trace.

    Parameters
    ----------
    trace : Trace
    name : str
    structure : str
        H, E or C for every residue.
    facts : list of tuple, optional
        (name, text), shown with it.
    """
    number = len(trace)
    bonded = trace.windows(2).tolist()
    starts = sorted(set(range(number)) - {first + 1 for first in bonded})
    shares = [(words, f"{100 * structure.count(letter) / number:.0f} %") for letter, words in
              (("H", "helix"), ("E", "strand"))]
    return Scene(name, [6] * number, [(first, first + 1, 1) for first in bonded],
                 layOver(trace.positions[None], range(number)), [f"residue {k + 1}" for k in range(number)],
                 facts=[*shares, *(facts or [])], alphas=list(range(number)), starts=starts, polymer="1" * number,
                 total=1)


def fromStates(ensemble: Ensemble, most: int, name: str, energies: np.ndarray | None = None) -> Scene:
    """Make the scene of states of a system.

    Parameters
    ----------
    ensemble : openmmorbit.Ensemble
    most : int
        Of more states some are shown.
    name : str
    energies : numpy.ndarray, optional
        Shape (numStates,), kJ/mol.
    """
    scene = fromEnsemble(ensemble, most, name)
    if energies is not None:
        above = (energies - energies[np.isfinite(energies)].min(initial=np.inf)) / KJ_PER_KCAL
        scene.values.insert(0, Quantity("energy above the lowest", "kcal/mol", [
            round(float(value), 3) if np.isfinite(value) else None for value in above[scene.indices]]))
    return scene

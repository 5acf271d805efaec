# SPDX-License-Identifier: MIT
"""Energies of the conformers of an ensemble by what a caller names: a force field, a System, a function, numbers."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import openmm
from openmm import unit

from openmmorbit.arguments import FORCE_FIELDS
from openmmorbit.simulation import applying
from openmmorbit.simulation.forcefields import fieldEnergies
from openmmorbit.simulation.states import toArray, toPlain

if TYPE_CHECKING:
    from openmmorbit.ensemble import Ensemble

#: What ranks conformers if nothing else is said.
DEFAULT_FIELD = "MMFF94"


class KnownEnergies(NamedTuple):
    """Energies that an ensemble carries along."""

    values: np.ndarray
    """Shape (numConformers,), in kJ/mol."""
    field: str
    """What computed them, in words."""


def _describe(field: Any) -> str:
    if isinstance(field, str):
        return field
    if isinstance(field, openmm.System):
        return "System"
    return getattr(field, "__name__", type(field).__name__) if callable(field) else "given"


def _check(where: str, ensemble: Ensemble, value: Any, source: str) -> np.ndarray:
    """Get energies in kJ/mol, one a conformer."""
    energies = toArray(where, "energies", toPlain(where, "energies", value, unit.kilojoule_per_mole))
    if energies.shape != (len(ensemble),):
        raise ValueError(f"{where}: expected energies of shape ({len(ensemble)},) from {source}, one a conformer, got "
                         f"{energies.shape}")
    return energies


def computeEnergies(where: str, ensemble: Ensemble, field: Any = None, **options: Any) -> KnownEnergies:
    """Compute the energy of every conformer.

    Parameters
    ----------
    where : str
        The function, for messages.
    ensemble : Ensemble
    field : str, openmm.System, callable or array_like, optional
        A name of FORCE_FIELDS; a System, with the options of openmmorbit.potentialEnergies(); a function of positions,
        a Quantity of shape (numConformers, numAtoms, 3) in nm, that returns energies; or the energies themselves, in
        kJ/mol if they carry no unit. Default: what the ensemble carries along, else MMFF94.

    Raises
    ------
    TypeError
        If the field is something else.
    ValueError
        For an unknown name, a molecule without parameters, energies of another shape or that are not finite.
    """
    if field is None:
        if ensemble._energies is not None and not options:
            return ensemble._energies
        field = DEFAULT_FIELD
    if options and not isinstance(field, openmm.System):
        raise TypeError(f"{where}: expected {' and '.join(sorted(options))} with a System only, got it with "
                        f"{_describe(field)}")
    if isinstance(field, str):
        if field not in FORCE_FIELDS:
            raise ValueError(f"{where}: expected a force field of {', '.join(map(repr, FORCE_FIELDS))}, a System or a "
                             f"function, got {field!r}")
        values = fieldEnergies(ensemble.graph, ensemble.positions, field, where)
    elif isinstance(field, openmm.System):
        values = applying.potentialEnergies(ensemble, field, **options)._value if len(ensemble) > 0 else np.zeros(0)
    elif callable(field):
        values = _check(where, ensemble, field(ensemble.positions), _describe(field)) if len(ensemble) > 0 \
            else np.zeros(0)
    elif isinstance(field, (list, tuple, np.ndarray, unit.Quantity)):
        values = _check(where, ensemble, field, "the caller")
    else:
        raise TypeError(f"{where}: expected the name of a force field, a System, a function or energies, got "
                        f"{type(field).__name__}")
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad) > 0:
        raise ValueError(f"{where}: expected finite energies, got {values[bad[0]]} for conformer {bad[0]}"
                         f"{f' and {len(bad) - 1} more' if len(bad) > 1 else ''}; leave those out")
    return KnownEnergies(np.array(values, float), _describe(field))

# SPDX-License-Identifier: MIT
"""Minima of the conformers of a molecule with a force field for any organic molecule, and what became of each."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import openmm

from openmmorbit import openstereo
from openmmorbit.arguments import FORCE_FIELDS
from openmmorbit.shape.rmsd import findAtoms
from openmmorbit.shape.superposition import superposedRmsd
from openmmorbit.simulation.forcefields import MAX_ITERATIONS, fieldEnergies, fieldMinimize
from openmmorbit.simulation.relaxed import RelaxedState, Relaxation
from openmmorbit.simulation.survival import Finding, SurvivalCheck, dihedralsOfPoints

if TYPE_CHECKING:
    from openmmorbit.ensemble import Ensemble

_where = "Ensemble.relax"
_ANGLE_TOLERANCE = 1e-6     # degrees


def _findings(ensemble: Ensemble, start: np.ndarray, end: np.ndarray) -> list[list[Finding]]:
    """Tell what of each conformer did not survive, or is no longer as it was asked for."""
    check = SurvivalCheck(ensemble.topology, openmm.System(), np.arange(ensemble.numAtoms), 0.0, None, ensemble.graph)
    findings = [check.check(*pair) for pair in zip(start, end)]
    if openstereo.findOpenStereo(ensemble.graph):
        known: list[str] = []
        numbers = [openstereo.isomerNumbers(ensemble.graph, points, known) for points in (start, end)]
        for entry, before, after in zip(findings, *numbers):
            if before != after and not entry:
                entry.append(Finding("stereo", f"{known[before - 1]} became {known[after - 1]}"))
    for atoms, lower, upper in ensemble._ranges:
        for entry, angle in zip(findings, dihedralsOfPoints(*(end[:, atom] for atom in atoms))):
            if not entry and (angle - lower) % 360 > upper - lower + _ANGLE_TOLERANCE:
                entry.append(Finding("torsion", f"the torsion of atoms {', '.join(map(str, atoms))} became {angle:.1f} "
                                     f"degrees, expected {lower:g} to {upper:g}"))
    if ensemble._surroundings is not None:
        from openmmorbit.pockets import Pocket

        core = {atom: start[0][atom] for atom in ensemble.fixedAtoms}
        pocket = Pocket(ensemble.graph, ensemble._surroundings, core)
        for entry, points in zip(findings, end):
            if not entry and (clash := pocket.findClash(points)):
                entry.append(Finding("clash", clash))
    return findings


def relaxWithField(ensemble: Ensemble, field: str, maxIterations: int = MAX_ITERATIONS) -> Relaxation:
    """Minimise the energy of every conformer with a force field; its fixedAtoms keep their places.

    Parameters
    ----------
    ensemble : Ensemble
        Of a molecule.
    field : str
        "MMFF94", "MMFF94s" or "UFF".
    maxIterations : int
        Steps of each minimisation at most.

    Returns
    -------
    Relaxation
        A conformer whose bonds, hands or double bonds did not survive is a finding.

    Raises
    ------
    ValueError
        For an unknown name, or a molecule that the force field has no parameters for.
    """
    if field not in FORCE_FIELDS:
        raise ValueError(f"{_where}: expected a force field of {', '.join(map(repr, FORCE_FIELDS))}, or a System, got "
                         f"{field!r}")
    start = ensemble.positions._value
    before = fieldEnergies(ensemble.graph, start, field, _where)
    end, after, converged = fieldMinimize(ensemble.graph, start, field, maxIterations, _where,
                                          ensemble.fixedAtoms)
    heavy, entries = findAtoms(ensemble.graph), []
    findings: Any = _findings(ensemble, start, end) if len(start) > 0 else []
    for index, found in enumerate(findings):
        moved = superposedRmsd(end[index][heavy], start[index][heavy])
        entries.append(RelaxedState(index, end[index], found, float(before[index]), float(after[index]),
                                    float(after[index]), moved, moved, None, bool(converged[index])))
    return Relaxation(entries, ensemble, field)

# SPDX-License-Identifier: MIT
"""What a relaxation made of its states."""
from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import orbit
from openmmorbit.simulation.energies import KnownEnergies
from openmmorbit.simulation.survival import Finding, countByCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openmmorbit.ensemble import Ensemble

_kJ = unit.kilojoule_per_mole


@dataclass
class RelaxedState:
    """What a relaxation made of one state. What was not reached is NaN."""

    index: int
    """The state's number among those that were given."""
    _positions: np.ndarray
    findings: list[Finding] = field(default_factory=list)
    """Why it was refused; empty if it was not. Each has a ``code`` and a ``text``."""
    energyBefore: float = np.nan
    """Potential energy of the state with its constraints satisfied, kJ/mol."""
    energyMinimized: float = np.nan
    """Potential energy after the minimisation, kJ/mol."""
    energyAfter: float = np.nan
    """Potential energy after the dynamics, kJ/mol."""
    movedMinimized: float = np.nan
    """RMSD of the solute's heavy atoms from the state after the minimisation, superposed, nm."""
    movedAfter: float = np.nan
    """The same after the dynamics, nm."""
    _velocities: np.ndarray | None = None
    converged: bool | None = None
    """Whether the minimisation ended before its last step; None where it is not known."""

    @property
    def accepted(self) -> bool:
        """Whether it may be simulated."""
        return not self.findings

    @property
    def positions(self) -> unit.Quantity:
        """Positions of shape (numAtoms, 3), in nm; of a refused state those that it had when it was refused."""
        return unit.Quantity(self._positions, unit.nanometer)

    @property
    def velocities(self) -> unit.Quantity | None:
        """Velocities of shape (numAtoms, 3), in nm/ps; None without dynamics."""
        return None if self._velocities is None else unit.Quantity(self._velocities, unit.nanometer / unit.picosecond)

    def __repr__(self) -> str:
        outcome = "accepted" if self.accepted else "; ".join(finding.text for finding in self.findings)
        return (f"<RelaxedState {self.index}: {self.energyBefore:.6g} to {self.energyMinimized:.6g} kJ/mol, moved "
                f"{self.movedAfter:.3f} nm, {outcome}>")


class Relaxation:
    """The states after a relaxation, one RelaxedState for each that was given; made by relax()."""

    def __init__(self, entries: list[RelaxedState], ensemble: Ensemble | None = None, field: str = "System") -> None:
        self._entries, self._ensemble, self._field = entries, ensemble, field

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> RelaxedState:
        return self._entries[index]

    def __iter__(self) -> Iterator[RelaxedState]:
        return iter(self._entries)

    @property
    def accepted(self) -> np.ndarray:
        """Indices of the states that survived, shape (numAccepted,)."""
        return np.array([entry.index for entry in self._entries if entry.accepted], int)

    @property
    def positions(self) -> unit.Quantity:
        """Positions of all states, refused ones included: shape (numStates, numAtoms, 3), in nm."""
        return unit.Quantity(np.array([entry._positions for entry in self._entries]), unit.nanometer)

    @property
    def velocities(self) -> unit.Quantity | None:
        """Velocities of the states that survived: shape (numAccepted, numAtoms, 3), in nm/ps; None without dynamics."""
        found = [self._entries[index]._velocities for index in self.accepted]
        if not found or any(entry is None for entry in found):
            return None
        return unit.Quantity(np.array(found), unit.nanometer / unit.picosecond)

    @property
    def states(self) -> Any:
        """The states that survived: an Ensemble if one was given, otherwise a Quantity (numAccepted, numAtoms, 3).

        The Ensemble carries the energies after the relaxation along, for sort() and prune(). After a relaxation with a
        force field of a molecule, its conformers have been inspected again.
        """
        accepted = self.accepted
        if self._ensemble is None:
            return self.positions[accepted]
        result = self._ensemble[accepted]
        for place, index in enumerate(accepted):
            result.setPositions(place, self._entries[index]._positions)
            if self._field != "System":
                found = orbit.checkConformer(result.graph, (10 * self._entries[index]._positions).ravel())
                result._core.setStatus(place, found)
        if self._field == "System":
            # Dynamics moves everything.
            result.fixedAtoms, result._surroundings, result._ranges = (), None, ()
        result._energies = KnownEnergies(self.energiesAfter._value[accepted], self._field)
        return result

    @property
    def converged(self) -> np.ndarray:
        """Whether each minimisation ended before its last step, shape (numStates,); False where it is not known."""
        return np.array([bool(entry.converged) for entry in self._entries], bool)

    def _energies(self, name: str) -> unit.Quantity:
        return unit.Quantity(np.array([getattr(entry, name) for entry in self._entries]), _kJ)

    @property
    def energiesBefore(self) -> unit.Quantity:
        """Potential energy of every state with its constraints satisfied: shape (numStates,), in kJ/mol."""
        return self._energies("energyBefore")

    @property
    def energiesMinimized(self) -> unit.Quantity:
        """Potential energy of every state after the minimisation: shape (numStates,), in kJ/mol."""
        return self._energies("energyMinimized")

    @property
    def energiesAfter(self) -> unit.Quantity:
        """Potential energy of every state after the dynamics: shape (numStates,), in kJ/mol."""
        return self._energies("energyAfter")

    @property
    def moved(self) -> unit.Quantity:
        """RMSD of the solute's heavy atoms of every state from what it was: shape (numStates,), in nm."""
        return unit.Quantity(np.array([entry.movedAfter for entry in self._entries]), unit.nanometer)

    @property
    def refused(self) -> dict[str, int]:
        """How many states were refused for each code of finding."""
        return countByCode([entry.findings for entry in self._entries])

    def __repr__(self) -> str:
        reasons = "".join(f", {count} for {code}" for code, count in sorted(self.refused.items()))
        short = sum(entry.converged is False for entry in self._entries)
        return (f"<Relaxation of {len(self)} states: {len(self.accepted)} accepted{reasons}"
                f"{f', {short} not converged' if short else ''}>")

# SPDX-License-Identifier: MIT
"""What is done with the conformers of each molecule once they are generated: relaxed, ranked, pruned."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from openmm import unit

from openmmorbit.arguments import FORCE_FIELDS, checkChoice
from openmmorbit.simulation.energies import DEFAULT_FIELD

if TYPE_CHECKING:
    from openmmorbit.ensemble import Ensemble


@dataclass(frozen=True)
class Refinement:
    """What is done with conformers after they are generated, in this order.

    Attributes
    ----------
    relax : bool
        Minimise the energy of each; those whose bonds or stereochemistry change are left out.
    sort : bool
        Put the lowest energy first.
    window : float or None
        Leave out those further above the lowest energy, kcal/mol.
    prune : float or None
        Leave out those nearer to another one than this RMSD of heavy atoms, Angstrom. The one of the lowest energy is
        kept, if relax, sort or window need energies, and then the result is in order of energy; else the first one.
    field : str
        "MMFF94", "MMFF94s" or "UFF": where energies come from.
    """
    relax: bool = False
    sort: bool = False
    window: float | None = None
    prune: float | None = None
    field: str = DEFAULT_FIELD

    @property
    def usesEnergies(self) -> bool:
        """Whether energies are computed."""
        return self.relax or self.sort or self.window is not None

    @property
    def isNothing(self) -> bool:
        """Whether conformers stay as they are generated."""
        return not self.usesEnergies and self.prune is None

    def check(self, where: str = "Refinement") -> None:
        """Refuse numbers that make no sense.

        Raises
        ------
        ValueError
            Naming the setting.
        """
        checkChoice("force field", self.field, FORCE_FIELDS, where)
        for name, value, words in (("prune", self.prune, "an RMSD in Angstrom"),
                                   ("window", self.window, "an energy in kcal/mol")):
            if value is not None and not 0 <= value < np.inf:
                raise ValueError(f"{where}: expected {words} of at least 0 as {name}, got {value}")

    def apply(self, ensemble: Ensemble) -> tuple[Ensemble, str]:
        """Refine an ensemble.

        Returns
        -------
        Ensemble
        str
            What the relaxation left out, empty if nothing.

        Raises
        ------
        ValueError
            If the force field has no parameters for the molecule, or no conformer survives the relaxation.
        """
        if self.isNothing or len(ensemble) == 0:
            return ensemble, ""
        found, lost = ensemble, ""
        if self.relax:
            relaxation = ensemble.relax(self.field)
            found, refused = relaxation.states, [entry for entry in relaxation if not entry.accepted]
            if refused:
                lost = (f"{len(refused)} of {len(ensemble)} conformers did not survive the relaxation "
                        f"({refused[0].findings[0].text})")
            if len(found) == 0:
                raise ValueError(f"Refinement: expected a conformer that survives, got none: {lost}; leave out relax, "
                                 "or choose another force field")
        if self.sort or self.window is not None:
            found = found.sort(None if self.relax else self.field)
        if self.prune is not None or self.window is not None:
            width = None if self.window is None else self.window * unit.kilocalorie_per_mole
            found = found.prune((self.prune or 0) * unit.angstrom, window=width)
        return found, lost

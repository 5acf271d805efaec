# SPDX-License-Identifier: MIT
"""Quality of single conformers: PoseBusters' tests, and the GFN2-xTB energy above the next minimum."""
from __future__ import annotations

import logging
from importlib import util
from typing import TYPE_CHECKING, Any

from openmmorbit.data import quantum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdkit import Chem

    from openmmorbit.evaluation.methods import Generated
    from openmmorbit.evaluation.scores import Score


def _single(mol: Chem.Mol, number: int) -> Chem.Mol:
    """Get a molecule with one of its conformers only, as conformer 0."""
    from rdkit import Chem

    identifier = [conformer.GetId() for conformer in mol.GetConformers()][number]
    single = Chem.Mol(mol, confId=identifier)
    single.GetConformer(identifier).SetId(0)
    return single


class Inspector:
    """Fills the scores of an evaluation with PoseBusters results and strain energies.

    Parameters
    ----------
    numBusted : int
        Of the first so many molecules, PoseBusters inspects ``copies`` conformers; 0 for none.
    numStrained : int
        Of the first so many molecules, the strain of ``copies`` conformers is computed; 0 for none.
    copies : int
        Conformers of a molecule; the first ones.
    engine : str, optional
        "xtb" or "tblite".
    """

    def __init__(self, numBusted: int, numStrained: int, copies: int = 2, engine: str | None = None) -> None:
        self.numBusted, self.numStrained, self.copies, self.engine = numBusted, numStrained, copies, engine
        self.notes: list[str] = []
        self._busters: Any = None
        if numBusted and util.find_spec("posebusters") is None:
            self.numBusted = 0
            self.notes.append("PoseBusters is not installed: pip install posebusters")
        if numStrained:
            try:
                self.engine = quantum.chooseEngine(engine)
            except ImportError as error:
                self.numStrained = 0
                self.notes.append(f"no strain energies: {error}")

    def __call__(self, index: int, generated: Generated, score: Score) -> None:
        """Inspect the answer of one molecule; what evaluation.evaluate() calls."""
        wanted = min(self.copies, score.numReturned or score.numRequested)
        if index < self.numBusted:
            score.numBusted = wanted
            if score.numReturned:
                score.numPassed = self._bust([_single(generated.mol, number) for number in range(wanted)])
        if index < self.numStrained and score.numReturned:
            for number in range(wanted):
                strain = self._strain(_single(generated.mol, number))
                if strain is not None:
                    score.strains.append(strain)

    def _bust(self, mols: Sequence[Chem.Mol]) -> int:
        """Count the molecules that pass every test."""
        if self._busters is None:
            from posebusters import PoseBusters

            logging.getLogger("posebusters").setLevel(logging.ERROR)
            self._busters = PoseBusters(config="mol")
        return int(self._busters.bust(mols).all(axis=1).sum())

    def _strain(self, mol: Chem.Mol) -> float | None:
        positions = mol.GetConformer().GetPositions()
        try:
            raw = quantum.energy(mol, positions, self.engine)
            return max(0.0, raw - quantum.minimum(mol, positions, self.engine)[0])
        except quantum.QuantumError:
            return None

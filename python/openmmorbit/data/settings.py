# SPDX-License-Identifier: MIT
"""How ensembles of minima are made, and what became of one molecule."""
from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class EnsembleSettings:
    """How ensembles are made.

    Attributes
    ----------
    level : str
        "gfn2" (minima of GFN2-xTB) or "mmff" (minima of MMFF94s).
    numStarts : int
        ETKDGv3 geometries; with random coordinates, a quarter of them. 0: none, if there are modelStarts.
    maxMinima : int
        MMFF94s minima that go on to GFN2-xTB, those of lowest energy.
    window : float
        Energy above the lowest that is kept, kcal/mol.
    minRmsd : float
        Minima closer than this are the same; RMSD of heavy atoms and polar hydrogens, Angstrom.
    engine : str
        "xtb" or "tblite"; empty: whichever is installed.
    timeout : float
        Seconds for one minimisation by xtb.
    modelStarts : int
        Conformers of a model that are minimised too, all of them: at the level "gfn2" they need no force field.
    model : str
        That model: a path, or the name of a packaged one; empty: the default one.
    """
    level: str = "gfn2"
    numStarts: int = 24
    maxMinima: int = 16
    window: float = 6.0
    minRmsd: float = 0.125
    engine: str = ""
    timeout: float = 300.0
    modelStarts: int = 0
    model: str = ""

    def __post_init__(self) -> None:
        if self.level not in ("gfn2", "mmff"):
            raise ValueError(f"EnsembleSettings: expected a level of 'gfn2' or 'mmff', got {self.level!r}")
        for name in ("maxMinima", "window", "minRmsd", "timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"EnsembleSettings: expected {name} above 0, got {getattr(self, name)}")
        for name in ("numStarts", "modelStarts"):
            if getattr(self, name) < 0:
                raise ValueError(f"EnsembleSettings: expected {name} of at least 0, got {getattr(self, name)}")
        if self.numStarts + self.modelStarts == 0:
            raise ValueError("EnsembleSettings: expected numStarts or modelStarts above 0, got 0 of both")

    @property
    def condition(self) -> str:
        """The name of the level of theory in a shard."""
        return {"gfn2": "GFN2-xTB", "mmff": "MMFF94s"}[self.level]

    def toDict(self) -> dict[str, Any]:
        """Get the settings as a dict for JSON."""
        return asdict(self)


@dataclass
class EnsembleOutcome:
    """What became of one molecule.

    Attributes
    ----------
    key : str
        What identifies the task: a canonical SMILES, or the line that could not be read.
    smiles : str
        Canonical SMILES of the molecule with its stereochemistry, as found.
    records : bytes
        The conformers as SDF records, compressed by gzip; empty if the molecule failed.
    reason : str
        Why there is no ensemble; empty if there is one.
    numConformers, numMinimised, numChanged : int
        Conformers kept; minimisations; minima whose bonds or stereochemistry changed.
    seconds : float
        Time of the molecule.
    """
    key: str
    smiles: str = ""
    records: bytes = b""
    reason: str = ""
    numConformers: int = 0
    numMinimised: int = 0
    numChanged: int = 0
    seconds: float = 0.0


class MoleculeFailure(Exception):
    """Ends a molecule with a reason."""

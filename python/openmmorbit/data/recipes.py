# SPDX-License-Identifier: MIT
"""From one SMILES to an ensemble of minima: start geometries, GFN2-xTB, checks, energy window, pruning."""
from __future__ import annotations

import gzip
import hashlib
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.data import quantum
from openmmorbit.data.minima import keepUnchanged, prune
from openmmorbit.data.settings import EnsembleOutcome, EnsembleSettings, MoleculeFailure
from openmmorbit.data.starts import findStarts, requireParameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rdkit import Chem

#: k_B T at 298.15 K in kcal/mol.
THERMAL_ENERGY = 0.592484


@lru_cache(maxsize=1)
def _networkElements() -> frozenset[int]:
    """The atomic numbers that a network may have as input."""
    from openmmorbit import orbit

    vocabularies = orbit.DenoiserModel().getAtomVocabularies()
    return frozenset(next(list(v.values) for v in vocabularies if v.name == "element"))


def enumerateTasks(smiles: str, maxIsomers: int = 4) -> list[str]:
    """Get the stereoisomers of a SMILES.

    Parameters
    ----------
    smiles : str
    maxIsomers : int
        At most this many; which ones depends on the SMILES only.

    Returns
    -------
    list of str
        Canonical SMILES; what is specified stays, what is open is enumerated.

    Raises
    ------
    ValueError
        If the SMILES cannot be read, is no single molecule, or has an element that no network knows.
    """
    from rdkit import Chem
    from rdkit.Chem.EnumerateStereoisomers import EnumerateStereoisomers, StereoEnumerationOptions

    mol = Chem.MolFromSmiles(smiles) if smiles.isascii() else None
    if mol is None or mol.GetNumAtoms() == 0:
        raise ValueError("the SMILES cannot be read")
    if len(Chem.GetMolFrags(mol)) != 1:
        raise ValueError("several fragments")
    if any(atom.GetAtomicNum() == 0 for atom in mol.GetAtoms()):
        raise ValueError("an atom without element")
    foreign = {atom.GetSymbol() for atom in mol.GetAtoms() if atom.GetAtomicNum() not in _networkElements()}
    if foreign:
        raise ValueError(f"the networks do not know {', '.join(sorted(foreign))}")
    options = StereoEnumerationOptions(maxIsomers=maxIsomers, onlyUnassigned=True, unique=True, rand=0xF00D)
    return sorted({Chem.MolToSmiles(isomer) for isomer in EnumerateStereoisomers(mol, options)})


def _minimise(mol: Chem.Mol, energies: Mapping[int, Any], settings: EnsembleSettings,
              outcome: EnsembleOutcome) -> dict[int, float]:
    """Minimise with GFN2-xTB in place; returns the energies of the conformers that worked."""
    if settings.level == "mmff":
        outcome.numMinimised += len(energies)
        return dict(energies)
    found, lastError = {}, None
    for identifier in energies:
        outcome.numMinimised += 1
        try:
            value, positions = quantum.minimum(mol, mol.GetConformer(identifier).GetPositions(),
                                               settings.engine or None, settings.timeout)
        except quantum.QuantumError as error:
            lastError = error
            continue
        mol.GetConformer(identifier).SetPositions(np.ascontiguousarray(positions))
        found[identifier] = value
    if not found:
        raise MoleculeFailure(f"GFN2-xTB failed ({lastError})")
    return found


def _writeRecords(mol: Chem.Mol, kept: Sequence[int], energies: Mapping[int, float], outcome: EnsembleOutcome,
                  settings: EnsembleSettings) -> None:
    from rdkit import Chem

    relative = np.array([energies[identifier] for identifier in kept])
    relative -= relative.min()
    weights = np.exp(-relative / THERMAL_ENERGY)
    weights /= weights.sum()
    identity = hashlib.sha256(outcome.key.encode()).hexdigest()[:16]
    parts = []
    for number, identifier in enumerate(kept):
        tags = {"SMILES": outcome.smiles, "REQUEST": outcome.key, "ID": f"{identity}_{number}",
                "REL_E_KCAL": f"{relative[number]:.4f}", "BOLTZ_W": f"{weights[number]:.5f}",
                "LEVEL": settings.condition}
        block = Chem.MolToMolBlock(mol, confId=identifier)
        parts.append(block + "".join(f">  <{name}>\n{value}\n\n" for name, value in tags.items()) + "$$$$\n")
    outcome.records = gzip.compress("".join(parts).encode(), mtime=0)
    outcome.numConformers = len(kept)


def makeEnsemble(smiles: str, settings: EnsembleSettings | None = None, name: str = "") -> EnsembleOutcome:
    """Make the ensemble of one molecule. Never raises for a molecule that fails: the outcome says why.

    Parameters
    ----------
    smiles : str
        Canonical SMILES, as enumerateTasks() returns.
    settings : EnsembleSettings, optional
    name : str
        Title of the records.

    Returns
    -------
    EnsembleOutcome
        The same for the same SMILES, settings and versions, wherever it is computed.
    """
    from rdkit import Chem, RDLogger

    RDLogger.DisableLog("rdApp.*")
    settings = settings or EnsembleSettings()
    outcome, begin = EnsembleOutcome(smiles), time.perf_counter()
    try:
        request = Chem.MolFromSmiles(smiles)
        if request is None:
            raise MoleculeFailure("the SMILES cannot be read")
        mol = Chem.AddHs(request)
        mol.SetProp("_Name", f" {name}" if name.startswith("$$$$") else name)
        if settings.level == "mmff":
            requireParameters(mol)
        energies = _minimise(mol, findStarts(mol, settings, outcome), settings, outcome)
        energies = keepUnchanged(mol, energies, request, outcome)
        _writeRecords(mol, prune(mol, energies, settings.minRmsd, settings.window), energies, outcome, settings)
    except MoleculeFailure as failure:
        outcome.reason = str(failure)
    except (RuntimeError, ValueError, OSError) as error:
        outcome.reason = f"{type(error).__name__}: {error}".splitlines()[0]
    outcome.seconds = time.perf_counter() - begin
    return outcome

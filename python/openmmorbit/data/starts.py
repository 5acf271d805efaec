# SPDX-License-Identifier: MIT
"""Geometries to begin with: ETKDGv3 and MMFF94s, or a model's conformers."""
from __future__ import annotations

import hashlib
import warnings
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from openmmorbit.data.minima import prune
from openmmorbit.data.settings import MoleculeFailure
from openmmorbit.openstereo import OpenStereoWarning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rdkit import Chem

    from openmmorbit.conformers import ConformerGenerator
    from openmmorbit.data.settings import EnsembleOutcome, EnsembleSettings

#: Atomic numbers of the elements of organic molecules that MMFF94s has parameters for; not those of its metal ions.
_mmffElements = {1, 6, 7, 8, 9, 14, 15, 16, 17, 35, 53}


def _embed(mol: Chem.Mol, settings: EnsembleSettings, seed: int) -> list[int]:
    from rdkit.Chem import rdDistGeom

    parameters = rdDistGeom.ETKDGv3()
    parameters.randomSeed, parameters.maxIterations = seed, 50
    found = list(rdDistGeom.EmbedMultipleConfs(mol, settings.numStarts, parameters))
    if not found:
        parameters.useRandomCoords = True
        found = list(rdDistGeom.EmbedMultipleConfs(mol, max(2, settings.numStarts // 4), parameters))
    if not found:
        raise MoleculeFailure("no start geometry (ETKDGv3, also with random coordinates)")
    return found


@lru_cache(maxsize=2)
def _generator(model: str, condition: str) -> ConformerGenerator:
    """Get a generator of one thread: molecules are what runs in parallel."""
    from openmmorbit.conformers import ConformerGenerator
    from openmmorbit.models import loadModel

    loaded = loadModel(model or None)
    # GFN2-xTB mends what is wrong, and RDKit has its own starts.
    return ConformerGenerator(loaded, threads=1, unfamiliar="ignore", fallback="none",
                              condition=condition if condition in loaded.getConditions() else None)


def _generate(mol: Chem.Mol, settings: EnsembleSettings, seed: int) -> list[int]:
    """Append a model's conformers; returns their ids."""
    import openmm

    try:
        generator = _generator(settings.model, settings.condition)
        with warnings.catch_warnings():
            # The task is an isomer; what is open in it is no centre of one, e.g. in norbornane.
            warnings.simplefilter("ignore", OpenStereoWarning)
            ensemble: Any = generator.generate(mol, settings.modelStarts, seed=seed)
    except (ValueError, openmm.OpenMMException) as error:
        raise MoleculeFailure(f"no start geometry (model: {error})".splitlines()[0]) from error
    return [mol.AddConformer(conformer, assignId=True) for conformer in ensemble.toRDKit().GetConformers()]


def requireParameters(mol: Chem.Mol) -> None:
    """Refuse a molecule that MMFF94s has no parameters for, naming the elements that it does not know at all."""
    from rdkit import Chem
    from rdkit.Chem import AllChem

    foreign = {atom.GetAtomicNum() for atom in mol.GetAtoms()} - _mmffElements
    symbols = ", ".join(Chem.GetPeriodicTable().GetElementSymbol(number) for number in sorted(foreign))
    if foreign or not AllChem.MMFFHasAllMoleculeParams(mol):
        raise MoleculeFailure(f"MMFF94s has no parameters{f' for {symbols}' if symbols else ''}; use the level gfn2")


def _relax(mol: Chem.Mol, identifiers: Sequence[int]) -> dict[int, float]:
    """Minimise all conformers; returns the energy of each, kcal/mol, or nothing if there is no force field for them."""
    from rdkit.Chem import AllChem

    if AllChem.MMFFHasAllMoleculeParams(mol):
        results = AllChem.MMFFOptimizeMoleculeConfs(mol, maxIters=2000, mmffVariant="MMFF94s")
    elif AllChem.UFFHasAllMoleculeParams(mol):
        results = AllChem.UFFOptimizeMoleculeConfs(mol, maxIters=2000)
    else:
        results = []
    return {identifier: result[1] for identifier, result in zip(identifiers, results)}


def findStarts(mol: Chem.Mol, settings: EnsembleSettings, outcome: EnsembleOutcome) -> dict[int, float | None]:
    """Give the molecule the geometries that are to be minimised at the level of the data set; returns the energies of
    those that a force field minimised, kcal/mol, and None for others."""
    seed = int(hashlib.sha256(outcome.key.encode()).hexdigest()[:7], 16)
    found, failures = {}, []
    for number, source in ((settings.numStarts, _embed), (settings.modelStarts, _generate)):
        try:
            found[source] = source(mol, settings, seed) if number > 0 else []
        except MoleculeFailure as failure:
            failures.append(str(failure))
    relaxed, ready = found.get(_embed, []), found.get(_generate, [])
    if not relaxed and not ready:
        raise MoleculeFailure("; ".join(failures))
    if settings.level == "mmff":
        relaxed, ready = relaxed + ready, []
    starts, energies = {}, _relax(mol, relaxed) if relaxed else {}
    if relaxed and not energies:
        # GFN2-xTB knows every element: it starts where ETKDGv3 ended.
        ready = relaxed[:settings.maxMinima] + ready
    if energies:
        kept = prune(mol, energies, 0.1 if settings.level == "gfn2" else settings.minRmsd, 25.0)
        starts = {identifier: energies[identifier] for identifier in kept[:settings.maxMinima]}
    return {**starts, **dict.fromkeys(ready)}

# SPDX-License-Identifier: MIT
"""Energies and minima of many copies of a molecule with a force field for any organic molecule: MMFF94, many copies at
once in the vectors of the processor, and RDKit's UFF."""
from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import mixtures, molecules, orbit
from openmmorbit.arguments import FORCE_FIELDS, KJ_PER_KCAL, checkChoice, checkInteger
from openmmorbit.io.conversions import lacksOrders
from openmmorbit.simulation.states import toArray, toPlain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    from rdkit import Chem

    from openmmorbit import orbitchem
    from openmmorbit._types import MoleculeLike

#: Positions, nm, energies, kJ/mol, and whether each copy has converged.
_Minima = tuple[np.ndarray, np.ndarray, np.ndarray]
#: Steps of a minimisation at most.
MAX_ITERATIONS = 3000
#: How long a call is that Ctrl-C does not end, seconds, unless the smallest block takes longer.
BLOCK_SECONDS = 0.5
#: Copies that the vectors of a processor hold: fewer of them take as long.
_MAX_LANES = 8
#: Beyond this distance, Angstrom, RDKit leaves pairs out: no molecule is as large.
_FAR_AWAY = 1e4
#: Fragments of at most so many atoms, beside others, have no energy.
_RIGID = 2


def _readPositions(where: str, graph: orbit.MolecularGraph, positions: Any) -> np.ndarray:
    """Get positions in nm, of shape (numCopies, numAtoms, 3)."""
    array = toArray(where, "positions", toPlain(where, "positions", positions, unit.nanometer))
    if array.ndim != 3 or array.shape[1:] != (graph.getNumAtoms(), 3):
        raise ValueError(f"{where}: expected positions of shape (numCopies, {graph.getNumAtoms()}, 3) for "
                         f"{graph.getLabel()}, got {array.shape}")
    bad = np.flatnonzero(~np.isfinite(array).all(axis=(1, 2)))
    if len(bad) > 0:
        raise ValueError(f"{where}: expected finite positions, got others in copy {bad[0]}"
                         f"{f' and {len(bad) - 1} more' if len(bad) > 1 else ''}; leave those copies out")
    return array


def _makeMol(where: str, graph: orbit.MolecularGraph, positions: np.ndarray) -> Chem.Mol:
    """Make an rdkit.Chem.Mol with a conformer for every copy; its force fields look at bonds and charges alone."""
    from openmmorbit.io.conversions import rdkitSkeleton

    molecules.requireRDKit(where)
    mol = rdkitSkeleton(graph, where).GetMol()
    _setCopies(mol, positions)
    return mol


def _lacksUFF(mol: Chem.Mol) -> str:
    """Get words for the first bond whose ends UFF has no parameters for."""
    from rdkit.Chem import rdForceFieldHelpers

    for bond in mol.GetBonds():
        ends = bond.GetBeginAtom(), bond.GetEndAtom()
        if rdForceFieldHelpers.GetUFFBondStretchParams(mol, *(atom.GetIdx() for atom in ends)) is None:
            return "the bond " + " to ".join(f"{atom.GetSymbol()} (atom {atom.GetIdx()})" for atom in ends)
    return "one of the atoms"


def _refuse(where: str, graph: orbit.MolecularGraph, field: str, missing: str) -> ValueError:
    """Make the error for a molecule that the force field lacks parameters for."""
    other = "" if field == "UFF" else '"UFF" (--force-field UFF), '
    return ValueError(f"{where}: expected a molecule that {field} has parameters for, got {graph.getLabel()}, where "
                      f"it has none for {missing}; give {other}a System or a function instead")


def _makeMMFF(where: str, graph: orbit.MolecularGraph, variant: str) -> orbitchem.MMFFForceField:
    """Find the terms of MMFF94."""
    from openmmorbit import chem

    try:
        return chem.MMFFForceField(graph, variant)
    except ValueError as error:
        if "MMFF94 has parameters" not in str(error):
            raise
        found = re.search(r"got (atom .+?) of the molecule", str(error))
        raise _refuse(where, graph, variant, found[1] if found else "one of the atoms") from error


def _makeUFF(where: str, graph: orbit.MolecularGraph, positions: np.ndarray) -> Chem.Mol:
    """Make an rdkit.Chem.Mol that UFF has parameters for."""
    mol = _makeMol(where, graph, positions)
    from rdkit.Chem import rdForceFieldHelpers as helpers

    if not helpers.UFFHasAllMoleculeParams(mol):
        raise _refuse(where, graph, "UFF", _lacksUFF(mol))
    return mol


def _prepare(where: str, molecule: MoleculeLike, positions: Any,
             field: str) -> tuple[orbit.MolecularGraph, np.ndarray]:
    checkChoice("force field", field, FORCE_FIELDS, where)
    isGraph = isinstance(molecule, orbit.MolecularGraph)
    graph = molecules.toGraph(molecule, fragments="apart" if isGraph else "refuse")[0]
    if lacksOrders(graph):
        raise ValueError(f"{where}: expected a molecule with bond orders, got states of a system, which has none; give "
                         "its System instead")
    return graph, _readPositions(where, graph, positions)


def fieldEnergies(molecule: MoleculeLike, positions: unit.Quantity | npt.ArrayLike, field: str,
                  where: str = "fieldEnergies") -> np.ndarray:
    """Compute the energy of every copy of a molecule with one of FORCE_FIELDS.

    Parameters
    ----------
    molecule : str, MolecularGraph, rdkit.Chem.Mol, OpenFF molecule or openmm.app.Topology
        Of a graph of several fragments the energy is the sum of theirs, without what is between them. Those of one or
        two atoms, such as an ion or hydrogen chloride, stay as they are and count 0.
    positions : Quantity or array_like
        Shape (numCopies, numAtoms, 3), in nm if they carry no unit.
    field : str
        "MMFF94", "MMFF94s" or "UFF".
    where : str
        The function, for messages.

    Returns
    -------
    numpy.ndarray
        Shape (numCopies,), in kJ/mol.

    Raises
    ------
    ValueError
        For an unknown force field, a molecule that it has no parameters for, or positions of another shape.
    """
    graph, array = _prepare(where, molecule, positions, field)
    if mixtures.isMixture(graph):
        return sum((fieldEnergies(part, array[:, atoms], field, where) for atoms, part in mixtures.splitGraph(graph)
                    if len(atoms) > _RIGID), np.zeros(len(array)))
    if field != "UFF":
        return _makeMMFF(where, graph, field).computeEnergies(array)
    mol = _makeUFF(where, graph, array)
    from rdkit.Chem import rdForceFieldHelpers as helpers

    if len(array) == 0:
        return np.zeros(0)
    # With all pairs in it, one force field serves all copies.
    made = helpers.UFFGetMoleculeForceField(mol, vdwThresh=_FAR_AWAY, confId=0)
    return KJ_PER_KCAL * np.array([made.CalcEnergy(copy) for copy in (10 * array).reshape(len(array), -1).tolist()])


def _setCopies(mol: Chem.Mol, positions: np.ndarray) -> None:
    """Give an rdkit.Chem.Mol a conformer for every copy, nm, instead of those that it has."""
    from rdkit import Chem

    mol.RemoveAllConformers()
    for index, copy in enumerate(10 * positions):
        conformer = Chem.Conformer(len(copy))
        conformer.SetId(index)
        conformer.SetPositions(np.ascontiguousarray(copy))
        mol.AddConformer(conformer)


def _minimizeUFF(mol: Chem.Mol, positions: np.ndarray, steps: int) -> _Minima:
    """Minimise copies with RDKit's UFF."""
    from rdkit.Chem import rdForceFieldHelpers as helpers

    _setCopies(mol, positions)
    found = helpers.UFFOptimizeMoleculeConfs(mol, numThreads=1, maxIters=steps, vdwThresh=_FAR_AWAY)
    minima = np.array([conformer.GetPositions() for conformer in mol.GetConformers()])
    return minima / 10, KJ_PER_KCAL * np.array([energy for _, energy in found]), \
        np.array([code == 0 for code, _ in found])


def _minimizeHeld(mol: Chem.Mol, positions: np.ndarray, field: str, steps: int, held: Sequence[int]) -> _Minima:
    """Minimise copies with RDKit, which can keep atoms where they are."""
    from rdkit.Chem import rdForceFieldHelpers as helpers

    _setCopies(mol, positions)
    kinds = None if field == "UFF" else helpers.MMFFGetMoleculeProperties(mol, mmffVariant=field)
    energies, converged = np.zeros(len(positions)), np.zeros(len(positions), bool)
    for index in range(len(positions)):
        force = helpers.UFFGetMoleculeForceField(mol, vdwThresh=_FAR_AWAY, confId=index) if kinds is None else \
            helpers.MMFFGetMoleculeForceField(mol, kinds, nonBondedThresh=_FAR_AWAY, confId=index)
        force.Initialize()
        for atom in held:
            force.AddFixedPoint(int(atom))
        converged[index] = force.Minimize(maxIts=steps) == 0
        energies[index] = KJ_PER_KCAL * force.CalcEnergy()
    minima = np.array([conformer.GetPositions() for conformer in mol.GetConformers()]) / 10
    minima[:, list(held)] = positions[:, list(held)]    # bit for bit, whatever the units did
    return minima, energies, converged


def _minimizeBlocks(minimize: Callable[[np.ndarray], _Minima], positions: np.ndarray, least: int) -> _Minima:
    """Minimise blocks of copies, at least so many and each in about BLOCK_SECONDS: Ctrl-C is seen between two blocks.

    No copy depends on those beside it.
    """
    parts: list[_Minima] = [(positions[:0], np.zeros(0), np.zeros(0, bool))]
    first, size = 0, least
    while first < len(positions):
        begin = time.perf_counter()
        parts.append(minimize(positions[first:first + size]))
        first += size
        share = BLOCK_SECONDS / max(time.perf_counter() - begin, 1e-9)
        size = max(least, int(size * min(share, 4)))
    found, energies, converged = (np.concatenate(arrays) for arrays in zip(*parts))
    return found, energies, converged


def _minimizeFragments(graph: orbit.MolecularGraph, positions: np.ndarray, field: str, steps: int,
                       where: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minimise each fragment by itself, and keep its centroid."""
    result, energies, converged = positions.copy(), np.zeros(len(positions)), np.ones(len(positions), bool)
    for atoms, part in mixtures.splitGraph(graph):
        if len(atoms) > _RIGID:
            minima, own, done = fieldMinimize(part, positions[:, atoms], field, steps, where)
            shift = positions[:, atoms].mean(axis=1, keepdims=True) - minima.mean(axis=1, keepdims=True)
            result[:, atoms] = minima + shift
            energies, converged = energies + own, converged & done
    return result, energies, converged


def fieldMinimize(molecule: MoleculeLike, positions: unit.Quantity | npt.ArrayLike, field: str,
                  maxIterations: int = MAX_ITERATIONS, where: str = "fieldMinimize",
                  held: Sequence[int] = ()) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Minimise the energy of every copy of a molecule with one of FORCE_FIELDS.

    Parameters
    ----------
    molecule, positions, field, where
        As of fieldEnergies().
    maxIterations : int
        Steps of each minimisation at most.
    held : sequence of int
        Atoms of one molecule that keep their places. With some, RDKit minimises, one copy after the other.

    Returns
    -------
    positions : numpy.ndarray
        Shape (numCopies, numAtoms, 3), in nm.
    energies : numpy.ndarray
        Shape (numCopies,): of these positions, in kJ/mol.
    converged : numpy.ndarray
        Shape (numCopies,) of bool: whether the gradient met the criterion of RDKit's minimiser.

    Raises
    ------
    ValueError
        As fieldEnergies(), and for less than 1 step.
    """
    steps = checkInteger("maxIterations", maxIterations, 1, where)
    graph, array = _prepare(where, molecule, positions, field)
    if mixtures.isMixture(graph):
        return _minimizeFragments(graph, array, field, steps, where)
    if len(held) > 0:
        whole = _makeUFF(where, graph, array[:0]) if field == "UFF" else _makeMol(where, graph, array[:0])
        if field != "UFF":
            _makeMMFF(where, graph, field)  # refuses what it has no parameters for
        return _minimizeBlocks(lambda block: _minimizeHeld(whole, block, field, steps, held), array, 1)
    if field == "UFF":
        mol = _makeUFF(where, graph, array[:0])     # every block sets its own copies
        return _minimizeBlocks(lambda block: _minimizeUFF(mol, block, steps), array, 1)
    force = _makeMMFF(where, graph, field)

    def minimize(block: np.ndarray) -> _Minima:
        result = force.minimize(block, steps)
        return result.positions.reshape(block.shape), result.energies, result.converged.astype(bool)

    return _minimizeBlocks(minimize, array, _MAX_LANES)

# SPDX-License-Identifier: MIT
"""Molecules of several fragments, such as salts: one graph, whose fragments are generated one by one and placed apart.
"""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import openmm
from openmm import unit

from openmmorbit.arguments import nextSeed
from openmmorbit import orbit
from openmmorbit.shape.superposition import superpose

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: How far the atoms of a fragment are from those of the next one, at least, nm.
DISTANCE = 0.4
_findings = ("finished", "finite", "bondsCorrect", "anglesCorrect", "planar", "centersInside", "ringsClear",
             "clashFree", "stereoCorrect")


def findFragments(graph: orbit.MolecularGraph) -> list[list[int]]:
    """Get the atoms of every fragment, ascending; fragments in the order of their first atoms."""
    labels = list(range(graph.getNumAtoms()))

    def root(index: int) -> int:
        while labels[index] != index:
            labels[index] = labels[labels[index]]
            index = labels[index]
        return index

    for bond in graph.bonds:
        first, second = sorted((root(bond.atom1), root(bond.atom2)))
        labels[second] = first
    found: dict[int, list[int]] = {}
    for index in range(graph.getNumAtoms()):
        found.setdefault(root(index), []).append(index)
    return list(found.values())


def isMixture(graph: orbit.MolecularGraph) -> bool:
    """Tell whether a graph has several fragments."""
    smiles = graph.smiles
    return graph.getNumBonds() < graph.getNumAtoms() - 1 or "." in smiles or (not smiles and
                                                                              len(findFragments(graph)) > 1)


def takeFragment(graph: orbit.MolecularGraph, atoms: Sequence[int]) -> orbit.MolecularGraph:
    """Get the graph of a fragment, with its atoms in the same order. It has the name of the whole, and no SMILES."""
    place = {index: k for k, index in enumerate(atoms)}
    part = orbit.MolecularGraph(graph)
    part.smiles, part.numAddedHydrogens = "", 0
    everything = list(graph.atoms)
    part.atoms = [everything[index] for index in atoms]
    bonds, tetrahedral, torsional = [], [], []
    for bond in graph.bonds:
        if bond.atom1 in place:
            bond.atom1, bond.atom2 = place[bond.atom1], place[bond.atom2]
            bonds.append(bond)
    for centre in graph.tetrahedral:
        if centre.center in place:
            centre.center = place[centre.center]
            centre.neighbors = [place[atom] if atom >= 0 else -1 for atom in centre.neighbors]
            tetrahedral.append(centre)
    for axis in graph.torsional:
        if axis.atoms[0] in place:
            axis.atoms = [place[atom] for atom in axis.atoms]
            torsional.append(axis)
    part.bonds, part.tetrahedral, part.torsional = bonds, tetrahedral, torsional
    part.rings = [[place[atom] for atom in ring] for ring in graph.rings if ring[0] in place]
    return part


def splitGraph(graph: orbit.MolecularGraph) -> list[tuple[list[int], orbit.MolecularGraph]]:
    """Get atoms and graph of every fragment; of a connected molecule itself."""
    if not isMixture(graph):
        return [(list(range(graph.getNumAtoms())), graph)]
    fragments = findFragments(graph)
    return [(atoms, takeFragment(graph, atoms)) for atoms in fragments]


def largestFragment(graph: orbit.MolecularGraph) -> orbit.MolecularGraph:
    """Get the fragment that fragments="largest" keeps: one with carbon first, then by heavy atoms and mass."""
    from openmm import app

    def rank(entry: tuple[list[int], orbit.MolecularGraph]) -> tuple[bool, int, float]:
        atoms = list(entry[1].atoms)
        return (any(atom.element == 6 for atom in atoms), sum(atom.element > 1 for atom in atoms),
                sum(atom.isotope or app.Element.getByAtomicNumber(atom.element).mass._value for atom in atoms))

    part = max(splitGraph(graph), key=rank)[1]
    if not part.smiles:
        part.smiles = _findSmiles(graph.smiles, part)
    return part


def _findSmiles(whole: str, part: orbit.MolecularGraph) -> str:
    """Find the isomeric SMILES of a fragment in that of the whole; empty if fragments differ in their labels only."""
    from openmmorbit import chem

    def isotopes(graph: orbit.MolecularGraph) -> list[tuple[int, int]]:
        return sorted((atom.element, atom.isotope) for atom in graph.atoms)

    found = set()
    for text in whole.split(".") if whole else ():
        graph = chem.readSmiles(text)
        if chem.flatSmiles(graph) == chem.flatSmiles(part) and isotopes(graph) == isotopes(part):
            found.add(graph.smiles)
    return found.pop() if len(found) == 1 else ""


def checkFragments(graph: orbit.MolecularGraph) -> None:
    """Check each fragment as MolecularGraph.validate() checks a molecule."""
    for _, part in splitGraph(graph):
        part.validate()


def groupAtoms(graph: orbit.MolecularGraph) -> orbit.MolecularGraph:
    """Let hydrogens that a reader appended stand behind their fragment; without such ones atoms keep their order."""
    from openmmorbit.molecules import reorder

    if graph.numAddedHydrogens == 0 or not isMixture(graph):
        return graph
    order = [0] * graph.getNumAtoms()
    for new, old in enumerate(index for atoms in findFragments(graph) for index in atoms):
        order[old] = new
    return graph if order == sorted(order) else reorder(graph, order)


def placeApart(parts: Sequence[tuple[Sequence[int], np.ndarray]], references: Sequence[np.ndarray]) -> np.ndarray:
    """Place fragments in a row along x, DISTANCE between the atoms of one and the next.

    Parameters
    ----------
    parts : list of pairs
        Atoms and positions of every fragment, shape (numAtoms, 3), in nm.
    references : list of numpy.ndarray
        Positions that each fragment is turned on, so that equal conformers lie alike.

    Returns
    -------
    numpy.ndarray
        Shape (total number of atoms, 3), in nm, centred.
    """
    result, end = np.zeros((sum(len(atoms) for atoms, _ in parts), 3)), 0.0
    for number, ((atoms, positions), reference) in enumerate(zip(parts, references)):
        rotation, origin, _ = superpose(positions, reference)
        turned = (positions - origin) @ rotation.T
        turned[:, 0] += end + (DISTANCE if number > 0 else 0.0) - turned[:, 0].min()
        end = turned[:, 0].max()
        result[list(atoms)] = turned
    return result - result.mean(axis=0)


def _seedOf(seed: int, fragment: int) -> int:
    """Get the seed of a fragment: equal ones must not get equal noise."""
    return seed if fragment == 0 else nextSeed(seed, 1000003 * fragment)


def _joinStatus(entries: Sequence[orbit.ConformerStatus]) -> orbit.ConformerStatus:
    result = orbit.ConformerStatus()
    for name in _findings:
        setattr(result, name, all(getattr(entry, name) for entry in entries))
    result.maxDeviation = max(entry.maxDeviation for entry in entries)
    result.message = "; ".join(entry.message for entry in entries if entry.message)
    return result


def _joinProvenance(entries: Sequence[orbit.ConformerProvenance], seed: int, record: int,
                    copy: int) -> orbit.ConformerProvenance:
    """Get the provenance of the fragment that was hardest to make, with the sums of all."""
    from openmmorbit.provenance import findOrigin

    result = orbit.ConformerProvenance(max(entries, key=lambda entry: (findOrigin(entry) != "model",
                                                                       entry.numEvaluations)))
    result.seed, result.record, result.copy = seed, record, copy
    for name in ("numResamplings", "numEvaluations", "wallSeconds"):
        setattr(result, name, sum(getattr(entry, name) for entry in entries))
    return result


def generateApart(generate: Callable[[orbit.MolecularGraph, int], orbit.Ensemble], graph: orbit.MolecularGraph,
                  number: int, seed: int, record: int) -> orbit.Ensemble:
    """Generate conformers of a molecule of several fragments.

    Parameters
    ----------
    generate : callable
        Called with the graph of a fragment of at least two atoms, and its seed.
    graph : openmmorbit.orbit.MolecularGraph
    number : int
        How many conformers.
    seed, record : int
        Of the whole.

    Returns
    -------
    openmmorbit.orbit.Ensemble
        As many conformers as the fragment with the fewest has. Its message says why there are fewer than asked for.

    Raises
    ------
    ValueError, openmm.OpenMMException
        If there is no conformer of a fragment, which the message names.
    """
    fragments = splitGraph(graph)
    made: list[Any] = []
    for index, (atoms, part) in enumerate(fragments):
        if len(atoms) == 1:
            made.append(None)  # an ion has one conformer
            continue
        try:
            made.append(generate(part, _seedOf(seed, index)))
        except (ValueError, openmm.OpenMMException) as error:
            raise type(error)(f"fragment {index + 1} of {graph.getLabel()}, {part.getFormula()}: {error}") from error
    cores = [core for core in made if core is not None]
    result = orbit.Ensemble(graph)
    counts = [number, *(core.getNumConformers() for core in cores)]
    positions = [np.zeros((number, 1, 3)) if core is None else core.getPositionArray().reshape(-1, len(atoms), 3)
                 for core, (atoms, _) in zip(made, fragments)]
    for copy in range(min(counts)):
        parts = [(atoms, x[copy]) for x, (atoms, _) in zip(positions, fragments)]
        status = _joinStatus([core.getStatus(copy) for core in cores] or [orbit.ConformerStatus()])
        provenance = _joinProvenance([core.getProvenance(copy) for core in cores] or [orbit.ConformerProvenance()],
                                     seed, record, copy)
        result.addConformer(unit.Quantity(placeApart(parts, [x[0] for x in positions]), unit.nanometer), status,
                            provenance)
    if min(counts) < number:
        fewest = min(cores, key=lambda core: core.getNumConformers())
        result.setMessage(fewest.getMessage())
        for index in range(min(fewest.getNumFailures(), number - min(counts))):
            result.addFailure(fewest.getFailure(index))
    return result

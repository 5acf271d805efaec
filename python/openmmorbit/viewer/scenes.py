# SPDX-License-Identifier: MIT
"""What the gallery shows of a molecule or a system: atoms, bonds, copies that lie over one another, ribbons, values."""
from __future__ import annotations

import base64
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from openmm import unit

from openmmorbit import orbit
from openmmorbit.arguments import KJ_PER_KCAL
from openmmorbit.evaluation.traces import Trace, secondaryStructure
from openmmorbit.io.conversions import lacksOrders
from openmmorbit.shape.superposition import superpose
from openmmorbit.io.picture import rigidCore
from openmmorbit.selections import isAlpha
from openmmorbit.shape.rmsd import SymmetricRmsd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmm import app

    from openmmorbit.ensemble import Ensemble

WATERS = {"HOH", "WAT", "H2O", "TIP3", "TIP4", "TP3", "TP4", "SPC", "SOL", "DOD"}
#: A bond is at most so many sums of covalent radii long.
_longestBond = 1.25
#: Atoms whose neighbours are looked for together.
_block = 500
#: Heavy atoms of molecules whose copies are compared; for larger ones this may take seconds.
_mostCompared = 60
#: Neighbouring CA that are farther apart have a gap between them, Angstrom.
_break = 4.6


class Quantity(NamedTuple):
    """A number for each copy, with its name and unit."""

    name: str
    unit: str
    values: Sequence[float | None]


@dataclass
class Scene:
    """A molecule or system with its copies, before it is written into a page.

    Attributes
    ----------
    name, formula, smiles : str
        As the page shows them; formula and smiles may be empty.
    elements : list of int
        Atomic numbers; 0 for beads without element.
    bonds : list of tuple
        (atom, atom, order): 1 to 3 for single to triple bonds, 4 aromatic, 5 dative.
    positions : numpy.ndarray
        Shape (numCopies, numAtoms, 3), Angstrom, superposed.
    atoms : list of str
        Names that the page shows at the pointer.
    values : list of Quantity
    labels : list of str, optional
        A word for each copy.
    facts : list of tuple
        (name, text), shown with the molecule.
    alphas, starts : list of int
        Atoms of the ribbon, and which of these begin a chain or follow a gap.
    polymer : str
        For each atom "1" if the ribbon stands for it, "0" if not; empty without ribbons.
    total : int
        How many copies there were; positions may be a part of them.
    indices : numpy.ndarray, optional
        Which these are.
    """

    name: str
    elements: list[int]
    bonds: list[tuple[int, int, int]]
    positions: np.ndarray
    atoms: list[str]
    formula: str = ""
    smiles: str = ""
    values: list[Quantity] = field(default_factory=list)
    labels: list[str] | None = None
    facts: list[tuple[str, str]] = field(default_factory=list)
    alphas: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    polymer: str = ""
    total: int = 0
    indices: np.ndarray | None = None

    def toDict(self) -> dict[str, Any]:
        """Get what the scripts of the page read: positions in 16 bits, to a 30,000th of the size of the molecule."""
        positions = np.asarray(self.positions, float)
        scale = max(float(np.abs(positions).max(initial=0.0)), 1e-3) / 32767
        packed = base64.b64encode(np.rint(positions / scale).astype("<i2").tobytes()).decode("ascii")
        scene: dict[str, Any] = {
            "name": self.name, "formula": self.formula, "smiles": self.smiles, "copies": len(positions),
            "total": max(self.total, len(positions)), "kind": "protein" if self.alphas else "molecule",
            "elements": self.elements, "bonds": [number for bond in self.bonds for number in bond],
            "positions": packed, "scale": scale, "atoms": self.atoms, "labels": self.labels, "facts": self.facts,
            "values": [{"name": name, "unit": unitName, "values": list(values)}
                       for name, unitName, values in self.values]}
        if 0 in self.elements:
            scene["beadSize"] = round(self._beadSize(), 3)
        if self.alphas:
            scene["polymer"] = self.polymer
            scene["ribbon"] = {"atoms": self.alphas, "starts": self.starts, "structure": self.structures(positions)}
        return scene

    def structures(self, positions: np.ndarray) -> list[str]:
        """Get the secondary structure of each copy, H, E or C for every residue of its ribbons."""
        chains = np.repeat(np.arange(len(self.starts)), np.diff([*self.starts, len(self.alphas)]))
        numbers = np.arange(len(self.alphas))
        return [secondaryStructure(Trace(copy[self.alphas], chains, numbers)) for copy in positions]

    def _beadSize(self) -> float:
        """Get how large beads are, 1 for the size of an atom: from the lengths of their bonds."""
        if not self.bonds:
            return 1.0
        first, second = np.array([bond[:2] for bond in self.bonds]).T
        lengths = np.linalg.norm(self.positions[0][first] - self.positions[0][second], axis=1)
        return float(np.clip(np.median(lengths) / 2.6, 0.5, 4.0))


def layOver(positions: np.ndarray, atoms: Sequence[int]) -> np.ndarray:
    """Superpose copies on some atoms of the first one, and turn all so that it is seen from its broad side.

    Parameters
    ----------
    positions : numpy.ndarray
        Shape (numCopies, numAtoms, 3).
    atoms : sequence of int
        On which they are superposed.

    Returns
    -------
    numpy.ndarray
        The same shape; the centre of the first copy is at the origin. Mirror images stay what they are.
    """
    chosen, laid = list(atoms), np.empty_like(positions)
    for index, copy in enumerate(positions):
        rotation, origin, target = superpose(copy[chosen], positions[0][chosen])
        laid[index] = (copy - origin) @ rotation.T + target
    laid -= positions[0].mean(axis=0)
    axes = np.linalg.svd(laid[0], full_matrices=False)[2] if positions.shape[1] > 2 else np.eye(3)
    if len(axes) == 3:
        axes[2] *= np.sign(np.linalg.det(axes)) or 1.0
        laid = laid @ axes.T
    return laid


def evenly(number: int, most: int) -> np.ndarray:
    """Get which of so many copies are shown if there are too many: the first, the last, and some between them."""
    return np.arange(number) if number <= most else np.unique(np.rint(np.linspace(0, number - 1, most)).astype(int))


def evenlyFinite(positions: np.ndarray, most: int, label: str) -> np.ndarray:
    """Get which copies are shown, see evenly(); those with positions that are not finite are not.

    Raises
    ------
    ValueError
        Naming the label, if none is finite.
    """
    finite = np.flatnonzero(np.isfinite(positions).all(axis=(1, 2)))
    if len(finite) == 0:
        raise ValueError(f"view: expected at least one copy of {label} with finite positions, got none")
    return finite[evenly(len(finite), most)]


def hill(elements: Sequence[int]) -> str:
    """Get a formula in Hill's order."""
    counts = Counter(orbit._symbol(element) for element in elements if element > 0)
    first = [symbol for symbol in ("C", "H") if symbol in counts] if "C" in counts else []
    ordered = [*first, *sorted(symbol for symbol in counts if symbol not in first)]
    return "".join(symbol + (str(counts[symbol]) if counts[symbol] > 1 else "") for symbol in ordered)


def fromGraph(graph: orbit.MolecularGraph, positions: np.ndarray, name: str = "") -> Scene:
    """Make the scene of copies of a molecule.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph
    positions : numpy.ndarray
        Shape (numCopies, numAtoms, 3), Angstrom.
    name : str
        Default: that of the molecule, or its formula.
    """
    elements = [atom.element for atom in graph.atoms]
    formula = graph.getFormula()
    scene = Scene(name or graph.name or graph.smiles or formula, elements,
                 [(bond.atom1, bond.atom2, int(bond.order) or 1) for bond in graph.bonds],
                 layOver(positions, rigidCore(graph)), [atom.name or f"atom {k}" for k, atom in enumerate(graph.atoms)],
                 formula, graph.smiles, facts=[("SMILES", graph.smiles)] if graph.smiles else [], total=len(positions))
    heavy = [k for k, element in enumerate(elements) if element > 1]
    if len(positions) > 1 and 2 < len(heavy) <= _mostCompared and np.isfinite(positions).all():
        metric = SymmetricRmsd(graph, np.array(heavy))
        nm = positions / 10
        scene.values.append(Quantity("RMSD from the first", "Å", [
            round(10 * float(value), 3) for value in metric.matrix(metric.center(nm), metric.center(nm[:1]))[:, 0]]))
    return scene


def _orderOf(bond: Any) -> int:
    order = getattr(bond, "order", None)
    name = type(bond.type).__name__ if getattr(bond, "type", None) is not None else ""
    return 4 if name == "Aromatic" else int(order) if order in (1, 2, 3) else 1


def nearBonds(atoms: Sequence[int], elements: Any, positions: np.ndarray) -> list[tuple[int, int, int]]:
    """Get the bonds that distances and covalent radii tell, for atoms whose file tells none.

    Parameters
    ----------
    atoms : sequence of int
    elements : sequence or dict of int
        Atomic number of each atom.
    positions : numpy.ndarray
        Shape (numAtoms, 3), Angstrom.
    """
    radii = np.array([orbit.getCovalentRadius(elements[atom]) for atom in atoms])
    places = positions[list(atoms)]
    order = np.argsort(places[:, 0], kind="stable")
    line, found = places[order, 0], []
    # In order along x, few atoms are near enough to each block: a box of water has too many pairs to look at all.
    ends = np.searchsorted(line, line + 2 * _longestBond * radii.max(initial=0.0), "right")
    for begin in range(0, len(order), _block):
        some, others = order[begin:begin + _block], order[begin:ends[min(begin + _block, len(order)) - 1]]
        apart = np.linalg.norm(places[some][:, None] - places[others][None], axis=-1)
        near = np.triu(apart < _longestBond * (radii[some][:, None] + radii[others][None]), 1)
        found += [tuple(sorted((int(some[i]), int(others[j])))) for i, j in zip(*np.nonzero(near))]
    return [(atoms[i], atoms[j], 1) for i, j in sorted(found)]


def _findBonds(topology: app.Topology, positions: np.ndarray) -> list[tuple[int, int, int]]:
    bonds = [(bond[0].index, bond[1].index, _orderOf(bond)) for bond in topology.bonds()]
    bonded = {atom for bond in bonds for atom in bond[:2]}
    for residue in topology.residues():
        atoms = list(residue.atoms())
        if len(atoms) > 1 and not any(atom.index in bonded for atom in atoms) and \
                all(atom.element is not None for atom in atoms):
            numbers = {atom.index: atom.element.atomic_number for atom in atoms}
            bonds += nearBonds(list(numbers), numbers, positions)
    return bonds


def _findRibbon(topology: app.Topology, positions: np.ndarray) -> tuple[list[int], list[int], str]:
    """Get the atoms of ribbons, where chains begin, and for each atom whether a ribbon stands for it."""
    alphas: list[int] = []
    starts: list[int] = []
    polymer = np.zeros(topology.getNumAtoms(), bool)
    for chain in topology.chains():
        before = None
        for residue in chain.residues():
            atoms = list(residue.atoms())
            alpha = next((atom for atom in atoms if isAlpha(atom)), None)
            if alpha is None or not (len(atoms) == 1 or {"N", "C"} <= {atom.name for atom in atoms}):
                continue
            if before is None or np.linalg.norm(positions[alpha.index] - positions[before]) > _break:
                starts.append(len(alphas))
            alphas.append(alpha.index)
            polymer[[atom.index for atom in atoms]] = True
            before = alpha.index
    if len(alphas) < 4:
        return [], [], ""
    return alphas, starts, "".join("1" if inside else "0" for inside in polymer)


def _atomName(atom: app.topology.Atom) -> str:
    residue = atom.residue
    return atom.name if residue.name in ("UNL", "UNK") else f"{residue.name} {residue.id} {atom.name}"


def fromTopology(topology: app.Topology, positions: np.ndarray, name: str) -> Scene:
    """Make the scene of copies of a system; ribbons stand for proteins.

    Parameters
    ----------
    topology : openmm.app.Topology
    positions : numpy.ndarray
        Shape (numCopies, numAtoms, 3), Angstrom.
    name : str
    """
    atoms = list(topology.atoms())
    elements = [atom.element.atomic_number if atom.element is not None else 0 for atom in atoms]
    alphas, starts, polymer = _findRibbon(topology, positions[0])
    heavy = [k for k, element in enumerate(elements) if element != 1] or list(range(len(elements)))
    laid = layOver(positions, alphas or heavy)
    scene = Scene(name, elements, _findBonds(topology, positions[0]), laid, [_atomName(atom) for atom in atoms],
                  hill(elements), alphas=alphas, starts=starts, polymer=polymer, total=len(positions))
    if alphas:
        structure = scene.structures(positions[:1])[0]
        scene.facts.append(("helix, strand", " %, ".join(f"{100 * structure.count(letter) / len(structure):.0f}"
                                                         for letter in "HE") + " %"))
    if len(positions) > 1:
        some = alphas or heavy
        apart = np.sqrt(((laid[:, some] - laid[:1, some]) ** 2).sum(axis=-1).mean(axis=1))
        scene.values.append(Quantity(f"RMSD from the first, {'CA' if alphas else 'heavy atoms'}", "Å",
                                     [round(float(value), 3) for value in apart]))
    return scene


def withoutWater(topology: app.Topology) -> list[int]:
    """Get the atoms that are not those of water."""
    return [atom.index for atom in topology.atoms() if atom.residue.name not in WATERS]


def fromEnsemble(ensemble: Ensemble, most: int, name: str = "") -> Scene:
    """Make the scene of an ensemble: of a molecule, of states of a system, or of a backbone.

    Parameters
    ----------
    ensemble : openmmorbit.Ensemble
    most : int
        If it has more copies, some of them, evenly spaced.
    name : str
        Default: that of the molecule.

    Raises
    ------
    ValueError
        For an ensemble without copies.
    """
    if len(ensemble) == 0:
        raise ValueError(f"view: expected at least one conformer of {ensemble.graph.getLabel()}, got none")
    positions = ensemble.positions.value_in_unit(unit.angstrom)
    chosen = evenlyFinite(positions, most, ensemble.graph.getLabel())
    positions = positions[chosen]
    graph = ensemble.graph
    if lacksOrders(graph) or ensemble.topology.getNumResidues() > 1:
        scene = fromTopology(ensemble.topology, positions, name or ensemble.name or "states")
        scene.smiles = graph.smiles
    else:
        scene = fromGraph(graph, positions, name)
    scene.total, scene.indices = len(ensemble), chosen
    if ensemble._energies is not None:
        energies = (ensemble._energies.values[chosen] - ensemble._energies.values.min()) / KJ_PER_KCAL
        scene.values.insert(0, Quantity(f"{ensemble._energies.field} energy above the lowest", "kcal/mol",
                                        [round(float(value), 4) for value in energies]))
    status = ensemble.status
    deviations = [status[k].maxDeviation for k in chosen]
    if len(chosen) > 1 and any(value > 0 for value in deviations):
        scene.values.append(Quantity("largest deviation", "σ", [round(float(value), 3) for value in deviations]))
    return scene

# SPDX-License-Identifier: MIT
"""A generated state in the place of the solute of a box: water makes room, ions and charges stay."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.arguments import checkChoice, fromMask
from openmmorbit.shape.superposition import superpose
from openmmorbit.simulation.periodic import NeighborGrid, findMolecules, makeWhole, nearestImage
from openmmorbit.simulation.residues import isIon, isWater
from openmmorbit.simulation.solventroom import checkCharges, computeSites, findRoom
from openmmorbit.simulation.states import nameAtom, readStates, requireFinite, toNumber
from openmmorbit.simulation.survival import findCentres, signedVolumes
from openmmorbit.simulation.systems import readBox, refuseDrude

if TYPE_CHECKING:
    from collections.abc import Sequence

    import openmm
    from openmm import app

    from openmmorbit.simulation.states import States

_where = "placeInSolvent"
OVERLAPS = ("move", "remove")


@dataclass
class SolvatedState:
    """A box with another state of its solute; made by placeInSolvent()."""

    topology: app.Topology
    """The box: the Topology that was given, or a new one without the waters that were removed."""
    _positions: np.ndarray
    _box: np.ndarray
    movedResidues: list[app.topology.Residue]
    """Waters and ions that were in the way and stand elsewhere now; residues of the Topology that was given."""
    removedResidues: list[app.topology.Residue]
    """Waters that were removed; residues of the Topology that was given."""

    @property
    def positions(self) -> unit.Quantity:
        """Positions of shape (numAtoms, 3), in nm, in the order of ``topology``."""
        return unit.Quantity(self._positions, unit.nanometer)

    @property
    def boxVectors(self) -> unit.Quantity:
        """The box vectors, as they were: shape (3, 3), in nm."""
        return unit.Quantity(self._box, unit.nanometer)

    @property
    def modeller(self) -> app.Modeller:
        """The box as an openmm.app.Modeller."""
        from openmm import app

        return app.Modeller(self.topology, self.positions)

    def __repr__(self) -> str:
        return (f"<SolvatedState: {self.topology.getNumAtoms()} atoms, {len(self.movedResidues)} residues moved, "
                f"{len(self.removedResidues)} removed>")


def _findSolute(topology: app.Topology, solute: Any) -> np.ndarray:
    """Get the atoms of the solute: listed, by residue names, or all that are neither water nor ions."""
    residues = list(topology.residues())
    if solute is None:
        chosen = [atom.index for residue in residues if not (isWater(residue) or isIon(residue))
                  for atom in residue.atoms()]
        if not chosen:
            raise ValueError(f"{_where}: expected a box with a solute, got water and ions alone; name it by solute=")
        return np.array(chosen)
    entries = [solute] if isinstance(solute, str) else list(solute)
    if entries and all(isinstance(entry, str) for entry in entries):
        present = {residue.name for residue in residues}
        missing = [name for name in entries if name not in present]
        if missing:
            raise ValueError(f"{_where}: expected the residue names of the solute, got '{missing[0]}', which no "
                             "residue has")
        return np.array([atom.index for residue in residues if residue.name in entries for atom in residue.atoms()])
    chosen = sorted({int(getattr(entry, "index", entry))
                     for entry in fromMask("solute", entries, topology.getNumAtoms(), _where)})
    if not chosen or chosen[0] < 0 or chosen[-1] >= topology.getNumAtoms():
        raise ValueError(f"{_where}: expected atoms of the solute from 0 to {topology.getNumAtoms() - 1}, got "
                         f"{chosen or 'none'}")
    return np.array(chosen)


def _describe(topology: app.Topology, atoms: np.ndarray) -> str:
    """Get the residues of some atoms in words, e.g. "ACE ALA NME (22 atoms)"."""
    chosen, names = set(atoms.tolist()), []
    for residue in topology.residues():
        if any(atom.index in chosen for atom in residue.atoms()):
            names.append(residue.name)
    more = f" and {len(names) - 6} more" if len(names) > 6 else ""
    return f"{' '.join(names[:6])}{more} ({len(atoms)} atoms)"


def _checkSameMolecule(states: States, topology: app.Topology, solute: np.ndarray) -> None:
    """Refuse a state of another molecule than the box's solute, by elements and bonds."""
    found = _describe(topology, solute)
    own = "" if states.topology is None else f" {_describe(states.topology, np.arange(states.numAtoms))}"
    if states.numAtoms != len(solute):
        raise ValueError(f"{_where}: expected the state's molecule{own} of {states.numAtoms} atoms as the solute of "
                         f"the box, got {found}; name the atoms to replace by solute=")
    place = {int(atom): index for index, atom in enumerate(solute)}
    crossing = [(a, b) for a, b in topology.bonds() if (a.index in place) != (b.index in place)]
    if crossing:
        first, second = (nameAtom(topology, atom.index) for atom in crossing[0])
        raise ValueError(f"{_where}: expected a solute without bonds to other atoms, got {first} bonded to {second}; "
                         "name all atoms of the molecule by solute=")
    if states.topology is None:
        return
    boxAtoms, atoms = list(topology.atoms()), list(states.topology.atoms())
    for index, atom in enumerate(atoms):
        other = boxAtoms[solute[index]]
        if atom.element is not other.element:
            raise ValueError(f"{_where}: expected the state's molecule{own} in the same order of atoms, got {found}: "
                             f"{nameAtom(states.topology, index)} of the state is {_symbol(atom)}, and "
                             f"{nameAtom(topology, other.index)} of the box is {_symbol(other)}")
    wanted = {frozenset((a.index, b.index)) for a, b in states.topology.bonds()}
    present = {frozenset((place[a.index], place[b.index])) for a, b in topology.bonds()
               if a.index in place and b.index in place}
    for bond in sorted(wanted ^ present, key=sorted):
        first, second = (nameAtom(states.topology, index) for index in sorted(bond))
        which = ("the state", "the box") if bond in wanted else ("the box", "the state")
        raise ValueError(f"{_where}: expected the state's molecule{own}, got {found}: {first} and {second} are bonded "
                         f"in {which[0]} and not in {which[1]}")


def _checkSameHand(state: np.ndarray, old: np.ndarray, topology: app.Topology | None) -> None:
    """Refuse a state of another stereoisomer than the box's solute."""
    if topology is None:
        return
    centres = findCentres(topology)
    volumes = signedVolumes(state, centres), signedVolumes(old, centres)
    for centre in centres[volumes[0] * volumes[1] < 0, 0]:
        raise ValueError(f"{_where}: expected the stereoisomer of the box's solute, got a state in which "
                         f"{nameAtom(topology, int(centre))} has the other hand; make the box with this isomer")


def _symbol(atom: app.topology.Atom) -> str:
    return "a particle without element" if atom.element is None else atom.element.symbol


def _alignState(state: np.ndarray, old: np.ndarray, topology: app.Topology, solute: np.ndarray,
                alignOn: Sequence[int] | None) -> np.ndarray:
    """Rotate and translate the state so that its heavy atoms, or those that are named, lie best on the old ones."""
    atoms = list(topology.atoms())
    heavy = [k for k, atom in enumerate(solute) if atoms[atom].element is not None
             and atoms[atom].element.atomic_number > 1]
    chosen = np.array(heavy or range(len(solute)) if alignOn is None else
                      [int(k) for k in fromMask("alignOn", alignOn, len(solute), _where)], int)
    if len(chosen) == 0 or chosen.min() < 0 or chosen.max() >= len(solute):
        raise ValueError(f"{_where}: expected alignOn of atoms of the state, 0 to {len(solute) - 1}, got {alignOn}")
    rotation, origin, target = superpose(state[chosen], old[chosen])
    return (state - origin) @ rotation.T + target


def _wholeSolute(positions: np.ndarray, topology: app.Topology, solute: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Get the positions with molecules whole, and those of the solute together."""
    molecules, levels = findMolecules(topology)
    whole, chosen = makeWhole(positions, levels, box), set(solute.tolist())
    parts = [members for members in molecules if members[0] in chosen]
    anchor = whole[parts[0]].mean(axis=0)
    for members in parts[1:]:
        center = whole[members].mean(axis=0)
        whole[members] += anchor + nearestImage(center - anchor, box) - center
    return whole


def _checkOwnImages(new: np.ndarray, box: np.ndarray, distance: float) -> None:
    """Refuse a state that would meet its own image in the next box."""
    shifts = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    for shift in shifts[(shifts != 0).any(axis=1)] @ box:
        low, high = new.min(axis=0) - distance, new.max(axis=0) + distance
        image = new + shift
        image = image[((image >= low) & (image <= high)).all(axis=1)]
        if len(image) > 0 and NeighborGrid(new, None, distance).clearance(image).min() < distance:
            size = np.ptp(new, axis=0).max()
            raise ValueError(f"{_where}: expected a state that fits into the box of {np.diag(box).round(3).tolist()} "
                             f"nm, got one of {size:.3f} nm that meets its own image; make a larger box")


def _findOverlaps(positions: np.ndarray, topology: app.Topology, solute: np.ndarray, box: np.ndarray,
                  distance: float) -> list[app.topology.Residue]:
    """Get the waters and ions that are too close to the solute; anything else that is, is refused."""
    chosen, found = set(solute.tolist()), []
    sites = np.array([atom.element is None for atom in topology.atoms()])
    hydrogens = np.array([getattr(atom.element, "symbol", "") == "H" for atom in topology.atoms()])
    grid = NeighborGrid(positions[solute], box, distance)
    points, atoms, distances = grid.pairs(positions)
    # Hydrogens may come closer, as in a hydrogen bond; virtual sites lie within their waters.
    scale = np.where(hydrogens[points] | hydrogens[solute[atoms]], 0.7, 1.0)
    close = (distances < distance * scale) & ~sites[points] & ~sites[solute[atoms]]
    nearest: dict[int, float] = {}
    for point, gap in zip(points[close].tolist(), distances[close].tolist()):
        nearest[point] = min(nearest.get(point, np.inf), gap)
    for residue in topology.residues():
        gaps = [nearest[atom.index] for atom in residue.atoms() if atom.index in nearest and atom.index not in chosen]
        if not gaps:
            continue
        if not (isWater(residue) or isIon(residue)):
            raise ValueError(f"{_where}: expected only water and ions in the way of the state, got {residue.name} "
                             f"{residue.id} at {min(gaps):.3f} nm; choose another state, or align it on other atoms")
        found.append(residue)
    return found


def placeInSolvent(state: Any, topology: app.Topology, positions: Any, *, solute: Any = None, overlap: str = "move",
                   system: openmm.System | None = None, stateTopology: app.Topology | None = None,
                   alignOn: Sequence[int] | None = None, distance: unit.Quantity | float = 0.23,
                   boxVectors: Any = None) -> SolvatedState:
    """Replace the solute of an existing box by a generated state.

    The state is laid on the old solute by superposition. Water and ions that are then closer than ``distance`` to it
    stand elsewhere afterwards, or the waters are removed. Ions are always kept, and so are the box and its charge.
    The result is a start for relax(), not an equilibrated box.

    Parameters
    ----------
    state : Conformer, Ensemble of one conformer, Quantity or array_like
        Positions of shape (numAtoms, 3), in nm if they carry no unit, in the order of the solute's atoms.
    topology : openmm.app.Topology
        The box.
    positions : Quantity or array_like
        Shape (number of the box's atoms, 3), in nm if they carry no unit. Molecules may be cut by the boundary.
    solute : sequence of int, str or sequence of str, optional
        The atoms to replace, also as a mask, or the names of their residues. Default: all that is neither water nor a
        single atom.
    overlap : str
        "move": waters in the way go to the largest gaps, most of which the old solute left; the box keeps its atoms, so
        that its System and Context remain valid. "remove": they are removed; make a System of the new Topology.
    system : openmm.System, optional
        The System of the box: virtual sites (TIP4P) are computed by it, and charges checked. Without it, the sites of
        water are moved with the water.
    stateTopology : openmm.app.Topology, optional
        What the state's atoms are; a Conformer knows it. Then elements and bonds are compared with the box's solute.
    alignOn : sequence of int, optional
        Atoms of the state to superpose, indices or a mask. Default: heavy atoms.
    distance : Quantity or float
        In nm if it carries no unit; 0.7 times it for hydrogens.
    boxVectors : Quantity or array_like, optional
        Shape (3, 3), in nm if it carries no unit. Default: those of the Topology.

    Returns
    -------
    SolvatedState
        ``topology``, ``positions``, ``boxVectors``, ``modeller``, and which residues were moved or removed.

    Raises
    ------
    ValueError
        If the solute is another molecule or stereoisomer, another molecule than water or ions is in the way, the state
        meets its own image, there is no box, or a water that would be removed is charged.

    Examples
    --------
    >>> placed = openmmorbit.placeInSolvent(ensemble[0], box.topology, box.positions, system=system)  # doctest: +SKIP
    >>> relaxation = openmmorbit.relax(placed.positions, system, topology=placed.topology)  # doctest: +SKIP
    """
    states = readStates(_where, state, stateTopology)
    requireFinite(_where, states)
    if len(states.positions) != 1:
        raise ValueError(f"{_where}: expected one state, got {len(states.positions)}; call it for each of them")
    gap = toNumber(_where, "a distance", distance, unit.nanometer)
    if not 0 < gap < 1:
        raise ValueError(f"{_where}: expected a distance above 0 and below 1 nm, got {distance}")
    checkChoice("overlap", overlap, OVERLAPS, _where)
    boxStates = readStates(_where, positions, topology)
    requireFinite(_where, boxStates)
    given = topology.getPeriodicBoxVectors() if boxVectors is None else boxVectors
    if given is None:
        raise ValueError(f"{_where}: expected a Topology with periodic box vectors, got none; give boxVectors=")
    box, chosen = readBox(_where, given), _findSolute(topology, solute)
    _checkSameMolecule(states, topology, chosen)
    if system is not None:
        refuseDrude(_where, system)
    if system is not None and system.getNumParticles() != topology.getNumAtoms():
        raise ValueError(f"{_where}: expected the System of the box's {topology.getNumAtoms()} atoms, got one of "
                         f"{system.getNumParticles()} particles")
    whole = _wholeSolute(boxStates.positions[0], topology, chosen, box)
    old = whole[chosen]
    _checkSameHand(states.positions[0], old, states.topology)
    whole[chosen] = _alignState(states.positions[0], old, topology, chosen, alignOn)
    _checkOwnImages(whole[chosen], box, gap)
    inTheWay = _findOverlaps(whole, topology, chosen, box, gap)
    removed = [residue for residue in inTheWay if isWater(residue)] if overlap == "remove" else []
    moved = [residue for residue in inTheWay if residue not in removed]
    checkCharges(_where, removed, system)
    findRoom(_where, whole, topology, moved, removed, old, box)
    whole = computeSites(_where, whole, topology, chosen, system)
    return _finish(topology, whole, box, moved, removed)


def _finish(topology: app.Topology, positions: np.ndarray, box: np.ndarray, moved: list[app.topology.Residue],
            removed: list[app.topology.Residue]) -> SolvatedState:
    from openmm import app

    if not removed:
        return SolvatedState(topology, positions, box, moved, removed)
    modeller = app.Modeller(topology, unit.Quantity(positions, unit.nanometer))
    modeller.delete(removed)
    modeller.topology.setPeriodicBoxVectors(unit.Quantity(box, unit.nanometer))
    return SolvatedState(modeller.topology, np.array(modeller.positions.value_in_unit(unit.nanometer)), box, moved,
                         removed)

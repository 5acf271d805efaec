# SPDX-License-Identifier: MIT
"""What a caller may give as states: positions with the Topology that they belong to."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import openmm
from openmm import unit

from openmmorbit import orbit

if TYPE_CHECKING:
    from openmm import app

    from openmmorbit.ensemble import Ensemble


class States(NamedTuple):
    """Positions of one Topology, as plain arrays."""

    positions: np.ndarray
    """Shape (numStates, numAtoms, 3), in nm; numbers that are not finite are possible."""
    topology: app.Topology | None
    """What the atoms are, if it is known."""
    ensemble: Ensemble | None
    """The Ensemble that the states were given as."""

    @property
    def numAtoms(self) -> int:
        """Number of atoms of a state."""
        return self.positions.shape[1]


def toPlain(where: str, name: str, value: Any, target: unit.Unit) -> Any:
    """Get numbers without their unit.

    Parameters
    ----------
    where, name : str
        The function and its argument, for the message.
    value : Quantity or anything
        What has no unit counts as being in the target unit.
    target : openmm.unit.Unit

    Raises
    ------
    ValueError
        For a Quantity of another dimension.
    """
    if not unit.is_quantity(value):
        return value
    if not value.unit.is_compatible(target):
        raise ValueError(f"{where}: expected {name} in {target.get_name()}, got {value.unit.get_name()}")
    return value.value_in_unit(target)


def toNumber(where: str, name: str, value: Any, target: unit.Unit) -> float:
    """Get a number without its unit.

    Raises
    ------
    TypeError
        If it is no number.
    ValueError
        For a Quantity of another dimension.
    """
    plain = toPlain(where, name, value, target)
    try:
        return float(plain)
    except (TypeError, ValueError):
        raise TypeError(f"{where}: expected {name} as a number in {target.get_name()}, or a Quantity, got "
                        f"{value!r}") from None


def toArray(where: str, name: str, value: Any) -> np.ndarray:
    """Get an array of numbers.

    Raises
    ------
    TypeError
        If it has something else.
    """
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"{where}: expected {name} as an array of numbers, got {value!r}") from None


def toKelvin(where: str, temperature: Any) -> float:
    """Get a temperature in kelvin, which is positive and finite."""
    kelvin = toNumber(where, "a temperature", temperature, unit.kelvin)
    if not 0 < kelvin < np.inf:
        raise ValueError(f"{where}: expected a finite temperature above 0 K, got {kelvin:g} K")
    return kelvin


def _frames(where: str, source: Any) -> np.ndarray:
    """Get positions in nm of what has one or more sets of them."""
    if hasattr(source, "getNumFrames"):  # app.PDBFile and app.PDBxFile show the first of their models only
        source = [source.getPositions(asNumpy=True, frame=frame) for frame in range(source.getNumFrames())]
        other = next((k for k, model in enumerate(source) if len(model) != len(source[0])), None)
        if other is not None:
            raise ValueError(f"{where}: expected models of the same atoms, got {len(source[0])} in the first and "
                             f"{len(source[other])} in number {other + 1}")
    elif hasattr(source, "topology") and hasattr(source, "positions"):
        source = source.positions
    if isinstance(source, (str, bytes, os.PathLike)):
        raise TypeError(f"{where}: expected positions, or an object that has them, got {source!r}, a "
                        f"{type(source).__name__}; openmmorbit.readStructures() reads a structure")
    if isinstance(source, openmm.State):
        source = source.getPositions(asNumpy=True)
    if isinstance(source, (list, tuple)):
        source = [entry.getPositions(asNumpy=True) if isinstance(entry, openmm.State) else entry for entry in source]
        source = [toPlain(where, "positions", entry, unit.nanometer) for entry in source]
    try:
        return np.asarray(toPlain(where, "positions", source, unit.nanometer), dtype=float)
    except (TypeError, ValueError) as error:
        if str(error).startswith(where):
            raise
        raise ValueError(f"{where}: expected states as an array of positions (numStates, numAtoms, 3), got "
                         f"{type(source).__name__} ({error}); all states have the same atoms") from error


def readStates(where: str, states: Any, topology: app.Topology | None = None) -> States:
    """Read states in any of their forms.

    Parameters
    ----------
    where : str
        The function, for messages.
    states : Ensemble, Conformer, array_like, Quantity, openmm.State, list of these, or an object with positions and
        topology such as an app.PDBFile, whose models are all states
        In nm if there is no unit.
    topology : openmm.app.Topology, optional
        What the atoms are; an Ensemble knows it.

    Raises
    ------
    ValueError
        For no states, another shape, or another number of atoms than the Topology has.
    """
    from openmmorbit.ensemble import Conformer, Ensemble

    if isinstance(states, Conformer):
        states = states.ensemble[[states.index]]
    ensemble = states if isinstance(states, Ensemble) else None
    if topology is not None and not hasattr(topology, "getNumAtoms"):
        raise TypeError(f"{where}: expected an openmm.app.Topology, got {type(topology).__name__}"
                        f"{'; give its attribute topology' if hasattr(topology, 'topology') else ''}")
    if topology is None:
        topology = getattr(states, "topology", None)
    positions = _frames(where, states)
    if positions.ndim == 2 and positions.shape[1] == 3:
        positions = positions[None]
    if positions.ndim != 3 or positions.shape[2] != 3:
        raise ValueError(f"{where}: expected states of shape (numStates, numAtoms, 3), got {positions.shape}")
    if positions.shape[0] == 0 or positions.shape[1] == 0:
        raise ValueError(f"{where}: expected at least one state of at least one atom, got shape {positions.shape}")
    if topology is not None and topology.getNumAtoms() != positions.shape[1]:
        raise ValueError(f"{where}: expected states of the Topology's {topology.getNumAtoms()} atoms, got states of "
                         f"{positions.shape[1]}")
    return States(np.ascontiguousarray(positions), topology, ensemble)


def requireTopology(where: str, states: States) -> app.Topology:
    """Get the Topology of states, which must be known."""
    if states.topology is None:
        raise ValueError(f"{where}: expected the Topology of the states, got positions alone; give topology=")
    return states.topology


def requireFinite(where: str, states: States) -> None:
    """Refuse states with numbers that are not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(states.positions.sum()):     # four times as fast as a look at every number
            return
    good = np.isfinite(states.positions).all(axis=(1, 2))
    if not good.all():
        bad = np.flatnonzero(~good)
        raise ValueError(f"{where}: expected finite positions, got others in state {bad[0]}"
                         f"{f' and {len(bad) - 1} more' if len(bad) > 1 else ''}; leave those states out, or let "
                         "relax() refuse them")


def nameAtom(topology: app.Topology | None, index: int) -> str:
    """Get words for an atom, e.g. "atom 8 (ALA 2 CA)"."""
    if topology is None:
        return f"atom {index}"
    atom = next(atom for atom in topology.atoms() if atom.index == index)
    return f"atom {index} ({atom.residue.name} {atom.residue.id} {atom.name})"


def makeGraph(topology: app.Topology) -> orbit.MolecularGraph:
    """Make a graph of a Topology's elements and bonds; 0 for what has no element. Nothing is perceived or completed."""
    graph, atoms, bonds = orbit.MolecularGraph(), [], []
    for entry in topology.atoms():
        atom = orbit.GraphAtom()
        atom.element = entry.element.atomic_number if entry.element is not None else 0
        atom.name = f"{entry.residue.name} {entry.residue.id} {entry.name}"
        atoms.append(atom)
    for first, second in topology.bonds():
        bond = orbit.GraphBond()
        bond.atom1, bond.atom2 = first.index, second.index
        bonds.append(bond)
    graph.atoms, graph.bonds, graph.name = atoms, bonds, "the Topology"
    return graph

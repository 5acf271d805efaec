# SPDX-License-Identifier: MIT
"""Choosing few of many states: different ones, or by weight."""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit import orbit
from openmmorbit.arguments import checkChoice, checkInteger
from openmmorbit.io.conversions import lacksOrders
from openmmorbit.simulation.residues import heavySolute, labelResidues
from openmmorbit.simulation.states import (makeGraph, readStates, requireFinite, requireTopology, toArray, toKelvin,
                                           toPlain)

if TYPE_CHECKING:
    import numpy.typing as npt
    from openmm import app

    from openmmorbit.simulation.states import States

METHODS = ("diverse", "weighted")
#: Renumberings of equivalent atoms times heavy atoms that an RMSD may cost.
MAX_COST = 20000


def _label(graph: orbit.MolecularGraph, topology: app.Topology) -> None:
    """Let atoms of different residues be different: as isotopes, which an RMSD tells apart."""
    labels, entries = labelResidues(topology, [(bond.atom1, bond.atom2) for bond in graph.bonds]), graph.atoms
    for atom, label in zip(entries, labels):
        atom.isotope = label
    graph.atoms = entries


def _subgraph(topology: app.Topology, atoms: np.ndarray) -> orbit.MolecularGraph:
    """Make a graph of some atoms and the bonds between them."""
    graph = makeGraph(topology)
    _label(graph, topology)
    place = {int(atom): index for index, atom in enumerate(atoms)}
    entries, bonds = graph.atoms, []
    for bond in graph.bonds:
        if bond.atom1 in place and bond.atom2 in place:
            bond.atom1, bond.atom2 = place[bond.atom1], place[bond.atom2]
            bonds.append(bond)
    graph.atoms, graph.bonds = [entries[int(atom)] for atom in atoms], bonds
    return graph


class _Distances:
    """Symmetric RMSDs of heavy atoms, nm."""

    def __init__(self, where: str, states: States) -> None:
        if states.ensemble is not None and states.topology is states.ensemble.topology:
            self._graph, self._positions = states.ensemble.graph, 10 * states.positions
            if lacksOrders(self._graph) or not self._graph.bonds:
                _label(self._graph, states.topology)
        else:
            topology = requireTopology(where, states)
            atoms = heavySolute(topology)
            self._graph, self._positions = _subgraph(topology, atoms), 10 * states.positions[:, atoms]
        self._maxMappings = int(np.clip(MAX_COST // self._positions.shape[1], 1, 1000))

    def toState(self, index: int) -> np.ndarray:
        """Get the RMSD of every state from one."""
        found = orbit.computeSymmetricRmsd(self._graph, self._positions.ravel(), self._positions[index].ravel(),
                                           self._maxMappings)
        return np.array(found) / 10


def _farthestPoints(distances: _Distances, first: int, number: int) -> np.ndarray:
    chosen, nearest = [first], distances.toState(first)
    while len(chosen) < number:
        nearest[chosen] = -1
        chosen.append(int(np.argmax(nearest)))
        nearest = np.minimum(nearest, distances.toState(chosen[-1]))
    return np.array(chosen)


def _numbers(where: str, name: str, value: Any, count: int) -> np.ndarray:
    array = toArray(where, name, value)
    if array.shape != (count,):
        raise ValueError(f"{where}: expected {name} of shape ({count},), one for each state, got {array.shape}")
    return array


def _normalise(where: str, logWeights: np.ndarray, name: str) -> np.ndarray:
    if np.isnan(logWeights).any() or logWeights.max() == np.inf:
        raise ValueError(f"{where}: expected {name} that are numbers, got one for state "
                         f"{int(np.argmax(np.isnan(logWeights) | (logWeights == np.inf)))} that is not")
    if logWeights.max() == -np.inf:
        raise ValueError(f"{where}: expected {name} that give a state with a weight above 0, got none")
    weights = np.exp(logWeights - logWeights.max())
    return weights / weights.sum()


def _readWeights(where: str, count: int, weights: Any, logWeights: Any, energies: Any, temperature: Any) -> np.ndarray:
    """Get the normalised weight of every state."""
    given = [name for name, value in (("weights", weights), ("logWeights", logWeights), ("energies", energies))
             if value is not None]
    if len(given) != 1:
        raise ValueError(f"{where}: expected one of weights, logWeights and energies with method='weighted', got "
                         f"{' and '.join(given) or 'none'}")
    if logWeights is not None:
        return _normalise(where, _numbers(where, "logWeights", logWeights, count), "logWeights")
    if weights is not None:
        plain = _numbers(where, "weights", weights, count)
        if (plain < 0).any():
            raise ValueError(f"{where}: expected weights of at least 0, got {plain.min():g} for state "
                             f"{int(np.argmin(plain))}; logarithms of weights are logWeights=")
        with np.errstate(divide="ignore"):
            return _normalise(where, np.log(plain), "weights")
    if temperature is None:
        raise ValueError(f"{where}: expected the temperature of the Boltzmann weights of energies, got none; give "
                         "temperature=")
    kT = unit.MOLAR_GAS_CONSTANT_R.value_in_unit(unit.kilojoule_per_mole / unit.kelvin) * toKelvin(where, temperature)
    plain = _numbers(where, "energies", toPlain(where, "energies", energies, unit.kilojoule_per_mole), count)
    return _normalise(where, -plain / kT, "energies")


def resample(weights: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """Draw systematically: each state floor(number * weight) times or once more, in random order."""
    points = (random.random() + np.arange(number)) / number
    sums = np.cumsum(weights)
    chosen = np.searchsorted(sums / sums[-1], points, side="right")
    return random.permutation(np.minimum(chosen, len(weights) - 1))


def chooseStates(states: Any, numReplicas: int, method: str = "diverse", *, weights: npt.ArrayLike | None = None,
                 logWeights: npt.ArrayLike | None = None, energies: unit.Quantity | npt.ArrayLike | None = None,
                 temperature: unit.Quantity | float | None = None, topology: app.Topology | None = None,
                 seed: int = 0) -> np.ndarray:
    """Choose states to start simulations from; get their indices.

    Parameters
    ----------
    states : Ensemble, Quantity or array_like
        As in eachState().
    numReplicas : int
        How many to choose.
    method : str
        "diverse": the first one at random, then always the one that is farthest from those chosen, by the RMSD of the
        solute's heavy atoms after superposition and renumbering of equivalent atoms. "weighted": systematic resampling
        by weight, which repeats states of large weight.
    weights : array_like, optional
        Shape (numStates,), of any sum, for "weighted".
    logWeights : array_like, optional
        Their natural logarithms instead; -inf for a weight of 0.
    energies : Quantity or array_like, optional
        Potential energies instead, whose Boltzmann weights are taken, in kJ/mol if they carry no unit.
    temperature : Quantity or float, optional
        Of the Boltzmann weights, in kelvin if it carries no unit.
    topology : openmm.app.Topology, optional
        What the atoms are, if the states do not know it; needed for "diverse".
    seed : int
        The same seed chooses the same states; 0 chooses a seed.

    Returns
    -------
    numpy.ndarray
        Shape (numReplicas,).

    Raises
    ------
    ValueError
        For more diverse states than there are, or weights that are none.
    """
    where = "startingStates"
    read = readStates(where, states, topology)
    requireFinite(where, read)
    number, count = checkInteger("numReplicas", numReplicas, 1, where), len(read.positions)
    random = np.random.default_rng(checkInteger("seed", seed, 0, where) or None)
    if METHODS[checkChoice("method", method, METHODS, where)] == "weighted":
        normalised = _readWeights(where, count, weights, logWeights, energies, temperature)
        effective = 1 / (normalised ** 2).sum()
        if effective < min(number, count) / 2:
            warnings.warn(f"{where}: {count} states have the effective sample size {effective:.1f}, so that most of "
                          f"{number} replicas start alike", stacklevel=3)
        return resample(normalised, number, random)
    if any(value is not None for value in (weights, logWeights, energies)):
        raise ValueError(f"{where}: expected no weights with method='diverse', got some; use method='weighted'")
    if number > count:
        raise ValueError(f"{where}: expected at most {count} replicas, one a state, got {number}; generate more "
                         "states, or use method='weighted', which repeats some")
    return _farthestPoints(_Distances(where, read), int(random.integers(count)), number)


def startingStates(states: Any, numReplicas: int, method: str = "diverse", **options: Any) -> Any:
    """Choose states to start simulations from.

    Parameters
    ----------
    states, numReplicas, method, **options
        As in chooseStates().

    Returns
    -------
    Ensemble or Quantity
        An Ensemble if one was given, otherwise positions of shape (numReplicas, numAtoms, 3), in nm.

    Examples
    --------
    >>> starts = openmmorbit.startingStates(ensemble, 8, seed=3)  # doctest: +SKIP
    >>> starts = openmmorbit.startingStates(ensemble, 8, "weighted", energies=energies,
    ...                                     temperature=300*unit.kelvin, seed=3)  # doctest: +SKIP
    """
    indices = chooseStates(states, numReplicas, method, **options)
    read = readStates("startingStates", states, options.get("topology"))
    return read.ensemble[indices] if read.ensemble is not None else \
        unit.Quantity(read.positions[indices], unit.nanometer)

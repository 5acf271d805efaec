# SPDX-License-Identifier: MIT
"""What an Ensemble offers to rank its conformers, to tell them apart and to choose among them."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.arguments import checkInteger, fromMask
from openmmorbit.io.conversions import lacksOrders
from openmmorbit.shape.overlaps import bestRotations
from openmmorbit.shape.placed import PlacedRmsd
from openmmorbit.shape.puckers import RingPucker, computePucker
from openmmorbit.shape.rmsd import Frames, SymmetricRmsd, findAtoms
from openmmorbit.shape.torsions import TorsionFingerprints, computeTorsions
from openmmorbit.simulation.energies import KnownEnergies, computeEnergies
from openmmorbit.simulation.residues import labelResidues
from openmmorbit.simulation.states import toNumber

if TYPE_CHECKING:
    from collections.abc import Sequence

    import openmm

    from openmmorbit import orbit
    from openmmorbit.conformer import Conformer
    from openmmorbit.ensemble import Ensemble
    from openmmorbit.simulation.relaxed import Relaxation

#: Conformers closer than this count as one, nm: 0.5 Angstrom, as elsewhere in the field.
DEFAULT_RMSD = 0.05
#: A larger RMSD without a unit is taken for one in Angstrom, and refused.
LARGEST_PLAIN = 0.3


def _signature(graph: orbit.MolecularGraph) -> tuple:
    """Get what two graphs of one molecule in one order of atoms have in common."""
    return ([(atom.element, atom.formalCharge, atom.isotope) for atom in graph.atoms],
            sorted((min(b.atom1, b.atom2), max(b.atom1, b.atom2)) for b in graph.bonds))


def _requireSame(where: str, first: orbit.MolecularGraph, second: orbit.MolecularGraph) -> None:
    if _signature(first) != _signature(second):
        raise ValueError(f"{where}: expected conformers of {first.getLabel()} with the same order of atoms, got "
                         f"{second.getLabel()}")


def _length(where: str, name: str, value: Any) -> float:
    """Get an RMSD in nm; a number without a unit that can only be meant in Angstrom is refused."""
    plain = toNumber(where, name, value, unit.nanometer)
    if not 0 <= plain < np.inf:
        raise ValueError(f"{where}: expected a finite {name} of at least 0, got {value}")
    if plain > LARGEST_PLAIN and not unit.is_quantity(value):
        raise ValueError(f"{where}: expected {name} in nm or with a unit, got {value}, which would be "
                         f"{10 * plain:g} Angstrom; write {value}*unit.angstrom, or {value}*unit.nanometer")
    return plain


def _chooseAtoms(where: str, ensemble: Ensemble, atoms: str | Sequence[int] | None) -> tuple[np.ndarray, bool]:
    """Get the atoms that are superposed, and whether equivalent ones may change places."""
    if atoms is None or isinstance(atoms, str):
        if atoms not in (None, "heavy", "all"):
            raise ValueError(f"{where}: expected atoms as 'heavy', 'all' or indices, got {atoms!r}")
        return findAtoms(ensemble.graph, atoms == "all"), True
    found = np.asarray(atoms)
    if found.ndim == 1 and found.dtype == bool:
        found = np.array(fromMask("atoms", found, ensemble.numAtoms, where), int)
    if found.ndim != 1 or len(found) == 0 or not np.issubdtype(found.dtype, np.integer):
        raise ValueError(f"{where}: expected atoms as 'heavy', 'all' or a list of indices, got {atoms!r}")
    wrong = found[(found < 0) | (found >= ensemble.numAtoms)]
    if len(wrong) > 0 or len(set(found.tolist())) < len(found):
        raise ValueError(f"{where}: expected different indices of atoms from 0 to {ensemble.numAtoms - 1}, got "
                         f"{wrong[0] if len(wrong) > 0 else 'one twice'}")
    return found.astype(int), False


def _makeMetric(ensemble: Ensemble, atoms: np.ndarray, isSymmetric: bool = True,
                kind: type[SymmetricRmsd] = SymmetricRmsd) -> SymmetricRmsd:
    """Get what compares conformers; the residues of a system are all different."""
    graph = ensemble.graph
    labels = labelResidues(ensemble.topology, [(bond.atom1, bond.atom2) for bond in graph.bonds]) \
        if isSymmetric and (lacksOrders(graph) or not graph.bonds) else None
    return kind(graph, atoms, isSymmetric, labels)


def _makeComparison(ensemble: Ensemble, atoms: np.ndarray, isSymmetric: bool = True) -> SymmetricRmsd:
    """Get what tells whether conformers are alike: poses are compared where they stand."""
    return _makeMetric(ensemble, atoms, isSymmetric, PlacedRmsd if ensemble._isPlaced else SymmetricRmsd)


class EnsembleChoices:
    """The part of an Ensemble that ranks, compares and chooses conformers."""

    #: Energies that are carried along, see energies().
    _energies: KnownEnergies | None = None

    def _finite(self: Any, where: str) -> np.ndarray:
        """Get all positions, which must be finite, in nm."""
        positions = self.positions._value
        bad = np.flatnonzero(~np.isfinite(positions).all(axis=(1, 2)))
        if len(bad) > 0:
            raise ValueError(f"{where}: expected finite positions, got others in conformer {bad[0]}"
                             f"{f' and {len(bad) - 1} more' if len(bad) > 1 else ''}; leave those out")
        return positions

    def energies(self: Any, field: Any = None, **options: Any) -> unit.Quantity:
        """Compute the energy of every conformer.

        Parameters
        ----------
        field : str, openmm.System, callable or array_like, optional
            "MMFF94", "MMFF94s" or "UFF", which need RDKit; a System with one particle an atom; a function that gets
            positions, a Quantity of shape (numConformers, numAtoms, 3), and returns energies; or the energies
            themselves. Numbers without a unit are in kJ/mol. Default: the energies that the ensemble carries along
            after sort(), prune() or relax(), else MMFF94.
        **options
            With a System those of openmmorbit.potentialEnergies(): platform, properties and boxVectors.

        Returns
        -------
        Quantity
            Shape (numConformers,), in kJ/mol.

        Raises
        ------
        ValueError
            For an unknown name, a molecule that the force field has no parameters for (the message names the atom),
            or energies of another shape.
        """
        return unit.Quantity(computeEnergies("Ensemble.energies", self, field, **options).values.copy(),
                             unit.kilojoule_per_mole)

    def relax(self: Any, system: openmm.System | str, **options: Any) -> Relaxation:
        """Minimise every conformer with a force field, or start a simulation of it in stages; say which survived.

        Parameters
        ----------
        system : openmm.System or str
            A System with one particle an atom, in the order of the ensemble; or "MMFF94", "MMFF94s" or "UFF", to
            minimise conformers of a molecule.
        **options
            With a System those of openmmorbit.relax(), e.g. temperature, numSteps, platform and seed. With a name
            maxIterations: steps of each minimisation at most, by default 3000.

        Returns
        -------
        Relaxation
            ``ensemble.relax("MMFF94").states`` is an Ensemble of those that survived: whose bonds, hands and double
            bonds are what they were. It carries its energies along, for sort() and prune().
        """
        if not isinstance(system, str):
            from openmmorbit import relaxation

            return relaxation.relax(self, system, **options)
        from openmmorbit.simulation.fieldrelaxation import relaxWithField

        unknown = set(options) - {"maxIterations"}
        if unknown:
            raise TypeError(f"Ensemble.relax: expected no option but maxIterations with {system!r}, got "
                            f"{', '.join(sorted(unknown))}; a System has more")
        return relaxWithField(self, system, **options)

    def _ranked(self: Any, known: KnownEnergies) -> Ensemble:
        order = np.argsort(known.values, kind="stable")
        result = self._pick(order)
        result._energies = known._replace(values=known.values[order])
        return result

    def sort(self: Any, field: Any = None, **options: Any) -> Ensemble:
        """Get the conformers in order of their energy, the lowest first.

        Parameters
        ----------
        field, **options
            As of energies().

        Returns
        -------
        Ensemble
            It carries the energies along: ``ensemble[i].energy``, and data items of SDF files.
        """
        return self._ranked(computeEnergies("Ensemble.sort", self, field, **options))

    def prune(self: Any, rmsd: unit.Quantity | float = DEFAULT_RMSD, *,
              window: unit.Quantity | float | None = None, field: Any = None, atoms: str = "heavy",
              **options: Any) -> Ensemble:
        """Leave out conformers that are like another one, and those of high energy.

        Of conformers that are alike the one of the lowest energy is kept, if energies are known or asked for; then the
        result is in order of energy. Otherwise the first one is kept, and the order stays. Different isomers of a
        molecule that leaves stereochemistry open are never alike.

        Parameters
        ----------
        rmsd : Quantity or float
            A conformer nearer than this to one that is kept is left out; in nm if it carries no unit. The RMSD is the
            least over superpositions and renumberings of equivalent atoms. 0 leaves out none. Default: 0.5 Angstrom.
        window : Quantity or float, optional
            Conformers further above the lowest energy are left out; in kJ/mol if it carries no unit.
        field, **options
            As of energies(). Default: the energies that the ensemble carries along; with a window else MMFF94.
        atoms : str
            "heavy" or "all".

        Returns
        -------
        Ensemble

        Raises
        ------
        ValueError
            For a negative RMSD or window, and for an RMSD without a unit that can only be meant in Angstrom.
        """
        where = "Ensemble.prune"
        limit = _length(where, "rmsd", rmsd)
        if atoms not in ("heavy", "all"):
            raise ValueError(f"{where}: expected atoms as 'heavy' or 'all', got {atoms!r}")
        width = None if window is None else toNumber(where, "window", window, unit.kilojoule_per_mole)
        if width is not None and not width >= 0:
            raise ValueError(f"{where}: expected a window of at least 0 kJ/mol, got {window}")
        ranked = self
        if field is not None or width is not None or self._energies is not None:
            ranked = self._ranked(computeEnergies(where, self, field, **options))
        elif options:
            raise TypeError(f"{where}: expected no {' and '.join(sorted(options))} without a System, got some")
        if width is not None:
            energies = ranked._energies.values
            ranked = ranked._pick(np.flatnonzero(energies <= energies.min(initial=np.inf) + width))
        if limit == 0 or len(ranked) < 2:
            return ranked._pick(np.arange(len(ranked)))
        metric = _makeComparison(ranked, findAtoms(ranked.graph, atoms == "all"))
        frames, isomers = metric.center(ranked._finite(where)), np.array(ranked.isomerNumbers)
        return ranked._pick(_keepDifferent(metric, frames, isomers, limit))

    def rmsd(self: Any, other: Ensemble | Conformer | None = None,
             atoms: str | Sequence[int] = "heavy") -> unit.Quantity:
        """Compute RMSDs after superposition and renumbering of equivalent atoms.

        Equivalent are atoms that elements, charges, isotopes and bonds do not tell apart; stereochemistry is ignored,
        as in RDKit's GetBestRMS(). The least RMSD is found exactly, however many renumberings there are.

        Parameters
        ----------
        other : Ensemble or Conformer, optional
            Of the same molecule. Default: this ensemble.
        atoms : str or sequence of int
            "heavy", "all", or indices or a mask of atoms, which then are not renumbered.

        Returns
        -------
        Quantity
            Shape (numConformers, len(other)), in nm.
        """
        where = "Ensemble.rmsd"
        chosen, isSymmetric = _chooseAtoms(where, self, atoms)
        target = self if other is None else _asEnsemble(where, other)
        _requireSame(where, self.graph, target.graph)
        metric = _makeMetric(self, chosen, isSymmetric)
        x = metric.center(self._finite(where))
        found = metric.ownMatrix(x) if other is None else metric.matrix(x, metric.center(target._finite(where)))
        return unit.Quantity(found, unit.nanometer)

    def align(self: Any, to: int | Conformer | Ensemble | unit.Quantity = 0,
              atoms: str | Sequence[int] = "heavy") -> Ensemble:
        """Superpose all conformers on one.

        Parameters
        ----------
        to : int, Conformer, Ensemble of one conformer, Quantity or array_like
            One of these conformers, one of another ensemble of the same molecule, or positions of shape (numAtoms, 3),
            in nm if they carry no unit.
        atoms : str or sequence of int
            "heavy" or "all": the best superposition over renumberings of equivalent atoms. Indices or a mask: these
            atoms on the same ones.

        Returns
        -------
        Ensemble
            The conformers keep their shape, order of atoms and energies.
        """
        where = "Ensemble.align"
        chosen, isSymmetric = _chooseAtoms(where, self, atoms)
        positions = self._finite(where)
        target = _readTarget(where, self, to)
        metric = _makeMetric(self, chosen, isSymmetric)
        x, y = metric.center(target[None]), metric.center(positions)
        rows = np.arange(len(positions))
        turned = bestRotations(metric.superpose(x, y, np.zeros_like(rows), rows)[1])
        moved = (positions - positions[:, chosen].mean(axis=1, keepdims=True)) @ np.swapaxes(turned, 1, 2)
        result = self._pick(rows)
        for index, points in enumerate(moved + target[chosen].mean(axis=0)):
            result._core.setPositions(index, points)
        result.fixedAtoms, result._surroundings = (), None
        return result

    def select(self: Any, *, diverse: int, atoms: str = "heavy") -> Ensemble:
        """Choose conformers that differ most from one another.

        The first conformer is taken, which after sort() has the lowest energy; then always the one that is farthest
        from those taken.

        Parameters
        ----------
        diverse : int
            How many.
        atoms : str
            "heavy" or "all": what the RMSDs are of.

        Returns
        -------
        Ensemble
            In the order of the choice.

        Raises
        ------
        ValueError
            For more than there are.
        """
        where = "Ensemble.select"
        number = checkInteger("diverse", diverse, 1, where)
        if number > len(self):
            raise ValueError(f"{where}: expected diverse of at most {len(self)}, the number of conformers, got "
                             f"{number}")
        chosen, isSymmetric = _chooseAtoms(where, self, atoms)
        metric = _makeComparison(self, chosen, isSymmetric)
        frames, everything = metric.center(self._finite(where)), np.arange(len(self))
        taken, nearest = [0], np.full(len(self), np.inf)
        while len(taken) < number:
            apart = metric.pairs(frames, frames, np.full(len(self), taken[-1]), everything, nearest, isExact=True)
            nearest = np.minimum(nearest, apart)
            nearest[taken] = -np.inf
            taken.append(int(nearest.argmax()))
            nearest[taken] = 0
        return self._pick(np.array(taken))

    def torsionFingerprints(self: Any) -> TorsionFingerprints:
        """Compute dihedral angles of rotatable bonds and rings; ``distances()`` compares conformers by them (RDKit)."""
        return computeTorsions(self.graph, self._finite("Ensemble.torsionFingerprints"),
                               "Ensemble.torsionFingerprints")

    def ringPuckers(self: Any) -> list[RingPucker]:
        """Compute Cremer-Pople puckers of all rings of at least 4 atoms: a list of RingPucker."""
        positions = self._finite("Ensemble.ringPuckers")
        return [computePucker(positions, tuple(int(atom) for atom in ring)) for ring in self.graph.rings
                if len(ring) > 3]


def _asEnsemble(where: str, other: Any) -> Ensemble:
    from openmmorbit.conformer import Conformer

    if isinstance(other, Conformer):
        return other.ensemble._pick(np.array([other.index]))
    if not isinstance(other, EnsembleChoices):
        raise TypeError(f"{where}: expected an Ensemble or a Conformer, got {type(other).__name__}")
    return other  # type: ignore[return-value]


def _readTarget(where: str, ensemble: Ensemble, to: Any) -> np.ndarray:
    """Get the positions that conformers are superposed on, nm."""
    from openmmorbit.conformer import Conformer
    from openmmorbit.simulation.states import toArray, toPlain

    if isinstance(to, (Conformer, EnsembleChoices)):
        other = _asEnsemble(where, to)
        _requireSame(where, ensemble.graph, other.graph)
        if len(other) != 1:
            raise ValueError(f"{where}: expected one conformer to align to, got an Ensemble of {len(other)}; give one "
                             "of them, such as ensemble[0]")
        return other._finite(where)[0]
    if isinstance(to, (int, np.integer)) and not isinstance(to, bool):
        return np.zeros((ensemble.numAtoms, 3)) if len(ensemble) == 0 else ensemble[[int(ensemble[to].index)]]._finite(
            where)[0]
    target = toArray(where, "positions", toPlain(where, "positions", to, unit.nanometer))
    if target.shape != (ensemble.numAtoms, 3) or not np.isfinite(target).all():
        raise ValueError(f"{where}: expected finite positions of shape ({ensemble.numAtoms}, 3), a conformer or an "
                         f"index, got shape {target.shape}")
    return target


def _keepDifferent(metric: SymmetricRmsd, frames: Frames, isomers: np.ndarray, limit: float) -> np.ndarray:
    """Get the conformers that are not nearer than the limit to one of the same isomer that is kept before them."""
    kept, isLeft = [], np.ones(len(frames.x), bool)
    for index in range(len(frames.x)):
        if not isLeft[index]:
            continue
        kept.append(index)
        isLeft[index] = False
        others = np.flatnonzero(isLeft & (isomers == isomers[index]) & metric.mayBeNear(frames, index, limit))
        if len(others) > 0:
            near = metric.pairs(frames, frames, np.full(len(others), index), others, limit) < limit
            isLeft[others[near]] = False
    return np.array(kept, int)

# SPDX-License-Identifier: MIT
"""Frames of a simulation with molecules whole, and the bonds that tell whether they are those of the Topology."""
from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from openmmorbit import orbit
from openmmorbit.simulation.periodic import SoluteImages
from openmmorbit.simulation.residues import findLooseAtoms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmm import app

#: A bond is damaged if its length, divided by the sum of the covalent radii, is outside this range. Atoms with one
#: between them are at 1.6 to 2, across a ring of four at 1.4: the median over frames, which varies less, finds these.
BOND_RANGE, MEDIAN_RANGE, NUM_MEDIAN = (0.5, 1.5), (0.6, 1.3), 10
#: Bonds of beads, which have no radii, are compared with the median of the same bond in all frames, and with the median
#: of all such bonds, which may differ in length.
BEAD_RANGE, BEADS_RANGE = (0.1, 2.5), (0.02, 8.0)


class WholeFrames:
    """Makes the molecules of selected atoms whole and compares their bonds with the Topology.

    Parameters
    ----------
    topology : openmm.app.Topology
    atoms : sequence of int
        Indices of the selected atoms, ascending.
    where : str
        The caller, for the warning about selected residues without bonds.
    """

    def __init__(self, topology: app.Topology, atoms: Sequence[int], where: str) -> None:
        self._topology, self._atoms = topology, np.asarray(atoms, int)
        self._images = SoluteImages(topology, self._atoms)
        bonds, lengths = [], []
        for bond in topology.bonds():
            if self.isRead[bond[0].index]:
                bonds.append([atom.index for atom in bond])
                lengths.append(np.nan if any(atom.element is None for atom in bond) else
                               sum(orbit.getCovalentRadius(atom.element.atomic_number) for atom in bond) / 10)
        self._bonds, self._lengths = np.array(bonds, int).reshape(-1, 2), np.array(lengths)

        loose = [atom for atom in findLooseAtoms(topology) if self.isRead[atom.index]]
        if loose:
            first = loose[0].residue
            more = f" and {len(loose) - 1} more atoms" if len(loose) > 1 else ""
            warnings.warn(f"{where}: expected the bonds of all molecules in the Topology, got none of {first.name} "
                          f"{first.id} {loose[0].name}{more}; a model learns nothing of their bonds, and does not "
                          "check them: add them by topology.addBond(), or CONECT records to a PDB file", stacklevel=3)

    @property
    def isRead(self) -> np.ndarray:
        """Shape (numTopologyAtoms,): whether an atom is in a molecule that has selected atoms."""
        return self._images.isRead

    def take(self, positions: np.ndarray, boxes: np.ndarray | None, indices: np.ndarray,
             label: str) -> tuple[np.ndarray, str]:
        """Get the selected atoms of the frames up to one with a broken bond.

        Parameters
        ----------
        positions : numpy.ndarray
            Shape (numFrames, numTopologyAtoms, 3), in nm.
        boxes : numpy.ndarray or None
            Shape (numFrames, 3, 3), in nm.
        indices : numpy.ndarray
            Shape (numFrames,): numbers of the frames, for the text.
        label : str
            Where the frames come from, for the text.

        Returns
        -------
        positions : numpy.ndarray
            Shape (numGood, numAtoms, 3), float32, in nm.
        text : str
            What is wrong with the frame after them; empty if all are good.
        """
        whole = positions if boxes is None else self._images.makeWhole(positions, boxes)
        lengths = np.linalg.norm(whole[:, self._bonds[:, 0]] - whole[:, self._bonds[:, 1]], axis=2)
        bad = self._findDamage(lengths)
        if not bad.any():
            return whole[:, self._atoms].astype(np.float32), ""
        frame, bond = (int(found[0]) for found in np.nonzero(bad))
        share = float(bad[frame].mean())
        hasOwn = self._topology.getPeriodicBoxVectors() is not None
        if share > 0.5 and (boxes is not None or not hasOwn):
            reason = "the trajectory has another order of atoms, another unit, or is of another system"
        elif boxes is not None:
            reason = "the trajectory has another order of atoms or another box, or is damaged there"
        else:
            own = "=topology.getPeriodicBoxVectors()" if hasOwn else "="
            reason = ("the trajectory has another order of atoms or another unit, or it has no box, so that molecules "
                      f"which a boundary cuts stay broken: give boxVectors{own}")
        atoms = list(self._topology.atoms())
        names = " to ".join(f"{a.residue.name} {a.residue.id} {a.name}" for a in (atoms[k] for k in self._bonds[bond]))
        return whole[:frame, self._atoms].astype(np.float32), (
            f"expected whole molecules of the Topology in frame {int(indices[frame])} of {label}, got the bond {names} "
            f"of {lengths[frame, bond]:.3g} nm; {reason}")

    def _findDamage(self, lengths: np.ndarray) -> np.ndarray:
        """Get which bonds of which frames cannot be: shape (numFrames, numBonds)."""
        bad = np.zeros(lengths.shape, bool)
        known = np.isfinite(self._lengths)
        ratios = lengths[:, known] / self._lengths[known]
        bad[:, known] = _isOutside(ratios, BOND_RANGE)
        if len(ratios) >= NUM_MEDIAN:
            bad[:, known] |= _isOutside(np.median(ratios, axis=0), MEDIAN_RANGE)
        beads = lengths[:, ~known]
        if beads.size > 0:
            own, common = np.median(beads, axis=0), np.median(beads)
            bad[:, ~known] = (_isOutside(beads, (BEAD_RANGE[0] * own, BEAD_RANGE[1] * own)) | (beads == 0) |
                              _isOutside(beads, (BEADS_RANGE[0] * common, BEADS_RANGE[1] * common)))
        return bad


def _isOutside(values: np.ndarray, limits: Sequence[float | np.ndarray]) -> np.ndarray:
    return (values < limits[0]) | (values > limits[1])

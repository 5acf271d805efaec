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

#: A bond is damaged if its length, divided by the sum of the covalent radii, is outside this range.
BOND_RANGE = (0.4, 1.8)


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
        for first, second in topology.bonds():
            if self.isRead[first.index] and first.element is not None and second.element is not None:
                bonds.append([first.index, second.index])
                lengths.append(sum(orbit.getCovalentRadius(a.element.atomic_number) for a in (first, second)) / 10)
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
        ratios = np.linalg.norm(whole[:, self._bonds[:, 0]] - whole[:, self._bonds[:, 1]], axis=2) / self._lengths
        bad = (ratios < BOND_RANGE[0]) | (ratios > BOND_RANGE[1])
        if not bad.any():
            return whole[:, self._atoms].astype(np.float32), ""
        frame, bond = (int(found[0]) for found in np.nonzero(bad))
        share = float(bad[frame].mean())
        if share > 0.5:
            reason = "the trajectory has another order of atoms, another unit, or is of another system"
        elif boxes is not None:
            reason = "the trajectory has another order of atoms, or is damaged there"
        else:
            reason = ("the trajectory has no box, so that molecules which a boundary cuts stay broken: give "
                      "boxVectors=, or another order of atoms")
        atoms = list(self._topology.atoms())
        names = " to ".join(f"{a.residue.name} {a.residue.id} {a.name}" for a in (atoms[k] for k in self._bonds[bond]))
        return whole[:frame, self._atoms].astype(np.float32), (
            f"expected whole molecules of the Topology in frame {int(indices[frame])} of {label}, got the bond {names} "
            f"of {ratios[frame, bond] * self._lengths[bond]:.3g} nm; {reason}")

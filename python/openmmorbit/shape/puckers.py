# SPDX-License-Identifier: MIT
"""Puckers of rings: Cremer-Pople amplitudes and phases, and names of the shapes of rings of five and six atoms."""
from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from openmm import unit

#: Rings of a smaller total amplitude are planar, nm.
PLANAR = 0.01


@dataclass(frozen=True)
class RingPucker:
    """The shape of one ring in every conformer. Source: 10.1021/ja00839a011, equations 4 to 14."""

    atoms: tuple[int, ...]
    """The atoms of the ring, in their order around it; phases begin at the first one."""
    _amplitudes: np.ndarray
    phases: np.ndarray
    """Shape (numConformers, numPhases): phi_2, phi_3, ..., degrees from 0 to 360."""

    @property
    def amplitudes(self) -> unit.Quantity:
        """Shape (numConformers, numAtoms // 2 - 1): q_2, q_3, ..., in nm. The last one of a ring with an even number of
        atoms has a sign and no phase."""
        return unit.Quantity(self._amplitudes, unit.nanometer)

    @property
    def totals(self) -> unit.Quantity:
        """Shape (numConformers,): total puckering amplitude Q, in nm."""
        return unit.Quantity(self._totals, unit.nanometer)

    @property
    def _totals(self) -> np.ndarray:
        return np.sqrt((self._amplitudes ** 2).sum(axis=1))

    @property
    def theta(self) -> np.ndarray:
        """Shape (numConformers,): of rings of six atoms the angle from one chair (0) to the other (180), degrees."""
        if len(self.atoms) != 6:
            raise ValueError(f"RingPucker.theta: expected a ring of 6 atoms, got one of {len(self.atoms)}")
        return np.degrees(np.arctan2(self._amplitudes[:, 0], self._amplitudes[:, 1]))

    def _name(self, index: int) -> str:
        size, step = len(self.atoms), 36 if len(self.atoms) == 5 else 60
        if self._totals[index] < PLANAR:
            return "planar"
        if size not in (5, 6):
            return "puckered"
        corner = abs((self.phases[index, 0] + step / 2) % step - step / 2) < step / 4
        if size == 5:
            return "envelope" if corner else "twist"
        away = min(self.theta[index], 180 - self.theta[index])
        return "chair" if away < 30 else "half-chair" if away < 65 else "boat" if corner else "twist-boat"

    @property
    def names(self) -> list[str]:
        """One word a conformer: "planar"; of five atoms "envelope" or "twist"; of six "chair", "half-chair", "boat" or
        "twist-boat"; of others "puckered"."""
        return [self._name(index) for index in range(len(self._amplitudes))]


def computePucker(positions: np.ndarray, ring: tuple[int, ...]) -> RingPucker:
    """Compute the pucker of a ring of at least 4 atoms, positions of shape (numConformers, numAtoms, 3) in nm."""
    points = positions[:, ring] - positions[:, ring].mean(axis=1, keepdims=True)
    size, turn = len(ring), 2 * np.pi * np.arange(len(ring)) / len(ring)
    normal = np.cross(np.einsum("cai,a->ci", points, np.sin(turn)), np.einsum("cai,a->ci", points, np.cos(turn)))
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    height = np.einsum("cai,ci->ca", points, normal)
    amplitudes, phases = [], []
    for order in range(2, (size - 1) // 2 + 1):
        real, imaginary = (np.sqrt(2 / size) * height @ part for part in (np.cos(order * turn), -np.sin(order * turn)))
        amplitudes.append(np.hypot(real, imaginary))
        phases.append(np.degrees(np.arctan2(imaginary, real)) % 360)
    if size % 2 == 0:
        amplitudes.append(height @ (-1.0) ** np.arange(size) / np.sqrt(size))
    return RingPucker(ring, np.stack(amplitudes, axis=1), np.array(phases).reshape(len(phases), len(positions)).T)

# SPDX-License-Identifier: MIT
"""The best superposition of two sets of positions, atom by atom."""
from __future__ import annotations

import numpy as np


def superpose(moving: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rotate and translate positions so that they lie best on others.

    Parameters
    ----------
    moving, fixed : numpy.ndarray
        Shape (n, 3), the same atoms in the same order.

    Returns
    -------
    rotation, origin, target : numpy.ndarray
        Apply as ``(positions - origin) @ rotation.T + target``.
    """
    origin, target = moving.mean(axis=0), fixed.mean(axis=0)
    left, _, right = np.linalg.svd((fixed - target).T @ (moving - origin))
    sign = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    return left @ sign @ right, origin, target


def superposedRmsd(moving: np.ndarray, fixed: np.ndarray) -> float:
    """Get the RMSD after superpose(), in the unit of the positions."""
    rotation, origin, target = superpose(moving, fixed)
    return float(np.sqrt((((moving - origin) @ rotation.T + target - fixed) ** 2).sum(axis=1).mean()))

# SPDX-License-Identifier: MIT
"""The exact posterior mean of the clean positions over rotations and automorphisms, for plain numbers."""
from dataclasses import dataclass

import numpy as np

from openmmorbit import orbit


@dataclass(frozen=True)
class OrbitPosterior:
    """What orbitPosterior() returns, in the length unit of its arguments.

    Attributes
    ----------
    mean : numpy.ndarray
        Expected clean positions, shape (numAtoms, 3).
    velocity : numpy.ndarray
        Velocity of the interpolant, shape (numAtoms, 3).
    x0Mean : numpy.ndarray
        Expected noise, shape (numAtoms, 3).
    logEvidence : float
        Logarithm of the group mean of the likelihood.
    """
    mean: np.ndarray
    velocity: np.ndarray
    x0Mean: np.ndarray
    logEvidence: float


def _positions(name, values):
    if hasattr(values, "value_in_unit"):
        raise ValueError(f"orbitPosterior: expected plain numbers for {name}, got a Quantity; give x1, xt and sigma in "
                         "one length unit of your choice")
    array = np.asarray(values, dtype=float)
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(f"orbitPosterior: expected {name} of shape (numAtoms, 3), got {array.shape}")
    return array


def _group(generators, automorphisms, numAtoms):
    if generators is not None and automorphisms is not None:
        raise ValueError("orbitPosterior: expected generators or automorphisms, got both; give one of them")
    chosen = generators if automorphisms is None else automorphisms
    for perm in () if chosen is None else chosen:
        if len(perm) != numAtoms:
            raise ValueError(f"orbitPosterior: expected permutations of {numAtoms} atoms, got one of {len(perm)}")
    if generators is not None:
        return orbit.closeGroup([list(map(int, perm)) for perm in generators], numAtoms)
    return np.asarray(chosen if chosen is not None else [], dtype=np.int32).reshape(-1)


def orbitPosterior(x1, xt, time, bonds=(), generators=None, automorphisms=None, prior="gaussian", sigma=0.1,
                   coupling="independent", priorScale=1.0):
    """Compute the mean of the orbit posterior over SO(3) and a permutation group.

    Parameters
    ----------
    x1 : array_like
        Clean positions, shape (numAtoms, 3), any length unit; centred internally.
    xt : array_like
        Noisy positions, shape (numAtoms, 3), same unit; centred internally.
    time : float
        Time in (0, 1); 0 is noise, 1 is data.
    bonds : sequence of pairs of int
        Bonded atoms; required by the harmonic prior.
    generators : sequence of permutations, optional
        Generators of the group; ``(P x)[a] = x[perm[a]]``.
    automorphisms : sequence of permutations, optional
        All elements of the group, instead of generators. Neither given: the identity only.
    prior : str
        "gaussian" or "harmonic".
    sigma : float
        Bridge noise, same length unit.
    coupling : str
        "independent".
    priorScale : float
        Standard deviation of the gaussian prior, same length unit.

    Returns
    -------
    OrbitPosterior
        mean, velocity, x0Mean and logEvidence.

    Raises
    ------
    ValueError
        For shapes that disagree, values that are not finite, a time outside (0, 1) or an index list that is no
        permutation.

    Examples
    --------
    >>> import openmmorbit
    >>> water = [[0.0, 0.4, 0.0], [-0.8, -0.2, 0.0], [0.8, -0.2, 0.0]]
    >>> result = openmmorbit.orbitPosterior(water, water, 0.5, generators=[[0, 2, 1]])
    >>> result.mean.shape
    (3, 3)
    """
    x1, xt = _positions("x1", x1), _positions("xt", xt)
    settings = orbit.OrbitPosteriorSettings()
    settings.prior, settings.coupling = str(prior), str(coupling)
    settings.sigma, settings.priorScale = float(sigma), float(priorScale)
    pairs = [(int(first), int(second)) for first, second in bonds]
    result = orbit.orbitPosterior(x1, xt, float(time), pairs, _group(generators, automorphisms, len(x1)), settings)
    return OrbitPosterior(result.mean.reshape(-1, 3), result.velocity.reshape(-1, 3), result.x0Mean.reshape(-1, 3),
                          result.logEvidence)

# SPDX-License-Identifier: MIT
"""Orbit posterior means and regression targets over rotations and automorphisms, for plain numbers."""
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from openmmorbit import orbit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt


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


def _positions(name: str, values: npt.ArrayLike) -> np.ndarray:
    if hasattr(values, "value_in_unit"):
        raise ValueError(f"orbitPosterior: expected plain numbers for {name}, got a Quantity; give x1, xt and sigma in "
                         "one length unit of your choice")
    array = np.asarray(values, dtype=float)
    if array.ndim != 2 or array.shape[1] != 3:
        raise ValueError(f"orbitPosterior: expected {name} of shape (numAtoms, 3), got {array.shape}")
    return array


def _group(generators: Iterable[Sequence[int]] | None, automorphisms: Iterable[Sequence[int]] | None,
           numAtoms: int) -> np.ndarray:
    if generators is not None and automorphisms is not None:
        raise ValueError("orbitPosterior: expected generators or automorphisms, got both; give one of them")
    chosen = generators if automorphisms is None else automorphisms
    for perm in () if chosen is None else chosen:
        if len(perm) != numAtoms:
            raise ValueError(f"orbitPosterior: expected permutations of {numAtoms} atoms, got one of {len(perm)}")
    if generators is not None:
        return orbit.closeGroup([list(map(int, perm)) for perm in generators], numAtoms)
    return np.asarray(chosen if chosen is not None else [], dtype=np.int32).reshape(-1)


def _settings(prior: str, sigma: float, coupling: str, priorScale: float,
              reflections: bool) -> orbit.OrbitPosteriorSettings:
    settings = orbit.OrbitPosteriorSettings()
    settings.prior, settings.coupling = str(prior), orbit.parseOrbitCoupling(str(coupling))
    settings.sigma, settings.priorScale = float(sigma), float(priorScale)
    settings.rotations = orbit.OrbitRotations_WithReflections if reflections else orbit.OrbitRotations_Proper
    return settings


def orbitPosterior(x1: npt.ArrayLike, xt: npt.ArrayLike, time: float, bonds: Iterable[Sequence[int]] = (),
                   generators: Iterable[Sequence[int]] | None = None,
                   automorphisms: Iterable[Sequence[int]] | None = None, prior: str = "gaussian", sigma: float = 0.1,
                   coupling: str = "independent", priorScale: float = 1.0, reflections: bool = False,
                   group: orbit.SymmetryGroup | None = None, numPoints: int = 512, pinned: bool = False, seed: int = 1,
                   maxOrder: int = 5000) -> OrbitPosterior:
    """Compute the mean of the orbit posterior over rotations and a permutation group.

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
        How x0 was matched with x1: "independent", "kabsch" (rotated onto it) or "orbitOT" (rotated and permuted;
        sigma must be 0). The posterior belongs to the coupling.
    priorScale : float
        Standard deviation of the gaussian prior, same length unit.
    reflections : bool
        Average over O(3) instead of SO(3).
    group : openmmorbit.SymmetryGroup, optional
        The group, instead of generators or automorphisms. Groups above maxOrder are averaged by a lattice rule over
        rotations, and need the bonds.
    numPoints : int
        Points of the lattice rule in every stratum, a power of 2; the error falls with it.
    pinned : bool
        True if x1 is the element that xt was made from, as in training: the mean is then unbiased for any numPoints.
    seed : int
        Of the random shift of the lattice.
    maxOrder : int
        Smaller groups are listed, which is exact.

    Returns
    -------
    OrbitPosterior
        mean, velocity, x0Mean and logEvidence.

    Raises
    ------
    ValueError
        For shapes that disagree, values that are not finite, a time outside (0, 1), an index list that is no
        permutation, and settings that do not belong together.

    Examples
    --------
    >>> import openmmorbit
    >>> water = [[0.0, 0.4, 0.0], [-0.8, -0.2, 0.0], [0.8, -0.2, 0.0]]
    >>> result = openmmorbit.orbitPosterior(water, water, 0.5, generators=[[0, 2, 1]])
    >>> result.mean.shape
    (3, 3)
    """
    x1, xt = _positions("x1", x1), _positions("xt", xt)
    settings = _settings(prior, sigma, coupling, priorScale, reflections)
    pairs = [(int(first), int(second)) for first, second in bonds]
    if group is None:
        result = orbit.orbitPosterior(x1, xt, float(time), pairs, _group(generators, automorphisms, len(x1)), settings)
    else:
        if generators is not None or automorphisms is not None:
            raise ValueError("orbitPosterior: expected a group, generators or automorphisms, got several; give one of "
                             "them")
        lattice = orbit.OrbitLatticeSettings()
        lattice.maxOrder, lattice.numPoints = int(maxOrder), int(numPoints)
        lattice.pinned, lattice.seed = bool(pinned), int(seed)
        result = orbit.orbitPosterior(x1, xt, float(time), pairs, group, settings, lattice)
    return OrbitPosterior(result.mean.reshape(-1, 3), result.velocity.reshape(-1, 3), result.x0Mean.reshape(-1, 3),
                          result.logEvidence)


@dataclass(frozen=True)
class OrbitTarget:
    """What orbitTarget() returns, in the length unit of its arguments.

    Attributes
    ----------
    positions : numpy.ndarray
        Target of a network that predicts clean positions, shape (numAtoms, 3).
    velocity : numpy.ndarray
        Target of a network that predicts the velocity of the interpolant, shape (numAtoms, 3).
    """
    positions: np.ndarray
    velocity: np.ndarray


def orbitTarget(x1: npt.ArrayLike, x0: npt.ArrayLike, xt: npt.ArrayLike, time: float, target: str = "exact",
                bonds: Iterable[Sequence[int]] = (), generators: Iterable[Sequence[int]] | None = None,
                automorphisms: Iterable[Sequence[int]] | None = None, prior: str = "gaussian", sigma: float = 0.1,
                coupling: str = "independent", priorScale: float = 1.0, reflections: bool = False,
                numRotations: int = 200, numAutomorphisms: int = 50, seed: int = 1) -> OrbitTarget:
    """Compute the regression target of one training sample.

    Parameters
    ----------
    x1, xt, time, bonds, generators, automorphisms, prior, sigma, coupling, priorScale, reflections
        As for orbitPosterior(); the sample was made from x1 itself.
    x0 : array_like
        Noise of the sample after the coupling, shape (numAtoms, 3).
    target : str
        "plain", "monteCarlo", "paper", "exact", "exactVelocity" or "quotient".
    numRotations, numAutomorphisms : int
        Samples of "monteCarlo" and "paper", the identity included.
    seed : int
        Key of the elements that these targets draw.

    Returns
    -------
    OrbitTarget
        positions and velocity.

    Raises
    ------
    ValueError
        As orbitPosterior(), and for a target that does not belong to the coupling.

    Examples
    --------
    >>> import numpy, openmmorbit
    >>> water = numpy.array([[0.0, 0.4, 0.0], [-0.8, -0.2, 0.0], [0.8, -0.2, 0.0]])
    >>> noise = water[::-1] / 2
    >>> result = openmmorbit.orbitTarget(water, noise, (water + noise) / 2, 0.5, target="plain", sigma=0.0)
    >>> bool(numpy.allclose(result.velocity, water - noise))
    True
    """
    x1, x0, xt = _positions("x1", x1), _positions("x0", x0), _positions("xt", xt)
    settings = orbit.OrbitTargetSettings()
    settings.target = orbit.parseOrbitTarget(str(target))
    settings.posterior = _settings(prior, sigma, coupling, priorScale, reflections)
    settings.numRotations, settings.numAutomorphisms = int(numRotations), int(numAutomorphisms)
    settings.seed = int(seed)
    pairs = [(int(first), int(second)) for first, second in bonds]
    result = orbit.orbitTarget(x1, x0, xt, float(time), pairs, _group(generators, automorphisms, len(x1)), settings)
    return OrbitTarget(result.positions.reshape(-1, 3), result.velocity.reshape(-1, 3))


def coupleNoise(x0: npt.ArrayLike, x1: npt.ArrayLike, coupling: str = "kabsch",
                generators: Iterable[Sequence[int]] | None = None,
                automorphisms: Iterable[Sequence[int]] | None = None) -> np.ndarray:
    """Match noise with clean positions: rotate it onto them, or rotate and permute it.

    Parameters
    ----------
    x0 : array_like
        Centred noise, shape (numAtoms, 3).
    x1 : array_like
        Centred clean positions, same shape.
    coupling : str
        "independent", "kabsch" or "orbitOT".
    generators, automorphisms
        As for orbitPosterior(); used by "orbitOT".

    Returns
    -------
    numpy.ndarray
        The matched noise, shape (numAtoms, 3).

    Raises
    ------
    ValueError
        For shapes that disagree, values that are not finite, an unknown coupling or an index list that is no
        permutation.
    """
    x0, x1 = _positions("x0", x0), _positions("x1", x1)
    return orbit.coupleNoise(x0, x1, _group(generators, automorphisms, len(x1)),
                             orbit.parseOrbitCoupling(str(coupling))).reshape(-1, 3)

# SPDX-License-Identifier: MIT
"""CA traces drawn as ribbons: helices and strands as bands with light and shade, the rest as a tube (matplotlib)."""
from __future__ import annotations

from typing import Any

import numpy as np

from openmmorbit.evaluation.traces import Trace

#: Colours of helices, strands and the rest.
COLORS = {"H": "#c8503c", "E": "#2f78b0", "C": "#b3ada2"}
#: Half of the width of a band, Angstrom; of the head of an arrow; of the rim around all.
_widths = {"H": 1.35, "E": 1.05, "C": 0.32}
_head, _rim = 1.9, 0.34
#: Points of the curve for a residue.
_fineness = 8
_light = np.array([-0.35, 0.55, 0.75]) / np.linalg.norm([-0.35, 0.55, 0.75])
_background = np.ones(3)


def orient(positions: np.ndarray) -> np.ndarray:
    """Turn positions so that they are widest along x and flattest along z; the hand stays."""
    centred = positions - positions.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2]
    axes[2] *= np.sign(np.linalg.det(axes))
    return centred @ axes.T


def _normalize(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def _spline(values: np.ndarray, fineness: int) -> np.ndarray:
    """Get a smooth curve through values (Catmull-Rom), so many points for each step and the last one."""
    ends = np.concatenate([[2 * values[0] - values[1]], values, [2 * values[-1] - values[-2]]])
    t = (np.arange(fineness) / fineness)[None, :, None]
    a, b, c, d = (ends[k:len(ends) - 3 + k, None] for k in range(4))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t ** 2 + (3 * b - a - 3 * c + d) * t ** 3)
    return np.concatenate([curve.reshape(-1, values.shape[1]), values[-1:]])


def _smooth(positions: np.ndarray, structure: str) -> np.ndarray:
    """Take the pleat out of strands, and some of the bends out of the rest."""
    strength = np.array([{"H": 0.0, "E": 1.0, "C": 0.35}[letter] for letter in structure])[1:-1, None]
    middle = 0.25 * (positions[:-2] + 2 * positions[1:-1] + positions[2:])
    smoothed = positions.copy()
    smoothed[1:-1] += strength * (middle - positions[1:-1])
    return smoothed


def _sides(positions: np.ndarray) -> np.ndarray:
    """Get the direction across the band at every residue: along the axis of a helix, in the plane of a sheet."""
    steps = np.diff(positions, axis=0)
    across = np.cross(steps[:-1], steps[1:])
    across = _normalize(np.concatenate([across[:1], across, across[-1:]]))
    for k in range(1, len(across)):
        if across[k] @ across[k - 1] < 0:
            across[k] *= -1
    return across


def _halfWidths(structure: str) -> tuple[np.ndarray, np.ndarray]:
    """Get half of the width at every point of the curve, and how much of a band it is, 0 to 1."""
    steps, parts = len(structure) - 1, np.arange(_fineness) / _fineness
    half, flat = np.zeros((steps, _fineness)), np.zeros((steps, _fineness))
    for k, (letter, following) in enumerate(zip(structure, structure[1:])):
        before, after = _widths[letter], _widths[following]
        ease = parts ** 2 * (3 - 2 * parts)
        half[k] = before + (after - before) * ease
        flat[k] = (letter != "C") + ((following != "C") * 1.0 - (letter != "C")) * ease
        isHead = following == "E" and (k + 2 == len(structure) or structure[k + 2] != "E")
        if letter == "E" and isHead:
            half[k], flat[k] = _head + (_widths["C"] - _head) * parts, 1.0
    last = _widths["C"] if structure[-1] == "E" else _widths[structure[-1]]
    return np.append(half.ravel(), last), np.append(flat.ravel(), float(structure[-1] != "C"))


def _quads(curve: np.ndarray, across: np.ndarray, half: np.ndarray) -> np.ndarray:
    """Get corners of the pieces of a band, shape (numPieces, 4, 3)."""
    one, two = curve + half[:, None] * across, curve - half[:, None] * across
    return np.stack([one[:-1], one[1:], two[1:], two[:-1]], axis=1)


def _segment(positions: np.ndarray, structure: str,
             colors: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Get the pieces of one run of bonded residues: corners, depths and colours, of rims, edges, faces and streaks."""
    curve = _spline(_smooth(positions, structure), _fineness)
    tangents = _normalize(np.gradient(curve, axis=0))
    half, flat = _halfWidths(structure)
    bands = _normalize(_spline(_sides(positions), _fineness))
    screen = _normalize(np.stack([-tangents[:, 1], tangents[:, 0], np.zeros(len(curve))], axis=1))
    screen *= np.where((screen * bands).sum(axis=1) < 0, -1.0, 1.0)[:, None]
    across = _normalize(flat[:, None] * bands + (1 - flat[:, None]) * screen)
    depth = curve[:-1, 2] + 0.5 * np.diff(curve[:, 2])
    piece = colors[(np.arange(len(depth)) + _fineness // 2) // _fineness]
    normals = _normalize(np.cross(across, tangents))[:-1]
    facing = normals[:, 2]
    lit = np.abs(normals @ _light)
    shade = np.where(flat[:-1] > 0.5, 0.58 + 0.48 * lit, 0.97)[:, None]
    faces = np.clip(piece * shade, 0, 1)
    faces = np.where((facing < 0)[:, None] & (flat[:-1] > 0.5)[:, None], faces + 0.32 * (1 - faces), faces)
    streak, tube = _quads(curve, across, 0.45 * half), flat[:-1] < 0.5
    return [(_quads(curve, across, half + _rim), depth - 2.4, np.broadcast_to(_background, faces.shape)),
            (_quads(curve, screen, np.full(len(curve), 0.3)), depth - 0.05, 0.72 * piece),
            (_quads(curve, across, half), depth, faces),
            (streak[tube], depth[tube] + 0.02, (faces + 0.4 * (1 - faces))[tube])]


def drawRibbon(axis: Any, trace: Trace, structure: str, colors: np.ndarray | None = None,
               positions: np.ndarray | None = None, strength: float = 1.0) -> None:
    """Draw a trace as a ribbon, seen along z.

    Parameters
    ----------
    axis : matplotlib.axes.Axes
    trace : Trace
    structure : str
        H (helix), E (strand) or C (neither) for every residue.
    colors : numpy.ndarray, optional
        Shape (numResidues, 3); default: those of the secondary structure.
    positions : numpy.ndarray, optional
        Instead of those of the trace as orient() turns them.
    strength : float
        1 for full colours, 0 for white.
    """
    from matplotlib.collections import PolyCollection
    from matplotlib.colors import to_rgb

    places = orient(trace.positions) if positions is None else positions
    if colors is None:
        colors = np.array([to_rgb(COLORS[letter]) for letter in structure])
    bonded = np.zeros(len(trace), bool)
    bonded[trace.windows(2)] = True
    parts, begin = [], 0
    for k in range(len(trace)):
        if not bonded[k]:
            if k - begin >= 2:
                parts += _segment(places[begin:k + 1], structure[begin:k + 1], colors[begin:k + 1])
            begin = k + 1
    if parts:
        corners, depths, shades = (np.concatenate([part[k] for part in parts]) for k in range(3))
        order = np.argsort(depths, kind="stable")
        near = (depths - places[:, 2].min()) / max(float(np.ptp(places[:, 2])), 1e-6)
        fade = strength * (0.66 + 0.34 * np.clip(near, 0, 1))[:, None]
        shades = _background + (shades - _background) * fade
        axis.add_collection(PolyCollection(corners[order][..., :2], facecolors=shades[order], edgecolors=shades[order],
                                           linewidths=0.35))
    low, high = places[:, :2].min(axis=0), places[:, :2].max(axis=0)
    middle, half = 0.5 * (low + high), 0.5 * float((high - low).max()) + 2.0
    axis.set(aspect="equal", xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half))
    axis.set_axis_off()

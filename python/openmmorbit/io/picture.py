# SPDX-License-Identifier: MIT
"""Draws an overlaid ensemble as sticks with depth shading, to a PNG file. Needs matplotlib."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.shape.superposition import superpose

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from openmmorbit import orbit
    from openmmorbit._types import StrPath
    from openmmorbit.ensemble import Ensemble

_background = np.array([1.0, 1.0, 1.0])
_colors = {1: "#b9c0ca", 5: "#e8a07f", 6: "#303a47", 7: "#2f6fde", 8: "#dc3b34", 9: "#3fae5a", 14: "#c9a36b",
           15: "#ee8b22", 16: "#d9b310", 17: "#37a34a", 34: "#d98b00", 35: "#9c3b2e", 53: "#7a3fa8"}
_other = "#b0409a"
_names = {1: "H", 5: "B", 6: "C", 7: "N", 8: "O", 9: "F", 14: "Si", 15: "P", 16: "S", 17: "Cl", 34: "Se", 35: "Br",
          53: "I"}


def rigidCore(graph: orbit.MolecularGraph) -> list[int]:
    """Choose the atoms on which conformers are superposed: the largest ring system with what is bonded to it.

    Parameters
    ----------
    graph : openmmorbit.orbit.MolecularGraph

    Returns
    -------
    list of int
        Heavy atoms; all of them if the molecule has no ring.
    """
    elements = [atom.element for atom in graph.atoms]
    heavy = [index for index, element in enumerate(elements) if element > 1] or list(range(len(elements)))
    systems: list[set[int]] = []
    for ring in graph.rings:
        joined = set(ring)
        for system in [s for s in systems if s & joined]:
            systems.remove(system)
            joined |= system
        systems.append(joined)
    if not systems:
        return heavy
    core = max(systems, key=len)
    neighbors = graph.getNeighbors()
    return sorted(core | {n for atom in core for n in neighbors[atom] if elements[n] > 1})


def alignedPositions(ensemble: Ensemble, reference: int = 0) -> np.ndarray:
    """Superpose all conformers on the rigid core of one of them.

    Parameters
    ----------
    ensemble : openmmorbit.Ensemble
    reference : int
        The conformer that stays.

    Returns
    -------
    numpy.ndarray
        Positions in Angstrom, shape (numConformers, numAtoms, 3), turned so that the core is seen from its broad
        side.
    """
    positions = ensemble.positions.value_in_unit(unit.angstrom)
    core = rigidCore(ensemble.graph)
    aligned = np.empty_like(positions)
    for index, conformer in enumerate(positions):
        rotation, origin, target = superpose(conformer[core], positions[reference][core])
        aligned[index] = (conformer - origin) @ rotation.T + target
    center = aligned[reference].mean(axis=0)
    longest = np.linalg.svd(aligned[reference] - center)[2][0]
    shape = aligned[reference][core]
    normal = np.linalg.svd(shape - shape.mean(axis=0))[2][-1]
    normal -= (normal @ longest) * longest
    normal /= np.linalg.norm(normal)
    turned = (aligned - center) @ np.array([longest, np.cross(normal, longest), normal]).T
    tilt = np.radians(20)
    return turned @ np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]).T


def _halves(graph: orbit.MolecularGraph, positions: np.ndarray,
            carbonHydrogens: bool = True) -> Iterator[tuple[float, np.ndarray, int, bool]]:
    """Yield (depth, line, element, whether a hydrogen takes part) of half a bond each."""
    for bond in graph.bonds:
        pair = (bond.atom1, bond.atom2)
        if not carbonHydrogens and {graph.atoms[atom].element for atom in pair} == {1, 6}:
            continue
        middle = positions[list(pair)].mean(axis=0)
        hydrogen = any(graph.atoms[atom].element == 1 for atom in pair)
        for atom in pair:
            depth = 0.5 * (positions[atom][2] + middle[2])
            yield depth, np.array([positions[atom][:2], middle[:2]]), graph.atoms[atom].element, hydrogen


class _Painter:
    """Collects lines with colours that fade with depth, and draws them from back to front."""

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high
        self.items: list[tuple[float, np.ndarray, np.ndarray, float]] = []

    def add(self, depth: float, line: np.ndarray, color: npt.ArrayLike, width: float, strength: float,
            light: float = 0.0) -> None:
        near = (depth - self.low) / max(self.high - self.low, 1e-6)
        rgb = np.array(color) + light * (1.0 - np.array(color))
        self.items.append((depth, line, _background + (rgb - _background) * strength * (0.62 + 0.38 * near), width))

    def draw(self, axes: Any) -> None:
        from matplotlib.collections import LineCollection

        axes.add_collection(LineCollection([item[1] for item in self.items], colors=[item[2] for item in self.items],
                                           linewidths=[item[3] for item in self.items], capstyle="round"))


def _paintPale(graph: orbit.MolecularGraph, conformers: np.ndarray, painter: _Painter) -> None:
    from matplotlib.colors import to_rgb

    halves = [half for positions in conformers for half in _halves(graph, positions, False)]
    for depth, line, element, hydrogen in sorted(halves, key=lambda half: half[0]):
        painter.add(depth, line, to_rgb(_colors.get(element, _other)), 1.6 if hydrogen else 2.6, 0.5)


def _paintStrong(graph: orbit.MolecularGraph, positions: np.ndarray, painter: _Painter) -> None:
    """Paint the best conformer as rods with a white rim, a body and a light streak, from back to front."""
    from matplotlib.colors import to_rgb

    halves = list(_halves(graph, positions))
    bonds = sorted(zip(halves[::2], halves[1::2]), key=lambda pair: 0.5 * (pair[0][0] + pair[1][0]))
    for first, second in bonds:
        width = 4.6 if first[3] else 8.0
        ends = np.array([first[1][0], second[1][0]])
        depth = 0.5 * (first[0] + second[0])
        painter.add(depth, ends + 0.3 * (ends[::-1] - ends), _background, width + 3.4, 1.0)
        for light, part in ((0.0, 1.0), (0.3, 0.34)):
            for _, line, element, _ in (first, second):
                painter.add(depth, line, to_rgb(_colors.get(element, _other)), part * width, 1.0, light)


def drawEnsemble(ensemble: Ensemble, path: StrPath, best: int = 0, title: str | None = None,
                 subtitle: str | None = None) -> None:
    """Draw all conformers over one another, the best one strong and the others pale.

    Parameters
    ----------
    ensemble : openmmorbit.Ensemble
    path : str
        The PNG file to write.
    best : int
        The conformer to emphasise.
    title, subtitle : str, optional
        Texts above the picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    graph = ensemble.graph
    positions = alignedPositions(ensemble, best)
    painter = _Painter(positions[..., 2].min(), positions[..., 2].max())
    _paintPale(graph, np.delete(positions, best, axis=0), painter)
    _paintStrong(graph, positions[best], painter)

    flat = np.concatenate([item[1] for item in painter.items])
    low, high = flat.min(axis=0) - 0.5, flat.max(axis=0) + 0.5
    width = 9.0
    panel = float(np.clip(width * (high[1] - low[1]) / (high[0] - low[0]), 3.5, 9.0))
    height = panel + 1.7
    figure = Figure(figsize=(width, height), dpi=160, facecolor=_background)
    FigureCanvasAgg(figure)
    axes = figure.add_axes([0.02, 0.65 / height, 0.96, panel / height])
    axes.set_aspect("equal")
    axes.axis("off")
    painter.draw(axes)
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    figure.text(0.5, 1 - 0.42 / height, title or graph.getFormula(), ha="center", va="center", fontsize=20,
                color="#20252d", weight="bold")
    figure.text(0.5, 1 - 0.82 / height, subtitle or f"{len(ensemble)} conformers", ha="center", va="center",
                fontsize=11.5, color="#5b6470")
    elements = sorted({atom.element for atom in graph.atoms}, key=lambda element: (element == 1, element))
    handles = [Line2D([], [], color=_colors.get(element, _other), linewidth=6, solid_capstyle="round",
                      label=_names.get(element, str(element))) for element in elements]
    handles.append(Line2D([], [], color="#a9afb8", linewidth=1.6, label="other conformers"))
    figure.legend(handles=handles, loc="lower center", ncols=len(handles), frameon=False, fontsize=11,
                  labelcolor="#20252d", handlelength=1.1, columnspacing=1.8)
    figure.savefig(path)

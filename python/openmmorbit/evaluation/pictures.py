# SPDX-License-Identifier: MIT
"""The style of all reports' pictures, and what they draw alike (matplotlib)."""
from __future__ import annotations

from typing import Any

import numpy as np

#: States that a curve is drawn of at least.
FEWEST = 5
#: Colours of the reference, of the model, of what was made of its states, and of texts.
OWN, MODEL, WEIGHTED, RELAXED, INK, PALE = "#8a94a3", "#c0392b", "#2c7fb8", "#41ab5d", "#20252d", "#5b6470"
STYLE = {"font.size": 11, "axes.titlesize": 12, "axes.labelsize": 11, "xtick.labelsize": 10, "ytick.labelsize": 10,
         "legend.fontsize": 10, "legend.frameon": False, "axes.spines.top": False, "axes.spines.right": False,
         "axes.edgecolor": PALE, "axes.labelcolor": INK, "axes.titlecolor": INK, "xtick.color": PALE,
         "ytick.color": PALE, "text.color": INK, "xtick.labelcolor": INK, "ytick.labelcolor": INK,
         "figure.facecolor": "white", "font.family": "DejaVu Sans"}


def makeGrid(rows: int, columns: int, width: float, height: float,
             layout: str = "constrained") -> tuple[Any, np.ndarray]:
    """Make a figure with panels of a width and a height in inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * columns + 0.6, height * rows + 0.4), layout=layout)
    figure.get_layout_engine().set(w_pad=0.09, h_pad=0.09)
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False)


def _coarsen(values: np.ndarray, edges: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
    """Join bins until there are not many more than the root of the number of states."""
    joined = next(number for number in range(1, len(values) + 1)
                  if len(values) % number == 0 and len(values) / number <= max(2 * np.sqrt(size), 6))
    return values.reshape(-1, joined).sum(axis=1), edges[::joined]


def drawCurves(axis: Any, curves: list[tuple[str, np.ndarray, str, float]], allEdges: np.ndarray) -> None:
    """Draw densities: the reference's filled, the others as steps. The first two set the scale."""
    highest = 0.0
    for place, (name, counts, color, size) in enumerate(curves):
        if size < FEWEST:
            axis.plot([], [], color=color, linewidth=1.8, label=f"{name}: too few to draw")
            continue
        values, edges = _coarsen(counts, allEdges, size)
        density = values / max(values.sum() * (edges[1] - edges[0]), 1e-300)
        highest = max(highest, float(density.max())) if place < 2 else highest
        if place == 0:
            axis.stairs(density, edges, fill=True, color=color, alpha=0.55, label=name, linewidth=0)
        else:
            axis.stairs(density, edges, color=color, linewidth=1.8, label=name)
    axis.set_ylim(0, 1.12 * highest or 1.0)
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)


def addLegend(figure: Any, axis: Any, columns: int = 4) -> None:
    """Put the legend of one axis below all; narrow pictures have two columns."""
    handles, names = axis.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=columns if figure.get_figwidth() > 9.5 else 2)

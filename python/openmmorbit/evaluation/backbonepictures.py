# SPDX-License-Identifier: MIT
"""The pictures of a report on a model of backbones: ribbons, maps, histograms and scatter plots (matplotlib)."""
from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.evaluation import traces
from openmmorbit.evaluation.backbonefigures import MAP_EDGES, SHARE_EDGES, SIZE_EDGES, VOLUME_EDGES
from openmmorbit.evaluation.pictures import INK, MODEL, OWN, PALE, STYLE, WEIGHTED, addLegend, drawCurves, makeGrid
from openmmorbit.evaluation.ribbons import COLORS, drawRibbon, orient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openmmorbit.evaluation.backbonefigures import Collected, TraceSet

#: Columns of the gallery, and its rows of generated and of natural backbones.
COLUMNS, ROWS, NATURAL_ROWS = 6, 3, 1
#: Pairs of generated and nearest training backbones that are drawn.
NUM_PAIRS = 6
#: Distance at which contact maps end, Angstrom.
FARTHEST = 24.0


def _names(data: Collected) -> tuple[str, str]:
    return f"data, {len(data.reference):,} backbones", f"model, {len(data.generated):,} backbones"


def chooseByLength(entries: TraceSet, number: int) -> list[int]:
    """Choose backbones of evenly spread lengths, the shortest first."""
    order = np.argsort(entries.lengths, kind="stable")
    return order[np.unique(np.linspace(0, len(order) - 1, min(number, len(order))).round().astype(int))].tolist()


def _drawGallery(data: Collected) -> Any:
    from matplotlib.patches import Patch

    rows = min(ROWS, -(-len(data.generated) // COLUMNS))
    figure, axes = makeGrid(rows + NATURAL_ROWS, COLUMNS, 2.3, 2.5)
    for entries, block, name in ((data.generated, axes[:rows].ravel(), "generated"),
                                 (data.reference, axes[rows:].ravel(), "natural")):
        chosen = chooseByLength(entries, len(block))
        for axis, k in zip(block, chosen):
            drawRibbon(axis, entries.traces[k], entries.measured[k].structure)
            axis.set_title(f"{name}, {len(entries.traces[k])}" if k == chosen[0] else f"{len(entries.traces[k])}",
                           color=INK if name == "generated" else PALE, fontsize=10)
        for axis in block[len(chosen):]:
            axis.set_axis_off()
    handles = [Patch(facecolor=COLORS[letter], label=words) for letter, words in
               (("H", "helix"), ("E", "strand"), ("C", "neither; numbers are residues"))]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _drawMaps(data: Collected) -> Any:
    """The CA Ramachandran maps, as densities over those of the data."""
    figure, axes = makeGrid(1, 2, 4.2, 3.8)
    edges, counts = [np.degrees(values) for values in MAP_EDGES], []
    for entries in (data.reference, data.generated):
        values = np.concatenate([entry.map for entry in entries.measured])
        found = np.histogramdd(np.clip(values, [e[0] for e in MAP_EDGES], [e[-1] for e in MAP_EDGES]), MAP_EDGES)[0]
        counts.append(found / max(found.sum(), 1))
    highest = np.log10(counts[0].max())
    for axis, values, name in zip(axes[0], counts, _names(data)):
        with np.errstate(divide="ignore"):
            shown = np.ma.masked_invalid(np.log10(values))
        mesh = axis.pcolormesh(edges[1], edges[0], shown, cmap="viridis", vmin=highest - 3, vmax=highest,
                               rasterized=True)
        axis.spines[["top", "right"]].set_visible(True)
        axis.set(title=name, xlabel="dihedral / °", xticks=range(-180, 181, 90), yticks=range(60, 181, 30))
        axis.axvline(-50, color=PALE, linewidth=0.9, linestyle=":")
    axes[0, 0].set_ylabel("pseudo-bond angle / °")
    axes[0, 0].text(-56, 178, "left-handed\nhelices", color=PALE, fontsize=9, ha="right", va="top")
    bar = figure.colorbar(mesh, ax=axes, aspect=24, pad=0.015)
    bar.set_label("log₁₀ share of residues")
    bar.outline.set_visible(False)
    return figure


def _histograms(data: Collected, axis: Any, values: Callable[[TraceSet], np.ndarray], edges: np.ndarray) -> None:
    curves: list[tuple[str, np.ndarray, str, float]] = []
    for entries, name, color in zip((data.reference, data.generated), _names(data), (OWN, MODEL)):
        found = values(entries)
        counts = np.histogram(np.clip(found, edges[0], edges[-1]), edges)[0].astype(float)
        curves.append((name, counts, color, len(found)))
    drawCurves(axis, curves, edges)


def _closest(entries: TraceSet) -> np.ndarray:
    """Get the shortest distance of CA that are no neighbours, of every backbone."""
    found = []
    for trace in entries.traces:
        distances = np.linalg.norm(trace.positions[:, None] - trace.positions[None], axis=-1)
        distances[trace.separations() < traces.SEPARATION] = np.inf
        found.append(distances.min())
    return np.array(found)


def _drawGeometry(data: Collected) -> Any:
    figure, axes = makeGrid(1, 3, 4.0, 3.4)
    _histograms(data, axes[0, 0], lambda entries: np.concatenate([entry.bonds for entry in entries.measured]),
                np.linspace(3.4, 4.2, 41))
    axes[0, 0].axvspan(traces.BOND - traces.BOND_MARGIN, traces.BOND + traces.BOND_MARGIN, color=OWN, alpha=0.12,
                       linewidth=0)
    axes[0, 0].set(title="bonds", xlabel="CA-CA of neighbours / Å")
    _histograms(data, axes[0, 1], _closest, np.linspace(2.0, 6.0, 41))
    axes[0, 1].axvline(traces.CLASH, color=PALE, linewidth=0.9, linestyle=":")
    axes[0, 1].set(title="closest contact of each backbone", xlabel="CA-CA of others / Å")
    _histograms(data, axes[0, 2], lambda entries: np.concatenate([entry.volumes for entry in entries.measured]),
                VOLUME_EDGES)
    mirrored = -np.concatenate([entry.volumes for entry in data.generated.measured])
    counts = np.histogram(mirrored, VOLUME_EDGES)[0]
    axes[0, 2].stairs(counts / max(counts.sum(), 1) / np.diff(VOLUME_EDGES), VOLUME_EDGES, color=WEIGHTED,
                      linewidth=1.2, linestyle=":", label="model, mirror images")
    axes[0, 2].set(title="hand", xlabel="signed volume of four CA, of unit bonds")
    addLegend(figure, axes[0, 2])
    return figure


def _content(entries: TraceSet, letter: str) -> np.ndarray:
    """Get how much of every backbone is of a secondary structure, percent."""
    return 100 * entries.numbers(lambda entry: entry.share(letter))


def _drawStructure(data: Collected) -> Any:
    figure, axes = makeGrid(1, 3, 4.0, 3.6)
    for entries, name, color, size in zip((data.reference, data.generated), _names(data), (OWN, MODEL), (22, 26)):
        axes[0, 0].scatter(_content(entries, "H"), _content(entries, "E"), s=size, color=color, alpha=0.65,
                           linewidths=0, label=name)
    axes[0, 0].plot([0, 100], [100, 0], color=PALE, linewidth=0.8)
    axes[0, 0].set(title="content of each backbone", xlabel="helix / %", ylabel="strand / %", xlim=(-3, 103),
                   ylim=(-3, 103))
    for axis, letter, name in zip(axes[0, 1:], "HE", ("helix", "strand")):
        _histograms(data, axis, partial(_content, letter=letter), 100 * SHARE_EDGES)
        axis.set(title=f"{name} content", xlabel=f"{name} / %")
    addLegend(figure, axes[0, 0])
    return figure


def _drawSizes(data: Collected) -> Any:
    figure, axes = makeGrid(1, 3, 4.0, 3.6)
    for entries, name, color in zip((data.reference, data.generated), _names(data), (OWN, MODEL)):
        for axis, pick in zip(axes[0, [0, 2]], (lambda entry: entry.gyration, lambda entry: entry.longRange)):
            axis.scatter(entries.lengths, entries.numbers(pick), s=24, color=color, alpha=0.7, linewidths=0, label=name)
    numbers = np.linspace(data.reference.lengths.min(), data.reference.lengths.max(), 50)
    slope, offset = data.trend()
    axes[0, 0].plot(numbers, data.expectedSize(numbers), color=PALE, linewidth=1.0)
    axes[0, 0].text(0.03, 0.97, f"{np.exp(offset):.2f} Å n$^{{{slope:.2f}}}$", transform=axes[0, 0].transAxes,
                    va="top", color=PALE)
    axes[0, 0].set(title="size", xlabel="residues", ylabel="radius of gyration / Å")
    _histograms(data, axes[0, 1], lambda entries: entries.numbers(
        lambda entry: entry.gyration / data.expectedSize(entry.numResidues)), SIZE_EDGES)
    axes[0, 1].set(title="size over the data's", xlabel="radius of gyration over the line")
    axes[0, 2].set(title=f"contacts {traces.LONG_RANGE} residues apart or more", xlabel="residues",
                   ylabel="contacts a residue")
    addLegend(figure, axes[0, 0])
    return figure


def _drawContacts(data: Collected) -> Any:
    chosen = chooseByLength(data.generated, 2 * COLUMNS)
    rows = -(-len(chosen) // COLUMNS)
    figure, axes = makeGrid(rows, COLUMNS, 2.1, 2.2)
    for axis, k in zip(axes.flat, chosen):
        trace = data.generated.traces[k]
        distances = np.linalg.norm(trace.positions[:, None] - trace.positions[None], axis=-1)
        axis.imshow(np.clip(distances, traces.CONTACT, FARTHEST), cmap="Blues_r", vmin=0.8 * traces.CONTACT,
                    vmax=FARTHEST, origin="lower", interpolation="nearest", extent=(0.5, len(trace) + 0.5) * 2)
        axis.spines[["top", "right"]].set_visible(True)
        axis.set_title(f"{len(trace)}", fontsize=10)
        axis.set(xticks=[1, len(trace)], yticks=[1, len(trace)])
    for axis in axes.flat[len(chosen):]:
        axis.set_axis_off()
    return figure


def _drawLikeness(data: Collected) -> Any:
    figure, axes = makeGrid(1, 1 if data.nearest is None else 2, 5.0, 3.4)
    edges = np.linspace(0, 1, 41)
    assert data.diversity is not None
    panels = [(axes[0, 0], [entry.scores for entry in data.diversity], "pairs of backbones")]
    if data.nearest is not None:
        panels.append((axes[0, 1], [entry.scores for entry in data.nearest], "nearest training backbone"))
    for axis, (new, own), title in panels:
        drawCurves(axis, [(name, np.histogram(values, edges)[0].astype(float), color, len(values)) for
                          name, values, color in (("data", own, OWN), ("model", new, MODEL))], edges)
        for values, color in ((own, PALE), (new, MODEL)):
            axis.axvline(values.mean(), color=color, linewidth=1.0, linestyle="--")
        axis.set(title=title, xlabel="TM score", xlim=(0, 1))
    addLegend(figure, axes[0, 0])
    return figure


def _drawNearest(data: Collected) -> Any:
    """Generated backbones over the training backbones that are nearest to them."""
    from openmmorbit.evaluation.similarity import superpose

    assert data.nearest is not None
    found, number = data.nearest[0], len(data.nearest[0].scores)
    order = np.argsort(found.scores)[np.unique(np.linspace(0, number - 1, min(NUM_PAIRS, number)).round().astype(int))]
    figure, axes = makeGrid(1, len(order), 2.6, 2.8)
    for axis, k in zip(axes[0], order[::-1].tolist()):
        trace, other = data.generated.traces[k], data.library[found.places[k]]
        both = np.concatenate([trace.positions, superpose(trace.positions, other.positions)])
        places = orient(trace.positions)
        rotation = np.linalg.lstsq(trace.positions - trace.positions.mean(axis=0), places, rcond=None)[0]
        turned = (both - trace.positions.mean(axis=0)) @ rotation
        pale = np.full((len(other), 3), 0.55)
        drawRibbon(axis, other, traces.secondaryStructure(other), pale, turned[len(trace):], 0.45)
        drawRibbon(axis, trace, data.generated.measured[k].structure, None, turned[:len(trace)])
        low, high = turned[:, :2].min(axis=0), turned[:, :2].max(axis=0)
        half = 0.5 * float((high - low).max()) + 2
        axis.set(xlim=(low + high)[0] / 2 + np.array([-half, half]), ylim=(low + high)[1] / 2 + np.array([-half, half]))
        axis.set_title(f"TM {found.scores[k]:.2f}\n{len(trace)} over {other.name}", fontsize=10)
    return figure


def _drawBuilt(data: Collected) -> Any:
    from openmmorbit.evaluation.figures import ANGLE_BINS

    assert data.built is not None
    new, own = data.built
    figure, axes = makeGrid(1, 2, 4.0, 4.0)
    edges = np.linspace(-180, 180, 2 * ANGLE_BINS + 1)
    for axis, built, name in zip(axes[0], (own, new), ("natives, rebuilt from CA", "model")):
        angles = np.concatenate([*built.torsions, np.zeros((0, 2))])
        counts = np.histogram2d(angles[:, 0], angles[:, 1], [edges, edges])[0]
        axis.pcolormesh(edges, edges, np.ma.masked_equal(counts, 0).T ** 0.5, cmap="viridis", rasterized=True)
        axis.spines[["top", "right"]].set_visible(True)
        axis.set(title=f"{name}, {built.numBuilt} of {built.numBackbones}", xlabel="φ / °", aspect="equal",
                 xticks=range(-180, 181, 90), yticks=range(-180, 181, 90))
    axes[0, 0].set_ylabel("ψ / °")
    return figure


def drawAll(data: Collected) -> Iterator[tuple[str, str, Any]]:
    """Draw all pictures of a report.

    Yields
    ------
    tuple of (str, str, matplotlib.figure.Figure)
        Section of the report, file name, and picture.
    """
    import matplotlib

    pictures = [("Gallery", "gallery.png", _drawGallery), ("CA Ramachandran", "ca-ramachandran.png", _drawMaps),
                ("Bonds, clashes and hand", "geometry.png", _drawGeometry),
                ("Secondary structure", "structure.png", _drawStructure),
                ("Size and contacts", "size.png", _drawSizes), ("Contact maps", "contact-maps.png", _drawContacts)]
    if data.diversity is not None:
        pictures.append(("Likeness", "likeness.png", _drawLikeness))
    if data.nearest is not None:
        pictures.append(("Nearest training backbones", "nearest.png", _drawNearest))
    if data.built is not None and data.built[0].numBuilt > 0:
        pictures.append(("Proteins", "proteins.png", _drawBuilt))
    for section, name, draw in pictures:
        with matplotlib.rc_context(STYLE):
            figure = draw(data)
        yield section, name, figure

# SPDX-License-Identifier: MIT
"""The pictures of a report on a model of a system: maps, histograms and scatter plots in one style (matplotlib)."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.evaluation.distributions import angleDistance, binAngles, compare
from openmmorbit.evaluation.figures import ANGLE_BINS, valueEdges
from openmmorbit.evaluation.geometry import Moments
from openmmorbit.evaluation.pictures import MODEL, OWN, PALE, RELAXED, STYLE, WEIGHTED, addLegend, drawCurves, makeGrid
from openmmorbit.evaluation.systemfigures import HELD_ANGLE, HELD_BOND, motionEdges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from openmmorbit.evaluation.geometry import Measured
    from openmmorbit.evaluation.systemfigures import Collected

#: Residues that are drawn at most, and on one picture; torsions that are drawn at most.
MAX_RESIDUES, ROWS, MAX_TORSIONS = 24, 4, 16
#: Free energies that maps show, in kT.
DEPTH = 6


def _sets(data: Collected) -> list[tuple[str, Measured, np.ndarray | None]]:
    """Get what stands side by side: name, features and weights."""
    sets: list[tuple[str, Measured, np.ndarray | None]] = [
        (f"MD, {len(data.reference.measured):,} frames", data.reference.measured, None),
        (f"model, {len(data.states):,} states", data.states.measured, None)]
    if data.flow is not None and data.flow.weights is not None:
        size = data.flow.weights.ess * len(data.flow)
        sets.append((f"reweighted, {len(data.flow):,} states ({size:.0f} effective)", data.flow.measured,
                     data.flow.weights.weights))
    return sets


def _drawMap(axis: Any, probabilities: np.ndarray, edges: list[np.ndarray], highest: float) -> Any:
    """Draw free energies; white where no state was."""
    with np.errstate(divide="ignore"):
        energies = -np.log(probabilities / highest)
    shown = np.clip(np.ma.masked_invalid(energies), 0, DEPTH)
    axis.spines[["top", "right"]].set_visible(True)
    return axis.pcolormesh(edges[0], edges[1], shown.T, cmap="viridis", vmin=0, vmax=DEPTH, rasterized=True)


def _addScale(figure: Any, mesh: Any, axes: np.ndarray) -> None:
    bar = figure.colorbar(mesh, ax=axes, shrink=1.0 if len(axes) == 1 else 2 / (len(axes) + 1), aspect=22, pad=0.015)
    bar.set_label("free energy / kT")
    bar.outline.set_visible(False)


def _drawPhiPsi(data: Collected, numbers: list[int]) -> Any:
    sets = _sets(data)
    figure, axes = makeGrid(len(numbers), len(sets), 3.4, 3.1, "compressed")
    edges, mesh = [np.linspace(-180, 180, ANGLE_BINS + 1)] * 2, None
    for line, (row, number) in enumerate(zip(axes, numbers)):
        maps = [binAngles(measured.phiPsi[:, number], ANGLE_BINS, weights) for _, measured, weights in sets]
        for place, (axis, values, (name, _, _)) in enumerate(zip(row, maps, sets)):
            mesh = _drawMap(axis, values, edges, maps[0].max())
            axis.set(xlim=(-180, 180), ylim=(-180, 180), xticks=range(-180, 181, 90), yticks=range(-180, 181, 90),
                     aspect="equal", xlabel="φ / °" if line == len(numbers) - 1 else "",
                     ylabel=f"{data.geometry.residues[number]}\nψ / °" if place == 0 else "",
                     title=name if line == 0 else "")
    _addScale(figure, mesh, axes)
    return figure


def _worstFirst(data: Collected, pick: Callable[[int], Callable[[Measured], np.ndarray]], count: int,
                largest: int) -> list[int]:
    """Choose what is drawn of many: what is farthest from the simulation, in the order of the system."""
    if count <= largest:
        return list(range(count))
    excess = []
    for number in range(count):
        found = compare(angleDistance(ANGLE_BINS), pick(number)(data.states.measured),
                        data.reference.halves(pick(number)(data.reference.measured)), seed=data.seed)
        excess.append(found.value - found.halves)
    return sorted(np.argsort(excess)[::-1][:largest].tolist())


def _size(count: int, weights: np.ndarray | None) -> float:
    """Get how many states a set is worth."""
    return count if weights is None else 1 / float((weights ** 2).sum())


def _drawTorsions(data: Collected, numbers: list[int]) -> Any:
    columns = min(4, len(numbers))
    figure, axes = makeGrid(-(-len(numbers) // columns), columns, 3.0 if columns > 2 else 4.0, 2.5)
    bins = 2 * ANGLE_BINS
    for axis, number in zip(axes.flat, numbers):
        # What is around 180 degrees stands in the middle of the axis.
        turned = int(np.cos(data.reference.measured.torsions[:, number]).mean() < 0)
        edges = np.linspace(-180, 180, bins + 1) + 180 * turned
        curves = [(name, np.roll(binAngles(measured.torsions[:, [number]], bins, weights), turned * bins // 2), color,
                   _size(len(measured), weights)) for
                  (name, measured, weights), color in zip(_sets(data), (OWN, MODEL, WEIGHTED))]
        drawCurves(axis, curves, edges)
        axis.set(title=data.geometry.torsionNames[number], xlim=(edges[0], edges[-1]),
                 xticks=np.linspace(edges[0], edges[-1], 5).astype(int))
    for axis in list(axes.flat)[len(numbers):]:
        axis.set_axis_off()
    for axis in list(axes.flat)[max(len(numbers) - columns, 0):len(numbers)]:
        axis.set_xlabel("torsion / °")
    addLegend(figure, axes[0, 0])
    return figure


def _drawMoments(data: Collected) -> Any:
    """Means and standard deviations of bonds and angles, model against simulation."""
    kinds = [("bonds", "Å", 10.0, HELD_BOND, "bond lengths"), ("angles", "°", 1.0, HELD_ANGLE, "angles")]
    kinds = [kind for kind in kinds if len(getattr(data.geometry, kind[0])) > 0]
    figure, axes = makeGrid(len(kinds), 2, 4.8, 3.7)
    for row, (key, unitName, factor, held, words) in zip(axes, kinds):
        halves, model = getattr(data.reference, key), getattr(data.states, key)
        whole = Moments.join(*halves)
        difference = factor * (model.mean - whole.mean)
        largest = factor * np.abs(halves[0].mean - halves[1].mean).max()
        row[0].axhspan(-largest, largest, color=OWN, alpha=0.3, linewidth=0, label="largest between MD's halves")
        row[0].axhline(0, color=PALE, linewidth=0.8)
        row[0].scatter(factor * whole.mean, difference, s=24, color=MODEL, linewidths=0, alpha=0.8, zorder=3)
        limit = 1.25 * max(np.abs(difference).max(), largest, 1e-9)
        row[0].set(title=f"means of {words}", xlabel=f"MD / {unitName}", ylabel=f"model − MD / {unitName}",
                   ylim=(-limit, limit))
        row[0].legend(loc="lower right")
        free = whole.deviation > held
        x, y = factor * whole.deviation[free], factor * model.deviation[free]
        span = np.array([0.8 * min([*x, *y, np.inf]) if len(x) else 0.0, 1.12 * max([*x, *y, 1e-9])])
        row[1].fill_between(span, 0.9 * span, 1.1 * span, color=OWN, alpha=0.3, linewidth=0, label="within 10 %")
        row[1].plot(span, span, color=PALE, linewidth=0.8)
        row[1].scatter(x, y, s=24, color=MODEL, linewidths=0, alpha=0.8, zorder=3)
        row[1].set(title=f"standard deviations of {words}", xlabel=f"MD / {unitName}", ylabel=f"model / {unitName}",
                   xlim=span, ylim=span)
        row[1].legend(loc="upper left")
        for axis in row:
            axis.locator_params(nbins=5)
    return figure


def _drawShape(data: Collected) -> Any:
    """Distances, size and contacts."""
    own, hasPairs = data.reference.measured, data.reference.measured.distances.shape[1] > 0
    figure, axes = makeGrid(1, 3 if hasPairs else 1, 4.0 if hasPairs else 5.5, 3.6)
    panels: list[tuple[str, str]] = [("gyration", "radius of gyration / nm")]
    if hasPairs:
        panels.insert(0, ("distances", "distance / nm"))
    for axis, (name, words) in zip(axes[0], panels):
        edges, curves = valueEdges(getattr(own, name)), []
        for (label, measured, weights), color in zip(_sets(data), (OWN, MODEL, WEIGHTED)):
            values = getattr(measured, name)
            columns = values.reshape(len(values), -1)
            repeated = None if weights is None else np.repeat(weights, columns.shape[1])
            curves.append((label, np.histogram(columns.ravel(), edges, weights=repeated)[0].astype(float), color,
                           _size(len(values), weights)))
        drawCurves(axis, curves, edges)
        axis.set(xlabel=words, title="distances of pairs" if name == "distances" else "size")
    if hasPairs:
        near = [100 * (values.distances < data.geometry.contact).mean(axis=0) for values in (own, data.states.measured)]
        axes[0, 2].plot([0, 100], [0, 100], color=PALE, linewidth=0.8)
        axes[0, 2].scatter(*near, s=26, color=MODEL, linewidths=0, alpha=0.8, zorder=3)
        axes[0, 2].set(title=f"contacts below {data.geometry.contact:g} nm", xlabel="MD / %", ylabel="model / %",
                       xlim=(-4, 104), ylim=(-4, 104), aspect="equal")
    addLegend(figure, axes[0, 0])
    return figure


def _drawMotions(data: Collected) -> Any:
    motions = data.motions
    assert motions is not None
    edges = motionEdges(motions.project(data.reference.measured))
    found = []
    for name, measured, weights in _sets(data):
        values = np.clip(motions.project(measured), [e[0] for e in edges], [e[-1] for e in edges])
        counts = np.histogramdd(values, edges, weights=weights)[0]
        found.append((name, counts / counts.sum(), _size(len(values), weights)))
    if motions.dimension == 1:
        figure, axes = makeGrid(1, 1, 6.4, 3.6)
        drawCurves(axes[0, 0], [(name, values, color, size) for (name, values, size), color in
                                 zip(found, (OWN, MODEL, WEIGHTED))], edges[0])
        axes[0, 0].set(xlabel="TICA component 1", title="slowest motion")
        addLegend(figure, axes[0, 0])
        return figure
    figure, axes = makeGrid(1, len(found), 3.6, 3.3, "compressed")
    mesh = None
    for place, (axis, (name, values, _)) in enumerate(zip(axes[0], found)):
        mesh = _drawMap(axis, values, edges, found[0][1].max())
        axis.set(title=name, xlabel="TICA component 1", ylabel="TICA component 2" if place == 0 else "",
                 box_aspect=1)
        axis.locator_params(nbins=5)
    _addScale(figure, mesh, axes)
    return figure


def _drawEnergies(data: Collected) -> Any:
    """Energies, and how the weight is spread over the states."""
    own, weights = data.reference.energies, data.flow.weights if data.flow is not None else None
    assert data.states.energies is not None
    figure, axes = makeGrid(1, 2 if weights is not None else 1, 5.2 if weights is not None else 6.8, 3.8)
    sets: list[tuple[str, np.ndarray, np.ndarray | None, str]] = [
        ("MD", own, None, OWN), ("model, as generated", data.states.energies, None, MODEL)]
    if data.relaxed is not None and len(data.relaxed.energies) > 0:
        sets.append(("model, relaxed", data.relaxed.energies, None, RELAXED))
    if weights is not None:
        sets.append(("reweighted", weights.energies, weights.weights, WEIGHTED))
    middle = data.states.energies[np.isfinite(data.states.energies)]
    middle = middle if len(middle) > 0 else own
    low = min(np.percentile(values, 0.1) for values in (own, middle))
    spread = np.ptp(np.percentile(own, [0.5, 99.5]))
    high = max(own.max(), min(np.percentile(middle, 98), own.max() + 2 * spread))
    edges = np.linspace(low - 0.05 * (high - low), high + 0.05 * (high - low), 51)
    curves = []
    for name, values, own_, color in sets:
        beyond = int((~(values <= edges[-1])).sum())
        counts = np.histogram(values[np.isfinite(values)], edges, weights=None if own_ is None else
                              own_[np.isfinite(values)])[0].astype(float)
        curves.append((name + (f" ({100 * beyond / len(values):.1f} % beyond)" if beyond and own_ is None else ""),
                       counts, color, _size(len(values), own_)))
    drawCurves(axes[0, 0], curves, edges)
    axes[0, 0].set(xlabel="potential energy / (kJ/mol)", title="energies")
    if weights is not None:
        ordered = np.sort(weights.weights)[::-1]
        share = 100 * np.arange(1, len(ordered) + 1) / len(ordered)
        axes[0, 1].plot([0, 100], [0, 100], color=OWN, linewidth=1.2, linestyle="--", label="equal weights")
        axes[0, 1].plot(np.concatenate([[0], share]), 100 * np.concatenate([[0], np.cumsum(ordered)]), color=WEIGHTED,
                        linewidth=1.8, label=f"effective sample size {100 * weights.ess:.1f} %")
        axes[0, 1].set(title="how the weight is spread", xlabel="states, heaviest first / %", ylabel="weight / %",
                       xlim=(0, 100), ylim=(0, 101))
        axes[0, 1].legend(loc="lower right")
    addLegend(figure, axes[0, 0], 2)
    return figure


def drawAll(data: Collected) -> Iterator[tuple[str, str, Any]]:
    """Draw all pictures of a report.

    Yields
    ------
    tuple of (str, str, matplotlib.figure.Figure)
        Section of the report, file name, and picture.
    """
    import matplotlib

    def styled(draw: Callable[..., Any], *arguments: Any) -> Any:
        with matplotlib.rc_context(STYLE):
            return draw(data, *arguments)

    geometry = data.geometry
    residues = _worstFirst(data, lambda number: lambda measured: measured.phiPsi[:, number], len(geometry.residues),
                           MAX_RESIDUES)
    for page, begin in enumerate(range(0, len(residues), ROWS)):
        name = "phi-psi.png" if len(residues) <= ROWS else f"phi-psi-{page + 1}.png"
        yield "φ and ψ", name, styled(_drawPhiPsi, residues[begin:begin + ROWS])
    torsions = _worstFirst(data, lambda number: lambda measured: measured.torsions[:, [number]],
                           len(geometry.torsionNames), MAX_TORSIONS)
    if torsions:
        yield "Torsions", "torsions.png", styled(_drawTorsions, torsions)
    if len(geometry.bonds) > 0:
        yield "Bonds and angles", "bonds-angles.png", styled(_drawMoments)
    yield "Distances and size", "distances.png", styled(_drawShape)
    if data.motions is not None:
        yield "Slow motions", "slow-motions.png", styled(_drawMotions)
    if data.states.energies is not None:
        yield "Energies", "energies.png", styled(_drawEnergies)

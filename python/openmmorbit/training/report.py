# SPDX-License-Identifier: MIT
"""The report of a training run: curves of loss and quality as PNG, and a page with the held-out metrics."""
from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openmmorbit import orbittraining
    from openmmorbit._types import StrPath

_metricNames = ("COV-R@0.1", "COV-R@0.5", "COV-P@0.1", "COV-P@0.5", "AMR-R", "AMR-P", "stereoCorrect", "accepted")
# Line and marker of every quantity.
_shareStyles = {"COV-R@0.1": ("-", "o"), "COV-P@0.1": ("--", "s"), "stereoCorrect": (":", "^")}
_distanceStyles = {"AMR-R": ("-", "o"), "AMR-P": ("--", "s")}
_colors = ("#c0392b", "#2c7fb8", "#41ab5d", "#e67e22", "#6a51a3")


def readLog(path: StrPath) -> dict[str, list[Any]]:
    """Read log.csv or metrics.csv of a run.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict
        Column title to a list of values, one a row: numbers, None where a field is empty, text for shards. Empty if the
        file is missing.
    """
    if not Path(path).is_file():
        return {}
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    table = {}
    for title in rows[0] if rows else []:
        values = [row[title] for row in rows]
        table[title] = values if title == "shard" else [float(value) if value else None for value in values]
    return table


def _plot(axis: Any, x: Sequence[Any], values: Sequence[Any], **style: Any) -> None:
    points = [(a, b) for a, b in zip(x, values) if b is not None]
    if points:
        axis.plot(*zip(*points), marker="o" if len(points) == 1 else None, **style)


def _drawLoss(axis: Any, log: dict[str, list[Any]]) -> None:
    _plot(axis, log["step"], log["loss"], color="#9ecae1", label="training loss")
    _plot(axis, log["step"], log["validationLoss"], color=_colors[0], label="validation loss")
    axis.set(xlabel="step", ylabel="loss", title="loss")
    if all(value > 0 for value in log["loss"] if value is not None):
        axis.set_yscale("log")
    rate = axis.twinx()
    _plot(rate, log["step"], log["learningRate"], color="#969696", linestyle=":", label="learning rate")
    rate.set(ylabel="learning rate", ylim=(0, None))
    handles = [*axis.get_legend_handles_labels()[0], *rate.get_legend_handles_labels()[0]]
    axis.legend(handles=handles, frameon=False, loc="upper right")


def _drawMetrics(axis: Any, metrics: dict[str, list[Any]], styles: Mapping[str, tuple[str, str]], scale: float) -> None:
    """A colour for every shard, a line and a marker for every quantity; the legend names both."""
    from matplotlib.lines import Line2D

    shards = sorted(set(metrics.get("shard", [])))
    names = [Path(shard).name for shard in shards]
    handles = []
    for shard, color in zip(shards, _colors * (len(shards) // len(_colors) + 1)):
        chosen = [k for k, name in enumerate(metrics["shard"]) if name == shard]
        steps = [metrics["step"][k] for k in chosen]
        for title, (line, marker) in styles.items():
            axis.plot(steps, [scale * metrics[title][k] for k in chosen], line, marker=marker, markersize=4,
                      markerfacecolor="none", color=color)
        unique = names.count(Path(shard).name) == 1
        handles.append(Line2D([], [], color=color, linewidth=4, label=Path(shard).name if unique else shard))
    handles += [Line2D([], [], color="#525252", linestyle=line, marker=marker, markersize=4, markerfacecolor="none",
                       label=title) for title, (line, marker) in styles.items()]
    if shards:
        axis.legend(handles=handles, frameon=False, fontsize=8)


def drawRun(folder: StrPath, path: StrPath) -> bool:
    """Draw loss, coverage and distances of a run against the step.

    Parameters
    ----------
    folder : path
        The output folder of the run.
    path : path
        The PNG file.

    Returns
    -------
    bool
        False if the run has no log yet; then nothing is drawn.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    log, metrics = readLog(Path(folder) / "log.csv"), readLog(Path(folder) / "metrics.csv")
    if not log:
        return False
    number = 3 if metrics else 1        # Models of a system have no metrics of conformers.
    figure, axes = pyplot.subplots(1, number, figsize=(14 * number / 3, 4.6), constrained_layout=True, squeeze=False)
    _drawLoss(axes[0, 0], log)
    if metrics:
        _drawMetrics(axes[0, 1], metrics, _shareStyles, 100)
        _drawMetrics(axes[0, 2], metrics, _distanceStyles, 1)
        axes[0, 1].set(xlabel="step", ylabel="%", title="validation conformers, raw", ylim=(0, 101))
        axes[0, 2].set(xlabel="step", ylabel="Å", title="average minimum RMSD", ylim=(0, None))
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
    return True


def writeEvents(folder: StrPath) -> Path:
    """Write the logs of a run as event files for TensorBoard into its folder ``events``. May be called at any time.

    Parameters
    ----------
    folder : path
        The output folder of the run.

    Returns
    -------
    pathlib.Path
        The folder to give to ``tensorboard --logdir``.

    Raises
    ------
    ImportError
        If tensorboardX is not installed.
    """
    import shutil

    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise ImportError("openmmorbit.training.report: event files need tensorboardX (pip install tensorboardX)"
                          ) from error
    folder = Path(folder)
    shutil.rmtree(folder / "events", ignore_errors=True)
    with SummaryWriter(str(folder / "events")) as writer:
        for name, titles in (("log.csv", ("loss", "validationLoss", "gradientNorm", "learningRate", "samplesPerSecond",
                                          "atomsPerSecond")), ("metrics.csv", _metricNames)):
            table = readLog(folder / name)
            for row, step in enumerate(table.get("step", [])):
                shard = f"/{Path(table['shard'][row]).stem}" if "shard" in table else ""
                for title in titles:
                    if table[title][row] is not None:
                        writer.add_scalar(title.replace("@", "-") + shard, table[title][row], int(step),
                                          walltime=60 * table["minutes"][row])
    return folder / "events"


def writeReport(folder: StrPath, result: orbittraining.TrainingResult) -> Path:
    """Write report.md, with training.png if matplotlib and events/ if tensorboardX is installed, into a run's folder.

    Parameters
    ----------
    folder : path
        The output folder of the run.
    result : openmmorbit.orbittraining.TrainingResult
        What train() returned.

    Returns
    -------
    pathlib.Path
        The page.
    """
    folder = Path(folder)
    metrics = readLog(folder / "metrics.csv")
    lines = ["# Training run", "",
             f"- {result.numSteps} steps, {result.numSamples} samples, {result.minutes:.1f} minutes",
             f"- model: `{Path(result.modelPath).name}`"]
    # A loss of 0 is none: no validation shards, or no step since a checkpoint without it.
    lines += [f"- {name} {value:.4f}" for name, value in (("mean loss of the last steps", result.loss),
                                                         ("validation loss", result.validationLoss)) if value]
    if result.numSkipped:
        lines.append(f"- {result.numSkipped} batches without a finite loss or gradient were skipped")
    if metrics:
        last = [k for k, step in enumerate(metrics["step"]) if step == metrics["step"][-1]]
        lines += ["", f"Held-out molecules at step {int(metrics['step'][-1])}, averaged weights, raw output (no "
                  "redraws), heavy atoms:", "", "| shard | molecules | copies | " + " | ".join(_metricNames) + " |",
                  "|---|---|---|" + "---|" * len(_metricNames)]
        for k in last:
            values = [f"{metrics[name][k]:.3f} Å" if name.startswith("AMR") else f"{100 * metrics[name][k]:.1f} %"
                      for name in _metricNames]
            lines.append(f"| {Path(metrics['shard'][k]).name} | {int(metrics['molecules'][k])} | "
                         f"{int(metrics['copies'][k])} | " + " | ".join(values) + " |")
    try:
        if drawRun(folder, folder / "training.png"):
            lines += ["", "![loss and metrics](training.png)"]
    except ImportError:
        lines += ["", "No curves: matplotlib is not installed (pip install matplotlib)."]
    try:
        lines += ["", f"Curves for TensorBoard: `tensorboard --logdir {writeEvents(folder).name}`"]
    except ImportError:
        pass
    (folder / "report.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "report.md"

# SPDX-License-Identifier: MIT
"""The comparison of methods as a Markdown page, a table and a picture."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.evaluation.scores import perMolecule
from openmmorbit.evaluation.statistics import pairedDifferences, summarize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit._types import Interval, ModelLike, StrPath
    from openmmorbit.evaluation.methods import Method
    from openmmorbit.evaluation.references import Reference

_colors = ("#c0392b", "#e67e22", "#2c7fb8", "#41ab5d", "#6a51a3", "#737373")


def chooseCondition(references: Sequence[Reference], model: ModelLike = None,
                    condition: str | None = None) -> tuple[str | None, str, bool]:
    """Choose the condition of the model whose conformers are compared: that of the references, unless one is given.

    Parameters
    ----------
    references : list of openmmorbit.evaluation.Reference
    model : str or openmmorbit.orbit.DenoiserModel, optional
        Default: the packaged one.
    condition : str, optional
        What the caller asks for.

    Returns
    -------
    tuple of (str or None, str, bool)
        The condition, a sentence about both levels of theory, and whether they agree.
    """
    from openmmorbit.models import loadModel

    known = list(loadModel(model).getConditions())
    levels = sorted({reference.level for reference in references})
    if condition is None and len(levels) == 1 and levels[0] in known:
        condition = levels[0]
    used = condition or known[0]
    if levels == [used]:
        return condition, f"conformers and references of {used}", True
    if levels == [""]:
        return condition, f"conformers of {used}; the references do not tell their level of theory (tag LEVEL)", True
    names = ", ".join(level or "an unknown level" for level in levels)
    return condition, (f"conformers of {used}, references of {names}: distances and strains hold the difference of the "
                       f"levels of theory too (the model has {', '.join(known)}; --condition chooses)"), False


def drawReport(methods: Sequence[Method], path: StrPath, largest: float = 1.5) -> None:
    """Draw coverage against the RMSD limit, distances and strain energies to a PNG file.

    Parameters
    ----------
    methods : list of openmmorbit.evaluation.Method
        Scored methods; others are left out.
    path : path
        The PNG file.
    largest : float
        End of the axis of RMSD limits, Angstrom.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    methods = [method for method in methods if method.scores]
    figure, axes = pyplot.subplots(1, 3, figsize=(13, 4.2), constrained_layout=True)
    limits = np.linspace(0.01, largest, 75)
    for axis, quantity, title in ((axes[0], "recall", "references found (COV-R)"),
                                  (axes[1], "precision", "copies near a reference (COV-P)")):
        for method, color in zip(methods, _colors):
            values = np.array([perMolecule(method.scores, quantity, limit) for limit in limits])
            mean, error = values.mean(axis=1), values.std(axis=1) / np.sqrt(max(values.shape[1], 1))
            axis.plot(limits, mean, color=color, label=method.name)
            axis.fill_between(limits, mean - 1.96 * error, mean + 1.96 * error, color=color, alpha=0.08, linewidth=0)
        axis.set(xlabel="heavy-atom RMSD limit / Å", ylabel="%", title=title, xlim=(0, largest), ylim=(0, 101))
    axes[0].legend(frameon=False, loc="lower right")
    strains = [[value for score in method.scores for value in score.strains] for method in methods]
    shown = [(method.name, strain, color) for method, strain, color in zip(methods, strains, _colors) if strain]
    for place, (_, strain, color) in enumerate(shown):
        axes[2].boxplot([np.maximum(strain, 0.01)], positions=[place], widths=0.6, showfliers=False,
                        medianprops={"color": color, "linewidth": 2})
    if shown:
        axes[2].set_yscale("log")
        axes[2].set_xticks(range(len(shown)), [name for name, _, _ in shown], rotation=30, ha="right")
        axes[2].set(ylabel="kcal/mol", title="GFN2-xTB strain")
    else:
        axes[2].set_axis_off()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)


def _cell(value: float | Interval) -> str:
    if np.isnan(value[0] if isinstance(value, tuple) else value):
        return "–"
    if isinstance(value, tuple):
        digits = 1 if abs(value[0]) >= 10 else 3
        return f"{value[0]:.{digits}f} ({value[1]:.{digits}f}–{value[2]:.{digits}f})"
    return f"{value:.2f}"


def markdownTable(methods: Sequence[Method], thresholds: Sequence[float] = (0.1, 0.5)) -> str:
    """Write the comparison as a Markdown table: one row a quantity, one column a method.

    Parameters
    ----------
    methods : list of evaluation.Method
        The column of one whose software is missing says what to install.

    Returns
    -------
    str
    """
    summaries = [None if method.missing else summarize(method, thresholds) for method in methods]
    lines = ["| | " + " | ".join(method.name for method in methods) + " |", "|---|" + "---|" * len(methods)]
    titles = next((list(summary) for summary in summaries if summary is not None), [])
    for row, title in enumerate(titles):
        cells = [(method.missing if row == 0 else "–") if summary is None else _cell(summary[title])
                 for method, summary in zip(methods, summaries)]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def writeReport(references: Sequence[Reference], methods: Sequence[Method], thresholds: Sequence[float],
                description: Sequence[str], notes: Sequence[str] = ()) -> str:
    """Write the comparison as a Markdown page.

    Parameters
    ----------
    references : list of openmmorbit.evaluation.Reference
    methods : list of openmmorbit.evaluation.Method
        The first of those with scores is compared with all others.
    thresholds : sequence of float
        RMSD limits of the coverage, Angstrom.
    description : list of str
        What was compared, one line each.
    notes : sequence of str
        What is missing, and how to install it.

    Returns
    -------
    str
    """
    heavy = [reference.mol.GetNumHeavyAtoms() for reference in references]
    lines = ["# Evaluation", "", *[f"- {line}" for line in description],
             f"- {len(references)} molecules of {min(heavy)} to {max(heavy)} heavy atoms, "
             f"{sum(r.numConformers for r in references)} reference conformers; heavy-atom RMSD; 95 % bootstrap "
             "intervals over molecules; a molecule without an answer covers nothing", "",
             markdownTable(methods, thresholds), ""]
    scored = [method for method in methods if method.scores]
    chosen: Any = next((method for method in scored if method.name == "orbit raw"), scored[0] if scored else None)
    for other in scored:
        if other is chosen or other.name == "orbit":
            continue
        differences = pairedDifferences(chosen, other, thresholds)
        lines += [f"{chosen.name} minus {other.name}, paired by molecule:", ""]
        lines += [f"- {title}: {value:+.3f} ({lower:+.3f} to {upper:+.3f})"
                  for title, (value, lower, upper) in differences.items()]
        lines.append("")
    missing = [f"{method.name} is {method.missing}" for method in methods if method.missing]
    lines += [f"- {note}" for note in (*missing, *notes)]
    failures = [(method.name, score) for method in scored for score in method.scores if score.error]
    if failures:
        lines += ["", f"{len(failures)} answers are missing:", ""]
        lines += [f"- {name}: `{score.smiles}`: {score.error}" for name, score in failures[:30]]
    return "\n".join(lines) + "\n"

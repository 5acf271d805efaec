# SPDX-License-Identifier: MIT
"""The report on a model of a system: a page with its summary and pictures, and all numbers as JSON."""
from __future__ import annotations

import json
import math
import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.evaluation.systemfigures import Figure, figureEntry
from openmmorbit.io.outputs import replacing, replacingPath

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit import orbit
    from openmmorbit._types import StrPath
    from openmmorbit.data.trajectories import TrajectoryDataset
    from openmmorbit.evaluation.systemfigures import Collected
    from openmmorbit.topologies import TopologyGenerator

#: Sections of the page, in their order.
SECTIONS = ("φ and ψ", "Torsions", "Bonds and angles", "Distances and size", "Slow motions", "Energies")
#: Lines of a table of residues or torsions at most.
MAX_LINES = 40
_explanation = """\
Generated states are compared with frames of the simulation (MD). How far the two are apart says little alone: two
halves of one simulation differ too, because it is short, and because any two sets of so many states differ. So "MD's
own" is the same distance between the first and the second half of the simulation, at the same number of states; "ratio"
is the model's over it. "Chance" is the distance of two random sets of frames: no model can be expected to come below.
For a quantity that is no distance, "MD's own" is its value in the simulation."""


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", info.read_text(encoding="utf-8")) if info.exists() else None
    return found[1].strip() if found else platform.processor() or platform.machine()


def describeMachine(model: orbit.DenoiserModel, generator: TopologyGenerator, dataset: TrajectoryDataset,
                    data: Collected) -> dict[str, Any]:
    """Get what was compared, how the states were made, and on which machine."""
    from openmmorbit import __version__

    counts = dataset.counts
    residues = list(dict.fromkeys(atom.residue for atom in generator.topology.atoms()))
    names = "-".join(residue.name for residue in residues) if len(residues) <= 10 else f"{len(residues)} residues"
    return {
        "system": f"{len(generator.atoms)} atoms of {names}", "temperature": data.kelvin,
        "model": Path(model.getPath()).name or model.getMetadata("name"), "sha256": model.getChecksum(),
        "card": dict(model.getAllMetadata()),
        "trajectories": [{"file": entry.label.strip('"'), "frames": entry.kept, "duplicates": entry.duplicates,
                          "notFinite": entry.notFinite} for entry in counts],
        "frames": data.reference.numFrames, "every": data.reference.every,
        "generation": data.states.facts, "flow": data.flow.facts if data.flow is not None else None,
        "software": f"openmmorbit {__version__}, Python {platform.python_version()}",
        "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores"}


def _plain(value: Any) -> Any:
    """Get a value as JSON knows it: what is not finite is null."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


class SystemReport:
    """How good a model of a system is; made by evaluateSystem().

    Attributes
    ----------
    figures : list of Figure
        The summary: each with its ``key``, ``value``, what the simulation has (``own``), and how to read it.
    details : dict
        The figures of single residues, torsions, bonds, angles and distances.
    notes : dict
        Section of the page to what is missing in it, and how to install it.
    about : dict
        Model, trajectories, sampler, seeds, times, machine.
    """

    def __init__(self, data: Collected, figures: list[Figure], details: dict[str, Any], notes: dict[str, str],
                 about: dict[str, Any]) -> None:
        self._data, self.figures, self.details, self.notes, self.about = data, figures, details, notes, about

    def __getitem__(self, key: str) -> Figure:
        """Get a figure by its key."""
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise KeyError(f"SystemReport: expected one of {', '.join(figure.key for figure in self.figures)}, got {key!r}")

    def __repr__(self) -> str:
        return f"<SystemReport on {self.about['system']}: {len(self.figures)} figures>"

    def toDict(self) -> dict[str, Any]:
        """Get all numbers, as report.json has them; what is not finite is None."""
        return _plain({"about": self.about, "figures": [figureEntry(figure) for figure in self.figures],
                       **self.details, "notes": self.notes})

    def table(self) -> str:
        """Get the summary as a Markdown table."""
        lines = ["| quantity | model | MD's own | ratio | chance | states | how to read it |",
                 "|---|---|---|---|---|---|---|"]
        for figure in self.figures:
            lines.append(f"| {figure.title} | {Figure.text(figure.value, figure.error)} | "
                         f"{Figure.text(figure.own, figure.ownError)} | {Figure.text(figure.ratio)} | "
                         f"{Figure.text(figure.chance)} | "
                         f"{'–' if figure.numStates is None else f'{figure.numStates:,}'} | {figure.reading} |")
        return "\n".join(lines)

    def _anglesTable(self, key: str, title: str) -> list[str]:
        entries = self.details.get(key) or []
        if not entries:
            return []
        chosen = sorted(entries, key=lambda entry: entry["halves"] - entry["value"])[:MAX_LINES]
        more = f" The {MAX_LINES} farthest from the simulation of {len(entries)}; report.json has all." \
            if len(entries) > MAX_LINES else ""
        lines = [f"| {title} | model | MD's own | chance |", "|---|---|---|---|"]
        lines += [f"| {entry['name']} | {Figure.text(entry['value'])} | {Figure.text(entry['halves'])} | "
                  f"{Figure.text(entry['chance'])} |" for entry in chosen]
        return [f"Jensen-Shannon distances.{more}", "", *lines, ""]

    def _generation(self, facts: dict[str, Any], words: str) -> list[str]:
        redraws = facts["attempts"] - facts["states"] - facts["failed"]
        inspection = (f"{100 * facts['acceptedFirst']:.1f} % accepted by the inspection at the first draw, {redraws} "
                      f"redraws, {facts['failed']} states left out" if facts["inspected"] else "not inspected")
        error = facts["largestLogDensityError"]
        known = f", errors of ln density up to {error:.2g}" if error else ""
        return [f"- {words}: {facts['states']:,} of {facts['requested']:,}, {inspection}",
                f"  - sampler: {facts['sampler']}; {facts['evaluationsPerAttempt']} evaluations of the network a draw",
                f"  - {facts['millisecondsPerState']:.3g} ms a state, {facts['kernel']}, seed {facts['seed']}"
                + known + (f", condition {facts['condition']}" if facts["condition"] else "")]

    def _facts(self) -> list[str]:
        about = self.about
        files = ", ".join(f"{Path(entry['file']).name} ({entry['frames']:,} frames)" for entry in about["trajectories"])
        warm = "" if about["temperature"] is None else f", {about['temperature']:g} K"
        return [f"- system: {about['system']}{warm}", f"- model: {about['model']}, sha256 {about['sha256'][:12]}",
                f"- simulation: {files}"]

    def page(self, pictures: Sequence[tuple[str, str]] = (), missing: str = "") -> str:
        """Write the report as a Markdown page.

        Parameters
        ----------
        pictures : sequence of tuple
            Section and file name of each picture.
        missing : str
            Why there are no pictures.
        """
        lines = [f"# A model of {self.about['system']}", "", *self._facts(), "", "## Summary", "", _explanation, "",
                 self.table(), "", *([missing, ""] if missing else [])]
        tables = {"φ and ψ": self._anglesTable("residues", "residue"),
                  "Torsions": self._anglesTable("torsions", "bond")}
        for section in SECTIONS:
            shown = [name for title, name in pictures if title == section]
            text = [*[line for name in shown for line in (f"![{section}]({name})", "")], *tables.get(section, [])]
            if section in self.notes:
                text += [f"Missing: {self.notes[section]}", ""]
            if section == "Slow motions" and "slowMotions" in self.details:
                found = self.details["slowMotions"]
                text += [f"TICA with a lag of {found['lag']} frames; timescales "
                         f"{', '.join(f'{value:.3g}' for value in found['timescales'])} frames.", ""]
            if text:
                lines += [f"## {section}", "", *text]
        lines += ["## How the states were made", "", *self._generation(self.about["generation"], "States")]
        if self.about["flow"] is not None:
            lines += self._generation(self.about["flow"], "States with a density (flow)")
        lines += [f"- {self.about['processor']}; {self.about['software']}", ""]
        if self.about["card"]:
            lines += ["## The model's card", ""]
            lines += [*[f"- {key}: {value}" for key, value in self.about["card"].items()], ""]
        return "\n".join(lines).rstrip() + "\n"

    def write(self, folder: StrPath) -> Path:
        """Write report.md, report.json and pictures into a folder, which is made.

        Returns
        -------
        pathlib.Path
            The page.
        """
        folder = Path(folder)
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"SystemReport.write: expected a folder for the report, got the file '{folder}'")
        folder.mkdir(parents=True, exist_ok=True)
        pictures, missing = [], ""
        try:
            from openmmorbit.evaluation.systempictures import drawAll

            for section, name, figure in drawAll(self._data):
                with replacingPath(folder / name) as part:
                    figure.savefig(part, dpi=150, bbox_inches="tight", pad_inches=0.1)
                pictures.append((section, name))
        except ImportError as error:
            missing = f"No pictures: matplotlib is not installed ({error}); run 'pip install matplotlib'."
        with replacing(folder / "report.json") as stream:
            json.dump(self.toDict(), stream, indent=1, ensure_ascii=False, allow_nan=False)
        with replacing(folder / "report.md") as stream:
            stream.write(self.page(pictures, missing))
        return folder / "report.md"

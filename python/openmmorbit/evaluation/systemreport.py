# SPDX-License-Identifier: MIT
"""The report on a model of a system: a page with its summary and pictures, and all numbers as JSON."""
from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openmmorbit.evaluation.figures import Figure
from openmmorbit.evaluation.reportpage import Report, describeProcessor, showPicture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openmmorbit import orbit
    from openmmorbit.data.trajectories import TrajectoryDataset
    from openmmorbit.evaluation.systemfigures import Collected
    from openmmorbit.topologies import TopologyGenerator
    from openmmorbit.viewer.scenes import Scene

#: Sections of the page, in their order.
SECTIONS = ("States", "φ and ψ", "Torsions", "Bonds and angles", "Distances and size", "Slow motions", "Energies")
#: States of the gallery at most.
MOST_SHOWN = 100
#: Lines of a table of residues or torsions at most.
MAX_LINES = 40
_explanation = """\
Generated states are compared with frames of the simulation (MD). How far the two are apart says little alone: two
halves of one simulation differ too, because it is short, and because any two sets of so many states differ. So "MD's
own" is the same distance between the first and the second half of the simulation, at the same number of states; "ratio"
is the model's over it. "Chance" is the distance of two random sets of frames: no model can be expected to come below.
For a quantity that is no distance, "MD's own" is its value in the simulation."""


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
        "processor": describeProcessor()}


class SystemReport(Report):
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
        super().__init__(figures, details, notes, about)
        self._data = data
        self.title = f"A model of {about['system']}"

    def __repr__(self) -> str:
        return f"<SystemReport on {self.about['system']}: {len(self.figures)} figures>"

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
        lines = [f"# {self.title}", "", *self._facts(), "", "## Summary", "", _explanation, "",
                 self.table(), "", *([missing, ""] if missing else [])]
        tables = {"φ and ψ": self._anglesTable("residues", "residue"),
                  "Torsions": self._anglesTable("torsions", "bond")}
        for section in SECTIONS:
            shown = [name for title, name in pictures if title == section]
            text = [*[line for name in shown for line in (showPicture(section, name), "")], *tables.get(section, [])]
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
        lines += self._ending()
        return "\n".join(lines).rstrip() + "\n"

    def _scenes(self) -> tuple[str, list[Scene]]:
        from openmmorbit.viewer.tracescenes import fromStates

        states = self._data.states
        return "States", [fromStates(states.ensemble, MOST_SHOWN, "states of the model", states.energies)]

    def _draw(self) -> Iterator[tuple[str, str, Any]]:
        from openmmorbit.evaluation.systempictures import drawAll

        return drawAll(self._data)

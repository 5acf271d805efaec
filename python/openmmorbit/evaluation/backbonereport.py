# SPDX-License-Identifier: MIT
"""The report on a model of backbones: a page with its gallery, summary and pictures, and all numbers as JSON."""
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openmmorbit.evaluation.figures import Figure
from openmmorbit.evaluation.reportpage import Report, showPicture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openmmorbit.evaluation.backbonefigures import Collected
    from openmmorbit.viewer.scenes import Scene

#: Backbones of the gallery at most.
MOST_SHOWN = 100
#: Sections of the page, in their order, each with a sentence.
SECTIONS = {
    "Gallery": "Generated backbones, evenly chosen by length, not by quality: helices red, strands blue. Natural ones "
               "of the data are in the last row.",
    "CA Ramachandran": "Pseudo-bond angle of three CA and dihedral of four. Helices are at 50°, strands around 180°; "
                       "of the mirror image, helices would be at −50°.",
    "Bonds, clashes and hand": "",
    "Secondary structure": "",
    "Size and contacts": "",
    "Contact maps": "Generated backbones: CA closer than 8 Å dark, up to 24 Å pale. Helices widen the diagonal, pairs "
                    "of strands run beside or across it.",
    "Likeness": "TM scores of pairs, and of each backbone with its nearest of the training set.",
    "Nearest training backbones": "Generated backbones in colour, over their nearest of the training set in grey.",
    "Proteins": "Phi and psi of the proteins that were built on the backbones."}
_explanation = """\
Generated backbones are compared with natural ones (the data) of the same lengths. Of distances of distributions,
"data's own" is that of two random halves of the data at the same number of backbones; "ratio" is the model's over it,
and 1 is as good as can be seen. Of other quantities, "data's own" is the data's value. After ± stands the standard
error. The report knows nothing of sequences that fold to these backbones: it judges geometry, variety and stability,
and is no measure of designability."""


class BackboneReport(Report):
    """How good a model of backbones is; made by evaluateBackbones().

    Attributes
    ----------
    figures : list of Figure
        The summary: each with its ``key``, ``value``, what natural backbones have (``own``), and how to read it.
    details : dict
        What was measured on each backbone, TM scores, and what became of proteins built on them.
    notes : dict
        Section of the page to what is missing in it, and how to install it.
    about : dict
        Model, data, sampler, seeds, times, machine.
    """

    _own, _noun = "data's own", "backbone"

    def __init__(self, data: Collected, figures: list[Figure], details: dict[str, Any], notes: dict[str, str],
                 about: dict[str, Any]) -> None:
        super().__init__(figures, details, notes, about)
        self._data = data
        self.title = f"Backbones of {Path(about['model']).name}"

    def __repr__(self) -> str:
        return f"<BackboneReport on {self.about['model']}: {len(self.figures)} figures>"

    def _nearestTable(self) -> list[str]:
        entries = self.details.get("nearest", {}).get("generated", [])
        if not entries:
            return []
        chosen = sorted(entries, key=lambda entry: -entry["tm"])[:5]
        return ["The nearest:", "", "| backbone | residues | training backbone | TM |", "|---|---|---|---|",
                *[f"| {entry['name']} | {entry['numResidues']} | {entry['training']} | {Figure.text(entry['tm'])} |"
                  for entry in chosen], ""]

    def _builtText(self) -> list[str]:
        refused = self.details.get("built", {}).get("generated", {}).get("refused", {})
        if not refused:
            return []
        return [f"Not built: {', '.join(f'{count} {fault}' for fault, count in sorted(refused.items()))}.", ""]

    def _facts(self) -> list[str]:
        about = self.about
        lines = [f"- model: {about['model']}" + (f", sha256 {about['sha256'][:12]}" if about["sha256"] else ""),
                 f"- data: {about['reference']['backbones']:,} backbones of {about['lengths'][0]} to "
                 f"{about['lengths'][1]} residues from {', '.join(about['reference']['files'])}"]
        if about["training"]["backbones"]:
            lines.append(f"- training set: {about['training']['backbones']:,} backbones from "
                         f"{', '.join(about['training']['files'])}")
        return lines

    def page(self, pictures: Sequence[tuple[str, str]] = (), missing: str = "") -> str:
        """Write the report as a Markdown page; see Report.page()."""
        lines = [f"# {self.title}", "", *self._facts(), ""]
        extra = {"Likeness": self._nearestTable(), "Proteins": self._builtText()}
        for section, sentence in SECTIONS.items():
            shown = [name for title, name in pictures if title == section]
            text = [*([sentence, ""] if sentence and shown else []),
                    *[line for name in shown for line in (showPicture(section, name), "")], *extra.get(section, [])]
            if section in self.notes:
                text += [f"Missing: {self.notes[section]}", ""]
            if text:
                lines += [f"## {section}", "", *text]
            if section == "Gallery":
                lines += ["## Summary", "", _explanation, "", self.table(), "", *([missing, ""] if missing else [])]
        if self.about["generation"] is not None:
            lines += ["## How the backbones were made", "", *self._generation(self.about["generation"], "Backbones")]
        else:
            lines += ["## Where", ""]
        return "\n".join([*lines, *self._ending()]).rstrip() + "\n"

    def _scenes(self) -> tuple[str, list[Scene]]:
        from openmmorbit.evaluation.backbonepictures import chooseByLength
        from openmmorbit.viewer.tracescenes import fromTrace

        generated, scenes = self._data.generated, []
        nearest = {entry["name"]: entry for entry in self.details.get("nearest", {}).get("generated", [])}
        for k in chooseByLength(generated, MOST_SHOWN):
            trace, measured = generated.traces[k], generated.measured[k]
            near = nearest.get(trace.name)
            facts = [("radius of gyration", f"{measured.gyration:.1f} Å")]
            facts += [("nearest training backbone", f"{near['training']}, TM {near['tm']:.2f}")] if near else []
            scenes.append(fromTrace(trace, trace.name or f"backbone {k + 1}", measured.structure, facts))
        return "Gallery", scenes

    def _draw(self) -> Iterator[tuple[str, str, Any]]:
        from openmmorbit.evaluation.backbonepictures import drawAll

        return drawAll(self._data)

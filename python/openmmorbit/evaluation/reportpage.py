# SPDX-License-Identifier: MIT
"""What all reports share: figures by their keys, a page in Markdown, pictures beside it, and all numbers as JSON."""
from __future__ import annotations

import json
import math
import os
import platform
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openmmorbit.evaluation.figures import Figure, figureEntry
from openmmorbit.io.outputs import makeFolder, replacing, replacingPath

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from openmmorbit._types import StrPath
    from openmmorbit.ensemble import Ensemble
    from openmmorbit.generator import Generator
    from openmmorbit.viewer.scenes import Scene


def describeProcessor() -> str:
    """Get the name of the processor and how many cores this process has."""
    info = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*: (.*)", info.read_text(encoding="utf-8")) if info.exists() else None
    name = found[1].strip() if found else platform.processor() or platform.machine()
    return f"{name}, {len(os.sched_getaffinity(0))} cores"


def describeGeneration(generator: Generator, ensembles: Sequence[Ensemble], number: int, seconds: float,
                       inspected: bool | None) -> dict[str, Any]:
    """Get how copies were made.

    Parameters
    ----------
    generator : Generator
    ensembles : sequence of Ensemble
        What it returned.
    number : int
        Copies that were asked for.
    seconds : float
        That they took.
    inspected : bool, optional
        Whether they were inspected; None for copies with densities.
    """
    made = [entry for ensemble in ensembles for entry in ensemble.provenance]
    failures = [entry for ensemble in ensembles for entry in ensemble.failures]
    redraws = [entry.numRedraws for entry in made]
    attempts = sum(redraws) + len(redraws) + sum(entry.provenance.numRedraws + 1 for entry in failures)
    origin = (made or [entry.provenance for entry in failures])[0]
    return {"requested": number, "states": len(made), "failed": len(failures), "attempts": attempts,
            "acceptedFirst": sum(entry == 0 for entry in redraws) / number,
            "inspected": bool(inspected), "seed": origin.seed, "millisecondsPerState": 1000 * seconds / number,
            "evaluationsPerAttempt": generator.samplerSettings.getNumEvaluations(),
            "sampler": str(generator.samplerSettings)[len("<SamplerSettings "):-1],
            "largestLogDensityError": None if inspected is not None else
            max(float(ensemble.logDensityErrors.max()) for ensemble in ensembles),
            "kernel": generator.kernelDescription(), "condition": origin.condition}


def _plain(value: Any) -> Any:
    """Get a value as JSON knows it: what is not finite is null."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def showPicture(section: str, name: str) -> str:
    """Get how a page shows a picture, or leads to a gallery."""
    return f"[{section} in three dimensions]({name})" if name.endswith(".html") else f"![{section}]({name})"


class Report:
    """Figures of a model beside those of its reference; a class for each kind of subject derives from it.

    Attributes
    ----------
    figures : list of Figure
        The summary: each with its ``key``, ``value``, what the reference has (``own``), and how to read it.
    details : dict
        More numbers, by their names.
    notes : dict
        Section of the page to what is missing in it, and how to install it.
    about : dict
        Model, reference, sampler, seeds, times, machine.
    """

    #: Of the page.
    title = ""
    #: What the reference's column and one copy are called.
    _own, _noun = "MD's own", "state"

    def __init__(self, figures: list[Figure], details: dict[str, Any], notes: dict[str, str],
                 about: dict[str, Any]) -> None:
        self.figures, self.details, self.notes, self.about = figures, details, notes, about

    def __getitem__(self, key: str) -> Figure:
        """Get a figure by its key."""
        for figure in self.figures:
            if figure.key == key:
                return figure
        raise KeyError(f"{type(self).__name__}: expected one of {', '.join(figure.key for figure in self.figures)}, "
                       f"got {key!r}")

    def toDict(self) -> dict[str, Any]:
        """Get all numbers, as report.json has them; what is not finite is None."""
        return _plain({"about": self.about, "figures": [figureEntry(figure) for figure in self.figures],
                       **self.details, "notes": self.notes})

    def table(self) -> str:
        """Get the summary as a Markdown table."""
        isKnown = any(figure.chance is not None for figure in self.figures)
        titles = ["quantity", "model", self._own, "ratio", *(["chance"] if isKnown else []), f"{self._noun}s",
                  "how to read it"]
        rows = []
        for figure in self.figures:
            rows.append([figure.title, Figure.text(figure.value, figure.error),
                         Figure.text(figure.own, figure.ownError), Figure.text(figure.ratio),
                         *([Figure.text(figure.chance)] if isKnown else []),
                         "–" if figure.numStates is None else f"{figure.numStates:,}", figure.reading])
        lines = [f"| {' | '.join(row)} |" for row in [titles, *rows]]
        return "\n".join([lines[0], "|" + len(titles) * "---|", *lines[1:]])

    def _generation(self, facts: dict[str, Any], words: str) -> list[str]:
        redraws = facts["attempts"] - facts["states"] - facts["failed"]
        inspection = (f"{100 * facts['acceptedFirst']:.1f} % accepted by the inspection at the first draw, {redraws} "
                      f"redraws, {facts['failed']} {self._noun}s left out" if facts["inspected"] else "not inspected")
        error = facts["largestLogDensityError"]
        known = f", errors of ln density up to {error:.2g}" if error else ""
        return [f"- {words}: {facts['states']:,} of {facts['requested']:,}, {inspection}",
                f"  - sampler: {facts['sampler']}; {facts['evaluationsPerAttempt']} evaluations of the network a draw",
                f"  - {facts['millisecondsPerState']:.3g} ms a {self._noun}, {facts['kernel']}, seed {facts['seed']}"
                + known + (f", condition {facts['condition']}" if facts["condition"] else "")]

    def _ending(self) -> list[str]:
        """Get the last lines of the page: machine, software, and the card of the model."""
        lines = [f"- {self.about['processor']}; {self.about['software']}", ""]
        if self.about["card"]:
            lines += ["## The model's card", ""]
            lines += [*[f"- {key}: {value}" for key, value in self.about["card"].items()], ""]
        return lines

    def page(self, pictures: Sequence[tuple[str, str]] = (), missing: str = "") -> str:
        """Write the report as a Markdown page.

        Parameters
        ----------
        pictures : sequence of tuple
            Section and file name of each picture.
        missing : str
            Why there are no pictures.
        """
        raise NotImplementedError

    def _draw(self) -> Iterator[tuple[str, str, Any]]:
        """Draw all pictures: section, file name and figure of each."""
        raise NotImplementedError

    def _scenes(self) -> tuple[str, list[Scene]]:
        """Get the section of the gallery, and what it shows."""
        raise NotImplementedError

    def write(self, folder: StrPath) -> Path:
        """Write report.md, report.json, pictures and gallery.html into a folder, which is made.

        Returns
        -------
        pathlib.Path
            The page.
        """
        folder = makeFolder(f"{type(self).__name__}.write", folder)
        pictures, missing = [], ""
        try:
            for section, name, figure in self._draw():
                with replacingPath(folder / name) as part:
                    figure.savefig(part, dpi=150, bbox_inches="tight", pad_inches=0.1)
                pictures.append((section, name))
        except ImportError as error:
            missing = f"No pictures: matplotlib is not installed ({error}); run 'pip install matplotlib'."
        from openmmorbit.viewer.page import Page

        section, scenes = self._scenes()
        Page(scenes, self.title).write(folder / "gallery.html")
        pictures.append((section, "gallery.html"))
        with replacing(folder / "report.json") as stream:
            json.dump(self.toDict(), stream, indent=1, ensure_ascii=False, allow_nan=False)
        with replacing(folder / "report.md") as stream:
            stream.write(self.page(pictures, missing))
        return folder / "report.md"

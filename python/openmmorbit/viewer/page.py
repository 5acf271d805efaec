# SPDX-License-Identifier: MIT
"""One HTML file with a gallery of molecules, which needs nothing else: no server, no network, no other file."""
from __future__ import annotations

import html
import json
import os
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from openmmorbit._build import version
from openmmorbit.io.outputs import replacing
from openmmorbit.messages import counted
from openmmorbit.molecules import repairText

if TYPE_CHECKING:
    from collections.abc import Sequence

    from openmmorbit._types import StrPath
    from openmmorbit.viewer.scenes import Scene

_scripts = ("shapes.js", "painter.js", "stage.js", "gallery.js")


def _read(name: str) -> str:
    return resources.files("openmmorbit.viewer").joinpath(name).read_text(encoding="utf-8")


def checkPagePath(path: StrPath) -> None:
    """Refuse a name that is not that of a page, so that no file of molecules is replaced by one."""
    if not os.fsdecode(path).lower().endswith((".html", ".htm")):
        raise ValueError(f"view: expected a page that ends in .html, got '{os.fsdecode(path)}'")


class Page:
    """A gallery of molecules. A notebook shows it; write() makes a file of it.

    Attributes
    ----------
    title : str
    scenes : list
        What it shows, one entry a molecule or system.
    messages : list of str
        One sentence for each record that could not be read.
    """

    def __init__(self, scenes: Sequence[Scene], title: str, messages: Sequence[str] = (), height: int = 480) -> None:
        self.title, self.scenes, self.messages, self.height = title, list(scenes), list(messages), height

    def toHtml(self, layout: str = "page", theme: str = "") -> str:
        """Get the text of the page.

        Parameters
        ----------
        layout : str
            "page", or "inline" without the heading, for a frame in another page.
        theme : str
            "dark" or "light"; default: as the browser is set.
        """
        noun = "molecule" if all(not scene.alphas for scene in self.scenes) else "structure"
        data = json.dumps({"noun": noun, "theme": theme, "molecules": [scene.toDict() for scene in self.scenes]},
                          ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        # No text of a file ends the element that holds it.
        text = Template(_read("page.html")).substitute(
            title=html.escape(self.title), version=version, style=_read("page.css"),
            layout=" ".join([layout] + (["single"] if len(self.scenes) == 1 else [])),
            data=data.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"),
            scripts="".join(_read(name) for name in _scripts))
        return repairText(text)

    def write(self, path: StrPath, layout: str = "page", theme: str = "") -> None:
        """Write the page, as of toHtml(), to a file, which is replaced as a whole; its name ends in .html."""
        checkPagePath(path)
        with replacing(path) as stream:
            stream.write(self.toHtml(layout, theme))

    def _repr_html_(self) -> str:
        return (f'<iframe srcdoc="{html.escape(self.toHtml("inline"))}" style="width:100%;height:{self.height}px;'
                'border:1px solid #8884;border-radius:10px" title="Molecules in three dimensions"></iframe>')

    def __repr__(self) -> str:
        copies = counted(sum(len(scene.positions) for scene in self.scenes), "copy")
        number = len(self.scenes)
        kind = "molecule or system" if number == 1 else "molecules or systems"
        return f"<Page of {number} {kind}, {copies}: {self.title}>"

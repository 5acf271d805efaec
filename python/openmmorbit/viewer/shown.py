# SPDX-License-Identifier: MIT
"""What an Ensemble can do to be seen: a page of its own, and a frame in a notebook."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openmmorbit._types import StrPath
    from openmmorbit.viewer.page import Page


class Shown:
    """The part of an Ensemble that shows it."""

    def view(self, path: StrPath | None = None, **options: Any) -> Page:
        """Show all conformers over one another or one by one, in a notebook or as one HTML file.

        Parameters
        ----------
        path : path, optional
            An HTML file to write.
        **options
            Those of openmmorbit.view(), e.g. values={"energy, kJ/mol": energies}.

        Returns
        -------
        openmmorbit.viewer.page.Page
        """
        from openmmorbit.viewer.showing import view

        return view(self, path, **options)

    def _repr_html_(self) -> str | None:
        from openmmorbit.viewer.showing import view

        # Of an empty ensemble, a notebook shows the text.
        return view(self)._repr_html_() if len(self) > 0 else None  # type: ignore[arg-type]

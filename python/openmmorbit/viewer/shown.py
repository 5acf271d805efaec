# SPDX-License-Identifier: MIT
"""What an Ensemble can do to be seen: a page of its own, and a frame in a notebook."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openmmorbit._types import StrPath
    from openmmorbit.viewer.page import Page


#: Atoms of all copies that a notebook shows without being asked.
_mostAtoms = 20000


class Shown:
    """The part of an Ensemble that shows it."""

    if TYPE_CHECKING:
        @property
        def numAtoms(self) -> int: ...

        def __len__(self) -> int: ...

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

        # Of an empty ensemble, a notebook shows the text. A notebook should not get large by the way.
        most = max(1, min(100, _mostAtoms // max(1, self.numAtoms)))
        return view(self, maxCopies=most)._repr_html_() if len(self) > 0 else None

# SPDX-License-Identifier: MIT
"""openmmorbit.view(): from ensembles and files to a page."""
from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from openmm import unit

from openmmorbit.arguments import checkInteger
from openmmorbit.io.trajectoryfiles import isMdtraj
from openmmorbit.simulation.states import toArray
from openmmorbit.viewer.page import Page, checkPagePath
from openmmorbit.viewer.scenes import Quantity, Scene, fromEnsemble

if TYPE_CHECKING:
    import numpy.typing as npt
    from openmm import app

    from openmmorbit._types import StrPath


def _isFile(what: Any) -> bool:
    return isinstance(what, (str, os.PathLike))


def _addValues(scene: Scene, values: Mapping[str, npt.ArrayLike], number: int) -> None:
    """Put numbers of the caller before those of the inspection; a unit stands behind a comma in their name."""
    found = []
    for key, entry in values.items():
        if isinstance(entry, unit.Quantity):
            raise TypeError(f"view: expected plain numbers as values of '{key}', got a Quantity; take value_in_unit(), "
                            "and write the unit behind a comma in the name")
        array = toArray("view", f"values of '{key}'", entry)
        if array.shape != (number,):
            raise ValueError(f"view: expected {number} values of '{key}', one a copy, got the shape {array.shape}")
        name, _, unitName = key.rpartition(", ") if ", " in key else (key, "", "")
        found.append(Quantity(name, unitName, [float(value) if np.isfinite(value) else None
                                               for value in array[scene.indices]]))
    scene.values = found + scene.values


def _asEnsemble(what: Any) -> Any:
    """Get an Ensemble of a single conformer; anything else as it is."""
    from openmmorbit.conformer import Conformer

    return what.ensemble[[what.index]] if isinstance(what, Conformer) else what


def _fromPositions(what: Any, topology: Any, most: int, atoms: str | None, name: str) -> list[Scene]:
    """Make the scene of positions in memory."""
    from openmmorbit.io.topologyfiles import readTopology
    from openmmorbit.viewer.files import readTrajectory

    if topology is None:
        raise ValueError("view: expected a Topology for positions, got none; say by topology= what the atoms are")
    known = readTopology("view", topology) if _isFile(topology) else topology
    return [readTrajectory(known, [what], name, most, atoms)]


def view(what: Any, path: StrPath | None = None, *, title: str = "", topology: StrPath | app.Topology | None = None,
         values: Mapping[str, npt.ArrayLike] | None = None, maxCopies: int = 100, atoms: str | None = None) -> Page:
    """Show molecules, states or backbones with all their copies, in a notebook or as one HTML file.

    Parameters
    ----------
    what : Ensemble, Conformer, path, GenerationResult, or a list of them; Quantity, array_like or mdtraj.Trajectory
        Files end in .sdf, .mol, .mol2, .xyz (also .gz), .npz, .pdb, .cif, or are trajectories such as .dcd. Results
        without an ensemble are left out. Positions have the shape (numCopies, numAtoms, 3), in nm if they carry no
        unit, and need a topology.
    path : path, optional
        An HTML file to write; its name ends in .html.
    title : str
        Of the page. Default: the name of the molecule or file.
    topology : path or openmm.app.Topology, optional
        What the atoms of trajectories and positions are.
    values : dict, optional
        For a single ensemble: name to array of shape (numConformers,), drawn as a bar for each copy. A unit stands
        behind a comma, e.g. "energy, kJ/mol".
    maxCopies : int
        Copies of one molecule at most; of more, some are shown, evenly spaced.
    atoms : str, optional
        For files of systems: which atoms to show, in words as of TrajectoryDataset. Default: all but water.

    Returns
    -------
    Page
        A notebook shows it. ``page.write(path)`` writes it, ``page.messages`` says which records could not be read.

    Raises
    ------
    ValueError
        If there is nothing to show, or a file cannot be read.

    Examples
    --------
    >>> openmmorbit.view(ensemble, "aspirin.html")  # doctest: +SKIP
    >>> openmmorbit.view(["states.dcd"], topology="system.pdb", atoms="protein")  # doctest: +SKIP
    """
    from openmmorbit.ensemble import Ensemble
    from openmmorbit.viewer.files import readScenes

    checkInteger("maxCopies", maxCopies, 1, "view")
    what = _asEnsemble(what)
    if path is not None:
        checkPagePath(path)
    if isinstance(what, (unit.Quantity, np.ndarray)) or isMdtraj(what):
        what = _fromPositions(what, topology, maxCopies, atoms, title or "states")
    isOne = _isFile(what) or isinstance(what, Ensemble) or hasattr(what, "ensemble") or not hasattr(what, "__iter__")
    entries = [what] if isOne else [_asEnsemble(entry) for entry in what]
    if values is not None and not isinstance(values, Mapping):
        raise TypeError(f"view: expected values as a dict of names and arrays, got {type(values).__name__}")
    if values is not None and not (len(entries) == 1 and isinstance(entries[0], Ensemble)):
        raise ValueError(f"view: expected a single Ensemble with values, got {len(entries)} entries")
    scenes: list[Scene] = []
    messages: list[str] = []
    files = [entry for entry in entries if _isFile(entry)]
    if files:
        found = readScenes(files, topology, maxCopies, atoms)
        scenes, messages = list(found.scenes), list(found.messages)
    for entry in entries:
        if isinstance(entry, Scene):
            scenes.append(entry)
            continue
        ensemble = entry if isinstance(entry, Ensemble) else getattr(entry, "ensemble", None)
        if isinstance(ensemble, Ensemble) and len(ensemble) > 0:
            scenes.append(fromEnsemble(ensemble, maxCopies))
            if values is not None:
                _addValues(scenes[-1], values, len(ensemble))
        elif not _isFile(entry) and not hasattr(entry, "ensemble") and not isinstance(entry, Ensemble):
            raise TypeError(f"view: expected Ensembles, results of generateMany() or paths, got {type(entry).__name__}")
    if not scenes:
        raise ValueError("view: expected at least one molecule with a copy, got none"
                         + (f"; the first of {len(messages)} records: {messages[0]}" if messages else ""))
    name = scenes[0].name if len(scenes) == 1 else os.path.basename(os.fspath(files[0])) if len(files) == 1 else \
        f"{len(scenes)} molecules"
    page = Page(scenes, title or name, messages)
    if path is not None:
        page.write(path)
    return page

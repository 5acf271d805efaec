# SPDX-License-Identifier: MIT
"""Structures of proteins as training data of a model of backbones."""
from __future__ import annotations

import json
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openmmorbit.arguments import checkInteger
from openmmorbit.bars import makeBar
from openmmorbit.data.backbones import BackboneShardReport, findFiles, writeSides
from openmmorbit.io.outputs import makeFolder, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from openmmorbit._types import StrPath

_where = "BackboneDataset"
#: Files in the folder of a run: backbones to train on, those that are kept back, and what both were made of.
TRAINING, VALIDATION, SOURCES = "train.shard", "validation.shard", "sources.json"


class BackboneDataset:
    """Backbones in files, for train().

    Each model of a file is one backbone with all its chains; an .npz file has many. Residues without N, CA or C are
    left out; the chain has a break there. A fixed rule keeps 3 % of all sequences back for validation; .npz files may
    say themselves which.

    Parameters
    ----------
    files : path or sequence of paths
        .pdb, .ent, .cif, .mmcif, .pdbx (also with .gz behind it) or .npz files, or folders of them. A file that cannot
        be used is left out, with a warning.
    points : int
        Points of a residue: 1 for CA, 3 for N, CA and C.
    shortest, longest : int
        Leave out backbones of fewer or more residues.
    keepD : bool
        Accept D-amino acids and mirror images.

    Attributes
    ----------
    files : list of str
    messages : list of str
        After write(): one sentence for every file that was left out.

    Raises
    ------
    ValueError
        For a path that is no such file, and numbers out of range.

    Examples
    --------
    >>> dataset = openmmorbit.BackboneDataset("structures")  # doctest: +SKIP
    >>> openmmorbit.train(dataset, "run", minutes=60)  # doctest: +SKIP
    """

    def __init__(self, files: StrPath | Sequence[StrPath], *, points: int = 1, shortest: int = 20, longest: int = 512,
                 keepD: bool = False) -> None:
        self.files = list(dict.fromkeys(os.path.realpath(path) for path in findFiles(_where, files)))
        if not self.files:
            raise ValueError(f"{_where}: expected at least one file, got none")
        self.points = checkInteger("points", points, 1, _where)
        if self.points not in (1, 3):
            raise ValueError(f"{_where}: expected 1 point for each residue (CA) or 3 (N, CA, C), got {points}")
        self.shortest = checkInteger("shortest", shortest, 2, _where)
        self.longest = checkInteger("longest", longest, 2, _where)
        if self.shortest > self.longest:
            raise ValueError(f"{_where}: expected shortest of at most longest, got {shortest} and {longest}")
        self.keepD, self.messages = bool(keepD), list[str]()

    def __repr__(self) -> str:
        return f"<BackboneDataset {len(self.files):,} file{'' if len(self.files) == 1 else 's'}>"

    def _describe(self) -> dict[str, Any]:
        """Get what the shards depend on: settings, and the files with their sizes and times."""
        stats = [os.stat(path) for path in self.files]
        return {"points": self.points, "shortest": self.shortest, "longest": self.longest, "keepD": self.keepD,
                "files": [[path, stat.st_size, stat.st_mtime_ns] for path, stat in zip(self.files, stats)]}

    def write(self, folder: StrPath, progress: bool = False,
              check: Callable[[str], object] | None = None) -> tuple[str, str | None]:
        """Write train.shard and validation.shard into a folder, unless they are there, of the same files.

        Parameters
        ----------
        folder : path
            Is made if there is none.
        progress : bool
            Show a progress bar on standard error, if that is a terminal.
        check : callable, optional
            Gets the path of the new training shard before it takes the place of an older one; if it raises, that stays.

        Returns
        -------
        tuple of (str, str or None)
            Paths of the two; None if no backbone was kept back.

        Raises
        ------
        ValueError
            If there is no backbone to train on.
        """
        folder = makeFolder("BackboneDataset.write", folder)
        training, validation, sources = (folder.resolve() / name for name in (TRAINING, VALIDATION, SOURCES))
        described = self._describe()
        if not training.is_file() or not sources.is_file() or json.loads(sources.read_text("utf-8")) != described:
            # Shards of another data set stay until all files have been read.
            made = {path: path.with_name(f"new-{path.name}") for path in (training, validation)}
            for part in made.values():
                part.unlink(missing_ok=True)
            report = self._writeSides(made[training], made[validation], progress)
            if not made[training].is_file():
                made[validation].unlink(missing_ok=True)
                raise ValueError(f"{_where}: expected backbones to train on, got {report.numBackbones}, which are all "
                                 "kept back for validation; give more files")
            if check is not None:
                try:
                    check(str(made[training]))
                except BaseException:
                    for part in made.values():
                        part.unlink(missing_ok=True)
                    raise
            # Without this file shards count as unfinished.
            sources.unlink(missing_ok=True)
            for path, part in made.items():
                path.unlink(missing_ok=True)
                if part.is_file():
                    part.replace(path)
            with replacing(sources) as stream:
                json.dump(described, stream)
        return str(training), str(validation) if validation.is_file() else None

    def _writeSides(self, training: Path, validation: Path, progress: bool) -> BackboneShardReport:
        """Read all files."""
        with makeBar(len(self.files), "structures", progress) as bar:
            report = writeSides(_where, self.files, {False: training, True: validation}, points=self.points,
                                shortest=self.shortest, longest=self.longest, keepD=self.keepD,
                                follow=lambda path: bar.update())
        self.messages = report.messages
        if report.messages:
            count = len(report.messages)
            warnings.warn(f"{_where}: expected backbones that can be used, got {count:,} that "
                          f"{'is' if count == 1 else 'are'} left out, e.g. {report.messages[0]}", stacklevel=4)
        return report

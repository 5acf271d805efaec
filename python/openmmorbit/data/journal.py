# SPDX-License-Identifier: MIT
"""The state of a data set on disk, which survives the end of the process at any moment."""
from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING, Any

from openmmorbit.io.outputs import makeFolder
from openmmorbit.io.resumable import readEntries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openmmorbit._types import StrPath
    from openmmorbit.data.settings import EnsembleOutcome

_moleculesPerFile = 1000


class Journal:
    """The state of a data set on disk: ensembles-00000.sdf.gz, … and journal.jsonl with one line a molecule.

    A molecule is first appended to an SDF file as a gzip member of its own, then entered in the journal with the file's
    new length. What a killed process left beyond the journal is cut off when the folder is opened again.
    """

    def __init__(self, folder: StrPath, moleculesPerFile: int = _moleculesPerFile) -> None:
        self.folder, self.moleculesPerFile = makeFolder("openmmorbit.data", folder), moleculesPerFile
        self.path = self.folder / "journal.jsonl"
        self.done: set[str] = set()
        self.failed: set[str] = set()
        self.lengths: dict[str, int] = {}
        self.counts: dict[str, int] = {}
        self._stream = open(self.path, "ab")
        try:
            fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._restore()
        except BlockingIOError as error:
            self._stream.close()
            raise ValueError(f"makeDataset: expected a folder that nobody writes to, got '{folder}', which another "
                             "process has open") from error
        except ValueError:
            self._stream.close()
            raise

    def _restore(self) -> None:
        length = 0
        for entry, end in readEntries(self.path.read_bytes().splitlines(keepends=True)):
            length = end
            self._count(entry)
        os.truncate(self.path, length)
        for path in self.folder.glob("ensembles-*.sdf.gz"):
            known = self.lengths.get(path.name, 0)
            if path.stat().st_size < known:
                raise ValueError(f"makeDataset: expected {known} bytes in '{path}', got {path.stat().st_size}; the "
                                 "file is damaged: start again in another folder")
            os.truncate(path, known)

    def _count(self, entry: dict[str, Any]) -> None:
        self.done.add(entry["key"])
        (self.failed.add if "reason" in entry else self.failed.discard)(entry["key"])
        if "file" in entry:
            self.lengths[entry["file"]] = entry["end"]
            self.counts[entry["file"]] = self.counts.get(entry["file"], 0) + 1

    def _currentFile(self) -> str:
        number = max(len(self.counts) - 1, 0)
        name = f"ensembles-{number:05d}.sdf.gz"
        return name if self.counts.get(name, 0) < self.moleculesPerFile else f"ensembles-{number + 1:05d}.sdf.gz"

    def add(self, outcome: EnsembleOutcome) -> None:
        """Keep the outcome of one molecule. When the call returns, the molecule survives the end of the process."""
        entry = {"key": outcome.key, "seconds": round(outcome.seconds, 3), "minimised": outcome.numMinimised,
                 "changed": outcome.numChanged}
        if outcome.reason:
            entry["reason"] = outcome.reason
        else:
            name = self._currentFile()
            with open(self.folder / name, "ab") as stream:
                stream.truncate(self.lengths.get(name, 0))
                stream.seek(0, os.SEEK_END)
                stream.write(outcome.records)
                stream.flush()
                os.fsync(stream.fileno())
                entry.update(smiles=outcome.smiles, conformers=outcome.numConformers, file=name, end=stream.tell())
        line = json.dumps(entry).encode() + b"\n"
        start = self._stream.seek(0, os.SEEK_END)
        try:
            self._stream.write(line)
            self._stream.flush()
        except OSError:
            # A part of a line would hide those that follow.
            os.truncate(self.path, start)
            raise
        self._count(entry)

    def retryFailed(self) -> None:
        """Let the molecules that failed be done once more. Their new outcomes replace the old ones."""
        self.done -= self.failed

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the entries that hold, those of failures last: of a molecule that was tried again only the last one."""
        failures = {}
        with open(self.path, encoding="utf-8") as stream:
            for line in stream:
                entry = json.loads(line)
                if "reason" in entry:
                    failures[entry["key"]] = entry
                else:
                    failures.pop(entry["key"], None)
                    yield entry
        yield from failures.values()

    def close(self) -> None:
        """Close the journal."""
        self._stream.close()

# SPDX-License-Identifier: MIT
"""Files of records that a long run writes in order, and that go on after its end at any moment."""
from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from openmmorbit.io.outputs import finishPart, openPlain, partPath

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from io import FileIO

    from openmmorbit._types import StrPath

#: Seconds from one checkpoint to the next.
INTERVAL = 1.0


def journalPath(path: StrPath) -> str:
    """Get the path of the journal of a file that is not finished."""
    return os.path.realpath(path) + ".journal"


def _writeAll(stream: FileIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view):]


def readEntries(lines: Iterable[bytes]) -> Iterator[tuple[dict[str, Any], int]]:
    """Get the entries of a journal, a JSON object a line, up to a line that was not written to its end.

    Yields
    ------
    entry : dict
    length : int
        Bytes of the journal up to the end of this entry.
    """
    length = 0
    for line in lines:
        try:
            entry = json.loads(line) if line.endswith(b"\n") else None
        except ValueError:
            entry = None
        if entry is None:
            return
        length += len(line)
        yield entry, length


class ResumableFiles:
    """Files that grow beside their final places, and a journal of how far they are.

    What was added before the last checkpoint survives the end of the process at any moment, also by kill -9. When the
    files are opened again with the same settings, all that is behind the last checkpoint is cut off. The journal stands
    beside the first file as long as the run is not finished. Only one process can have the files open.

    Parameters
    ----------
    paths : list of path
        Regular files, or such that do not exist. Until finish() the data stand in the files of partPath().
    settings : dict
        What must be the same when the run goes on; values that JSON can hold.
    start : dict
        The progress at the beginning.
    restart : bool
        Forget an earlier run that is not finished.

    Raises
    ------
    ValueError
        If the run was begun with other settings, the files are damaged, another process writes them, or files that are
        not ours have the names of partPath().
    """

    def __init__(self, paths: Sequence[StrPath], settings: Mapping[str, Any], start: Mapping[str, Any],
                 restart: bool = False) -> None:
        self.paths = [os.path.realpath(path) for path in paths]
        self.parts = [partPath(path) for path in self.paths]
        self._journalPath = journalPath(paths[0])
        self.progress: dict[str, Any] = dict(start)
        """What the last checkpoint said, or the start."""
        self._lengths = [0] * len(self.paths)
        self.isResumed = self.isFinished = self._hasNothing = False
        self._streams: list[FileIO] = []
        self._journal = open(self._journalPath, "ab", buffering=0)
        try:
            fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._restore(json.loads(json.dumps(dict(settings))), restart)
        except BlockingIOError as error:
            self._journal.close()
            raise ValueError(f"ResumableFiles: expected a file that nobody writes, got '{paths[0]}', which another "
                             "process writes") from error
        except BaseException:
            self._closeStreams()
            raise
        self._time = time.monotonic()

    def _restore(self, settings: Mapping[str, Any], restart: bool) -> None:
        length, begun = 0, None
        for entry, end in readEntries(self._readLines(restart)):
            length = end
            begun = entry["settings"] if begun is None else begun
            self.isFinished = "finished" in entry
            self.progress, self._lengths = entry.get("progress", self.progress), entry.get("lengths", self._lengths)
        os.truncate(self._journalPath, length)
        self.isResumed = begun is not None
        self._hasNothing = begun is None
        if not self._isOurs:
            self._refuseForeign()
        if begun is None:
            _writeAll(self._journal, json.dumps({"settings": settings}).encode() + b"\n")
        else:
            self._compare(begun, settings)
        if not self.isFinished:
            self._openParts()

    def _readLines(self, restart: bool) -> list[bytes]:
        """Get the lines of the journal; a file of that name that is none must not be lost."""
        with open(self._journalPath, "rb") as stream:
            head = b'{"settings": '
            if not head.startswith(start := stream.read(len(head))) and start != head:
                raise ValueError(f"ResumableFiles: expected a journal of ours at '{self._journalPath}', got another "
                                 "file; move it, or choose another name for the output")
            self._isOurs = start == head
            stream.seek(0)
            return [] if restart else stream.readlines()

    def _refuseForeign(self) -> None:
        """Refuse files where the data are to stand that no journal of ours knows."""
        for part in self.parts:
            if os.path.lexists(part):
                os.remove(self._journalPath)  # which was made a moment ago
                raise ValueError(f"ResumableFiles: expected no file '{part}', where the records of '{self.paths[0]}' "
                                 "are to stand until the end, got one without a journal of ours; move it, or choose "
                                 "another name for the output")

    def _compare(self, begun: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        for name in {**begun, **settings}:
            if begun.get(name) != settings.get(name):
                raise ValueError(f"ResumableFiles: expected {name} {begun.get(name)!r}, with which '{self.paths[0]}' "
                                 f"was begun and is not finished, got {settings.get(name)!r}; repeat the earlier "
                                 "settings, or restart")

    def _openParts(self) -> None:
        for part, length in zip(self.parts, self._lengths):
            stream = open(part, "ab", buffering=0)
            self._streams.append(stream)
            found = os.fstat(stream.fileno()).st_size
            if found < length:
                raise ValueError(f"ResumableFiles: expected at least {length} bytes in '{part}', got {found}; the file "
                                 "was changed or lost: restart")
            os.truncate(part, length)

    def add(self, index: int, data: bytes) -> None:
        """Append data to the file of this index."""
        _writeAll(self._streams[index], data)

    def reach(self, progress: Mapping[str, Any], now: bool = False) -> None:
        """Tell the progress after what was added so far; about once a second, or now, it becomes a checkpoint."""
        if not now and time.monotonic() - self._time < INTERVAL:
            return
        for stream in self._streams:
            os.fsync(stream.fileno())
        self._lengths = [os.fstat(stream.fileno()).st_size for stream in self._streams]
        self._hasNothing = False
        entry = {"progress": dict(progress), "lengths": self._lengths}
        _writeAll(self._journal, json.dumps(entry).encode() + b"\n")
        self.progress, self._time = dict(progress), time.monotonic()

    def finish(self) -> None:
        """Put the files in their places: one without data removes an older one, except the first, which stays."""
        if not self.isFinished:
            _writeAll(self._journal, b'{"finished": true}\n')
            self.isFinished = True
        for index, (part, path) in enumerate(zip(self.parts, self.paths)):
            if self._lengths[index] and os.path.exists(part):
                finishPart(part, path)
            elif not self._lengths[index]:
                for empty in [part, path] if index > 0 else [part]:
                    with suppress(FileNotFoundError):
                        os.remove(empty)
        os.remove(self._journalPath)
        self.close()

    def _closeStreams(self) -> None:
        for stream in (*self._streams, self._journal):
            stream.close()

    def close(self) -> None:
        """Close the files as they are: another call goes on. Without any checkpoint nothing is left of them."""
        if self._hasNothing and not self._journal.closed:
            for path in (*self.parts, self._journalPath):
                with suppress(FileNotFoundError):
                    os.remove(path)
        self._closeStreams()


class PipeFile:
    """A pipe, a device or standard output in the place of ResumableFiles: it cannot go on, and has no second file.

    Parameters
    ----------
    path : path
    start : dict
        As of ResumableFiles.
    """
    isResumed = isFinished = False

    def __init__(self, path: StrPath, start: Mapping[str, Any]) -> None:
        self.progress, self._stream = dict(start), openPlain(path)

    def add(self, index: int, data: bytes) -> None:
        """Write the data of the first file; leave out the others."""
        if index == 0:
            _writeAll(self._stream, data)

    def reach(self, progress: Mapping[str, Any], now: bool = False) -> None:
        """Take no notice."""

    def finish(self) -> None:
        """End the stream."""
        self._stream.close()

    def close(self) -> None:
        """End the stream."""
        self._stream.close()

# SPDX-License-Identifier: MIT
"""Files that take the place of older ones as a whole, and files of records that grow and are whole at any moment."""
from __future__ import annotations

import gzip
import io
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO

    from openmmorbit._types import StrPath


def checkPath(where: str, path: Any) -> None:
    """Refuse what is no path, such as an open file.

    Raises
    ------
    TypeError
        Naming the function.
    """
    if not isinstance(path, (str, bytes, os.PathLike)):
        raise TypeError(f"{where}: expected the path of a file, got {type(path).__name__}")


def makeFolder(where: str, path: StrPath) -> Path:
    """Make a folder for what a function writes, unless it exists.

    Raises
    ------
    ValueError
        If there is a file of that name, or on the way to it.
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise ValueError(f"{where}: expected a folder to write to, got the file '{error.filename}'; choose another "
                         "name") from error
    return folder


def isSameFile(first: StrPath, second: StrPath) -> bool:
    """Tell whether two paths lead to one file, through links or another spelling, or will do so."""
    try:
        return os.path.samefile(first, second)
    except OSError:
        return os.path.realpath(first) == os.path.realpath(second)


def partPath(path: StrPath) -> str:
    """Get the path of the file that is written beside another one, e.g. library.part.sdf.gz for library.sdf.gz."""
    folder, name = os.path.split(os.fspath(path))
    plain, packed = (name[:-3], name[-3:]) if name.lower().endswith(".gz") else (name, "")
    stem, ending = os.path.splitext(plain)
    return os.path.join(folder, f"{stem}.part{ending}{packed}")


def freePartPath(path: StrPath) -> str:
    """Get partPath(), or one like it with a number, e.g. library.part2.sdf, if that is the name of a file already."""
    part, number = partPath(path), 1
    before, after = part.rsplit(".part", 1)
    while os.path.lexists(part):
        number += 1
        part = f"{before}.part{number}{after}"
    return part


#: Standard input and standard output as paths.
STANDARD = "-"


def isSpecial(path: StrPath) -> bool:
    """Tell whether a path is "-", a pipe or a device: these are written as they are."""
    return path == STANDARD or (os.path.exists(path) and not os.path.isfile(path))


def openPlain(path: StrPath) -> FileIO:
    """Open a file for bytes that go to it at once; "-" is standard output."""
    return io.FileIO(os.dup(1) if path == STANDARD else os.fspath(path), "wb")


def finishPart(part: StrPath, path: StrPath) -> None:
    """Let a file that was written beside another one take its place, with its permissions."""
    if os.path.exists(path):
        shutil.copymode(path, part)
    os.replace(part, path)


@contextmanager
def replacingPath(path: StrPath) -> Iterator[str]:
    """Get a path to write a file to that takes the place of another one when the block ends well.

    Parameters
    ----------
    path : path
        The file; behind a link, the file that the link names. When the block raises, it stays as it was.

    Yields
    ------
    str
        A path beside it; of a pipe or device, its own.
    """
    if isSpecial(path):
        yield os.fspath(path)
        return
    path = os.path.realpath(path)
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"expected an existing folder for '{path}', got none; create '{folder}'")
    part = freePartPath(path)
    try:
        yield part
        if os.path.exists(part):
            finishPart(part, path)
    except BaseException:
        if os.path.exists(part):
            os.remove(part)
        raise


@contextmanager
def replacing(path: StrPath, mode: str = "w") -> Iterator[IO[Any]]:
    """Open a file for writing that takes the place of another one when the block ends well, see replacingPath().

    Parameters
    ----------
    path : path
    mode : str
        "w" for text in UTF-8, "wb" for bytes.

    Yields
    ------
    file object
    """
    with replacingPath(path) as part, open(part, mode, encoding=None if "b" in mode else "utf-8") as stream:
        yield stream


class RecordFile:
    """A file of text records that is whole up to the last one at any moment, also after kill -9.

    Only a kill within the write of a record may leave a part of it behind the whole ones.

    A file that is new grows under its own name. One that exists stays as it was until finish(): meanwhile the records
    stand in a new file beside it, see freePartPath(). Nothing is written before the first record. A name that ends in
    .gz is compressed, every call of add() as a gzip member of its own.

    Parameters
    ----------
    path : path
        "-" is standard output.
    isPacked : bool, optional
        Whether to compress, whatever the name.
    """

    def __init__(self, path: StrPath, isPacked: bool | None = None) -> None:
        self._isSpecial = isSpecial(path)
        self.path = os.fspath(path) if self._isSpecial else os.path.realpath(path)
        self.writtenPath = freePartPath(self.path) if os.path.isfile(self.path) else self.path
        self._packed = self.path.lower().endswith(".gz") if isPacked is None else isPacked
        self._stream: FileIO | None = None

    def add(self, text: str) -> None:
        """Append one or several whole records."""
        data = text.encode("utf-8", "replace")
        data = gzip.compress(data, 6, mtime=0) if self._packed else data
        if self._stream is None:
            self._stream = openPlain(self.writtenPath)
        length = 0 if self._isSpecial else self._stream.tell()
        view = memoryview(data)
        try:
            while view:
                view = view[self._stream.write(view):]
        except OSError:
            # A full disk: leave no part of a record behind.
            if not self._isSpecial:
                self._stream.truncate(length)
            raise

    def finish(self) -> None:
        """Finish the file; it takes the place of an older one. Without any record nothing happens."""
        if self._stream is None:
            return
        self._stream.close()
        if self.writtenPath != self.path:
            finishPart(self.writtenPath, self.path)

    def abandon(self) -> None:
        """Finish the file where it is: an older one stays."""
        if self._stream is not None:
            self._stream.close()

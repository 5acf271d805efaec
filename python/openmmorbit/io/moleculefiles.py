# SPDX-License-Identifier: MIT
"""Files of molecules, also standard input and pipes: SMILES, SDF, tables, MOL2, XYZ and InChI, record by record."""
from __future__ import annotations

import gzip
import io
import os
import subprocess
import tempfile
import zlib
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from openmmorbit.io.outputs import STANDARD, checkPath
from openmmorbit.io.tables import ColumnError, readRows
from openmmorbit.molecules import FRAGMENTS, checkFragments, readerOptions, readText

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from openmmorbit import orbit
    from openmmorbit._types import StrPath

#: Formats of the files that readMolecules() reads, and the endings that tell them, each also with .gz.
formats = {"smi": (".smi", ".smiles", ".ism"), "sdf": (".sdf", ".sd", ".mol"), "csv": (".csv",), "tsv": (".tsv",),
           "mol2": (".mol2",), "xyz": (".xyz", ".extxyz"), "inchi": (".inchi",)}
#: Options that are for some formats only.
_special = {"smilesColumn": ("csv", "tsv"), "nameColumn": ("csv", "tsv"), "charge": ("xyz", "mol2")}
moleculeEndings = tuple(ending for endings in formats.values() for ending in endings)


@dataclass(frozen=True)
class FileOptions:
    """How files of molecules are read.

    Attributes
    ----------
    addHydrogens : bool
        Append missing hydrogens; False refuses records that lack some.
    format : str
        "smi", "sdf", "csv", "tsv", "mol2", "xyz" or "inchi"; default: what the ending of the name says, and "smi" for
        standard input.
    smilesColumn, nameColumn : str
        Columns of tables; default: those whose names say so.
    fragments : str
        What to do with a record of several fragments, e.g. a salt: "refuse" (the default); "largest", which keeps the
        one with carbon and most heavy atoms; or "apart", which keeps all, see ConformerGenerator.generate().
    charge : int, optional
        Total charge of molecules without bond orders, in XYZ frames that do not say charge= and in MOL2 records.
        Default: that of the partial charges of MOL2, and else 0.
    """
    addHydrogens: bool = True
    format: str = ""
    smilesColumn: str = ""
    nameColumn: str = ""
    fragments: str = FRAGMENTS[0]
    charge: int | None = None

    def check(self) -> None:
        """Refuse an unknown format or way with fragments.

        Raises
        ------
        ValueError
            Listing the known ones.
        """
        checkFragments(self.fragments)
        if self.format and self.format not in formats:
            raise ValueError(f"readMolecules: expected a format of {', '.join(map(repr, formats))}, got "
                             f"{self.format!r}")

    def findFormat(self, path: StrPath) -> str:
        """Get the format of a file.

        Raises
        ------
        ValueError
            If neither the options nor the name say it.
        """
        checkPath("readMolecules", path)
        plain = _plainName(path)
        found = next((name for name, endings in formats.items() if plain.endswith(endings)), "")
        found = self.format or found or ("smi" if path == STANDARD else "")
        if not found:
            raise ValueError(f"readMolecules: expected a file that ends in {', '.join(moleculeEndings)}, with or "
                             f"without .gz, got '{os.fsdecode(path)}'; give its format, or rename or convert it")
        return found

    def listUnused(self, kinds: Iterable[str]) -> list[str]:
        """Get the names of options that are given and for none of some formats."""
        found = set(kinds)
        return [name for name, own in _special.items() if getattr(self, name) not in ("", None) and not found & {*own}]

    def isFile(self, text: StrPath) -> bool:
        """Tell whether a text is meant as a file: "-", a known ending, or, if there is a format, what exists."""
        return text == STANDARD or isMoleculeFile(text) or bool(self.format and os.path.exists(text))


def _plainName(path: StrPath) -> str:
    name = os.fsdecode(path).lower()
    return name[:-3] if name.endswith(".gz") else name


def isMoleculeFile(path: StrPath) -> bool:
    """Tell whether the name of a file ends as those of files of molecules do."""
    return _plainName(path).endswith(moleculeEndings)


def _plainError(text: str, path: str, number: int) -> ValueError:
    """Say which record of which file is wrong, without the names of our functions."""
    for prefix, new in ((f'MoleculeReader::next: record {number} of "{path}" (', f"{path}, record {number} ("),
                        ("MoleculeReader::next: ", "")):
        if text.startswith(prefix):
            text = new + text[len(prefix):]
            break
    for name in ("readSmiles: ", "readMolBlock: "):
        text = text.replace(f"): {name}", "): ", 1)
    return ValueError(text)


@contextmanager
def _standardInput() -> Iterator[str]:
    """Get a path from which standard input can be read, whatever it is: not everything can be opened once more.

    A process hands it on. Ctrl-C ends that too, so that whoever waits for the next bytes sees their end.
    """
    with subprocess.Popen(["cat"], stdout=subprocess.PIPE) as process:
        try:
            yield f"/dev/fd/{process.stdout.fileno()}"  # type: ignore[union-attr]
        finally:
            process.kill()


@contextmanager
def _named(path: StrPath, ending: str) -> Iterator[str]:
    """Get a name of a file with the ending that tells its format: a link, if its own name has none of them."""
    if path != STANDARD and _plainName(path).endswith(formats[ending]):
        yield os.fsdecode(path)
        return
    standard = _standardInput() if path == STANDARD else nullcontext(os.path.abspath(os.fsdecode(path)))
    with standard as source, tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, f"input.{ending}")
        os.symlink(source, link)
        yield link


def _readRecords(path: StrPath, label: str, kind: str,
                 options: FileOptions) -> Iterator[orbit.MolecularGraph | ValueError]:
    from openmmorbit import chem

    with _named(path, kind) as name:
        try:
            reader = chem.MoleculeReader(name, readerOptions(options.addHydrogens, options.fragments))
            record = chem.MoleculeRecord()
            while reader.next(record):
                error = record.error.replace(f'"{name}"', f'"{label}"')
                yield _plainError(error, label, record.index + 1) if error else record.graph
        except ValueError as error:
            raise ValueError(str(error).replace(f'"{name}"', f'"{label}"')) from None


def _openText(path: StrPath, label: str) -> io.TextIOWrapper:
    """Open a file or pipe as text; what is not UTF-8 stays in it as surrogates."""
    stream: Any = os.fdopen(os.dup(0), "rb") if path == STANDARD else open(path, "rb")
    start = stream.peek(4)[:4]
    if start[:2] == b"\x1f\x8b":
        stream = gzip.open(stream)
        start = stream.peek(4)[:4]
    if not start:
        stream.close()
        raise ValueError(f"readMolecules: expected a file with records, got the empty file '{label}'")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in start:
        stream.close()
        raise ValueError(f"readMolecules: expected text in UTF-8, got '{label}', which is text in UTF-16, or no text; "
                         "save it as UTF-8")
    return io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline=None)


def _wrong(label: str, number: int, line: int, title: str, error: Exception) -> ValueError:
    text = str(error)
    for name in ("readSmiles: ", "readMolecule: "):
        text = text.removeprefix(name)
    shown = f', "{title[:100]}"' if title else ""
    return ValueError(f"{label}, record {number} (line {line}{shown}): {text}")


def _readTable(stream: IO[str], label: str, kind: str,
               options: FileOptions) -> Iterator[orbit.MolecularGraph | ValueError]:
    for number, row in enumerate(readRows(stream, label, kind == "tsv", options), 1):
        if isinstance(row, ValueError):
            yield row
            continue
        try:
            graph = readText(row.smiles, options.addHydrogens, options.fragments)
        except (ValueError, RuntimeError) as error:
            yield _wrong(label, number, row.line, row.smiles, error)
            continue
        graph.name = row.name or graph.name
        graph.properties = row.properties
        yield graph


def _readTexts(stream: IO[str], label: str, kind: str,
               options: FileOptions) -> Iterator[orbit.MolecularGraph | ValueError]:
    """Read a format that goes through RDKit's Python package."""
    from openmmorbit.io import structurefiles

    records = structurefiles.readXYZ(stream, label, options) if kind == "xyz" else \
        structurefiles.readMol2(stream, options) if kind == "mol2" else structurefiles.readInchi(stream, options)
    for number, record in enumerate(records, 1):
        try:
            yield record.read()
        except (ValueError, RuntimeError) as error:
            yield _wrong(label, number, record.line, record.title, error)


def _refuseUnused(options: FileOptions, kinds: Sequence[str], label: str) -> None:
    for name in options.listUnused(kinds):
        own = _special[name]
        raise ValueError(f"readMolecules: expected {name}= with files of the formats {' and '.join(own)}, got it with "
                         f"{label}; leave it out, or give the format, for example format=\"{own[0]}\"")


def readMolecules(path: StrPath, addHydrogens: bool = True,
                  **options: Any) -> Iterator[orbit.MolecularGraph | ValueError]:
    """Read a file of molecules: SMILES, SDF, tables, MOL2, XYZ or InChI, also with .gz.

    A bad record does not stop the others. A graph has the record's title as ``name`` and its data items or further
    columns as the dict ``properties``. A table needs a first line that names its columns. Files are read from their
    beginning to their end, so pipes work.

    Parameters
    ----------
    path : path
        "-" is standard input.
    addHydrogens : bool
        Append missing hydrogens; False refuses records that lack some.
    **options
        Those of openmmorbit.FileOptions: format, smilesColumn, nameColumn, fragments, charge.

    Yields
    ------
    MolecularGraph or ValueError
        The molecule, or what is wrong with the record, in the order of the file.

    Raises
    ------
    ValueError
        If there is no such file, it is empty, or no file of molecules; if a table has no such column, or two of one
        name; for an option that is for files of other formats.
    ImportError
        For MOL2, XYZ and InChI without RDKit's Python package.
    """
    chosen = FileOptions(addHydrogens, **options)
    chosen.check()
    kind, label = chosen.findFormat(path), "standard input" if path == STANDARD else os.fsdecode(path)
    _refuseUnused(chosen, [kind], f"'{label}', which is {kind}")
    if kind in ("smi", "sdf"):
        yield from _readRecords(path, label, kind, chosen)
        return
    if path != STANDARD and (not os.path.exists(path) or os.path.isdir(path)):
        raise ValueError(f"readMolecules: expected a readable file with records, got no file '{label}'")
    isEmpty = True
    try:
        with _openText(path, label) as stream:
            for record in (_readTable if kind in ("csv", "tsv") else _readTexts)(stream, label, kind, chosen):
                isEmpty = False
                yield record
    except (EOFError, OSError, zlib.error) as error:
        yield ValueError(f"{label}: expected a complete file, got a truncated or damaged one ({error})")
        return
    except ColumnError:
        raise
    except ValueError as error:
        # What is wrong with the file itself comes before its first record.
        if isEmpty:
            raise
        yield ValueError(f"{error}; what follows is left out")
        return
    if isEmpty:
        yield ValueError(f"readMolecules: expected at least one record, got none in '{label}'")


def checkInputs(inputs: Sequence[str], options: FileOptions | None = None) -> None:
    """Refuse files that do not exist, and options that are for none of the inputs, before anything is read.

    Raises
    ------
    ValueError
        Naming the file or the option.
    """
    chosen = options or FileOptions()
    chosen.check()
    files = [text for text in inputs if chosen.isFile(text)]
    for text in files:
        if text != STANDARD and (not os.path.exists(text) or os.path.isdir(text)):
            raise ValueError(f"readMolecules: expected a readable file with records, got no file '{text}'; check the "
                             "path")
    _refuseUnused(chosen, [chosen.findFormat(text) for text in files], ", ".join(map(repr, inputs))[:200] or "none")


def readInputs(inputs: Iterable[str], options: FileOptions | None = None) -> Iterator[tuple[str, Any]]:
    """Yield (label, molecule or exception) for every record of SMILES, InChI and files.

    A label names the record in front of a message; those of exceptions of files are empty, because they do that.

    Raises
    ------
    ColumnError
        If a table does not have a column that the options name.
    """
    chosen = options or FileOptions()
    for text in inputs:
        if not chosen.isFile(text):
            try:
                yield f"'{text}': ", readText(text, chosen.addHydrogens, chosen.fragments)
            except (ValueError, RuntimeError) as error:
                yield f"'{text}': ", error
            continue
        label = "standard input" if text == STANDARD else text
        try:
            # Among several files an option is for those of its formats.
            left = {"addHydrogens", *chosen.listUnused([chosen.findFormat(text)])}
            keywords = {name: value for name, value in vars(chosen).items() if name not in left}
            for number, molecule in enumerate(readMolecules(text, chosen.addHydrogens, **keywords), 1):
                yield "" if isinstance(molecule, Exception) else f"{label}, record {number}: ", molecule
        except ColumnError:
            raise
        except ValueError as error:
            yield "", error


def countRecords(inputs: Sequence[str], options: FileOptions | None = None) -> int | None:
    """Count the records of files about, fast, for a forecast of the time; None if there is a pipe or another format."""
    chosen, number = options or FileOptions(), 0
    for text in inputs:
        if not chosen.isFile(text):
            number += 1
            continue
        kind = chosen.findFormat(text)
        if text == STANDARD or not os.path.isfile(text) or kind == "xyz":
            return None
        mark = {"sdf": b"$$$$", "mol2": b"@<TRIPOS>MOLECULE"}.get(kind, b"")
        try:
            with Path(text).open("rb") as plain:
                packed = plain.peek(2)[:2] == b"\x1f\x8b"
                stream: Any = gzip.open(plain) if packed else plain
                lines = sum(line.startswith(mark) and (line[:1] not in b"#\r\n") for line in stream)
        except (OSError, EOFError, zlib.error):
            return None
        number += max(lines - (kind in ("csv", "tsv")), 0)
    return number
